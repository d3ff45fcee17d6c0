/**
 * Exports contacts: to standard output, or to a file that a later run continues.
 *
 * @since 0.1.0
 */
import * as Contacts from "@effect-livedesk/core/Contacts"
import * as ImportReport from "@effect-livedesk/core/imports/ImportReport"
import * as ByteSize from "effect/ByteSize"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Csv from "effect/encoding/Csv"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type * as PlatformError from "effect/PlatformError"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import * as CommandOutput from "./CommandOutput.ts"
import { InvalidFileError, UsageError } from "./ExitCode.ts"
import * as ListProgress from "./ListProgress.ts"

/**
 * The formats of an export: a JSON document a line, or a table that spreadsheets and `livedesk import` read.
 *
 * @category models
 * @since 0.1.0
 */
export const formats = ["ndjson", "csv"] as const

/**
 * A format of an export.
 *
 * @category models
 * @since 0.1.0
 */
export type Format = typeof formats[number]

// ---------------------------------------------------------------------------------------------------------------------
// formats
// ---------------------------------------------------------------------------------------------------------------------

const columns = [
  "id",
  "identifier",
  "name",
  "email",
  "phone_number",
  "avatar_url",
  "blocked",
  "created_at",
  "last_activity_at",
  "custom_attributes",
  "additional_attributes"
]

const cells = (contact: Contacts.Contact, clean: (text: string) => string): { readonly [column: string]: string } => {
  const { additionalAttributes, blocked, createdAt, customAttributes, email, id, identifier } = contact
  const { lastActivityAt, name, phoneNumber, thumbnail } = contact
  const values = {
    id,
    identifier,
    name,
    email,
    phone_number: phoneNumber,
    avatar_url: thumbnail,
    blocked,
    created_at: createdAt,
    last_activity_at: lastActivityAt,
    custom_attributes: customAttributes,
    additional_attributes: additionalAttributes
  }
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, ImportReport.escape(clean(CommandOutput.plainText(value)))])
  )
}

const encode = (
  format: Format,
  contacts: ReadonlyArray<Contacts.Contact>,
  { clean = (text) => text, isFirst }: { readonly isFirst: boolean; readonly clean?: (text: string) => string }
): Effect.Effect<string> =>
  format === "ndjson"
    ? Effect.succeed(contacts.map((contact) => `${CommandOutput.json(contact, 0)}\n`).join(""))
    : Stream.fromIterable(contacts).pipe(
      Stream.map((contact) => cells(contact, clean)),
      Stream.pipeThroughChannel(Csv.encodeString({ columns, headers: isFirst, newline: "\n" })),
      Stream.mkString,
      Effect.orDie
    )

// ---------------------------------------------------------------------------------------------------------------------
// standard output
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Prints contacts as they come.
 *
 * @category running
 * @since 0.1.0
 */
export const print = Effect.fnUntraced(function*(format: Format, query: Contacts.ListContacts) {
  const contacts = yield* Contacts.Contacts
  const { stdoutIsTerminal } = yield* Stdio.Stdio
  const progress = (yield* stdoutIsTerminal) ? () => Effect.void : yield* ListProgress.make
  let printed = 0
  yield* Stream.runForEachArray(
    contacts.stream(query),
    (page) =>
      Effect.flatMap(encode(format, page, { isFirst: printed === 0, clean: CommandOutput.printable }), (text) => {
        printed += page.length
        return Effect.andThen(Console.log(text.replace(/\n$/, "")), progress(printed))
      })
  )
  // The columns of a table are there also if it has no rows.
  if (printed === 0 && format === "csv") yield* Console.log(columns.join(","))
})

// ---------------------------------------------------------------------------------------------------------------------
// file
// ---------------------------------------------------------------------------------------------------------------------

/** What a later run continues from. It is beside the file until that is complete. */
const State = Schema.fromJsonString(Schema.Struct({
  format: Schema.Literals(formats),
  query: Schema.Record(Schema.String, Schema.Json),
  /** The page to read next. */
  page: Schema.Int,
  /** The length of the file up to there; all behind it is of a page that was not completed. */
  bytes: Schema.Int,
  contacts: Schema.Int,
  /** The ids of the first page, and of the latest: pages that shift bring them again. */
  first: Schema.Array(Schema.Int),
  recent: Schema.Array(Schema.Int)
}))
type State = typeof State.Type

const remembered = 500

const stateFile = (file: string): string => `${file}.progress`

const reading = Effect.fnUntraced(function*(file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = stateFile(file)
  if (!(yield* fileSystem.exists(path))) return Option.none<State>()
  return yield* Schema.decodeEffect(State)(yield* fileSystem.readFileString(path)).pipe(
    Effect.asSome,
    Effect.catchTag("SchemaError", () =>
      Effect.fail(
        new UsageError({
          message: `${CommandOutput.printable(path)} is not of an export: remove it and the export, to begin anew`
        })
      ))
  )
})

const save = Effect.fnUntraced(function*(file: string, state: State) {
  const fileSystem = yield* FileSystem.FileSystem
  const beside = `${file}.${yield* Random.nextIntBetween(1, Number.MAX_SAFE_INTEGER)}.tmp`
  yield* fileSystem.writeFileString(beside, yield* Effect.orDie(Schema.encodeEffect(State)(state)), {
    flag: "wx",
    mode: 0o600
  }).pipe(
    Effect.andThen(fileSystem.rename(beside, stateFile(file))),
    Effect.onError(() => Effect.ignore(fileSystem.remove(beside, { force: true })))
  )
})

const begin = Effect.fnUntraced(function*(file: string, format: Format, query: State["query"]) {
  const fileSystem = yield* FileSystem.FileSystem
  const before = yield* reading(file)
  const isThere = yield* fileSystem.exists(file)
  if (Option.isSome(before)) {
    if (before.value.format === format && JSON.stringify(before.value.query) === JSON.stringify(query)) {
      return { state: isThere ? before.value : { ...fresh, format, query }, isThere }
    }
    return yield* new UsageError({
      message: `${CommandOutput.printable(file)} was begun with another --format or other filters: give those, or ` +
        `remove it and ${CommandOutput.printable(stateFile(file))} to begin anew`
    })
  }
  if (isThere) {
    return yield* new UsageError({
      message: `${CommandOutput.printable(file)} is there already: name another file, or remove it`
    })
  }
  const state = { ...fresh, format, query }
  yield* save(file, state)
  return { state, isThere }
})

const fresh = { page: 1, bytes: 0, contacts: 0, first: [], recent: [] }

/**
 * Writes contacts to a file, page by page. A run that ended early is continued behind the last page that it wrote.
 * Returns the number of contacts in the file, and of those that earlier runs wrote. Fails with `UsageError` if the file
 * is there already and complete, was begun with another format or query, or is being written by another export.
 *
 * @category running
 * @since 0.1.0
 */
export const write = Effect.fnUntraced(
  function*(file: string, format: Format, query: Contacts.ListContacts) {
    const contacts = yield* Contacts.Contacts
    const fileSystem = yield* FileSystem.FileSystem
    const progress = yield* ListProgress.make
    const given = yield* Effect.orDie(
      Schema.decodeUnknownEffect(Schema.Record(Schema.String, Schema.Json))(
        JSON.parse(JSON.stringify(query))
      )
    )
    const { isThere, state: start } = yield* begin(file, format, given)
    const output = yield* fileSystem.open(file, { flag: isThere ? "r+" : "wx", mode: 0o600 })
    yield* output.truncate(start.bytes)
    yield* output.seek(BigInt(start.bytes), "start")
    let state: State = start
    const append = Effect.fnUntraced(function*(page: ReadonlyArray<Contacts.Contact>) {
      const known = new Set([...state.first, ...state.recent])
      const others = page.filter(({ id }) => !known.has(id))
      const bytes = new TextEncoder().encode(yield* encode(format, others, { isFirst: state.bytes === 0 }))
      if (ByteSize.toBigInt((yield* output.stat).size) !== BigInt(state.bytes)) {
        return yield* new UsageError({
          message: `${CommandOutput.printable(file)} is being written by another program, such as a second export: ` +
            "nothing more is written here; name another file, or run this again once the other has ended"
        })
      }
      yield* output.writeAll(bytes)
      // The state must not be ahead of the file.
      yield* output.sync
      const ids = page.map(({ id }): number => id)
      state = {
        ...state,
        page: state.page + 1,
        bytes: state.bytes + bytes.length,
        contacts: state.contacts + others.length,
        first: state.page === 1 ? ids : state.first,
        recent: [...state.recent, ...ids].slice(-remembered)
      }
      yield* save(file, state)
      yield* progress(state.contacts)
    })
    yield* Stream.runForEachArray(
      contacts.stream({ ...query, page: start.page }),
      (page) => Effect.uninterruptible(append(page))
    )
    if (state.bytes === 0 && format === "csv") {
      yield* output.writeAll(new TextEncoder().encode(`${columns.join(",")}\n`))
    }
    yield* fileSystem.remove(stateFile(file))
    return { contacts: state.contacts, earlier: start.contacts }
  },
  Effect.scoped,
  (writing, file) => Effect.catchTag(writing, "PlatformError", (error) => invalidFile(file, error))
)

const invalidFile = (file: string, { reason }: PlatformError.PlatformError) =>
  Effect.fail(new InvalidFileError({ message: `${CommandOutput.printable(file)} cannot be written: ${reason._tag}` }))
