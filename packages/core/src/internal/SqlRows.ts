/**
 * Rows as the parameters of a statement. SQLite reads them in a third of the time that it takes for rows as JSON, of which
 * it parses a row anew for each column.
 *
 * @since 0.1.0
 */
import * as Array from "effect/Array"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"

/** What every driver takes. */
type Value = string | number | null

/** How many rows a statement has. With two numbers alone, each statement is prepared twice; rows of NULL fill it up. */
const [few, many] = [8, 64]

/**
 * Makes a function that runs a statement on rows, some at a time, and returns what it returns of all. `given` defines a table
 * `given` with these columns, as in `WITH ${given} SELECT key FROM given`. It may hold rows of NULL more.
 */
export const make = <Row>(columns: { readonly [column: string]: (row: Row) => Value }) => {
  const names = Object.keys(columns)
  const read = Object.values(columns)
  const tableOf = (rows: number): string => {
    const row = `(${Array.replicate("?", names.length).join()})`
    return `given (${names.join()}) AS (VALUES ${Array.replicate(row, rows).join()})`
  }
  const [small, large] = [tableOf(few), tableOf(many)]
  const parametersOf = (rows: ReadonlyArray<Row>, size: number): ReadonlyArray<Value> => {
    const parameters: Array<Value> = []
    for (const row of rows) for (const value of read) parameters.push(value(row))
    // A limit of the rows as one more parameter would have SQLite prepare the statement anew each time.
    while (parameters.length < size * read.length) parameters.push(null)
    return parameters
  }
  return <A extends object>(
    sql: SqlClient.SqlClient,
    rows: ReadonlyArray<Row>,
    statement: (given: Statement.Fragment) => Statement.Statement<A>
  ): Effect.Effect<ReadonlyArray<A>, SqlError> =>
    Effect.map(
      Effect.forEach(
        Array.chunksOf(rows, many),
        (rows) =>
          statement(
            rows.length > few
              ? sql.unsafe(large, parametersOf(rows, many))
              : sql.unsafe(small, parametersOf(rows, few))
          )
      ),
      Array.flatten
    )
}
