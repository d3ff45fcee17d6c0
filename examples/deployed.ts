/**
 * A receiver of webhooks as it runs in production: LiveDesk's settings from the environment, a health check, logs in JSON,
 * and an end by SIGTERM that lets handlers finish. `examples/deploy` has a container file and a systemd unit for it.
 */
import { LiveDeskError, Messages } from "@effect-livedesk/core"
import { DeliveryStore, type WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { NodeLiveDesk, NodeWebhooks } from "@effect-livedesk/node"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Config, Effect, Layer, Logger } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"

const reply = Effect.fn("reply")(function*(event: WebhookEvent.WebhookEvent) {
  if (event._tag !== "MessageCreated" || event.message.messageType !== "incoming") return
  const messages = yield* Messages.Messages
  yield* messages.send({ conversationId: event.conversation.id, content: "Thank you, we will look into it." }).pipe(
    Effect.catchIf(LiveDeskError.mayHaveTakenEffect, (error) => Effect.logError(error.message))
  )
})

const receiver = Layer.unwrap(Effect.map(NodeWebhooks.secret, (secret) =>
  Webhooks.layer({
    path: "/webhooks/livedesk",
    verification: Webhooks.signed({ secrets: [secret] }),
    handler: reply
  })))

// Without a call: whether LiveDesk responds is no reason to restart this process.
const health = HttpRouter.add("GET", "/health", HttpServerResponse.text("ok"))

const listening = Layer.unwrap(Effect.map(
  Config.all({
    host: Config.withDefault(Config.NonEmptyString("WEBHOOK_HOST"), "127.0.0.1"),
    port: Config.withDefault(Config.Int("WEBHOOK_PORT"), 3000)
  }),
  (address) => NodeHttpServer.layer(() => createServer(), address)
))

const server = HttpRouter.serve(Layer.merge(receiver, health), { disableLogger: true }).pipe(
  Layer.provide([DeliveryStore.layer, listening, NodeLiveDesk.layerConfig()]),
  Layer.provide(Logger.layer([Logger.consoleJson]))
)

Layer.launch(server).pipe(NodeRuntime.runMain)
