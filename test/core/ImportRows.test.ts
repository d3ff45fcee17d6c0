import { ImportRows } from "@effect-livedesk/core/imports"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema, Stream } from "effect"
import { Csv } from "effect/encoding"
import * as Breadth from "../Breadth.ts"
import { below } from "./Wire.ts"

const encoder = new TextEncoder()

/** The text's bytes, in pieces of that many. */
const bytes = (text: string, size = 65_536): Stream.Stream<Uint8Array> => {
  const all = encoder.encode(text)
  return Stream.fromIterable(
    Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.subarray(index * size, (index + 1) * size))
  )
}

const csv = (text: string, options?: ImportRows.CsvOptions & { readonly size?: number }) =>
  Stream.runCollect(ImportRows.csv(bytes(text, options?.size), options))

const ndjson = (text: string, options?: ImportRows.Options & { readonly size?: number }) =>
  Stream.runCollect(ImportRows.ndjson(bytes(text, options?.size), options))

/** Each row in short: its line, and its values or what is wrong. */
const brief = (rows: ReadonlyArray<ImportRows.ImportRow>) =>
  rows.map((row) => [row.line, row._tag === "Row" ? Object.values(row.values).join("|") : row.problem])

const cell = Arbitrary.all([below(8), Arbitrary.schema(Schema.String)]).pipe(
  Arbitrary.map(([index, text]) =>
    (["", "a\nb", "a\r\nb\r", "\"", "x,y", "\n", "Zoë", undefined][index] ?? text)
      // What a file cannot keep: the mark of what is not UTF-8, half a character, and the mark that a file may begin with.
      .replaceAll(/[\uFFFD\uFEFF\p{Surrogate}]/gu, "")
  )
)

const table = Arbitrary.array(Arbitrary.all([cell, cell, cell]), { minLength: 0, maxLength: 20 })

const encode = (rows: ReadonlyArray<ReadonlyArray<string>>, newline: "\n" | "\r\n") =>
  Stream.fromIterable([["one", "two", "three"], ...rows]).pipe(
    Stream.pipeThroughChannel(Csv.encodeString({ newline })),
    Stream.mkString
  )

const lines = (text: string): number => text.split(/\r\n|\r|\n/).length - 1

describe("CSV", () => {
  for (const newline of ["\n", "\r\n"] as const) {
    it.effect.prop(
      `gives what was written, with its lines, in whichever pieces it comes (${JSON.stringify(newline)})`,
      { rows: table, size: below(40) },
      Effect.fnUntraced(function*({ rows, size }) {
        const read = yield* csv(yield* encode(rows, newline), { size: size + 1 })
        assert.deepStrictEqual(
          read.map((row) => row._tag === "Row" ? Object.values(row.values) : row.problem),
          rows
        )
        let line = 2
        for (const [index, row] of rows.entries()) {
          assert.strictEqual(read[index]?.line, line)
          line += 1 + row.reduce((sum, cell) => sum + lines(cell), 0)
        }
      }),
      Breadth.runs(100)
    )
  }

  it.effect.prop(
    "loses only the line that is at fault",
    { rows: table, at: below(20), size: below(60) },
    Effect.fnUntraced(function*({ at, rows, size }) {
      const before = rows.slice(0, at)
      const good = yield* encode(before, "\n")
      const rest = (yield* encode(rows.slice(at), "\n")).replace("one,two,three\n", "")
      for (const fault of ["5\" pipe,b,c", "\"a\" b,c,d", "a,b", "a,b,c,d"]) {
        const read = yield* csv(`${good}${fault}\n${rest}`, { size: size + 1 })
        assert.strictEqual(read.length, rows.length + 1)
        const [bad] = read.splice(before.length, 1)
        assert.strictEqual(bad?._tag, "BadRow")
        assert.strictEqual(bad?.line, lines(good) + 1)
        assert.deepStrictEqual(read.map((row) => row._tag === "Row" && Object.values(row.values)), rows)
      }
    }),
    Breadth.runs(100)
  )

  it.effect("goes on behind a quote that is never closed", () =>
    Effect.gen(function*() {
      const text = `name,email\n"Alice,a@acme.inc\n${"Bob,b@acme.inc\n".repeat(30)}Zoë,"z@acme.inc"\n`
      for (const size of [7, 100, 65_536]) {
        const read = yield* csv(text, { size, maxRowSize: 64 })
        assert.lengthOf(read, 32)
        assert.deepStrictEqual(
          brief(read.filter(({ _tag }) => _tag === "BadRow")).map(([line]) => line),
          [2]
        )
      }
      const [open] = yield* csv("name\n\"Alice\n")
      assert.deepStrictEqual(open, {
        _tag: "BadRow",
        line: 2,
        problem: "a quote that is opened here is not closed",
        text: "\"Alice"
      })
    }))

  it.effect("keeps no more than a row of an endless file", () =>
    Effect.gen(function*() {
      const endless = Stream.concat(bytes("name\n\"never closed\n"), Stream.forever(bytes("Bob\n".repeat(100))))
      const read = yield* ImportRows.csv(endless, { maxRowSize: 1000 }).pipe(Stream.take(300), Stream.runCollect)
      assert.deepStrictEqual(brief(read.slice(0, 2)), [[2, "a quote that is opened here is not closed"], [3, "Bob"]])
    }))

  it.effect("passes over a line that is too long, and keeps none of it", () =>
    Effect.gen(function*() {
      for (const newline of ["\n", "\r\n"]) {
        const text = ["name", "x".repeat(500), "Alice", ""].join(newline)
        for (const size of [1, 9, 64]) {
          assert.deepStrictEqual(brief(yield* csv(text, { size, maxRowSize: 40 })), [
            [2, "longer than 40 characters"],
            [3, "Alice"]
          ])
        }
      }
    }))

  it.effect("passes over blank lines, which count, and a byte order mark, which does not", () =>
    Effect.gen(function*() {
      const read = yield* csv("\uFEFFname,email\n\nAlice,a\n\r\nBob,b")
      assert.deepStrictEqual(brief(read), [[3, "Alice|a"], [5, "Bob|b"]])
      assert.deepStrictEqual(read[0], { _tag: "Row", line: 3, values: { name: "Alice", email: "a" } })
    }))

  it.effect("refuses what is not UTF-8, line by line", () =>
    Effect.gen(function*() {
      const latin1 = Stream.concat(bytes("name\nZo"), Stream.succeed(new Uint8Array([0xEB, 0x0A, 0x41])))
      const read = yield* Stream.runCollect(ImportRows.csv(latin1))
      assert.deepStrictEqual(brief(read), [[2, "not UTF-8: save the file with that encoding"], [3, "A"]])
    }))

  it.effect("keeps a column that would be a prototype", () =>
    Effect.gen(function*() {
      const [row] = yield* csv("__proto__,name\nx,Alice\n")
      assert.deepStrictEqual(row?._tag === "Row" && Object.entries(row.values), [["__proto__", "x"], ["name", "Alice"]])
    }))

  it.effect("takes other delimiters, and says when it seems to be another", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(brief(yield* csv("a;b\n1;2,5", { delimiter: ";" })), [[2, "1|2,5"]])
      const error = yield* Effect.flip(csv("a;b\n1;2"))
      assert.include(error.message, "separated by \";\"")
    }))

  it.effect("gives up a file whose header is missing, wrong or ambiguous, and says where", () =>
    Effect.gen(function*() {
      const problem = (text: string) => Effect.map(Effect.flip(csv(text)), ({ message }) => message)
      assert.include(yield* problem(""), "line 1: the file is empty")
      assert.include(yield* problem("\n\n"), "the file is empty")
      assert.include(yield* problem("name,\"e\" mail\nA,b"), "line 1: the header: not CSV")
      assert.include(yield* problem("\nname,email,name\nA,b,c"), "line 2: the header names the column \"name\" twice")
    }))
})

describe("newline-delimited JSON", () => {
  it.effect.prop(
    "gives what was written, in whichever pieces it comes",
    { values: Arbitrary.array(Arbitrary.schema(Schema.Record(Schema.String, Schema.Json))), size: below(40) },
    Effect.fnUntraced(function*({ size, values }) {
      const objects = values.map((value): { readonly [key: string]: Schema.Json } =>
        JSON.parse(JSON.stringify(value).replaceAll(/\uFFFD|\\ud[89a-f]../g, ""))
      )
      const text = objects.map((value) => `${JSON.stringify(value)}\n`).join("")
      const read = yield* ndjson(text, { size: size + 1 })
      assert.deepStrictEqual(
        read.map((row) => row._tag === "Row" && JSON.stringify(row.values)),
        objects.map((o) => JSON.stringify(o))
      )
      assert.deepStrictEqual(read.map(({ line }) => line), objects.map((_, index) => index + 1))
    }),
    Breadth.runs(100)
  )

  it.effect("loses only the line that is at fault", () =>
    Effect.gen(function*() {
      const long = JSON.stringify({ name: "x".repeat(200) })
      const text = ["{\"name\":\"Alice\"}", "", "{\"name\":", "[1]", "null", long, "{\"name\":\"Bob\"}\r", ""].join(
        "\n"
      )
      for (const size of [3, 65_536]) {
        const read = yield* ndjson(text, { size, maxRowSize: 100 })
        assert.deepStrictEqual(read.map(({ line }) => line), [1, 3, 4, 5, 6, 7])
        assert.deepStrictEqual(
          brief(read.filter((row) => row._tag === "Row" && row.line !== 6)),
          [[1, "Alice"], [7, "Bob"]]
        )
      }
      assert.deepStrictEqual(brief(yield* ndjson("{\"name\":\n[1]\n")), [
        [1, "not JSON"],
        [2, "not a JSON object, such as {\"email\": \"alice@acme.inc\"}"]
      ])
    }))
})

it.effect("values that are there already are rows, numbered from 1", () =>
  Effect.gen(function*() {
    const rows = yield* Stream.runCollect(ImportRows.fromStream(Stream.make({ name: "Alice" }, { name: "Bob" })))
    assert.deepStrictEqual(brief(rows), [[1, "Alice"], [2, "Bob"]])
  }))
