/**
 * Verifies a delivery without a route, for servers that have one already.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SignatureCheck from "../internal/SignatureCheck.ts"
import * as Utf8 from "../internal/Utf8.ts"
import { DecodeFailure } from "../Model.ts"
import * as WebhookEvent from "./WebhookEvent.ts"
import * as WebhookSignature from "./WebhookSignature.ts"

/**
 * A delivery could not be verified or read. `detail` says which check failed: log it, and do not send it. It has nothing
 * that was sent but the names of headers.
 *
 * - `NoTimestamp`, `InvalidTimestamp`, `OutsideTolerance`, `NoSignature`, `InvalidSignature`, `SignatureMismatch`: the
 *   sender is not proved: status 401.
 * - `NotJson`, `NoEvent`: it is signed, but no event; respond with 400.
 * - `BodyNotRaw`, `InvalidOptions`: the program passed a parsed body or none, or secrets that cannot be used.
 *
 * @category errors
 * @since 0.1.0
 */
export class WebhookVerificationError
  extends Schema.TaggedError<WebhookVerificationError>()("WebhookVerificationError", {
    reason: Schema.Literals([
      "NoTimestamp",
      "InvalidTimestamp",
      "OutsideTolerance",
      "NoSignature",
      "InvalidSignature",
      "SignatureMismatch",
      "NotJson",
      "NoEvent",
      "BodyNotRaw",
      "InvalidOptions"
    ]),
    detail: Schema.String
  })
{
  /** The HTTP status to respond with. */
  get status(): 400 | 401 | 500 {
    switch (this.reason) {
      case "NotJson":
      case "NoEvent":
        return 400
      case "BodyNotRaw":
      case "InvalidOptions":
        return 500
      case "NoTimestamp":
      case "InvalidTimestamp":
      case "OutsideTolerance":
      case "NoSignature":
      case "InvalidSignature":
      case "SignatureMismatch":
        return 401
    }
  }

  override get message(): string {
    return `the delivery could not be verified: ${this.detail}`
  }
}

/**
 * The headers of a request, in any shape: the `headers` of a web `Request` or of Node's `IncomingMessage`, a record whose
 * names are in any case and whose values may be arrays, or pairs.
 *
 * @category options
 * @since 0.1.0
 */
export type Headers =
  | Iterable<readonly [name: string, value: string]>
  | { readonly [name: string]: string | ReadonlyArray<string> | undefined }

/**
 * A delivery, and how to verify it.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends WebhookSignature.Options {
  /** The raw body, before any parser: its bytes, or its text. */
  readonly body: string | Uint8Array | ArrayBuffer
  /** The headers, as the server has them. */
  readonly headers: Headers
}

/**
 * Verifies a signed delivery, and returns its event. It neither deduplicates nor responds:
 * `Webhooks.layer` and `Webhooks.toWebHandler` do that, too. That LiveDesk signs is unverified: see `Webhooks.signed`.
 *
 * ```ts
 * const receive = (body: string, headers: Headers) =>
 *   WebhookVerification.verify({ body, headers, secrets: [secret] }).pipe(
 *     Effect.flatMap((event) => Console.log(event._tag))
 *   )
 * ```
 *
 * @category verification
 * @since 0.1.0
 */
export const verify = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<WebhookEvent.WebhookEvent, WebhookVerificationError> {
  const check = yield* Effect.mapError(
    SignatureCheck.make(SignatureCheck.settingsOf(options)),
    (detail) => new WebhookVerificationError({ reason: "InvalidOptions", detail })
  )
  const body = bytesOf(options.body)
  if (typeof body === "string") return yield* new WebhookVerificationError({ reason: "BodyNotRaw", detail: body })
  yield* check(headersOf(options.headers)).pipe(
    Effect.flatMap((verifyBody) => verifyBody(body)),
    Effect.provide(WebhookSignature.layer),
    Effect.mapError((mismatch) => new WebhookVerificationError(mismatch))
  )
  const wire = yield* Effect.try({
    try: (): unknown => JSON.parse(Utf8.decode(body)),
    catch: () => new WebhookVerificationError({ reason: "NotJson", detail: "the body is not JSON" })
  })
  const event = WebhookEvent.read(wire)
  return event instanceof DecodeFailure
    ? yield* new WebhookVerificationError({ reason: "NoEvent", detail: "the body is no object with a text `event`" })
    : event
})

/**
 * Same as `verify`, as a promise, which rejects with `WebhookVerificationError`.
 *
 * ```ts
 * const receive = async (request: Request) => {
 *   const { headers } = request
 *   return await WebhookVerification.verifyPromise({ body: await request.text(), headers, secrets: [secret] })
 * }
 * ```
 *
 * @category verification
 * @since 0.1.0
 */
export const verifyPromise = (options: Options): Promise<WebhookEvent.WebhookEvent> =>
  Effect.runPromise(verify(options))

/** Returns the bytes of a body, or what is wrong with it. A program without types may pass anything. */
const bytesOf = (body: unknown): Uint8Array | string => {
  if (typeof body === "string") return Utf8.encode(body)
  if (body instanceof Uint8Array) return body
  if (body instanceof ArrayBuffer) return new Uint8Array(body)
  if (body === undefined || body === null) {
    return "it has no body: pass the raw text or bytes; a body that was read once cannot be read again"
  }
  return Predicate.hasProperty(body, "getReader") || Predicate.hasProperty(body, "pipe")
    ? "its body is a stream: read it, and pass the raw text or bytes"
    : "its body was parsed already: pass the raw text or bytes; in Express, give the route " +
      "express.raw({ type: \"application/json\" }) before any express.json()"
}

const headersOf = (headers: unknown): SignatureCheck.Headers => {
  if (typeof headers !== "object" || headers === null) return {}
  const pairs = isIterable(headers) ? [...headers].filter((pair) => Array.isArray(pair)) : Object.entries(headers)
  return Object.fromEntries(pairs.map(([name, value]: ReadonlyArray<unknown>) => [
    String(name).toLowerCase(),
    // Node joins no header but some, and gives the others as an array.
    Array.isArray(value) ? value.join(", ") : typeof value === "string" ? value : undefined
  ]))
}

const isIterable = (u: object): u is Iterable<unknown> => Symbol.iterator in u
