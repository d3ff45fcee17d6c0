import * as v from "valibot"

const id = <const Name extends string>(name: Name) => v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.brand(name))
const nullable = <A extends v.GenericSchema>(inner: A) =>
  v.pipe(v.nullish(inner), v.transform((value) => value ?? undefined))
const toDate = (seconds: number) => new Date(Math.round(seconds * 1000))
const time = v.pipe(v.number(), v.minValue(0), v.transform(toDate))
const timeOrNever = v.pipe(
  v.number(),
  v.minValue(0),
  v.transform((seconds) => seconds === 0 ? undefined : toDate(seconds))
)
const nullableTime = v.pipe(v.nullish(v.number()), v.transform((seconds) => seconds ? toDate(seconds) : undefined))
const nullableText = v.pipe(v.nullish(v.string()), v.transform((value) => value || undefined))
const picture = v.pipe(v.string(), v.transform((value) => value === "" ? undefined : value))
const attributes = v.record(v.string(), v.unknown())

const Conversation = v.object({
  meta: v.object({
    sender: v.object({
      additional_attributes: attributes,
      availability_status: v.string(),
      email: nullableText,
      id: id("ContactId"),
      name: nullable(v.string()),
      phone_number: nullableText,
      blocked: v.boolean(),
      identifier: nullableText,
      thumbnail: picture,
      custom_attributes: attributes,
      created_at: time
    }),
    channel: v.string(),
    hmac_verified: v.boolean()
  }),
  id: id("ConversationId"),
  messages: v.array(attributes),
  account_id: id("AccountId"),
  uuid: v.string(),
  inbox_id: id("InboxId"),
  additional_attributes: attributes,
  agent_last_seen_at: timeOrNever,
  assignee_last_seen_at: timeOrNever,
  can_reply: v.boolean(),
  contact_last_seen_at: timeOrNever,
  custom_attributes: attributes,
  labels: v.array(v.string()),
  muted: v.boolean(),
  snoozed_until: nullableTime,
  status: v.string(),
  priority: nullable(v.string()),
  conversation_category: v.string(),
  chat_mode: v.string(),
  is_forum: v.boolean(),
  created_at: time,
  updated_at: time,
  timestamp: time,
  first_reply_created_at: timeOrNever,
  unread_count: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  last_non_activity_message: nullable(attributes),
  last_activity_at: time,
  waiting_since: timeOrNever,
  sla_policy_id: nullable(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  ticket_id: nullable(v.pipe(v.string(), v.brand("TicketId"))),
  over_limit: v.boolean(),
  content_preview: v.object({
    content: nullable(v.string()),
    message_type: nullable(v.union([v.pipe(v.number(), v.safeInteger()), v.string()])),
    created_at: nullableTime
  }),
  platform: v.object({ channel_type: v.string(), inbox_name: v.string(), inbox_id: id("InboxId") }),
  account_info: v.object({
    contact_name: v.string(),
    contact_email: nullableText,
    contact_phone: nullableText,
    contact_id: id("ContactId"),
    contact_avatar: picture
  }),
  assignment: v.object({
    assignee_id: nullable(id("AgentId")),
    assignee_name: nullable(v.string()),
    assignee_email: nullableText,
    team_id: nullable(id("TeamId")),
    team_name: nullable(v.string())
  })
})

export const decode = (json: unknown): unknown => v.parse(Conversation, json)
