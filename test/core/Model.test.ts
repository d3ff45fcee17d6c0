import { LiveDeskSchema, Model, ModelField } from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Option, Result, Schema, SchemaParser } from "effect"

const Pet = Model.record({
  id: Model.required(ModelField.id(LiveDeskSchema.ContactId)),
  fullName: ModelField.name
})

const ada = { id: LiveDeskSchema.ContactId.make(7), fullName: Option.some("Ada") }
const adaJson = { id: 7, full_name: "Ada" }

/** The record, or the places that could not be read with what was expected there. */
const read = <A>(model: Model.Model<A>, json: unknown) => {
  const value = model.read(json)
  return value instanceof Model.DecodeFailure ? value.issues : { value }
}

const noId = (
  ...path: ReadonlyArray<string>
) => [{ path: [...path, "id"], expected: "an id: a whole number, or its digits as text" }]

const isDrift = <A>(model: Model.Model<A>, json: unknown): boolean =>
  Result.isFailure(
    SchemaParser.decodeUnknownResult(model.documented(), { errors: "all", onExcessProperty: "error" })(json)
  )

/** A test of what a model reads, writes and takes for drift. */
const holds = (title: string, check: () => void) => it.effect(title, () => Effect.sync(check))

describe("record", () => {
  holds("reads and writes the keys in snake_case, or under a key of their own", () => {
    const model = Model.record({ fullName: ModelField.name, other: Model.under("Other-Name", ModelField.name) })
    const value = { fullName: Option.some("Ada"), other: Option.some("Bob") }
    assert.deepStrictEqual(read(model, { full_name: "Ada", "Other-Name": "Bob" }), { value })
    assert.deepStrictEqual(model.write(value), { full_name: "Ada", "Other-Name": "Bob" })
  })

  holds("names every required field that cannot be read, and takes the fallback of the others", () => {
    const model = Model.record({ a: Model.nested(Pet), b: Model.nested(Pet), c: ModelField.name })
    assert.deepStrictEqual(read(model, { a: {}, b: 5, c: [] }), [...noId("a"), ...noId("b")])
    assert.deepStrictEqual(read(model, { a: adaJson, b: adaJson, c: [] }), {
      value: { a: ada, b: ada, c: Option.none() }
    })
  })

  holds("takes an unknown key for drift unless it is open, and a missing one unless it is unverified", () => {
    assert.isFalse(isDrift(Pet, adaJson))
    assert.isTrue(isDrift(Pet, { ...adaJson, extra: 1 }))
    assert.isTrue(isDrift(Pet, { id: 7 }))
    const open = Model.record({ name: ModelField.name }, { open: true })
    assert.isFalse(isDrift(open, { name: "Ada", extra: 1 }))
    assert.isTrue(isDrift(open, { extra: 1 }))
    const unverified = Model.record({ nick: Model.unverified(ModelField.name) })
    assert.isFalse(isDrift(unverified, {}))
    assert.deepStrictEqual(unverified.write({ nick: Option.none() }), {})
    assert.deepStrictEqual(unverified.write({ nick: Option.some("A") }), { nick: "A" })
  })

  holds("decodes as a schema with the same issues", () => {
    const decode = Schema.decodeUnknownResult(Model.record({ a: Model.nested(Pet), b: Model.nested(Pet) }))
    const decoded = decode({ a: {}, b: {} })
    assert.isTrue(Result.isFailure(decoded))
    if (Result.isFailure(decoded)) {
      assert.match(decoded.failure.message, /an id: a whole number[\s\S]*\["a"\]\["id"\][\s\S]*\["b"\]\["id"\]/)
    }
    const one = Schema.decodeUnknownResult(Pet)({})
    assert.isTrue(Result.isFailure(one))
    if (Result.isFailure(one)) assert.match(one.failure.message, /an id: a whole number[\s\S]*\["id"\]/)
  })
})

describe("envelopes", () => {
  holds("inEnvelope reads, writes and names the place under its key", () => {
    const model = Model.inEnvelope("payload", Pet)
    assert.deepStrictEqual(read(model, { payload: adaJson }), { value: ada })
    assert.deepStrictEqual(model.write(ada), { payload: adaJson })
    for (const json of [adaJson, null, "payload", { payload: {} }]) {
      assert.deepStrictEqual(read(model, json), noId("payload"))
    }
    assert.isFalse(isDrift(model, { payload: adaJson }))
    assert.isTrue(isDrift(model, { payload: { ...adaJson, extra: 1 } }))
  })

  holds("inAnyEnvelope reads the first envelope in which a record is, or a bare one, and writes the first", () => {
    const model = Model.inAnyEnvelope([["payload", "contact"], ["data"]], Pet)
    const other = { id: 8, full_name: "Bob" }
    assert.deepStrictEqual(read(model, { payload: { contact: adaJson }, data: other }), { value: ada })
    assert.deepStrictEqual(read(model, { payload: { contact: {} }, data: adaJson }), { value: ada })
    assert.deepStrictEqual(read(model, { payload: null, ...adaJson }), { value: ada })
    assert.deepStrictEqual(read(model, { data: {} }), noId())
    assert.deepStrictEqual(model.write(ada), { payload: { contact: adaJson } })
    assert.isFalse(isDrift(model, "anything"))
    const assumed = Schema.is(model.assumed?.() ?? Schema.Never)
    assert.isTrue(assumed({ payload: { contact: adaJson } }))
    assert.isFalse(assumed({ data: adaJson }))
    assert.deepStrictEqual(Model.inAnyEnvelope([], Pet).write(ada), adaJson)
  })

  holds("inCodeEnvelope reads data, and writes code and message beside it", () => {
    const model = Model.inCodeEnvelope(Pet)
    const json = { code: 0, message: "Success", data: adaJson }
    assert.deepStrictEqual(read(model, json), { value: ada })
    assert.deepStrictEqual(read(model, { code: 0, data: {} }), noId("data"))
    assert.deepStrictEqual(model.write(ada), json)
    assert.isFalse(isDrift(model, json))
    for (const drifted of [{ data: adaJson }, { ...json, code: 1 }, { ...json, message: 1 }]) {
      assert.isTrue(isDrift(model, drifted))
    }
  })

  holds("orShorthand reads and writes a text in place of a record with nothing else", () => {
    const model = Model.orShorthand("full_name", Model.record({ fullName: ModelField.name, nick: ModelField.name }))
    const short = Model.orShorthand("full_name", Model.record({ fullName: ModelField.name }))
    assert.deepStrictEqual(read(short, "Ada"), { value: { fullName: Option.some("Ada") } })
    assert.deepStrictEqual(read(short, { full_name: "Ada" }), { value: { fullName: Option.some("Ada") } })
    assert.strictEqual(short.write({ fullName: Option.some("Ada") }), "Ada")
    assert.deepStrictEqual(model.write({ fullName: Option.some("Ada"), nick: Option.some("A") }), {
      full_name: "Ada",
      nick: "A"
    })
    assert.isFalse(isDrift(short, "Ada"))
    assert.isFalse(isDrift(short, { full_name: "Ada" }))
    assert.isTrue(isDrift(short, 5))
  })

  holds("orOlderShape tries the older shape only where the current one cannot be read", () => {
    const model = Model.orOlderShape(Model.inEnvelope("payload", Pet), (json) => ({ payload: json }))
    assert.deepStrictEqual(read(model, { payload: adaJson, id: 8 }), { value: ada })
    assert.deepStrictEqual(read(model, adaJson), { value: ada })
    assert.deepStrictEqual(read(model, {}), noId("payload"))
    assert.deepStrictEqual(read(model, "payload"), noId("payload"))
    assert.deepStrictEqual(model.write(ada), { payload: adaJson })
    assert.isTrue(isDrift(model, adaJson))
  })
})

describe("fromSchema", () => {
  holds("names what is missing or wrong at every place, and writes by the schema", () => {
    const model = Model.fromSchema(Schema.Struct({
      count: Schema.Number,
      tags: Schema.Array(Schema.String),
      at: Schema.FiniteFromString
    }))
    const at = 5
    const json = { count: 1, tags: ["a"], at: "5" }
    assert.deepStrictEqual(read(model, json), { value: { count: 1, tags: ["a"], at } })
    assert.deepStrictEqual(model.write({ count: 1, tags: ["a"], at }), json)
    assert.deepStrictEqual(read(model, { tags: ["a", 5] }), [
      { path: ["count"], expected: "a value" },
      { path: ["tags", "1"], expected: "string" },
      { path: ["at"], expected: "a value" }
    ])
    assert.deepStrictEqual(read(Model.fromSchema(Schema.String), 5), [{ path: [], expected: "string" }])
    assert.isTrue(isDrift(model, { ...json, extra: 1 }))
  })
})

describe("responses without a body", () => {
  holds("orNoBody marks a model, and changes nothing else", () => {
    const model = Model.orNoBody(Model.inAnyEnvelope([["payload"]], Pet))
    assert.isTrue(model.isBodiless)
    assert.deepStrictEqual(read(model, { payload: adaJson }), { value: ada })
    assert.deepStrictEqual(model.write(ada), { payload: adaJson })
    assert.isTrue(Schema.is(model.assumed?.() ?? Schema.Never)({ payload: adaJson }))
    assert.isNotTrue(Pet.isBodiless)
  })

  holds("nothing reads anything as undefined", () => {
    assert.isTrue(Model.nothing.isBodiless)
    for (const json of [undefined, null, {}, "OK"]) {
      assert.deepStrictEqual(read(Model.nothing, json), { value: undefined })
    }
    assert.isUndefined(Model.nothing.write(undefined))
    assert.isFalse(isDrift(Model.nothing, { any: "thing" }))
  })
})

describe("fields", () => {
  const of = <A>(field: Model.Field<A>) => Model.record({ pet: field })
  const required = { ...ModelField.string, fallback: Option.none() }

  holds("optional is none for null and a missing key, and for what cannot be read", () => {
    const model = of(Model.optional(required))
    for (const json of [{}, { pet: null }, { pet: [] }]) {
      assert.deepStrictEqual(read(model, json), { value: { pet: Option.none() } })
    }
    assert.deepStrictEqual(read(model, { pet: "x" }), { value: { pet: Option.some("x") } })
    assert.deepStrictEqual(model.write({ pet: Option.some("x") }), { pet: "x" })
    assert.deepStrictEqual(model.write({ pet: Option.none() }), { pet: null })
  })

  holds("nullable is a record or null", () => {
    const model = of(Model.nullable(Pet))
    assert.deepStrictEqual(read(model, { pet: adaJson }), { value: { pet: Option.some(ada) } })
    assert.deepStrictEqual(read(model, { pet: {} }), { value: { pet: Option.none() } })
    assert.deepStrictEqual(model.write({ pet: Option.some(ada) }), { pet: adaJson })
    assert.isFalse(isDrift(model, { pet: null }))
    assert.isTrue(isDrift(model, { pet: { id: 7 } }))
  })

  holds("list leaves out what cannot be read, and is empty for no list", () => {
    const model = of(Model.list(Pet))
    assert.deepStrictEqual(read(model, { pet: [adaJson, {}, null, 5, adaJson] }), { value: { pet: [ada, ada] } })
    assert.deepStrictEqual(read(model, { pet: adaJson }), { value: { pet: [] } })
    assert.deepStrictEqual(model.write({ pet: [ada] }), { pet: [adaJson] })
    assert.isTrue(isDrift(model, { pet: [{ id: 7 }] }))
    // Null is no entry, even where a record needs nothing.
    assert.deepStrictEqual(read(of(Model.list(Model.record({ name: ModelField.name }))), { pet: [null, {}] }), {
      value: { pet: [{ name: Option.none() }] }
    })
  })

  holds("strictList fails for every entry that cannot be read, by its index, and for no list", () => {
    const model = of(Model.strictList(Pet))
    assert.deepStrictEqual(read(model, { pet: [adaJson, adaJson] }), { value: { pet: [ada, ada] } })
    assert.deepStrictEqual(read(model, { pet: [adaJson, {}, 5] }), [...noId("pet", "1"), ...noId("pet", "2")])
    assert.deepStrictEqual(read(model, { pet: adaJson }), [{ path: ["pet"], expected: "an array" }])
    assert.deepStrictEqual(model.write({ pet: [ada] }), { pet: [adaJson] })
  })

  holds("a timestamp of minus zero is 1970", () => {
    assert.deepStrictEqual(read(of(ModelField.timestamp), JSON.parse("{\"pet\": -0}")), {
      value: { pet: DateTime.makeUnsafe(0) }
    })
  })
})
