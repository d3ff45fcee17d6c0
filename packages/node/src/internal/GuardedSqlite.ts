/**
 * A SQLite file of this library's: one that holds something else, that was copied without the file beside it, or that
 * stands beside the file of another state, is refused before it is opened, and stays as it is.
 *
 * SQLite keeps what was committed last in a second file, `-wal`, until that is written back, and believes any such file
 * whose checksums are right. So the header of the first has a count, odd once a program has closed it: if it is even and the
 * second is missing, what the first holds is out of date. The count goes up with each writing back, before which the first
 * does not change, and the second begins with it: so files of different moments do not fit together.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { closeSync, existsSync, fsyncSync, openSync, writeSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { pathToFileURL } from "node:url"
import * as NodeSqlite from "../NodeSqlite.ts"
import * as SqliteWal from "./SqliteWal.ts"

/** A kind of file: its name, and the number in its header by which SQLite and `file` know it. */
export interface Kind {
  readonly name: string
  readonly applicationId: number
}

/** Whether a program has the file open, or had when it crashed, by its `user_version`. */
const isOpen = (userVersion: number): boolean => userVersion !== 0 && userVersion % 2 === 0

const nextOpen = (userVersion: number): number => userVersion + (userVersion % 2 === 0 ? 2 : 1)

/**
 * Whether frames with these counts can stand beside a file with this one. They begin with it, and a writing back adds the
 * next one, then writes all of them into the file, and only then empties the frames.
 */
const isWalOf = (userVersion: number, versions: ReadonlyArray<number | undefined>): boolean => {
  const isMarked = (version: number | undefined) => version !== undefined
  // While it is closed, there is nothing but marks. Frames without one are of a disk that was full for a moment.
  return isOpen(userVersion)
    ? versions.includes(userVersion) || !versions.some(isMarked)
    : versions.length === 0 || (versions.includes(userVersion) && versions.every(isMarked))
}

/** Provides `SqlClient` over a file of this kind, which this process has to itself. */
export const layer = (
  file: string,
  kind: Kind
): Layer.Layer<SqlClient.SqlClient, SqlError | NodeSqlite.SqliteFileError> => {
  const sqlite = NodeSqlite.layer({ file, exclusive: true })
  if (file === ":memory:") return sqlite
  const guarded = Layer.provide(Layer.effect(SqlClient.SqlClient, guard(file, kind)), sqlite).pipe(
    Layer.catchTag("SqlError", (error) =>
      Layer.effectContext(Effect.fail(
        error.reason._tag === "LockTimeoutError"
          ? new NodeSqlite.SqliteFileError({
            problem: "InUse",
            file,
            detail: `another process is at work with this ${kind.name}: end it first, or give another file`
          })
          : error
      )))
  )
  return Layer.unwrap(Effect.gen(function*() {
    yield* check(file, kind)
    // Of the file that the layer opens, and last of all.
    yield* Effect.addFinalizer(() => Effect.ignore(Effect.try(() => markClosed(file))))
    return guarded
  }))
}

/** https://www.sqlite.org/fileformat2.html#the_database_header */
const userVersionOffset = 60

/**
 * Marks a file as closed where its program could not, as on a full disk: SQLite then wrote all back into it when it closed
 * it, and deleted the frames. In place, since that needs no space.
 */
const markClosed = (file: string): void => {
  if (SqliteWal.exists(file)) return
  const header = headerOf(file)
  if (header._tag !== "Sqlite" || !isOpen(header.userVersion)) return
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(header.userVersion + 1)
  const descriptor = openSync(file, "r+")
  try {
    writeSync(descriptor, bytes, 0, bytes.length, userVersionOffset)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Provides `SqlClient` over a file of this kind, which several processes may use at once. So no count of openings can
 * tell whether it was copied without the file beside it.
 */
export const layerShared = (
  file: string,
  kind: Kind
): Layer.Layer<SqlClient.SqlClient, SqlError | NodeSqlite.SqliteFileError> => {
  const sqlite = NodeSqlite.layer({ file, busyTimeout: "10 seconds" })
  if (file === ":memory:") return sqlite
  const marked = Layer.effect(
    SqlClient.SqlClient,
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      // Or another process could create its tables in between.
      yield* sql.withTransaction(identify(sql, file, kind))
      return sql
    })
  )
  return Layer.unwrap(Effect.as(
    Effect.suspend(() => isOfKind(headerOf(file), kind) ? Effect.void : other(file, kind)),
    Layer.provide(marked, sqlite)
  ))
}

const check = (file: string, kind: Kind): Effect.Effect<void, NodeSqlite.SqliteFileError> =>
  Effect.suspend(() => {
    const header = headerOf(file)
    if (header._tag === "Empty") return Effect.void
    if (header._tag === "NotSqlite" || !isOfKind(header, kind)) return other(file, kind)
    const incomplete = (detail: string) =>
      Effect.fail(new NodeSqlite.SqliteFileError({ problem: "Incomplete", file, detail }))
    const { userVersion } = header
    const belongs = isWalOf(userVersion, SqliteWal.userVersions(file))
    if (!isOpen(userVersion)) {
      return belongs
        ? Effect.void
        : incomplete(
          `${SqliteWal.pathOf(file)} is not of this ${kind.name}, which is complete without it: move it away, and ` +
            "start again"
        )
    }
    const copy = `Copy all files whose names begin like it (${file}*) from where they were, and start again`
    if (!SqliteWal.exists(file)) {
      return incomplete(
        `the latest of what this ${kind.name} holds is missing: the program that used it did not end by itself, and ` +
          `${file}-wal was left behind when it was copied or moved. ${copy}. Only if it is where it was, and another ` +
          `program such as sqlite3 opened it there, nothing is missing: run \`PRAGMA user_version = ${
            userVersion + 1
          }\` ` +
          "in that program. In any other case, customers would get messages twice"
      )
    }
    return belongs
      ? Effect.void
      : incomplete(`${SqliteWal.pathOf(file)} is not of this ${kind.name}, whose latest is missing. ${copy}`)
  })

const isOfKind = (header: Header, { applicationId }: Kind): boolean =>
  header._tag === "Empty" || (header._tag === "Sqlite" && header.applicationId === applicationId)

const other = (file: string, { name }: Kind) =>
  new NodeSqlite.SqliteFileError({
    problem: "OtherFile",
    file,
    detail: `the file is no ${name}, and stays as it is: give another one`
  })

/** Whether a file is not there, or holds nothing yet. */
export const isEmpty = (file: string): boolean => headerOf(file)._tag === "Empty" && !SqliteWal.exists(file)

type Header =
  | { readonly _tag: "Empty" }
  | { readonly _tag: "NotSqlite" }
  | { readonly _tag: "Sqlite"; readonly applicationId: number; readonly userVersion: number }

/**
 * Reads the header of a file, without what is not written back. By SQLite: whoever else closes a file gives back all locks
 * that its process has on it, also those of another thread.
 */
const headerOf = (file: string): Header => {
  if (!existsSync(file)) return { _tag: "Empty" }
  try {
    const database = new DatabaseSync(`${pathToFileURL(file).href}?immutable=1`, { readOnly: true })
    try {
      const read = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
      const [schemaVersion, userVersion, applicationId] = [
        read("schema_version"),
        read("user_version"),
        read("application_id")
      ]
      // Before anything was written back, there is a header alone.
      if (schemaVersion === 0 && userVersion === 0 && applicationId === 0) return { _tag: "Empty" }
      return { _tag: "Sqlite", applicationId, userVersion }
    } finally {
      database.close()
    }
  } catch (error) {
    // Opening it says why it cannot be read.
    return { _tag: Predicate.hasProperty(error, "errcode") && error.errcode === notADatabase ? "NotSqlite" : "Empty" }
  }
}

/** https://www.sqlite.org/rescode.html#notadb */
const notADatabase = 26

const guard = Effect.fnUntraced(function*(file: string, kind: Kind) {
  const sql = yield* SqlClient.SqlClient
  yield* sql.unsafe("PRAGMA wal_autocheckpoint = 0")
  const [state] = yield* sql<{ readonly user_version: number }>`PRAGMA user_version`
  yield* identify(sql, file, kind)
  let count = state?.user_version ?? 0
  /** Writes all back, and begins the frames anew. */
  const writeBack = Effect.suspend(() => {
    const before = count
    count = nextOpen(count)
    return pragmas(sql, [before, count, "write back", count])
  })
  yield* Effect.acquireRelease(writeBack, () =>
    // It counts as closed once all the rest is in it.
    writeBack.pipe(Effect.andThen(Effect.suspend(() => pragmas(sql, [count + 1, "write back"]))), Effect.ignore))
  yield* Effect.suspend(() => SqliteWal.size(file) < longWal ? Effect.void : writeBack).pipe(
    Effect.ignore,
    Effect.schedule(Schedule.spaced("1 second")),
    Effect.forkScoped
  )
  return sql
})

/** How long the frames get before they are written back, in bytes. */
const longWal = 4 * 1024 * 1024

/** Sets the count, or writes all back, with no other statement in between. */
const pragmas = (
  sql: SqlClient.SqlClient,
  steps: ReadonlyArray<number | "write back">
): Effect.Effect<void, SqlError> =>
  Effect.scoped(Effect.flatMap(sql.reserve, ({ executeUnprepared }) =>
    Effect.forEach(steps, (step) => {
      const pragma = step === "write back" ? "wal_checkpoint(TRUNCATE)" : `user_version = ${step}`
      return executeUnprepared(`PRAGMA ${pragma}`, [], undefined)
    }, { discard: true })))

/** Gives a file that holds nothing its kind, and refuses one that holds something else. */
const identify = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, file: string, kind: Kind) {
  const [header] = yield* sql<{ readonly application_id: number }>`PRAGMA application_id`
  if (header?.application_id === kind.applicationId) return
  const [tables] = yield* sql<{ readonly count: number }>`SELECT COUNT(*) AS count FROM sqlite_schema`
  if (tables?.count !== 0) return yield* other(file, kind)
  yield* sql.unsafe(`PRAGMA application_id = ${kind.applicationId}`)
})
