/**
 * Plans the rows of a run in a journal, and finds rows of earlier runs again.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as SqlClient from "effect/sql/SqlClient"
import * as JournalTable from "./JournalTable.ts"

interface Row {
  readonly key: string
  readonly customer: string
  readonly addresses: ReadonlyArray<string>
  readonly line: number
  readonly row: string
}

type Standing =
  /** Without an entry it is new. `change` is what the table does not say of it. */
  | {
    readonly _tag: "Known"
    readonly row: Row
    readonly entry?: JournalTable.EntryRow
    readonly change?: { readonly step: "contact" }
  }
  | { readonly _tag: "Duplicate"; readonly line: number }
  | {
    readonly _tag: "Taken"
    readonly address: string
    readonly key: string
    readonly line: number
    readonly isInFile: boolean
  }

/** Plans rows, and returns how each stood, in their order. */
export const plan = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, run: number, rows: ReadonlyArray<Row>) {
  const known = yield* JournalTable.known(sql, [...new Set(rows.map(({ key }) => key))])
  const entries = new Map(known.map((row) => [row.key, row]))
  const addresses = new Set(rows.flatMap(({ addresses }) => addresses))
  const holders = new Map<string, JournalTable.HolderRow>(
    (yield* JournalTable.holders(sql, run, [...addresses])).map((holder) => [holder.address, holder])
  )
  /** The line of each key of this run. */
  const lines = new Map(known.flatMap((row) => row.run === run ? [[row.key, row.line] as const] : []))
  const planned: Array<JournalTable.PlannedRow> = []
  const freed: Array<JournalTable.HeldAddress> = []
  const held: Array<JournalTable.HeldAddress> = []
  const standings = rows.map((row): Standing => {
    const { customer, key, line } = row
    const duplicate = lines.get(key)
    if (duplicate !== undefined) return { _tag: "Duplicate", line: duplicate }
    const entry = entries.get(key)
    const isTaken = (address: string) => (holders.get(address)?.customer ?? customer) !== customer
    const taken = entry?.state === "done" ? undefined : holders.get(row.addresses.find(isTaken) ?? "")
    if (taken !== undefined) return { ...taken, _tag: "Taken", isInFile: taken.isInFile === 1 }
    lines.set(key, line)
    planned.push({ ...row, addresses: JSON.stringify(row.addresses), hash: JournalTable.hashOf(row.row) })
    for (const address of row.addresses) {
      if (isTaken(address)) continue
      held.push({ address, key })
      holders.set(address, { address, key, customer, line, isInFile: 1 })
    }
    if (entry === undefined) return { _tag: "Known", row }
    const before = JournalTable.strings(entry.addresses, [])
    const isChanged = entry.addresses !== JSON.stringify(row.addresses)
    if (entry.state === "done" || entry.state === "sent" || !isChanged) return { _tag: "Known", row, entry }
    // Nothing was sent to those that it no longer has.
    if (entry.contactId === null) {
      freed.push(...before.flatMap((address) => row.addresses.includes(address) ? [] : [{ address, key }]))
    }
    // The contact may be that of the old address: it is looked for again.
    return { _tag: "Known", row, entry, change: { step: "contact" } }
  })
  yield* JournalTable.plan(sql, run, planned)
  const taken = rows.flatMap(({ key }, index) => standings[index]?._tag === "Taken" ? [key] : [])
  if (taken.length > 0) yield* JournalTable.take(sql, run, taken)
  if (freed.length > 0) yield* JournalTable.free(sql, freed)
  yield* JournalTable.hold(sql, run, held)
  return standings
})

/** Finds rows again by their values. Of two rows with the same values, the second one is not found. */
export const recall = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  run: number,
  rows: ReadonlyArray<Pick<Row, "line" | "row">>
) {
  const hashes = rows.map(({ row }) => JournalTable.hashOf(row))
  const first = rows.flatMap(({ line }, index) => {
    const hash = hashes[index] ?? ""
    return hashes.indexOf(hash) === index ? [{ hash, line }] : []
  })
  const states = new Map((yield* JournalTable.recall(sql, run, first)).map(({ hash, state }) => [hash, state]))
  return hashes.map((hash) => {
    const state = Option.fromUndefinedOr(states.get(hash))
    states.delete(hash)
    return state
  })
})
