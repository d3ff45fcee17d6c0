/**
 * The emulator's records as its inbox shows them, cut to what a page can show.
 *
 * @since 0.1.0
 */
import * as Conversations from "@effect-livedesk/core/Conversations"
import * as EmulatorState from "@effect-livedesk/core/testing/EmulatorState"
import * as DateTime from "effect/DateTime"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type {
  ContactView,
  ConversationView,
  MessageView,
  OpenedContact,
  OpenedConversation,
  OpenedTicket,
  TicketView,
  Writer
} from "./InboxView.ts"

/** The most messages of a conversation, and conversations of a contact, that are shown. */
const longestList = 100

const maxLineLength = 200

const maxTextLength = 5000

/** Cuts a text, and appends how much more there is. */
const cut = (text: string): string =>
  text.length <= maxTextLength
    ? text
    : `${text.slice(0, maxTextLength)}… (${text.length - maxTextLength} more characters)`

/** A text as it is shown on one line. */
export const line = (text: string): string => text.length <= maxLineLength ? text : `${text.slice(0, maxLineLength)}…`

const lineOf = (text: Option.Option<string>): string => Option.match(text, { onNone: () => "", onSome: line })

const millis = DateTime.toEpochMillis

const millisOf = (time: Option.Option<DateTime.Utc>): number | null => Option.getOrNull(Option.map(time, millis))

const json = (value: object): string => Object.keys(value).length === 0 ? "" : cut(JSON.stringify(value, null, 2))

// ---------------------------------------------------------------------------------------------------------------------
// rows
// ---------------------------------------------------------------------------------------------------------------------

export const contactOf = (contact: EmulatorState.StoredContact): ContactView => ({
  id: contact.id,
  name: line(contact.name),
  email: lineOf(contact.email),
  phone: lineOf(contact.phoneNumber),
  identifier: lineOf(contact.identifier),
  blocked: contact.blocked,
  createdAt: millis(contact.createdAt)
})

export const inboxOf = (state: EmulatorState.EmulatorState, inboxId: number): string =>
  Option.match(HashMap.get(state.inboxes, inboxId), {
    onNone: () => String(inboxId),
    onSome: ({ name }) => `${line(name)} (${inboxId})`
  })

const writerOf = ({ messageType, private: isPrivate }: EmulatorState.StoredMessage): Writer =>
  messageType === "incoming" ? "contact" : isPrivate ? "note" : "agent"

export const conversationOf = (
  state: EmulatorState.EmulatorState,
  stored: EmulatorState.StoredConversation,
  now: DateTime.Utc
): ConversationView => {
  const { contactId, id, inboxId, lastActivityAt, lastMessageId, status, unreadCount } = Option.getOrElse(
    EmulatorState.findConversation(state, stored.id, now),
    () => stored
  )
  return {
    id,
    name: lineOf(Option.map(HashMap.get(state.contacts, contactId), ({ name }) => name)),
    inbox: inboxOf(state, inboxId),
    status: line(status),
    unread: unreadCount,
    lastActivityAt: millis(lastActivityAt),
    last: Option.match(Option.flatMap(lastMessageId, (id) => HashMap.get(state.messages, id)), {
      onNone: () => null,
      onSome: (message) => ({ from: writerOf(message), text: lineOf(message.content) })
    })
  }
}

export const ticketOf = ({ ticket }: EmulatorState.StoredTicket): TicketView => ({
  id: ticket.ticketId,
  title: line(ticket.title),
  status: line(ticket.status),
  priority: line(ticket.priority),
  requester: line(Option.getOrElse(ticket.requester.name, () => ticket.requester.euid))
})

// ---------------------------------------------------------------------------------------------------------------------
// opened
// ---------------------------------------------------------------------------------------------------------------------

export const openedConversation = (
  state: EmulatorState.EmulatorState,
  id: number,
  messages: ReadonlyArray<EmulatorState.StoredMessage>,
  now: DateTime.Utc
): OpenedConversation | null =>
  Option.getOrNull(Option.map(EmulatorState.findConversation(state, id, now), (conversation) => {
    const { last: _, ...shown } = conversationOf(state, conversation, now)
    const contact = HashMap.get(state.contacts, conversation.contactId)
    const from = Conversations.statuses.find((status) => status === conversation.status)
    return {
      _tag: "Conversation",
      ...shown,
      contactId: conversation.contactId,
      email: lineOf(Option.flatMap(contact, ({ email }) => email)),
      phone: lineOf(Option.flatMap(contact, ({ phoneNumber }) => phoneNumber)),
      snoozedUntil: millisOf(conversation.snoozedUntil),
      moves: state.transitionRules && from !== undefined
        ? Conversations.transitions[from]
        : Conversations.statuses.filter((status) => status !== from),
      earlier: Math.max(0, messages.length - longestList)
    }
  }))

/** The latest of a conversation's messages. */
export const latestMessages = (
  state: EmulatorState.EmulatorState,
  messages: ReadonlyArray<EmulatorState.StoredMessage>
): ReadonlyArray<MessageView> =>
  messages.slice(-longestList).map((message) => ({
    id: message.id,
    from: writerOf(message),
    text: Option.match(message.content, { onNone: () => "", onSome: cut }),
    at: millis(message.createdAt),
    files: message.attachmentIds.flatMap((id) =>
      Option.toArray(Option.map(HashMap.get(state.attachments, id), ({ content, name }) => ({
        id,
        name: line(name),
        size: content.byteLength
      })))
    )
  }))

/** A contact with those of the given conversations that are its own. */
export const openedContact = (
  state: EmulatorState.EmulatorState,
  id: number,
  conversations: ReadonlyArray<EmulatorState.StoredConversation>,
  now: DateTime.Utc
): OpenedContact | null =>
  Option.getOrNull(Option.map(HashMap.get(state.contacts, id), (contact) => {
    const own = conversations.filter(({ contactId }) => contactId === id)
    const sources = Option.getOrElse(HashMap.get(state.contactInboxesOf, id), () => [])
    return {
      _tag: "Contact",
      ...contactOf(contact),
      customAttributes: json(contact.customAttributes),
      lastActivityAt: millisOf(contact.lastActivityAt),
      sources: sources.slice(-longestList).map(({ inboxId, sourceId }) => ({
        inbox: inboxOf(state, inboxId),
        sourceId: line(sourceId)
      })),
      conversations: own.slice(0, longestList).map((conversation) => conversationOf(state, conversation, now)),
      more: Math.max(0, own.length - longestList)
    }
  }))

export const openedTicket = (state: EmulatorState.EmulatorState, id: string): OpenedTicket | null =>
  Option.getOrNull(Option.map(HashMap.get(state.tickets, id), (stored) => {
    const { ticket, tags } = stored
    return {
      _tag: "Ticket",
      ...ticketOf(stored),
      description: cut(ticket.description),
      isWhole: ticket.title.length <= maxLineLength && ticket.description.length <= maxTextLength,
      kind: line(ticket.ticketType),
      team: Option.match(ticket.assignmentTeam, { onNone: () => "", onSome: ({ name }) => line(name) }),
      tags: tags.slice(0, longestList).map(line),
      customFields: json(ticket.customFields)
    }
  }))
