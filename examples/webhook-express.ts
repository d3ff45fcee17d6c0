/** Express: receives what is signed with LIVEDESK_WEBHOOK_SECRET. */
import { WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { NodeWebhooks } from "@effect-livedesk/node"
import { Config, Console, Effect } from "effect"
import express from "express"

// Without the secret, the program does not start.
const secret = Effect.runSync(Config.Redacted("LIVEDESK_WEBHOOK_SECRET"))

const receiver = Webhooks.toWebHandler({
  path: "/webhooks/livedesk",
  verification: Webhooks.signed({ secrets: [secret] }),
  handler: (event) => Console.log(`received ${WebhookEvent.nameOf(event)}`)
})
await receiver.ready()

export const app: express.Express = express()

// Before any express.json(), which would read the body.
app.post("/webhooks/livedesk", NodeWebhooks.toNodeHandler(receiver))
