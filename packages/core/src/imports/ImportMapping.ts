/**
 * How a row's columns become what LiveDesk is asked for, and everything that is wrong with a row before anything is sent.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaParser from "effect/SchemaParser"
import * as Contacts from "../Contacts.ts"
import { contactKeyMissing } from "../internal/ContactLookup.ts"
import * as ErrorMapping from "../internal/ErrorMapping.ts"
import * as ImportCell from "../internal/ImportCell.ts"
import * as ImportColumns from "../internal/ImportColumns.ts"
import { messageIssues } from "../internal/messageIssues.ts"
import * as OptionSchema from "../internal/OptionSchema.ts"
import * as PhoneNumber from "../internal/PhoneNumber.ts"
import { surrogateIssues } from "../internal/surrogateIssues.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import type * as Messages from "../Messages.ts"

/**
 * What a row asks for: a contact, and for it a conversation, and in that a first message.
 *
 * @category models
 * @since 0.1.0
 */
export interface ImportInput {
  /** The contact: at least one of `identifier`, `email` and `phoneNumber`, so that it can be found again. */
  readonly contact: Contacts.ContactKey & Omit<Contacts.CreateContact, "inboxId">
  /**
   * The contact's custom attributes, which a call of its own sets after the contact is made. A contact that was there
   * before keeps those that it has.
   */
  readonly customAttributes?: { readonly [attribute: string]: Schema.Json } | undefined
  /** Whether to start a conversation. Defaults to whether there is a message. */
  readonly conversation?: boolean | undefined
  /** The first message of the conversation. */
  readonly message?: Omit<Messages.SendMessage, "conversationId"> | undefined
}

/**
 * A mapping of rows.
 *
 * @category models
 * @since 0.1.0
 */
export interface ImportMapping {
  /** Reads a row's values; fails with everything that is wrong with them, by the columns' names where it is theirs. */
  readonly read: (
    values: { readonly [column: string]: unknown }
  ) => Result.Result<ImportInput, ReadonlyArray<LiveDeskError.Issue>>
  /**
   * Says what is read from which column of a file, or why none of its rows could be imported. `undefined` for a mapping that
   * cannot tell.
   */
  readonly columns?: ((names: ReadonlyArray<string>) => Result.Result<ColumnUse, string>) | undefined
}

/**
 * The use that a mapping makes of a file's columns.
 *
 * @category models
 * @since 0.1.0
 */
export interface ColumnUse {
  /** The columns of each field, such as `name`, or `custom_attributes.plan`; of several, the texts are joined by a space. */
  readonly read: ReadonlyArray<{
    readonly field: string
    readonly columns: ReadonlyArray<string>
    /** The text of a message, with the columns in braces. */
    readonly template?: string | undefined
  }>
  /** The columns that are not read. */
  readonly unread: ReadonlyArray<string>
}

/**
 * Makes a mapping of a schema for the columns, and of a function from what it decodes to what is asked for. Columns that
 * the schema does not name are passed over; a file without one that it requires is refused before any row. Cells of CSV
 * are texts; an empty cell is `""`. A row is rejected where a column that is read has a number which JSON or the schema
 * has rounded, such as `9007199254740993`: it may belong to another customer.
 *
 * ```ts
 * const mapping = ImportMapping.make(
 *   Schema.Struct({ "Customer no": Schema.NonEmptyString, "E-mail": Schema.String }),
 *   (row) => ({
 *     contact: { identifier: row["Customer no"], email: row["E-mail"] },
 *     message: { content: "We have moved to LiveDesk." }
 *   })
 * )
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A>(schema: Schema.Codec<A, unknown>, input: (row: A) => ImportInput): ImportMapping => {
  const decode = SchemaParser.decodeUnknownResult(schema, { errors: "all" })
  const columns = columnsOf(schema.ast)
  const rounded = (values: { readonly [column: string]: unknown }, row: unknown) => [
    ...(columns ?? Object.keys(values).map((column) => ({ column }))).flatMap(({ column }) =>
      ImportCell.roundedNumbers(values[column], [column])
    ),
    ...(Predicate.isObject(row) ? roundedCells(values, row) : [])
  ]
  return {
    columns: columns === undefined ? undefined : useOf(columns),
    read: (values) => {
      const row = decode(values)
      const issues = rounded(values, Result.getOrElse(row, () => undefined))
      if (Result.isFailure(row)) {
        const invalid = ErrorMapping.issuesOf(row.failure)
        const isKnown = ({ path }: LiveDeskError.Issue) => invalid.some((issue) => issue.path[0] === path[0])
        return Result.fail([...invalid, ...issues.filter((issue) => !isKnown(issue))])
      }
      if (issues.length > 0) return Result.fail(issues)
      const asked = Result.try({
        try: () => input(row.success),
        catch: (cause) => [{ path: [], message: `the mapping failed: ${String(cause)}` }]
      })
      return Result.flatMap(asked, check)
    }
  }
}

/** Lists the texts of a file that the schema has read as numbers, and that a number does not hold. */
const roundedCells = (
  values: { readonly [column: string]: unknown },
  row: { readonly [property: PropertyKey]: unknown }
): ReadonlyArray<LiveDeskError.Issue> =>
  Object.keys(row).flatMap((property) =>
    Number.isInteger(row[property]) && !Number.isSafeInteger(row[property]) && !Predicate.isNumber(values[property])
      ? [{ path: [property], message: "a number does not hold it as it is: read the column as text" }]
      : []
  )

interface Column {
  readonly column: string
  readonly isRequired: boolean
}

/** The columns that a schema names; of one that is no struct, the columns are unknown. */
const columnsOf = (ast: SchemaAST.AST): ReadonlyArray<Column> | undefined => {
  const encoded = SchemaAST.toEncoded(ast)
  return SchemaAST.isObjects(encoded) && encoded.indexSignatures.length === 0
    ? encoded.propertySignatures.map(({ name, type }) => ({
      column: String(name),
      isRequired: !SchemaAST.isOptional(type)
    }))
    : undefined
}

const useOf = (columns: ReadonlyArray<Column>) => (names: ReadonlyArray<string>): Result.Result<ColumnUse, string> => {
  const missing = columns.filter(({ column, isRequired }) => isRequired && !names.includes(column))
  return missing.length === 0
    ? Result.succeed({
      read: columns.flatMap(({ column }) => names.includes(column) ? [{ field: column, columns: [column] }] : []),
      unread: names.filter((name) => !columns.some(({ column }) => column === name))
    })
    : Result.fail(ImportColumns.problem(missing.map(({ column }) => ImportColumns.noColumn(column)), names))
}

/** The cells of a row, by what they are read as. */
const cells = make(
  Schema.Struct({
    identifier: ImportCell.key,
    email: ImportCell.email,
    phone_number: ImportCell.key,
    name: ImportCell.text,
    avatar_url: ImportCell.text,
    message: ImportCell.text,
    custom_attributes: Schema.optional(Schema.Record(Schema.String, Schema.Json))
  }),
  (row) => {
    const content = ImportCell.given(row.message)
    return {
      contact: {
        identifier: ImportCell.given(row.identifier),
        email: ImportCell.given(row.email),
        phoneNumber: ImportCell.given(row.phone_number),
        name: ImportCell.given(row.name),
        avatarUrl: ImportCell.given(row.avatar_url)
      },
      ...(row.custom_attributes === undefined ? {} : { customAttributes: row.custom_attributes }),
      ...(content === undefined ? {} : { message: { content } })
    }
  }
)

/**
 * Lists what LiveDesk would probably refuse of a row, by Chatwoot's rules (unverified): a phone number that is not E.164, an
 * e-mail address without the form of one.
 *
 * @category checking
 * @since 0.1.0
 */
export const warnings = ({ contact }: ImportInput): ReadonlyArray<LiveDeskError.Issue> => [
  ...(contact.phoneNumber === undefined || PhoneNumber.isE164(contact.phoneNumber)
    ? []
    : [{ path: ["contact", "phoneNumber"], message: "not E.164, such as +4915112345678" }]),
  ...(contact.email === undefined || /^[^\s@]+@[^\s@]+$/.test(contact.email)
    ? []
    : [{ path: ["contact", "email"], message: "without the form of an e-mail address" }])
]

/**
 * Returns a phone number in E.164 where that is certain, else the text as it is. A plus sign with digits is certain, whatever
 * spaces, dots, slashes, brackets or dashes are between them, except a `(0)`, which some countries dial and others do not.
 *
 * With a country code such as `"49"`, a first `0` stands for the code, a first `00` for the plus sign, and a `(0)` behind
 * the code is left out. Give it only for a country whose numbers lose their first `0` abroad: not for Italy.
 *
 * ```ts
 * ImportMapping.phoneNumber("+49 170 1001271") // +491701001271
 * ImportMapping.phoneNumber("0170/1001271") // 0170/1001271
 * ImportMapping.phoneNumber("0170/1001271", "49") // +491701001271
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const phoneNumber: (text: string, countryCode?: string) => string = PhoneNumber.normalize

const ColumnName = Schema.NonEmptyString

const ColumnNames = Schema.optional(
  Schema.NullOr(Schema.Union([ColumnName, Schema.NonEmptyArray(ColumnName)]))
)

/**
 * The columns of a file by what is read from them, as a program, a flag or a JSON file may say it. What is left out is found
 * by the columns' names.
 *
 * @category options
 * @since 0.1.0
 */
export const Columns = Schema.Struct({
  /** The column of each field, or several, whose texts are joined by a space; null for a field that is not to be read. */
  columns: Schema.optional(Schema.Struct({
    identifier: ColumnNames,
    email: ColumnNames,
    phone_number: ColumnNames,
    name: ColumnNames,
    avatar_url: ColumnNames,
    message: ColumnNames
  })),
  /** The column of each custom attribute. */
  attributes: Schema.optional(Schema.Record(Schema.String, ColumnName)),
  /** The message of every row: `Hello {First Name}`, with the cells of columns. `{{` and `}}` are braces. */
  message: Schema.optional(Schema.String.check(Schema.makeFilter(ImportColumns.templateProblem))),
  /** The country code of phone numbers without one, such as `"49"`; see `phoneNumber`. */
  countryCode: Schema.optional(Schema.String.check(Schema.makeFilter(PhoneNumber.countryCodeProblem)))
})
export interface Columns extends Schema.Schema.Type<typeof Columns> {}

/**
 * Makes a mapping of what is read from which column. Columns that are not named are found as `columns` finds them. A row
 * that lacks a cell of its message's template is rejected, and so is every file where the columns cannot be used.
 *
 * ```ts
 * const mapping = ImportMapping.forColumns({
 *   columns: { identifier: "Customer no" },
 *   attributes: { plan: "Plan" },
 *   message: "Hello {First Name}, we have moved to LiveDesk."
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const forColumns = (asked: Columns): ImportMapping => {
  const invalid = Result.getFailure(checkColumns(asked))
  if (Option.isSome(invalid)) {
    const issues = ErrorMapping.issuesOf(invalid.value)
    return {
      columns: () => Result.fail(`the mapping cannot be used: ${OptionSchema.sentence(issues)}`),
      read: () => Result.fail(issues)
    }
  }
  // Rows come with the same columns, one after the other.
  let latest: { readonly key: string; readonly resolved: ImportColumns.Resolved } | undefined
  const resolve = (names: ReadonlyArray<string>): ImportColumns.Resolved => {
    const key = names.join("\0")
    if (latest?.key !== key) latest = { key, resolved: ImportColumns.resolve(names, asked) }
    return latest.resolved
  }
  return {
    columns: (names) => {
      const { ambiguous, attributes, missing, sources, template, unread } = resolve(names)
      const problems = [...ambiguous, ...missing]
      if (problems.length > 0) return Result.fail(ImportColumns.problem(problems, names))
      return Result.succeed({
        read: [
          ...sources,
          ...attributes.map(([attribute, column]) => ({ field: `custom_attributes.${attribute}`, columns: [column] })),
          ...(template === undefined
            ? []
            : [{
              field: "message",
              columns: template.flatMap((part) => "column" in part ? [part.column] : []),
              template: asked.message
            }])
        ],
        unread
      })
    },
    read: (values) => {
      const resolved = resolve(Object.keys(values))
      if (resolved.ambiguous.length > 0) {
        return Result.fail(resolved.ambiguous.map((message) => ({ path: [], message })))
      }
      const { issues, row } = rowOf(values, resolved)
      const input = Result.mapBoth(cells.read(row), {
        onFailure: (issues) => issues.map(({ message, path }) => ({ path: inFile(path, resolved), message })),
        onSuccess: (input) => withPhoneNumber(input, asked.countryCode)
      })
      if (issues.length === 0) return input
      return Result.fail([...issues, ...(Result.isFailure(input) ? input.failure : [])])
    }
  }
}

const withPhoneNumber = (input: ImportInput, countryCode: string | undefined): ImportInput => {
  const { phoneNumber } = input.contact
  if (phoneNumber === undefined || phoneNumber === null) return input
  return { ...input, contact: { ...input.contact, phoneNumber: PhoneNumber.normalize(phoneNumber, countryCode) } }
}

const checkColumns = SchemaParser.decodeUnknownResult(Columns, { errors: "all", onExcessProperty: "error" })

/**
 * The mapping for files whose columns are named as LiveDesk names the fields: `identifier`, `email`, `phone_number`, `name`
 * and `avatar_url`, whatever their case, spaces and punctuation. The names that exports use are known too, such as `E-mail`,
 * `Email Address`, `Phone`, `Mobile`, `Contact ID`, `Full Name`, and `First Name` with `Last Name`. All may be missing, empty
 * or null, but for one of the first three. Refuses what a spreadsheet or JSON has rounded or added to, such as
 * `4.91511E+12` and `9007199254740993` as a number. Phone numbers are written as `phoneNumber` does.
 *
 * It sends no message, whatever the columns are named: `forColumns` does, where its options name a column or a text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const columns: ImportMapping = forColumns({})

const rowOf = (
  values: { readonly [column: string]: unknown },
  { attributes, sources, template }: ImportColumns.Resolved
): {
  readonly row: { readonly [field: string]: unknown }
  readonly issues: ReadonlyArray<LiveDeskError.Issue>
} => {
  const row: { [field: string]: unknown } = {}
  const issues: Array<LiveDeskError.Issue> = []
  const cellText = (column: string): string | undefined => {
    issues.push(...ImportCell.roundedNumbers(values[column], [column]))
    return textOf(values[column])
  }
  for (const { columns: [first, ...others], field } of sources) {
    if (first === undefined) continue
    row[field] = others.length === 0
      ? values[first]
      : [first, ...others].flatMap((column) => cellText(column) ?? []).join(" ")
  }
  const given = attributes.flatMap(([attribute, column]) => {
    const value = values[column]
    const cell = typeof value === "string" ? value.trim() : value
    return cell === undefined || cell === null || cell === "" ? [] : [[attribute, cell] as const]
  })
  if (given.length > 0) row["custom_attributes"] = Object.fromEntries(given)
  if (template === undefined) return { row, issues }
  row["message"] = template.map((part) => {
    if ("text" in part) return part.text
    const text = cellText(part.column)
    if (text === undefined) issues.push({ path: [part.column], message: "is empty, and the message needs it" })
    return text ?? ""
  }).join("")
  return { row, issues }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" ? ImportCell.given(value) : undefined

/** Where it is the cell's, the column's name in place of the field's. */
const inFile = (
  path: LiveDeskError.Issue["path"],
  { sources }: ImportColumns.Resolved
): LiveDeskError.Issue["path"] => {
  const [field, ...rest] = path
  const source = sources.find((source) => source.field === field)
  return source === undefined ? path : [source.columns[0] ?? "", ...rest]
}

const checkContact = SchemaParser.encodeUnknownResult(Contacts.CreateContact, {
  errors: "all",
  onExcessProperty: "error"
})

const areAttributes = Schema.is(Schema.Record(Schema.String, Schema.Json))

const isContact = Schema.is(Schema.toType(Contacts.CreateContact))

const check = (input: ImportInput): Result.Result<ImportInput, ReadonlyArray<LiveDeskError.Issue>> => {
  // A row does not name its inbox: any will do.
  const asked = { ...input.contact, inboxId: 1 }
  // To check that nothing is wrong takes less time than to list what is.
  const contact = isContact(asked) ? undefined : checkContact(asked)
  const issues = [
    ...(contact !== undefined && Result.isFailure(contact)
      ? ErrorMapping.issuesOf(contact.failure).map(({ message, path }) => ({ path: ["contact", ...path], message }))
      : []),
    ...surrogateIssues({ contact: input.contact, customAttributes: input.customAttributes }),
    ...(input.message === undefined ? [] : messageIssues(input.message)),
    ...(input.customAttributes === undefined || areAttributes(input.customAttributes)
      ? []
      : [{ path: ["customAttributes"], message: "expected values that JSON can hold" }]),
    ...(Contacts.hasContactKey(input.contact) ? [] : [{ path: ["contact"], message: contactKeyMissing }]),
    ...(input.message !== undefined && input.conversation === false
      ? [{ path: ["conversation"], message: "a message needs a conversation: leave it out, or set it to true" }]
      : [])
  ]
  return issues.length === 0 ? Result.succeed(input) : Result.fail(issues)
}
