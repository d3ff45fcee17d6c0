import * as NodeSqlite from "@effect-livedesk/node/NodeSqlite"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { readdir, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Folder from "../Folder.ts"

const memory = NodeSqlite.layer({ file: ":memory:" })

/** A table of so many numbers. */
const numbers = Effect.fnUntraced(function*(count: number) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE numbers (n INTEGER PRIMARY KEY)`
  yield* sql`
    INSERT INTO numbers WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${count}) SELECT n FROM c
  `
  return sql
})

// What a program in JavaScript may pass.
const invalidTimes = ["soon" as "1 second", Number.NaN, Number.POSITIVE_INFINITY, -1]

describe("NodeSqlite", () => {
  it.effect("returns the values that were written", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE things (text TEXT, number REAL, flag INTEGER, bytes BLOB, absent TEXT)`
      const thing = { text: "Zoë's \u{1F4E6}", number: 1.5, flag: 1, bytes: new Uint8Array([0, 255]), absent: null }
      yield* sql`INSERT INTO things ${sql.insert({ ...thing, flag: true })}`
      const [row] = yield* sql<typeof thing>`SELECT * FROM things`
      assert.deepStrictEqual({ ...row }, thing)
      assert.deepStrictEqual(yield* sql`SELECT text, flag FROM things`.values, [[thing.text, 1]])
      // The same statement, after its rows were arrays.
      assert.deepStrictEqual((yield* sql`SELECT text, flag FROM things`).map((row) => ({ ...row })), [
        { text: thing.text, flag: 1 }
      ])
    }).pipe(Effect.provide(memory)))

  it.effect("fails to stream, which would block the only connection", () =>
    Effect.gen(function*() {
      const sql = yield* numbers(3)
      const error = yield* Effect.flip(Stream.runDrain(sql`SELECT n FROM numbers`.stream))
      assert.include(error.message, "read it in pages, by LIMIT")
      assert.lengthOf(yield* sql`SELECT n FROM numbers`, 3)
    }).pipe(Effect.provide(memory)))

  it.effect("makes its files for their owner alone, and leaves the rights of one that was there", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const rights = (name: string) => Effect.promise(async () => (await stat(join(folder, name))).mode & 0o777)
      yield* Effect.gen(function*() {
        yield* numbers(1)
        for (const name of ["new", "new-wal"]) assert.strictEqual(yield* rights(name), 0o600, name)
      }).pipe(Effect.provide(NodeSqlite.layer({ file: join(folder, "new") })))
      yield* Effect.promise(() => writeFile(join(folder, "shared"), "", { mode: 0o640 }))
      yield* Effect.provide(numbers(1), NodeSqlite.layer({ file: join(folder, "shared") }))
      assert.strictEqual(yield* rights("shared"), 0o640)
    }))

  it.effect("commits all of a transaction, or nothing", () =>
    Effect.gen(function*() {
      const sql = yield* numbers(1)
      const failed = yield* sql`INSERT INTO numbers VALUES (2)`.pipe(
        Effect.andThen(sql`INSERT INTO numbers VALUES (1)`),
        sql.withTransaction,
        Effect.flip
      )
      assert.strictEqual(failed.reason._tag, "ConstraintError")
      assert.lengthOf(yield* sql`SELECT n FROM numbers`, 1)
    }).pipe(Effect.provide(memory)))

  it.effect("fails with an error for an invalid statement or parameter", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const wrong = yield* Effect.flip(sql`SELECTED`)
      assert.strictEqual(wrong._tag, "SqlError")
      const odd = yield* Effect.flip(sql.unsafe("SELECT ?", [{}]))
      assert.include(odd.message, "SQLite takes no object")
    }).pipe(Effect.provide(memory)))

  it.effect("keeps what was committed in the file", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "kept.sqlite")
      yield* Effect.provide(numbers(3), NodeSqlite.layer({ file }))
      const again = yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT n FROM numbers`).pipe(
        Effect.provide(NodeSqlite.layer({ file }))
      )
      assert.lengthOf(again, 3)
    }))

  it.effect("says which file cannot be opened, and why", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const open = (file: string) => Effect.flip(Layer.build(NodeSqlite.layer({ file })))
      assert.include((yield* open(join(folder, "missing", "x.sqlite"))).message, "missing")
      const text = join(folder, "text.txt")
      yield* Effect.promise(() => writeFile(text, "not a database, but long enough to be looked at as if it were one"))
      assert.include((yield* open(text)).message, text)
    }).pipe(Effect.scoped))

  for (const busyTimeout of invalidTimes) {
    it.effect(`fails to open for a busy timeout of ${String(busyTimeout)}, and creates no file`, () =>
      Effect.gen(function*() {
        const folder = yield* Folder.make
        const file = join(folder, "x.sqlite")
        const error = yield* Effect.flip(Layer.build(NodeSqlite.layer({ file, busyTimeout })))
        assert.include(error.message, "busyTimeout: expected a time such as \"2 seconds\"")
        assert.deepStrictEqual(yield* Effect.promise(() => readdir(folder)), [])
      }).pipe(Effect.scoped))
  }

  it.effect("locks an exclusive file until it is closed", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "mine.sqlite")
      yield* Effect.provide(numbers(1), NodeSqlite.layer({ file }))
      const mine = NodeSqlite.layer({ file, exclusive: true, busyTimeout: "10 millis" })
      yield* Effect.scoped(Effect.gen(function*() {
        yield* Layer.build(mine)
        const other = yield* Effect.flip(Layer.build(Layer.fresh(mine)))
        assert.strictEqual(other.reason._tag, "LockTimeoutError")
      }))
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(Effect.scoped(Layer.build(Layer.fresh(mine))))))
    }))
})
