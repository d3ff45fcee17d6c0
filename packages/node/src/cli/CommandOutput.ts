/**
 * The output of a command: a table for people, or one JSON document for machines.
 *
 * @since 0.1.0
 */
import * as CliOutput from "effect/cli/CliOutput"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"

/**
 * Whether results and errors are printed as JSON.
 *
 * @category flags
 * @since 0.1.0
 */
export const Json = GlobalFlag.Setting("json")({
  flag: Flag.Boolean("json").pipe(
    Flag.withDescription("Print one JSON document on standard output; errors as JSON on standard error"),
    Flag.withDefault(false)
  )
})

/**
 * Whether the arguments ask for errors as JSON. Reads them without the parser, since they may be invalid.
 *
 * @category flags
 * @since 0.1.0
 */
export const isJsonAsked = (args: ReadonlyArray<string>): boolean => {
  const end = args.indexOf("--")
  const flags = end === -1 ? args : args.slice(0, end)
  return flags.some((flag, index) => {
    const value = flag === "--json" ? flags[index + 1] : flag.startsWith("--json=") ? flag.slice(7) : "false"
    return value === undefined || !/^(?:false|no|off|0|n)$/.test(value)
  })
}

/**
 * The arguments of the command.
 *
 * @category services
 * @since 0.1.0
 */
export const Arguments = Context.Reference<ReadonlyArray<string>>("@effect-livedesk/node/cli/Arguments", {
  defaultValue: () => []
})

/**
 * The command as it was typed, for a person to type it again: with these values of some flags alone.
 *
 * @category formatting
 * @since 0.1.0
 */
export const commandLine = (
  flags: { readonly [flag: `--${string}`]: ReadonlyArray<string> } = {}
): Effect.Effect<string> =>
  Effect.map(Arguments, (args) => {
    const end = args.includes("--") ? args.indexOf("--") : args.length
    const isReplaced = (word = "") => Object.hasOwn(flags, word)
    const kept = args.slice(0, end).filter((word, index) =>
      !isReplaced(word.replace(/=.*/s, "")) && !isReplaced(args[index - 1])
    )
    const added = Object.entries(flags).flatMap(([flag, values]) => values.flatMap((value) => [flag, value]))
    const words = ["livedesk", ...kept, ...added, ...args.slice(end)]
    return printable(words.map(quoted).join(" "))
  })

/**
 * A row of a table: its values by column.
 *
 * @category models
 * @since 0.1.0
 */
export type Row = { readonly [column: string]: unknown }

/**
 * Prints a value: as a table of its `rows`, or with `--json` the whole of it.
 *
 * @category printing
 * @since 0.1.0
 */
export const print = Effect.fnUntraced(function*<A>(value: A, rows: (value: A) => Row | ReadonlyArray<Row>) {
  const isJson = yield* Json
  yield* Console.log(isJson ? json(value) : text(rows(value)))
})

/**
 * Formats a value as a JSON document, on one line if `indent` is 0. None becomes null, and times are ISO 8601 text.
 *
 * @category formatting
 * @since 0.1.0
 */
export const json = (value: unknown, indent = 2): string =>
  // JSON does not escape all characters that a terminal acts upon.
  JSON.stringify(plain(value), undefined, indent).replaceAll(
    /[\u007F-\u009F\p{Cf}\u2028\u2029]/gu,
    (character) =>
      Array.from(
        { length: character.length },
        (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`
      ).join("")
  )

const plain = (value: unknown): Schema.Json => {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value
  if (typeof value === "number") return Number.isFinite(value) ? value : null
  if (Option.isOption(value)) return Option.isSome(value) ? plain(value.value) : null
  if (DateTime.isDateTime(value)) return DateTime.formatIso(value)
  if (Duration.isDuration(value)) return Duration.toMillis(value)
  if (Array.isArray(value)) return value.map(plain)
  if (!Predicate.isObject(value)) return null
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]: [string, unknown]) => part === undefined ? [] : [[key, plain(part)]])
  )
}

/**
 * Formats rows as a table with a heading, which cuts long cells but the last of a row. One row becomes a list.
 *
 * @category formatting
 * @since 0.1.0
 */
export const text = (rows: Row | ReadonlyArray<Row>): string => {
  if (!isRows(rows)) {
    return columns(Object.entries(rows).map(([name, value]) => [cell(name), cell(value)]))
  }
  const [first] = rows
  return first === undefined
    ? "none"
    : columns([
      Object.keys(first),
      ...rows.map((row) =>
        Object.values(row).map((value, index, { length }) =>
          index === length - 1 ? cell(value) : shortened(cell(value))
        )
      )
    ])
}

/**
 * The parts of a value that fit on one line, which leaves out nested ones.
 *
 * @category formatting
 * @since 0.1.0
 */
export const summary = (value: Row): Row =>
  Object.fromEntries(Object.entries(value).filter(([, part]) => !Predicate.isObject(part)))

const isRows = (rows: Row | ReadonlyArray<Row>): rows is ReadonlyArray<Row> => Array.isArray(rows)

/**
 * Formats a value as a text: none is empty, text stays as it is, and all else is JSON.
 *
 * @category formatting
 * @since 0.1.0
 */
export const plainText = (value: unknown): string => {
  const simple = plain(value)
  return simple === null ? "" : typeof simple === "string" ? simple : JSON.stringify(simple)
}

/** Formats a value on one line, without characters that a terminal acts upon: it may be a customer's. */
const cell = (value: unknown): string =>
  plain(value) === null ? "-" : printable(plainText(value)).replaceAll(/\s+/g, " ")

/**
 * Replaces the characters that a terminal acts upon, except line breaks.
 *
 * @category formatting
 * @since 0.1.0
 */
export const printable = (text: string): string =>
  // Some languages and emoji need the joiners.
  text.replaceAll(/(?:(?![\n\u200C\u200D])[\p{Cc}\p{Cf}\u2028\u2029])+/gu, " ")

/**
 * Quotes a text as one word of a shell.
 *
 * @category formatting
 * @since 0.1.0
 */
export const quoted = (text: string): string =>
  /^[\w./:@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

const maxCellWidth = 60

const segmenter = new Intl.Segmenter()

const shortened = (text: string): string => {
  if (CliOutput.displayWidth(text) <= maxCellWidth) return text
  let [kept, width] = ["", 0]
  for (const { segment } of segmenter.segment(text)) {
    width += CliOutput.displayWidth(segment)
    if (width >= maxCellWidth) break
    kept += segment
  }
  return `${kept}…`
}

const columns = (lines: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (lines[0] ?? []).map((_, column) =>
    lines.reduce((widest, line) => Math.max(widest, CliOutput.displayWidth(line[column] ?? "")), 0)
  )
  return lines
    .map((line) =>
      line.map((part, column) => part + " ".repeat((widths[column] ?? 0) - CliOutput.displayWidth(part))).join("  ")
        .trimEnd()
    )
    .join("\n")
}
