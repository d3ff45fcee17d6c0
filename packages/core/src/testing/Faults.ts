/**
 * A LiveDesk that fails on purpose, by a script or by a seed. To a client its faults look like a real transport's. The
 * trace shows what the server saw.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as TestClock from "effect/testing/TestClock"
import { operationOf } from "../internal/EndpointPlace.ts"
import { stepsOf } from "../internal/FaultSteps.ts"
import { applyFault, drain, respond } from "../internal/FaultyResponse.ts"
import * as LiveDeskClient from "../LiveDeskClient.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import * as Emulator from "./Emulator.ts"
import { describe, type Fault, type Plan, type PlanError } from "./FaultPlan.ts"

export * from "./FaultPlan.ts"

// ---------------------------------------------------------------------------------------------------------------------
// service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A request, its fault, and its outcome at the server.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  /** The number of the request, from 1. */
  readonly number: number
  /** When it was made, in milliseconds since the layer was built. */
  readonly at: number
  /** The operation, or `METHOD /path` with `:id` for ids if it is no operation of this library. */
  readonly operation: string
  readonly fault: Option.Option<Fault>
  /** The status that the server returned, whether or not it arrived; none if the server did not process the request. */
  readonly status: Option.Option<number>
}

/**
 * The plan of faults, and the trace of requests.
 *
 * @category services
 * @since 0.1.0
 */
export class Faults extends Context.Service<Faults, {
  /** The requests so far, in the order in which they were made. */
  readonly trace: Effect.Effect<ReadonlyArray<Entry>>
  /** The current plan, as it was given. */
  readonly plan: Effect.Effect<Plan>
  /** Replaces the plan. A script begins at its first step. */
  readonly setPlan: (plan: Plan) => Effect.Effect<void, PlanError>
}>()("@effect-livedesk/core/testing/Faults") {}

/**
 * Formats a trace, one line per request, without headers, queries and bodies.
 *
 * @category accessors
 * @since 0.1.0
 */
export const format = (trace: ReadonlyArray<Entry>): string =>
  trace.map(({ at, fault, number, operation, status }) =>
    `#${number} ${at}ms ${operation}: ${Option.match(fault, { onNone: () => "passes", onSome: describe })}, ` +
    Option.match(status, { onNone: () => "nothing done", onSome: (status) => `server returned ${status}` })
  ).join("\n")

// ---------------------------------------------------------------------------------------------------------------------
// layers
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Provides an `HttpClient` over the one in the environment, whose requests meet the plan's faults. Fails with
 * `PlanError` for an invalid rate, number of bytes or time.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (plan: Plan): Layer.Layer<HttpClient.HttpClient | Faults, PlanError, HttpClient.HttpClient> =>
  Layer.effectContext(Effect.gen(function*() {
    const inner = yield* HttpClient.HttpClient
    const start = yield* Clock.currentTimeMillis
    let followed = plan
    let next = yield* stepsOf(plan)
    const trace: Array<Entry> = []

    const client = HttpClient.make((request) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const operation = operationOf(request.method, request.url, request.body._tag === "FormData")
        const fault = next(operation)
        const index = trace.length
        trace.push({ number: index + 1, at: Math.round(now - start), operation, fault, status: Option.none() })
        const processed = Effect.tap(inner.execute(request), ({ status }) =>
          Effect.sync(() => {
            const entry = trace[index]
            if (entry !== undefined) trace[index] = { ...entry, status: Option.some(status) }
          }))
        return Option.match(fault, {
          onNone: () => processed,
          onSome: (fault) => applyFault(fault, request, processed)
        })
      })
    )

    return Context.make(HttpClient.HttpClient, client).pipe(Context.add(
      Faults,
      Faults.of({
        trace: Effect.sync(() => [...trace]),
        plan: Effect.sync(() => followed),
        setPlan: (plan) =>
          Effect.map(stepsOf(plan), (steps) => {
            followed = plan
            next = steps
          })
      })
    ))
  }))

/**
 * Provides a `LiveDeskClient` that reaches an emulator in memory through the plan's faults, the emulator, and the
 * faults.
 *
 * ```ts
 * const plan = Faults.seeded({ seed: 1, rate: 0.2 })
 * const test = program.pipe(
 *   Effect.provide(LiveDesk.layer.pipe(Layer.provideMerge(Faults.layerEmulator(plan)))),
 *   Faults.runWithTestClock
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerEmulator = (
  plan: Plan,
  options?: Emulator.Options & Partial<Omit<LiveDeskClient.Options, "apiKey" | "apiSecret">>
): Layer.Layer<
  LiveDeskClient.LiveDeskClient | Emulator.Emulator | Faults,
  LiveDeskError.AuthError | LiveDeskError.ValidationError | PlanError
> =>
  Layer.provideMerge(
    Layer.unwrap(
      Effect.map(Emulator.Emulator, ({ credentials }) =>
        LiveDeskClient.layer({ baseUrl: Emulator.baseUrl, ...options, ...credentials }))
    ),
    Layer.provideMerge(layer(plan), Emulator.layerHttpClientWith(options))
  )

// ---------------------------------------------------------------------------------------------------------------------
// running
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Runs a program under a `TestClock` that advances by an hour while the program waits, with random waits drawn from a
 * seed. So retries and timeouts take no time, and the same seed gives the same trace. A program that still runs after
 * that hour hangs, so it dies.
 *
 * @category combinators
 * @since 0.1.0
 */
export const runWithTestClock = <A, E, R>(
  program: Effect.Effect<A, E, R>,
  seed: string | number = 0
): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Random.withSeed(program, seed), { startImmediately: true })
    yield* TestClock.adjust("1 hour")
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return yield* exit
    yield* Fiber.interrupt(fiber)
    return yield* Effect.die(new Error("the program still runs after an hour of the test's clock"))
  })

// ---------------------------------------------------------------------------------------------------------------------
// webhooks
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A fault of one webhook delivery: it arrives twice, or later `by` a time, so that others overtake it.
 *
 * @category models
 * @since 0.1.0
 */
export type WebhookFault = Data.TaggedEnum<{
  Duplicated: {}
  Late: { readonly by: Duration.Input }
}>

/**
 * The constructors of a webhook's faults.
 *
 * @category constructors
 * @since 0.1.0
 */
export const WebhookFault = Data.taggedEnum<WebhookFault>()

/**
 * A step of `layerWebhooks`: a fault for one delivery, or `"Pass"` for none.
 *
 * @category models
 * @since 0.1.0
 */
export type WebhookStep = WebhookFault | "Pass"

/**
 * Provides the `HttpClient` of a `WebhookSender`, over the one in the environment. The first delivery meets the first
 * step, and so on; deliveries after the last step pass. For a late delivery, the sender gets 202 at once.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWebhooks = (
  steps: ReadonlyArray<WebhookStep>
): Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.gen(function*() {
      const scope = yield* Effect.scope
      let deliveries = 0
      return HttpClient.transform(yield* HttpClient.HttpClient, (deliver, request) =>
        Effect.suspend(() => {
          const step = steps[deliveries++] ?? "Pass"
          if (step === "Pass") return deliver
          if (step._tag === "Duplicated") return Effect.andThen(Effect.flatMap(deliver, drain), deliver)
          return Effect.as(
            Effect.forkIn(Effect.ignore(Effect.delay(Effect.flatMap(deliver, drain), step.by)), scope),
            respond(HttpServerResponse.empty({ status: 202 }), request)
          )
        }))
    })
  )
