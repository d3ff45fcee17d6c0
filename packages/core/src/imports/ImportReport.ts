/**
 * The outcome of an import's rows, as three files for people: successes, rejects and unknowns.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Csv from "effect/encoding/Csv"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type * as PlatformError from "effect/PlatformError"
import * as Random from "effect/Random"
import * as Record from "effect/Record"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as Stream from "effect/Stream"
import * as ImportJournal from "./ImportJournal.ts"
import * as ImportRows from "./ImportRows.ts"

/**
 * Where the files are written.
 *
 * @category options
 * @since 0.1.0
 */
export interface Files {
  /** The rows that are done: `line`, `key`, `contact_id`, `existing`, `conversation_id` and `message_id`. */
  readonly successes: string
  /**
   * The rows that were not imported, to correct and import again: `import_line`, `import_step` where LiveDesk refused it,
   * `import_reasons`, `import_text`, and the columns of the file. A row that no columns hold, because it could not be read or
   * has other values than texts, is in `import_text`.
   */
  readonly rejects: string
  /**
   * The rows whose outcome is unknown: `line`, `key`, `step`, `reasons`, the ids that are known, and `row`, its values as
   * JSON.
   */
  readonly unknowns: string
}

/**
 * Writes the three files as CSV, from the journal, and returns where. Each replaces the file that an earlier run with the
 * journal wrote there, or a link. Any other file stays, such as one that a person has edited since: the report is then
 * written beside it, with a number in its name, such as `customers.csv.rejects.2.csv`.
 *
 * Each is written under a name that nobody had first, and put in its place whole once it is on the disk: whatever happens,
 * what stands there is complete. They hold customers' data, and are their owner's alone. What a link leads to stays.
 *
 * A cell that a spreadsheet would run, since it begins with `=`, `+`, `-`, `@`, a tab or a line break, has an apostrophe
 * before it, and so has one that begins with an apostrophe. Plain signed numbers such as `+4915112345678` stay as they are.
 * `unescape` and `rows` read such cells back.
 *
 * @category files
 * @since 0.1.0
 */
export const write = Effect.fn("ImportReport.write")(function*(
  files: Files
): Effect.fn.Return<
  Files,
  ImportJournal.ImportJournalError | PlatformError.PlatformError,
  FileSystem.FileSystem | ImportJournal.ImportJournal
> {
  const journal = yield* ImportJournal.ImportJournal
  const columns = yield* Stream.runFold(journal.rejects, () => new Set<string>(), (columns, { row }) => {
    for (const column of Object.keys(textsOf(row) ?? {})) columns.add(escape(column))
    return columns
  })
  const successes = yield* put(
    files.successes,
    ["line", "key", ...made],
    Stream.map(journal.entries("done"), (entry) => ({ ...identity(entry), ...madeOf(entry) }))
  )
  const rejects = yield* put(
    files.rejects,
    [...own, ...columns],
    Stream.map(journal.rejects, ({ line, reasons, row, step }) => {
      const texts = textsOf(row)
      return {
        import_line: String(line),
        import_step: Option.getOrElse(step, () => ""),
        import_reasons: reasons.join("; "),
        ...(texts === undefined ? { import_text: row } : Record.mapKeys(texts, escape))
      }
    })
  )
  const unknowns = yield* put(
    files.unknowns,
    ["line", "key", "step", "reasons", ...made, "row"],
    Stream.map(journal.entries("sent"), (entry) => ({ ...identity(entry), ...whyOf(entry), ...madeOf(entry) }))
  )
  return { successes, rejects, unknowns }
})

/** The columns of the rejects that are not the file's. */
const own = ["import_line", "import_step", "import_reasons", "import_text"] as const

/** The values of a row, if columns of CSV hold them as they are. */
const textsOf = (row: string): { readonly [column: string]: string } | undefined =>
  Option.getOrUndefined(
    Option.filter(Result.getSuccess(decodeTexts(row)), (texts) =>
      Object.keys(texts).every((column) => column.trim() !== "" && !reserved.has(column)))
  )

const reserved: ReadonlySet<string> = new Set([...own, "__proto__"])

const made = ["contact_id", "existing", "conversation_id", "message_id"] as const

const identity = ({ key, line }: ImportJournal.Entry) => ({ line: String(line), key })

const whyOf = ({ reasons, row, step }: ImportJournal.Entry) => ({
  step,
  reasons: reasons.length === 0 ? "the import ended before LiveDesk's response" : reasons.join("; "),
  row: Option.getOrElse(row, () => "")
})

const madeOf = ({ contactId, conversationId, existing, messageId }: ImportJournal.Entry) => {
  const text = <A>(value: Option.Option<A>) => Option.match(value, { onNone: () => "", onSome: String })
  return {
    contact_id: text(contactId),
    existing: text(existing),
    conversation_id: text(conversationId),
    message_id: text(messageId)
  }
}

/** Writes a report, and returns where. */
const put = Effect.fnUntraced(function*<Column extends string, E>(
  wanted: string,
  columns: ReadonlyArray<Column>,
  rows: Stream.Stream<{ readonly [Name in Column]?: string }, E>
) {
  const fileSystem = yield* FileSystem.FileSystem
  const journal = yield* ImportJournal.ImportJournal
  const beside = `${wanted}.${yield* Random.nextIntBetween(1, Number.MAX_SAFE_INTEGER)}.tmp`
  return yield* Effect.gen(function*() {
    // Fails where anything has that name, also a link.
    const file = yield* fileSystem.open(beside, { flag: "wx", mode: 0o600 })
    yield* rows.pipe(
      Stream.map((row): { readonly [column: string]: string | undefined } => row),
      Stream.map((row) => Record.map(row, (cell) => cell === undefined ? cell : escape(cell))),
      Stream.pipeThroughChannel(Csv.encode({ columns, headers: true })),
      Stream.runForEach((bytes) => file.writeAll(bytes))
    )
    // Else a machine that goes down may keep the new name and not the new content.
    yield* file.sync
    yield* Effect.forEach(stampOf(yield* file.stat), journal.noteReport)
  }).pipe(
    Effect.scoped,
    Effect.andThen(placeFor(wanted)),
    Effect.tap((path) => fileSystem.rename(beside, path)),
    Effect.onError(() => Effect.ignore(fileSystem.remove(beside, { force: true })))
  )
})

/** The first place that holds nothing of a person's. */
const placeFor = Effect.fnUntraced(function*(wanted: string) {
  const journal = yield* ImportJournal.ImportJournal
  const fileSystem = yield* FileSystem.FileSystem
  for (let number = 2, path = wanted;; number++) {
    const isLink = yield* Effect.isSuccess(fileSystem.readLink(path))
    const found = isLink ? Option.none() : yield* Effect.option(fileSystem.stat(path))
    // A folder cannot be replaced, which the renaming says.
    if (Option.isNone(found) || found.value.type !== "File") return path
    const [stamp] = stampOf(found.value)
    if (stamp !== undefined && (yield* journal.isReport(stamp))) return path
    path = wanted.replace(/(?:\.[^./\\]*)?$/, (end) => `.${number}${end}`)
  }
})

/** The size and time by which a file is known; none where the file system keeps no time. */
const stampOf = ({ mtime, size }: FileSystem.File.Info): ReadonlyArray<string> =>
  Option.toArray(Option.map(mtime, (mtime) => `${size}.${mtime.getTime()}`))

// ---------------------------------------------------------------------------------------------------------------------
// cells
// ---------------------------------------------------------------------------------------------------------------------

const runnable = /^[=+\-@\t\r\n']/

const signedNumber = /^[+-]\d+(?:\.\d+)?$/

/**
 * The text as a report's cell, with an apostrophe before what a spreadsheet would run.
 *
 * @category writing
 * @since 0.1.0
 */
export const escape = (cell: string): string => runnable.test(cell) && !signedNumber.test(cell) ? `'${cell}` : cell

/**
 * The text of a report's cell, without the apostrophe that keeps a spreadsheet from running it.
 *
 * @category reading
 * @since 0.1.0
 */
export const unescape = (cell: string): string =>
  cell.startsWith("'") && runnable.test(cell.slice(1)) ? cell.slice(1) : cell

/**
 * Reads the rows of a report of rejects or unknowns, as they stood in the file, each with its line there: to import them
 * again, once what was wrong with them is right. Fails with `ImportFileError` for what is no such report, and with what
 * `bytes` fails with.
 *
 * ```ts
 * const fileSystem = yield* FileSystem.FileSystem
 * const rows = ImportReport.rows(fileSystem.stream("customers.csv.rejects.csv"))
 * ```
 *
 * @category reading
 * @since 0.1.0
 */
export const rows = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>
): Stream.Stream<ImportRows.ImportRow, E | ImportRows.ImportFileError, R> =>
  Stream.mapEffect(ImportRows.csv(bytes, { delimiter: ",", maxRowSize: 16_777_216 }), (row) => {
    if (row._tag === "BadRow") return Effect.succeed<ImportRows.ImportRow>(row)
    const { import_line, line = import_line, row: cell } = row.values
    const original = isReject(row) ? ofRejects(row) : typeof cell === "string" ? parsed(row.line, unescape(cell)) : row
    if (typeof line !== "string" || original === row) {
      return Effect.fail(
        new ImportRows.ImportFileError({ line: 1, problem: "no report of an import's rejects or unknowns" })
      )
    }
    return Effect.succeed({ ...original, line: Number(line) })
  })

/**
 * Returns a row of a report of rejects as it stood in the imported file, so that a corrected report can be imported; any
 * other row as it is. Its line is that of the report.
 *
 * @category reading
 * @since 0.1.0
 */
export const ofRejects = (row: ImportRows.ImportRow): ImportRows.ImportRow => {
  if (row._tag === "BadRow" || !isReject(row)) return row
  const { import_text } = row.values
  if (typeof import_text === "string" && import_text.trim() !== "") return parsed(row.line, unescape(import_text))
  const columns = (row.columns ?? Object.keys(row.values)).filter((column) => !reserved.has(column))
  return {
    ...row,
    values: Object.fromEntries(columns.map((column) => {
      const value = row.values[column]
      return [unescape(column), typeof value === "string" ? unescape(value) : value]
    })),
    columns: columns.map(unescape)
  }
}

const isReject = ({ values }: ImportRows.Row): boolean => own.every((column) => column in values)

const parsed = (line: number, text: string): ImportRows.ImportRow =>
  Result.match(decodeValues(text), {
    onFailure: (): ImportRows.ImportRow => ({ _tag: "BadRow", line, problem: "not a row that was read", text }),
    onSuccess: (values): ImportRows.ImportRow => ({ _tag: "Row", line, values })
  })

const decodeValues = SchemaParser.decodeUnknownResult(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
)

const decodeTexts = SchemaParser.decodeUnknownResult(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))
)
