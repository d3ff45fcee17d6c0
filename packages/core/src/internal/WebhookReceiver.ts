/**
 * The route of deliveries: verifies each, and passes on those that were not handled before.
 *
 * @since 0.1.0
 */
import * as Bytes from "effect/Bytes"
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { DecodeFailure } from "../Model.ts"
import * as DeliveryStore from "../webhooks/DeliveryStore.ts"
import * as WebhookEvent from "../webhooks/WebhookEvent.ts"
import * as WebhookSignature from "../webhooks/WebhookSignature.ts"
import * as DeliveryClaim from "./DeliveryClaim.ts"
import * as OptionSchema from "./OptionSchema.ts"
import * as Utf8 from "./Utf8.ts"
import * as WebhookRejection from "./WebhookRejection.ts"
import type * as WebhookVerifier from "./WebhookVerifier.ts"

/** The options of a receiver that have a default. */
export const options = {
  maxBodyBytes: OptionSchema.withDefault(OptionSchema.amount, 1024 * 1024),
  deliveryHeader: OptionSchema.withDefault(Schema.String, "X-Chatwoot-Delivery"),
  bodyTimeout: OptionSchema.withDefault(OptionSchema.duration, Duration.seconds(10)),
  onDrift: OptionSchema.withDefault(OptionSchema.oneOf("ignore", "log"), "log"),
  ownMessages: OptionSchema.withDefault(OptionSchema.oneOf("skip", "handle"), "skip"),
  capacity: OptionSchema.withDefault(OptionSchema.amount, 1024)
}

/** The settings of a receiver. */
export interface Options extends Schema.Struct.Type<typeof options> {
  readonly path: `/${string}`
  readonly verifier: WebhookVerifier.Verifier
  /** The token that the path ends with. */
  readonly token: Redacted.Redacted | undefined
}

/** A claimed delivery, with the effects that record its outcome. */
export interface Delivery {
  readonly complete: Effect.Effect<void>
  readonly release: Effect.Effect<void>
}

/** Accepts or refuses an event. Returns an effect that ends when the response may be sent. */
export type TakeOver = (
  event: WebhookEvent.WebhookEvent,
  delivery: Delivery
) => Effect.Effect<Effect.Effect<void, WebhookRejection.WebhookRejectedError>, WebhookRejection.WebhookRejectedError>

/** Adds the route of deliveries at a path. */
export const receiveAt = Effect.fnUntraced(function*(options: Options, takeOver: TakeOver) {
  const router = yield* HttpRouter.HttpRouter
  const store = yield* DeliveryStore.DeliveryStore
  const crypto = yield* Layer.build(Layer.merge(WebhookSignature.layer, Digest.layerWebCrypto))
  const deliveryHeader = options.deliveryHeader.toLowerCase()

  const receive = Effect.fnUntraced(function*(request: HttpServerRequest.HttpServerRequest) {
    const verify = yield* options.verifier.before(request)
    const body = yield* readBody(request, options.maxBodyBytes).pipe(
      Effect.timeoutOrElse({
        duration: options.bodyTimeout,
        orElse: () => WebhookRejection.reject("BodyTimedOut")
      })
    )
    const signedAt = yield* verify(body)
    const wire = yield* parse(body)
    const event = WebhookEvent.read(wire)
    if (event instanceof DecodeFailure) return yield* WebhookRejection.reject("NoEvent")
    if (options.onDrift === "log") yield* logDrift(event, wire)
    if (options.ownMessages === "skip" && WebhookEvent.isOwnMessage(event)) return responses.skipped
    const keys = yield* DeliveryClaim.keysOf({ id: request.headers[deliveryHeader], signedAt, event, wire, body })
    return yield* Effect.uninterruptibleMask(Effect.fnUntraced(function*(restore) {
      const claim = yield* DeliveryClaim.claimAll(store, keys)
      if (claim === "Handled") return responses.duplicate
      // The claiming process may fail or be killed, so only a handled delivery gets a 2xx.
      if (claim === "InProgress") return yield* WebhookRejection.reject("InProgress")
      const taken = yield* takeOver(event, {
        complete: DeliveryClaim.recordAll(keys, store.complete),
        release: DeliveryClaim.recordAll(keys, store.release)
      })
      yield* restore(taken)
      return responses.accepted
    }))
  })

  const respond = (request: HttpServerRequest.HttpServerRequest) =>
    receive(request).pipe(
      Effect.catchTag(
        "WebhookRejectedError",
        (rejected) =>
          // A duplicate whose twin is being handled is nothing to act on.
          (rejected.reason === "InProgress" ? Effect.logInfo : Effect.logWarning)(
            `a delivery was refused: ${rejected.message}${rejected.detail === undefined ? "" : `: ${rejected.detail}`}`
          ).pipe(
            Effect.annotateLogs("error.type", rejected.reason),
            Effect.as(WebhookRejection.responseTo(rejected))
          )
      ),
      Effect.provideContext(crypto)
    )
  if (options.token === undefined) return yield* router.add("POST", options.path, respond)
  const token = Redacted.value(options.token)
  // The token may come to a path that is wrong.
  yield* router.addGlobalMiddleware((app) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ url }) => url.includes(token) ? unobserved(app) : app)
  )
  // The access log would contain the token, for every method and every path below, since browsers open it too.
  yield* router.add(
    "*",
    `${options.path}/:token/*`,
    (request) =>
      unobserved(
        Effect.flatMap(HttpRouter.params, ({ "*": more = "" }) => {
          if (more !== "") return Effect.succeed(responses.notFound)
          return request.method === "POST" ? respond(request) : Effect.succeed(responses.methodNotAllowed)
        })
      )
  )
})

/** Leaves a request, whose address has a secret, out of the access log and of what the tracer exports. */
const unobserved = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  HttpMiddleware.withLoggerDisabled(Effect.withFiber<A, E, R>((fiber) => {
    const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
    // The server's span began before any route: only what is not sampled gets no address. No API says so.
    if (span?._tag === "Span") (span as { sampled: boolean }).sampled = false
    return self
  }))

const logDrift = (event: WebhookEvent.WebhookEvent, wire: unknown): Effect.Effect<void> =>
  Effect.withFiber(({ cache }) => {
    if (LogLevel.isGreaterThan(cache.minimumLogLevel, "Debug")) return Effect.void
    const issues = WebhookEvent.drift(wire)
    const name = WebhookEvent.nameOf(event)
    return issues.length === 0 ? Effect.void : Effect.logDebug(
      `a delivery of ${name} differs from ${
        event._tag === "ConversationCreated" ? "its documentation" : "Chatwoot's (inherited, unverified)"
      } at ${issues.map(({ message, path }) => `${path.join(".")} (${message})`).join(", ")}`
    ).pipe(Effect.annotateLogs("livedesk.event", name))
  })

const responses = {
  accepted: HttpServerResponse.jsonUnsafe({ status: "accepted" }),
  methodNotAllowed: HttpServerResponse.empty({ status: 405, headers: { allow: "POST" } }),
  notFound: HttpServerResponse.empty({ status: 404 }),
  duplicate: HttpServerResponse.jsonUnsafe({ status: "duplicate" }),
  skipped: HttpServerResponse.jsonUnsafe({ status: "skipped" })
}

const readBody = (
  request: HttpServerRequest.HttpServerRequest,
  limit: number
): Effect.Effect<Uint8Array, WebhookRejection.WebhookRejectedError> =>
  Effect.suspend(() => {
    if (Number(request.headers["content-length"] ?? 0) > limit) return WebhookRejection.reject("BodyTooLarge")
    const chunks: Array<Uint8Array> = []
    let length = 0
    return request.stream.pipe(
      Stream.mapError(() => new WebhookRejection.WebhookRejectedError({ reason: "BodyLost" })),
      Stream.runForEach((chunk) => {
        length += chunk.length
        if (length > limit) return WebhookRejection.reject("BodyTooLarge")
        chunks.push(chunk)
        return Effect.void
      }),
      Effect.map(() => Bytes.concat(chunks))
    )
  })

const parse = (body: Uint8Array): Effect.Effect<unknown, WebhookRejection.WebhookRejectedError> =>
  Effect.try({
    // Invalid UTF-8 becomes replacement characters: a garbled name must not lose an event.
    try: (): unknown => JSON.parse(Utf8.decode(body)),
    catch: () => new WebhookRejection.WebhookRejectedError({ reason: "NotJson" })
  })
