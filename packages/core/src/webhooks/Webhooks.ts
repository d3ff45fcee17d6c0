/**
 * Receiving webhooks: a route for any of Effect's HTTP servers that verifies each delivery, responds fast, and hands each
 * event on once.
 *
 * LiveDesk documents nothing about the delivery itself: no header, no signature, no timeout, and not whether it retries
 * after another status than 200. The assumptions here are Chatwoot's and unverified: a timeout of 5 seconds, events in
 * any order, possibly more than once, and among them private notes and the program's own messages.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Bytes from "effect/Bytes"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Mac from "effect/crypto/Mac"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as Utf8 from "../internal/Utf8.ts"
import * as LiveDeskError from "../LiveDeskError.ts"
import { DecodeFailure } from "../Model.ts"
import * as DeliveryStore from "./DeliveryStore.ts"
import * as WebhookEvent from "./WebhookEvent.ts"
import * as WebhookSignature from "./WebhookSignature.ts"

// ---------------------------------------------------------------------------------------------------------------------
// verification
// ---------------------------------------------------------------------------------------------------------------------

/**
 * How a delivery shows that LiveDesk sent it: `signed`, `pathToken` or `unverified`. There is no default.
 *
 * @category verification
 * @since 0.1.0
 */
export type Verification =
  | {
    readonly _tag: "Signed"
    readonly secrets: Arr.NonEmptyReadonlyArray<Redacted.Redacted>
    readonly timestampHeader: string
    readonly signatureHeader: string
    readonly prefix: string
    readonly tolerance: Duration.Duration
  }
  | { readonly _tag: "PathToken"; readonly token: Redacted.Redacted }
  | { readonly _tag: "Unverified" }

/**
 * By a signature: HMAC-SHA256 in hex over `{timestamp}.{raw body}`. This is how later versions of Chatwoot sign, and the
 * names of the headers are Chatwoot's; that LiveDesk signs at all is unverified. With several secrets any of them will
 * do, so that one can be replaced without losing a delivery. A signature is taken once: an attacker with a copy of a
 * delivery cannot have it handled again under another id.
 *
 * @category verification
 * @since 0.1.0
 */
export const signed = (options: {
  /** The secrets that a delivery may be signed with. */
  readonly secrets: Arr.NonEmptyReadonlyArray<Redacted.Redacted>
  /** The header that holds the time of signing in seconds since 1970. Defaults to `X-Chatwoot-Timestamp`. */
  readonly timestampHeader?: string | undefined
  /** The header that holds the signature. Defaults to `X-Chatwoot-Signature`. */
  readonly signatureHeader?: string | undefined
  /** The text before the hex. Defaults to `sha256=`. */
  readonly prefix?: string | undefined
  /** How far the time of signing may lie in the past or in the future. Defaults to 5 minutes. */
  readonly tolerance?: Duration.Input | undefined
}): Verification => ({
  _tag: "Signed",
  secrets: options.secrets,
  timestampHeader: (options.timestampHeader ?? "X-Chatwoot-Timestamp").toLowerCase(),
  signatureHeader: (options.signatureHeader ?? "X-Chatwoot-Signature").toLowerCase(),
  prefix: options.prefix ?? "sha256=",
  tolerance: Duration.fromInputUnsafe(options.tolerance ?? Duration.minutes(5))
})

/**
 * By a token in the address: deliveries come to `{path}/{token}`. Works with whatever sends them, and is as secret as
 * the address is. The token is 16 to 100 letters, digits, `-` and `_`.
 *
 * Effect's access log leaves these requests out. A tracer still sees their address: give it
 * `HttpMiddleware.TracerDisabledWhen`, and look at what a proxy in front writes down.
 *
 * @category verification
 * @since 0.1.0
 */
export const pathToken = (options: { readonly token: Redacted.Redacted }): Verification => ({
  _tag: "PathToken",
  token: options.token
})

/**
 * Not at all: anyone who knows the address can deliver anything.
 *
 * @category verification
 * @since 0.1.0
 */
export const unverified: Verification = { _tag: "Unverified" }

// ---------------------------------------------------------------------------------------------------------------------
// errors
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Webhooks cannot be received like this. Names what is wrong, never a secret.
 *
 * @category errors
 * @since 0.1.0
 */
export class WebhookOptionsError extends Schema.TaggedError<WebhookOptionsError>()("WebhookOptionsError", {
  problem: Schema.String
}) {
  override get message(): string {
    return this.problem
  }
}

const rejections = {
  NotVerified: { status: 401, message: "the delivery could not be verified" },
  BodyTooLarge: { status: 413, message: "the body is larger than is taken here" },
  BodyLost: { status: 400, message: "the body broke off" },
  NotJson: { status: 400, message: "the body is not JSON" },
  NoEvent: { status: 400, message: "the body is no object with a text `event`" },
  Full: { status: 503, message: "too many events wait to be handled; deliver it again" },
  InProgress: { status: 503, message: "this delivery is being handled; deliver it again" },
  StoreFailed: {
    status: 503,
    message: "the store failed, so whether this delivery was handled is unknown; deliver it again"
  },
  HandlerFailed: { status: 500, message: "the event could not be handled; deliver it again" }
} as const

/**
 * A delivery that did not get the status 200, and why. Logged as a warning; what was delivered is not in it.
 *
 * @category errors
 * @since 0.1.0
 */
export class WebhookRejectedError extends Schema.TaggedError<WebhookRejectedError>()("WebhookRejectedError", {
  reason: Schema.Literals([
    "NotVerified",
    "BodyTooLarge",
    "BodyLost",
    "NotJson",
    "NoEvent",
    "Full",
    "InProgress",
    "StoreFailed",
    "HandlerFailed"
  ])
}) {
  /** The HTTP status that the sender got. */
  get status(): number {
    return rejections[this.reason].status
  }

  override get message(): string {
    return rejections[this.reason].message
  }
}

const reject = (reason: WebhookRejectedError["reason"]) => Effect.fail(new WebhookRejectedError({ reason }))

// ---------------------------------------------------------------------------------------------------------------------
// options
// ---------------------------------------------------------------------------------------------------------------------

/**
 * How webhooks are received.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The path to receive at, such as `/webhooks/livedesk`. */
  readonly path: `/${string}`
  /** How a delivery shows that LiveDesk sent it. */
  readonly verification: Verification
  /** How many bytes a body may have. Defaults to 1 MiB. A larger one gets the status 413, and is read no further. */
  readonly maxBodyBytes?: number | undefined
  /**
   * The header that names a delivery, the same each time it is sent. Defaults to `X-Chatwoot-Delivery`, which is
   * Chatwoot's and unverified. Without it a delivery is known by its event, id and time of change. A delivery without
   * these either, such as Chatwoot's `contact_updated`, is handled each time it comes.
   */
  readonly deliveryHeader?: string | undefined
  /**
   * Whether to skip private notes and messages that went out, the program's own among them, which Chatwoot delivers
   * like any other: see `WebhookEvent.isOwnMessage`. Defaults to `"skip"`, so that no program replies to itself. `"skip"`
   * also skips messages whose kind is missing.
   */
  readonly ownMessages?: "skip" | "handle" | undefined
  /** How many events may be queued or in progress; further ones get the status 503. Defaults to 1024. */
  readonly capacity?: number | undefined
}

/**
 * How webhooks are handled.
 *
 * @category options
 * @since 0.1.0
 */
export interface HandlerOptions<E, R> extends Options {
  /** Handles an event. */
  readonly handler: (event: WebhookEvent.WebhookEvent) => Effect.Effect<unknown, E, R>
  /**
   * What a handler's failure leads to. Defaults to `"log"`.
   *
   * - `"log"`: the receiver returns 200 at once, and logs a failure: the names of its errors and where they arose, not
   *   their messages, which may hold what the customer wrote. Log these in the handler.
   * - `"retry"`: the receiver responds after the handler is done, with 500 if it failed, so that a sender that retries
   *   will. Chatwoot waits 5 seconds and, for the webhook of an inbox, does not retry (unverified).
   */
  readonly onFailure?: "log" | "retry" | undefined
  /** How many events are handled at the same time. Defaults to 16. With 1, events are handled as they came. */
  readonly concurrency?: number | undefined
  /** How long handlers are waited for when the layer closes. Defaults to 10 seconds. */
  readonly shutdownTimeout?: Duration.Input | undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// layers
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Receives webhooks and hands each event to a handler. A delivery that comes again runs the handler once: it counts as
 * handled when the handler succeeded, so one that failed is handled when it comes again. One that comes while it is
 * being handled, or was left by a process that was killed, gets the status 503.
 *
 * ```ts
 * const routes = Webhooks.layer({
 *   path: "/livedesk",
 *   verification: Webhooks.signed({ secrets: [secret] }),
 *   handler: (event) => event._tag === "MessageCreated" ? Console.log(event.message.id) : Effect.void
 * })
 *
 * HttpRouter.serve(routes).pipe(Layer.provide(DeliveryStore.layer))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <E, R>(
  options: HandlerOptions<E, R>
): Layer.Layer<never, WebhookOptionsError, HttpRouter.HttpRouter | DeliveryStore.DeliveryStore | R> =>
  Layer.effectDiscard(Effect.gen(function*() {
    const { capacity = 1024, concurrency = 16, shutdownTimeout = Duration.seconds(10), handler, onFailure = "log" } =
      options
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      return yield* new WebhookOptionsError({ problem: "concurrency must be a whole number of at least 1" })
    }
    const services = yield* Effect.context<R>()
    const permits = yield* Semaphore.make(concurrency)
    const fibers = yield* FiberSet.make<void, WebhookRejectedError>()
    let waiting = 0
    // Runs before the fibers are interrupted, and after the server took its last request.
    yield* Effect.addFinalizer(() => Effect.timeoutOption(FiberSet.awaitEmpty(fibers), shutdownTimeout))

    const handle = (event: WebhookEvent.WebhookEvent, delivery: Delivery): Effect.Effect<void, WebhookRejectedError> =>
      Effect.suspend(() => handler(event)).pipe(
        Effect.withSpan("webhooks.handle", { attributes: { "livedesk.event": WebhookEvent.nameOf(event) } }, {
          captureStackTrace: false
        }),
        Effect.provideContext(services),
        permits.withPermit,
        Effect.interruptible,
        Effect.exit,
        Effect.flatMap((exit) =>
          Exit.isSuccess(exit)
            ? delivery.complete
            : Effect.logError(`the handler of ${WebhookEvent.nameOf(event)} failed: ${outline(exit.cause)}`).pipe(
              Effect.annotateLogs("livedesk.event", WebhookEvent.nameOf(event)),
              Effect.andThen(delivery.release),
              Effect.andThen(reject("HandlerFailed"))
            )
        ),
        Effect.ensuring(Effect.sync(() => {
          waiting--
        })),
        Effect.uninterruptible
      )

    yield* receiveAt(options, (event, delivery) =>
      Effect.suspend(() => {
        if (waiting >= capacity) return Effect.andThen(delivery.release, reject("Full"))
        waiting++
        // Apart from the request, so that a sender that hangs up does not stop a handler half way.
        return Effect.map(FiberSet.run(fibers, handle(event, delivery)), (fiber) =>
          onFailure === "retry" ? Fiber.join(fiber) : Effect.void)
      }))
  }))

/** Of what a handler failed with, that which cannot hold an event's content: names, and places in the program. */
const outline = <E>(cause: Cause.Cause<E>): string =>
  cause.reasons.map((reason) => {
    if (Cause.isInterruptReason(reason)) return "interrupted"
    const error: unknown = Cause.isFailReason(reason) ? reason.error : reason.defect
    if (LiveDeskError.isLiveDeskError(error)) {
      return `${error.operation}, ${error._tag}/${error.reason._tag}, outcome ${error.outcome}${placesOf(error)}`
    }
    return error instanceof Error ? `${error.name}${placesOf(error)}` : typeof error
  }).join("; ")

/** What comes after the message in the stack, if the message is in it. */
const placesOf = ({ message, stack = "" }: Error): string => {
  const at = stack.indexOf(message)
  const lines = at === -1 ? [] : stack.slice(at + message.length).split("\n")
  return lines.filter((line) => /^ +at /.test(line)).map((line) => `\n${line}`).join("")
}

/**
 * The events that were received.
 *
 * @category services
 * @since 0.1.0
 */
export class Webhooks extends Context.Service<Webhooks, {
  /** The events as they come. Each goes to one reader; those without a reader yet are queued, up to `capacity`. */
  readonly events: Stream.Stream<WebhookEvent.WebhookEvent>
}>()("@effect-livedesk/core/Webhooks") {}

/**
 * Receives webhooks and provides them as a stream. A delivery gets the status 200 once its event is queued, and counts as
 * handled from then on. It gets 503 when the queue is full. The stream ends when the layer closes.
 *
 * ```ts
 * const { events } = yield* Webhooks.Webhooks
 * yield* Stream.runForEach(events, (event) => Console.log(event._tag))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerStream = (
  options: Options
): Layer.Layer<Webhooks, WebhookOptionsError, HttpRouter.HttpRouter | DeliveryStore.DeliveryStore> =>
  Layer.effect(
    Webhooks,
    Effect.gen(function*() {
      yield* checkAmount("capacity", options.capacity)
      const queue = yield* Effect.acquireRelease(
        Queue.dropping<WebhookEvent.WebhookEvent, Cause.Done>(options.capacity ?? 1024),
        Queue.end
      )
      yield* receiveAt(options, (event, delivery) =>
        Effect.flatMap(Queue.offer(queue, event), (offered) =>
          offered
            ? Effect.as(delivery.complete, Effect.void)
            : Effect.andThen(delivery.release, reject("Full"))))
      return Webhooks.of({ events: Stream.fromQueue(queue) })
    })
  )

// ---------------------------------------------------------------------------------------------------------------------
// receiving
// ---------------------------------------------------------------------------------------------------------------------

/** A delivery that is this program's to handle: how to record its outcome. */
interface Delivery {
  readonly complete: Effect.Effect<void>
  readonly release: Effect.Effect<void>
}

/** Takes an event over, or refuses it; returns an effect that ends when the response may be sent. */
type TakeOver = (
  event: WebhookEvent.WebhookEvent,
  delivery: Delivery
) => Effect.Effect<Effect.Effect<void, WebhookRejectedError>, WebhookRejectedError>

const receiveAt = Effect.fnUntraced(function*(options: Options, takeOver: TakeOver) {
  yield* checkAmount("capacity", options.capacity)
  yield* checkAmount("maxBodyBytes", options.maxBodyBytes)
  const router = yield* HttpRouter.HttpRouter
  const store = yield* DeliveryStore.DeliveryStore
  const crypto = yield* Layer.build(WebhookSignature.layer)
  const verifier = yield* verifierOf(options.verification)
  const limit = options.maxBodyBytes ?? 1024 * 1024
  const deliveryHeader = (options.deliveryHeader ?? "X-Chatwoot-Delivery").toLowerCase()
  const skipsOwnMessages = (options.ownMessages ?? "skip") === "skip"

  const receive = Effect.fnUntraced(function*(request: HttpServerRequest.HttpServerRequest) {
    const verify = yield* verifier.before(request)
    const body = yield* readBody(request, limit)
    const proofs = yield* verify(body)
    const wire = yield* parse(body)
    const event = WebhookEvent.read(wire)
    if (event instanceof DecodeFailure) return yield* reject("NoEvent")
    if (skipsOwnMessages && WebhookEvent.isOwnMessage(event)) return responses.skipped
    const id = deliveryId(request.headers[deliveryHeader], wire)
    const keys = id === undefined ? proofs : [...proofs, id]
    return yield* Effect.uninterruptibleMask(Effect.fnUntraced(function*(restore) {
      const claim = yield* claimAll(store, keys)
      if (claim === "Handled") return responses.duplicate
      // The process that claimed it may yet fail, or have been killed: only a handled delivery must not come again.
      if (claim === "InProgress") return yield* reject("InProgress")
      const taken = yield* takeOver(event, {
        complete: recordAll(keys, store.complete),
        release: recordAll(keys, store.release)
      })
      yield* restore(taken)
      return responses.accepted
    }))
  })

  const { verification } = options
  const respond = (request: HttpServerRequest.HttpServerRequest) =>
    receive(request).pipe(
      Effect.catchTag(
        "WebhookRejectedError",
        (rejected) =>
          Effect.logWarning(`a delivery was refused: ${rejected.message}`).pipe(
            Effect.annotateLogs("error.type", rejected.reason),
            Effect.as(responseTo(rejected))
          )
      ),
      Effect.provideContext(crypto)
    )
  if (verification._tag !== "PathToken") return yield* router.add("POST", options.path, respond)
  // The access log would show the token: of every method and every path below, since the address in a browser holds it
  // too.
  yield* router.add(
    "*",
    `${options.path}/:token/*`,
    (request) =>
      HttpMiddleware.withLoggerDisabled(
        Effect.flatMap(HttpRouter.params, ({ "*": more = "" }) => {
          if (more !== "") return Effect.succeed(responses.notFound)
          return request.method === "POST" ? respond(request) : Effect.succeed(responses.methodNotAllowed)
        })
      )
  )
})

/** Infinity is an amount; NaN, to which nothing compares, is none. */
const checkAmount = (option: string, amount: number | undefined): Effect.Effect<void, WebhookOptionsError> =>
  amount === undefined || amount >= 1
    ? Effect.void
    : Effect.fail(new WebhookOptionsError({ problem: `${option} must be a number of at least 1` }))

/** Claims a delivery under every deduplication key, or under none. */
const claimAll = Effect.fnUntraced(function*(
  store: DeliveryStore.DeliveryStore["Service"],
  keys: ReadonlyArray<string>
): Effect.fn.Return<DeliveryStore.Claim, WebhookRejectedError> {
  for (const [index, key] of keys.entries()) {
    const releaseClaimed = recordAll(keys.slice(0, index), store.release)
    const claim = yield* store.claim(key).pipe(
      Effect.catch((error) =>
        Effect.logError(error).pipe(Effect.andThen(releaseClaimed), Effect.andThen(reject("StoreFailed")))
      )
    )
    if (claim === "Claimed") continue
    yield* releaseClaimed
    return claim
  }
  return "Claimed"
})

/** Records the outcome under every deduplication key. */
const recordAll = (
  keys: ReadonlyArray<string>,
  record: (key: string) => Effect.Effect<void, DeliveryStore.DeliveryStoreError>
): Effect.Effect<void> =>
  Effect.forEach(keys, (key) => record(key).pipe(Effect.catch((error) => Effect.logError(error))), { discard: true })

const responses = {
  accepted: HttpServerResponse.jsonUnsafe({ status: "accepted" }),
  methodNotAllowed: HttpServerResponse.empty({ status: 405, headers: { allow: "POST" } }),
  notFound: HttpServerResponse.empty({ status: 404 }),
  duplicate: HttpServerResponse.jsonUnsafe({ status: "duplicate" }),
  skipped: HttpServerResponse.jsonUnsafe({ status: "skipped" })
}

const responseTo = ({ message, reason, status }: WebhookRejectedError): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe({ error: reason, message }, {
    status,
    ...(status === 503 ? { headers: { "retry-after": "5" } } : {})
  })

const readBody = (
  request: HttpServerRequest.HttpServerRequest,
  limit: number
): Effect.Effect<Uint8Array, WebhookRejectedError> =>
  Effect.suspend(() => {
    if (Number(request.headers["content-length"] ?? 0) > limit) return reject("BodyTooLarge")
    const chunks: Array<Uint8Array> = []
    let length = 0
    return request.stream.pipe(
      Stream.mapError(() => new WebhookRejectedError({ reason: "BodyLost" })),
      Stream.runForEach((chunk) => {
        length += chunk.length
        if (length > limit) return reject("BodyTooLarge")
        chunks.push(chunk)
        return Effect.void
      }),
      Effect.map(() => Bytes.concat(chunks))
    )
  })

const parse = (body: Uint8Array): Effect.Effect<unknown, WebhookRejectedError> =>
  Effect.try({
    // Bytes that are no UTF-8 become replacement characters: a garbled name must not lose an event.
    try: (): unknown => JSON.parse(Utf8.decode(body)),
    catch: () => new WebhookRejectedError({ reason: "NotJson" })
  })

// ---------------------------------------------------------------------------------------------------------------------
// verifying
// ---------------------------------------------------------------------------------------------------------------------

interface Verifier {
  /**
   * Verifies what it can before the body is read, and returns how to verify the body. That in turn returns the
   * deduplication keys of the proof: none where the proof is the same for all deliveries.
   */
  readonly before: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<
    (body: Uint8Array) => Effect.Effect<ReadonlyArray<string>, WebhookRejectedError, Mac.Mac>,
    WebhookRejectedError,
    HttpRouter.RouteContext
  >
}

const verifierOf = (verification: Verification): Effect.Effect<Verifier, WebhookOptionsError> => {
  switch (verification._tag) {
    case "Signed":
      return bySignature(verification)
    case "PathToken":
      return byToken(verification.token)
    case "Unverified":
      return Effect.succeed({ before: () => Effect.succeed(() => Effect.succeed([])) })
  }
}

const bySignature = (
  { prefix, secrets, signatureHeader, timestampHeader, tolerance }: Extract<Verification, { _tag: "Signed" }>
): Effect.Effect<Verifier, WebhookOptionsError> =>
  // Lists made at run time may be empty, whatever the type says.
  Effect.forEach(secrets, WebhookSignature.key).pipe(
    Effect.filterOrFail((keys) => keys.length > 0),
    Effect.mapError(() =>
      new WebhookOptionsError({ problem: "a secret for the signature of webhooks is missing or empty" })
    ),
    Effect.map((keys): Verifier => ({
      before: Effect.fnUntraced(function*({ headers }) {
        const timestamp = headers[timestampHeader] ?? ""
        const signature = headers[signatureHeader] ?? ""
        const now = yield* Clock.currentTimeMillis
        if (
          !/^[0-9]{1,12}$/.test(timestamp) || !signature.startsWith(prefix) ||
          Math.abs(now - Number(timestamp) * 1000) > Duration.toMillis(tolerance)
        ) {
          return yield* reject("NotVerified")
        }
        const hex = signature.slice(prefix.length)
        return (body) =>
          Effect.flatMap(
            // A platform that cannot verify has not verified.
            WebhookSignature.verify(keys, hex, timestamp, body).pipe(
              Effect.catch((error) => Effect.as(Effect.logError(error), false))
            ),
            // The delivery's id is not signed. Hex may come in either case, and is the same signature in both.
            (valid) => valid ? Effect.succeed([`signed:${timestamp}.${hex.toLowerCase()}`]) : reject("NotVerified")
          )
      })
    }))
  )

const byToken = (token: Redacted.Redacted): Effect.Effect<Verifier, WebhookOptionsError> => {
  if (!/^[A-Za-z0-9_-]{16,100}$/.test(Redacted.value(token))) {
    return Effect.fail(
      new WebhookOptionsError({
        problem: "the token in the address of webhooks must be 16 to 100 letters, digits, - and _"
      })
    )
  }
  const expected = Utf8.encode(Redacted.value(token))
  return Effect.succeed({
    before: () =>
      Effect.flatMap(
        HttpRouter.params,
        ({ token = "" }) =>
          Mac.timingSafeEqual(Utf8.encode(token), expected)
            ? Effect.succeed(() => Effect.succeed([]))
            : reject("NotVerified")
      )
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// deduplication
// ---------------------------------------------------------------------------------------------------------------------

const maxIdLength = 150

/**
 * The deduplication key of a delivery; `undefined` for one that looks like any other, which is handled each time rather
 * than lost.
 */
const deliveryId = (header: string | undefined, wire: unknown): string | undefined => {
  if (header !== undefined && header !== "" && header.length <= maxIdLength) return `delivery:${header}`
  const { event, id, created_at: createdAt, updated_at: updatedAt } = fieldsOf(wire)
  if (!isPlain(id)) return undefined
  // Not by the content: what is changed, changed back and changed again comes twice in the same words.
  const time = isPlain(updatedAt) ? updatedAt : event.endsWith("_created") && isPlain(createdAt) ? createdAt : undefined
  const named = `event:${event}:${id}:${time}`
  return time !== undefined && named.length <= maxIdLength ? named : undefined
}

const isPlain = (value: unknown): value is string | number =>
  typeof value === "number" || (typeof value === "string" && value !== "")

const fieldsOf = Schema.decodeUnknownSync(Schema.Struct({
  event: Schema.String,
  id: Schema.optional(Schema.Unknown),
  created_at: Schema.optional(Schema.Unknown),
  updated_at: Schema.optional(Schema.Unknown)
}))
