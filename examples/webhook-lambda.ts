/** AWS Lambda behind a function URL or an HTTP API (payload format 2.0). */
import { WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { Console, Redacted } from "effect"

// @effect-diagnostics processEnv:off
const secret = process.env["LIVEDESK_WEBHOOK_SECRET"]
if (secret === undefined) throw new Error("LIVEDESK_WEBHOOK_SECRET is missing")

const receiver = Webhooks.toWebHandler({
  path: "/webhooks/livedesk",
  verification: Webhooks.signed({ secrets: [Redacted.make(secret)] }),
  // Lambda freezes the process once it has responded, so it responds after the handler.
  onFailure: "retry",
  handler: (event) => Console.log(`received ${WebhookEvent.nameOf(event)}`)
})
await receiver.ready()

/** The parts of an event that are used; `@types/aws-lambda` has all of `APIGatewayProxyEventV2`. */
export interface LambdaRequest {
  readonly rawPath: string
  readonly headers: Record<string, string>
  readonly requestContext: { readonly http: { readonly method: string } }
  readonly body?: string
  readonly isBase64Encoded: boolean
}

export const handler = async ({ body = "", headers, isBase64Encoded, rawPath, requestContext }: LambdaRequest) => {
  const { method } = requestContext.http
  const response = await receiver.handler(
    new Request(`https://lambda${rawPath}`, {
      method,
      headers,
      // The signature is of the bytes, which come as Base64 or as text.
      ...(method === "POST" ? { body: isBase64Encoded ? Buffer.from(body, "base64") : body } : {})
    })
  )
  return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: await response.text() }
}
