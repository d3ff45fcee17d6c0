/**
 * Schemas of options. Their issues describe the expected value, and never contain the actual one.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaParser from "effect/SchemaParser"
import type * as LiveDeskError from "../LiveDeskError.ts"
import { IdInput } from "../LiveDeskSchema.ts"
import * as ErrorMapping from "./ErrorMapping.ts"

const expecting = <A>(expected: string, is: (u: unknown) => u is A): Schema.declare<A> =>
  Schema.declare(is, { message: `expected ${expected}` })

export const id = expecting("an id: a whole number above 0", Schema.is(IdInput)).annotateKey({
  messageMissingKey: "expected an id: a whole number above 0"
})

/** A whole number of `things` above 0. */
export const count = (things: string) =>
  expecting(
    `a whole number of ${things} above 0`,
    (u: unknown): u is number => Number.isSafeInteger(u) && Number(u) > 0
  )

/** A number of at least 1, or Infinity; NaN is refused. */
export const amount = expecting("a number of at least 1", (u: unknown): u is number => Predicate.isNumber(u) && u >= 1)

export const oneOf = <const Texts extends ReadonlyArray<string>>(...texts: Texts) => {
  const [last, ...others] = texts.map((text) => JSON.stringify(text)).reverse()
  return expecting(`${others.reverse().join(", ")} or ${last}`, Schema.is(Schema.Literals(texts)))
}

const isTime = (u: unknown): u is Duration.Input =>
  // For an invalid duration it returns none.
  !Number.isNaN(u) && Option.exists(Duration.fromInput(u as Duration.Input), (time) => !Duration.isNegative(time))

/** A duration that is not negative. */
export const duration = expecting("a time such as \"30 seconds\"", isTime).pipe(
  Schema.decodeTo(Schema.Duration, {
    decode: SchemaGetter.transform(Duration.fromInputUnsafe),
    encode: SchemaGetter.passthrough()
  })
)

/** Sets the default of an option. */
export const withDefault = <S extends Schema.Constraint>(schema: S, value: S["Type"]) =>
  Schema.withDecodingDefaultType<S>(Effect.succeed(value))(schema)

/** Makes a decoder of options, which ignores other fields and reports all issues. */
export const decoder = <A, I, E>(
  schema: Schema.Codec<A, I>,
  toError: (issues: ReadonlyArray<LiveDeskError.Issue>) => E
) => {
  const decode = SchemaParser.decodeUnknownResult(schema, { errors: "all" })
  return (options: object): Effect.Effect<A, E> =>
    Effect.suspend(() =>
      Effect.fromResult(Result.mapError(decode(options), (issue) => toError(ErrorMapping.issuesOf(issue))))
    )
}

/** Joins issues into one text. */
export const sentence = (issues: ReadonlyArray<LiveDeskError.Issue>): string =>
  issues.map(({ message, path }) => path.length === 0 ? message : `${path.join(".")}: ${message}`).join("; ")
