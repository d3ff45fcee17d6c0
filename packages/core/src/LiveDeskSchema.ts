/**
 * Schemas that records and inputs share: ids, open enums and attributes.
 *
 * @since 0.1.0
 */
import type * as Brand from "effect/Brand"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

// ---------------------------------------------------------------------------------------------------------------------
// ids
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The id of a contact: a whole number, `2219259` in the vendor's sample.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category ids
 * @since 0.1.0
 */
export const ContactId = Schema.Natural.pipe(Schema.brand("ContactId"))
export type ContactId = typeof ContactId.Type

/**
 * The id of an inbox. The console calls it *Channel ID*: Project settings - Channels - the inbox - Settings.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category ids
 * @since 0.1.0
 */
export const InboxId = Schema.Natural.pipe(Schema.brand("InboxId"))
export type InboxId = typeof InboxId.Type

/**
 * The id of a conversation: a small whole number that counts within one project, `40` in the vendor's sample.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category ids
 * @since 0.1.0
 */
export const ConversationId = Schema.Natural.pipe(Schema.brand("ConversationId"))
export type ConversationId = typeof ConversationId.Type

/**
 * The id of a project, `17623000010928` in the vendor's sample: beyond 32 bits, within a safe integer.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category ids
 * @since 0.1.0
 */
export const AccountId = Schema.Natural.pipe(Schema.brand("AccountId"))
export type AccountId = typeof AccountId.Type

/**
 * The id of a human agent or a bot that a conversation is assigned to. The vendor's sample has null only; that it is a
 * whole number is inherited from Chatwoot (unverified).
 *
 * @category ids
 * @since 0.1.0
 */
export const AgentId = Schema.Natural.pipe(Schema.brand("AgentId"))
export type AgentId = typeof AgentId.Type

/**
 * The id of a team. The vendor's sample has null only; that it is a whole number is inherited from Chatwoot
 * (unverified).
 *
 * @category ids
 * @since 0.1.0
 */
export const TeamId = Schema.Natural.pipe(Schema.brand("TeamId"))
export type TeamId = typeof TeamId.Type

/**
 * A contact's id within one inbox. LiveDesk generates a UUID for API inboxes.
 *
 * @see https://www.engagelab.com/docs/livedesk/console/channels/api/webhook-events
 * @category ids
 * @since 0.1.0
 */
export const SourceId = Schema.String.pipe(Schema.brand("SourceId"))
export type SourceId = typeof SourceId.Type

/**
 * The id of a message: a whole number, `3030` on the vendor's page.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/send-message
 * @category ids
 * @since 0.1.0
 */
export const MessageId = Schema.Natural.pipe(Schema.brand("MessageId"))
export type MessageId = typeof MessageId.Type

/**
 * The id of a ticket: an opaque string, `tk_20251104_789abc` on the vendor's ticket pages.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/get-tickets
 * @category ids
 * @since 0.1.0
 */
export const TicketId = Schema.String.pipe(Schema.brand("TicketId"))
export type TicketId = typeof TicketId.Type

/**
 * An id in an input: a plain number or text, or a branded id of the same kind. An id of another kind does not compile,
 * and neither does one with a program's own brand: pass that as a plain number, `Number(id)`.
 *
 * @category inputs
 * @since 0.1.0
 */
export type Id<Branded extends Brand.Brand<string>> =
  | Branded
  | (Brand.Brand.Unbranded<Branded> & { readonly [Key in keyof Brand.Brand<string>]?: never })

/**
 * The schema of an id in an input: a whole number above 0. 0 is refused, because it stands for an id that is missing
 * from a response.
 *
 * @category inputs
 * @since 0.1.0
 */
export const IdInput = Schema.Int.check(Schema.isGreaterThan(0, { expected: "an id: a whole number above 0" }))

const idOf = <Branded extends Brand.Brand<string>>(
  plain: Schema.Codec<Brand.Brand.Unbranded<Branded>, Brand.Brand.Unbranded<Branded>>
): Schema.Codec<Id<Branded>, Brand.Brand.Unbranded<Branded>> =>
  // The values are the same; only the accepted types differ, which no schema can express.
  plain as never

/**
 * The id of a contact in an input.
 *
 * @category inputs
 * @since 0.1.0
 */
export const ContactIdInput = idOf<ContactId>(IdInput)

/**
 * The id of an inbox in an input.
 *
 * @category inputs
 * @since 0.1.0
 */
export const InboxIdInput = idOf<InboxId>(IdInput)

/**
 * The id of a conversation in an input.
 *
 * @category inputs
 * @since 0.1.0
 */
export const ConversationIdInput = idOf<ConversationId>(IdInput)

/**
 * The id of a ticket in an input.
 *
 * @category inputs
 * @since 0.1.0
 */
export const TicketIdInput = idOf<TicketId>(Schema.String)

/**
 * A contact's id within an inbox, in an input.
 *
 * @category inputs
 * @since 0.1.0
 */
export const SourceIdInput = idOf<SourceId>(Schema.NonEmptyString)

// ---------------------------------------------------------------------------------------------------------------------
// values
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The type of an open enum: known values by name, and any other string, since LiveDesk may add values.
 *
 * @category fields
 * @since 0.1.0
 */
export type Open<Known extends string> = Known | (string & {})

/**
 * Makes the schema of an open enum.
 *
 * @category inputs
 * @since 0.1.0
 */
export const openType = <const Known extends ReadonlyArray<string>>(known: Known): Schema.Codec<Open<Known[number]>> =>
  Schema.Union([Schema.StringForLiteralAutocomplete, Schema.Literals(known)])

/**
 * An enum value in an input that this library does not know, made by `other`.
 *
 * @category inputs
 * @since 0.1.0
 */
export const OtherWord = Schema.String.pipe(Schema.brand("OtherWord"))
export type OtherWord = typeof OtherWord.Type

/**
 * Makes an enum value that this library does not know, but LiveDesk may.
 *
 * @category inputs
 * @since 0.1.0
 */
export const other = (word: string): OtherWord => OtherWord.make(word)

/**
 * Makes the schema of an enum in an input: a known value, or any other by `other`.
 *
 * @category inputs
 * @since 0.1.0
 */
export const wordInput = <const Known extends ReadonlyArray<string>>(
  known: Known
): Schema.Codec<Known[number] | OtherWord, string> => Schema.Union([Schema.Literals(known), OtherWord])

/**
 * The kind of a message, such as `"outgoing"` from an agent to the contact.
 *
 * @category models
 * @since 0.1.0
 */
export type MessageType = Open<"incoming" | "outgoing" | "activity" | "template">

/**
 * Attributes: a JSON object whose keys are defined in the project's settings.
 *
 * @category models
 * @since 0.1.0
 */
export type Attributes = { readonly [key: string]: Schema.Json }

/**
 * A time in an input, sent in seconds since 1970.
 *
 * @category inputs
 * @since 0.1.0
 */
export const SecondsFromDateTime = Schema.Natural.pipe(
  Schema.decodeTo(Schema.DateTimeUtc, {
    decode: SchemaGetter.transform((seconds: number) => DateTime.fromEpochSeconds(seconds)),
    encode: SchemaGetter.transform((time: DateTime.Utc) => Math.floor(DateTime.toEpochMillis(time) / 1000))
  })
)
