/**
 * How a row's columns become what LiveDesk is asked for, and everything that is wrong with a row before anything is sent.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as Contacts from "../Contacts.ts"
import { contactKeyMissing } from "../internal/ContactLookup.ts"
import * as ErrorMapping from "../internal/ErrorMapping.ts"
import * as ImportCell from "../internal/ImportCell.ts"
import { messageIssues } from "../internal/messageIssues.ts"
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
}

/**
 * Makes a mapping of a schema for the columns, and of a function from what it decodes to what is asked for. Columns that
 * the schema does not name are passed over. Cells of CSV are texts; an empty cell is `""`.
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
  return {
    read: (values) => {
      const row = decode(values)
      if (Result.isFailure(row)) return Result.fail(ErrorMapping.issuesOf(row.failure))
      const asked = Result.try({
        try: () => input(row.success),
        catch: (cause) => [{ path: [], message: `the mapping failed: ${String(cause)}` }]
      })
      return Result.flatMap(asked, check)
    }
  }
}

/**
 * The mapping for files whose columns are named as LiveDesk names the fields: `identifier`, `email`, `phone_number`,
 * `name`, `avatar_url`, and `message` for a first message. All may be missing, empty or null, but for one of the first
 * three. Refuses what a spreadsheet or JSON has rounded or added to, such as `4.91511E+12` and `9007199254740993` as a number.
 *
 * @category constructors
 * @since 0.1.0
 */
export const columns: ImportMapping = make(
  Schema.Struct({
    identifier: ImportCell.key,
    email: ImportCell.email,
    phone_number: ImportCell.key,
    name: ImportCell.text,
    avatar_url: ImportCell.text,
    message: ImportCell.text
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
      ...(content === undefined ? {} : { message: { content } })
    }
  }
)

/**
 * Lists what LiveDesk may refuse of a row, by rules that no page of LiveDesk's states: a phone number that is not E.164, an
 * e-mail address without the form of one.
 *
 * @category checking
 * @since 0.1.0
 */
export const warnings = ({ contact }: ImportInput): ReadonlyArray<LiveDeskError.Issue> => [
  ...(contact.phoneNumber === undefined || /^\+[1-9]\d{1,14}$/.test(contact.phoneNumber)
    ? []
    : [{ path: ["contact", "phoneNumber"], message: "not E.164, such as +4915112345678" }]),
  ...(contact.email === undefined || /^[^\s@]+@[^\s@]+$/.test(contact.email)
    ? []
    : [{ path: ["contact", "email"], message: "without the form of an e-mail address" }])
]

const checkContact = SchemaParser.encodeUnknownResult(Contacts.CreateContact, {
  errors: "all",
  onExcessProperty: "error"
})

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
    ...(input.message === undefined ? [] : messageIssues(input.message)),
    ...(Contacts.hasContactKey(input.contact) ? [] : [{ path: ["contact"], message: contactKeyMissing }]),
    ...(input.message !== undefined && input.conversation === false
      ? [{ path: ["conversation"], message: "a message needs a conversation: leave it out, or set it to true" }]
      : [])
  ]
  return issues.length === 0 ? Result.succeed(input) : Result.fail(issues)
}
