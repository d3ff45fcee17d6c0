/**
 * `livedesk import`.
 *
 * @since 0.1.0
 */
import * as ContactImport from "@effect-livedesk/core/imports/ContactImport"
import * as ImportJournal from "@effect-livedesk/core/imports/ImportJournal"
import * as ImportMapping from "@effect-livedesk/core/imports/ImportMapping"
import type * as ImportRows from "@effect-livedesk/core/imports/ImportRows"
import * as Messages from "@effect-livedesk/core/Messages"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import type * as NodeImport from "../NodeImport.ts"
import * as NodeLiveDesk from "../NodeLiveDesk.ts"
import * as CommandOutput from "./CommandOutput.ts"
import * as DryRun from "./DryRun.ts"
import { InvalidFileError, PartialFailureError, UsageError } from "./ExitCode.ts"
import * as ImportColumns from "./ImportColumns.ts"
import * as ImportRejects from "./ImportRejects.ts"
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
  Effect.fnUntraced(function*({ attribute, column, countryCode, inbox, mapping: mappingFile, message, ...flags }) {
    const isDryRun = yield* LiveDeskCall.DryRunFlag
    const journal = flags.journal ?? `${flags.file}.journal`
    const inboxId = yield* isDryRun ? inboxOfCheck(inbox, journal) : LiveDeskCall.inboxId(inbox)
    yield* look(flags.file)
    const mapping = yield* ImportColumns.mapping({ attribute, column, countryCode, message, mapping: mappingFile })
    const options = { ...flags, journal, mapping }
    const NodeImport = yield* loaded
    // Facts about the whole file end it before there is a journal.
    const columns = yield* Effect.catchTag(
      NodeImport.columns(options),
      "ImportFileError",
      (error) => invalidFile(options.file, error)
    )
    if (isDryRun) {
      yield* NodeImport.check({ ...options, inboxId })
      return yield* check({ ...options, inboxId }, columns, countryCode !== undefined)
    }
    if (Option.isSome(columns)) yield* Console.error(CommandOutput.text(ImportColumns.rows(columns)))
    let hasBegun = false
    const progress = yield* Effect.suspend(() => {
      hasBegun = true
      return NodeImport.run({ ...options, inboxId, onProgress: NodeImport.show })
    }).pipe(
      Effect.provide(NodeLiveDesk.layerConfig({ proxy: "environment" })),
      Effect.catchTag("ImportFileError", (error) => invalidFile(options.file, error)),
      Effect.onInterrupt(() =>
        Effect.flatMap(CommandOutput.commandLine(), (command) =>
          Console.error(
            hasBegun
              ? `to go on: ${command}`
              : `interrupted before any row: nothing was sent. To begin again: ${command}`
          ))
      )
    )
    const { reports } = progress
    const counts: ImportRejects.Counts = new Map()
    if (progress.rejected > 0 && journal !== ":memory:") {
      yield* ImportJournal.ImportJournal.pipe(
        Effect.flatMap((journal) =>
          Stream.runForEach(
            ImportRejects.stream(journal),
            (reject) => Effect.sync(() => ImportRejects.count(counts, reject))
          )
        ),
        Effect.provide(NodeImport.journalLayer(journal))
      )
    }
    const reasons = ImportRejects.table(counts)
    yield* CommandOutput.print({ ...progress, columns, reasons }, () => ({
      read: progress.read,
      "done before": progress.alreadyDone,
      "of these, changed since": progress.changed,
      done: progress.done,
      created: progress.created,
      existing: progress.existing,
      "found again": progress.foundAgain,
      updated: progress.updated,
      conversations: progress.conversations,
      messages: progress.messages,
      rejected: progress.rejected,
      unknown: progress.unknown,
      "not in the file": progress.notInFile,
      ...Struct.pick(ImportColumns.rows(columns), ["not read"]),
      ...reports
    }))
    if (reasons.length > 0 && !(yield* CommandOutput.Json)) yield* Console.log(`\n${CommandOutput.text(reasons)}`)
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
    "Import contacts from a file, each once. Columns: identifier, email, phone_number, name, avatar_url, and the names that " +
      "exports use, such as E-mail, Phone, First Name with Last Name. No message is sent without --message or " +
      "--column message=. --dry-run checks the whole file and sends nothing: it shows what is read from which column, which " +
      "rows would be rejected and why, and a message as it would be sent. Safe to end by Ctrl-C and to start again: it goes " +
      "on where it was"
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

/** How many rejected rows a check lists as text. */
const maxRejects = 100

/** The inbox of a check, of which a journal is to know; else none is needed. */
const inboxOfCheck = Effect.fnUntraced(function*(named: number | undefined, journal: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const isSet = named !== undefined || Option.isSome(yield* Config.option(Config.String("LIVEDESK_INBOX_ID")))
  const isKnown = yield* Effect.orElseSucceed(fileSystem.exists(journal), () => false)
  return isSet || isKnown ? yield* LiveDeskCall.inboxId(named) : DryRun.inboxId
})

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
  options:
    & Pick<
      NodeImport.Options,
      "file" | "inboxId" | "lookup" | "delimiter" | "encoding" | "concurrency" | "updateExisting"
    >
    & { readonly journal: string; readonly mapping: ImportMapping.ImportMapping },
  columns: Option.Option<ImportMapping.ColumnUse>,
  hasCountryCode: boolean
) {
  const NodeImport = yield* loaded
  const isJson = yield* CommandOutput.Json
  const journal = yield* copyJournal(options.journal)
  let firstMessage: Messages.SendMessage | undefined
  const importing = Effect.gen(function*() {
    const progress = yield* ContactImport.run({
      ...options,
      // Simulated calls take no time, and one row at a time shows the file's first message.
      concurrency: options.concurrency ?? 1,
      // Nothing of it is still on its way.
      reconcileAfter: 0,
      rows: NodeImport.rows(options),
      onProgress: ({ read }) => Console.error(`${counted(read)} checked`)
    })
    const journal = yield* ImportJournal.ImportJournal
    const rejects: Array<ImportRejects.Reject> = []
    const counts: ImportRejects.Counts = new Map()
    let refused = 0
    yield* Stream.runForEach(ImportRejects.stream(journal), ({ isRefused, line, reasons, row }) =>
      Effect.sync(() => {
        const reject = {
          line,
          reasons: isRefused ? ImportRejects.probableReasons(options.mapping, row) : reasons,
          isRefused
        }
        if (isRefused) refused++
        ImportRejects.count(counts, reject)
        if (isJson || rejects.length < maxRejects) rejects.push(reject)
      }))
    const addressee = firstMessage === undefined ? Option.none() : yield* journal.entries("done").pipe(
      Stream.filter(({ conversationId }) => Option.contains(conversationId, firstMessage?.conversationId)),
      Stream.runHead
    )
    return { progress, rejects, counts, refused, addressee }
  }).pipe(
    Effect.updateService(Messages.Messages, (messages) => ({
      ...messages,
      send: (...[message, call]: Parameters<typeof messages.send>) => {
        firstMessage ??= message
        return messages.send(message, call)
      }
    })),
    Effect.provide(NodeImport.journalLayer(journal))
  )
  const { requests, result } = yield* DryRun.make(importing, refusal).pipe(
    Effect.catchTag("ImportFileError", (error) => invalidFile(options.file, error))
  )
  // Simulated responses end no import early.
  const { addressee, counts, progress, refused, rejects } = yield* Effect.fromOption(result)
  const checked = {
    columns,
    read: progress.read,
    doneBefore: progress.alreadyDone,
    good: progress.done,
    refused,
    rejected: progress.rejected - refused,
    messages: {
      // The rows of an import are a customer each.
      count: progress.messages,
      people: progress.messages,
      first: firstMessage === undefined
        ? null
        : { to: Option.map(addressee, ({ key }) => key), content: firstMessage.content }
    },
    reasons: ImportRejects.table(counts),
    rejects,
    firstRequest: DryRun.shown(requests.slice(0, 1))[0]
  }
  if (isJson) yield* Console.log(CommandOutput.json(checked))
  else {
    const { first, people } = checked.messages
    yield* Console.log([
      CommandOutput.text({
        ...ImportColumns.rows(columns),
        read: checked.read,
        ...(checked.doneBefore === 0 ? {} : { "done before": checked.doneBefore }),
        good: checked.good,
        "LiveDesk would probably refuse": checked.refused,
        rejected: checked.rejected,
        messages: first === null
          ? "none"
          : `${checked.messages.count}, to ${people} ${people === 1 ? "person" : "people"}`
      }),
      ...(first === null ? [] : [
        `The first message${Option.match(first.to, { onNone: () => "", onSome: (key) => `, to ${key}` })}:\n${
          CommandOutput.printable(first.content ?? "")
        }`
      ]),
      ...(checked.reasons.length === 0 ? [] : [CommandOutput.text(checked.reasons)]),
      ...(checked.rejects.length === 0
        ? []
        : [CommandOutput.text(checked.rejects.map(({ line, reasons }) => ({ line, reasons: reasons.join("; ") })))]),
      ...(checked.firstRequest === undefined ? [] : [`The first request:\n${DryRun.text([checked.firstRequest])}`])
    ].join("\n\n"))
  }
  const bad = progress.rejected
  if (bad > 0) {
    return yield* new PartialFailureError({
      message: [
        ...(checked.rejected === 0 ? [] : [`${counted(checked.rejected)} would be rejected`]),
        ...(refused === 0 ? [] : [`LiveDesk would probably refuse ${counted(refused)}`]),
        ...(bad <= rejects.length ? [] : [`shown are ${maxRejects} of ${bad}, --json lists all`]),
        ...(!hasCountryCode && checked.reasons.some(({ reason }) => reason.includes("E.164"))
          ? ["--country-code completes phone numbers that begin with 0"]
          : [])
      ].join("; ")
    })
  }
}, Effect.scoped)

/** Why LiveDesk would probably refuse to create a contact. */
const refusal = (body: unknown): string | undefined => {
  const contact = decodeContact(body)
  if (Result.isFailure(contact)) return undefined
  const { email, identifier, phone_number: phoneNumber } = contact.success
  return ImportMapping.warnings({ contact: { email, identifier, phoneNumber } })[0]?.message
}

const decodeContact = SchemaParser.decodeUnknownResult(
  Schema.Struct({
    identifier: Schema.optional(Schema.String),
    email: Schema.optional(Schema.String),
    phone_number: Schema.optional(Schema.String)
  })
)
