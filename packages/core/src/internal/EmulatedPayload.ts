/**
 * Contacts, agents and messages as Chatwoot 4.3 writes them into conversations and webhooks, where they differ from the
 * API's responses (message.rb, contact.rb and user.rb, unverified).
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { Attributes } from "../LiveDeskSchema.ts"
import * as Messages from "../Messages.ts"
import type * as EmulatorState from "../testing/EmulatorState.ts"
import * as EmulatedMessages from "./EmulatedMessages.ts"
import { isJsonObject } from "./isJsonObject.ts"

/** The name is no setting: no call returns it. */
export const account = ({ accountId }: EmulatorState.EmulatorState) => ({ id: accountId, name: "Emulator" })

const contact = (contact: EmulatorState.StoredContact): Attributes => ({
  additional_attributes: contact.additionalAttributes,
  custom_attributes: contact.customAttributes,
  email: Option.getOrNull(contact.email),
  id: contact.id,
  identifier: Option.getOrNull(contact.identifier),
  name: contact.name,
  phone_number: Option.getOrNull(contact.phoneNumber),
  thumbnail: "",
  blocked: contact.blocked
})

const agent = {
  id: EmulatedMessages.agent.id,
  name: Option.getOrNull(EmulatedMessages.agent.name),
  type: "user"
}

/** A message's sender in an event: of a contact, without its type; none of an activity message. */
export const sender = (
  state: EmulatorState.EmulatorState,
  { conversationId, messageType }: EmulatorState.StoredMessage
): Attributes | null =>
  messageType === "outgoing"
    ? { ...agent, email: "agent@livedesk.invalid" }
    : messageType === "activity"
    ? null
    : Option.match(contactOf(state, conversationId), {
      onNone: () => null,
      onSome: (stored) => ({ account: account(state), avatar: "", ...contact(stored) })
    })

const contactOf = (state: EmulatorState.EmulatorState, conversationId: number) =>
  Option.flatMap(
    HashMap.get(state.conversations, conversationId),
    ({ contactId }) => HashMap.get(state.contacts, contactId)
  )

/** The attachments of a message in an event or a conversation; no key without any. */
export const attachments = (
  state: EmulatorState.EmulatorState,
  message: EmulatorState.StoredMessage,
  origin: string
): Attributes =>
  Option.match(EmulatedMessages.show(state, message, origin).attachments, {
    onNone: () => ({}),
    onSome: (shown) => ({
      attachments: shown.map(Messages.Attachment.write).filter(isJsonObject).map((attachment) => ({
        ...attachment,
        message_id: message.id,
        account_id: state.accountId
      }))
    })
  })

/** A message within a conversation. */
export const message = (
  state: EmulatorState.EmulatorState,
  message: EmulatorState.StoredMessage,
  origin: string
): Attributes => {
  const { content, contentAttributes, conversationId, createdAt, id, inboxId, messageType } = message
  const seconds = Math.floor(DateTime.toEpochMillis(createdAt) / 1000)
  const conversation = HashMap.get(state.conversations, conversationId)
  const from: Attributes = messageType === "activity"
    ? { sender_type: null, sender_id: null }
    : messageType === "outgoing"
    ? {
      sender_type: "User",
      sender_id: agent.id,
      sender: { ...agent, available_name: agent.name, avatar_url: "", availability_status: "online", thumbnail: "" }
    }
    : Option.match(contactOf(state, conversationId), {
      onNone: () => ({ sender_type: "Contact", sender_id: null }),
      onSome: (stored) => ({
        sender_type: "Contact",
        sender_id: stored.id,
        sender: { ...contact(stored), type: "contact" }
      })
    })
  return {
    id,
    content: Option.getOrNull(content),
    account_id: state.accountId,
    inbox_id: inboxId,
    conversation_id: conversationId,
    message_type: messageTypes[messageType],
    created_at: seconds,
    updated_at: DateTime.formatIso(createdAt),
    private: message.private,
    status: "sent",
    source_id: null,
    content_type: "text",
    content_attributes: contentAttributes,
    external_source_ids: {},
    additional_attributes: {},
    processed_message_content: Option.getOrNull(content),
    sentiment: {},
    ...Option.match(conversation, {
      onNone: () => ({}),
      onSome: ({ lastActivityAt, sourceId, unreadCount }) => ({
        conversation: {
          assignee_id: null,
          unread_count: EmulatedMessages.shownUnread(state, unreadCount),
          last_activity_at: Math.floor(DateTime.toEpochMillis(lastActivityAt) / 1000),
          contact_inbox: { source_id: sourceId }
        }
      })
    }),
    ...attachments(state, message, origin),
    ...from
  }
}

const messageTypes = { incoming: 0, outgoing: 1, activity: 2 } as const
