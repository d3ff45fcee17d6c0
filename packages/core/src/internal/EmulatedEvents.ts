/**
 * The webhook events of the emulator's changes.
 *
 * The vendor documents `conversation_created` for a conversation that a call created. The other events, and that one
 * change may cause several, are Chatwoot's (unverified).
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Equal from "effect/Equal"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type * as Conversations from "../Conversations.ts"
import { DecodeFailure } from "../Model.ts"
import type * as EmulatorState from "../testing/EmulatorState.ts"
import { type WebhookContact, type WebhookContactInbox, WebhookConversation } from "../webhooks/WebhookConversation.ts"
import * as WebhookEvent from "../webhooks/WebhookEvent.ts"
import type * as EmulatedCall from "./EmulatedCall.ts"
import * as EmulatedConversations from "./EmulatedConversations.ts"
import * as EmulatedIndex from "./EmulatedIndex.ts"
import * as EmulatedPayload from "./EmulatedPayload.ts"
import type { Shuffle } from "./EmulatedSeries.ts"

/**
 * Returns the events of one change, in Chatwoot's order: new conversations, and of each conversation that was touched its
 * change of state, its new messages, and what these changed. So a reopening comes before the message that reopens, and a
 * first reply is followed by its `conversation_updated` (message.rb and conversation.rb, unverified). Every event shows
 * the state after the whole change, as Chatwoot writes payloads in a later job.
 */
export const between = (
  before: EmulatorState.EmulatorState,
  after: EmulatorState.EmulatorState,
  touched: Iterable<number>,
  requestContext: EmulatedCall.RequestContext,
  shuffle: Shuffle
): ReadonlyArray<WebhookEvent.WebhookEvent> => {
  if (before === after) return []
  const created = range(before.nextConversationId, after.nextConversationId)
  // Activity messages have no events.
  const messages = range(before.nextMessageId, after.nextMessageId).flatMap((id) =>
    Option.toArray(Option.filter(HashMap.get(after.messages, id), ({ messageType }) => messageType !== "activity"))
  )
  const account = EmulatedPayload.account(after)
  const show = (id: number) => Option.toArray(showConversation(after, id, requestContext))
  return [
    ...created.flatMap(show).map((conversation) =>
      WebhookEvent.make({ _tag: "ConversationCreated", account, conversation })
    ),
    ...[...new Set([...touched, ...messages.map(({ conversationId }) => Number(conversationId))])].flatMap((id) => {
      const pair = Option.all([HashMap.get(before.conversations, id), HashMap.get(after.conversations, id)])
      const written = messages.filter(({ conversationId }) => conversationId === id)
      const [was, is] = Option.getOrElse(pair, () => [undefined, undefined])
      if (was === is && written.length === 0) return []
      return show(id).flatMap((conversation) => {
        const updated = (columns: ReadonlyArray<Column>, touchedAt: DateTime.Utc) => {
          if (was === undefined || is === undefined) return []
          const changes = columns.filter(({ of }) => !Equal.equals(of(was), of(is)))
          return changes.length === 0 ? [] : [WebhookEvent.make({
            _tag: "ConversationUpdated",
            account,
            conversation,
            changedAttributes: shuffle([
              ...changes.map(({ attribute, of }) => ({ attribute, previous: json(of(was)), current: json(of(is)) })),
              { attribute: "updated_at", previous: json(touchedAt), current: json(is.updatedAt) }
            ])
          })]
        }
        return [
          ...(was === undefined || was.status === is?.status
            ? []
            // Chatwoot reads the change after it was committed, so the event has none (notify_status_change).
            : [WebhookEvent.make({
              _tag: "ConversationStatusChanged",
              account,
              conversation,
              changedAttributes: []
            })]),
          ...(was === undefined ? [] : updated(stateColumns, was.updatedAt)),
          ...written.flatMap((message) => messageCreated(after, message, conversation, requestContext)),
          ...(is === undefined || written.length === 0 ? [] : updated(replyColumns, is.updatedAt))
        ]
      })
    })
  ]
}

const range = (from: number, to: number): ReadonlyArray<number> =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index)

/** A column of a conversation whose change Chatwoot tells (conversation.rb, list_of_keys). */
interface Column {
  readonly attribute: string
  readonly of: (conversation: EmulatorState.StoredConversation) => string | DateTime.Utc | null
}

const stateColumns: ReadonlyArray<Column> = [
  { attribute: "status", of: ({ status }) => status },
  { attribute: "snoozed_until", of: ({ snoozedUntil }) => Option.getOrNull(snoozedUntil) }
]

/** Resolving also ends a wait, but past the events (handle_resolved_status_change). */
const replyColumns: ReadonlyArray<Column> = [
  { attribute: "first_reply_created_at", of: ({ firstReplyCreatedAt }) => Option.getOrNull(firstReplyCreatedAt) },
  { attribute: "waiting_since", of: ({ waitingSince }) => Option.getOrNull(waitingSince) }
]

const json = (value: string | DateTime.Utc | null): string | null =>
  DateTime.isDateTime(value) ? DateTime.formatIso(value) : value

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
      // The last message that the contact sees (event_data_presenter.rb, push_messages).
      messages: Option.toArray(Option.map(
        Option.flatMap(HashMap.get(state.lastMessages, id), (last) => last.public),
        (message) => EmulatedPayload.message(state, message, requestContext.origin)
      )),
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

const messageCreated = (
  state: EmulatorState.EmulatorState,
  stored: EmulatorState.StoredMessage,
  conversation: WebhookConversation,
  { origin }: EmulatedCall.RequestContext
): ReadonlyArray<WebhookEvent.WebhookEvent> => {
  const event = WebhookEvent.read({
    event: "message_created",
    account: EmulatedPayload.account(state),
    additional_attributes: {},
    content_attributes: stored.contentAttributes,
    content_type: "text",
    content: Option.getOrNull(stored.content),
    conversation: WebhookConversation.write(conversation),
    created_at: DateTime.formatIso(stored.createdAt),
    id: stored.id,
    inbox: {
      id: stored.inboxId,
      name: Option.match(HashMap.get(state.inboxes, stored.inboxId), { onNone: () => "", onSome: ({ name }) => name })
    },
    message_type: stored.messageType,
    private: stored.private,
    sender: EmulatedPayload.sender(state, stored),
    source_id: null,
    ...EmulatedPayload.attachments(state, stored, origin)
  })
  return event instanceof DecodeFailure ? [] : [event]
}
