/**
 * The records of an emulator, with their codecs. `EmulatorState` exports them too, and is what tests import.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { ContactId, ConversationId, InboxId, MessageId, SourceId } from "../LiveDeskSchema.ts"
import * as Tickets from "../Tickets.ts"

/** A time, saved in milliseconds with the fraction that `updated_at` has. */
const Time = Schema.Finite.pipe(
  Schema.decodeTo(Schema.DateTimeUtc, {
    decode: SchemaGetter.transform((millis: number) =>
      Number.isInteger(millis) ? DateTime.makeUnsafe(millis) : DateTime.fromEpochSeconds(millis / 1000)
    ),
    encode: SchemaGetter.transform(DateTime.toEpochMillis)
  })
)

const Attributes = Schema.Record(Schema.String, Schema.Json)

/**
 * An inbox.
 *
 * @category models
 * @since 0.1.0
 */
export const Inbox = Schema.Struct({
  id: InboxId,
  /** Its name in the console. */
  name: Schema.String,
  /** `Channel::Api` for an API inbox. */
  channelType: Schema.String,
  /** Whether the inbox has a bot: new conversations are then `pending` (unverified). */
  hasBot: Schema.Boolean,
  /** Whether create returns the one conversation of a contact inbox, once there is one (unverified). */
  lockToSingleConversation: Schema.Boolean
})
export interface Inbox extends Schema.Schema.Type<typeof Inbox> {}

/**
 * A contact.
 *
 * @category models
 * @since 0.1.0
 */
export const StoredContact = Schema.Struct({
  id: ContactId,
  name: Schema.String,
  email: Schema.OptionFromNullOr(Schema.String),
  phoneNumber: Schema.OptionFromNullOr(Schema.String),
  identifier: Schema.OptionFromNullOr(Schema.String),
  blocked: Schema.Boolean,
  additionalAttributes: Attributes,
  customAttributes: Attributes,
  /** The labels that `list` filters by. No known call sets them, only a seed does. */
  labels: Schema.Array(Schema.String),
  lastActivityAt: Schema.OptionFromNullOr(Time),
  createdAt: Time
})
export interface StoredContact extends Schema.Schema.Type<typeof StoredContact> {}

/**
 * The tie between a contact and an inbox.
 *
 * @category models
 * @since 0.1.0
 */
export const StoredContactInbox = Schema.Struct({
  /** The id of the tie, which only webhooks show. */
  id: Schema.Natural,
  contactId: ContactId,
  inboxId: InboxId,
  sourceId: SourceId,
  createdAt: Time
})
export interface StoredContactInbox extends Schema.Schema.Type<typeof StoredContactInbox> {}

/**
 * A conversation.
 *
 * @category models
 * @since 0.1.0
 */
export const StoredConversation = Schema.Struct({
  id: ConversationId,
  uuid: Schema.String,
  contactId: ContactId,
  inboxId: InboxId,
  sourceId: SourceId,
  status: Schema.String,
  /** When a snoozed conversation wakes; none if it is not snoozed, or snoozed without end. */
  snoozedUntil: Schema.OptionFromNullOr(Time),
  createdAt: Time,
  updatedAt: Time,
  lastActivityAt: Time,
  firstReplyCreatedAt: Schema.OptionFromNullOr(Time),
  waitingSince: Schema.OptionFromNullOr(Time),
  unreadCount: Schema.Natural,
  messageCount: Schema.Natural,
  /** The last message that is no activity message. */
  lastMessageId: Schema.OptionFromNullOr(MessageId)
})
export interface StoredConversation extends Schema.Schema.Type<typeof StoredConversation> {}

/**
 * A message.
 *
 * @category models
 * @since 0.1.0
 */
export const StoredMessage = Schema.Struct({
  id: MessageId,
  conversationId: ConversationId,
  inboxId: InboxId,
  /** The position in the conversation, from 1. */
  sortingId: Schema.Natural,
  content: Schema.OptionFromNullOr(Schema.String),
  /** An `activity` message records a change of the conversation's state. It causes no event. */
  messageType: Schema.Literals(["incoming", "outgoing", "activity"]),
  contentAttributes: Attributes,
  private: Schema.Boolean,
  attachmentIds: Schema.Array(Schema.Natural),
  createdAt: Time
})
export interface StoredMessage extends Schema.Schema.Type<typeof StoredMessage> {}

/**
 * A file that came with a message.
 *
 * @category models
 * @since 0.1.0
 */
export const StoredAttachment = Schema.Struct({
  id: Schema.Natural,
  name: Schema.String,
  mediaType: Schema.String,
  content: Schema.Uint8ArrayFromBase64
})
export interface StoredAttachment extends Schema.Schema.Type<typeof StoredAttachment> {}

/**
 * A ticket as `tickets.get` returns it, and its tags, which no call returns.
 *
 * @category models
 * @since 0.1.0
 */
export const StoredTicket = Schema.Struct({ ticket: Tickets.Ticket, tags: Schema.Array(Schema.String) })
export interface StoredTicket extends Schema.Schema.Type<typeof StoredTicket> {}
