import { WebhookSignature } from "@effect-livedesk/core/webhooks"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Redacted, Schema } from "effect"
import { createHmac } from "node:crypto"
import { below } from "./Wire.ts"

const secret = Arbitrary.schema(Schema.NonEmptyString)
/** Each case makes keys, which takes its time. */
const few = { arbitrary: { runs: 25 } }
const timestamp = Arbitrary.schema(Schema.String)
const body = Arbitrary.array(below(256)).pipe(Arbitrary.map((bytes) => Uint8Array.from(bytes)))

const key = (secret: string) => WebhookSignature.key(Redacted.make(secret))

describe("a signature", () => {
  it.effect.prop(
    "is the HMAC-SHA256 of timestamp, dot and body in hex",
    { secret, timestamp, body },
    Effect.fnUntraced(function*({ body, secret, timestamp }) {
      assert.strictEqual(
        yield* WebhookSignature.sign(yield* key(secret), timestamp, body),
        createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex")
      )
    }, Effect.provide(WebhookSignature.layer)),
    few
  )

  it.effect.prop(
    "is valid where any of the keys made it, and where none did it is not",
    { secrets: Arbitrary.array(secret, { minLength: 0, maxLength: 3 }), signer: secret, timestamp, body },
    Effect.fnUntraced(function*({ body, secrets, signer, timestamp }) {
      // Unlike each other by their ends: HMAC takes a secret for another that has zeros behind it.
      const own = yield* key(`${signer}!`)
      const others = yield* Effect.forEach(secrets, (secret) => key(`${secret}?`))
      const signature = yield* WebhookSignature.sign(own, timestamp, body)
      const verify = (keys: ReadonlyArray<WebhookSignature.Key>) =>
        WebhookSignature.verify(keys, signature, timestamp, body)
      assert.isFalse(yield* verify(others))
      for (let at = 0; at <= others.length; at++) {
        assert.isTrue(yield* verify(others.toSpliced(at, 0, own)))
      }
    }, Effect.provide(WebhookSignature.layer)),
    few
  )

  it.effect.prop(
    "is not valid for another timestamp, another body or other hex",
    { secret, timestamp, body, at: below(64), byte: below(256) },
    Effect.fnUntraced(function*({ at, body, byte, secret, timestamp }) {
      const keys = [yield* key(secret)]
      const signature = yield* WebhookSignature.sign(yield* key(secret), timestamp, body)
      const changed = `${signature.slice(0, at)}${signature[at] === "0" ? "1" : "0"}${signature.slice(at + 1)}`
      for (const other of [changed, signature.slice(2), `${signature}00`, ""]) {
        assert.isFalse(yield* WebhookSignature.verify(keys, other, timestamp, body))
      }
      assert.isFalse(yield* WebhookSignature.verify(keys, signature, `${timestamp}0`, body))
      assert.isFalse(yield* WebhookSignature.verify(keys, signature, timestamp, Uint8Array.of(...body, byte)))
    }, Effect.provide(WebhookSignature.layer)),
    few
  )

  it.effect.prop(
    "is not valid where it is no hex",
    { secret, signature: Arbitrary.schema(Schema.String) },
    Effect.fnUntraced(function*({ secret, signature }) {
      const keys = [yield* key(secret)]
      for (const text of [signature, "zz", "0"]) {
        assert.isFalse(yield* WebhookSignature.verify(keys, text, "", new Uint8Array()))
      }
    }, Effect.provide(WebhookSignature.layer)),
    few
  )

  it.effect("has no key for an empty secret", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* Effect.flip(key("")))._tag, "CryptoError")
    }))
})
