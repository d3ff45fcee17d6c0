/**
 * Delivers the events of an emulator to a webhook: in memory to the program's own routes, or over HTTP.
 *
 * As Chatwoot does (unverified for LiveDesk), it sends each event once and in order, waits 5 seconds for the receiver,
 * and ignores the response. It logs a warning for each delivery that the receiver does not accept.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as CryptoError from "effect/crypto/CryptoError"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as SignatureCheck from "../internal/SignatureCheck.ts"
import * as WebhookEvent from "../webhooks/WebhookEvent.ts"
import * as Webhooks from "../webhooks/Webhooks.ts"
import { Emulator } from "./Emulator.ts"
import * as WebhookDelivery from "./WebhookDelivery.ts"

/**
 * Where events are delivered, and how the receiver verifies them.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Pick<Webhooks.Options, "path" | "verification" | "deliveryHeader"> {
  /** The receiver's address without the path. The client of `WebhookDelivery.layer` needs none. */
  readonly origin?: string | undefined
}

/**
 * A delivery that was made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Delivered {
  /** The id in the delivery's header. */
  readonly id: string
  readonly event: WebhookEvent.WebhookEvent
  /** The status that the receiver returned; none if it could not be reached or did not respond in time. */
  readonly status: Option.Option<number>
  /** The first 1,000 characters of the response. */
  readonly responseBody: string
  /** When it was sent. */
  readonly at: DateTime.Utc
  /** The time until the response was read or the sender gave up. */
  readonly took: Duration.Duration
  /** Whether `redeliver` made the delivery. */
  readonly redelivered: boolean
}

/**
 * Delivers an emulator's events.
 *
 * @category services
 * @since 0.1.0
 */
export class WebhookSender extends Context.Service<WebhookSender, {
  /** The last 10,000 deliveries, in order, without those of `redeliver`. */
  readonly delivered: Effect.Effect<ReadonlyArray<Delivered>>
  /** The last 200 deliveries, in order, including those of `redeliver`. The same array until another is made. */
  readonly recent: Effect.Effect<ReadonlyArray<Delivered>>
  /** Waits until `count` deliveries were made, and returns `delivered`. */
  readonly awaitDelivered: (count: number) => Effect.Effect<ReadonlyArray<Delivered>>
  /** Delivers an event again with the same id, as a sender that retries would. */
  readonly redeliver: (delivered: Delivered) => Effect.Effect<Delivered, CryptoError.CryptoError>
}>()("@effect-livedesk/core/testing/WebhookSender") {}

/**
 * Delivers the events of the `Emulator` with the `HttpClient`. When the layer closes, it first delivers the queued
 * events, for at most 5 seconds.
 *
 * ```ts
 * const address = { path: "/livedesk", verification: Webhooks.signed({ secrets: [secret] }) } as const
 * const receiver = Webhooks.layer({ ...address, handler: Console.log }).pipe(Layer.provide(DeliveryStore.layer))
 * const Test = Layer.merge(receiver, WebhookSender.layer(address)).pipe(
 *   Layer.provideMerge(WebhookDelivery.layer),
 *   Layer.provideMerge(Emulator.layer)
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<WebhookSender, Webhooks.WebhookOptionsError, Emulator | HttpClient.HttpClient> =>
  Layer.effect(
    WebhookSender,
    Effect.gen(function*() {
      yield* checkSecrets(options.verification)
      const { events } = yield* Emulator
      const client = yield* HttpClient.HttpClient
      const count = yield* SubscriptionRef.make(0)
      const kept: Array<Delivered> = []
      const delivered = Effect.sync(() => kept.slice(-maxDelivered))

      // The query of an address may hold a token.
      const place = options.path.replace(/\?.*/, "")

      let recent: ReadonlyArray<Delivered> = []
      const remember = (made: Delivered): Delivered => {
        recent = [...recent.slice(1 - remembered), made]
        return made
      }

      const deliver = Effect.fnUntraced(function*(event: WebhookEvent.WebhookEvent, id: string, redelivered: boolean) {
        const at = yield* DateTime.now
        const delivery = yield* WebhookDelivery.make({ ...options, id, payload: WebhookEvent.write(event) })
        const [took, response] = yield* client.execute(WebhookDelivery.toRequest(delivery, options.origin)).pipe(
          Effect.flatMap((response) =>
            // A body that breaks off does not fail the delivery.
            Effect.map(Effect.orElseSucceed(response.text, () => ""), (text) => ({ status: response.status, text }))
          ),
          Effect.timeout(receiverTimeout),
          Effect.option,
          Effect.timed
        )
        const status = Option.map(response, ({ status }) => status)
        if (!Option.exists(status, (status) => status < 300)) {
          yield* Effect.logWarning(
            `the webhook ${options.origin ?? ""}${place} did not accept ${event._tag}: it ${
              Option.match(status, {
                onNone: () => "could not be reached",
                onSome: (status) =>
                  `returned ${status}${status === 401 ? "; check that both have the same secret" : ""}`
              })
            }`
          )
        }
        const responseBody = Option.match(response, {
          onNone: () => "",
          onSome: ({ text }) => text.slice(0, maxResponseLength)
        })
        return remember({ id, event, status, responseBody, at, took, redelivered })
      })

      // A failure of one event must not keep back the next.
      const deliverAnyway = (event: WebhookEvent.WebhookEvent, id: string): Effect.Effect<Delivered> =>
        deliver(event, id, false).pipe(
          Effect.catchCause((cause) =>
            Cause.hasInterrupts(cause)
              ? Effect.interrupt
              : Effect.logError(`${event._tag} could not be delivered`, cause).pipe(
                Effect.andThen(DateTime.now),
                Effect.map((at) =>
                  remember({
                    id,
                    event,
                    status: Option.none(),
                    responseBody: "",
                    at,
                    took: Duration.zero,
                    redelivered: false
                  })
                )
              )
          )
        )

      // Subscribes before the layer is built, so that no event is missed.
      const subscription = yield* PubSub.subscribe(events)
      const waiting = yield* Queue.unbounded<WebhookEvent.WebhookEvent, Cause.Done>()
      const collecting = yield* Effect.uninterruptibleMask((restore) =>
        Effect.forever(
          Effect.flatMap(restore(PubSub.takeAll(subscription)), (happened) => Queue.offerAll(waiting, happened))
        )
      ).pipe(Effect.forkScoped)
      const delivering = yield* Stream.fromQueue(waiting).pipe(
        Stream.zipWithIndex,
        Stream.mapEffect(([event, index]) => deliverAnyway(event, `emulated-${index + 1}`)),
        Stream.runForEach((made) => {
          kept.push(made)
          // Seldom, since all deliveries that are left must move.
          if (kept.length >= 2 * maxDelivered) kept.splice(0, maxDelivered)
          return SubscriptionRef.update(count, (count) => count + 1)
        }),
        Effect.forkScoped
      )
      // Runs before the fibers are interrupted, and while the client still works.
      yield* Effect.addFinalizer(() =>
        Fiber.interrupt(collecting).pipe(
          Effect.andThen(PubSub.takeUpTo(subscription, Number.POSITIVE_INFINITY)),
          Effect.flatMap((happened) => Queue.offerAll(waiting, happened)),
          Effect.andThen(Queue.end(waiting)),
          Effect.andThen(Effect.timeoutOption(Fiber.await(delivering), receiverTimeout)),
          Effect.tap((ended) =>
            Option.isSome(ended) ? Effect.void : Effect.logWarning("not every event was delivered before the close")
          )
        )
      )

      return WebhookSender.of({
        delivered,
        awaitDelivered: (wanted) =>
          SubscriptionRef.changes(count).pipe(
            Stream.filter((count) => count >= wanted),
            Stream.runHead,
            Effect.andThen(delivered)
          ),
        recent: Effect.sync(() => recent),
        redeliver: ({ event, id }) => deliver(event, id, true)
      })
    })
  )

const remembered = 200

const maxDelivered = 10_000

const maxResponseLength = 1000

/** The timeout of a delivery, which is Chatwoot's and unverified, and of queued events when the layer closes. */
const receiverTimeout = Duration.seconds(5)

/** Fails when the layer is built, not at the first event, if a secret cannot sign. */
const checkSecrets = (verification: Webhooks.Verification): Effect.Effect<void, Webhooks.WebhookOptionsError> =>
  verification._tag === "Signed"
    ? Effect.mapError(
      SignatureCheck.make(verification),
      (problem) => new Webhooks.WebhookOptionsError({ problem })
    )
    : Effect.void
