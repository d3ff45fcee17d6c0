/**
 * A durable workflow that creates a contact, a conversation and its first message. It survives the process, and sends
 * nothing twice.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as Workflow from "effect/workflow/Workflow"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as Contacts from "../Contacts.ts"
import type * as Conversations from "../Conversations.ts"
import { contactKeyMissing } from "../internal/ContactLookup.ts"
import * as ErrorMapping from "../internal/ErrorMapping.ts"
import { surrogateIssues } from "../internal/surrogateIssues.ts"
import * as LiveDeskError from "../LiveDeskError.ts"
import { ContactId, ConversationId, InboxIdInput, MessageId } from "../LiveDeskSchema.ts"
import type * as Messages from "../Messages.ts"
import * as FlowStep from "./FlowStep.ts"
import type * as IntentLog from "./IntentLog.ts"

const ContactInput = Schema.Struct({
  name: Schema.optional(Schema.String),
  email: Schema.optional(Schema.String),
  phoneNumber: Schema.optional(Schema.String),
  avatarUrl: Schema.optional(Schema.String),
  identifier: Schema.optional(Schema.String)
}).check(
  Schema.makeFilter((contact) => Contacts.hasContactKey(contact) ? undefined : contactKeyMissing)
)

const MessageInput = Schema.Struct({
  content: Schema.String,
  private: Schema.optional(Schema.Boolean),
  contentAttributes: Schema.optional(Schema.Record(Schema.String, Schema.Json))
})

/**
 * The payload of the workflow.
 *
 * @category inputs
 * @since 0.1.0
 */
export const Payload = Schema.Struct({
  /** The id of the occasion, such as the name of a campaign. A contact gets one message per id and inbox. */
  id: Schema.NonEmptyString,
  inboxId: InboxIdInput,
  /** The contact, with at least one of `identifier`, `email` and `phoneNumber`. */
  contact: ContactInput,
  message: MessageInput
})
export interface Payload extends Schema.Schema.Type<typeof Payload> {}

/**
 * The result of the workflow.
 *
 * @category models
 * @since 0.1.0
 */
export const Started = Schema.Struct({
  contactId: ContactId,
  conversationId: ConversationId,
  messageId: MessageId
})
export interface Started extends Schema.Schema.Type<typeof Started> {}

/**
 * The workflow. It runs once for the same `id`, inbox and contact, however often it is started.
 *
 * @category workflows
 * @since 0.1.0
 */
export const ConversationFlow = Workflow.make("LiveDesk.ConversationFlow", {
  payload: Payload,
  success: Started,
  error: LiveDeskError.LiveDeskError,
  idempotencyKey: ({ contact: { email, identifier, phoneNumber }, id, inboxId }) =>
    JSON.stringify([
      id,
      inboxId,
      ...[identifier, email?.toLowerCase(), phoneNumber].map((part) => part?.trim() ?? "")
    ])
})

/**
 * The steps of the workflow, for use in a longer workflow.
 *
 * @category steps
 * @since 0.1.0
 */
export const steps = Effect.fnUntraced(function*(
  payload: Payload,
  options?: FlowStep.Options
): Effect.fn.Return<
  Started,
  LiveDeskError.LiveDeskError,
  FlowStep.Services | Contacts.Contacts | Conversations.Conversations | Messages.Messages
> {
  const { inboxId } = payload
  // The payload's schema ensures that there is at least one key.
  const { email = "", ...contact } = payload.contact
  const found = yield* FlowStep.ensureContact("contact", { ...contact, inboxId, email }, options)
  const conversationId = yield* FlowStep.createConversation("conversation", { ...found, inboxId }, options)
  const messageId = yield* FlowStep.sendMessage("message", { ...payload.message, conversationId }, options)
  return { contactId: found.contactId, conversationId, messageId }
})

/**
 * Runs the workflow's executions, including those that an earlier process left.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: FlowStep.Options
): Layer.Layer<
  never,
  never,
  | WorkflowEngine.WorkflowEngine
  | IntentLog.IntentLog
  | Contacts.Contacts
  | Conversations.Conversations
  | Messages.Messages
> => ConversationFlow.toLayer((payload) => steps(payload, options))

const check = SchemaParser.decodeUnknownResult(Schema.toType(Payload), { errors: "all", onExcessProperty: "error" })

const checked = (payload: Payload): Effect.Effect<Payload, LiveDeskError.ValidationError> =>
  Effect.suspend(() =>
    Result.match(check(payload), {
      onFailure: (issue) => refused(ErrorMapping.issuesOf(issue)),
      onSuccess: (payload) => {
        const issues = surrogateIssues(payload)
        return issues.length === 0 ? Effect.succeed(payload) : refused(issues)
      }
    })
  )

const refused = (issues: ReadonlyArray<LiveDeskError.Issue>) =>
  Effect.fail(ErrorMapping.invalidInput("ConversationFlow.start", issues))

/**
 * Starts the workflow, unless it was started before, and waits for its result. An invalid payload starts nothing and
 * fails with `ValidationError`.
 *
 * ```ts
 * const { conversationId } = yield* ConversationFlow.run({
 *   id: "spring-campaign",
 *   inboxId: 407,
 *   contact: { email: "alice@acme.inc" },
 *   message: { content: "Spring is here." }
 * })
 * ```
 *
 * @category calls
 * @since 0.1.0
 */
export const run = (
  payload: Payload
): Effect.Effect<Started, LiveDeskError.LiveDeskError, WorkflowEngine.WorkflowEngine> =>
  Effect.flatMap(checked(payload), (payload) => ConversationFlow.execute(payload))

/**
 * Starts the workflow, unless it was started before, and returns its execution id without waiting for its result.
 *
 * @category calls
 * @since 0.1.0
 */
export const start = (
  payload: Payload
): Effect.Effect<string, LiveDeskError.ValidationError, WorkflowEngine.WorkflowEngine> =>
  Effect.flatMap(checked(payload), (payload) => ConversationFlow.execute(payload, { discard: true }))
