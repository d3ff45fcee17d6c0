/**
 * Responses as the views of Chatwoot 4.3 render them (app/views/api/v1, inherited, unverified), and as LiveDesk's pages
 * do. Each names the view that it is after.
 */

import {
  Contacts,
  Conversations,
  type Endpoint,
  LiveDeskClient,
  type LiveDeskError,
  Messages
} from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Option, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { fixture, isObject, type Json } from "./Wire.ts"

type Fields = { readonly [key: string]: Json }

interface Payload {
  readonly of: string
  readonly json: Json
  /** Decodes the response; `onDrift` decides whether drift fails. */
  readonly decode: (
    onDrift: "ignore" | "fail"
  ) => Effect.Effect<{ readonly value: unknown; readonly written: unknown }, LiveDeskError.LiveDeskError>
  readonly expected: Expected
}

interface Expected {
  /** Typed values, by their path. */
  readonly holds?: { readonly [path: string]: unknown }
  /** The paths at which it drifts. */
  readonly drift?: ReadonlyArray<string>
  /** The paths that no typed field holds, or holds in another form. */
  readonly unread?: ReadonlyArray<string>
  /** The path of the envelope that the response lacks. */
  readonly envelope?: string
}

const payloads: Array<Payload> = []

const given = <Input, Output>(
  of: string,
  endpoint: Endpoint.Endpoint<Input, Output, string>,
  input: Input,
  json: Json,
  expected: Expected = {}
): void => {
  payloads.push({
    of,
    json,
    expected,
    decode: (onDrift) =>
      Effect.gen(function*() {
        const client = yield* LiveDeskClient.LiveDeskClient
        const value = yield* client.call(endpoint)(input)
        return { value, written: endpoint.success.write(value) }
      }).pipe(Effect.provide(
        LiveDeskClient.layer({
          apiKey: Redacted.make("a-key"),
          apiSecret: Redacted.make("a-secret"),
          baseUrl: "https://livedesk.invalid",
          onDrift
        }).pipe(Layer.provide(Layer.succeed(
          HttpClient.HttpClient,
          HttpClient.make((request) =>
            Effect.succeed(HttpClientResponse.fromWeb(
              request,
              new Response(JSON.stringify(json), { headers: { "content-type": "application/json" } })
            ))
          )
        )))
      ))
  })
}

const some = Option.some
const none = Option.none()
const utc = (text: string) => DateTime.makeUnsafe(text)

// --- contacts

const inboxSlim: Fields = {
  id: 407,
  avatar_url: "https://acme.inc/inbox.png",
  channel_id: 12,
  name: "API",
  channel_type: "Channel::Api",
  provider: null
}

const contact = (fields: Fields = {}): Fields => ({
  additional_attributes: { city: "Lyon", company_name: "Acme" },
  availability_status: "online",
  email: "alice@acme.inc",
  id: 7,
  name: "Alice",
  phone_number: "+33123456789",
  blocked: false,
  identifier: "u-7",
  thumbnail: "https://acme.inc/alice.png",
  custom_attributes: { plan: "pro", seats: 3 },
  last_activity_at: 1766571800,
  created_at: 1766571703,
  ...fields
})

const withInboxes = (fields: Fields = {}): Fields => ({
  ...contact(fields),
  contact_inboxes: [{ source_id: "660ce36f-46bb-4153-948c-8a26e6dab634", inbox: inboxSlim }]
})

/** The columns of an inbox, which `contacts/create.json.jbuilder` renders as they are. */
const inboxColumns: Fields = {
  id: 407,
  account_id: 1,
  name: "API",
  channel_id: 12,
  channel_type: "Channel::Api",
  greeting_enabled: false,
  greeting_message: null,
  working_hours_enabled: false,
  out_of_office_message: null,
  timezone: "UTC",
  enable_auto_assignment: true,
  enable_email_collect: true,
  csat_survey_enabled: false,
  allow_messages_after_resolved: true,
  auto_assignment_config: {},
  lock_to_single_conversation: false,
  portal_id: null,
  sender_name_type: "friendly",
  business_name: null,
  email_address: null,
  created_at: "2025-12-24T10:21:43.000Z",
  updated_at: "2025-12-24T10:21:43.000Z"
}

const { create: createContact, list: listContacts, update: updateContact } = Contacts.endpoints
const creating = { inboxId: 407 }

given("contacts/create: the vendor's sample", createContact, creating, fixture("create-contact"))
given("contacts/create: with its inbox, whole", createContact, creating, {
  payload: {
    contact: withInboxes(),
    contact_inbox: { inbox: inboxColumns, source_id: "660ce36f-46bb-4153-948c-8a26e6dab634" }
  }
}, {
  holds: {
    "contact.contactInboxes.0.inbox.channelId": some(12),
    "contact.contactInboxes.0.inbox.avatarUrl": some("https://acme.inc/inbox.png"),
    "contact.contactInboxes.0.inbox.provider": none,
    "contactInbox.inbox.accountId": some(1),
    "contact.customAttributes": { plan: "pro", seats: 3 },
    "contact.lastActivityAt": some(utc("2025-12-24T10:23:20Z"))
  },
  unread: Object.keys(inboxColumns)
    .filter((column) =>
      !["id", "account_id", "name", "channel_id", "channel_type"].includes(column) && inboxColumns[column] !== null
    )
    .map((column) => `payload.contact_inbox.inbox.${column}`)
})
given("contacts/create: without inbox, name and attributes", createContact, creating, {
  payload: {
    contact: {
      ...contact({ name: "", email: null, phone_number: null, identifier: null, thumbnail: "" }),
      additional_attributes: {},
      custom_attributes: {},
      contact_inboxes: []
    },
    contact_inbox: { inbox: null, source_id: null }
  }
}, { holds: { "contact.name": some(""), "contact.thumbnail": none, "contactInbox.inbox": none } })
given("contacts/show, in place of create's envelope", createContact, creating, withInboxes(), {
  holds: { "contact.id": 7 },
  envelope: "payload.contact",
  drift: ["payload", ...Object.keys(withInboxes())]
})
given("contacts/update: an envelope", updateContact, { contactId: 7 }, { payload: withInboxes() }, {
  holds: { id: 7, identifier: some("u-7") }
})
given("contacts/update: a blocked contact", updateContact, { contactId: 7 }, {
  payload: withInboxes({ blocked: true, availability_status: "offline" })
}, { holds: { blocked: true } })
given("contacts/index: a page, whose number is text", listContacts, { page: 2 }, {
  meta: { count: 17, current_page: "2" },
  payload: [withInboxes(), withInboxes({ id: 8, email: null })]
}, { holds: { "meta.currentPage": 2, "contacts.1.email": none }, unread: ["meta.current_page"] })
given("contacts/index: without contact inboxes", listContacts, { includeContactInboxes: false }, {
  meta: { count: 1, current_page: 1 },
  payload: [contact()]
}, { holds: { "contacts.0.contactInboxes": [] } })
given("contacts/search: none found", listContacts, { q: "nobody" }, {
  meta: { count: 0, current_page: 1 },
  payload: []
}, { holds: { contacts: [], "meta.count": 0 } })
given("contacts/search: without meta, as before 4.0", listContacts, { q: "alice" }, { payload: [withInboxes()] }, {
  holds: { "contacts.0.id": 7 },
  drift: ["meta"]
})

// --- messages

const agent: Fields = {
  id: 3,
  name: "Ana",
  available_name: "Ana",
  avatar_url: "https://acme.inc/ana.png",
  type: "user",
  availability_status: "online",
  thumbnail: "https://acme.inc/ana.png"
}

const message = (fields: Fields = {}): Fields => ({
  id: 3030,
  content: "Hello",
  inbox_id: 407,
  conversation_id: 40,
  message_type: 1,
  content_type: "text",
  status: "sent",
  content_attributes: {},
  created_at: 1766572062,
  private: false,
  source_id: null,
  sender: agent,
  ...fields
})

const { send, sendFiles } = Messages.endpoints
const sending = { conversationId: 40, content: "Hello" }
const uploading = {
  conversationId: 40,
  attachments: [{ name: "a.png", mediaType: "image/png", content: Uint8Array.from([1]) }]
} as const

given("_message: of an agent", send, sending, message({ sorting_id: 4 }), {
  holds: { "sender.name": some("Ana"), "sender.type": some("user"), messageType: "outgoing" }
})
given(
  "_message: a reply",
  send,
  sending,
  message({ content_attributes: { in_reply_to: 29, in_reply_to_external_id: null }, sorting_id: 4, echo_id: "e-1" }),
  { holds: { contentAttributes: { in_reply_to: 29, in_reply_to_external_id: null } }, unread: ["echo_id"] }
)
given(
  "_message: of a bot",
  send,
  sending,
  message({
    sender: { id: 1, name: "Bot", avatar_url: "https://acme.inc/bot.png", type: "agent_bot" },
    sorting_id: 4
  }),
  { holds: { "sender.type": some("agent_bot"), "sender.avatarUrl": some("https://acme.inc/bot.png") } }
)
const unsent = Object.fromEntries(Object.entries(message()).filter(([key]) => key !== "sender"))
given("_message: without a sender, and without LiveDesk's position", send, sending, unsent, {
  holds: { sender: none, sortingId: none },
  drift: ["sender", "sorting_id"]
})
given(
  "_message: of a contact, for an API inbox",
  send,
  sending,
  message({
    message_type: 0,
    sorting_id: 4,
    sender: {
      additional_attributes: { city: "Lyon" },
      custom_attributes: { plan: "pro" },
      email: "alice@acme.inc",
      id: 7,
      identifier: "u-7",
      name: "Alice",
      phone_number: "+33123456789",
      thumbnail: "https://acme.inc/alice.png",
      blocked: false,
      type: "contact"
    }
  }),
  { holds: { messageType: "incoming", "sender.blocked": some(false), "sender.identifier": some("u-7") } }
)
given("_message: a private note", send, { ...sending, private: true }, message({ private: true, sorting_id: 4 }), {
  holds: { private: true }
})
given(
  "_message: an image",
  sendFiles,
  uploading,
  message({
    content: null,
    sorting_id: 4,
    attachments: [{
      id: 4,
      message_id: 3030,
      file_type: "image",
      account_id: 1,
      extension: null,
      data_url: "https://acme.inc/1.png",
      thumb_url: "https://acme.inc/1-t.png",
      file_size: 1234,
      width: 640,
      height: 480
    }]
  }),
  {
    holds: {
      content: none,
      "attachments.0.fileSize": some(1234),
      "attachments.0.thumbUrl": some("https://acme.inc/1-t.png")
    },
    unread: ["attachments.0.account_id", "attachments.0.message_id"]
  }
)
given(
  "_message: files of two kinds",
  sendFiles,
  uploading,
  message({
    content: "See these",
    sorting_id: 4,
    attachments: [
      {
        id: 4,
        message_id: 3030,
        file_type: "audio",
        account_id: 1,
        extension: "ogg",
        data_url: "https://acme.inc/1.ogg",
        thumb_url: "",
        file_size: 99,
        width: null,
        height: null,
        transcribed_text: "Where is my parcel?"
      },
      {
        id: 5,
        message_id: 3030,
        file_type: "file",
        account_id: 1,
        extension: "pdf",
        data_url: "https://acme.inc/2.pdf",
        thumb_url: "",
        file_size: 5,
        width: null,
        height: null
      }
    ]
  }),
  {
    holds: { "attachments.0.transcribedText": some("Where is my parcel?"), "attachments.1.fileType": "file" },
    unread: ["0", "1"].flatMap((index) => [`attachments.${index}.account_id`, `attachments.${index}.message_id`])
  }
)

// --- conversations

/** A message within a conversation: `push_event_data`. */
const pushed: Fields = {
  ...message(),
  account_id: 1,
  updated_at: "2025-12-24T10:27:42.000Z",
  sender_type: "User",
  sender_id: 3,
  external_source_ids: {},
  additional_attributes: {},
  processed_message_content: "Hello",
  sentiment: {},
  conversation: {
    assignee_id: 3,
    unread_count: 0,
    last_activity_at: 1766572062,
    contact_inbox: { source_id: "660ce36f-46bb-4153-948c-8a26e6dab634" }
  }
}

/** The vendor's sample with other fields. */
const conversation = (fields: Fields = {}): Fields => {
  const sample = fixture("create-conversation")
  return { ...(isObject(sample) ? sample : {}), ...fields }
}

const meta = (fields: Fields = {}): Fields => ({
  sender: contact({ id: 2219256 }),
  channel: "Channel::Api",
  hmac_verified: true,
  ...fields
})

const assignee: Fields = {
  id: 3,
  account_id: 1,
  availability_status: "online",
  auto_offline: true,
  confirmed: true,
  email: "ana@acme.inc",
  provider: "email",
  available_name: "Ana",
  name: "Ana",
  role: "agent",
  thumbnail: "https://acme.inc/ana.png",
  custom_role_id: null
}

const team: Fields = {
  id: 5,
  name: "sales",
  description: null,
  allow_auto_assign: true,
  account_id: 1,
  is_member: false
}

/** What Chatwoot's `_conversation.json.jbuilder` renders, without LiveDesk's own fields. */
const inherited = (fields: Fields = {}): Fields => {
  const own = new Set([
    "conversation_category",
    "chat_mode",
    "is_forum",
    "ticket_id",
    "over_limit",
    "content_preview",
    "platform",
    "account_info",
    "assignment"
  ])
  return Object.fromEntries(Object.entries(conversation(fields)).filter(([key]) => !own.has(key)))
}

const createConversation = Conversations.endpoints.create
const starting = { inboxId: 407, contactId: 2219256 }

given("_conversation: the vendor's sample", createConversation, starting, fixture("create-conversation"))
given(
  "_conversation: with an assignee and a team",
  createConversation,
  starting,
  conversation({
    meta: meta({ assignee, team }),
    assignment: {
      assignee_id: 3,
      assignee_name: "Ana",
      assignee_email: "ana@acme.inc",
      team_id: 5,
      team_name: "sales"
    }
  }),
  {
    holds: {
      "meta.assignee": some(assignee),
      "meta.team": some(team),
      "meta.hmacVerified": true,
      "assignment.assigneeEmail": some("ana@acme.inc")
    }
  }
)
given(
  "_conversation: with messages, labels and a priority",
  createConversation,
  starting,
  conversation({
    messages: [pushed],
    last_non_activity_message: pushed,
    labels: ["billing", "vip"],
    priority: "urgent",
    unread_count: 10,
    first_reply_created_at: 1766572062,
    waiting_since: 0,
    content_preview: { content: "Hello", message_type: 1, created_at: 1766572062 }
  }),
  {
    holds: {
      messages: [pushed],
      labels: ["billing", "vip"],
      priority: some("urgent"),
      waitingSince: none,
      firstReplyCreatedAt: some(utc("2025-12-24T10:27:42Z"))
    }
  }
)
given(
  "_conversation: with a service level (enterprise)",
  createConversation,
  starting,
  conversation({
    sla_policy_id: 9,
    applied_sla: { id: 1, sla_id: 9, sla_status: "active", created_at: 1766572062, updated_at: 1766572062 },
    sla_events: []
  }),
  {
    holds: { slaPolicyId: some(9) },
    drift: ["applied_sla", "sla_events"],
    unread: ["applied_sla", "sla_events"]
  }
)
given(
  "_conversation: snoozed, by ISO 8601 text",
  createConversation,
  starting,
  conversation({ status: "snoozed", snoozed_until: "2026-01-22T08:00:00.000Z", muted: true }),
  { holds: { snoozedUntil: some(utc("2026-01-22T08:00:00Z")), muted: true }, unread: ["snoozed_until"] }
)
given("_conversation: of Chatwoot alone", createConversation, starting, inherited({ meta: meta() }), {
  holds: { status: "open", "platform.inboxId": 0, ticketId: none },
  drift: [
    "conversation_category",
    "chat_mode",
    "is_forum",
    "ticket_id",
    "over_limit",
    "content_preview",
    "platform",
    "account_info",
    "assignment"
  ]
})
given(
  "_conversation: of an older Chatwoot, without updated_at and a state",
  createConversation,
  starting,
  Object.fromEntries(Object.entries(conversation()).filter(([key]) => key !== "updated_at" && key !== "status")),
  { holds: { status: "", updatedAt: utc("1970-01-01T00:00:00Z") }, drift: ["status", "updated_at"] }
)

// --- toggle_status

const { toggleStatus } = Conversations.endpoints
const resolving = { conversationId: 40, status: "resolved" } as const

given("toggle_status: resolved", toggleStatus, resolving, {
  meta: {},
  payload: { success: true, conversation_id: 40, current_status: "resolved", snoozed_until: null }
}, { holds: { success: some(true), currentStatus: "resolved", snoozedUntil: none }, unread: ["meta"] })
given("toggle_status: snoozed, by ISO 8601 text", toggleStatus, { conversationId: 40, status: "snoozed" }, {
  payload: {
    success: true,
    conversation_id: 40,
    current_status: "snoozed",
    snoozed_until: "2026-01-22T08:00:00.000Z"
  }
}, { holds: { snoozedUntil: some(utc("2026-01-22T08:00:00Z")) }, unread: ["payload.snoozed_until"] })
given("toggle_status: handed over by a bot, with null", toggleStatus, { conversationId: 40, status: "open" }, {
  payload: { success: null, conversation_id: 40, current_status: "open", snoozed_until: null }
}, { holds: { success: none, currentStatus: "open" } })
given("toggle_status: without an envelope", toggleStatus, resolving, {
  success: true,
  conversation_id: 40,
  current_status: "resolved",
  snoozed_until: null
}, { holds: { currentStatus: "resolved" }, envelope: "payload" })

/** The value at a path of properties, looked up through options. */
const valueAt = (value: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((inner, key) => {
    const object: unknown = Option.isOption(inner) ? Option.getOrUndefined(inner) : inner
    return typeof object === "object" && object !== null ? Reflect.get(object, key) : undefined
  }, value)

/** The paths whose values another JSON does not have. Null and "" may be absent: they decode as none. */
const missing = (json: Json, other: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<string> => {
  if (json === null || json === "") return other === json || other === undefined ? [] : [path.join(".")]
  if (typeof json !== "object") return json === other ? [] : [path.join(".")]
  if (typeof other !== "object" || other === null) return [path.join(".")]
  return Object.entries(json).flatMap(([key, value]) => missing(value, Reflect.get(other, key), [...path, key]))
}

const topmost = (paths: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set(paths)].filter((path) => !paths.some((other) => path.startsWith(`${other}.`))).sort()

describe("responses", () => {
  it("are at least twenty", () => {
    assert.isAtLeast(payloads.length, 20)
    assert.strictEqual(new Set(payloads.map(({ of }) => of)).size, payloads.length)
  })

  it.effect.each(payloads.map((payload) => [payload.of, payload] as const))(
    "%s",
    ([, { decode, expected, json }]) =>
      Effect.gen(function*() {
        const { value, written } = yield* decode("ignore")
        for (const [path, typed] of Object.entries(expected.holds ?? {})) {
          assert.deepStrictEqual(valueAt(value, path), typed, path)
        }
        const { envelope, unread = [] } = expected
        const inside = envelope === undefined ? written : valueAt(written, envelope)
        assert.deepStrictEqual(topmost(missing(json, inside)), [...unread].sort(), "unread")
        const drift = yield* decode("fail").pipe(
          Effect.as([]),
          Effect.catch((error) =>
            error.reason._tag === "DriftedResponse"
              ? Effect.succeed(error.reason.issues.map(({ path }) => path.join(".")))
              : Effect.fail(error)
          )
        )
        assert.deepStrictEqual(topmost(drift), [...(expected.drift ?? [])].sort(), "drift")
      })
  )
})
