import { LiveDesk } from "@effect-livedesk/core"
import { ConversationFlow, FlowEvents, Settlement, Verdict } from "@effect-livedesk/core/flows"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import * as NodeFlows from "@effect-livedesk/node/NodeFlows"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, DateTime, Effect, Fiber, Layer, Option, PubSub, Redacted, References, Result } from "effect"
import { CircuitBreaker, RateLimiter } from "effect/persistence"
import { join } from "node:path"
import { inspect } from "node:util"
import * as FlowServer from "../FlowServer.ts"
import * as Folder from "../Folder.ts"
import * as FreePort from "../FreePort.ts"
import * as Postgres from "../Postgres.ts"

if (!Postgres.isInstalled) {
  process.stderr.write("PostgreSQL is not installed: flows on one are left out\n")
}

const { Fault } = Faults

const world = (steps: Faults.Script["steps"]) =>
  LiveDesk.layer.pipe(Layer.provideMerge(
    Layer.unwrap(Effect.map(DateTime.now, (startsAt) => Faults.layerEmulator(Faults.script(steps), { startsAt })))
  ))

const payload: ConversationFlow.Payload = {
  id: "greeting",
  inboxId: 407,
  contact: { email: "alice@acme.inc" },
  message: { content: "Hello, Alice" }
}

const executionId = ConversationFlow.ConversationFlow.executionId(payload)

const done = Effect.gen(function*() {
  const { state } = yield* Emulator.Emulator
  return FlowServer.done(yield* state).get("alice@acme.inc")
})

/** Waits for the step that cannot be settled from here. */
const unsettled = Effect.gen(function*() {
  while (true) {
    const [step] = yield* Settlement.unsettled
    if (step !== undefined) return step
    yield* Effect.sleep("10 millis")
  }
})

const live = <A, E, R, E2, R2>(effect: Effect.Effect<A, E, R>, flows: Layer.Layer<NodeFlows.Provided, E2, R2>) =>
  effect.pipe(
    Effect.provide(
      ConversationFlow.layer({ settleAfter: "10 millis" }).pipe(Layer.provideMerge(Layer.fresh(flows)))
    ),
    Effect.provideService(References.MinimumLogLevel, "Error")
  )

const lost = world({
  "conversations.create": [Fault.Reset({ when: "AfterActing" })],
  "messages.send": [Fault.Reset({ when: "BeforeActing" }), Fault.Reset({ when: "AfterActing" })]
})

/** A flow that loses three answers, each settled in another life of the process. */
const lives = <E, R>(flows: Layer.Layer<NodeFlows.Provided, E, R>) =>
  Effect.gen(function*() {
    const { events } = yield* Emulator.Emulator
    const subscription = yield* PubSub.subscribe(events)
    const steps: Array<string> = []
    const lastly = Effect.gen(function*() {
      const { step } = yield* unsettled
      steps.push(step)
      return { executionId: yield* executionId, step }
    })
    yield* live(Effect.andThen(ConversationFlow.start(payload), lastly), flows)
    yield* live(
      Effect.gen(function*() {
        const unsettled = yield* lastly
        yield* Settlement.settle({ ...unsettled, outcome: Verdict.done(40) })
        while ((yield* Settlement.unsettled)[0]?.step !== "message") yield* Effect.sleep("10 millis")
        yield* Settlement.settle({ ...(yield* lastly), outcome: Verdict.notDone })
        // The third answer, of the message that is sent again.
        const { trace } = yield* Faults.Faults
        while ((yield* trace).length < 5) yield* Effect.sleep("10 millis")
      }),
      flows
    )
    const started = yield* live(
      Effect.gen(function*() {
        yield* lastly
        const fiber = yield* Effect.forkChild(ConversationFlow.run(payload))
        for (const event of yield* PubSub.takeUpTo(subscription, 10)) yield* FlowEvents.handle(event)
        return yield* Fiber.join(fiber)
      }),
      flows
    )
    assert.deepStrictEqual(steps, ["conversation", "conversation", "message", "message"])
    assert.deepStrictEqual(yield* done, [1, 1, 1])
    assert.strictEqual(started.conversationId, 40)
  }).pipe(Effect.scoped)

describe("flows in a file", () => {
  it.live("go on where an earlier process left them", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "flows.sqlite")
      yield* lives(NodeFlows.layerEmbedded({ file }))
    }).pipe(Effect.provide(lost)))

  it.live("are one process's alone", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "flows.sqlite")
      yield* Layer.build(NodeFlows.layerEmbedded({ file }))
      const error = yield* Effect.flip(Layer.build(Layer.fresh(NodeFlows.layerEmbedded({ file }))))
      assert.strictEqual(error._tag, "SqlError")
      assert.include(error.message, file)
    }).pipe(Effect.scoped))
})

describe.skipIf(!Postgres.isInstalled)("flows in a PostgreSQL (left out where it is not installed)", () => {
  it.live("go on where an earlier process left them", () =>
    Effect.gen(function*() {
      const flows = NodeFlows.layerCluster({
        url: Redacted.make(yield* Postgres.make),
        port: yield* FreePort.make,
        sharding: { entityMessagePollInterval: "100 millis", refreshAssignmentsInterval: "100 millis" }
      })
      yield* lives(flows)
    }).pipe(Effect.scoped, Effect.provide(lost)))
})

describe("the settings", () => {
  const build = <A, E>(layer: Layer.Layer<A, E>, env: Record<string, string>) =>
    Effect.result(Effect.scoped(Effect.asVoid(Layer.build(layer)))).pipe(
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))
    )

  for (
    const [name, value] of [
      ["LIVEDESK_FLOWS_POSTGRES_URL", "mysql://user:canary@db.example"],
      ["LIVEDESK_FLOWS_POSTGRES_URL", "canary"],
      ["LIVEDESK_FLOWS_RUNNER_PORT", "canary"],
      ["LIVEDESK_FLOWS_RUNNER_PORT", "70000"],
      ["LIVEDESK_FLOWS_REDIS_URL", "canary"]
    ] as const
  ) {
    it.effect(`are refused by their name, and nothing of their value is told: ${name} ${value}`, () =>
      Effect.gen(function*() {
        const env = { [name]: value }
        const error = name === "LIVEDESK_FLOWS_REDIS_URL"
          ? Option.getOrThrow(Result.getFailure(yield* build(NodeFlows.layerStoresConfig, env)))
          : Option.getOrThrow(Result.getFailure(yield* build(NodeFlows.layerConfig(), env)))
        assert.strictEqual(error._tag, "ConfigError")
        assert.include(error.message, name)
        assert.notInclude(inspect(error, { depth: 9 }), "canary")
      }))
  }

  it.effect("are told of all at once, a line each", () =>
    Effect.gen(function*() {
      const result = yield* build(NodeFlows.layerConfig(), {
        LIVEDESK_FLOWS_POSTGRES_URL: "canary",
        LIVEDESK_FLOWS_RUNNER_PORT: "canary"
      })
      const lines = Option.getOrThrow(Result.getFailure(result)).message.split("\n")
      assert.deepStrictEqual(lines.map((line) => line.split(" ")[0]), [
        "LIVEDESK_FLOWS_RUNNER_PORT",
        "LIVEDESK_FLOWS_POSTGRES_URL"
      ])
    }))

  it.live("name a PostgreSQL that cannot be reached, and its password is not told", () =>
    Effect.gen(function*() {
      const port = yield* FreePort.make
      const result = yield* build(NodeFlows.layerConfig(), {
        LIVEDESK_FLOWS_POSTGRES_URL: `postgres://user:canary@127.0.0.1:${port}/flows`
      })
      const error = Option.getOrThrow(Result.getFailure(result))
      assert.strictEqual(error._tag, "SqlError")
      assert.notInclude(inspect(error, { depth: 9 }), "canary")
    }))

  it.live("name a Redis that cannot be reached, and its password is not told", () =>
    Effect.gen(function*() {
      const port = yield* FreePort.make
      const result = yield* build(NodeFlows.layerStoresConfig, {
        LIVEDESK_FLOWS_REDIS_URL: `redis://user:canary@127.0.0.1:${port}`
      })
      const error = Option.getOrThrow(Result.getFailure(result))
      assert.notInclude(inspect(error, { depth: 9 }), "canary")
    }).pipe(Effect.provideService(References.MinimumLogLevel, "None")))

  it.effect("may be left out, but for the file", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "flows.sqlite")
      assert.isTrue(Result.isSuccess(yield* build(NodeFlows.layerConfig(), { LIVEDESK_FLOWS_FILE: file })))
      const stores = Effect.andThen(RateLimiter.RateLimiterStore, CircuitBreaker.CircuitBreakerStore)
      yield* Effect.provide(stores, NodeFlows.layerStoresConfig)
    }).pipe(
      Effect.scoped,
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: {} }))
    ))
})
