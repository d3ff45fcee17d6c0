/**
 * The lists of the emulator's inbox, of which a page asks for the part that it shows.
 *
 * @since 0.1.0
 */
import * as EmulatorState from "@effect-livedesk/core/testing/EmulatorState"
import * as DateTime from "effect/DateTime"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as InboxRecord from "./InboxRecord.ts"
import type { Lists, Window } from "./InboxView.ts"

type State = EmulatorState.EmulatorState

interface Sorted {
  readonly conversations: ReadonlyArray<EmulatorState.StoredConversation>
  readonly wakes: ReadonlyArray<number>
}

const known = new WeakMap<State["conversations"], Sorted>()

/** Sorts the conversations once for each change of them. */
const sortedOf = ({ conversations }: State): Sorted => {
  const before = known.get(conversations)
  if (before !== undefined) return before
  const dated = HashMap.toValues(conversations)
    .map((conversation) => ({ conversation, at: DateTime.toEpochMillis(conversation.lastActivityAt) }))
    .sort((a, b) => b.at - a.at || b.conversation.id - a.conversation.id)
    .map(({ conversation }) => conversation)
  const sorted = {
    conversations: dated,
    wakes: dated.flatMap(({ snoozedUntil }) => Option.toArray(Option.map(snoozedUntil, DateTime.toEpochMillis)))
  }
  known.set(conversations, sorted)
  return sorted
}

/** The conversations, those with the latest activity first. */
export const conversationsOf = (state: State): ReadonlyArray<EmulatorState.StoredConversation> =>
  sortedOf(state).conversations

/** The number of conversations whose snooze has ended. */
export const awakened = (state: State, now: DateTime.Utc): number =>
  sortedOf(state).wakes.filter((wake) => wake <= DateTime.toEpochMillis(now)).length

/** The contacts, the newest first. */
const contactsOf = (state: State): ReadonlyArray<EmulatorState.StoredContact> =>
  [
    ...EmulatorState.contactsOf(state)
  ].reverse()

const ticketsOf = ({ tickets }: State): ReadonlyArray<EmulatorState.StoredTicket> =>
  // Their ids begin with the day; those of a day are in no order that shows.
  HashMap.toValues(tickets).sort((a, b) => a.ticket.ticketId < b.ticket.ticketId ? 1 : -1)

/** Whether a text has another in it, which is in lower case. */
const has = (text: string, sought: string): boolean => text.toLowerCase().includes(sought)

/** A contact by what it is known by. */
const textOf = ({ email, id, identifier, name, phoneNumber }: EmulatorState.StoredContact): string => {
  const none = () => ""
  return `${name}\n${id}\n${Option.getOrElse(email, none)}\n${Option.getOrElse(phoneNumber, none)}\n${
    Option.getOrElse(identifier, none)
  }`
}

/** Finds a conversation by what its contact is known by, by its id or state, and by what its messages say. */
const findConversations = (state: State, sought: string): ReadonlyArray<EmulatorState.StoredConversation> => {
  const contacts = new Set<number>()
  for (const contact of HashMap.values(state.contacts)) if (has(textOf(contact), sought)) contacts.add(contact.id)
  const written = new Set<number>()
  for (const { content, conversationId, messageType } of HashMap.values(state.messages)) {
    if (messageType !== "activity" && Option.isSome(content) && has(content.value, sought)) written.add(conversationId)
  }
  return conversationsOf(state).filter(({ contactId, id, status }) =>
    contacts.has(contactId) || written.has(id) || `#${id}`.includes(sought) || status.includes(sought)
  )
}

const findTickets = (state: State, sought: string): ReadonlyArray<EmulatorState.StoredTicket> =>
  ticketsOf(state).filter(({ tags, ticket: { description, priority, requester, status, ticketId, title } }) => {
    const name = Option.getOrElse(requester.name, () => "")
    return has([ticketId, title, description, status, priority, requester.euid, name, ...tags].join("\n"), sought)
  })

const windowOf = <Record, Row>(
  records: ReadonlyArray<Record>,
  from: number,
  count: number,
  show: (record: Record) => Row
): Window<Row> => ({ total: records.length, from, rows: records.slice(from, from + count).map(show) })

/** The rows from a position on, of those that the text finds. */
export const rowsOf = (
  state: State,
  now: DateTime.Utc,
  { count, from, list, text }: {
    readonly list: keyof Lists
    readonly text: string
    readonly from: number
    readonly count: number
  }
): Window<Lists[keyof Lists]> => {
  const sought = text.trim().toLowerCase()
  switch (list) {
    case "conversations": {
      const found = sought === "" ? conversationsOf(state) : findConversations(state, sought)
      return windowOf(found, from, count, (conversation) => InboxRecord.conversationOf(state, conversation, now))
    }
    case "contacts": {
      const found = contactsOf(state).filter((contact) => sought === "" || has(textOf(contact), sought))
      return windowOf(found, from, count, InboxRecord.contactOf)
    }
    case "tickets":
      return windowOf(sought === "" ? ticketsOf(state) : findTickets(state, sought), from, count, InboxRecord.ticketOf)
  }
}
