import { Contacts, Conversations, LiveDesk, Messages } from "@effect-livedesk/core"
import { Emulator, EmulatorState } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Option, PubSub } from "effect"
import { TestClock } from "effect/testing"

const world = LiveDesk.layer.pipe(Layer.provideMerge(Emulator.layer))

const aConversation = Effect.gen(function*() {
  const { contact } = yield* Contacts.Contacts.use((contacts) => contacts.create({ inboxId: 407 }))
  return yield* Conversations.Conversations.use((conversations) =>
    conversations.create({ inboxId: 407, contactId: contact.id })
  )
})

describe("an agent of the emulator", () => {
  it.effect("replies as a program does", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { id } = yield* aConversation
      const events = yield* PubSub.subscribe(emulator.events)
      const byHand = yield* emulator.reply({ conversationId: id, content: "Hello" })
      const byProgram = yield* Messages.Messages.use((messages) =>
        messages.send({ conversationId: id, content: "Hello" })
      )
      assert.deepStrictEqual({ ...byHand, id: byProgram.id, sortingId: byProgram.sortingId }, byProgram)
      assert.deepStrictEqual((yield* PubSub.takeAll(events)).map(({ _tag }) => _tag), [
        "MessageCreated",
        // The first reply.
        "ConversationUpdated",
        "MessageCreated"
      ])
      const note = yield* emulator.reply({ conversationId: id, content: "A note", private: true })
      assert.isTrue(note.private)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("may reply to an event at once: no change is lost, and its events come after all of the change's", () =>
    Effect.gen(function*() {
      const { events, receive, reply, state, toggleStatus } = yield* Emulator.Emulator
      const { id } = yield* aConversation
      const [answered, observed] = yield* Effect.all([PubSub.subscribe(events), PubSub.subscribe(events)])
      yield* PubSub.take(answered).pipe(
        Effect.andThen(reply({ conversationId: id, content: "How can I help?" })),
        Effect.forkScoped({ startImmediately: true })
      )
      yield* toggleStatus({ conversationId: id, status: "resolved" })
      yield* receive({ conversationId: id, content: "Thanks" })
      assert.deepStrictEqual(
        EmulatorState.messagesOf(yield* state, id).map(({ content, messageType }) => [
          messageType,
          Option.getOrNull(content)
        ]),
        [
          ["activity", "Conversation was marked resolved by Agent"],
          ["outgoing", "How can I help?"],
          ["incoming", "Thanks"],
          ["activity", "System reopened the conversation due to a new incoming message."]
        ]
      )
      assert.deepStrictEqual((yield* PubSub.takeAll(observed)).slice(0, 3).map(({ _tag }) => _tag), [
        "ConversationStatusChanged",
        "ConversationUpdated",
        "MessageCreated"
      ])
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("moves a conversation as a program does", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { id } = yield* aConversation
      const events = yield* PubSub.subscribe(emulator.events)
      const until = DateTime.addDuration(yield* emulator.now, "1 hour")
      const moved = yield* emulator.toggleStatus({ conversationId: id, status: "snoozed", snoozedUntil: until })
      assert.deepStrictEqual([moved.currentStatus, moved.snoozedUntil], ["snoozed", Option.some(until)])
      assert.deepStrictEqual((yield* PubSub.takeAll(events)).map(({ _tag }) => _tag), [
        "ConversationStatusChanged",
        "ConversationUpdated"
      ])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* emulator.now, until)
      assert.strictEqual(Option.getOrThrow(yield* emulator.conversation(id)).status, "open")
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("is rejected as a program is, which changes nothing", () =>
    Effect.gen(function*() {
      const { reply, state, toggleStatus } = yield* Emulator.Emulator
      const { id } = yield* aConversation
      const before = yield* state
      const said = (rejected: Emulator.AgentRejectedError) => [rejected._tag, rejected.status, rejected.message]
      assert.deepStrictEqual(said(yield* Effect.flip(reply({ conversationId: 1, content: "Hello" }))), [
        "AgentRejectedError",
        404,
        "Resource could not be found"
      ])
      assert.deepStrictEqual(said(yield* Effect.flip(reply({ conversationId: id, content: "" }))), [
        "AgentRejectedError",
        422,
        "param is missing or the value is empty: content"
      ])
      assert.deepStrictEqual(said(yield* Effect.flip(toggleStatus({ conversationId: id, status: "closed" }))), [
        "AgentRejectedError",
        422,
        "Invalid status transition from open to closed"
      ])
      assert.strictEqual(yield* state, before)
      assert.isEmpty(EmulatorState.messagesOf(before, id))
    }).pipe(Effect.provide(world)))
})
