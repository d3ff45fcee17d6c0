/**
 * The state of an emulator, with functions to seed and save it: pure, without HTTP.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as EmulatedIndex from "../internal/EmulatedIndex.ts"
import * as SearchList from "../internal/SearchList.ts"
import { AccountId, ContactId, ConversationId, InboxId, MessageId, SourceId, TicketId } from "../LiveDeskSchema.ts"
import type * as Tickets from "../Tickets.ts"
import {
  Inbox,
  StoredAttachment,
  StoredContact,
  StoredContactInbox,
  StoredConversation,
  StoredMessage,
  StoredTicket
} from "./StoredRecord.ts"

export * from "./StoredRecord.ts"

// ---------------------------------------------------------------------------------------------------------------------
// state
// ---------------------------------------------------------------------------------------------------------------------

const settings = {
  accountId: AccountId,
  /** Whether the rules that `Emulator.Options` lists apply. */
  inheritedRules: Schema.Boolean,
  /** Whether moves between states that the user guide does not list are rejected. */
  transitionRules: Schema.Boolean,
  /** Whether a conversation takes at most 200 messages a minute. */
  messageLimit: Schema.Boolean,
  /** How many emulators have continued this state; each draws its UUIDs from a series of its own. */
  generation: Schema.Natural,
  nextContactId: Schema.Natural,
  nextContactInboxId: Schema.Natural,
  nextConversationId: Schema.Natural,
  nextMessageId: Schema.Natural,
  nextAttachmentId: Schema.Natural,
  nextTicket: Schema.Natural
}

const Settings = Schema.Struct(settings)

/**
 * The state of an emulator.
 *
 * @category models
 * @since 0.1.0
 */
export interface EmulatorState extends Schema.Schema.Type<typeof Settings> {
  readonly inboxes: HashMap.HashMap<number, Inbox>
  readonly contacts: HashMap.HashMap<number, StoredContact>
  /** The contacts' positions by id, from 0, in the order in which they were added. */
  readonly contactPlaces: HashMap.HashMap<number, number>
  /** Contact inboxes by source id, which two inboxes may share. */
  readonly contactInboxes: HashMap.HashMap<string, ReadonlyArray<StoredContactInbox>>
  /** Contact inboxes by contact id. */
  readonly contactInboxesOf: HashMap.HashMap<number, ReadonlyArray<StoredContactInbox>>
  readonly conversations: HashMap.HashMap<number, StoredConversation>
  /** When the snoozes that end by themselves do, by conversation id. */
  readonly snoozes: HashMap.HashMap<number, DateTime.Utc>
  readonly messages: HashMap.HashMap<number, StoredMessage>
  /** The last message of a conversation, and the last that its contact sees, by conversation id. */
  readonly lastMessages: HashMap.HashMap<
    number,
    { readonly any: StoredMessage; readonly public: Option.Option<StoredMessage> }
  >
  readonly attachments: HashMap.HashMap<number, StoredAttachment>
  readonly tickets: HashMap.HashMap<string, StoredTicket>
  /** The contacts' ids by their unique values, e-mail addresses in lower case. */
  readonly taken: HashMap.HashMap<string, ContactId>
}

/**
 * Creates a state that holds nothing but inboxes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly accountId: number
  readonly inheritedRules: boolean
  readonly transitionRules: boolean
  readonly messageLimit: boolean
  readonly inboxes: ReadonlyArray<Inbox>
  readonly firstContactId: number
  readonly firstConversationId: number
}): EmulatorState => ({
  accountId: AccountId.make(options.accountId),
  inheritedRules: options.inheritedRules,
  transitionRules: options.transitionRules,
  messageLimit: options.messageLimit,
  generation: 0,
  inboxes: HashMap.fromIterable(options.inboxes.map((inbox) => [inbox.id, inbox])),
  contacts: HashMap.empty(),
  contactPlaces: HashMap.empty(),
  contactInboxes: HashMap.empty(),
  contactInboxesOf: HashMap.empty(),
  conversations: HashMap.empty(),
  snoozes: HashMap.empty(),
  messages: HashMap.empty(),
  lastMessages: HashMap.empty(),
  attachments: HashMap.empty(),
  tickets: HashMap.empty(),
  taken: HashMap.empty(),
  nextContactId: options.firstContactId,
  nextContactInboxId: 1,
  nextConversationId: options.firstConversationId,
  // The first id of the vendor's sample.
  nextMessageId: 3030,
  nextAttachmentId: 1,
  nextTicket: 0
})

// ---------------------------------------------------------------------------------------------------------------------
// saving
// ---------------------------------------------------------------------------------------------------------------------

const Saved = Schema.Struct({
  /** The version of this format. */
  version: Schema.Literal(1),
  ...settings,
  inboxes: Schema.Array(Inbox),
  contacts: Schema.Array(StoredContact),
  contactInboxes: Schema.Array(StoredContactInbox),
  conversations: Schema.Array(StoredConversation),
  messages: Schema.Array(StoredMessage),
  attachments: Schema.Array(StoredAttachment),
  tickets: Schema.Array(StoredTicket)
})

const isEmulatorState = (u: unknown): u is EmulatorState =>
  Predicate.hasProperty(u, "contactPlaces") && HashMap.isHashMap(u.contactPlaces)

/**
 * The codec between a state and its JSON, to save and load it. Indexes are rebuilt, and ids continue from the highest
 * one, so that a file can be written by hand.
 *
 * @category codecs
 * @since 0.1.0
 */
export const EmulatorState: Schema.Codec<EmulatorState, unknown> = Saved.pipe(
  Schema.decodeTo(Schema.declare(isEmulatorState, { expected: "the state of an emulator" }), {
    decode: SchemaGetter.transform((saved: typeof Saved.Type): EmulatorState => {
      const { attachments, contactInboxes, contacts, conversations, inboxes, messages, tickets, version: _, ...rest } =
        saved
      const empty: EmulatorState = {
        ...make({ ...rest, inboxes, firstContactId: rest.nextContactId, firstConversationId: rest.nextConversationId }),
        ...rest
      }
      const withContacts = contactInboxes.reduce(putContactInbox, contacts.reduce(putContact, empty))
      const withConversations = conversations.reduce(putConversation, withContacts)
      const withMessages = messages.reduce(keepMessage, attachments.reduce(putAttachment, withConversations))
      return tickets.reduce(putTicket, withMessages)
    }),
    encode: SchemaGetter.transform((state: EmulatorState): typeof Saved.Type => ({
      version: 1,
      accountId: state.accountId,
      inheritedRules: state.inheritedRules,
      transitionRules: state.transitionRules,
      messageLimit: state.messageLimit,
      generation: state.generation,
      nextContactId: state.nextContactId,
      nextContactInboxId: state.nextContactInboxId,
      nextConversationId: state.nextConversationId,
      nextMessageId: state.nextMessageId,
      nextAttachmentId: state.nextAttachmentId,
      nextTicket: state.nextTicket,
      inboxes: HashMap.toValues(state.inboxes),
      contacts: contactsOf(state),
      contactInboxes: HashMap.toValues(state.contactInboxesOf).flat(),
      conversations: sortedById(state.conversations),
      messages: sortedById(state.messages),
      attachments: sortedById(state.attachments),
      tickets: HashMap.toValues(state.tickets)
    }))
  })
)

const sortedById = <A extends { readonly id: number }>(map: HashMap.HashMap<number, A>): ReadonlyArray<A> =>
  HashMap.toValues(map).sort((a, b) => a.id - b.id)

// ---------------------------------------------------------------------------------------------------------------------
// records
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Creates a contact to seed. Only the id is required. `createdAt` defaults to 2026-01-01.
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
  labels: [],
  lastActivityAt: Option.none(),
  createdAt: DateTime.makeUnsafe("2026-01-01T00:00:00Z"),
  ...contact,
  id: ContactId.make(contact.id)
})

/**
 * Adds a contact, or replaces the one with its id.
 *
 * @category seeds
 * @since 0.1.0
 */
export const putContact = (state: EmulatorState, contact: StoredContact): EmulatorState => {
  const before = HashMap.get(state.contacts, contact.id)
  const contacts = HashMap.set(state.contacts, contact.id, contact)
  if (Option.isNone(before)) SearchList.append(state.contacts, contacts, contact)
  return {
    ...state,
    contacts,
    contactPlaces: Option.isSome(before)
      ? state.contactPlaces
      : HashMap.set(state.contactPlaces, contact.id, HashMap.size(state.contactPlaces)),
    taken: claim(Option.isSome(before) ? unclaim(state.taken, before.value) : state.taken, contact),
    nextContactId: Math.max(state.nextContactId, contact.id + 1)
  }
}

const claim = (taken: EmulatorState["taken"], contact: StoredContact): EmulatorState["taken"] =>
  EmulatedIndex.uniqueValues(contact).reduce(
    (taken, [attribute, , claim]) =>
      Option.isNone(claim) ? taken : HashMap.set(taken, `${attribute}:${claim.value}`, contact.id),
    taken
  )

const unclaim = (taken: EmulatorState["taken"], contact: StoredContact): EmulatorState["taken"] =>
  EmulatedIndex.uniqueValues(contact).reduce(
    (taken, [attribute, , claim]) =>
      Option.isSome(claim) && Option.contains(HashMap.get(taken, `${attribute}:${claim.value}`), contact.id)
        ? HashMap.remove(taken, `${attribute}:${claim.value}`)
        : taken,
    taken
  )

/**
 * The contacts in the order in which they were added.
 *
 * @category contacts
 * @since 0.1.0
 */
export const contactsOf = (state: EmulatorState): ReadonlyArray<StoredContact> =>
  Array.from(HashMap.values(state.contacts), (contact) => ({
    contact,
    place: Option.getOrElse(HashMap.get(state.contactPlaces, contact.id), () => 0)
  })).sort((a, b) => a.place - b.place).map(({ contact }) => contact)

/**
 * Adds a tie between a contact and an inbox.
 *
 * @category seeds
 * @since 0.1.0
 */
export const putContactInbox = (state: EmulatorState, contactInbox: StoredContactInbox): EmulatorState => ({
  ...state,
  contactInboxes: append(state.contactInboxes, contactInbox.sourceId, contactInbox),
  contactInboxesOf: append(state.contactInboxesOf, contactInbox.contactId, contactInbox),
  nextContactInboxId: Math.max(state.nextContactInboxId, contactInbox.id + 1)
})

const append = <K, A>(index: HashMap.HashMap<K, ReadonlyArray<A>>, key: K, value: A) =>
  HashMap.set(index, key, [...EmulatedIndex.entries(index, key), value])

/**
 * Adds an inbox, or replaces the one with its id.
 *
 * @category seeds
 * @since 0.1.0
 */
export const putInbox = (state: EmulatorState, inbox: Inbox): EmulatorState => ({
  ...state,
  inboxes: HashMap.set(state.inboxes, inbox.id, inbox)
})

/**
 * Creates a conversation to seed. Only its id, contact and inbox are required. It defaults to an open conversation that
 * was created at 2026-01-01. To let calls write to its source id, seed that with `putContactInbox`.
 *
 * @category seeds
 * @since 0.1.0
 */
export const makeConversation = (
  conversation: Partial<Omit<StoredConversation, "id" | "contactId" | "inboxId">> & {
    readonly id: number
    readonly contactId: number
    readonly inboxId: number
  }
): StoredConversation => {
  const createdAt = conversation.createdAt ?? DateTime.makeUnsafe("2026-01-01T00:00:00Z")
  return {
    uuid: `00000000-0000-4000-8000-${String(conversation.id).padStart(12, "0").slice(-12)}`,
    sourceId: SourceId.make(`seeded-${conversation.contactId}-${conversation.inboxId}`),
    status: "open",
    snoozedUntil: Option.none(),
    createdAt,
    updatedAt: createdAt,
    lastActivityAt: createdAt,
    firstReplyCreatedAt: Option.none(),
    waitingSince: Option.some(createdAt),
    unreadCount: 0,
    messageCount: 0,
    lastMessageId: Option.none(),
    ...conversation,
    id: ConversationId.make(conversation.id),
    contactId: ContactId.make(conversation.contactId),
    inboxId: InboxId.make(conversation.inboxId)
  }
}

/**
 * Adds a conversation, or replaces the one with its id.
 *
 * @category seeds
 * @since 0.1.0
 */
export const putConversation = (state: EmulatorState, conversation: StoredConversation): EmulatorState => ({
  ...state,
  conversations: HashMap.set(state.conversations, conversation.id, conversation),
  snoozes: conversation.status === "snoozed" && Option.isSome(conversation.snoozedUntil)
    ? HashMap.set(state.snoozes, conversation.id, conversation.snoozedUntil.value)
    : HashMap.remove(state.snoozes, conversation.id),
  nextConversationId: Math.max(state.nextConversationId, conversation.id + 1)
})

/**
 * The conversation with the id at a time: open if its snooze has ended by then.
 *
 * @category conversations
 * @since 0.1.0
 */
export const findConversation = (
  state: EmulatorState,
  id: number,
  now: DateTime.Utc
): Option.Option<StoredConversation> =>
  Option.map(HashMap.get(state.conversations, id), (conversation) => awake(conversation, now))

const awake = (conversation: StoredConversation, now: DateTime.Utc): StoredConversation => {
  const { snoozedUntil, status } = conversation
  return status === "snoozed" && Option.isSome(snoozedUntil) && DateTime.isLessThanOrEqualTo(snoozedUntil.value, now)
    ? { ...conversation, status: "open", snoozedUntil: Option.none(), updatedAt: snoozedUntil.value }
    : conversation
}

/**
 * The messages of a conversation, oldest first.
 *
 * @category conversations
 * @since 0.1.0
 */
export const messagesOf = (state: EmulatorState, conversationId: number): ReadonlyArray<StoredMessage> =>
  HashMap.toValues(state.messages)
    .filter((message) => message.conversationId === conversationId)
    .sort((a, b) => a.sortingId - b.sortingId)

/**
 * Creates a message to seed. Only its id, conversation, inbox and position are required. It defaults to a message from
 * the contact, sent at 2026-01-01.
 *
 * @category seeds
 * @since 0.1.0
 */
export const makeMessage = (
  message: Partial<Omit<StoredMessage, "id" | "conversationId" | "inboxId" | "sortingId">> & {
    readonly id: number
    readonly conversationId: number
    readonly inboxId: number
    readonly sortingId: number
  }
): StoredMessage => ({
  content: Option.none(),
  messageType: "incoming",
  contentAttributes: {},
  private: false,
  attachmentIds: [],
  createdAt: DateTime.makeUnsafe("2026-01-01T00:00:00Z"),
  ...message,
  id: MessageId.make(message.id),
  conversationId: ConversationId.make(message.conversationId),
  inboxId: InboxId.make(message.inboxId)
})

/**
 * Adds a message, or replaces the one with its id. Seed its conversation first: the message becomes its last if none is
 * as late and it is no activity message. Nothing else of the conversation changes.
 *
 * @category seeds
 * @since 0.1.0
 */
export const putMessage = (state: EmulatorState, message: StoredMessage): EmulatorState => ({
  ...keepMessage(state, message),
  conversations: HashMap.modify(
    state.conversations,
    message.conversationId,
    (conversation) =>
      message.sortingId <= conversation.messageCount ? conversation : {
        ...conversation,
        messageCount: message.sortingId,
        lastMessageId: message.messageType === "activity" ? conversation.lastMessageId : Option.some(message.id),
        lastActivityAt: DateTime.max(conversation.lastActivityAt, message.createdAt)
      }
  )
})

const keepMessage = (state: EmulatorState, message: StoredMessage): EmulatorState => ({
  ...state,
  messages: HashMap.set(state.messages, message.id, message),
  lastMessages: HashMap.modifyAt(state.lastMessages, message.conversationId, (last) =>
    Option.some({
      any: Option.match(last, { onNone: () => message, onSome: ({ any }) => later(any, message) }),
      public: message.messageType === "activity" || message.private
        ? Option.flatMap(last, (last) => last.public)
        : Option.some(
          Option.match(Option.flatMap(last, (last) => last.public), {
            onNone: () => message,
            onSome: (known) => later(known, message)
          })
        )
    })),
  nextMessageId: Math.max(state.nextMessageId, message.id + 1)
})

const later = (a: StoredMessage, b: StoredMessage): StoredMessage => b.sortingId < a.sortingId ? a : b

/**
 * Adds a file, or replaces the one with its id. Messages refer to it by `attachmentIds`.
 *
 * @category seeds
 * @since 0.1.0
 */
export const putAttachment = (state: EmulatorState, attachment: StoredAttachment): EmulatorState => ({
  ...state,
  attachments: HashMap.set(state.attachments, attachment.id, attachment),
  nextAttachmentId: Math.max(state.nextAttachmentId, attachment.id + 1)
})

/**
 * Creates a ticket to seed. Only the id is required. It defaults to an `open` `incident` of `normal` urgency.
 *
 * @category seeds
 * @since 0.1.0
 */
export const makeTicket = (
  { tags = [], ...ticket }: Partial<Omit<Tickets.Ticket, "ticketId">> & {
    readonly ticketId: string
    readonly tags?: ReadonlyArray<string> | undefined
  }
): StoredTicket => ({
  ticket: {
    title: "",
    description: "",
    attachments: [],
    status: "open",
    priority: "normal",
    ticketType: "incident",
    requester: {
      euid: "",
      name: Option.none(),
      email: Option.none(),
      phone: Option.none(),
      channelContacts: { channelId: "", contactId: "", subContactId: "", followers: [] }
    },
    submitter: { id: "" },
    assignmentTeam: Option.none(),
    customFields: {},
    conversationList: [],
    statusChanges: [],
    ...ticket,
    ticketId: TicketId.make(ticket.ticketId)
  },
  tags
})

/**
 * Adds a ticket, or replaces the one with its id. New tickets skip ids that are taken.
 *
 * @category seeds
 * @since 0.1.0
 */
export const putTicket = (state: EmulatorState, stored: StoredTicket): EmulatorState => ({
  ...state,
  tickets: HashMap.set(state.tickets, stored.ticket.ticketId, stored)
})
