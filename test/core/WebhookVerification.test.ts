import { WebhookDelivery } from "@effect-livedesk/core/testing"
import {
  DeliveryStore,
  WebhookEvent,
  Webhooks,
  WebhookSignature,
  WebhookVerification
} from "@effect-livedesk/core/webhooks"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Logger, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { createHmac } from "node:crypto"
import { inspect } from "node:util"

const secret = Redacted.make("webhook-secret")
const seconds = 1768967324
const body = "{\"event\":\"message_created\",\"content\":\"Zoë’s <parcel> \u{1F4E6}\"}"
// python3 -c 'import hmac,sys; print(hmac.new(b"webhook-secret", b"1768967324." + sys.stdin.buffer.read(), "sha256").hexdigest())'
// printf '1768967324.%s' "$body" | openssl dgst -sha256 -hmac webhook-secret
const digest = "55fb75f86b7e2eb878b0161ee8cd7900513aa22af3a3746d97a80b2419b6cb3a"

const headers = { "X-Chatwoot-Timestamp": String(seconds), "X-Chatwoot-Signature": `sha256=${digest}` }

const hmac = (text: string, key = "webhook-secret") =>
  createHmac("sha256", key).update(`${seconds}.${text}`).digest("hex")

const verify = (options: Partial<WebhookVerification.Options>) =>
  Effect.andThen(
    TestClock.setTime(seconds * 1000),
    WebhookVerification.verify({ body, headers, secrets: [secret], ...options })
  )

const failure = (options: Partial<WebhookVerification.Options>) => Effect.flip(verify(options))

describe("a verification", () => {
  it.effect("accepts the signature that other software computed", () =>
    Effect.gen(function*() {
      assert.strictEqual(WebhookEvent.nameOf(yield* verify({})), "message_created")
      const key = yield* WebhookSignature.key(secret)
      const signature = yield* Effect.provide(
        WebhookSignature.sign(key, String(seconds), new TextEncoder().encode(body)),
        WebhookSignature.layer
      )
      assert.strictEqual(signature, digest)
    }))

  it.effect("takes the body as text, as bytes and as a buffer", () =>
    Effect.gen(function*() {
      const bytes = new TextEncoder().encode(body)
      for (const raw of [body, bytes, Buffer.from(body), bytes.slice().buffer]) {
        assert.strictEqual(WebhookEvent.nameOf(yield* verify({ body: raw })), "message_created")
      }
    }))

  it.effect("takes headers of any shape", () =>
    Effect.gen(function*() {
      const shapes: ReadonlyArray<WebhookVerification.Headers> = [
        headers,
        new Headers(headers),
        new Map(Object.entries(headers)),
        Object.entries(headers),
        { "x-chatwoot-timestamp": String(seconds), "x-chatwoot-signature": [`sha256=${digest}`], other: undefined },
        { "X-CHATWOOT-TIMESTAMP": [String(seconds)], "x-chatwoot-signature": `sha256=${digest}` }
      ]
      for (const headers of shapes) {
        assert.strictEqual(WebhookEvent.nameOf(yield* verify({ headers })), "message_created")
      }
    }))

  it.effect("accepts any of several signatures in one header, or in several", () =>
    Effect.gen(function*() {
      const wrong = `sha256=${"0".repeat(64)}`
      const right = `sha256=${digest}`
      for (
        const signature of [`${wrong},${right}`, `${right}, ${wrong}`, `${wrong} ${right}`, [wrong, right], [
          right,
          wrong
        ]]
      ) {
        yield* verify({ headers: { ...headers, "X-Chatwoot-Signature": signature } })
      }
      const none = yield* failure({ headers: { ...headers, "X-Chatwoot-Signature": `${wrong},${wrong}` } })
      assert.strictEqual(none.reason, "SignatureMismatch")
      // Eight signatures are tried.
      const many = [...Array.from({ length: 8 }, () => wrong), right].join(",")
      assert.strictEqual(
        (yield* failure({ headers: { ...headers, "X-Chatwoot-Signature": many } })).reason,
        "SignatureMismatch"
      )
    }))

  it.live("resolves or rejects as a promise", () =>
    Effect.flatMap(Clock.currentTimeMillis, (millis) =>
      Effect.promise(async () => {
        const now = String(Math.floor(millis / 1000))
        const signature = createHmac("sha256", "webhook-secret").update(`${now}.${body}`).digest("hex")
        const signed = { "x-chatwoot-timestamp": now, "x-chatwoot-signature": `sha256=${signature}` }
        const event = await WebhookVerification.verifyPromise({ body, headers: signed, secrets: [secret] })
        assert.strictEqual(WebhookEvent.nameOf(event), "message_created")
        const rejected: unknown = await WebhookVerification
          .verifyPromise({ body: `${body} `, headers: signed, secrets: [secret] })
          .catch((error: unknown) => error)
        assert.instanceOf(rejected, WebhookVerification.WebhookVerificationError)
        assert.strictEqual(rejected.reason, "SignatureMismatch")
      })))

  const compact = "{\"event\":\"message_created\",\"content\":\"Hello\"}"
  const signature = (text: string) => ({ ...headers, "X-Chatwoot-Signature": text })
  const timestamp = (text: string) => ({ ...headers, "X-Chatwoot-Timestamp": text })

  it.effect.each<
    readonly [
      condition: string,
      reason: WebhookVerification.WebhookVerificationError["reason"],
      detail: string,
      options: { readonly [K in keyof WebhookVerification.Options]?: unknown }
    ]
  >([
    ["no headers", "NoTimestamp", "it has no x-chatwoot-timestamp", { headers: {} }],
    ["headers that are none", "NoTimestamp", "it has no x-chatwoot-timestamp", { headers: undefined }],
    [
      "headers by other names",
      "NoTimestamp",
      "it has no x-chatwoot-timestamp; it has x-livedesk-signature, x-livedesk-timestamp",
      { headers: { "X-LiveDesk-Signature": "canary", "X-LiveDesk-Timestamp": "1", accept: "canary" } }
    ],
    ["no signature", "NoSignature", "it has no x-chatwoot-signature-2; it has x-chatwoot-timestamp", {
      headers: timestamp(String(seconds)),
      signatureHeader: "x-chatwoot-signature-2"
    }],
    ["a time in milliseconds", "InvalidTimestamp", "is in milliseconds, not in seconds", {
      headers: timestamp(`${seconds}000`)
    }],
    ["a time that is none", "InvalidTimestamp", "is no whole number of seconds since 1970", {
      headers: timestamp("2026-01-21")
    }],
    ["a time long ago", "OutsideTolerance", "it was signed 301 seconds ago, and 300 are accepted", {
      headers: timestamp(String(seconds - 301))
    }],
    ["a time to come", "OutsideTolerance", "it was signed 3600 seconds in the future, and 60 are accepted", {
      headers: timestamp(String(seconds + 3600)),
      tolerance: "1 minute"
    }],
    ["a prefix in another case", "InvalidSignature", "has the prefix in another case than sha256=", {
      headers: signature(`SHA256=${digest}`)
    }],
    ["no prefix", "InvalidSignature", "does not begin with sha256=", { headers: signature(digest) }],
    ["a digest of another length", "InvalidSignature", "has 40 hex digits, not the 64 of HMAC-SHA256", {
      headers: signature(`sha256=${"0".repeat(40)}`)
    }],
    ["a digest in Base64", "InvalidSignature", "is Base64, not hex", {
      headers: signature(`sha256=${Buffer.from(digest, "hex").toString("base64")}`)
    }],
    ["a digest that is no hex", "InvalidSignature", "is not hex", { headers: signature("sha256=canary") }],
    ["another secret", "SignatureMismatch", "check that sender and receiver have the same secret", {
      body: compact,
      headers: signature(`sha256=${hmac(compact, "other")}`)
    }],
    ["a body with white space", "SignatureMismatch", "the body looks re-serialised", {
      body: JSON.stringify(JSON.parse(compact), null, 2),
      headers: signature(`sha256=${hmac(compact)}`)
    }],
    ["a body that lost its escapes", "SignatureMismatch", "the body looks re-serialised", {
      headers: signature(`sha256=${hmac(body.replace("<", "\\u003c"))}`)
    }],
    ["a body of another length than was sent", "SignatureMismatch", "the body has 45 bytes, but 60 were sent", {
      body: compact,
      headers: { ...headers, "Content-Length": "60" }
    }],
    ["a body in Base64", "SignatureMismatch", "the body looks like Base64, which must be decoded first", {
      body: btoa(compact)
    }],
    ["a body that was parsed", "BodyNotRaw", "express.raw", { body: JSON.parse(compact) }],
    ["a body that was read already", "BodyNotRaw", "a body that was read once cannot be read again", {
      body: undefined
    }],
    ["a body that is a stream", "BodyNotRaw", "its body is a stream", { body: new Response("x").body }],
    ["a body that is no JSON", "NotJson", "the body is not JSON", {
      body: "{oops",
      headers: signature(`sha256=${hmac("{oops")}`)
    }],
    ["a body that is no event", "NoEvent", "no object with a text `event`", {
      body: "[]",
      headers: signature(`sha256=${hmac("[]")}`)
    }],
    ["a secret with a line break", "InvalidOptions", "begins or ends with white space", {
      secrets: [Redacted.make("canary\n")]
    }],
    ["an empty secret", "InvalidOptions", "missing or empty", { secrets: [secret, Redacted.make("")] }],
    ["no secret", "InvalidOptions", "missing or empty", { secrets: [] }]
  ])("fails, and says why, for %s", ([, reason, detail, options]) =>
    Effect.gen(function*() {
      // What a program without types may pass.
      const error = yield* failure(options as Partial<WebhookVerification.Options>)
      assert.deepStrictEqual([error._tag, error.reason], ["WebhookVerificationError", reason])
      assert.include(error.message, detail)
      assert.notInclude(inspect(error), "canary")
    }))
})

describe("a receiver", () => {
  it.effect("logs which check failed, and does not tell the sender", () => {
    const logged: Array<string> = []
    return Effect.gen(function*() {
      yield* TestClock.setTime(seconds * 1000)
      const client = yield* HttpClient.HttpClient
      for (
        const [sent, expected] of [
          [{}, "it has no x-chatwoot-timestamp"],
          [{ ...headers, "X-Chatwoot-Timestamp": `${seconds}000` }, "is in milliseconds"],
          [{ ...headers, "X-Chatwoot-Signature": `SHA256=${digest}` }, "in another case than sha256="],
          [{ ...headers, "X-Chatwoot-Signature": `sha256=${digest.slice(1)}0` }, "no secret gives its signature"]
        ] as const
      ) {
        const response = yield* client.execute(
          WebhookDelivery.toRequest({ path: "/livedesk", headers: sent, body: new TextEncoder().encode(body) })
        )
        assert.deepStrictEqual([response.status, yield* response.json], [
          401,
          { error: "NotVerified", message: "the delivery could not be verified" }
        ])
        assert.include(logged.at(-1), "could not be verified: ")
        assert.include(logged.at(-1), expected)
      }
    }).pipe(
      Effect.provide([
        Webhooks.layer({
          path: "/livedesk",
          verification: Webhooks.signed({ secrets: [secret] }),
          handler: () => Effect.void
        }).pipe(Layer.provideMerge(WebhookDelivery.layer), Layer.provide(DeliveryStore.layer)),
        Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))])
      ])
    )
  })
})
