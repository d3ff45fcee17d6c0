/**
 * The signature of a delivery: HMAC-SHA256 over its time and its raw bytes.
 *
 * LiveDesk documents no signature. Later versions of Chatwoot send this one. Whether LiveDesk does is unverified, and
 * so are the names of the headers.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Bytes from "effect/Bytes"
import type * as CryptoError from "effect/crypto/CryptoError"
import * as Mac from "effect/crypto/Mac"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Utf8 from "../internal/Utf8.ts"

/**
 * How a sender signs, and how old a signature may be.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The accepted secrets, without white space at their ends. */
  readonly secrets: Arr.NonEmptyReadonlyArray<Redacted.Redacted>
  /** The header with the time of signing, in seconds since 1970. Defaults to `X-Chatwoot-Timestamp`. */
  readonly timestampHeader?: string | undefined
  /** The header with the signature, or with several. Defaults to `X-Chatwoot-Signature`. */
  readonly signatureHeader?: string | undefined
  /** The text before the hex of each. Defaults to `sha256=`. */
  readonly prefix?: string | undefined
  /** How far the time of signing may lie in the past or in the future. Defaults to 5 minutes. */
  readonly tolerance?: Duration.Input | undefined
}

/**
 * A key to sign and verify with.
 *
 * @category models
 * @since 0.1.0
 */
export type Key = Mac.Key

/**
 * Creates a key from a secret. Fails if the secret is empty.
 *
 * @category constructors
 * @since 0.1.0
 */
export const key = (secret: Redacted.Redacted): Effect.Effect<Key, CryptoError.CryptoError> =>
  Mac.key(Mac.hmacSha256, Utf8.encode(Redacted.value(secret)))

/** The bytes that are signed, `{timestamp}.{body}`. */
const signed = (timestamp: string, body: Uint8Array): Uint8Array => Bytes.concat([Utf8.encode(`${timestamp}.`), body])

/**
 * Signs a timestamp and a body. Returns the signature in hex.
 *
 * @category signing
 * @since 0.1.0
 */
export const sign = (
  key: Key,
  timestamp: string,
  body: Uint8Array
): Effect.Effect<string, CryptoError.CryptoError, Mac.Mac> =>
  Effect.flatMap(Mac.Mac, (mac) => Effect.map(mac.sign(key, signed(timestamp, body)), Hex.encode))

/**
 * Verifies a signature in hex against each of the keys, in constant time.
 *
 * @category signing
 * @since 0.1.0
 */
export const verify = (
  keys: ReadonlyArray<Key>,
  signature: string,
  timestamp: string,
  body: Uint8Array
): Effect.Effect<boolean, CryptoError.CryptoError, Mac.Mac> => {
  const tag = Hex.decode(signature)
  if (Result.isFailure(tag)) return Effect.succeed(false)
  const data = signed(timestamp, body)
  return Effect.flatMap(Mac.Mac, (mac) =>
    // Every key is tried, so that the time does not show which one matched.
    Effect.map(Effect.forEach(keys, (key) => mac.verify(key, tag.success, data)), (valid) => valid.includes(true)))
}

/**
 * Provides signing and verification with the platform's Web Crypto.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Mac.Mac> = Mac.layerWebCrypto.pipe(Layer.provide(SecureRandom.layerWebCrypto))
