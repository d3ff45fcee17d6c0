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
  /** The contact who sends in this conversation. */
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
 * Who takes part in a conversation, and through what.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category models
 * @since 0.1.0
 */
export const ConversationMeta: Model.Model<ConversationMeta> = Model.record(conversationMetaFields)
export interface ConversationMeta extends Model.RecordOf<typeof conversationMetaFields> {}

const contentPreviewFields = {
  /** The text of the latest message; none when null. */
  content: ModelField.name,
  /** Its kind; none when null. What it is otherwise no page shows: Chatwoot has 0 to 3 or their names (unverified). */
  messageType: ModelField.nullableMessageType,
  /** When it was written; none when null. */
  createdAt: ModelField.nullableTimestamp
} as const

/**
 * The latest message in short.
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
 * The inbox that a conversation runs through.
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
  /** The contact's e-mail address; none when null or "". */
  contactEmail: ModelField.nullableString,
  /** The contact's phone number; none when null or "". */
  contactPhone: ModelField.nullableString,
  /** The contact's id; 0 when absent. */
  contactId: ModelField.id(LiveDeskSchema.ContactId),
  /** The link of the contact's avatar; none when "". */
  contactAvatar: ModelField.picture
} as const

/**
 * The contact in short. LiveDesk calls it the account, though it describes the contact.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category models
 * @since 0.1.0
 */
export const AccountInfo: Model.Model<AccountInfo> = Model.record(accountInfoFields)
export interface AccountInfo extends Model.RecordOf<typeof accountInfoFields> {}

const assignmentFields = {
  /** The assigned agent's id; none when null. */
  assigneeId: ModelField.nullableId(LiveDeskSchema.AgentId),
  /** The assigned agent's name; none when null. */
  assigneeName: ModelField.name,
  /** The assigned agent's e-mail address; none when null or "". */
  assigneeEmail: ModelField.nullableString,
  /** The assigned team's id; none when null. */
  teamId: ModelField.nullableId(LiveDeskSchema.TeamId),
  /** The assigned team's name; none when null. */
  teamName: ModelField.name
} as const

/**
 * Who works on a conversation.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category models
 * @since 0.1.0
 */
export const Assignment: Model.Model<Assignment> = Model.record(assignmentFields)
export interface Assignment extends Model.RecordOf<typeof assignmentFields> {}

/**
 * The states of a conversation. `open`, `resolved` and `pending` are on the vendor's pages; `snoozed` is implied
 * there; `closed` is unverified.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/update-status
 * @category models
 * @since 0.1.0
 */
export const statuses = ["open", "resolved", "pending", "snoozed", "closed"] as const

const conversationFields = {
  /** Who takes part, and through what. */
  meta: Model.nested(ConversationMeta),
  /** The conversation's id, which counts within one project; a response without one fails. */
  id: Model.required(ModelField.id(LiveDeskSchema.ConversationId)),
  /** The latest messages; `[]` when absent. What a message looks like here no page shows. */
  messages: ModelField.jsonObjects,
  /** The project's id; 0 when absent. */
  accountId: ModelField.id(LiveDeskSchema.AccountId),
  /** The conversation's UUID; "" when absent. */
  uuid: ModelField.string,
  /** The inbox's id; 0 when absent. */
  inboxId: ModelField.id(LiveDeskSchema.InboxId),
  /** Attributes that LiveDesk itself keeps; `{}` when absent. */
  additionalAttributes: ModelField.attributes,
  /** When an agent last looked; none when 0, which means never. */
  agentLastSeenAt: ModelField.timestampOrNever,
  /** When the assigned agent last looked; none when 0, which means never. */
  assigneeLastSeenAt: ModelField.timestampOrNever,
  /** Whether a reply can be sent; `false` when absent. */
  canReply: ModelField.boolean,
  /** When the contact last looked; none when 0, which means never. */
  contactLastSeenAt: ModelField.timestampOrNever,
  /** Attributes that the project defines; `{}` when absent. */
  customAttributes: ModelField.attributes,
  /** Labels; `[]` when absent. That they are texts is from Chatwoot (unverified). */
  labels: ModelField.strings,
  /** Whether the conversation is muted; `false` when absent. */
  muted: ModelField.boolean,
  /** When a snoozed conversation wakes; none when null. Seconds or ISO 8601 text on the wire (unverified). */
  snoozedUntil: ModelField.nullableTimestamp,
  /** The state; a response without one fails. A state that is not in `statuses` is kept as it came. */
  status: Model.required(ModelField.openEnum(statuses, "open")),
  /** The urgency; none when null. The words are Chatwoot's (unverified). */
  priority: ModelField.nullableOpenEnum(["low", "medium", "high", "urgent"]),
  /** The kind of conversation; "" when absent. `chat` is the only one that a page shows. */
  conversationCategory: ModelField.openEnum(["chat"], ""),
  /** The kind of chat; "" when absent. `private_chat` is the only one that a page shows. */
  chatMode: ModelField.openEnum(["private_chat"], ""),
  /** Whether it belongs to a forum; `false` when absent. */
  isForum: ModelField.boolean,
  /** When it was created, in seconds on the wire; 1970-01-01T00:00Z when absent. */
  createdAt: ModelField.timestamp,
  /** When it last changed, in seconds with a fraction on the wire; 1970-01-01T00:00Z when absent. */
  updatedAt: ModelField.preciseTimestamp,
  /** In the sample the same as `lastActivityAt`; 1970-01-01T00:00Z when absent. */
  timestamp: ModelField.timestamp,
  /** When an agent first replied; none when 0, which means not yet. */
  firstReplyCreatedAt: ModelField.timestampOrNever,
  /** How many messages are unread; 0 when absent. */
  unreadCount: ModelField.count,
  /** The latest message that is no notice of an event; none when null. What it looks like no page shows. */
  lastNonActivityMessage: ModelField.nullableJsonObject,
  /** When anything last happened; 1970-01-01T00:00Z when absent. */
  lastActivityAt: ModelField.timestamp,
  /** Since when the contact waits for a reply; none when 0 (unverified). */
  waitingSince: ModelField.timestampOrNever,
  /** The id of the service level policy; none when null. That it is a number is from Chatwoot (unverified). */
  slaPolicyId: ModelField.nullableNatural,
  /** The id of the ticket; none when null. That it is text, as on the ticket pages, is unverified. */
  ticketId: ModelField.nullableOpaqueId(LiveDeskSchema.TicketId),
  /** Whether a limit of the project's plan is passed; `false` when absent. */
  overLimit: ModelField.boolean,
  /** The latest message in short. */
  contentPreview: Model.nested(ContentPreview),
  /** The inbox. */
  platform: Model.nested(Platform),
  /** The contact in short. */
  accountInfo: Model.nested(AccountInfo),
  /** Who works on it. */
  assignment: Model.nested(Assignment)
} as const

/**
 * A conversation, as `create` returns it: without an envelope.
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
 * A state of a conversation for an input, which takes the known ones alone: `other` is for one that LiveDesk has and this
 * library does not know, `fromOutput` for the state of a conversation, which may be any.
 *
 * @category inputs
 * @since 0.1.0
 */
export const Status = {
  other: LiveDeskSchema.other,
  fromOutput: (status: Status): typeof statuses[number] | LiveDeskSchema.OtherWord => LiveDeskSchema.other(status)
}

/**
 * Which states a state can move to, as the user guide has it. The matrix that the server goes by could not be seen, so
 * the client refuses no move; that the guide's *AI-Replying* is `pending` is an inference.
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
  /** Whether it worked; none when null or absent. Unverified. */
  success: Model.some(ModelField.boolean),
  /** The conversation's id; 0 when absent. Unverified. */
  conversationId: ModelField.id(LiveDeskSchema.ConversationId),
  /** The state after the move; a response without one fails. */
  currentStatus: Model.required(ModelField.openEnum(statuses, "open")),
  /** When a snoozed conversation wakes; none when null. Unverified. */
  snoozedUntil: ModelField.nullableTimestamp
} as const

/**
 * The response to `toggleStatus`. The vendor's sample could not be read: the fields are Chatwoot's, unverified.
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
  /** The inbox to talk through: the id that the contact was created with. Sent as a number. */
  inboxId: LiveDeskSchema.InboxIdInput,
  /** The sender, by the id of the contact. Sent as a number. */
  contactId: Schema.optional(LiveDeskSchema.ContactIdInput),
  /** The sender, by the name under which the inbox knows the contact: `contactInbox.sourceId` of `contacts.create`. */
  sourceId: Schema.optional(LiveDeskSchema.SourceIdInput)
})

/**
 * The input of `create`: the inbox, and the sender by `contactId`, by `sourceId` or by both. What LiveDesk does with
 * one, the other or both beyond finding the sender, no page says.
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
  ([fields]) => (input, ast, options) => {
    const namesNoSender = Predicate.isObject(input) && !("contactId" in input && input.contactId !== undefined) &&
      !("sourceId" in input && input.sourceId !== undefined)
    const decoded = SchemaParser.decodeUnknownEffect(fields)(input, options)
    if (!namesNoSender) {
      // One of the two is there, and `fields` has read it: TypeScript cannot join the two facts.
      return decoded as Effect.Effect<CreateConversation, SchemaIssue.Issue>
    }
    const sender = new SchemaIssue.Pointer(
      ["contactId"],
      new SchemaIssue.InvalidValue({
        message: "give contactId, sourceId or both, so that LiveDesk can identify the sender"
      })
    )
    // Beside the other faults, so that the error names all of them at once.
    return Effect.matchEffect(decoded, {
      onFailure: (issue) => Effect.fail(new SchemaIssue.Composite(ast, [issue, sender])),
      onSuccess: () => Effect.fail(sender)
    })
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
  /** The conversation to move. */
  conversationId: LiveDeskSchema.ConversationIdInput,
  /** The state to move to. `open`, `resolved` and `pending` are on the page; `snoozed` is implied, `closed` unverified;
   * any other by `Status.other`. */
  status: LiveDeskSchema.wordInput(statuses),
  /** When a snoozed conversation wakes, sent in whole seconds; heeded with `snoozed` only, which without it has no end. */
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
 * Moves a conversation: `POST /api/v2/accounts/conversations/:conversation_id/toggle_status`. It is not idempotent, so it
 * is never retried: a move to `resolved` asks the customer for a rating.
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
 * The endpoints by the names of their calls. A bundle that names it holds all of them; `createEndpoint` and the others are each
 * by itself.
 *
 * @category endpoints
 * @since 0.1.0
 */
export const endpoints = { create: createEndpoint, toggleStatus: toggleStatusEndpoint } as const

// ---------------------------------------------------------------------------------------------------------------------
// service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The conversations of a project.
 *
 * @category services
 * @since 0.1.0
 */
export class Conversations extends Context.Service<Conversations, {
  /**
   * Creates a conversation between a contact and the project's agents.
   *
   * Fails with `ValidationError` for an input that is refused here (nothing was sent) or by LiveDesk, and for a
   * response that cannot be read (the conversation exists then); with `AuthError` for credentials; with `HttpError` for
   * all that lies between. Nothing is sent twice: look at the error's `outcome` before calling again.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
   */
  readonly create: LiveDeskClient.Call<CreateConversation, Conversation>
  /**
   * Moves a conversation to another state. A move that LiveDesk refuses fails with
   * `ValidationError`/`TransitionRejected`; `transitions` has the moves that the user guide allows.
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
