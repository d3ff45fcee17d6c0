/**
 * Receiving webhooks: answers a customer's message, once, and no message of its own. LiveDesk's side is played by test
 * deliveries to a server on a port of this machine.
 */
import { Messages } from "@effect-livedesk/core"
import { WebhookDelivery } from "@effect-livedesk/core/testing"
import { SeenDeliveries, type WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Redacted, Schema } from "effect"
import { HttpClient, HttpRouter } from "effect/http"

const answer = Effect.fn("answer")(function*(event: WebhookEvent.WebhookEvent) {
  if (event._tag !== "MessageCreated" || event.message.messageType !== "incoming") return
  const messages = yield* Messages.Messages
  yield* messages.send({
    conversationId: event.conversation.id,
    content: "Thank you, we will look into it.",
    contentAttributes: Messages.inReplyTo(event.message.id)
  }).pipe(
    // When the answer may have reached the customer, handling the event again might send it twice.
    Effect.catchIf(
      ({ delivery }) => delivery === "Accepted" || delivery === "Unknown",
      (error) => Effect.logError(error.message)
    )
  )
})

// Whoever signs, and how, is to be found out with LiveDesk: its pages document no signature.
const verification = Webhooks.signed({ secrets: [Redacted.make("example-secret")] })
const path = "/webhooks/livedesk"

const receiver = Webhooks.layer({ path, verification, handler: answer, onFailure: "retry" }).pipe(
  Layer.provide(SeenDeliveries.layer)
)

// ---------------------------------------------------------------------------------------------------------------------
// LiveDesk's side
// ---------------------------------------------------------------------------------------------------------------------

const LiveDeskStandIn = Layer.mock(Messages.Messages, {
  send: ({ content, conversationId }) =>
    Effect.as(
      Console.log(`to the customer of conversation ${conversationId}: ${content}`),
      Schema.decodeUnknownSync(Messages.Message)({ id: 3031, conversation_id: conversationId, content })
    )
})

const deliver = Effect.fn("deliver")(function*(what: string, delivery: WebhookDelivery.WebhookDelivery) {
  const client = yield* HttpClient.HttpClient
  const response = yield* client.execute(WebhookDelivery.toRequest(delivery))
  yield* Console.log(`${what}: ${response.status} ${yield* response.text}`)
})

const program = Effect.gen(function*() {
  const make = (payload: WebhookDelivery.Options["payload"], id: string) =>
    WebhookDelivery.make({ path, verification, payload, id })

  const question = yield* make(WebhookDelivery.payload("message_created", { content: "Where is my order?" }), "1")
  yield* deliver("a question", question)
  yield* deliver("the same again", question)
  yield* deliver("somebody else's", { ...question, body: Uint8Array.of(...question.body, 32) })

  const own = WebhookDelivery.payload("message_created", { id: 3031, message_type: "outgoing" })
  yield* deliver("the answer itself", yield* make(own, "2"))
})

program.pipe(
  Effect.provide(
    HttpRouter.serve(receiver, { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provideMerge(NodeHttpServer.layerTest),
      Layer.provide(LiveDeskStandIn)
    )
  ),
  NodeRuntime.runMain
)
