/**
 * Access to the flows' database, which may be busy or unreachable for a while.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql/SqlError"
import type * as LiveDeskError from "../LiveDeskError.ts"
import * as ErrorMapping from "./ErrorMapping.ts"
import * as OptionSchema from "./OptionSchema.ts"

/** Creates a table. Retries, because PostgreSQL may reject programs that create the same one concurrently. */
export const createTable = (statement: Effect.Effect<unknown, SqlError>): Effect.Effect<void, SqlError> =>
  Effect.asVoid(Effect.retry(statement, { times: 5, schedule: Schedule.spaced("50 millis") }))

/** Retries a statement while the database is unreachable or busy. A rejected statement is a defect. */
export const untilAvailable = <A>(statement: Effect.Effect<A, SqlError>): Effect.Effect<A> =>
  statement.pipe(
    Effect.tapError((error) =>
      error.isRetryable ? Effect.logWarning(`the database of the flows: ${error.message}`) : Effect.void
    ),
    Effect.retry({
      while: ({ isRetryable }) => isRetryable,
      schedule: Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("10 seconds")])
    }),
    Effect.orDie
  )

/** Makes the `forget` of a store: deletes what is from before a time, in milliseconds since 1970. */
export const makeForget = <E = never>(operation: string, deleteBefore: (time: number) => Effect.Effect<void, E>) => {
  const check = OptionSchema.decoder(
    Schema.Struct({ olderThan: OptionSchema.duration }),
    (issues) => ErrorMapping.invalidInput(operation, issues)
  )
  return Effect.fnUntraced(function*(
    options: { readonly olderThan: Duration.Input }
  ): Effect.fn.Return<void, E | LiveDeskError.ValidationError> {
    const { olderThan } = yield* check(options)
    yield* deleteBefore((yield* Clock.currentTimeMillis) - Duration.toMillis(olderThan))
  })
}

/** Any text as a column holds it: PostgreSQL refuses NUL, and changes unpaired surrogates. */
export const Text = Schema.fromJsonString(Schema.String)

export const textColumn = (text: string): string => JSON.stringify(text)
