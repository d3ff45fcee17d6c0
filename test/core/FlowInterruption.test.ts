import { Messages, RateLimit } from "@effect-livedesk/core"
import { ConversationFlow, IntentLog, Reconciliation } from "@effect-livedesk/core/flows"
import { Faults } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Option } from "effect"
import { HttpClient } from "effect/http"
import { RateLimiter } from "effect/persistence"
import { DurableDeferred, WorkflowEngine } from "effect/workflow"
import * as FlowWorld from "../FlowWorld.ts"

const { Fault } = Faults
const { all, begin, done, dropPackets, endedAfter, executionId, flow, life, pass, posts, world } = FlowWorld

/** The life after an interruption: its flow ends soon, and no step is pending. */
const nextLife = life(Effect.gen(function*() {
  const fiber = yield* begin("10 seconds")
  assert.deepStrictEqual(yield* Reconciliation.pending, [])
  yield* Fiber.join(fiber)
}))

/** An intent log with other methods. */
const logging = (make: (intents: IntentLog.IntentLog["Service"]) => Partial<IntentLog.IntentLog["Service"]>) =>
  Layer.effect(IntentLog.IntentLog, Effect.map(IntentLog.IntentLog, (intents) => ({ ...intents, ...make(intents) })))

/** The service `Messages` with another `send`. */
const sending = (send: (messages: Messages.Messages["Service"]) => Messages.Messages["Service"]["send"]) =>
  Layer.effect(Messages.Messages, Effect.map(Messages.Messages, (messages) => ({ ...messages, send: send(messages) })))

/** A client that may make so many calls in 10 seconds. */
const limited = (limit: number) =>
  world({}, { rateLimit: RateLimit.make({ limit, window: "10 seconds" }) }).pipe(
    Layer.provide(RateLimiter.layerStoreMemory)
  )

describe("a flow that is interrupted", () => {
  for (const operation of ["conversations.create", "messages.send"] as const) {
    it.effect(`during ${operation} takes its response all the same`, () =>
      Effect.gen(function*() {
        yield* endedAfter("2 seconds")
        assert.strictEqual((yield* posts).at(-1), operation)
        yield* nextLife
        assert.deepStrictEqual(yield* posts, all)
        assert.deepStrictEqual(yield* done, [1, 1, 1])
      }).pipe(Effect.provide(world({ [operation]: [Fault.SlowBody({ bytes: 60, pause: "1 second" })] }))))
  }

  const unsent = {
    "has no connection": world({}, { transformClient: dropPackets(/\/messages$/, 1) }),
    "has not had its turn": limited(3),
    "was rate limited, and is to be sent again": world({ "messages.send": [Fault.RateLimited({ retryAfter: "20" })] })
  }
  for (const [what, layer] of Object.entries(unsent)) {
    it.effect(`takes back a call that ${what}`, () =>
      Effect.gen(function*() {
        yield* endedAfter("2 seconds", "1 second")
        const before = yield* posts
        yield* nextLife
        assert.deepStrictEqual(yield* posts, [...before, "messages.send"])
        assert.deepStrictEqual(yield* done, [1, 1, 1])
      }).pipe(Effect.provide(layer)))
  }

  const slowIntent = logging(({ begin }) => ({
    begin: (facts, attempt) =>
      Effect.tap(begin(facts, attempt), () => facts.step === "message" ? Effect.sleep("10 seconds") : Effect.void)
  }))
  const slowService = sending(({ send }) => (input, options) => Effect.delay(send(input, options), "10 seconds"))
  const uncalled = {
    "while its intent is stored": Effect.provide(
      endedAfter("1 second"),
      // Whatever sends it: not only the client knows of the interruption.
      Layer.merge(slowIntent, sending(() => () => Effect.die("it was sent")))
    ),
    "before its service makes the call": Effect.provide(endedAfter("1 second"), slowService)
  }
  for (const [when, ended] of Object.entries(uncalled)) {
    it.effect(`${when} sends nothing`, () =>
      Effect.gen(function*() {
        yield* ended
        assert.deepStrictEqual(yield* posts, all.slice(0, 2))
        yield* nextLife
        assert.deepStrictEqual(yield* done, [1, 1, 1])
      }).pipe(Effect.provide(world({}))))
  }

  it.effect("does not retry its call", () =>
    Effect.gen(function*() {
      yield* endedAfter("1 second")
      assert.deepStrictEqual(yield* posts, all)
      assert.deepStrictEqual(yield* done, [1, 1, 0])
      yield* nextLife
      assert.deepStrictEqual(yield* done, [1, 1, 1])
    }).pipe(Effect.provide(world({ "messages.send": [Fault.RateLimited({ retryAfter: "20" })] }, {
      transformClient: (client) =>
        HttpClient.transform(
          client,
          (effect, { url }) => url.endsWith("/messages") ? Effect.delay(effect, "2 seconds") : effect
        )
    }))))

  it.effect("takes back no call whose service has sent another", () =>
    Effect.gen(function*() {
      const twice = sending(({ send }) => (input, options) =>
        Effect.tap(send(input, options), () => send({ ...input, content: "A note", private: true }))
      )
      yield* Effect.provide(endedAfter("2 seconds"), twice)
      yield* Effect.provide(nextLife, twice)
      assert.deepStrictEqual(yield* done, [1, 1, 2])
    }).pipe(Effect.provide(limited(4))))

  it.effect("ends although its call hangs, and leaves the outcome unknown", () =>
    Effect.gen(function*() {
      yield* Effect.provide(endedAfter("1 second"), sending(() => () => Effect.never))
      yield* life(Effect.gen(function*() {
        yield* begin("5 minutes")
        assert.strictEqual((yield* Reconciliation.pending)[0]?.step, "message")
      }))
      assert.deepStrictEqual(yield* posts, all.slice(0, 2))
    }).pipe(Effect.provide(world({}))))

  it.effect("reconciles a call whose timeout passes", () =>
    Effect.gen(function*() {
      yield* endedAfter("1 second")
      yield* life(Effect.gen(function*() {
        yield* begin("5 minutes")
        assert.strictEqual((yield* Reconciliation.pending)[0]?.step, "message")
      }))
      assert.deepStrictEqual(yield* posts, all)
    }).pipe(Effect.provide(world({ "messages.send": [Fault.Silent({ when: "AfterProcessing" })] }))))

  const untilEnd = {
    "has no connection": "1 second",
    "had none, and it looks at its step again": "35 seconds"
  } as const
  for (const [what, time] of Object.entries(untilEnd)) {
    it.effect(`changes no step for which another process waits by now: its call ${what}`, () =>
      Effect.gen(function*() {
        const ending = yield* Deferred.make<void>()
        let probes = 0
        const probe: Reconciliation.OutcomeProbe = {
          conversation: () => Effect.succeed(Reconciliation.undetermined),
          message: () => Effect.as(Effect.sync(() => probes++), Reconciliation.undetermined)
        }
        const first = yield* Effect.forkChild(
          life(Effect.andThen(Effect.forkChild(flow), Deferred.await(ending)), probe)
        )
        yield* pass("1 second")
        yield* life(Effect.gen(function*() {
          const fiber = yield* begin(time)
          yield* Deferred.succeed(ending, undefined)
          yield* pass("1 minute")
          yield* Fiber.join(first)
          const outcome = Reconciliation.notProcessed
          yield* Reconciliation.resolve({ executionId: yield* executionId, step: "message", outcome })
          yield* pass("1 second")
          yield* Fiber.join(fiber)
        }))
        assert.deepStrictEqual(yield* done, [1, 1, 1])
        assert.strictEqual(probes, 0)
      }).pipe(Effect.provide(world({}, { transformClient: dropPackets(/\/messages$/, 1) }))))
  }

  it.effect("resolves the step with what its call created, where another process waits by now", () =>
    Effect.gen(function*() {
      const resolved: Array<string | undefined> = []
      const takenOver = logging(({ complete, suspend }) => ({
        complete: (intent, id) =>
          intent.step !== "message" ? complete(intent, id) : Effect.andThen(suspend(intent), complete(intent, id)).pipe(
            Effect.tap((pending) => Effect.sync(() => resolved.push(pending?.state)))
          )
      }))
      yield* Effect.provide(
        life(Effect.gen(function*() {
          yield* Fiber.join(yield* begin("1 second"))
          // The other process's flow waits for this.
          const { deferredResult } = yield* WorkflowEngine.WorkflowEngine
          const resolution = yield* deferredResult(
            DurableDeferred.make("message/resolution/1", { success: Reconciliation.Resolution })
          ).pipe(Effect.provideService(
            WorkflowEngine.WorkflowInstance,
            WorkflowEngine.WorkflowInstance.initial(ConversationFlow.ConversationFlow, yield* executionId)
          ))
          assert.deepStrictEqual(
            Option.map(resolution, Exit.map(({ _tag }) => _tag)),
            Option.some(Exit.succeed("Processed"))
          )
        })),
        takenOver
      )
      const { find } = yield* IntentLog.IntentLog
      assert.deepStrictEqual(resolved, ["Pending", undefined])
      assert.deepInclude(yield* find(yield* executionId, "message"), { state: "Done", attempt: 1, round: 1 })
      assert.deepStrictEqual(yield* done, [1, 1, 1])
    }).pipe(Effect.provide(world({}))))
})
