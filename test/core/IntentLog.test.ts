import { IntentLog, Reconciliation } from "@effect-livedesk/core/flows"
import * as NodeSqlite from "@effect-livedesk/node/NodeSqlite"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"

const memory = IntentLog.layer.pipe(Layer.provideMerge(NodeSqlite.layer({ file: ":memory:" })))

const facts: IntentLog.Facts = {
  executionId: "1",
  step: "message",
  workflow: "Greeting",
  kind: "message",
  inboxId: undefined,
  contactId: undefined,
  conversationId: 40,
  content: "Hello"
}

const observation: IntentLog.Observation = { kind: "message", id: 7, conversationId: 40, content: "Hello" }

describe("IntentLog", () => {
  it.effect("lets one of many processes begin a step", () =>
    Effect.gen(function*() {
      const intents = yield* IntentLog.IntentLog
      const begun = yield* Effect.all([1, 2, 3].map(() => intents.begin(facts, 1)), { concurrency: "unbounded" })
      assert.deepStrictEqual(begun.map(({ _tag }) => _tag).sort(), ["Earlier", "Earlier", "Fresh"])
    }).pipe(Effect.provide(memory)))

  it.effect("lets a released step begin again, and counts the calls", () =>
    Effect.gen(function*() {
      const intents = yield* IntentLog.IntentLog
      const { intent } = yield* intents.begin(facts, 1)
      yield* intents.release(intent)
      const again = yield* intents.begin(facts, 1)
      assert.deepStrictEqual([again._tag, again.intent.round], ["Fresh", 2])
      // What an earlier call has to say no longer counts.
      yield* intents.complete(intent, 7)
      assert.strictEqual((yield* intents.find("1", "message"))?.state, "Begun")
    }).pipe(Effect.provide(memory)))

  it.effect("lets no call be repeated whose record was found, whatever the resolution was", () =>
    Effect.gen(function*() {
      const intents = yield* IntentLog.IntentLog
      const { intent } = yield* intents.begin(facts, 1)
      yield* intents.suspend(yield* intents.beginCheck(intent, undefined))
      yield* intents.observe(intent, 7)
      const again = yield* intents.begin(facts, 2)
      assert.deepStrictEqual([again._tag, again.intent.foundId], ["Earlier", 7])
      assert.strictEqual((yield* intents.release(intent)).foundId, 7)
    }).pipe(Effect.provide(memory)))

  it.effect("has a reminder of what waits for a person: at once, and every hour until it is resolved", () => {
    const lines: Array<string> = []
    const logger = Logger.layer([
      Logger.make(({ logLevel, message }) => {
        lines.push(`${logLevel}: ${String(message)}`)
      })
    ])
    const line =
      "Warn: Greeting 1 waits: the outcome of its step message is unknown for conversation 40. To resolve it, " +
      "look at the conversation"
    return Effect.gen(function*() {
      const intents = yield* IntentLog.IntentLog
      const { intent } = yield* intents.begin(facts, 1)
      yield* intents.begin({ ...facts, step: "other" }, 1)
      const pending = yield* intents.suspend(yield* intents.beginCheck(intent, "look at the conversation"))
      // As a process does that starts again.
      yield* Layer.build(Reconciliation.layerReminder)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(lines, [line])
      yield* TestClock.adjust("2 hours")
      assert.deepStrictEqual(lines, [line, line, line])
      yield* intents.complete(pending, 7)
      yield* TestClock.adjust("2 hours")
      assert.lengthOf(lines, 3)
    }).pipe(Effect.scoped, Effect.provide([memory, logger]))
  })

  it.effect("records an observation on one step, the oldest that fits", () =>
    Effect.gen(function*() {
      const intents = yield* IntentLog.IntentLog
      yield* TestClock.adjust("1 minute")
      const { intent } = yield* intents.begin(facts, 1)
      yield* TestClock.adjust("1 minute")
      yield* intents.begin({ ...facts, step: "again" }, 1)
      yield* intents.begin({ ...facts, step: "other", content: "Good-bye" }, 1)
      const fitting = (until: number) =>
        Effect.map(intents.findMatching(observation, until), (fitting) => fitting.map(({ step }) => step))
      assert.deepStrictEqual(yield* fitting(59_999), [])
      assert.deepStrictEqual(yield* fitting(60_000), ["message"])
      assert.deepStrictEqual(yield* fitting(120_000), ["message", "again"])
      yield* intents.observe(intent, 7)
      assert.deepStrictEqual(yield* fitting(120_000), [])
    }).pipe(Effect.provide(memory)))

  for (const olderThan of ["soon" as "1 second", Number.NaN, -1]) {
    it.effect(`refuses to forget what is older than ${String(olderThan)}, and keeps all`, () =>
      Effect.gen(function*() {
        const intents = yield* IntentLog.IntentLog
        const { intent } = yield* intents.begin(facts, 1)
        yield* intents.complete(intent, 7)
        yield* TestClock.adjust("1 hour")
        const error = yield* Effect.flip(intents.forget({ olderThan }))
        assert.include(error.message, "IntentLog.forget")
        assert.include(error.message, "olderThan: expected a time such as \"30 seconds\"")
        assert.isDefined(yield* intents.find("1", "message"))
      }).pipe(Effect.provide(memory)))
  }

  it.effect("forgets old steps that are done, and nothing else", () =>
    Effect.gen(function*() {
      const intents = yield* IntentLog.IntentLog
      const { intent } = yield* intents.begin(facts, 1)
      yield* intents.complete(intent, 7)
      yield* intents.begin({ ...facts, step: "in progress" }, 1)
      yield* TestClock.adjust("1 hour")
      yield* intents.forget({ olderThan: "2 hours" })
      assert.isDefined(yield* intents.find("1", "message"))
      assert.isUndefined((yield* intents.find("1", "message"))?.content)
      yield* intents.forget({ olderThan: "30 minutes" })
      assert.isUndefined(yield* intents.find("1", "message"))
      assert.isDefined(yield* intents.find("1", "in progress"))
    }).pipe(Effect.provide(memory)))
})
