/** AWS Lambda behind a function URL or an HTTP API (payload format 2.0). */
import { WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { Config, Console, Effect } from "effect"

// Without the secret, the program does not start.
const secret = Effect.runSync(Config.Redacted("LIVEDESK_WEBHOOK_SECRET"))

const receiver = Webhooks.toWebHandler({
  path: "/webhooks/livedesk",
  verification: Webhooks.signed({ secrets: [secret] }),
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
