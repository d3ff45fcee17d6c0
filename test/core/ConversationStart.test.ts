import { Contacts, ConversationStart, LiveDesk } from "@effect-livedesk/core"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Layer, Option } from "effect"

const TestLayer = LiveDesk.layer.pipe(Layer.provideMerge(Emulator.layer))

const held = Effect.gen(function*() {
  const { state } = yield* Emulator.Emulator
  const { contacts, conversations, messages } = yield* state
  return [HashMap.size(contacts), HashMap.size(conversations), HashMap.size(messages)]
})

const message = { content: "Your parcel is on its way." }

describe("start", () => {
  it.effect("writes to a contact that is there already", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      const ensured = yield* contacts.ensure({ inboxId: 407, email: "alice@acme.inc" })
      const { contact, contactId } = yield* ConversationStart.start({
        inboxId: 407,
        contact: { contactId: ensured.contact.id, sourceId: undefined },
        message
      })
      assert.deepStrictEqual([contactId, contact], [ensured.contact.id, Option.none()])
      assert.deepStrictEqual(yield* held, [1, 1, 1])
    }).pipe(Effect.provide(TestLayer)))

  it.effect("does nothing when the message cannot be sent anyway", () =>
    Effect.gen(function*() {
      for (
        const [wrong, path] of [
          [{ contentAttributes: { in_reply_to: Number.NaN } }, "message.contentAttributes"],
          [{ content: "half an emoji: \ud83d" }, "message.content"]
        ] as const
      ) {
        const error = yield* Effect.flip(ConversationStart.start({
          inboxId: 407,
          contact: { name: "Alice" },
          message: { ...message, ...wrong }
        }))
        assert.strictEqual(error.reason._tag, "InvalidInput")
        assert.include(error.message, path)
      }
      assert.deepStrictEqual(yield* held, [0, 0, 0])
    }).pipe(Effect.provide(TestLayer)))

  it.effect("refuses a resume that is none of its own", () =>
    Effect.gen(function*() {
      for (const resume of [{ conversationId: 40 }, { page: 3 }, { contactId: "7" }]) {
        const error = yield* Effect.flip(
          ConversationStart.start({ inboxId: 407, contact: { name: "Alice" }, message, resume })
        )
        assert.strictEqual(error.reason._tag, "InvalidInput")
      }
      assert.deepStrictEqual(yield* held, [0, 0, 0])
    }).pipe(Effect.provide(TestLayer)))

  const lostOnce = (operation: "contacts.create" | "conversations.create" | "messages.send", fault: Faults.Fault) =>
    Effect.provide(
      LiveDesk.layer.pipe(Layer.provideMerge(Faults.layerEmulator(Faults.script({ [operation]: [fault] }))))
    )
  const input = { inboxId: 407, contact: { name: "Alice", email: "alice@acme.inc" }, message }
  const done = { contactId: 2219256, conversationId: 40 }

  for (
    const [step, operation, steps, id] of [
      ["contact", "contacts.create", [], { contactId: 2219256 }],
      ["conversation", "conversations.create", ["contactId", "sourceId"], { conversationId: 40 }],
      ["message", "messages.send", ["contactId", "sourceId", "conversationId"], {}]
    ] as const
  ) {
    it.effect(`refuses to repeat an unknown ${step} until somebody has looked`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(ConversationStart.start(input))
        assert.deepStrictEqual([error.outcome, error.operation], ["Unknown", operation])
        assert.deepStrictEqual(Object.keys(error.resume ?? {}), [...steps, "unknown"])
        assert.notInclude(error.message, "Resume with")
        assert.include(error.message, "if it is there, ")
        const after = yield* held
        // The advice of the error, followed without a look.
        const refused = yield* Effect.flip(ConversationStart.start({ ...input, resume: error.resume }))
        assert.deepStrictEqual([refused.outcome, refused.reason._tag], ["NotSent", "InvalidInput"])
        assert.include(
          refused.message,
          `resume.unknown: the outcome of the ${step} is unknown, so look for it first; if`
        )
        assert.deepStrictEqual(yield* held, after)
        if (step === "message") return
        // It is there.
        yield* ConversationStart.start({ ...input, resume: { ...error.resume, ...id } })
        assert.deepStrictEqual(yield* held, [1, 1, 1])
      }).pipe(lostOnce(operation, Faults.Fault.Reset({ when: "AfterProcessing" }))))

    it.effect(`repeats an unknown ${step} that somebody did not find`, () =>
      Effect.gen(function*() {
        const { resume } = yield* Effect.flip(ConversationStart.start(input))
        const { contactId, conversationId } = yield* ConversationStart.start({ ...input, resume, notProcessed: step })
        assert.deepStrictEqual({ contactId: Number(contactId), conversationId: Number(conversationId) }, done)
        assert.deepStrictEqual(yield* held, [1, 1, 1])
      }).pipe(lostOnce(operation, Faults.Fault.Reset({ when: "BeforeProcessing" }))))
  }

  it.effect("goes on with a record whose id came although its response broke off", () =>
    Effect.gen(function*() {
      const { outcome, resume } = yield* Effect.flip(ConversationStart.start(input))
      assert.deepStrictEqual([outcome, resume?.conversationId, resume?.unknown], ["Processed", 40, undefined])
      yield* ConversationStart.start({ ...input, resume })
      assert.deepStrictEqual(yield* held, [1, 1, 1])
    }).pipe(lostOnce("conversations.create", Faults.Fault.MalformedBody({ body: `{"id":40,"status":7` }))))

  it.effect("refuses a step as not processed that is not unknown", () =>
    Effect.gen(function*() {
      for (
        const wrong of [
          { notProcessed: "message" },
          { resume: { ...done, unknown: "message" }, notProcessed: "conversation" },
          { resume: done, notProcessed: "message" }
        ] as const
      ) {
        const error = yield* Effect.flip(ConversationStart.start({ ...input, ...wrong }))
        assert.strictEqual(error.reason._tag, "InvalidInput")
      }
      assert.deepStrictEqual(yield* held, [0, 0, 0])
    }).pipe(Effect.provide(TestLayer)))
})
