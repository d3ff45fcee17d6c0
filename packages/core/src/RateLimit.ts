/**
 * A limit on how many requests go out, kept by Effect's rate limiter: requests above it wait.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Predicate from "effect/Predicate"
import { Admit } from "./internal/QueuedDispatch.ts"
import type * as LiveDeskError from "./LiveDeskError.ts"
import { NotSentProof } from "./Transport.ts"

/**
 * How many requests may go out in which time.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** How many requests may go out in a window. No page of the vendor's states LiveDesk's own limit. */
  readonly limit: number
  /** The window. Defaults to 1 second. */
  readonly window?: Duration.Input | undefined
  /**
   * `"fixed-window"` lets the whole limit out as soon as a window begins; `"token-bucket"` spreads it, after as many at
   * once as the limit says. Defaults to `"fixed-window"`.
   */
  readonly algorithm?: "fixed-window" | "token-bucket" | undefined
}

/**
 * A rate limit, for a client's options: what `RateLimit.make` makes, and nothing else.
 *
 * @category models
 * @since 0.1.0
 */
export interface RateLimit {
  /** What no other value has. */
  readonly "~RateLimit.make": true
  /** What is wrong with its options. */
  readonly issues: ReadonlyArray<LiveDeskError.Issue>
  /** Makes every request of a client wait for its turn under the limit of a key. */
  readonly guard: (
    key: string
  ) => Effect.Effect<(client: HttpClient.HttpClient) => HttpClient.HttpClient>
}

/**
 * Makes a rate limit. Each attempt counts, retries too, and waits within the call's timeout. The limit adapts to the
 * headers of responses (`RateLimit-Limit` and its kin), and a 429 with `Retry-After` holds back the others as well.
 *
 * It is counted in memory, or in the `RateLimiterStore` of Effect that the client's layer is given:
 *
 * ```ts
 * LiveDeskClient.layer({ apiKey, apiSecret, rateLimit: RateLimit.make({ limit: 10 }) }).pipe(
 *   Layer.provide(RateLimiter.layerStoreRedis()),
 *   Layer.provide(NodeRedis.layer({ url: "redis://127.0.0.1:6379" }))
 * )
 * ```
 *
 * When that store cannot be asked, the call fails with `HttpError/ConnectionFailed` of the kind `RateLimiterUnavailable`:
 * nothing was sent.
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
      const limiter = yield* Effect.provide(
        RateLimiter.make,
        Option.match(given, {
          onNone: () => RateLimiter.layerStoreMemory,
          onSome: (store) => Layer.succeed(RateLimiter.RateLimiterStore, store)
        })
      )
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
          // Its own retries of 429 know neither the call's timeout nor the policy.
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

const isLimiterError = (error: unknown): error is RateLimiter.RateLimiterError =>
  Predicate.isTagged(error, "RateLimiterError")
