/** A LiveDesk with a flow and its database, in which processes live and end. */
import { LiveDesk, Transport } from "@effect-livedesk/core"
import { ConversationFlow, CustomerReply, IntentLog, Reconciliation } from "@effect-livedesk/core/flows"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import * as NodeSqlite from "@effect-livedesk/node/NodeSqlite"
import { assert } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Layer } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { WorkflowEngine } from "effect/workflow"
import * as FlowServer from "./FlowServer.ts"
import * as Promises from "./Promises.ts"

const database = Layer.provideMerge(CustomerReply.layer, IntentLog.layer).pipe(
  Layer.provideMerge(NodeSqlite.layer({ file: ":memory:" }))
)

/** A LiveDesk that fails as the plan says, and the database of the flows. */
export const world = (steps: Faults.Script["steps"], options?: Parameters<typeof Faults.layerEmulator>[1]) =>
  Layer.merge(database, LiveDesk.layer.pipe(Layer.provideMerge(Faults.layerEmulator(Faults.script(steps), options))))

/** Drops the packets of the first requests to a path, so that each waits for a connection until its timeout passes. */
export const dropPackets = (path: RegExp, times: number) => {
  let left = times
  return (client: HttpClient.HttpClient) =>
    HttpClient.transform(client, (effect, { url }) =>
      path.test(url) && left-- > 0
        ? Effect.flatMap(Transport.EnterPhase, (enter) => {
          enter("Connecting")
          return Effect.never
        })
        : effect)
}

/** One life of a process. What the engine knows ends with it, as if it had died before anything was stored. */
export const life = <A, E, R>(effect: Effect.Effect<A, E, R>, probe?: Reconciliation.OutcomeProbe) =>
  Effect.provide(
    effect,
    ConversationFlow.layer().pipe(
      Layer.provide(probe === undefined ? Layer.empty : Layer.succeed(Reconciliation.OutcomeProbe, probe)),
      Layer.provideMerge(WorkflowEngine.layerMemory),
      Layer.provideMerge(Promises.layer),
      Layer.fresh
    )
  )

export const payload: ConversationFlow.Payload = {
  id: "greeting",
  inboxId: 407,
  contact: { email: "alice@acme.inc" },
  message: { content: "Hello, Alice" }
}

export const flow = ConversationFlow.run(payload)

export const executionId = ConversationFlow.ConversationFlow.executionId(payload)

/** What the flow notes of its contact. */
export const contactFacts = Effect.map(executionId, (executionId): IntentLog.Facts => ({
  executionId,
  step: "contact",
  workflow: "LiveDesk.ConversationFlow",
  kind: "contact",
  inboxId: 407,
  contactId: undefined,
  conversationId: undefined,
  content: undefined
}))

export const done = Effect.gen(function*() {
  const { state } = yield* Emulator.Emulator
  return FlowServer.done(yield* state).get("alice@acme.inc")
})

export const posts = Effect.gen(function*() {
  const { trace } = yield* Faults.Faults
  return (yield* trace).map(({ operation }) => operation).filter((operation) => operation !== "contacts.list")
})

export const all = ["contacts.create", "conversations.create", "messages.send"]

/** What the emulator holds, as outcome probe. */
export const truth = Effect.gen(function*() {
  const { state } = yield* Emulator.Emulator
  const find = (pathname: string, params: Record<string, string>) =>
    Effect.map(state, (state) => {
      const id = FlowServer.find(state, pathname, new URLSearchParams(params))
      return id === undefined ? Reconciliation.notFound : Reconciliation.found(id)
    })
  return {
    conversation: ({ contactId }) => find("/probe/conversation", { contactId: String(contactId) }),
    message: ({ content, conversationId }) =>
      find("/probe/message", { content, conversationId: String(conversationId) })
  } satisfies Reconciliation.OutcomeProbe
})

/** Begins a flow, and lets so much time pass. */
export const begin = Effect.fnUntraced(function*(time: Duration.Input) {
  const fiber = yield* Effect.forkChild(flow)
  yield* pass(time)
  return fiber
})

/** Lets time pass in steps, between which pending promises complete. */
export const pass = Effect.fnUntraced(function*(time: Duration.Input) {
  const steps = 20
  const step = Duration.millis(Duration.toMillis(time) / steps)
  yield* Promises.settle
  for (let i = 0; i < steps; i++) {
    yield* TestClock.adjust(step)
    yield* Promises.settle
  }
})

/** A life that is ended so long after its beginning, and the time that its end may take. */
export const endedAfter = Effect.fnUntraced(function*(time: Duration.Input, end: Duration.Input = "1 minute") {
  const ending = yield* Deferred.make<void>()
  const fiber = yield* Effect.forkChild(life(Effect.andThen(begin(time), Deferred.succeed(ending, undefined))))
  yield* Deferred.await(ending)
  yield* pass(end)
  assert.isDefined(fiber.pollUnsafe(), "it has not ended")
  yield* Fiber.join(fiber)
})
