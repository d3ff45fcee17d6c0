/**
 * The options of a retry policy, validated.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as LiveDeskError from "../LiveDeskError.ts"
import * as RetryPolicy from "../RetryPolicy.ts"

const maxTimes = 100

const delayCeiling = Duration.days(1)

/** Validates options, with defaults from `otherwise`. */
export const read = (
  options: RetryPolicy.Options = {},
  otherwise: RetryPolicy.RetryPolicy = RetryPolicy.defaults
): Result.Result<RetryPolicy.RetryPolicy, ReadonlyArray<LiveDeskError.Issue>> => {
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
