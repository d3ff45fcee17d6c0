/**
 * Retries of failed attempts, and the delays before them.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Retryability from "./internal/Retryability.ts"
import type * as LiveDeskError from "./LiveDeskError.ts"

/**
 * Options of a retry policy.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The maximum number of retries; 0 for none. Defaults to 2. */
  readonly times?: number | undefined
  /**
   * The longest delay before the first retry. Defaults to 500 milliseconds. It doubles with each retry, and the actual
   * delay is random between 0 and it, so that programs that failed together do not retry together.
   */
  readonly baseDelay?: Duration.Input | undefined
  /** The delay at which doubling stops. Defaults to 8 seconds. */
  readonly maxDelay?: Duration.Input | undefined
  /**
   * The longest `Retry-After` that the client waits for. Defaults to 1 minute. After a longer one the call fails at
   * once, with the wait in the error's `retryAfter`. The client never retries earlier than `Retry-After`.
   */
  readonly maxRetryAfter?: Duration.Input | undefined
}

/**
 * A retry policy: validated options.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryPolicy {
  readonly times: number
  readonly baseDelay: Duration.Duration
  readonly maxDelay: Duration.Duration
  readonly maxRetryAfter: Duration.Duration
}

/**
 * The default retry policy.
 *
 * @category constructors
 * @since 0.1.0
 */
export const defaults: RetryPolicy = {
  times: 2,
  baseDelay: Duration.millis(500),
  maxDelay: Duration.seconds(8),
  maxRetryAfter: Duration.minutes(1)
}

/**
 * Returns `true` if a failed call may be retried. A call that did nothing for a transient reason, such as no
 * connection or 429 (see `LiveDeskError.isTransient`), always may. A call that may have taken effect (5xx, 408, a broken
 * connection, an unreadable response) may only if it is safe or idempotent. Any other failure would recur.
 *
 * @category guards
 * @since 0.1.0
 */
export const isRetryable = (
  error: LiveDeskError.LiveDeskError,
  idempotency: "safe" | "idempotent" | "none"
): boolean => Retryability.isRetryable(error, idempotency !== "none")

/**
 * Returns the delay before the `retry`-th retry, counted from 0; `None` if LiveDesk asked for a longer wait than the
 * policy allows. `random` is at least 0 and below 1.
 *
 * @category delays
 * @since 0.1.0
 */
export const delay = (
  { baseDelay, maxDelay, maxRetryAfter }: RetryPolicy,
  error: LiveDeskError.LiveDeskError,
  retry: number,
  random: number
): Option.Option<Duration.Duration> => {
  const ceiling = Math.min(Duration.toMillis(baseDelay) * 2 ** retry, Duration.toMillis(maxDelay))
  const backoff = Duration.millis(Math.round(ceiling * random))
  return Option.match(retryAfterOf(error), {
    onNone: () => Option.some(backoff),
    onSome: (asked) =>
      Duration.isGreaterThan(asked, maxRetryAfter) ? Option.none() : Option.some(Duration.max(asked, backoff))
  })
}

/**
 * Returns the wait that LiveDesk asked for by `Retry-After` (after 429 or 5xx), or the time until the circuit breaker
 * lets a call through.
 *
 * @category accessors
 * @since 0.1.0
 */
export const retryAfterOf = ({ reason }: LiveDeskError.LiveDeskError): Option.Option<Duration.Duration> =>
  "retryAfter" in reason ? reason.retryAfter : Option.none()

/**
 * Lengthens the delays of a schedule to at least the error's `retryAfterOf`.
 *
 * ```ts
 * yield* Effect.retry(program, {
 *   while: LiveDeskError.isTransient,
 *   schedule: RetryPolicy.honorRetryAfter(Schedule.exponential("1 second")),
 *   times: 5
 * })
 * ```
 *
 * @category delays
 * @since 0.1.0
 */
export const honorRetryAfter = <Output, Error, Env>(
  schedule: Schedule.Schedule<Output, LiveDeskError.LiveDeskError, Error, Env>
): Schedule.Schedule<Output, LiveDeskError.LiveDeskError, Error, Env> =>
  Schedule.modifyDelay(schedule, ({ duration, input }) =>
    Effect.succeed(Option.match(retryAfterOf(input), {
      onNone: () => duration,
      onSome: (asked) => Duration.max(asked, duration)
    })))
