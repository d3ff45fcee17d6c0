/**
 * Conversations: the exchanges between a contact and a project's agents.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import { ContactProfile } from "./ContactProfile.ts"
import * as Endpoint from "./Endpoint.ts"
import * as ErrorMapping from "./internal/ErrorMapping.ts"
import * as LiveDeskClient from "./LiveDeskClient.ts"
import * as LiveDeskSchema from "./LiveDeskSchema.ts"
import * as Model from "./Model.ts"
import * as ModelField from "./ModelField.ts"

// ---------------------------------------------------------------------------------------------------------------------
// models
// ---------------------------------------------------------------------------------------------------------------------

const conversationMetaFields = {
  /** The contact in the conversation. */
  sender: Model.nested(ContactProfile),
  /** The kind of inbox, `Channel::Api` for an API inbox; "" when absent. */
  channel: ModelField.string,
  /** The assigned agent. Unverified: Chatwoot sends it once one is assigned. */
  assignee: Model.unverified(ModelField.nullableJsonObject),
  /** The assigned team. Unverified: Chatwoot sends it once one is assigned. */
  team: Model.unverified(ModelField.nullableJsonObject),
  /** Whether the sender's identity was proved by HMAC; `false` when absent. */
  hmacVerified: ModelField.boolean
} as const

/**
 * The participants of a conversation, and its kind of inbox.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category models
 * @since 0.1.0
 */
export const ConversationMeta: Model.Model<ConversationMeta> = Model.record(conversationMetaFields)
export interface ConversationMeta extends Model.RecordOf<typeof conversationMetaFields> {}

const contentPreviewFields = {
  /** The text of the latest message; `None` when null. */
  content: ModelField.name,
  /** Its kind; `None` when null. Otherwise undocumented: Chatwoot sends 0 to 3 or their names (unverified). */
  messageType: ModelField.nullableMessageType,
  /** When it was written; `None` when null. */
  createdAt: ModelField.nullableTimestamp
} as const

/**
 * A preview of the latest message.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category models
 * @since 0.1.0
 */
export const ContentPreview: Model.Model<ContentPreview> = Model.record(contentPreviewFields)
export interface ContentPreview extends Model.RecordOf<typeof contentPreviewFields> {}

const platformFields = {
  /** The kind of inbox, `Channel::Api` for an API inbox; "" when absent. */
  channelType: ModelField.string,
  /** The inbox's name; "" when absent. */
  inboxName: ModelField.string,
  /** The inbox's id; 0 when absent. */
  inboxId: ModelField.id(LiveDeskSchema.InboxId)
} as const

/**
 * The inbox of a conversation.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category models
 * @since 0.1.0
 */
export const Platform: Model.Model<Platform> = Model.record(platformFields)
export interface Platform extends Model.RecordOf<typeof platformFields> {}

const accountInfoFields = {
  /** The contact's name; "" when absent. */
  contactName: ModelField.string,
  /** The contact's e-mail address; `None` when null or "". */
  contactEmail: ModelField.nullableString,
  /** The contact's phone number; `None` when null or "". */
  contactPhone: ModelField.nullableString,
  /** The contact's id; 0 when absent. */
  contactId: ModelField.id(LiveDeskSchema.ContactId),
  /** The URL of the contact's avatar; `None` when "". */
  contactAvatar: ModelField.picture
} as const

/**
 * A summary of the contact. LiveDesk calls it the account.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category models
 * @since 0.1.0
 */
export const AccountInfo: Model.Model<AccountInfo> = Model.record(accountInfoFields)
export interface AccountInfo extends Model.RecordOf<typeof accountInfoFields> {}

const assignmentFields = {
  /** The assigned agent's id; `None` when null. */
  assigneeId: ModelField.nullableId(LiveDeskSchema.AgentId),
  /** The assigned agent's name; `None` when null. */
  assigneeName: ModelField.name,
  /** The assigned agent's e-mail address; `None` when null or "". */
  assigneeEmail: ModelField.nullableString,
  /** The assigned team's id; `None` when null. */
  teamId: ModelField.nullableId(LiveDeskSchema.TeamId),
  /** The assigned team's name; `None` when null. */
  teamName: ModelField.name
} as const

/**
 * The agent and the team that a conversation is assigned to.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category models
 * @since 0.1.0
 */
export const Assignment: Model.Model<Assignment> = Model.record(assignmentFields)
export interface Assignment extends Model.RecordOf<typeof assignmentFields> {}

/**
 * The states of a conversation. The vendor's pages show `open`, `resolved` and `pending`, and imply `snoozed`; `closed`
 * is unverified.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/update-status
 * @category models
 * @since 0.1.0
 */
export const statuses = ["open", "resolved", "pending", "snoozed", "closed"] as const

const conversationFields = {
  meta: Model.nested(ConversationMeta),
  /** The conversation's id, unique within one project; a response without it fails. */
  id: Model.required(ModelField.id(LiveDeskSchema.ConversationId)),
  /** The latest messages; `[]` when absent. Their shape is undocumented. */
  messages: ModelField.jsonObjects,
  /** The project's id; 0 when absent. */
  accountId: ModelField.id(LiveDeskSchema.AccountId),
  /** The conversation's UUID; "" when absent. */
  uuid: ModelField.string,
  /** The inbox's id; 0 when absent. */
  inboxId: ModelField.id(LiveDeskSchema.InboxId),
  /** Attributes that LiveDesk itself keeps; `{}` when absent. */
  additionalAttributes: ModelField.attributes,
  /** When an agent last viewed it; `None` when 0, which means never. */
  agentLastSeenAt: ModelField.timestampOrNever,
  /** When the assigned agent last viewed it; `None` when 0, which means never. */
  assigneeLastSeenAt: ModelField.timestampOrNever,
  /** Whether a reply can be sent; `false` when absent. */
  canReply: ModelField.boolean,
  /** When the contact last viewed it; `None` when 0, which means never. */
  contactLastSeenAt: ModelField.timestampOrNever,
  /** Attributes that the project defines; `{}` when absent. */
  customAttributes: ModelField.attributes,
  /** The labels; `[]` when absent. That they are strings is inherited from Chatwoot (unverified). */
  labels: ModelField.strings,
  /** Whether the conversation is muted; `false` when absent. */
  muted: ModelField.boolean,
  /** When a snoozed conversation wakes; `None` when null. Seconds or ISO 8601 text on the wire (unverified). */
  snoozedUntil: ModelField.nullableTimestamp,
  /** The state; "" when absent. A state outside `statuses` is kept unchanged. */
  status: ModelField.openEnum(statuses, ""),
  /** The priority; `None` when null. The values are Chatwoot's (unverified). */
  priority: ModelField.nullableOpenEnum(["low", "medium", "high", "urgent"]),
  /** The kind of conversation; "" when absent. Only `chat` is documented. */
  conversationCategory: ModelField.openEnum(["chat"], ""),
  /** The kind of chat; "" when absent. Only `private_chat` is documented. */
  chatMode: ModelField.openEnum(["private_chat"], ""),
  /** Whether it belongs to a forum; `false` when absent. */
  isForum: ModelField.boolean,
  /** When it was created, in seconds on the wire; 1970-01-01T00:00Z when absent. */
  createdAt: ModelField.timestamp,
  /** When it was last updated, in seconds with a fraction on the wire; 1970-01-01T00:00Z when absent. */
  updatedAt: ModelField.preciseTimestamp,
  /** Equal to `lastActivityAt` in the vendor's sample; 1970-01-01T00:00Z when absent. */
  timestamp: ModelField.timestamp,
  /** When an agent first replied; `None` when 0, which means not yet. */
  firstReplyCreatedAt: ModelField.timestampOrNever,
  /** How many messages are unread; 0 when absent. */
  unreadCount: ModelField.count,
  /** The latest message that is not an activity notice; `None` when null. Its shape is undocumented. */
  lastNonActivityMessage: ModelField.nullableJsonObject,
  /** When the latest activity was; 1970-01-01T00:00Z when absent. */
  lastActivityAt: ModelField.timestamp,
  /** Since when the contact has been waiting for a reply; `None` when 0 (unverified). */
  waitingSince: ModelField.timestampOrNever,
  /** The id of the service level policy; `None` when null. That it is a number is Chatwoot's (unverified). */
  slaPolicyId: ModelField.nullableNatural,
  /** The id of the ticket; `None` when null. That it is text, as on the ticket pages, is unverified. */
  ticketId: ModelField.nullableOpaqueId(LiveDeskSchema.TicketId),
  /** Whether a limit of the project's plan is exceeded; `false` when absent. */
  overLimit: ModelField.boolean,
  /** A preview of the latest message. */
  contentPreview: Model.nested(ContentPreview),
  platform: Model.nested(Platform),
  accountInfo: Model.nested(AccountInfo),
  assignment: Model.nested(Assignment)
} as const

/**
 * A conversation, the response to `create`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category models
 * @since 0.1.0
 */
export const Conversation: Model.Model<Conversation> = Model.record(conversationFields)
export interface Conversation extends Model.RecordOf<typeof conversationFields> {}

/**
 * A state of a conversation.
 *
 * @category models
 * @since 0.1.0
 */
export type Status = LiveDeskSchema.Open<typeof statuses[number]>

/**
 * A state of a conversation in an input, which accepts the known states only. `other` makes a state that this library
 * does not know; `fromOutput` converts the state of a conversation.
 *
 * @category inputs
 * @since 0.1.0
 */
export const Status = {
  other: LiveDeskSchema.other,
  fromOutput: (status: Status): typeof statuses[number] | LiveDeskSchema.OtherWord => LiveDeskSchema.other(status)
}

/**
 * The moves between states that the user guide allows. The rules of the server are unknown, so the client refuses no
 * move. That the guide's *AI-Replying* is `pending` is an inference.
 *
 * @see https://www.engagelab.com/docs/livedesk/user-guide/conversation-status-flow
 * @category transitions
 * @since 0.1.0
 */
export const transitions: { readonly [From in typeof statuses[number]]: ReadonlyArray<typeof statuses[number]> } = {
  open: ["pending", "snoozed", "resolved"],
  pending: ["open", "snoozed", "resolved"],
  snoozed: ["open", "pending", "resolved"],
  resolved: ["open", "pending", "closed"],
  closed: ["open"]
}

const toggledStatusFields = {
  /** Whether the move succeeded; `None` when null or absent. Unverified. */
  success: Model.optional(ModelField.boolean),
  /** The conversation's id; 0 when absent. Unverified. */
  conversationId: ModelField.id(LiveDeskSchema.ConversationId),
  /** The state after the move; a response without it fails. */
  currentStatus: Model.required(ModelField.openEnum(statuses, "open")),
  /** When a snoozed conversation wakes; `None` when null. Unverified. */
  snoozedUntil: ModelField.nullableTimestamp
} as const

/**
 * The response to `toggleStatus`. The vendor's sample could not be read; the fields are Chatwoot's (unverified).
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/update-status
 * @category models
 * @since 0.1.0
 */
export const ToggledStatus: Model.Model<ToggledStatus> = Model.record(toggledStatusFields)
export interface ToggledStatus extends Model.RecordOf<typeof toggledStatusFields> {}

// ---------------------------------------------------------------------------------------------------------------------
// inputs
// ---------------------------------------------------------------------------------------------------------------------

const CreateConversationFields = Schema.Struct({
  /** The id of the inbox that the contact was created with. Sent as a number. */
  inboxId: LiveDeskSchema.InboxIdInput,
  /** The id of the contact that sends. Sent as a number. */
  contactId: Schema.optional(LiveDeskSchema.ContactIdInput),
  /** The sender's id within the inbox: `contactInbox.sourceId` of `contacts.create`. */
  sourceId: Schema.optional(LiveDeskSchema.SourceIdInput)
})

/**
 * The input of `create`: the inbox, and the sender by `contactId`, `sourceId` or both. The vendor does not document
 * what they do beyond identifying the sender.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category inputs
 * @since 0.1.0
 */
export type CreateConversation =
  & typeof CreateConversationFields.Type
  & (
    | { readonly sourceId: LiveDeskSchema.Id<LiveDeskSchema.SourceId> }
    | { readonly contactId: LiveDeskSchema.Id<LiveDeskSchema.ContactId> }
  )

const CreateConversationSender = Schema.declareConstructor<CreateConversation, typeof CreateConversationFields.Type>()(
  [Schema.toType(CreateConversationFields)],
  ([fields]) => {
    const decode = SchemaParser.decodeUnknownEffect(fields)
    return (input, ast, options) => {
      const namesNoSender = Predicate.isObject(input) && !("contactId" in input && input.contactId !== undefined) &&
        !("sourceId" in input && input.sourceId !== undefined)
      const decoded = decode(input, options)
      if (!namesNoSender) {
        // One of the two is present and was checked by `fields`; TypeScript cannot combine the two facts.
        return decoded as Effect.Effect<CreateConversation, SchemaIssue.Issue>
      }
      const sender = new SchemaIssue.Pointer(
        ["contactId"],
        new SchemaIssue.InvalidValue({
          message: "give contactId, sourceId or both, so that LiveDesk can identify the sender"
        })
      )
      // Reported together with the other problems of the input.
      return Effect.matchEffect(decoded, {
        onFailure: (issue) => Effect.fail(new SchemaIssue.Composite(ast, [issue, sender])),
        onSuccess: () => Effect.fail(sender)
      })
    }
  }
)

/**
 * The schema of the input of `create`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category inputs
 * @since 0.1.0
 */
export const CreateConversation = CreateConversationFields.pipe(
  Schema.encodeKeys({ inboxId: "inbox_id", contactId: "contact_id", sourceId: "source_id" }),
  Schema.decodeTo(CreateConversationSender)
)

/**
 * The input of `toggleStatus`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/update-status
 * @category inputs
 * @since 0.1.0
 */
export const ToggleStatus = Schema.Struct({
  /** The id of the conversation. */
  conversationId: LiveDeskSchema.ConversationIdInput,
  /** The new state: one of `statuses`, which says which are documented, or any other by `Status.other`. */
  status: LiveDeskSchema.wordInput(statuses),
  /** When a snoozed conversation wakes, sent in whole seconds. Only used with `snoozed`; it has no end without it. */
  snoozedUntil: Schema.optional(LiveDeskSchema.SecondsFromDateTime)
}).pipe(Schema.encodeKeys({ conversationId: "conversation_id", snoozedUntil: "snoozed_until" }))
export interface ToggleStatus extends Schema.Schema.Type<typeof ToggleStatus> {}

// ---------------------------------------------------------------------------------------------------------------------
// endpoints
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Creates a conversation: `POST /api/v2/accounts/conversations`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category endpoints
 * @since 0.1.0
 */
export const createEndpoint = Endpoint.make({
  operation: "conversations.create",
  method: "POST",
  path: "/api/v2/accounts/conversations",
  input: CreateConversation,
  success: Conversation,
  idempotency: "none",
  verifyHint:
    "look at the contact in LiveDesk's console, or for a conversation_created event; no call reads conversations"
})

/**
 * Changes a conversation's state: `POST /api/v2/accounts/conversations/:conversation_id/toggle_status`. It is not
 * idempotent, so it is never retried: a move to `resolved` asks the customer for a rating.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/update-status
 * @category endpoints
 * @since 0.1.0
 */
export const toggleStatusEndpoint = Endpoint.make({
  operation: "conversations.toggleStatus",
  method: "POST",
  path: "/api/v2/accounts/conversations/:conversation_id/toggle_status",
  input: ToggleStatus,
  success: Model.inAnyEnvelope([["payload"], ["data"]], ToggledStatus),
  idempotency: "none",
  verifyHint:
    "look at the conversation in LiveDesk's console, or for a conversation_status_changed event; no call reads it"
})

/**
 * All endpoints of conversations, by method name. Import single endpoints, such as `createEndpoint`, to keep the others
 * out of a bundle.
 *
 * @category endpoints
 * @since 0.1.0
 */
export const endpoints = { create: createEndpoint, toggleStatus: toggleStatusEndpoint } as const

// ---------------------------------------------------------------------------------------------------------------------
// service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Creates the conversations of a project, and changes their state.
 *
 * @category services
 * @since 0.1.0
 */
export class Conversations extends Context.Service<Conversations, {
  /**
   * Creates a conversation between a contact and the project's agents.
   *
   * Fails as every `LiveDeskClient.Call` does. If the response cannot be read, the conversation exists. A
   * create that may have taken effect is never retried: check the error's `outcome` before you call again.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
   */
  readonly create: LiveDeskClient.Call<CreateConversation, Conversation>
  /**
   * Changes a conversation's state. Fails with `ValidationError`/`TransitionRejected` when LiveDesk refuses the move;
   * `transitions` lists the moves that the user guide allows.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/message/update-status
   */
  readonly toggleStatus: LiveDeskClient.Call<ToggleStatus, ToggledStatus>
}>()("@effect-livedesk/core/Conversations") {}

/**
 * Provides `Conversations` over a `LiveDeskClient`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Conversations, never, LiveDeskClient.LiveDeskClient> = Layer.effect(
  Conversations,
  Effect.map(LiveDeskClient.LiveDeskClient, (client) => {
    const toggle = client.call(toggleStatusEndpoint)
    return Conversations.of({
      create: client.call(createEndpoint),
      toggleStatus: (input, options) =>
        Effect.mapError(toggle(input, options), (error) => ErrorMapping.asTransition(error, input.status))
    })
  })
)
