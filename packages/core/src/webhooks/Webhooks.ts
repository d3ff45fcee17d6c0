/**
 * A route for any of Effect's HTTP servers that verifies each webhook delivery, responds fast, and passes each event on
 * once.
 *
 * LiveDesk documents nothing about deliveries: no header, no signature, no timeout, and not whether it retries after a
 * status other than 200. The assumptions here are Chatwoot's and unverified: a timeout of 5 seconds, and events in any
 * order, possibly repeated, among them private notes and the program's own messages.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as CauseOutline from "../internal/CauseOutline.ts"
import * as OptionSchema from "../internal/OptionSchema.ts"
import * as SignatureCheck from "../internal/SignatureCheck.ts"
import * as WebhookReceiver from "../internal/WebhookReceiver.ts"
import * as WebhookRejection from "../internal/WebhookRejection.ts"
import * as WebhookVerifier from "../internal/WebhookVerifier.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import * as DeliveryStore from "./DeliveryStore.ts"
import * as WebhookEvent from "./WebhookEvent.ts"
import type * as WebhookSignature from "./WebhookSignature.ts"

// ---------------------------------------------------------------------------------------------------------------------
// verification
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The way to verify that LiveDesk sent a delivery: `signed`, `pathToken` or `unverified`. There is no default.
 *
 * @category verification
 * @since 0.1.0
 */
export type Verification =
  | {
    readonly _tag: "Signed"
    readonly secrets: WebhookSignature.Options["secrets"]
    readonly timestampHeader: string
    readonly signatureHeader: string
    readonly prefix: string
    readonly tolerance: Duration.Input
  }
  | { readonly _tag: "PathToken"; readonly token: Redacted.Redacted }
  | { readonly _tag: "Unverified" }

/**
 * Verifies the signature of each delivery: HMAC-SHA256 in hex over `{timestamp}.{raw body}`. Later versions of Chatwoot
 * sign like this, and the names of the headers are Chatwoot's. Whether LiveDesk signs at all is unverified.
 *
 * Any of several secrets is accepted, so that one can be replaced without losing a delivery. What was signed is handled
 * once: an attacker with a copy of a delivery cannot have it handled again under another id.
 *
 * @category verification
 * @since 0.1.0
 */
export const signed = (options: WebhookSignature.Options): Verification => ({
  _tag: "Signed",
  ...SignatureCheck.settingsOf(options)
})

/**
 * Verifies a token in the address: deliveries come to `{path}/{token}`. This works with any sender, and is as secret as
 * the address. The token is 16 to 100 letters, digits, `-` and `_`.
 *
 * Effect's access log omits these requests, and those to a wrong path that has the token; their server span is not
 * sampled. Check what a proxy in front logs.
 *
 * @category verification
 * @since 0.1.0
 */
export const pathToken = (options: { readonly token: Redacted.Redacted }): Verification => ({
  _tag: "PathToken",
  token: options.token
})

/**
 * Verifies nothing: anyone who knows the address can deliver anything.
 *
 * @category verification
 * @since 0.1.0
 */
export const unverified: Verification = { _tag: "Unverified" }

// ---------------------------------------------------------------------------------------------------------------------
// errors
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The options of a receiver are invalid; `problem` says why, and never shows a secret.
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

// ---------------------------------------------------------------------------------------------------------------------
// options
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Options of a receiver.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The path to receive at, such as `/webhooks/livedesk`. */
  readonly path: `/${string}`
  /** How deliveries are verified. */
  readonly verification: Verification
  /** The largest body, in bytes. Defaults to 1 MiB. A larger one gets the status 413, and is read no further. */
  readonly maxBodyBytes?: number | undefined
  /**
   * The header with the id of a delivery. Defaults to `X-Chatwoot-Delivery`, which is Chatwoot's and unverified. A
   * delivery is a duplicate if it was handled under this id, or under another key that names it:
   *
   * - a signed delivery, whatever the event: the time of signing, with the hash of the body;
   * - what was created: the event and the record;
   * - what changed, if the event has `updated_at`: the hash of the body, which holds the event, the record, that time and
   *   the change. Chatwoot's `message_updated` and `contact_updated` have no such time.
   *
   * Typing, unknown events and changes without a time are known by their id and signature alone. Without these, each is
   * handled whenever it comes: better twice than lost.
   */
  readonly deliveryHeader?: string | undefined
  /**
   * Whether to skip private notes and outgoing messages, the program's own among them, which Chatwoot delivers like any
   * other: see `WebhookEvent.isOwnMessage`. Defaults to `"skip"`, so that no program replies to itself.
   */
  readonly ownMessages?: "skip" | "handle" | undefined
  /** How long a body may take to arrive. Defaults to 10 seconds. A later one gets the status 408. */
  readonly bodyTimeout?: Duration.Input | undefined
  /**
   * What to do about a delivery that differs from what is expected: see `WebhookEvent.drift`. With `"log"`, the default,
   * it is logged at the Debug level, without values; nothing is compared while that level is off.
   */
  readonly onDrift?: "ignore" | "log" | undefined
  /** How many events may be queued or in progress. Defaults to 1024. Further deliveries get the status 503. */
  readonly capacity?: number | undefined
}

/**
 * Options of a receiver with a handler.
 *
 * @category options
 * @since 0.1.0
 */
export interface HandlerOptions<E, R> extends Options {
  /** Handles one event. What it succeeds with is ignored. */
  readonly handler: (event: WebhookEvent.WebhookEvent) => Effect.Effect<unknown, E, R>
  /**
   * How to treat a handler's failure. Defaults to `"log"`.
   *
   * - `"log"`: the receiver returns 200 at once, and logs the names of a failure's errors and where they arose. Their
   *   messages may hold what the customer wrote, so log these in the handler.
   * - `"retry"`: the receiver responds after the handler, with 500 if it failed, so that the sender may retry. Chatwoot
   *   waits 5 seconds, and does not retry for the webhook of an inbox (unverified). A handler that takes longer runs on,
   *   and its delivery counts as handled. Set `handlerTimeout` below 5 seconds if the sender must learn of a slow one.
   */
  readonly onFailure?: "log" | "retry" | undefined
  /**
   * How long a handler may take. Defaults to 1 minute. It is then interrupted, and has failed; so 16 that hang do not
   * stop the others for ever. Keep it below the `lease` of a persisted store.
   */
  readonly handlerTimeout?: Duration.Input | undefined
  /** How many events are handled at the same time. Defaults to 16. With 1, they are handled in the order of arrival. */
  readonly concurrency?: number | undefined
  /** How long to wait for handlers when the layer closes. Defaults to 10 seconds. */
  readonly shutdownTimeout?: Duration.Input | undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// layers
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Receives webhooks and passes each event to a handler. A delivery counts as handled when its handler succeeds, and is
 * then not handled again. One whose handler failed is handled when it is repeated. One that is still in progress, or
 * was left by a process that was killed, gets the status 503.
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
    const { handler, verification } = options
    const checked = yield* checkHandlerOptions(options)
    const { capacity, concurrency, handlerTimeout, onFailure, shutdownTimeout } = checked
    const services = yield* Effect.context<R>()
    const permits = yield* Semaphore.make(concurrency)
    const fibers = yield* FiberSet.make<void, WebhookRejection.WebhookRejectedError>()
    let waiting = 0
    // Runs before the fibers are interrupted, and after the server took its last request.
    yield* Effect.addFinalizer(() => Effect.timeoutOption(FiberSet.awaitEmpty(fibers), shutdownTimeout))

    const handle = (
      event: WebhookEvent.WebhookEvent,
      delivery: WebhookReceiver.Delivery
    ): Effect.Effect<void, WebhookRejection.WebhookRejectedError> =>
      Effect.suspend(() => handler(event)).pipe(
        Effect.timeout(handlerTimeout),
        // The server's span may be over before, or unsampled, since its address holds a token.
        Effect.withSpan("webhooks.handle", {
          root: verification._tag === "PathToken",
          attributes: { "livedesk.event": WebhookEvent.nameOf(event) }
        }, { captureStackTrace: false }),
        Effect.provideContext(services),
        permits.withPermit,
        Effect.interruptible,
        Effect.exit,
        Effect.flatMap((exit) =>
          Exit.isSuccess(exit)
            ? delivery.complete
            : Effect.logError(
              `the handler of ${WebhookEvent.nameOf(event)} failed: ${CauseOutline.outline(exit.cause)}`
            ).pipe(
              Effect.annotateLogs("livedesk.event", WebhookEvent.nameOf(event)),
              Effect.andThen(delivery.release),
              Effect.andThen(WebhookRejection.reject("HandlerFailed"))
            )
        ),
        Effect.ensuring(Effect.sync(() => {
          waiting--
        })),
        Effect.uninterruptible
      )

    yield* receiveAt(options, checked, (event, delivery) =>
      Effect.suspend(() => {
        if (waiting >= capacity) return Effect.andThen(delivery.release, WebhookRejection.reject("Full"))
        waiting++
        // In a fiber of its own, so that a sender that hangs up does not interrupt the handler.
        return Effect.map(FiberSet.run(fibers, handle(event, delivery)), (fiber) =>
          onFailure === "retry" ? Fiber.join(fiber) : Effect.void)
      }))
  }))

/**
 * A receiver that provides its events as a stream.
 *
 * @category services
 * @since 0.1.0
 */
export class Webhooks extends Context.Service<Webhooks, {
  /** The events as they arrive. Each goes to one consumer. Up to `capacity` of them wait for a consumer. */
  readonly events: Stream.Stream<WebhookEvent.WebhookEvent>
}>()("@effect-livedesk/core/Webhooks") {}

/**
 * Receives webhooks and provides their events as a stream. A delivery gets the status 200 and counts as handled once
 * its event is queued. It gets 503 when the queue is full. The stream ends when the layer closes.
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
      const checked = yield* checkOptions(options)
      const queue = yield* Effect.acquireRelease(
        Queue.dropping<WebhookEvent.WebhookEvent, Cause.Done>(options.capacity ?? 1024),
        Queue.end
      )
      yield* receiveAt(options, checked, (event, delivery) =>
        Effect.flatMap(Queue.offer(queue, event), (offered) =>
          offered
            ? Effect.as(delivery.complete, Effect.void)
            : Effect.andThen(delivery.release, WebhookRejection.reject("Full"))))
      return Webhooks.of({ events: Stream.fromQueue(queue) })
    })
  )

// Effect's own, since core is compiled without a platform's types.
type EffectHandler = ReturnType<typeof HttpEffect.toWebHandler>

/**
 * A receiver as a function from a web `Request` to a `Response`.
 *
 * @category models
 * @since 0.1.0
 */
export interface WebHandler {
  /**
   * Responds to any request: with 404 to one at another path. Rejects with `WebhookOptionsError` or `DeliveryStoreError`
   * for invalid options.
   */
  readonly handler: (request: Parameters<EffectHandler>[0]) => ReturnType<EffectHandler>
  /** Waits until the receiver is built. Rejects as `handler` would, so that a program without a secret does not start. */
  readonly ready: () => Promise<void>
  /** Closes the receiver: waits for its handlers, up to `shutdownTimeout`. */
  readonly dispose: () => Promise<void>
}

/**
 * Makes a receiver for any server that has web requests, such as Hono, Next.js, Workers, Deno or Bun. Make one, and keep
 * it. Where the platform freezes after the response, as AWS Lambda does, use `onFailure: "retry"`, which responds after
 * the handler. A handler that needs services is given them by `Effect.provide`; for a layer of several routes see
 * `HttpRouter.toWebHandler`.
 *
 * ```ts
 * const { handler, ready } = Webhooks.toWebHandler({
 *   path: "/webhooks/livedesk",
 *   verification: Webhooks.signed({ secrets: [secret] }),
 *   handler: (event) => Console.log(event._tag)
 * })
 * const POST = (request: Request) => handler(request)
 * const start = () => ready()
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toWebHandler = <E>(
  options: HandlerOptions<E, never> & {
    /** The store of handled deliveries. Defaults to `DeliveryStore.layer`, in memory. */
    readonly store?: Layer.Layer<DeliveryStore.DeliveryStore, DeliveryStore.DeliveryStoreError> | undefined
  }
): WebHandler => {
  const scope = Scope.makeUnsafe()
  let disposing: Promise<void> | undefined
  // Without an access log, since the server around it has its own.
  const built = Effect.runPromise(
    HttpRouter.toHttpEffect(Layer.provide(layer(options), options.store ?? DeliveryStore.layer)).pipe(
      Effect.map(HttpEffect.toWebHandler),
      Scope.provide(scope)
    )
  )
  // Who does not wait for `ready` gets the error with the first request.
  built.catch(() => {})
  return {
    dispose: () => disposing ??= Effect.runPromise(Scope.close(scope, Exit.void)),
    handler: (request) => built.then((handler) => handler(request)),
    ready: () => built.then(() => {})
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// options, decoded
// ---------------------------------------------------------------------------------------------------------------------

const unusable = (problem: string) => new WebhookOptionsError({ problem })

const invalid = (issues: ReadonlyArray<LiveDeskError.Issue>) => unusable(OptionSchema.sentence(issues))

const checkOptions = OptionSchema.decoder(Schema.Struct(WebhookReceiver.options), invalid)

const checkHandlerOptions = OptionSchema.decoder(
  Schema.Struct({
    ...WebhookReceiver.options,
    onFailure: OptionSchema.withDefault(OptionSchema.oneOf("log", "retry"), "log"),
    concurrency: OptionSchema.withDefault(OptionSchema.count("handlers"), 16),
    handlerTimeout: OptionSchema.withDefault(OptionSchema.duration, Duration.minutes(1)),
    shutdownTimeout: OptionSchema.withDefault(OptionSchema.duration, Duration.seconds(10))
  }),
  invalid
)

const verifierOf = (verification: Verification): Effect.Effect<WebhookVerifier.Verifier, WebhookOptionsError> => {
  switch (verification._tag) {
    case "Signed":
      return Effect.mapError(WebhookVerifier.bySignature(verification), unusable)
    case "PathToken":
      return Effect.mapError(WebhookVerifier.byToken(verification.token), unusable)
    case "Unverified":
      return Effect.succeed(WebhookVerifier.none)
  }
}

const receiveAt = Effect.fnUntraced(function*(
  { path, verification }: Options,
  checked: Omit<WebhookReceiver.Options, "path" | "verifier" | "token">,
  takeOver: WebhookReceiver.TakeOver
) {
  const verifier = yield* verifierOf(verification)
  const token = verification._tag === "PathToken" ? verification.token : undefined
  yield* WebhookReceiver.receiveAt({ ...checked, path, verifier, token }, takeOver)
})
