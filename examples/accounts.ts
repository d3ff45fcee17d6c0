/**
 * Several accounts in one program: each brand with keys, a rate limit and a circuit breaker of its own, and a brand that
 * nobody knows as an error. LiveDesk is an emulator in memory.
 */
import { Accounts, Breaker, Contacts, RateLimit } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Data, Effect, Layer } from "effect"

class BrandUnknown extends Data.TaggedError("BrandUnknown")<{ readonly brand: string }> {}

class Brands extends Accounts.Service<Brands>()("acme/Brands", {
  // A program of your own asks its database here, or its settings.
  lookup: Effect.fnUntraced(function*(brand) {
    if (!["acme", "globex"].includes(brand)) return yield* new BrandUnknown({ brand })
    const { credentials } = yield* Emulator.Emulator
    return {
      ...credentials,
      rateLimit: RateLimit.make({ limit: 10, window: "1 second" }),
      circuitBreaker: Breaker.make({ failures: 5, openDuration: "30 seconds" })
    }
  }),
  idleTimeToLive: "10 minutes"
}) {}

const count = Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  return (yield* contacts.list({})).meta.count
})

const program = Effect.forEach(["acme", "globex", "initech"], (brand) =>
  count.pipe(
    Effect.provide(Brands.get(brand)),
    Effect.flatMap((customers) => Console.log(`${brand} has ${customers} customers`)),
    Effect.catchTag("BrandUnknown", ({ brand }) => Console.log(`${brand} is none of ours`))
  ), { discard: true })

// On Node.js without an emulator: `NodeTransport.layer()`.
program.pipe(
  Effect.provide(Layer.provide(Brands.layer, Emulator.layerHttpClient)),
  NodeRuntime.runMain
)
