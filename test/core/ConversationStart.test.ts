import { Contacts, ConversationStart, LiveDesk } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
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
})
