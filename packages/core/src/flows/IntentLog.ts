/**
 * The intents of flows, stored in SQL. A step commits one before each call that creates something, so a process that
 * finds an intent without an outcome knows that the call may have been made.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as FlowDatabase from "../internal/FlowDatabase.ts"
import * as FlowName from "../internal/FlowName.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"

/**
 * The kind of record that a step creates.
 *
 * @category models
 * @since 0.1.0
 */
export const Kind = Schema.Literals(["contact", "conversation", "message"])
export type Kind = typeof Kind.Type

/**
 * The state of a step.
 *
 * - `Begun`: the call is being made, or its process died.
 * - `Waiting`: nothing was sent, and the call will be retried.
 * - `Checking`: the outcome of the call is being reconciled.
 * - `Pending`: the outcome of the call is undetermined; the flow waits for a resolution.
 * - `Done`: the step has created its record.
 *
 * @category models
 * @since 0.1.0
 */
export const State = Schema.Literals(["Begun", "Waiting", "Checking", "Pending", "Done"])
export type State = typeof State.Type

const columns = Schema.Struct({
  execution_id: Schema.String,
  step: Schema.String,
  workflow: Schema.String,
  kind: Kind,
  attempt: Schema.Number,
  round: Schema.Number,
  state: State,
  since: Schema.Number,
  looking_since: Schema.NullOr(Schema.Number),
  inbox_id: Schema.NullOr(Schema.Number),
  contact_id: Schema.NullOr(Schema.Number),
  conversation_id: Schema.NullOr(Schema.Number),
  content: Schema.NullOr(FlowDatabase.Text),
  found_id: Schema.NullOr(Schema.Number),
  verify_hint: Schema.NullOr(FlowDatabase.Text)
})

/**
 * The call that a step makes. `inboxId` is set for a contact or a conversation, `contactId` for a conversation,
 * `conversationId` and `content` for a message.
 *
 * @category models
 * @since 0.1.0
 */
export interface Facts {
  readonly executionId: string
  /** The name of the step. */
  readonly step: string
  /** The name of the workflow. */
  readonly workflow: string
  readonly kind: Kind
  readonly inboxId: number | undefined
  readonly contactId: number | undefined
  readonly conversationId: number | undefined
  /** The text, deleted when the step is done. */
  readonly content: string | undefined
}

/**
 * The intent of a step to make a call.
 *
 * @category models
 * @since 0.1.0
 */
export interface Intent extends Facts {
  readonly state: State
  /** Begins at 1, and grows with each resolution that the call did nothing. */
  readonly attempt: number
  /** The number of the call, from 1. A resolution applies to one call. */
  readonly round: number
  /** When the call was about to be made, in milliseconds since 1970. */
  readonly since: number
  /** When the first check of its outcome began, in milliseconds since 1970. */
  readonly lookingSince: number | undefined
  /** The id of the created record, once it is known. */
  readonly foundId: number | undefined
  /** How to check whether the call took effect. */
  readonly verifyHint: string | undefined
}

/**
 * The result of `begin`: the call may be made (`Fresh`), or may have been made before (`Earlier`).
 *
 * @category models
 * @since 0.1.0
 */
export type Begun =
  | { readonly _tag: "Fresh"; readonly intent: Intent }
  | { readonly _tag: "Earlier"; readonly intent: Intent }

/**
 * A created conversation or message, as an event shows it.
 *
 * @category models
 * @since 0.1.0
 */
export type Observation =
  | { readonly kind: "conversation"; readonly id: number; readonly contactId: number; readonly inboxId: number }
  | { readonly kind: "message"; readonly id: number; readonly conversationId: number; readonly content: string }

/**
 * Stores the intents. Its effects wait while the database cannot be reached.
 *
 * @category services
 * @since 0.1.0
 */
export class IntentLog extends Context.Service<IntentLog, {
  /** Commits the intent to make a call. Returns `Earlier` if there is an intent of the same attempt already. */
  readonly begin: (facts: Facts, attempt: number) => Effect.Effect<Begun>
  /**
   * Records that nothing was sent and the call may be retried, unless the intent waits for a resolution by now. Returns the
   * intent, whose id may be known by now.
   */
  readonly release: (intent: Intent) => Effect.Effect<Intent>
  /** Records that the outcome of the call is being reconciled, unless the intent waits for a resolution by now. */
  readonly beginCheck: (intent: Intent, verifyHint: string | undefined) => Effect.Effect<Intent>
  /** Records that the flow waits for a resolution. */
  readonly suspend: (intent: Intent) => Effect.Effect<Intent>
  /**
   * Records the id of what the call created. If the intent waits for a resolution by now, which `intent` does not, it
   * changes nothing and returns the intent to resolve.
   */
  readonly complete: (intent: Intent, id: number) => Effect.Effect<Intent | undefined>
  /** Records the id that an event showed. Returns `undefined` if the intent has an id or the call was repeated. */
  readonly observe: (intent: Intent, id: number) => Effect.Effect<Intent | undefined>
  /**
   * The intents without an outcome that fit an observation and began by `until`, oldest first. If an intent recorded
   * the observation before, that one only, while it is pending.
   */
  readonly findMatching: (observation: Observation, until: number) => Effect.Effect<ReadonlyArray<Intent>>
  /** The intent of a step. */
  readonly find: (executionId: string, step: string) => Effect.Effect<Intent | undefined>
  /** The intents of steps that wait for a resolution, oldest first. */
  readonly pending: Effect.Effect<ReadonlyArray<Intent>>
  /** Whether a flow created the conversation or wrote in it. */
  readonly hasConversation: (conversationId: number) => Effect.Effect<boolean>
  /**
   * Deletes older steps that are done. Pass more than the longest flow takes, as it may come to them again. Fails with
   * `ValidationError` for an invalid duration.
   */
  readonly forget: (
    options: { readonly olderThan: Duration.Input }
  ) => Effect.Effect<void, LiveDeskError.ValidationError>
}>()("@effect-livedesk/core/flows/IntentLog") {}

/**
 * Provides `IntentLog` over SQLite or PostgreSQL. Creates its table, `livedesk_flow_intents`, if it does not exist.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<IntentLog, SqlError, SqlClient.SqlClient> = Layer.effect(
  IntentLog,
  Effect.gen(function*() {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    yield* FlowDatabase.createTable(sql`
      CREATE TABLE IF NOT EXISTS livedesk_flow_intents (
        execution_id VARCHAR(255) NOT NULL,
        step VARCHAR(255) NOT NULL,
        workflow VARCHAR(255) NOT NULL,
        kind VARCHAR(16) NOT NULL,
        attempt INTEGER NOT NULL,
        round INTEGER NOT NULL,
        state VARCHAR(16) NOT NULL,
        since DOUBLE PRECISION NOT NULL,
        looking_since DOUBLE PRECISION,
        inbox_id DOUBLE PRECISION,
        contact_id DOUBLE PRECISION,
        conversation_id DOUBLE PRECISION,
        content TEXT,
        found_id DOUBLE PRECISION,
        verify_hint TEXT,
        PRIMARY KEY (execution_id, step)
      )
    `)
    yield* FlowDatabase.createTable(sql`
      CREATE INDEX IF NOT EXISTS livedesk_flow_intents_conversation ON livedesk_flow_intents (conversation_id)
    `)
    yield* FlowDatabase.createTable(
      sql`CREATE INDEX IF NOT EXISTS livedesk_flow_intents_found ON livedesk_flow_intents (found_id)`
    )
    yield* FlowDatabase.createTable(
      sql`CREATE INDEX IF NOT EXISTS livedesk_flow_intents_state ON livedesk_flow_intents (state)`
    )

    const intents = (
      statement: Effect.Effect<ReadonlyArray<unknown>, SqlError>
    ): Effect.Effect<ReadonlyArray<Intent>> =>
      Effect.flatMap(
        FlowDatabase.untilAvailable(statement),
        (rows) => Effect.map(Effect.orDie(read(rows)), (all) => all.map(intentOf))
      )
    const first = (statement: Effect.Effect<ReadonlyArray<unknown>, SqlError>) =>
      Effect.map(intents(statement), ([intent]) => intent)
    const find = (executionId: string, step: string) =>
      [executionId, step].every(FlowName.isValid)
        ? first(sql`SELECT * FROM livedesk_flow_intents WHERE execution_id = ${executionId} AND step = ${step}`)
        // A person may name any.
        : Effect.undefined
    const same = ({ executionId, round, step }: Intent) =>
      sql`execution_id = ${executionId} AND step = ${step} AND round = ${round}`
    /** The changed intent, or the current one if the change did not apply. */
    const orNow = (intent: Intent, changed: Intent | undefined) =>
      changed === undefined
        ? Effect.map(find(intent.executionId, intent.step), (now) => now ?? intent)
        : Effect.succeed(changed)

    return IntentLog.of({
      begin: Effect.fnUntraced(function*(facts, attempt) {
        const now = yield* Clock.currentTimeMillis
        const row = {
          execution_id: facts.executionId,
          step: facts.step,
          workflow: facts.workflow,
          kind: facts.kind,
          attempt,
          round: 1,
          state: "Begun",
          since: now,
          looking_since: null,
          inbox_id: facts.inboxId ?? null,
          contact_id: facts.contactId ?? null,
          conversation_id: facts.conversationId ?? null,
          content: columnOf(facts.content),
          found_id: null,
          verify_hint: null
        }
        const fresh = yield* first(sql`
          INSERT INTO livedesk_flow_intents ${sql.insert(row)}
          ON CONFLICT (execution_id, step) DO UPDATE SET
            attempt = excluded.attempt,
            round = livedesk_flow_intents.round + 1,
            state = excluded.state,
            since = excluded.since,
            looking_since = NULL,
            verify_hint = NULL
          WHERE livedesk_flow_intents.found_id IS NULL
            AND (livedesk_flow_intents.attempt < excluded.attempt OR livedesk_flow_intents.state = 'Waiting')
          RETURNING *
        `)
        if (fresh !== undefined) return { _tag: "Fresh", intent: fresh }
        const earlier = yield* find(facts.executionId, facts.step)
        return earlier === undefined
          ? yield* Effect.die(new Error(`the intent of ${facts.step} was deleted while it was needed`))
          : { _tag: "Earlier", intent: earlier }
      }),
      release: Effect.fnUntraced(function*(intent) {
        const changed = yield* first(
          sql`
            UPDATE livedesk_flow_intents SET state = 'Waiting'
            WHERE ${same(intent)} AND found_id IS NULL AND state <> 'Pending' RETURNING *
          `
        )
        return yield* orNow(intent, changed)
      }),
      beginCheck: Effect.fnUntraced(function*(intent, verifyHint) {
        const now = yield* Clock.currentTimeMillis
        const changed = yield* first(sql`
          UPDATE livedesk_flow_intents SET
            state = 'Checking',
            verify_hint = ${columnOf(verifyHint ?? intent.verifyHint)},
            looking_since = ${intent.lookingSince ?? now}
          WHERE ${same(intent)} AND found_id IS NULL AND state <> 'Pending' RETURNING *
        `)
        return yield* orNow(intent, changed)
      }),
      suspend: Effect.fnUntraced(function*(intent) {
        const changed = yield* first(
          sql`UPDATE livedesk_flow_intents SET state = 'Pending' WHERE ${same(intent)} AND found_id IS NULL RETURNING *`
        )
        return yield* orNow(intent, changed)
      }),
      complete: Effect.fnUntraced(function*(intent, id) {
        const changed = yield* first(sql`
          UPDATE livedesk_flow_intents SET state = 'Done', found_id = ${id}, content = NULL
          WHERE ${same(intent)} ${intent.state === "Pending" ? sql`` : sql`AND state <> 'Pending'`} RETURNING *
        `)
        if (changed !== undefined) return undefined
        const now = yield* find(intent.executionId, intent.step)
        return now?.state === "Pending" && now.round === intent.round ? now : undefined
      }),
      observe: (intent, id) =>
        first(
          sql`UPDATE livedesk_flow_intents SET found_id = ${id} WHERE ${same(intent)} AND found_id IS NULL RETURNING *`
        ),
      findMatching: Effect.fnUntraced(function*(observation, until) {
        const before = yield* intents(
          sql`SELECT * FROM livedesk_flow_intents WHERE kind = ${observation.kind} AND found_id = ${observation.id}`
        )
        if (before.length > 0) return before.filter(({ state }) => state === "Pending")
        const subject = observation.kind === "conversation"
          ? sql`contact_id = ${observation.contactId} AND inbox_id = ${observation.inboxId}`
          : sql`conversation_id = ${observation.conversationId} AND content = ${columnOf(observation.content)}`
        return yield* intents(sql`
          SELECT * FROM livedesk_flow_intents
          WHERE kind = ${observation.kind} AND found_id IS NULL AND since <= ${until}
            AND state IN ('Begun', 'Checking', 'Pending') AND ${subject}
          ORDER BY since
        `)
      }),
      find,
      pending: intents(sql`SELECT * FROM livedesk_flow_intents WHERE state = 'Pending' ORDER BY since`),
      hasConversation: (conversationId) =>
        Effect.map(
          intents(sql`
            SELECT * FROM livedesk_flow_intents
            WHERE conversation_id = ${conversationId} OR (kind = 'conversation' AND found_id = ${conversationId})
            LIMIT 1
          `),
          (known) => known.length > 0
        ),
      forget: FlowDatabase.makeForget("IntentLog.forget", (time) =>
        Effect.asVoid(
          FlowDatabase.untilAvailable(sql`DELETE FROM livedesk_flow_intents WHERE state = 'Done' AND since < ${time}`)
        ))
    })
  })
)

const columnOf = (text: string | undefined): string | null => text === undefined ? null : FlowDatabase.textColumn(text)

const read = Schema.decodeUnknownEffect(Schema.Array(columns))

const intentOf = (row: typeof columns.Type): Intent => ({
  executionId: row.execution_id,
  step: row.step,
  workflow: row.workflow,
  kind: row.kind,
  attempt: row.attempt,
  round: row.round,
  state: row.state,
  since: row.since,
  lookingSince: row.looking_since ?? undefined,
  inboxId: row.inbox_id ?? undefined,
  contactId: row.contact_id ?? undefined,
  conversationId: row.conversation_id ?? undefined,
  content: row.content ?? undefined,
  foundId: row.found_id ?? undefined,
  verifyHint: row.verify_hint ?? undefined
})
