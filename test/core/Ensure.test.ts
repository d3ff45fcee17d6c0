import { Contacts, LiveDeskClient } from "@effect-livedesk/core"
import { Emulator, EmulatorState } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, HashMap, Layer, Option, Random } from "effect"
import { HttpClient } from "effect/http"
import * as Breadth from "../Breadth.ts"

/** An emulator whose client stands still before and after each request. */
const delayed = (dawdle: Effect.Effect<unknown>) =>
  Layer.unwrap(Effect.map(Emulator.Emulator, ({ credentials }) =>
    LiveDeskClient.layer({
      ...credentials,
      onDrift: "fail",
      transformClient: HttpClient.transform((response) =>
        dawdle.pipe(Effect.andThen(response), Effect.tap(() => dawdle))
      )
    }))).pipe(
      Layer.provideMerge(Emulator.layerHttpClient)
    )

/** An emulator whose client stands still for a few turns, another number of them each time and for each seed. */
const interleaved = (seed: number) =>
  Layer.unwrap(Effect.map(
    Random.withSeed(Effect.service(Random.Random), seed),
    (random) =>
      delayed(
        Effect.suspend(() => Effect.repeat(Effect.yieldNow, { times: Math.floor(random.nextDoubleUnsafe() * 12) }))
      )
  ))

/** Results of 50 programs that ask for Ada at once: how many made her, and as whom they all know her. */
const race = Effect.gen(function*() {
  const { state, update } = yield* Emulator.Emulator
  // A service of its own each, as in programs apart: within one the calls for the same contact wait for each other.
  const ensure = (input: Contacts.EnsureContact) =>
    Effect.flatMap(Contacts.Contacts, (contacts) => contacts.ensure(input)).pipe(
      Effect.provide(Contacts.layer, { local: true })
    )
  // Two pages of people who resemble her.
  yield* update((state) =>
    Array.range(1, 20).reduce((state, id) =>
      EmulatorState.putContact(
        state,
        EmulatorState.makeContact({ id, email: Option.some(`not${id}ada@acme.inc`) })
      ), state)
  )
  const reported = yield* Effect.all(
    Array.makeBy(50, (index) =>
      ensure(
        index % 2 === 0
          ? { inboxId: 407, email: "ada@acme.inc" }
          : { inboxId: 407, email: "ADA@acme.inc", name: "Ada" }
      )),
    { concurrency: "unbounded" }
  )
  const refused = reported.filter(({ _tag }) => _tag === "Existing").length
  return {
    created: reported.length - refused,
    known: new Set(reported.map(({ contact }) => contact.id)).size,
    held: HashMap.size((yield* state).contacts)
  }
})

const one = { created: 1, known: 1, held: 21 }

describe("ensure", () => {
  it.effect("makes one contact of 50 at once, however they fall between each other", () =>
    Effect.gen(function*() {
      for (const seed of Breadth.cases("ensure: orders of concurrent calls")) {
        assert.deepStrictEqual(yield* Effect.provide(race, interleaved(seed)), one, `seed ${seed}`)
      }
    }), Breadth.timeout("ensure: orders of concurrent calls"))

  it.live("makes one contact of 50 at once, where each call takes its time", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Effect.provide(race, delayed(Effect.sleep("5 millis"))), one)
    }))
})
