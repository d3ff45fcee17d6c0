/**
 * The emulated calls of contacts.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import { constTrue } from "effect/Function"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { ContactProfile } from "../ContactProfile.ts"
import * as Contacts from "../Contacts.ts"
import { SourceId } from "../LiveDeskSchema.ts"
import * as EmulatorState from "../testing/EmulatorState.ts"
import * as EmulatedCall from "./EmulatedCall.ts"
import * as EmulatedIndex from "./EmulatedIndex.ts"
import { isJsonObject } from "./isJsonObject.ts"
import * as SearchList from "./SearchList.ts"

// ---------------------------------------------------------------------------------------------------------------------
// create
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Implements `contacts.create`. Without `inbox_id`, which the page requires but Chatwoot does not, the contact is not
 * linked to an inbox, as in the vendor's sample.
 */
const create = (
  state: EmulatorState.EmulatorState,
  body: EmulatedCall.Body,
  { now, uuids: [uuid] }: EmulatedCall.RequestContext
): EmulatedCall.Transition<Contacts.CreatedContact> => {
  const contact = EmulatorState.makeContact({
    id: state.nextContactId,
    name: Option.getOrElse(EmulatedCall.text(body.name), () => ""),
    email: emailIn(state, body.email),
    phoneNumber: EmulatedCall.text(body.phone_number),
    identifier: EmulatedCall.text(body.identifier),
    createdAt: EmulatedCall.wholeSecond(now)
  })
  const faults = contactFaults(state, contact)
  if (faults.length > 0) return [Result.fail(EmulatedCall.invalid(faults)), state]

  const withContact = EmulatorState.putContact(state, contact)
  if (Option.isNone(EmulatedCall.text(body.inbox_id))) {
    return [Result.succeed({ contact: show(withContact, contact), contactInbox: untied }), withContact]
  }
  const inbox = Option.flatMap(EmulatedCall.wholeNumber(body.inbox_id), (id) => HashMap.get(state.inboxes, id))
  if (Option.isNone(inbox)) return [Result.fail(EmulatedCall.notFound), state]
  const contactInbox = {
    id: state.nextContactInboxId,
    contactId: contact.id,
    inboxId: inbox.value.id,
    sourceId: SourceId.make(uuid),
    createdAt: contact.createdAt
  }
  const tied = EmulatorState.putContactInbox(withContact, contactInbox)
  return [
    Result.succeed({ contact: show(tied, contact), contactInbox: showContactInbox(tied, contactInbox) }),
    tied
  ]
}

const untied: Contacts.ContactInbox = { inbox: Option.none(), sourceId: Option.none() }

const emailIn = (state: EmulatorState.EmulatorState, value: unknown): Option.Option<string> =>
  Option.map(EmulatedCall.text(value), (email) => state.inheritedRules ? email.toLowerCase() : email)

const contactFaults = (
  state: EmulatorState.EmulatorState,
  contact: EmulatorState.StoredContact
): ReadonlyArray<readonly [attribute: string, message: string]> =>
  !state.inheritedRules ? [] : [
    ...(contact.name.length > 255 ? [["name", "Name is too long (maximum is 255 characters)"] as const] : []),
    ...EmulatedIndex.uniqueValues(contact).flatMap(([attribute, words, claim]) => {
      if (Option.isNone(claim)) return []
      const { value } = claim
      const holder = HashMap.get(state.taken, `${attribute}:${value}`)
      return [
        ...(value.length > 255 ? [[attribute, `${words} is too long (maximum is 255 characters)`] as const] : []),
        ...(Option.isSome(holder) && holder.value !== contact.id
          ? [[attribute, `${words} has already been taken`] as const]
          : []),
        ...(attribute === "email" && !/^[^@\s]+@[^@\s]+$/.test(value)
          ? [[attribute, "Email Invalid email"] as const]
          : []),
        ...(attribute === "phone_number" && !/\+[1-9]\d{1,14}$/.test(value)
          ? [[attribute, "Phone number should be in e164 format"] as const]
          : [])
      ]
    })
  ]

// ---------------------------------------------------------------------------------------------------------------------
// update
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Implements `contacts.update`: sets the given fields, clears those that are null, and merges attributes key by key.
 * That LiveDesk's own attributes are merged too, and that a picture is processed later, is Chatwoot's (unverified); the
 * picture is ignored here.
 */
const update = (
  state: EmulatorState.EmulatorState,
  body: EmulatedCall.Body
): EmulatedCall.Transition<Contacts.Contact> => {
  const found = Option.flatMap(EmulatedCall.wholeNumber(body.contact_id), (id) => HashMap.get(state.contacts, id))
  if (Option.isNone(found)) return [Result.fail(EmulatedCall.notFound), state]
  const before = found.value
  const contact: EmulatorState.StoredContact = {
    ...before,
    ...(body.name === undefined ? {} : { name: Option.getOrElse(EmulatedCall.text(body.name), () => "") }),
    ...(body.email === undefined ? {} : { email: emailIn(state, body.email) }),
    ...(body.phone_number === undefined ? {} : { phoneNumber: EmulatedCall.text(body.phone_number) }),
    ...(body.identifier === undefined ? {} : { identifier: EmulatedCall.text(body.identifier) }),
    ...(body.blocked === undefined ? {} : { blocked: EmulatedCall.flag(body.blocked) }),
    additionalAttributes: {
      ...before.additionalAttributes,
      ...EmulatedCall.attributes(body.additional_attributes)
    },
    customAttributes: { ...before.customAttributes, ...EmulatedCall.attributes(body.custom_attributes) }
  }
  const faults = contactFaults(state, contact)
  if (faults.length > 0) return [Result.fail(EmulatedCall.invalid(faults)), state]
  const next = EmulatorState.putContact(state, contact)
  return [Result.succeed(show(next, contact)), next]
}

// ---------------------------------------------------------------------------------------------------------------------
// list
// ---------------------------------------------------------------------------------------------------------------------

/** From the vendor's pages. */
const pageSize = 15

/**
 * Implements `contacts.list`, with and without `q`: pages of 15, or of `page_size`, which is in an example of the
 * vendor's. The default order is that of creation (unverified). Pages past the end are empty.
 */
const list = (
  state: EmulatorState.EmulatorState,
  query: EmulatedCall.Body
): EmulatedCall.Transition<Contacts.ContactPage> => {
  const currentPage = Math.max(1, Option.getOrElse(EmulatedCall.wholeNumber(query.page), () => 1))
  const size = Option.getOrElse(
    Option.filter(EmulatedCall.wholeNumber(query.page_size), (size) => size > 0),
    () => pageSize
  )
  const begin = (currentPage - 1) * size
  const found = find(state, query)
  return [
    Result.succeed({
      meta: { count: found.length, currentPage },
      contacts: found.slice(begin, begin + size).map((contact) => show(state, contact))
    }),
    state
  ]
}

/**
 * Writes a page like the vendor's samples: its number is text if the client sent one, as every parameter in Rails,
 * otherwise the number 1. Without contact inboxes, their key is missing (Chatwoot's, unverified).
 */
const writePage = (page: Contacts.ContactPage, query: EmulatedCall.Body): unknown => {
  const written = Contacts.endpoints.list.success.write(page)
  if (!isJsonObject(written)) return written
  const payload = withWholeInboxes(written.payload)
  const shown = EmulatedCall.text(query.include_contact_inboxes)
  return {
    meta: query.page === undefined
      ? written.meta
      : { count: page.meta.count, current_page: String(page.meta.currentPage) },
    payload: Option.isNone(shown) || shown.value === "true"
      ? payload
      : page.contacts.map((contact) => withoutInboxes(Contacts.Contact.write(contact)))
  }
}

const withoutInboxes = (written: unknown): unknown =>
  isJsonObject(written)
    ? Object.fromEntries(Object.entries(written).filter(([key]) => key !== "contact_inboxes"))
    : written

/**
 * Adds what inboxes have in Chatwoot even when there is nothing in it (_contact_inbox.json.jbuilder and
 * _inbox_slim.json.jbuilder, unverified).
 */
const withWholeInboxes = (written: unknown): unknown =>
  Array.isArray(written) ? written.map(withWholeInboxes) : !isJsonObject(written) ? written : Object.fromEntries(
    Object.entries(written).map(([key, value]) => [
      key,
      key === "inbox" && isJsonObject(value)
        ? { ...value, avatar_url: "", provider: null }
        : ["payload", "contact", "contact_inbox", "contact_inboxes"].includes(key)
        ? withWholeInboxes(value)
        : value
    ])
  )

/** The latest search in each set of contacts, cached because a stream repeats it for each page. */
const searches = new WeakMap<
  EmulatorState.EmulatorState["contacts"],
  { readonly key: string; readonly found: ReadonlyArray<EmulatorState.StoredContact> }
>()

/**
 * Filters and sorts contacts by a query. With `inheritedRules`, contacts without e-mail address, phone number and
 * identifier are left out, `q` is trimmed, and identifiers match by case (contacts_controller.rb, unverified).
 */
const find = (
  state: EmulatorState.EmulatorState,
  query: EmulatedCall.Body
): ReadonlyArray<EmulatorState.StoredContact> => {
  const { inheritedRules } = state
  const given = Option.getOrElse(EmulatedCall.text(query.q), () => "")
  const q = inheritedRules ? given.trim() : given
  const labels = EmulatedCall.texts(query.labels)
  const sort = Object.entries(sortValues).find(([name]) => name === query.sort)

  const key = JSON.stringify([inheritedRules, q, labels, sort?.[0], query.direction])
  const latest = searches.get(state.contacts)
  if (latest?.key === key) return latest.found
  const matches = matcher(q, inheritedRules)
  const matching = SearchList.search(
    state.contacts,
    () => EmulatorState.contactsOf(state),
    q,
    (contact) =>
      matches(contact) &&
      (!inheritedRules || isKnown(contact)) &&
      (labels.length === 0 || labels.some((label) => contact.labels.includes(label)))
  )
  const found = sort === undefined ? matching : matching.sort(by(sort[1], query.direction === "desc" ? -1 : 1))
  searches.set(state.contacts, { key, found })
  return found
}

const isKnown = ({ email, identifier, phoneNumber }: EmulatorState.StoredContact): boolean =>
  Option.isSome(email) || Option.isSome(phoneNumber) || Option.isSome(identifier)

const matcher = (q: string, byCase: boolean): (contact: EmulatorState.StoredContact) => boolean => {
  const lower = q.toLowerCase()
  const includes = (text: string) => text.toLowerCase().includes(lower)
  return q === "" ?
    constTrue :
    ({ email, identifier, name, phoneNumber }) =>
      includes(name) || Option.exists(email, includes) || Option.exists(phoneNumber, includes) ||
      Option.exists(identifier, (identifier) => byCase ? identifier.includes(q) : includes(identifier))
}

type SortValue = (contact: EmulatorState.StoredContact) => Option.Option<string | number>

const attribute = (key: string): SortValue => (contact) => EmulatedCall.text(contact.additionalAttributes[key])

const sortValues: { readonly [sort: string]: SortValue } = {
  email: ({ email }) => email,
  name: ({ name }) => EmulatedCall.text(name),
  phone_number: ({ phoneNumber }) => phoneNumber,
  last_activity_at: ({ lastActivityAt }) => Option.map(lastActivityAt, DateTime.toEpochMillis),
  created_at: ({ createdAt }) => Option.some(DateTime.toEpochMillis(createdAt)),
  company: attribute("company_name"),
  city: attribute("city"),
  country: attribute("country")
}

const by =
  (value: SortValue, direction: 1 | -1) => (a: EmulatorState.StoredContact, b: EmulatorState.StoredContact): number => {
    const [first, second] = [value(a), value(b)]
    // PostgreSQL takes null for greater than any value.
    if (Option.isNone(first) || Option.isNone(second)) {
      return direction * (Number(Option.isNone(first)) - Number(Option.isNone(second)))
    }
    const [x, y] = [folded(first.value), folded(second.value)]
    return x < y ? -direction : x > y ? direction : 0
  }

const folded = (value: string | number): string | number => typeof value === "string" ? value.toLowerCase() : value

// ---------------------------------------------------------------------------------------------------------------------
// showing
// ---------------------------------------------------------------------------------------------------------------------

/** A contact, as part of another record. */
export const showProfile = (contact: EmulatorState.StoredContact): ContactProfile => ({
  additionalAttributes: contact.additionalAttributes,
  availabilityStatus: "offline",
  email: contact.email,
  id: contact.id,
  name: Option.some(contact.name),
  phoneNumber: contact.phoneNumber,
  blocked: contact.blocked,
  identifier: contact.identifier,
  thumbnail: Option.none(),
  customAttributes: contact.customAttributes,
  lastActivityAt: contact.lastActivityAt,
  createdAt: contact.createdAt
})

const show = (state: EmulatorState.EmulatorState, contact: EmulatorState.StoredContact): Contacts.Contact => ({
  ...showProfile(contact),
  contactInboxes: EmulatedIndex.entries(state.contactInboxesOf, contact.id)
    .map((contactInbox) => showContactInbox(state, contactInbox))
})

const showContactInbox = (
  state: EmulatorState.EmulatorState,
  { inboxId, sourceId }: EmulatorState.StoredContactInbox
): Contacts.ContactInbox => ({
  inbox: Option.map(HashMap.get(state.inboxes, inboxId), (inbox) => ({
    id: inbox.id,
    accountId: Option.some(state.accountId),
    name: Option.some(inbox.name),
    channelId: Option.some(inbox.id),
    channelType: Option.some(inbox.channelType),
    avatarUrl: Option.none(),
    provider: Option.none()
  })),
  sourceId: Option.some(sourceId)
})

// ---------------------------------------------------------------------------------------------------------------------
// handlers
// ---------------------------------------------------------------------------------------------------------------------

export const handlers = {
  "contacts.create": EmulatedCall.handler(
    Contacts.endpoints.create,
    create,
    (created) => withWholeInboxes(Contacts.endpoints.create.success.write(created))
  ),
  "contacts.list": EmulatedCall.handler(Contacts.endpoints.list, list, writePage),
  "contacts.update": EmulatedCall.handler(
    Contacts.endpoints.update,
    update,
    (updated) => withWholeInboxes(Contacts.endpoints.update.success.write(updated))
  )
}
