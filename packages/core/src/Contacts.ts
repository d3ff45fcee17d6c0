/**
 * Contacts: the people that a project's agents talk to.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as ContactProfile from "./ContactProfile.ts"
import * as Endpoint from "./Endpoint.ts"
import * as LiveDeskClient from "./LiveDeskClient.ts"
import * as LiveDeskSchema from "./LiveDeskSchema.ts"
import * as Model from "./Model.ts"

// ---------------------------------------------------------------------------------------------------------------------
// models
// ---------------------------------------------------------------------------------------------------------------------

const inboxFields = {
  /** The inbox's id: the *Channel ID* of the channel's settings. */
  id: Model.required(LiveDeskSchema.id(LiveDeskSchema.InboxId)),
  /** The id of the project. */
  accountId: Model.unverified(LiveDeskSchema.nullableId(LiveDeskSchema.AccountId)),
  /** The inbox's name. */
  name: Model.unverified(LiveDeskSchema.name),
  /** The id of the channel record behind the inbox. */
  channelId: Model.unverified(LiveDeskSchema.nullableNatural),
  /** The kind of channel, `Channel::Api` for an API channel. */
  channelType: Model.unverified(LiveDeskSchema.nullableText),
  /** The link of the inbox's picture; none when null or "". */
  avatarUrl: Model.unverified(LiveDeskSchema.nullableText),
  /** The provider behind the channel, where there are several. */
  provider: Model.unverified(LiveDeskSchema.nullableText)
} as const

/**
 * A channel as a contact's record shows it. Unverified as a whole: the vendor's sample shows only null in its place,
 * the fields are Chatwoot's, and further ones may come.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category models
 * @since 0.1.0
 */
export const Inbox = Model.record(inboxFields, { open: true })
/**
 * @category models
 * @since 0.1.0
 */
export interface Inbox extends Model.RecordOf<typeof inboxFields> {}

const contactInboxFields = {
  /** The channel; none in the vendor's sample. */
  inbox: Model.nullable(Inbox),
  /** The name under which the channel knows the contact; none in the vendor's sample. */
  sourceId: LiveDeskSchema.sourceId
} as const

/**
 * The tie between a contact and a channel.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category models
 * @since 0.1.0
 */
export const ContactInbox = Model.record(contactInboxFields)
/**
 * @category models
 * @since 0.1.0
 */
export interface ContactInbox extends Model.RecordOf<typeof contactInboxFields> {}

const contactFields = {
  ...ContactProfile.fields,
  /** The contact's id; an answer without one fails. A number in the sample, "String" in the page's table. */
  id: Model.required(ContactProfile.fields.id),
  /** The channels that know the contact; `[]` when absent, and in the vendor's sample. */
  contactInboxes: Model.list(ContactInbox)
} as const

/**
 * A contact.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category models
 * @since 0.1.0
 */
export const Contact = Model.record(contactFields)
/**
 * @category models
 * @since 0.1.0
 */
export interface Contact extends Model.RecordOf<typeof contactFields> {}

const createdContactFields = {
  /** The new contact. */
  contact: Model.nested(Contact),
  /**
   * The tie to the channel that was named. `contactInbox.sourceId` is what a conversation takes as `sourceId`; LiveDesk
   * sends none where it made no tie.
   */
  contactInbox: Model.nested(ContactInbox)
} as const

/**
 * The answer to `create`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category models
 * @since 0.1.0
 */
export const CreatedContact = Model.inEnvelope("payload", Model.record(createdContactFields))
/**
 * @category models
 * @since 0.1.0
 */
export interface CreatedContact extends Model.RecordOf<typeof createdContactFields> {}

// ---------------------------------------------------------------------------------------------------------------------
// inputs
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The input of `create`. Rules of the server that no page states (the form of an e-mail address or a phone number,
 * what must be unique) are left to the server.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category inputs
 * @since 0.1.0
 */
export const CreateContact = Schema.Struct({
  /** The channel through which the contact will be talked to: its *Channel ID*. Sent as a number. */
  inboxId: Schema.Natural,
  /** The contact's name. */
  name: Schema.optional(Schema.String),
  /** The contact's e-mail address. */
  email: Schema.optional(Schema.String),
  /** The contact's phone number. The sample is `+123456789`; Chatwoot wants E.164 (unverified). */
  phoneNumber: Schema.optional(Schema.String),
  /** The link of a picture of the contact. */
  avatarUrl: Schema.optional(Schema.String),
  /** The id by which the program's own system knows the contact. */
  identifier: Schema.optional(Schema.String)
}).pipe(Schema.encodeKeys({ inboxId: "inbox_id", phoneNumber: "phone_number", avatarUrl: "avatar_url" }))
/**
 * @category inputs
 * @since 0.1.0
 */
export type CreateContact = typeof CreateContact.Type

// ---------------------------------------------------------------------------------------------------------------------
// endpoints
// ---------------------------------------------------------------------------------------------------------------------

/**
 * `POST /api/v2/accounts/contacts`
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category endpoints
 * @since 0.1.0
 */
export const create = Endpoint.make({
  operation: "contacts.create",
  method: "POST",
  path: "/api/v2/accounts/contacts",
  input: CreateContact,
  answer: CreatedContact,
  repeat: "never"
})

// ---------------------------------------------------------------------------------------------------------------------
// service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The contacts of a project.
 *
 * @category services
 * @since 0.1.0
 */
export class Contacts extends Context.Service<Contacts, {
  /**
   * Creates a contact and, with it, its tie to the channel.
   *
   * Fails with `ValidationError` for an input that is refused here (nothing was sent) or by LiveDesk, and for an
   * answer that cannot be read (the contact exists then); with `AuthError` for credentials; with `HttpError` for all
   * that lies between. Nothing is sent twice: look at the error's `delivery` before calling again.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
   */
  readonly create: LiveDeskClient.Call<CreateContact, CreatedContact>
}>()("@effect-livedesk/core/Contacts") {}

/**
 * Provides `Contacts` over a `LiveDeskClient`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Contacts, never, LiveDeskClient.LiveDeskClient> = Layer.effect(
  Contacts,
  Effect.map(LiveDeskClient.LiveDeskClient, (client) => Contacts.of({ create: client.call(create) }))
)
