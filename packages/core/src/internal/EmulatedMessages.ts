/**
 * The emulated calls of messages.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { type Attributes, MessageId } from "../LiveDeskSchema.ts"
import * as Messages from "../Messages.ts"
import * as EmulatorState from "../testing/EmulatorState.ts"
import * as EmulatedCall from "./EmulatedCall.ts"

const maxContentLength = 150_000

/** From Chatwoot's lib/limits.rb (unverified). */
const maxMessagesPerMinute = 200

/**
 * Implements `messages.send` and `messages.sendFiles`, both from an agent. That a text has at most 150,000 characters,
 * that a reply to a missing message replies to none, and that `message_type: "incoming"` is a message from the contact
 * in an API inbox, is Chatwoot's (message_builder.rb, unverified).
 */
export const send = (
  state: EmulatorState.EmulatorState,
  body: EmulatedCall.Body,
  requestContext: EmulatedCall.RequestContext
): EmulatedCall.Transition<Messages.Message> =>
  add(state, body, body.message_type === "incoming" ? "incoming" : "outgoing", requestContext)

/**
 * Adds a message from the contact, with the fields of `send`; no known call does so. As in Chatwoot (unverified), it
 * wakes a snoozed conversation and reopens a resolved one, as `pending` if the inbox has a bot. A closed one, which
 * Chatwoot does not have, is reopened as well. Without `inheritedRules`, none is.
 */
export const receive = (
  state: EmulatorState.EmulatorState,
  body: EmulatedCall.Body,
  requestContext: EmulatedCall.RequestContext
): EmulatedCall.Transition<Messages.Message> => add(state, body, "incoming", requestContext)

const add = (
  state: EmulatorState.EmulatorState,
  body: EmulatedCall.Body,
  messageType: EmulatorState.StoredMessage["messageType"],
  { now, origin }: EmulatedCall.RequestContext
): EmulatedCall.Transition<Messages.Message> => {
  const found = Option.flatMap(
    EmulatedCall.wholeNumber(body.conversation_id),
    (id) => EmulatorState.findConversation(state, id, now)
  )
  if (Option.isNone(found)) return [Result.fail(EmulatedCall.notFound), state]
  const conversation = found.value

  if (body.message_type === "incoming" && !isApiInbox(state, conversation)) {
    return [Result.fail(EmulatedCall.unprocessable("Incoming messages are only allowed in Api inboxes")), state]
  }
  const content = EmulatedCall.text(body.content)
  const uploads = Array.isArray(body.attachments)
    ? body.attachments.filter((file) => file instanceof EmulatedCall.Upload)
    : []
  if (Option.isNone(content) && uploads.length === 0) {
    return [Result.fail(EmulatedCall.unprocessable("param is missing or the value is empty: content")), state]
  }
  if (state.inheritedRules && Option.exists(content, isTooLong)) {
    const error = `Validation failed: Content is too long (maximum is ${maxContentLength} characters)`
    return [Result.fail(EmulatedCall.unprocessable(error)), state]
  }

  if (state.messageLimit && hasTooManyMessages(state, conversation, now)) {
    return [Result.fail(EmulatedCall.unprocessable("Validation failed: Too many messages")), state]
  }

  const attachments = uploads.map((upload, index) => ({ ...upload, id: state.nextAttachmentId + index }))
  const message: EmulatorState.StoredMessage = {
    id: MessageId.make(state.nextMessageId),
    conversationId: conversation.id,
    inboxId: conversation.inboxId,
    sortingId: conversation.messageCount + 1,
    content,
    messageType,
    contentAttributes: replyingTo(state, conversation, EmulatedCall.attributes(body.content_attributes)),
    private: EmulatedCall.flag(body.private),
    attachmentIds: attachments.map(({ id }) => id),
    createdAt: EmulatedCall.wholeSecond(now)
  }
  const kept = EmulatorState.putMessage(attachments.reduce(EmulatorState.putAttachment, state), message)
  const written = EmulatorState.putConversation(
    {
      ...kept,
      contacts: messageType === "incoming"
        ? HashMap.modify(state.contacts, conversation.contactId, (contact) => ({
          ...contact,
          lastActivityAt: Option.some(message.createdAt)
        }))
        : state.contacts
    },
    { ...after(state, conversation, message), updatedAt: now }
  )
  const byAgent = body.message_type === "incoming"
  const next = messageType === "incoming"
    ? recordReopening(written, conversation, byAgent ? agentName : undefined, now)
    : written
  return [Result.succeed(show(next, message, origin)), next]
}

/**
 * Adds Chatwoot's activity message about a reopening, if it makes one: of a resolved conversation in an API inbox always,
 * otherwise only if an agent wrote for the contact (activity_message_handler.rb, unverified).
 */
const recordReopening = (
  state: EmulatorState.EmulatorState,
  before: EmulatorState.StoredConversation,
  agent: string | undefined,
  now: DateTime.Utc
): EmulatorState.EmulatorState => {
  const status = Option.match(HashMap.get(state.conversations, before.id), {
    onNone: () => before.status,
    onSome: ({ status }) => status
  })
  if (status === before.status) return state
  return before.status !== "snoozed" && status === "open" && isApiInbox(state, before)
    ? addActivity(state, before.id, "System reopened the conversation due to a new incoming message.", now)
    : agent === undefined
    ? state
    : addActivity(state, before.id, activityOf(status, agent), now)
}

/** The text of Chatwoot's activity message about an agent's move to a state. Chatwoot has no `closed`. */
export const activityOf = (status: string, agent: string = agentName): string => {
  const done = { open: "reopened", resolved: "marked resolved", pending: "marked as pending" }
  const words = Object.entries(done).find(([known]) => known === status)?.[1] ?? status
  return `Conversation was ${words} by ${agent}`
}

/**
 * Adds an activity message, which takes an id and a position and counts as activity (activity_message_handler.rb and
 * message.rb, unverified). Without `inheritedRules`, adds none.
 */
export const addActivity = (
  state: EmulatorState.EmulatorState,
  conversationId: number,
  content: string,
  now: DateTime.Utc
): EmulatorState.EmulatorState =>
  !state.inheritedRules ? state : Option.match(HashMap.get(state.conversations, conversationId), {
    onNone: () => state,
    onSome: ({ id, inboxId, messageCount }) =>
      EmulatorState.putMessage(
        state,
        EmulatorState.makeMessage({
          id: state.nextMessageId,
          conversationId: id,
          inboxId,
          sortingId: messageCount + 1,
          content: Option.some(content),
          messageType: "activity",
          createdAt: EmulatedCall.wholeSecond(now)
        })
      )
  })

const isApiInbox = (state: EmulatorState.EmulatorState, { inboxId }: EmulatorState.StoredConversation): boolean =>
  Option.exists(HashMap.get(state.inboxes, inboxId), ({ channelType }) => channelType === "Channel::Api")

const hasTooManyMessages = (
  state: EmulatorState.EmulatorState,
  { id, messageCount }: EmulatorState.StoredConversation,
  now: DateTime.Utc
): boolean => {
  if (messageCount < maxMessagesPerMinute) return false
  const aMinuteAgo = DateTime.subtract(now, { minutes: 1 })
  const recent = EmulatorState.messagesOf(state, id)
    .filter(({ createdAt }) => DateTime.isGreaterThanOrEqualTo(createdAt, aMinuteAgo))
  return recent.length >= maxMessagesPerMinute
}

/** Rails counts characters, not UTF-16 code units. */
const isTooLong = (content: string): boolean =>
  content.length > maxContentLength && Array.from(content).length > maxContentLength

/** Chatwoot adds the replied-to message's id in the inbox; the emulator has none. */
const replyingTo = (
  state: EmulatorState.EmulatorState,
  { id }: EmulatorState.StoredConversation,
  attributes: Attributes
): Attributes => {
  if (!state.inheritedRules || attributes.in_reply_to === undefined) return attributes
  const original = Option.filter(
    Option.flatMap(EmulatedCall.wholeNumber(attributes.in_reply_to), (id) => HashMap.get(state.messages, id)),
    ({ conversationId }) => conversationId === id
  )
  return {
    ...attributes,
    in_reply_to: Option.match(original, { onNone: () => null, onSome: ({ id }) => Number(id) }),
    in_reply_to_external_id: null
  }
}

/** Updates the conversation of a new message, by Chatwoot's rules. */
const after = (
  state: EmulatorState.EmulatorState,
  conversation: EmulatorState.StoredConversation,
  message: EmulatorState.StoredMessage
): EmulatorState.StoredConversation => {
  const latest: EmulatorState.StoredConversation = {
    ...conversation,
    lastActivityAt: message.createdAt,
    messageCount: message.sortingId,
    lastMessageId: Option.some(message.id)
  }
  if (message.messageType === "outgoing") {
    // A private note is no reply.
    return message.private ? latest : {
      ...latest,
      firstReplyCreatedAt: Option.orElse(latest.firstReplyCreatedAt, () => Option.some(message.createdAt)),
      waitingSince: Option.none()
    }
  }
  return {
    ...latest,
    ...(state.inheritedRules ? awoken(state, conversation) : {}),
    waitingSince: Option.orElse(latest.waitingSince, () => Option.some(message.createdAt)),
    unreadCount: latest.unreadCount + 1
  }
}

const awoken = (state: EmulatorState.EmulatorState, { inboxId, status }: EmulatorState.StoredConversation) => {
  const hasBot = Option.exists(HashMap.get(state.inboxes, inboxId), ({ hasBot }) => hasBot)
  return {
    status: status === "resolved" && hasBot
      ? "pending"
      : ["resolved", "snoozed", "closed"].includes(status)
      ? "open"
      : status,
    snoozedUntil: Option.none()
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// showing
// ---------------------------------------------------------------------------------------------------------------------

/** A message as LiveDesk returns it. */
export const show = (
  state: EmulatorState.EmulatorState,
  message: EmulatorState.StoredMessage,
  origin: string
): Messages.Message => ({
  id: message.id,
  content: message.content,
  inboxId: message.inboxId,
  conversationId: message.conversationId,
  messageType: message.messageType,
  contentType: "text",
  status: "sent",
  contentAttributes: message.contentAttributes,
  createdAt: message.createdAt,
  private: message.private,
  sourceId: Option.none(),
  sortingId: Option.some(message.sortingId),
  sender: message.messageType === "outgoing"
    ? Option.some(agent)
    : message.messageType === "incoming"
    ? senderOf(state, message)
    : Option.none(),
  attachments: message.attachmentIds.length === 0
    ? Option.none()
    : Option.some(
      message.attachmentIds.flatMap((id) =>
        Option.toArray(
          Option.map(HashMap.get(state.attachments, id), (attachment) => showAttachment(attachment, origin))
        )
      )
    )
})

const agentName = "Agent"

/** The agent that every call acts as; the id is the sample's. */
export const agent: Messages.Sender = {
  id: 3,
  name: Option.some(agentName),
  type: Option.some("user"),
  availableName: Option.some(agentName),
  email: Option.none(),
  phoneNumber: Option.none(),
  identifier: Option.none(),
  avatarUrl: Option.none(),
  thumbnail: Option.none(),
  availabilityStatus: Option.some("online"),
  avatar: Option.none(),
  blocked: Option.none(),
  additionalAttributes: Option.none(),
  customAttributes: Option.none()
}

/** How many unread messages are shown: at most 10 by Chatwoot's rules (conversation.rb, unverified). */
export const shownUnread = ({ inheritedRules }: EmulatorState.EmulatorState, count: number): number =>
  inheritedRules ? Math.min(count, 10) : count

const senderOf = (
  state: EmulatorState.EmulatorState,
  { conversationId }: EmulatorState.StoredMessage
): Option.Option<Messages.Sender> =>
  Option.map(
    Option.flatMap(
      HashMap.get(state.conversations, conversationId),
      ({ contactId }) => HashMap.get(state.contacts, contactId)
    ),
    (contact) => ({
      id: contact.id,
      name: Option.some(contact.name),
      type: Option.some("contact"),
      availableName: Option.none(),
      email: contact.email,
      phoneNumber: contact.phoneNumber,
      identifier: contact.identifier,
      avatarUrl: Option.none(),
      thumbnail: Option.none(),
      availabilityStatus: Option.none(),
      avatar: Option.none(),
      blocked: Option.some(contact.blocked),
      additionalAttributes: Option.some(contact.additionalAttributes),
      customAttributes: Option.some(contact.customAttributes)
    })
  )

const showAttachment = (
  { content, id, mediaType, name }: EmulatorState.StoredAttachment,
  origin: string
): Messages.Attachment => {
  const [kind = ""] = mediaType.split("/")
  return {
    id,
    fileType: ["image", "audio", "video"].includes(kind) ? kind : "file",
    // In a path, these are segments and not names.
    dataUrl: Option.some(
      `${origin}${attachmentsPath}/${id}/${["", ".", ".."].includes(name) ? "file" : percentEncoded(name)}`
    ),
    thumbUrl: Option.none(),
    fileSize: Option.some(content.byteLength),
    extension: Option.fromNullishOr(/\.([^.]+)$/.exec(name)?.[1]),
    width: Option.none(),
    height: Option.none(),
    coordinatesLat: Option.none(),
    coordinatesLong: Option.none(),
    fallbackTitle: Option.none(),
    transcribedText: Option.none(),
    meta: Option.none()
  }
}

/** The path of attachments, which LiveDesk does not have. */
export const attachmentsPath = "/attachments"

/** Encodes a name; unpaired surrogates, which cannot be encoded, become replacement characters. */
const percentEncoded = (name: string): string => encodeURIComponent(name.replace(/\p{Cs}/gu, "\uFFFD"))

/** The headers of an attachment: its media type, if valid in a header, and its name. */
export const attachmentHeaders = (
  { mediaType, name }: EmulatorState.StoredAttachment
): { readonly [name in "content-type" | "content-disposition" | "x-content-type-options"]: string } => ({
  "content-type": /^[ -~]+$/.test(mediaType) ? mediaType : "application/octet-stream",
  // A customer's file must not run as a page of this origin.
  "content-disposition": `attachment; filename*=UTF-8''${
    percentEncoded(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  }`,
  "x-content-type-options": "nosniff"
})

// ---------------------------------------------------------------------------------------------------------------------
// handlers
// ---------------------------------------------------------------------------------------------------------------------

export const handlers = {
  "messages.send": EmulatedCall.handler(Messages.endpoints.send, send),
  "messages.sendFiles": EmulatedCall.handler(Messages.endpoints.sendFiles, send)
}
