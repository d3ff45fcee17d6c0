/**
 * A durable flow of one's own, made of the library's steps: it welcomes a customer, waits for the reply, and thanks in
 * office hours. `flow.ts` runs it in one process, `flow-cluster.ts` in three.
 */
import { LiveDeskError } from "@effect-livedesk/core"
import { BusinessHours, CustomerReply, FlowEvents, FlowStep } from "@effect-livedesk/core/flows"
import { DeliveryStore, Webhooks } from "@effect-livedesk/core/webhooks"
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import { Workflow } from "effect/workflow"

export const WelcomeFlow = Workflow.make("Welcome", {
  payload: { email: Schema.String, inboxId: Schema.Int },
  success: Schema.String,
  error: LiveDeskError.LiveDeskError,
  // One execution for a customer, however often it is started.
  idempotencyKey: ({ email }) => email
})

const welcome = Effect.fnUntraced(function*({ email, inboxId }: { readonly email: string; readonly inboxId: number }) {
  const contact = yield* FlowStep.ensureContact("contact", { inboxId, email })
  const conversationId = yield* FlowStep.createConversation("conversation", { ...contact, inboxId })
  yield* FlowStep.sendMessage("welcome", { conversationId, content: "Welcome! Shall we call you?" })

  const reply = yield* CustomerReply.wait("reply", { conversationId, within: "3 days" })
  if (Option.isNone(reply)) return `${email} did not reply`

  const hours = yield* Effect.orDie(BusinessHours.make({
    timeZone: "Europe/Berlin",
    days: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    from: "00:00",
    to: "24:00"
  }))
  yield* BusinessHours.untilOpen("office", hours)
  yield* FlowStep.sendMessage("thanks", { conversationId, content: "Thank you, we will call." })
  return `${email} replied: ${reply.value.content}`
})

export const layer = WelcomeFlow.toLayer((payload) => welcome(payload))

export const path = "/webhooks/livedesk"
export const secret = Redacted.make("example-secret")
export const verification = Webhooks.signed({ secrets: [secret] })

// Tells the flows what customers reply, and which messages went out though the response to the call was lost.
export const receiver = Webhooks.layer({
  path,
  verification,
  ownMessages: "handle",
  onFailure: "retry",
  handler: FlowEvents.handle
}).pipe(Layer.provide(DeliveryStore.layer))
