/**
 * Webhook events for flows: they show that a call took effect though its response was lost, and what customers reply.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as FlowResolution from "../internal/FlowResolution.ts"
import type { WebhookEvent } from "../webhooks/WebhookEvent.ts"
import * as CustomerReply from "./CustomerReply.ts"
import * as IntentLog from "./IntentLog.ts"
import * as Reconciliation from "./Reconciliation.ts"

/**
 * Handles an event for flows: `reconcile` and `CustomerReply.handle` in one. A handler for `Webhooks.layer`, which must
 * hand on the program's own messages, by `ownMessages`:
 *
 * ```ts
 * Webhooks.layer({
 *   path: "/webhooks/livedesk",
 *   verification: Webhooks.signed({ secrets: [secret] }),
 *   ownMessages: "handle",
 *   onFailure: "retry",
 *   handler: FlowEvents.handle
 * })
 * ```
 *
 * @category handlers
 * @since 0.1.0
 */
export const handle = (
  event: WebhookEvent
): Effect.Effect<
  void,
  never,
  IntentLog.IntentLog | CustomerReply.CustomerReplies | WorkflowEngine.WorkflowEngine
> => Effect.andThen(reconcile(event), CustomerReply.handle(event))

/** How much earlier than here it may seem to be at LiveDesk. */
const skew = Duration.minutes(1)

/**
 * Lets a flow go on whose call took effect, as an event shows: a conversation with the contact in the inbox, or an
 * outgoing message of the same content in the conversation. It began no earlier than the call and belongs to no other
 * step. Where an agent wrote the very same in between, the step counts as done.
 *
 * @category handlers
 * @since 0.1.0
 */
export const reconcile = Effect.fnUntraced(function*(
  event: WebhookEvent
): Effect.fn.Return<void, never, IntentLog.IntentLog | WorkflowEngine.WorkflowEngine> {
  const observation = observationIn(event)
  if (observation === undefined) return
  const intents = yield* IntentLog.IntentLog
  const until = DateTime.toEpochMillis(DateTime.addDuration(observation.at, skew))
  for (const intent of yield* intents.fitting(observation, until)) {
    const resolution = Reconciliation.done(observation.id)
    // The resolution first: should the process die in between, the event that comes again finds the intent as it was.
    if (intent.state === "Pending") yield* FlowResolution.succeed(intent, resolution)
    const found = intent.foundId === undefined ? yield* intents.found(intent, observation.id) : intent
    // Another event was faster: this one may be of the next step that waits for the same.
    if (found === undefined) continue
    if (found.state === "Pending") yield* FlowResolution.succeedAndRecord(found, resolution)
    return
  }
})

const observationIn = (event: WebhookEvent): IntentLog.Observation & { readonly at: DateTime.Utc } | undefined => {
  if (event._tag === "ConversationCreated") {
    const { contactInbox, createdAt, id, inboxId, meta } = event.conversation
    return { kind: "conversation", id, inboxId, contactId: meta.sender.id || contactInbox.contactId, at: createdAt }
  }
  if (event._tag === "MessageCreated" && event.message.messageType === "outgoing") {
    const { content, createdAt, id } = event.message
    return Option.isNone(content)
      ? undefined
      : { kind: "message", id, conversationId: event.conversation.id, content: content.value, at: createdAt }
  }
  return undefined
}
