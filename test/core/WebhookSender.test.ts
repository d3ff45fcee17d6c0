import { Contacts, Conversations, LiveDesk, Messages } from "@effect-livedesk/core"
import { Emulator, WebhookDelivery, WebhookSender } from "@effect-livedesk/core/testing"
import { SeenDeliveries, WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, Schema } from "effect"

const path = "/livedesk"

/** An emulator and a receiver in memory; `handled` is what the receiver's handler got. */
const setup = (verification: Webhooks.Verification, received: Webhooks.Verification = verification) => {
  const handled: Array<WebhookEvent.WebhookEvent> = []
  const receiver = Webhooks.layer({
    path,
    verification: received,
    echoes: "handle",
    onFailure: "retry",
    handler: (event) => Effect.sync(() => handled.push(event))
  })
  const layer = Layer.merge(receiver, WebhookSender.layer({ path, verification })).pipe(
    Layer.provide(SeenDeliveries.layer),
    Layer.provideMerge(WebhookDelivery.layer),
    Layer.provideMerge(LiveDesk.layer),
    Layer.provideMerge(Emulator.layer)
  )
  return { handled, layer }
}

const aConversation = Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  const conversations = yield* Conversations.Conversations
  const { contact } = yield* contacts.create({ inboxId: 407, name: "Alice", email: "alice@acme.inc" })
  return yield* conversations.create({ inboxId: 407, contactId: contact.id })
})

const secret = Redacted.make("a-secret")

describe("an emulator's events", () => {
  it.effect("tell new conversations, messages from both sides, and moves", () => {
    const { handled, layer } = setup(Webhooks.signed({ secrets: [secret] }))
    return Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const sender = yield* WebhookSender.WebhookSender
      const conversations = yield* Conversations.Conversations
      const messages = yield* Messages.Messages
      const conversation = yield* aConversation
      const conversationId = conversation.id
      yield* messages.send({ conversationId, content: "How can we help?" })
      yield* conversations.toggleStatus({ conversationId, status: "resolved" })
      // Which opens it again.
      yield* emulator.receive({ conversationId, content: "Where is my order?" })

      const delivered = yield* sender.awaitDelivered(7)
      assert.deepStrictEqual(delivered.map(({ event }) => event._tag), [
        "ConversationCreated",
        "MessageCreated",
        "ConversationStatusChanged",
        "ConversationUpdated",
        "MessageCreated",
        "ConversationStatusChanged",
        "ConversationUpdated"
      ])
      assert.isTrue(delivered.every(({ status }) => Option.contains(status, 200)))
      assert.deepStrictEqual(handled.map(WebhookEvent.write), delivered.map(({ event }) => WebhookEvent.write(event)))

      const [created, sent, moved, , received] = handled
      assert.isTrue(created?._tag === "ConversationCreated")
      if (created?._tag !== "ConversationCreated") return
      assert.strictEqual(created.conversation.id, conversationId)
      assert.deepStrictEqual(created.conversation.meta.sender.email, Option.some("alice@acme.inc"))
      assert.deepStrictEqual(created.conversation.createdAt, conversation.createdAt)
      assert.strictEqual(sent?._tag === "MessageCreated" ? sent.message.messageType : undefined, "outgoing")
      assert.deepStrictEqual(moved?._tag === "ConversationStatusChanged" ? moved.changedAttributes : [], [
        { attribute: "status", previous: "open", current: "resolved" }
      ])
      assert.isTrue(received?._tag === "MessageCreated")
      if (received?._tag !== "MessageCreated") return
      assert.strictEqual(received.message.messageType, "incoming")
      assert.deepStrictEqual(received.message.content, Option.some("Where is my order?"))
      assert.strictEqual(received.conversation.status, "open")
    }).pipe(Effect.provide(layer))
  })

  it.effect("are written as the vendor's page shows them", () => {
    const { handled, layer } = setup(Webhooks.unverified)
    return Effect.gen(function*() {
      const sender = yield* WebhookSender.WebhookSender
      yield* aConversation
      yield* sender.awaitDelivered(1)
      const [created] = handled
      assert.isDefined(created)
      if (created === undefined) return
      const documented = WebhookEvent.ConversationCreatedPayload.documented()
      assert.isTrue(Schema.is(documented)(WebhookEvent.write(created)))
    }).pipe(Effect.provide(layer))
  })

  it.effect("are told once, however often a delivery comes", () => {
    const { handled, layer } = setup(Webhooks.unverified)
    return Effect.gen(function*() {
      const sender = yield* WebhookSender.WebhookSender
      yield* aConversation
      const [delivered] = yield* sender.awaitDelivered(1)
      assert.isDefined(delivered)
      if (delivered === undefined) return
      yield* Effect.replicateEffect(sender.redeliver(delivered), 4)
      assert.strictEqual(handled.length, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("are kept back by a receiver that cannot verify them", () => {
    const { handled, layer } = setup(
      Webhooks.signed({ secrets: [Redacted.make("another-secret")] }),
      Webhooks.signed({ secrets: [secret] })
    )
    return Effect.gen(function*() {
      const sender = yield* WebhookSender.WebhookSender
      yield* aConversation
      const [delivered] = yield* sender.awaitDelivered(1)
      assert.deepStrictEqual(delivered?.status, Option.some(401))
      assert.deepStrictEqual(handled, [])
    }).pipe(Effect.provide(layer))
  })

  it.effect("tell nothing of a call that was refused", () => {
    const { layer } = setup(Webhooks.unverified)
    return Effect.gen(function*() {
      const sender = yield* WebhookSender.WebhookSender
      const conversations = yield* Conversations.Conversations
      const { id } = yield* aConversation
      yield* Effect.flip(conversations.toggleStatus({ conversationId: id, status: "closed" }))
      yield* Effect.flip(conversations.create({ inboxId: 407, contactId: 1 }))
      yield* conversations.toggleStatus({ conversationId: id, status: "resolved" })
      const delivered = yield* sender.awaitDelivered(3)
      assert.deepStrictEqual(delivered.map(({ event }) => event._tag), [
        "ConversationCreated",
        "ConversationStatusChanged",
        "ConversationUpdated"
      ])
    }).pipe(Effect.provide(layer))
  })
})
