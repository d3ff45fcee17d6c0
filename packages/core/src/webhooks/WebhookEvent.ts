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
import type * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import * as ErrorMapping from "../internal/ErrorMapping.ts"
import { isJsonObject } from "../internal/isJsonObject.ts"
import { printable } from "../internal/printable.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import type * as LiveDeskSchema from "../LiveDeskSchema.ts"
import * as Messages from "../Messages.ts"
import * as Model from "../Model.ts"
import * as ModelField from "../ModelField.ts"
import { type ChangedAttribute, changedAttributes } from "./ChangedAttribute.ts"
import {
  conversationFields,
  eventContactFields,
  messageFields,
  WebhookAccount,
  WebhookConversation,
  WebhookEventContact,
  WebhookMessage
} from "./WebhookConversation.ts"

// ---------------------------------------------------------------------------------------------------------------------
// events
// ---------------------------------------------------------------------------------------------------------------------

interface Received {
  /**
   * The whole payload as it came, with what the typed fields do not have; of a message's event, that is the message's own
   * JSON. Redacted, as it may hold customers' data and tokens.
   */
  readonly payload: Redacted.Redacted<LiveDeskSchema.Attributes>
}

/**
 * A conversation was created by an API call. This is the only event that LiveDesk documents.
 *
 * @see https://www.engagelab.com/docs/livedesk/console/channels/api/webhook-events
 * @category events
 * @since 0.1.0
 */
export interface ConversationCreated extends Received {
  readonly _tag: "ConversationCreated"
  readonly account: WebhookAccount
  readonly conversation: WebhookConversation
}

/** A conversation changed. One change may come as several events. */
interface ConversationChange<Tag> extends Received {
  readonly _tag: Tag
  readonly account: WebhookAccount
  readonly conversation: WebhookConversation
  /** The attributes that changed; `[]` when the event names none. */
  readonly changedAttributes: ReadonlyArray<ChangedAttribute>
}

/**
 * A conversation moved to another state. Unverified: Chatwoot's, which names no changed attributes here, and also sends
 * `ConversationUpdated`, which does.
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

interface MessageEvent<Tag> extends Received {
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

interface TypingEvent<Tag> extends Received {
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

interface ContactEvent<Tag> extends Received {
  readonly _tag: Tag
  readonly account: WebhookAccount
  readonly contact: WebhookEventContact
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
export interface Unknown extends Received {
  readonly _tag: "Unknown"
  /** The event's name on the wire, as it came; `nameOf` makes it printable. */
  readonly event: string
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
  readonly type: Schema.Codec<A & Received>
  /** The schema of the payload as documented, or as Chatwoot has it. */
  readonly documented: () => Schema.Codec<unknown>
  readonly read: (wire: unknown) => A | Model.DecodeFailure
  readonly write: (event: A) => LiveDeskSchema.Attributes
}

type FieldsOf<A> = Omit<A, "payload">

type Fields = { readonly [property: string]: Model.Field<unknown> }

const kind = <A extends Rest, Subject, Rest>(
  { fields, isOpen, join, name, rest, subject, subjectOf, type }: {
    readonly name: string
    readonly type: Schema.Codec<A & Received>
    /** All fields of the payload but `event`. */
    readonly fields: Fields
    readonly isOpen?: boolean
    readonly subject: Model.Model<Subject>
    readonly rest: Model.Model<Rest>
    readonly join: (subject: Subject, rest: Rest) => A
    readonly subjectOf: (event: A) => Subject
  }
): Kind<A> => ({
  name,
  type,
  documented: () => Model.record({ event: ModelField.openEnum([name], ""), ...fields }, { open: isOpen }).documented(),
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
  payload: Schema.toType(Schema.Redacted(ModelField.attributes.type)),
  account: account.type,
  conversation: conversation.type,
  changedAttributes: changedAttributes.type
}

const conversationCreated = kind<
  FieldsOf<ConversationCreated>,
  WebhookConversation,
  Pick<ConversationCreated, "account">
>({
  name: "conversation_created",
  type: Schema.TaggedStruct("ConversationCreated", {
    payload: types.payload,
    account: types.account,
    conversation: types.conversation
  }),
  fields: { account, ...conversationFields },
  subject: WebhookConversation,
  rest: Model.record({ account }),
  join: (conversation, { account }) => ({ _tag: "ConversationCreated", account, conversation }),
  subjectOf: ({ conversation }) => conversation
})

const conversationChange = <const Tag extends string>(name: string, tag: Tag) =>
  kind<
    FieldsOf<ConversationChange<Tag>>,
    WebhookConversation,
    Omit<ConversationChange<Tag>, "_tag" | "conversation" | "payload">
  >({
    name,
    type: Schema.TaggedStruct(tag, types),
    fields: { account, ...conversationFields, changedAttributes },
    subject: WebhookConversation,
    rest: Model.record({ account, changedAttributes }),
    join: (conversation, rest) => ({ _tag: tag, ...rest, conversation }),
    subjectOf: ({ conversation }) => conversation
  })

const messageEvent = <const Tag extends string>(name: string, tag: Tag) =>
  kind<FieldsOf<MessageEvent<Tag>>, WebhookMessage, Omit<MessageEvent<Tag>, "_tag" | "message" | "payload">>({
    name,
    type: Schema.TaggedStruct(tag, {
      payload: types.payload,
      account: types.account,
      message: Schema.toType(WebhookMessage),
      conversation: types.conversation
    }),
    fields: { account, conversation, ...messageFields },
    isOpen: true,
    subject: WebhookMessage,
    rest: Model.record({ account, conversation }),
    join: (message, { account, conversation }) => ({ _tag: tag, account, message, conversation }),
    subjectOf: ({ message }) => message
  })

const typingFields = { user: Model.nullable(Messages.Sender), isPrivate: ModelField.boolean }

const typingEvent = <const Tag extends string>(name: string, tag: Tag) =>
  kind<FieldsOf<TypingEvent<Tag>>, WebhookConversation, Omit<TypingEvent<Tag>, "_tag" | "conversation" | "payload">>({
    name,
    type: Schema.TaggedStruct(tag, {
      payload: types.payload,
      account: types.account,
      conversation: types.conversation,
      user: Schema.Option(Schema.toType(Messages.Sender)),
      isPrivate: Schema.Boolean
    }),
    // Chatwoot's has no account.
    fields: { account: { ...account, isDocumented: false }, conversation, ...typingFields },
    subject: Model.inEnvelope("conversation", WebhookConversation),
    rest: Model.record({ account, ...typingFields }),
    join: (conversation, rest) => ({ _tag: tag, ...rest, conversation }),
    subjectOf: ({ conversation }) => conversation
  })

const contactEvent = <const Tag extends string>(
  name: string,
  tag: Tag,
  changes: Model.Field<ReadonlyArray<ChangedAttribute>>
) =>
  kind<FieldsOf<ContactEvent<Tag>>, WebhookEventContact, Omit<ContactEvent<Tag>, "_tag" | "contact" | "payload">>({
    name,
    type: Schema.TaggedStruct(tag, {
      payload: types.payload,
      account: types.account,
      contact: Schema.toType(WebhookEventContact),
      changedAttributes: types.changedAttributes
    }),
    fields: { account, ...eventContactFields, changedAttributes: changes },
    subject: WebhookEventContact,
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
  ContactCreated: contactEvent("contact_created", "ContactCreated", { ...changedAttributes, isDocumented: false }),
  ContactUpdated: contactEvent("contact_updated", "ContactUpdated", changedAttributes)
} as const

type Known = Exclude<WebhookEvent, Unknown>

/** The typed fields of each event that has them. */
type KnownFields = { readonly [Tag in Known["_tag"]]: FieldsOf<Extract<Known, { readonly _tag: Tag }>> }[Known["_tag"]]

const byName = new Map<string, Pick<Kind<KnownFields>, "documented" | "read">>(
  Object.values(kinds).map((kind) => [kind.name, kind])
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
  const known = byName.get(event)?.read(wire)
  const payload = Redacted.make(wire, { label: "payload" })
  return known === undefined || known instanceof Model.DecodeFailure
    ? { _tag: "Unknown", event, payload }
    : { ...known, payload }
}

/**
 * Returns where a delivery's parsed JSON differs from what is expected: from the vendor's page in a
 * `conversation_created`, from Chatwoot in the other events, which is unverified. Nothing for none. The issues have no
 * values, but the names of unexpected keys. `Webhooks.layer` logs them, by its option `onDrift`.
 *
 * @category decoding
 * @since 0.1.0
 */
export const drift = (wire: unknown): ReadonlyArray<LiveDeskError.Issue> => {
  const event = read(wire)
  if (event instanceof Model.DecodeFailure) {
    return event.issues.map(({ expected, path }) => ({ path, message: `expected ${expected}` }))
  }
  const documented = byName.get(event._tag === "Unknown" ? event.event : nameOf(event))?.documented()
  if (documented === undefined) return [{ path: ["event"], message: "expected the name of a known event" }]
  const strict = SchemaParser.decodeUnknownResult(documented, { errors: "all", onExcessProperty: "error" })(wire)
  return Result.isSuccess(strict)
    ? []
    : ErrorMapping.issuesOf(strict.failure).map(({ message, path }) => ({ path: path.map(printable), message }))
}

/**
 * Makes an event of its typed fields, with the payload that LiveDesk would deliver, or Chatwoot if LiveDesk documents
 * nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (fields: KnownFields): WebhookEvent => ({
  ...fields,
  payload: Redacted.make(writeFields(fields), { label: "payload" })
})

const writeFields = (fields: KnownFields): LiveDeskSchema.Attributes => {
  switch (fields._tag) {
    case "ConversationCreated":
      return kinds.ConversationCreated.write(fields)
    case "ConversationStatusChanged":
      return kinds.ConversationStatusChanged.write(fields)
    case "ConversationUpdated":
      return kinds.ConversationUpdated.write(fields)
    case "MessageCreated":
      return kinds.MessageCreated.write(fields)
    case "MessageUpdated":
      return kinds.MessageUpdated.write(fields)
    case "ConversationTypingOn":
      return kinds.ConversationTypingOn.write(fields)
    case "ConversationTypingOff":
      return kinds.ConversationTypingOff.write(fields)
    case "ContactCreated":
      return kinds.ContactCreated.write(fields)
    case "ContactUpdated":
      return kinds.ContactUpdated.write(fields)
  }
}

/**
 * Writes an event as it came: its payload, which holds the secrets.
 *
 * @category encoding
 * @since 0.1.0
 */
export const write = (event: WebhookEvent): LiveDeskSchema.Attributes => Redacted.value(event.payload)

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
  Schema.TaggedStruct("Unknown", { event: Schema.String, payload: types.payload })
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
export const isOwnMessage = (event: WebhookEvent): boolean =>
  "message" in event
    ? event.message.private || event.message.messageType !== "incoming"
    : "isPrivate" in event && event.isPrivate

/**
 * The name of an event on the wire. An unknown one is made printable, for logs and terminals: on one line, without
 * control characters, of at most 100 characters.
 *
 * @category accessors
 * @since 0.1.0
 */
export const nameOf = (event: WebhookEvent): string =>
  event._tag === "Unknown" ? printable(event.event) : kinds[event._tag].name
