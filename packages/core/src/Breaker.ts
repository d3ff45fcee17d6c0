/**
 * A circuit breaker over a client's calls, kept by Effect's: while LiveDesk is down, calls fail at once instead of waiting
 * for their timeout.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import * as ErrorMapping from "./internal/ErrorMapping.ts"
import * as Instrumentation from "./internal/Instrumentation.ts"
import type * as LiveDeskError from "./LiveDeskError.ts"

/**
 * When calls are stopped, and for how long.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** How many calls in a row must fail before the breaker stops the others. Defaults to 5. */
  readonly failures?: number | undefined
  /**
   * How long calls are stopped. Defaults to 30 seconds; a longer `Retry-After` of LiveDesk's counts instead, up to an
   * hour. Then one call is let through, which decides.
   */
  readonly openDuration?: Duration.Input | undefined
}

/**
 * A circuit breaker, for a client's options: what `Breaker.make` makes, and nothing else.
 *
 * @category models
 * @since 0.1.0
 */
export interface Breaker {
  /** What no other value has. */
  readonly "~Breaker.make": true
  /** What is wrong with its options. */
  readonly issues: ReadonlyArray<LiveDeskError.Issue>
  /** Makes what runs a whole call under the breaker of a key, or fails it with `HttpError/CircuitOpen`. */
  readonly guard: (key: string) => Effect.Effect<
    <A>(
      operation: string,
      call: Effect.Effect<A, LiveDeskError.LiveDeskError>
    ) => Effect.Effect<A, LiveDeskError.LiveDeskError>,
    never,
    Scope.Scope
  >
}

/**
 * Makes a circuit breaker. It stands around the call rather than around its requests: a timeout that passes and a body
 * that breaks off are seen only there. A call counts once, after its retries:
 *
 * - as failed, when LiveDesk could not be reached, did not respond in time, broke off, or responded with 5xx or 408
 * - as succeeded, when LiveDesk refused it (4xx), which shows that LiveDesk is up
 * - as neither, after a 429, an input that was refused here, a rate limit that gave no turn, or an interruption
 *
 * While it is open, calls fail with `HttpError/CircuitOpen`: nothing was sent. Its state is in memory, or in the
 * `CircuitBreakerStore` of Effect that the client's layer is given. A store that fails, or does not respond within a
 * second, stops no call.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = ({ failures = 5, openDuration = "30 seconds" }: Options = {}): Breaker => {
  const duration = Option.filter(
    Duration.fromInput(openDuration),
    (time) =>
      Duration.isGreaterThanOrEqualTo(time, Duration.millis(1)) &&
      Duration.isLessThanOrEqualTo(time, Duration.days(1))
  )
  return {
    "~Breaker.make": true,
    issues: [
      ...(Number.isSafeInteger(failures) && failures > 0
        ? []
        : [{ path: ["failures"], message: "expected a whole number of calls above 0" }]),
      ...(Option.isSome(duration)
        ? []
        : [{
          path: ["openDuration"],
          message: "expected a time between 1 millisecond and a day, such as \"30 seconds\""
        }])
    ],
    guard: Effect.fnUntraced(function*(key) {
      const given = yield* Effect.serviceOption(CircuitBreaker.CircuitBreakerStore)
      const store = Option.isSome(given)
        ? withTimeout(given.value)
        : Context.get(yield* Layer.build(CircuitBreaker.layerStoreMemory()), CircuitBreaker.CircuitBreakerStore)
      const breaker = yield* Effect.provideService(
        CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(failures), openDuration }),
        CircuitBreaker.CircuitBreakerStore,
        observed(store)
      )
      return (operation, call) =>
        breaker.execute(call, { key, classify }).pipe(
          Effect.catchIf(isBreakerError, ({ reason }) =>
            Effect.fail(
              ErrorMapping.circuitOpen(
                operation,
                reason._tag === "CircuitOpen" ? Option.some(reason.retryAfter) : Option.none()
              )
            ))
        )
    })
  }
}

/** Effect waits for the store without end, and outside the call's timeout. */
const withTimeout = (store: CircuitBreaker.CircuitBreakerStore["Service"]) =>
  CircuitBreaker.CircuitBreakerStore.of({
    ...store,
    admit: (key) => inTime(store.admit(key)),
    record: (options) => inTime(store.record(options))
  })

/** Reports the breaker's state at each call, since other programs may change what is in a store. */
const observed = (store: CircuitBreaker.CircuitBreakerStore["Service"]) =>
  CircuitBreaker.CircuitBreakerStore.of({
    ...store,
    admit: (key) =>
      store.admit(key).pipe(
        Effect.tap(({ probe }) => reportState(key, probe ? "HalfOpen" : "Closed")),
        Effect.tapError(({ reason }) =>
          reason._tag === "CircuitBreakerStoreError"
            ? Effect.void
            : reportState(key, reason._tag === "CircuitOpen" ? "Open" : "HalfOpen")
        )
      ),
    record: (options) =>
      Effect.tap(
        store.record(options),
        (transition) => transition === undefined ? Effect.void : reportState(options.key, transition.to)
      )
  })

const reportState = (key: string, state: "Closed" | "HalfOpen" | "Open"): Effect.Effect<void> =>
  Effect.flatMap(
    Instrumentation.Instrumentation,
    (instrumentation) => instrumentation?.breaker(key, state) ?? Effect.void
  )

const inTime = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | CircuitBreaker.CircuitBreakerError, R> =>
  Effect.timeoutOrElse(Effect.interruptible(effect), {
    duration: storeTimeout,
    orElse: () =>
      Effect.fail(
        new CircuitBreaker.CircuitBreakerError({
          reason: new CircuitBreaker.CircuitBreakerStoreError({ message: "the store did not respond in time" })
        })
      )
  })

const storeTimeout = Duration.seconds(1)

const isBreakerError = (error: unknown): error is CircuitBreaker.CircuitBreakerError =>
  Predicate.isTagged(error, "CircuitBreakerError")

const classify = (exit: Exit.Exit<unknown, LiveDeskError.LiveDeskError | CircuitBreaker.CircuitBreakerError>) => {
  if (Exit.isSuccess(exit)) return CircuitBreaker.success
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  if (error === undefined || isBreakerError(error)) return CircuitBreaker.ignored
  switch (error.reason._tag) {
    case "ConnectionFailed":
      return error.reason.kind === "RateLimiterUnavailable" ? CircuitBreaker.ignored : CircuitBreaker.failure()
    case "TimedOut":
      // Time that was spent waiting here says nothing about LiveDesk.
      return error.reason.phase === "Queued" ? CircuitBreaker.ignored : CircuitBreaker.failure()
    case "ConnectionLost":
      return CircuitBreaker.failure()
    case "ServerError":
      return CircuitBreaker.failure({ retryAfter: Option.getOrUndefined(error.reason.retryAfter) })
    case "UnexpectedStatus":
      return error.outcome === "Unknown" ? CircuitBreaker.failure() : CircuitBreaker.success
    case "RateLimited":
    case "InvalidInput":
    case "InvalidCredentials":
    case "CircuitOpen":
      return CircuitBreaker.ignored
    case "Unauthorized":
    case "Forbidden":
    case "RejectedInput":
    case "TransitionRejected":
    case "InvalidResponse":
    case "DriftedResponse":
    case "NotFound":
    case "Conflict":
    case "Redirected":
    case "ErrorCodeReturned":
      return CircuitBreaker.success
  }
}
