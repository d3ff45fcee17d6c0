/**
 * What webhook events tell flows: that a call of which the answer was lost was acted upon, and what customers answer.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import type { WebhookEvent } from "../webhooks/WebhookEvent.ts"
import * as CustomerAnswer from "./CustomerAnswer.ts"
import * as FlowMarks from "./FlowMarks.ts"
import * as Settlement from "./Settlement.ts"
import * as Verdict from "./Verdict.ts"

/**
 * Handles an event for flows: `settle` and `CustomerAnswer.handle` in one. A handler for `Webhooks.layer`, which is to be
 * told to hand on the program's own messages:
 *
 * ```ts
 * Webhooks.layer({
 *   path: "/webhooks/livedesk",
 *   verification: Webhooks.signed({ secrets: [secret] }),
 *   echoes: "handle",
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
  FlowMarks.FlowMarks | CustomerAnswer.CustomerAnswers | WorkflowEngine.WorkflowEngine
> => Effect.andThen(settle(event), CustomerAnswer.handle(event))

/** How much earlier than here it may seem to be at LiveDesk. */
const skew = Duration.minutes(1)

/**
 * Lets a flow go on whose call an event shows to have been acted upon: a conversation with the contact in the channel, or
 * a message of the same content in the conversation that went out, which began no earlier than the call and belongs to no
 * other step. Where an agent wrote the very same in between, the step counts as done.
 *
 * @category handlers
 * @since 0.1.0
 */
export const settle = Effect.fnUntraced(function*(
  event: WebhookEvent
): Effect.fn.Return<void, never, FlowMarks.FlowMarks | WorkflowEngine.WorkflowEngine> {
  const sighting = sightingIn(event)
  if (sighting === undefined) return
  const marks = yield* FlowMarks.FlowMarks
  const until = DateTime.toEpochMillis(DateTime.addDuration(sighting.at, skew))
  for (const mark of yield* marks.fitting(sighting, until)) {
    const verdict = Verdict.done(sighting.id)
    // The verdict first: should the process die in between, the event that comes again finds the mark as it was.
    if (mark.state === "Unsettled") yield* Settlement.decide(mark, verdict)
    const found = mark.foundId === undefined ? yield* marks.found(mark, sighting.id) : mark
    // Another event was faster: this one may be of the next step that waits for the same.
    if (found === undefined) continue
    if (found.state === "Unsettled") yield* Settlement.conclude(found, verdict)
    return
  }
})

const sightingIn = (event: WebhookEvent): FlowMarks.Sighting & { readonly at: DateTime.Utc } | undefined => {
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
