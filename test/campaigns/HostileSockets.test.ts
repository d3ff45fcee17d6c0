import { Contacts, type LiveDeskError } from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import { Array, Clock, Effect, Metric, Random, Redacted, Result, Schedule } from "effect"
import * as Breadth from "../Breadth.ts"
import * as HostileServer from "../HostileServer.ts"
import * as Transports from "../Transports.ts"

type Behaviour = HostileServer.Behaviour

const contact = JSON.stringify({ payload: { contact: { id: 7 }, contact_inbox: { source_id: "s-1" } } })
const page = JSON.stringify({ meta: { count: 0, current_page: 1 }, payload: [] })

/** A body that `create` and `list` both take. */
const both = JSON.stringify({ meta: { count: 0, current_page: 1 }, payload: { contact: { id: 7 } } })

const bodies = [contact, page, both, "<html>Bad Gateway</html>", "", "{\"payload\":"]

const leaves: ReadonlyArray<HostileServer.Leave> = ["Close", "Reset", "Hang"]

const pick = <A>(from: ReadonlyArray<A>) =>
  Random.nextIntBetween(0, from.length - 1).pipe(
    Effect.flatMap((index) => Effect.fromOption(Array.get(from, index))),
    Effect.orDie
  )

const statuses = [200, 200, 201, 302, 400, 401, 404, 408, 422, 429, 500, 502, 503]

const behaviour: Effect.Effect<Behaviour> = Effect.gen(function*() {
  const status = yield* pick(statuses)
  const leave = yield* pick(leaves)
  const body = yield* pick(bodies)
  return yield* pick<Behaviour>([
    { _tag: "OnAccept", leave },
    { _tag: "OnFirstBytes", leave },
    { _tag: "OnRequest", leave },
    { _tag: "Respond", status, body },
    { _tag: "Respond", status, body, stays: true },
    { _tag: "Respond", status: 200, body: contact, stays: true },
    { _tag: "BreakOff", status, framing: "Length", body, leave },
    { _tag: "BreakOff", status, framing: "Chunked", body, leave },
    { _tag: "SlowBody", status, body },
    { _tag: "Raw", bytes: "\u0000\u0001garbage\r\n\r\n" },
    { _tag: "Raw", bytes: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n{}\r\n" },
    { _tag: "Raw", bytes: `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n${contact}HTTP/1.1 200 OK\r\n\r\n` },
    { _tag: "Raw", bytes: "HTTP/1.1 100 Continue\r\n\r\n" },
    { _tag: "Raw", bytes: "HTTP/1.1 500 Early\r\ncontent-length: 0\r\n\r\n", at: "FirstBytes" },
    { _tag: "EndlessHeaders" },
    { _tag: "EndlessBody", status }
  ])
})

/** The status that a behaviour writes, if it writes one. */
const statusOf = (met: Behaviour): number | undefined =>
  "status" in met
    ? met.status
    : met._tag === "Raw"
    ? Number(/^HTTP\/1.1 ([2-5]\d\d)/.exec(met.bytes)?.[1] ?? NaN)
    : undefined

const wrote = (met: ReadonlyArray<Behaviour>, from: number, below: number): boolean =>
  met.some((behaviour) => {
    const status = statusOf(behaviour) ?? 0
    return status >= from && status < below && status !== 408
  })

const timeout = 300

/** Three calls, one after the other, at a server that does as the seed says. */
const run = Effect.fnUntraced(function*(transport: Transports.Way, seed: number) {
  const first = yield* behaviour
  const server = yield* HostileServer.make([first, ...yield* Effect.replicateEffect(behaviour, 11)])
  const layer = Transports.layers[transport]({
    apiKey: Redacted.make("a-key"),
    apiSecret: Redacted.make("a-secret"),
    baseUrl: server.url,
    timeout,
    maxResponseBytes: 10_000,
    retries: { baseDelay: "5 millis" }
  })
  const calls = Effect.gen(function*() {
    const contacts = yield* Contacts.Contacts
    for (const [label, name] of [["first", "create"], ["second", "list"], ["third", "create"]] as const) {
      const [metBefore, waiting] = [server.met.length, server.waiting()]
      const start = yield* Clock.currentTimeMillis
      const call: Effect.Effect<unknown, LiveDeskError.LiveDeskError> = name === "create"
        ? contacts.create({ inboxId: 407, name: label })
        : contacts.list({ q: label })
      const result = yield* Effect.result(call)
      const took = (yield* Clock.currentTimeMillis) - start
      // By what it says: what an earlier call sent may come late.
      const requests = server.requests.filter(({ body, line }) => `${line} ${body}`.includes(label)).length
      // What a connection was still to meet that an earlier call opened is counted to this one.
      const met = [...waiting, ...server.met.slice(metBefore)]
      const story = `seed ${seed} over ${transport}, ${name}: ${
        Result.match(result, { onFailure: ({ message }) => message, onSuccess: () => "a value" })
      }\n${met.map((behaviour) => JSON.stringify(behaviour).slice(0, 200)).join("\n")}`

      assert.isAtMost(took, timeout + 2_000, `hangs: ${story}`)
      if (name === "create") {
        const refused = met.filter((behaviour) => statusOf(behaviour) === 429).length
        assert.isAtMost(requests, 1 + refused, `sent twice: ${story}`)
      }
      if (Result.isSuccess(result)) {
        assert.isTrue(wrote(met, 200, 300), `a value for nothing: ${story}`)
        continue
      }
      const { outcome } = result.failure
      if (outcome === "NotSent") assert.strictEqual(requests, 0, `it was sent: ${story}`)
      if (outcome === "Processed") assert.isTrue(wrote(met, 200, 300), `it was not accepted: ${story}`)
      if (outcome === "Rejected") assert.isTrue(wrote(met, 300, 500), `it was not refused: ${story}`)
    }
  })
  yield* Effect.provide(calls, layer)
  // The pool of fetch is the process's own: it keeps what stayed open for a while.
  if (transport.startsWith("undici")) yield* server.drained
}, Effect.scoped)

/** Counts the fibers that are at work. */
class Fibers implements Metric.FiberRuntimeMetricsService {
  active = 0
  started = 0
  recordFiberStart(): void {
    this.active += 1
    this.started += 1
  }
  recordFiberEnd(): void {
    this.active -= 1
  }
}

/** The sockets and timers that keep the process alive. */
const resources = Effect.sync(() =>
  process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap" || name === "Timeout").length
)

describe("sockets that misbehave", () => {
  for (const transport of Transports.ways) {
    it.live(`over ${transport}: nothing twice, nothing misreported, nothing leaked`, () =>
      Effect.gen(function*() {
        const before = yield* resources
        const fibers = new Fibers()
        let seeds = 0
        const campaign = "hostile sockets, over each transport"
        yield* Effect.forEach(Breadth.cases(campaign), (seed) => {
          seeds = seed
          return Random.withSeed(run(transport, seed), seed)
        }, {
          concurrency: 10,
          discard: true
        }).pipe(Effect.provideService(Metric.FiberRuntimeMetrics, fibers))
        assert.isAbove(fibers.started, seeds)
        assert.strictEqual(fibers.active, 0)
        // Keep-alive connections and their timers end by themselves.
        yield* Effect.flatMap(resources, (now) => now <= before ? Effect.void : Effect.fail(now)).pipe(
          Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 200 }),
          Effect.mapError((now) => new Error(`${now} sockets and timers after ${before}`)),
          Effect.orDie
        )
      }), Breadth.timeout("hostile sockets, over each transport"))
  }
})
