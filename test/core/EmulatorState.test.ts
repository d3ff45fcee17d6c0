import { Contacts, Conversations, LiveDesk, Messages, Tickets } from "@effect-livedesk/core"
import { Emulator, EmulatorState } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Option, Schema } from "effect"

const layer = (options?: Emulator.Options) =>
  LiveDesk.layer.pipe(Layer.provideMerge(Emulator.layerWith({ onDrift: "fail", ...options })))

/** Something of everything that an emulator holds. */
const story = Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  const conversations = yield* Conversations.Conversations
  const messages = yield* Messages.Messages
  const tickets = yield* Tickets.Tickets
  const { receive, state } = yield* Emulator.Emulator
  const { contact } = yield* contacts.create({ inboxId: 407, name: "Ada", email: "ada@acme.inc" })
  yield* contacts.update({ contactId: contact.id, customAttributes: { level: { a: [1, null, "ä"] } } })
  const conversation = yield* conversations.create({ inboxId: 407, contactId: contact.id })
  yield* messages.sendFiles({
    conversationId: conversation.id,
    attachments: [{ name: "ä.bin", mediaType: "application/octet-stream", content: Uint8Array.from([0, 255, 128]) }]
  })
  yield* receive({ conversationId: conversation.id, content: "Thank you" })
  yield* conversations.toggleStatus({
    conversationId: conversation.id,
    status: "snoozed",
    snoozedUntil: DateTime.makeUnsafe("2030-01-01T00:00:00Z")
  })
  const { ticketId } = yield* tickets.create({
    title: "Printer on fire",
    assignmentTeam: "IT Support",
    requester: { channelContacts: { followers: [{ id: "1", name: "Zhang San" }] } }
  })
  yield* tickets.update({ ticketId, tags: ["fire"] })
  return yield* state
})

const Json = Schema.fromJsonString(EmulatorState.EmulatorState)
const encode = Schema.encodeSync(Json)
const decode = Schema.decodeUnknownSync(Json)

describe("EmulatorState", () => {
  it.effect("comes back from JSON as it was, to the fraction of a millisecond", () =>
    Effect.gen(function*() {
      const state = yield* Effect.provide(story, layer({ startsAt: DateTime.fromEpochSeconds(1766572062.5803902) }))
      const text = encode(state)
      const back = decode(text)
      assert.strictEqual(encode(back), text)
      assert.deepStrictEqual(back, state)
    }))

  it.effect("is gone on from: everything is there, and nothing is given twice", () =>
    Effect.gen(function*() {
      const before = decode(encode(yield* Effect.provide(story, layer())))
      yield* Effect.gen(function*() {
        const contacts = yield* Contacts.Contacts
        const messages = yield* Messages.Messages
        // The first call, as it was of the other: with the same series of UUIDs it would be given the same.
        const created = yield* contacts.create({ inboxId: 407, name: "Bob" })
        const ada = yield* contacts.ensure({ inboxId: 407, email: "ada@acme.inc" })
        assert.strictEqual(ada._tag, "Existing")
        const [known] = ada.contact.contactInboxes
        assert.strictEqual(created.contact.id, ada.contact.id + 1)
        assert.notDeepEqual(created.contactInbox.sourceId, known?.sourceId)
        const message = yield* messages.send({ conversationId: 40, content: "Still there" })
        assert.deepStrictEqual([Number(message.id), message.sortingId], [3032, Option.some(3)])
        const taken = yield* Effect.flip(contacts.create({ inboxId: 408, email: "ada@acme.inc" }))
        assert.strictEqual(taken.status, 422)
      }).pipe(Effect.provide(layer({ state: before, inboxes: [{ id: 408 }] })))
    }))

  it.effect("is refused where it is something else", () =>
    Effect.sync(() => {
      for (const text of ["", "{", "null", "{}", "{\"version\":2}"]) assert.throws(() => decode(text))
    }))
})
