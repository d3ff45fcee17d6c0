/**
 * Metrics and logs of calls, circuit breakers and imports. Nothing is recorded without `Telemetry.layer`; the spans of
 * calls are there whenever there is a tracer.
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

/** In seconds: OpenTelemetry's buckets for HTTP, and the default timeout of a call. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30]

/**
 * The number of completed calls, by `livedesk.operation`, `livedesk.call.result` (`success`, `failure` or
 * `interrupted`) and `livedesk.account`, if there is one. Failed calls also have `error.type` (the reason's tag) and
 * `livedesk.request.outcome`.
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
 * The duration of calls in seconds, including waits and retries; by `livedesk.operation`, `livedesk.call.result` and
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
 * The number of retries, by `livedesk.operation`, `livedesk.account` and the `error.type` of the attempt before.
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
 * The time that requests waited under a rate limit, in seconds; by `livedesk.operation` and `livedesk.account`.
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
 * The state of a circuit breaker at its last call: 0 closed, 1 half open, 2 open; by `livedesk.breaker`, its key.
 *
 * @category metrics
 * @since 0.1.0
 */
export const breakerState: Metric.Gauge<number> = Metric.gauge("livedesk.client.breaker.state", {
  description: "State of the circuit breaker: 0 closed, 1 half open, 2 open"
})

/**
 * The number of completed import rows, by `livedesk.import.outcome`: `done`, `already_done`, `rejected` or `unknown`.
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
 * Options of the telemetry.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** Whether to update Effect metrics. Defaults to `true`. */
  readonly metrics?: boolean | undefined
  /**
   * Whether to log. Defaults to `true`. The end of a call and the rows of imports are logged at debug level, a retry
   * and a breaker that half-opens or closes at info level, and a breaker that opens as a warning. A failed call is no
   * more than a debug line, because the program gets the error itself.
   */
  readonly logs?: boolean | undefined
}

/**
 * Provides metrics and logs of all calls, circuit breakers and imports that run with it, of any client. They contain
 * operation names, addresses and numbers, but no ids, names, texts or secrets.
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
                  : "the circuit breaker is closed: calls of LiveDesk continue"
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
