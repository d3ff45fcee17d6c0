import { Model } from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Result, Schema, SchemaIssue, SchemaParser } from "effect"
import * as Breadth from "../Breadth.ts"
import { anyJson, anyKey, at, below, change, isObject, type Json, oddities, parse, type Path, places } from "./Wire.ts"

// ---------------------------------------------------------------------------------------------------------------------
// what the vendor's pages show, written a second time
// ---------------------------------------------------------------------------------------------------------------------

/** Whether a value, `undefined` for a missing one, is what the pages show. */
export interface Shape {
  (json: Json | undefined): boolean
  /** The keys of an object whose keys the pages list. */
  readonly keys?: { readonly [key: string]: Shape } | undefined
}

export const object = (keys: { readonly [key: string]: Shape }): Shape =>
  Object.assign(
    (json: Json | undefined) =>
      isObject(json) && Object.keys(json).every((key) => Object.hasOwn(keys, key)) &&
      Object.entries(keys).every(([key, shape]) => shape(at(json, [key]))),
    { keys }
  )

/** An object of which the pages list no key: these and any others. */
export const open = (keys: { readonly [key: string]: Shape }): Shape => (json) =>
  isObject(json) && Object.entries(keys).every(([key, shape]) => shape(at(json, [key])))

export const attributes: Shape = isObject
export const natural: Shape = (json) => Number.isSafeInteger(json) && Number(json) >= 0
/** Seconds since 1970 until 5138, beyond which they would be milliseconds. */
export const instant: Shape = (json) => typeof json === "number" && json >= 0 && json < 1e11
export const moment: Shape = (json) => natural(json) && instant(json)
export const momentText: Shape = (json) =>
  typeof json === "string" && (
    /^\d+(\.\d+)?$/.test(json)
      ? instant(Number(json))
      : /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/i.test(json) &&
        instant(Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(json) || json.length === 10 ? json : `${json}Z`) / 1000)
  )
export const text: Shape = (json) => typeof json === "string"
export const flag: Shape = (json) => typeof json === "boolean"
export const oneOf = (...known: ReadonlyArray<Json>): Shape => (json) => json !== undefined && known.includes(json)
export const list = (shape: Shape): Shape => (json) => Array.isArray(json) && json.every((entry) => shape(entry))
export const either = (...shapes: ReadonlyArray<Shape>): Shape => (json) => shapes.some((shape) => shape(json))
export const nullOr = (shape: Shape): Shape => either((json) => json === null, shape)
export const optional = (shape: Shape): Shape => either((json) => json === undefined, shape)

/** What stands for an id: a whole number that a JavaScript number can hold, or its digits. */
export const isId = (json: Json | undefined): boolean =>
  natural(typeof json === "string" && /^[0-9]+$/.test(json) ? Number(json) : json)

// ---------------------------------------------------------------------------------------------------------------------
// seeing a result
// ---------------------------------------------------------------------------------------------------------------------

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

/** What a schema objected to: paths, and what it says of each. */
export const issuesOf = (
  issue: SchemaIssue.Issue
): ReadonlyArray<{ readonly path: string; readonly message: string }> =>
  formatIssue(issue).issues.map(({ message, path = [] }) => ({
    path: path.map((segment) => typeof segment === "object" ? String(segment.key) : String(segment)).join("."),
    message
  }))

export const strictly = { errors: "all", onExcessProperty: "error" } as const

/** The paths at which a response is not what the vendor's pages show. */
export const drift = <A>(model: Model.Model<A>, json: Json): ReadonlyArray<string> =>
  Result.match(SchemaParser.decodeUnknownResult(model.documented(), strictly)(json), {
    onFailure: (issue) => issuesOf(issue).map(({ path }) => path),
    onSuccess: () => []
  })

type Reading<A> = { readonly value: A } | { readonly issues: ReadonlyArray<string> }

/** Reads in one pass. */
const read = <A>(model: Model.Model<A>, json: Json): Reading<A> => {
  const value = model.read(json)
  return value instanceof Model.DecodeFailure ? { issues: value.issues.map(({ path }) => path.join(".")) } : { value }
}

/** Decodes as a schema. */
export const decode = <A>(model: Model.Model<A>, json: Json): Reading<A> =>
  Result.match(SchemaParser.decodeUnknownResult(model, { errors: "all" })(json), {
    onFailure: (issue): Reading<A> => ({ issues: issuesOf(issue).map(({ path }) => path) }),
    onSuccess: (value) => ({ value })
  })

/** Reads what is meant to be readable. */
export const mustRead = <A>(model: Model.Model<A>, json: Json): A => {
  const value = model.read(json)
  if (value instanceof Model.DecodeFailure) return assert.fail(`cannot be read: ${JSON.stringify(value.issues)}`)
  return value
}

/** Encodes as a schema, to the text that goes over the wire. */
export const write = <A>(schema: Schema.Codec<A, unknown>, value: A): string =>
  JSON.stringify(Schema.encodeSync(schema)(value))

/** What `write` wrote, parsed. */
export const encode = <A>(schema: Schema.Codec<A, unknown>, value: A): Json => parse(write(schema, value))

// ---------------------------------------------------------------------------------------------------------------------
// laws
// ---------------------------------------------------------------------------------------------------------------------

interface Mutation {
  readonly path: Path
  readonly value: Json | undefined
}

const often = Breadth.runs(150)

/** The lack of a value in every place, and every odd value in every place: in quick tests each of both once. */
const oddMutations = (spots: ReadonlyArray<Path>): ReadonlyArray<readonly [Path, Json | undefined]> => [
  ...spots.filter((path) => path.length > 0).map((path) => [path, undefined] as const),
  ...Breadth.pairs(spots, oddities)
]

/** Holds what every model of a response owes: tolerance, the ids it cannot do without, and an eye for drift. */
export const laws = <A>({ model, required, sample, shape, toCurrent = (json) => json }: {
  readonly model: Model.Model<A>
  readonly sample: Json
  /** What the vendor's pages show. */
  readonly shape: Shape
  /** The places without which the response cannot be read, and what can be read there. */
  readonly required: ReadonlyArray<{ readonly path: Path; readonly readable: (json: Json | undefined) => boolean }>
  /** Converts an older shape of the response, if the model reads one. */
  readonly toCurrent?: (json: Json) => Json
}): void => {
  const spots = places(sample)
  const shapeAt = (path: Path): Shape | undefined =>
    path.reduce<Shape | undefined>((shape, key) => shape?.keys?.[key], shape)
  const listed = spots.filter((path) => shapeAt(path)?.keys !== undefined)
  const free = spots.filter((path) => path.at(-1)?.endsWith("_attributes"))
  const missing = (json: Json) =>
    required
      .filter(({ path, readable }) => !readable(at(json, path)) && !readable(at(toCurrent(json), path)))
      .map(({ path }) => path.join("."))

  const unexpected: Arbitrary.Arbitrary<Mutation> = Arbitrary.all([below(listed.length), anyKey, anyJson]).pipe(
    Arbitrary.map(([index, key, value]) => {
      const path = listed[index] ?? []
      const known = shapeAt(path)?.keys ?? {}
      return { path: [...path, Object.hasOwn(known, key) ? `${key}_` : key], value }
    })
  )
  const replaced: Arbitrary.Arbitrary<Mutation> = Arbitrary.all([below(spots.length), anyJson]).pipe(
    Arbitrary.map(([index, value]) => ({ path: spots[index] ?? [], value }))
  )
  const removed: Arbitrary.Arbitrary<Mutation> = below(spots.length - 1).pipe(
    Arbitrary.map((index) => ({ path: spots[index + 1] ?? [], value: undefined }))
  )
  const mutation = Arbitrary.all([below(4), unexpected, replaced, removed]).pipe(
    Arbitrary.map(([kind, unexpected, replaced, removed]) => kind === 0 ? unexpected : kind === 1 ? removed : replaced)
  )
  const mutate = (mutations: ReadonlyArray<Mutation>): Json =>
    mutations.reduce((json, { path, value }) => change(json, path, value), sample)
  const mutated = Arbitrary.array(mutation, { minLength: 1, maxLength: 6 }).pipe(Arbitrary.map(mutate))
  const grown = Arbitrary.array(unexpected, { minLength: 1, maxLength: 6 }).pipe(Arbitrary.map(mutate))
  describe("laws", () => {
    it.effect("takes every odd value in every place, and the lack of any", () =>
      Effect.sync(() => {
        for (const [path, value] of oddMutations(spots)) {
          const json = change(sample, path, value)
          const context = `${path.join(".")} = ${JSON.stringify(value)}`
          const reading = read(model, json)
          assert.deepStrictEqual("issues" in reading ? reading.issues : [], missing(json), context)
          assert.deepStrictEqual(decode(model, json), reading, context)
          assert.strictEqual(drift(model, json).length === 0, shape(json), context)
          if ("value" in reading) {
            assert.deepStrictEqual(read(model, encode(model, reading.value)), reading, context)
          }
        }
      }))

    it.prop("reads the same value whatever fields come on top", { json: grown }, ({ json }) => {
      const value = mustRead(model, json)
      assert.deepStrictEqual(value, mustRead(model, sample))
      assert.strictEqual(Object.getPrototypeOf(value), Object.prototype)
      assert.isFalse("polluted" in {})
    }, often)

    it.prop(
      "keeps every attribute that comes, under any name",
      { spot: below(free.length), key: anyKey, value: anyJson },
      ({ key, spot, value }) => {
        const path = free[spot] ?? []
        const json = change(sample, [...path, key], value)
        assert.deepStrictEqual(encode(model, mustRead(model, json)), json)
        assert.deepStrictEqual(decode(model, json), read(model, json))
        assert.isEmpty(drift(model, json))
        assert.isFalse("polluted" in {})
      },
      often
    )

    it.prop("fails for the required fields alone, and names each", { json: mutated }, ({ json }) => {
      const reading = read(model, json)
      assert.deepStrictEqual("issues" in reading ? reading.issues : [], missing(json))
    }, often)

    it.prop("decodes what it encoded to the same value", { json: mutated }, ({ json }) => {
      const reading = read(model, json)
      if (!("value" in reading)) return
      const encoded = encode(model, reading.value)
      assert.deepStrictEqual(model.write(reading.value), encoded)
      assert.deepStrictEqual(read(model, encoded), reading)
    }, often)

    it.prop("decodes as a schema what it reads in one pass", { json: mutated }, ({ json }) => {
      assert.deepStrictEqual(decode(model, json), read(model, json))
    }, often)

    it.prop("reports drift exactly where the vendor's pages show something else", { json: mutated }, ({ json }) => {
      assert.strictEqual(drift(model, json).length === 0, shape(json))
    }, often)
  })
}

/**
 * Holds what every model owes whose page could be read in part only: whatever is replaced or removed, a response fails
 * only where it cannot be used, and what was read is written and read again as itself.
 */
export const tolerance = <A>(name: string, { isUsable, model, sample }: {
  readonly model: Model.Model<A>
  readonly sample: Json
  readonly isUsable: (json: Json) => boolean
}): void => {
  const spots = places(sample)
  const mutation = Arbitrary.all([below(spots.length), below(2), anyJson]).pipe(
    Arbitrary.map(([index, kind, value]): Mutation => ({
      path: spots[index] ?? [],
      value: kind === 0 && index > 0 ? undefined : value
    }))
  )
  const mutated = Arbitrary.array(mutation, { minLength: 0, maxLength: 6 }).pipe(
    Arbitrary.map((mutations) => mutations.reduce((json, { path, value }) => change(json, path, value), sample))
  )

  describe(`of ${name}`, () => {
    it("reads the sample, and writes it again", () => {
      assert.isTrue(isUsable(sample))
      const value = mustRead(model, sample)
      assert.deepStrictEqual(mustRead(model, encode(model, value)), value)
    })

    it("takes every odd value in every place, and the lack of any", () => {
      for (const [path, value] of oddMutations(spots)) {
        const json = change(sample, path, value)
        const reading = read(model, json)
        assert.strictEqual("value" in reading, isUsable(json), `${path.join(".")} = ${JSON.stringify(value)}`)
        if ("value" in reading) assert.deepStrictEqual(read(model, encode(model, reading.value)), reading)
      }
    })

    it.prop("fails only where it cannot be used", { json: mutated }, ({ json }) => {
      assert.strictEqual("value" in read(model, json), isUsable(json))
    }, often)

    it.prop("decodes as a schema what it reads in one pass, and what it wrote", { json: mutated }, ({ json }) => {
      const reading = read(model, json)
      assert.deepStrictEqual(decode(model, json), reading)
      if ("value" in reading) assert.deepStrictEqual(read(model, encode(model, reading.value)), reading)
    }, often)
  })
}
