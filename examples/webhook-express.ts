/** Express: receives what is signed with LIVEDESK_WEBHOOK_SECRET. */
import { WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { NodeWebhooks } from "@effect-livedesk/node"
import { Console, Redacted } from "effect"
import express from "express"

// @effect-diagnostics processEnv:off
const secret = process.env["LIVEDESK_WEBHOOK_SECRET"]
if (secret === undefined) throw new Error("LIVEDESK_WEBHOOK_SECRET is missing")

const receiver = Webhooks.toWebHandler({
  path: "/webhooks/livedesk",
  verification: Webhooks.signed({ secrets: [Redacted.make(secret)] }),
  handler: (event) => Console.log(`received ${WebhookEvent.nameOf(event)}`)
})
await receiver.ready()

export const app: express.Express = express()

// Before any express.json(), which would read the body.
app.post("/webhooks/livedesk", NodeWebhooks.toNodeHandler(receiver))
