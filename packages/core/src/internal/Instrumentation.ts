/**
 * The events of calls, circuit breakers and imports, for a program that asks for them.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"

/**
 * The reported parts of a failed call or attempt.
 *
 * @internal
 */
export interface Failure {
  readonly outcome: string
  readonly reason: { readonly _tag: string }
}

/**
 * Receives the events of one call.
 *
 * @internal
 */
export interface CallInstrumentation {
  /** Called when a request was sent after waiting for its turn, with the wait in milliseconds. */
  readonly waited: (millis: number) => void
  readonly responded: (status: number) => void
  /** Called before a retry, with the delay in milliseconds and the number of attempts so far. */
  readonly retrying: (failure: Failure, attempts: number, delay: number) => Effect.Effect<void>
  readonly ended?: (exit: Exit.Exit<unknown, Failure>) => Effect.Effect<void>
}

/**
 * Receives all events.
 *
 * @internal
 */
export interface Instrumentation {
  /** Called when a call begins. The result receives its further events. */
  readonly begin: (
    call: { readonly operation: string; readonly account: string | undefined },
    context: Context.Context<never>
  ) => CallInstrumentation
  /** Called when a call asked a circuit breaker, with the breaker's state. */
  readonly breaker: (key: string, state: "Closed" | "HalfOpen" | "Open") => Effect.Effect<void>
  /** Called with the numbers of further completed import rows. */
  readonly rows: (outcomes: { readonly [outcome: string]: number }) => Effect.Effect<void>
}

export const Instrumentation = Context.Reference<Instrumentation | undefined>(
  "@effect-livedesk/core/internal/Instrumentation",
  {
    defaultValue: () => undefined
  }
)

/**
 * Returns the attributes of a call's result, for spans, metrics and logs.
 *
 * @internal
 */
export const endOf = (exit: Exit.Exit<unknown, Failure>): { readonly [attribute: string]: string } => {
  if (Exit.isSuccess(exit)) return { "livedesk.request.outcome": "Processed" }
  return Option.match(Cause.findErrorOption(exit.cause), {
    onNone: () => ({ "error.type": Cause.hasInterruptsOnly(exit.cause) ? "Interrupted" : "Defect" }),
    onSome: ({ outcome, reason }) => ({ "error.type": reason._tag, "livedesk.request.outcome": outcome })
  })
}

/**
 * Reports the events of a call to its span and to another instrumentation.
 *
 * @internal
 */
export const ofSpan = (span: Tracer.Span, other: CallInstrumentation | undefined): CallInstrumentation => {
  let waited = 0
  return {
    waited: (millis) => {
      waited += millis
      span.attribute("livedesk.rate_limit.wait", waited / 1000)
      other?.waited(millis)
    },
    responded: (status) => {
      span.attribute("http.response.status_code", status)
      other?.responded(status)
    },
    retrying: (failure, attempts, delay) => {
      span.attribute("http.request.resend_count", attempts)
      return other?.retrying(failure, attempts, delay) ?? Effect.void
    },
    ended: (exit) => {
      for (const [name, value] of Object.entries(endOf(exit))) span.attribute(name, value)
      return other?.ended?.(exit) ?? Effect.void
    }
  }
}
