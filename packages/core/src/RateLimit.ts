/**
 * Rate limits, over Effect's `RateLimiter`: requests above the limit wait.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as Option from "effect/Option"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Predicate from "effect/Predicate"
import { Admit } from "./internal/HttpClientDispatch.ts"
import * as MonotonicClock from "./internal/MonotonicClock.ts"
import type * as LiveDeskError from "./LiveDeskError.ts"
import { NotSentProof } from "./Transport.ts"

/**
 * Options of a rate limit.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The number of requests per window. LiveDesk's own limit is undocumented. */
  readonly limit: number
  /** The length of the window. Defaults to 1 second. */
  readonly window?: Duration.Input | undefined
  /**
   * `"fixed-window"` sends up to the whole limit when a window begins; `"token-bucket"` spreads requests evenly, after
   * an initial burst of `limit`. Defaults to `"fixed-window"`.
   */
  readonly algorithm?: "fixed-window" | "token-bucket" | undefined
}

/**
 * A rate limit for a client's options, made by `RateLimit.make`.
 *
 * @category models
 * @since 0.1.0
 */
export interface RateLimit {
  /** Marks values of `RateLimit.make`. */
  readonly "~RateLimit.make": true
  /** The problems of its options. */
  readonly issues: ReadonlyArray<LiveDeskError.Issue>
  /** Builds a client transformer whose requests wait under the limit of a key. */
  readonly guard: (
    key: string
  ) => Effect.Effect<(client: HttpClient.HttpClient) => HttpClient.HttpClient>
}

/**
 * Makes a rate limit. Every attempt counts, including retries, and waits within the call's timeout. The limit adapts to
 * response headers (`RateLimit-Limit` and similar), and a 429 with `Retry-After` delays other requests as well.
 *
 * The count is in memory, by a clock that never goes back, or in Effect's `RateLimiterStore` if the client's layer is
 * given one:
 *
 * ```ts
 * LiveDeskClient.layer({ apiKey, apiSecret, rateLimit: RateLimit.make({ limit: 10 }) }).pipe(
 *   Layer.provide(RateLimiter.layerStoreRedis()),
 *   Layer.provide(NodeRedis.layer({ url: "redis://127.0.0.1:6379" }))
 * )
 * ```
 *
 * If the store fails, so does the call, with `HttpError/ConnectionFailed` of kind `RateLimiterUnavailable`: nothing was
 * sent.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = ({ algorithm = "fixed-window", limit, window = "1 second" }: Options): RateLimit => {
  const length = Option.filter(
    Duration.fromInput(window),
    (window) =>
      Duration.isGreaterThanOrEqualTo(window, Duration.millis(1)) &&
      Duration.isLessThanOrEqualTo(window, Duration.days(1))
  )
  return {
    "~RateLimit.make": true,
    issues: [
      ...(Number.isSafeInteger(limit) && limit > 0
        ? []
        : [{ path: ["limit"], message: "expected a whole number of requests above 0" }]),
      ...(Option.isSome(length)
        ? []
        : [{ path: ["window"], message: "expected a time between 1 millisecond and a day, such as \"1 second\"" }])
    ],
    guard: Effect.fnUntraced(function*(key) {
      const given = yield* Effect.serviceOption(RateLimiter.RateLimiterStore)
      const store = Option.isSome(given)
        ? given.value
        : withMonotonicClock(
          yield* Effect.provide(RateLimiter.RateLimiterStore, RateLimiter.layerStoreMemory)
        )
      const limiter = yield* Effect.provideService(RateLimiter.make, RateLimiter.RateLimiterStore, store)
      return (client) => {
        const admitting = HttpClient.transform(client, (effect) =>
          Effect.flatMap(Admit, (admit) => {
            admit()
            return effect
          }))
        const limited = HttpClient.withRateLimiter(admitting, {
          limiter,
          limit,
          window,
          algorithm,
          key,
          // Its own retries of 429 ignore the call's timeout and retry policy.
          times: 0
        })
        return HttpClient.makeWith(
          Effect.flatMap((request) =>
            Effect.catchIf(limited.postprocess(Effect.succeed(request)), isLimiterError, (cause) =>
              Effect.fail(
                new HttpClientError.HttpClientError({
                  reason: new HttpClientError.TransportError({
                    request,
                    cause: new NotSentProof({ cause, reason: "RateLimiterUnavailable" })
                  })
                })
              ))
          ),
          client.preprocess
        )
      }
    })
  }
}

/** Otherwise a clock that is set back an hour stops requests for an hour. */
const withMonotonicClock = (store: RateLimiter.RateLimiterStore["Service"]) =>
  RateLimiter.RateLimiterStore.of({
    fixedWindow: (options) => MonotonicClock.provide(store.fixedWindow(options)),
    tokenBucket: (options) => MonotonicClock.provide(store.tokenBucket(options)),
    adaptiveConsume: (options) => MonotonicClock.provide(store.adaptiveConsume(options)),
    adaptiveFeedback: (options) => MonotonicClock.provide(store.adaptiveFeedback(options))
  })

const isLimiterError = (error: unknown): error is RateLimiter.RateLimiterError =>
  Predicate.isTagged(error, "RateLimiterError")
