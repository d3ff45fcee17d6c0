/**
 * The rows that an import rejected, or would reject, and why: each with its line, and counted by reason.
 *
 * @since 0.1.0
 */
import type * as ImportJournal from "@effect-livedesk/core/imports/ImportJournal"
import * as ImportMapping from "@effect-livedesk/core/imports/ImportMapping"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as Stream from "effect/Stream"

/**
 * A rejected row.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reject {
  readonly line: number
  readonly reasons: ReadonlyArray<string>
  /** Whether it is LiveDesk that refuses the row. */
  readonly isRefused: boolean
}

/**
 * The rejected rows of the latest run's file.
 *
 * @category reading
 * @since 0.1.0
 */
export const stream = (
  journal: ImportJournal.ImportJournal["Service"]
): Stream.Stream<Reject & { readonly row: string }, ImportJournal.ImportJournalError> =>
  journal.rejects.pipe(
    Stream.filter(({ isInFile }) => isInFile),
    Stream.map(({ line, reasons, row, step }) => ({ line, reasons, row, isRefused: Option.isSome(step) }))
  )

/**
 * The reasons for which LiveDesk would probably refuse a row, by its values as JSON.
 *
 * @category checking
 * @since 0.1.0
 */
export const probableReasons = (mapping: ImportMapping.ImportMapping, row: string): ReadonlyArray<string> => {
  const input = Result.flatMap(decodeValues(row), mapping.read)
  return Result.isFailure(input) ? [] : ImportMapping.warnings(input.success).map(({ message, path }) => {
    const field = path.at(-1)
    const { email = "", phoneNumber = "" } = input.success.contact
    return `${String(field)} ${JSON.stringify(field === "email" ? email : phoneNumber)}: ${message}`
  })
}

const decodeValues = SchemaParser.decodeUnknownResult(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
)

/**
 * Counts of rows by reason.
 *
 * @category models
 * @since 0.1.0
 */
export type Counts = Map<string, number>

/** More reasons than these are counted together. */
const maxReasons = 100

/**
 * Counts the reasons of a row, without what is the row's own in them.
 *
 * @category counting
 * @since 0.1.0
 */
export const count = (counts: Counts, { reasons }: Pick<Reject, "reasons">): void => {
  for (const kind of new Set(reasons.map(kindOf))) {
    const reason = counts.has(kind) || counts.size < maxReasons ? kind : "other reasons"
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
}

/**
 * The counts as rows of a table, the most frequent reason first.
 *
 * @category formatting
 * @since 0.1.0
 */
export const table = (counts: Counts): ReadonlyArray<{ readonly rows: number; readonly reason: string }> =>
  Array.from(counts, ([reason, rows]) => ({ rows, reason })).toSorted((a, b) => b.rows - a.rows)

const kindOf = (reason: string): string => {
  for (const [own, kind] of kinds) {
    if (own.test(reason)) return reason.replace(own, kind)
  }
  return reason
}

const kinds: ReadonlyArray<readonly [own: RegExp, kind: string]> = [
  [/^the same customer as line \d+: .*$/s, "the same customer as an earlier line"],
  [
    /^line \d+ .* are two customers with the same (identifier|e-mail address|phone number) .*$/s,
    "two customers with the same $1"
  ],
  [/^the contact \d+ is that of line \d+, .*$/s, "the contact is another customer's"],
  [/^(email|phoneNumber) "(?:[^"\\]|\\.)*": /s, "$1: "]
]
