/**
 * The columns of a file by what is read from them: those that are named, and else those whose names say it.
 *
 * @since 0.1.0
 */

/** What a column can be read as, besides a custom attribute. */
export const fields = ["identifier", "email", "phone_number", "name", "avatar_url", "message"] as const

/** What a column can be read as. */
export type Field = typeof fields[number]

/** What is asked of the columns. */
export interface Asked {
  /** The columns of fields; null for a field that is not to be read. */
  readonly columns?: { readonly [field in Field]?: string | ReadonlyArray<string> | null | undefined } | undefined
  readonly attributes?: { readonly [attribute: string]: string } | undefined
  readonly message?: string | undefined
}

/** Where something is read from. */
export interface Source {
  /** A field, or `custom_attributes.` and the attribute. */
  readonly field: string
  readonly columns: ReadonlyArray<string>
}

/** The columns of a file, resolved. */
export interface Resolved {
  readonly sources: ReadonlyArray<Source>
  readonly attributes: ReadonlyArray<readonly [attribute: string, column: string]>
  readonly unread: ReadonlyArray<string>
  /** The template of the message: texts, and between them the names of columns. */
  readonly template: ReadonlyArray<TemplatePart> | undefined
  /** What could mean two things, which is no less true of a single row. */
  readonly ambiguous: ReadonlyArray<string>
  /** What is asked for and not there, or not there to tell the customer by. */
  readonly missing: ReadonlyArray<string>
}

type TemplatePart = { readonly text: string } | { readonly column: string }

/**
 * The names that exports give to what LiveDesk has another name for, without case, spaces and punctuation. A message has
 * none, since what stands in its column is sent to customers: it is read only where that is asked for.
 */
const aliases: { readonly [field in Field]: ReadonlyArray<string> } = {
  identifier: [
    "identifier",
    "contactid",
    "customerid",
    "customerno",
    "customernumber",
    "clientid",
    "externalid",
    "recordid",
    "userid"
  ],
  email: ["email", "emailaddress", "primaryemail", "email1value", "mail", "mailaddress"],
  phone_number: [
    "phonenumber",
    "phone",
    "mobile",
    "mobilephone",
    "mobilenumber",
    "mobilephonenumber",
    "cellphone",
    "primaryphone",
    "phone1value",
    "telephone",
    "telephonenumber"
  ],
  name: ["name", "fullname", "displayname", "contactname", "customername"],
  avatar_url: ["avatarurl"],
  message: []
}

/** The parts of a name, of which one alone will do. */
const nameParts = [["firstname", "givenname", "forename"], ["lastname", "familyname", "surname"]] as const

/** Resolves the columns of a file, or of a row. */
export const resolve = (names: ReadonlyArray<string>, asked: Asked): Resolved => {
  const ambiguous: Array<string> = []
  const missing: Array<string> = []
  const used = new Set<string>()
  const find = (column: string): ReadonlyArray<string> => {
    const found = named(names, column)
    if (found === undefined) {
      missing.push(noColumn(column))
      return []
    }
    used.add(found)
    return [found]
  }
  const attributes = Object.entries(asked.attributes ?? {}).flatMap(([attribute, column]) =>
    find(column).map((found) => [attribute, found] as const)
  )
  const template = asked.message === undefined ? undefined : templateOf(asked.message).map((part) => {
    if (!("column" in part)) return part
    const [found = part.column] = find(part.column)
    return { column: found }
  })
  const explicit = new Map(fields.flatMap((field) => {
    const columns = asked.columns?.[field]
    if (columns === undefined || (field === "message" && template !== undefined)) return []
    return [[field, (typeof columns === "string" ? [columns] : columns ?? []).flatMap(find)] as const]
  }))
  const only = (candidates: ReadonlyArray<string>, field: Field): ReadonlyArray<string> => {
    if (candidates.length > 1) {
      ambiguous.push(
        `${listed(candidates)} could each be ${field}: say which (--column ${field}=${JSON.stringify(candidates[0])})`
      )
    }
    return candidates.slice(0, 1)
  }
  const recognised = (field: Field): ReadonlyArray<string> => {
    // A column that an attribute or a template takes may be what its name says, too; one of another field is not.
    const free = names.filter((name) => ![...explicit.values()].some((columns) => columns.includes(name)))
    const known = free.filter((name) => aliases[field].includes(plain(name)))
    // LiveDesk's own name wins, however it is written.
    const own = known.filter((name) => plain(name) === plain(field))
    const whole = own.includes(field) ? [field] : only(own.length > 0 ? own : known, field)
    return field !== "name" || whole.length > 0
      ? whole
      : nameParts.flatMap((part) => only(free.filter((name) => part.some((alias) => alias === plain(name))), "name"))
  }
  const sources = fields.flatMap((field): ReadonlyArray<Source> => {
    if (field === "message" && template !== undefined) return []
    const columns = explicit.get(field) ?? recognised(field)
    for (const column of columns) used.add(column)
    return columns.length === 0 ? [] : [{ field, columns }]
  })
  if (!sources.some(({ field }) => keys.includes(field)) && missing.length === 0) {
    missing.push(
      "no column says which customer a row is: name the one of identifier, email or phone_number " +
        "(--column email=\"E-mail\")"
    )
  }
  return { sources, attributes, template, ambiguous, missing, unread: names.filter((name) => !used.has(name)) }
}

const keys: ReadonlyArray<string> = ["identifier", "email", "phone_number"]

/** The column of that name, whatever its case and the spaces around it. */
const named = (names: ReadonlyArray<string>, column: string): string | undefined =>
  names.includes(column) ? column : names.find((name) => folded(name) === folded(column))

const folded = (name: string): string => name.trim().toLowerCase()

const plain = (name: string): string => name.normalize("NFKC").toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "")

/** The problem of a column that the file has not. */
export const noColumn = (column: string): string => `there is no column ${JSON.stringify(column)}`

/** Why none of a file's rows could be imported, and the columns that there are. */
export const problem = (problems: ReadonlyArray<string>, names: ReadonlyArray<string>): string =>
  `${problems.join("; ")}; the file's columns are: ${listed(names)}`

const maxListed = 40

const listed = (names: ReadonlyArray<string>): string =>
  names.length === 0
    ? "none"
    : names.slice(0, maxListed).map((name) => JSON.stringify(name)).join(", ") +
      (names.length > maxListed ? ` and ${names.length - maxListed} more` : "")

/** `{First Name}` stands for a cell, `{{` and `}}` for braces. */
const templateOf = (template: string): ReadonlyArray<TemplatePart> =>
  template.split(/(\{\{|\}\}|\{[^{}]+\})/).map((part) => {
    if (part === "{{" || part === "}}") return { text: part.slice(1) }
    return /^\{.+\}$/s.test(part) ? { column: part.slice(1, -1) } : { text: part }
  })

/** What is wrong with a template. */
export const templateProblem = (template: string): string | undefined => {
  if (template.trim() === "") return "expected a message that is not blank"
  // Else it would be sent as it stands.
  return /[{}]/.test(template.replaceAll(/\{\{|\}\}|\{[^{}]+\}/g, ""))
    ? "expected each brace with its pair around a column's name, as {First Name}; {{ and }} stand for braces"
    : undefined
}
