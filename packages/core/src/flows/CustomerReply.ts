/**
 * A durable wait for the customer's reply, which arrives by webhook.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Activity from "effect/workflow/Activity"
import * as DurableClock from "effect/workflow/DurableClock"
import * as DurableDeferred from "effect/workflow/DurableDeferred"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as ErrorMapping from "../internal/ErrorMapping.ts"
import * as FlowDatabase from "../internal/FlowDatabase.ts"
import * as FlowName from "../internal/FlowName.ts"
import * as OptionSchema from "../internal/OptionSchema.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import { ConversationId, MessageId } from "../LiveDeskSchema.ts"
import type { WebhookEvent } from "../webhooks/WebhookEvent.ts"
import * as IntentLog from "./IntentLog.ts"

/**
 * A message that a customer wrote.
 *
 * @category models
 * @since 0.1.0
 */
export const CustomerReply = Schema.Struct({
  conversationId: ConversationId,
  messageId: MessageId,
  /** The text; "" for a message with attachments only. */
  content: Schema.String,
  /** When the webhook was handled. */
  receivedAt: Schema.DateTimeUtcFromMillis
})
export interface CustomerReply extends Schema.Schema.Type<typeof CustomerReply> {}

const deferredOf = (name: string) => DurableDeferred.make(`${name}/reply`, { success: CustomerReply })

interface Wait {
  readonly executionId: string
  readonly workflow: string
  readonly name: string
  readonly conversationId: number
}

/** A wait that got a reply. */
interface Given {
  readonly wait: Wait
  readonly reply: CustomerReply
}

/**
 * Stores customers' replies in the conversations of flows, and the waits for them. Each reply goes to one wait.
 *
 * @category services
 * @since 0.1.0
 */
export class ReplyStore extends Context.Service<ReplyStore, {
  /** Begins a wait. Returns a reply if one is stored already. */
  readonly begin: (wait: Wait) => Effect.Effect<Option.Option<CustomerReply>>
  /** Ends a wait. Returns a reply if one arrived at the last moment. */
  readonly end: (wait: Wait) => Effect.Effect<Option.Option<CustomerReply>>
  /** Stores a reply if its conversation is one of a flow. Returns the conversation's waits whose reply is to be passed on. */
  readonly receive: (reply: CustomerReply) => Effect.Effect<ReadonlyArray<Given>>
  /** All waits whose reply is to be passed on. */
  readonly pending: Effect.Effect<ReadonlyArray<Given>>
  /** Records that a flow has its reply. */
  readonly complete: (wait: Wait) => Effect.Effect<void>
  /**
   * Deletes older replies and waits. Pass more than the longest flow takes, as it may still wait for them. Fails with
   * `ValidationError` for an invalid duration.
   */
  readonly forget: (
    options: { readonly olderThan: Duration.Input }
  ) => Effect.Effect<void, LiveDeskError.ValidationError>
}>()("@effect-livedesk/core/flows/ReplyStore") {}

const waitColumns = Schema.Struct({
  execution_id: Schema.String,
  name: Schema.String,
  workflow: Schema.String,
  conversation_id: Schema.Number
})

const replyColumns = Schema.Struct({
  message_id: Schema.Number,
  conversation_id: Schema.Number,
  content: FlowDatabase.Text,
  received_at: Schema.Number
})

const readWaits = Schema.decodeUnknownEffect(Schema.Array(waitColumns))
const readReplies = Schema.decodeUnknownEffect(Schema.Array(replyColumns))
const readPending = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ ...waitColumns.fields, ...replyColumns.fields }))
)

const waitOf = (row: typeof waitColumns.Type): Wait => ({
  executionId: row.execution_id,
  workflow: row.workflow,
  name: row.name,
  conversationId: row.conversation_id
})

const replyOf = (row: typeof replyColumns.Type): CustomerReply => ({
  conversationId: ConversationId.make(row.conversation_id),
  messageId: MessageId.make(row.message_id),
  content: row.content,
  receivedAt: DateTime.makeUnsafe(row.received_at)
})

/**
 * Provides `ReplyStore` over SQLite or PostgreSQL. Creates its tables, `livedesk_flow_replies` and
 * `livedesk_flow_waits`, if they do not exist.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ReplyStore, SqlError, SqlClient.SqlClient | IntentLog.IntentLog> = Layer.effect(
  ReplyStore,
  Effect.gen(function*() {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const intents = yield* IntentLog.IntentLog
    yield* FlowDatabase.createTable(sql`
      CREATE TABLE IF NOT EXISTS livedesk_flow_replies (
        message_id DOUBLE PRECISION NOT NULL PRIMARY KEY,
        conversation_id DOUBLE PRECISION NOT NULL,
        content TEXT NOT NULL,
        received_at DOUBLE PRECISION NOT NULL
      )
    `)
    yield* FlowDatabase.createTable(sql`
      CREATE INDEX IF NOT EXISTS livedesk_flow_replies_conversation ON livedesk_flow_replies (conversation_id)
    `)
    yield* FlowDatabase.createTable(sql`
      CREATE TABLE IF NOT EXISTS livedesk_flow_waits (
        execution_id VARCHAR(255) NOT NULL,
        name VARCHAR(255) NOT NULL,
        workflow VARCHAR(255) NOT NULL,
        conversation_id DOUBLE PRECISION NOT NULL,
        since DOUBLE PRECISION NOT NULL,
        is_over INTEGER NOT NULL,
        message_id DOUBLE PRECISION UNIQUE,
        PRIMARY KEY (execution_id, name)
      )
    `)
    yield* FlowDatabase.createTable(sql`
      CREATE INDEX IF NOT EXISTS livedesk_flow_waits_conversation ON livedesk_flow_waits (conversation_id)
    `)
    yield* FlowDatabase.createTable(sql`
      CREATE INDEX IF NOT EXISTS livedesk_flow_waits_pending ON livedesk_flow_waits (since)
      WHERE is_over = 0 AND message_id IS NOT NULL
    `)

    const taken = ({ executionId, name }: Wait) =>
      FlowDatabase.untilAvailable(sql`
        SELECT r.* FROM livedesk_flow_replies r JOIN livedesk_flow_waits w ON w.message_id = r.message_id
        WHERE w.execution_id = ${executionId} AND w.name = ${name}
      `).pipe(
        Effect.flatMap((rows) => Effect.orDie(readReplies(rows))),
        Effect.map(([row]) => row === undefined ? Option.none() : Option.some(replyOf(row)))
      )

    /** Assigns the first reply that no other wait has, to one that has none, or whose own was forgotten meanwhile. */
    const give = (wait: Wait): Effect.Effect<Option.Option<CustomerReply>> =>
      sql`
        UPDATE livedesk_flow_waits SET message_id = (
          SELECT MIN(r.message_id) FROM livedesk_flow_replies r
          WHERE r.conversation_id = ${wait.conversationId}
            AND NOT EXISTS (SELECT 1 FROM livedesk_flow_waits w WHERE w.message_id = r.message_id)
        )
        WHERE execution_id = ${wait.executionId} AND name = ${wait.name} AND is_over = 0 AND NOT EXISTS (
          SELECT 1 FROM livedesk_flow_replies r WHERE r.message_id = livedesk_flow_waits.message_id
        )
      `.pipe(
        // Another wait took the same reply at the same moment.
        Effect.retry({ while: ({ reason }) => reason._tag === "UniqueViolation" || reason._tag === "ConstraintError" }),
        FlowDatabase.untilAvailable,
        Effect.andThen(taken(wait))
      )

    const complete = ({ executionId, name }: Wait) =>
      Effect.asVoid(FlowDatabase.untilAvailable(sql`
        UPDATE livedesk_flow_waits SET is_over = 1 WHERE execution_id = ${executionId} AND name = ${name}
      `))

    return ReplyStore.of({
      begin: Effect.fnUntraced(function*(wait) {
        const row = {
          execution_id: wait.executionId,
          name: wait.name,
          workflow: wait.workflow,
          conversation_id: wait.conversationId,
          since: yield* Clock.currentTimeMillis,
          is_over: 0
        }
        yield* FlowDatabase.untilAvailable(
          sql`INSERT INTO livedesk_flow_waits ${sql.insert(row)} ON CONFLICT (execution_id, name) DO NOTHING`
        )
        const early = yield* give(wait)
        if (Option.isSome(early)) yield* complete(wait)
        return early
      }),
      // The flow gets a reply that came at the last moment here, so none has to pass it on.
      end: (wait) => Effect.andThen(complete(wait), taken(wait)),
      receive: Effect.fnUntraced(function*({ content, conversationId, messageId, receivedAt }) {
        const waiting = sql`SELECT * FROM livedesk_flow_waits WHERE conversation_id = ${conversationId} AND is_over = 0`
        const isKnown = (yield* intents.hasConversation(conversationId)) ||
          (yield* FlowDatabase.untilAvailable(
              sql`SELECT 1 FROM livedesk_flow_waits WHERE conversation_id = ${conversationId} LIMIT 1`
            )).length > 0
        if (!isKnown) return []
        const row = {
          message_id: messageId,
          conversation_id: conversationId,
          content: FlowDatabase.textColumn(content),
          received_at: DateTime.toEpochMillis(receivedAt)
        }
        yield* FlowDatabase.untilAvailable(
          sql`INSERT INTO livedesk_flow_replies ${sql.insert(row)} ON CONFLICT (message_id) DO NOTHING`
        )
        const waits = yield* Effect.orDie(readWaits(yield* FlowDatabase.untilAvailable(sql`${waiting} ORDER BY since`)))
        const given = yield* Effect.forEach(
          waits.map(waitOf),
          (wait) => Effect.map(give(wait), Option.map((reply) => ({ wait, reply })))
        )
        return given.flatMap(Option.toArray)
      }),
      pending: FlowDatabase.untilAvailable(sql`
        SELECT r.*, w.execution_id, w.name, w.workflow
        FROM livedesk_flow_waits w JOIN livedesk_flow_replies r ON r.message_id = w.message_id
        WHERE w.is_over = 0 AND w.message_id IS NOT NULL ORDER BY w.since
      `).pipe(
        Effect.flatMap((rows) => Effect.orDie(readPending(rows))),
        Effect.map((rows) => rows.map((row) => ({ wait: waitOf(row), reply: replyOf(row) })))
      ),
      complete,
      // The replies first: one without its wait would go to the next one.
      forget: FlowDatabase.makeForget("CustomerReply.forget", (time) =>
        FlowDatabase.untilAvailable(sql`
          DELETE FROM livedesk_flow_replies WHERE received_at < ${time} AND NOT EXISTS (
            SELECT 1 FROM livedesk_flow_waits w WHERE w.message_id = livedesk_flow_replies.message_id AND w.since >= ${time}
          )
        `).pipe(
          Effect.andThen(FlowDatabase.untilAvailable(sql`
            DELETE FROM livedesk_flow_waits WHERE since < ${time} AND NOT EXISTS (
              SELECT 1 FROM livedesk_flow_replies r WHERE r.message_id = livedesk_flow_waits.message_id
            )
          `)),
          Effect.asVoid
        ))
    })
  })
)

/**
 * Waits durably for the customer to write in a conversation. Returns none if no reply arrives `within` the time, which
 * defaults to no limit. Fails with `ValidationError` for an invalid time.
 *
 * Replies from before the wait count too, if a flow created the conversation or wrote in it. Each reply goes to one
 * wait. `name` must be unique in the workflow. Replies arrive through `FlowEvents.handle` in `Webhooks.layer`.
 *
 * ```ts
 * const reply = yield* CustomerReply.wait("consent", { conversationId, within: "3 days" })
 * ```
 *
 * @category steps
 * @since 0.1.0
 */
export const wait = Effect.fnUntraced(function*(
  name: string,
  options: { readonly conversationId: number; readonly within?: Duration.Input | undefined }
): Effect.fn.Return<
  Option.Option<CustomerReply>,
  LiveDeskError.ValidationError,
  WorkflowEngine.WorkflowEngine | WorkflowEngine.WorkflowInstance | ReplyStore
> {
  const { within } = yield* checkOptions(options)
  const { executionId, workflow } = yield* WorkflowEngine.WorkflowInstance
  yield* FlowName.check("CustomerReply.wait", { name, workflow: workflow._tag })
  const replies = yield* ReplyStore
  const wait = { executionId, workflow: workflow._tag, name, conversationId: options.conversationId }
  const success = Schema.OptionFromNullOr(CustomerReply)
  const early = yield* Activity.make({ name: `${name}/begin`, success, execute: replies.begin(wait) })
  if (Option.isSome(early)) return early
  const reply = DurableDeferred.await(deferredOf(name))
  if (!Duration.isFinite(within)) return Option.some(yield* reply)
  const inTime = yield* DurableDeferred.raceAll({
    name: `${name}/in time`,
    success,
    error: Schema.Never,
    effects: [
      Effect.asSome(reply),
      Effect.as(
        DurableClock.sleep({ name: `${name}/limit`, duration: within, inMemoryThreshold: 0 }),
        Option.none<CustomerReply>()
      )
    ]
  })
  return Option.isSome(inTime)
    ? inTime
    : yield* Activity.make({ name: `${name}/end`, success, execute: replies.end(wait) })
})

const checkOptions = OptionSchema.decoder(
  Schema.Struct({ within: OptionSchema.withDefault(OptionSchema.duration, Duration.infinity) }),
  (issues) => ErrorMapping.invalidInput("CustomerReply.wait", issues)
)

/**
 * Passes a customer's message to the flow that waits for it, or stores it for a later wait. Ignores other events.
 *
 * @category handlers
 * @since 0.1.0
 */
export const handle = Effect.fnUntraced(function*(
  event: WebhookEvent
): Effect.fn.Return<void, never, ReplyStore | WorkflowEngine.WorkflowEngine> {
  if (event._tag !== "MessageCreated" || event.message.messageType !== "incoming" || event.message.private) return
  const replies = yield* ReplyStore
  const received = yield* replies.receive({
    conversationId: event.conversation.id,
    messageId: event.message.id,
    content: Option.getOrElse(event.message.content, () => ""),
    receivedAt: yield* DateTime.now
  })
  yield* Effect.forEach(received, pass)
})

const pass = Effect.fnUntraced(function*({ reply, wait }: Given) {
  const replies = yield* ReplyStore
  const deferred = deferredOf(wait.name)
  const token = new DurableDeferred.TokenParsed({
    workflowName: wait.workflow,
    executionId: wait.executionId,
    deferredName: deferred.name
  }).asToken
  yield* DurableDeferred.succeed(deferred, { token, value: reply })
  // If the process dies in between, the engine gets the reply once more, and keeps the first.
  yield* replies.complete(wait)
})

/**
 * Passes on replies that were stored, but not passed on before their process died: every minute. Their flows would wait
 * for the customer's next message. The layers of `NodeFlows` have it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerRecovery: Layer.Layer<never, never, ReplyStore | WorkflowEngine.WorkflowEngine> = Layer.effectDiscard(
  ReplyStore.use(({ pending }) => pending).pipe(
    Effect.flatMap(Effect.forEach((one) => Effect.exit(pass(one)), { concurrency: 16 })),
    Effect.flatMap((exits) => Exit.asVoidAll(exits)),
    // One that cannot be passed on, such as to a workflow that is gone, must not keep back others, now and later.
    Effect.catchCause((cause) => Effect.logWarning("customers' replies are not passed to their flows yet", cause)),
    // Not at once: the workflows register after this layer, and one with a shard group of its own cannot be reached before.
    Effect.schedule(Schedule.spaced("1 minute")),
    Effect.forkScoped
  )
)
