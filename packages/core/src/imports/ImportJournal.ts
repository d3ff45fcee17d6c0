/**
 * The journal of an import: what is planned, what was sent, and what is known, each committed before the next step is
 * taken. It is why an import can be ended at any moment, by whatever, and started again.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
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
    yield* orFail(createTables(sql))
    const changes = yield* changeTogether((changes) => orFail(sql.withTransaction(applyChanges(sql, changes))))
    let run = 0

    return ImportJournal.of({
      begin: (inboxId) =>
        orFail(sql.withTransaction(Effect.gen(function*() {
          const [meta] = yield* sql<
            { readonly inbox_id: number; readonly run: number }
          >`SELECT inbox_id, run FROM import`
          if (meta !== undefined && meta.inbox_id !== inboxId) {
            return yield* new ImportJournalError({
              problem: "OtherImport",
              detail: `the journal is that of an import into the inbox ${meta.inbox_id}, not ${inboxId}: ` +
                "give this import a journal of its own"
            })
          }
          run = (meta?.run ?? 0) + 1
          yield* sql`INSERT INTO import (id, inbox_id, run) VALUES (1, ${inboxId}, ${run}) ON CONFLICT DO UPDATE SET run = ${run}`
          yield* sql`DELETE FROM import_reject`
        }))),
      plan: (rows) => orFail(sql.withTransaction(plan(sql, run, rows))),
      ...changes,
      reject: (rejects) =>
        rejects.length === 0
          ? Effect.void
          : orFail(sql`
            INSERT INTO import_reject (line, reasons, row)
            SELECT value ->> 'line', value ->> 'reasons', value ->> 'row' FROM json_each(${JSON.stringify(rejects)})
          `),
      entries: (state) =>
        Stream.map(
          pages((after) =>
            sql<EntryRow & Place>`
              SELECT ${sql.literal(entryColumns)}, id FROM import_row
              WHERE state = ${state} AND id > ${after} ORDER BY id LIMIT ${pageSize}
            `
          ),
          entryOf
        ),
      rejects: Stream.map(
        pages((after) =>
          sql<Omit<Reject, "reasons"> & { readonly reasons: string } & Place>`
            SELECT line, reasons, row, id FROM import_reject WHERE id > ${after} ORDER BY id LIMIT ${pageSize}
          `
        ),
        ({ line, reasons, row }) => ({ line, reasons: reasonsOf(reasons), row })
      ),
      totals: orFail(Effect.gen(function*() {
        const rows = yield* sql<{ readonly state: State; readonly count: number }>`
          SELECT state, COUNT(*) AS count FROM import_row GROUP BY state
          UNION ALL SELECT 'invalid', COUNT(*) FROM import_reject
        `
        const counts = Object.fromEntries(rows.map(({ count, state }) => [state, count]))
        return { planned: 0, sent: 0, done: 0, rejected: 0, invalid: 0, ...counts }
      })),
      resolve: (key, outcome) =>
        orFail(Effect.map(
          outcome._tag === "NotDone"
            ? sql`UPDATE import_row SET state = 'planned' WHERE key = ${key} AND state = 'sent' RETURNING key`
            : sql`
              UPDATE import_row SET
                contact_id = COALESCE(${outcome.contactId}, contact_id),
                conversation_id = COALESCE(${outcome.conversationId}, conversation_id),
                message_id = COALESCE(${outcome.messageId}, message_id),
                row = CASE step WHEN 'message' THEN NULL ELSE row END,
                state = CASE step WHEN 'message' THEN 'done' ELSE 'planned' END,
                step = CASE step WHEN 'contact' THEN 'conversation' ELSE 'message' END
              WHERE key = ${key} AND state = 'sent' RETURNING key
            `,
          (resolved) => resolved.length > 0
        ))
    })
  })
)

// ---------------------------------------------------------------------------------------------------------------------
// statements
// ---------------------------------------------------------------------------------------------------------------------

const createTables = Effect.fnUntraced(function*(sql: SqlClient.SqlClient) {
  yield* sql`CREATE TABLE IF NOT EXISTS import (id INTEGER PRIMARY KEY, inbox_id INTEGER NOT NULL, run INTEGER NOT NULL)`
  yield* sql`
    CREATE TABLE IF NOT EXISTS import_row (
      id INTEGER PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      line INTEGER NOT NULL,
      run INTEGER NOT NULL,
      state TEXT NOT NULL,
      step TEXT NOT NULL,
      row TEXT,
      contact_id INTEGER,
      source_id TEXT,
      existing INTEGER,
      conversation_id INTEGER,
      message_id INTEGER,
      reasons TEXT NOT NULL
    )
  `
  yield* sql`
    CREATE TABLE IF NOT EXISTS import_reject (
      id INTEGER PRIMARY KEY,
      line INTEGER NOT NULL,
      reasons TEXT NOT NULL,
      row TEXT NOT NULL
    )
  `
})

const entryColumns = "key, line, state, step, row, contact_id AS contactId, source_id AS sourceId, existing, " +
  "conversation_id AS conversationId, message_id AS messageId, reasons"

/** A row of `entryColumns`, as only this module has written it. */
interface EntryRow {
  readonly key: string
  readonly line: number
  readonly state: State
  readonly step: Step
  readonly row: string | null
  readonly contactId: number | null
  readonly sourceId: string | null
  readonly existing: 0 | 1 | null
  readonly conversationId: number | null
  readonly messageId: number | null
  readonly reasons: string
}

const entryOf = (row: EntryRow): Entry => ({
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
  reasons: reasonsOf(row.reasons)
})

const idOf = <Id>(id: number | null, brand: { readonly make: (id: number) => Id }): Option.Option<Id> =>
  id === null ? Option.none() : Option.some(brand.make(id))

const reasonsOf = (json: string): ReadonlyArray<string> =>
  json === "[]" ? [] : Result.getOrElse(decodeReasons(json), () => [json])

const decodeReasons = SchemaParser.decodeUnknownResult(Schema.fromJsonString(Schema.Array(Schema.String)))

const plan = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, run: number, rows: ReadonlyArray<Planned>) {
  const firsts = new Map<string, Planned>()
  for (const row of rows) if (!firsts.has(row.key)) firsts.set(row.key, row)
  const known = yield* sql<EntryRow & { readonly run: number }>`
    SELECT ${sql.literal(entryColumns)}, run FROM import_row
    WHERE key IN (SELECT value FROM json_each(${JSON.stringify([...firsts.keys()])}))
  `
  const entries = new Map(known.map((row) => [row.key, entryOf(row)]))
  const ofThisRun = new Set(known.flatMap((row) => row.run === run ? [row.key] : []))
  const seen = [...firsts.values()].filter(({ key }) => !ofThisRun.has(key))
  yield* sql`
    INSERT INTO import_row (key, line, run, state, step, row, reasons)
    SELECT value ->> 'key', value ->> 'line', ${run}, 'sent', 'contact', value ->> 'row', '[]'
    FROM json_each(${JSON.stringify(seen)}) WHERE true
    ON CONFLICT DO UPDATE SET
      line = excluded.line,
      run = excluded.run,
      row = CASE state WHEN 'done' THEN NULL ELSE excluded.row END,
      state = CASE WHEN step = 'contact' AND state <> 'done' THEN 'sent' ELSE state END
  `
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
  reasons: []
})

const applyChanges = (sql: SqlClient.SqlClient, changes: ReadonlyArray<Change>) => {
  // Of one row only the latest: what several say of different columns is in all of them.
  const merged = new Map<string, Change>()
  for (const change of changes) merged.set(change.key, { ...merged.get(change.key), ...change })
  return sql`
    UPDATE import_row SET
      state = new.value ->> 'state',
      step = new.value ->> 'step',
      row = CASE new.value ->> 'state' WHEN 'done' THEN NULL ELSE row END,
      contact_id = COALESCE(new.value ->> 'contactId', contact_id),
      source_id = COALESCE(new.value ->> 'sourceId', source_id),
      existing = COALESCE(new.value ->> 'existing', existing),
      conversation_id = COALESCE(new.value ->> 'conversationId', conversation_id),
      message_id = COALESCE(new.value ->> 'messageId', message_id),
      reasons = COALESCE(new.value ->> 'reasons', '[]')
    FROM json_each(${JSON.stringify([...merged.values()])}) AS new
    WHERE import_row.key = new.value ->> 'key'
  `
}

/** How many changes are committed at once, and how many may wait: more than are in flight, so that few wait. */
const [batchSize, capacity] = [1024, 4096]

interface Waiting {
  readonly change?: Change
  /** For the caller that waits until it is on the disk. */
  readonly committed?: Deferred.Deferred<void, ImportJournalError>
}

/** The changes that come while others are being committed are committed at once: each commit waits for the disk. */
const changeTogether = Effect.fnUntraced(function*(
  commit: (changes: ReadonlyArray<Change>) => Effect.Effect<unknown, ImportJournalError>
) {
  const queue = yield* Queue.bounded<Waiting>(capacity)
  /** Open while a caller waits for the disk, or a whole batch has come. */
  const due = Latch.makeUnsafe(false)
  let failure: Option.Option<ImportJournalError> = Option.none()
  const commitAll = (waiting: ReadonlyArray<Waiting>) =>
    Option.match(failure, {
      // After a failure nothing more is written: what comes later may rest on what was lost.
      onSome: Effect.fail,
      onNone: () => commit(waiting.flatMap(({ change }) => change ?? []))
    }).pipe(
      Effect.tapError((error) => Effect.sync(() => failure = Option.some(error))),
      Effect.exit,
      Effect.flatMap((exit) =>
        Effect.forEach(
          waiting,
          ({ committed }) => committed === undefined ? Effect.void : Deferred.done(committed, Exit.asVoid(exit)),
          { discard: true }
        )
      )
    )
  // A caller that still waits then, or comes later, must not wait for ever.
  yield* Effect.addFinalizer(() => {
    failure = Option.some(new ImportJournalError({ problem: "Database", detail: "it is closed" }))
    return Effect.flatMap(Queue.clear(queue), commitAll)
  })
  const batch = Effect.gen(function*() {
    const first = yield* Queue.take(queue)
    yield* Effect.raceFirst(due.await, Effect.sleep("50 millis"))
    // Callers that are about to add to it may do so.
    yield* Effect.yieldNow
    due.closeUnsafe()
    return [first, ...yield* Queue.clear(queue)]
  })
  yield* Effect.uninterruptibleMask((restore) => Effect.flatMap(restore(batch), commitAll)).pipe(
    Effect.forever,
    Effect.forkScoped
  )
  const enqueue = (waiting: Waiting) =>
    Effect.suspend(() => {
      if (Option.isSome(failure)) return Effect.fail(failure.value)
      if (waiting.committed !== undefined || Queue.sizeUnsafe(queue) >= batchSize) due.openUnsafe()
      return Queue.offer(queue, waiting)
    })
  const enqueueAndWait = (change: Pick<Waiting, "change">) =>
    Effect.suspend(() => {
      const committed = Deferred.makeUnsafe<void, ImportJournalError>()
      return Effect.andThen(enqueue({ ...change, committed }), Deferred.await(committed))
    })
  return {
    change: (change: Change) => enqueueAndWait({ change }),
    note: (change: Change) => Effect.asVoid(enqueue({ change })),
    flush: enqueueAndWait({})
  }
})

const pageSize = 1000

/** Where a row stands among the others. */
interface Place {
  readonly id: number
}

const pages = <A extends Place>(
  read: (after: number) => Effect.Effect<ReadonlyArray<A>, SqlError>
): Stream.Stream<A, ImportJournalError> =>
  Stream.paginate(0, (after) =>
    Effect.map(orFail(read(after)), (rows) => {
      const last = rows.at(-1)
      return [rows, last === undefined || rows.length < pageSize ? Option.none() : Option.some(last.id)] as const
    }))

const orFail = <A, R>(
  effect: Effect.Effect<A, SqlError | ImportJournalError, R>
): Effect.Effect<A, ImportJournalError, R> =>
  Effect.mapError(effect, (error) =>
    Predicate.isTagged(error, "ImportJournalError")
      ? error
      : new ImportJournalError({ problem: "Database", detail: error.message, cause: error }))
