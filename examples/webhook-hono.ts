/** Hono, on any of its platforms: the receiver takes the web request as it is. */
import { WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { Config, Console, Effect } from "effect"
import { Hono } from "hono"

// Without the secret, the program does not start.
const secret = Effect.runSync(Config.Redacted("LIVEDESK_WEBHOOK_SECRET"))

const receiver = Webhooks.toWebHandler({
  path: "/webhooks/livedesk",
  verification: Webhooks.signed({ secrets: [secret] }),
  handler: (event) => Console.log(`received ${WebhookEvent.nameOf(event)}`)
})
await receiver.ready()

export const app = new Hono()

app.post("/webhooks/livedesk", (context) => receiver.handler(context.req.raw))
