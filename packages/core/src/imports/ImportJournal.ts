/**
 * The journal of an import: what is planned, what was sent, and what is known, each committed before the next step is
 * taken. It is why an import can be ended at any moment, by whatever, and started again.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import * as GroupCommit from "../internal/GroupCommit.ts"
import * as JournalChange from "../internal/JournalChange.ts"
import * as JournalPlan from "../internal/JournalPlan.ts"
import * as JournalResolution from "../internal/JournalResolution.ts"
import * as JournalTable from "../internal/JournalTable.ts"
import { ContactId, ConversationId, MessageId } from "../LiveDeskSchema.ts"
import type { ImportResolution, ImportResolutionError } from "./ImportResolution.ts"

// ---------------------------------------------------------------------------------------------------------------------
// models
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The calls of a row, in their order.
 *
 * @category models
 * @since 0.1.0
 */
export type Step = "contact" | "conversation" | "message"

/**
 * How far a row has come.
 *
 * - `planned`: what stands in `step` is to be done.
 * - `sent`: what stands in `step` was sent, or was about to be; its outcome is unknown.
 * - `done`: all is done.
 * - `rejected`: LiveDesk refused what stands in `step`; it was not done.
 *
 * @category models
 * @since 0.1.0
 */
export type State = "planned" | "sent" | "done" | "rejected"

/**
 * What the journal knows of a row.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  /** What the row is known by: its customer, such as `email:alice@acme.inc`. */
  readonly key: string
  /** Whether the latest run's file has the row, and all its addresses are its own. Nothing is sent for any other row. */
  readonly isInFile: boolean
  /** The line of the file on which it stood last. */
  readonly line: number
  readonly state: State
  readonly step: Step
  /** The row's values, as JSON; none once it is done. */
  readonly row: Option.Option<string>
  readonly contactId: Option.Option<ContactId>
  /** The name under which the inbox knows the contact. */
  readonly sourceId: Option.Option<string>
  /** Whether the contact was there before. */
  readonly existing: Option.Option<boolean>
  readonly conversationId: Option.Option<ConversationId>
  readonly messageId: Option.Option<MessageId>
  /** What the contact's data were when the row was done, as a hash. */
  readonly digest: Option.Option<number>
  /** Why it was refused, or why it is unknown. */
  readonly reasons: ReadonlyArray<string>
}

/**
 * A row that could not be imported at all: it could not be read, or does not fit the mapping.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reject {
  readonly line: number
  readonly reasons: ReadonlyArray<string>
  /** The row's values as JSON, or its text where it could not be read. */
  readonly row: string
}

/**
 * A row that is not imported: by itself, or because LiveDesk refused a step of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rejected extends Reject {
  /** The step that LiveDesk refused; none where the row could not be imported at all. */
  readonly step: Option.Option<Step>
  /** Whether the latest run's file has the row. */
  readonly isInFile: boolean
}

/**
 * How many rows there are, by their state, over all runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Totals {
  readonly planned: number
  readonly sent: number
  readonly done: number
  /** By LiveDesk. */
  readonly rejected: number
  /** Not imported at all, in the latest run. */
  readonly invalid: number
  /** How many of these the file of the latest run does not have. */
  readonly notInFile: { readonly planned: number; readonly sent: number; readonly rejected: number }
}

/**
 * What changes of a row; what is not given stays.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  readonly key: string
  readonly state: State
  readonly step: Step
  readonly contactId?: ContactId | undefined
  readonly sourceId?: string | undefined
  readonly existing?: boolean | undefined
  readonly conversationId?: ConversationId | undefined
  readonly messageId?: MessageId | undefined
  readonly digest?: number | undefined
  readonly reasons?: ReadonlyArray<string> | undefined
}

/**
 * A row to plan.
 *
 * @category models
 * @since 0.1.0
 */
export interface Planned {
  readonly key: string
  /** Who the row is for. A contact and an address are one customer's. */
  readonly customer: string
  /** The customer's identifier, e-mail address and phone number, such as `phone:+4930123471`, each in one form. */
  readonly addresses: ReadonlyArray<string>
  readonly line: number
  /** The row's values, as JSON. */
  readonly row: string
}

/**
 * How a planned row stands in the journal.
 *
 * @category models
 * @since 0.1.0
 */
export type Standing =
  /** It is new, or goes on where it stopped. */
  | { readonly _tag: "Known"; readonly entry: Entry }
  /** An earlier line of this run has the same key. */
  | { readonly _tag: "Duplicate"; readonly line: number }
  /** An address of it belongs to another customer, of this file or of an earlier run's. */
  | {
    readonly _tag: "Taken"
    readonly address: string
    readonly key: string
    readonly line: number
    readonly isInFile: boolean
  }

/**
 * The row to which a contact belongs.
 *
 * @category models
 * @since 0.1.0
 */
export interface ContactHolder {
  readonly contactId: number
  readonly key: string
  readonly line: number
}

/**
 * Where rows are imported to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Target {
  readonly inboxId: number
  readonly baseUrl: string
  /** Stands for the API key, as `LiveDeskClient` has it. */
  readonly keyFingerprint: string
}

/**
 * Why a journal cannot be used:
 *
 * - `Database`: the database failed.
 * - `OtherImport`: it is that of an import into another inbox, account or server.
 * - `NotAJournal`: the file holds something else.
 * - `OtherVersion`: another version of this library made it.
 * - `Incomplete`: a part of it was left behind when it was copied or moved, or all of it; or a part of another is beside it.
 * - `Missing`: there is no such file.
 *
 * @category errors
 * @since 0.1.0
 */
export class ImportJournalError extends Data.TaggedError("ImportJournalError")<{
  readonly problem: "Database" | "OtherImport" | "NotAJournal" | "OtherVersion" | "Incomplete" | "Missing"
  readonly detail: string
  readonly cause?: SqlError | undefined
}> {
  override get message(): string {
    return this.problem === "Database" ? `the import's journal failed: ${this.detail}` : this.detail
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The journal of one import.
 *
 * @category services
 * @since 0.1.0
 */
export class ImportJournal extends Context.Service<ImportJournal, {
  /**
   * Begins a run. Fails with `OtherImport` when the journal was made for another inbox or server: what it knows to be
   * done is not done there. Another API key is logged as a warning, since keys are rotated, and returned: until a response
   * names the account, the ids in the journal may be another account's.
   */
  readonly begin: (target: Target) => Effect.Effect<{ readonly isOtherKey: boolean }, ImportJournalError>
  /**
   * Notes the account that a response named. Fails with `OtherImport` when the import went to another one before.
   */
  readonly account: (accountId: number) => Effect.Effect<void, ImportJournalError>
  /**
   * Plans rows in one step, and says how each stood, in their order. Those whose contact is to be sent count as `sent`
   * from here on, so plan no more than are soon sent. A row one of whose addresses belongs to another customer is not
   * planned.
   */
  readonly plan: (rows: ReadonlyArray<Planned>) => Effect.Effect<ReadonlyArray<Standing>, ImportJournalError>
  /**
   * Changes a row. When it returns, the change is on the disk. Changes that come together are committed together.
   *
   * A conversation or a message that is about to be sent to a contact which belongs to another customer's row is not to be
   * sent: the row is `rejected` then, and the other row is returned.
   */
  readonly change: (change: Change) => Effect.Effect<Option.Option<ContactHolder>, ImportJournalError>
  /**
   * Changes a row within 50 milliseconds, after the changes before it. For what is not lost when it is: a contact can be
   * looked for again.
   */
  readonly note: (change: Change) => Effect.Effect<void, ImportJournalError>
  /** Waits until all that was noted is on the disk. */
  readonly flush: Effect.Effect<void, ImportJournalError>
  /** Notes rows of this run that cannot be imported. */
  readonly reject: (rejects: ReadonlyArray<Reject>) => Effect.Effect<void, ImportJournalError>
  /** The rows in one state, in the order in which they first came; those that change meanwhile may be left out. */
  readonly entries: (state: State) => Stream.Stream<Entry, ImportJournalError>
  /**
   * Finds rows again that the mapping of this run cannot read, by the same values: those of which an earlier run has sent
   * something, in the order of `rows`. They count as in the file from here on.
   */
  readonly recall: (
    rows: ReadonlyArray<Pick<Planned, "line" | "row">>
  ) => Effect.Effect<ReadonlyArray<Option.Option<"done" | "sent">>, ImportJournalError>
  /**
   * What could not be imported at all in the latest run, and what LiveDesk refused in any, in the order of the lines; those
   * that change meanwhile may be left out.
   */
  readonly rejects: Stream.Stream<Rejected, ImportJournalError>
  /** Whether a report with this stamp, such as its size and time, is as a run wrote it. */
  readonly isReport: (stamp: string) => Effect.Effect<boolean, ImportJournalError>
  /** Notes the stamp of a report that is about to be put in its place. */
  readonly noteReport: (stamp: string) => Effect.Effect<void, ImportJournalError>
  /** The number of rows in each state. */
  readonly totals: Effect.Effect<Totals, ImportJournalError>
  /**
   * Resolves the step of a `sent` row, after an operator has looked in LiveDesk. The next run goes on from there. The key
   * is that of the entry, such as `email:alice@acme.inc`, as the report of unknown rows has it.
   */
  readonly resolve: (
    key: string,
    outcome: ImportResolution
  ) => Effect.Effect<void, ImportJournalError | ImportResolutionError>
}>()("@effect-livedesk/core/ImportJournal") {}

/**
 * Provides a journal in the SQLite database of the `SqlClient`, which must be for this import alone. The caller
 * must keep other processes from opening it at the same time: `NodeSqlite.layer({ file, exclusive: true })` does, and
 * `NodeImport.journalLayer` refuses a file that was copied without its `-wal`, too. Fails with `NotAJournal` and `OtherVersion`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ImportJournal, ImportJournalError, SqlClient.SqlClient> = Layer.effect(
  ImportJournal,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* orFail(sql.withTransaction(open(sql)))
    let run = 0
    const commits = yield* GroupCommit.make(
      (commits: ReadonlyArray<Commit>) => orFail(sql.withTransaction(commitAll(sql, run, commits))),
      new ImportJournalError({ problem: "Database", detail: "it is closed" })
    )
    let account: number | undefined
    let fingerprint = { known: "", now: "" }

    return ImportJournal.of({
      begin: (target) =>
        orFail(sql.withTransaction(Effect.gen(function*() {
          const latest = yield* JournalTable.latestRun(sql)
          if (latest !== undefined) {
            if (latest.inboxId !== target.inboxId) {
              return yield* otherImport("into the inbox", latest.inboxId, target.inboxId)
            }
            if (latest.baseUrl !== target.baseUrl) {
              return yield* otherImport("at the address", latest.baseUrl, target.baseUrl)
            }
            if (latest.keyFingerprint !== target.keyFingerprint) {
              yield* Effect.logWarning(
                "the import's journal was used with another API key. If that key is another account's, stop: " +
                  "what is done there is not done here"
              )
            }
          }
          run = (latest?.run ?? 0) + 1
          account = latest?.accountId ?? undefined
          fingerprint = { known: latest?.keyFingerprint ?? target.keyFingerprint, now: target.keyFingerprint }
          yield* JournalTable.begin(sql, target, run)
          // What an earlier run noted under a key of which the account was not known may be another account's, too.
          return {
            isOtherKey: [fingerprint.now, latest?.latestFingerprint ?? fingerprint.now].some((key) =>
              key !== fingerprint.known
            )
          }
        }))),
      account: (accountId) =>
        Effect.suspend(() => {
          if (account !== undefined && account !== accountId) return otherImport("into the account", account, accountId)
          if (account !== undefined && fingerprint.known === fingerprint.now) return Effect.void
          account = accountId
          fingerprint = { ...fingerprint, known: fingerprint.now }
          return Effect.asVoid(orFail(JournalTable.setAccount(sql, accountId, fingerprint.now)))
        }),
      // Together with what was noted before: a transaction less waits for the disk.
      plan: (rows) => Effect.map(commits.change({ rows }), ({ standings }) => standings.get(rows) ?? []),
      ...commits,
      change: (change) =>
        Effect.map(commits.change(change), ({ lost }) => Option.fromUndefinedOr(lost.get(change.key))),
      reject: (rejects) => rejects.length === 0 ? Effect.void : orFail(JournalTable.reject(sql, rejects)),
      entries: (state) => Stream.map(pages({ id: 0 }, ({ id }) => JournalTable.entries(sql, state, id)), entryOf),
      recall: (rows) => rows.length === 0 ? Effect.succeed([]) : orFail(JournalPlan.recall(sql, run, rows)),
      rejects: Stream.map(
        pages({ line: 0, isRefused: 0, id: 0 }, (after: JournalTable.RejectPlace) => JournalTable.rejects(sql, after)),
        ({ isInFile, line, reasons, row, step }) => ({
          line,
          reasons: JournalTable.strings(reasons, [reasons]),
          row,
          step: Option.fromNullOr(step),
          isInFile: isInFile === 1
        })
      ),
      isReport: (stamp) => orFail(JournalTable.isReport(sql, stamp)),
      noteReport: (stamp) => Effect.asVoid(orFail(JournalTable.noteReport(sql, stamp))),
      totals: orFail(Effect.map(JournalTable.totals(sql), (rows) => {
        const none = { planned: 0, sent: 0, rejected: 0 }
        return {
          ...none,
          done: 0,
          invalid: 0,
          ...Object.fromEntries(rows.map(({ count, state }) => [state, count])),
          notInFile: {
            ...none,
            ...Object.fromEntries(
              rows.flatMap(({ notInFile, state }) => state in none ? [[state, notInFile] as const] : [])
            )
          }
        }
      })),
      resolve: (key, outcome) =>
        Effect.catchTag(
          sql.withTransaction(JournalResolution.resolve(sql, key, outcome)),
          "SqlError",
          (error) => orFail(Effect.fail(error))
        )
    })
  })
)

const open = Effect.fnUntraced(function*(sql: SqlClient.SqlClient) {
  const contents = yield* JournalTable.contents(sql)
  if (contents._tag === "Empty") return yield* JournalTable.createTables(sql)
  if (contents._tag === "Other") {
    return yield* new ImportJournalError({
      problem: "NotAJournal",
      detail: "the database holds something else than an import's journal: give the import a file of its own"
    })
  }
  if (contents.version !== JournalTable.version) {
    return yield* new ImportJournalError({
      problem: "OtherVersion",
      detail:
        `the journal has the format ${contents.version}, and this version of effect-livedesk reads format ${JournalTable.version} alone: go on with the version that made it`
    })
  }
})

const otherImport = (what: string, was: string | number, is: string | number) =>
  Effect.fail(
    new ImportJournalError({
      problem: "OtherImport",
      detail: `the journal is that of an import ${what} ${was}, not ${is}: give this import a journal of its own`
    })
  )

/** One part of a transaction: a change of a row, or rows to plan. */
type Commit = Change | { readonly rows: ReadonlyArray<Planned> }

/** Commits the changes, then the plans. */
const commitAll = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, run: number, commits: ReadonlyArray<Commit>) {
  const changes: Array<Change> = []
  const plans: Array<ReadonlyArray<Planned>> = []
  for (const commit of commits) {
    if ("rows" in commit) plans.push(commit.rows)
    else changes.push(commit)
  }
  const lost = changes.length === 0 ? new Map<string, ContactHolder>() : yield* JournalChange.change(sql, changes)
  const standings = new Map<ReadonlyArray<Planned>, ReadonlyArray<Standing>>()
  for (const rows of plans) {
    const planned = yield* JournalPlan.plan(sql, run, rows)
    standings.set(
      rows,
      planned.map((standing) =>
        standing._tag === "Known"
          ? {
            _tag: "Known",
            entry: standing.entry === undefined
              ? fresh(standing.row)
              : { ...entryOf(standing.entry), ...standing.change }
          }
          : standing
      )
    )
  }
  return { lost, standings }
})

const fresh = ({ key, line, row }: Planned): Entry => ({
  key,
  isInFile: true,
  line,
  state: "planned",
  step: "contact",
  row: Option.some(row),
  contactId: Option.none(),
  sourceId: Option.none(),
  existing: Option.none(),
  conversationId: Option.none(),
  messageId: Option.none(),
  digest: Option.none(),
  reasons: []
})

const entryOf = (row: JournalTable.EntryRow): Entry => ({
  key: row.key,
  isInFile: row.isInFile === 1,
  line: row.line,
  state: row.state,
  step: row.step,
  row: Option.fromNullOr(row.row),
  contactId: idOf(row.contactId, ContactId),
  sourceId: Option.fromNullOr(row.sourceId),
  existing: row.existing === null ? Option.none() : Option.some(row.existing === 1),
  conversationId: idOf(row.conversationId, ConversationId),
  messageId: idOf(row.messageId, MessageId),
  digest: Option.fromNullOr(row.digest),
  reasons: JournalTable.strings(row.reasons, [row.reasons])
})

const idOf = <Id>(id: number | null, brand: { readonly make: (id: number) => Id }): Option.Option<Id> =>
  id === null ? Option.none() : Option.some(brand.make(id))

const pages = <Place, A extends Place>(
  first: Place,
  read: (after: Place) => Effect.Effect<ReadonlyArray<A>, SqlError>
): Stream.Stream<A, ImportJournalError> =>
  Stream.paginate(first, (after) =>
    Effect.map(orFail(read(after)), (rows) => [
      rows,
      Option.filter(Option.fromUndefinedOr<Place | undefined>(rows.at(-1)), () => rows.length === JournalTable.pageSize)
    ]))

const orFail = <A, R>(
  effect: Effect.Effect<A, SqlError | ImportJournalError, R>
): Effect.Effect<A, ImportJournalError, R> =>
  Effect.mapError(effect, (error) =>
    Predicate.isTagged(error, "ImportJournalError")
      ? error
      : new ImportJournalError({ problem: "Database", detail: error.message, cause: error }))
