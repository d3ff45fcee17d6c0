/**
 * `livedesk import`.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as NodeLiveDesk from "../NodeLiveDesk.ts"
import * as CommandOutput from "./CommandOutput.ts"
import { PartlyDone, UsageError } from "./ExitCode.ts"
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
      Flag.withDescription("How many rows are worked on at once; 16 unless given"),
      LiveDeskCall.optional
    ),
    journal: Flag.String("journal").pipe(
      Flag.withDescription("The file that knows what was done; the file's name with .journal unless given"),
      Flag.withMetavar("path"),
      LiveDeskCall.optional
    ),
    delimiter: Flag.ChoiceWithValue("delimiter", [
      ["comma", ","],
      ["semicolon", ";"],
      ["tab", "\t"],
      ["pipe", "|"]
    ]).pipe(Flag.withDescription("What separates the cells of CSV; a comma unless given"), LiveDeskCall.optional),
    existing: Flag.ChoiceWithValue("existing", [["find", "find"], ["assume-none", "assumeNone"]]).pipe(
      Flag.withDescription("Whether contacts may be there already; they are looked for unless none is assumed"),
      LiveDeskCall.optional
    )
  },
  Effect.fnUntraced(function*({ inbox, ...options }) {
    if (yield* LiveDeskCall.DryRun) return yield* new UsageError({ message: "import has no --dry-run" })
    const inboxId = yield* LiveDeskCall.inboxId(inbox)
    // SQLite is loaded where it is needed alone: Node.js 22 prints a warning of it.
    const NodeImport = yield* Effect.promise(() => import("../NodeImport.ts"))
    const progress = yield* NodeImport.run({ ...options, inboxId, onProgress: NodeImport.show }).pipe(
      Effect.provide(NodeLiveDesk.layerConfig())
    )
    const reports = NodeImport.reportsOf(options)
    yield* CommandOutput.print({ ...progress, reports }, () => ({
      read: progress.read,
      "done before": progress.alreadyDone,
      done: progress.done,
      created: progress.created,
      existing: progress.existing,
      conversations: progress.conversations,
      messages: progress.messages,
      rejected: progress.rejected,
      unknown: progress.unknown,
      ...reports
    }))
    if (progress.rejected + progress.unknown > 0) {
      return yield* new PartlyDone({
        message: `${progress.rejected} rows were rejected, see ${reports.rejects}; ` +
          `${progress.unknown} are unknown, see ${reports.unknowns}`
      })
    }
  })
).pipe(
  Command.withDescription(
    "Import contacts from a file, each once. Columns: identifier, email, phone_number, name, avatar_url, message. " +
      "Safe to end by Ctrl-C and to start again: it goes on where it was"
  ),
  Command.withShortDescription("Import contacts from a file"),
  Command.withExamples([{
    command: "livedesk import customers.csv --delimiter semicolon",
    description: "Import a file as Excel writes it in much of Europe"
  }])
)
