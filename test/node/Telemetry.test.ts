import { Breaker, Contacts, LiveDesk, type LiveDeskClient, RateLimit, Telemetry } from "@effect-livedesk/core"
import { ContactImport, ImportJournal, ImportMapping, ImportRows } from "@effect-livedesk/core/imports"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import * as NodeSqlite from "@effect-livedesk/node/NodeSqlite"
import { assert, describe, it } from "@effect/vitest"
import {
  Array,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Metric,
  References,
  Schema,
  Stream,
  type Tracer
} from "effect"
import { CircuitBreaker } from "effect/persistence"
import { TestClock } from "effect/testing"
import { readFileSync } from "node:fs"
import * as Breadth from "../Breadth.ts"
import * as Spans from "../Spans.ts"

const { Fault } = Faults

interface Line {
  readonly level: string
  readonly text: string
  readonly annotations: Readonly<Record<string, unknown>>
}

/** Runs a program with a registry of metrics, a tracer and a logger of its own, and returns what they saw. */
const seenOf = Effect.fnUntraced(function*<A, E>(
  program: Effect.Effect<A, E>,
  telemetry: Layer.Layer<never> = Telemetry.layer()
) {
  const [spans, lines]: [Array<Tracer.NativeSpan>, Array<Line>] = [[], []]
  const collecting = Logger.layer([
    Logger.make(({ fiber, logLevel, message }) => {
      lines.push({
        level: logLevel,
        text: [message].flat().join(" "),
        annotations: fiber.getRef(References.CurrentLogAnnotations)
      })
    })
  ])
  return yield* Effect.gen(function*() {
    const exit = yield* Effect.exit(Effect.provide(program, telemetry))
    return { exit, spans, lines, metrics: yield* Metric.snapshot }
  }).pipe(
    Effect.provide(Layer.mergeAll(collecting, Spans.collecting(spans))),
    Effect.provideService(References.MinimumLogLevel, "All"),
    Effect.provideService(Metric.MetricRegistry, new Map())
  )
})

type Seen = Effect.Success<ReturnType<typeof seenOf>>

/** The series of a metric: their attributes, and their state. */
const series = ({ metrics }: Pick<Seen, "metrics">, { id }: { readonly id: string }) =>
  metrics.filter((metric) => metric.id === id).map((metric) => {
    const { unit: _, ...by } = metric.attributes ?? {}
    return { by, state: metric.state }
  })

const counts = (seen: Pick<Seen, "metrics">, metric: { readonly id: string }) =>
  series(seen, metric).map(({ by, state }) => ({ by, count: "count" in state ? state.count : undefined }))

const total = (seen: Pick<Seen, "metrics">, metric: { readonly id: string }) =>
  counts(seen, metric).reduce((sum, { count }) => sum + Number(count), 0)

const services = (plan: Faults.Plan, options: Partial<LiveDeskClient.Options> = {}) =>
  LiveDesk.layer.pipe(Layer.provideMerge(Faults.layerEmulator(plan, options)))

const list = (options?: LiveDeskClient.CallOptions) =>
  Effect.flatMap(Contacts.Contacts, (contacts) => contacts.list({}, options))

const create = (email: string) =>
  Effect.flatMap(Contacts.Contacts, (contacts) => contacts.create({ inboxId: 407, name: "Alice", email }))

/** Moves the clock on, second by second, until the program is done. */
const inTime = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(program, { startImmediately: true })
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 second")
    return yield* Fiber.join(fiber)
  })

describe("metrics", () => {
  it.effect("are none unless a program asks for them", () =>
    Effect.gen(function*() {
      const program = create("alice@acme.inc").pipe(Effect.provide(services(Faults.script({}))))
      for (const telemetry of [Layer.empty, Telemetry.layer({ metrics: false })]) {
        const { exit, metrics } = yield* seenOf(program, telemetry)
        assert.isTrue(Exit.isSuccess(exit))
        assert.deepStrictEqual(metrics, [])
      }
    }))

  it.effect("count calls by operation and outcome", () =>
    Effect.gen(function*() {
      const seen = yield* seenOf(
        Effect.gen(function*() {
          yield* create("alice@acme.inc")
          yield* create("bob@acme.inc")
          yield* Effect.flip(create("alice@acme.inc"))
          yield* Effect.flip(list({ timeout: "0 seconds" }))
          const hanging = yield* Effect.forkChild(list(), { startImmediately: true })
          yield* TestClock.adjust("2 seconds")
          yield* Fiber.interrupt(hanging)
        }).pipe(
          Effect.provide(services(Faults.script({ "contacts.list": [Fault.Silent({ when: "AfterProcessing" })] }), {
            account: "acme"
          }))
        )
      )
      assert.deepStrictEqual(seen.exit, Exit.void)
      const about = (operation: string, outcome: string) => ({
        "livedesk.operation": operation,
        "livedesk.account": "acme",
        "livedesk.call.result": outcome
      })
      assert.sameDeepMembers(counts(seen, Telemetry.calls), [
        { by: about("contacts.create", "success"), count: 2 },
        {
          by: {
            ...about("contacts.create", "failure"),
            "error.type": "RejectedInput",
            "livedesk.request.outcome": "Rejected"
          },
          count: 1
        },
        {
          by: {
            ...about("contacts.list", "failure"),
            "error.type": "InvalidInput",
            "livedesk.request.outcome": "NotSent"
          },
          count: 1
        },
        { by: { ...about("contacts.list", "interrupted"), "error.type": "Interrupted" }, count: 1 }
      ])
      const interrupted = series(seen, Telemetry.callDuration).find(({ by }) =>
        by["livedesk.call.result"] === "interrupted"
      )
      assert.deepInclude(interrupted?.state, { count: 1, sum: 2 })
    }))

  it.effect.prop(
    "count every call once, and every request beyond a call's first as a retry",
    { seed: Schema.Int },
    ({ seed }) =>
      Effect.gen(function*() {
        const program = Effect.gen(function*() {
          const call = (index: number) =>
            Effect.exit(index % 3 === 0 ? Effect.asVoid(list()) : create(`c${index}@acme.inc`))
          yield* inTime(Effect.forEach(Array.range(1, 12), call, { concurrency: 4 }))
          return (yield* (yield* Faults.Faults).trace).length
        })
        const seen = yield* seenOf(program.pipe(Effect.provide(services(Faults.seeded({ seed, rate: 0.4 })))))
        assert.isTrue(Exit.isSuccess(seen.exit))
        assert.strictEqual(total(seen, Telemetry.calls), 12)
        assert.strictEqual(total(seen, Telemetry.callDuration), 12)
        const sent = Exit.isSuccess(seen.exit) ? seen.exit.value : 0
        assert.strictEqual(12 + total(seen, Telemetry.retries), sent)
        const again = seen.spans.map(({ attributes }) => Number(attributes.get("http.request.resend_count") ?? 0))
        assert.strictEqual(again.reduce((sum, count) => sum + count, 0), total(seen, Telemetry.retries))
      }),
    Breadth.runs(100)
  )

  it.effect("record how long requests waited for their turn, as their spans do", () =>
    Effect.gen(function*() {
      const program = inTime(Effect.all(Array.makeBy(5, () => list()), { concurrency: "unbounded" })).pipe(
        Effect.provide(services(Faults.script({}), { rateLimit: RateLimit.make({ limit: 2 }) }))
      )
      const seen = yield* seenOf(program)
      assert.isTrue(Exit.isSuccess(seen.exit))
      const [waits] = series(seen, Telemetry.rateLimitWait)
      assert.deepInclude(waits?.state, { count: 5, sum: 4, min: 0, max: 2 })
      assert.deepStrictEqual(seen.spans.map(({ attributes }) => attributes.get("livedesk.rate_limit.wait")), [
        0,
        0,
        1,
        1,
        2
      ])
    }))

  it.effect("record a wait that the timeout ended, too", () =>
    Effect.gen(function*() {
      const program = inTime(Effect.all([list(), Effect.flip(list({ timeout: "5 seconds" }))], { concurrency: 2 }))
        .pipe(
          Effect.provide(services(Faults.script({}), { rateLimit: RateLimit.make({ limit: 1, window: "1 minute" }) }))
        )
      const [waits] = series(yield* seenOf(program), Telemetry.rateLimitWait)
      assert.deepInclude(waits?.state, { count: 2, sum: 5, max: 5 })
    }))

  it.effect("record the circuit breaker's state", () =>
    Effect.gen(function*() {
      const states: Array<unknown> = []
      const program = Effect.gen(function*() {
        const look = Effect.map(Metric.snapshot, (metrics) => {
          states.push(...series({ metrics }, Telemetry.breakerState).map(({ state }) => state))
        })
        yield* list()
        yield* look
        yield* Effect.flip(list())
        yield* Effect.flip(list())
        yield* look
        yield* TestClock.adjust("30 seconds")
        const probing = yield* Effect.forkChild(list(), { startImmediately: true })
        yield* look
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.join(probing)
        yield* look
      }).pipe(Effect.provide(services(
        Faults.script({
          "*": ["Pass", Fault.Refused(), Fault.Refused(), Fault.SlowBody({ bytes: 10_000, pause: "1 second" })]
        }),
        { account: "acme", circuitBreaker: Breaker.make({ failures: 2 }), retries: { times: 0 } }
      )))
      const seen = yield* seenOf(program)
      assert.deepStrictEqual(seen.exit, Exit.void)
      assert.deepStrictEqual(states, [{ value: 0 }, { value: 2 }, { value: 1 }, { value: 0 }])
      assert.deepStrictEqual(series(seen, Telemetry.breakerState).map(({ by }) => by), [
        { "livedesk.breaker": "livedesk:acme" }
      ])
      assert.deepStrictEqual(
        seen.lines.filter(({ text }) => text.startsWith("the circuit breaker")).map(({ level }) => level),
        ["Warn", "Info", "Info"]
      )
    }))

  it.effect.each<readonly [CircuitBreaker.CircuitBreakerErrorReason["_tag"], ReadonlyArray<unknown>]>([
    ["CircuitOpen", [{ value: 2 }]],
    ["CircuitHalfOpen", [{ value: 1 }]],
    ["CircuitBreakerStoreError", []]
  ])("record what the breaker's store says, here %s", ([reason, states]) =>
    Effect.gen(function*() {
      const key = "livedesk"
      const reasons = {
        CircuitOpen: new CircuitBreaker.CircuitOpen({ key, retryAfter: Duration.seconds(1) }),
        CircuitHalfOpen: new CircuitBreaker.CircuitHalfOpen({ key }),
        CircuitBreakerStoreError: new CircuitBreaker.CircuitBreakerStoreError({ message: "the store is down" })
      }
      const program = Effect.exit(list()).pipe(
        Effect.provide(
          services(Faults.script({}), { circuitBreaker: Breaker.make(), retries: { times: 0 } }).pipe(
            Layer.provide(Layer.mock(CircuitBreaker.CircuitBreakerStore, {
              admit: () => Effect.fail(new CircuitBreaker.CircuitBreakerError({ reason: reasons[reason] }))
            }))
          )
        )
      )
      const seen = series(yield* seenOf(program), Telemetry.breakerState)
      assert.deepStrictEqual(seen.map(({ state }) => state), states)
    }))

  it.effect("count the rows of imports, those of one that is broken off too", () =>
    Effect.gen(function*() {
      const rows = ImportRows.fromStream(Stream.fromIterable([
        { name: "Nobody" },
        ...Array.makeBy(9, (index) => ({ email: `c${index}@acme.inc`, name: `Customer ${index}` }))
      ]))
      const journal = ImportJournal.layer.pipe(Layer.provide(NodeSqlite.layer({ file: ":memory:" })))
      const program = Effect.gen(function*() {
        const { changes } = yield* Emulator.Emulator
        const first = yield* Effect.forkChild(ContactImport.run({ inboxId: 407, rows, concurrency: 1 }), {
          startImmediately: true
        })
        yield* Stream.runDrain(Stream.take(changes, 3))
        yield* Fiber.interrupt(first)
        const brokenOff = yield* Metric.snapshot
        yield* ContactImport.run({ inboxId: 407, rows })
        return brokenOff
      }).pipe(Effect.provide([services(Faults.script({})), journal]), Effect.scoped)
      const seen = yield* seenOf(program)
      const rowsBy = (metrics: Seen["metrics"]) =>
        Object.fromEntries(
          counts({ metrics }, Telemetry.importRows).map((
            { by, count }
          ) => [by["livedesk.import.outcome"], Number(count)])
        )
      const brokenOff = rowsBy(Exit.isSuccess(seen.exit) ? seen.exit.value : [])
      assert.isAtLeast(brokenOff.done ?? 0, 1)
      const all = rowsBy(seen.metrics)
      assert.strictEqual(all.done, 9)
      assert.strictEqual(all.already_done, brokenOff.done)
      assert.strictEqual(all.rejected, 2)
    }))
})

describe("logs", () => {
  it.effect("record each call's end, and each retry", () =>
    Effect.gen(function*() {
      const program = inTime(create("alice@acme.inc")).pipe(
        Effect.provide(services(Faults.script({ "*": [Fault.RateLimited({ retryAfter: "3" })] }), { account: "acme" }))
      )
      const { exit, lines } = yield* seenOf(program)
      assert.isTrue(Exit.isSuccess(exit))
      const about = { "livedesk.operation": "contacts.create", "livedesk.account": "acme" }
      const way = {
        level: "Debug",
        text: "LiveDesk's requests go through the HttpClient: it offers no dispatch of its own",
        annotations: {}
      }
      assert.deepStrictEqual(lines, [
        way,
        {
          level: "Info",
          text: "contacts.create is retried in 3s, after RateLimited",
          annotations: {
            ...about,
            "error.type": "RateLimited",
            "livedesk.request.outcome": "Rejected",
            "http.request.resend_count": 1
          }
        },
        {
          level: "Debug",
          text: "contacts.create: success after 3s",
          annotations: {
            ...about,
            "livedesk.request.outcome": "Processed",
            "livedesk.call.result": "success",
            "http.response.status_code": 200,
            "http.request.resend_count": 1
          }
        }
      ])
      const silent = yield* seenOf(program, Telemetry.layer({ logs: false }))
      assert.isTrue(Exit.isSuccess(silent.exit))
      assert.deepStrictEqual(silent.lines, [way])
    }))
})

// ---------------------------------------------------------------------------------------------------------------------
// the names, which are a contract
// ---------------------------------------------------------------------------------------------------------------------

/** The names in a column of the first table under a heading of the page. */
const documented = (heading: string, column: number): ReadonlyArray<string> => {
  const page = readFileSync(new URL("../../docs/telemetry.md", import.meta.url), "utf8")
  const [, section = ""] = page.split(`### ${heading}\n`)
  const [, table = ""] = /((?:^\|.*\n)+)/m.exec(section) ?? []
  const names = table.split("\n").slice(2).flatMap((row) =>
    [...(row.split("|")[column] ?? "").matchAll(/`([a-z_]+(?:\.[a-z_]+)+)`/g)].map(([, name = ""]) => name)
  )
  return [...new Set(names)].sort()
}

describe("names", () => {
  it.effect("are those of the page, all of them and no others", () =>
    Effect.gen(function*() {
      const limited = services(
        Faults.script({ "*": [Fault.Refused(), "Pass", Fault.Failing({ status: 503, when: "BeforeProcessing" })] }),
        { account: "acme", rateLimit: RateLimit.make({ limit: 2 }), circuitBreaker: Breaker.make({ failures: 1 }) }
      )
      const journal = ImportJournal.layer.pipe(Layer.provide(NodeSqlite.layer({ file: ":memory:" })))
      const rows = ImportRows.fromStream(Stream.fromIterable([{ email: "bob@acme.inc", message: "Hello" }]))
      const calls = yield* seenOf(
        inTime(Effect.andThen(list(), Effect.flip(create("alice@acme.inc")))).pipe(Effect.provide(limited))
      )
      const imported = yield* seenOf(
        // The outcome of the message is unknown.
        ContactImport.run({ inboxId: 407, rows, mapping: ImportMapping.forColumns({ message: "message" }) }).pipe(
          Effect.provide([
            services(Faults.script({ "messages.send": [Fault.Reset({ when: "AfterProcessing" })] })),
            journal
          ])
        )
      )
      const metrics = [...calls.metrics, ...imported.metrics]
      const lines = [...calls.lines, ...imported.lines]
      const sorted = (names: Iterable<string>) => [...new Set(names)].sort()

      assert.deepStrictEqual(
        sorted(calls.spans.flatMap(({ attributes }) => [...attributes.keys()])),
        documented("Spans", 1)
      )
      assert.deepStrictEqual(sorted(metrics.map(({ id }) => id)), documented("Metrics", 1))
      assert.deepStrictEqual(
        sorted(metrics.flatMap(({ attributes }) => Object.keys(attributes ?? {})).filter((name) => name !== "unit")),
        documented("Metrics", 3)
      )
      assert.deepStrictEqual(
        sorted(lines.flatMap(({ annotations }) => Object.keys(annotations))),
        documented("Logs", 3)
      )
    }))
})
