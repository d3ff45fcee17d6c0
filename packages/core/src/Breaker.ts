/**
 * Circuit breakers, over Effect's `CircuitBreaker`: while LiveDesk is down, calls fail at once instead of running into
 * their timeout.
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
import * as MonotonicClock from "./internal/MonotonicClock.ts"
import type * as LiveDeskError from "./LiveDeskError.ts"

/**
 * Options of a circuit breaker.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The number of consecutive failed calls that open the breaker. Defaults to 5. */
  readonly failures?: number | undefined
  /**
   * How long the breaker stays open. Defaults to 30 seconds; a longer `Retry-After` of LiveDesk's counts instead, up to
   * an hour. Then one call is let through, and its result closes or reopens the breaker.
   */
  readonly openDuration?: Duration.Input | undefined
}

/**
 * A circuit breaker for a client's options, made by `Breaker.make`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Breaker {
  /** Marks values of `Breaker.make`. */
  readonly "~Breaker.make": true
  /** The problems of its options. */
  readonly issues: ReadonlyArray<LiveDeskError.Issue>
  /** Runs calls under the breaker of a key. An open one fails them with `HttpError/CircuitOpen`. */
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
 * Makes a circuit breaker. It counts each call once, after its retries:
 *
 * - as failed, when LiveDesk could not be reached, did not respond in time, broke off, or responded with 5xx or 408
 * - as succeeded, when LiveDesk refused it (4xx), which shows that LiveDesk is up
 * - not at all, after a 429, a refusal that is not from LiveDesk's API, invalid input, a timeout in a queue (`Queued`), or
 *   an interruption
 *
 * While it is open, calls fail with `HttpError/CircuitOpen`, and nothing is sent. It wraps whole calls instead of
 * requests, because only a call sees its timeout and a body that breaks off. Its state is in memory, by a clock that
 * never goes back, or in Effect's `CircuitBreakerStore` if the client's layer is given one. A store that fails, or does
 * not respond within a second, stops no call.
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
        : withMonotonicClock(
          Context.get(yield* Layer.build(CircuitBreaker.layerStoreMemory()), CircuitBreaker.CircuitBreakerStore)
        )
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

/** Otherwise a clock that is set back an hour keeps the circuit open for an hour. */
const withMonotonicClock = (store: CircuitBreaker.CircuitBreakerStore["Service"]) =>
  CircuitBreaker.CircuitBreakerStore.of({
    ...store,
    admit: (key) => MonotonicClock.provide(store.admit(key)),
    record: (options) => MonotonicClock.provide(store.record(options))
  })

/** Effect waits for the store without a limit, outside the call's timeout. */
const withTimeout = (store: CircuitBreaker.CircuitBreakerStore["Service"]) =>
  CircuitBreaker.CircuitBreakerStore.of({
    ...store,
    admit: (key) => inTime(store.admit(key)),
    record: (options) => inTime(store.record(options))
  })

/** Reports the state at each call, since other programs may change it in a shared store. */
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
      // Time spent queued says nothing about LiveDesk.
      return error.reason.phase === "Queued" ? CircuitBreaker.ignored : CircuitBreaker.failure()
    case "ConnectionLost":
      return CircuitBreaker.failure()
    case "ServerError":
      return CircuitBreaker.failure({ retryAfter: Option.getOrUndefined(error.reason.retryAfter) })
    case "UnexpectedStatus":
      return error.outcome === "Unknown"
        ? CircuitBreaker.failure()
        : error.foreignMediaType === undefined
        ? CircuitBreaker.success
        : CircuitBreaker.ignored
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
