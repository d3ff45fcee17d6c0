/**
 * When a failed attempt is retried, and after which wait.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as ErrorReading from "./internal/ErrorReading.ts"
import type * as LiveDeskError from "./LiveDeskError.ts"

/**
 * How often a call is retried, and how long the client waits before.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** How often a call is retried at most; 0 for never. Defaults to 2. */
  readonly times?: number | undefined
  /**
   * The longest wait before the first retry; it doubles with each. Defaults to 500 milliseconds. The wait itself is
   * drawn evenly between nothing and that, so that programs which failed together do not come back together.
   */
  readonly baseDelay?: Duration.Input | undefined
  /** The wait at which doubling stops. Defaults to 8 seconds. */
  readonly maxDelay?: Duration.Input | undefined
  /**
   * The longest `Retry-After` that the client waits for. Defaults to 1 minute. It is never undercut: after a longer one
   * the call fails at once, and the error has it as `retryAfter`.
   */
  readonly maxRetryAfter?: Duration.Input | undefined
}

/**
 * Options after validation.
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

const maxTimes = 100

const delayCeiling = Duration.days(1)

/**
 * Validates options; what they leave out comes from `otherwise`.
 *
 * @internal
 */
export const fromOptions = (
  options: Options = {},
  otherwise: RetryPolicy = defaults
): Result.Result<RetryPolicy, ReadonlyArray<LiveDeskError.Issue>> => {
  const { times = otherwise.times } = options
  const delays = {
    baseDelay: delayOf(options.baseDelay, otherwise.baseDelay),
    maxDelay: delayOf(options.maxDelay, otherwise.maxDelay),
    maxRetryAfter: delayOf(options.maxRetryAfter, otherwise.maxRetryAfter)
  }
  const { baseDelay, maxDelay, maxRetryAfter } = delays
  const isCount = Number.isInteger(times) && times >= 0 && times <= maxTimes
  if (isCount && Option.isSome(baseDelay) && Option.isSome(maxDelay) && Option.isSome(maxRetryAfter)) {
    return Result.succeed({
      times,
      baseDelay: baseDelay.value,
      maxDelay: maxDelay.value,
      maxRetryAfter: maxRetryAfter.value
    })
  }
  return Result.fail([
    ...(isCount ? [] : [{ path: ["times"], message: `expected a whole number from 0 to ${maxTimes}` }]),
    ...Object.entries(delays).flatMap(([name, delay]) =>
      Option.isSome(delay) ? [] : [{ path: [name], message: "expected a time of at most a day, such as \"2 seconds\"" }]
    )
  ])
}

const delayOf = (input: Duration.Input | undefined, otherwise: Duration.Duration): Option.Option<Duration.Duration> =>
  input === undefined
    ? Option.some(otherwise)
    : Option.filter(
      Duration.fromInput(input),
      (delay) => !Duration.isNegative(delay) && Duration.isLessThanOrEqualTo(delay, delayCeiling)
    )

/**
 * Whether a call that failed so may be retried: always when it did nothing for a transient cause (no connection, 429), as
 * `LiveDeskError.isTransient` says. When it may have taken effect (5xx, 408, a broken connection, a response that cannot be
 * read), only a call that is safe or idempotent. Any other failure would fail again.
 *
 * @category guards
 * @since 0.1.0
 */
export const isRetryable = (
  error: LiveDeskError.LiveDeskError,
  idempotency: "safe" | "idempotent" | "none"
): boolean => ErrorReading.isRetryable(error, idempotency !== "none")

/**
 * How long to wait before the call is retried, for the `retry`-th time from 0; none where LiveDesk asked for a longer
 * wait than the policy allows. `random` is from 0 to below 1.
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
 * How long to wait before a retry: as LiveDesk asked by `Retry-After` when it refused the call for coming too soon (429)
 * or failed (5xx), or for as long as the circuit breaker stays open.
 *
 * @category accessors
 * @since 0.1.0
 */
export const retryAfterOf = ({ reason }: LiveDeskError.LiveDeskError): Option.Option<Duration.Duration> =>
  "retryAfter" in reason ? reason.retryAfter : Option.none()

/**
 * The same schedule, but for delays that would be shorter than `retryAfterOf` the error: these last as long as that.
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
