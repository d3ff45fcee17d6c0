/**
 * Examples of requests, responses and events. Those of the vendor's pages are copied as they are.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import type * as Endpoints from "../Endpoints.ts"
import { account, conversation } from "./ConversationSample.ts"

export interface Example {
  /** The source of the example. */
  readonly summary: string
  readonly value: Schema.Json
}

const sample = (value: Schema.Json, remark = ""): Example => ({ summary: `The vendor's sample${remark}`, value })

/** Examples of request bodies. */
export const requests: { readonly [Name in Endpoints.Operation]?: Example } = {
  "contacts.create": sample({
    inbox_id: 407,
    name: "Test",
    email: "alice@acme.inc",
    phone_number: "+123456789",
    avatar_url: "https://example.com/avatar.png",
    identifier: "1234567890"
  }),
  "contacts.update": sample({
    email: "support@jiguang.cn",
    name: "support",
    phone_number: null,
    blocked: false,
    identifier: "2222",
    custom_attributes: { vip_level: "platinum" }
  }, ", without the fields that Chatwoot ignores"),
  "conversations.create": sample({ inbox_id: 407, contact_id: 2219256, source_id: "123456789" }),
  "conversations.toggleStatus": sample({ status: "resolved", snoozed_until: 1715000000 }),
  "messages.send": sample({
    content: "Agent sending message, is it normal?",
    private: false,
    content_attributes: { in_reply_to: 29 }
  }),
  "tickets.create": sample({
    title: "No light",
    requester: {
      euid: "contact_12345",
      channel_contacts: {
        channel_id: "inbox_100",
        contact_id: "-1001234567890",
        sub_contact_id: "23232323",
        followers: [{ id: "7562646527", name: "Zhang San" }]
      }
    },
    submitter: { id: "u_12345" },
    assignment_team: "IT Support",
    priority: "high",
    ticket_type: "incident"
  }, " in part, with another title"),
  "tickets.update": sample({ priority: "normal", ticket_type: "incident" }, " in part")
}

const inherited = (value: Schema.Json): Example => ({
  summary: "In Chatwoot's form, which is unverified: no page shows the response",
  value
})

/** The contact of the vendor's examples, whose list is cut off after the phone number. */
const support = {
  additional_attributes: {
    city: "",
    country: "",
    telegram: "",
    description: "",
    company_name: "",
    country_code: "",
    social_profiles: { github: "", twitter: "", facebook: "", linkedin: "", instagram: "" }
  },
  availability_status: "offline",
  email: "support@jiguang.cn",
  id: 318763,
  name: "support",
  phone_number: null,
  blocked: false,
  identifier: "2222",
  thumbnail: "",
  custom_attributes: { vip_level: "platinum" },
  last_activity_at: 1765441908,
  created_at: 1765441895,
  contact_inboxes: []
}

/** Examples of responses. */
export const responses: { readonly [Name in Endpoints.Operation]?: Example } = {
  "contacts.create": sample({
    payload: {
      contact: {
        additional_attributes: {},
        availability_status: "offline",
        email: null,
        id: 2219259,
        name: "Test",
        phone_number: null,
        blocked: false,
        identifier: null,
        thumbnail: "",
        custom_attributes: {},
        created_at: 1766571703,
        contact_inboxes: []
      },
      contact_inbox: {
        inbox: null,
        source_id: null
      }
    }
  }),
  "conversations.create": sample({
    meta: {
      sender: {
        additional_attributes: {},
        availability_status: "offline",
        email: null,
        id: 2219256,
        name: "wjTest",
        phone_number: null,
        blocked: false,
        identifier: null,
        thumbnail: "",
        custom_attributes: {},
        created_at: 1766571624
      },
      channel: "Channel::Api",
      hmac_verified: false
    },
    id: 40,
    messages: [],
    account_id: 17623000010928,
    uuid: "660ce36f-46bb-4153-948c-8a26e6dab634",
    inbox_id: 407,
    additional_attributes: {},
    agent_last_seen_at: 0,
    assignee_last_seen_at: 0,
    can_reply: true,
    contact_last_seen_at: 0,
    custom_attributes: {},
    labels: [],
    muted: false,
    snoozed_until: null,
    status: "open",
    priority: null,
    conversation_category: "chat",
    chat_mode: "private_chat",
    is_forum: false,
    created_at: 1766572062,
    updated_at: 1766572062.5803902,
    timestamp: 1766572062,
    first_reply_created_at: 0,
    unread_count: 0,
    last_non_activity_message: null,
    last_activity_at: 1766572062,
    waiting_since: 1766572062,
    sla_policy_id: null,
    ticket_id: null,
    over_limit: false,
    content_preview: {
      content: null,
      message_type: null,
      created_at: null
    },
    platform: {
      channel_type: "Channel::Api",
      inbox_name: "JennyApi",
      inbox_id: 407
    },
    account_info: {
      contact_name: "wjTest",
      contact_email: null,
      contact_phone: null,
      contact_id: 2219256,
      contact_avatar: ""
    },
    assignment: {
      assignee_id: null,
      assignee_name: null,
      assignee_email: null,
      team_id: null,
      team_name: null
    }
  }),
  "contacts.list": sample(
    { meta: { count: 1, current_page: "1" }, payload: [support] },
    ", which is cut off after the phone number: the rest is from the example of an update"
  ),
  "contacts.update": inherited({ payload: support }),
  "conversations.toggleStatus": inherited({
    payload: { success: true, conversation_id: 40, current_status: "resolved", snoozed_until: null }
  }),
  "tickets.create": {
    summary: "Made up: the page says only that the id is returned",
    value: { data: { ticket_id: "tk_20251104_789abc" } }
  },
  "tickets.get": sample({
    code: 0,
    message: "Success",
    data: {
      ticket_id: "tk_20251104_789abc",
      title: "No light",
      description: "The lamp stays dark.",
      attachments: [{ file_url: "https://example.com/lamp.png" }],
      status: "open",
      priority: "high",
      ticket_type: "incident",
      requester: {
        euid: "contact_12345",
        name: "Test",
        email: "alice@acme.inc",
        phone: "+123456789",
        channel_contacts: {
          channel_id: "inbox_100",
          contact_id: "-1001234567890",
          sub_contact_id: "23232323",
          followers: ["u_12345", "u_67890"]
        }
      },
      submitter: { id: "u_99999" },
      assignment_team: { id: 5, name: "IT Support" },
      custom_fields: {},
      conversation_list: [{
        message_id: "msg_20251104_001",
        sender: { id: "u_99999", type: "internal_member", name: "Agent" },
        content: "We are on our way.",
        content_type: "text",
        attachments: [{ file_type: "image/jpeg", file_url: "https://example.com/lamp.jpeg" }],
        sent_at: "2025-11-19T05:55:25Z",
        is_internal: false
      }],
      status_changes: []
    }
  }, ", which is cut off in the changes of state; texts that were not readable are made up"),
  "tickets.update": {
    summary: "Made up: no page shows the response",
    value: { data: { ticket_id: "tk_20251104_789abc" } }
  },
  "messages.send": sample({
    id: 3030,
    content: "Agent sending message, is it normal?",
    inbox_id: 79,
    conversation_id: 141,
    message_type: 1,
    content_type: "text",
    status: "sent",
    content_attributes: {},
    created_at: 1762331029,
    private: false,
    source_id: null,
    sorting_id: 4,
    sender: { id: 3, name: "Agent" }
  }, ", which is cut off in the name of the sender: that is made up")
}

/** Examples of events, by their names. */
export const events: { readonly [name: string]: Example | undefined } = {
  conversation_created: sample({ event: "conversation_created", account, ...conversation })
}
