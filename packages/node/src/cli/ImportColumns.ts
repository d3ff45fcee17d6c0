/**
 * The columns of a file to import, as flags and a JSON file name them, and as they are shown.
 *
 * @since 0.1.0
 */
import * as ImportMapping from "@effect-livedesk/core/imports/ImportMapping"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import type * as CommandOutput from "./CommandOutput.ts"
import { InvalidFileError, UsageError } from "./ExitCode.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"

/**
 * The flags that say what is read from which column.
 *
 * @category flags
 * @since 0.1.0
 */
export const flags = {
  column: Flag.String("column").pipe(
    Flag.withDescription(
      "The column of a field, such as email=\"E-mail\"; repeated for several fields, and for one of several columns; " +
        "email= reads none"
    ),
    Flag.withMetavar("field=column"),
    Flag.atLeast(0)
  ),
  attribute: Flag.String("attribute").pipe(
    Flag.withDescription("The column of a custom attribute, such as plan=Plan; may be repeated"),
    Flag.withMetavar("attribute=column"),
    Flag.atLeast(0)
  ),
  message: Flag.String("message").pipe(
    Flag.withDescription("The message of every row, such as \"Hello {First Name}\"; {{ and }} are braces"),
    Flag.withMetavar("text"),
    LiveDeskCall.optional
  ),
  countryCode: Flag.String("country-code").pipe(
    Flag.withDescription(
      "The country code of phone numbers without one, such as 49: reads 0170/1001271 as +491701001271"
    ),
    Flag.withMetavar("digits"),
    LiveDeskCall.optional
  ),
  mapping: Flag.String("mapping").pipe(
    Flag.withDescription("A JSON file with columns, attributes, message and countryCode; the flags come before it"),
    Flag.withMetavar("path"),
    LiveDeskCall.optional
  )
}

interface Given {
  readonly column: ReadonlyArray<string>
  readonly attribute: ReadonlyArray<string>
  readonly message: string | undefined
  readonly countryCode: string | undefined
  readonly mapping: string | undefined
}

/**
 * The mapping that the flags ask for.
 *
 * @category converting
 * @since 0.1.0
 */
export const mapping = Effect.fnUntraced(function*(
  given: Given
): Effect.fn.Return<ImportMapping.ImportMapping, InvalidFileError | UsageError, FileSystem.FileSystem> {
  const file = given.mapping === undefined ? {} : yield* read(given.mapping)
  const columns = grouped(yield* pairs("column", given.column, { isEmptyAllowed: true }))
  const unknown = Object.keys(columns).find((field) => !fields.includes(field))
  if (unknown !== undefined) {
    return yield* new UsageError({
      message: `--column ${unknown}: there is no such field; the fields are ${
        fields.join(", ")
      }, and --attribute sets others`
    })
  }
  const both = Object.entries(columns).find(([, columns]) => columns.length > 1 && columns.includes(""))
  if (both !== undefined) {
    return yield* new UsageError({ message: `--column ${both[0]}= reads no column, and another --column names one` })
  }
  const attributes = grouped(yield* pairs("attribute", given.attribute))
  const twice = Object.entries(attributes).find(([, columns]) => columns.length > 1)
  if (twice !== undefined) {
    return yield* new UsageError({ message: `--attribute ${twice[0]} is given twice: an attribute has one column` })
  }
  return yield* decode({
    columns: {
      ...file.columns,
      ...Object.fromEntries(
        Object.entries(columns).map(([field, columns]) => [field, columns[0] === "" ? null : columns])
      )
    },
    attributes: {
      ...file.attributes,
      ...Object.fromEntries(Object.entries(attributes).map(([name, [column]]) => [name, column]))
    },
    message: given.message ?? file.message,
    countryCode: given.countryCode ?? file.countryCode
  }).pipe(
    Effect.mapBoth({
      onFailure: (issue) =>
        new UsageError({ message: `--column, --attribute, --message or --country-code: ${detail(issue)}` }),
      onSuccess: ImportMapping.forColumns
    })
  )
})

const fields: ReadonlyArray<string> = ["identifier", "email", "phone_number", "name", "avatar_url", "message"]

const options = { errors: "all", onExcessProperty: "error" } as const

const decode = SchemaParser.decodeUnknownEffect(ImportMapping.Columns, options)

const decodeFile = SchemaParser.decodeUnknownEffect(Schema.fromJsonString(ImportMapping.Columns), options)

const detail = (issue: Schema.SchemaError["issue"]): string =>
  new Schema.SchemaError(issue).message.replaceAll("\n", " ")

const read = Effect.fnUntraced(function*(path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(
    fileSystem.readFileString(path),
    ({ reason }) =>
      new InvalidFileError({
        message: reason._tag === "NotFound" ? `there is no file ${path}` : `${path} cannot be read: ${reason._tag}`
      })
  )
  return yield* Effect.mapError(
    decodeFile(text),
    (issue) => new UsageError({ message: `${path} is no mapping: ${detail(issue)}` })
  )
})

const pairs = (
  flag: string,
  given: ReadonlyArray<string>,
  { isEmptyAllowed = false }: { readonly isEmptyAllowed?: boolean } = {}
) =>
  Effect.forEach(given, (pair) => {
    const at = pair.indexOf("=")
    return at > 0 && (isEmptyAllowed || at < pair.length - 1)
      ? Effect.succeed([pair.slice(0, at), pair.slice(at + 1)] as const)
      : Effect.fail(
        new UsageError({ message: `--${flag} ${JSON.stringify(pair)}: give it as name=column, such as email="E-mail"` })
      )
  })

const grouped = (pairs: ReadonlyArray<readonly [name: string, column: string]>) => {
  const groups = new Map<string, ReadonlyArray<string>>()
  for (const [name, column] of pairs) groups.set(name, [...groups.get(name) ?? [], column])
  return Object.fromEntries(groups)
}

/**
 * The columns as parts of a summary: those that are read, by field, and those that are not.
 *
 * @category formatting
 * @since 0.1.0
 */
export const rows = (use: Option.Option<ImportMapping.ColumnUse>): CommandOutput.Row =>
  Option.match(use, {
    onNone: () => ({}),
    onSome: ({ read, unread }) => ({
      columns: read.map(({ columns, field, template }) =>
        `${field} = ${
          template === undefined ? columns.map((name) => JSON.stringify(name)).join(" + ") : JSON.stringify(template)
        }`
      ).join(", "),
      "not read": unread.length === 0 ? "none" : unread.map((name) => JSON.stringify(name)).join(", "),
      ...messageHint(read, unread)
    })
  })

/** A column that is named as a message, and that nobody asked to send. */
const messageHint = (
  read: ImportMapping.ColumnUse["read"],
  unread: ReadonlyArray<string>
): { readonly hint?: string } => {
  const column = unread.find((name) => name.trim().toLowerCase() === "message")
  return column === undefined || read.some(({ field }) => field === "message")
    ? {}
    : {
      hint: `no message is sent: the column ${
        JSON.stringify(column)
      } may hold what customers wrote, and --column message=${JSON.stringify(column)} would send it to them`
    }
}
