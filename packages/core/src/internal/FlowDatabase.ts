/**
 * The database of the flows, which may be busy, or out of reach for a while.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { SqlError } from "effect/sql/SqlError"

/**
 * Makes a table. PostgreSQL may reject one of several programs that make the same one at the same moment.
 */
export const createTable = (statement: Effect.Effect<unknown, SqlError>): Effect.Effect<void, SqlError> =>
  Effect.asVoid(Effect.retry(statement, { times: 5, schedule: Schedule.spaced("50 millis") }))

/**
 * Waits for a database that cannot be reached or is busy; a statement that it rejects is a fault of the program.
 */
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
