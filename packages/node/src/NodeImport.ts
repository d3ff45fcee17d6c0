/**
 * Bulk import of a file, with its journal and its reports beside it.
 *
 * @since 0.1.0
 */
import type * as Contacts from "@effect-livedesk/core/Contacts"
import type * as Conversations from "@effect-livedesk/core/Conversations"
import * as ContactImport from "@effect-livedesk/core/imports/ContactImport"
import * as ImportJournal from "@effect-livedesk/core/imports/ImportJournal"
import * as ImportMapping from "@effect-livedesk/core/imports/ImportMapping"
import * as ImportProgress from "@effect-livedesk/core/imports/ImportProgress"
import * as ImportReport from "@effect-livedesk/core/imports/ImportReport"
import * as ImportRows from "@effect-livedesk/core/imports/ImportRows"
import type * as LiveDeskClient from "@effect-livedesk/core/LiveDeskClient"
import type * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import type * as Messages from "@effect-livedesk/core/Messages"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as PlatformError from "effect/PlatformError"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { existsSync, lstatSync, statSync } from "node:fs"
import * as GuardedSqlite from "./internal/GuardedSqlite.ts"

/**
 * Which file to import, and how.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Omit<ContactImport.Options<never, never>, "rows" | "total">, ImportRows.CsvOptions {
  /** The file: CSV, or newline-delimited JSON where its name ends with `.ndjson` or `.jsonl`. */
  readonly file: string
  /** What the file is, whatever its name. */
  readonly format?: "csv" | "ndjson" | undefined
  /** The journal's file. Defaults to `file` with `.journal`. An import goes on where that of the same journal ended. */
  readonly journal?: string | undefined
  /** The reports' files. Default to `file` with `.successes.csv`, `.rejects.csv` and `.unknowns.csv`. */
  readonly reports?: Partial<ImportReport.Files> | undefined
}

/**
 * The progress of an import at its end, and where its reports are.
 *
 * @category models
 * @since 0.1.0
 */
export interface Summary extends ImportProgress.ImportProgress {
  readonly reports: ImportReport.Files
}

/**
 * Imports a file, as `ContactImport.run` does, with a journal in SQLite that this process has to itself. However it ends,
 * short of a crash, the reports are written, each beside a file of its name that a person has changed, as `ImportReport.write`
 * does; that is logged as a warning. A report that cannot be written is logged as an error. Interrupted (Ctrl-C, under
 * `NodeRuntime.runMain`), it lets the calls in flight end, and logs how to go on.
 *
 * Fails as `check` and `ContactImport.run` do. What `check` finds leaves neither a journal nor a report.
 *
 * ```ts
 * const summary = yield* NodeImport.run({ file: "customers.csv", inboxId: 407, onProgress: NodeImport.show })
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const run = (options: Options): Effect.Effect<
  Summary,
  | ImportRows.ImportFileError
  | ImportJournal.ImportJournalError
  | LiveDeskError.LiveDeskError
  | PlatformError.PlatformError,
  LiveDeskClient.LiveDeskClient | Contacts.Contacts | Conversations.Conversations | Messages.Messages
> =>
  Effect.gen(function*() {
    const { file, format = formatOf(options.file) } = options
    const fileSystem = yield* FileSystem.FileSystem
    const total = options.onProgress === undefined ? undefined : yield* countLines(fileSystem.stream(file))
    const wanted = reportsOf(options)
    let reports = wanted
    const report = Effect.gen(function*() {
      const written = yield* Effect.result(ImportReport.write(wanted))
      if (options.onProgress === show) yield* endLine
      if (Result.isFailure(written)) {
        return yield* Effect.logError(`the reports could not be written: ${written.failure.message}`)
      }
      reports = written.success
      for (const name of ["successes", "rejects", "unknowns"] as const) {
        if (reports[name] === wanted[name]) continue
        yield* Effect.logWarning(
          `${wanted[name]} is not as an import wrote it, and stays as it is: the new report is ${reports[name]}`
        )
      }
    })
    const progress = yield* ContactImport.run({
      ...options,
      rows: rows(options),
      ...(total === undefined ? {} : { total: format === "csv" ? Math.max(0, total - 1) : total })
    }).pipe(Effect.ensuring(report))
    return { ...progress, reports }
  }).pipe(
    Effect.provide([journalLayer(journalOf(options), { create: true }), NodeFileSystem.layer]),
    (importing) => Effect.andThen(check(options), importing),
    // Whatever it was at, also before the first row.
    Effect.onInterrupt(() =>
      Effect.logWarning(
        `interrupted: the calls in flight have ended and are recorded. Start it again with the same journal to go on: ${
          journalOf(options)
        }`
      )
    )
  )

/**
 * Finds what `run` would refuse before it begins, and changes nothing. Fails
 *
 * - with `ValidationError` for invalid options;
 * - with `ImportJournalError` where an earlier run had a journal that this one would not have: for reports whose journal
 *   is gone, and for a report of rejects without the journal of its import;
 * - with `PlatformError` for a file that cannot be read, and with `ImportFileError` for a header that cannot be used.
 *
 * @category checking
 * @since 0.1.0
 */
export const check = (options: Options): Effect.Effect<
  void,
  | ImportRows.ImportFileError
  | ImportJournal.ImportJournalError
  | LiveDeskError.LiveDeskError
  | PlatformError.PlatformError
> =>
  ContactImport.check(options).pipe(
    Effect.andThen(checkJournal(options)),
    Effect.andThen(checkFile(options))
  )

/**
 * The rows of a file, as `run` reads them. Those of a report of rejects are read as they stood in the imported file. Fails with `PlatformError` where the file cannot be read; with `ImportFileError`
 * for a header that cannot be used.
 *
 * @category reading
 * @since 0.1.0
 */
export const rows = (
  options: Pick<Options, "file" | "format" | "delimiter" | "encoding" | "maxRowSize">
): Stream.Stream<ImportRows.ImportRow, ImportRows.ImportFileError | PlatformError.PlatformError> => {
  const { file, format = formatOf(file) } = options
  const bytes = Stream.unwrap(
    Effect.map(FileSystem.FileSystem, (fileSystem) => fileSystem.stream(file, { chunkSize }))
  ).pipe(Stream.provide(NodeFileSystem.layer))
  return format === "csv"
    ? Stream.map(ImportRows.csv(bytes, options), ImportReport.ofRejects)
    : ImportRows.ndjson(bytes, options)
}

/** In bytes: of a file whose first row alone is asked for, all rows of a chunk are read. */
const chunkSize = 16_384

/**
 * Reads which columns a file has, and what the mapping reads of each: by the header of CSV, else by the keys of the first
 * thousand rows. None where there is no row, or the mapping cannot tell.
 *
 * Fails with `PlatformError` where the file cannot be read; with `ImportFileError` for a file of which no row could be
 * imported.
 *
 * @category reading
 * @since 0.1.0
 */
export const columns = (
  options: Pick<Options, "file" | "format" | "delimiter" | "encoding" | "maxRowSize" | "mapping">
): Effect.Effect<Option.Option<ImportMapping.ColumnUse>, ImportRows.ImportFileError | PlatformError.PlatformError> =>
  Effect.gen(function*() {
    const { mapping = ImportMapping.columns } = options
    const read = Stream.filter(rows(options), (row) => row._tag === "Row")
    const [first, ...others] = yield* Stream.runCollect(
      Stream.take(read, (options.format ?? formatOf(options.file)) === "csv" ? 1 : 1000)
    )
    if (first === undefined || mapping.columns === undefined) return Option.none()
    const names = first.columns ?? [...new Set([first, ...others].flatMap(({ values }) => Object.keys(values)))]
    return Option.some(
      yield* Effect.fromResult(Result.mapError(
        mapping.columns(names),
        (problem) => new ImportRows.ImportFileError({ line: 1, problem })
      ))
    )
  })

/**
 * Shows an import's progress on standard error: on a terminal as one line that changes, else as a line each time.
 *
 * @category showing
 * @since 0.1.0
 */
export const show = (progress: ImportProgress.ImportProgress): Effect.Effect<void> =>
  Effect.suspend(() => {
    const line = ImportProgress.line(progress)
    return process.stderr.isTTY
      ? Effect.sync(() => process.stderr.write(`\r\u001B[2K${line}`))
      : Console.error(line)
  })

/** On a terminal, what follows is not to stand behind the line that changed. */
const endLine = Effect.sync(() => {
  if (process.stderr.isTTY) process.stderr.write("\n")
})

/**
 * The files that a run writes.
 *
 * @category options
 * @since 0.1.0
 */
export const reportsOf = ({ file, reports }: Pick<Options, "file" | "reports">): ImportReport.Files => ({
  successes: `${file}.successes.csv`,
  rejects: `${file}.rejects.csv`,
  unknowns: `${file}.unknowns.csv`,
  ...reports
})

const journalOf = ({ file, journal }: Options): string => journal ?? `${file}.journal`

const formatOf = (file: string): "csv" | "ndjson" => /\.(?:ndjson|jsonl)$/i.test(file) ? "ndjson" : "csv"

/**
 * Provides the journal in a file, to look at it or to resolve rows while no import is at work with it.
 *
 * Fails with `Missing` where there is no journal, unless `create` says to make one. Fails with `NotAJournal` for a file that holds something else, which stays as it is; and with `Incomplete` for one that was
 * copied or moved after a crash without the file beside it, whose name ends with `-wal`.
 *
 * @category layers
 * @since 0.1.0
 */
export const journalLayer = (
  file: string,
  options?: { readonly create?: boolean | undefined }
): Layer.Layer<ImportJournal.ImportJournal, ImportJournal.ImportJournalError> =>
  Layer.provide(
    ImportJournal.layer,
    Layer.unwrap(Effect.suspend(() =>
      options?.create === true || file === ":memory:" || !GuardedSqlite.isEmpty(file)
        ? Effect.succeed(GuardedSqlite.layer(file, journalKind))
        : Effect.fail(
          new ImportJournal.ImportJournalError({ problem: "Missing", detail: `there is no import's journal ${file}` })
        )
    )).pipe(
      Layer.catchTag("SqlError", (cause) => failed({ problem: "Database", detail: cause.message, cause })),
      Layer.catchTag("SqliteFileError", ({ message, problem }) =>
        failed({
          problem: problem === "OtherFile" ? "NotAJournal" : problem === "InUse" ? "Database" : problem,
          detail: problem === "InUse" ? `another process is at work with ${file}` : message
        }))
    )
  )

const journalKind: GuardedSqlite.Kind = { name: "import's journal", applicationId: 0x4c_44_49_4a }

const failed = (error: ConstructorParameters<typeof ImportJournal.ImportJournalError>[0]) =>
  Layer.effectContext(Effect.fail(new ImportJournal.ImportJournalError(error)))

const isReport = (path: string): boolean => existsSync(path) && lstatSync(path).isFile()

/** Fails where there was another journal, which is not this one: what is done would be done again. */
const checkJournal = (options: Options): Effect.Effect<void, ImportJournal.ImportJournalError> =>
  Effect.suspend(() => {
    const journal = journalOf(options)
    if (journal === ":memory:" || !GuardedSqlite.isEmpty(journal)) return Effect.void
    const [, imported] = /^(.+)\.rejects(?:\.\d+)?\.csv$/s.exec(options.file) ?? []
    if (imported !== undefined && existsSync(`${imported}.journal`)) {
      return Effect.fail(
        new ImportJournal.ImportJournalError({
          problem: "Incomplete",
          detail:
            `${options.file} seems to be a report of rejects, and ${journal} holds nothing: what was done for its rows ` +
            `would be done again. Give it the journal of its import, ${imported}.journal (--journal)`
        })
      )
    }
    const report = Object.values(reportsOf(options)).find((path) => isReport(path))
    if (report === undefined) return Effect.void
    return Effect.fail(
      new ImportJournal.ImportJournalError({
        problem: "Incomplete",
        detail:
          `${journal} holds nothing, and there is a report of an earlier run, ${report}: what that run did would be ` +
          `done again. Copy the journal's files (${journal}*) from where they were, or move the reports away for an import ` +
          "from the beginning"
      })
    )
  })

/** Fails for a file that cannot be read and for a header that cannot be used, before there is a journal or a report. */
const checkFile = (
  options: Options
): Effect.Effect<void, ImportRows.ImportFileError | PlatformError.PlatformError> =>
  Effect.suspend((): Effect.Effect<unknown, ImportRows.ImportFileError | PlatformError.PlatformError> => {
    const { file, format = formatOf(file) } = options
    // A pipe can be read only once.
    if (existsSync(file) && !statSync(file).isFile()) return Effect.void
    return format === "csv" ? columns(options) : Stream.runHead(rows(options))
  })

/** About how many rows there are: cells may hold line breaks. */
const countLines = <E>(bytes: Stream.Stream<Uint8Array, E>): Effect.Effect<number, E> =>
  Stream.runFold(bytes, () => 0, (lines, chunk) => {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
    return lines
  })
