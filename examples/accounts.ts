/**
 * Several accounts in one program: each brand with keys, a rate limit and a circuit breaker of its own, and a brand that
 * nobody knows as an error. LiveDesk is an emulator in memory.
 */
import { Accounts, Breaker, Contacts, RateLimit } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Data, Effect } from "effect"

class BrandUnknown extends Data.TaggedError("BrandUnknown")<{ readonly brand: string }> {}

const program = Effect.gen(function*() {
  const { credentials } = yield* Emulator.Emulator
  // A program of your own asks its database here, or its settings.
  const keys = new Map([["acme", credentials], ["globex", credentials]])

  const accounts = yield* Accounts.make({
    lookup: (brand) => {
      const found = keys.get(brand)
      return found === undefined ? Effect.fail(new BrandUnknown({ brand })) : Effect.succeed({
        ...found,
        rateLimit: RateLimit.make({ limit: 10, window: "1 second" }),
        circuitBreaker: Breaker.make({ failures: 5, openDuration: "30 seconds" })
      })
    },
    idleTimeToLive: "10 minutes"
  })

  const count = Effect.gen(function*() {
    const contacts = yield* Contacts.Contacts
    return (yield* contacts.list({})).meta.count
  })

  for (const brand of ["acme", "globex", "initech"]) {
    yield* count.pipe(
      Effect.provide(accounts.get(brand)),
      Effect.flatMap((customers) => Console.log(`${brand} has ${customers} customers`)),
      Effect.catchTag("BrandUnknown", ({ brand }) => Console.log(`${brand} is none of ours`))
    )
  }
})

// On Node.js without an emulator: `NodeTransport.layer()`.
program.pipe(Effect.scoped, Effect.provide(Emulator.layerHttpClient), NodeRuntime.runMain)
