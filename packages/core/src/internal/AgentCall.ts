/**
 * Makes the write that an agent asked for.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as AgentResult from "../agents/AgentResult.ts"
import type * as AgentWrite from "../agents/AgentWrite.ts"
import type * as ToolInput from "../agents/ToolInput.ts"
import * as Contacts from "../Contacts.ts"
import * as Conversations from "../Conversations.ts"
import * as ConversationStart from "../ConversationStart.ts"
import type * as LiveDesk from "../LiveDesk.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import * as Messages from "../Messages.ts"
import * as Tickets from "../Tickets.ts"
import * as ErrorMapping from "./ErrorMapping.ts"

/** What a write made: the ids, and the contact of `ensure_contact`. */
export interface Made {
  readonly ids: AgentWrite.Ids
  readonly contact?: AgentResult.Contact
}

/** Makes a write. One that ended in the middle continues after the step whose id is known. */
export const make = (
  request: AgentWrite.Request,
  known: AgentWrite.Ids
): Effect.Effect<Made, LiveDeskError.LiveDeskError, LiveDesk.LiveDesk> => {
  switch (request.tool) {
    case "ensure_contact": {
      const { inbox_id: inboxId, name, ...keys } = request.arguments
      const { email, identifier, phoneNumber } = contactKey(keys)
      const fields = { inboxId, ...optional("name", name) }
      const input = identifier !== undefined
        ? { ...fields, ...contactKey(keys), identifier }
        : email !== undefined
        ? { ...fields, ...contactKey(keys), email }
        : phoneNumber !== undefined
        ? { ...fields, ...contactKey(keys), phoneNumber }
        : undefined
      if (input === undefined) return noKey("ensure_contact")
      return Effect.map(
        Contacts.Contacts.use((contacts) => contacts.ensure(input)),
        ({ contact }) => ({ ids: { contact_id: contact.id }, contact: AgentResult.contactOf(contact) })
      )
    }
    case "update_contact": {
      const { contact_id: contactId, custom_attributes: attributes, name, ...keys } = request.arguments
      return Effect.map(
        Contacts.Contacts.use((contacts) =>
          contacts.update({
            contactId,
            ...optional("name", name),
            ...contactKey(keys),
            ...(attributes === undefined ? {} : {
              customAttributes: Object.fromEntries(attributes.map(({ key, value }) => [key, value]))
            })
          })
        ),
        ({ id }) => ({ ids: { contact_id: id } })
      )
    }
    case "start_conversation": {
      const { contact_id: contactId, inbox_id: inboxId, text } = request.arguments
      return Effect.map(
        ConversationStart.start({
          inboxId,
          contact: { contactId },
          message: { content: text },
          ...(known.conversation_id === undefined ? {} : {
            resume: { contactId, conversationId: known.conversation_id }
          })
        }),
        ({ conversationId, message }) => ({
          ids: { contact_id: contactId, conversation_id: conversationId, message_id: message.id }
        })
      )
    }
    case "send_message":
    case "leave_note": {
      const { conversation_id: conversationId, text } = request.arguments
      return Effect.map(
        Messages.Messages.use((messages) =>
          messages.send({
            conversationId,
            content: text,
            ...(request.tool === "leave_note" ? { private: true } : {})
          })
        ),
        ({ id }) => ({ ids: { conversation_id: conversationId, message_id: id } })
      )
    }
    case "change_status": {
      const { conversation_id: conversationId, status } = request.arguments
      return Effect.as(
        Conversations.Conversations.use((conversations) => conversations.toggleStatus({ conversationId, status })),
        { ids: { conversation_id: conversationId } }
      )
    }
    case "create_ticket": {
      const { description, priority, requester_id: euid, title } = request.arguments
      return Effect.map(
        Tickets.Tickets.use((tickets) =>
          tickets.create({
            title,
            ...optional("description", description),
            ...optional("priority", priority),
            ...(euid === undefined ? {} : { requester: { euid } })
          })
        ),
        ({ ticketId }) => ({ ids: { ticket_id: ticketId } })
      )
    }
    case "update_ticket": {
      const { description, priority, ticket_id: ticketId, title } = request.arguments
      return Effect.as(
        Tickets.Tickets.use((tickets) =>
          tickets.update({
            ticketId,
            ...optional("title", title),
            ...optional("description", description),
            ...optional("priority", priority)
          })
        ),
        { ids: { ticket_id: ticketId } }
      )
    }
  }
}

/** Fails with `InvalidInput` for arguments that no call can be made of, before a person sees them as a draft. */
export const check = (request: AgentWrite.Request): Effect.Effect<void, LiveDeskError.ValidationError> => {
  switch (request.tool) {
    case "ensure_contact":
      return Object.keys(contactKey(request.arguments)).length === 0 ? noKey(request.tool) : Effect.void
    case "update_contact":
    case "update_ticket":
      // One of them is the id.
      return Object.keys(request.arguments).length > 1 ? Effect.void : Effect.fail(
        ErrorMapping.invalidInput(request.tool, [{ path: [], message: "give at least one field to change" }])
      )
    case "start_conversation":
    case "send_message":
    case "leave_note":
    case "change_status":
    case "create_ticket":
      return Effect.void
  }
}

/** The ids of the steps that a write completed before it failed. */
export const idsOf = ({ resume = {} }: LiveDeskError.LiveDeskError): AgentWrite.Ids => {
  const conversationId = Number(resume.conversationId)
  return Number.isSafeInteger(conversationId) && conversationId > 0 ? { conversation_id: conversationId } : {}
}

/** The fields that a contact is known by, under the names of the client. */
export const contactKey = (
  { email, identifier, phone_number }: ToolInput.FindContact
): Contacts.ContactKey => ({
  ...optional("identifier", identifier),
  ...optional("email", email),
  ...optional("phoneNumber", phone_number)
})

/** The error of arguments that name no contact. */
export const noKey = (tool: string) =>
  Effect.fail(ErrorMapping.invalidInput(tool, [{
    path: [],
    message: "give at least one of identifier, email and phone_number"
  }]))

const optional = <Key extends string, A>(key: Key, value: A | undefined): { readonly [K in Key]?: A } =>
  // One key, so the record is of this type.
  (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: A }
