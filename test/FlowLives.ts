/** A flow whose process ends again and again, in whatever its flows are kept. */
import { LiveDesk } from "@effect-livedesk/core"
import { ConversationFlow, FlowEvents, Reconciliation } from "@effect-livedesk/core/flows"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import type * as NodeFlows from "@effect-livedesk/node/NodeFlows"
import { assert } from "@effect/vitest"
import { DateTime, Effect, Fiber, Layer, PubSub, References } from "effect"
import * as FlowServer from "./FlowServer.ts"

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

/** Waits for a pending step, which only a person can resolve. */
const pendingStep = Effect.gen(function*() {
  while (true) {
    const [step] = yield* Reconciliation.pending
    if (step !== undefined) return step
    yield* Effect.sleep("10 millis")
  }
})

const live = <A, E, R, E2, R2>(effect: Effect.Effect<A, E, R>, flows: Layer.Layer<NodeFlows.Provided, E2, R2>) =>
  effect.pipe(
    Effect.provide(
      ConversationFlow.layer({ reconcileAfter: "10 millis" }).pipe(Layer.provideMerge(Layer.fresh(flows)))
    ),
    Effect.provideService(References.MinimumLogLevel, "Error")
  )

const lost = world({
  "conversations.create": [Fault.Reset({ when: "AfterProcessing" })],
  "messages.send": [Fault.Reset({ when: "BeforeProcessing" }), Fault.Reset({ when: "AfterProcessing" })]
})

/** A flow that loses three responses, each resolved in another life of the process. */
export const run = <E, R>(flows: Layer.Layer<NodeFlows.Provided, E, R>) =>
  Effect.gen(function*() {
    const { events } = yield* Emulator.Emulator
    const subscription = yield* PubSub.subscribe(events)
    const steps: Array<string> = []
    const lastly = Effect.gen(function*() {
      const { step } = yield* pendingStep
      steps.push(step)
      return { executionId: yield* executionId, step }
    })
    yield* live(Effect.andThen(ConversationFlow.start(payload), lastly), flows)
    yield* live(
      Effect.gen(function*() {
        const pending = yield* lastly
        yield* Reconciliation.resolve({ ...pending, outcome: Reconciliation.processed(40) })
        while ((yield* Reconciliation.pending)[0]?.step !== "message") yield* Effect.sleep("10 millis")
        yield* Reconciliation.resolve({ ...(yield* lastly), outcome: Reconciliation.notProcessed })
        // The third response, of the message that is sent again.
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
  }).pipe(Effect.scoped, Effect.provide(lost))
