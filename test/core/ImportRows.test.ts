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

/** As many blank lines as are looked at for the encoding, in one piece: the rest of a file is read as it comes. */
const blank = "\n".repeat(1100)

/** Reads rows of a text in one piece, or behind blank lines in pieces of that size. */
const inPieces = <E>(
  read: (bytes: Stream.Stream<Uint8Array>) => Stream.Stream<ImportRows.ImportRow, E>,
  text: string,
  size: number | undefined
) =>
  size === undefined
    ? Stream.runCollect(read(bytes(text)))
    : Stream.runCollect(read(Stream.concat(bytes(blank), bytes(text, size)))).pipe(
      Effect.map((rows) => rows.map((row) => ({ ...row, line: row.line - blank.length })))
    )

const csv = (text: string, options?: ImportRows.CsvOptions & { readonly size?: number }) =>
  inPieces((bytes) => ImportRows.csv(bytes, options), text, options?.size)

const ndjson = (text: string, options?: ImportRows.Options & { readonly size?: number }) =>
  inPieces((bytes) => ImportRows.ndjson(bytes, options), text, options?.size)

/** Each row in short: its line, and its values or what is wrong. */
const brief = (rows: ReadonlyArray<ImportRows.ImportRow>) =>
  rows.map((row) => [row.line, row._tag === "Row" ? Object.values(row.values).join("|") : row.problem])

/** Bytes as they are, in pieces of that many. */
const raw = (all: Uint8Array, size = 65_536): Stream.Stream<Uint8Array> =>
  Stream.fromIterable(
    Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.subarray(index * size, (index + 1) * size))
  )

/** UTF-16, as programs of Windows write it. */
const utf16 = (text: string, order: "le" | "be"): Uint8Array => {
  const all = Buffer.from(text, "utf16le")
  return new Uint8Array(order === "le" ? all : all.swap16())
}

const isBlankRow = (cells: ReadonlyArray<string>): boolean => cells.every((cell) => cell.trim() === "")

const cell = Arbitrary.all([below(8), Arbitrary.schema(Schema.String)]).pipe(
  Arbitrary.map(([index, text]) =>
    (["", "a\nb", "a\r\nb\r", "\"", "x,y", "\n", "Zoë", undefined][index] ?? text)
      // What a file cannot keep: the mark of what is not UTF-8, half a character, and the mark that a file may begin with.
      .replaceAll(/[\0\uFFFD\uFEFF\p{Surrogate}]/gu, "")
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
          rows.filter((row) => !isBlankRow(row))
        )
        let line = 2
        let index = 0
        for (const row of rows) {
          if (!isBlankRow(row)) assert.strictEqual(read[index++]?.line, line)
          line += 1 + row.reduce((sum, cell) => sum + lines(cell), 0)
        }
      }),
      Breadth.runs(100)
    )
  }

  it.effect.prop(
    "loses only the line that is at fault",
    { rows: table, at: below(20), size: below(60) },
    Effect.fnUntraced(function*({ at, rows: all, size }) {
      const rows = all.filter((row) => !isBlankRow(row))
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
      // What may still be closed by a later piece is no fault yet.
      assert.deepStrictEqual(brief(yield* csv("name,note\nA,\"one\ntwo\"\nB,x\n", { size: 3, maxRowSize: 64 })), [
        [2, "A|one\ntwo"],
        [4, "B|x"]
      ])
      const [quoted, unquoted] = yield* csv(`name,note\nA,"b" c\n${"x".repeat(600)}  \n`)
      assert.match(quoted?._tag === "BadRow" ? quoted.problem : "", /^not CSV: [a-z]/)
      assert.deepInclude(quoted, { line: 2, text: "A,\"b\" c" })
      assert.deepInclude(unquoted, { line: 3, text: "x".repeat(500) })
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

  it.effect("takes no other row for a header that is too long", () =>
    Effect.gen(function*() {
      for (const size of [1, 9, 64]) {
        const error = yield* Effect.flip(csv(`${"x".repeat(300)}\nemail\n`, { size, maxRowSize: 40 }))
        assert.deepInclude(error, { line: blank.length + 1, problem: "the header: longer than 40 characters" })
      }
    }))

  it.effect("passes over a line that is too long, and keeps none of it", () =>
    Effect.gen(function*() {
      for (const newline of ["\n", "\r\n"]) {
        const text = ["name", "x".repeat(3000), "Alice", ""].join(newline)
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
      assert.deepStrictEqual(read[0], {
        _tag: "Row",
        line: 3,
        values: { name: "Alice", email: "a" },
        columns: ["name", "email"]
      })
    }))

  it.effect("refuses what is not UTF-8, line by line", () =>
    Effect.gen(function*() {
      const latin1 = Stream.concat(bytes("name\nZo"), Stream.succeed(new Uint8Array([0xEB, 0x0A, 0x41])))
      const read = yield* Stream.runCollect(ImportRows.csv(latin1))
      assert.deepStrictEqual(brief(read), [
        [2, "not UTF-8: save the file with that encoding, or give the one it has (--encoding windows-1252)"],
        [3, "A"]
      ])
    }))

  it.effect("keeps a column that would be a prototype", () =>
    Effect.gen(function*() {
      const [row] = yield* csv("__proto__,name\nx,Alice\n")
      assert.deepStrictEqual(row?._tag === "Row" && Object.entries(row.values), [["__proto__", "x"], ["name", "Alice"]])
    }))

  it.effect("takes the delimiter that is given, says when it seems to be another, and else takes the header's", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(brief(yield* csv("a;b\n1;2,5", { delimiter: ";" })), [[2, "1|2,5"]])
      const error = yield* Effect.flip(csv("a;b\n1;2", { delimiter: "," }))
      assert.include(error.message, "separated by \";\": give that as delimiter (--delimiter semicolon), or none")
      for (const delimiter of [",", ";", "\t", "|"]) {
        const text = ["", " ", "\"a, b; c\"|d|e".replaceAll("|", delimiter), "1|2|3".replaceAll("|", delimiter)]
        const [row] = yield* csv(text.join("\r\n"), { size: 3 })
        assert.strictEqual(row?.line, 4)
        assert.deepStrictEqual(row?._tag === "Row" && row.columns, ["a, b; c", "d", "e"])
      }
    }))

  it.effect("honours a line that names the delimiter, and counts it", () =>
    Effect.gen(function*() {
      for (const sep of ["sep=;", "\"sep=;\"", "SEP=;", "\r\nsep=;;;"]) {
        for (const size of [1, 5, 100]) {
          const read = yield* csv(`${sep}\r\nname;email, private\r\nAnna;a@acme.inc\r\n`, { size })
          assert.deepStrictEqual(read, [{
            _tag: "Row",
            line: sep.startsWith("\r") ? 4 : 3,
            values: { name: "Anna", "email, private": "a@acme.inc" },
            columns: ["name", "email, private"]
          }])
        }
      }
      assert.deepStrictEqual(brief(yield* csv("sep=;\nname,email\nA;,b", { delimiter: "," })), [[3, "A;|b"]])
      assert.deepStrictEqual(brief(yield* csv("sep=:\nname:email\nA:b")), [[3, "A|b"]])
    }))

  it.effect("passes over columns without a name, rows without a value, and a delimiter at the end of the rows", () =>
    Effect.gen(function*() {
      const values = (text: string) =>
        Effect.map(csv(text), (rows) => rows.map((row) => row._tag === "Row" ? row.values : [row.line, row.problem]))
      const anna = { name: "Anna", email: "a@acme.inc" }
      const bob = { name: "Bob", email: "b@acme.inc" }
      assert.deepStrictEqual(yield* values("name,email,,\nAnna,a@acme.inc,,\n,,,\nBob,b@acme.inc\n"), [anna, bob])
      assert.deepStrictEqual(yield* values("name,email\nAnna,a@acme.inc,\n , \nBob,b@acme.inc\n"), [anna, bob])
      assert.deepStrictEqual(yield* values("sep=;\n;;\n;name; ;email\n1;Anna;x;a@acme.inc\n"), [anna])
      assert.deepStrictEqual(yield* values("name,email\n"), [])
    }))

  it.effect("takes a row that is shifted for none with a delimiter at its end", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(brief(yield* csv("name,email,phone\nAnna,a,1\nMiller, Bob,b,\n\"C\",c,3\n")), [
        [2, "Anna|a|1"],
        [3, "4 cells, where the header has 3"],
        [4, "C|c|3"]
      ])
      assert.deepStrictEqual(brief(yield* csv("name,email\nAnna,a,\nMiller, Bob,b,\nC\n")), [
        [2, "Anna|a"],
        [3, "4 cells, where the header has 2"],
        [4, "1 cell, where the header has 2"]
      ])
      assert.deepStrictEqual(brief(yield* csv("name,email,\nMiller, Anna,a\nBob,b,\n")), [
        [2, "3 cells, where the header has 3: cell 3 is behind the last column that has a name"],
        [3, "Bob|b"]
      ])
    }))

  it.effect("reads UTF-16 with and without a byte order mark, in whichever pieces it comes", () =>
    Effect.gen(function*() {
      // Longer than what is looked at for the encoding.
      const text = `name\temail\tcity\r\n${"Anna Müller\ta@acme.inc\t東京\r\n".repeat(40)}`
      for (const order of ["le", "be"] as const) {
        for (const mark of ["", "\uFEFF"]) {
          for (const size of [1, 7, 65_536]) {
            const read = yield* Stream.runCollect(ImportRows.csv(raw(utf16(mark + text, order), size)))
            assert.lengthOf(read, 40)
            assert.deepStrictEqual(read.at(-1), {
              _tag: "Row",
              line: 41,
              values: { name: "Anna Müller", email: "a@acme.inc", city: "東京" },
              columns: ["name", "email", "city"]
            })
          }
        }
      }
      const half = yield* Stream.runCollect(ImportRows.csv(raw(utf16("\uFEFFname\nA\uD800\n", "le"))))
      assert.deepStrictEqual(brief(half), [[2, "not utf-16le: give the encoding that the file has (--encoding)"]])
    }))

  it.effect("takes the encoding that is given, but for a byte order mark", () =>
    Effect.gen(function*() {
      const latin = raw(new Uint8Array([...encoder.encode("Stra"), 0xDF, ...encoder.encode("e,name\n1,Zo"), 0xEB]))
      const error = yield* Effect.flip(Stream.runCollect(ImportRows.csv(latin)))
      assert.include(error.message, "line 1: the header: not UTF-8")
      assert.include(error.message, "--encoding windows-1252")
      const [row] = yield* Stream.runCollect(ImportRows.csv(latin, { encoding: "windows-1252" }))
      assert.deepStrictEqual(row?._tag === "Row" && row.values, { Straße: "1", name: "Zoë" })
      const marked = yield* csv("\uFEFFname\nZoë", { encoding: "windows-1252" })
      assert.deepStrictEqual(brief(marked), [[2, "Zoë"]])
      const unknown = yield* Effect.flip(csv("name\nA", { encoding: "latin-9000" }))
      assert.include(unknown.message, "there is no encoding \"latin-9000\"")
      assert.deepStrictEqual(
        brief(yield* Stream.runCollect(ImportRows.csv(raw(utf16("name\n東京", "be")), { encoding: "utf-16be" }))),
        [[2, "東京"]]
      )
    }))

  it.effect("names a file that is something else", () =>
    Effect.gen(function*() {
      const problems = [
        ["PK\u0003\u0004\u0014\u0000\u0006\u0000name,email\n", ".xlsx workbook"],
        ["PK\u0005\u0006\u0000\u0000", "empty ZIP"],
        [[0xD0, 0xCF, 0x11, 0xE0, 0xA1], ".xls workbook"],
        [[0x1F, 0x8B, 0x08], "compressed by gzip"],
        ["%PDF-1.7\n", "a PDF"],
        [[0xFF, 0xFE, 0, 0, 0x6E, 0, 0, 0], "UTF-32"],
        [[0, 0, 0xFE, 0xFF, 0, 0, 0, 0x6E], "UTF-32"],
        ["na\0me,email\nA,b\n", "line 1: the header: a NUL character"],
        ["[{\"email\":\"a@acme.inc\"}]", "one JSON array"],
        ["\n[\n  {\"email\":1}\n]", "line 2: the file is one JSON array"],
        ["{\"email\":\"a@acme.inc\"}\n", "name it .ndjson"],
        [" { \"email\":\"a@acme.inc\"}\n", "name it .ndjson"],
        ["{\n  \"email\":1\n}\n", "name it .ndjson"],
        ["<html><table>\n", "HTML or XML"],
        [" <?xml?>\n", "HTML or XML"]
      ] as const
      for (const [begin, problem] of problems) {
        const all = typeof begin === "string" ? encoder.encode(begin) : new Uint8Array(begin)
        for (const size of [2, 100]) {
          const error = yield* Effect.flip(Stream.runCollect(ImportRows.csv(raw(all, size))))
          assert.strictEqual(error._tag, "ImportFileError")
          assert.include(error.message, problem)
        }
      }
      assert.deepStrictEqual(brief(yield* csv("name,email\nA\0,b\nB,b\n")), [
        [2, "a NUL character, which no text has: take it out, or give the file's encoding"],
        [3, "B|b"]
      ])
      assert.deepStrictEqual(brief(yield* csv("PK,[x],{y}\n1,2,3")), [[2, "1|2|3"]])
    }))

  const mistakable = [
    ["email,note {", "1,2", ["email", "note {"]],
    ["a <html>,email", "1,2", ["a <html>", "email"]],
    ["sep=,email", "1,2", ["sep=", "email"]],
    ["sep=;email,a", "1,2", ["sep=;email", "a"]],
    ["a,sep=;", "1,2", ["a", "sep=;"]],
    ["a,b;c", "1,2", ["a", "b;c"]],
    ["\"a,b,c\";d", "1;2", ["a,b,c", "d"]],
    ["d;\"a,b,c\ne\"", "1;2", ["d", "a,b,c\ne"]],
    ["\"a,b\"", "1", ["a,b"]]
  ] as const
  it.effect.each(mistakable)(
    "has a header in %j, though it looks like something else",
    ([header, cells, columns]) =>
      Effect.gen(function*() {
        const [row] = yield* csv(`${header}\n${cells}\n`)
        assert.deepStrictEqual(row?._tag === "Row" && row.columns, columns)
      })
  )

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
        // A row that came whole is read, however long it is.
        const [, problem] = brief(read.filter(({ line }) => line === 6))[0] ?? []
        assert.strictEqual(problem, size === 3 ? "longer than 100 characters" : "x".repeat(200))
      }
      assert.deepStrictEqual(brief(yield* ndjson("{\"name\":1}\n[{}]\n \t\n{\"name\":2}", { size: 5 })), [
        [1, "1"],
        [2, "not a JSON object, such as {\"email\": \"alice@acme.inc\"}"],
        [4, "2"]
      ])
      assert.deepStrictEqual(brief(yield* ndjson("{\"name\":\n[1]\n")), [
        [1, "not JSON"],
        [2, "not a JSON object, such as {\"email\": \"alice@acme.inc\"}"]
      ])
    }))
})

it.effect("newline-delimited JSON of UTF-16 is read, and a JSON array named", () =>
  Effect.gen(function*() {
    const [row] = yield* Stream.runCollect(ImportRows.ndjson(raw(utf16("{\"name\":\"Zoë\"}\r\n", "le"))))
    assert.deepStrictEqual(row, { _tag: "Row", line: 1, values: { name: "Zoë" } })
    for (const text of ["[{\"name\":1}]", "\n[\n", "[]"]) {
      for (const size of [undefined, 2]) {
        assert.include(
          (yield* Effect.flip(ndjson(text, size === undefined ? {} : { size }))).message,
          "the file is one JSON array"
        )
      }
    }
    assert.deepStrictEqual(
      brief(
        yield* Stream.runCollect(ImportRows.ndjson(raw(Buffer.from("{\"name\":\"Zo\xEB\"}\n{\"name\":1}\n", "latin1"))))
      ),
      [
        [1, "not UTF-8: save the file with that encoding, or give the one it has (--encoding windows-1252)"],
        [2, "1"]
      ]
    )
    assert.include(
      (yield* Effect.flip(Stream.runCollect(ImportRows.ndjson(raw(new Uint8Array([0x50, 0x4B, 3, 4])))))).message,
      ".xlsx workbook"
    )
  }))

it.effect("values that are there already are rows, numbered from 1", () =>
  Effect.gen(function*() {
    const rows = yield* Stream.runCollect(ImportRows.fromStream(Stream.make({ name: "Alice" }, { name: "Bob" })))
    assert.deepStrictEqual(brief(rows), [[1, "Alice"], [2, "Bob"]])
  }))
