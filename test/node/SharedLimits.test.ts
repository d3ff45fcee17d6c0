import { Breaker, Contacts, LiveDesk, LiveDeskClient, RateLimit } from "@effect-livedesk/core"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, Layer } from "effect"
import { CircuitBreaker, RateLimiter } from "effect/persistence"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as Net from "node:net"

const isInstalled = spawnSync("redis-server", ["--version"]).status === 0

if (!isInstalled) {
  process.stderr.write("redis-server is not installed: what programs share through a Redis is left out\n")
}

/** A port that nobody listens on. */
const freePort = Effect.promise(async () => {
  const server = Net.createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  return address !== null && typeof address === "object" ? address.port : 0
})

const start = async (port: number): Promise<ChildProcess> => {
  const server = spawn("redis-server", [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    "no"
  ])
  for await (const line of server.stdout) if (String(line).includes("Ready to accept connections")) break
  // What it still has to say is of no interest, but must not stop it.
  server.stdout.resume()
  return server
}

const stop = (server: ChildProcess) =>
  Effect.promise(async () => {
    if (server.exitCode !== null) return
    server.kill()
    await once(server, "exit")
  })

/** The stores of one program, in a Redis of its own. */
const stores = Layer.unwrap(Effect.gen(function*() {
  const port = yield* freePort
  yield* Effect.acquireRelease(Effect.promise(() => start(port)), stop)
  return Layer.mergeAll(RateLimiter.layerStoreRedis({ prefix: "limit:" }), CircuitBreaker.layerStoreRedis()).pipe(
    Layer.provide(NodeRedis.layer({ url: `redis://127.0.0.1:${port}` }))
  )
}))

/** An emulator, whose first requests meet these faults. */
const livedesk = (...faults: ReadonlyArray<Faults.Fault>) =>
  Faults.layer(Faults.script({ "*": faults })).pipe(Layer.provideMerge(Emulator.layerHttpClient))

/** A program apart, as far as it can tell: it shares the emulator's LiveDesk and the stores with the others. */
const program = (options: Partial<LiveDeskClient.Options>) =>
  Effect.map(
    Emulator.Emulator,
    ({ credentials }) =>
      LiveDesk.layer.pipe(Layer.provide(LiveDeskClient.layer({ ...credentials, ...options })), Layer.fresh)
  )

const list = Effect.flatMap(Contacts.Contacts, (contacts) => contacts.list({}))

describe.skipIf(!isInstalled)("programs that share a Redis (left out where redis-server is not installed)", () => {
  it.live("share a rate limit", () =>
    Effect.gen(function*() {
      const rateLimit = RateLimit.make({ limit: 5, window: "1 second" })
      const [one, other] = [yield* program({ rateLimit }), yield* program({ rateLimit })]
      yield* Effect.all(
        Array.makeBy(12, (index) => Effect.provide(list, index % 2 === 0 ? one : other)),
        { concurrency: "unbounded" }
      )
      const { trace } = yield* Faults.Faults
      const times = Array.map(yield* trace, ({ at }) => at).sort((a, b) => a - b)
      const [first = 0, sixth = 0, eleventh = 0] = [times[0], times[5], times[10]]
      assert.strictEqual(times.length, 12)
      // Each window begins when its first request comes, the timers' own inaccuracy aside.
      assert.isAtLeast(sixth - first, 900)
      assert.isAtLeast(eleventh - first, 1900)
    }).pipe(
      Effect.provide(Layer.merge(livedesk(), stores))
    ), 20_000)

  it.live("share a circuit breaker, and an account's alone", () =>
    Effect.gen(function*() {
      const breaker = Breaker.make({ failures: 1, openFor: "1 minute" })
      const retries = { times: 0 }
      const failing = yield* program({ breaker, retries, account: "acme" })
      yield* Effect.flip(Effect.provide(list, failing))
      const other = yield* Effect.flip(Effect.provide(list, yield* program({ breaker, retries, account: "acme" })))
      assert.strictEqual(other.reason._tag, "CircuitOpen")
      yield* Effect.provide(list, yield* program({ breaker, retries, account: "globex" }))
    }).pipe(
      Effect.provide(Layer.merge(livedesk(Faults.Fault.Reset({ when: "BeforeActing" })), stores))
    ), 20_000)
})
