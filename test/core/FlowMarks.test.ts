import { FlowMarks } from "@effect-livedesk/core/flows"
import * as NodeSqlite from "@effect-livedesk/node/NodeSqlite"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"

const memory = FlowMarks.layer.pipe(Layer.provideMerge(NodeSqlite.layer({ file: ":memory:" })))

const facts: FlowMarks.Facts = {
  executionId: "1",
  step: "message",
  workflow: "Greeting",
  kind: "message",
  inboxId: undefined,
  contactId: undefined,
  conversationId: 40,
  content: "Hello"
}

const sighting: FlowMarks.Sighting = { kind: "message", id: 7, conversationId: 40, content: "Hello" }

describe("FlowMarks", () => {
  it.effect("lets one of many begin", () =>
    Effect.gen(function*() {
      const marks = yield* FlowMarks.FlowMarks
      const begun = yield* Effect.all([1, 2, 3].map(() => marks.begin(facts, 1)), { concurrency: "unbounded" })
      assert.deepStrictEqual(begun.map(({ _tag }) => _tag).sort(), ["Earlier", "Earlier", "Fresh"])
    }).pipe(Effect.provide(memory)))

  it.effect("lets a step begin again that was released, and counts the calls", () =>
    Effect.gen(function*() {
      const marks = yield* FlowMarks.FlowMarks
      const { mark } = yield* marks.begin(facts, 1)
      yield* marks.release(mark)
      const again = yield* marks.begin(facts, 1)
      assert.deepStrictEqual([again._tag, again.mark.round], ["Fresh", 2])
      // What an earlier call has to say no longer counts.
      yield* marks.done(mark, 7)
      assert.strictEqual((yield* marks.find("1", "message"))?.state, "Begun")
    }).pipe(Effect.provide(memory)))

  it.effect("lets no call be repeated that was found after all, whatever the verdict was", () =>
    Effect.gen(function*() {
      const marks = yield* FlowMarks.FlowMarks
      const { mark } = yield* marks.begin(facts, 1)
      yield* marks.suspend(yield* marks.check(mark, undefined))
      yield* marks.found(mark, 7)
      const again = yield* marks.begin(facts, 2)
      assert.deepStrictEqual([again._tag, again.mark.foundId], ["Earlier", 7])
      assert.strictEqual((yield* marks.release(mark)).foundId, 7)
    }).pipe(Effect.provide(memory)))

  it.effect("notes a sighting on one step, the oldest that fits", () =>
    Effect.gen(function*() {
      const marks = yield* FlowMarks.FlowMarks
      yield* TestClock.adjust("1 minute")
      const { mark } = yield* marks.begin(facts, 1)
      yield* TestClock.adjust("1 minute")
      yield* marks.begin({ ...facts, step: "again" }, 1)
      yield* marks.begin({ ...facts, step: "other", content: "Good-bye" }, 1)
      const fitting = (until: number) =>
        Effect.map(marks.fitting(sighting, until), (fitting) => fitting.map(({ step }) => step))
      assert.deepStrictEqual(yield* fitting(59_999), [])
      assert.deepStrictEqual(yield* fitting(60_000), ["message"])
      assert.deepStrictEqual(yield* fitting(120_000), ["message", "again"])
      yield* marks.found(mark, 7)
      assert.deepStrictEqual(yield* fitting(120_000), [])
    }).pipe(Effect.provide(memory)))

  it.effect("forgets what was done long ago, and nothing else", () =>
    Effect.gen(function*() {
      const marks = yield* FlowMarks.FlowMarks
      const { mark } = yield* marks.begin(facts, 1)
      yield* marks.done(mark, 7)
      yield* marks.begin({ ...facts, step: "underway" }, 1)
      yield* TestClock.adjust("1 hour")
      yield* marks.forget("2 hours")
      assert.isDefined(yield* marks.find("1", "message"))
      assert.isUndefined((yield* marks.find("1", "message"))?.content)
      yield* marks.forget("30 minutes")
      assert.isUndefined(yield* marks.find("1", "message"))
      assert.isDefined(yield* marks.find("1", "underway"))
    }).pipe(Effect.provide(memory)))
})
