/**
 * Contacts: the people that a project's agents talk to.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import * as ContactProfile from "./ContactProfile.ts"
import * as Endpoint from "./Endpoint.ts"
import * as ContactLookup from "./internal/ContactLookup.ts"
import * as ContactStream from "./internal/ContactStream.ts"
import * as LiveDeskClient from "./LiveDeskClient.ts"
import type * as LiveDeskError from "./LiveDeskError.ts"
import * as LiveDeskSchema from "./LiveDeskSchema.ts"
import * as Model from "./Model.ts"
import * as ModelField from "./ModelField.ts"

export { hasContactKey } from "./internal/ContactLookup.ts"

// ---------------------------------------------------------------------------------------------------------------------
// models
// ---------------------------------------------------------------------------------------------------------------------

const inboxFields = {
  /** The inbox's id. */
  id: Model.required(ModelField.id(LiveDeskSchema.InboxId)),
  /** The id of the project. */
  accountId: Model.unverified(ModelField.nullableId(LiveDeskSchema.AccountId)),
  /** The inbox's name. */
  name: Model.unverified(ModelField.name),
  /** The id of the record behind the inbox, a `Channel::…` of its kind. */
  channelId: Model.unverified(ModelField.nullableNatural),
  /** The kind of inbox, `Channel::Api` for an API inbox. */
  channelType: Model.unverified(ModelField.nullableString),
  /** The link of the inbox's picture; none when null or "". */
  avatarUrl: Model.unverified(ModelField.nullableString),
  /** The provider behind the inbox, where there are several. */
  provider: Model.unverified(ModelField.nullableString)
} as const

/**
 * An inbox as a contact's record shows it. Unverified as a whole: the vendor's sample shows only null in its place,
 * the fields are Chatwoot's, and further ones may come.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category models
 * @since 0.1.0
 */
export const Inbox: Model.Model<Inbox> = Model.record(inboxFields, { open: true })
export interface Inbox extends Model.RecordOf<typeof inboxFields> {}

const contactInboxFields = {
  /** The inbox; none in the vendor's sample. */
  inbox: Model.nullable(Inbox),
  /** The name under which the inbox knows the contact; none in the vendor's sample. */
  sourceId: ModelField.sourceId
} as const

/**
 * The tie between a contact and an inbox.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category models
 * @since 0.1.0
 */
export const ContactInbox: Model.Model<ContactInbox> = Model.record(contactInboxFields)
export interface ContactInbox extends Model.RecordOf<typeof contactInboxFields> {}

const contactFields = {
  ...ContactProfile.fields,
  /** The contact's id; a response without one fails. A number in the sample, "String" in the page's table. */
  id: Model.required(ContactProfile.fields.id),
  /** The inboxes that know the contact; `[]` when absent, and in the vendor's sample. */
  contactInboxes: Model.list(ContactInbox)
} as const

/**
 * A contact.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category models
 * @since 0.1.0
 */
export const Contact: Model.Model<Contact> = Model.record(contactFields)
export interface Contact extends ContactProfile.ContactProfile {
  /** The inboxes that know the contact; `[]` when absent, and in the vendor's sample. */
  readonly contactInboxes: ReadonlyArray<ContactInbox>
}

const createdContactFields = {
  /** The new contact. */
  contact: Model.nested(Contact),
  /**
   * The tie to the inbox that the input named. `contactInbox.sourceId` is what a conversation takes as `sourceId`; LiveDesk
   * sends none where it made no tie.
   */
  contactInbox: Model.nested(ContactInbox)
} as const

/**
 * The response to `create`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category models
 * @since 0.1.0
 */
export const CreatedContact: Model.Model<CreatedContact> = Model.inEnvelope(
  "payload",
  Model.record(createdContactFields)
)
export interface CreatedContact extends Model.RecordOf<typeof createdContactFields> {}

const pageMetaFields = {
  /** How many contacts there are; 0 when absent. Whether in all or on the page no page says. */
  count: ModelField.count,
  /** The number of the page, from 1; 0 when absent. Text on one page of the vendor's, a number on another. */
  currentPage: ModelField.pageNumber
} as const

const contactPageFields = {
  /** Where the page stands among the others. */
  meta: Model.nested(Model.record(pageMetaFields)),
  /** The contacts of the page. One without an id fails the page, so that none is passed over in silence. */
  contacts: Model.under("payload", Model.every(Contact))
} as const

/**
 * A page of contacts, as `list` returns it.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/list-contact
 * @category models
 * @since 0.1.0
 */
export const ContactPage: Model.Model<ContactPage> = Model.record(contactPageFields)
export interface ContactPage extends Model.RecordOf<typeof contactPageFields> {}

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
  /**
   * The inbox through which agents will talk to the contact, by its id. The console calls it *Channel ID*. Sent as a
   * number.
   */
  inboxId: LiveDeskSchema.InboxIdInput,
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
export interface CreateContact extends Schema.Schema.Type<typeof CreateContact> {}

const filterFields = {
  /** What to look for in e-mail addresses, phone numbers, names and identifiers; that a part is enough is unverified. */
  q: Schema.optional(Schema.String),
  /** Labels, of which a contact must have any. Several go as `labels[]`, by Rails' rule (unverified). */
  labels: Schema.optional(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
  /** What to sort by; a key that is not listed by `LiveDeskSchema.other`. */
  sort: Schema.optional(
    LiveDeskSchema.wordInput([
      "email",
      "name",
      "phone_number",
      "last_activity_at",
      "created_at",
      "company",
      "city",
      "country"
    ])
  ),
  /** Which way to sort. */
  direction: Schema.optional(Schema.Literals(["asc", "desc"])),
  /** Whether each contact comes with its ties to inboxes. Defaults to `true`. */
  includeContactInboxes: Schema.optional(Schema.Boolean)
}

/**
 * The input of `list`: everything, or what `q` finds.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/list-contact
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/search-contact
 * @category inputs
 * @since 0.1.0
 */
export const ListContacts = Schema.Struct({
  ...filterFields,
  /** Which page, from 1. Defaults to the first. LiveDesk documents 15 contacts a page; nothing here relies on it. */
  page: Schema.optional(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))),
  /** How many contacts a page is to hold. Unverified: in the page's example, but not in its table. */
  pageSize: Schema.optional(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)))
}).pipe(Schema.encodeKeys({ includeContactInboxes: "include_contact_inboxes", pageSize: "page_size" }))
export interface ListContacts extends Schema.Schema.Type<typeof ListContacts> {}

/**
 * The input of `update`. Only what is given is sent; null is sent as null, which clears (unverified: an example shows it).
 * The page shows the fields in an example; which of them LiveDesk heeds no page says, and those that Chatwoot does not heed
 * are left out here.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/update-contact
 * @category inputs
 * @since 0.1.0
 */
export const UpdateContact = Schema.Struct({
  /** The contact to change. */
  contactId: LiveDeskSchema.ContactIdInput,
  /** The contact's name. */
  name: Schema.optional(Schema.String),
  /** The contact's e-mail address; null clears it. */
  email: Schema.optional(Schema.NullOr(Schema.String)),
  /** The contact's phone number; null clears it. */
  phoneNumber: Schema.optional(Schema.NullOr(Schema.String)),
  /** The id by which the program's own system knows the contact; null clears it. */
  identifier: Schema.optional(Schema.NullOr(Schema.String)),
  /** The link of a picture of the contact. Unverified for this call. */
  avatarUrl: Schema.optional(Schema.String),
  /** Whether the contact is blocked. */
  blocked: Schema.optional(Schema.Boolean),
  /** Attributes that LiveDesk itself keeps. Chatwoot merges them into those that are there (unverified). */
  additionalAttributes: Schema.optional(Schema.Record(Schema.String, Schema.Json)),
  /** Attributes that the project defines; merged into those that are there. */
  customAttributes: Schema.optional(Schema.Record(Schema.String, Schema.Json))
}).pipe(Schema.encodeKeys({
  contactId: "contact_id",
  phoneNumber: "phone_number",
  avatarUrl: "avatar_url",
  additionalAttributes: "additional_attributes",
  customAttributes: "custom_attributes"
}))
export interface UpdateContact extends Schema.Schema.Type<typeof UpdateContact> {}

/**
 * What the contacts of `stream` are chosen by, and where to begin.
 *
 * @category inputs
 * @since 0.1.0
 */
export interface StreamContacts extends ListContacts {
  /** The `resume` of the error that an earlier stream failed with: it begins at the page that failed. */
  readonly resume?: LiveDeskError.Identifiers | undefined
}

/**
 * The input of `ensure`: a contact to create, known by at least one of `identifier`, `email` and `phoneNumber`.
 *
 * @category inputs
 * @since 0.1.0
 */
export type EnsureContact =
  & CreateContact
  & ({ readonly identifier: string } | { readonly email: string } | { readonly phoneNumber: string })

/**
 * What a contact is known by: the input of `find`. At least one must be given; blank counts as not given.
 *
 * @category inputs
 * @since 0.1.0
 */
export interface ContactKey extends Pick<CreateContact, "identifier" | "email" | "phoneNumber"> {}

/**
 * What `ensure` did: it made the contact, or found it.
 *
 * @category models
 * @since 0.1.0
 */
export type EnsuredContact =
  | { readonly _tag: "Created"; readonly contact: Contact; readonly contactInbox: ContactInbox }
  | { readonly _tag: "Existing"; readonly contact: Contact }

/**
 * The name under which the inbox knows the contact that `ensure` made or found, where LiveDesk sent it: what a
 * conversation takes as `sourceId`.
 *
 * @category accessors
 * @since 0.1.0
 */
export const sourceIdOf: {
  (
    inboxId: LiveDeskSchema.Id<LiveDeskSchema.InboxId>
  ): (ensured: EnsuredContact) => Option.Option<LiveDeskSchema.SourceId>
  (
    ensured: EnsuredContact,
    inboxId: LiveDeskSchema.Id<LiveDeskSchema.InboxId>
  ): Option.Option<LiveDeskSchema.SourceId>
} = dual(2, (
  ensured: EnsuredContact,
  inboxId: LiveDeskSchema.Id<LiveDeskSchema.InboxId>
): Option.Option<LiveDeskSchema.SourceId> =>
  ensured._tag === "Created"
    ? ensured.contactInbox.sourceId
    : Option.flatMap(
      Option.fromUndefinedOr(
        ensured.contact.contactInboxes.find(({ inbox }) => Option.exists(inbox, ({ id }) => id === inboxId))
      ),
      ({ sourceId }) => sourceId
    ))

// ---------------------------------------------------------------------------------------------------------------------
// endpoints
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Creates a contact: `POST /api/v2/accounts/contacts`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category endpoints
 * @since 0.1.0
 */
export const createEndpoint = Endpoint.make({
  operation: "contacts.create",
  method: "POST",
  path: "/api/v2/accounts/contacts",
  input: CreateContact,
  success: CreatedContact,
  idempotency: "none",
  verifyHint: "look for its identifier, e-mail or phone number, with contacts.find, or call contacts.ensure, which does"
})

/**
 * Reads a page of contacts, all or found: `GET /api/v2/accounts/contacts`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/list-contact
 * @category endpoints
 * @since 0.1.0
 */
export const listEndpoint = Endpoint.make({
  operation: "contacts.list",
  method: "GET",
  path: "/api/v2/accounts/contacts",
  input: ListContacts,
  success: ContactPage,
  idempotency: "safe"
})

/**
 * Changes a contact: `PATCH /api/v2/accounts/contacts/:contact_id`. The vendor's sample of its response could not be read;
 * Chatwoot puts the contact under `payload` (unverified).
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/update-contact
 * @category endpoints
 * @since 0.1.0
 */
export const updateEndpoint = Endpoint.make({
  operation: "contacts.update",
  method: "PATCH",
  path: "/api/v2/accounts/contacts/:contact_id",
  input: UpdateContact,
  success: Model.inAnyEnvelope([["payload"], ["payload", "contact"], ["data"]], Contact),
  idempotency: "idempotent"
})

/**
 * The endpoints by the names of their calls. A bundle that names it holds all of them; `createEndpoint` and the others are each
 * by itself.
 *
 * @category endpoints
 * @since 0.1.0
 */
export const endpoints = { create: createEndpoint, list: listEndpoint, update: updateEndpoint } as const

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
   * Creates a contact and, with it, its tie to the inbox.
   *
   * Fails with `ValidationError` for an input that is refused here (nothing was sent) or by LiveDesk, and for a
   * response that cannot be read (the contact exists then); with `AuthError` for credentials; with `HttpError` for all
   * that lies between. Nothing is sent twice: look at the error's `outcome` before calling again.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
   */
  readonly create: LiveDeskClient.Call<CreateContact, CreatedContact>
  /**
   * Reads one page of all contacts, or of those that `q` finds. `stream` reads them all.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/list-contact
   */
  readonly list: LiveDeskClient.Call<ListContacts, ContactPage>
  /**
   * Reads all pages, one when it is asked for, and ends at an empty one, or at one that holds nothing new when as many
   * contacts as `meta.count` says were delivered. Contacts that are made or deleted meanwhile move the others between
   * pages: what comes again within 8 pages comes once, what moves past a page that was read already is not seen.
   *
   * An error has in `resume` the page that failed, to begin with again. A contact of an earlier page that has moved there
   * comes a second time then.
   *
   * ```ts
   * const vips = { labels: "vip" }
   * contacts.stream(vips).pipe(
   *   Stream.catchTag("HttpError", ({ resume }) => contacts.stream({ ...vips, resume })),
   *   Stream.runForEach(({ id }) => Console.log(id))
   * )
   * ```
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/list-contact
   */
  readonly stream: (
    input?: StreamContacts,
    options?: LiveDeskClient.CallOptions
  ) => Stream.Stream<Contact, LiveDeskError.LiveDeskError>
  /**
   * Changes a contact. Only what is given is sent. It is idempotent, so it is retried like a call that reads.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/update-contact
   */
  readonly update: LiveDeskClient.Call<UpdateContact, Contact>
  /**
   * Finds the contact that is known by the identifier, the e-mail address or the phone number. Others of the input, such
   * as the name, are not compared, so that the input of `create` will do.
   *
   * A contact is the one asked for when it agrees in one of the three and contradicts none. Where one agrees in part and
   * contradicts in another, or two agree in different ones, the call fails with `HttpError`/`Conflict`.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/list-contact
   */
  readonly find: LiveDeskClient.Call<ContactKey, Option.Option<Contact>>
  /**
   * Finds the contact as `find` does, or creates it, and returns which. A contact that is found is not changed.
   *
   * Where `find` fails with a conflict, nothing is created. Where it is unknown whether the contact was created, it is
   * looked for at once and again a second later, and never created again. If it is not there, the call fails with what
   * `create` failed with. Retry it once it is certain that LiveDesk is not still at work on it. Within one program, calls
   * for the same contact wait for each other. Another program may create the contact in between: LiveDesk then refuses
   * the second (as Chatwoot does, unverified), and it is found.
   *
   * Fails with `ValidationError`/`InvalidInput` where none of the three is given (nothing was sent), with
   * `HttpError`/`Conflict` as `find` does, else as `list` and `create` do. Where the error's `operation` is `contacts.list`,
   * nothing was created.
   */
  readonly ensure: LiveDeskClient.Call<EnsureContact, EnsuredContact>
}>()("@effect-livedesk/core/Contacts") {}

/**
 * Provides `Contacts` over a `LiveDeskClient`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Contacts, never, LiveDeskClient.LiveDeskClient> = Layer.effect(
  Contacts,
  Effect.gen(function*() {
    const client = yield* LiveDeskClient.LiveDeskClient
    const calls = {
      create: client.call(createEndpoint),
      list: client.call(listEndpoint),
      update: client.call(updateEndpoint)
    }
    const stream: Contacts["Service"]["stream"] = ({ resume, ...filter } = {}, options) =>
      ContactStream.make(
        (page) => calls.list({ ...filter, page }, options),
        Number(resume?.page ?? filter.page ?? 1)
      )
    const ensure = yield* ContactLookup.makeEnsure(calls.create, stream)
    return Contacts.of({ ...calls, stream, find: ContactLookup.makeFind(stream), ensure })
  })
)
