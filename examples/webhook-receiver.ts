/**
 * Receiving webhooks: replies to a customer's message, once, and no message of its own. LiveDesk is the emulator, which
 * delivers what happens in it.
 */
import { Contacts, Conversations, LiveDesk, LiveDeskError, Messages } from "@effect-livedesk/core"
import { Emulator, WebhookDelivery, WebhookSender } from "@effect-livedesk/core/testing"
import { DeliveryStore, type WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Option, Redacted } from "effect"

const reply = Effect.fn("reply")(function*(event: WebhookEvent.WebhookEvent) {
  if (event._tag !== "MessageCreated" || event.message.messageType !== "incoming") return
  const messages = yield* Messages.Messages
  yield* messages.send({
    conversationId: event.conversation.id,
    content: "Thank you, we will look into it.",
    contentAttributes: Messages.inReplyTo(event.message.id)
  }).pipe(
    // When the reply may have reached the customer, handling the event again might send it twice.
    Effect.catchIf(LiveDeskError.mayHaveTakenEffect, (error) => Effect.logError(error.message))
  )
})

// Whether LiveDesk signs, and how, is to be found out: its pages document no signature.
const verification = Webhooks.signed({ secrets: [Redacted.make("example-secret")] })
const path = "/webhooks/livedesk"

// A route for `HttpRouter.serve` on any of Effect's servers.
const receiver = Webhooks.layer({ path, verification, handler: reply, onFailure: "retry" }).pipe(
  Layer.provide(DeliveryStore.layer)
)

// ---------------------------------------------------------------------------------------------------------------------
// LiveDesk's side
// ---------------------------------------------------------------------------------------------------------------------

const program = Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  const conversations = yield* Conversations.Conversations
  const emulator = yield* Emulator.Emulator
  const sender = yield* WebhookSender.WebhookSender

  const { contact } = yield* contacts.create({ inboxId: 407, name: "Alice" })
  const { id } = yield* conversations.create({ inboxId: 407, contactId: contact.id })
  yield* emulator.receive({ conversationId: id, content: "Where is my order?" })

  // The new conversation, the question, the reply, and that the conversation has a first reply.
  const delivered = yield* sender.awaitDelivered(4)
  for (const { event, status } of delivered) {
    yield* Console.log(`${event._tag}: ${Option.getOrElse(status, () => "not delivered")}`)
  }
  const conversation = yield* emulator.conversation(id)
  const preview = Option.flatMap(conversation, ({ contentPreview }) => contentPreview.content)
  yield* Console.log(`the customer reads: ${Option.getOrElse(preview, () => "nothing")}`)
})

program.pipe(
  Effect.provide(
    Layer.merge(receiver, WebhookSender.layer({ path, verification })).pipe(
      Layer.provideMerge(WebhookDelivery.layer),
      Layer.provideMerge(LiveDesk.layer),
      Layer.provideMerge(Emulator.layer)
    )
  ),
  NodeRuntime.runMain
)
