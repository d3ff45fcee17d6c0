/**
 * Checks the signature of a delivery, and says which check failed.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import type * as Mac from "effect/crypto/Mac"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as WebhookSignature from "../webhooks/WebhookSignature.ts"
import * as OptionSchema from "./OptionSchema.ts"
import { printable } from "./printable.ts"
import * as Utf8 from "./Utf8.ts"

/** The settings of signatures. */
export interface Settings {
  readonly secrets: Arr.NonEmptyReadonlyArray<Redacted.Redacted>
  readonly timestampHeader: string
  readonly signatureHeader: string
  readonly prefix: string
  readonly tolerance: Duration.Input
}

/** Fills in the defaults. */
export const settingsOf = (options: WebhookSignature.Options): Settings => ({
  secrets: options.secrets,
  timestampHeader: (options.timestampHeader ?? "X-Chatwoot-Timestamp").toLowerCase(),
  signatureHeader: (options.signatureHeader ?? "X-Chatwoot-Signature").toLowerCase(),
  prefix: options.prefix ?? "sha256=",
  tolerance: options.tolerance ?? Duration.minutes(5)
})

/** The headers of a request, by their names in lower case. */
export type Headers = { readonly [name: string]: string | undefined }

/** The checks, each of which may fail. */
export type Reason =
  | "NoTimestamp"
  | "InvalidTimestamp"
  | "OutsideTolerance"
  | "NoSignature"
  | "InvalidSignature"
  | "SignatureMismatch"

/** A failed check. Its detail has no value that was sent but the names of headers, made printable. */
export interface Mismatch {
  readonly reason: Reason
  readonly detail: string
}

/**
 * Checks headers before the body is read, and returns the check of the body, which returns the time of signing as the
 * header has it.
 */
export type Check = (headers: Headers) => Effect.Effect<
  (body: Uint8Array) => Effect.Effect<string, Mismatch, Mac.Mac>,
  Mismatch
>

/** Returns what is wrong with a secret, if anything. */
const secretProblem = (secret: Redacted.Redacted): string | undefined => {
  const value = Redacted.value(secret)
  if (value === "") return "a secret for the signature of webhooks is missing or empty"
  return value === value.trim()
    ? undefined
    : "a secret for the signature of webhooks begins or ends with white space, such as the line break of a file"
}

/** Makes the check. Fails with the problem of the settings. */
export const make = (settings: Settings): Effect.Effect<Check, string> =>
  Effect.gen(function*() {
    const { secrets } = settings
    const { tolerance } = yield* checkTimes(settings)
    const problem = secrets.map(secretProblem).find((problem) => problem !== undefined)
    if (problem !== undefined) return yield* Effect.fail(problem)
    // A list built at run time may be empty, whatever its type says.
    const keys = yield* Effect.forEach(secrets, WebhookSignature.key).pipe(
      Effect.filterOrFail((keys) => keys.length > 0),
      Effect.mapError(() => "a secret for the signature of webhooks is missing or empty")
    )
    return Effect.fnUntraced(function*(headers) {
      const timestamp = yield* timestampIn(headers, settings)
      const now = yield* Clock.currentTimeMillis
      const age = Math.round(now / 1000 - Number(timestamp))
      if (Math.abs(now - Number(timestamp) * 1000) > Duration.toMillis(tolerance)) {
        return yield* mismatch(
          "OutsideTolerance",
          `it was signed ${Math.abs(age)} seconds ${age < 0 ? "in the future" : "ago"}, and ${
            Duration.toSeconds(tolerance)
          } are accepted; check the clocks of both machines`
        )
      }
      const digests = yield* digestsIn(headers, settings)
      return (body) =>
        Effect.gen(function*() {
          for (const digest of digests) {
            const valid = yield* WebhookSignature.verify(keys, digest, timestamp, body).pipe(
              // A platform that cannot verify counts as a failed verification.
              Effect.catch((error) => Effect.as(Effect.logError(error), false))
            )
            if (valid) return timestamp
          }
          return yield* mismatch("SignatureMismatch", explain(headers, body))
        })
    })
  })

const checkTimes = OptionSchema.decoder(Schema.Struct({ tolerance: OptionSchema.duration }), OptionSchema.sentence)

const mismatch = (reason: Reason, detail: string): Effect.Effect<never, Mismatch> => Effect.fail({ reason, detail })

const timestampIn = (headers: Headers, { timestampHeader }: Settings): Effect.Effect<string, Mismatch> => {
  const timestamp = headers[timestampHeader] ?? ""
  if (timestamp === "") return mismatch("NoTimestamp", `it has no ${timestampHeader}${others(headers)}`)
  if (/^[0-9]{1,12}$/.test(timestamp)) return Effect.succeed(timestamp)
  return mismatch(
    "InvalidTimestamp",
    `its ${timestampHeader} is ${
      /^[0-9]{13}$/.test(timestamp) ? "in milliseconds, not in seconds" : "no whole number of seconds since 1970"
    }`
  )
}

const digestLength = 64

const maxSignatures = 8

/** Returns the digests in hex of a header, which may have several signatures. */
const digestsIn = (
  headers: Headers,
  { prefix, signatureHeader }: Settings
): Effect.Effect<ReadonlyArray<string>, Mismatch> => {
  const header = headers[signatureHeader] ?? ""
  const invalid = (what: string) => mismatch("InvalidSignature", `its ${signatureHeader} ${what}`)
  if (header === "") return mismatch("NoSignature", `it has no ${signatureHeader}${others(headers)}`)
  if (!header.startsWith(prefix)) {
    return invalid(
      header.toLowerCase().startsWith(prefix.toLowerCase())
        ? `has the prefix in another case than ${prefix}`
        : `does not begin with ${prefix}`
    )
  }
  const parts = prefix === "" ? header.split(/[\s,]+/) : header.split(prefix).slice(1)
  const digests = parts.slice(0, maxSignatures).map((part) => part.replace(/[\s,;]+$/, ""))
  const digest = digests.find((digest) => /^[0-9a-f]{64}$/i.test(digest))
  if (digest !== undefined) return Effect.succeed(digests)
  const [first = ""] = digests
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(first)) return invalid("is Base64, not hex")
  return invalid(
    /^[0-9a-f]*$/i.test(first)
      ? `has ${first.length} hex digits, not the ${digestLength} of HMAC-SHA256`
      : "is not hex"
  )
}

/** Names the headers that may be what the settings call otherwise. */
const others = (headers: Headers): string => {
  const names = Object.keys(headers).filter((name) =>
    /signature|hmac|digest|timestamp|^x-livedesk|^x-engagelab/.test(name)
  )
  return names.length === 0 ? "" : `; it has ${names.slice(0, 8).map(printable).join(", ")}`
}

/** Describes what may have changed a body on its way; else the secret differs. */
const explain = (headers: Headers, body: Uint8Array): string => {
  const length = headers["content-length"]
  const text = Utf8.decode(body.subarray(0, 1000))
  if (length !== undefined && /^[0-9]{1,15}$/.test(length) && Number(length) !== body.length) {
    return `no secret gives its signature: the body has ${body.length} bytes, but ${length} were sent; ${rawBytes}`
  }
  if (/^[A-Za-z0-9+/]+=*$/.test(text)) {
    return "no secret gives its signature: the body looks like Base64, which must be decoded first"
  }
  // Chatwoot's JSON is compact, and has <, > and & escaped (inherited, unverified).
  return /^\{\s*\n|^\{\s*"[^"]*"\s*:\s/.test(text) || /[<>&]/.test(Utf8.decode(body))
    ? `no secret gives its signature: the body looks re-serialised, or the sender has another secret; ${rawBytes}`
    : "no secret gives its signature: check that sender and receiver have the same secret"
}

const rawBytes = "verify the raw bytes, before any parser of JSON"
