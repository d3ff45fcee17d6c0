/**
 * `livedesk import`.
 *
 * @since 0.1.0
 */
import * as ContactImport from "@effect-livedesk/core/imports/ContactImport"
import * as ImportJournal from "@effect-livedesk/core/imports/ImportJournal"
import * as ImportMapping from "@effect-livedesk/core/imports/ImportMapping"
import type * as ImportRows from "@effect-livedesk/core/imports/ImportRows"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import type * as NodeImport from "../NodeImport.ts"
import * as NodeLiveDesk from "../NodeLiveDesk.ts"
import * as CommandOutput from "./CommandOutput.ts"
import * as DryRun from "./DryRun.ts"
import { InvalidFileError, PartialFailureError, UsageError } from "./ExitCode.ts"
import * as ImportColumns from "./ImportColumns.ts"
import * as ImportResolveCommand from "./ImportResolveCommand.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"

/**
 * The command that imports a file.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make(
  "import",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("CSV, or newline-delimited JSON where the name ends with .ndjson or .jsonl")
    ),
    inbox: LiveDeskCall.inbox,
    concurrency: Flag.Int("concurrency").pipe(
      Flag.withDescription("How many rows are worked on at once; defaults to 16"),
      LiveDeskCall.optional
    ),
    journal: ImportResolveCommand.journal,
    delimiter: Flag.ChoiceWithValue("delimiter", [
      ["comma", ","],
      ["semicolon", ";"],
      ["tab", "\t"],
      ["pipe", "|"]
    ]).pipe(
      Flag.withDescription("The separator of the cells of CSV; defaults to the one that the header has most of"),
      LiveDeskCall.optional
    ),
    encoding: Flag.String("encoding").pipe(
      Flag.withDescription(
        "The encoding of the file, such as windows-1252; defaults to UTF-8, or the UTF-16 that it shows"
      ),
      Flag.withMetavar("name"),
      LiveDeskCall.optional
    ),
    lookup: Flag.ChoiceWithValue("lookup", [["first", "first"], ["on-conflict", "onConflict"]]).pipe(
      Flag.withDescription("Whether contacts may be there already; they are looked for unless none is assumed"),
      LiveDeskCall.optional
    ),
    updateExisting: Flag.Boolean("update-existing").pipe(
      Flag.withDescription("Update contacts that are there with what of a row differs, also of rows that are done"),
      Flag.withDefault(false)
    ),
    ...ImportColumns.flags
  },
  Effect.fnUntraced(function*({ attribute, column, inbox, mapping: mappingFile, message, ...flags }) {
    const inboxId = yield* LiveDeskCall.inboxId(inbox)
    yield* look(flags.file)
    const mapping = yield* ImportColumns.mapping({ attribute, column, message, mapping: mappingFile })
    const options = { ...flags, mapping }
    const NodeImport = yield* loaded
    // Facts about the whole file end it before there is a journal.
    const columns = yield* Effect.catchTag(
      NodeImport.columns(options),
      "ImportFileError",
      (error) => invalidFile(options.file, error)
    )
    if (yield* LiveDeskCall.DryRunFlag) return yield* check({ ...options, inboxId }, columns)
    if (Option.isSome(columns)) yield* Console.error(CommandOutput.text(ImportColumns.rows(columns)))
    const progress = yield* NodeImport.run({ ...options, inboxId, onProgress: NodeImport.show }).pipe(
      Effect.provide(NodeLiveDesk.layerConfig({ proxy: "environment" })),
      Effect.catchTag("ImportFileError", (error) => invalidFile(options.file, error))
    )
    const reports = NodeImport.reportsOf(options)
    yield* CommandOutput.print({ ...progress, columns, reports }, () => ({
      read: progress.read,
      "done before": progress.alreadyDone,
      done: progress.done,
      created: progress.created,
      existing: progress.existing,
      "changed since": progress.changed,
      updated: progress.updated,
      conversations: progress.conversations,
      messages: progress.messages,
      rejected: progress.rejected,
      unknown: progress.unknown,
      "not in the file": progress.notInFile,
      ...Struct.pick(ImportColumns.rows(columns), ["not read"]),
      ...reports
    }))
    const { changed, rejected, unknown } = progress
    if (changed > 0 && !flags.updateExisting) {
      yield* Console.error(
        `${counted(changed)} done before ${changed === 1 ? "differs" : "differ"} from what was imported: ` +
          "--update-existing updates the contacts"
      )
    }
    const failures = [
      ...(rejected === 0
        ? []
        : [`${counted(rejected)} ${rejected === 1 ? "was" : "were"} rejected, see ${reports.rejects}`]),
      ...(unknown === 0 ? [] : [
        `the outcome of ${counted(unknown)} is unknown, see ${reports.unknowns}: look in LiveDesk's console, then ` +
        ImportResolveCommand.usage(options)
      ])
    ]
    if (failures.length > 0) return yield* new PartialFailureError({ message: failures.join("; ") })
  })
).pipe(
  Command.withDescription(
    "Import contacts from a file, each once. Columns: identifier, email, phone_number, name, avatar_url, message, and the " +
      "names that exports use, such as E-mail, Phone, First Name with Last Name; --dry-run shows what is read from which. " +
      "Safe to end by Ctrl-C and to start again: it goes on where it was"
  ),
  Command.withShortDescription("Import contacts from a file"),
  Command.withSubcommands([ImportResolveCommand.command]),
  Command.withExamples([
    { command: "livedesk import customers.csv --dry-run", description: "Check which rows could be imported" },
    {
      command:
        "livedesk import customers.csv --column email=Work --attribute plan=Plan --message \"Hello {First Name}\"",
      description: "Say what is read from which column, and send everyone a message"
    },
    {
      command: "livedesk import customers.csv --encoding windows-1252",
      description: "Import a file that an older Excel wrote"
    }
  ])
)

/** SQLite is loaded where it is needed alone: Node.js 22 prints a warning of it. */
const loaded = Effect.promise(() => import("../NodeImport.ts"))

/** It is read twice, and the journal is not to be made for what is not there. */
const look = Effect.fnUntraced(function*(file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const { type } = yield* Effect.mapError(
    fileSystem.stat(file),
    ({ reason }) =>
      new InvalidFileError({
        message: reason._tag === "NotFound" ? `there is no file ${file}` : `${file} cannot be read: ${reason._tag}`
      })
  )
  if (type !== "File") return yield* new InvalidFileError({ message: `${file} is no plain file` })
})

const invalidFile = (file: string, error: ImportRows.ImportFileError) =>
  Effect.fail(new UsageError({ message: `${file}, ${error.message}` }))

const counted = (rows: number): string => rows === 1 ? "1 row" : `${rows} rows`

/** How many rejected rows a check lists. */
const maxRejects = 100

/**
 * A copy of the journal that there is, for a check to go on from; none in the beginning.
 */
const copyJournal = Effect.fnUntraced(
  function*(journal: string) {
    const fileSystem = yield* FileSystem.FileSystem
    if (!(yield* fileSystem.exists(journal))) return ":memory:"
    const copy = `${yield* fileSystem.makeTempDirectoryScoped()}/journal`
    for (const end of ["", "-wal"]) {
      if (yield* fileSystem.exists(`${journal}${end}`)) yield* fileSystem.copyFile(`${journal}${end}`, `${copy}${end}`)
    }
    return copy
  },
  (copying, journal) =>
    Effect.mapError(
      copying,
      ({ reason }) => new InvalidFileError({ message: `the journal ${journal} cannot be read: ${reason._tag}` })
    )
)

/** Simulates the import, with a copy of its journal. */
const check = Effect.fnUntraced(function*(
  options: Pick<
    NodeImport.Options,
    "file" | "inboxId" | "lookup" | "delimiter" | "encoding" | "concurrency" | "journal" | "mapping" | "updateExisting"
  >,
  columns: Option.Option<ImportMapping.ColumnUse>
) {
  const NodeImport = yield* loaded
  const journal = yield* copyJournal(options.journal ?? `${options.file}.journal`)
  const warnings = new Map<string, { readonly value: string; readonly rows: number }>()
  const asked = options.mapping ?? ImportMapping.columns
  const mapping: ImportMapping.ImportMapping = {
    ...asked,
    read: (values) =>
      Result.map(asked.read(values), (input) => {
        for (const { message, path } of ImportMapping.warnings(input)) {
          const field = path.join(".")
          const before = warnings.get(`${field}: ${message}`)
          const { email = "", phoneNumber = "" } = input.contact
          warnings.set(`${field}: ${message}`, {
            value: before?.value ?? (field.endsWith("email") ? email : phoneNumber),
            rows: (before?.rows ?? 0) + 1
          })
        }
        return input
      })
  }
  const { requests, result } = yield* DryRun.make(
    Effect.gen(function*() {
      const progress = yield* ContactImport.run({
        ...options,
        mapping,
        // Nothing of it is still on its way.
        reconcileAfter: 0,
        rows: NodeImport.rows(options),
        onProgress: ({ read }) => Console.error(`${counted(read)} checked`)
      })
      const journal = yield* ImportJournal.ImportJournal
      const rejects = yield* Stream.runCollect(Stream.take(journal.rejects, maxRejects))
      return { progress, rejects }
    }).pipe(Effect.provide(NodeImport.journalLayer(journal)))
  ).pipe(Effect.catchTag("ImportFileError", (error) => invalidFile(options.file, error)))
  // Simulated responses end no import early.
  const { progress, rejects } = yield* Effect.fromOption(result)
  const checked = {
    columns,
    read: progress.read,
    doneBefore: progress.alreadyDone,
    good: progress.done,
    rejected: progress.rejected,
    // LiveDesk may refuse them: its rules are unknown.
    warnings: Array.from(warnings, ([warning, { rows, value }]) => ({ warning, rows, such_as: value })),
    rejects: rejects.map(({ line, reasons }) => ({ line, reasons })).toSorted((a, b) => a.line - b.line),
    firstRequest: DryRun.shown(requests.slice(0, 1))[0]
  }
  if (yield* CommandOutput.Json) yield* Console.log(CommandOutput.json(checked))
  else {
    yield* Console.log([
      CommandOutput.text({
        ...ImportColumns.rows(columns),
        read: checked.read,
        ...(checked.doneBefore === 0 ? {} : { "done before": checked.doneBefore }),
        good: checked.good,
        rejected: checked.rejected
      }),
      ...(checked.warnings.length === 0 ? [] : [CommandOutput.text(checked.warnings)]),
      ...(checked.rejects.length === 0
        ? []
        : [CommandOutput.text(checked.rejects.map(({ line, reasons }) => ({ line, reasons: reasons.join("; ") })))]),
      ...(checked.firstRequest === undefined ? [] : [`The first request:\n${DryRun.text([checked.firstRequest])}`])
    ].join("\n\n"))
  }
  if (checked.rejected > 0) {
    return yield* new PartialFailureError({
      message: `${counted(checked.rejected)} would be rejected${
        checked.rejected > maxRejects ? `; shown are ${maxRejects}` : ""
      }`
    })
  }
}, Effect.scoped)
