/**
 * Verifies that LiveDesk sent a delivery.
 *
 * @since 0.1.0
 */
import * as Mac from "effect/crypto/Mac"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Redacted from "effect/Redacted"
import * as SignatureCheck from "./SignatureCheck.ts"
import * as Utf8 from "./Utf8.ts"
import * as WebhookRejection from "./WebhookRejection.ts"

export interface Verifier {
  /**
   * Verifies the request before its body is read, and returns the verification of the body. That returns the time of
   * signing as the header has it; `undefined` if the proof is the same for all deliveries.
   */
  readonly before: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<
    (body: Uint8Array) => Effect.Effect<string | undefined, WebhookRejection.WebhookRejectedError, Mac.Mac>,
    WebhookRejection.WebhookRejectedError,
    HttpRouter.RouteContext
  >
}

/** Accepts every delivery. */
export const none: Verifier = { before: () => Effect.succeed(() => Effect.undefined) }

/** Accepts signed deliveries. Fails with the problem of the settings. */
export const bySignature = (settings: SignatureCheck.Settings): Effect.Effect<Verifier, string> =>
  Effect.map(SignatureCheck.make(settings), (check) => ({
    before: ({ headers }) =>
      check(headers).pipe(
        Effect.map((verify) => (body: Uint8Array) => verify(body).pipe(Effect.catch(refuse))),
        Effect.catch(refuse)
      )
  }))

const refuse = ({ detail }: SignatureCheck.Mismatch) => WebhookRejection.reject("NotVerified", detail)

/** Accepts deliveries whose path ends with the token. Fails with the problem of the token. */
export const byToken = (token: Redacted.Redacted): Effect.Effect<Verifier, string> => {
  if (!/^[A-Za-z0-9_-]{16,100}$/.test(Redacted.value(token))) {
    return Effect.fail("the token in the address of webhooks must be 16 to 100 letters, digits, - and _")
  }
  const expected = Utf8.encode(Redacted.value(token))
  return Effect.succeed({
    before: () =>
      Effect.flatMap(
        HttpRouter.params,
        ({ token = "" }) =>
          Mac.timingSafeEqual(Utf8.encode(token), expected)
            ? Effect.succeed(() => Effect.undefined)
            : WebhookRejection.reject("NotVerified", "the token in its path is another")
      )
  })
}
