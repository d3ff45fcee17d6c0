/** A route handler of Next.js: the file app/webhooks/livedesk/route.ts, whose address is the receiver's path. */
import { WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { Console, Redacted } from "effect"

// @effect-diagnostics processEnv:off
const makeReceiver = () =>
  Webhooks.toWebHandler({
    path: "/webhooks/livedesk",
    verification: Webhooks.signed({ secrets: [Redacted.make(process.env["LIVEDESK_WEBHOOK_SECRET"] ?? "")] }),
    // A function of a platform may be frozen once it has responded, so it responds after the handler.
    onFailure: "retry",
    handler: (event) => Console.log(`received ${WebhookEvent.nameOf(event)}`)
  })

// Made at the first request, since `next build` loads this file without settings; and kept.
let receiver: Webhooks.WebHandler | undefined

export const POST = async (request: Request): Promise<Response> => await (receiver ??= makeReceiver()).handler(request)
