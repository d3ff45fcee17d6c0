/**
 * The journal of an import: what is planned, what was sent, and what is known, each committed before the next step is
 * taken. It is why an import can be ended at any moment, by whatever, and started again.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import * as GroupCommit from "../internal/GroupCommit.ts"
import * as JournalTable from "../internal/JournalTable.ts"
import { ContactId, ConversationId, MessageId } from "../LiveDeskSchema.ts"

// ---------------------------------------------------------------------------------------------------------------------
// models
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The calls of a row, in their order.
 *
 * @category models
 * @since 0.1.0
 */
export type Step = "contact" | "conversation" | "message"

/**
 * How far a row has come.
 *
 * - `planned`: what stands in `step` is to be done.
 * - `sent`: what stands in `step` was sent, or was about to be; its outcome is unknown.
 * - `done`: all is done.
 * - `rejected`: LiveDesk refused what stands in `step`; it was not done.
 *
 * @category models
 * @since 0.1.0
 */
export type State = "planned" | "sent" | "done" | "rejected"

/**
 * What the journal knows of a row.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  /** What the row is known by: its customer, such as `email:alice@acme.inc`. */
  readonly key: string
  /** The line of the file on which it stood last. */
  readonly line: number
  readonly state: State
  readonly step: Step
  /** The row's values, as JSON; none once it is done. */
  readonly row: Option.Option<string>
  readonly contactId: Option.Option<ContactId>
  /** The name under which the inbox knows the contact. */
  readonly sourceId: Option.Option<string>
  /** Whether the contact was there before. */
  readonly existing: Option.Option<boolean>
  readonly conversationId: Option.Option<ConversationId>
  readonly messageId: Option.Option<MessageId>
  /** What the contact's data were when the row was done, as a hash. */
  readonly digest: Option.Option<number>
  /** Why it was refused, or why it is unknown. */
  readonly reasons: ReadonlyArray<string>
}

/**
 * A row that could not be imported at all: it could not be read, or does not fit the mapping.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reject {
  readonly line: number
  readonly reasons: ReadonlyArray<string>
  /** The row's values as JSON, or its text where it could not be read. */
  readonly row: string
}

/**
 * How many rows there are, by their state, over all runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Totals {
  readonly planned: number
  readonly sent: number
  readonly done: number
  /** By LiveDesk. */
  readonly rejected: number
  /** Not imported at all, in the latest run. */
  readonly invalid: number
}

/**
 * What changes of a row; what is not given stays.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  readonly key: string
  readonly state: State
  readonly step: Step
  readonly contactId?: ContactId | undefined
  readonly sourceId?: string | undefined
  readonly existing?: boolean | undefined
  readonly conversationId?: ConversationId | undefined
  readonly messageId?: MessageId | undefined
  readonly digest?: number | undefined
  readonly reasons?: ReadonlyArray<string> | undefined
}

/**
 * A row to plan.
 *
 * @category models
 * @since 0.1.0
 */
export interface Planned {
  readonly key: string
  readonly line: number
  /** The row's values, as JSON. */
  readonly row: string
}

/**
 * How a planned row stands in the journal.
 *
 * @category models
 * @since 0.1.0
 */
export type Standing =
  /** It is new, or goes on where it stopped. */
  | { readonly _tag: "Known"; readonly entry: Entry }
  /** An earlier line of this run has the same key. */
  | { readonly _tag: "Duplicate"; readonly line: number }

/**
 * Why a journal cannot be used: the database failed, or the journal belongs to another import.
 *
 * @category errors
 * @since 0.1.0
 */
export class ImportJournalError extends Data.TaggedError("ImportJournalError")<{
  readonly problem: "Database" | "OtherImport"
  readonly detail: string
  readonly cause?: SqlError | undefined
}> {
  override get message(): string {
    return this.problem === "OtherImport" ? this.detail : `the import's journal failed: ${this.detail}`
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The journal of one import.
 *
 * @category services
 * @since 0.1.0
 */
export class ImportJournal extends Context.Service<ImportJournal, {
  /**
   * Begins a run. Fails with `OtherImport` when the journal was made for another inbox: what it knows to be done is
   * not done there.
   */
  readonly begin: (inboxId: number) => Effect.Effect<void, ImportJournalError>
  /**
   * Plans rows in one step, and says how each stood, in their order. Those whose contact is to be sent count as `sent`
   * from here on, since that follows.
   */
  readonly plan: (rows: ReadonlyArray<Planned>) => Effect.Effect<ReadonlyArray<Standing>, ImportJournalError>
  /** Changes a row. When it returns, the change is on the disk. Changes that come together are committed together. */
  readonly change: (change: Change) => Effect.Effect<void, ImportJournalError>
  /**
   * Changes a row within 50 milliseconds, after the changes before it. For what is not lost when it is: a contact can be
   * looked for again.
   */
  readonly note: (change: Change) => Effect.Effect<void, ImportJournalError>
  /** Waits until all that was noted is on the disk. */
  readonly flush: Effect.Effect<void, ImportJournalError>
  /** Notes rows of this run that cannot be imported. */
  readonly reject: (rejects: ReadonlyArray<Reject>) => Effect.Effect<void, ImportJournalError>
  /** The rows in one state, in the order in which they first came; those that change meanwhile may be left out. */
  readonly entries: (state: State) => Stream.Stream<Entry, ImportJournalError>
  /** What could not be imported at all in the latest run, in the order of the lines. */
  readonly rejects: Stream.Stream<Reject, ImportJournalError>
  /** The number of rows in each state. */
  readonly totals: Effect.Effect<Totals, ImportJournalError>
  /**
   * Resolves the step of a `sent` row, after an operator has looked in LiveDesk: it was done, with the id of what it
   * made, or it was not. The next run goes on from there. Returns whether there is such a row.
   */
  readonly resolve: (
    key: string,
    outcome:
      | {
        readonly _tag: "Done"
        readonly contactId?: number | undefined
        readonly conversationId?: number | undefined
        readonly messageId?: number | undefined
      }
      | { readonly _tag: "NotDone" }
  ) => Effect.Effect<boolean, ImportJournalError>
}>()("@effect-livedesk/core/ImportJournal") {}

/**
 * Provides a journal in the SQLite database of the `SqlClient`, which must be for this import alone. The caller
 * must keep other processes from opening it at the same time: `NodeSqlite.layer({ file, exclusive: true })` does.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ImportJournal, ImportJournalError, SqlClient.SqlClient> = Layer.effect(
  ImportJournal,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* orFail(JournalTable.createTables(sql))
    const changes = yield* GroupCommit.make(
      (changes: ReadonlyArray<Change>) => orFail(sql.withTransaction(JournalTable.change(sql, changes))),
      new ImportJournalError({ problem: "Database", detail: "it is closed" })
    )
    let run = 0

    return ImportJournal.of({
      begin: (inboxId) =>
        orFail(sql.withTransaction(Effect.gen(function*() {
          const latest = yield* JournalTable.latestRun(sql)
          if (latest !== undefined && latest.inboxId !== inboxId) {
            return yield* new ImportJournalError({
              problem: "OtherImport",
              detail: `the journal is that of an import into the inbox ${latest.inboxId}, not ${inboxId}: ` +
                "give this import a journal of its own"
            })
          }
          run = (latest?.run ?? 0) + 1
          yield* JournalTable.begin(sql, inboxId, run)
        }))),
      plan: (rows) => orFail(sql.withTransaction(plan(sql, run, rows))),
      ...changes,
      reject: (rejects) => rejects.length === 0 ? Effect.void : orFail(JournalTable.reject(sql, rejects)),
      entries: (state) => Stream.map(pages((after) => JournalTable.entries(sql, state, after)), entryOf),
      rejects: Stream.map(
        pages((after) => JournalTable.rejects(sql, after)),
        ({ line, reasons, row }) => ({ line, reasons: reasonsOf(reasons), row })
      ),
      totals: orFail(Effect.map(JournalTable.totals(sql), (rows) => {
        const counts = Object.fromEntries(rows.map(({ count, state }) => [state, count]))
        return { planned: 0, sent: 0, done: 0, rejected: 0, invalid: 0, ...counts }
      })),
      resolve: (key, outcome) =>
        orFail(Effect.map(
          outcome._tag === "NotDone"
            ? JournalTable.resolveNotDone(sql, key)
            : JournalTable.resolveDone(sql, key, outcome),
          (resolved) => resolved.length > 0
        ))
    })
  })
)

const plan = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, run: number, rows: ReadonlyArray<Planned>) {
  const firsts = new Map<string, Planned>()
  for (const row of rows) if (!firsts.has(row.key)) firsts.set(row.key, row)
  const known = yield* JournalTable.known(sql, [...firsts.keys()])
  const entries = new Map(known.map((row) => [row.key, entryOf(row)]))
  const ofThisRun = new Set(known.flatMap((row) => row.run === run ? [row.key] : []))
  yield* JournalTable.plan(sql, run, [...firsts.values()].filter(({ key }) => !ofThisRun.has(key)))
  return rows.map((row): Standing => {
    const first = firsts.get(row.key)
    const entry = entries.get(row.key)
    if (entry !== undefined && ofThisRun.has(row.key)) return { _tag: "Duplicate", line: entry.line }
    if (first !== undefined && first !== row) return { _tag: "Duplicate", line: first.line }
    return { _tag: "Known", entry: entry ?? fresh(row) }
  })
})

const fresh = ({ key, line, row }: Planned): Entry => ({
  key,
  line,
  state: "planned",
  step: "contact",
  row: Option.some(row),
  contactId: Option.none(),
  sourceId: Option.none(),
  existing: Option.none(),
  conversationId: Option.none(),
  messageId: Option.none(),
  digest: Option.none(),
  reasons: []
})

const entryOf = (row: JournalTable.EntryRow): Entry => ({
  key: row.key,
  line: row.line,
  state: row.state,
  step: row.step,
  row: Option.fromNullOr(row.row),
  contactId: idOf(row.contactId, ContactId),
  sourceId: Option.fromNullOr(row.sourceId),
  existing: row.existing === null ? Option.none() : Option.some(row.existing === 1),
  conversationId: idOf(row.conversationId, ConversationId),
  messageId: idOf(row.messageId, MessageId),
  digest: Option.fromNullOr(row.digest),
  reasons: reasonsOf(row.reasons)
})

const idOf = <Id>(id: number | null, brand: { readonly make: (id: number) => Id }): Option.Option<Id> =>
  id === null ? Option.none() : Option.some(brand.make(id))

const reasonsOf = (json: string): ReadonlyArray<string> =>
  json === "[]" ? [] : Result.getOrElse(decodeReasons(json), () => [json])

const decodeReasons = SchemaParser.decodeUnknownResult(Schema.fromJsonString(Schema.Array(Schema.String)))

const pages = <A extends JournalTable.Place>(
  read: (after: number) => Effect.Effect<ReadonlyArray<A>, SqlError>
): Stream.Stream<A, ImportJournalError> =>
  Stream.paginate(0, (after) =>
    Effect.map(orFail(read(after)), (rows) => {
      const last = rows.at(-1)
      const next = last === undefined || rows.length < JournalTable.pageSize ? Option.none() : Option.some(last.id)
      return [rows, next] as const
    }))

const orFail = <A, R>(
  effect: Effect.Effect<A, SqlError | ImportJournalError, R>
): Effect.Effect<A, ImportJournalError, R> =>
  Effect.mapError(effect, (error) =>
    Predicate.isTagged(error, "ImportJournalError")
      ? error
      : new ImportJournalError({ problem: "Database", detail: error.message, cause: error }))
