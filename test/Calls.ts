/** A call of each endpoint, for tests that hold all of them to the same. */
import {
  Contacts,
  Conversations,
  type LiveDesk,
  type LiveDeskClient,
  type LiveDeskError,
  Messages,
  Tickets
} from "@effect-livedesk/core"
import type * as Endpoints from "@effect-livedesk/core/Endpoints"
import { Effect } from "effect"

/** What calls are about. */
export interface Subjects {
  readonly contactId: number
  readonly conversationId: number
  readonly ticketId: string
}

/** Subjects that are not there. */
export const missing: Subjects = { contactId: 7, conversationId: 7, ticketId: "t-1" }

/** Subjects that are there from now on. */
export const prepare = Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  const conversations = yield* Conversations.Conversations
  const tickets = yield* Tickets.Tickets
  const { contact } = yield* contacts.create({ inboxId: 407, email: "ada@acme.inc" })
  const conversation = yield* conversations.create({ inboxId: 407, contactId: contact.id })
  const ticket = yield* tickets.create({ title: "A ticket" })
  const subjects: Subjects = { contactId: contact.id, conversationId: conversation.id, ticketId: ticket.ticketId }
  return subjects
})

export type Call = (
  options?: LiveDeskClient.CallOptions
) => Effect.Effect<unknown, LiveDeskError.LiveDeskError, LiveDesk.LiveDesk>

/** What a call creates bears the label, so that another label creates another. */
export const calls = (
  { contactId, conversationId, ticketId }: Subjects,
  label = "label"
): { readonly [Operation in Endpoints.Operation]: Call } => ({
  "contacts.create": (options) =>
    Contacts.Contacts.use(({ create }) => create({ inboxId: 407, email: `${label}@acme.inc` }, options)),
  "contacts.list": (options) => Contacts.Contacts.use(({ list }) => list({}, options)),
  "contacts.update": (options) => Contacts.Contacts.use(({ update }) => update({ contactId, name: label }, options)),
  "conversations.create": (options) =>
    Conversations.Conversations.use(({ create }) => create({ inboxId: 407, contactId }, options)),
  "conversations.toggleStatus": (options) =>
    Conversations.Conversations.use(({ toggleStatus }) =>
      toggleStatus({ conversationId, status: "resolved" }, options)
    ),
  "messages.send": (options) => Messages.Messages.use(({ send }) => send({ conversationId, content: label }, options)),
  "messages.sendFiles": (options) =>
    Messages.Messages.use(({ sendFiles }) =>
      sendFiles({
        conversationId,
        attachments: [{ name: `${label}.txt`, mediaType: "text/plain", content: new Uint8Array([97]) }]
      }, options)
    ),
  "tickets.create": (options) => Tickets.Tickets.use(({ create }) => create({ title: label }, options)),
  "tickets.get": (options) => Tickets.Tickets.use(({ get }) => get({ ticketId }, options)),
  "tickets.update": (options) => Tickets.Tickets.use(({ update }) => update({ ticketId, title: label }, options))
})
