import {
  type Contacts,
  Conversations,
  ConversationStart,
  LiveDeskSchema,
  type Messages,
  Tickets
} from "@effect-livedesk/core"
import { FlowStep } from "@effect-livedesk/core/flows"
import { ContactImport } from "@effect-livedesk/core/imports"
import { Schema, Stream } from "effect"

declare const contacts: Contacts.Contacts["Service"]
declare const conversations: Conversations.Conversations["Service"]
declare const messages: Messages.Messages["Service"]
declare const tickets: Tickets.Tickets["Service"]
declare const contact: Contacts.Contact
declare const conversation: Conversations.Conversation
declare const ticket: Tickets.Ticket

// An input takes a plain number, the id of its kind, what is computed from one, and a spread of what a call returned.

messages.send({ conversationId: 40, content: "Hello" })
messages.send({ conversationId: conversation.id, content: "Hello" })
messages.send({ conversationId: conversation.id + 1, content: "Hello" })
messages.send({
  conversationId: conversation.id,
  content: "Hello"
})
conversations.create({ inboxId: 407, contactId: contact.id })
conversations.create({ inboxId: conversation.inboxId, sourceId: "a-source" })
tickets.get({ ticketId: "tk_1" })
tickets.get({ ticketId: ticket.ticketId })

// The id of another kind does not compile; the error names both kinds.

// @ts-expect-error Type 'number & Brand<"ContactId">' is not assignable to type 'Id<number & Brand<"ConversationId">>'.
messages.send({ conversationId: contact.id, content: "Hello" })
// @ts-expect-error Type 'number & Brand<"ConversationId">' is not assignable to type '(number & Brand<"ContactId">)
conversations.create({ inboxId: 407, contactId: conversation.id })
// @ts-expect-error Type 'number & Brand<"ContactId">' is not assignable to type 'Id<number & Brand<"InboxId">>'.
contacts.create({ inboxId: contact.id })
// @ts-expect-error Type 'number & Brand<"InboxId">' is not assignable to type 'Id<number & Brand<"ContactId">>'.
contacts.update({ contactId: conversation.inboxId, name: "Test" })
// @ts-expect-error Type 'number & Brand<"ConversationId">' is not assignable to type 'Id<number & Brand<"InboxId">>'.
ConversationStart.start({ inboxId: conversation.id, contact: {} })
// @ts-expect-error Type 'number & Brand<"ConversationId">' is not assignable to type '(number & Brand<"ContactId">)
FlowStep.createConversation("conversation", { inboxId: 407, contactId: conversation.id })

// @ts-expect-error Type 'number & Brand<"ContactId">' is not assignable to type 'Id<number & Brand<"InboxId">>'.
ContactImport.run({ inboxId: contact.id, rows: Stream.empty })

// A number that a program has branded itself is given as a plain one.

const CustomerNumber = Schema.Int.pipe(Schema.brand("CustomerNumber"))
const customerNumber = CustomerNumber.make(1)
// @ts-expect-error Type 'number & Brand<"CustomerNumber">' is not assignable to type 'Id<number & Brand<"ContactId">>'.
contacts.update({ contactId: customerNumber, name: "Test" })
contacts.update({ contactId: Number(customerNumber), name: "Test" })

// The words of an input are those that are known, or others by name; a state that LiveDesk returned is made one of them.

conversations.toggleStatus({ conversationId: 40, status: "resolved" })
conversations.toggleStatus({ conversationId: 40, status: Conversations.Status.other("archived") })
conversations.toggleStatus({ conversationId: 40, status: Conversations.Status.fromOutput(conversation.status) })
tickets.update({ ticketId: "tk_1", priority: Tickets.Priority.other("someday") })
contacts.list({ sort: LiveDeskSchema.other("website") })
// @ts-expect-error Type '"resolvd"' is not assignable to type
conversations.toggleStatus({ conversationId: 40, status: "resolvd" })
// @ts-expect-error is not assignable to type
conversations.toggleStatus({ conversationId: 40, status: conversation.status })
// @ts-expect-error Type '"hihg"' is not assignable to type
tickets.create({ title: "Test", priority: "hihg" })
// @ts-expect-error Type '"nmae"' is not assignable to type
contacts.list({ sort: "nmae" })
