/**
 * Verifies that LiveDesk sent a delivery.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Mac from "effect/crypto/Mac"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as WebhookSignature from "../webhooks/WebhookSignature.ts"
import * as OptionSchema from "./OptionSchema.ts"
import * as Utf8 from "./Utf8.ts"
import * as WebhookRejection from "./WebhookRejection.ts"

/** The settings of signatures. */
export interface Signature {
  readonly secrets: Arr.NonEmptyReadonlyArray<Redacted.Redacted>
  readonly timestampHeader: string
  readonly signatureHeader: string
  readonly prefix: string
  readonly tolerance: Duration.Input
}

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
export const bySignature = (signature: Signature): Effect.Effect<Verifier, string> =>
  Effect.gen(function*() {
    const { prefix, secrets, signatureHeader, timestampHeader } = signature
    const { tolerance } = yield* checkTimes(signature)
    // A list built at run time may be empty, whatever its type says.
    const keys = yield* Effect.forEach(secrets, WebhookSignature.key).pipe(
      Effect.filterOrFail((keys) => keys.length > 0),
      Effect.mapError(() => "a secret for the signature of webhooks is missing or empty")
    )
    return {
      before: Effect.fnUntraced(function*({ headers }) {
        const timestamp = headers[timestampHeader] ?? ""
        const signed = headers[signatureHeader] ?? ""
        const now = yield* Clock.currentTimeMillis
        if (
          !/^[0-9]{1,12}$/.test(timestamp) || !signed.startsWith(prefix) ||
          Math.abs(now - Number(timestamp) * 1000) > Duration.toMillis(tolerance)
        ) {
          return yield* WebhookRejection.reject("NotVerified")
        }
        const hex = signed.slice(prefix.length)
        return (body) =>
          Effect.flatMap(
            // A platform that cannot verify counts as a failed verification.
            WebhookSignature.verify(keys, hex, timestamp, body).pipe(
              Effect.catch((error) => Effect.as(Effect.logError(error), false))
            ),
            (valid) => valid ? Effect.succeed(timestamp) : WebhookRejection.reject("NotVerified")
          )
      })
    }
  })

const checkTimes = OptionSchema.decoder(Schema.Struct({ tolerance: OptionSchema.duration }), OptionSchema.sentence)

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
            : WebhookRejection.reject("NotVerified")
      )
  })
}
