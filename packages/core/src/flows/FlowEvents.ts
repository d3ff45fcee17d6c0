/**
 * Webhook events for flows: they show that a call whose response was lost took effect, and carry customers' replies.
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
 * Handles an event with `reconcile` and `CustomerReply.handle`. Needs the program's own messages, too:
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
  IntentLog.IntentLog | CustomerReply.ReplyStore | WorkflowEngine.WorkflowEngine
> => Effect.andThen(reconcile(event), CustomerReply.handle(event))

/** How far LiveDesk's clock may be behind this one's. */
const skew = Duration.minutes(1)

/**
 * Continues a flow if an event shows that its call took effect: a conversation with the contact in the inbox, or an
 * outgoing message with the same content in the conversation. It must be no older than the call, and belong to no other
 * step. If an agent wrote the same text meanwhile, the step counts as done.
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
  for (const intent of yield* intents.findMatching(observation, until)) {
    const resolution = Reconciliation.processed(observation.id)
    // The resolution first: if the process dies in between, the redelivered event finds the intent unchanged.
    if (intent.state === "Pending") yield* FlowResolution.succeed(intent, resolution)
    const found = intent.foundId === undefined ? yield* intents.observe(intent, observation.id) : intent
    // Another event was faster: this one may belong to the next step that fits.
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
