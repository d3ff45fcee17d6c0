import { Contacts, type LiveDesk, type LiveDeskClient, type LiveDeskError, Messages } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator, NodeLiveDesk, type NodeTransport } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, HashMap, Option, Random, Result } from "effect"
import * as BlackHole from "../BlackHole.ts"
import * as Breadth from "../Breadth.ts"
import * as Calls from "../Calls.ts"
import * as FreePort from "../FreePort.ts"
import * as NetworkProxy from "../NetworkProxy.ts"
import * as Transports from "../Transports.ts"

type Treatment = NetworkProxy.Treatment

type Options = LiveDeskClient.Options & NodeTransport.Options

const pick = <A>(from: ReadonlyArray<A>) =>
  Random.nextIntBetween(0, from.length - 1).pipe(
    Effect.flatMap((index) => Effect.fromOption(Array.get(from, index))),
    Effect.orDie
  )

/** Requests have some 400 to 500 bytes, responses some 600 to 1,000: the cuts lie in them, between them and behind. */
const treatment: Effect.Effect<Treatment> = Effect.gen(function*() {
  const side = yield* pick<NetworkProxy.Side>(["Request", "Response"])
  const after = yield* pick([0, 1, 100, 300, 1000, 3000])
  return yield* pick<Treatment>([
    { _tag: "Pass", delay: 0 },
    { _tag: "Pass", delay: 30 },
    { _tag: "Reject" },
    { _tag: "Stall", side, after },
    { _tag: "Break", side, after, resets: true },
    { _tag: "Break", side, after, resets: false },
    { _tag: "Repeat" }
  ])
})

/** An address, and whether anything can be connected there. */
const address = Effect.fnUntraced(function*(port: number, dropping: string) {
  const isConnected = (yield* Random.nextIntBetween(1, 8)) > 2
  if (isConnected) {
    const [first, ...rest] = yield* Effect.replicateEffect(treatment, 30)
    return { isConnected, url: (yield* NetworkProxy.make(port, [first ?? { _tag: "Reject" }, ...rest])).url }
  }
  const url = yield* pick([dropping, `http://127.0.0.1:${yield* FreePort.make}`])
  return { isConnected, url }
})

/** The records in the emulator that bear a label. */
const recordsOf = Effect.fnUntraced(function*(label: string) {
  const { state } = yield* Emulator.Emulator
  const { contacts, messages } = yield* state
  return HashMap.size(HashMap.filter(contacts, ({ name }) => name === label)) +
    HashMap.size(HashMap.filter(messages, ({ content }) => Option.contains(content, label)))
})

interface Made {
  readonly label: string
  readonly creates: boolean
  readonly result: Result.Result<unknown, LiveDeskError.LiveDeskError>
}

/** Makes calls at one address, and returns their results once the server has nothing left to do. */
const calls = (
  way: Transports.Way,
  url: string,
  conversationId: number,
  label: string,
  count: number,
  options: Partial<Options>
) =>
  Effect.gen(function*() {
    const { credentials } = yield* Emulator.Emulator
    const layer = Transports.layers[way]({ ...credentials, baseUrl: url, ...options })
    const one = Effect.fnUntraced(function*(index: number) {
      const own = `${label}-${index}`
      const operation = yield* pick(["contacts.create", "messages.send", "contacts.list"])
      const call: Effect.Effect<unknown, LiveDeskError.LiveDeskError, LiveDesk.LiveDesk> = operation === "contacts.list"
        ? Contacts.Contacts.use(({ list }) => list({ q: own }))
        : operation === "contacts.create"
        ? Contacts.Contacts.use(({ create }) => create({ inboxId: 407, name: own }))
        : Messages.Messages.use(({ send }) => send({ conversationId, content: own }))
      const made: Made = { label: own, creates: operation !== "contacts.list", result: yield* Effect.result(call) }
      return made
    })
    return yield* Effect.provide(Effect.forEach(Array.range(1, count), one, { concurrency: 4 }), layer)
  })

/** Compares what a call said with what the server did. */
const check = Effect.fnUntraced(function*({ creates, label, result }: Made, way: Transports.Way, isConnected: boolean) {
  const records = yield* recordsOf(label)
  const story = `${label} over ${way}: ${
    Result.match(result, { onFailure: ({ message }) => message, onSuccess: () => "a value" })
  }`
  assert.isAtMost(records, 1, `sent twice: ${story}`)
  if (Result.isSuccess(result)) {
    assert.isTrue(isConnected, `a value for nothing: ${story}`)
    assert.strictEqual(records, creates ? 1 : 0, `a value for nothing: ${story}`)
    if (creates) assert.include(JSON.stringify(result.success), label, `another call's value: ${story}`)
    return
  }
  const { outcome } = result.failure
  if (outcome === "NotSent" || outcome === "Rejected") assert.strictEqual(records, 0, `it took effect: ${story}`)
  if (outcome === "Processed") assert.strictEqual(records, creates ? 1 : 0, `it took no effect: ${story}`)
  // Over fetch nobody can tell whether a connection that is still being made was made.
  if (!isConnected && way.startsWith("undici")) assert.strictEqual(outcome, "NotSent", `nothing was sent: ${story}`)
})

const emulator = NodeEmulator.layer()

/** The emulator's port, and a conversation to write to. */
const prepare = Effect.gen(function*() {
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  const { credentials } = yield* Emulator.Emulator
  const { conversationId } = yield* Effect.provide(Calls.prepare, NodeLiveDesk.layer({ ...credentials, baseUrl }))
  return { port: Number(new URL(baseUrl).port), conversationId, dropping: `http://127.0.0.1:${yield* BlackHole.make}` }
})

/** Makes calls over one network after another, each by its seed, and checks all of them. */
const campaign = Effect.fnUntraced(
  function*(
    way: Transports.Way,
    name: Breadth.Campaign,
    { atOnce, callsEach, options }: {
      readonly atOnce: number
      readonly callsEach: number
      readonly options: Partial<Options>
    }
  ) {
    const { conversationId, dropping, port } = yield* prepare
    const run = Effect.fnUntraced(function*(seed: number) {
      const { isConnected, made } = yield* Effect.scoped(Effect.gen(function*() {
        const { isConnected, url } = yield* address(port, dropping)
        return { isConnected, made: yield* calls(way, url, conversationId, `n${seed}`, callsEach, options) }
      }))
      yield* Effect.forEach(made, (made) => check(made, way, isConnected))
    })
    yield* Effect.forEach(Breadth.cases(name), (seed) => Random.withSeed(run(seed), seed), {
      concurrency: atOnce,
      discard: true
    })
  },
  Effect.provide(emulator),
  Effect.scoped
)

const limits: Partial<Options> = { timeout: 400, connectTimeout: 150, retries: { baseDelay: "5 millis" } }

describe("a bad network between client and server", () => {
  const name = "bad networks, over each transport"
  for (const way of Transports.ways) {
    it.live(
      `reports no outcome that is bolder than the truth, over ${way}`,
      () => campaign(way, name, { atOnce: 8, callsEach: 10, options: limits }),
      Breadth.timeout(name)
    )
  }
  const defaults = "bad networks, with the default settings"
  it.live.each(Breadth.size(defaults) === 0 ? [] : ["undici", "fetch"] as const)(
    "reports no outcome that is bolder than the truth with the default settings, over %s",
    (way) => campaign(way, defaults, { atOnce: 24, callsEach: 4, options: {} }),
    Breadth.timeout(defaults)
  )
})
