/**
 * `livedesk contacts`.
 *
 * @since 0.1.0
 */
import * as Contacts from "@effect-livedesk/core/Contacts"
import * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import * as Stream from "effect/Stream"
import * as CommandOutput from "./CommandOutput.ts"
import { UsageError } from "./ExitCode.ts"
import * as ListProgress from "./ListProgress.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"

const text = (name: string, description: string): Flag.Flag<string | undefined> =>
  Flag.String(name).pipe(Flag.withDescription(description), LiveDeskCall.optional)

/**
 * The flags that describe a contact.
 *
 * @category flags
 * @since 0.1.0
 */
export const profile = {
  name: text("name", "The contact's name"),
  email: text("email", "The contact's e-mail address"),
  phoneNumber: text("phone", "The contact's phone number, such as +123456789"),
  identifier: text("identifier", "The contact's id in your own system"),
  avatarUrl: text("avatar-url", "The link of a picture of the contact")
}

const row = ({ email, id, identifier, name, phoneNumber }: Contacts.Contact): CommandOutput.Row => ({
  id,
  name,
  email,
  phone: phoneNumber,
  identifier
})

/**
 * Whether no flag describes the contact, which is most likely a mistake.
 *
 * @category flags
 * @since 0.1.0
 */
export const isUnidentified = (profile: { readonly [part: string]: string | undefined }): boolean =>
  Object.values(profile).every(Predicate.isUndefined)

const create = Command.make(
  "create",
  { inbox: LiveDeskCall.inbox, ...profile },
  Effect.fnUntraced(function*({ inbox, ...contact }) {
    if (isUnidentified(contact)) {
      return yield* new UsageError({ message: "describe the contact by at least one flag, such as --name" })
    }
    const inboxId = yield* LiveDeskCall.inboxId(inbox)
    yield* LiveDeskCall.perform(
      Contacts.Contacts.use((contacts) => contacts.create({ ...contact, inboxId })),
      ({ contact, contactInbox }) => ({ ...row(contact), source: contactInbox.sourceId })
    )
  })
).pipe(
  Command.withDescription("Create a contact, and tie it to the inbox"),
  Command.withExamples([{
    command: "livedesk contacts create --name Alice --email alice@acme.inc",
    description: "Create a contact in the inbox of LIVEDESK_INBOX_ID"
  }])
)

const ensure = Command.make(
  "ensure",
  { inbox: LiveDeskCall.inbox, ...profile },
  Effect.fnUntraced(function*({ inbox, ...contact }) {
    const input = { ...contact, inboxId: yield* LiveDeskCall.inboxId(inbox) }
    if (!Contacts.hasContactKey(input)) {
      return yield* new UsageError({
        message: "give --identifier, --email or --phone, so that the contact can be found"
      })
    }
    yield* LiveDeskCall.perform(
      Contacts.Contacts.use((contacts) => contacts.ensure(input)),
      (ensured) => ({ ...row(ensured.contact), was: ensured._tag === "Created" ? "created" : "there already" })
    )
  })
).pipe(
  Command.withDescription("Find a contact by identifier, e-mail address or phone number, or create it"),
  Command.withExamples([{
    command: "livedesk contacts ensure --identifier C-17 --name Alice",
    description: "Find customer C-17, or create it"
  }])
)

const filter = {
  labels: Flag.String("label").pipe(
    Flag.withDescription("Only contacts with this label; may be given several times, for contacts with any of them"),
    Flag.atLeast(0)
  ),
  sort: Flag.Literals("sort", [
    "email",
    "name",
    "phone_number",
    "last_activity_at",
    "created_at",
    "company",
    "city",
    "country"
  ]).pipe(Flag.withDescription("The field to sort by"), LiveDeskCall.optional),
  direction: Flag.Literals("direction", ["asc", "desc"]).pipe(
    Flag.withDescription("The direction to sort in"),
    LiveDeskCall.optional
  ),
  page: Flag.Int("page").pipe(Flag.withDescription("The number of the page, from 1"), LiveDeskCall.optional),
  pageSize: Flag.Int("page-size").pipe(
    Flag.withDescription("The number of contacts on a page"),
    LiveDeskCall.optional
  ),
  all: Flag.Boolean("all").pipe(Flag.withDescription("List all pages, from --page on"), Flag.withDefault(false))
}

const listed = Effect.fnUntraced(function*(
  { all, labels, ...input }: Omit<Contacts.ListContacts, "labels"> & {
    readonly all: boolean
    readonly labels: ReadonlyArray<string>
  }
) {
  const query = { ...input, ...withLabels(labels) }
  const progress = yield* ListProgress.make
  const read = Contacts.Contacts.use((contacts) => {
    if (!all) return contacts.list(query)
    let read = 0
    return contacts.stream(query).pipe(
      Stream.tap(() => progress(++read)),
      Stream.runCollect,
      Effect.map((contacts): Listed => ({ meta: { count: contacts.length }, contacts }))
    )
  })
  const page = yield* LiveDeskCall.perform(read, ({ contacts }: Listed) => contacts.map(row))
  if (page !== undefined && !all) yield* printPosition(page, query)
})

/** A page, or all of them. */
interface Listed {
  readonly meta: { readonly count: number }
  readonly contacts: ReadonlyArray<Contacts.Contact>
}

const withLabels = (labels: ReadonlyArray<string>) => labels.length === 0 ? {} : { labels }

/** Says on standard error that there is more than a page; how many pages there are, only the first one shows. */
const printPosition = (
  { contacts, meta: { count } }: Listed,
  { page = 1, pageSize = page === 1 ? contacts.length : undefined }: Contacts.ListContacts
) => {
  if (contacts.length === 0 || (page === 1 && count <= contacts.length)) return Effect.void
  const position = pageSize === undefined ? `page ${page}` : `page ${page} of ${Math.ceil(count / pageSize)}`
  return Console.error(`${position}, ${count} contacts; --all for every one`)
}

const list = Command.make("list", filter, listed).pipe(
  Command.withDescription("List one page of contacts, or all"),
  Command.withExamples([
    { command: "livedesk contacts list --sort name", description: "The first page, by name" },
    { command: "livedesk contacts list --all --json", description: "All of them, as one JSON document" }
  ])
)

const search = Command.make(
  "search",
  {
    q: Argument.String("text").pipe(
      Argument.withDescription("A part of a name, an e-mail address, a phone number or an identifier")
    ),
    ...filter
  },
  listed
).pipe(
  Command.withDescription("Search contacts by a part of a name, an e-mail address, a phone number or an identifier"),
  Command.withExamples([{ command: "livedesk contacts search acme.inc", description: "All contacts of acme.inc" }])
)

const update = Command.make(
  "update",
  {
    contactId: Argument.Int("contact").pipe(Argument.withDescription("The contact's id")),
    ...profile,
    clear: Flag.Literals("clear", ["email", "phone", "identifier"]).pipe(
      Flag.withDescription("Clear this; may be given several times"),
      Flag.atLeast(0)
    ),
    blocked: Flag.Boolean("blocked").pipe(
      Flag.withDescription("Block the contact; --no-blocked unblocks it"),
      LiveDeskCall.optional
    ),
    customAttributes: Flag.KeyValuePair("attribute").pipe(
      Flag.withDescription("An attribute that the project defines, as name=value; may be given several times"),
      LiveDeskCall.optional
    )
  },
  Effect.fnUntraced(function*({ clear, contactId, email, identifier, phoneNumber, ...rest }) {
    const keyParts = { email, phone: phoneNumber, identifier }
    const twice = clear.find((keyPart) => keyParts[keyPart] !== undefined)
    if (twice !== undefined) {
      return yield* new UsageError({ message: `--${twice} and --clear ${twice}: give one of them` })
    }
    if (clear.length === 0 && Object.values({ ...keyParts, ...rest }).every(Predicate.isUndefined)) {
      return yield* new UsageError({ message: "give at least one change, such as --name" })
    }
    yield* LiveDeskCall.perform(
      Contacts.Contacts.use((contacts) =>
        contacts.update({
          ...rest,
          contactId,
          email: clear.includes("email") ? null : email,
          phoneNumber: clear.includes("phone") ? null : phoneNumber,
          identifier: clear.includes("identifier") ? null : identifier
        })
      ),
      (contact) => ({
        ...row(contact),
        blocked: contact.blocked,
        // The names are the project's: none of them may stand for a column above.
        ...Record.mapKeys(contact.customAttributes, (name) => `attribute ${name}`)
      })
    )
  })
).pipe(
  Command.withDescription("Change the given fields of a contact"),
  Command.withExamples([{
    command: "livedesk contacts update 2219256 --name \"Alice B.\" --clear phone",
    description: "Change the name and clear the phone number"
  }])
)

const { labels, sort, direction } = filter

const exported = Command.make(
  "export",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("The file to write; defaults to standard output"),
      Argument.optional
    ),
    format: Flag.Literals("format", ["ndjson", "csv"]).pipe(
      Flag.withDescription("The format; defaults to csv for a file whose name ends with .csv, else to ndjson"),
      LiveDeskCall.optional
    ),
    q: text("search", "Only contacts with this text in a name, an e-mail address, a phone number or an identifier"),
    labels,
    sort,
    direction
  },
  Effect.fnUntraced(function*({ direction = "asc", file, format, labels, q, sort = "created_at" }) {
    // Contacts that are created meanwhile come last.
    const query = { ...(q === undefined ? {} : { q }), ...withLabels(labels), sort, direction }
    if (yield* LiveDeskCall.DryRunFlag) {
      return yield* LiveDeskCall.perform(Contacts.Contacts.use((contacts) => contacts.list(query)), () => [])
    }
    const ContactExport = yield* Effect.promise(() => import("./ContactExport.ts"))
    const path = Option.getOrUndefined(file)
    const wanted = format ?? (path?.toLowerCase().endsWith(".csv") === true ? "csv" : "ndjson")
    if (path === undefined) return yield* LiveDeskCall.provide(ContactExport.print(wanted, query))
    const { contacts, earlier } = yield* LiveDeskCall.provide(ContactExport.write(path, wanted, query)).pipe(
      Effect.tapError((error) =>
        LiveDeskError.isLiveDeskError(error) ? Console.error("the same command continues the export") : Effect.void
      )
    )
    yield* CommandOutput.print({ file: path, format: wanted, contacts, earlier }, (made) => made)
  })
).pipe(
  Command.withDescription(
    "Write all contacts to a file, or to standard output. Safe to end by Ctrl-C and to start again: it goes on where it was"
  ),
  Command.withShortDescription("Write all contacts to a file"),
  Command.withExamples([
    { command: "livedesk contacts export contacts.csv", description: "For a spreadsheet" },
    { command: "livedesk contacts export --label vip", description: "A JSON document a line, on standard output" }
  ])
)

/**
 * The commands about contacts.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make("contacts").pipe(
  Command.withDescription("Create, list, search, update, ensure and export contacts"),
  Command.withSubcommands([create, list, search, update, ensure, exported])
)
