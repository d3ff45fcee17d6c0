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
   * The rows that were not imported: `line`, `key` and `step` where they came so far, `reasons`, of which there may be
   * several, and `row`, its values as JSON or its text.
   */
  readonly rejects: string
  /** The rows whose outcome is unknown, with the columns of both. */
  readonly unknowns: string
}

/**
 * Writes the three files as CSV, from the journal, in place of those that are there. Each is written beside its place
 * first, under a name that nobody had, and put there whole once it is on the disk: whatever happens, what stands there is
 * complete. They hold customers' data, and are their owner's alone, whatever stood there before; a link is replaced, and
 * what it leads to stays.
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
  void,
  ImportJournal.ImportJournalError | PlatformError.PlatformError,
  FileSystem.FileSystem | ImportJournal.ImportJournal
> {
  const journal = yield* ImportJournal.ImportJournal
  const invalid = Stream.map(journal.rejects, ({ line, reasons, row }) => ({
    line: String(line),
    reasons: reasons.join("; "),
    row
  }))
  yield* put(
    files.successes,
    ["line", "key", ...made],
    Stream.map(journal.entries("done"), (entry) => ({ ...identity(entry), ...madeOf(entry) }))
  )
  yield* put(
    files.rejects,
    ["line", "key", "step", "reasons", "row"],
    Stream.concat(
      invalid,
      Stream.map(journal.entries("rejected"), (entry) => ({ ...identity(entry), ...whyOf(entry) }))
    )
  )
  yield* put(
    files.unknowns,
    ["line", "key", "step", "reasons", ...made, "row"],
    Stream.map(journal.entries("sent"), (entry) => ({ ...identity(entry), ...whyOf(entry), ...madeOf(entry) }))
  )
})

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

const put = Effect.fnUntraced(function*<Column extends string, E>(
  path: string,
  columns: ReadonlyArray<Column>,
  rows: Stream.Stream<{ readonly [Name in Column]?: string }, E>
) {
  const fileSystem = yield* FileSystem.FileSystem
  const beside = `${path}.${yield* Random.nextIntBetween(1, Number.MAX_SAFE_INTEGER)}.tmp`
  yield* Effect.gen(function*() {
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
  }).pipe(
    Effect.scoped,
    Effect.andThen(fileSystem.rename(beside, path)),
    Effect.onError(() => Effect.ignore(fileSystem.remove(beside, { force: true })))
  )
})

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
    const { line, row: cell } = row.values
    if (typeof line !== "string" || typeof cell !== "string") {
      return Effect.fail(
        new ImportRows.ImportFileError({ line: 1, problem: "no report of an import's rejects or unknowns" })
      )
    }
    const at = Number(line)
    const text = unescape(cell)
    return Effect.succeed(Result.match(decodeValues(text), {
      onFailure: (): ImportRows.ImportRow => ({ _tag: "BadRow", line: at, problem: "not a row that was read", text }),
      onSuccess: (values): ImportRows.ImportRow => ({ _tag: "Row", line: at, values })
    }))
  })

const decodeValues = SchemaParser.decodeUnknownResult(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
)
