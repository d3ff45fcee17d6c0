/**
 * `livedesk import resolve`.
 *
 * @since 0.1.0
 */
import * as ImportJournal from "@effect-livedesk/core/imports/ImportJournal"
import type { ImportResolution } from "@effect-livedesk/core/imports/ImportResolution"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as CommandOutput from "./CommandOutput.ts"
import { InvalidFileError, UsageError } from "./ExitCode.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"

/**
 * The flag `--journal`: the journal of an import.
 *
 * @category flags
 * @since 0.1.0
 */
export const journal: Flag.Flag<string | undefined> = Flag.String("journal").pipe(
  Flag.withDescription("The file that records what was done; defaults to the file's name with .journal"),
  Flag.withMetavar("path"),
  LiveDeskCall.optional
)

/**
 * The command to resolve the rows of an import, for a person to type.
 *
 * @category formatting
 * @since 0.1.0
 */
export const usage = ({ file, journal }: { readonly file: string; readonly journal?: string | undefined }): string =>
  `livedesk import resolve ${CommandOutput.quoted(file)}` +
  (journal === undefined || journal === `${file}.journal` ? "" : ` --journal ${CommandOutput.quoted(journal)}`)

const idFlag = (name: "contact" | "conversation" | "message") =>
  Flag.Int(name).pipe(
    Flag.withDescription(`The ${name} that LiveDesk's console shows, by its id`),
    LiveDeskCall.optional
  )

/**
 * The command that resolves the unknown rows of an import.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make(
  "resolve",
  {
    file: Argument.String("file").pipe(Argument.withDescription("The file that was imported")),
    key: Argument.String("key").pipe(
      Argument.withDescription(
        "The key of a row, such as email:alice@acme.inc; without it, the unknown rows are listed"
      ),
      Argument.optional
    ),
    outcome: Argument.Literals("outcome", ["happened", "did-not-happen"]).pipe(
      Argument.withDescription("What LiveDesk's console shows of the row's step"),
      Argument.optional
    ),
    journal,
    contactId: idFlag("contact"),
    conversationId: idFlag("conversation"),
    messageId: idFlag("message")
  },
  Effect.fnUntraced(function*({ file, journal = `${file}.journal`, key, outcome, ...ids }) {
    yield* LiveDeskCall.rejectDryRun("import resolve", "it sends nothing to LiveDesk")
    const hasIds = Object.values(ids).some((id) => id !== undefined)
    const happened = Option.getOrUndefined(outcome)
    if (Option.isSome(key) && happened === undefined) {
      return yield* new UsageError({
        message: "say happened or did-not-happen after the key, after a look at LiveDesk"
      })
    }
    if (hasIds && happened !== "happened") {
      return yield* new UsageError({ message: "an id is for what happened, and needs a key" })
    }
    const NodeImport = yield* Effect.promise(() => import("../NodeImport.ts"))
    yield* (Option.isSome(key)
      ? resolve(key.value, happened === "happened" ? { _tag: "Processed", ...ids } : { _tag: "NotProcessed" })
      : list).pipe(
        Effect.provide(NodeImport.journalLayer(journal)),
        Effect.catchTags({
          ImportResolutionError: ({ message }) => Effect.fail(new UsageError({ message })),
          ImportJournalError: ({ message }) => Effect.fail(new InvalidFileError({ message }))
        })
      )
  })
).pipe(
  Command.withDescription(
    "List the rows of an import whose outcome is unknown, or say of one whether its step happened, after a look in " +
      "LiveDesk's console. The next import goes on from there"
  ),
  Command.withShortDescription("Resolve the rows of an import whose outcome is unknown"),
  Command.withExamples([
    { command: "livedesk import resolve customers.csv", description: "List the unknown rows" },
    {
      command: "livedesk import resolve customers.csv email:alice@acme.inc happened --conversation 54",
      description: "The conversation is there"
    },
    {
      command: "livedesk import resolve customers.csv email:alice@acme.inc did-not-happen",
      description: "It is not there, so that the next import makes it"
    }
  ])
)

const list = Effect.gen(function*() {
  const journal = yield* ImportJournal.ImportJournal
  const unknown = yield* Stream.runCollect(journal.entries("sent"))
  const rows = unknown.map(({ contactId, conversationId, key, line, reasons, step }) => ({
    line,
    key,
    step,
    contactId,
    conversationId,
    reasons
  }))
  yield* CommandOutput.print(rows, (rows) =>
    rows.map(({ contactId, conversationId, key, line, reasons, step }) => ({
      line,
      key,
      unknown: step,
      contact: contactId,
      conversation: conversationId,
      reasons: reasons.join("; ")
    })))
})

const resolve = Effect.fnUntraced(function*(key: string, outcome: ImportResolution) {
  const journal = yield* ImportJournal.ImportJournal
  yield* journal.resolve(key, outcome)
  yield* CommandOutput.print({ key, outcome: outcome._tag }, (resolved) => ({
    ...resolved,
    next: "start the import again: it goes on from there"
  }))
})
