import { Arbitrary, Schema } from "effect"
import { readFileSync } from "node:fs"

/** A value as `JSON.parse` gives it. */
export type Json = Schema.Json

export type Path = ReadonlyArray<string>

export const isObject = (json: Json | undefined): json is { readonly [key: string]: Json } =>
  typeof json === "object" && json !== null && !Array.isArray(json)

export const parse = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Json))

/** One of the vendor's response samples. */
export const fixture = (name: string): Json =>
  parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8"))

export const at = (json: Json | undefined, [key, ...rest]: Path): Json | undefined => {
  if (key === undefined) return json
  return isObject(json) && Object.hasOwn(json, key) ? at(json[key], rest) : undefined
}

/** The same JSON with another value at the path, or none when it is `undefined`. What is not there stays away. */
export const change = (json: Json, [key, ...rest]: Path, value: Json | undefined): Json => {
  if (key === undefined) return value ?? null
  if (!isObject(json)) return json
  const others = Object.entries(json).filter(([other]) => other !== key)
  const inner = Object.hasOwn(json, key) ? json[key] : undefined
  const changed = rest.length === 0 ? value : inner === undefined ? undefined : change(inner, rest, value)
  // Not by assignment, which takes `__proto__` for the prototype.
  return Object.fromEntries(changed === undefined ? others : [...others, [key, changed]])
}

/** The paths of every value inside, outermost first. */
export const places = (json: Json, path: Path = []): ReadonlyArray<Path> => [
  path,
  ...(isObject(json) ? Object.entries(json).flatMap(([key, value]) => places(value, [...path, key])) : [])
]

// ---------------------------------------------------------------------------------------------------------------------
// arbitraries
// ---------------------------------------------------------------------------------------------------------------------

/** Values that a backend could send where another was documented, and that a reader could take for more than they are. */
export const oddities: ReadonlyArray<Json> = [
  null,
  true,
  false,
  "true",
  "false",
  "TRUE",
  "",
  " ",
  "0",
  "00",
  "0.0",
  "407",
  "+407",
  "-407",
  "4e2",
  "12a",
  "9007199254740991",
  "9007199254740993",
  0,
  1,
  3,
  4,
  -1,
  0.5,
  407.5,
  5e-324,
  1e11,
  99999999999,
  99999999999.5,
  1766571703,
  1766571703000,
  1766572062.5803902,
  9007199254740991,
  9007199254740992,
  1.7976931348623157e308,
  "1766571703",
  "1766572062.5803902",
  "100000000000",
  "2025-12-24T10:21:43Z",
  "2025-12-24T10:21:43.580+08:00",
  "2025-12-24T10:21:43",
  "2025-12-24",
  "2025-13-24T10:21:43Z",
  "1970-01-01T00:00:00Z",
  "1969-12-31T23:59:59Z",
  "9999-12-31T23:59:59Z",
  "yesterday",
  "open",
  "reopened",
  "incoming",
  "constructor",
  "__proto__",
  "{\"plan\":\"pro\"}",
  "{\"__proto__\":{\"polluted\":true}}",
  "{oops",
  "[]",
  [],
  [null],
  [1, "two", { three: 3 }, [4]],
  {},
  { id: 407 },
  { id: "407", name: null, greeting_enabled: true },
  { source_id: "abc", inbox: { id: 407 } },
  [{ source_id: "abc", inbox: { id: 407 } }, { source_id: 5 }, { inbox: { id: "x" } }],
  parse("{\"__proto__\":{\"polluted\":true},\"constructor\":{\"prototype\":{\"polluted\":true}}}")
]

const names = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "length",
  "id",
  "status",
  "contact",
  "payload",
  "createdAt"
]

export const below = (limit: number): Arbitrary.Arbitrary<number> =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: limit - 1 })))

/** One of the values in two of three cases, else whatever the other arbitrary gives. */
const oftenOneOf = <A>(values: ReadonlyArray<A>, otherwise: Arbitrary.Arbitrary<A>): Arbitrary.Arbitrary<A> =>
  Arbitrary.all([below(Math.ceil(values.length * 1.5)), otherwise]).pipe(
    Arbitrary.map(([index, other]) => values[index] ?? other)
  )

export const anyJson: Arbitrary.Arbitrary<Json> = oftenOneOf(
  oddities,
  // As a text holds it: without -0.
  Arbitrary.schema(Schema.Json).pipe(Arbitrary.map((json) => parse(JSON.stringify(json))))
)

export const anyKey: Arbitrary.Arbitrary<string> = oftenOneOf(names, Arbitrary.schema(Schema.String))
