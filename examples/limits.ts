/**
 * Several accounts in one program, each with a rate limit and a circuit breaker of its own: in memory, or shared with other
 * programs through the Redis that REDIS_URL names.
 */
import { Accounts, Breaker, Contacts, RateLimit } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeRuntime } from "@effect/platform-node"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { Config, Console, Effect, Layer, Option } from "effect"
import { CircuitBreaker, RateLimiter } from "effect/persistence"

const countCustomers = Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  const { meta } = yield* contacts.list({})
  return meta.count
})

class Brands extends Accounts.Service<Brands>()("acme/Brands", {
  // A program of your own looks its customers' keys up here.
  lookup: () =>
    Effect.map(Emulator.Emulator, ({ credentials }) => ({
      ...credentials,
      rateLimit: RateLimit.make({ limit: 10, window: "1 second" }),
      circuitBreaker: Breaker.make({ failures: 5, openDuration: "30 seconds" })
    }))
}) {}

const program = Effect.forEach(["acme", "globex"], (brand) =>
  Effect.gen(function*() {
    const count = yield* countCustomers.pipe(Effect.provide(Brands.get(brand)))
    yield* Console.log(`${brand} has ${count} customers`)
  }), { discard: true })

// Where the limits are kept is a layer:
const SharedLimits = Layer.mergeAll(RateLimiter.layerStoreRedis(), CircuitBreaker.layerStoreRedis())

const Limits = Layer.unwrap(Effect.map(Config.option(Config.String("REDIS_URL")), (url) =>
  Option.match(url, {
    onNone: () => Layer.empty,
    onSome: (url) => SharedLimits.pipe(Layer.provide(NodeRedis.layer({ url })))
  })))

program.pipe(
  Effect.provide(Layer.provide(Brands.layer, Layer.merge(Emulator.layerHttpClient, Limits))),
  NodeRuntime.runMain
)
