import { Contacts, LiveDesk } from "@effect-livedesk/core"
import * as Endpoints from "@effect-livedesk/core/Endpoints"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Array, Clock, Effect, HashMap, Layer, Option, Random, Result } from "effect"
import * as Breadth from "../Breadth.ts"
import * as Calls from "../Calls.ts"

/** A call of a schedule. */
interface Scheduled {
  readonly endpoint: Endpoints.AnyEndpoint
  readonly run: Calls.Call
}

/** Makes something new, which must never be made twice. */
const creates = ({ idempotency, operation }: Endpoints.AnyEndpoint): boolean =>
  idempotency === "none" && operation !== "conversations.toggleStatus"

/** What the server holds, whatever its client learned. */
const held = Effect.map(
  Effect.flatMap(Emulator.Emulator, ({ state }) => state),
  ({ contacts, conversations, messages, tickets }) =>
    HashMap.size(contacts) + HashMap.size(conversations) + HashMap.size(messages) + HashMap.size(tickets)
)

const trace = Effect.flatMap(Faults.Faults, ({ trace }) => trace)

/** The calls that can be made with subjects that are there before anything goes wrong. */
const prepare = Effect.map(Calls.prepare, (subjects) =>
  Endpoints.all.map((endpoint) => (label: string): Scheduled => ({
    endpoint,
    run: Calls.calls(subjects, label)[endpoint.operation]
  })))

const pick = <A>(from: ReadonlyArray<A>) =>
  Random.nextIntBetween(0, from.length - 1).pipe(
    Effect.flatMap((index) => Effect.fromOption(Array.get(from, index))),
    Effect.orDie
  )

/** From here on, so many of all requests meet a fault. */
const strike = Effect.fnUntraced(function*(rate: number) {
  const { setPlan } = yield* Faults.Faults
  yield* setPlan(Faults.seeded({ seed: yield* Random.nextInt, rate }))
})

const timeLimits = [100, 1_000, 10_000, 60_000]

const leavesUnknown = (fault: Option.Option<Faults.Fault>): boolean =>
  Option.exists(fault, (fault) =>
    fault._tag === "Silent" || fault._tag === "Reset" || fault._tag === "Failing" ||
    // A page of markup may be someone else's.
    (fault._tag === "MalformedBody" && fault.body.startsWith("<")))

const proves = (fault: Option.Option<Faults.Fault>): boolean =>
  Option.exists(fault, ({ _tag }) => _tag === "Refused" || _tag === "DnsFailed" || _tag === "RateLimited")

const processed = (entry: Faults.Entry): boolean =>
  Option.exists(entry.status, (status) => status >= 200 && status < 300)

/** One call after the other: each is held against what the server did for it alone. */
const oneByOne = Effect.gen(function*() {
  const calls = yield* prepare
  yield* strike(0.6)
  for (const label of ["a", "b", "c", "d", "e", "f"]) {
    const { endpoint, run } = (yield* pick(calls))(label)
    const timeout = yield* pick(timeLimits)
    const [heldBefore, tracedBefore, start] = [yield* held, yield* trace, yield* Clock.currentTimeMillis]
    const result = yield* Effect.result(run({ timeout }))
    const took = (yield* Clock.currentTimeMillis) - start
    const made = (yield* held) - heldBefore
    const entries = (yield* trace).slice(tracedBefore.length)
    const story = `${endpoint.operation} within ${timeout}ms: ${
      Result.match(result, { onFailure: ({ message }) => message, onSuccess: () => "a value" })
    }\n${Faults.format(entries)}`

    assert.isAtMost(made, creates(endpoint) ? 1 : 0, `made twice: ${story}`)
    assert.isAtMost(took, timeout, `hangs: ${story}`)
    assert.isAtMost(entries.length, 3, `without end: ${story}`)
    if (endpoint.idempotency === "none") {
      const [doubtful = entries.length] = entries.flatMap(({ fault }, index) => proves(fault) ? [] : [index + 1])
      assert.strictEqual(entries.length, doubtful, `sent again after it may have been acted upon: ${story}`)
    }
    if (Result.isSuccess(result)) {
      const last = entries.at(-1)
      assert.isTrue(last !== undefined && processed(last), `a failure is swallowed: ${story}`)
      if (creates(endpoint)) assert.strictEqual(made, 1, `a value for nothing: ${story}`)
      continue
    }
    const { attempts = 1, outcome, verifyHint } = result.failure
    assert.strictEqual(entries.length, attempts, `miscounted: ${story}`)
    switch (outcome) {
      case "NotSent":
        assert.isTrue(entries.every(({ status }) => Option.isNone(status)), `it was sent: ${story}`)
        break
      case "Rejected":
        assert.isFalse(entries.some(processed), `it was acted upon: ${story}`)
        break
      case "Processed":
        assert.isTrue(entries.some(processed), `it was not acted upon: ${story}`)
        break
      case "Unknown":
        assert.isTrue(
          // A response that drips may not be complete at the timeout.
          entries.some(({ fault }) => leavesUnknown(fault) || Option.exists(fault, ({ _tag }) => _tag === "SlowBody")),
          `it can be known: ${story}`
        )
    }
    assert.strictEqual(
      verifyHint !== undefined,
      endpoint.idempotency === "none" && (outcome === "Processed" || outcome === "Unknown"),
      `the verifyHint: ${story}`
    )
  }
})

/** All at once: compares the sum of what the server did with the sum of what the client learned that it did. */
const allAtOnce = Effect.gen(function*() {
  const calls = yield* prepare
  yield* strike(0.4)
  const before = yield* held
  const creating = calls.filter((call) => creates(call("").endpoint))
  const scheduled = yield* Effect.forEach(
    ["a", "b", "c", "d", "e", "f", "g", "h"],
    (label) => Effect.map(pick(creating), (call) => call(label))
  )
  const results = yield* Effect.forEach(scheduled, ({ run }) => Effect.result(run({})), { concurrency: "unbounded" })
  const made = (yield* held) - before
  const story = Faults.format(yield* trace)
  const sure = results.filter((result) => Result.isSuccess(result) || result.failure.outcome === "Processed").length
  const doubtful = results.filter((result) => Result.isFailure(result) && result.failure.outcome === "Unknown").length
  assert.isAtLeast(made, sure, `less was made than was reported: ${story}`)
  assert.isAtMost(made, sure + doubtful, `more was made than was reported: ${story}`)
})

/** A contact is asked for again and again, by several at once: there is one in the end, at most. */
const ensured = Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  yield* strike(0.4)
  const before = yield* held
  const results = yield* Effect.forEach(
    Array.makeBy(4, () => "grace"),
    (label) => Effect.result(contacts.ensure({ inboxId: 407, email: `${label}@acme.inc` })),
    { concurrency: 2 }
  )
  const made = (yield* held) - before
  assert.isAtMost(made, 1, Faults.format(yield* trace))
  if (results.some(Result.isSuccess)) assert.strictEqual(made, 1, Faults.format(yield* trace))
})

/** Rules off: a server that refuses nothing would hold everything that is made twice. */
const layer = LiveDesk.layer.pipe(
  Layer.provideMerge(Faults.layerEmulator(Faults.script({}), { inheritedRules: false }))
)

describe("schedules of calls and faults", () => {
  for (
    const [name, program, campaign] of [
      ["one by one", oneByOne, "schedules: calls one by one"],
      ["all at once", allAtOnce, "schedules: calls all at once"],
      ["of one contact", ensured, "schedules: calls of one contact"]
    ] as const
  ) {
    it.effect(`${name}: nothing twice, nothing lost, nothing misreported`, () =>
      Effect.gen(function*() {
        for (const seed of Breadth.cases(campaign)) {
          yield* Faults.runWithTestClock(program, seed).pipe(
            Effect.provide(layer),
            Effect.catchDefect((defect) => Effect.die(new Error(`schedule ${seed}`, { cause: defect })))
          )
        }
      }), Breadth.timeout(campaign))
  }
})
