/**
 * A server that receives webhooks at http://127.0.0.1:3000/webhooks/livedesk, signed with LIVEDESK_WEBHOOK_SECRET, and says
 * what came. Ended by Ctrl-C.
 */
import { DeliveryStore, WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { NodeWebhooks } from "@effect-livedesk/node"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect, Layer } from "effect"
import { HttpRouter } from "effect/http"
import { createServer } from "node:http"

const receiver = Layer.unwrap(Effect.map(NodeWebhooks.secret, (secret) =>
  Webhooks.layer({
    path: "/webhooks/livedesk",
    verification: Webhooks.signed({ secrets: [secret] }),
    handler: (event) => Console.log(`received ${WebhookEvent.nameOf(event)}`)
  })))

const server = Layer.unwrap(
  Effect.map(
    Config.withDefault(Config.Int("WEBHOOK_PORT"), 3000),
    (port) =>
      HttpRouter.serve(receiver, { disableLogger: true }).pipe(
        Layer.provide(DeliveryStore.layer),
        Layer.provide(NodeHttpServer.layer(() => createServer(), { port, host: "127.0.0.1" }))
      )
  )
)

Layer.launch(server).pipe(NodeRuntime.runMain)
