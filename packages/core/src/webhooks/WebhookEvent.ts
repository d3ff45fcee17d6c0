/**
 * The events that LiveDesk sends to the webhook of an API inbox.
 *
 * The vendor documents `conversation_created` alone. Every other event here is Chatwoot's and unverified: LiveDesk may
 * send it in another shape, or never. A missing or garbled field takes the default in its comment. An event whose
 * conversation, message or contact is missing is `Unknown`, so no delivery is lost.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import { isJsonObject } from "../internal/isJsonObject.ts"
import type * as LiveDeskSchema from "../LiveDeskSchema.ts"
import * as Messages from "../Messages.ts"
import * as Model from "../Model.ts"
import * as ModelField from "../ModelField.ts"
import {
  contactFields,
  conversationFields,
  WebhookAccount,
  WebhookContact,
  WebhookConversation,
  WebhookMessage
} from "./WebhookConversation.ts"

// ---------------------------------------------------------------------------------------------------------------------
// changes
// ---------------------------------------------------------------------------------------------------------------------

/**
 * One attribute that changed. Unverified: Chatwoot's.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChangedAttribute {
  /** Its name on the wire, such as `status` or `assignee_id`. */
  readonly attribute: string
  /** The value before the change; null when the event does not have it. */
  readonly previous: unknown
  /** The value now; null when the event does not have it. */
  readonly current: unknown
}

/** `[{ [attribute]: { previous_value, current_value } }, …]`, or null. */
const changedAttributes: Model.Field<ReadonlyArray<ChangedAttribute>> = {
  type: Schema.Array(Schema.Struct({ attribute: Schema.String, previous: Schema.Unknown, current: Schema.Unknown })),
  documented: () => Schema.Unknown,
  isDocumented: false,
  fallback: Option.some([]),
  read: (wire) =>
    (Array.isArray(wire) ? wire : [wire]).filter(isJsonObject).flatMap((changes) =>
      Object.entries(changes).map(([attribute, change]) => ({
        attribute,
        previous: isJsonObject(change) ? change["previous_value"] ?? null : null,
        current: isJsonObject(change) ? change["current_value"] ?? null : null
      }))
    ),
  write: (changes) =>
    changes.map(({ attribute, current, previous }) =>
      Object.fromEntries([[attribute, { previous_value: previous, current_value: current }]])
    )
}

// ---------------------------------------------------------------------------------------------------------------------
// events
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A conversation was created by an API call. This is the only event that LiveDesk documents.
 *
 * @see https://www.engagelab.com/docs/livedesk/console/channels/api/webhook-events
 * @category events
 * @since 0.1.0
 */
export interface ConversationCreated {
  readonly _tag: "ConversationCreated"
  readonly account: WebhookAccount
  readonly conversation: WebhookConversation
}

/** A conversation changed. One change may come as several events. */
interface ConversationChange<Tag> {
  readonly _tag: Tag
  readonly account: WebhookAccount
  readonly conversation: WebhookConversation
  /** The attributes that changed; `[]` when the event names none. */
  readonly changedAttributes: ReadonlyArray<ChangedAttribute>
}

/**
 * A conversation moved to another state. Unverified: Chatwoot's, which also sends `ConversationUpdated` for it.
 *
 * @category events
 * @since 0.1.0
 */
export interface ConversationStatusChanged extends ConversationChange<"ConversationStatusChanged"> {}

/**
 * A conversation changed, such as its state, agent or labels. Unverified: Chatwoot's.
 *
 * @category events
 * @since 0.1.0
 */
export interface ConversationUpdated extends ConversationChange<"ConversationUpdated"> {}

interface MessageEvent<Tag> {
  readonly _tag: Tag
  readonly account: WebhookAccount
  readonly message: WebhookMessage
  readonly conversation: WebhookConversation
}

/**
 * A message was written by the customer, an agent, a bot or the program itself. Unverified: Chatwoot's.
 *
 * @category events
 * @since 0.1.0
 */
export interface MessageCreated extends MessageEvent<"MessageCreated"> {}

/**
 * A message changed, for example because it was delivered or read. Unverified: Chatwoot's.
 *
 * @category events
 * @since 0.1.0
 */
export interface MessageUpdated extends MessageEvent<"MessageUpdated"> {}

interface TypingEvent<Tag> {
  readonly _tag: Tag
  readonly account: WebhookAccount
  readonly conversation: WebhookConversation
  /** The contact or agent who types; none when the event names neither. */
  readonly user: Option.Option<Messages.Sender>
  /** Whether a private note is being typed. */
  readonly isPrivate: boolean
}

/**
 * A contact or an agent began to type. Unverified: Chatwoot's.
 *
 * @category events
 * @since 0.1.0
 */
export interface ConversationTypingOn extends TypingEvent<"ConversationTypingOn"> {}

/**
 * A contact or an agent stopped typing. Unverified: Chatwoot's.
 *
 * @category events
 * @since 0.1.0
 */
export interface ConversationTypingOff extends TypingEvent<"ConversationTypingOff"> {}

interface ContactEvent<Tag> {
  readonly _tag: Tag
  readonly account: WebhookAccount
  readonly contact: WebhookContact
  /** The attributes that changed; `[]` when the event names none. */
  readonly changedAttributes: ReadonlyArray<ChangedAttribute>
}

/**
 * A contact was created. Unverified: Chatwoot's, which does not send it to the webhook of an inbox.
 *
 * @category events
 * @since 0.1.0
 */
export interface ContactCreated extends ContactEvent<"ContactCreated"> {}

/**
 * A contact changed. Unverified: Chatwoot's, which does not send it to the webhook of an inbox.
 *
 * @category events
 * @since 0.1.0
 */
export interface ContactUpdated extends ContactEvent<"ContactUpdated"> {}

/**
 * Any other event, or one of the above whose conversation, message or contact is missing.
 *
 * @category events
 * @since 0.1.0
 */
export interface Unknown {
  readonly _tag: "Unknown"
  /** The event's name on the wire. */
  readonly event: string
  /** The whole payload; redacted, as it may hold customers' data and tokens. */
  readonly payload: Redacted.Redacted<LiveDeskSchema.Attributes>
}

/**
 * An event that LiveDesk sends; `_tag` names its kind.
 *
 * @category events
 * @since 0.1.0
 */
export type WebhookEvent =
  | ConversationCreated
  | ConversationStatusChanged
  | ConversationUpdated
  | MessageCreated
  | MessageUpdated
  | ConversationTypingOn
  | ConversationTypingOff
  | ContactCreated
  | ContactUpdated
  | Unknown

// ---------------------------------------------------------------------------------------------------------------------
// reading and writing
// ---------------------------------------------------------------------------------------------------------------------

/** Reads and writes one kind of event, whose subject and other fields share one object on the wire. */
interface Kind<A> {
  readonly name: string
  readonly type: Schema.Codec<A>
  readonly read: (wire: unknown) => A | Model.DecodeFailure
  readonly write: (event: A) => LiveDeskSchema.Attributes
}

const kind = <A extends Rest, Subject, Rest>({ join, name, rest, subject, subjectOf, type }: {
  readonly name: string
  readonly type: Schema.Codec<A>
  readonly subject: Model.Model<Subject>
  readonly rest: Model.Model<Rest>
  readonly join: (subject: Subject, rest: Rest) => A
  readonly subjectOf: (event: A) => Subject
}): Kind<A> => ({
  name,
  type,
  read: (wire) => {
    const main = subject.read(wire)
    if (main instanceof Model.DecodeFailure) return main
    const others = rest.read(wire)
    return others instanceof Model.DecodeFailure ? others : join(main, others)
  },
  write: (event) => ({ event: name, ...objectOf(rest.write(event)), ...objectOf(subject.write(subjectOf(event))) })
})

const objectOf = (wire: unknown): LiveDeskSchema.Attributes => isJsonObject(wire) ? wire : {}

const account = Model.nested(WebhookAccount)
const conversation = Model.nested(WebhookConversation)
const types = {
  account: account.type,
  conversation: conversation.type,
  changedAttributes: changedAttributes.type
}

const conversationCreated = kind<ConversationCreated, WebhookConversation, Pick<ConversationCreated, "account">>({
  name: "conversation_created",
  type: Schema.TaggedStruct("ConversationCreated", { account: types.account, conversation: types.conversation }),
  subject: WebhookConversation,
  rest: Model.record({ account }),
  join: (conversation, { account }) => ({ _tag: "ConversationCreated", account, conversation }),
  subjectOf: ({ conversation }) => conversation
})

const conversationChange = <const Tag extends string>(name: string, tag: Tag) =>
  kind<ConversationChange<Tag>, WebhookConversation, Omit<ConversationChange<Tag>, "_tag" | "conversation">>({
    name,
    type: Schema.TaggedStruct(tag, types),
    subject: WebhookConversation,
    rest: Model.record({ account, changedAttributes }),
    join: (conversation, rest) => ({ _tag: tag, ...rest, conversation }),
    subjectOf: ({ conversation }) => conversation
  })

const messageEvent = <const Tag extends string>(name: string, tag: Tag) =>
  kind<MessageEvent<Tag>, WebhookMessage, Omit<MessageEvent<Tag>, "_tag" | "message">>({
    name,
    type: Schema.TaggedStruct(tag, {
      account: types.account,
      message: Schema.toType(WebhookMessage),
      conversation: types.conversation
    }),
    subject: WebhookMessage,
    rest: Model.record({ account, conversation }),
    join: (message, { account, conversation }) => ({ _tag: tag, account, message, conversation }),
    subjectOf: ({ message }) => message
  })

const typingEvent = <const Tag extends string>(name: string, tag: Tag) =>
  kind<TypingEvent<Tag>, WebhookConversation, Omit<TypingEvent<Tag>, "_tag" | "conversation">>({
    name,
    type: Schema.TaggedStruct(tag, {
      account: types.account,
      conversation: types.conversation,
      user: Schema.Option(Schema.toType(Messages.Sender)),
      isPrivate: Schema.Boolean
    }),
    subject: Model.inEnvelope("conversation", WebhookConversation),
    rest: Model.record({ account, user: Model.nullable(Messages.Sender), isPrivate: ModelField.boolean }),
    join: (conversation, rest) => ({ _tag: tag, ...rest, conversation }),
    subjectOf: ({ conversation }) => conversation
  })

const contactEvent = <const Tag extends string>(name: string, tag: Tag) =>
  kind<ContactEvent<Tag>, WebhookContact, Omit<ContactEvent<Tag>, "_tag" | "contact">>({
    name,
    type: Schema.TaggedStruct(tag, {
      account: types.account,
      contact: Schema.toType(WebhookContact),
      changedAttributes: types.changedAttributes
    }),
    subject: Model.record({ ...contactFields, id: Model.required(contactFields.id) }),
    rest: Model.record({ account, changedAttributes }),
    join: (contact, rest) => ({ _tag: tag, ...rest, contact }),
    subjectOf: ({ contact }) => contact
  })

const kinds = {
  ConversationCreated: conversationCreated,
  ConversationStatusChanged: conversationChange("conversation_status_changed", "ConversationStatusChanged"),
  ConversationUpdated: conversationChange("conversation_updated", "ConversationUpdated"),
  MessageCreated: messageEvent("message_created", "MessageCreated"),
  MessageUpdated: messageEvent("message_updated", "MessageUpdated"),
  ConversationTypingOn: typingEvent("conversation_typing_on", "ConversationTypingOn"),
  ConversationTypingOff: typingEvent("conversation_typing_off", "ConversationTypingOff"),
  ContactCreated: contactEvent("contact_created", "ContactCreated"),
  ContactUpdated: contactEvent("contact_updated", "ContactUpdated")
} as const

const byName = new Map<string, Kind<WebhookEvent>["read"]>(
  Object.values(kinds).map(({ name, read }) => [name, read])
)

/**
 * Reads an event from the parsed JSON of a delivery. Returns `DecodeFailure` only if it is no object with a text
 * `event`.
 *
 * @category decoding
 * @since 0.1.0
 */
export const read = (wire: unknown): WebhookEvent | Model.DecodeFailure => {
  if (!isJsonObject(wire)) return Model.DecodeFailure.expected("an object")
  const { event } = wire
  if (typeof event !== "string" || event === "") return Model.DecodeFailure.expected("text").under("event")
  const known = byName.get(event)?.(wire)
  return known === undefined || known instanceof Model.DecodeFailure
    ? { _tag: "Unknown", event, payload: Redacted.make(wire, { label: "payload" }) }
    : known
}

/**
 * Writes an event as LiveDesk would deliver it, or Chatwoot if LiveDesk documents nothing. The result holds the
 * secrets.
 *
 * @category encoding
 * @since 0.1.0
 */
export const write = (event: WebhookEvent): LiveDeskSchema.Attributes => {
  switch (event._tag) {
    case "ConversationCreated":
      return kinds.ConversationCreated.write(event)
    case "ConversationStatusChanged":
      return kinds.ConversationStatusChanged.write(event)
    case "ConversationUpdated":
      return kinds.ConversationUpdated.write(event)
    case "MessageCreated":
      return kinds.MessageCreated.write(event)
    case "MessageUpdated":
      return kinds.MessageUpdated.write(event)
    case "ConversationTypingOn":
      return kinds.ConversationTypingOn.write(event)
    case "ConversationTypingOff":
      return kinds.ConversationTypingOff.write(event)
    case "ContactCreated":
      return kinds.ContactCreated.write(event)
    case "ContactUpdated":
      return kinds.ContactUpdated.write(event)
    case "Unknown":
      return Redacted.value(event.payload)
  }
}

const type: Schema.Codec<WebhookEvent> = Schema.Union([
  kinds.ConversationCreated.type,
  kinds.ConversationStatusChanged.type,
  kinds.ConversationUpdated.type,
  kinds.MessageCreated.type,
  kinds.MessageUpdated.type,
  kinds.ConversationTypingOn.type,
  kinds.ConversationTypingOff.type,
  kinds.ContactCreated.type,
  kinds.ContactUpdated.type,
  Schema.TaggedStruct("Unknown", {
    event: Schema.String,
    payload: Schema.toType(Schema.Redacted(ModelField.attributes.type))
  })
])

/**
 * The codec between an event and its parsed JSON, which holds the secrets.
 *
 * @category codecs
 * @since 0.1.0
 */
export const WebhookEvent: Schema.Codec<WebhookEvent, unknown> = Schema.Unknown.pipe(Schema.decodeTo(type, {
  decode: SchemaGetter.transformEffect((wire) => {
    const event = read(wire)
    return event instanceof Model.DecodeFailure
      ? Effect.fail(new SchemaIssue.InvalidValue({ message: "expected an object with a text `event`" }))
      : Effect.succeed(event)
  }),
  encode: SchemaGetter.transform((event: WebhookEvent): unknown => write(event))
}))

/**
 * The payload of `conversation_created` on the wire. Its `documented` schema rejects what differs from the vendor's
 * page.
 *
 * @see https://www.engagelab.com/docs/livedesk/console/channels/api/webhook-events
 * @category codecs
 * @since 0.1.0
 */
export const ConversationCreatedPayload = Model.record({
  event: ModelField.openEnum(["conversation_created"], ""),
  account,
  ...conversationFields
})

// ---------------------------------------------------------------------------------------------------------------------
// guards and accessors
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Whether an event is about a private note, or about a message of an agent, a template or the program itself. Chatwoot
 * delivers them like any other. A message whose direction is missing or unknown counts too: it may be the program's.
 *
 * @category guards
 * @since 0.1.0
 */
export const isOwnMessage = (event: WebhookEvent): boolean => {
  switch (event._tag) {
    case "MessageCreated":
    case "MessageUpdated":
      return event.message.private || event.message.messageType !== "incoming"
    case "ConversationTypingOn":
    case "ConversationTypingOff":
      return event.isPrivate
    case "ConversationCreated":
    case "ConversationStatusChanged":
    case "ConversationUpdated":
    case "ContactCreated":
    case "ContactUpdated":
    case "Unknown":
      return false
  }
}

/**
 * The name of an event on the wire.
 *
 * @category accessors
 * @since 0.1.0
 */
export const nameOf = (event: WebhookEvent): string => event._tag === "Unknown" ? event.event : kinds[event._tag].name
