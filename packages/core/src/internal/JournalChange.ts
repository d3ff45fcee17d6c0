/**
 * Changes rows of a journal, and refuses those that would reach another customer's contact.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import * as JournalTable from "./JournalTable.ts"

/** Changes rows; returns those that must not send what they were about to, with the rows that hold their contacts. */
export const change = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  changes: ReadonlyArray<JournalTable.ChangedRow>
) {
  const merged = JournalTable.merge(changes)
  yield* JournalTable.holdContacts(sql, merged)
  const sending = merged.filter(({ state, step }) => state === "sent" && step !== "contact")
  const lost = new Map(
    (yield* JournalTable.lost(sql, sending)).map(({ contactId, holder, key, line }) => [
      key,
      { contactId, key: holder, line }
    ])
  )
  const refused = (change: JournalTable.ChangedRow): JournalTable.ChangedRow => {
    const holder = lost.get(change.key)
    if (holder === undefined) return change
    const { contactId, key, line } = holder
    const reason = `the contact ${contactId} is that of line ${line}, another customer (${key})`
    return {
      key: change.key,
      state: "rejected",
      step: "contact",
      reasons: [`${reason}: nothing is sent to it for this row`]
    }
  }
  yield* JournalTable.change(sql, lost.size === 0 ? merged : merged.map(refused))
  return lost
})
