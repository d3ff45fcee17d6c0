/**
 * The planning of rows: which of them are to be worked on, and which are rejected before anything is sent.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type * as ImportJournal from "../imports/ImportJournal.ts"
import type * as ImportMapping from "../imports/ImportMapping.ts"
import type * as ImportRows from "../imports/ImportRows.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import type * as ImportRun from "./ImportRun.ts"
import * as ImportUpdate from "./ImportUpdate.ts"
import * as OptionSchema from "./OptionSchema.ts"
import * as PhoneNumber from "./PhoneNumber.ts"
import { surrogateIssues } from "./surrogateIssues.ts"

/** A row to work on: how it stands in the journal, and what it asks for. */
export interface Work {
  readonly entry: ImportJournal.Entry
  readonly input: ImportMapping.ImportInput
  readonly line: number
  /** The row's values, as JSON. */
  readonly row: string
}

type Candidate = ImportJournal.Planned & Pick<Work, "input">

/** Plans rows in the journal, rejects those that cannot be imported, and returns those to work on. */
export const plan = Effect.fnUntraced(function*(
  run: ImportRun.ImportRun,
  rows: ReadonlyArray<ImportRows.ImportRow>
): Effect.fn.Return<ReadonlyArray<Work>, ImportJournal.ImportJournalError> {
  run.counts.read += rows.length
  const rejects: Array<ImportJournal.Reject> = []
  /** Rejects whose values an earlier run may have read. */
  const unmapped: Array<ImportJournal.Reject> = []
  const candidates: Array<Candidate> = []
  for (const row of rows) {
    const candidate = read(run, row)
    if (Result.isSuccess(candidate)) candidates.push(candidate.success)
    else (row._tag === "Row" && candidate.failure.row !== "" ? unmapped : rejects).push(candidate.failure)
  }
  const standings = yield* run.journal.plan(
    candidates.map(({ addresses, customer, key, line, row }) => ({ addresses, customer, key, line, row }))
  )
  const works: Array<Work> = []
  for (const [index, { input, key, line, row }] of candidates.entries()) {
    const standing = standings[index]
    if (standing === undefined) continue
    if (standing._tag === "Duplicate") {
      rejects.push({ line, reasons: [`the same customer as line ${standing.line}: ${key}`], row })
    } else if (standing._tag === "Taken") {
      rejects.push({ line, reasons: [taken(key, line, standing)], row })
    } else if (standing.entry.state === "done") {
      run.counts.alreadyDone++
      if (Option.exists(standing.entry.digest, (digest) => digest !== ImportUpdate.digestOf(input))) {
        run.counts.changed++
        if (run.updateExisting) works.push({ entry: standing.entry, input, line, row })
      }
    } else if (standing.entry.state !== "sent") {
      works.push({ entry: standing.entry, input, line, row })
    }
  }
  // What was sent for a row stays, also where the mapping has changed since.
  for (const [index, state] of (yield* run.journal.recall(unmapped)).entries()) {
    const reject = unmapped[index]
    if (Option.contains(state, "done")) run.counts.alreadyDone++
    else if (Option.isNone(state) && reject !== undefined) rejects.push(reject)
  }
  yield* run.journal.reject(rejects)
  run.counts.rejected += rejects.length
  return works
})

/** What a row asks for, and its key; or why it cannot be imported. */
const read = (
  { key, mapping }: ImportRun.ImportRun,
  row: ImportRows.ImportRow
): Result.Result<Candidate, ImportJournal.Reject> => {
  const { line } = row
  if (row._tag === "BadRow") return Result.fail({ line, reasons: [row.problem], row: row.text })
  const rejected = (issues: ReadonlyArray<LiveDeskError.Issue>, row: string) =>
    Result.fail({ line, reasons: issues.map((issue) => OptionSchema.sentence([issue])), row })
  const kept = attempted("the row cannot be kept as JSON", () => JSON.stringify(row.values))
  if (Result.isFailure(kept)) return rejected(kept.failure, "")
  const input = mapping.read(row.values)
  if (Result.isFailure(input)) return rejected(input.failure, kept.success)
  const found = Result.flatMap(attempted("the key failed", () => key(input.success)), keepable)
  if (Result.isFailure(found)) return rejected(found.failure, kept.success)
  return Result.succeed({
    key: found.success,
    customer: customer(input.success),
    addresses: addresses(input.success),
    line,
    row: kept.success,
    input: input.success
  })
}

/** The key, if the journal would find it again: a program in JavaScript may return anything. */
const keepable = (key: unknown): Result.Result<string, ReadonlyArray<LiveDeskError.Issue>> => {
  const refused = (message: string) => Result.fail([{ path: [], message }])
  if (typeof key !== "string") return refused(`the key is no text, but ${key === null ? "null" : typeof key}`)
  return surrogateIssues(key).length === 0
    ? Result.succeed(key)
    : refused(
      "the key holds half a character, as of an emoji cut in two, with which the journal could not find it again"
    )
}

/** What the program gave may throw: that is the row's fault, not the import's. */
const attempted = <A>(what: string, evaluate: () => A): Result.Result<A, ReadonlyArray<LiveDeskError.Issue>> =>
  Result.try({
    try: evaluate,
    catch: (cause) => [{ path: [], message: `${what}: ${Predicate.isError(cause) ? cause.message : String(cause)}` }]
  })

/** The key of a row by its customer. */
export const customer = ({ contact: { email, identifier, phoneNumber } }: ImportMapping.ImportInput): string => {
  const [id, mail] = [identifier?.trim(), email?.trim()]
  if (id !== undefined && id !== "") return `identifier:${id}`
  return mail !== undefined && mail !== "" ? `email:${mail.toLowerCase()}` : `phone:${phoneNumber?.trim() ?? ""}`
}

const addressNames = { identifier: "identifier", email: "e-mail address", phone: "phone number" }

/** All by which LiveDesk may know the customer of a row, each in one form. */
const addresses = (
  { contact: { email, identifier, phoneNumber } }: ImportMapping.ImportInput
): ReadonlyArray<string> => {
  const [id = "", mail = "", phone = ""] = [identifier?.trim(), email?.trim(), phoneNumber?.trim()]
  return [
    ...(id === "" ? [] : [`identifier:${id}`]),
    ...(mail === "" ? [] : [`email:${mail.toLowerCase()}`]),
    // However its digits are grouped.
    ...(phone === "" ? [] : [`phone:${PhoneNumber.compact(phone) || phone}`])
  ]
}

const taken = (
  key: string,
  line: number,
  holder: Extract<ImportJournal.Standing, { readonly _tag: "Taken" }>
): string => {
  const [, kind = "", address] = /^(identifier|email|phone):(.*)$/s.exec(holder.address) ?? []
  const name = kind === "identifier" || kind === "email" ? addressNames[kind] : addressNames.phone
  const other = holder.isInFile ? `line ${holder.line}` : `line ${holder.line} of an earlier file`
  return `line ${line} (${key}) and ${other} (${holder.key}) are two customers with the same ${name} ${address}: ` +
    "correct one of them, or take one out of the file"
}
