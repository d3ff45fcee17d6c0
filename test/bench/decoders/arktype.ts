import { type } from "arktype"

const toDate = (seconds: number) => new Date(Math.round(seconds * 1000))
const natural = "number.integer >= 0"
const nullableId = type("number.integer >= 0 | null").pipe((value) => value ?? undefined)
const nullableText = type("string | null").pipe((value) => value || undefined)
const time = type("number >= 0").pipe(toDate)
const timeOrNever = type("number >= 0").pipe((seconds) => seconds === 0 ? undefined : toDate(seconds))
const nullableTime = type("number | null").pipe((seconds) => seconds ? toDate(seconds) : undefined)
const picture = type("string").pipe((value) => value === "" ? undefined : value)
const attributes = "Record<string, unknown>"

const Conversation = type({
  meta: {
    sender: {
      additional_attributes: attributes,
      availability_status: "string",
      email: nullableText,
      id: type(natural).brand("ContactId"),
      name: nullableText,
      phone_number: nullableText,
      blocked: "boolean",
      identifier: nullableText,
      thumbnail: picture,
      custom_attributes: attributes,
      created_at: time
    },
    channel: "string",
    hmac_verified: "boolean"
  },
  id: type(natural).brand("ConversationId"),
  messages: "Record<string, unknown>[]",
  account_id: type(natural).brand("AccountId"),
  uuid: "string",
  inbox_id: type(natural).brand("InboxId"),
  additional_attributes: attributes,
  agent_last_seen_at: timeOrNever,
  assignee_last_seen_at: timeOrNever,
  can_reply: "boolean",
  contact_last_seen_at: timeOrNever,
  custom_attributes: attributes,
  labels: "string[]",
  muted: "boolean",
  snoozed_until: nullableTime,
  status: "string",
  priority: nullableText,
  conversation_category: "string",
  chat_mode: "string",
  is_forum: "boolean",
  created_at: time,
  updated_at: time,
  timestamp: time,
  first_reply_created_at: timeOrNever,
  unread_count: natural,
  last_non_activity_message: type("Record<string, unknown> | null").pipe((value) => value ?? undefined),
  last_activity_at: time,
  waiting_since: timeOrNever,
  sla_policy_id: nullableId,
  ticket_id: nullableText,
  over_limit: "boolean",
  content_preview: {
    content: nullableText,
    message_type: type("number.integer | string | null").pipe((value) => value ?? undefined),
    created_at: nullableTime
  },
  platform: { channel_type: "string", inbox_name: "string", inbox_id: type(natural).brand("InboxId") },
  account_info: {
    contact_name: "string",
    contact_email: nullableText,
    contact_phone: nullableText,
    contact_id: type(natural).brand("ContactId"),
    contact_avatar: picture
  },
  assignment: {
    assignee_id: nullableId,
    assignee_name: nullableText,
    assignee_email: nullableText,
    team_id: nullableId,
    team_name: nullableText
  }
})

export const decode = (json: unknown): unknown => Conversation.assert(json)
