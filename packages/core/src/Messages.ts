/**
 * Messages: the texts and files in a conversation.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as Endpoint from "./Endpoint.ts"
import * as LiveDeskClient from "./LiveDeskClient.ts"
import * as LiveDeskSchema from "./LiveDeskSchema.ts"
import * as Model from "./Model.ts"
import * as ModelField from "./ModelField.ts"

// Core is compiled without a platform's types; every platform that Effect runs on has this one.
declare const File: new(
  parts: ReadonlyArray<Uint8Array | BlobLike>,
  name: string,
  options: { readonly type: string }
) => typeof Schema.File.Type

// ---------------------------------------------------------------------------------------------------------------------
// models
// ---------------------------------------------------------------------------------------------------------------------

const senderFields = {
  /** The sender's id, unique among senders of one type; 0 when absent. */
  id: ModelField.id(Schema.Natural),
  /** The sender's name; `None` when null. */
  name: ModelField.name,
  /** The type of the sender. The values are Chatwoot's (unverified); `None` when absent, as for contacts in webhooks. */
  type: Model.unverified(ModelField.nullableOpenEnum(["contact", "user", "agent_bot"])),
  /** The name that customers see. Unverified: for users. */
  availableName: Model.unverified(ModelField.name),
  /** The e-mail address. Unverified: for contacts. */
  email: Model.unverified(ModelField.nullableString),
  /** The phone number. Unverified: for contacts. */
  phoneNumber: Model.unverified(ModelField.nullableString),
  /** The sender's id in the program's own system. Unverified: for contacts. */
  identifier: Model.unverified(ModelField.nullableString),
  /** The URL of the avatar. Unverified: for users and bots. */
  avatarUrl: Model.unverified(ModelField.nullableString),
  /** The URL of a small avatar. Unverified: for users and contacts. */
  thumbnail: Model.unverified(ModelField.nullableString),
  /** Whether the sender is online. Unverified: for users. */
  availabilityStatus: Model.unverified(ModelField.nullableString),
  /** The URL of the avatar. Unverified: for contacts in webhooks. */
  avatar: Model.unverified(ModelField.nullableString),
  /** Whether the contact is blocked. Unverified: for contacts. */
  blocked: Model.unverified(Model.optional(ModelField.boolean)),
  /** Attributes that LiveDesk itself keeps. Unverified: for contacts. */
  additionalAttributes: Model.unverified(ModelField.nullableJsonObject),
  /** Attributes that the project defines. Unverified: for contacts. */
  customAttributes: Model.unverified(ModelField.nullableJsonObject)
} as const

/**
 * The sender of a message: a contact, a user or a bot, by `type`. The vendor's page shows the id and the beginning of
 * the name. The other fields are Chatwoot's (unverified), and LiveDesk may send more.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/send-message
 * @category models
 * @since 0.1.0
 */
export const Sender: Model.Model<Sender> = Model.record(senderFields, { open: true })
export interface Sender extends Model.RecordOf<typeof senderFields> {}

const attachmentFields = {
  /** The attachment's id; 0 when absent. */
  id: ModelField.id(Schema.Natural),
  /** The kind of file; "" when absent. LiveDesk may add others. */
  fileType: ModelField.openEnum(
    ["image", "audio", "video", "file", "location", "fallback", "share", "story_mention", "contact", "ig_reel"],
    ""
  ),
  /** The URL of the file, which redirects to where it is stored. */
  dataUrl: Model.unverified(ModelField.nullableString),
  /** The URL of a thumbnail. */
  thumbUrl: Model.unverified(ModelField.nullableString),
  /** The file's size in bytes. */
  fileSize: Model.unverified(ModelField.nullableNatural),
  /** The extension of the file's name. */
  extension: Model.unverified(ModelField.nullableString),
  /** The width in pixels. */
  width: Model.unverified(ModelField.nullableNatural),
  /** The height in pixels. */
  height: Model.unverified(ModelField.nullableNatural),
  /** The latitude of a location, in degrees. */
  coordinatesLat: Model.unverified(ModelField.nullableNumber),
  /** The longitude of a location, in degrees. */
  coordinatesLong: Model.unverified(ModelField.nullableNumber),
  /** The text in place of what is no file: the name of a location, a contact's phone number, the title of a link. */
  fallbackTitle: Model.unverified(ModelField.nullableString),
  /** The transcript of an audio file. */
  transcribedText: Model.unverified(ModelField.nullableString),
  /** Details, such as a contact's first and last name. */
  meta: Model.unverified(ModelField.nullableJsonObject)
} as const

/**
 * An attachment of a message. Unverified: no page of the vendor's shows it. The fields are Chatwoot's, and LiveDesk may
 * send others.
 *
 * @category models
 * @since 0.1.0
 */
export const Attachment: Model.Model<Attachment> = Model.record(attachmentFields, { open: true })
export interface Attachment extends Model.RecordOf<typeof attachmentFields> {}

const messageFields = {
  /** The message's id; a response without it fails. */
  id: Model.required(ModelField.id(LiveDeskSchema.MessageId)),
  /** The text; `None` when null, as in a message with attachments only (unverified). */
  content: ModelField.name,
  /** The inbox's id; 0 when absent. */
  inboxId: ModelField.id(LiveDeskSchema.InboxId),
  /** The conversation's id; 0 when absent. */
  conversationId: ModelField.id(LiveDeskSchema.ConversationId),
  /** The kind of message. The page shows 1, which is Chatwoot's `outgoing`. */
  messageType: ModelField.messageType,
  /** The kind of content; "" when absent. The page shows `text` only. */
  contentType: ModelField.openEnum(["text"], ""),
  /** The delivery status; "" when absent. The page shows `sent`; the others are Chatwoot's (unverified). */
  status: ModelField.openEnum(["sent", "delivered", "read", "failed"], ""),
  /** Attributes of the text, such as `in_reply_to`; `{}` when absent. */
  contentAttributes: ModelField.attributes,
  /** When it was written, in seconds on the wire; 1970-01-01T00:00Z when absent. */
  createdAt: ModelField.timestamp,
  /** Whether it is visible to agents only; `false` when absent. */
  private: ModelField.boolean,
  /** The message's id in the inbox; `None` when null. */
  sourceId: ModelField.nullableString,
  /** The message's position in the conversation. LiveDesk's own. */
  sortingId: ModelField.nullableNatural,
  /** The sender; `None` when absent. */
  sender: Model.nullable(Sender),
  /** The attachments; `None` when absent. Unverified. */
  attachments: Model.unverified(Model.optional(Model.list(Attachment)))
} as const

/**
 * A message, the response to `send`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/send-message
 * @category models
 * @since 0.1.0
 */
export const Message: Model.Model<Message> = Model.record(messageFields, { open: true })
export interface Message extends Model.RecordOf<typeof messageFields> {}

// ---------------------------------------------------------------------------------------------------------------------
// inputs
// ---------------------------------------------------------------------------------------------------------------------

const contentFields = {
  /** The id of the conversation. */
  conversationId: LiveDeskSchema.ConversationIdInput,
  /** Whether the message is visible to agents only. Defaults to `false`. */
  private: Schema.optional(Schema.Boolean),
  /** Attributes of the text, with the wire's own keys. `in_reply_to` makes it a reply to the message with that id. */
  contentAttributes: Schema.optional(Schema.Record(Schema.String, Schema.Json))
}

const contentKeys = { conversationId: "conversation_id", contentAttributes: "content_attributes" } as const

/**
 * The input of `send`: a text from an agent to the contact.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/send-message
 * @category inputs
 * @since 0.1.0
 */
export const SendMessage = Schema.Struct({
  ...contentFields,
  /** The text. */
  content: Schema.String
}).pipe(Schema.encodeKeys(contentKeys))
export interface SendMessage extends Schema.Schema.Type<typeof SendMessage> {}

/**
 * Makes the `contentAttributes` of a reply to a message.
 *
 * ```ts
 * messages.send({ conversationId, content: "Yes, it is.", contentAttributes: Messages.inReplyTo(4711) })
 * ```
 *
 * @category inputs
 * @since 0.1.0
 */
export const inReplyTo = (messageId: number): { readonly in_reply_to: number } => ({ in_reply_to: messageId })

/**
 * A `Blob` or `File`. Its bytes may be outside memory, as those of `fs.openAsBlob` of Node.js are.
 *
 * @category inputs
 * @since 0.1.0
 */
export interface BlobLike {
  /** The size in bytes. */
  readonly size: number
  /** The media type; "" when unknown. */
  readonly type: string
  /** Reads all bytes. */
  arrayBuffer(): Promise<ArrayBuffer>
}

// Checked by the platform's own tag: any other value would be sent as the text `[object Object]`.
const BlobLike = Schema.declare(
  (u): u is BlobLike => /^\[object (?:Blob|File)\]$/.test(Object.prototype.toString.call(u)),
  { expected: "bytes or a Blob" }
)

/**
 * A file to attach.
 *
 * @category inputs
 * @since 0.1.0
 */
export const AttachedFile = Schema.Struct({
  /** The file's name, as the contact will see it. */
  name: Schema.NonEmptyString,
  /** The file's media type, such as `image/png`. */
  mediaType: Schema.String.check(
    Schema.isPattern(/^[!-~]+\/[ -~]+$/, { expected: "a media type such as image/png" })
  ),
  /** The file's content: bytes in memory, or a `Blob`. */
  content: Schema.Union([Schema.Uint8Array, BlobLike])
})
export interface AttachedFile extends Schema.Schema.Type<typeof AttachedFile> {}

const FileFromAttachedFile = Schema.File.pipe(
  Schema.decodeTo(AttachedFile, {
    decode: SchemaGetter.transform((file) => ({ name: file.name, mediaType: file.type, content: file })),
    encode: SchemaGetter.transform(({ content, mediaType, name }) => new File([content], name, { type: mediaType }))
  })
)

/**
 * The input of `sendFiles`: files from an agent to the contact, with or without a text. Unverified: the section of the
 * vendor's page could not be read, so the form is Chatwoot's.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/send-message
 * @category inputs
 * @since 0.1.0
 */
export const SendFiles = Schema.Struct({
  ...contentFields,
  /** The text beside the files. */
  content: Schema.optional(Schema.String),
  /** The files. Chatwoot accepts about 15. */
  attachments: Schema.NonEmptyArray(FileFromAttachedFile)
}).pipe(Schema.encodeKeys(contentKeys))
export interface SendFiles extends Schema.Schema.Type<typeof SendFiles> {}

// ---------------------------------------------------------------------------------------------------------------------
// endpoints
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Sends a text: `POST /api/v2/accounts/conversations/:conversation_id/messages`, as JSON.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/send-message
 * @category endpoints
 * @since 0.1.0
 */
export const sendEndpoint = Endpoint.make({
  operation: "messages.send",
  method: "POST",
  path: "/api/v2/accounts/conversations/:conversation_id/messages",
  input: SendMessage,
  success: Message,
  idempotency: "none",
  verifyHint: "look at the conversation in LiveDesk's console, or for a message_created event; no call reads messages"
})

/**
 * Sends files: `POST /api/v2/accounts/conversations/:conversation_id/messages`, as a form with `attachments[]`.
 * Unverified.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/send-message
 * @category endpoints
 * @since 0.1.0
 */
export const sendFilesEndpoint = Endpoint.make({
  operation: "messages.sendFiles",
  method: "POST",
  path: "/api/v2/accounts/conversations/:conversation_id/messages",
  input: SendFiles,
  body: "form",
  success: Message,
  idempotency: "none",
  verifyHint: "look at the conversation in LiveDesk's console, or for a message_created event; no call reads messages"
})

/**
 * All endpoints of messages, by method name. Import single endpoints, such as `sendEndpoint`, to keep the others out of
 * a bundle.
 *
 * @category endpoints
 * @since 0.1.0
 */
export const endpoints = { send: sendEndpoint, sendFiles: sendFilesEndpoint } as const

// ---------------------------------------------------------------------------------------------------------------------
// service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Sends the messages of a project's agents.
 *
 * @category services
 * @since 0.1.0
 */
export class Messages extends Context.Service<Messages, {
  /**
   * Sends a text to the contact, as an agent.
   *
   * Fails as every call does. If the error's `outcome` is `Processed` or `Unknown`, the message may have reached the
   * customer, and sending it again may send it twice.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/message/send-message
   */
  readonly send: LiveDeskClient.Call<SendMessage, Message>
  /**
   * Sends files to the contact, with or without a text. Unverified: the form is Chatwoot's.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/message/send-message
   */
  readonly sendFiles: LiveDeskClient.Call<SendFiles, Message>
}>()("@effect-livedesk/core/Messages") {}

/**
 * Provides `Messages` over a `LiveDeskClient`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Messages, never, LiveDeskClient.LiveDeskClient> = Layer.effect(
  Messages,
  Effect.map(
    LiveDeskClient.LiveDeskClient,
    (client) => Messages.of({ send: client.call(sendEndpoint), sendFiles: client.call(sendFilesEndpoint) })
  )
)
