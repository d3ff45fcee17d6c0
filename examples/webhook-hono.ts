/** Hono, on any of its platforms: the receiver takes the web request as it is. */
import { WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { Console, Redacted } from "effect"
import { Hono } from "hono"

// @effect-diagnostics processEnv:off
const secret = process.env["LIVEDESK_WEBHOOK_SECRET"]
if (secret === undefined) throw new Error("LIVEDESK_WEBHOOK_SECRET is missing")

const receiver = Webhooks.toWebHandler({
  path: "/webhooks/livedesk",
  verification: Webhooks.signed({ secrets: [Redacted.make(secret)] }),
  handler: (event) => Console.log(`received ${WebhookEvent.nameOf(event)}`)
})
await receiver.ready()

export const app = new Hono()

app.post("/webhooks/livedesk", (context) => receiver.handler(context.req.raw))
