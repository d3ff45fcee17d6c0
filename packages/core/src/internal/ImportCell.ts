/**
 * The schemas of cells: text, or a number of JSON. A value that a spreadsheet or JSON has rounded or added to is refused,
 * since it may belong to another customer.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as LiveDeskError from "../LiveDeskError.ts"

const roundedProblem = "JSON does not hold this number as it was: write it as text, in quotes"

/** Lists the numbers in a value of JSON that were rounded when it was read, or may have been. */
export const roundedNumbers = (
  value: unknown,
  path: LiveDeskError.Issue["path"]
): ReadonlyArray<LiveDeskError.Issue> => {
  if (Predicate.isNumber(value)) {
    // JSON reads 1e400 as Infinity.
    const isRounded = Math.abs(value) > Number.MAX_SAFE_INTEGER
    return isRounded ? [{ path, message: roundedProblem }] : []
  }
  if (Array.isArray(value)) return value.flatMap((entry, index) => roundedNumbers(entry, [...path, String(index)]))
  return Predicate.isObject(value)
    ? Object.entries(value).flatMap(([key, entry]) => roundedNumbers(entry, [...path, key]))
    : []
}

type Rule = readonly [wrong: RegExp, problem: string]

const textRules: ReadonlyArray<Rule> = [
  [/\p{Cs}/u, "it holds half a character: save the file as UTF-8"],
  [/[^\P{Cc}\t\n\r]/u, "it holds a control character"]
]

const keyRules: ReadonlyArray<Rule> = [
  ...textRules,
  [/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u, "it holds an invisible character"],
  [/^[+-]?\d+(?:[.,]\d+)?e[+-]\d+$/i, "a spreadsheet has rounded it: format the column as text, and enter it again"],
  [/^['\u2018\u2019]/, "it begins with an apostrophe: a spreadsheet writes one before text, and it belongs to nothing"]
]

const emailRules: ReadonlyArray<Rule> = [...keyRules, [/^mailto:/i, "it begins with mailto: - write the address alone"]]

const cell = (rules: ReadonlyArray<Rule>) =>
  Schema.optional(Schema.NullOr(Schema.Union([
    Schema.String.check(
      Schema.makeFilter((text) => rules.find(([wrong]) => wrong.test(text.trim()))?.[1])
    ),
    Schema.Number.check(
      Schema.makeFilter((number) => Number.isSafeInteger(number) ? undefined : roundedProblem)
    )
  ])))

/** A cell that identifies a customer. */
export const key = cell(keyRules)

/** A cell with an e-mail address, which identifies a customer too. */
export const email = cell(emailRules)

/** Any other cell. */
export const text = cell(textRules)

/** The trimmed text of a cell; `undefined` if it is blank. */
export const given = (cell: string | number | null | undefined): string | undefined => {
  const text = Predicate.isNumber(cell) ? String(cell) : cell?.trim() ?? ""
  return text === "" ? undefined : text
}
