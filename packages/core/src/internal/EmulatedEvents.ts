/**
 * The webhook events of the emulator's changes.
 *
 * The vendor documents `conversation_created` for a conversation that a call created. The other events, and that one
 * change may cause several, are Chatwoot's (unverified).
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type * as Conversations from "../Conversations.ts"
import * as EmulatorState from "../testing/EmulatorState.ts"
import type {
  WebhookContact,
  WebhookContactInbox,
  WebhookConversation,
  WebhookMessage
} from "../webhooks/WebhookConversation.ts"
import * as WebhookEvent from "../webhooks/WebhookEvent.ts"
import type * as EmulatedCall from "./EmulatedCall.ts"
import * as EmulatedConversations from "./EmulatedConversations.ts"
import * as EmulatedIndex from "./EmulatedIndex.ts"
import * as EmulatedMessages from "./EmulatedMessages.ts"

/**
 * Returns the events of one change, in Chatwoot's order: new conversations, new messages, and state changes of the
 * conversation that the call names or of those with new messages.
 */
export const between = (
  before: EmulatorState.EmulatorState,
  after: EmulatorState.EmulatorState,
  named: Option.Option<number>,
  requestContext: EmulatedCall.RequestContext
): ReadonlyArray<WebhookEvent.WebhookEvent> => {
  const conversations = range(before.nextConversationId, after.nextConversationId)
  const messages = range(before.nextMessageId, after.nextMessageId).flatMap((id) =>
    Option.toArray(HashMap.get(after.messages, id))
  )
  const touched = new Set([...Option.toArray(named), ...messages.map(({ conversationId }) => Number(conversationId))])
  const show = (id: number) => showConversation(after, id, requestContext)
  const account = { id: after.accountId, name: "" }
  return [
    ...Arr.getSomes(conversations.map(show)).map((conversation) =>
      WebhookEvent.make({ _tag: "ConversationCreated", account, conversation })
    ),
    ...messages.flatMap((message) =>
      Option.toArray(show(message.conversationId)).map((conversation) =>
        WebhookEvent.make({
          _tag: "MessageCreated",
          account,
          conversation,
          message: showMessage(after, message, requestContext)
        })
      )
    ),
    ...[...touched].flatMap((id) =>
      moves(before, after, id, requestContext).flatMap((changedAttributes) =>
        Option.toArray(show(id)).flatMap((conversation) => [
          WebhookEvent.make({ _tag: "ConversationStatusChanged", account, conversation, changedAttributes }),
          WebhookEvent.make({ _tag: "ConversationUpdated", account, conversation, changedAttributes })
        ])
      )
    )
  ]
}

const range = (from: number, to: number): ReadonlyArray<number> =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index)

/** The old and new state of a conversation, in one list, or none if it did not change. */
const moves = (
  before: EmulatorState.EmulatorState,
  after: EmulatorState.EmulatorState,
  id: number,
  { now }: EmulatedCall.RequestContext
) => {
  const was = Option.map(EmulatorState.findConversation(before, id, now), ({ status }) => status)
  const is = Option.map(EmulatorState.findConversation(after, id, now), ({ status }) => status)
  return Option.isSome(was) && Option.isSome(is) && was.value !== is.value
    ? [[{ attribute: "status", previous: was.value, current: is.value }]]
    : []
}

const showContactInbox = (
  state: EmulatorState.EmulatorState,
  { contactId, createdAt, inboxId, sourceId }: EmulatorState.StoredConversation
): WebhookContactInbox => {
  const tie = EmulatedIndex.entries(state.contactInboxes, sourceId).find((tie) => tie.inboxId === inboxId)
  // A conversation may be seeded without its contact inbox.
  const { createdAt: since, id } = tie ?? { createdAt, id: 0 }
  return {
    id,
    contactId,
    inboxId,
    sourceId: Option.some(sourceId),
    createdAt: since,
    updatedAt: since,
    hmacVerified: false,
    pubsubToken: Option.none()
  }
}

const showConversation = (
  state: EmulatorState.EmulatorState,
  id: number,
  requestContext: EmulatedCall.RequestContext
): Option.Option<WebhookConversation> =>
  Option.map(
    Option.all([
      HashMap.get(state.conversations, id),
      EmulatedConversations.show(state, id, requestContext)
    ]),
    ([conversation, shown]) => ({
      additionalAttributes: shown.additionalAttributes,
      canReply: shown.canReply,
      channel: shown.meta.channel,
      contactInbox: showContactInbox(state, conversation),
      id: shown.id,
      inboxId: shown.inboxId,
      messages: shown.messages,
      labels: shown.labels,
      meta: {
        sender: showContact(shown),
        assignee: Option.none(),
        assigneeType: Option.none(),
        team: Option.none(),
        hmacVerified: false,
        channel: shown.meta.channel
      },
      status: shown.status,
      customAttributes: shown.customAttributes,
      snoozedUntil: shown.snoozedUntil,
      unreadCount: shown.unreadCount,
      firstReplyCreatedAt: shown.firstReplyCreatedAt,
      priority: shown.priority,
      waitingSince: shown.waitingSince,
      conversationCategory: shown.conversationCategory,
      chatMode: shown.chatMode,
      ticketInfo: Option.none(),
      agentLastSeenAt: shown.agentLastSeenAt,
      contactLastSeenAt: shown.contactLastSeenAt,
      lastActivityAt: shown.lastActivityAt,
      timestamp: shown.timestamp,
      createdAt: shown.createdAt,
      updatedAt: shown.updatedAt
    })
  )

const showContact = ({ meta: { sender } }: Conversations.Conversation): WebhookContact => ({
  additionalAttributes: sender.additionalAttributes,
  customAttributes: sender.customAttributes,
  email: sender.email,
  id: sender.id,
  identifier: sender.identifier,
  name: sender.name,
  phoneNumber: sender.phoneNumber,
  thumbnail: sender.thumbnail,
  blocked: sender.blocked,
  type: "contact"
})

const showMessage = (
  state: EmulatorState.EmulatorState,
  stored: EmulatorState.StoredMessage,
  { origin }: EmulatedCall.RequestContext
): WebhookMessage => {
  const shown = EmulatedMessages.show(state, stored, origin)
  const name = Option.match(HashMap.get(state.inboxes, stored.inboxId), {
    onNone: () => "",
    onSome: ({ name }) => name
  })
  return {
    id: shown.id,
    content: shown.content,
    contentType: shown.contentType,
    contentAttributes: shown.contentAttributes,
    additionalAttributes: {},
    messageType: shown.messageType,
    status: Option.none(),
    private: shown.private,
    sourceId: shown.sourceId,
    createdAt: shown.createdAt,
    inbox: { id: shown.inboxId, name },
    sender: shown.sender,
    attachments: shown.attachments
  }
}
