/**
 * Settings from the environment, whose failures state what is wrong and what to do.
 *
 * @since 0.1.0
 */
import * as LiveDeskClient from "@effect-livedesk/core/LiveDeskClient"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"

export const configError = (message: string): Effect.Effect<never, Config.ConfigError> =>
  Effect.fail(
    new LiveDeskClient.SettingsError(new Schema.SchemaError(new SchemaIssue.InvalidValue({ message })))
  )

/** Creates a setting whose failures state what to do, and nothing of its value. */
export const make = <A>(spec: {
  readonly name: string
  readonly what: string
  readonly example: string
  readonly schema: Schema.Codec<A, string>
  readonly whenMissing?: A
}): Config.Config<A> => {
  const fail = (problem: string) =>
    configError(`${spec.name} ${problem}. Set it to ${spec.what}, for example ${spec.example}`)
  const decode = SchemaParser.decodeUnknownResult(spec.schema, { errors: "all" })
  return Config.option(Config.Redacted(spec.name)).pipe(
    Config.mapEffect(Option.match({
      onNone: () => spec.whenMissing === undefined ? fail("is missing") : Effect.succeed(spec.whenMissing),
      onSome: (text) =>
        isQuoted(Redacted.value(text))
          ? fail(inQuotes)
          : Result.match(decode(Redacted.value(text)), {
            onFailure: (issue) =>
              fail(`cannot be used: ${problems(issue).issues.map(({ message }) => message).join("; ")}`),
            onSuccess: (value) => Effect.succeed(value)
          })
    }))
  )
}

const isQuoted = (text: string): boolean => /^(["']).*\1$/s.test(text)

const inQuotes = "is in quotes, which Docker's --env-file keeps: remove the quotes"

/** A secret as it stands, unless that is in quotes. */
export const secret = (name: string): Config.Config<Redacted.Redacted> =>
  Config.Redacted(name).pipe(
    Config.mapEffect((secret) => {
      const value = Redacted.value(secret)
      return isQuoted(value)
        ? configError(`${name} ${inQuotes}`)
        : value !== value.trim()
        ? configError(`${name} begins or ends with white space, such as the line break of a file`)
        : Effect.succeed(secret)
    })
  )

const problems = SchemaIssue.makeFormatterStandardSchemaV1()

/** Fails with a line for each invalid setting if there are several, where Effect would stop at the first. */
export const check = Effect.fnUntraced(function*(settings: ReadonlyArray<Config.Config<unknown>>) {
  const results = yield* Effect.forEach(settings, (setting) => Effect.result(setting))
  const failures = results.flatMap((result) => Result.isFailure(result) ? [result.failure.message] : [])
  if (failures.length > 1) return yield* configError(failures.join("\n"))
})
