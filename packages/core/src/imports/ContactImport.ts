/**
 * Imports rows as contacts, each once, with a conversation and a first message if the row asks for them.
 *
 * @since 0.1.0
 */
import * as Array from "effect/Array"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type * as Contacts from "../Contacts.ts"
import type * as Conversations from "../Conversations.ts"
import * as ErrorMapping from "../internal/ErrorMapping.ts"
import * as ImportPlan from "../internal/ImportPlan.ts"
import * as ImportRow from "../internal/ImportRow.ts"
import * as ImportRun from "../internal/ImportRun.ts"
import * as ImportWait from "../internal/ImportWait.ts"
import * as OptionSchema from "../internal/OptionSchema.ts"
import * as WorkerPool from "../internal/WorkerPool.ts"
import * as LiveDeskClient from "../LiveDeskClient.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import type * as LiveDeskSchema from "../LiveDeskSchema.ts"
import type * as Messages from "../Messages.ts"
import * as ImportJournal from "./ImportJournal.ts"
import * as ImportMapping from "./ImportMapping.ts"
import * as ImportProgress from "./ImportProgress.ts"
import * as ImportRows from "./ImportRows.ts"

/**
 * Options of an import.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options<E, R> {
  /** The rows, as `ImportRows` reads them from a file. */
  readonly rows: Stream.Stream<ImportRows.ImportRow, E, R>
  /** The inbox; the console calls its id *Channel ID*. */
  readonly inboxId: LiveDeskSchema.Id<LiveDeskSchema.InboxId>
  /** The mapping of the columns. A file's header is checked before any row. Defaults to `ImportMapping.columns`. */
  readonly mapping?: ImportMapping.ImportMapping | undefined
  /** The number of rows in flight. Defaults to 16. To limit requests per second, set the client's `rateLimit`. */
  readonly concurrency?: number | undefined
  /**
   * When to look for an existing contact. Defaults to `"first"`, which searches before it creates: one more request per
   * row. `"onConflict"` creates at once, and searches only if LiveDesk refuses.
   */
  readonly lookup?: "first" | "onConflict" | undefined
  /**
   * Whether to update existing contacts with the values of a row that differ. This includes rows that are done and whose
   * data changed since; `changed` counts those in any case. Values that a row leaves out stay. Defaults to `false`.
   */
  readonly updateExisting?: boolean | undefined
  /**
   * The key of a row in this journal. Defaults to the identifier, else the e-mail address, else the phone number. A
   * second row with the same key is rejected, and so is one whose key is no text, or a text with half a character.
   */
  readonly key?: ((input: ImportMapping.ImportInput) => string) | undefined
  /**
   * How long LiveDesk may still process a request whose response was lost. The import works on all other rows first. It
   * searches for a contact that may have been created this long after the last lost response, or after the start of the run
   * if an earlier run lost it. Defaults to 30 seconds.
   */
  readonly reconcileAfter?: Duration.Input | undefined
  /** How long to retry while LiveDesk cannot be reached or limits the rate. Defaults to 5 minutes. */
  readonly retryFor?: Duration.Input | undefined
  /** The number of rows, for the time left. */
  readonly total?: number | undefined
  /** Called with the progress every `progressEvery`, and at the end. */
  readonly onProgress?: ((progress: ImportProgress.ImportProgress) => Effect.Effect<void>) | undefined
  /** How often `onProgress` is called. Defaults to 2 seconds. */
  readonly progressEvery?: Duration.Input | undefined
  /** The options of each call. */
  readonly call?: LiveDeskClient.CallOptions | undefined
}

/**
 * Imports rows. Each gets its contact, conversation and message once, even if the import crashes and runs again with the
 * same journal. A contact whose response was lost is searched for before it is created again. A conversation or message
 * whose response was lost is never sent again, because no call of LiveDesk's reads them: the row stays `sent` in the
 * journal until an operator looks in LiveDesk and calls `ImportJournal.resolve`.
 *
 * Nothing is sent for rows of earlier runs that are not in `rows`; `notInFile` counts them. A row that shares an
 * identifier, e-mail address or phone number with another customer's row is rejected. A contact that the journal has for
 * one customer gets nothing for another.
 *
 * A row that cannot be read, does not fit the mapping or is refused by LiveDesk is recorded with its reasons and stops no
 * other. The next run tries it again. While LiveDesk cannot be reached, the import waits.
 *
 * When interrupted, it reads no more rows, lets the calls in flight end, and records their outcomes. Fails with
 *
 * - `AuthError`, and `HttpError` for an address that redirects, a refusal that is not from LiveDesk's API or a missing
 *   inbox: every other row would fail too. `HttpError` also if LiveDesk could not be reached for `retryFor`. The journal
 *   has what was done, and the next run continues from there;
 * - `ValidationError` for invalid options;
 * - `ImportFileError` for a header that the mapping cannot use;
 * - `ImportJournalError`, also for a journal of another inbox, server or account, and the errors of `rows`.
 *
 * ```ts
 * const fileSystem = yield* FileSystem.FileSystem
 * const rows = ImportRows.csv(fileSystem.stream("customers.csv"))
 * const summary = yield* ContactImport.run({ inboxId: 407, rows })
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const run = Effect.fn("ContactImport.run")(function*<E, R>(options: Options<E, R>): Effect.fn.Return<
  ImportProgress.ImportProgress,
  E | ImportJournal.ImportJournalError | ImportRows.ImportFileError | LiveDeskError.LiveDeskError,
  | R
  | ImportJournal.ImportJournal
  | LiveDeskClient.LiveDeskClient
  | Contacts.Contacts
  | Conversations.Conversations
  | Messages.Messages
> {
  const { concurrency, inboxId, lookup, progressEvery, reconcileAfter, retryFor } = yield* checkOptions(options)
  const { call, updateExisting = false, key = ImportPlan.customer, mapping = ImportMapping.columns } = options
  const journal = yield* ImportJournal.ImportJournal
  const { baseUrl, keyFingerprint } = yield* LiveDeskClient.LiveDeskClient
  const { isOtherKey } = yield* journal.begin({ inboxId, baseUrl, keyFingerprint })
  const began = yield* Clock.currentTimeMillis
  const run = yield* ImportRun.make({ inboxId, mapping, key, lookup, updateExisting, retryFor, call, isOtherKey })
  const { counts, stopped } = run

  const rows = WorkerPool.run(
    options.rows.pipe(
      Stream.interruptWhen(Effect.exit(Deferred.await(stopped))),
      Stream.chunks,
      Stream.flatMap((rows) => Stream.fromIterable(slicesOf(rows, planSize(concurrency)))),
      Stream.tap(headerJudge(mapping)),
      Stream.mapEffect((rows) => ImportPlan.plan(run, rows))
    ),
    (work) => ImportRow.work(run, work),
    concurrency
  )
  let uncertain: { readonly rows: number; readonly searchAt: number } | undefined
  /** Reconciles the rows of every run whose contact may have been created. */
  const reconciling = Effect.gen(function*() {
    yield* journal.flush
    const pending = Stream.filter(journal.entries("sent"), ({ step }) => step === "contact")
    const rows = yield* Stream.runCount(pending)
    if (rows === 0) return
    const searchAt = Duration.toMillis(reconcileAfter) + Math.max(began, run.latestUnknown)
    uncertain = { rows, searchAt }
    yield* ImportRun.sleep(run, Duration.millis(Math.max(0, searchAt - (yield* Clock.currentTimeMillis))))
    uncertain = undefined
    yield* WorkerPool.run(Stream.map(pending, Array.of), (entry) => ImportRow.reconcile(run, entry), concurrency)
  })
  let total = options.total
  const progress = Effect.map(
    Clock.currentTimeMillis,
    (now) =>
      ImportProgress.make(
        counts,
        Duration.millis(now - began),
        total,
        Option.map(Option.fromUndefinedOr(uncertain), ({ rows, searchAt }) => ({
          rows,
          searchIn: Duration.millis(Math.max(0, searchAt - now))
        })),
        ImportWait.latest(run.inFlight, now)
      )
  )
  const observe = ImportRun.rowReporter(run)
  const report = Effect.andThen(
    Effect.suspend(observe),
    Effect.flatMap(progress, (progress) => options.onProgress?.(progress) ?? Effect.void)
  )
  const reporting = Effect.forever(Effect.delay(report, progressEvery))

  const working = yield* Effect.forkChild(
    Effect.ensuring(
      ImportWait.observe(
        run.inFlight,
        Effect.andThen(rows, Effect.suspend(() => ImportRun.isStopped(run) ? Effect.void : reconciling))
      ),
      Effect.ignore(journal.flush)
    )
  )
  yield* Fiber.join(working).pipe(
    Effect.onInterrupt(() => Effect.andThen(Deferred.succeed(stopped, undefined), Fiber.await(working))),
    (run) => Effect.raceFirst(run, reporting),
    // An interrupted import has a progress too.
    Effect.ensuring(Effect.suspend(observe))
  )
  yield* journal.flush
  const { notInFile, sent } = yield* journal.totals
  counts.unknown = sent - notInFile.sent
  if (!ImportRun.isStopped(run)) counts.notInFile = notInFile.planned + notInFile.sent + notInFile.rejected
  yield* observe({ unknown: counts.unknown })
  // No row is left, whatever `total` was.
  if (!ImportRun.isStopped(run)) total = undefined
  yield* report
  if (ImportRun.isStopped(run)) yield* Deferred.await(stopped)
  return yield* progress
})

/**
 * Checks the options of `run` without a journal. Fails with `ValidationError` for invalid ones.
 *
 * @category checking
 * @since 0.1.0
 */
export const check = (
  options: Omit<Options<unknown, unknown>, "rows">
): Effect.Effect<void, LiveDeskError.LiveDeskError> => Effect.asVoid(checkOptions(options))

/**
 * The number of rows that are planned, and marked as sent, in one commit. A few times those in flight, so that few commits
 * wait for the disk; not more, because a crash leaves them unknown, and each must be searched for.
 */
const planSize = (concurrency: number): number => Math.min(256, Math.max(16, 4 * concurrency))

/** As `Array.chunksOf`, which copies all that is left for each chunk: seconds, where a million rows come at once. */
const slicesOf = <A>(rows: Array.NonEmptyReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.makeBy(Math.ceil(rows.length / size), (index) => rows.slice(index * size, (index + 1) * size))

/** Checks the header of a file, which every row carries, with the first row. */
const headerJudge = ({ columns }: ImportMapping.ImportMapping) => {
  let isJudged = columns === undefined
  return (rows: ReadonlyArray<ImportRows.ImportRow>): Effect.Effect<void, ImportRows.ImportFileError> => {
    const header = isJudged ? undefined : rows.find((row) => row._tag === "Row")?.columns
    if (header === undefined || columns === undefined) return Effect.void
    isJudged = true
    const problem = Result.getFailure(columns(header))
    return Option.isNone(problem)
      ? Effect.void
      : Effect.fail(new ImportRows.ImportFileError({ line: 1, problem: problem.value }))
  }
}

const checkOptions = OptionSchema.decoder(
  Schema.Struct({
    inboxId: OptionSchema.id,
    concurrency: OptionSchema.withDefault(OptionSchema.count("rows"), 16),
    lookup: OptionSchema.withDefault(OptionSchema.oneOf("first", "onConflict"), "first"),
    reconcileAfter: OptionSchema.withDefault(OptionSchema.duration, Duration.seconds(30)),
    retryFor: OptionSchema.withDefault(OptionSchema.duration, Duration.minutes(5)),
    progressEvery: OptionSchema.withDefault(OptionSchema.duration, Duration.seconds(2))
  }),
  (issues) => ErrorMapping.invalidInput("ContactImport.run", issues)
)
