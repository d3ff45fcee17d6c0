import { Model } from "@effect-livedesk/core"
import { WebhookDelivery } from "@effect-livedesk/core/testing"
import { WebhookEvent } from "@effect-livedesk/core/webhooks"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, DateTime, Effect, Option, Redacted, Schema } from "effect"
import { inspect } from "node:util"
import * as Breadth from "../Breadth.ts"
import * as Laws from "./ModelLaws.ts"
import * as Tolerance from "./Tolerance.ts"
import { anyJson, at, below, change, fixture, isObject, type Json, places } from "./Wire.ts"

const sample = fixture("conversation-created")
const { ConversationCreatedPayload } = WebhookEvent

const time = Laws.either(Laws.moment, Laws.momentText)

Laws.laws({
  model: ConversationCreatedPayload,
  sample,
  shape: Laws.object({
    event: Laws.oneOf("conversation_created"),
    account: Laws.object({ id: Laws.natural, name: Laws.text }),
    additional_attributes: Laws.attributes,
    can_reply: Laws.flag,
    channel: Laws.text,
    contact_inbox: Laws.object({
      id: Laws.natural,
      contact_id: Laws.natural,
      inbox_id: Laws.natural,
      source_id: Laws.text,
      created_at: Laws.momentText,
      updated_at: Laws.momentText,
      hmac_verified: Laws.flag,
      pubsub_token: Laws.nullOr(Laws.text)
    }),
    id: Laws.natural,
    inbox_id: Laws.natural,
    messages: Laws.list(Laws.attributes),
    labels: Laws.list(Laws.text),
    meta: Laws.object({
      sender: Laws.object({
        additional_attributes: Laws.attributes,
        custom_attributes: Laws.attributes,
        email: Laws.nullOr(Laws.text),
        id: Laws.natural,
        identifier: Laws.nullOr(Laws.text),
        name: Laws.nullOr(Laws.text),
        phone_number: Laws.nullOr(Laws.text),
        thumbnail: Laws.text,
        blocked: Laws.flag,
        type: Laws.oneOf("contact")
      }),
      assignee: Laws.nullOr(Laws.attributes),
      team: Laws.nullOr(Laws.attributes),
      hmac_verified: Laws.flag,
      channel: Laws.text
    }),
    status: Laws.oneOf("open", "resolved", "pending", "snoozed", "closed"),
    custom_attributes: Laws.attributes,
    snoozed_until: Laws.nullOr(time),
    unread_count: Laws.natural,
    first_reply_created_at: Laws.nullOr(time),
    priority: Laws.oneOf(null, "low", "medium", "high", "urgent"),
    waiting_since: Laws.nullOr(Laws.moment),
    conversation_category: Laws.oneOf("chat"),
    chat_mode: Laws.oneOf("private_chat"),
    ticket_info: Laws.nullOr(Laws.attributes),
    agent_last_seen_at: Laws.moment,
    contact_last_seen_at: Laws.moment,
    last_activity_at: Laws.moment,
    timestamp: Laws.moment,
    created_at: Laws.moment,
    updated_at: Laws.instant
  }),
  required: [{ path: ["id"], readable: Laws.isId }]
})

const decode = Schema.decodeUnknownSync(WebhookEvent.WebhookEvent)
const encode = Schema.encodeSync(WebhookEvent.WebhookEvent)

const token = "4Urn7N5A974k6C2H7Xeva8Ni"

/** All the ways in which a value gets into a log. */
const shown = (value: unknown): string =>
  [String(value), JSON.stringify(value), inspect(value, { depth: null, showHidden: true })].join("\n")

describe("the vendor's sample", () => {
  const moment = DateTime.makeUnsafe("2026-01-21T03:48:44Z")

  it.effect("decodes to its values", () =>
    Effect.sync(() => {
      const event = decode(sample)
      if (event._tag !== "ConversationCreated") return assert.fail(event._tag)
      const { contactInbox, ...conversation } = event.conversation
      const { pubsubToken, ...rest } = contactInbox
      assert.deepStrictEqual<unknown>(event.account, { id: 17629000001207, name: "1112" })
      assert.strictEqual(Redacted.value(Option.getOrThrow(pubsubToken)), token)
      assert.deepStrictEqual<unknown>(rest, {
        id: 42213404,
        contactId: 42218348,
        inboxId: 523,
        sourceId: Option.some("1d484823-da29-4086-a7ba-d65ad0ebb588"),
        createdAt: DateTime.makeUnsafe("2026-01-21T03:26:49.012Z"),
        updatedAt: DateTime.makeUnsafe("2026-01-21T03:26:49.012Z"),
        hmacVerified: false
      })
      assert.deepStrictEqual<unknown>(conversation, {
        additionalAttributes: {},
        canReply: true,
        channel: "Channel::Api",
        id: 89,
        inboxId: 523,
        messages: [],
        labels: [],
        meta: {
          sender: {
            additionalAttributes: {},
            customAttributes: {},
            email: Option.some("alice@acme.inc"),
            id: 42218348,
            identifier: Option.none(),
            name: Option.some("Test"),
            phoneNumber: Option.some("+123456789"),
            thumbnail: Option.none(),
            blocked: false,
            type: "contact"
          },
          assignee: Option.none(),
          assigneeType: Option.none(),
          team: Option.none(),
          hmacVerified: false,
          channel: "Channel::Api"
        },
        status: "open",
        customAttributes: {},
        snoozedUntil: Option.none(),
        unreadCount: 0,
        firstReplyCreatedAt: Option.none(),
        priority: Option.none(),
        waitingSince: Option.some(moment),
        conversationCategory: "chat",
        chatMode: "private_chat",
        ticketInfo: Option.none(),
        agentLastSeenAt: Option.none(),
        contactLastSeenAt: Option.none(),
        lastActivityAt: moment,
        timestamp: moment,
        createdAt: moment,
        updatedAt: DateTime.fromEpochSeconds(1768967324.268219)
      })
    }))

  it.effect("matches its documented schema, and encodes to the same JSON", () =>
    Effect.sync(() => {
      assert.isEmpty(Laws.drift(ConversationCreatedPayload, sample))
      assert.strictEqual(JSON.stringify(encode(decode(sample))), JSON.stringify(sample))
      assert.deepStrictEqual(WebhookDelivery.payload("conversation_created"), sample)
    }))
})

Tolerance.reads(
  ConversationCreatedPayload,
  sample,
  ["first_reply_created_at"],
  (event) => event.firstReplyCreatedAt,
  Tolerance.timesOrNever
)
Tolerance.reads(
  ConversationCreatedPayload,
  sample,
  ["contact_inbox", "created_at"],
  (event) => event.contactInbox.createdAt,
  // The text that it is written as has no more than milliseconds.
  Tolerance.times.map(([wire, time]) => [wire, DateTime.makeUnsafe(Math.floor(DateTime.toEpochMillis(time)))])
)

describe("the token of a contact inbox", () => {
  it.effect("is redacted everywhere", () =>
    Effect.sync(() => {
      for (const name of WebhookDelivery.eventNames) {
        const whole = decode(WebhookDelivery.payload(name))
        const unreadable = decode(
          WebhookDelivery.payload(name, { id: null, conversation: { ...sampleObject, id: null } })
        )
        const unknown = decode(WebhookDelivery.payload(`not_${name}`, WebhookDelivery.payload(name)))
        for (const event of [whole, unreadable, unknown]) assert.notInclude(shown(event), token, event._tag)
      }
      assert.include(JSON.stringify(encode(decode(sample))), token)
    }))
})

const sampleObject = isObject(sample) ? sample : {}

describe("events", () => {
  it.effect("are distinguished by name, and encode to the same JSON", () =>
    Effect.sync(() => {
      const tags = WebhookDelivery.eventNames.map((name) => decode(WebhookDelivery.payload(name))._tag)
      assert.deepStrictEqual(tags, [
        "ConversationCreated",
        "ConversationStatusChanged",
        "ConversationUpdated",
        "MessageCreated",
        "MessageUpdated",
        "ConversationTypingOn",
        "ConversationTypingOff",
        "ContactCreated",
        "ContactUpdated"
      ])
      for (const name of WebhookDelivery.eventNames) {
        const event = decode(WebhookDelivery.payload(name))
        assert.strictEqual(WebhookEvent.nameOf(event), name)
        assert.deepStrictEqual(decode(encode(event)), event, name)
      }
    }))

  it.effect("hold the message, the conversation, the sender and the changes", () =>
    Effect.sync(() => {
      const message = decode(WebhookDelivery.payload("message_created", { message_type: 0, attachments: [{ id: 4 }] }))
      if (message._tag !== "MessageCreated") return assert.fail(message._tag)
      assert.deepStrictEqual<unknown>(
        [message.message.id, message.message.messageType, message.conversation.id, message.message.inbox.id],
        [3030, "incoming", 89, 523]
      )
      assert.deepStrictEqual(message.message.createdAt, DateTime.makeUnsafe("2026-01-21T03:48:50Z"))
      assert.deepStrictEqual<unknown>(
        Option.map(message.message.sender, ({ id, type }) => [id, type]),
        Option.some([42218348, Option.none()])
      )

      const changed = decode(WebhookDelivery.payload("conversation_status_changed"))
      if (changed._tag !== "ConversationStatusChanged") return assert.fail(changed._tag)
      assert.deepStrictEqual(changed.changedAttributes, [])
      const updated = decode(WebhookDelivery.payload("conversation_updated"))
      if (updated._tag !== "ConversationUpdated") return assert.fail(updated._tag)
      assert.deepStrictEqual(updated.changedAttributes, [
        { attribute: "updated_at", previous: "2026-01-21T03:48:44.268Z", current: "2026-01-21T03:48:50.012Z" },
        { attribute: "status", previous: "pending", current: "open" }
      ])

      const unreported = decode(WebhookDelivery.payload("conversation_updated", { changed_attributes: null }))
      if (unreported._tag !== "ConversationUpdated") return assert.fail(unreported._tag)
      assert.deepStrictEqual(unreported.changedAttributes, [])

      const typing = decode(WebhookDelivery.payload("conversation_typing_on", { is_private: true }))
      if (typing._tag !== "ConversationTypingOn") return assert.fail(typing._tag)
      assert.isTrue(typing.isPrivate)
      assert.isTrue(Option.isSome(typing.user))
    }))

  it.effect("of another name are Unknown, with the whole payload", () =>
    Effect.sync(() => {
      const payload = WebhookDelivery.payload("webwidget_triggered", { id: 5, event_info: { page: "/" } })
      const event = decode(payload)
      if (event._tag !== "Unknown") return assert.fail(event._tag)
      assert.strictEqual(event.event, "webwidget_triggered")
      assert.deepStrictEqual(Redacted.value(event.payload), payload)
    }))

  it.effect("are Unknown if their conversation, message or contact cannot be identified", () =>
    Effect.sync(() => {
      const conversation = { ...sampleObject, id: "x" }
      for (
        const payload of [
          WebhookDelivery.payload("conversation_created", { id: null }),
          WebhookDelivery.payload("message_created", { id: -1 }),
          WebhookDelivery.payload("message_created", { conversation }),
          WebhookDelivery.payload("conversation_typing_on", { conversation }),
          WebhookDelivery.payload("contact_created", { id: {} })
        ]
      ) {
        const event = decode(payload)
        if (event._tag !== "Unknown") return assert.fail(event._tag)
        assert.strictEqual(event.event, payload["event"])
        assert.deepStrictEqual(encode(event), payload)
      }
    }))

  it.effect("cannot be read without a name", () =>
    Effect.sync(() => {
      for (const wire of [null, 5, "conversation_created", [sample], {}, { event: "" }, { event: 5 }]) {
        assert.instanceOf(WebhookEvent.read(wire), Model.DecodeFailure)
        assert.throws(() => decode(wire), /expected an object with a text `event`/)
      }
    }))

  const payloads: ReadonlyArray<Json> = WebhookDelivery.eventNames.map((name) => WebhookDelivery.payload(name))
  const mutated = Arbitrary.all([
    below(payloads.length),
    Arbitrary.array(
      Arbitrary.all([below(1000), anyJson]),
      { minLength: 1, maxLength: 6 }
    )
  ]).pipe(
    Arbitrary.map(([index, mutations]) =>
      mutations.reduce<Json>((json, [place, value]) => {
        const paths = places(json).filter(([key]) => key !== undefined && key !== "event")
        return change(json, paths[place % paths.length] ?? [], value)
      }, payloads[index] ?? null)
    )
  )

  it.prop("are never lost, whatever is garbled in them", { json: mutated }, ({ json }) => {
    const event = decode(json)
    assert.strictEqual(WebhookEvent.nameOf(event), at(json, ["event"]))
    assert.deepStrictEqual(decode(encode(event)), event)
    assert.deepStrictEqual(encode(event), json)
  }, Breadth.runs(500))

  it.prop("that a program makes are read as their typed fields", { json: mutated }, ({ json }) => {
    const event = decode(json)
    if (event._tag === "Unknown") return
    const { payload, ...fields } = event
    const { payload: made, ...read } = decode(encode(WebhookEvent.make(fields)))
    assert.deepStrictEqual<unknown>(read, fields)
    assert.isTrue(Redacted.isRedacted(payload) && Redacted.isRedacted(made))
  }, Breadth.runs(500))
})

describe("own messages", () => {
  it.effect("are private notes, outgoing messages, and messages of an unknown type", () =>
    Effect.sync(() => {
      const isOwn = (event: string, fields: { readonly [key: string]: Json }) =>
        WebhookEvent.isOwnMessage(decode(WebhookDelivery.payload(event, fields)))
      assert.isFalse(isOwn("message_created", {}))
      assert.isTrue(isOwn("message_created", { private: true }))
      assert.isTrue(isOwn("message_created", { message_type: "outgoing" }))
      assert.isTrue(isOwn("message_updated", { message_type: "template" }))
      assert.isFalse(isOwn("message_created", { message_type: 0 }))
      assert.isFalse(isOwn("message_created", { message_type: "0" }))
      for (const messageType of [1, 2, 3, 4, "activity", "of_tomorrow", "Incoming", "", null, {}]) {
        assert.isTrue(isOwn("message_created", { message_type: messageType }), JSON.stringify(messageType))
        assert.isTrue(isOwn("message_updated", { message_type: messageType }), JSON.stringify(messageType))
      }
      assert.isTrue(isOwn("conversation_typing_on", { is_private: true }))
      assert.isFalse(isOwn("conversation_typing_off", {}))
      assert.isFalse(isOwn("conversation_created", {}))
    }))
})
