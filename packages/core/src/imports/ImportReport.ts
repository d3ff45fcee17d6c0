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
import * as Stream from "effect/Stream"
import * as ImportJournal from "./ImportJournal.ts"

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
 * first, and put there whole: whatever happens, what stands there is complete. They hold customers' data, and are their
 * owner's alone.
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
  const beside = `${path}.tmp`
  yield* rows.pipe(
    Stream.map((row): { readonly [column: string]: string | undefined } => row),
    Stream.pipeThroughChannel(Csv.encode({ columns, headers: true })),
    Stream.run(fileSystem.sink(beside, { mode: 0o600 }))
  )
  yield* fileSystem.rename(beside, path)
})
