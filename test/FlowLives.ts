/** A flow whose process ends again and again, in whatever its flows are kept. */
import { Conversations, LiveDesk, LiveDeskError } from "@effect-livedesk/core"
import {
  ConversationFlow,
  CustomerReply,
  FlowEvents,
  FlowStep,
  IntentLog,
  Reconciliation
} from "@effect-livedesk/core/flows"
import { Emulator, Faults, Fixtures, WebhookDelivery } from "@effect-livedesk/core/testing"
import { WebhookEvent } from "@effect-livedesk/core/webhooks"
import type * as NodeFlows from "@effect-livedesk/node/NodeFlows"
import { assert } from "@effect/vitest"
import { DateTime, Effect, Fiber, Layer, Option, PubSub, References, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { Workflow } from "effect/workflow"
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

const odd = ["NUL \0 in it", "half an emoji \ud83d", "'; DROP TABLE --", "\\u0000", "\"", "", "é".repeat(5000)]

const Echo = Workflow.make("Test.Echo", {
  payload: { step: Schema.String },
  success: Schema.Array(Schema.String),
  error: LiveDeskError.LiveDeskError,
  idempotencyKey: ({ step }) => step
})

const echo = Echo.toLayer(({ step }) =>
  Effect.gen(function*() {
    const conversationId = yield* FlowStep.createConversation(step, { inboxId: 407, contactId: 7 })
    return yield* Effect.forEach(odd, (_, index) =>
      Effect.map(CustomerReply.wait(`reply ${index}`, { conversationId }), (reply) =>
        Option.getOrThrow(reply).content))
  })
)

const Ask = Workflow.make("Test.Ask", {
  payload: {},
  success: Schema.String,
  error: LiveDeskError.LiveDeskError,
  idempotencyKey: () => "ask"
})

const ask = Ask.toLayer(() =>
  Effect.gen(function*() {
    const conversationId = yield* FlowStep.createConversation("conversation", { inboxId: 407, contactId: 7 })
    return Option.getOrThrow(yield* CustomerReply.wait("reply", { conversationId })).content
  })
)

/** Lets time pass, until an effect that waits for it and for a database is done. */
const withTime = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(effect)
  while (fiber.pollUnsafe() === undefined) {
    yield* TestClock.adjust("1 second")
    yield* TestClock.withLive(Effect.sleep("5 millis"))
  }
  return yield* Fiber.join(fiber)
})

/** A reply that a process stored, and did not pass to its flow before it died. Time is that of the test's clock. */
export const passReply = <E, R>(flows: Layer.Layer<NodeFlows.Provided, E, R>) =>
  Effect.gen(function*() {
    const life = Layer.provideMerge(ask, Layer.fresh(flows)).pipe(
      Layer.provide(Layer.mock(Conversations.Conversations, {
        create: () => Effect.succeed(Fixtures.conversation({ id: 7 }))
      })),
      Layer.fresh
    )
    yield* withTime(
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const { receive } = yield* CustomerReply.ReplyStore
        yield* Ask.execute({}, { discard: true })
        while ((yield* sql`SELECT * FROM livedesk_flow_waits`).length === 0) yield* Effect.sleep("1 second")
        const reply = { conversationId: 7, messageId: 1, content: "Yes", receivedAt: 0 }
        assert.lengthOf(yield* receive(yield* Schema.decodeEffect(CustomerReply.CustomerReply)(reply)), 1)
      }).pipe(Effect.provide(life))
    )
    yield* withTime(
      Effect.gen(function*() {
        assert.strictEqual(yield* Ask.execute({}), "Yes")
        const { pending } = yield* CustomerReply.ReplyStore
        while ((yield* pending).length > 0) yield* Effect.sleep("1 second")
      }).pipe(Effect.provide(life))
    )
  })

/** Texts that a database may not keep as they are, and names that it cannot have. */
export const keepsAnyText = <E, R>(flows: Layer.Layer<NodeFlows.Provided, E, R>) =>
  Effect.gen(function*() {
    const intents = yield* IntentLog.IntentLog
    const facts = {
      executionId: "1",
      workflow: "Test.Texts",
      kind: "message",
      inboxId: undefined,
      contactId: undefined,
      conversationId: 77
    } as const
    for (const [index, content] of odd.entries()) {
      const step = `step ${index}`
      const { intent } = yield* intents.begin({ ...facts, step, content }, 1)
      yield* intents.beginCheck(intent, content)
      const again = yield* intents.find("1", step)
      assert.deepStrictEqual([again?.content, again?.verifyHint], [content, content])
      const fitting = yield* intents.findMatching({ kind: "message", id: 1, conversationId: 77, content }, Infinity)
      assert.deepStrictEqual(fitting.map(({ step }) => step), [step])
    }
    const replies = yield* CustomerReply.ReplyStore
    for (const [index, content] of odd.entries()) {
      const wait = { executionId: "1", workflow: "Test.Texts", name: `reply ${index}`, conversationId: 77 }
      assert.isTrue(Option.isNone(yield* replies.begin(wait)))
      const reply = { conversationId: 77, messageId: 100 + index, content, receivedAt: index }
      const stored = yield* Schema.decodeEffect(CustomerReply.CustomerReply)(reply)
      assert.deepStrictEqual(yield* replies.receive(stored), [{ wait, reply: stored }])
      assert.deepStrictEqual(yield* replies.pending, [{ wait, reply: stored }])
      yield* replies.complete(wait)
      assert.deepStrictEqual(yield* replies.pending, [])
      yield* replies.forget({ olderThan: "1 day" })
      assert.deepStrictEqual(yield* replies.end(wait), Option.some(stored))
    }
    for (const name of ["a\0b", "\ud800", "x".repeat(256), ""]) {
      assert.isUndefined(yield* intents.find("1", name))
      const error = yield* Effect.flip(Echo.execute({ step: name }))
      assert.deepInclude(error, { _tag: "ValidationError", outcome: "NotSent" })
      assert.include(error.message, "step: expected a name of 1 to 255 characters, without control characters")
    }
    const fiber = yield* Effect.forkChild(Echo.execute({ step: "x".repeat(255) }))
    while (!(yield* intents.hasConversation(7))) yield* Effect.sleep("10 millis")
    for (const [index, content] of odd.entries()) {
      const created = { id: index + 1, content, message_type: "incoming", conversation: { id: 7 } }
      const wire = WebhookDelivery.payload("message_created", created)
      yield* CustomerReply.handle(yield* Schema.decodeUnknownEffect(WebhookEvent.WebhookEvent)(wire))
    }
    assert.deepStrictEqual(yield* Fiber.join(fiber), odd)
  }).pipe(
    Effect.provide(
      echo.pipe(
        Layer.provideMerge(Layer.fresh(flows)),
        Layer.provide(Layer.mock(Conversations.Conversations, {
          create: () => Effect.succeed(Fixtures.conversation({ id: 7 }))
        }))
      )
    )
  )
