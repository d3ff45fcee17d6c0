import { DateTime, Option, Schema, SchemaGetter } from "effect"

const ContactId = Schema.Natural.pipe(Schema.brand("ContactId"))
const ConversationId = Schema.Natural.pipe(Schema.brand("ConversationId"))
const AccountId = Schema.Natural.pipe(Schema.brand("AccountId"))
const InboxId = Schema.Natural.pipe(Schema.brand("InboxId"))
const AgentId = Schema.Natural.pipe(Schema.brand("AgentId"))
const TeamId = Schema.Natural.pipe(Schema.brand("TeamId"))
const toTime = (seconds: number) => DateTime.makeUnsafe(Math.round(seconds * 1000))
const toSeconds = (time: DateTime.Utc) => DateTime.toEpochMillis(time) / 1000
const time = Schema.Number.pipe(
  Schema.decodeTo(Schema.DateTimeUtc, {
    decode: SchemaGetter.transform(toTime),
    encode: SchemaGetter.transform(toSeconds)
  })
)
const timeOrNever = Schema.Number.pipe(
  Schema.decodeTo(Schema.Option(Schema.DateTimeUtc), {
    decode: SchemaGetter.transform((seconds) => seconds === 0 ? Option.none() : Option.some(toTime(seconds))),
    encode: SchemaGetter.transform(Option.match({ onNone: () => 0, onSome: toSeconds }))
  })
)
const text = Schema.OptionFromNullOr(Schema.String)
const picture = Schema.String.pipe(
  Schema.decodeTo(Schema.Option(Schema.String), {
    decode: SchemaGetter.transform((url) => url === "" ? Option.none() : Option.some(url)),
    encode: SchemaGetter.transform(Option.getOrElse(() => ""))
  })
)
const attributes = Schema.Record(Schema.String, Schema.Unknown)

export const Conversation = Schema.Struct({
  meta: Schema.Struct({
    sender: Schema.Struct({
      additional_attributes: attributes,
      availability_status: Schema.String,
      email: text,
      id: ContactId,
      name: text,
      phone_number: text,
      blocked: Schema.Boolean,
      identifier: text,
      thumbnail: picture,
      custom_attributes: attributes,
      created_at: time
    }),
    channel: Schema.String,
    hmac_verified: Schema.Boolean
  }),
  id: ConversationId,
  messages: Schema.Array(attributes),
  account_id: AccountId,
  uuid: Schema.String,
  inbox_id: InboxId,
  additional_attributes: attributes,
  agent_last_seen_at: timeOrNever,
  assignee_last_seen_at: timeOrNever,
  can_reply: Schema.Boolean,
  contact_last_seen_at: timeOrNever,
  custom_attributes: attributes,
  labels: Schema.Array(Schema.String),
  muted: Schema.Boolean,
  snoozed_until: Schema.OptionFromNullOr(time),
  status: Schema.String,
  priority: text,
  conversation_category: Schema.String,
  chat_mode: Schema.String,
  is_forum: Schema.Boolean,
  created_at: time,
  updated_at: time,
  timestamp: time,
  first_reply_created_at: timeOrNever,
  unread_count: Schema.Natural,
  last_non_activity_message: Schema.OptionFromNullOr(attributes),
  last_activity_at: time,
  waiting_since: timeOrNever,
  sla_policy_id: Schema.OptionFromNullOr(Schema.Natural),
  ticket_id: Schema.OptionFromNullOr(Schema.String.pipe(Schema.brand("TicketId"))),
  over_limit: Schema.Boolean,
  content_preview: Schema.Struct({
    content: text,
    message_type: Schema.OptionFromNullOr(Schema.Union([Schema.Int, Schema.String])),
    created_at: Schema.OptionFromNullOr(time)
  }),
  platform: Schema.Struct({ channel_type: Schema.String, inbox_name: Schema.String, inbox_id: InboxId }),
  account_info: Schema.Struct({
    contact_name: Schema.String,
    contact_email: text,
    contact_phone: text,
    contact_id: ContactId,
    contact_avatar: picture
  }),
  assignment: Schema.Struct({
    assignee_id: Schema.OptionFromNullOr(AgentId),
    assignee_name: text,
    assignee_email: text,
    team_id: Schema.OptionFromNullOr(TeamId),
    team_name: text
  })
})

export const decode = Schema.decodeUnknownSync(Conversation)
