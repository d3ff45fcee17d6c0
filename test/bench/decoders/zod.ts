import * as z from "zod"

const id = <const Name extends string>() => z.int().nonnegative().brand<Name>()
const nullable = <A extends z.ZodType>(inner: A) => inner.nullish().transform((value) => value ?? undefined)
const toDate = (seconds: number) => new Date(Math.round(seconds * 1000))
const time = z.number().nonnegative().transform(toDate)
const timeOrNever = z.number().nonnegative().transform((seconds) => seconds === 0 ? undefined : toDate(seconds))
const nullableTime = z.number().nullish().transform((seconds) => seconds ? toDate(seconds) : undefined)
const nullableText = z.string().nullish().transform((value) => value || undefined)
const picture = z.string().transform((value) => value === "" ? undefined : value)
const attributes = z.record(z.string(), z.unknown())

const Conversation = z.object({
  meta: z.object({
    sender: z.object({
      additional_attributes: attributes,
      availability_status: z.string(),
      email: nullableText,
      id: id<"ContactId">(),
      name: nullable(z.string()),
      phone_number: nullableText,
      blocked: z.boolean(),
      identifier: nullableText,
      thumbnail: picture,
      custom_attributes: attributes,
      created_at: time
    }),
    channel: z.string(),
    hmac_verified: z.boolean()
  }),
  id: id<"ConversationId">(),
  messages: z.array(attributes),
  account_id: id<"AccountId">(),
  uuid: z.string(),
  inbox_id: id<"InboxId">(),
  additional_attributes: attributes,
  agent_last_seen_at: timeOrNever,
  assignee_last_seen_at: timeOrNever,
  can_reply: z.boolean(),
  contact_last_seen_at: timeOrNever,
  custom_attributes: attributes,
  labels: z.array(z.string()),
  muted: z.boolean(),
  snoozed_until: nullableTime,
  status: z.string(),
  priority: nullable(z.string()),
  conversation_category: z.string(),
  chat_mode: z.string(),
  is_forum: z.boolean(),
  created_at: time,
  updated_at: time,
  timestamp: time,
  first_reply_created_at: timeOrNever,
  unread_count: z.int().nonnegative(),
  last_non_activity_message: nullable(attributes),
  last_activity_at: time,
  waiting_since: timeOrNever,
  sla_policy_id: nullable(z.int().nonnegative()),
  ticket_id: nullable(z.string().brand<"TicketId">()),
  over_limit: z.boolean(),
  content_preview: z.object({
    content: nullable(z.string()),
    message_type: nullable(z.union([z.int(), z.string()])),
    created_at: nullableTime
  }),
  platform: z.object({ channel_type: z.string(), inbox_name: z.string(), inbox_id: id<"InboxId">() }),
  account_info: z.object({
    contact_name: z.string(),
    contact_email: nullableText,
    contact_phone: nullableText,
    contact_id: id<"ContactId">(),
    contact_avatar: picture
  }),
  assignment: z.object({
    assignee_id: nullable(id<"AgentId">()),
    assignee_name: nullable(z.string()),
    assignee_email: nullableText,
    team_id: nullable(id<"TeamId">()),
    team_name: nullable(z.string())
  })
})

export const decode = (json: unknown) => Conversation.parse(json)
