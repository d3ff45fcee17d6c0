import { type Model } from "@effect-livedesk/core"
import { assert, it } from "@effect/vitest"
import { DateTime, Effect, Option } from "effect"
import { mustRead } from "./ModelLaws.ts"
import { change, type Json, type Path } from "./Wire.ts"

/** What comes on the wire, `undefined` for nothing at all, and what it is read as. */
export type Readings<A = unknown> = ReadonlyArray<readonly [wire: Json | undefined, expected: A]>

/** Holds what one field of a sample is read as, whatever comes in its place. */
export const reads = <A>(
  model: Model.Model<A>,
  sample: Json,
  path: Path,
  get: (value: A) => unknown,
  readings: Readings
): void => {
  it.effect(`reads ${path.join(".")}`, () =>
    Effect.sync(() => {
      for (const [wire, expected] of readings) {
        assert.deepStrictEqual(get(mustRead(model, change(sample, path, wire))), expected, JSON.stringify(wire))
      }
    }))
}

export const utc = DateTime.makeUnsafe

/** What a time is never read from. */
const noTimes: ReadonlyArray<Json> = [
  true,
  {},
  [],
  [1766571703],
  -1,
  "-1",
  "yesterday",
  "12a",
  " 1766571703",
  "2025-13-24T10:21:43Z",
  "2025-12-24T10:21:43+1:00",
  "24.12.2025",
  "1969-12-31T23:59:59Z",
  "9999-12-31T23:59:59Z",
  1e11,
  "100000000000",
  1766571703000,
  "1766571703000"
]

const someTimes: Readings<DateTime.Utc> = [
  [1766571703, utc("2025-12-24T10:21:43Z")],
  ["1766571703", utc("2025-12-24T10:21:43Z")],
  [1766571703.25, utc("2025-12-24T10:21:43.250Z")],
  ["1766571703.25", utc("2025-12-24T10:21:43.250Z")],
  [1766572062.5803902, DateTime.fromEpochSeconds(1766572062.5803902)],
  [99999999999, utc(99999999999000)],
  ["2025-12-24T10:21:43Z", utc("2025-12-24T10:21:43Z")],
  ["2025-12-24T10:21:43.580Z", utc("2025-12-24T10:21:43.580Z")],
  ["2025-12-24T18:21:43+08:00", utc("2025-12-24T10:21:43Z")],
  ["2025-12-24T02:51:43-07:30", utc("2025-12-24T10:21:43Z")],
  ["2025-12-24T10:21:43", utc("2025-12-24T10:21:43Z")],
  ["2025-12-24T10:21:43.580", utc("2025-12-24T10:21:43.580Z")],
  // Ruby's own form.
  ["2025-12-24 10:21:43 UTC", utc("2025-12-24T10:21:43Z")],
  ["2025-12-24 10:21:43", utc("2025-12-24T10:21:43Z")],
  ["2025-12-24", utc("2025-12-24T00:00:00Z")]
]

const beginning = utc(0)

/** A time that is always there: 0 is 1970, and so is what cannot be read. */
export const times: Readings<DateTime.Utc> = [
  ...someTimes,
  [0, beginning],
  ["0", beginning],
  [undefined, beginning],
  [null, beginning],
  ["", beginning],
  ...noTimes.map((wire) => [wire, beginning] as const)
]

/** A time that may never have come. */
export const timesOrNever: Readings<Option.Option<DateTime.Utc>> = [
  ["1970-01-01T00:00:00Z", Option.none()],
  ["0.0", Option.none()],
  ...someTimes.map(([wire, expected]) => [wire, Option.some(expected)] as const),
  [0, Option.none()],
  ["0", Option.none()],
  [undefined, Option.none()],
  [null, Option.none()],
  ["", Option.none()],
  ...noTimes.map((wire) => [wire, Option.none()] as const)
]

/** What is an id nowhere. */
export const noIds: ReadonlyArray<Json | undefined> = [
  undefined,
  null,
  "",
  " ",
  "12a",
  "a12",
  " 12",
  "+12",
  "-12",
  "1.0",
  "1e3",
  "0x10",
  12.5,
  -1,
  9007199254740992,
  "9007199254740992",
  true,
  [],
  [12],
  {},
  { id: 12 }
]

const someIds = [
  [12, 12],
  ["12", 12],
  ["0012", 12],
  [0, 0],
  ["0", 0],
  [9007199254740991, 9007199254740991],
  ["9007199254740991", 9007199254740991],
  [17623000010928, 17623000010928]
] as const

/** An id that fails the response when it is none. */
export const requiredIds: Readings<number> = someIds

/** An id that is 0 when it is none; and a count. */
export const ids: Readings<number> = [...someIds, ...noIds.map((wire) => [wire, 0] as const)]

/** An id that may be missing. */
export const nullableIds: Readings<Option.Option<number>> = [
  ...someIds.map(([wire, expected]) => [wire, Option.some(expected)] as const),
  ...noIds.map((wire) => [wire, Option.none()] as const)
]

/** An id that is text, whatever it looks like. */
export const opaqueIds: Readings<Option.Option<string>> = [
  ["tk_20251104_789abc", Option.some("tk_20251104_789abc")],
  ["0012", Option.some("0012")],
  ["9007199254740993", Option.some("9007199254740993")],
  [12, Option.some("12")],
  ["", Option.none()],
  [null, Option.none()],
  [undefined, Option.none()],
  [12.5, Option.none()],
  [9007199254740992, Option.none()],
  [true, Option.none()],
  [[], Option.none()],
  [{}, Option.none()]
]

export const flags: Readings<boolean> = [
  [true, true],
  [false, false],
  ["true", true],
  ["false", false],
  ...[undefined, null, "", "TRUE", "yes", "1", 1, 0, [], {}, [true]].map((wire) => [wire, false] as const)
]

const noTexts: ReadonlyArray<Json | undefined> = [undefined, null, 5, 0, true, [], ["x"], {}]

export const texts: Readings<string> = [
  ["x", "x"],
  ["", ""],
  [" ", " "],
  ...noTexts.map((wire) => [wire, ""] as const)
]

/** A text that is none when it is empty: an address, a number, the link of a picture. */
export const nullableTexts: Readings<Option.Option<string>> = [
  ["x", Option.some("x")],
  ["not a URL", Option.some("not a URL")],
  ["", Option.none()],
  ...noTexts.map((wire) => [wire, Option.none()] as const)
]

/** A text that may be empty. */
export const names: Readings<Option.Option<string>> = [
  ["x", Option.some("x")],
  ["", Option.some("")],
  ...noTexts.map((wire) => [wire, Option.none()] as const)
]

/** A word that is kept as it came, though it is unknown. */
export const words = (known: ReadonlyArray<string>, absent: string): Readings<string> => [
  ...[...known, "never_heard_of", "OPEN", "constructor"].map((word) => [word, word] as const),
  ...noTexts.map((wire) => [wire, absent] as const)
]

const plan = { plan: "pro", since: [2025, null], nested: { deep: true } }

const someAttributes = [
  [{}, {}],
  [plan, plan],
  [JSON.stringify(plan), plan],
  ["{}", {}]
] as const

const noAttributes: ReadonlyArray<Json | undefined> = [
  undefined,
  null,
  "",
  "{",
  "{oops}",
  "null",
  "[]",
  "[{}]",
  "5",
  "text",
  5,
  true,
  [],
  [{}],
  ["a", "b"]
]

export const attributes: Readings<{ readonly [key: string]: Json }> = [
  ...someAttributes,
  ...noAttributes.map((wire) => [wire, {}] as const)
]

export const nullableObjects: Readings<Option.Option<{ readonly [key: string]: Json }>> = [
  ...someAttributes.map(([wire, expected]) => [wire, Option.some(expected)] as const),
  ...noAttributes.map((wire) => [wire, Option.none()] as const)
]
