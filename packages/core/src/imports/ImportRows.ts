/**
 * The rows of a file to import: CSV or newline-delimited JSON, read as it comes, each row with the line it begins on.
 *
 * A row that cannot be read becomes a `BadRow`, and the reading goes on with the next line; only a file without a usable
 * header is given up. What is in memory is one chunk of the file and the row at its end.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Csv from "effect/encoding/Csv"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as FileText from "../internal/FileText.ts"
import * as LinePieces from "../internal/LinePieces.ts"

/**
 * A row that could be read: its values by the header's names, or by the keys of its JSON.
 *
 * @category models
 * @since 0.1.0
 */
export interface Row {
  readonly _tag: "Row"
  /** The line of the file on which the row begins, from 1; the header's included. */
  readonly line: number
  readonly values: { readonly [column: string]: unknown }
  /** The columns that the file's header names; `undefined` where there is no header. */
  readonly columns?: ReadonlyArray<string> | undefined
}

/**
 * A row that could not be read.
 *
 * @category models
 * @since 0.1.0
 */
export interface BadRow {
  readonly _tag: "BadRow"
  /** The line of the file, from 1. */
  readonly line: number
  /** What is wrong with it. */
  readonly problem: string
  /** The line's text, or its first 500 characters. */
  readonly text: string
}

/**
 * A row of a file, readable or not.
 *
 * @category models
 * @since 0.1.0
 */
export type ImportRow = Row | BadRow

/**
 * How to read a file.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The longest row, in characters; a longer one is a `BadRow`, unless one piece of the stream holds all of it. A header of
   * CSV that is longer fails. Defaults to 1,048,576.
   */
  readonly maxRowSize?: number | undefined
  /**
   * The encoding, such as `windows-1252`, by a label of the Encoding Standard. Defaults to UTF-8, or to the UTF-16 that the
   * first bytes show. A byte order mark overrules it.
   */
  readonly encoding?: string | undefined
}

/**
 * How to read a file of CSV.
 *
 * @category options
 * @since 0.1.0
 */
export interface CsvOptions extends Options {
  /**
   * The separator of the cells. Defaults to that of a first line such as `sep=;`, else to the one of these that the header
   * has most of, else to a comma.
   */
  readonly delimiter?: "," | ";" | "\t" | "|" | undefined
}

/**
 * Why a file cannot be imported at all: it is no text, has no header or one that names a column twice, or no column says
 * which customer a row is.
 *
 * @category errors
 * @since 0.1.0
 */
export class ImportFileError extends Data.TaggedError("ImportFileError")<{
  readonly line: number
  readonly problem: string
}> {
  override get message(): string {
    return `line ${this.line}: ${this.problem}`
  }
}

/**
 * Reads CSV by RFC 4180: the first line that is not blank names the columns, and cells in quotes may hold delimiters, line
 * breaks and doubled quotes. Cells are texts, as they stand.
 *
 * Rows without any value are passed over, and so are columns without a name, and a delimiter at the end of the rows, which
 * the first row must have too. A line `sep=;` before the header names the delimiter.
 *
 * A stray quote, a wrong number of cells and a quote that is not closed within `maxRowSize` cost their line alone. Fails
 * with `ImportFileError` for a file that is no CSV or whose header cannot be used, and with what `bytes` fails with.
 *
 * ```ts
 * const fileSystem = yield* FileSystem.FileSystem
 * const rows = ImportRows.csv(fileSystem.stream("customers.csv"))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const csv = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  options: CsvOptions = {}
): Stream.Stream<ImportRow, E | ImportFileError, R> =>
  Stream.suspend(() => {
    const maxRowSize = options.maxRowSize ?? defaultMaxRowSize
    const file = FileText.make(bytes, { encoding: options.encoding, fail: unusable(1) })
    let delimiter: string | undefined
    let header: Header | undefined
    const rowOf = (
      line: number,
      cells: ReadonlyArray<string>,
      delimiter: string
    ): Result.Result<ReadonlyArray<ImportRow>, ImportFileError> => {
      if (cells.every(isBlank)) return Result.succeed([])
      if (header === undefined) {
        return Result.map(headerOf(line, cells, delimiter, file.notDecoded), (found) => {
          header = found
          return []
        })
      }
      const text = cells.join(delimiter)
      const { columns, places, width } = header
      const beyond = cells.findIndex((cell, index) => index >= width && !isBlank(cell))
      // Only the whole file tells a delimiter at the end from a cell too many: the first row speaks for it.
      if (beyond < 0) header.longest ??= Math.max(header.cells, cells.length)
      const isFitting = beyond < 0 && cells.length >= width && cells.length <= (header.longest ?? header.cells)
      return Result.succeed([
        isFitting
          ? readable(line, text, Object.fromEntries(places.map((at, index) => [columns[index], cells[at]])), {
            columns,
            notDecoded: file.notDecoded
          })
          : bad(line, miscounted(cells.length, header.cells, beyond), text)
      ])
    }
    const read: (
      piece: LinePieces.Piece
    ) => Effect.Effect<LinePieces.Reading<ImportRow>, ImportFileError> = Effect.fnUntraced(function*(piece) {
      const rows: Array<ImportRow> = []
      let { line, text } = piece
      if (delimiter === undefined) {
        const dialect = yield* Effect.fromResult(dialectOf(line, text))
        delimiter = options.delimiter ?? dialect?.delimiter
        text = text.slice(dialect?.from ?? 0)
        line += dialect?.lines ?? 0
      }
      const separator = delimiter ?? ","
      while (text !== "") {
        const decoded = yield* decodeCsv(text, separator)
        if (Result.isSuccess(decoded)) {
          for (const cells of decoded.success) {
            rows.push(...yield* Effect.fromResult(rowOf(line, cells, separator)))
            line += 1 + breaksIn(cells)
          }
          return { rows, rest: "", line }
        }
        const before = LinePieces.startOfLine(text, decoded.failure.line)
        const from = text.slice(before)
        const isOpen = yield* isOpenQuote(from, separator)
        // What stands before the row at fault can be read.
        if (before > 0) {
          const readBefore = yield* read({ line, text: text.slice(0, before), isLast: true })
          rows.push(...readBefore.rows)
          line = readBefore.line
        }
        if (isOpen && !piece.isLast && from.length <= maxRowSize) return { rows, rest: from, line }
        const end = LinePieces.startOfLine(from, 2)
        const problem = isOpen ? "a quote that is opened here is not closed" : unreadable(decoded.failure.message)
        if (header === undefined) return yield* new ImportFileError({ line, problem: `the header: ${problem}` })
        rows.push(bad(line, problem, from.slice(0, end)))
        text = from.slice(end)
        line++
      }
      return { rows, rest: "", line }
    })
    const ending = Stream.suspend(() =>
      header === undefined
        ? Stream.fail(
          new ImportFileError({ line: 1, problem: "the file is empty: expected a line with the columns' names" })
        )
        : Stream.empty
    )
    const rows = LinePieces.read(file.text, {
      maxRowSize,
      endOfLines: LinePieces.endOfLines,
      read,
      tooLong: (line, text) =>
        header === undefined
          // Else the next row would be taken for it.
          ? Effect.fail(new ImportFileError({ line, problem: `the header: ${longerThan(maxRowSize)}` }))
          : Effect.succeed(bad(line, longerThan(maxRowSize), text))
    })
    return Stream.concat(rows, ending)
  })

/**
 * Reads newline-delimited JSON: each line an object, blank lines passed over. Fails with `ImportFileError` for a file that
 * is something else, such as one JSON array, and with what `bytes` fails with.
 *
 * ```ts
 * const fileSystem = yield* FileSystem.FileSystem
 * const rows = ImportRows.ndjson(fileSystem.stream("customers.ndjson"))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const ndjson = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  options: Options = {}
): Stream.Stream<ImportRow, E | ImportFileError, R> =>
  Stream.suspend(() => {
    const maxRowSize = options.maxRowSize ?? defaultMaxRowSize
    const file = FileText.make(bytes, { encoding: options.encoding, fail: unusable(1) })
    let hasBegun = false
    return LinePieces.read(file.text, {
      maxRowSize,
      endOfLines: (text) => text.lastIndexOf("\n") + 1,
      tooLong: (line, text) => Effect.succeed(bad(line, longerThan(maxRowSize), text)),
      read: ({ line, text }) =>
        Effect.suspend(() => {
          if (!hasBegun && text.trim() !== "") {
            hasBegun = true
            if (isJsonArray(text)) return Effect.fail(unusable(line)(oneJsonArray))
          }
          const lines = text.split("\n")
          if (lines.at(-1) === "") lines.pop()
          const rows = lines.flatMap((text, index) =>
            text.trim() === "" ? [] : [jsonRow(line + index, text, file.notDecoded)]
          )
          return Effect.succeed({ rows, rest: "", line: line + lines.length })
        })
    })
  })

/**
 * Makes rows of values that are there already, such as another program's records: the first is line 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromStream = <A extends object, E, R>(values: Stream.Stream<A, E, R>): Stream.Stream<Row, E, R> =>
  Stream.map(Stream.zipWithIndex(values), ([value, index]) => ({
    _tag: "Row",
    line: index + 1,
    values: Object.fromEntries(Object.entries(value))
  }))

const defaultMaxRowSize = 1_048_576

const bad = (line: number, problem: string, text: string): BadRow => ({
  _tag: "BadRow",
  line,
  problem,
  text: text.trimEnd().slice(0, 500)
})

const longerThan = (maxRowSize: number): string => `longer than ${maxRowSize} characters`

const readable = (
  line: number,
  text: string,
  values: Row["values"],
  file: { readonly columns?: ReadonlyArray<string>; readonly notDecoded: () => string }
): ImportRow => {
  const problem = damage(text, file.notDecoded)
  return problem === undefined
    ? { _tag: "Row", line, values, ...(file.columns === undefined ? {} : { columns: file.columns }) }
    : bad(line, problem, text)
}

const damage = (text: string, notDecoded: () => string): string | undefined => {
  // A decoder leaves this character where it knew none for the bytes: a name with a hole in it is not to be imported.
  if (text.includes("\uFFFD")) return notDecoded()
  return text.includes("\0")
    ? "a NUL character, which no text has: take it out, or give the file's encoding"
    : undefined
}

const unusable = (line: number) => (problem: string): ImportFileError => new ImportFileError({ line, problem })

// ---------------------------------------------------------------------------------------------------------------------
// CSV
// ---------------------------------------------------------------------------------------------------------------------

const decodeCsv = (text: string, delimiter: string) =>
  Stream.succeed(text).pipe(
    // The size of a row is looked at here, where reading can go on behind it.
    Stream.pipeThroughChannel(Csv.decodeString({ delimiter, maxRecordSize: Infinity })),
    Stream.runCollect,
    Effect.result
  )

/** Whether what is wrong with the text's first row is that a quote is still open at its end. */
const isOpenQuote = (text: string, delimiter: string) => Effect.map(decodeCsv(`${text}"`, delimiter), Result.isSuccess)

const breaksIn = (cells: ReadonlyArray<string>): number =>
  cells.reduce((sum, cell) => /[\r\n]/.test(cell) ? sum + LinePieces.breaksIn(cell) : sum, 0)

const unreadable = (message: string): string => `not CSV: ${message.charAt(0).toLowerCase()}${message.slice(1)}`

/** The header of a file of CSV. */
interface Header {
  /** The names of the columns that have one, and where each stands. */
  readonly columns: ReadonlyArray<string>
  readonly places: ReadonlyArray<number>
  /** How many cells there are up to the last column with a name. */
  readonly width: number
  readonly cells: number
  /** How many cells a row may have, the empty ones at its end included; known from the first row on. */
  longest: number | undefined
}

const isBlank = (cell: string): boolean => cell.trim() === ""

const miscounted = (cells: number, expected: number, beyond: number): string =>
  `${cells} ${cells === 1 ? "cell" : "cells"}, where the header has ${expected}${
    beyond >= 0 && cells <= expected ? `: cell ${beyond + 1} is behind the last column that has a name` : ""
  }`

const delimiters = [",", ";", "\t", "|"] as const

const flags = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe" } as const

const headerOf = (
  line: number,
  cells: ReadonlyArray<string>,
  delimiter: string,
  notDecoded: () => string
): Result.Result<Header, ImportFileError> => {
  const fail = (problem: string) => Result.fail(unusable(line)(problem))
  const places = [...cells.keys()].filter((index) => !isBlank(cells[index] ?? ""))
  const columns = places.map((index) => cells[index] ?? "")
  const damaged = damage(columns.join(), notDecoded)
  if (damaged !== undefined) return fail(`the header: ${damaged}`)
  const twice = columns.find((name, index) => columns.indexOf(name) !== index)
  if (twice !== undefined) return fail(`the header names the column ${JSON.stringify(twice)} twice`)
  const other = delimiters.find((other) => other !== delimiter && columns[0]?.includes(other))
  if (columns.length === 1 && other !== undefined) {
    return fail(
      `the header has one column; its cells seem to be separated by ${JSON.stringify(other)}: ` +
        `give that as delimiter (--delimiter ${flags[other]}), or none`
    )
  }
  return Result.succeed({ columns, places, width: (places.at(-1) ?? 0) + 1, cells: cells.length, longest: undefined })
}

/**
 * What the first line of a file of CSV shows, once it is there: the delimiter, and behind how many characters and lines the
 * rest begins. Fails for what is no CSV.
 */
const dialectOf = (
  line: number,
  text: string
): Result.Result<
  { readonly delimiter: string; readonly from: number; readonly lines: number } | undefined,
  ImportFileError
> => {
  const first = /[^\r\n]*[^\s,;|"][^\r\n]*/.exec(text)
  if (first === null) return Result.succeed(undefined)
  const at = line + LinePieces.breaksIn(text.slice(0, first.index))
  if (isJsonArray(text)) return Result.fail(unusable(at)(oneJsonArray))
  if (/^\s*\{\s*(?:"|$)/.test(first[0])) {
    return Result.fail(unusable(at)("the file is JSON: with a line for each object, name it .ndjson"))
  }
  if (/^\s*<(?:!doctype|html|table|\?xml)/i.test(first[0])) {
    return Result.fail(unusable(at)("the file is HTML or XML, whatever its name: save its table as CSV UTF-8"))
  }
  const sep = /^"?sep=([^"\r\n])"?[\s,;|]*$/i.exec(first[0])?.[1]
  if (sep !== undefined) {
    const from = LinePieces.startOfLine(text, at - line + 2)
    return Result.succeed({ delimiter: sep, from, lines: at - line + 1 })
  }
  const unquoted = first[0].replaceAll(/"[^"]*"?/g, "")
  const count = (delimiter: string) => unquoted.split(delimiter).length
  return Result.succeed({
    delimiter: delimiters.reduce((most, other) => count(other) > count(most) ? other : most),
    from: 0,
    lines: 0
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// JSON
// ---------------------------------------------------------------------------------------------------------------------

const isJsonArray = (text: string): boolean => /^\s*\[\s*(?:[{\]]|$)/.test(text)

const oneJsonArray = "the file is one JSON array: write its objects a line each, such as by " +
  "jq -c '.[]' customers.json > customers.ndjson"

const jsonRow = (line: number, text: string, notDecoded: () => string): ImportRow => {
  const parsed = Result.try((): unknown => JSON.parse(text))
  if (Result.isFailure(parsed)) return bad(line, "not JSON", text)
  const value = parsed.success
  return Predicate.isObject(value)
    ? readable(line, text, { ...value }, { notDecoded })
    : bad(line, "not a JSON object, such as {\"email\": \"alice@acme.inc\"}", text)
}
