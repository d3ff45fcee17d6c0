/** Fastify: receives what is signed with LIVEDESK_WEBHOOK_SECRET. */
import { WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { NodeWebhooks } from "@effect-livedesk/node"
import { Console, Redacted } from "effect"
import Fastify from "fastify"

// @effect-diagnostics processEnv:off
const secret = process.env["LIVEDESK_WEBHOOK_SECRET"]
if (secret === undefined) throw new Error("LIVEDESK_WEBHOOK_SECRET is missing")

const receiver = Webhooks.toWebHandler({
  path: "/webhooks/livedesk",
  verification: Webhooks.signed({ secrets: [Redacted.make(secret)] }),
  handler: (event) => Console.log(`received ${WebhookEvent.nameOf(event)}`)
})
await receiver.ready()

const handler = NodeWebhooks.toNodeHandler(receiver)

export const app = Fastify()

// In a plugin of its own, so that the other routes get parsed JSON.
app.register(async (webhooks) => {
  webhooks.removeAllContentTypeParsers()
  // Leaves the body unread.
  webhooks.addContentTypeParser("*", (_request, _payload, done) => done(null))
  webhooks.post("/webhooks/livedesk", (request, reply) => {
    reply.hijack()
    handler(request.raw, reply.raw)
  })
})
