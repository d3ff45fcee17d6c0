/**
 * A SQLite file of this library's: one that holds something else, that was copied without the file beside it, or that
 * stands beside the file of another state, is refused before it is opened, and stays as it is.
 *
 * SQLite keeps what was committed last in a second file, `-wal`, until that is written back, and believes any such file
 * whose checksums are right. So the header of the first has a mark, odd once a program has closed it: if it is even and the
 * second is missing, what the first holds is out of date. Each writing back gives it a new one by chance, before which the
 * first does not change, and the second begins with it: so files of two moments, or of two journals, do not fit together.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { randomInt } from "node:crypto"
import { closeSync, existsSync, fsyncSync, openSync, readSync, statSync, writeSync } from "node:fs"
import { resolve } from "node:path"
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

const newMark = (): number => 2 * randomInt(1, 2 ** 30)

/**
 * Whether frames with these marks can stand beside a file with this one. They begin with it, and a writing back adds the
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
  return Layer.unwrap(Effect.gen(function*() {
    yield* check(file, kind)
    // SQLite finds it once, wherever the process moves later.
    const opened = { path: resolve(file), identity: "" }
    // The last of all, when SQLite has closed it.
    yield* Effect.addFinalizer(() => Effect.ignore(Effect.try(() => markClosed(opened))))
    return Layer.provide(Layer.effect(SqlClient.SqlClient, guard(file, kind, opened)), sqlite).pipe(
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
  }))
}

/** A file that SQLite has opened: its path, and what it is at that path. */
interface Opened {
  readonly path: string
  identity: string
}

const identityOf = (path: string): string => {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? "" : `${found.dev}:${found.ino}`
}

/** https://www.sqlite.org/fileformat2.html#the_database_header */
const userVersionOffset = 60

/**
 * Marks a file as closed where its program could not, as on a full disk: SQLite then wrote all back into it when it closed
 * it, and deleted the frames. In place, since that needs no space.
 */
const markClosed = ({ identity, path }: Opened): void => {
  if (identity === "" || identityOf(path) !== identity || SqliteWal.exists(path)) return
  const header = headerOf(path)
  if (header._tag !== "Sqlite" || !isOpen(header.userVersion)) return
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(header.userVersion + 1)
  const descriptor = openSync(path, "r+")
  try {
    writeSync(descriptor, bytes, 0, bytes.length, userVersionOffset)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Provides `SqlClient` over a file of this kind, which several processes may use at once. So no mark can tell whether it
 * was copied without the file beside it.
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
    let header = headerOf(file)
    let versions = SqliteWal.userVersions(file)
    // Another process may write back in between.
    for (let again = headerOf(file); !Equal.equals(header, again); again = headerOf(file)) {
      header = again
      versions = SqliteWal.userVersions(file)
    }
    if (header._tag === "Empty") return Effect.void
    if (header._tag === "NotSqlite" || !isOfKind(header, kind)) return other(file, kind)
    const incomplete = (detail: string) =>
      Effect.fail(new NodeSqlite.SqliteFileError({ problem: "Incomplete", file, detail }))
    const { userVersion } = header
    const belongs = isWalOf(userVersion, versions)
    if (!isOpen(userVersion)) {
      return belongs
        ? Effect.void
        : incomplete(
          `${SqliteWal.pathOf(file)} is not of this ${kind.name}, which is complete without it: move it away, and ` +
            "start again"
        )
    }
    const copy = `Copy all files whose names begin like it (${file}*) from where they were, and start again`
    // Another program that opened it leaves an empty one, and a third file, which this one does without.
    if (!SqliteWal.exists(file) || (versions.length === 0 && SqliteWal.hasIndex(file))) {
      return incomplete(
        `the latest of what this ${kind.name} holds is missing: the program that used it did not end by itself, and ` +
          `${file}-wal was left behind when it was copied or moved. ${copy}. Only if it is where it was, and another ` +
          "program such as sqlite3 opened it there, nothing is missing: run in that program " +
          `\`PRAGMA user_version = ${userVersion + 1}\`. In any other case, customers would get messages twice`
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
 * Reads the header of a file as it is, without the frames. SQLite reads it, since a process that closes a file by itself
 * loses all its locks on it, also those of another thread.
 */
const headerOf = (file: string): Header => {
  if (!existsSync(file)) return { _tag: "Empty" }
  try {
    const database = new DatabaseSync(`${pathToFileURL(file).href}?immutable=1`, { readOnly: true })
    try {
      const read = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
      return headerFrom(read("schema_version"), read("user_version"), read("application_id"))
    } finally {
      database.close()
    }
  } catch (error) {
    const code = Predicate.hasProperty(error, "errcode") ? error.errcode : undefined
    if (code === notADatabase) return { _tag: "NotSqlite" }
    // Opening it says why it cannot be read.
    return code === corrupt ? cutHeaderOf(file) : { _tag: "Empty" }
  }
}

/** SQLite reads nothing of a file that is shorter than its header says, as a crash leaves one that was growing. */
const cutHeaderOf = (file: string): Header => {
  const bytes = Buffer.alloc(100)
  const descriptor = openSync(file, "r")
  try {
    readSync(descriptor, bytes, 0, bytes.length, 0)
  } finally {
    closeSync(descriptor)
  }
  return headerFrom(bytes.readInt32BE(40), bytes.readInt32BE(userVersionOffset), bytes.readInt32BE(68))
}

const headerFrom = (schemaVersion: number, userVersion: number, applicationId: number): Header =>
  // Before anything was written back, there is a header alone.
  schemaVersion === 0 && userVersion === 0 && applicationId === 0
    ? { _tag: "Empty" }
    : { _tag: "Sqlite", applicationId, userVersion }

/** https://www.sqlite.org/rescode.html#corrupt */
const corrupt = 11

/** https://www.sqlite.org/rescode.html#notadb */
const notADatabase = 26

const guard = Effect.fnUntraced(function*(file: string, kind: Kind, opened: Opened) {
  const sql = yield* SqlClient.SqlClient
  opened.identity = identityOf(opened.path)
  yield* sql.unsafe("PRAGMA wal_autocheckpoint = 0")
  yield* identify(sql, file, kind)
  yield* Effect.acquireRelease(writeBack(sql, [newMark()]), () => {
    const last = newMark()
    // It counts as closed once all the rest is in it.
    return Effect.ignore(writeBack(sql, [last, last + 1]))
  })
  yield* Effect.try(() => SqliteWal.size(opened.path)).pipe(
    Effect.flatMap((size) => size < longWal ? Effect.void : writeBack(sql, [newMark()])),
    Effect.catch((error) => Effect.logWarning(`the latest of this ${kind.name} is not written back yet`, error)),
    Effect.schedule(Schedule.spaced("1 second")),
    Effect.forkScoped
  )
  return sql
})

/** How long the frames get before they are written back, in bytes. */
const longWal = 4 * 1024 * 1024

/** Writes all back, once for each of these marks, and begins the frames anew, with no other statement in between. */
const writeBack = (sql: SqlClient.SqlClient, marks: ReadonlyArray<number>): Effect.Effect<void, SqlError> =>
  Effect.scoped(Effect.gen(function*() {
    const { executeUnprepared, executeValuesUnprepared } = yield* sql.reserve
    const pragma = (text: string) => executeUnprepared(`PRAGMA ${text}`, [], undefined)
    for (const mark of marks) {
      // The frames may not have that of the file yet.
      const [[before] = []] = yield* executeValuesUnprepared("PRAGMA user_version", [])
      yield* pragma(`user_version = ${Number(before)}`)
      yield* pragma(`user_version = ${mark}`)
      yield* pragma("wal_checkpoint(TRUNCATE)")
      if (isOpen(mark)) yield* pragma(`user_version = ${mark}`)
    }
  }))

/** Gives a file that holds nothing its kind, and refuses one that holds something else. */
const identify = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, file: string, kind: Kind) {
  const [header] = yield* sql<{ readonly application_id: number }>`PRAGMA application_id`
  if (header?.application_id === kind.applicationId) return
  const [tables] = yield* sql<{ readonly count: number }>`SELECT COUNT(*) AS count FROM sqlite_schema`
  if (tables?.count !== 0) return yield* other(file, kind)
  yield* sql.unsafe(`PRAGMA application_id = ${kind.applicationId}`)
})
