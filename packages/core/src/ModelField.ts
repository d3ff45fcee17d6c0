/**
 * The fields of LiveDesk's records: ids, timestamps, texts, open enums and attributes, each with what it decodes from, what
 * it is when LiveDesk leaves it out, and what it is written as.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { isJsonObject } from "./internal/isJsonObject.ts"
import { readSeconds, readSecondsOrNever, writeSeconds } from "./internal/WireTime.ts"
import { type Attributes, type MessageType, type Open, openType, SourceId } from "./LiveDeskSchema.ts"
import type { Field } from "./Model.ts"
import { DecodeFailure } from "./Model.ts"

// ---------------------------------------------------------------------------------------------------------------------
// reading single values
// ---------------------------------------------------------------------------------------------------------------------

const digits = /^[0-9]+$/

const readNatural = (wire: unknown): number | undefined => {
  const value = typeof wire === "string" && digits.test(wire) ? Number(wire) : wire
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

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
