import { LiveDesk } from "@effect-livedesk/core"
import {
  AgentDraft,
  AgentPolicy,
  AgentStore,
  AgentWrite,
  type AuditEntry,
  LiveDeskToolkit
} from "@effect-livedesk/core/agents"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import * as NodeSqlite from "@effect-livedesk/node/NodeSqlite"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, HashMap, Layer, Option, Random } from "effect"
import { TestClock } from "effect/testing"
import { setImmediate } from "node:timers/promises"
import * as AgentWorld from "../AgentWorld.ts"
import * as Breadth from "../Breadth.ts"

const campaign = "agents: calls, crashes and approvals"

const minute = 60_000

/** The store as a process sees it that dies at an operation: before it, or after it and before its result arrives. */
const mortal = (store: AgentStore.AgentStore["Service"], operations: number, isAfter: boolean) => {
  let left = operations
  const mortally = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      left--
      if (left > 0) return effect
      return left === 0 && isAfter
        ? Effect.andThen(effect, Effect.die("the process died"))
        : Effect.die("the process died")
    })
  return AgentStore.AgentStore.of({
    ...store,
    propose: (request, options) => mortally(store.propose(request, options)),
    approve: (id, options) => mortally(store.approve(id, options)),
    complete: (id, completion) => mortally(store.complete(id, completion)),
    record: (entry) => mortally(store.record(entry))
  })
}

/** A whole number from 0, below a count. */
const below = (count: number) => Effect.map(Random.next, (share) => Math.floor(share * count))

const pick = <A>(all: ReadonlyArray<A>) =>
  Effect.flatMap(below(all.length), (index) => Effect.fromOption(Option.fromUndefinedOr(all[index])))

const isOneIn = (count: number) => Effect.map(below(count), (drawn) => drawn === 0)

const limits = {
  messagesPerMinuteInConversation: 3,
  messagesPerMinute: 5,
  conversationsPerHour: 2,
  otherWritesPerMinute: 5
}

/** Ends of a call after which a model does not ask again. */
const endsOf = ({ value: { rule, status } }: AgentWorld.Result): boolean => status === "done" || rule === "repeated"

const schedule = Effect.fnUntraced(function*(seed: number, mode: "draft" | "allow") {
  const store = yield* AgentStore.AgentStore
  const { contactId, conversationId } = yield* AgentWorld.begin()
  const conversations = [conversationId, (yield* AgentWorld.begin({ email: "bob@acme.example" })).conversationId]
  yield* Faults.Faults.use(({ setPlan }) => setPlan(Faults.seeded({ seed, rate: 0.25 })))
  const intentions = [
    ...["1", "2", "3", "4"].map((text, index) => ({
      tool: index < 3 ? "send_message" : "leave_note",
      arguments: { conversation_id: conversations[index % 2] ?? conversationId, text }
    } as const)),
    { tool: "start_conversation", arguments: { inbox_id: 407, contact_id: contactId, text: "5" } } as const
  ]
  const ended = new Set<AgentWrite.Request>()
  const approved = new Set<number>()
  let calls = 0
  let deaths = 0
  let waits = 0

  const sent = Effect.map(
    Emulator.Emulator.use(({ state }) => state),
    ({ messages }) =>
      HashMap.toValues(messages).map(({ content, private: isPrivate }) => ({
        text: Option.getOrElse(content, () => ""),
        isPrivate
      }))
  )
  const hasHappened = ({ request: { arguments: fields } }: AgentWrite.AgentWrite) =>
    Effect.map(sent, (messages) => messages.some(({ text }) => "text" in fields && fields.text === text))

  const life = Effect.scoped(Effect.gen(function*() {
    const dying = mortal(store, 1 + (yield* below(20)), yield* Random.nextBoolean)
    const tools = yield* Layer.build(
      LiveDeskToolkit.layer.pipe(
        Layer.provide([AgentPolicy.layer({ mode, limits }), Layer.succeed(AgentStore.AgentStore, dying)])
      )
    )
    for (let step = 0; step < 5; step++) {
      if (yield* isOneIn(3)) yield* person(dying)
      const { arguments: fields, ...intention } = yield* Effect.orDie(pick(intentions))
      const key = intentions.find(({ arguments: other }) => other === fields)
      if (key === undefined || ended.has(key)) continue
      const exit = yield* Effect.exit(Effect.provide(AgentWorld.call(intention.tool, fields), tools))
      calls++
      if (exit._tag === "Failure") {
        deaths++
        return
      }
      if (endsOf(exit.value)) ended.add(key)
    }
  }))

  /** Decides about one write, by what LiveDesk's console shows. */
  const person = Effect.fnUntraced(function*(store: AgentStore.AgentStore["Service"]) {
    // Whatever it is by now.
    if (yield* isOneIn(4)) {
      const any = yield* pick(yield* store.list(AgentWrite.State.literals))
      if (any.state === "Drafted") approved.add(any.id)
      yield* Effect.exit(Effect.provideService(AgentDraft.send(any.id), AgentStore.AgentStore, store))
    }
    const waiting = yield* store.list(["Drafted", "Begun", "Unknown"])
    if (waiting.length === 0) return
    const write = yield* pick(waiting)
    if (write.state === "Drafted") {
      if (yield* isOneIn(5)) {
        yield* store.discard(write.id)
        return
      }
      approved.add(write.id)
      yield* Effect.exit(Effect.provideService(AgentDraft.send(write.id), AgentStore.AgentStore, store))
      return
    }
    if (write.state === "Begun") {
      if (waits >= 2) return
      waits++
      yield* Effect.sleep("16 minutes")
    }
    yield* store.resolve(write.id, { _tag: (yield* hasHappened(write)) ? "Processed" : "NotProcessed" })
  }, (effect) => Effect.ignore(effect))

  for (let lives = 0; lives < 5; lives++) yield* life

  // Nothing twice.
  const messages = yield* sent
  const texts = messages.map(({ text }) => text)
  assert.deepStrictEqual(texts.filter((text, index) => texts.indexOf(text) !== index), [], "sent twice")
  // Nothing beyond the policy.
  const writes = yield* store.list(AgentWrite.State.literals)
  const writeOf = (text: string) =>
    writes.filter(({ request }) => "text" in request.arguments && request.arguments.text === text)
  if (mode === "draft") {
    for (const { isPrivate, text } of messages) {
      if (!isPrivate) {
        assert.isTrue(writeOf(text).some(({ id }) => approved.has(id)), `${text} was sent without approval`)
      }
    }
  }
  const log = yield* store.audit()
  const asked = log.filter(({ by, event }) => by === "agent" && (event === "Begun" || event === "Drafted"))
  for (const { at } of asked) {
    const failed = (entry: AuditEntry.AuditEntry) =>
      log.some(({ event, writeId }) => writeId === entry.writeId && (event === "Failed" || event === "Resolved"))
    const within = asked.filter((other) =>
      other.at > at - minute && other.at <= at && !failed(other) && other.detail === undefined
    )
    assert.isAtMost(within.length, limits.messagesPerMinute, "more in a minute than the limit")
  }
  // The log is complete: each message has the beginning of its call, each write its end.
  for (const { text } of messages) {
    const ids: ReadonlyArray<number | undefined> = writeOf(text).map(({ id }) => id)
    assert.isTrue(
      log.some(({ event, writeId }) => event === "Begun" && ids.includes(writeId)),
      `${text} is not in the log`
    )
  }
  for (const { id, isDraft, state } of writes) {
    const events = log.filter(({ detail, writeId }) => writeId === id && detail !== "the draft waits already")
      .filter(({ event }) => event !== "Refused").map(({ event }) => event)
    const last = events.at(-1)
    const ends: ReadonlyArray<string | undefined> = {
      Drafted: ["Drafted", "Failed", "Resolved"],
      Discarded: ["Discarded"],
      Begun: ["Begun"],
      Done: ["Done", "Resolved"],
      Failed: ["Failed", "Resolved"],
      Unknown: ["Unknown"]
    }[state]
    assert.include(ends, last, `write ${id} is ${state}`)
    assert.strictEqual(events[0], isDraft ? "Drafted" : "Begun")
  }
  return { calls, deaths, messages: messages.length, resolved: log.filter(({ event }) => event === "Resolved").length }
})

const world = (store: Layer.Layer<AgentStore.AgentStore>) =>
  LiveDesk.layer.pipe(
    Layer.provideMerge(Faults.layerEmulator(Faults.script({}))),
    Layer.provideMerge(store)
  )

const sqlite = Layer.orDie(Layer.provide(AgentStore.layer, NodeSqlite.layer({ file: ":memory:" })))

/** Runs a program while the test's clock advances, five seconds at a time. */
const run = <A, E, R>(program: Effect.Effect<A, E, R>, seed: number) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Random.withSeed(program, seed), { startImmediately: true })
    while (fiber.pollUnsafe() === undefined) {
      for (let turn = 0; turn < 2; turn++) yield* Effect.promise(() => setImmediate())
      yield* TestClock.adjust("5 seconds")
    }
    return yield* Fiber.join(fiber)
  })

describe("schedules of an agent's calls, its crashes, and a person's decisions", () => {
  it.effect(
    "under faults send nothing twice, nothing beyond the policy, and nothing that is not in the log",
    () =>
      Effect.gen(function*() {
        const totals = { calls: 0, deaths: 0, messages: 0, resolved: 0 }
        for (const seed of Breadth.cases(campaign)) {
          const result = yield* schedule(seed, seed % 3 === 0 ? "allow" : "draft").pipe(
            Effect.provide(world(seed % 2 === 1 ? AgentStore.layerMemory : sqlite)),
            (program) => run(program, seed),
            Effect.catchCause((cause) => Effect.die(new Error(`seed ${seed}`, { cause })))
          )
          for (const key of ["calls", "deaths", "messages", "resolved"] as const) totals[key] += result[key]
        }
        // Or they would show nothing.
        assert.isAbove(totals.deaths, 0)
        assert.isAbove(totals.messages, totals.deaths / 10)
        assert.isAbove(totals.resolved, 0)
      }),
    Breadth.timeout(campaign)
  )
})
