/**
 * The emulated calls of conversations.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Equal from "effect/Equal"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Conversations from "../Conversations.ts"
import { ConversationId, SourceId } from "../LiveDeskSchema.ts"
import * as EmulatorState from "../testing/EmulatorState.ts"
import * as EmulatedCall from "./EmulatedCall.ts"
import * as EmulatedContacts from "./EmulatedContacts.ts"
import * as EmulatedIndex from "./EmulatedIndex.ts"
import * as EmulatedMessages from "./EmulatedMessages.ts"
import * as EmulatedPayload from "./EmulatedPayload.ts"

// ---------------------------------------------------------------------------------------------------------------------
// create
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Implements `conversations.create`.
 *
 * - With `inbox_id` and `contact_id`: in a new contact inbox, or in the one that `source_id` names. Without
 *   `inheritedRules`, in the contact's first one for the inbox, if any.
 * - Otherwise in the contact inbox that `source_id` names, whatever its inbox.
 */
const create = (
  state: EmulatorState.EmulatorState,
  body: EmulatedCall.Body,
  { now, origin, uuids: [uuid, sourceUuid] }: EmulatedCall.RequestContext
): EmulatedCall.Transition<Conversations.Conversation> => {
  const found = findSender(state, body, sourceUuid, now)
  if (Result.isFailure(found)) return [Result.fail(found.failure), state]
  const { contact, contactInbox, inbox, state: tied } = found.success

  const { inheritedRules } = state
  const kept = inheritedRules && inbox.lockToSingleConversation
    ? latestConversation(tied, contactInbox, now)
    : Option.none()
  if (Option.isSome(kept)) return [Result.succeed(showWith(tied, kept.value, contact, inbox, origin)), tied]

  const createdAt = EmulatedCall.wholeSecond(now)
  const conversation: EmulatorState.StoredConversation = {
    id: ConversationId.make(tied.nextConversationId),
    uuid,
    contactId: contact.id,
    inboxId: inbox.id,
    sourceId: contactInbox.sourceId,
    status: !inheritedRules ? "open" : contact.blocked ? "resolved" : inbox.hasBot ? "pending" : "open",
    snoozedUntil: Option.none(),
    createdAt,
    updatedAt: now,
    lastActivityAt: createdAt,
    firstReplyCreatedAt: Option.none(),
    waitingSince: Option.some(createdAt),
    unreadCount: 0,
    messageCount: 0,
    lastMessageId: Option.none()
  }
  const next = EmulatorState.putConversation(tied, conversation)
  return [Result.succeed(showWith(next, conversation, contact, inbox, origin)), next]
}

interface Sender {
  readonly contact: EmulatorState.StoredContact
  readonly contactInbox: EmulatorState.StoredContactInbox
  readonly inbox: EmulatorState.Inbox
  readonly state: EmulatorState.EmulatorState
}

const findSender = (
  state: EmulatorState.EmulatorState,
  body: EmulatedCall.Body,
  uuid: string,
  now: DateTime.Utc
): Result.Result<Sender, EmulatedCall.ErrorResponse> => {
  const sourceId = EmulatedCall.text(body.source_id)
  const known = Option.match(sourceId, {
    onNone: () => [],
    onSome: (sourceId) => EmulatedIndex.entries(state.contactInboxes, sourceId)
  })
  if (Option.isNone(EmulatedCall.text(body.inbox_id)) || Option.isNone(EmulatedCall.text(body.contact_id))) {
    const [contactInbox] = known
    return contactInbox === undefined ? Result.fail(EmulatedCall.notFound) : senderOf(state, contactInbox)
  }
  const inbox = findInbox(state, body.inbox_id)
  const contact = Option.flatMap(EmulatedCall.wholeNumber(body.contact_id), (id) => HashMap.get(state.contacts, id))
  if (Option.isNone(inbox) || Option.isNone(contact)) return Result.fail(EmulatedCall.notFound)
  const there = known.find(({ inboxId }) => inboxId === inbox.value.id)
  if (there !== undefined) {
    return there.contactId === contact.value.id
      ? senderOf(state, there)
      : Result.fail(EmulatedCall.unprocessable("source_id should be unique"))
  }
  const tie = state.inheritedRules || Option.isSome(sourceId)
    ? undefined
    : EmulatedIndex.entries(state.contactInboxesOf, contact.value.id).find(({ inboxId }) => inboxId === inbox.value.id)
  if (tie !== undefined) return senderOf(state, tie)
  const contactInbox = {
    id: state.nextContactInboxId,
    contactId: contact.value.id,
    inboxId: inbox.value.id,
    sourceId: SourceId.make(Option.getOrElse(sourceId, () => uuid)),
    createdAt: EmulatedCall.wholeSecond(now)
  }
  return senderOf(EmulatorState.putContactInbox(state, contactInbox), contactInbox)
}

const senderOf = (
  state: EmulatorState.EmulatorState,
  contactInbox: EmulatorState.StoredContactInbox
): Result.Result<Sender, EmulatedCall.ErrorResponse> => {
  const contact = HashMap.get(state.contacts, contactInbox.contactId)
  const inbox = HashMap.get(state.inboxes, contactInbox.inboxId)
  return Option.isSome(contact) && Option.isSome(inbox)
    ? Result.succeed({ contact: contact.value, contactInbox, inbox: inbox.value, state })
    : Result.fail(EmulatedCall.notFound)
}

const findInbox = (state: EmulatorState.EmulatorState, value: unknown): Option.Option<EmulatorState.Inbox> =>
  Option.flatMap(EmulatedCall.wholeNumber(value), (id) => HashMap.get(state.inboxes, id))

const latestConversation = (
  state: EmulatorState.EmulatorState,
  { inboxId, sourceId }: EmulatorState.StoredContactInbox,
  now: DateTime.Utc
): Option.Option<EmulatorState.StoredConversation> => {
  let latest: EmulatorState.StoredConversation | undefined
  for (const conversation of HashMap.values(state.conversations)) {
    if (
      conversation.sourceId === sourceId && conversation.inboxId === inboxId &&
      (latest === undefined || conversation.id > latest.id)
    ) latest = conversation
  }
  return latest === undefined ? Option.none() : EmulatorState.findConversation(state, latest.id, now)
}

// ---------------------------------------------------------------------------------------------------------------------
// status
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Implements `conversations.toggleStatus`, with Chatwoot's response. With `transitionRules`, it refuses moves that
 * `Conversations.transitions` does not list. It always refuses an unknown state. The form of LiveDesk's refusal, and
 * that a move to the current state succeeds, are unverified.
 */
export const toggleStatus = (
  state: EmulatorState.EmulatorState,
  body: EmulatedCall.Body,
  { now }: EmulatedCall.RequestContext
): EmulatedCall.Transition<Conversations.ToggledStatus> => {
  const found = Option.flatMap(
    EmulatedCall.wholeNumber(body.conversation_id),
    (id) => EmulatorState.findConversation(state, id, now)
  )
  if (Option.isNone(found)) return [Result.fail(EmulatedCall.notFound), state]
  const conversation = found.value
  const target = Conversations.statuses.find((status) => status === body.status)
  if (target === undefined) {
    const error = Option.match(EmulatedCall.text(body.status), {
      onNone: () => "param is missing or the value is empty: status",
      onSome: (status) => `'${status}' is not a valid status`
    })
    return [Result.fail(EmulatedCall.unprocessable(error)), state]
  }
  if (state.transitionRules && target !== conversation.status && !targetsOf(conversation.status).includes(target)) {
    const error = `Invalid status transition from ${conversation.status} to ${target}`
    return [Result.fail(EmulatedCall.unprocessable(error)), state]
  }
  const moved: EmulatorState.StoredConversation = {
    ...conversation,
    status: target,
    snoozedUntil: target === "snoozed"
      ? Option.map(EmulatedCall.wholeNumber(body.snoozed_until), (seconds) => DateTime.fromEpochSeconds(seconds))
      : Option.none(),
    // Chatwoot 4.3: handle_resolved_status_change (unverified).
    waitingSince: target === "resolved" ? Option.none() : conversation.waitingSince,
    updatedAt: now
  }
  const result = Result.succeed({
    success: Option.some(true),
    conversationId: moved.id,
    currentStatus: moved.status,
    snoozedUntil: moved.snoozedUntil
  })
  if (target === conversation.status) {
    const isSame = Equal.equals(moved.snoozedUntil, conversation.snoozedUntil)
    return [result, isSame ? state : EmulatorState.putConversation(state, moved)]
  }
  const next = EmulatorState.putConversation(state, moved)
  return [result, EmulatedMessages.addActivity(next, moved.id, EmulatedMessages.activityOf(target), now)]
}

const targetsOf = (status: string): ReadonlyArray<string> =>
  Object.entries(Conversations.transitions).find(([from]) => from === status)?.[1] ?? []

// ---------------------------------------------------------------------------------------------------------------------
// showing
// ---------------------------------------------------------------------------------------------------------------------

/** A conversation as LiveDesk returns it; none if its contact or inbox is missing. */
export const show = (
  state: EmulatorState.EmulatorState,
  id: number,
  { now, origin }: Pick<EmulatedCall.RequestContext, "now" | "origin">
): Option.Option<Conversations.Conversation> =>
  Option.flatMap(EmulatorState.findConversation(state, id, now), (conversation) =>
    Option.map(
      Option.all([
        HashMap.get(state.contacts, conversation.contactId),
        HashMap.get(state.inboxes, conversation.inboxId)
      ]),
      ([contact, inbox]) => showWith(state, conversation, contact, inbox, origin)
    ))

const showWith = (
  state: EmulatorState.EmulatorState,
  conversation: EmulatorState.StoredConversation,
  contact: EmulatorState.StoredContact,
  inbox: EmulatorState.Inbox,
  origin: string
): Conversations.Conversation => {
  const last = Option.flatMap(conversation.lastMessageId, (id) => HashMap.get(state.messages, id))
  const lastOfAll = Option.map(HashMap.get(state.lastMessages, conversation.id), ({ any }) => any)
  const write = (message: EmulatorState.StoredMessage) => EmulatedPayload.message(state, message, origin)
  return {
    meta: {
      sender: EmulatedContacts.showProfile(contact),
      channel: inbox.channelType,
      assignee: Option.none(),
      team: Option.none(),
      hmacVerified: false
    },
    id: conversation.id,
    messages: Option.toArray(Option.map(lastOfAll, write)),
    accountId: state.accountId,
    uuid: conversation.uuid,
    inboxId: inbox.id,
    additionalAttributes: {},
    agentLastSeenAt: Option.none(),
    assigneeLastSeenAt: Option.none(),
    canReply: true,
    contactLastSeenAt: Option.none(),
    customAttributes: {},
    labels: [],
    muted: false,
    snoozedUntil: conversation.snoozedUntil,
    status: conversation.status,
    priority: Option.none(),
    conversationCategory: "chat",
    chatMode: "private_chat",
    isForum: false,
    createdAt: conversation.createdAt,
    updatedAt: conversation.updatedAt,
    timestamp: conversation.lastActivityAt,
    firstReplyCreatedAt: conversation.firstReplyCreatedAt,
    unreadCount: EmulatedMessages.shownUnread(state, conversation.unreadCount),
    lastNonActivityMessage: Option.map(last, write),
    lastActivityAt: conversation.lastActivityAt,
    waitingSince: conversation.waitingSince,
    slaPolicyId: Option.none(),
    ticketId: Option.none(),
    overLimit: false,
    contentPreview: {
      content: Option.flatMap(last, ({ content }) => content),
      messageType: Option.map(last, ({ messageType }) => messageType),
      createdAt: Option.map(last, ({ createdAt }) => createdAt)
    },
    platform: { channelType: inbox.channelType, inboxName: inbox.name, inboxId: inbox.id },
    accountInfo: {
      contactName: contact.name,
      contactEmail: contact.email,
      contactPhone: contact.phoneNumber,
      contactId: contact.id,
      contactAvatar: Option.none()
    },
    assignment: {
      assigneeId: Option.none(),
      assigneeName: Option.none(),
      assigneeEmail: Option.none(),
      teamId: Option.none(),
      teamName: Option.none()
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// handlers
// ---------------------------------------------------------------------------------------------------------------------

export const handlers = {
  "conversations.create": EmulatedCall.handler(Conversations.endpoints.create, create),
  "conversations.toggleStatus": EmulatedCall.handler(Conversations.endpoints.toggleStatus, toggleStatus)
}
