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
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import type * as SchemaIssue from "effect/SchemaIssue"
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
export const Step = Schema.Literals(["contact", "conversation", "message"])
/**
 * @category models
 * @since 0.1.0
 */
export type Step = typeof Step.Type

/**
 * How far a row has come.
 *
 * - `planned`: what stands in `step` is to be done.
 * - `sent`: what stands in `step` was sent, or was about to be; what became of it is unknown.
 * - `done`: all is done.
 * - `rejected`: LiveDesk refused what stands in `step`; it was not done.
 *
 * @category models
 * @since 0.1.0
 */
export const State = Schema.Literals(["planned", "sent", "done", "rejected"])
/**
 * @category models
 * @since 0.1.0
 */
export type State = typeof State.Type

/**
 * What the journal knows of a row.
 *
 * @category models
 * @since 0.1.0
 */
export const Entry = Schema.Struct({
  /** What the row is known by: its customer, such as `email:alice@acme.inc`. */
  key: Schema.String,
  /** The line of the file on which it stood last. */
  line: Schema.Int,
  state: State,
  step: Step,
  /** The row's values, as JSON; none once it is done. */
  row: Schema.OptionFromNullOr(Schema.String),
  contactId: Schema.OptionFromNullOr(ContactId),
  /** The name under which the channel knows the contact. */
  sourceId: Schema.OptionFromNullOr(Schema.String),
  /** Whether the contact was there before. */
  existing: Schema.OptionFromNullOr(Schema.BooleanFromBit),
  conversationId: Schema.OptionFromNullOr(ConversationId),
  messageId: Schema.OptionFromNullOr(MessageId),
  /** Why it was refused, or why it is unknown. */
  reasons: Schema.fromJsonString(Schema.Array(Schema.String))
})
/**
 * @category models
 * @since 0.1.0
 */
export interface Entry extends Schema.Schema.Type<typeof Entry> {}

/**
 * A row that could not be imported at all: it could not be read, or does not fit the mapping.
 *
 * @category models
 * @since 0.1.0
 */
export const Reject = Schema.Struct({
  line: Schema.Int,
  reasons: Schema.fromJsonString(Schema.NonEmptyArray(Schema.String)),
  /** The row's values as JSON, or its text where it could not be read. */
  row: Schema.String
})
/**
 * @category models
 * @since 0.1.0
 */
export interface Reject extends Schema.Schema.Type<typeof Reject> {}

/**
 * How many rows there are, by what became of them, over all runs.
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
  readonly unusable: number
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
 * What the journal says to a planned row.
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
  readonly cause?: SqlError | Schema.SchemaError | undefined
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
   * Begins a run. Fails with `OtherImport` when the journal was made for another channel: what it knows to be done is
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
  /** Changes a row, soon, after the changes before it. */
  readonly note: (change: Change) => Effect.Effect<void, ImportJournalError>
  /** Waits until all that was noted is on the disk. */
  readonly flush: Effect.Effect<void, ImportJournalError>
  /** Notes rows of this run that cannot be imported. */
  readonly reject: (rejects: ReadonlyArray<Reject>) => Effect.Effect<void, ImportJournalError>
  /** The rows in one state, in the order in which they first came; those that change meanwhile may be left out. */
  readonly entries: (state: State) => Stream.Stream<Entry, ImportJournalError>
  /** What could not be imported at all in the latest run, in the order of the lines. */
  readonly rejects: Stream.Stream<Reject, ImportJournalError>
  /** What became of the rows. */
  readonly totals: Effect.Effect<Totals, ImportJournalError>
  /**
   * Tells what became of the step of a `sent` row, when someone has looked in LiveDesk: it was done, with the id of what
   * it made, or it was not. The next run goes on from there. Returns whether there is such a row.
   */
  readonly settle: (
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
 * Provides a journal in the SQLite database of the `SqlClient`, which must be for this import alone. Whoever provides it
 * sees to it that no other process has it open at the same time: `NodeSqlite.layer({ file, exclusive: true })` does.
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
          : orFail(Effect.flatMap(encodeRejects(rejects), (encoded) =>
            sql`
              INSERT INTO import_reject (line, reasons, row)
              SELECT value ->> 'line', value ->> 'reasons', value ->> 'row' FROM json_each(${JSON.stringify(encoded)})
            `)),
      entries: (state) =>
        pages(
          (after) =>
            sql`SELECT ${
              sql.literal(entryColumns)
            }, id FROM import_row WHERE state = ${state} AND id > ${after} ORDER BY id LIMIT ${pageSize}`,
          decodeEntries
        ),
      rejects: pages(
        (after) =>
          sql`SELECT line, reasons, row, id FROM import_reject WHERE id > ${after} ORDER BY id LIMIT ${pageSize}`,
        decodeRejects
      ),
      totals: orFail(Effect.gen(function*() {
        const rows = yield* sql<{ readonly state: State; readonly count: number }>`
          SELECT state, COUNT(*) AS count FROM import_row GROUP BY state
          UNION ALL SELECT 'unusable', COUNT(*) FROM import_reject
        `
        const counts = Object.fromEntries(rows.map(({ count, state }) => [state, count]))
        return { planned: 0, sent: 0, done: 0, rejected: 0, unusable: 0, ...counts }
      })),
      settle: (key, outcome) =>
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
          (settled) => settled.length > 0
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

const decodeEntries = SchemaParser.decodeUnknownEffect(Schema.Array(Entry))

const decodeRejects = SchemaParser.decodeUnknownEffect(Schema.Array(Reject))

const encodeRejects = SchemaParser.encodeEffect(Schema.Array(Reject))

const plan = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, run: number, rows: ReadonlyArray<Planned>) {
  const firsts = new Map<string, Planned>()
  for (const row of rows) if (!firsts.has(row.key)) firsts.set(row.key, row)
  const known = yield* sql<{ readonly key: string; readonly line: number }>`
    SELECT ${sql.literal(entryColumns)}, run FROM import_row
    WHERE key IN (SELECT value FROM json_each(${JSON.stringify([...firsts.keys()])}))
  `
  const entries = new Map((yield* decodeEntries(known)).map((entry) => [entry.key, entry]))
  const ofThisRun = new Set(
    known.flatMap((row) => Predicate.hasProperty(row, "run") && row.run === run ? [row.key] : [])
  )
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

/** How many changes may wait: more than are underway, so that nobody waits but for the disk. */
const capacity = 4096

interface Waiting {
  readonly change: Option.Option<Change>
  readonly committed: Deferred.Deferred<void, ImportJournalError>
}

/** The changes that come while others are being committed are committed at once: each commit waits for the disk. */
const changeTogether = Effect.fnUntraced(function*(
  commit: (changes: ReadonlyArray<Change>) => Effect.Effect<unknown, ImportJournalError>
) {
  const queue = yield* Queue.bounded<Waiting>(capacity)
  let failure: Option.Option<ImportJournalError> = Option.none()
  const commitAll = (waiting: ReadonlyArray<Waiting>) =>
    Option.match(failure, {
      // After a failure nothing more is written: what comes later may rest on what was lost.
      onSome: Effect.fail,
      onNone: () => commit(waiting.flatMap(({ change }) => Option.toArray(change)))
    }).pipe(
      Effect.tapError((error) => Effect.sync(() => failure = Option.some(error))),
      Effect.exit,
      Effect.flatMap((exit) =>
        Effect.forEach(waiting, ({ committed }) => Deferred.done(committed, Exit.asVoid(exit)), { discard: true })
      )
    )
  yield* Effect.uninterruptibleMask((restore) => Effect.flatMap(restore(takeAll(queue)), commitAll)).pipe(
    Effect.forever,
    Effect.forkScoped
  )
  const enqueue = Effect.fnUntraced(function*(change: Option.Option<Change>) {
    if (Option.isSome(failure)) return yield* failure.value
    const committed = yield* Deferred.make<void, ImportJournalError>()
    const waiting: Waiting = { change, committed }
    yield* Queue.offer(queue, waiting)
    return waiting
  })
  const enqueueAndWait = (change: Option.Option<Change>) =>
    Effect.flatMap(enqueue(change), ({ committed }) => Deferred.await(committed))
  return {
    change: (change: Change) => enqueueAndWait(Option.some(change)),
    note: (change: Change) => Effect.asVoid(enqueue(Option.some(change))),
    flush: enqueueAndWait(Option.none())
  }
})

/** What is there, after whoever is about to add to it. */
const takeAll = (queue: Queue.Dequeue<Waiting>) =>
  Effect.zipWith(
    Queue.take(queue),
    Effect.andThen(Effect.yieldNow, Queue.clear(queue)),
    (first, others) => [first, ...others]
  )

const pageSize = 1000

const pages = <A>(
  read: (after: number) => Effect.Effect<ReadonlyArray<object>, SqlError>,
  decode: (rows: ReadonlyArray<object>) => Effect.Effect<ReadonlyArray<A>, SchemaIssue.Issue>
): Stream.Stream<A, ImportJournalError> =>
  Stream.paginate(0, (after) =>
    orFail(Effect.gen(function*() {
      const rows = yield* read(after)
      const last = rows.at(-1)
      const next = rows.length < pageSize || !Predicate.hasProperty(last, "id")
        ? Option.none<number>()
        : Option.some(Number(last.id))
      return [yield* decode(rows), next] as const
    })))

const orFail = <A, R>(
  effect: Effect.Effect<A, SqlError | SchemaIssue.Issue | ImportJournalError, R>
): Effect.Effect<A, ImportJournalError, R> =>
  Effect.mapError(effect, (error) => {
    if (Predicate.isTagged(error, "ImportJournalError")) return error
    const cause = Predicate.isTagged(error, "SqlError") ? error : new Schema.SchemaError(error)
    return new ImportJournalError({ problem: "Database", detail: cause.message, cause })
  })
