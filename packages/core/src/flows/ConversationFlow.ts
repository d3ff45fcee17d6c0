/**
 * The durable start of a conversation: a contact, a conversation and its first message, which outlive the process and are
 * never sent twice.
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
 * The input of the flow: whom to write to, through which inbox, and what.
 *
 * @category inputs
 * @since 0.1.0
 */
export const Payload = Schema.Struct({
  /** What this is about, such as the name of a campaign. A contact gets what has the same id once. */
  id: Schema.NonEmptyString,
  /** The inbox. */
  inboxId: InboxIdInput,
  /** The contact, known by at least one of `identifier`, `email` and `phoneNumber`. */
  contact: ContactInput,
  /** The first message. */
  message: MessageInput
})
export interface Payload extends Schema.Schema.Type<typeof Payload> {}

/**
 * The result of the flow.
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
 * The workflow. The same `id`, inbox and contact are one execution, however often it is started.
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
 * The flow's steps, for a workflow that goes on after them.
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
  FlowStep.Required | Contacts.Contacts | Conversations.Conversations | Messages.Messages
> {
  const { inboxId } = payload
  // The check of the payload is what makes sure that there is one of them.
  const { email = "", ...contact } = payload.contact
  const found = yield* FlowStep.ensureContact("contact", { ...contact, inboxId, email }, options)
  const conversationId = yield* FlowStep.createConversation("conversation", { ...found, inboxId }, options)
  const messageId = yield* FlowStep.sendMessage("message", { ...payload.message, conversationId }, options)
  return { contactId: found.contactId, conversationId, messageId }
})

/**
 * Runs the flow's executions, those that an earlier process left included.
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
      onFailure: (issue) =>
        Effect.fail(ErrorMapping.invalidInput("ConversationFlow.start", ErrorMapping.issuesOf(issue))),
      onSuccess: (payload) => Effect.succeed(payload)
    })
  )

/**
 * Starts the flow, unless it was started before, and waits for its end. Fails with `ValidationError` for an invalid
 * payload, and then starts nothing.
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
 * Starts the flow, unless it was started before, and returns the id of its execution without waiting for its end.
 *
 * @category calls
 * @since 0.1.0
 */
export const start = (
  payload: Payload
): Effect.Effect<string, LiveDeskError.ValidationError, WorkflowEngine.WorkflowEngine> =>
  Effect.flatMap(checked(payload), (payload) => ConversationFlow.execute(payload, { discard: true }))
