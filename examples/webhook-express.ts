/** Express: verifies the raw body of each delivery by LIVEDESK_WEBHOOK_SECRET. */
import { WebhookEvent, WebhookVerification } from "@effect-livedesk/core/webhooks"
import { Redacted } from "effect"
import express from "express"

// @effect-diagnostics processEnv:off
const secret = Redacted.make(process.env["LIVEDESK_WEBHOOK_SECRET"] ?? "")

export const app: express.Express = express()

// The bytes as they came: express.json() before this would leave none.
app.post("/webhooks/livedesk", express.raw({ type: "*/*", limit: "1mb" }), async (request, response) => {
  try {
    const { body, headers } = request
    const event = await WebhookVerification.verifyPromise({ body, headers, secrets: [secret] })
    // Nothing here knows of repeated deliveries: what must not happen twice is kept by the event's ids.
    process.stdout.write(`received ${WebhookEvent.nameOf(event)}\n`)
    response.sendStatus(200)
  } catch (error) {
    // The message says which check failed, for the log alone.
    process.stderr.write(`${error instanceof Error ? error.message : "no event"}\n`)
    response.sendStatus(error instanceof WebhookVerification.WebhookVerificationError ? error.status : 500)
  }
})
