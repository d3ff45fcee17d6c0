/**
 * A LiveDesk that fails on purpose: by a script, or by a seed. The faults look to a client as a real transport's do, and
 * the trace shows what the server saw.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Contacts from "../Contacts.ts"
import * as Conversations from "../Conversations.ts"
import * as LiveDeskClient from "../LiveDeskClient.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import * as Messages from "../Messages.ts"
import * as Tickets from "../Tickets.ts"
import { NotSentProof } from "../Transport.ts"
import * as Emulator from "./Emulator.ts"

// ---------------------------------------------------------------------------------------------------------------------
// faults
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Whether a fault strikes before or after the server has acted upon the request. The client cannot tell.
 *
 * @category models
 * @since 0.1.0
 */
export type Moment = "BeforeProcessing" | "AfterProcessing"

/**
 * What goes wrong with one request.
 *
 * - `Refused`, `DnsFailed`: no connection, so that nothing is sent
 * - `Silent`: no response ever comes; only the client's timeout ends it
 * - `Reset`: the connection is lost before a response
 * - `CutShort`: the server acts, and its response breaks off after so many bytes
 * - `SlowBody`: the server acts, and its response comes so many bytes at a time, with a pause between
 * - `RateLimited`: 429, with or without `Retry-After`, which is in seconds or a date
 * - `Failing`: an error page of HTML, with or without `Retry-After`
 * - `MalformedBody`: the server acts, and where that succeeds it returns 200 with another body than it should
 *
 * @category models
 * @since 0.1.0
 */
export type Fault = Data.TaggedEnum<{
  Refused: {}
  DnsFailed: {}
  Silent: { readonly when: Moment }
  Reset: { readonly when: Moment }
  CutShort: { readonly bytes: number }
  SlowBody: { readonly bytes: number; readonly pause: Duration.Input }
  RateLimited: { readonly retryAfter?: string }
  Failing: { readonly status: 500 | 502 | 503; readonly when: Moment; readonly retryAfter?: string }
  MalformedBody: { readonly body: string }
}>

/**
 * The constructors of faults: `Fault.Reset({ when: "AfterProcessing" })`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const Fault = Data.taggedEnum<Fault>()

const moments: ReadonlyArray<Moment> = ["BeforeProcessing", "AfterProcessing"]

/**
 * A fault of each kind, with each of its moments and statuses.
 *
 * @category constructors
 * @since 0.1.0
 */
export const kinds: ReadonlyArray<Fault> = [
  Fault.Refused(),
  Fault.DnsFailed(),
  ...moments.flatMap((when) => [
    Fault.Silent({ when }),
    Fault.Reset({ when }),
    Fault.Failing({ status: 500, when }),
    Fault.Failing({ status: 502, when }),
    Fault.Failing({ status: 503, when, retryAfter: "1" })
  ]),
  Fault.CutShort({ bytes: 10 }),
  Fault.SlowBody({ bytes: 100, pause: "50 millis" }),
  Fault.RateLimited({}),
  Fault.RateLimited({ retryAfter: "2" }),
  Fault.MalformedBody({ body: "<html><title>Log in</title></html>" }),
  Fault.MalformedBody({ body: "{}" })
]

// ---------------------------------------------------------------------------------------------------------------------
// plans
// ---------------------------------------------------------------------------------------------------------------------

/**
 * What happens to one request of a script: a fault, or nothing.
 *
 * @category models
 * @since 0.1.0
 */
export type Step = Fault | "Pass"

/**
 * The key of a script's requests: the operation, `METHOD /path` where no operation of this library has them (an id in
 * the path is `:id`), or `*` for all.
 *
 * @category models
 * @since 0.1.0
 */
export type Operation =
  | "*"
  | "contacts.create"
  | "contacts.list"
  | "contacts.update"
  | "conversations.create"
  | "conversations.toggleStatus"
  | "messages.send"
  | "messages.sendFiles"
  | "tickets.create"
  | "tickets.get"
  | "tickets.update"
  | `${string} /${string}`

/**
 * Faults by the operation's name: its first request meets the first step, and so on; those after the last pass. The steps
 * under `*` count over all requests, and hold where the operation has none.
 *
 * @category models
 * @since 0.1.0
 */
export interface Script {
  readonly _tag: "Script"
  readonly steps: { readonly [operation in Operation]?: ReadonlyArray<Step> }
}

/**
 * Faults by chance: of `rate` of all requests, each kind as often, drawn by a generator of its own that begins at `seed`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Seeded {
  readonly _tag: "Seeded"
  readonly seed: string | number
  /** From 0, for none, to 1, for every request. */
  readonly rate: number
  /** The faults to draw from. Defaults to `kinds`. */
  readonly faults?: ReadonlyArray<Fault> | undefined
}

/**
 * Which requests meet which faults.
 *
 * @category models
 * @since 0.1.0
 */
export type Plan = Script | Seeded

/**
 * Faults by the operation's name.
 *
 * ```ts
 * // The second message gets a 429, and when it is sent again the connection is lost after LiveDesk acted.
 * Faults.script({
 *   "messages.send": [
 *     "Pass",
 *     Faults.Fault.RateLimited({ retryAfter: "2" }),
 *     Faults.Fault.Reset({ when: "AfterProcessing" })
 *   ]
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const script = (steps: Script["steps"]): Script => ({ _tag: "Script", steps })

/**
 * Faults by chance.
 *
 * @category constructors
 * @since 0.1.0
 */
export const seeded = (options: Omit<Seeded, "_tag">): Seeded => ({ _tag: "Seeded", ...options })

/**
 * Every script with one fault of one kind at one of the first so many requests: what a program must survive to survive any
 * single fault.
 *
 * @category constructors
 * @since 0.1.0
 */
export const singleFaults = (requests: number): ReadonlyArray<Script> =>
  Array.from(
    { length: requests },
    (_, index) =>
      kinds.map((fault) => script({ "*": [...Array.from({ length: index }, () => "Pass" as const), fault] }))
  ).flat()

/**
 * A plan that cannot be followed: `problem` says what is wrong with it.
 *
 * @category errors
 * @since 0.1.0
 */
export class PlanError extends Data.TaggedError("PlanError")<{ readonly problem: string }> {
  override get message(): string {
    return this.problem
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * What one request met, and its outcome at the server.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  /** Which request it was, from 1. */
  readonly number: number
  /** When it was made, in milliseconds since the layer was built. */
  readonly at: number
  /** The operation, or `METHOD /path` where no operation of this library has them, with `:id` for ids in the path. */
  readonly operation: string
  readonly fault: Option.Option<Fault>
  /** The status that the server returned, whether or not it arrived; none where the server did not act. */
  readonly status: Option.Option<number>
}

/**
 * The faults of a LiveDesk.
 *
 * @category services
 * @since 0.1.0
 */
export class Faults extends Context.Service<Faults, {
  /** One entry for each request so far, in the order in which they were made. */
  readonly trace: Effect.Effect<ReadonlyArray<Entry>>
  /** The plan that is followed, as it was given. */
  readonly plan: Effect.Effect<Plan>
  /** Goes on by another plan, whose script begins at its first step. */
  readonly follow: (plan: Plan) => Effect.Effect<void, PlanError>
}>()("@effect-livedesk/core/testing/Faults") {}

/**
 * A trace as text, a line for each request. It holds no header, query or body.
 *
 * @category accessors
 * @since 0.1.0
 */
export const format = (trace: ReadonlyArray<Entry>): string =>
  trace.map(({ at, fault, number, operation, status }) =>
    `#${number} ${at}ms ${operation}: ${Option.match(fault, { onNone: () => "passes", onSome: describe })}, ` +
    Option.match(status, { onNone: () => "nothing done", onSome: (status) => `server returned ${status}` })
  ).join("\n")

/**
 * A fault as text, as `Failing status 500 when AfterProcessing`; without its body.
 *
 * @category accessors
 * @since 0.1.0
 */
export const describe = ({ _tag, ...parameters }: Fault): string =>
  [_tag, ...Object.entries(parameters).flatMap(([name, value]) => name === "body" ? [] : [`${name} ${String(value)}`])]
    .join(" ")

// ---------------------------------------------------------------------------------------------------------------------
// layers
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Provides an `HttpClient` over the one in the environment, whose requests meet the plan's faults. Fails with `PlanError`
 * for a rate that is none, and for bytes and times that cannot be.
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
        follow: (plan) =>
          Effect.map(stepsOf(plan), (steps) => {
            followed = plan
            next = steps
          })
      })
    ))
  }))

/**
 * Provides a `LiveDeskClient` that reaches an emulator in memory through the plan's faults, the emulator itself, and the
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
      Effect.map(Emulator.Emulator, ({ credentials }) => LiveDeskClient.layer({ ...options, ...credentials }))
    ),
    Layer.provideMerge(layer(plan), Emulator.layerHttpClientWith(options))
  )

// ---------------------------------------------------------------------------------------------------------------------
// running
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Runs a program under a test's clock, which is moved on by an hour while the program waits, with waits drawn from a seed.
 * So retries and timeouts take no time, and the same seed gives the same trace. A program that still runs after that
 * hour dies: it hangs.
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
 * What goes wrong with one delivery of a webhook: it comes twice, or `by` so much later, and others overtake it.
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
 * Provides the `HttpClient` that a `WebhookSender` delivers with, over the one in the environment: its first delivery
 * meets the first step, and so on; those after the last pass. For a late delivery, the sender gets 202 at once.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWebhooks = (
  steps: ReadonlyArray<WebhookFault | "Pass">
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

// ---------------------------------------------------------------------------------------------------------------------
// applying
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Returns a function that gives each request the fault that it meets.
 *
 * @internal
 */
export const stepsOf = (plan: Plan): Effect.Effect<(operation: string) => Option.Option<Fault>, PlanError> =>
  Option.match(problemOf(plan), {
    onNone: () => plan._tag === "Script" ? byScript(plan) : byChance(plan),
    onSome: (problem) => Effect.fail(new PlanError({ problem }))
  })

const problemOf = (plan: Plan): Option.Option<string> => {
  if (plan._tag === "Seeded" && !(plan.rate >= 0 && plan.rate <= 1)) return Option.some("expected a rate from 0 to 1")
  const faults = plan._tag === "Seeded"
    ? plan.faults ?? kinds
    : Object.values(plan.steps).flatMap((steps = []) => steps.filter((step) => step !== "Pass"))
  if (plan._tag === "Seeded" && faults.length === 0) return Option.some("expected faults to draw from")
  return Option.flatMap(
    Option.fromUndefinedOr(faults.find((fault) => !isPossible(fault))),
    (fault) =>
      Option.some(`expected whole numbers of bytes, 1 at least for SlowBody, and times that can be: ${describe(fault)}`)
  )
}

const isPossible = (fault: Fault): boolean => {
  switch (fault._tag) {
    case "CutShort":
      return Number.isSafeInteger(fault.bytes) && fault.bytes >= 0
    case "SlowBody":
      return Number.isSafeInteger(fault.bytes) && fault.bytes >= 1 &&
        Option.exists(Duration.fromInput(fault.pause), (pause) => !Duration.isNegative(pause))
    case "Refused":
    case "DnsFailed":
    case "Silent":
    case "Reset":
    case "RateLimited":
    case "Failing":
    case "MalformedBody":
      return true
  }
}

const byScript = (plan: Script) =>
  Effect.sync(() => {
    const steps = new Map(Object.entries(plan.steps))
    const counts = new Map<string, number>()
    const step = (name: string): Step | undefined => {
      const count = counts.get(name) ?? 0
      counts.set(name, count + 1)
      return steps.get(name)?.[count]
    }
    return (operation: string): Option.Option<Fault> => {
      const [own, any] = [step(operation), step("*")]
      const met = own ?? any
      return met === undefined || met === "Pass" ? Option.none() : Option.some(met)
    }
  })

const byChance = ({ faults = kinds, rate, seed }: Seeded) =>
  Effect.map(
    Random.withSeed(Effect.service(Random.Random), seed),
    (random) => (): Option.Option<Fault> => {
      const [chance, choice] = [random.nextDoubleUnsafe(), random.nextDoubleUnsafe()]
      return chance < rate ? Option.fromUndefinedOr(faults[Math.floor(choice * faults.length)]) : Option.none()
    }
  )

type Processed<R> = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError, R>

/**
 * The response to a request that meets a fault, where `processed` is the response without the fault.
 *
 * @internal
 */
export const applyFault = <R>(
  fault: Fault,
  request: HttpClientRequest.HttpClientRequest,
  processed: Processed<R>
): Processed<R> => {
  const first = (when: Moment): Effect.Effect<unknown, HttpClientError.HttpClientError, R> =>
    when === "AfterProcessing" ? Effect.flatMap(processed, drain) : Effect.void
  const broken = (cause: unknown) =>
    Effect.fail(new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) }))
  const unconnected = (code: string, syscall: string) =>
    broken(new NotSentProof({ cause: new NativeError({ code, syscall }) }))
  switch (fault._tag) {
    case "Refused":
      return unconnected("ECONNREFUSED", "connect")
    case "DnsFailed":
      return unconnected("ENOTFOUND", "getaddrinfo")
    case "Silent":
      return Effect.andThen(first(fault.when), Effect.never)
    case "Reset":
      return Effect.andThen(first(fault.when), broken(new NativeError({ code: "ECONNRESET" })))
    case "CutShort":
      return Effect.map(processed, (response) =>
        withBody(
          response,
          request,
          Stream.concat(limited(response, fault.bytes), Stream.fail(new NativeError({ code: "ECONNRESET" })))
        ))
    case "SlowBody":
      return Effect.map(processed, (response) => withBody(response, request, slowBody(response, fault)))
    case "RateLimited":
      return Effect.succeed(respond(
        HttpServerResponse.text("Retry later\n", { status: 429, headers: retryAfter(fault.retryAfter) }),
        request
      ))
    case "Failing":
      return Effect.as(
        first(fault.when),
        respond(
          HttpServerResponse.html(`<html><title>${fault.status}</title><h1>${fault.status}</h1></html>`).pipe(
            HttpServerResponse.setStatus(fault.status),
            HttpServerResponse.setHeaders(retryAfter(fault.retryAfter))
          ),
          request
        )
      )
    case "MalformedBody":
      return Effect.flatMap(processed, (response) =>
        response.status >= 300
          ? Effect.succeed(response)
          : Effect.as(drain(response), respond(HttpServerResponse.html(fault.body), request)))
  }
}

/** What Node.js gives as the cause of a transport's failure. */
class NativeError extends Data.Error<{ readonly code: string; readonly syscall?: string | undefined }> {}

const drain = (response: HttpClientResponse.HttpClientResponse) => Effect.ignore(Stream.runDrain(response.stream))

const retryAfter = (value: string | undefined) => value === undefined ? {} : { "retry-after": value }

const respond = (response: HttpServerResponse.HttpServerResponse, request: HttpClientRequest.HttpClientRequest) =>
  HttpServerResponse.toClientResponse(response, { request })

const withBody = (
  { headers, status }: HttpClientResponse.HttpClientResponse,
  request: HttpClientRequest.HttpClientRequest,
  body: Stream.Stream<Uint8Array, unknown>
) => respond(HttpServerResponse.stream(body, { status, headers }), request)

const limited = ({ stream }: HttpClientResponse.HttpClientResponse, bytes: number) =>
  Stream.mapAccum(stream, () => bytes, (left, chunk) => {
    const taken = chunk.subarray(0, Math.max(left, 0))
    return [left - taken.byteLength, [taken]] as const
  })

const slowBody = (
  { stream }: HttpClientResponse.HttpClientResponse,
  { bytes, pause }: { readonly bytes: number; readonly pause: Duration.Input }
) =>
  stream.pipe(
    Stream.flatMap((chunk) =>
      Stream.fromIterable(
        Array.from(
          { length: Math.ceil(chunk.byteLength / bytes) },
          (_, index) => chunk.subarray(index * bytes, (index + 1) * bytes)
        )
      )
    ),
    Stream.mapEffect((piece) => Effect.delay(Effect.succeed(piece), pause))
  )

// ---------------------------------------------------------------------------------------------------------------------
// operations
// ---------------------------------------------------------------------------------------------------------------------

const operations = [
  Contacts.create,
  Contacts.list,
  Contacts.update,
  Conversations.create,
  Conversations.toggleStatus,
  Messages.send,
  Tickets.create,
  Tickets.get,
  Tickets.update
].map(({ method, operation, path }) => ({
  operation,
  method,
  path: new RegExp(`${path.replaceAll(/:\w+/g, "[^/]+")}$`)
}))

/**
 * The operation of a request, or its method and path with ids as `:id`.
 *
 * @internal
 */
export const operationOf = (method: string, url: string, isForm: boolean): string => {
  const [path = ""] = url.split(/[?#]/)
  const { operation } = operations.find((known) => known.method === method && known.path.test(path)) ?? {}
  return operation === Messages.send.operation && isForm
    ? Messages.sendFiles.operation
    : operation ??
      `${method} ${path.replace(/^\w+:\/\/[^/]*/, "").replaceAll(/\/(?!v\d+\/|[a-z_]+(?:\/|$))[^/]+/g, "/:id")}`
}
