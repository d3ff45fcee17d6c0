/**
 * Metrics and logs of what a program does with LiveDesk. Nothing of it is kept unless a program asks for it; the spans of
 * calls are there wherever there is a tracer.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Record from "effect/Record"
import * as Instrumentation from "./internal/Instrumentation.ts"

// ---------------------------------------------------------------------------------------------------------------------
// metrics
// ---------------------------------------------------------------------------------------------------------------------

/** In seconds: those that OpenTelemetry proposes for HTTP, and the timeout of a call. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30]

/**
 * Calls that ended, by `livedesk.operation`, `livedesk.call.result` (`success`, `failure` or `interrupted`) and, where
 * there is one, `livedesk.account`; those that failed by `error.type` (the reason's tag) and `livedesk.request.outcome` too.
 *
 * @category metrics
 * @since 0.1.0
 */
export const calls: Metric.Counter<number> = Metric.counter("livedesk.client.calls", {
  description: "Calls of LiveDesk that ended",
  incremental: true,
  attributes: { unit: "{call}" }
})

/**
 * How long calls took, in seconds, with all their waits and retries; by `livedesk.operation`, `livedesk.call.result` and
 * `livedesk.account`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const callDuration: Metric.Histogram<number> = Metric.histogram("livedesk.client.call.duration", {
  description: "Duration of calls of LiveDesk",
  boundaries,
  attributes: { unit: "s" }
})

/**
 * Retries, by `livedesk.operation`, `livedesk.account` and the `error.type` of the attempt before.
 *
 * @category metrics
 * @since 0.1.0
 */
export const retries: Metric.Counter<number> = Metric.counter("livedesk.client.retries", {
  description: "Requests sent as retries",
  incremental: true,
  attributes: { unit: "{request}" }
})

/**
 * How long requests waited for their turn under a rate limit, in seconds; by `livedesk.operation` and `livedesk.account`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const rateLimitWait: Metric.Histogram<number> = Metric.histogram("livedesk.client.rate_limit.wait", {
  description: "Time that requests waited for their turn",
  boundaries,
  attributes: { unit: "s" }
})

/**
 * How a circuit breaker stood when a call asked it last: 0 closed, 1 half open, 2 open; by `livedesk.breaker`, the key
 * that it is kept under.
 *
 * @category metrics
 * @since 0.1.0
 */
export const breakerState: Metric.Gauge<number> = Metric.gauge("livedesk.client.breaker.state", {
  description: "State of the circuit breaker: 0 closed, 1 half open, 2 open"
})

/**
 * Rows of imports that came to an end, by `livedesk.import.outcome`: `done`, `already_done`, `rejected` or `unknown`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const importRows: Metric.Counter<number> = Metric.counter("livedesk.import.rows", {
  description: "Rows of imports that came to an end",
  incremental: true,
  attributes: { unit: "{row}" }
})

// ---------------------------------------------------------------------------------------------------------------------
// layer
// ---------------------------------------------------------------------------------------------------------------------

/**
 * What is recorded.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** Whether Effect's metrics are kept up to date. Defaults to `true`. */
  readonly metrics?: boolean | undefined
  /**
   * Whether lines are logged. Defaults to `true`. Each call's end and the rows of imports are logged at debug level, a
   * retry and a circuit breaker that is half open or closes at info level, one that opens as a warning. The program gets
   * the failure as the effect's error, and knows whether it is worth more than a debug line.
   */
  readonly logs?: boolean | undefined
}

/**
 * Provides metrics and logs of all calls, circuit breakers and imports that are run with it, whichever client makes them.
 * They hold names of operations, addresses and figures: no ids, names, texts or secrets.
 *
 * ```ts
 * program.pipe(Effect.provide(Telemetry.layer()))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = ({ logs = true, metrics = true }: Options = {}): Layer.Layer<never> =>
  Layer.sync(Instrumentation.Instrumentation, () => {
    const states = new Map<string, string>()
    return {
      begin: ({ account, operation }, context) => {
        const clock = Context.get(context, Clock.Clock)
        const began = clock.currentTimeMillisUnsafe()
        const about = {
          "livedesk.operation": operation,
          ...(account === undefined ? {} : { "livedesk.account": account })
        }
        let status: number | undefined
        let resendCount = 0
        return {
          waited: (millis) => {
            if (metrics) seriesOf(rateLimitWait, about).updateUnsafe(millis / 1000, context)
          },
          responded: (responded) => {
            status = responded
          },
          retrying: ({ outcome, reason }, attempts, delay) => {
            resendCount = attempts
            const failed = { "error.type": reason._tag }
            if (metrics) seriesOf(retries, { ...about, ...failed }).updateUnsafe(1, context)
            return logLine(
              logs,
              Effect.logInfo(
                `${operation} is retried in ${Duration.format(Duration.millis(delay))}, after ${reason._tag}`
              ),
              { ...about, ...failed, "livedesk.request.outcome": outcome, "http.request.resend_count": attempts }
            )
          },
          ended: (exit) => {
            const millis = clock.currentTimeMillisUnsafe() - began
            const end = Instrumentation.endOf(exit)
            const result = Exit.isSuccess(exit)
              ? "success"
              : end["error.type"] === "Interrupted"
              ? "interrupted"
              : "failure"
            if (metrics) {
              const ended = { ...about, "livedesk.call.result": result }
              seriesOf(calls, result === "success" ? ended : { ...ended, ...end }).updateUnsafe(1, context)
              seriesOf(callDuration, ended).updateUnsafe(millis / 1000, context)
            }
            return logLine(
              logs,
              Effect.logDebug(
                `${operation}: ${end["error.type"] ?? result} after ${Duration.format(Duration.millis(millis))}`
              ),
              {
                ...about,
                ...end,
                "livedesk.call.result": result,
                ...(status === undefined ? {} : { "http.response.status_code": status }),
                ...(resendCount === 0 ? {} : { "http.request.resend_count": resendCount })
              }
            )
          }
        }
      },
      breaker: (key, state) =>
        Effect.contextWith((context: Context.Context<never>) => {
          const about = { "livedesk.breaker": key }
          if (metrics) seriesOf(breakerState, about).updateUnsafe(figureOf[state], context)
          const before = states.get(key) ?? "Closed"
          states.set(key, state)
          if (before === state) return Effect.void
          return logLine(
            logs,
            state === "Open"
              ? Effect.logWarning("the circuit breaker is open: calls of LiveDesk are stopped")
              : Effect.logInfo(
                state === "HalfOpen"
                  ? "the circuit breaker is half open: one call of LiveDesk is let through"
                  : "the circuit breaker is closed: calls of LiveDesk go on"
              ),
            about
          )
        }),
      rows: (outcomes) =>
        Effect.contextWith((context: Context.Context<never>) => {
          if (Object.values(outcomes).every((rows) => rows === 0)) return Effect.void
          for (const [outcome, rows] of Object.entries(outcomes)) {
            if (metrics && rows > 0) {
              seriesOf(importRows, { "livedesk.import.outcome": outcome }).updateUnsafe(rows, context)
            }
          }
          return logLine(
            logs,
            Effect.logDebug("rows of the import came to an end"),
            Record.mapKeys(outcomes, (outcome) => `livedesk.import.${outcome}`)
          )
        })
    }
  })

const figureOf = { Closed: 0, HalfOpen: 1, Open: 2 }

const seriesOf = <Input, State>(metric: Metric.Metric<Input, State>, attributes: Metric.Metric.AttributeSet) =>
  Metric.withAttributes(metric, attributes)

const logLine = (
  isWanted: boolean,
  line: Effect.Effect<void>,
  annotations: { readonly [name: string]: unknown }
): Effect.Effect<void> => isWanted ? Effect.annotateLogs(line, annotations) : Effect.void
