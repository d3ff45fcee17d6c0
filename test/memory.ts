/**
 * Prints how much memory a program needs to stream all contacts of an emulator: 1,000 and 100,000. Not a test: what it
 * prints is to be looked at. Run with `pnpm memory`.
 */
import { Contacts, LiveDesk } from "@effect-livedesk/core"
import { Emulator, EmulatorState } from "@effect-livedesk/core/testing"
import { NodeEmulator, NodeLiveDesk } from "@effect-livedesk/node"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect, Layer, Option, Stream } from "effect"

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`

/** Keeps contacts, and says how long that took. */
const seed = Effect.fnUntraced(function*(count: number) {
  const { update } = yield* Emulator.Emulator
  const [duration] = yield* Effect.timed(update((state) => {
    let filled = state
    for (let id = 1; id <= count; id++) {
      filled = EmulatorState.putContact(
        filled,
        EmulatorState.makeContact({ id, name: `Contact ${id}`, email: Option.some(`contact${id}@example.com`) })
      )
    }
    return filled
  }))
  return Duration.format(duration)
})

/** Reads everybody, and looks now and then at what is in use once the garbage is gone. */
const measure = Effect.fnUntraced(function*(q: string | undefined) {
  const contacts = yield* Contacts.Contacts
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  let [read, peak] = [0, 0]
  const [duration] = yield* Effect.timed(Stream.runForEach(contacts.stream({ q }), () =>
    Effect.sync(() => {
      read++
      if (read % 10_000 !== 0 && read !== 1000) return
      globalThis.gc?.()
      peak = Math.max(peak, process.memoryUsage().heapUsed - before)
    })))
  return `${read} contacts in ${Duration.format(duration)}, at most ${megabytes(peak)} more than before`
})

const inMemory = LiveDesk.layer.pipe(Layer.provideMerge(Emulator.layerWith({ onDrift: "ignore" })))

const overTcp = Layer.unwrap(Effect.gen(function*() {
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  const { credentials } = yield* Emulator.Emulator
  return NodeLiveDesk.layer({ baseUrl, ...credentials, onDrift: "ignore" })
})).pipe(Layer.provideMerge(NodeEmulator.layer()))

const run = Effect.fnUntraced(function*(count: number, q?: string) {
  const seeded = yield* seed(count)
  yield* Console.log(
    `  seeded in ${seeded}; ${q === undefined ? "everybody" : `search for ${q}`}: ${yield* measure(q)}`
  )
})

Effect.gen(function*() {
  if (globalThis.gc === undefined) return yield* Console.error("run me with --expose-gc")
  for (const [name, layer] of [["in memory", inMemory], ["over TCP", overTcp]] as const) {
    yield* Console.log(name)
    // The first run pays for what the program keeps for good.
    yield* Effect.provide(run(1_000), layer)
    yield* Effect.provide(run(1_000), layer)
    yield* Effect.provide(run(100_000), layer)
    yield* Effect.provide(run(100_000, "example.com"), layer)
  }
  yield* Console.log(`peak of the whole process: ${megabytes(process.resourceUsage().maxRSS * 1024)}`)
}).pipe(NodeRuntime.runMain)
