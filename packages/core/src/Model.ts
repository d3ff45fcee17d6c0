/**
 * Codecs of LiveDesk's records, which tolerate missing and invalid fields.
 *
 * LiveDesk documents no field of a response as guaranteed, and a create whose response fails to decode has already
 * happened. So a record is read field by field: only the fields that make a response useful are required, and any other
 * field that is missing or invalid takes its `fallback`. One declaration yields the codec, the one-pass reader that the
 * client runs, and the strict schema that detects drift.
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
 * A problem with a value on the wire: its path and what was expected there. The value itself is never included.
 *
 * @category models
 * @since 0.1.0
 */
export interface DecodeIssue {
  readonly path: ReadonlyArray<string>
  readonly expected: string
}

/**
 * The failure of a reader.
 *
 * @category models
 * @since 0.1.0
 */
export class DecodeFailure {
  // Matched by `instanceof`: a tag takes a sixth more time to decode, and more bytes in the bundle than are left.
  readonly issues: ReadonlyArray<DecodeIssue>

  constructor(issues: ReadonlyArray<DecodeIssue>) {
    this.issues = issues
  }

  /** Makes the failure of a value that should have been `expected`. */
  static expected(expected: string): DecodeFailure {
    return new DecodeFailure([{ path: [], expected }])
  }

  /** Prefixes the paths of all issues with `key`. */
  under(key: string): DecodeFailure {
    return new DecodeFailure(this.issues.map(({ expected, path }) => ({ path: [key, ...path], expected })))
  }
}

/**
 * A field of a record.
 *
 * @category models
 * @since 0.1.0
 */
export interface Field<A> {
  /** The schema of the decoded value. */
  readonly type: Schema.Codec<A>
  /**
   * The schema of the wire, as the vendor's pages show it. Built on first use, since only drift and OpenAPI need it.
   */
  readonly documented: () => Schema.Codec<unknown>
  /** The wire's key, if it is not the property in snake_case. */
  readonly key?: string | undefined
  /** Whether the vendor's pages show the key in this record. If so, a missing key is drift. */
  readonly isDocumented: boolean
  /** The value that replaces a missing or invalid one. A field without it is required. */
  readonly fallback: Option.Option<A>
  /** Reads the wire's value; `undefined` for a missing key. */
  read(wire: unknown): A | DecodeFailure
  /** Writes the wire's value; `undefined` leaves the key out. */
  write(value: A): unknown
}

/**
 * A codec between a record and its JSON.
 *
 * @category models
 * @since 0.1.0
 */
export interface Model<A> extends Schema.Codec<A, unknown> {
  /** The schema of the wire, exactly as the vendor's pages show it. Anything else is drift. */
  readonly documented: () => Schema.Codec<unknown>
  /** The assumed schema of the wire, if no page shows it. For OpenAPI only; never for drift. */
  readonly assumed?: (() => Schema.Codec<unknown>) | undefined
  /** Whether the response has no body. Any body is ignored, so that it cannot fail. */
  readonly isBodiless?: boolean | undefined
  /** Reads parsed JSON in one pass, without validating the result again. */
  read(wire: unknown): A | DecodeFailure
  /** Writes JSON with the wire's keys, in the order of declaration. */
  write(value: A): unknown
}

/**
 * The type of the record that a set of fields decodes to.
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
 * Makes the model of a record from its fields. Properties are camelCase, and the wire's keys are the same names in
 * snake_case unless a field sets its own. With `open`, an unknown key is no drift, because no page lists all keys.
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
    // Each property has its own field's type, which TypeScript cannot follow through `fromEntries`.
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
 * Wraps a model in an envelope: `{ [key]: … }`.
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
 * Wraps a model in an undocumented envelope. The record is read under the first of `envelopes`, each a path of keys, in
 * which it can be, or else without one. Nothing about it is drift.
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
 * Wraps a model in the envelope `{ code: 0, message, data: … }`.
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
 * Allows a single string in place of a record: the value of its `key`. A record with nothing else is written as that
 * string.
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
 * Allows an older shape of a response, which `toCurrent` converts. It is only tried if the current one cannot be read,
 * and it is drift.
 *
 * @category constructors
 * @since 0.1.0
 */
export const orOlderShape = <A>(
  model: Model<A>,
  toCurrent: (json: { readonly [key: PropertyKey]: unknown }) => unknown
): Model<A> =>
  make({
    type: Schema.toType(model),
    documented: model.documented,
    read: (wire) => {
      const value = model.read(wire)
      if (!(value instanceof DecodeFailure) || !Predicate.isObject(wire)) return value
      const older = model.read(toCurrent(wire))
      return older instanceof DecodeFailure ? value : older
    },
    write: model.write
  })

/**
 * Makes a model of any schema, for an endpoint that this library does not cover. Unlike `record`, it tolerates nothing:
 * the response fails when the schema does, with the path of every problem, and unknown fields are drift.
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
 * Allows a response without a body, which is read as a record without any field.
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
 * The model of a response without content, such as a DELETE's. Any body is accepted, or none.
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
 * Sets the wire's key of a field.
 *
 * @category fields
 * @since 0.1.0
 */
export const under = <A>(key: string, field: Field<A>): Field<A> => ({ ...field, key })

/**
 * Makes a field required: without it, the record cannot be read.
 *
 * @category fields
 * @since 0.1.0
 */
export const required = <A>(field: Field<A>): Field<A> => ({ ...field, fallback: Option.none() })

/**
 * Marks a field as unverified: no page shows it in this record, but it was seen elsewhere or is inherited from
 * Chatwoot. It is no drift when missing, and not written when it is `None`.
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
 * Makes a field optional: `None` when missing or null.
 *
 * @category fields
 * @since 0.1.0
 */
export const optional = <A>(field: Field<A>): Field<Option.Option<A>> => ({
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
 * Makes a field of a record. It is required if one of the record's own fields is; otherwise it never fails.
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
 * Makes a field of a record or null. A record that cannot be read is `None`, too.
 *
 * @category fields
 * @since 0.1.0
 */
export const nullable = <A>(model: Model<A>): Field<Option.Option<A>> => ({
  ...optional(nested(model)),
  documented: () => Schema.NullOr(model.documented())
})

/**
 * Makes a required field of a list. An entry that cannot be read fails it, so that none is lost silently.
 *
 * @category fields
 * @since 0.1.0
 */
export const strictList = <A>(model: Model<A>): Field<ReadonlyArray<A>> => ({
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
 * Makes a field of a list of records. An entry that cannot be read is left out.
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
