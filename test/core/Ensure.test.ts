import { Contacts, LiveDesk, LiveDeskClient } from "@effect-livedesk/core"
import { Emulator, EmulatorState } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, HashMap, Layer, Option, Random } from "effect"
import { HttpClient } from "effect/http"

/** An emulator whose client stands still for a while before and after each request, another one for each seed. */
const interleaved = (seed: number) =>
  LiveDesk.layer.pipe(
    Layer.provide(Layer.unwrap(Effect.gen(function*() {
      const { credentials } = yield* Emulator.Emulator
      const random = yield* Random.withSeed(Effect.service(Random.Random), seed)
      const dawdle = Effect.suspend(() =>
        Effect.repeat(Effect.yieldNow, { times: Math.floor(random.nextDoubleUnsafe() * 12) })
      )
      return LiveDeskClient.layer({
        ...credentials,
        onDrift: "fail",
        transformClient: HttpClient.transform((response) =>
          dawdle.pipe(Effect.andThen(response), Effect.tap(() => dawdle))
        )
      })
    }))),
    Layer.provideMerge(Emulator.layerHttpClient)
  )

/** What 50 programs that ask for Ada at once are told: how many made her, and as whom they all know her. */
const race = (seed: number) =>
  Effect.gen(function*() {
    const contacts = yield* Contacts.Contacts
    const { state, update } = yield* Emulator.Emulator
    // Two pages of people who resemble her.
    yield* update((state) =>
      Array.range(1, 20).reduce((state, id) =>
        EmulatorState.putContact(
          state,
          EmulatorState.makeContact({ id, email: Option.some(`not${id}ada@acme.inc`) })
        ), state)
    )
    const told = yield* Effect.all(
      Array.makeBy(50, (index) =>
        contacts.ensure(
          index % 2 === 0
            ? { inboxId: 407, email: "ada@acme.inc" }
            : { inboxId: 407, email: "ADA@acme.inc", name: "Ada" }
        )),
      { concurrency: "unbounded" }
    )
    const refused = told.filter(({ _tag }) => _tag === "Existing").length
    return {
      created: told.length - refused,
      known: new Set(told.map(({ contact }) => contact.id)).size,
      held: HashMap.size((yield* state).contacts)
    }
  }).pipe(Effect.provide(interleaved(seed)))

describe("ensure", () => {
  it.effect("makes one contact of 50 at once, however they fall between each other", () =>
    Effect.gen(function*() {
      for (const seed of Array.range(1, 40)) {
        assert.deepStrictEqual(yield* race(seed), { created: 1, known: 1, held: 21 }, `seed ${seed}`)
      }
    }))
})
