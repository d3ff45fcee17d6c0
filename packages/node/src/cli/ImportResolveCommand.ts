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

/**
 * The flag of an id of what was made, such as `--conversation`.
 *
 * @category flags
 * @since 0.1.0
 */
export const idFlag = (name: "contact" | "conversation" | "message"): Flag.Flag<number | undefined> =>
  Flag.Int(name).pipe(
    Flag.withDescription(`The ${name} that LiveDesk's console shows, by its id`),
    LiveDeskCall.optional
  )

/**
 * The argument `processed` or `not-processed`: what LiveDesk's console shows of an unknown step.
 *
 * @category arguments
 * @since 0.1.0
 */
export const outcome = Argument.Literals("outcome", ["processed", "not-processed"]).pipe(
  Argument.withDescription("What LiveDesk's console shows: it was processed or not-processed")
)

/**
 * The resolution of an unknown step. Fails with `UsageError` for ids of what was not processed.
 *
 * @category converting
 * @since 0.1.0
 */
export const resolution = <Ids extends { readonly [name: string]: number | undefined }>(
  outcome: "processed" | "not-processed",
  ids: Ids
): Effect.Effect<({ readonly _tag: "Processed" } & Ids) | { readonly _tag: "NotProcessed" }, UsageError> =>
  outcome === "processed"
    ? Effect.succeed({ _tag: "Processed", ...ids })
    : Object.values(ids).some((id) => id !== undefined)
    ? Effect.fail(new UsageError({ message: idsOfNothing }))
    : Effect.succeed({ _tag: "NotProcessed" })

const idsOfNothing = "an id is for what was processed"

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
    outcome: Argument.optional(outcome),
    journal,
    contactId: idFlag("contact"),
    conversationId: idFlag("conversation"),
    messageId: idFlag("message")
  },
  Effect.fnUntraced(function*({ file, journal = `${file}.journal`, key, outcome, ...ids }) {
    yield* LiveDeskCall.rejectDryRun("import resolve", "it sends nothing to LiveDesk")
    if (Option.isNone(key) && Object.values(ids).some((id) => id !== undefined)) {
      return yield* new UsageError({ message: `${idsOfNothing}, and needs a key` })
    }
    if (Option.isSome(key) && Option.isNone(outcome)) {
      return yield* new UsageError({
        message: "say processed or not-processed after the key, after a look at LiveDesk"
      })
    }
    const found = Option.isSome(outcome) ? yield* resolution(outcome.value, ids) : undefined
    const NodeImport = yield* Effect.promise(() => import("../NodeImport.ts"))
    yield* (Option.isSome(key) && found !== undefined ? resolve(key.value, found) : list).pipe(
      Effect.provide(NodeImport.journalLayer(journal)),
      Effect.catchTags({
        ImportResolutionError: ({ message }) => Effect.fail(new UsageError({ message })),
        ImportJournalError: ({ message }) => Effect.fail(new InvalidFileError({ message }))
      })
    )
  })
).pipe(
  Command.withDescription(
    "List the rows of an import whose outcome is unknown, or say of one whether its step was processed or " +
      "not-processed, after a look in LiveDesk's console. The next import goes on from there"
  ),
  Command.withShortDescription("Resolve the rows of an import whose outcome is unknown"),
  Command.withExamples([
    { command: "livedesk import resolve customers.csv", description: "List the unknown rows" },
    {
      command: "livedesk import resolve customers.csv email:alice@acme.inc processed --conversation 54",
      description: "The conversation is there"
    },
    {
      command: "livedesk import resolve customers.csv email:alice@acme.inc not-processed",
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
