/**
 * A LiveDesk record: how it is read off the wire, how it is written, and what the vendor's pages show of it.
 *
 * LiveDesk's pages promise no field of any response, and a create whose response fails to decode has already happened.
 * So a record is read field by field: only the fields without which a response is useless can fail it, and every other
 * field that is missing or garbled takes its `fallback`. One declaration yields three things: the codec, the
 * one-pass reader that the client runs, and the strict schema that detects drift.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import { camelToSnake } from "effect/String"

/**
 * A place on the wire that could not be read: its path, and what was expected there. Never the value.
 *
 * @category models
 * @since 0.1.0
 */
export interface DecodeIssue {
  readonly path: ReadonlyArray<string>
  readonly expected: string
}

/**
 * What a reader gives for a value that it cannot read.
 *
 * @category models
 * @since 0.1.0
 */
export class DecodeFailure {
  readonly issues: ReadonlyArray<DecodeIssue>

  constructor(issues: ReadonlyArray<DecodeIssue>) {
    this.issues = issues
  }

  /** A value that should have been `expected`. */
  static expected(expected: string): DecodeFailure {
    return new DecodeFailure([{ path: [], expected }])
  }

  /** The same faults, seen from the record that holds the value under `key`. */
  under(key: string): DecodeFailure {
    return new DecodeFailure(this.issues.map(({ expected, path }) => ({ path: [key, ...path], expected })))
  }
}

/**
 * One field of a record.
 *
 * @category models
 * @since 0.1.0
 */
export interface Field<A> {
  /** What a decoded value is. */
  readonly type: Schema.Codec<A>
  /** What the vendor's pages show on the wire; built on first use, because only drift and OpenAPI ask for it. */
  readonly documented: () => Schema.Codec<unknown>
  /** The wire's key, where it is not the property in snake_case. */
  readonly key?: string | undefined
  /** Whether the vendor's pages show the key in this record: when they do, a missing key is drift. */
  readonly isDocumented: boolean
  /** What stands in for a value that is missing or garbled; a field without one is required. */
  readonly fallback: Option.Option<A>
  /** Reads the wire's value, `undefined` for a missing key. */
  read(wire: unknown): A | DecodeFailure
  /** Writes the wire's value, `undefined` to leave the key out. */
  write(value: A): unknown
}

/**
 * The codec of a LiveDesk record, between the record as programs see it and its JSON.
 *
 * @category models
 * @since 0.1.0
 */
export interface Model<A> extends Schema.Codec<A, unknown> {
  /** The wire as the vendor's pages show it, strictly: whatever this refuses is drift. */
  readonly documented: () => Schema.Codec<unknown>
  /** The wire as it is taken to be where no page shows it; only what describes the API asks for it, drift never. */
  readonly assumed?: (() => Schema.Codec<unknown>) | undefined
  /** Whether the value comes without a body: anything in its place is passed over, so that nothing there can fail. */
  readonly isBodiless?: boolean | undefined
  /** Reads parsed JSON in one pass: decoding without re-checking what was just built. */
  read(wire: unknown): A | DecodeFailure
  /** Writes JSON with the vendor's keys in the order of declaration. */
  write(value: A): unknown
}

/**
 * The record that a set of fields decodes to.
 *
 * @category models
 * @since 0.1.0
 */
export type RecordOf<Fields> = { readonly [K in keyof Fields]: Fields[K] extends Field<infer A> ? A : never }

const noKeys: { readonly [key: string]: unknown } = {}

const make = <A>(parts: {
  readonly type: Schema.Codec<A>
  readonly documented: () => Schema.Codec<unknown>
  readonly read: (wire: unknown) => A | DecodeFailure
  readonly write: (value: A) => unknown
  readonly assumed?: (() => Schema.Codec<unknown>) | undefined
  readonly isBodiless?: boolean | undefined
}): Model<A> => {
  const codec = Schema.Unknown.pipe(Schema.decodeTo(parts.type, {
    decode: SchemaGetter.transformEffect((wire) => {
      const value = parts.read(wire)
      return value instanceof DecodeFailure ? Effect.fail(toIssue(value)) : Effect.succeed(value)
    }),
    encode: SchemaGetter.transform(parts.write)
  }))
  let documented: Schema.Codec<unknown> | undefined
  return Schema.make<Model<A>>(codec.ast, {
    documented: () => (documented ??= parts.documented()),
    read: parts.read,
    write: parts.write,
    assumed: parts.assumed,
    isBodiless: parts.isBodiless
  })
}

const toIssue = ({ issues: [first, ...rest] }: DecodeFailure): SchemaIssue.Issue =>
  first === undefined
    ? new SchemaIssue.InvalidValue()
    : new SchemaIssue.Composite(Schema.Unknown.ast, [pointer(first), ...rest.map(pointer)])

const pointer = ({ expected, path }: DecodeIssue): SchemaIssue.Issue =>
  new SchemaIssue.Pointer(path, new SchemaIssue.InvalidValue({ expected }))

/**
 * Declares a record from its fields. Properties are camelCase, the wire's keys the same names in snake_case unless a
 * field says otherwise. `open`
 * says that no page lists the record's keys, so that an unknown one is no drift.
 *
 * @category constructors
 * @since 0.1.0
 */
export const record = <const Fields extends { readonly [property: string]: Field<unknown> }>(
  fields: Fields,
  options?: { readonly open?: boolean | undefined }
): Model<RecordOf<Fields>> => {
  const plan = Object.entries<Field<unknown>>(fields).map(([property, field]) => ({
    property,
    key: field.key ?? camelToSnake(property),
    field
  }))
  const type = Schema.Struct(Object.fromEntries(plan.map(({ field, property }) => [property, field.type])))
  return make<RecordOf<Fields>>({
    // Each property holds its own field's type, which TypeScript cannot follow through `fromEntries`.
    type: type as unknown as Schema.Codec<RecordOf<Fields>>,
    documented: () => {
      const keys = Schema.Struct(Object.fromEntries(plan.map(({ field, key }) => {
        const documented = field.documented()
        return [key, field.isDocumented ? documented : Schema.optionalKey(documented)]
      })))
      return options?.open === true
        ? Schema.StructWithRest(keys, [Schema.Record(Schema.String, Schema.Unknown)])
        : keys
    },
    read: (wire) => {
      const source = Predicate.isObject(wire) ? wire : noKeys
      const out: { [property: string]: unknown } = {}
      let issues: Array<DecodeIssue> | undefined
      for (const { field, key, property } of plan) {
        const value = field.read(source[key])
        if (!(value instanceof DecodeFailure)) {
          out[property] = value
        } else if (field.fallback._tag === "Some") {
          out[property] = field.fallback.value
        } else {
          ;(issues ??= []).push(...value.under(key).issues)
        }
      }
      // Every property was set from its own field.
      return issues === undefined ? out as RecordOf<Fields> : new DecodeFailure(issues)
    },
    write: (value) => {
      const out: { [key: string]: unknown } = {}
      for (const { field, key, property } of plan) {
        const wire = field.write(value[property])
        if (wire !== undefined) out[key] = wire
      }
      return out
    }
  })
}

/**
 * A record that LiveDesk sends inside `{ [key]: … }`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const inEnvelope = <A>(key: string, model: Model<A>): Model<A> =>
  make({
    type: Schema.toType(model),
    documented: () => Schema.Struct({ [key]: model.documented() }),
    read: (wire) => {
      const value = model.read(Predicate.isObject(wire) ? wire[key] : undefined)
      return value instanceof DecodeFailure ? value.under(key) : value
    },
    write: (value) => ({ [key]: model.write(value) })
  })

/**
 * A record that LiveDesk sends in an envelope that no page shows: bare, or under the first of `envelopes` in which it
 * can be read, each a path of keys. Nothing about it is drift.
 *
 * @category constructors
 * @since 0.1.0
 */
export const inAnyEnvelope = <A>(
  envelopes: ReadonlyArray<ReadonlyArray<string>>,
  model: Model<A>
): Model<A> =>
  make({
    type: Schema.toType(model),
    documented: () => Schema.Unknown,
    assumed: () =>
      (envelopes[0] ?? []).reduceRight<Schema.Codec<unknown>>(
        (inner, key) => Schema.Struct({ [key]: inner }),
        model.documented()
      ),
    read: (wire) => {
      for (const envelope of envelopes) {
        const value = model.read(
          envelope.reduce((inner, key) => Predicate.isObject(inner) ? inner[key] : undefined, wire)
        )
        if (!(value instanceof DecodeFailure)) return value
      }
      return model.read(wire)
    },
    write: (value) => (envelopes[0] ?? []).reduceRight((inner, key) => ({ [key]: inner }), model.write(value))
  })

/**
 * A record that LiveDesk sends as `{ code: 0, message, data: … }`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const inCodeEnvelope = <A>(model: Model<A>): Model<A> => {
  const inData = inEnvelope("data", model)
  return make({
    type: Schema.toType(model),
    documented: () => Schema.Struct({ code: Schema.Literal(0), message: Schema.String, data: model.documented() }),
    read: inData.read,
    write: (value) => ({ code: 0, message: "Success", data: model.write(value) })
  })
}

/**
 * A record in whose place LiveDesk may send a single text, which is then its `key`. A record that holds nothing else
 * is written so, too.
 *
 * @category constructors
 * @since 0.1.0
 */
export const orShorthand = <A>(key: string, model: Model<A>): Model<A> =>
  make({
    type: Schema.toType(model),
    documented: () => Schema.Union([Schema.String, model.documented()]),
    read: (wire) => model.read(typeof wire === "string" ? { [key]: wire } : wire),
    write: (value) => {
      const written = model.write(value)
      return Predicate.isObject(written) && Object.keys(written).join() === key ? written[key] : written
    }
  })

/**
 * A value that any schema decodes, for an endpoint that this library does not cover. Unlike `record` it forgives
 * nothing: what the schema refuses fails the response, with the path of every fault, and what the schema does not know
 * is drift.
 *
 * ```ts
 * const labels = Endpoint.make({
 *   operation: "contacts.labels",
 *   method: "GET",
 *   path: "/api/v2/accounts/contacts/:contact_id/labels",
 *   input: Schema.Struct({ contact_id: Schema.Natural }),
 *   success: Model.fromSchema(Schema.Struct({ payload: Schema.Array(Schema.String) })),
 *   idempotency: "safe"
 * })
 * const { payload } = yield* client.call(labels)({ contact_id: 2219259 })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromSchema = <A, I>(schema: Schema.Codec<A, I>): Model<A> => {
  const decode = SchemaParser.decodeUnknownResult(schema, { errors: "all" })
  return make({
    type: Schema.toType(schema),
    documented: () => Schema.toEncoded(schema),
    read: (wire) => {
      const value = decode(wire)
      return Result.isFailure(value) ? new DecodeFailure(faultsOf(value.failure)) : value.success
    },
    write: SchemaParser.encodeSync(schema)
  })
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

const faultsOf = (issue: SchemaIssue.Issue): ReadonlyArray<DecodeIssue> =>
  formatIssue(issue).issues.map(({ message, path }) => ({
    path: (path ?? []).map((segment) => String(typeof segment === "object" ? segment.key : segment)),
    expected: message === "Missing key" ? "a value" : message.replace(/^Expected /, "")
  }))

/**
 * A record that may come without a body: it is read as if it had no field then.
 *
 * @category constructors
 * @since 0.1.0
 */
export const orNoBody = <A>(model: Model<A>): Model<A> =>
  make({
    type: Schema.toType(model),
    documented: model.documented,
    assumed: model.assumed,
    isBodiless: true,
    read: model.read,
    write: model.write
  })

/**
 * The response of an endpoint that returns nothing worth reading, such as a DELETE's. Any body can be read, and so can
 * none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const nothing: Model<void> = make({
  type: Schema.Void,
  documented: () => Schema.Unknown,
  isBodiless: true,
  read: () => undefined,
  write: () => undefined
})

/**
 * A field under a key of its own.
 *
 * @category fields
 * @since 0.1.0
 */
export const under = <A>(key: string, field: Field<A>): Field<A> => ({ ...field, key })

/**
 * A field without which the record cannot be read.
 *
 * @category fields
 * @since 0.1.0
 */
export const required = <A>(field: Field<A>): Field<A> => ({ ...field, fallback: Option.none() })

/**
 * A field that the vendor's pages do not show in this record, but that was seen elsewhere or is inherited from
 * Chatwoot: unverified, no drift when missing, and not written when it is `None`.
 *
 * @category fields
 * @since 0.1.0
 */
export const unverified = <A>(field: Field<Option.Option<A>>): Field<Option.Option<A>> => ({
  ...field,
  isDocumented: false,
  write: (value) => Option.isNone(value) ? undefined : field.write(value)
})

/**
 * A field that is none when it is missing or null.
 *
 * @category fields
 * @since 0.1.0
 */
export const some = <A>(field: Field<A>): Field<Option.Option<A>> => ({
  ...field,
  type: Schema.Option(field.type),
  fallback: Option.some(Option.none()),
  read: (wire) => {
    if (wire === null || wire === undefined) return Option.none()
    const value = field.read(wire)
    return value instanceof DecodeFailure ? value : Option.some(value)
  },
  write: (value) => Option.match(value, { onNone: () => null, onSome: (value) => field.write(value) })
})

/**
 * A record inside a record. It can be read exactly when the inner record can: with required fields in it, it is
 * required itself; without, it never fails.
 *
 * @category fields
 * @since 0.1.0
 */
export const nested = <A>(model: Model<A>): Field<A> => ({
  type: Schema.toType(model),
  documented: model.documented,
  isDocumented: true,
  fallback: Option.none(),
  read: model.read,
  write: model.write
})

/**
 * A record, or null for none. One that cannot be read is none, too.
 *
 * @category fields
 * @since 0.1.0
 */
export const nullable = <A>(model: Model<A>): Field<Option.Option<A>> => ({
  ...some(nested(model)),
  documented: () => Schema.NullOr(model.documented())
})

/**
 * A list of which every entry must be readable, so that none is lost without a word.
 *
 * @category fields
 * @since 0.1.0
 */
export const every = <A>(model: Model<A>): Field<ReadonlyArray<A>> => ({
  ...list(model),
  fallback: Option.none(),
  read: (wire) => {
    if (!Array.isArray(wire)) return DecodeFailure.expected("an array")
    const values: Array<A> = []
    const issues: Array<DecodeIssue> = []
    wire.forEach((entry: unknown, index) => {
      const value = model.read(entry)
      if (value instanceof DecodeFailure) issues.push(...value.under(String(index)).issues)
      else values.push(value)
    })
    return issues.length === 0 ? values : new DecodeFailure(issues)
  }
})

/**
 * A list of records. An entry that cannot be read is left out.
 *
 * @category fields
 * @since 0.1.0
 */
export const list = <A>(model: Model<A>): Field<ReadonlyArray<A>> => ({
  type: Schema.Array(Schema.toType(model)),
  documented: () => Schema.Array(model.documented()),
  isDocumented: true,
  fallback: Option.some([]),
  read: (wire) =>
    Array.isArray(wire)
      ? wire.flatMap((entry: unknown) => {
        const value = entry === null ? DecodeFailure.expected("an entry") : model.read(entry)
        return value instanceof DecodeFailure ? [] : [value]
      })
      : DecodeFailure.expected("an array"),
  write: (values) => values.map((value) => model.write(value))
})
