import { Contacts, LiveDeskError } from "@effect-livedesk/core"
import { ConversationFlow, FlowEvents, FlowStep, IntentLog, Reconciliation } from "@effect-livedesk/core/flows"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Array, Clock, Effect, Fiber, HashMap, Layer, Logger, PubSub, References, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Workflow, WorkflowEngine } from "effect/workflow"
import * as Breadth from "../Breadth.ts"
import * as FlowWorld from "../FlowWorld.ts"

const { Fault } = Faults
const { all, begin, contactFacts, done, dropPackets, executionId, flow, life, pass, payload, posts, truth, world } =
  FlowWorld

/** What was logged as a warning. */
const warnings = () => {
  const lines: Array<string> = []
  const annotations: Array<unknown> = []
  const layer = Logger.layer([
    Logger.make(({ fiber, logLevel, message }) => {
      if (logLevel !== "Warn") return
      lines.push(String(message))
      annotations.push(fiber.getRef(References.CurrentLogAnnotations))
    })
  ])
  return { annotations, lines, layer }
}

describe("a flow", () => {
  it.effect("creates a contact, a conversation and a message", () =>
    Effect.gen(function*() {
      const started = yield* life(flow)
      assert.deepStrictEqual({ ...started }, { contactId: 2219256, conversationId: 40, messageId: started.messageId })
      assert.deepStrictEqual(yield* done, [1, 1, 1])
    }).pipe(Effect.provide(world({}))))

  it.effect("does no step again when it is replayed from its beginning", () =>
    Effect.gen(function*() {
      const first = yield* life(flow)
      const second = yield* life(flow)
      assert.deepStrictEqual({ ...second }, { ...first })
      assert.deepStrictEqual(yield* posts, all)
    }).pipe(Effect.provide(world({}))))

  it.effect("runs once for the same id, inbox and contact, and again for another id", () =>
    life(Effect.gen(function*() {
      const [one, same, other] = yield* Effect.all([
        ConversationFlow.start(payload),
        ConversationFlow.start({ ...payload, contact: { name: "Alice", email: " Alice@acme.inc" } }),
        ConversationFlow.start({ ...payload, id: "another" })
      ])
      assert.strictEqual(one, same)
      assert.notStrictEqual(one, other)
    })).pipe(Effect.provide(world({}))))

  it.effect("rejects an invalid payload, and starts nothing", () =>
    Effect.gen(function*() {
      const error = yield* life(
        Effect.flip(ConversationFlow.run({ ...payload, inboxId: -1, contact: { name: "Bob" } }))
      )
      assert.strictEqual(error._tag, "ValidationError")
      assert.include(error.message, "inboxId")
      assert.include(error.message, "give identifier, email or phoneNumber")
      const half = yield* life(
        Effect.flip(ConversationFlow.run({ ...payload, message: { content: "half an emoji: \ud83d" } }))
      )
      assert.include(half.message, "message.content: expected text without an unpaired surrogate")
      assert.deepStrictEqual(yield* posts, [])
    }).pipe(Effect.provide(world({}))))

  for (const operation of ["contacts.create", "conversations.create", "messages.send"] as const) {
    it.effect(`retries ${operation} if nothing was sent or it was rate limited`, () =>
      Effect.gen(function*() {
        const started = yield* life(Effect.gen(function*() {
          const fiber = yield* begin("2 hours")
          return yield* Fiber.join(fiber)
        }))
        assert.strictEqual(started.conversationId, 40)
        assert.deepStrictEqual(yield* done, [1, 1, 1])
      }).pipe(
        Effect.provide(
          world({ [operation]: [Fault.Refused(), Fault.RateLimited({ retryAfter: "600" }), Fault.Refused()] })
        )
      ))

    it.effect(`fails when ${operation} could not be sent for an hour`, () =>
      Effect.gen(function*() {
        const error = yield* life(Effect.gen(function*() {
          const fiber = yield* begin("2 hours")
          return yield* Effect.flip(Fiber.join(fiber))
        }))
        assert.strictEqual(error.outcome, "NotSent")
        assert.strictEqual(error.reason._tag, "ConnectionFailed")
        // A minute apart at most.
        assert.isAbove((yield* posts).length, 50)
      }).pipe(Effect.provide(world({ [operation]: Array.makeBy(200, () => Fault.Refused()) }))))
  }

  it.effect("goes on by itself after calls whose timeouts passed without a connection", () =>
    Effect.gen(function*() {
      yield* life(Effect.gen(function*() {
        const fiber = yield* begin("2 hours")
        return yield* Fiber.join(fiber)
      }))
      const intents = yield* IntentLog.IntentLog
      assert.deepStrictEqual(yield* intents.pending, [])
      assert.deepStrictEqual(yield* done, [1, 1, 1])
    }).pipe(Effect.provide(world({}, { transformClient: dropPackets(/\/messages$/, 3) }))))

  it.effect("looks for a contact again after the Retry-After of a failure, if that is longer than reconcileAfter", () =>
    life(Effect.gen(function*() {
      const fiber = yield* begin("9 minutes")
      assert.deepStrictEqual(yield* posts, [])
      yield* pass("2 minutes")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* posts, all)
    })).pipe(
      Effect.provide(
        world({ "contacts.list": [Fault.Failing({ status: 503, when: "BeforeProcessing", retryAfter: "600" })] })
      )
    ))

  it.effect("waits for what is left of reconcileAfter before it looks for a contact again", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const intents = yield* IntentLog.IntentLog
      const { intent } = yield* intents.begin(yield* contactFacts, 1)
      yield* intents.beginCheck(intent, undefined)
      yield* TestClock.adjust("20 seconds")
      yield* life(Effect.gen(function*() {
        const fiber = yield* begin("9 seconds")
        assert.deepStrictEqual(yield* posts, [])
        yield* pass("2 seconds")
        yield* Fiber.join(fiber)
      }))
      assert.isAtMost(yield* Clock.currentTimeMillis, 3_631_000)
    }).pipe(Effect.provide(world({}))))

  it.effect("waits no longer than reconcileAfter, also if the clock was set back an hour", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("2 hours")
      const intents = yield* IntentLog.IntentLog
      const { intent } = yield* intents.begin(yield* contactFacts, 1)
      yield* intents.beginCheck(intent, undefined)
      yield* TestClock.setTime(3_600_000)
      const fiber = yield* life(Effect.tap(begin("31 seconds"), Fiber.join))
      assert.strictEqual(fiber.pollUnsafe()?._tag, "Success")
      assert.isBelow(yield* Clock.currentTimeMillis, 3_600_000 + 32_000)
    }).pipe(Effect.provide(world({}))))

  it.effect("rejects invalid options, and sends nothing", () =>
    Effect.gen(function*() {
      const error = yield* Effect.provide(
        Effect.flip(flow),
        ConversationFlow.layer({ reconcileAfter: "-1 seconds" }).pipe(Layer.provideMerge(WorkflowEngine.layerMemory))
      )
      assert.strictEqual(error.reason._tag, "InvalidInput")
      assert.include(error.message, "reconcileAfter: expected a time")
      assert.deepStrictEqual(yield* posts, [])
    }).pipe(Effect.provide(world({}))))

  const Named = Workflow.make("Named", {
    payload: { kind: Schema.String, step: Schema.String },
    error: LiveDeskError.LiveDeskError,
    idempotencyKey: ({ kind, step }) => `${kind} ${step}`
  })
  const named = Named.toLayer(({ kind, step }) =>
    Effect.gen(function*() {
      if (kind === "contact") yield* FlowStep.ensureContact(step, { inboxId: 407, email: "alice@acme.inc" })
      if (kind === "conversation") yield* FlowStep.createConversation(step, { inboxId: 407, contactId: 2219256 })
      if (kind === "message") yield* FlowStep.sendMessage(step, { conversationId: 40, content: "Hello" })
    })
  )
  for (const kind of ["contact", "conversation", "message"]) {
    it.effect(`rejects the name of a ${kind}'s step that a database could not keep, and sends nothing`, () =>
      Effect.gen(function*() {
        for (const step of ["a\0b", "x".repeat(256), ""]) {
          const error = yield* Effect.flip(Named.execute({ kind, step }))
          assert.include(error.message, "step: expected a name of 1 to 255 characters, without control characters")
        }
        assert.deepStrictEqual(yield* posts, [])
      }).pipe(
        Effect.provide(named.pipe(Layer.provideMerge(WorkflowEngine.layerMemory), Layer.provideMerge(world({}))))
      ))
  }

  it.effect("fails when LiveDesk rejects a call, which another flow may repeat", () =>
    Effect.gen(function*() {
      // The second waits for nothing: the first left no doubt.
      for (const attempt of ["first", "second"]) {
        const error = yield* life(Effect.flip(ConversationFlow.run({ ...payload, inboxId: 999 })))
        assert.deepStrictEqual([error.outcome, error.reason._tag], ["Rejected", "NotFound"], attempt)
      }
    }).pipe(Effect.provide(world({}))))

  it.effect("takes a contact that is known, and looks for none", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      const { contact } = yield* contacts.create({ inboxId: 407, email: "alice@acme.inc" })
      const intents = yield* IntentLog.IntentLog
      const { intent } = yield* intents.begin(yield* contactFacts, 1)
      yield* intents.complete(intent, contact.id)
      const started = yield* life(flow)
      assert.strictEqual(started.contactId, contact.id)
      const { trace } = yield* Faults.Faults
      assert.deepStrictEqual((yield* trace).map(({ operation }) => operation), all)
    }).pipe(Effect.provide(world({}))))

  it.effect("gives the source id of its contact, where it has one in the inbox", () =>
    Effect.gen(function*() {
      const Found = Workflow.make("Found", {
        payload: { email: Schema.String },
        success: FlowStep.FoundContact,
        error: LiveDeskError.LiveDeskError,
        idempotencyKey: ({ email }) => email
      })
      const find = (email: string) =>
        Found.execute({ email }).pipe(Effect.provide(
          Found.toLayer(({ email }) => FlowStep.ensureContact("contact", { inboxId: 407, email })).pipe(
            Layer.provideMerge(WorkflowEngine.layerMemory)
          )
        ))
      const found = yield* find("alice@acme.inc")
      const { contactInboxes } = yield* Effect.flatMap(Emulator.Emulator, ({ state }) => state)
      const [{ contactId, sourceId } = {}] = HashMap.toValues(contactInboxes).flat()
      assert.deepStrictEqual({ ...found }, { contactId, sourceId })
      assert.isString(found.sourceId)
      const { create } = yield* Contacts.Contacts
      const elsewhere = yield* create({ inboxId: 408, email: "bob@acme.inc" })
      assert.deepStrictEqual({ ...yield* find("bob@acme.inc") }, { contactId: elsewhere.contact.id })
    }).pipe(Effect.provide(world({}, { inboxes: [{ id: 407 }, { id: 408 }] }))))
})

/**
 * Every way in which a response can be lost, and whether LiveDesk acted. Of every second one, too, some acted and some
 * did not: the quick tests pair them with two operations in turn.
 */
const losses: ReadonlyArray<readonly [Faults.Fault, boolean]> = [
  [Fault.Reset({ when: "BeforeProcessing" }), false],
  [Fault.Reset({ when: "AfterProcessing" }), true],
  [Fault.Silent({ when: "AfterProcessing" }), true],
  [Fault.Silent({ when: "BeforeProcessing" }), false],
  [Fault.Failing({ status: 502, when: "BeforeProcessing" }), false],
  [Fault.Failing({ status: 502, when: "AfterProcessing" }), true],
  [Fault.CutShort({ bytes: 10 }), true],
  [Fault.MalformedBody({ body: "{}" }), true]
]

describe("an unknown outcome", () => {
  for (const [fault, processed] of losses) {
    it.effect(`of a contact is looked for: ${fault._tag} ${processed ? "after" : "before"} acting`, () =>
      Effect.gen(function*() {
        yield* life(Effect.gen(function*() {
          const fiber = yield* begin("5 minutes")
          yield* Fiber.join(fiber)
        }))
        assert.deepStrictEqual(yield* done, [1, 1, 1])
      }).pipe(Effect.provide(world({ "contacts.create": [fault] }))))
  }

  const operations = ["conversations.create", "messages.send"] as const

  for (const [[fault, processed], operation] of Breadth.pairs(losses, operations)) {
    const what = `${fault._tag} ${processed ? "after" : "before"} acting`

    it.effect(`of ${operation} is reconciled by an outcome probe: ${what}`, () =>
      Effect.gen(function*() {
        const probe = yield* truth
        yield* life(
          Effect.gen(function*() {
            const fiber = yield* begin("5 minutes")
            yield* Fiber.join(fiber)
          }),
          probe
        )
        assert.deepStrictEqual(yield* done, [1, 1, 1])
        assert.strictEqual((yield* posts).filter((post) => post === operation).length, processed ? 1 : 2)
      }).pipe(Effect.provide(world({ [operation]: [fault] }))))

    it.effect(`of ${operation} is resolved by a person: ${what}`, () => {
      const { annotations, layer, lines } = warnings()
      const step = operation === "messages.send" ? "message" : "conversation"
      return Effect.gen(function*() {
        yield* life(Effect.gen(function*() {
          const fiber = yield* begin("5 minutes")
          assert.isUndefined(fiber.pollUnsafe())
          assert.lengthOf(lines, 1)
          assert.include(lines[0], "look at the con")
          assert.deepInclude(annotations[0], {
            "livedesk.flow": "LiveDesk.ConversationFlow",
            "livedesk.flow.execution": yield* executionId,
            "livedesk.flow.step": step
          })
          const [pending] = yield* Reconciliation.pending
          assert.deepStrictEqual([pending?.executionId, pending?.step], [yield* executionId, step])
          const { state } = yield* Emulator.Emulator
          const held = yield* state
          const id = step === "message" ? held.nextMessageId - 1 : held.nextConversationId - 1
          yield* Reconciliation.resolve({
            executionId: yield* executionId,
            step,
            outcome: processed ? Reconciliation.processed(id) : Reconciliation.notProcessed
          })
          yield* pass("5 minutes")
          yield* Fiber.join(fiber)
          assert.deepStrictEqual(yield* Reconciliation.pending, [])
        }))
        assert.deepStrictEqual(yield* done, [1, 1, 1])
      }).pipe(Effect.provide([world({ [operation]: [fault] }), layer]))
    })
  }

  for (const [[fault], operation] of Breadth.pairs(losses.filter(([, processed]) => processed), operations)) {
    const what = `${fault._tag} after acting`

    it.effect(`of ${operation} is reconciled by an event that comes late: ${what}`, () =>
      Effect.gen(function*() {
        const { events } = yield* Emulator.Emulator
        const subscription = yield* PubSub.subscribe(events)
        yield* life(Effect.gen(function*() {
          const fiber = yield* begin("5 minutes")
          assert.isUndefined(fiber.pollUnsafe())
          // More than once, as webhooks may.
          for (const event of yield* PubSub.takeUpTo(subscription, 10)) {
            yield* FlowEvents.handle(event)
            yield* FlowEvents.handle(event)
          }
          yield* pass("5 minutes")
          yield* Fiber.join(fiber)
        }))
        assert.deepStrictEqual(yield* done, [1, 1, 1])
        assert.deepStrictEqual(yield* posts, all)
      }).pipe(Effect.scoped, Effect.provide(world({ [operation]: [fault] }))))

    it.effect(`of ${operation} is reconciled by an event that came before the loss was noticed: ${what}`, () =>
      Effect.gen(function*() {
        const { events } = yield* Emulator.Emulator
        const subscription = yield* PubSub.subscribe(events)
        yield* life(Effect.gen(function*() {
          const handling = yield* Effect.forkChild(
            Effect.forever(Effect.flatMap(PubSub.take(subscription), FlowEvents.handle))
          )
          const fiber = yield* begin("5 minutes")
          yield* Fiber.join(fiber)
          yield* Fiber.interrupt(handling)
        }))
        assert.deepStrictEqual(yield* posts, all)
      }).pipe(Effect.scoped, Effect.provide(world({ [operation]: [fault] }))))
  }

  for (const [operation, step] of [["conversations.create", "conversation"], ["messages.send", "message"]] as const) {
    it.effect(`of ${operation} after a process died during the call is not guessed`, () =>
      Effect.gen(function*() {
        const facts = { ...(yield* contactFacts), step, contactId: 7, conversationId: 40, content: "Hello, Alice" }
        const intents = yield* IntentLog.IntentLog
        yield* intents.begin({ ...facts, kind: step }, 1)
        yield* life(Effect.gen(function*() {
          const fiber = yield* begin("5 minutes")
          assert.isUndefined(fiber.pollUnsafe())
          assert.strictEqual((yield* Reconciliation.pending)[0]?.step, step)
        }))
        assert.deepStrictEqual(yield* posts, all.slice(0, all.indexOf(operation)))
      }).pipe(Effect.provide(world({}))))
  }

  it.effect("that a probe cannot tell is not probed again", () =>
    Effect.gen(function*() {
      let probes = 0
      const undetermined = Effect.sync(() => {
        probes++
        return Reconciliation.undetermined
      })
      yield* life(begin("5 minutes"), { conversation: () => undetermined, message: () => undetermined })
      assert.strictEqual(probes, 1)
    }).pipe(Effect.provide(world({ "messages.send": [Fault.Reset({ when: "AfterProcessing" })] }))))

  it.effect("that a probe does not find is probed again once the request cannot be in flight any more", () =>
    Effect.gen(function*() {
      const probe = yield* truth
      yield* life(
        Effect.gen(function*() {
          const fiber = yield* begin("29 seconds")
          assert.isUndefined(fiber.pollUnsafe())
          assert.deepStrictEqual(yield* posts, all)
          yield* pass("1 second")
          yield* Fiber.join(fiber)
        }),
        probe
      )
    }).pipe(Effect.provide(world({ "messages.send": [Fault.Reset({ when: "BeforeProcessing" })] }))))

  for (
    const [operation, bytes] of [["contacts.create", 400], ["conversations.create", 700], [
      "messages.send",
      100
    ]] as const
  ) {
    it.effect(`of ${operation} is known if the response held the id before it broke off`, () =>
      Effect.gen(function*() {
        const started = yield* life(flow)
        assert.deepStrictEqual([started.contactId, started.conversationId], [2219256, 40])
        const { trace } = yield* Faults.Faults
        const lookups = (yield* trace).filter(({ operation }) => operation === "contacts.list")
        // `ensure` itself looks again for a contact that it may have created.
        assert.lengthOf(lookups, operation === "contacts.create" ? 2 : 1)
      }).pipe(Effect.provide(world({ [operation]: [Fault.CutShort({ bytes })] }))))
  }

  it.effect("can be resolved only while it is pending, and only by a valid id", () =>
    life(Effect.gen(function*() {
      const id = yield* executionId
      const none = yield* Effect.flip(
        Reconciliation.resolve({ executionId: id, step: "message", outcome: Reconciliation.notProcessed })
      )
      assert.strictEqual(none._tag, "NotPendingError")
      yield* flow
      const over = yield* Effect.flip(
        Reconciliation.resolve({ executionId: id, step: "message", outcome: Reconciliation.notProcessed })
      )
      assert.strictEqual(over._tag, "NotPendingError")
      const odd = yield* Effect.flip(
        Reconciliation.resolve({ executionId: id, step: "message", outcome: Reconciliation.processed(-1) })
      )
      assert.strictEqual(odd._tag, "ResolutionError")
    })).pipe(Effect.provide(world({}))))

  it.effect("takes one resolution per call: after NotProcessed the next call may be lost, too", () =>
    Effect.gen(function*() {
      yield* life(Effect.gen(function*() {
        const fiber = yield* begin("5 minutes")
        const resolve = Reconciliation.resolve({
          executionId: yield* executionId,
          step: "message",
          outcome: Reconciliation.notProcessed
        })
        yield* resolve
        yield* pass("5 minutes")
        assert.isUndefined(fiber.pollUnsafe())
        yield* resolve
        yield* pass("5 minutes")
        yield* Fiber.join(fiber)
      }))
      assert.deepStrictEqual(yield* done, [1, 1, 1])
      assert.strictEqual((yield* posts).filter((post) => post === "messages.send").length, 3)
    }).pipe(
      Effect.provide(
        world({
          "messages.send": [Fault.Reset({ when: "BeforeProcessing" }), Fault.Reset({ when: "BeforeProcessing" })]
        })
      )
    ))
})
