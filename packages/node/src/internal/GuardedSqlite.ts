/**
 * A SQLite file of this library's: one that holds something else, that was copied without the file beside it, or that
 * stands beside the file of another state, is refused before it is opened, and stays as it is.
 *
 * SQLite keeps what was committed last in a second file, `-wal`, until that is written back, and believes any such file
 * whose checksums are right. So the header of the first has a count of its openings and closings, even while a program has
 * it open: if it is open and the second is missing, what the first holds is out of date; and the second has the same count.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs"
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
 * Whether frames with these counts can stand beside a file with this one. Each opening and closing adds its mark to the
 * frames, then writes all of them into the file, and only then empties the frames: a crash in between leaves the marks of
 * both, and the next crash those of three.
 */
const isWalOf = (userVersion: number, versions: ReadonlyArray<number | undefined>): boolean => {
  const first = versions.findIndex((version) => version !== undefined)
  // SQLite itself begins the frames of an open file anew, without a mark, after many changes.
  if (isOpen(userVersion) && (first === -1 || versions.includes(userVersion))) return true
  // Only marks can be ahead of the file, behind what an open one had not written back.
  let latest = userVersion
  for (const version of isOpen(userVersion) ? versions.slice(first) : versions) {
    if (version !== latest && version !== latest + 1 && version !== nextOpen(latest)) return false
    latest = version
  }
  return true
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
  return Layer.unwrap(Effect.as(check(file, kind), guarded))
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
      yield* hold(file)
      const sql = yield* SqlClient.SqlClient
      // Or another process could create its tables in between.
      yield* sql.withTransaction(identify(sql, file, kind))
      return sql
    })
  )
  return Layer.unwrap(Effect.as(
    Effect.suspend(() =>
      held.has(identityOf(file)) || isOfKind(headerOf(file), kind) ? Effect.void : other(file, kind)
    ),
    Layer.provide(marked, sqlite)
  ))
}

/** The files that this process has open: reading one would give back the locks on it when it is closed. */
const held = new Set<string>()

const identityOf = (file: string): string => {
  const found = statSync(file, { throwIfNoEntry: false })
  return found === undefined ? "" : `${found.dev}:${found.ino}`
}

const hold = (file: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const identity = identityOf(file)
      held.add(identity)
      return identity
    }),
    (identity) => Effect.sync(() => held.delete(identity))
  )

const check = (file: string, kind: Kind): Effect.Effect<void, NodeSqlite.SqliteFileError> =>
  Effect.suspend(() => {
    // SQLite refuses it then.
    if (held.has(identityOf(file))) return Effect.void
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
          `${file}-wal was left behind when it was copied or moved. ${copy}. If another program opened it since, such as ` +
          "sqlite3, all of it is there: run `PRAGMA user_version = 1` in that program, and start again"
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
export const isEmpty = (file: string): boolean =>
  !held.has(identityOf(file)) && headerOf(file)._tag === "Empty" && !SqliteWal.exists(file)

type Header =
  | { readonly _tag: "Empty" }
  | { readonly _tag: "NotSqlite" }
  | { readonly _tag: "Sqlite"; readonly applicationId: number; readonly userVersion: number }

/** Reads the header of a file: https://www.sqlite.org/fileformat2.html#the_database_header */
const headerOf = (file: string): Header => {
  const bytes = Buffer.alloc(100)
  if (!existsSync(file)) return { _tag: "Empty" }
  let length: number
  try {
    const descriptor = openSync(file, "r")
    try {
      length = readSync(descriptor, bytes, 0, bytes.length, 0)
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // Opening it says why.
    return { _tag: "Empty" }
  }
  if (length === 0) return { _tag: "Empty" }
  if (length < bytes.length || bytes.toString("latin1", 0, 16) !== "SQLite format 3\0") return { _tag: "NotSqlite" }
  const [schemaCookie, userVersion, applicationId] = [40, 60, 68].map((offset) => bytes.readInt32BE(offset))
  // Before anything was written back, there is a header alone.
  if (schemaCookie === 0 && userVersion === 0 && applicationId === 0) return { _tag: "Empty" }
  return { _tag: "Sqlite", applicationId: applicationId ?? 0, userVersion: userVersion ?? 0 }
}

const guard = Effect.fnUntraced(function*(file: string, kind: Kind) {
  yield* hold(file)
  const sql = yield* SqlClient.SqlClient
  /** Writes all that was committed back into the file. */
  const checkpoint = sql.unsafe("PRAGMA wal_checkpoint(TRUNCATE)")
  const mark = (version: number) => Effect.andThen(sql.unsafe(`PRAGMA user_version = ${version}`), checkpoint)
  const [state] = yield* sql<{ readonly user_version: number }>`PRAGMA user_version`
  const open = nextOpen(state?.user_version ?? 0)
  yield* identify(sql, file, kind)
  yield* Effect.acquireRelease(
    // Once more, so that the frames of this opening begin with its count.
    Effect.andThen(mark(open), sql.unsafe(`PRAGMA user_version = ${open}`)),
    // It counts as closed once all the rest is in it.
    () => Effect.ignore(Effect.andThen(checkpoint, mark(open + 1)))
  )
  return sql
})

/** Gives a file that holds nothing its kind, and refuses one that holds something else. */
const identify = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, file: string, kind: Kind) {
  const [header] = yield* sql<{ readonly application_id: number }>`PRAGMA application_id`
  if (header?.application_id === kind.applicationId) return
  const [tables] = yield* sql<{ readonly count: number }>`SELECT COUNT(*) AS count FROM sqlite_schema`
  if (tables?.count !== 0) return yield* other(file, kind)
  yield* sql.unsafe(`PRAGMA application_id = ${kind.applicationId}`)
})
