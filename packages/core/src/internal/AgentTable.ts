/**
 * The rows that an agent's store keeps, in memory or in SQL. What may follow on what is the store's to decide.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import * as SqlError from "effect/sql/SqlError"
import { AgentWrite, type State } from "../agents/AgentWrite.ts"
import { AuditEntry } from "../agents/AuditEntry.ts"
import * as FlowDatabase from "./FlowDatabase.ts"

/** The rows cannot be read or written. */
export class AgentTableError extends Data.TaggedError("AgentTableError")<{ readonly message: string }> {}

type Query<A> = Effect.Effect<A, AgentTableError>

/** The rows. What writes, or reads to decide, is called within `transaction`. */
export interface AgentTable {
  /** Runs an effect alone: no other one of any process reads or writes meanwhile, and its changes are made together. */
  readonly transaction: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E | AgentTableError>
  readonly get: (id: number) => Query<AgentWrite | undefined>
  /** The writes of these states, and those that changed since a time, in milliseconds since 1970; oldest first. */
  readonly find: (states: ReadonlyArray<State>, since: number) => Query<ReadonlyArray<AgentWrite>>
  /** The writes that started a conversation of this number, the newest first: another LiveDesk has the same numbers. */
  readonly startsOf: (conversationId: number) => Query<ReadonlyArray<AgentWrite>>
  readonly lastId: Query<number>
  readonly put: (write: AgentWrite) => Query<void>
  readonly append: (entry: Omit<AuditEntry, "id">) => Query<void>
  readonly entries: (after: number, limit: number) => Query<ReadonlyArray<AuditEntry>>
  /** Deletes writes that are over, and entries of the audit log, from before a time. The newest of each keep the count. */
  readonly forget: (before: number) => Query<void>
}

const over: ReadonlyArray<State> = ["Done", "Failed", "Discarded"]

const isStartOf = (conversationId: number) => ({ ids, request }: AgentWrite): boolean =>
  request.tool === "start_conversation" && ids.conversation_id === conversationId

// ---------------------------------------------------------------------------------------------------------------------
// memory
// ---------------------------------------------------------------------------------------------------------------------

/** Makes rows in memory. */
export const makeMemory: Effect.Effect<AgentTable> = Effect.map(Semaphore.make(1), (semaphore) => {
  let writes: ReadonlyMap<number, AgentWrite> = new Map()
  let log: ReadonlyArray<AuditEntry> = []
  let lastEntry = 0
  const all = () => [...writes.values()]
  return {
    transaction: (effect) => {
      const change = Effect.suspend(() => {
        const before = { writes, log, lastEntry }
        return Effect.onError(effect, () =>
          Effect.sync(() => {
            ;({ writes, log, lastEntry } = before)
          }))
      })
      return semaphore.withPermits(1)(change)
    },
    get: (id) => Effect.sync(() => writes.get(id)),
    find: (states, since) =>
      Effect.sync(() => all().filter(({ changedAt, state }) => states.includes(state) || changedAt >= since)),
    startsOf: (conversationId) => Effect.sync(() => all().filter(isStartOf(conversationId)).reverse()),
    lastId: Effect.sync(() => Math.max(0, ...writes.keys())),
    put: (write) =>
      Effect.sync(() => {
        writes = new Map([...writes, [write.id, write]])
      }),
    append: (entry) =>
      Effect.sync(() => {
        lastEntry++
        log = [...log, { ...entry, id: lastEntry }]
      }),
    entries: (after, limit) => Effect.sync(() => log.filter(({ id }) => id > after).slice(0, limit)),
    forget: (before) =>
      Effect.sync(() => {
        const last = Math.max(...writes.keys())
        writes = new Map(
          [...writes].filter(([id, { changedAt, state }]) =>
            id === last || !over.includes(state) || changedAt >= before
          )
        )
        log = log.filter(({ at, id }) => id === lastEntry || at >= before)
      })
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// SQL
// ---------------------------------------------------------------------------------------------------------------------

const Body = Schema.Struct({ body: Schema.String })
const readWrites = Schema.decodeUnknownEffect(Schema.Array(Schema.fromJsonString(AgentWrite)))
const readEntries = Schema.decodeUnknownEffect(Schema.Array(Schema.fromJsonString(AuditEntry)))
const readBodies = Schema.decodeUnknownEffect(Schema.Array(Body))
const readNumber = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ last: Schema.NullOr(Schema.Number) })))

/** A row may hold what customers wrote, so it is in no message. */
const fail = (error: { readonly message: string }) =>
  Effect.fail(new AgentTableError({ message: SqlError.isSqlError(error) ? error.message : "a row cannot be read" }))

/** Makes rows in SQLite or PostgreSQL. Creates the tables if they do not exist. */
export const makeSql: Effect.Effect<AgentTable, SqlError.SqlError, SqlClient.SqlClient> = Effect.gen(function*() {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  yield* FlowDatabase.createTable(sql`
    CREATE TABLE IF NOT EXISTS livedesk_agent_turn (id INTEGER PRIMARY KEY, turn DOUBLE PRECISION NOT NULL)
  `)
  yield* FlowDatabase.createTable(
    sql`INSERT INTO livedesk_agent_turn (id, turn) VALUES (1, 0) ON CONFLICT (id) DO NOTHING`
  )
  yield* FlowDatabase.createTable(sql`
    CREATE TABLE IF NOT EXISTS livedesk_agent_writes (
      id INTEGER PRIMARY KEY,
      state VARCHAR(16) NOT NULL,
      changed_at DOUBLE PRECISION NOT NULL,
      started_conversation DOUBLE PRECISION,
      body TEXT NOT NULL
    )
  `)
  yield* FlowDatabase.createTable(
    sql`CREATE INDEX IF NOT EXISTS livedesk_agent_writes_state ON livedesk_agent_writes (state)`
  )
  yield* FlowDatabase.createTable(
    sql`CREATE INDEX IF NOT EXISTS livedesk_agent_writes_changed ON livedesk_agent_writes (changed_at)`
  )
  yield* FlowDatabase.createTable(sql`
    CREATE INDEX IF NOT EXISTS livedesk_agent_writes_started ON livedesk_agent_writes (started_conversation)
  `)
  yield* FlowDatabase.createTable(sql`
    CREATE TABLE IF NOT EXISTS livedesk_agent_audit (
      id INTEGER PRIMARY KEY,
      at DOUBLE PRECISION NOT NULL,
      body TEXT NOT NULL
    )
  `)

  const bodies = (statement: Effect.Effect<ReadonlyArray<unknown>, SqlError.SqlError>) =>
    Effect.map(Effect.flatMap(statement, readBodies), (rows) => rows.map(({ body }) => body))
  const writes = (
    statement: Effect.Effect<ReadonlyArray<unknown>, SqlError.SqlError>
  ): Query<ReadonlyArray<AgentWrite>> => bodies(statement).pipe(Effect.flatMap(readWrites), Effect.catch(fail))
  const change = (statement: Effect.Effect<unknown, SqlError.SqlError>): Query<void> =>
    statement.pipe(Effect.asVoid, Effect.catch(fail))
  const number = (statement: Effect.Effect<ReadonlyArray<unknown>, SqlError.SqlError>): Query<number> =>
    statement.pipe(Effect.flatMap(readNumber), Effect.map(([row]) => row?.last ?? 0), Effect.catch(fail))

  return {
    transaction: <A, E>(effect: Effect.Effect<A, E>) =>
      // The process that changed this row holds the lock until its transaction ends, on every database.
      sql.withTransaction(Effect.andThen(sql`UPDATE livedesk_agent_turn SET turn = turn + 1`, effect)).pipe(
        Effect.catchIf(SqlError.isSqlError, fail)
      ),
    get: (id) => Effect.map(writes(sql`SELECT body FROM livedesk_agent_writes WHERE id = ${id}`), ([write]) => write),
    find: (states, since) =>
      writes(sql`
        SELECT body FROM livedesk_agent_writes
        WHERE ${sql.or([sql.in("state", states), sql`changed_at >= ${since}`])} ORDER BY id
      `),
    startsOf: (conversationId) =>
      writes(sql`
        SELECT body FROM livedesk_agent_writes WHERE started_conversation = ${conversationId} ORDER BY id DESC
      `),
    lastId: number(sql`SELECT MAX(id) AS last FROM livedesk_agent_writes`),
    put: (write) =>
      Effect.flatMap(encodeWrite(write).pipe(Effect.catch(fail)), (body) => {
        const row = {
          id: write.id,
          state: write.state,
          changed_at: write.changedAt,
          started_conversation: write.request.tool === "start_conversation" ? write.ids.conversation_id ?? null : null,
          body
        }
        return change(sql`
          INSERT INTO livedesk_agent_writes ${sql.insert(row)}
          ON CONFLICT (id) DO UPDATE SET
            state = excluded.state,
            changed_at = excluded.changed_at,
            started_conversation = excluded.started_conversation,
            body = excluded.body
        `)
      }),
    append: Effect.fnUntraced(function*(entry) {
      const id = (yield* number(sql`SELECT MAX(id) AS last FROM livedesk_agent_audit`)) + 1
      const body = yield* encodeEntry({ ...entry, id }).pipe(Effect.catch(fail))
      yield* change(sql`INSERT INTO livedesk_agent_audit ${sql.insert({ id, at: entry.at, body })}`)
    }),
    entries: (after, limit) =>
      bodies(sql`SELECT body FROM livedesk_agent_audit WHERE id > ${after} ORDER BY id LIMIT ${limit}`).pipe(
        Effect.flatMap(readEntries),
        Effect.catch(fail)
      ),
    forget: (before) =>
      Effect.andThen(
        change(sql`
          DELETE FROM livedesk_agent_writes
          WHERE ${sql.in("state", over)} AND changed_at < ${before}
            AND id < (SELECT MAX(id) FROM livedesk_agent_writes)
        `),
        change(sql`
          DELETE FROM livedesk_agent_audit
          WHERE at < ${before} AND id < (SELECT MAX(id) FROM livedesk_agent_audit)
        `)
      )
  }
})

const encodeWrite = Schema.encodeEffect(Schema.fromJsonString(AgentWrite))
const encodeEntry = Schema.encodeEffect(Schema.fromJsonString(AuditEntry))
