import { Breaker, Contacts, LiveDesk, LiveDeskClient, RateLimit } from "@effect-livedesk/core"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, Layer } from "effect"
import { CircuitBreaker, RateLimiter } from "effect/persistence"
import * as Redis from "../Redis.ts"

if (!Redis.isInstalled) {
  process.stderr.write("redis-server is not installed: what programs share through a Redis is left out\n")
}

/** The stores of one program, in a Redis of its own. */
const stores = Layer.unwrap(Effect.gen(function*() {
  const url = yield* Redis.make
  return Layer.mergeAll(RateLimiter.layerStoreRedis({ prefix: "limit:" }), CircuitBreaker.layerStoreRedis()).pipe(
    Layer.provide(NodeRedis.layer({ url }))
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

describe.skipIf(!Redis.isInstalled)(
  "programs that share a Redis (left out where redis-server is not installed)",
  () => {
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
        // Each window begins when its first request comes, which a busy machine may see late. Of two limits, ten would come at once.
        assert.isAtLeast(sixth - first, 500)
        assert.isAtLeast(eleventh - first, 1500)
      }).pipe(
        Effect.provide(Layer.merge(livedesk(), stores))
      ), 20_000)

    it.live("share a circuit breaker, and an account's alone", () =>
      Effect.gen(function*() {
        const circuitBreaker = Breaker.make({ failures: 1, openDuration: "1 minute" })
        const retries = { times: 0 }
        const failing = yield* program({ circuitBreaker, retries, account: "acme" })
        yield* Effect.flip(Effect.provide(list, failing))
        const other = yield* Effect.flip(
          Effect.provide(list, yield* program({ circuitBreaker, retries, account: "acme" }))
        )
        assert.strictEqual(other.reason._tag, "CircuitOpen")
        yield* Effect.provide(list, yield* program({ circuitBreaker, retries, account: "globex" }))
      }).pipe(
        Effect.provide(Layer.merge(livedesk(Faults.Fault.Reset({ when: "BeforeProcessing" })), stores))
      ), 20_000)
  }
)
