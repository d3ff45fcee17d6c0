/**
 * Fields of LiveDesk's records: ids, timestamps, text, open enums and attributes, each with its reader, its fallback
 * and its writer.
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
  /** Returns `undefined` for an invalid value. */
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
  /** The wire's value for `None`. */
  readonly none: null | 0 | ""
  /** Further values that mean `None`, besides null and a missing key. */
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
 * An id. Reads a whole number, also as text; 0 when absent.
 *
 * @category fields
 * @since 0.1.0
 */
export const id = <A extends number>(type: Schema.Codec<A, number>): Field<A> =>
  field<A>({
    type: Schema.toType(type),
    documented: () => Schema.Natural,
    expected: "an id: a whole number, or its digits as text",
    // `readNatural` checks everything that the brand stands for; `make` would check it again on every read.
    fallback: 0 as A,
    read: (wire) => readNatural(wire) as A | undefined
  })

/**
 * An id or null.
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
 * An opaque string id or null. Reads a number as its digits.
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
    // The brand stands for any string.
    read: (wire) => typeof wire === "string" ? wire as A : Number.isSafeInteger(wire) ? String(wire) as A : undefined
  })

/**
 * A whole number of undocumented meaning, or null.
 *
 * @category fields
 * @since 0.1.0
 */
export const nullableNatural: Field<Option.Option<number>> = nullableId(Schema.Natural)

/**
 * A number or null. Reads decimal digits as text, too.
 *
 * @category fields
 * @since 0.1.0
 */
export const nullableNumber: Field<Option.Option<number>> = nullableField({
  type: Schema.Finite,
  documented: () => Schema.NullOr(Schema.Finite),
  expected: "a number or null",
  none: null,
  isNone: (wire) => wire === "",
  read: (wire) => {
    const value = typeof wire === "string" && /^-?[0-9]+(\.[0-9]+)?$/.test(wire) ? Number(wire) : wire
    return typeof value === "number" && Number.isFinite(value) ? value : undefined
  }
})

/**
 * A count. Reads a whole number, also as text; 0 when absent.
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
 * The number of a page, which the vendor's pages show as text and as a number. Otherwise like `count`.
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
 * A boolean. Reads "true" and "false" as text, too; `false` when absent.
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
 * A string; "" when absent.
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
 * A string or null; "" is `None`, too.
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
 * A name or null; "" stays "".
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
 * An opaque string id; "" when absent.
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
 * The URL of a picture; LiveDesk sends "" for none. It is not validated.
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
 * The id of a contact within an inbox, or null.
 *
 * @category fields
 * @since 0.1.0
 */
export const sourceId: Field<Option.Option<SourceId>> = nullableOpaqueId(SourceId)

/** Restricts a documented schema to valid times: any other value is drift. */
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
 * A time in whole seconds. Reads seconds as a number or text, with or without a fraction, and ISO 8601 text;
 * 1970-01-01T00:00Z when absent.
 *
 * @category fields
 * @since 0.1.0
 */
export const timestamp: Field<DateTime.Utc> = timestampField(() => readable(Schema.Natural))

/**
 * A time in seconds with a fraction. Otherwise like `timestamp`.
 *
 * @category fields
 * @since 0.1.0
 */
export const preciseTimestamp: Field<DateTime.Utc> = timestampField(() => readable(Schema.Finite))

/**
 * A time of an event, which LiveDesk sends as 0 if it never happened.
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
 * A time or null; 0 is `None`, too.
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
 * A time as ISO 8601 text, as on LiveDesk's ticket pages and in webhooks. Otherwise like `timestamp`.
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
    // It is written with milliseconds at most.
    return time === undefined ? undefined : DateTime.makeUnsafe(Math.floor(DateTime.toEpochMillis(time)))
  },
  write: DateTime.formatIso
})

/**
 * An open enum. An unknown value is kept, and is drift; `fallback` when absent.
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
 * An open enum or null.
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

/** LiveDesk's REST API sends the number. */
const writeMessageType = (type: MessageType): number | string => {
  const number = messageTypes.findIndex((known) => known === type)
  return number === -1 ? type : number
}

/**
 * The kind of a message. Reads Chatwoot's words or their numbers 0 to 3, also as text (the vendor's page shows 1); any
 * other word or number is kept as text. "" when absent.
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
 * The kind of a message or null. Otherwise like `messageType`.
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

// Values are not checked: JSON.parse reads 1e400 as Infinity, and an attribute must not fail a response.
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
 * Attributes. Reads a JSON object, also as text; `{}` for null, "", an empty array and a missing key.
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
 * A JSON object of undocumented shape, or null.
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
 * A list of JSON objects of undocumented shape. Other entries are left out; `[]` when absent.
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
 * A list of strings. Other entries are left out; `[]` when absent.
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
