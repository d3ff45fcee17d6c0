/**
 * The part of the website widget that a server must compute.
 *
 * @since 0.1.0
 */
import * as Mac from "effect/crypto/Mac"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Utf8 from "./internal/Utf8.ts"

/**
 * No hash can be computed; `problem` says why, and never shows the token.
 *
 * @category errors
 * @since 0.1.0
 */
export class IdentifierHashError extends Schema.TaggedError<IdentifierHashError>()("IdentifierHashError", {
  problem: Schema.String
}) {
  override get message(): string {
    return this.problem
  }
}

const fail = (problem: string) => Effect.fail(new IdentifierHashError({ problem }))

/**
 * Computes the `identifier_hash` of a user: the hex HMAC-SHA256 of the id that the page gives to
 * `window.$livedesk.setUserId`, under the *HMAC Token* of the inbox's settings. Compute it on the server,
 * because a visitor with the token can pass for any user. Fails if the id is empty, or if the token is empty or has white space at its ends.
 *
 * ```ts
 * const hash = yield* WebsiteWidget.identifierHash("user-42", secret)
 * ```
 *
 * @see https://www.engagelab.com/docs/livedesk/console/channels/website/website-advanced-guide
 * @category hashing
 * @since 0.1.0
 */
export const identifierHash = (
  userId: string,
  hmacToken: Redacted.Redacted
): Effect.Effect<string, IdentifierHashError> => {
  const token = Redacted.value(hmacToken)
  if (userId === "") return fail("the id of the user is empty")
  if (token === "") return fail("the HMAC token is empty")
  if (token !== token.trim()) {
    return fail("the HMAC token begins or ends with white space, such as the line break of a file")
  }
  return Effect.gen(function*() {
    const mac = yield* Mac.Mac
    const key = yield* Mac.key(Mac.hmacSha256, Utf8.encode(token))
    return Hex.encode(yield* mac.sign(key, Utf8.encode(userId)))
  }).pipe(
    Effect.provide(layer),
    Effect.catch(() => fail("this platform has no HMAC-SHA256"))
  )
}

const layer = Mac.layerWebCrypto.pipe(Layer.provide(SecureRandom.layerWebCrypto))
