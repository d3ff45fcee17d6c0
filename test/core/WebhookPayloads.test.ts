/** Payloads as Chatwoot's views and integrations have them (inherited, unverified), and as LiveDesk's page does. */

import { WebhookDelivery } from "@effect-livedesk/core/testing"
import { DeliveryStore, WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Option, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { isObject, type Json } from "./Wire.ts"

type Fields = { readonly [key: string]: Json }

type Tag = WebhookEvent.WebhookEvent["_tag"]

interface Payload {
  readonly of: string
  readonly json: Fields
  readonly tag: Tag
  /** The paths at which it drifts. */
  readonly drift: ReadonlyArray<string>
  /** Typed values of the event, by their path. */
  readonly holds: { readonly [path: string]: unknown }
}

const payloads: Array<Payload> = []

const given = (
  of: string,
  tag: Tag,
  json: Fields,
  holds: Payload["holds"] = {},
  drift: ReadonlyArray<string> = []
): void => {
  payloads.push({ of, tag, json, holds, drift })
}

const sample = (event: string, fields: Fields = {}): Fields => WebhookDelivery.payload(event, fields)

const objectIn = (json: Json | undefined): Fields => json !== undefined && isObject(json) ? json : {}

const conversation = (fields: Fields = {}): Fields => ({
  ...objectIn(sample("message_created")["conversation"]),
  ...fields
})

const without = (json: Fields, ...keys: ReadonlyArray<string>): Fields =>
  Object.fromEntries(Object.entries(json).filter(([key]) => !keys.includes(key)))

const some = Option.some
const none = Option.none()
const utc = (text: string) => DateTime.makeUnsafe(text)

// --- conversations

given("the vendor's page", "ConversationCreated", sample("conversation_created"), { "conversation.id": 89 })
given(
  "a conversation by Chatwoot, without LiveDesk's own fields",
  "ConversationCreated",
  {
    ...without(sample("conversation_created"), "conversation_category", "chat_mode", "ticket_info")
  },
  { "conversation.status": "open", "conversation.ticketInfo": none },
  ["conversation_category", "chat_mode", "ticket_info"]
)
given(
  "times as ISO text",
  "ConversationCreated",
  sample("conversation_created", {
    snoozed_until: "2026-01-22T08:00:00.000Z",
    first_reply_created_at: "2026-01-21T04:00:00.000Z"
  }),
  {
    "conversation.snoozedUntil": some(utc("2026-01-22T08:00:00Z")),
    "conversation.firstReplyCreatedAt": some(utc("2026-01-21T04:00:00Z"))
  }
)
given(
  "times as Ruby writes them",
  "ConversationCreated",
  sample("conversation_created", {
    snoozed_until: "2020-03-03 13:05:57 UTC",
    contact_inbox: {
      ...objectIn(sample("conversation_created")["contact_inbox"]),
      created_at: "2020-03-03 13:05:57 UTC"
    }
  }),
  {
    "conversation.snoozedUntil": some(utc("2020-03-03T13:05:57Z")),
    "conversation.contactInbox.createdAt": utc("2020-03-03T13:05:57Z")
  }
)
given("a wait that was cleared", "ConversationUpdated", sample("conversation_updated", { waiting_since: 0 }), {
  "conversation.waitingSince": none
})
given(
  "an assignee and a team",
  "ConversationUpdated",
  sample("conversation_updated", {
    meta: {
      ...objectIn(conversation()["meta"]),
      assignee: { id: 3, name: "Ana", email: "ana@acme.inc", type: "user" },
      assignee_type: "User",
      team: { id: 5, name: "Sales" }
    }
  }),
  {
    "conversation.meta.assignee": some({ id: 3, name: "Ana", email: "ana@acme.inc", type: "user" }),
    "conversation.meta.assigneeType": some("User"),
    "conversation.meta.team": some({ id: 5, name: "Sales" })
  }
)
given(
  "messages in the conversation",
  "ConversationUpdated",
  sample("conversation_updated", {
    messages: [{ id: 7, content: "Hi", message_type: 0, created_at: 1768967324, sender: null }],
    unread_count: 10
  }),
  {
    "conversation.messages": [{ id: 7, content: "Hi", message_type: 0, created_at: 1768967324, sender: null }],
    "conversation.unreadCount": 10
  }
)
given(
  "labels and a priority",
  "ConversationUpdated",
  sample("conversation_updated", {
    labels: ["billing", "vip"],
    priority: "urgent"
  }),
  { "conversation.labels": ["billing", "vip"], "conversation.priority": some("urgent") }
)
given(
  "a state and attributes of LiveDesk's own",
  "ConversationStatusChanged",
  sample("conversation_status_changed", {
    status: "closed",
    custom_attributes: { plan: "pro" },
    changed_attributes: null
  }),
  {
    "conversation.status": "closed",
    "conversation.customAttributes": { plan: "pro" },
    changedAttributes: []
  }
)
given(
  "changes of several columns",
  "ConversationUpdated",
  sample("conversation_updated", {
    changed_attributes: [
      { assignee_id: { previous_value: null, current_value: 3 } },
      { status: { previous_value: "pending", current_value: "open" } }
    ]
  }),
  {
    changedAttributes: [
      { attribute: "assignee_id", previous: null, current: 3 },
      { attribute: "status", previous: "pending", current: "open" }
    ]
  }
)
given(
  "changes as raw pairs",
  "ConversationUpdated",
  sample("conversation_updated", {
    changed_attributes: [{ status: ["pending", "open"], label_list: [[], ["vip"]] }]
  }),
  {
    changedAttributes: [
      { attribute: "status", previous: "pending", current: "open" },
      { attribute: "label_list", previous: [], current: ["vip"] }
    ]
  },
  ["changed_attributes.0.status", "changed_attributes.0.label_list"]
)
given(
  "changes as one object",
  "ConversationUpdated",
  sample("conversation_updated", {
    changed_attributes: { priority: { previous_value: null, current_value: "high" } }
  }),
  { changedAttributes: [{ attribute: "priority", previous: null, current: "high" }] },
  ["changed_attributes"]
)
given(
  "a conversation that lacks times",
  "ConversationUpdated",
  {
    ...without(sample("conversation_updated"), "updated_at", "created_at", "account")
  },
  { "conversation.updatedAt": utc("1970-01-01T00:00:00Z"), "account.id": 0 },
  ["account", "created_at", "updated_at"]
)
given("fields of tomorrow", "ConversationCreated", sample("conversation_created", { sentiment: "happy" }), {}, [
  "sentiment"
])
given("a conversation without an id", "Unknown", without(sample("conversation_created"), "id"), {}, ["id"])

// --- messages

given("a customer's text", "MessageCreated", sample("message_created"), {
  "message.content": some("Hello"),
  "message.sender.blocked": some(false),
  "message.sender.additionalAttributes": some({}),
  "message.status": none
})
given(
  "a sender with attributes",
  "MessageCreated",
  sample("message_created", {
    sender: {
      ...objectIn(sample("message_created")["sender"]),
      type: "contact",
      avatar: "https://acme.inc/a.png",
      blocked: true,
      custom_attributes: { plan: "pro" },
      additional_attributes: { city: "Lyon" }
    }
  }),
  {
    "message.sender.type": some("contact"),
    "message.sender.avatar": some("https://acme.inc/a.png"),
    "message.sender.blocked": some(true),
    "message.sender.customAttributes": some({ plan: "pro" }),
    "message.sender.additionalAttributes": some({ city: "Lyon" })
  }
)
given(
  "an agent's text",
  "MessageCreated",
  sample("message_created", {
    message_type: "outgoing",
    status: "sent",
    sender: { id: 3, name: "Ana", email: "ana@acme.inc", type: "user" }
  }),
  { "message.messageType": "outgoing", "message.status": some("sent"), "message.sender.type": some("user") }
)
given(
  "a bot's text",
  "MessageCreated",
  sample("message_created", {
    message_type: "outgoing",
    sender: { id: 1, name: "Bot", type: "agent_bot" }
  }),
  { "message.sender.type": some("agent_bot") }
)
given(
  "a template without a sender",
  "MessageCreated",
  sample("message_created", { message_type: "template", sender: null }),
  {
    "message.messageType": "template",
    "message.sender": none
  }
)
given("a private note", "MessageCreated", sample("message_created", { message_type: "outgoing", private: true }), {
  "message.private": true
})
given("a type by its number", "MessageCreated", sample("message_created", { message_type: 0 }), {
  "message.messageType": "incoming"
})

const attached = (attachment: Fields): Fields =>
  sample("message_created", { content: null, attachments: [{ id: 4, message_id: 3030, account_id: 1, ...attachment }] })

given(
  "an image",
  "MessageCreated",
  attached({
    file_type: "image",
    extension: "png",
    data_url: "https://acme.inc/1.png",
    thumb_url: "https://acme.inc/1-t.png",
    file_size: 1234,
    width: 640,
    height: 480
  }),
  {
    "message.content": none,
    "message.attachments.0.dataUrl": some("https://acme.inc/1.png"),
    "message.attachments.0.width": some(640)
  }
)
given(
  "a location",
  "MessageCreated",
  attached({
    file_type: "location",
    coordinates_lat: -33.8688,
    coordinates_long: 151.2093,
    fallback_title: "Sydney",
    data_url: ""
  }),
  {
    "message.attachments.0.coordinatesLat": some(-33.8688),
    "message.attachments.0.coordinatesLong": some(151.2093),
    "message.attachments.0.fallbackTitle": some("Sydney")
  }
)
given(
  "a contact card",
  "MessageCreated",
  attached({
    file_type: "contact",
    fallback_title: "+123456789",
    meta: { firstName: "Ana", lastName: "Lima" }
  }),
  {
    "message.attachments.0.fallbackTitle": some("+123456789"),
    "message.attachments.0.meta": some({ firstName: "Ana", lastName: "Lima" })
  }
)
given(
  "a voice message with its transcript",
  "MessageCreated",
  attached({
    file_type: "audio",
    extension: "ogg",
    data_url: "https://acme.inc/1.ogg",
    transcribed_text: "Where is my parcel?"
  }),
  { "message.attachments.0.transcribedText": some("Where is my parcel?") }
)
given("an attachment of a kind of tomorrow", "MessageCreated", attached({ file_type: "hologram", depth: 3 }), {
  "message.attachments.0.fileType": "hologram"
}, ["attachments.0.file_type"])
given(
  "a choice of the customer",
  "MessageCreated",
  sample("message_created", {
    content_type: "input_select",
    content_attributes: { items: [{ title: "Yes", value: "yes" }], submitted_values: [{ title: "Yes", value: "yes" }] }
  }),
  { "message.contentType": "input_select" }
)
given(
  "a message that failed",
  "MessageUpdated",
  sample("message_updated", {
    status: "failed",
    content_attributes: { external_error: "Invalid parameter" },
    updated_at: "2026-01-21 03:48:51 UTC"
  }),
  {
    "message.status": some("failed"),
    "message.contentAttributes": { external_error: "Invalid parameter" }
  }
)
given(
  "a deleted message",
  "MessageUpdated",
  sample("message_updated", {
    content: "This message was deleted",
    content_attributes: { deleted: true }
  }),
  { "message.contentAttributes": { deleted: true } }
)
given(
  "a message of an e-mail",
  "MessageCreated",
  sample("message_created", {
    content_type: "incoming_email",
    content_attributes: { email: { subject: "Order", from: ["alice@acme.inc"] }, cc_email: null }
  }),
  { "message.contentType": "incoming_email" }
)
given(
  "a message that lacks most",
  "MessageCreated",
  {
    event: "message_created",
    id: 3030,
    conversation: { id: 89 }
  },
  { "message.createdAt": utc("1970-01-01T00:00:00Z"), "message.private": false, "conversation.id": 89 },
  [
    "account",
    "additional_attributes",
    "content",
    "content_attributes",
    "content_type",
    "conversation",
    "created_at",
    "inbox",
    "message_type",
    "private",
    "sender",
    "source_id"
  ]
)
given("a message without a conversation", "Unknown", without(sample("message_created"), "conversation"), {}, [
  "conversation"
])

// --- typing, contacts, others

given("typing, without an account", "ConversationTypingOn", sample("conversation_typing_on"), { isPrivate: false })
given(
  "typing of an agent in a note",
  "ConversationTypingOff",
  sample("conversation_typing_off", {
    user: { id: 3, name: "Ana", email: "ana@acme.inc", type: "user" },
    is_private: true
  }),
  { isPrivate: true }
)
given("a contact", "ContactCreated", sample("contact_created"), { "contact.id": 42218348 })
given(
  "a contact that changed",
  "ContactUpdated",
  sample("contact_updated", {
    avatar: "https://acme.inc/a.png",
    changed_attributes: [{ name: { previous_value: "Test", current_value: "Alice" } }]
  }),
  { changedAttributes: [{ attribute: "name", previous: "Test", current: "Alice" }] }
)
given(
  "an event of the widget",
  "Unknown",
  {
    event: "webwidget_triggered",
    id: 4,
    contact: null,
    source_id: "x",
    event_info: { initiated_at: { timestamp: "Wed Jan 21 2026" }, referer: "https://acme.inc" }
  },
  { event: "webwidget_triggered" },
  ["event"]
)
given("an event of LiveDesk's own", "Unknown", { event: "ticket_created", ticket_id: "tk_1" }, {}, ["event"])

/** The value at a path of properties, looked up through options. */
const valueAt = (value: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((inner, key) => {
    const object: unknown = Option.isOption(inner) ? Option.getOrUndefined(inner) : inner
    return typeof object === "object" && object !== null ? Reflect.get(object, key) : undefined
  }, value)

const topmost = (paths: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set(paths)].filter((path) => !paths.some((other) => path.startsWith(`${other}.`))).sort()

describe("payloads", () => {
  it("are at least thirty", () => {
    assert.isAtLeast(payloads.length, 30)
    assert.strictEqual(new Set(payloads.map(({ of }) => of)).size, payloads.length)
  })

  it.effect.each(payloads.map((payload) => [payload.of, payload] as const))("%s", ([, { drift, holds, json, tag }]) => {
    const events: Array<WebhookEvent.WebhookEvent> = []
    return Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const verification = Webhooks.unverified
      const delivery = yield* WebhookDelivery.make({ path: "/livedesk", verification, payload: json })
      const { status } = yield* client.execute(WebhookDelivery.toRequest(delivery))
      assert.strictEqual(status, 200)
      const [event] = events
      if (event === undefined) return assert.fail("no event")
      assert.strictEqual(event._tag, tag)
      assert.deepStrictEqual(Redacted.value(event.payload), json)
      for (const [path, value] of Object.entries(holds)) assert.deepStrictEqual(valueAt(event, path), value, path)
      const issues = WebhookEvent.drift(json)
      const paths = issues.map(({ path }) => path.join("."))
      assert.deepStrictEqual(
        // Of a nested record, its own path is enough.
        topmost(paths.map((path) => drift.find((known) => path.startsWith(`${known}.`)) ?? path)),
        [...drift].sort()
      )
    }).pipe(
      Effect.provide(
        Webhooks.layer({
          path: "/livedesk",
          verification: Webhooks.unverified,
          ownMessages: "handle",
          onFailure: "retry",
          handler: (event) => Effect.sync(() => events.push(event))
        }).pipe(Layer.provideMerge(WebhookDelivery.layer), Layer.provide(DeliveryStore.layer))
      )
    )
  })
})
