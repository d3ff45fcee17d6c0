import { type LiveDeskSchema } from "@effect-livedesk/core"
import { expectTypeOf } from "expect-type"

declare const contactId: LiveDeskSchema.ContactId
declare const conversationId: LiveDeskSchema.ConversationId
declare const inboxId: LiveDeskSchema.InboxId
declare const teamId: LiveDeskSchema.TeamId
declare const ticketId: LiveDeskSchema.TicketId

// An id is a number that no plain number and no id of another kind can stand in for; the error names both kinds.

expectTypeOf(contactId).toExtend<number>()
// @ts-expect-error Property 'InboxId' is missing in type '{ readonly ContactId: "ContactId"; }'
export const inboxOfContact: LiveDeskSchema.InboxId = contactId
// @ts-expect-error Property 'ContactId' is missing in type '{ readonly InboxId: "InboxId"; }'
export const contactOfInbox: LiveDeskSchema.ContactId = inboxId
// @ts-expect-error Property 'ContactId' is missing in type '{ readonly ConversationId: "ConversationId"; }'
export const contactOfConversation: LiveDeskSchema.ContactId = conversationId
// @ts-expect-error Property 'AgentId' is missing in type '{ readonly TeamId: "TeamId"; }'
export const agentOfTeam: LiveDeskSchema.AgentId = teamId
// @ts-expect-error Property 'SourceId' is missing in type '{ readonly TicketId: "TicketId"; }'
export const sourceOfTicket: LiveDeskSchema.SourceId = ticketId
// @ts-expect-error Type 'number' is not assignable to type 'Brand<"ContactId">'.
export const contactOfNumber: LiveDeskSchema.ContactId = 1
