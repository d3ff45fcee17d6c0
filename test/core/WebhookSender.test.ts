import { Contacts, Conversations, LiveDesk, Messages } from "@effect-livedesk/core"
import { Emulator, WebhookDelivery, WebhookSender } from "@effect-livedesk/core/testing"
import { DeliveryStore, WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { assert, describe, it } from "@effect/vitest"
import {
  DateTime,
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Option,
  PubSub,
  Redacted,
  References,
  Schema,
  Scope
} from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"
import * as Breadth from "../Breadth.ts"

const path = "/livedesk"

/** An emulator and a receiver in memory; `handled` is what the receiver's handler got. */
const setup = (verification: Webhooks.Verification, received: Webhooks.Verification = verification) => {
  const handled: Array<WebhookEvent.WebhookEvent> = []
  const receiver = Webhooks.layer({
    path,
    verification: received,
    ownMessages: "handle",
    onFailure: "retry",
    handler: (event) => Effect.sync(() => handled.push(event))
  })
  const layer = Layer.merge(receiver, WebhookSender.layer({ path, verification })).pipe(
    Layer.provide(DeliveryStore.layer),
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
  it.effect("distinguish ties between a contact and an inbox, and show when each was created", () => {
    const { layer } = setup(Webhooks.unverified)
    return Effect.gen(function*() {
      const sender = yield* WebhookSender.WebhookSender
      const conversations = yield* Conversations.Conversations
      const { contact, contactInbox } = yield* (yield* Contacts.Contacts).create({ inboxId: 407, name: "Alice" })
      yield* TestClock.adjust("1 hour")
      const sourceId = Option.getOrThrow(contactInbox.sourceId)
      yield* conversations.create({ inboxId: 407, sourceId })
      yield* conversations.create({ inboxId: 407, sourceId })
      yield* conversations.create({ inboxId: 407, contactId: contact.id })
      const ties = (yield* sender.awaitDelivered(3)).map(({ event }) =>
        event._tag === "ConversationCreated" ? event.conversation.contactInbox : undefined
      )
      assert.deepStrictEqual(ties.map((tie) => tie?.id), [1, 1, 2])
      const { createdAt } = contact
      assert.deepStrictEqual(ties.map((tie) => tie?.createdAt), [
        createdAt,
        createdAt,
        DateTime.add(createdAt, { hours: 1 })
      ])
    }).pipe(Effect.provide(layer))
  })

  it.effect("report new conversations, messages from both sides, and changes of state", () => {
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

      const delivered = yield* sender.awaitDelivered(9)
      assert.deepStrictEqual(delivered.map(({ event }) => event._tag), [
        "ConversationCreated",
        "MessageCreated",
        "ConversationUpdated",
        "ConversationStatusChanged",
        "ConversationUpdated",
        "ConversationStatusChanged",
        "ConversationUpdated",
        "MessageCreated",
        "ConversationUpdated"
      ])
      assert.isTrue(delivered.every(({ status }) => Option.contains(status, 200)))
      assert.deepStrictEqual(handled.map(WebhookEvent.write), delivered.map(({ event }) => WebhookEvent.write(event)))

      const [created, sent, , , moved, , , received] = handled
      assert.isTrue(created?._tag === "ConversationCreated")
      if (created?._tag !== "ConversationCreated") return
      assert.strictEqual(created.conversation.id, conversationId)
      assert.deepStrictEqual(created.conversation.meta.sender.email, Option.some("alice@acme.inc"))
      assert.deepStrictEqual(created.conversation.createdAt, conversation.createdAt)
      assert.strictEqual(sent?._tag === "MessageCreated" ? sent.message.messageType : undefined, "outgoing")
      assert.deepInclude(moved?._tag === "ConversationUpdated" ? moved.changedAttributes : [], {
        attribute: "status",
        previous: "open",
        current: "resolved"
      })
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

  it.effect("are handled once, however often a delivery comes", () => {
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

  it.effect("are recorded with the receiver's responses, redeliveries included", () => {
    const { layer } = setup(Webhooks.unverified)
    return Effect.gen(function*() {
      const sender = yield* WebhookSender.WebhookSender
      yield* aConversation
      const [delivered] = yield* sender.awaitDelivered(1)
      assert.isDefined(delivered)
      if (delivered === undefined) return
      assert.deepStrictEqual([delivered.redelivered, delivered.took], [false, Duration.zero])
      yield* TestClock.adjust("1 minute")
      const again = yield* sender.redeliver(delivered)
      assert.deepInclude(again, { id: delivered.id, redelivered: true, at: yield* DateTime.now })
      const recent = yield* sender.recent
      assert.deepStrictEqual(recent, [delivered, again])
      assert.strictEqual(yield* sender.recent, recent)
      assert.deepStrictEqual(yield* sender.delivered, [delivered])
      yield* Effect.replicateEffect(sender.redeliver(delivered), 250)
      assert.lengthOf(yield* sender.recent, 200)
    }).pipe(Effect.provide(layer))
  })

  it.effect("do not reach a handler whose receiver cannot verify them", () => {
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

  it.effect("report nothing of a call that was rejected", () => {
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

/** A sender to a receiver whose response depends on how many deliveries came before. */
const sendingTo = (response: (before: number) => Effect.Effect<number>, to: `/${string}` = path) => {
  const received: Array<string> = []
  const client = HttpClient.make((request) =>
    Effect.suspend(() => response(received.push(request.headers["x-chatwoot-delivery"] ?? "") - 1)).pipe(
      Effect.map((status) => HttpClientResponse.fromWeb(request, new Response("", { status })))
    )
  )
  const layer = WebhookSender.layer({ path: to, verification: Webhooks.unverified, origin: "http://127.0.0.1" }).pipe(
    Layer.provide(Layer.succeed(HttpClient.HttpClient, client)),
    Layer.provideMerge(Emulator.layer)
  )
  return { received, layer }
}

const anEvent = Schema.decodeUnknownEffect(WebhookEvent.WebhookEvent)(WebhookDelivery.payload("contact_created"))

const happens = Effect.gen(function*() {
  const { events } = yield* Emulator.Emulator
  yield* PubSub.publish(events, yield* anEvent)
})

describe("a receiver", () => {
  it.effect("that never responds is waited for five seconds, and delays no other event", () =>
    Effect.gen(function*() {
      const begun = yield* Deferred.make<void>()
      const { layer } = sendingTo((before) =>
        before === 0 ? Effect.andThen(Deferred.succeed(begun, undefined), Effect.never) : Effect.succeed(200)
      )
      yield* Effect.gen(function*() {
        const sender = yield* WebhookSender.WebhookSender
        yield* Effect.replicateEffect(happens, 2)
        yield* Deferred.await(begun)
        yield* TestClock.adjust("4999 millis")
        assert.isEmpty(yield* sender.delivered)
        yield* TestClock.adjust("1 millis")
        const delivered = yield* sender.awaitDelivered(2)
        assert.deepStrictEqual(delivered.map(({ status }) => status), [Option.none(), Option.some(200)])
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.provideService(References.MinimumLogLevel, "None")))

  it.effect("that breaks the client delays no other event, and is logged", () => {
    const logged: Array<string> = []
    const { layer } = sendingTo((before) => before === 0 ? Effect.die(new Error("out of order")) : Effect.succeed(200))
    return Effect.gen(function*() {
      const sender = yield* WebhookSender.WebhookSender
      yield* Effect.replicateEffect(happens, 2)
      const delivered = yield* sender.awaitDelivered(2)
      assert.deepStrictEqual(delivered.map(({ status }) => status), [Option.none(), Option.some(200)])
      assert.include(logged.join(), "out of order")
    }).pipe(
      Effect.provide(Layer.provideMerge(
        layer,
        Logger.layer([Logger.make((entry) => void logged.push(inspect([entry.message, entry.cause], { depth: 8 })))])
      ))
    )
  })

  it.effect("that rejects a delivery is logged without the query of its address, which may hold a token", () => {
    const logged: Array<string> = []
    const { layer } = sendingTo(() => Effect.succeed(401), "/livedesk?token=canary")
    return Effect.gen(function*() {
      yield* happens
      yield* (yield* WebhookSender.WebhookSender).awaitDelivered(1)
      assert.match(
        logged.join(),
        /the webhook http:\/\/127\.0\.0\.1\/livedesk did not accept ContactCreated: it returned 401; check/
      )
      assert.notInclude(logged.join(), "canary")
    }).pipe(
      Effect.provide(
        Layer.provideMerge(layer, Logger.layer([Logger.map(Logger.formatJson, (text) => logged.push(text))]))
      )
    )
  })

  it.live("that gets many deliveries has only the last of them recorded", () => {
    const { layer } = sendingTo(() => Effect.succeed(200))
    return Effect.gen(function*() {
      const sender = yield* WebhookSender.WebhookSender
      const event = yield* Schema.decodeUnknownEffect(WebhookEvent.WebhookEvent)({ event: "webwidget_triggered" })
      const { events } = yield* Emulator.Emulator
      // In test:full twice as many as are kept, and more: it forgets them by the thousand.
      const count = Breadth.isFull ? 20_500 : 10_500
      yield* PubSub.publishAll(events, Array.from({ length: count }, () => event))
      const delivered = yield* sender.awaitDelivered(count)
      assert.deepStrictEqual([delivered.at(0)?.id, delivered.at(-1)?.id, delivered.length], [
        `emulated-${count - 9_999}`,
        `emulated-${count}`,
        10_000
      ])
    }).pipe(Effect.provide(layer))
  })

  it.effect("gets the queued events when the layer closes", () =>
    Effect.gen(function*() {
      const { layer, received } = sendingTo(() => Effect.as(Effect.yieldNow, 200))
      yield* Effect.provide(Effect.replicateEffect(happens, 20), layer)
      assert.deepStrictEqual(received, Array.from({ length: 20 }, (_, index) => `emulated-${index + 1}`))
    }))

  it.effect("that is slow delays the close by five seconds at most", () =>
    Effect.gen(function*() {
      const { layer, received } = sendingTo(() => Effect.delay(Effect.succeed(200), "2 seconds"))
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(layer, scope)
      yield* Effect.provideContext(Effect.replicateEffect(happens, 20), services)
      yield* Effect.yieldNow
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("4999 millis")
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(closing)
      assert.strictEqual(received.length, 3)
    }))
})

describe("options", () => {
  it.effect("with which nothing can be signed are rejected when the layer is built", () =>
    Effect.gen(function*() {
      const error = yield* Layer.build(
        WebhookSender.layer({ path, verification: Webhooks.signed({ secrets: [Redacted.make("")] }) }).pipe(
          Layer.provide([WebhookDelivery.layer, Emulator.layer])
        )
      ).pipe(Effect.scoped, Effect.flip)
      assert.strictEqual(error._tag, "WebhookOptionsError")
      assert.include(error.message, "secret")
    }))
})
