/**
 * The waits of an import's calls before they are sent again, by the import or by the client.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as ImportProgress from "../imports/ImportProgress.ts"
import * as Instrumentation from "./Instrumentation.ts"

/** A call in flight. */
export interface Call {
  /** When it is sent again, in milliseconds; past if it does not wait. */
  until: number
  reason: string
}

/** Runs a call as one of those in flight. */
export const track = <A, E, R>(
  inFlight: Set<Call>,
  run: (call: Call) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const call: Call = { until: 0, reason: "" }
    inFlight.add(call)
    return Effect.ensuring(run(call), Effect.sync(() => inFlight.delete(call)))
  })

/** Notes that a call waits. */
export const begin = (call: Call, reason: string, delay: number): Effect.Effect<void> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    call.until = now + delay
    call.reason = reason
  })

/** Notes the client's own waits of a call, beside what the program observes. */
export const observe = <A, E, R>(call: Call, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    Instrumentation.Instrumentation,
    (outer) =>
      Effect.provideService(effect, Instrumentation.Instrumentation, {
        begin: (what, context) => {
          const inner = outer?.begin(what, context)
          return {
            waited: (millis) => inner?.waited(millis),
            responded: (status) => inner?.responded(status),
            retrying: (failure, attempts, delay) =>
              Effect.andThen(
                begin(call, failure.reason._tag, delay),
                inner?.retrying(failure, attempts, delay) ?? Effect.void
              ),
            ended: (exit) => inner?.ended(exit) ?? Effect.void
          }
        },
        breaker: (key, state) => outer?.breaker(key, state) ?? Effect.void,
        rows: (outcomes) => outer?.rows(outcomes) ?? Effect.void
      })
  )

/** The wait of a run all of whose calls wait; that which ends first. */
export const latest = (inFlight: ReadonlySet<Call>, now: number): Option.Option<ImportProgress.Waiting> => {
  let first: Call | undefined
  for (const call of inFlight) {
    if (call.until <= now) return Option.none()
    if (first === undefined || call.until < first.until) first = call
  }
  return Option.map(Option.fromUndefinedOr(first), ({ reason, until }) => ({
    reason,
    retryIn: Duration.millis(until - now)
  }))
}
