/**
 * The emulator's inbox as its page reads it. Times are in milliseconds since 1970.
 *
 * @since 0.1.0
 */

// ---------------------------------------------------------------------------------------------------------------------
// events
// ---------------------------------------------------------------------------------------------------------------------

/** The parts of an event. The first event has all of them, later ones those that changed. */
export interface View {
  /** The emulator's time, in the first event alone. */
  readonly now: number
  readonly counts: { readonly contacts: number; readonly conversations: number; readonly tickets: number }
  /** Another number whenever a list may have changed. */
  readonly revision: number
  readonly inboxes: ReadonlyArray<{ readonly id: number; readonly name: string }>
  /** The record that the page has open; null if there is none with its id. */
  readonly opened: Opened | null
  /** The latest messages of the opened conversation, oldest first. */
  readonly messages: Rows<MessageView>
  readonly webhook: string | null
  /** The latest deliveries and requests, the latest first. */
  readonly deliveries: Rows<DeliveryView>
  readonly requests: Rows<RequestView>
  /** Whether queries and bodies of requests are kept. */
  readonly keepsBodies: boolean
  readonly faults: FaultsView
  /** What an agent asked for and a person decides about; null without an agent's store. */
  readonly drafts: DraftsView | null
}

/** Rows of which only those are sent that the page does not have yet. */
export interface Rows<Row> {
  /** The keys of all rows, in their order. */
  readonly order: ReadonlyArray<string>
  readonly changed: { readonly [key: string]: Row }
}

export type Opened = OpenedConversation | OpenedContact | OpenedTicket

export interface OpenedConversation extends Omit<ConversationView, "last"> {
  readonly _tag: "Conversation"
  readonly contactId: number
  readonly email: string
  readonly phone: string
  readonly snoozedUntil: number | null
  /** The states that it may move to. */
  readonly moves: ReadonlyArray<string>
  /** The number of messages before those that are sent. */
  readonly earlier: number
}

export interface OpenedContact extends ContactView {
  readonly _tag: "Contact"
  readonly customAttributes: string
  readonly lastActivityAt: number | null
  readonly sources: ReadonlyArray<{ readonly inbox: string; readonly sourceId: string }>
  /** The latest conversations; `more` counts the others. */
  readonly conversations: ReadonlyArray<ConversationView>
  readonly more: number
}

export interface OpenedTicket extends TicketView {
  readonly _tag: "Ticket"
  readonly description: string
  /** Whether title and description are whole, so that they can be changed. */
  readonly isWhole: boolean
  readonly kind: string
  readonly team: string
  readonly tags: ReadonlyArray<string>
  readonly customFields: string
}

/** The writer of a message; `note` is an agent's message for agents only. */
export type Writer = "contact" | "agent" | "note"

export interface MessageView {
  readonly id: number
  readonly from: Writer
  readonly text: string
  readonly at: number
  readonly files: ReadonlyArray<{ readonly id: number; readonly name: string; readonly size: number }>
}

export interface DeliveryView {
  readonly key: string
  readonly id: string
  readonly event: string
  readonly conversationId: number | null
  readonly status: number | null
  readonly responseBody: string
  readonly redelivered: boolean
  readonly at: number
  readonly took: number
}

export interface RequestView {
  readonly number: number
  readonly method: string
  readonly path: string
  readonly operation: string
  /** The status that the program got. */
  readonly status: number | null
  readonly fault: string | null
  readonly at: number
  readonly took: number | null
}

export interface FaultsView {
  readonly choices: ReadonlyArray<{ readonly id: string; readonly label: string; readonly on: boolean }>
  /** The share of requests, from 0 to 1. */
  readonly rate: number
  /** Whether a program set a plan of its own, which the choices do not show. */
  readonly scripted: boolean
}

export interface DraftsView {
  /** The oldest first; `more` counts those that are not shown. */
  readonly rows: ReadonlyArray<DraftView>
  readonly more: number
  /** Why the store cannot be read. */
  readonly problem: string | null
}

export interface DraftView {
  readonly id: number
  /** A draft, in flight, or with an unknown outcome. */
  readonly state: string
  readonly tool: string
  readonly conversationId: number | null
  readonly contactId: number | null
  /** The text of a message, as it would be sent; empty for other writes. */
  readonly text: string
  /** The other arguments. */
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>
  readonly askedAt: number
  /** Why it was not sent, or may have been; empty before. */
  readonly problem: string
}

// ---------------------------------------------------------------------------------------------------------------------
// lists
// ---------------------------------------------------------------------------------------------------------------------

/** The rows of each list. */
export interface Lists {
  readonly conversations: ConversationView
  readonly contacts: ContactView
  readonly tickets: TicketView
}

/** Some rows of a list, from the position `from` on. */
export interface Window<Row> {
  /** The number of rows in the list. */
  readonly total: number
  readonly from: number
  readonly rows: ReadonlyArray<Row>
}

export interface ConversationView {
  readonly id: number
  readonly name: string
  readonly inbox: string
  readonly status: string
  readonly unread: number
  readonly lastActivityAt: number
  readonly last: { readonly from: Writer; readonly text: string } | null
}

export interface ContactView {
  readonly id: number
  readonly name: string
  readonly email: string
  readonly phone: string
  readonly identifier: string
  readonly blocked: boolean
  readonly createdAt: number
}

export interface TicketView {
  readonly id: string
  readonly title: string
  readonly status: string
  readonly priority: string
  readonly requester: string
}

// ---------------------------------------------------------------------------------------------------------------------
// requests
// ---------------------------------------------------------------------------------------------------------------------

/** A request and its response, as far as they are kept. */
export interface ExchangeView {
  readonly url: string
  readonly requestType: string
  readonly request: BodyView
  readonly responseType: string
  readonly response: BodyView
  /** The command that sends the request again, or why there is none. */
  readonly curl: { readonly command: string } | { readonly problem: string }
}

export interface BodyView {
  /** The beginning of the body; null if it is no text. */
  readonly text: string | null
  /** The length of the whole body, in bytes. */
  readonly length: number
  readonly isWhole: boolean
}
