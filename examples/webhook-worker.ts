/** A Cloudflare Worker. */
import { WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { Console, Redacted } from "effect"

interface Env {
  readonly LIVEDESK_WEBHOOK_SECRET: string
}

const makeReceiver = (env: Env) =>
  Webhooks.toWebHandler({
    path: "/webhooks/livedesk",
    verification: Webhooks.signed({ secrets: [Redacted.make(env.LIVEDESK_WEBHOOK_SECRET)] }),
    // A Worker may be stopped once it has responded, so it responds after the handler.
    onFailure: "retry",
    handler: (event) => Console.log(`received ${WebhookEvent.nameOf(event)}`)
  })

// Made at the first request, since a Worker has its settings only then; and kept.
let receiver: Webhooks.WebHandler | undefined

export default {
  fetch: (request: Request, env: Env): Promise<Response> => (receiver ??= makeReceiver(env)).handler(request)
}
