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

/** The calls of a run that are in flight, and which of them wait. A call waits once at a time. */
export interface ImportWaits {
  calls: number
  readonly waits: Set<Wait>
}

interface Wait {
  /** When the call is sent again, in milliseconds. */
  readonly until: number
  readonly reason: string
}

/** Makes those of a run that begins. */
export const make = (): ImportWaits => ({ calls: 0, waits: new Set() })

/** Counts a call while it is in flight. */
export const track = <A, E, R>(inFlight: ImportWaits, call: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    inFlight.calls++
    return Effect.onExit(call, () => Effect.sync(() => inFlight.calls--))
  })

/** Notes that a call waits; the note ends with the time, or as `end` has it. */
export const begin = ({ waits }: ImportWaits, reason: string, delay: number): Effect.Effect<Wait> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const wait = { until: now + delay, reason }
    waits.add(wait)
    return wait
  })

/** Notes that a call waits no more. */
export const end = ({ waits }: ImportWaits, wait: Wait): Effect.Effect<void> => Effect.sync(() => waits.delete(wait))

/** Notes the client's own waits of all calls of a run, beside what the program observes. */
export const observe = <A, E, R>(inFlight: ImportWaits, run: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  const noted: Instrumentation.CallInstrumentation = {
    waited: () => {},
    responded: () => {},
    retrying: ({ reason }, _attempts, delay) => Effect.asVoid(begin(inFlight, reason._tag, delay))
  }
  return Effect.flatMap(
    Instrumentation.Instrumentation,
    (outer) =>
      Effect.provideService(run, Instrumentation.Instrumentation, {
        begin: (call, context) => {
          const inner = outer?.begin(call, context)
          return inner === undefined ? noted : {
            ...inner,
            retrying: (failure, attempts, delay) =>
              Effect.andThen(noted.retrying(failure, attempts, delay), inner.retrying(failure, attempts, delay))
          }
        },
        breaker: (key, state) => outer?.breaker(key, state) ?? Effect.void,
        rows: (outcomes) => outer?.rows(outcomes) ?? Effect.void
      })
  )
}

/** The wait of a run all of whose calls wait, that which ends first. Forgets those that are over. */
export const latest = ({ calls, waits }: ImportWaits, now: number): Option.Option<ImportProgress.Waiting> => {
  let first: Wait | undefined
  for (const wait of waits) {
    if (wait.until <= now) waits.delete(wait)
    else if (first === undefined || wait.until < first.until) first = wait
  }
  if (first === undefined || waits.size < calls) return Option.none()
  return Option.some({ reason: first.reason, retryIn: Duration.millis(first.until - now) })
}
