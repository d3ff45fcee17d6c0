/** A route handler of Next.js: the file app/webhooks/livedesk/route.ts, whose address is the receiver's path. */
import { WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { Console, Redacted } from "effect"

// @effect-diagnostics processEnv:off
const secret = Redacted.make(process.env["LIVEDESK_WEBHOOK_SECRET"] ?? "")

const receiver = Webhooks.toWebHandler({
  path: "/webhooks/livedesk",
  verification: Webhooks.signed({ secrets: [secret] }),
  // A function of a platform may be frozen once it has responded, so it responds after the handler.
  onFailure: "retry",
  handler: (event) => Console.log(`received ${WebhookEvent.nameOf(event)}`)
})

export const POST = (request: Request): Promise<Response> => receiver.handler(request)
