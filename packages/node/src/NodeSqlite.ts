/**
 * SQLite for Effect's SQL, on the engine of Node.js: one file, and nothing to install.
 *
 * Effect's own driver for this engine is not published for Effect 4.1 yet. This one has what the journal and the flows
 * need. Effect's can replace it, since both provide `SqlClient`.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Reactivity from "effect/reactivity/Reactivity"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { classifySqliteError, SqlError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as Stream from "effect/Stream"
import { closeSync, openSync } from "node:fs"
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"

/**
 * Options of a database.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The file, created for its owner alone if it does not exist; `":memory:"` for none. */
  readonly file: string
  /** Whether to lock the file until the layer's scope closes or the process ends. Defaults to `false`. */
  readonly exclusive?: boolean | undefined
  /** How long to block the whole process while another locks the file: 24 days at most. Defaults to 2 seconds. */
  readonly busyTimeout?: Duration.Input | undefined
}

/**
 * Why a file that this library keeps is refused. It stays as it is.
 *
 * - `OtherFile`: it holds something else.
 * - `Incomplete`: it was copied or moved without the file beside it, whose name ends with `-wal`, or stands beside that of
 *   another state.
 * - `InUse`: another process has it, or this one by another layer.
 *
 * @category errors
 * @since 0.1.0
 */
export class SqliteFileError extends Data.TaggedError("SqliteFileError")<{
  readonly problem: "OtherFile" | "Incomplete" | "InUse"
  readonly file: string
  readonly detail: string
}> {
  override get message(): string {
    return `${this.file}: ${this.detail}`
  }
}

/**
 * Provides `SqlClient` over a file. Commits survive the process and the machine, as each waits for the disk. Fails with
 * `SqlError` if the file cannot be opened, holds something else, or is locked by another process, or if `busyTimeout`
 * is invalid. There is one connection, so a statement's `stream` fails, too.
 *
 * ```ts
 * program.pipe(Effect.provide(NodeSqlite.layer({ file: "customers.journal" })))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<SqlClient.SqlClient, SqlError> =>
  Layer.provide(Layer.effect(SqlClient.SqlClient, make(options)), Reactivity.layer)

/**
 * Opens a file, as `layer` does, until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<SqlClient.SqlClient, SqlError, Scope.Scope | Reactivity.Reactivity> {
  const database = yield* Effect.acquireRelease(open(options), (database) => Effect.sync(() => database.close()))
  const connection = connectionOf(database)
  const { acquirer, onCommitFailure, transactionAcquirer } = SqlClient.makeSqliteAcquirers({
    connection: Effect.succeed(connection),
    semaphore: yield* Semaphore.make(1),
    isTransaction: () => database.isTransaction
  })
  return yield* SqlClient.make({
    acquirer,
    transactionAcquirer,
    onCommitFailure,
    driver: "sqlite-node",
    compiler: Statement.makeCompilerSqlite(),
    // So another's write cannot fail a transaction that reads first.
    beginTransaction: "BEGIN IMMEDIATE",
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
    prepareTransactionControls: true,
    spanAttributes: [["db.system.name", "sqlite"]]
  })
})

const open = ({ busyTimeout = "2 seconds", exclusive = false, file }: Options) =>
  attempt("open", `${file} cannot be used as a SQLite database`, () => {
    const timeout = millisOf(busyTimeout)
    // SQLite would let all users read it, and gives the files beside it the same mode. One that exists is not opened:
    // closing it would give back the locks that this process has on it.
    if (file !== ":memory:") create(file)
    const database = new DatabaseSync(file, { timeout })
    try {
      // Before the next pragma, which takes the lock: so a process that cannot get it fails here.
      if (exclusive) database.exec("PRAGMA locking_mode = EXCLUSIVE")
      database.exec("PRAGMA journal_mode = WAL")
      database.exec("PRAGMA synchronous = FULL")
    } catch (error) {
      database.close()
      throw error
    }
    return database
  })

const create = (file: string): void => {
  try {
    closeSync(openSync(file, "wx", 0o600))
  } catch (error) {
    if (!Predicate.hasProperty(error, "code") || error.code !== "EEXIST") throw error
  }
}

const maxTimeout = 2 ** 31 - 1

const millisOf = (busyTimeout: Duration.Input): number => {
  // Effect reads NaN as no time at all.
  const time = Number.isNaN(busyTimeout) ? Option.none() : Duration.fromInput(busyTimeout)
  const millis = Option.getOrElse(Option.map(time, Duration.toMillis), () => Number.NaN)
  if (millis >= 0 && millis <= maxTimeout) return Math.round(millis)
  throw new TypeError("busyTimeout: expected a time such as \"2 seconds\", of 24 days at most")
}

/** The number of prepared statements to keep: more than the journal and a cluster's storage have. */
const preparedStatements = 256

const connectionOf = (database: DatabaseSync): Connection => {
  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    const statement = database.prepare(sql)
    const oldest = prepared.keys().next()
    if (prepared.size >= preparedStatements && oldest.done !== true) prepared.delete(oldest.value)
    prepared.set(sql, statement)
    return statement
  }
  const run = <A>(
    sql: string,
    params: ReadonlyArray<unknown>,
    options: { readonly prepared: boolean; readonly arrays: boolean },
    use: (statement: StatementSync, params: ReadonlyArray<SQLInputValue>) => A
  ): Effect.Effect<A, SqlError> =>
    Effect.flatMap(SqlClient.SafeIntegers, (bigints) =>
      attempt("execute", "the statement failed", () => {
        const statement = options.prepared ? prepare(sql) : database.prepare(sql)
        statement.setReadBigInts(bigints)
        statement.setReturnArrays(options.arrays)
        return use(statement, params.map(parameter))
      }))
  const rows = (statement: StatementSync, params: ReadonlyArray<SQLInputValue>): ReadonlyArray<object> =>
    statement.all(...params)
  const values = (statement: StatementSync, params: ReadonlyArray<SQLInputValue>): ReadonlyArray<Array<unknown>> =>
    // With `setReturnArrays`, rows are arrays; the type only knows of objects.
    statement.all(...params) as unknown as ReadonlyArray<Array<unknown>>
  return {
    execute: (sql, params, transform) =>
      Effect.map(run(sql, params, { prepared: true, arrays: false }, rows), (all) => transform?.(all) ?? all),
    executeUnprepared: (sql, params, transform) =>
      Effect.map(run(sql, params, { prepared: false, arrays: false }, rows), (all) => transform?.(all) ?? all),
    executeRaw: (sql, params) =>
      run(
        sql,
        params,
        { prepared: true, arrays: false },
        (statement, params) => statement.columns().length > 0 ? statement.all(...params) : statement.run(...params)
      ),
    executeValues: (sql, params) => run(sql, params, { prepared: true, arrays: true }, values),
    executeValuesUnprepared: (sql, params) => run(sql, params, { prepared: false, arrays: true }, values),
    // A stream would hold the only connection: a statement in the middle of it would wait forever.
    executeStream: () =>
      Stream.fromEffect(attempt("stream", "a result cannot be streamed", () => {
        throw new TypeError("read it in pages, by LIMIT")
      }))
  }
}

const parameter = (value: unknown): SQLInputValue => {
  switch (typeof value) {
    case "boolean":
      return value ? 1 : 0
    case "string":
    case "number":
    case "bigint":
      return value
    case "object":
    case "function":
    case "symbol":
    case "undefined":
      if (value === null || value instanceof Uint8Array) return value
      if (value instanceof Date) return value.toISOString()
      throw new TypeError(`SQLite takes no ${typeof value} for a parameter`)
  }
}

const attempt = <A>(operation: string, message: string, evaluate: () => A): Effect.Effect<A, SqlError> =>
  Effect.try({
    try: evaluate,
    catch: (cause) =>
      new SqlError({
        reason: classifySqliteError(
          // Effect looks for SQLite's code in `errno`.
          Predicate.hasProperty(cause, "errcode") ? Object.assign(cause, { errno: cause.errcode }) : cause,
          {
            message: Predicate.hasProperty(cause, "message") ? `${message}: ${String(cause.message)}` : message,
            operation
          }
        )
      })
  })
