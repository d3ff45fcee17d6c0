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
  /** The longest row, in characters; a longer one is a `BadRow`. Defaults to 1,048,576. */
  readonly maxRowSize?: number | undefined
}

/**
 * How to read a file of CSV.
 *
 * @category options
 * @since 0.1.0
 */
export interface CsvOptions extends Options {
  /** The separator of the cells. Defaults to a comma. */
  readonly delimiter?: "," | ";" | "\t" | "|" | undefined
}

/**
 * Why a file cannot be imported at all: it has no header, or one that names a column twice.
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
 * Reads CSV by RFC 4180, as bytes of UTF-8: the first line that is not blank names the columns, cells in quotes may hold
 * delimiters, line breaks and doubled quotes, and blank lines are passed over. Cells are texts, as they stand.
 *
 * A stray quote, a wrong number of cells and a quote that is not closed within `maxRowSize` cost their line alone. Fails
 * with `ImportFileError` for a header that cannot be used, and with what `bytes` fails with.
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
    const delimiter = options.delimiter ?? ","
    const maxRowSize = options.maxRowSize ?? defaultMaxRowSize
    let header: ReadonlyArray<string> | undefined
    const rowOf = (
      line: number,
      cells: ReadonlyArray<string>
    ): Result.Result<ReadonlyArray<ImportRow>, ImportFileError> => {
      if (cells.length === 1 && cells[0] === "") return Result.succeed([])
      if (header === undefined) {
        header = cells
        return Result.map(checkHeader(line, cells, delimiter), () => [])
      }
      const text = cells.join(delimiter)
      return Result.succeed([
        cells.length === header.length
          ? readable(line, text, Object.fromEntries(header.map((name, index) => [name, cells[index]])))
          : bad(line, `${cells.length} cells, where the header has ${header.length}`, text)
      ])
    }
    const read: (
      piece: LinePieces.Piece
    ) => Effect.Effect<LinePieces.Reading<ImportRow>, ImportFileError> = Effect.fnUntraced(function*(piece) {
      const rows: Array<ImportRow> = []
      let { line, text } = piece
      while (text !== "") {
        const decoded = yield* decodeCsv(text, delimiter)
        if (Result.isSuccess(decoded)) {
          for (const cells of decoded.success) {
            rows.push(...yield* Effect.fromResult(rowOf(line, cells)))
            line += 1 + breaksIn(cells)
          }
          return { rows, rest: "", line }
        }
        const before = LinePieces.startOfLine(text, decoded.failure.line)
        const from = text.slice(before)
        const isOpen = yield* isOpenQuote(from, delimiter)
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
    const rows = LinePieces.read(bytes, {
      maxRowSize,
      endOfLines: LinePieces.endOfLines,
      read,
      tooLong: tooLong(maxRowSize)
    })
    return Stream.concat(rows, ending)
  })

/**
 * Reads newline-delimited JSON, as bytes of UTF-8: each line an object, blank lines passed over. Fails with what `bytes`
 * fails with.
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
): Stream.Stream<ImportRow, E, R> =>
  Stream.suspend(() => {
    const maxRowSize = options.maxRowSize ?? defaultMaxRowSize
    return LinePieces.read(bytes, {
      maxRowSize,
      endOfLines: (text) => text.lastIndexOf("\n") + 1,
      tooLong: tooLong(maxRowSize),
      read: ({ line, text }) =>
        Effect.sync(() => {
          const lines = text.split("\n")
          if (lines.at(-1) === "") lines.pop()
          const rows = lines.flatMap((text, index) => text.trim() === "" ? [] : [jsonRow(line + index, text)])
          return { rows, rest: "", line: line + lines.length }
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

const tooLong = (maxRowSize: number) => (line: number, text: string): BadRow =>
  bad(line, `longer than ${maxRowSize} characters`, text)

const readable = (line: number, text: string, values: Row["values"]): ImportRow =>
  // A decoder leaves this character where the bytes were none of UTF-8: a name with a hole in it is not to be imported.
  text.includes("\uFFFD")
    ? bad(line, "not UTF-8: save the file with that encoding", text)
    : { _tag: "Row", line, values }

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

const checkHeader = (
  line: number,
  header: ReadonlyArray<string>,
  delimiter: string
): Result.Result<void, ImportFileError> => {
  const fail = (problem: string) => Result.fail(new ImportFileError({ line, problem }))
  const twice = header.find((name, index) => header.indexOf(name) !== index)
  if (twice !== undefined) return fail(`the header names the column ${JSON.stringify(twice)} twice`)
  const other = [",", ";", "\t", "|"].find((other) => other !== delimiter && header[0]?.includes(other))
  if (header.length === 1 && other !== undefined) {
    return fail(
      `the header has one column; its cells seem to be separated by ${JSON.stringify(other)}: give it as delimiter`
    )
  }
  return Result.void
}

// ---------------------------------------------------------------------------------------------------------------------
// JSON
// ---------------------------------------------------------------------------------------------------------------------

const jsonRow = (line: number, text: string): ImportRow => {
  const parsed = Result.try((): unknown => JSON.parse(text))
  if (Result.isFailure(parsed)) return bad(line, "not JSON", text)
  const value = parsed.success
  return Predicate.isObject(value)
    ? readable(line, text, { ...value })
    : bad(line, "not a JSON object, such as {\"email\": \"alice@acme.inc\"}", text)
}
