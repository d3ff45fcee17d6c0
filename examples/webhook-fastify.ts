/** Fastify: verifies the raw body of each delivery by LIVEDESK_WEBHOOK_SECRET. */
import { WebhookEvent, WebhookVerification } from "@effect-livedesk/core/webhooks"
import { Redacted } from "effect"
import Fastify from "fastify"

// @effect-diagnostics processEnv:off
const secret = Redacted.make(process.env["LIVEDESK_WEBHOOK_SECRET"] ?? "")

export const app = Fastify()

// In a plugin of its own, so that the other routes get parsed JSON.
app.register(async (webhooks) => {
  webhooks.removeAllContentTypeParsers()
  webhooks.addContentTypeParser("*", { parseAs: "buffer" }, async (_: unknown, body: Buffer) => body)
  webhooks.post<{ Body: Buffer }>("/webhooks/livedesk", async ({ body, headers }, reply) => {
    try {
      const event = await WebhookVerification.verifyPromise({ body, headers, secrets: [secret] })
      // Nothing here knows of repeated deliveries: what must not happen twice is kept by the event's ids.
      process.stdout.write(`received ${WebhookEvent.nameOf(event)}\n`)
      return reply.code(200).send()
    } catch (error) {
      // The message says which check failed, for the log alone.
      process.stderr.write(`${error instanceof Error ? error.message : "no event"}\n`)
      return reply.code(error instanceof WebhookVerification.WebhookVerificationError ? error.status : 500).send()
    }
  })
})
