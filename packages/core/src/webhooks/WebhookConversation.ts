/**
 * Conversations and messages in webhook events, whose fields and times differ from those of the API's responses.
 *
 * The conversation is documented, as the payload of `conversation_created`. The message is Chatwoot's and unverified.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Conversations from "../Conversations.ts"
import * as LiveDeskSchema from "../LiveDeskSchema.ts"
import * as Messages from "../Messages.ts"
import * as Model from "../Model.ts"
import * as ModelField from "../ModelField.ts"

// ---------------------------------------------------------------------------------------------------------------------
// fields
// ---------------------------------------------------------------------------------------------------------------------

/** A redacted text that lets its reader act as the contact; none when null. */
const nullableSecret = (label: string): Model.Field<Option.Option<Redacted.Redacted>> => ({
  type: Schema.Option(Schema.toType(Schema.Redacted(Schema.String))),
  documented: () => Schema.NullOr(Schema.String),
  isDocumented: true,
  fallback: Option.some(Option.none()),
  read: (wire) => typeof wire === "string" && wire !== "" ? Option.some(Redacted.make(wire, { label })) : Option.none(),
  write: (value) => Option.match(value, { onNone: () => null, onSome: Redacted.value })
})

/**
 * A time that is ISO 8601 text where the API's responses have seconds, as in Chatwoot's events (unverified). That text has
 * whole milliseconds, so a finer time is written as the seconds that it was read from.
 */
const nullableIsoTimestamp: Model.Field<Option.Option<DateTime.Utc>> = {
  ...ModelField.nullableTimestamp,
  write: (value) =>
    Option.exists(value, (time) => Number.isInteger(DateTime.toEpochMillis(time)))
      ? Option.match(value, { onNone: () => null, onSome: DateTime.formatIso })
      : ModelField.nullableTimestamp.write(value)
}

// ---------------------------------------------------------------------------------------------------------------------
// models
// ---------------------------------------------------------------------------------------------------------------------

const accountFields = {
  /** The project's id; 0 when absent. */
  id: ModelField.id(LiveDeskSchema.AccountId),
  /** The project's name; "" when absent. */
  name: ModelField.string
} as const

/**
 * The project that an event comes from.
 *
 * @see https://www.engagelab.com/docs/livedesk/console/channels/api/webhook-events
 * @category models
 * @since 0.1.0
 */
export const WebhookAccount: Model.Model<WebhookAccount> = Model.record(accountFields)
export interface WebhookAccount extends Model.RecordOf<typeof accountFields> {}

const contactInboxFields = {
  /** The id of the tie; 0 when absent. */
  id: ModelField.id(Schema.Natural),
  /** The contact's id; 0 when absent. */
  contactId: ModelField.id(LiveDeskSchema.ContactId),
  /** The inbox's id; 0 when absent. */
  inboxId: ModelField.id(LiveDeskSchema.InboxId),
  /** The contact's id in the inbox, a UUID in the sample; none when null. */
  sourceId: { ...ModelField.sourceId, documented: () => Schema.String },
  /** When it was created, ISO 8601 text on the wire; 1970-01-01T00:00Z when absent. */
  createdAt: ModelField.isoTimestamp,
  /** When it last changed, ISO 8601 text on the wire; 1970-01-01T00:00Z when absent. */
  updatedAt: ModelField.isoTimestamp,
  /** Whether the contact's identity was proved by HMAC; `false` when absent. */
  hmacVerified: ModelField.boolean,
  /** A secret token for the contact's side of the chat; redacted in logs and JSON. */
  pubsubToken: nullableSecret("pubsub_token")
} as const

/**
 * The tie between the contact and the inbox.
 *
 * @see https://www.engagelab.com/docs/livedesk/console/channels/api/webhook-events
 * @category models
 * @since 0.1.0
 */
export const WebhookContactInbox: Model.Model<WebhookContactInbox> = Model.record(contactInboxFields)
export interface WebhookContactInbox extends Model.RecordOf<typeof contactInboxFields> {}

/** The fields that a contact has wherever it is shown, in the vendor's order. */
const contactProfileFields = {
  /** Attributes that LiveDesk itself keeps; `{}` when absent. */
  additionalAttributes: ModelField.attributes,
  /** Attributes that the project defines; `{}` when absent. */
  customAttributes: ModelField.attributes,
  /** The e-mail address; none when null or "". */
  email: ModelField.nullableString,
  /** The contact's id; 0 when absent. */
  id: ModelField.id(LiveDeskSchema.ContactId),
  /** The contact's id in the program's own system; none when null or "". */
  identifier: ModelField.nullableString,
  /** The name, which may be ""; none when null. */
  name: ModelField.name,
  /** The phone number; none when null or "". */
  phoneNumber: ModelField.nullableString,
  /** The link of the avatar; none when "". */
  thumbnail: ModelField.picture,
  /** Whether the contact is blocked; `false` when absent. */
  blocked: ModelField.boolean
} as const

const contactFields = {
  ...contactProfileFields,
  /** The kind of sender, `contact` in the sample; "" when absent. */
  type: ModelField.openEnum(["contact"], "")
} as const

/**
 * A contact, as the conversations of events show it.
 *
 * @see https://www.engagelab.com/docs/livedesk/console/channels/api/webhook-events
 * @category models
 * @since 0.1.0
 */
export const WebhookContact: Model.Model<WebhookContact> = Model.record(contactFields)
export interface WebhookContact extends Model.RecordOf<typeof contactFields> {}

/**
 * The fields of a contact that an event is about. Unverified: Chatwoot's.
 *
 * @category fields
 * @since 0.1.0
 */
export const eventContactFields = {
  ...contactProfileFields,
  /** The contact's id; an event without it is `Unknown`. */
  id: Model.required(contactProfileFields.id),
  /** The link of the avatar, as in `thumbnail`; none when "". */
  avatar: ModelField.picture
} as const

/**
 * A contact that an event is about: without the type that conversations show. Unverified: Chatwoot's.
 *
 * @category models
 * @since 0.1.0
 */
export const WebhookEventContact: Model.Model<WebhookEventContact> = Model.record(eventContactFields)
export interface WebhookEventContact extends Model.RecordOf<typeof eventContactFields> {}

const metaFields = {
  /** The contact of the conversation. */
  sender: Model.nested(WebhookContact),
  /** The assigned agent; none when null. No page shows its fields. */
  assignee: ModelField.nullableJsonObject,
  /** The kind of assignee; none when absent. Unverified: later versions of Chatwoot have it. */
  assigneeType: Model.unverified(ModelField.nullableOpenEnum(["User", "AgentBot"])),
  /** The assigned team; none when null. No page shows its fields. */
  team: ModelField.nullableJsonObject,
  /** Whether the sender's identity was proved by HMAC; `false` when absent. */
  hmacVerified: ModelField.boolean,
  /** The kind of inbox, `Channel::Api` for an API inbox; "" when absent. LiveDesk's own. */
  channel: ModelField.string
} as const

/**
 * The participants of a conversation.
 *
 * @see https://www.engagelab.com/docs/livedesk/console/channels/api/webhook-events
 * @category models
 * @since 0.1.0
 */
export const WebhookConversationMeta: Model.Model<WebhookConversationMeta> = Model.record(metaFields)
export interface WebhookConversationMeta extends Model.RecordOf<typeof metaFields> {}

const documentedOrNull = () => Schema.NullOr(ModelField.timestampOrNever.documented())

/**
 * The fields of a conversation, in the vendor's order.
 *
 * @see https://www.engagelab.com/docs/livedesk/console/channels/api/webhook-events
 * @category fields
 * @since 0.1.0
 */
export const conversationFields = {
  /** Attributes that LiveDesk itself keeps; `{}` when absent. */
  additionalAttributes: ModelField.attributes,
  /** Whether a reply can be sent; `false` when absent. */
  canReply: ModelField.boolean,
  /** The kind of inbox, `Channel::Api` for an API inbox; "" when absent. */
  channel: ModelField.string,
  /** The tie between the contact and the inbox. */
  contactInbox: Model.nested(WebhookContactInbox),
  /** The conversation's id, which counts within one project; an event without one is `Unknown`. */
  id: Model.required(ModelField.id(LiveDeskSchema.ConversationId)),
  /** The inbox's id; 0 when absent. */
  inboxId: ModelField.id(LiveDeskSchema.InboxId),
  /** The latest messages; `[]` when absent. No page shows their fields. */
  messages: ModelField.jsonObjects,
  /** Labels; `[]` when absent. They are texts in Chatwoot (unverified). */
  labels: ModelField.strings,
  /** The participants. */
  meta: Model.nested(WebhookConversationMeta),
  /** The state; "" when absent. May be one that is not in `Conversations.statuses`. */
  status: ModelField.openEnum(Conversations.statuses, ""),
  /** Attributes that the project defines; `{}` when absent. */
  customAttributes: ModelField.attributes,
  /** When a snoozed conversation wakes; none when null. ISO 8601 text on the wire, or seconds (unverified). */
  snoozedUntil: nullableIsoTimestamp,
  /** How many messages are unread; 0 when absent. */
  unreadCount: ModelField.count,
  /** When an agent first replied; none when null. ISO 8601 text on the wire, or seconds (unverified). */
  firstReplyCreatedAt: nullableIsoTimestamp,
  /** The urgency; none when null. The words are Chatwoot's (unverified). */
  priority: ModelField.nullableOpenEnum(["low", "medium", "high", "urgent"]),
  /** Since when the contact waits for a reply; none when 0 or null (unverified). */
  waitingSince: { ...ModelField.timestampOrNever, documented: documentedOrNull },
  /** The kind of conversation; "" when absent. The vendor's page shows only `chat`. */
  conversationCategory: ModelField.openEnum(["chat"], ""),
  /** The kind of chat; "" when absent. The vendor's page shows only `private_chat`. */
  chatMode: ModelField.openEnum(["private_chat"], ""),
  /** The ticket; none when null. No page shows its fields here. */
  ticketInfo: ModelField.nullableJsonObject,
  /** When an agent last looked; none when 0, which means never. */
  agentLastSeenAt: ModelField.timestampOrNever,
  /** When the contact last looked; none when 0, which means never. */
  contactLastSeenAt: ModelField.timestampOrNever,
  /** When anything last happened; 1970-01-01T00:00Z when absent. */
  lastActivityAt: ModelField.timestamp,
  /** Same as `lastActivityAt` in the sample; 1970-01-01T00:00Z when absent. */
  timestamp: ModelField.timestamp,
  /** When it was created, in seconds on the wire; 1970-01-01T00:00Z when absent. */
  createdAt: ModelField.timestamp,
  /** When it last changed, in seconds with a fraction on the wire; 1970-01-01T00:00Z when absent. */
  updatedAt: ModelField.preciseTimestamp
} as const

/**
 * A conversation, as events show it. The API's calls return another model.
 *
 * @see https://www.engagelab.com/docs/livedesk/console/channels/api/webhook-events
 * @category models
 * @since 0.1.0
 */
export const WebhookConversation: Model.Model<WebhookConversation> = Model.record(conversationFields)
export interface WebhookConversation extends Model.RecordOf<typeof conversationFields> {}

const inboxFields = {
  /** The inbox's id; 0 when absent. */
  id: ModelField.id(LiveDeskSchema.InboxId),
  /** The inbox's name; "" when absent. */
  name: ModelField.string
} as const

/**
 * The inbox of a message. Unverified: Chatwoot's.
 *
 * @category models
 * @since 0.1.0
 */
export const WebhookInbox: Model.Model<WebhookInbox> = Model.record(inboxFields, { open: true })
export interface WebhookInbox extends Model.RecordOf<typeof inboxFields> {}

/**
 * The fields of a message. Unverified: Chatwoot's.
 *
 * @category fields
 * @since 0.1.0
 */
export const messageFields = {
  /** The message's id; an event without one is `Unknown`. */
  id: Model.required(ModelField.id(LiveDeskSchema.MessageId)),
  /** The text; none when null, as for a message with attachments only. */
  content: ModelField.name,
  /** The type of the content; "" when absent. */
  contentType: ModelField.openEnum(
    [
      "text",
      "input_text",
      "input_textarea",
      "input_email",
      "input_select",
      "cards",
      "form",
      "article",
      "incoming_email",
      "input_csat",
      "integrations",
      "sticker",
      "voice_call"
    ],
    ""
  ),
  /** Attributes of the text, such as `in_reply_to`; `{}` when absent. */
  contentAttributes: ModelField.attributes,
  /** Attributes that the server itself keeps; `{}` when absent. */
  additionalAttributes: ModelField.attributes,
  /** The direction: `"incoming"` from the customer, `"outgoing"` from an agent or the program itself. */
  messageType: { ...ModelField.messageType, write: (type: LiveDeskSchema.MessageType) => type },
  /** Whether it was sent, delivered, read or failed; none when absent, as in Chatwoot's events. */
  status: Model.unverified(ModelField.nullableOpenEnum(["sent", "delivered", "read", "failed"])),
  /** Whether only agents see it; `false` when absent. Private notes are delivered, too. */
  private: ModelField.boolean,
  /** The message's id in the inbox; none when null. */
  sourceId: ModelField.nullableString,
  /** When it was written, ISO 8601 text on the wire; 1970-01-01T00:00Z when absent. */
  createdAt: ModelField.isoTimestamp,
  /** The inbox. */
  inbox: Model.nested(WebhookInbox),
  /** The sender; none when null. Chatwoot leaves out the `type` of a contact. */
  sender: Model.nullable(Messages.Sender),
  /** The attachments; none when absent. */
  attachments: Model.unverified(Model.optional(Model.list(Messages.Attachment)))
} as const

/**
 * A message, as events show it. Unverified as a whole: no page shows it, and the fields are Chatwoot's.
 *
 * @category models
 * @since 0.1.0
 */
export const WebhookMessage: Model.Model<WebhookMessage> = Model.record(messageFields, { open: true })
export interface WebhookMessage extends Model.RecordOf<typeof messageFields> {}
