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
import * as ErrorMapping from "./internal/ErrorMapping.ts"
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
  /** The inbox's id; an inbox without it is `None`. */
  id: Model.required(ModelField.id(LiveDeskSchema.InboxId)),
  /** The id of the project. */
  accountId: Model.unverified(ModelField.nullableId(LiveDeskSchema.AccountId)),
  /** The inbox's name. */
  name: Model.unverified(ModelField.name),
  /** The id of the record behind the inbox, a `Channel::…` of its kind. */
  channelId: Model.unverified(ModelField.nullableNatural),
  /** The kind of inbox, `Channel::Api` for an API inbox. */
  channelType: Model.unverified(ModelField.nullableString),
  /** The URL of the inbox's picture; `None` when null or "". */
  avatarUrl: Model.unverified(ModelField.nullableString),
  /** The provider behind the inbox, for kinds of inbox that have several. */
  provider: Model.unverified(ModelField.nullableString)
} as const

/**
 * An inbox, as part of a contact's record. Unverified: the vendor's sample has only null in its place. The fields are
 * Chatwoot's, and LiveDesk may send others.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category models
 * @since 0.1.0
 */
export const Inbox: Model.Model<Inbox> = Model.record(inboxFields, { open: true })
export interface Inbox extends Model.RecordOf<typeof inboxFields> {}

const contactInboxFields = {
  /** The inbox; `None` in the vendor's sample. */
  inbox: Model.nullable(Inbox),
  /** The contact's id within the inbox; `None` in the vendor's sample. */
  sourceId: ModelField.sourceId
} as const

/**
 * The link between a contact and an inbox.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category models
 * @since 0.1.0
 */
export const ContactInbox: Model.Model<ContactInbox> = Model.record(contactInboxFields)
export interface ContactInbox extends Model.RecordOf<typeof contactInboxFields> {}

const contactFields = {
  ...ContactProfile.fields,
  /** The contact's id; a response without it fails. A number in the vendor's sample, "String" in the page's table. */
  id: Model.required(ContactProfile.fields.id),
  /** The inboxes that the contact is linked to; `[]` when absent, as in the vendor's sample. */
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
  /** The inboxes that the contact is linked to; `[]` when absent, as in the vendor's sample. */
  readonly contactInboxes: ReadonlyArray<ContactInbox>
}

const createdContactFields = {
  contact: Model.nested(Contact),
  /**
   * The link to the inbox that the input named. Its `sourceId` is the `sourceId` of a new conversation's input.
   * LiveDesk sends no `sourceId` when it made no link.
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
export const CreatedContact: Model.Model<CreatedContact> = Model.orOlderShape(
  Model.inEnvelope("payload", Model.record(createdContactFields)),
  // Older versions of Chatwoot respond with the contact alone, or without the envelope (unverified for LiveDesk).
  (json) => json.payload !== undefined ? json : { payload: json.contact === undefined ? { contact: json } : json }
)
export interface CreatedContact extends Model.RecordOf<typeof createdContactFields> {}

/** A contact of a page, which has no inboxes if the input says so: they are cut off in the vendor's sample. */
const listedContact: Model.Model<Contact> = Model.record({
  ...contactFields,
  contactInboxes: { ...contactFields.contactInboxes, isDocumented: false }
})

const pageMetaFields = {
  /** The number of contacts, in all or on this page (undocumented); 0 when absent. */
  count: ModelField.count,
  /** The number of the page, from 1; 0 when absent. Text on one of the vendor's pages, a number on another. */
  currentPage: ModelField.pageNumber
} as const

const contactPageFields = {
  /** The position of the page. */
  meta: Model.nested(Model.record(pageMetaFields)),
  /** The contacts of the page. A contact without an id fails the whole page, so that none is lost silently. */
  contacts: Model.under("payload", Model.strictList(listedContact))
} as const

/**
 * A page of contacts, the response to `list`.
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
 * The input of `create`. Rules that the vendor does not document, such as valid phone numbers and unique fields, are
 * left to the server.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category inputs
 * @since 0.1.0
 */
export const CreateContact = Schema.Struct({
  /**
   * The id of the inbox through which agents will talk to the contact. The console calls it *Channel ID*. Sent as a
   * number.
   */
  inboxId: LiveDeskSchema.InboxIdInput,
  /** The contact's name. */
  name: Schema.optional(Schema.String),
  /** The contact's e-mail address. */
  email: Schema.optional(Schema.String),
  /** The contact's phone number, `+123456789` in the vendor's sample. Chatwoot requires E.164 (unverified). */
  phoneNumber: Schema.optional(Schema.String),
  /** The URL of a picture of the contact. */
  avatarUrl: Schema.optional(Schema.String),
  /** The contact's id in the program's own system. */
  identifier: Schema.optional(Schema.String)
}).pipe(Schema.encodeKeys({ inboxId: "inbox_id", phoneNumber: "phone_number", avatarUrl: "avatar_url" }))
export interface CreateContact extends Schema.Schema.Type<typeof CreateContact> {}

const filterFields = {
  /** Text to find in e-mail addresses, phone numbers, names and identifiers; that a part matches is unverified. */
  q: Schema.optional(Schema.String),
  /** Labels, of which a contact must have any. Several are sent as `labels[]`, as Rails does (unverified). */
  labels: Schema.optional(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
  /** The sort key. Use `LiveDeskSchema.other` for one that is not listed. */
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
  /** The sort direction. */
  direction: Schema.optional(Schema.Literals(["asc", "desc"])),
  /** Whether to return each contact's inboxes. Defaults to `true`. */
  includeContactInboxes: Schema.optional(Schema.Boolean)
}

/**
 * The input of `list`: all contacts, or those that `q` finds.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/list-contact
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/search-contact
 * @category inputs
 * @since 0.1.0
 */
export const ListContacts = Schema.Struct({
  ...filterFields,
  /** The number of the page, from 1. Defaults to 1. LiveDesk documents 15 contacts a page; nothing relies on it. */
  page: Schema.optional(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))),
  /** The number of contacts per page. Unverified: it is in the page's example, but not in its table. */
  pageSize: Schema.optional(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)))
}).pipe(Schema.encodeKeys({ includeContactInboxes: "include_contact_inboxes", pageSize: "page_size" }))
export interface ListContacts extends Schema.Schema.Type<typeof ListContacts> {}

/**
 * The input of `update`. Only the given fields are sent, and null clears a field (unverified: it is in an example).
 * Which fields LiveDesk accepts is undocumented: these are the page's example, without those that Chatwoot ignores.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/update-contact
 * @category inputs
 * @since 0.1.0
 */
export const UpdateContact = Schema.Struct({
  /** The id of the contact to update. */
  contactId: LiveDeskSchema.ContactIdInput,
  /** The contact's name. */
  name: Schema.optional(Schema.String),
  /** The contact's e-mail address; null clears it. */
  email: Schema.optional(Schema.NullOr(Schema.String)),
  /** The contact's phone number; null clears it. */
  phoneNumber: Schema.optional(Schema.NullOr(Schema.String)),
  /** The contact's id in the program's own system; null clears it. */
  identifier: Schema.optional(Schema.NullOr(Schema.String)),
  /** The URL of a picture of the contact. Unverified for this call. */
  avatarUrl: Schema.optional(Schema.String),
  /** Whether the contact is blocked. */
  blocked: Schema.optional(Schema.Boolean),
  /** Attributes that LiveDesk itself keeps. Merged into the existing ones by Chatwoot (unverified). */
  additionalAttributes: Schema.optional(Schema.Record(Schema.String, Schema.Json)),
  /** Attributes that the project defines. Merged into the existing ones. */
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
 * The input of `stream`: filters as for `list`, and where to resume.
 *
 * @category inputs
 * @since 0.1.0
 */
export interface StreamContacts extends ListContacts {
  /** The `resume` of an earlier stream's error, to start at the page that failed. */
  readonly resume?: LiveDeskError.Identifiers | undefined
}

/**
 * The input of `ensure`: a contact to create, with at least one of `identifier`, `email` and `phoneNumber`.
 *
 * @category inputs
 * @since 0.1.0
 */
export type EnsureContact =
  & CreateContact
  & ({ readonly identifier: string } | { readonly email: string } | { readonly phoneNumber: string })

/**
 * The input of `find`. At least one field is required; a blank one counts as absent.
 *
 * @category inputs
 * @since 0.1.0
 */
export interface ContactKey extends Pick<CreateContact, "identifier" | "email" | "phoneNumber"> {}

/**
 * The result of `ensure`: whether the contact was created or already existed.
 *
 * @category models
 * @since 0.1.0
 */
export type EnsuredContact =
  | { readonly _tag: "Created"; readonly contact: Contact; readonly contactInbox: ContactInbox }
  | {
    readonly _tag: "Existing"
    readonly contact: Contact
    /** Whether this call's own create, whose response was lost, may have made it. */
    readonly mayBeNew: boolean
  }

/**
 * Returns the contact's `sourceId` in an inbox, for creating a conversation. It is `None` when LiveDesk sent none.
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
 * Lists or searches contacts: `GET /api/v2/accounts/contacts`.
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
 * Updates a contact: `PATCH /api/v2/accounts/contacts/:contact_id`. The vendor's sample response could not be read.
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
 * All endpoints of contacts, by method name. Import single endpoints, such as `createEndpoint`, to keep the others out
 * of a bundle.
 *
 * @category endpoints
 * @since 0.1.0
 */
export const endpoints = { create: createEndpoint, list: listEndpoint, update: updateEndpoint } as const

// ---------------------------------------------------------------------------------------------------------------------
// service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Creates, reads and updates the contacts of a project.
 *
 * @category services
 * @since 0.1.0
 */
export class Contacts extends Context.Service<Contacts, {
  /**
   * Creates a contact and links it to the inbox.
   *
   * Fails as every `LiveDeskClient.Call` does. If the response cannot be read, the contact exists. A create
   * that may have taken effect is never retried: check the error's `outcome` before you call again.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
   */
  readonly create: LiveDeskClient.Call<CreateContact, CreatedContact>
  /**
   * Reads one page of all contacts, or of those that `q` finds. Use `stream` to read all pages.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/list-contact
   */
  readonly list: LiveDeskClient.Call<ListContacts, ContactPage>
  /**
   * Streams all contacts, reading each page on demand. The stream ends at an empty page, or at one without new contacts
   * once `meta.count` contacts were emitted.
   *
   * Contacts that are created or deleted meanwhile shift the others between pages. Duplicates within 8 pages are
   * dropped; a contact that moves to a page that was already read is missed.
   *
   * An error's `resume` holds the page that failed, to continue from. A contact that moved there from an earlier page
   * is then emitted again.
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
   * Updates a contact. Only the given fields are sent. It is idempotent, so it is retried as a read is.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/update-contact
   */
  readonly update: LiveDeskClient.Call<UpdateContact, Contact>
  /**
   * Finds a contact by identifier, e-mail address or phone number. Other fields of the input, such as the name, are
   * ignored, so an input of `create` works too.
   *
   * A contact matches when at least one of the three is equal and none differs. Fails with `HttpError`/`Conflict` when
   * a contact matches only in part, or when two contacts match different ones.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/list-contact
   */
  readonly find: LiveDeskClient.Call<ContactKey, Option.Option<Contact>>
  /**
   * Finds a contact as `find` does, or creates it. An existing contact is not changed.
   *
   * After a create with an unknown outcome, the contact is searched for at once and again after one second, and never
   * created again. If it is found, `mayBeNew` is `true`. If it is not found, the call fails with the error of `create`.
   * Retry it once LiveDesk cannot still be processing the create.
   *
   * Within one program, calls for the same contact run one after another. If another program creates the contact in
   * between, LiveDesk refuses the second (as Chatwoot does, unverified), and `ensure` finds it.
   *
   * Fails with `ValidationError`/`InvalidInput` when none of the three is given (nothing was sent), with
   * `HttpError`/`Conflict` as `find` does (nothing was created), and otherwise as `list` and `create` do. If the
   * error's `operation` is `contacts.list`, nothing was created.
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
        (page) =>
          Effect.mapError(
            calls.list({ ...filter, page }, options),
            (error) => ErrorMapping.remake(error, { resume: { page } })
          ),
        Number(resume?.page ?? filter.page ?? 1)
      )
    const search = ({ q }: { readonly q: string }, options?: LiveDeskClient.CallOptions) =>
      ContactStream.make((page) => calls.list({ q, page }, options), 1)
    const ensure = yield* ContactLookup.makeEnsure(calls.create, search)
    return Contacts.of({ ...calls, stream, find: ContactLookup.makeFind(search), ensure })
  })
)
