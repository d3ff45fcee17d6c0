/**
 * What the emulated LiveDesk holds, and how each call changes it: pure, without HTTP.
 *
 * The vendor's pages show what a call that succeeds answers, and no more. Whatever is said here of refusals, of
 * uniqueness and of contact inboxes is inherited from Chatwoot 4.7, from which LiveDesk is derived, and unverified.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { ContactProfile } from "../ContactProfile.ts"
import type * as Contacts from "../Contacts.ts"
import type * as Conversations from "../Conversations.ts"
import { AccountId, type Attributes, ContactId, ConversationId, type InboxId, SourceId } from "../LiveDeskSchema.ts"

// ---------------------------------------------------------------------------------------------------------------------
// what is held
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A channel.
 *
 * @category models
 * @since 0.1.0
 */
export interface Inbox {
  readonly id: InboxId
  readonly name: string
  /** `Channel::Api` for an API channel. */
  readonly channelType: string
  /** Whether the channel has a bot: new conversations are then `pending` (unverified). */
  readonly hasBot: boolean
  /** Whether the channel keeps one conversation with each contact inbox, and answers it instead of a new one (unverified). */
  readonly lockToSingleConversation: boolean
}

/**
 * A contact.
 *
 * @category models
 * @since 0.1.0
 */
export interface StoredContact {
  readonly id: ContactId
  readonly name: string
  readonly email: Option.Option<string>
  readonly phoneNumber: Option.Option<string>
  readonly identifier: Option.Option<string>
  readonly blocked: boolean
  readonly additionalAttributes: Attributes
  readonly customAttributes: Attributes
  readonly createdAt: DateTime.Utc
}

/**
 * The tie between a contact and a channel.
 *
 * @category models
 * @since 0.1.0
 */
export interface StoredContactInbox {
  readonly contactId: ContactId
  readonly inboxId: InboxId
  readonly sourceId: SourceId
}

/**
 * A conversation.
 *
 * @category models
 * @since 0.1.0
 */
export interface StoredConversation {
  readonly id: ConversationId
  readonly uuid: string
  readonly contactId: ContactId
  readonly inboxId: InboxId
  readonly sourceId: SourceId
  readonly status: string
  readonly createdAt: DateTime.Utc
  readonly updatedAt: DateTime.Utc
}

/**
 * Everything that the emulated LiveDesk holds.
 *
 * @category models
 * @since 0.1.0
 */
export interface EmulatorState {
  readonly accountId: AccountId
  /** Whether the rules that are inherited from Chatwoot hold: the form and uniqueness of what contacts are known by. */
  readonly inheritedRules: boolean
  readonly inboxes: HashMap.HashMap<number, Inbox>
  readonly contacts: HashMap.HashMap<number, StoredContact>
  /** By source id, which two channels may share. */
  readonly contactInboxes: HashMap.HashMap<string, ReadonlyArray<StoredContactInbox>>
  /** The same, by contact id. */
  readonly contactInboxesOf: HashMap.HashMap<number, ReadonlyArray<StoredContactInbox>>
  readonly conversations: HashMap.HashMap<number, StoredConversation>
  /** What contacts are known by, e-mail addresses in lower case, to the contact's id. */
  readonly taken: HashMap.HashMap<string, ContactId>
  readonly nextContactId: number
  readonly nextConversationId: number
}

/**
 * A LiveDesk that holds nothing but channels.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly accountId: number
  readonly inheritedRules: boolean
  readonly inboxes: ReadonlyArray<Inbox>
  readonly firstContactId: number
  readonly firstConversationId: number
}): EmulatorState => ({
  accountId: AccountId.make(options.accountId),
  inheritedRules: options.inheritedRules,
  inboxes: HashMap.fromIterable(options.inboxes.map((inbox) => [inbox.id, inbox])),
  contacts: HashMap.empty(),
  contactInboxes: HashMap.empty(),
  contactInboxesOf: HashMap.empty(),
  conversations: HashMap.empty(),
  taken: HashMap.empty(),
  nextContactId: options.firstContactId,
  nextConversationId: options.firstConversationId
})

// ---------------------------------------------------------------------------------------------------------------------
// refusals
// ---------------------------------------------------------------------------------------------------------------------

/**
 * An answer that refuses: Chatwoot's status and body (unverified).
 *
 * @category models
 * @since 0.1.0
 */
export interface Refusal {
  readonly status: number
  readonly body: { readonly [key: string]: unknown }
}

const notFound: Refusal = { status: 404, body: { error: "Resource could not be found" } }

const sourceIdTaken: Refusal = { status: 422, body: { error: "source_id should be unique" } }

const invalid = (faults: ReadonlyArray<readonly [attribute: string, message: string]>): Refusal => ({
  status: 422,
  body: {
    message: faults.map(([, message]) => message).join(", "),
    attributes: [...new Set(faults.map(([attribute]) => attribute))]
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// calls
// ---------------------------------------------------------------------------------------------------------------------

/**
 * What a call gives, and the state after it.
 *
 * @category models
 * @since 0.1.0
 */
export type Transition<A> = readonly [answer: Result.Result<A, Refusal>, state: EmulatorState]

/**
 * What a call takes from outside the state.
 *
 * @category models
 * @since 0.1.0
 */
export interface Circumstances {
  readonly now: DateTime.Utc
  /** Two fresh UUIDs: a call may need a source id and a conversation's own. */
  readonly uuids: readonly [string, string]
}

/**
 * The fields of a call's body, as they came.
 *
 * @category models
 * @since 0.1.0
 */
export type Body = { readonly [key: string]: unknown }

/** Rails takes a number for its digits and the reverse; blank is as good as missing. */
const text = (value: unknown): Option.Option<string> =>
  (typeof value === "string" && value.trim() !== "") || typeof value === "number"
    ? Option.some(String(value))
    : Option.none()

const wholeNumber = (value: unknown): Option.Option<number> =>
  Option.filter(Option.map(text(value), Number), Number.isSafeInteger)

const wholeSecond = (time: DateTime.Utc): DateTime.Utc => DateTime.startOf(time, "second")

/**
 * `contacts.create`. Without `inbox_id`, which the page requires but Chatwoot does not, the contact is tied to no
 * channel: that is what the vendor's sample shows.
 *
 * @category calls
 * @since 0.1.0
 */
export const createContact = (
  state: EmulatorState,
  body: Body,
  { now, uuids: [uuid] }: Circumstances
): Transition<Contacts.CreatedContact> => {
  const contact = makeContact({
    id: state.nextContactId,
    name: Option.getOrElse(text(body.name), () => ""),
    email: Option.map(text(body.email), (email) => state.inheritedRules ? email.toLowerCase() : email),
    phoneNumber: text(body.phone_number),
    identifier: text(body.identifier),
    createdAt: wholeSecond(now)
  })
  const faults = state.inheritedRules ? contactFaults(state, contact) : []
  if (faults.length > 0) return [Result.fail(invalid(faults)), state]

  const withContact = putContact(state, contact)
  const inboxId = text(body.inbox_id)
  if (Option.isNone(inboxId)) {
    return [Result.succeed({ contact: showContact(withContact, contact), contactInbox: untied }), withContact]
  }
  const inbox = findInbox(state, body.inbox_id)
  if (Option.isNone(inbox)) return [Result.fail(notFound), state]
  const contactInbox = {
    contactId: contact.id,
    inboxId: inbox.value.id,
    sourceId: SourceId.make(uuid)
  }
  const tied = putContactInbox(withContact, contactInbox)
  return [
    Result.succeed({ contact: showContact(tied, contact), contactInbox: showContactInbox(tied, contactInbox) }),
    tied
  ]
}

const untied: Contacts.ContactInbox = { inbox: Option.none(), sourceId: Option.none() }

/**
 * `conversations.create`.
 *
 * - With `inbox_id` and `contact_id`: under a new contact inbox, or under the one that `source_id` names.
 * - Otherwise under the contact inbox that `source_id` names, whatever its channel.
 *
 * @category calls
 * @since 0.1.0
 */
export const createConversation = (
  state: EmulatorState,
  body: Body,
  { now, uuids: [uuid, sourceUuid] }: Circumstances
): Transition<Conversations.Conversation> => {
  const found = findSender(state, body, sourceUuid)
  if (Result.isFailure(found)) return [Result.fail(found.failure), state]
  const { contact, contactInbox, inbox, state: tied } = found.success

  const kept = inbox.lockToSingleConversation ? latestConversation(tied, contactInbox) : Option.none()
  if (Option.isSome(kept)) return [Result.succeed(showConversation(tied, kept.value, contact, inbox)), tied]

  const conversation: StoredConversation = {
    id: ConversationId.make(tied.nextConversationId),
    uuid,
    contactId: contact.id,
    inboxId: inbox.id,
    sourceId: contactInbox.sourceId,
    status: contact.blocked ? "resolved" : inbox.hasBot ? "pending" : "open",
    createdAt: wholeSecond(now),
    updatedAt: now
  }
  const next = {
    ...tied,
    conversations: HashMap.set(tied.conversations, conversation.id, conversation),
    nextConversationId: tied.nextConversationId + 1
  }
  return [Result.succeed(showConversation(next, conversation, contact, inbox)), next]
}

interface Sender {
  readonly contact: StoredContact
  readonly contactInbox: StoredContactInbox
  readonly inbox: Inbox
  readonly state: EmulatorState
}

const findSender = (state: EmulatorState, body: Body, uuid: string): Result.Result<Sender, Refusal> => {
  const sourceId = text(body.source_id)
  const known = Option.match(sourceId, {
    onNone: () => [],
    onSome: (sourceId) => under(state.contactInboxes, sourceId)
  })
  if (Option.isNone(text(body.inbox_id)) || Option.isNone(text(body.contact_id))) {
    const [contactInbox] = known
    return contactInbox === undefined ? Result.fail(notFound) : senderOf(state, contactInbox)
  }
  const inbox = findInbox(state, body.inbox_id)
  const contact = Option.flatMap(wholeNumber(body.contact_id), (id) => HashMap.get(state.contacts, id))
  if (Option.isNone(inbox) || Option.isNone(contact)) return Result.fail(notFound)
  const there = known.find(({ inboxId }) => inboxId === inbox.value.id)
  if (there !== undefined) {
    return there.contactId === contact.value.id ? senderOf(state, there) : Result.fail(sourceIdTaken)
  }
  const contactInbox = {
    contactId: contact.value.id,
    inboxId: inbox.value.id,
    sourceId: SourceId.make(Option.getOrElse(sourceId, () => uuid))
  }
  return senderOf(putContactInbox(state, contactInbox), contactInbox)
}

const senderOf = (state: EmulatorState, contactInbox: StoredContactInbox): Result.Result<Sender, Refusal> => {
  const contact = HashMap.get(state.contacts, contactInbox.contactId)
  const inbox = HashMap.get(state.inboxes, contactInbox.inboxId)
  return Option.isSome(contact) && Option.isSome(inbox)
    ? Result.succeed({ contact: contact.value, contactInbox, inbox: inbox.value, state })
    : Result.fail(notFound)
}

const findInbox = (state: EmulatorState, value: unknown): Option.Option<Inbox> =>
  Option.flatMap(wholeNumber(value), (id) => HashMap.get(state.inboxes, id))

const latestConversation = (
  state: EmulatorState,
  { inboxId, sourceId }: StoredContactInbox
): Option.Option<StoredConversation> => {
  let latest: StoredConversation | undefined
  for (const conversation of HashMap.values(state.conversations)) {
    if (
      conversation.sourceId === sourceId && conversation.inboxId === inboxId &&
      (latest === undefined || conversation.id > latest.id)
    ) latest = conversation
  }
  return Option.fromUndefinedOr(latest)
}

// ---------------------------------------------------------------------------------------------------------------------
// keeping
// ---------------------------------------------------------------------------------------------------------------------

/** What no two contacts may share, with the attribute and the words in which Chatwoot says so. */
const claims = ({ email, identifier, phoneNumber }: StoredContact) =>
  [
    ["email", "Email", email],
    ["phone_number", "Phone number", phoneNumber],
    ["identifier", "Identifier", identifier]
  ] as const

const contactFaults = (
  state: EmulatorState,
  contact: StoredContact
): ReadonlyArray<readonly [attribute: string, message: string]> => [
  ...(contact.name.length > 255 ? [["name", "Name is too long (maximum is 255 characters)"] as const] : []),
  ...claims(contact).flatMap(([attribute, words, claim]) => {
    if (Option.isNone(claim)) return []
    const { value } = claim
    return [
      ...(value.length > 255 ? [[attribute, `${words} is too long (maximum is 255 characters)`] as const] : []),
      ...(HashMap.has(state.taken, `${attribute}:${value}`)
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

/**
 * A contact to seed, of which nothing but the id need be given. It was created at 2026-01-01 unless given.
 *
 * @category seeds
 * @since 0.1.0
 */
export const makeContact = (
  contact: Partial<Omit<StoredContact, "id">> & { readonly id: number }
): StoredContact => ({
  name: "",
  email: Option.none(),
  phoneNumber: Option.none(),
  identifier: Option.none(),
  blocked: false,
  additionalAttributes: {},
  customAttributes: {},
  createdAt: DateTime.makeUnsafe("2026-01-01T00:00:00Z"),
  ...contact,
  id: ContactId.make(contact.id)
})

/**
 * Keeps a contact under its id, as a test seeds one.
 *
 * @category seeds
 * @since 0.1.0
 */
export const putContact = (state: EmulatorState, contact: StoredContact): EmulatorState => ({
  ...state,
  contacts: HashMap.set(state.contacts, contact.id, contact),
  taken: claims(contact).reduce(
    (taken, [attribute, , claim]) =>
      Option.isNone(claim) ? taken : HashMap.set(taken, `${attribute}:${claim.value}`, contact.id),
    state.taken
  ),
  nextContactId: Math.max(state.nextContactId, contact.id + 1)
})

/**
 * Keeps a tie between a contact and a channel, as a test seeds one.
 *
 * @category seeds
 * @since 0.1.0
 */
export const putContactInbox = (state: EmulatorState, contactInbox: StoredContactInbox): EmulatorState => ({
  ...state,
  contactInboxes: append(state.contactInboxes, contactInbox.sourceId, contactInbox),
  contactInboxesOf: append(state.contactInboxesOf, contactInbox.contactId, contactInbox)
})

const under = <K, A>(index: HashMap.HashMap<K, ReadonlyArray<A>>, key: K): ReadonlyArray<A> =>
  Option.getOrElse(HashMap.get(index, key), () => [])

const append = <K, A>(index: HashMap.HashMap<K, ReadonlyArray<A>>, key: K, value: A) =>
  HashMap.set(index, key, [...under(index, key), value])

/**
 * Keeps a channel under its id, as a test seeds one.
 *
 * @category seeds
 * @since 0.1.0
 */
export const putInbox = (state: EmulatorState, inbox: Inbox): EmulatorState => ({
  ...state,
  inboxes: HashMap.set(state.inboxes, inbox.id, inbox)
})

// ---------------------------------------------------------------------------------------------------------------------
// showing
// ---------------------------------------------------------------------------------------------------------------------

const showProfile = (contact: StoredContact): ContactProfile => ({
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
  lastActivityAt: Option.none(),
  createdAt: contact.createdAt
})

const showContact = (state: EmulatorState, contact: StoredContact): Contacts.Contact => ({
  ...showProfile(contact),
  contactInboxes: under(state.contactInboxesOf, contact.id).map((contactInbox) => showContactInbox(state, contactInbox))
})

const showContactInbox = (
  state: EmulatorState,
  { inboxId, sourceId }: StoredContactInbox
): Contacts.ContactInbox => ({
  inbox: Option.map(HashMap.get(state.inboxes, inboxId), (inbox) => ({
    id: inbox.id,
    accountId: Option.some(state.accountId),
    name: Option.some(inbox.name),
    channelId: Option.none(),
    channelType: Option.some(inbox.channelType),
    avatarUrl: Option.none(),
    provider: Option.none()
  })),
  sourceId: Option.some(sourceId)
})

const showConversation = (
  state: EmulatorState,
  conversation: StoredConversation,
  contact: StoredContact,
  inbox: Inbox
): Conversations.Conversation => ({
  meta: {
    sender: showProfile(contact),
    channel: inbox.channelType,
    assignee: Option.none(),
    team: Option.none(),
    hmacVerified: false
  },
  id: conversation.id,
  messages: [],
  accountId: state.accountId,
  uuid: conversation.uuid,
  inboxId: inbox.id,
  additionalAttributes: {},
  agentLastSeenAt: Option.none(),
  assigneeLastSeenAt: Option.none(),
  canReply: true,
  contactLastSeenAt: Option.none(),
  customAttributes: {},
  labels: [],
  muted: false,
  snoozedUntil: Option.none(),
  status: conversation.status,
  priority: Option.none(),
  conversationCategory: "chat",
  chatMode: "private_chat",
  isForum: false,
  createdAt: conversation.createdAt,
  updatedAt: conversation.updatedAt,
  timestamp: conversation.createdAt,
  firstReplyCreatedAt: Option.none(),
  unreadCount: 0,
  lastNonActivityMessage: Option.none(),
  lastActivityAt: conversation.createdAt,
  waitingSince: Option.some(conversation.createdAt),
  slaPolicyId: Option.none(),
  ticketId: Option.none(),
  overLimit: false,
  contentPreview: { content: Option.none(), messageType: Option.none(), createdAt: Option.none() },
  platform: { channelType: inbox.channelType, inboxName: inbox.name, inboxId: inbox.id },
  accountInfo: {
    contactName: contact.name,
    contactEmail: contact.email,
    contactPhone: contact.phoneNumber,
    contactId: contact.id,
    contactAvatar: Option.none()
  },
  assignment: {
    assigneeId: Option.none(),
    assigneeName: Option.none(),
    assigneeEmail: Option.none(),
    teamId: Option.none(),
    teamName: Option.none()
  }
})
