/**
 * Resolves a row of a journal.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import { type ImportResolution, ImportResolutionError } from "../imports/ImportResolution.ts"
import * as JournalTable from "./JournalTable.ts"
import { printable } from "./printable.ts"

/** Resolves the step of a sent row, in a transaction of the caller's. */
export const resolve = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, key: string, outcome: ImportResolution) {
  const refuse = (problem: ImportResolutionError["problem"], message: string) =>
    new ImportResolutionError({ problem, key, message: `${printable(key)}: ${message}` })
  const [row] = yield* JournalTable.known(sql, [key])
  if (row === undefined) {
    return yield* refuse(
      "UnknownKey",
      "the journal has no row with this key; give one as the report of unknown rows has it, such as email:alice@acme.inc"
    )
  }
  if (row.state !== "sent") {
    return yield* refuse("NotUnknown", `nothing is unknown of this row: its ${row.step} is ${row.state}`)
  }
  if (outcome._tag === "NotProcessed") {
    yield* JournalTable.resolveNotProcessed(sql, key)
    return
  }
  const { contactId, conversationId, messageId } = outcome
  const ids = { contactId, conversationId, messageId }
  for (const [name, id] of Object.entries(ids)) {
    if (id !== undefined && !(Number.isSafeInteger(id) && id > 0)) {
      return yield* refuse("InvalidId", `${name}: expected a whole number above 0`)
    }
  }
  const needed = row.step === "message" ? undefined : `${row.step}Id` as const
  if (needed !== undefined && ids[needed] === undefined) {
    return yield* refuse("InvalidId", `the ${row.step} was made, so its ${needed} is needed for what comes after it`)
  }
  for (const name of ["contactId", "conversationId"] as const) {
    if (ids[name] !== undefined && row[name] !== null && row[name] !== ids[name]) {
      return yield* refuse("InvalidId", `its ${name} is ${row[name]}, as the journal has it: give no other`)
    }
  }
  // Both readings would be likely, and one of them would leave a customer without the message, or with two.
  if (row.step === "message" && conversationId !== undefined && messageId === undefined) {
    return yield* refuse(
      "InvalidId",
      `its conversation is known (${row.conversationId}), and its message is in question: resolve it as processed if that ` +
        "is there, without a conversation; else as not processed"
    )
  }
  const resolved = yield* JournalTable.resolveProcessed(sql, key, outcome)
  if (resolved.length === 0) {
    return yield* refuse("OtherRow", `the conversation ${conversationId} is another row's`)
  }
})
