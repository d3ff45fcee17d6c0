/**
 * The vocabulary of LiveDesk's records: ids, timestamps, texts, open enums and attributes, each with what it decodes
 * from, what it is when LiveDesk leaves it out, and what it is written as.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import type { Field } from "./Model.ts"
import { DecodeFailure } from "./Model.ts"

// ---------------------------------------------------------------------------------------------------------------------
// ids
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The id of a contact: a whole number, `2219259` in the vendor's sample.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category ids
 * @since 0.1.0
 */
export const ContactId = Schema.Natural.pipe(Schema.brand("ContactId"))
/**
 * @category ids
 * @since 0.1.0
 */
export type ContactId = typeof ContactId.Type

/**
 * The id of an inbox. The console calls it *Channel ID*: Project settings - Channels - the inbox - Settings.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category ids
 * @since 0.1.0
 */
export const InboxId = Schema.Natural.pipe(Schema.brand("InboxId"))
/**
 * @category ids
 * @since 0.1.0
 */
export type InboxId = typeof InboxId.Type

/**
 * The id of a conversation: a small whole number that counts within one project, `40` in the vendor's sample.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category ids
 * @since 0.1.0
 */
export const ConversationId = Schema.Natural.pipe(Schema.brand("ConversationId"))
/**
 * @category ids
 * @since 0.1.0
 */
export type ConversationId = typeof ConversationId.Type

/**
 * The id of a project, `17623000010928` in the vendor's sample: beyond 32 bits, within a safe integer.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category ids
 * @since 0.1.0
 */
export const AccountId = Schema.Natural.pipe(Schema.brand("AccountId"))
/**
 * @category ids
 * @since 0.1.0
 */
export type AccountId = typeof AccountId.Type

/**
 * The id of a human agent or a bot that a conversation is assigned to. The vendor's sample shows only null; that it
 * is a whole number is inherited from Chatwoot and unverified.
 *
 * @category ids
 * @since 0.1.0
 */
export const AgentId = Schema.Natural.pipe(Schema.brand("AgentId"))
/**
 * @category ids
 * @since 0.1.0
 */
export type AgentId = typeof AgentId.Type

/**
 * The id of a team. The vendor's sample shows only null; that it is a whole number is inherited from Chatwoot and
 * unverified.
 *
 * @category ids
 * @since 0.1.0
 */
export const TeamId = Schema.Natural.pipe(Schema.brand("TeamId"))
/**
 * @category ids
 * @since 0.1.0
 */
export type TeamId = typeof TeamId.Type

/**
 * The name under which one inbox knows one contact. LiveDesk generates a UUID for API inboxes.
 *
 * @see https://www.engagelab.com/docs/livedesk/console/channels/api/webhook-events
 * @category ids
 * @since 0.1.0
 */
export const SourceId = Schema.String.pipe(Schema.brand("SourceId"))
/**
 * @category ids
 * @since 0.1.0
 */
export type SourceId = typeof SourceId.Type

/**
 * The id of a message: a whole number, `3030` on the vendor's page.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/send-message
 * @category ids
 * @since 0.1.0
 */
export const MessageId = Schema.Natural.pipe(Schema.brand("MessageId"))
/**
 * @category ids
 * @since 0.1.0
 */
export type MessageId = typeof MessageId.Type

/**
 * The id of a ticket: an opaque string, `tk_20251104_789abc` on the vendor's ticket pages.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/get-tickets
 * @category ids
 * @since 0.1.0
 */
export const TicketId = Schema.String.pipe(Schema.brand("TicketId"))
/**
 * @category ids
 * @since 0.1.0
 */
export type TicketId = typeof TicketId.Type

/**
 * An id in an input: a whole number above 0, branded or plain. 0 is refused because it stands for an id that a response
 * left out.
 *
 * @category inputs
 * @since 0.1.0
 */
export const IdInput = Schema.Int.check(Schema.isGreaterThan(0, { expected: "an id: a whole number above 0" }))

// ---------------------------------------------------------------------------------------------------------------------
// reading single values
// ---------------------------------------------------------------------------------------------------------------------

const digits = /^[0-9]+$/

const readNatural = (wire: unknown): number | undefined => {
  const value = typeof wire === "string" && digits.test(wire) ? Number(wire) : wire
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

const iso = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/i

// Past this many seconds (the year 5138) a number is far likelier milliseconds; guessing which would be a silent lie.
const secondsLimit = 1e11

const readSeconds = (wire: unknown): DateTime.Utc | undefined => {
  const seconds = secondsIn(wire)
  // What lies outside could be written, but not read again.
  if (seconds === undefined || !(seconds >= 0 && seconds < secondsLimit)) return undefined
  const millis = Math.round(seconds * 1000)
  // The product may miss a whole millisecond by a hair, and would be shown as the one before; division is as it is
  // written.
  return millis / 1000 === seconds * 1000 / 1000 ? DateTime.makeUnsafe(millis) : DateTime.fromEpochSeconds(seconds)
}

const secondsIn = (wire: unknown): number | undefined => {
  if (typeof wire === "number") return wire
  if (typeof wire !== "string") return undefined
  if (/^[0-9]+(\.[0-9]+)?$/.test(wire)) return Number(wire)
  const match = iso.exec(wire)
  // A time without an offset would be read in this machine's time zone.
  return match === null ? undefined : Date.parse(match[1] === undefined && wire.length > 10 ? `${wire}Z` : wire) / 1000
}

/** A time that is none when it is 0, however that is spelled. */
const readSecondsOrNever = (wire: unknown): DateTime.Utc | undefined => {
  const value = readSeconds(wire)
  return value === undefined || DateTime.toEpochMillis(value) === 0 ? undefined : value
}

const writeSeconds = (value: DateTime.Utc): number => DateTime.toEpochMillis(value) / 1000

const isJsonObject = (wire: unknown): wire is Attributes =>
  typeof wire === "object" && wire !== null && !Array.isArray(wire)

const field = <A>(parts: {
  readonly type: Schema.Codec<A>
  readonly documented: () => Schema.Codec<unknown>
  readonly expected: string
  readonly fallback: A
  /** `undefined` for what cannot be read. */
  readonly read: (wire: unknown) => A | undefined
  readonly write?: (value: A) => unknown
}): Field<A> => {
  const unreadable = DecodeFailure.expected(parts.expected)
  return {
    type: parts.type,
    documented: parts.documented,
    isDocumented: true,
    fallback: Option.some(parts.fallback),
    read: (wire) => parts.read(wire) ?? unreadable,
    write: parts.write ?? ((value) => value)
  }
}

const nullableField = <A>(parts: {
  readonly type: Schema.Codec<A>
  readonly documented: () => Schema.Codec<unknown>
  readonly expected: string
  /** What LiveDesk sends for none. */
  readonly none: null | 0 | ""
  /** What else means none; null and a missing key always do. */
  readonly isNone?: (wire: unknown) => boolean
  readonly read: (wire: unknown) => A | undefined
  readonly write?: (value: A) => unknown
}): Field<Option.Option<A>> =>
  field({
    type: Schema.Option(parts.type),
    documented: parts.documented,
    expected: parts.expected,
    fallback: Option.none(),
    read: (wire) => {
      if (wire === null || wire === undefined || parts.isNone?.(wire) === true) return Option.none()
      const value = parts.read(wire)
      return value === undefined ? undefined : Option.some(value)
    },
    write: Option.match({ onNone: () => parts.none, onSome: parts.write ?? ((value) => value) })
  })

// ---------------------------------------------------------------------------------------------------------------------
// fields
// ---------------------------------------------------------------------------------------------------------------------

/**
 * An id. Reads a whole number or its digits as text; absent, it is 0.
 *
 * @category fields
 * @since 0.1.0
 */
export const id = <A extends number>(type: Schema.Codec<A, number>): Field<A> =>
  field<A>({
    type: Schema.toType(type),
    documented: () => Schema.Natural,
    expected: "an id: a whole number, or its digits as text",
    // `readNatural` checks all that the brand stands for; `make` would check it again on every read.
    fallback: 0 as A,
    read: (wire) => readNatural(wire) as A | undefined
  })

/**
 * An id, or null for none.
 *
 * @category fields
 * @since 0.1.0
 */
export const nullableId = <A extends number>(type: Schema.Codec<A, number>): Field<Option.Option<A>> =>
  nullableField<A>({
    type: Schema.toType(type),
    documented: () => Schema.NullOr(Schema.Natural),
    expected: "an id: a whole number, or its digits as text",
    none: null,
    isNone: (wire) => wire === "",
    // As in `id`.
    read: (wire) => readNatural(wire) as A | undefined
  })

/**
 * An id that is text and opaque, or null for none. Reads a number as its digits.
 *
 * @category fields
 * @since 0.1.0
 */
export const nullableOpaqueId = <A extends string>(type: Schema.Codec<A, string>): Field<Option.Option<A>> =>
  nullableField<A>({
    type: Schema.toType(type),
    documented: () => Schema.NullOr(Schema.String),
    expected: "text",
    none: null,
    isNone: (wire) => wire === "",
    // The brand stands for nothing but "a string".
    read: (wire) => typeof wire === "string" ? wire as A : Number.isSafeInteger(wire) ? String(wire) as A : undefined
  })

/**
 * A whole number whose meaning no page shows, or null for none.
 *
 * @category fields
 * @since 0.1.0
 */
export const nullableNatural: Field<Option.Option<number>> = nullableId(Schema.Natural)

/**
 * A count. Reads a whole number or its digits as text; absent, it is 0.
 *
 * @category fields
 * @since 0.1.0
 */
export const count: Field<number> = field({
  type: Schema.Natural,
  documented: () => Schema.Natural,
  expected: "a whole number",
  fallback: 0,
  read: readNatural
})

/**
 * The number of a page, which the vendor's pages show as text and as a number; otherwise as `count`.
 *
 * @category fields
 * @since 0.1.0
 */
export const pageNumber: Field<number> = field({
  type: Schema.Natural,
  documented: () => Schema.Union([Schema.Natural, Schema.String.check(Schema.isPattern(digits))]),
  expected: "a whole number",
  fallback: 0,
  read: readNatural
})

/**
 * A flag. Reads a boolean, or "true" and "false" as text; absent, it is `false`.
 *
 * @category fields
 * @since 0.1.0
 */
export const boolean: Field<boolean> = field({
  type: Schema.Boolean,
  documented: () => Schema.Boolean,
  expected: "true or false",
  fallback: false,
  read: (wire) => typeof wire === "boolean" ? wire : wire === "true" ? true : wire === "false" ? false : undefined
})

/**
 * A text; absent, it is "".
 *
 * @category fields
 * @since 0.1.0
 */
export const string: Field<string> = field({
  type: Schema.String,
  documented: () => Schema.String,
  expected: "text",
  fallback: "",
  read: (wire) => typeof wire === "string" ? wire : undefined
})

/**
 * A text, or null for none; "" is none, too.
 *
 * @category fields
 * @since 0.1.0
 */
export const nullableString: Field<Option.Option<string>> = nullableField({
  type: Schema.String,
  documented: () => Schema.NullOr(Schema.String),
  expected: "text or null",
  none: null,
  isNone: (wire) => wire === "",
  read: (wire) => typeof wire === "string" ? wire : undefined
})

/**
 * A name: text that may be empty, or null for none.
 *
 * @category fields
 * @since 0.1.0
 */
export const name: Field<Option.Option<string>> = nullableField({
  type: Schema.String,
  documented: () => Schema.NullOr(Schema.String),
  expected: "text or null",
  none: null,
  read: (wire) => typeof wire === "string" ? wire : undefined
})

/**
 * An id that is text and opaque; absent, it is "".
 *
 * @category fields
 * @since 0.1.0
 */
export const opaqueId = <A extends string>(type: Schema.Codec<A, string>): Field<A> =>
  field<A>({
    type: Schema.toType(type),
    documented: () => Schema.String,
    expected: "text",
    // As in `nullableOpaqueId`.
    fallback: "" as A,
    read: (wire) =>
      typeof wire === "string" && wire !== ""
        ? wire as A
        : Number.isSafeInteger(wire)
        ? String(wire) as A
        : undefined
  })

/**
 * The link of a picture; LiveDesk sends "" for none. Not checked to be a URL.
 *
 * @category fields
 * @since 0.1.0
 */
export const picture: Field<Option.Option<string>> = nullableField({
  type: Schema.String,
  documented: () => Schema.String,
  expected: "text",
  none: "",
  isNone: (wire) => wire === "",
  read: (wire) => typeof wire === "string" ? wire : undefined
})

/**
 * The id of a source, or null for none.
 *
 * @category fields
 * @since 0.1.0
 */
export const sourceId: Field<Option.Option<SourceId>> = nullableOpaqueId(SourceId)

/** What is shown on the vendor's pages, as far as it is a time: what cannot be read is drift. */
const readable = (documented: Schema.Codec<number | string>) =>
  documented.check(Schema.makeFilter((wire) => readSeconds(wire) !== undefined, { expected: "a time" }))

const timestampField = (documented: () => Schema.Codec<unknown>): Field<DateTime.Utc> =>
  field({
    type: Schema.DateTimeUtc,
    documented,
    expected: "a time: seconds since 1970 or ISO 8601 text",
    fallback: DateTime.makeUnsafe(0),
    read: readSeconds,
    write: writeSeconds
  })

/**
 * A time in whole seconds. Reads seconds as a number or text, with a fraction kept, or ISO 8601 text; absent, it is
 * 1970-01-01T00:00Z.
 *
 * @category fields
 * @since 0.1.0
 */
export const timestamp: Field<DateTime.Utc> = timestampField(() => readable(Schema.Natural))

/**
 * A time in seconds with a fraction; otherwise as `timestamp`.
 *
 * @category fields
 * @since 0.1.0
 */
export const preciseTimestamp: Field<DateTime.Utc> = timestampField(() => readable(Schema.Finite))

/**
 * A time at which something happened, which LiveDesk sends as 0 when it never did.
 *
 * @category fields
 * @since 0.1.0
 */
export const timestampOrNever: Field<Option.Option<DateTime.Utc>> = nullableField({
  type: Schema.DateTimeUtc,
  documented: () => readable(Schema.Natural),
  expected: "a time: seconds since 1970 or ISO 8601 text",
  none: 0,
  isNone: (wire) => wire === 0 || wire === "0" || wire === "",
  read: readSecondsOrNever,
  write: writeSeconds
})

/**
 * A time, or null for none; 0 is none, too.
 *
 * @category fields
 * @since 0.1.0
 */
export const nullableTimestamp: Field<Option.Option<DateTime.Utc>> = nullableField({
  type: Schema.DateTimeUtc,
  documented: () => Schema.NullOr(readable(Schema.Union([Schema.Natural, Schema.String]))),
  expected: "a time: seconds since 1970 or ISO 8601 text, or null",
  none: null,
  isNone: (wire) => wire === 0 || wire === "0" || wire === "",
  read: readSecondsOrNever,
  write: writeSeconds
})

/**
 * A time as ISO 8601 text, as LiveDesk's ticket pages and webhooks have it; otherwise as `timestamp`.
 *
 * @category fields
 * @since 0.1.0
 */
export const isoTimestamp: Field<DateTime.Utc> = field({
  type: Schema.DateTimeUtc,
  documented: () => readable(Schema.String.annotate({ format: "date-time" })),
  expected: "a time: seconds since 1970 or ISO 8601 text",
  fallback: DateTime.makeUnsafe(0),
  read: (wire) => {
    const time = readSeconds(wire)
    // The text that it is written as has no more than milliseconds.
    return time === undefined ? undefined : DateTime.makeUnsafe(Math.floor(DateTime.toEpochMillis(time)))
  },
  write: DateTime.formatIso
})

/**
 * Seconds since 1970 in an input, given as a time.
 *
 * @category inputs
 * @since 0.1.0
 */
export const SecondsFromDateTime = Schema.Natural.pipe(
  Schema.decodeTo(Schema.DateTimeUtc, {
    decode: SchemaGetter.transform((seconds: number) => DateTime.fromEpochSeconds(seconds)),
    encode: SchemaGetter.transform((time: DateTime.Utc) => Math.floor(writeSeconds(time)))
  })
)

/**
 * A set of words that LiveDesk may extend: the known ones by name, any other as it came.
 *
 * @category fields
 * @since 0.1.0
 */
export type Open<Known extends string> = Known | (string & {})

/**
 * The schema of an open set of words.
 *
 * @category inputs
 * @since 0.1.0
 */
export const openType = <const Known extends ReadonlyArray<string>>(known: Known): Schema.Codec<Open<Known[number]>> =>
  Schema.Union([Schema.StringForLiteralAutocomplete, Schema.Literals(known)])

/**
 * A word out of an open set. An unknown word is kept and is drift; absent, it is `fallback`.
 *
 * @category fields
 * @since 0.1.0
 */
export const openEnum = <const Known extends ReadonlyArray<string>>(
  known: Known,
  fallback: Open<Known[number]>
): Field<Open<Known[number]>> =>
  field({
    type: openType(known),
    documented: () => Schema.Literals(known),
    expected: `one of ${known.join(", ")}`,
    fallback,
    read: (wire) => typeof wire === "string" ? wire : undefined
  })

/**
 * A word out of an open set, or null for none.
 *
 * @category fields
 * @since 0.1.0
 */
export const nullableOpenEnum = <const Known extends ReadonlyArray<string>>(
  known: Known
): Field<Option.Option<Open<Known[number]>>> =>
  nullableField({
    type: openType(known),
    documented: () => Schema.NullOr(Schema.Literals(known)),
    expected: `one of ${known.join(", ")}, or null`,
    none: null,
    isNone: (wire) => wire === "",
    read: (wire) => typeof wire === "string" ? wire : undefined
  })

const messageTypes = ["incoming", "outgoing", "activity", "template"] as const

/**
 * Who a message is from and what for, `"outgoing"` from an agent to the contact.
 *
 * @category models
 * @since 0.1.0
 */
export type MessageType = Open<typeof messageTypes[number]>

const documentedMessageType = () => Schema.Union([Schema.Literals(messageTypes), Schema.Literals([0, 1, 2, 3])])

const readMessageType = (wire: unknown): MessageType | undefined =>
  typeof wire === "string"
    ? /^[0-3]$/.test(wire) ? messageTypes[Number(wire)] : wire
    : Number.isSafeInteger(wire)
    ? messageTypes[Number(wire)] ?? String(wire)
    : undefined

/** LiveDesk's REST calls send the number. */
const writeMessageType = (type: MessageType): number | string => {
  const number = messageTypes.findIndex((known) => known === type)
  return number === -1 ? type : number
}

/**
 * The kind of a message. Reads Chatwoot's words, or their numbers 0 to 3, also as text, of which the vendor's page shows 1;
 * any other word or number is kept as text. Absent, it is "".
 *
 * @category fields
 * @since 0.1.0
 */
export const messageType: Field<MessageType> = field<MessageType>({
  type: openType(messageTypes),
  documented: documentedMessageType,
  expected: "one of incoming, outgoing, activity, template, or 0 to 3",
  fallback: "",
  read: readMessageType,
  write: writeMessageType
})

/**
 * The kind of a message, or null for none; otherwise as `messageType`.
 *
 * @category fields
 * @since 0.1.0
 */
export const nullableMessageType: Field<Option.Option<MessageType>> = nullableField<MessageType>({
  type: openType(messageTypes),
  documented: () => Schema.NullOr(documentedMessageType()),
  expected: "one of incoming, outgoing, activity, template, 0 to 3, or null",
  none: null,
  read: readMessageType,
  write: writeMessageType
})

/**
 * Attributes: a JSON object whose keys the project's own settings define.
 *
 * @category models
 * @since 0.1.0
 */
export type Attributes = { readonly [key: string]: Schema.Json }

// Not checked value by value: JSON.parse gives Infinity for 1e400, and an attribute must not fail a response.
const attributesType: Schema.Codec<Attributes> = Schema.declare(isJsonObject, { expected: "a JSON object" })

const readAttributes = (wire: unknown): Attributes | undefined => {
  if (isJsonObject(wire)) return wire
  if (typeof wire !== "string" || !wire.startsWith("{")) return undefined
  try {
    const parsed: unknown = JSON.parse(wire)
    return isJsonObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

/**
 * Attributes. Reads a JSON object, or its text; null, "", an empty array and a missing key are `{}`.
 *
 * @category fields
 * @since 0.1.0
 */
export const attributes: Field<Attributes> = field({
  type: attributesType,
  documented: () => Schema.Record(Schema.String, Schema.Unknown),
  expected: "an object",
  fallback: Object.freeze({}),
  read: readAttributes
})

/**
 * A JSON object whose shape no page shows, or null for none.
 *
 * @category fields
 * @since 0.1.0
 */
export const nullableJsonObject: Field<Option.Option<Attributes>> = nullableField({
  type: attributesType,
  documented: () => Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)),
  expected: "an object or null",
  none: null,
  read: readAttributes
})

/**
 * A list of JSON objects whose shape no page shows. What is no object is left out; absent, it is `[]`.
 *
 * @category fields
 * @since 0.1.0
 */
export const jsonObjects: Field<ReadonlyArray<Attributes>> = field({
  type: Schema.Array(attributesType),
  documented: () => Schema.Array(Schema.Record(Schema.String, Schema.Unknown)),
  expected: "an array of objects",
  fallback: Object.freeze([]),
  read: (wire) => Array.isArray(wire) ? wire.filter(isJsonObject) : undefined
})

/**
 * A list of texts. What is no text is left out; absent, it is `[]`.
 *
 * @category fields
 * @since 0.1.0
 */
export const strings: Field<ReadonlyArray<string>> = field({
  type: Schema.Array(Schema.String),
  documented: () => Schema.Array(Schema.String),
  expected: "an array of texts",
  fallback: Object.freeze([]),
  read: (wire) => Array.isArray(wire) ? wire.filter((entry) => typeof entry === "string") : undefined
})
