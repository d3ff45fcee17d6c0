/**
 * Bulk import: a contact for every row, and where it asks for one a conversation and a first message, each once,
 * whatever happens in between.
 *
 * @since 0.1.0
 */
import * as Array from "effect/Array"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as Stream from "effect/Stream"
import * as Contacts from "../Contacts.ts"
import * as Conversations from "../Conversations.ts"
import * as Instrumentation from "../internal/Instrumentation.ts"
import type * as LiveDeskClient from "../LiveDeskClient.ts"
import * as LiveDeskError from "../LiveDeskError.ts"
import { ContactId, ConversationId, IdInput, MessageId } from "../LiveDeskSchema.ts"
import * as Messages from "../Messages.ts"
import * as ImportJournal from "./ImportJournal.ts"
import * as ImportMapping from "./ImportMapping.ts"
import * as ImportProgress from "./ImportProgress.ts"
import type * as ImportRows from "./ImportRows.ts"

/**
 * What to import, and how.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options<E, R> {
  /** The rows, as `ImportRows` reads them from a file. */
  readonly rows: Stream.Stream<ImportRows.ImportRow, E, R>
  /** The inbox; the console calls its id *Channel ID*. */
  readonly inboxId: number
  /** The mapping of the columns. Defaults to `ImportMapping.columns`. */
  readonly mapping?: ImportMapping.ImportMapping | undefined
  /** How many rows are worked on at once. Defaults to 16. The client's `rateLimit` limits the requests a second. */
  readonly concurrency?: number | undefined
  /**
   * When to look for a contact that may be there already. Defaults to `"first"`, which looks before it creates, and so
   * takes a second request. `"onConflict"` creates at once, and looks only where LiveDesk refuses.
   */
  readonly lookup?: "first" | "onConflict" | undefined
  /**
   * The key of a row in this journal. Defaults to its customer: the identifier, else the e-mail address, else the phone
   * number. A second row of the same key is rejected.
   */
  readonly key?: ((input: ImportMapping.ImportInput) => string) | undefined
  /**
   * How long LiveDesk may still be at work on a request for which the client no longer waits. Only after that time does
   * the import look for a contact that may have been made. Defaults to 30 seconds.
   */
  readonly reconcileAfter?: Duration.Input | undefined
  /** How long to retry while LiveDesk cannot be reached, or takes no more requests. Defaults to 5 minutes. */
  readonly retryFor?: Duration.Input | undefined
  /** How many rows there are, for the time left. */
  readonly total?: number | undefined
  /** Called with the progress of the run, every `progressEvery`, and at its end. */
  readonly onProgress?: ((progress: ImportProgress.ImportProgress) => Effect.Effect<void>) | undefined
  /** How often `onProgress` is called. Defaults to 2 seconds. */
  readonly progressEvery?: Duration.Input | undefined
  /** The options of each call. */
  readonly call?: LiveDeskClient.CallOptions | undefined
}

/**
 * Imports rows. Each has its contact once, whenever and however often this is ended and started again with the same
 * journal, also by a crash: what was sent and not heard of is looked for in LiveDesk before anything is sent again, and a
 * conversation or a message, which no call of LiveDesk's reads, is never sent again. Rows whose outcome stays unknown stay
 * `sent` in the journal, and the import never guesses: an operator looks in LiveDesk, and calls `ImportJournal.resolve`.
 *
 * A row that cannot be read, does not fit the mapping or is refused by LiveDesk is noted with its reasons, and never
 * stops the rest; a next run tries those again. While LiveDesk cannot be reached, the import waits.
 *
 * When interrupted, it reads no more rows, lets the calls in flight end, and notes their outcomes. Fails with
 *
 * - `AuthError`, and `HttpError` for an address that redirects or an inbox that is not there, since no other row would
 *   fare better; `HttpError` when LiveDesk could not be reached for as long as `retryFor`. What was done is in the journal,
 *   and the same call goes on from there;
 * - `ValidationError` for options that cannot be used;
 * - `ImportJournalError`, and what `rows` fails with.
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
  E | ImportJournal.ImportJournalError | LiveDeskError.LiveDeskError,
  R | ImportJournal.ImportJournal | Contacts.Contacts | Conversations.Conversations | Messages.Messages
> {
  const { concurrency, retryFor, progressEvery, reconcileAfter } = yield* checkedOptions(options)
  const journal = yield* ImportJournal.ImportJournal
  yield* journal.begin(options.inboxId)
  const began = yield* Clock.currentTimeMillis
  const counts = { ...noCounts }
  const stopped = yield* Deferred.make<void, LiveDeskError.LiveDeskError>()
  const importer = yield* makeImporter(options, { counts, retryFor, stopped })

  const rows = inWorkers(
    options.rows.pipe(
      Stream.interruptWhen(Effect.exit(Deferred.await(stopped))),
      Stream.chunks,
      Stream.flatMap((rows) => Stream.fromIterable(Array.chunksOf(rows, planSize))),
      Stream.mapEffect(importer.plan)
    ),
    importer.work,
    concurrency
  )
  /** Of the rows whose contact may have been made unheard, by whatever run. */
  const reconciling = Effect.gen(function*() {
    yield* journal.flush
    const isPending = ({ step }: ImportJournal.Entry) => step === "contact"
    const first = yield* Stream.runHead(Stream.filter(journal.entries("sent"), isPending))
    if (Option.isNone(first)) return
    const reconcileAt = reconcileAfter + Math.max(began, importer.latestUnknown())
    yield* importer.sleep(reconcileAt - (yield* Clock.currentTimeMillis))
    const pending = Stream.filter(journal.entries("sent"), isPending)
    yield* inWorkers(Stream.map(pending, Array.of), importer.reconcile, concurrency)
  })
  const progress = Effect.map(
    Clock.currentTimeMillis,
    (now) => ImportProgress.make(counts, Duration.millis(now - began), options.total)
  )
  const observe = rowReporter(counts)
  const report = Effect.andThen(
    Effect.suspend(observe),
    Effect.flatMap(progress, (progress) => options.onProgress?.(progress) ?? Effect.void)
  )
  const reporting = Effect.forever(Effect.delay(report, progressEvery))

  const working = yield* Effect.forkChild(
    Effect.ensuring(
      Effect.andThen(rows, Effect.suspend(() => importer.isStopped() ? Effect.void : reconciling)),
      Effect.ignore(journal.flush)
    )
  )
  yield* Fiber.join(working).pipe(
    Effect.onInterrupt(() => Effect.andThen(Deferred.succeed(stopped, undefined), Fiber.await(working))),
    (run) => Effect.raceFirst(run, reporting),
    // What an import did that is broken off counts too.
    Effect.ensuring(Effect.suspend(observe))
  )
  yield* journal.flush
  counts.unknown = (yield* journal.totals).sent
  yield* observe({ unknown: counts.unknown })
  yield* report
  if (importer.isStopped()) yield* Deferred.await(stopped)
  return yield* progress
})

/** Reports the rows that came to an end since the last report to the `Instrumentation`, if there is one. */
const rowReporter = (counts: ImportProgress.Counts) => {
  let reported = { done: 0, alreadyDone: 0, rejected: 0 }
  return (atLast: { readonly unknown?: number } = {}): Effect.Effect<void> =>
    Effect.flatMap(Instrumentation.Instrumentation, (observer) => {
      const { alreadyDone, done, rejected } = counts
      const before = reported
      reported = { alreadyDone, done, rejected }
      return observer?.rows({
        done: done - before.done,
        already_done: alreadyDone - before.alreadyDone,
        rejected: rejected - before.rejected,
        ...atLast
      }) ?? Effect.void
    })
}

/** How many rows are planned at once, at most: each time waits for the disk. */
const planSize = 1024

/** As `Stream.mapEffect` would, but for a fiber that is made anew for each row. */
const inWorkers = Effect.fnUntraced(function*<A, E, R, E2, R2>(
  items: Stream.Stream<ReadonlyArray<A>, E, R>,
  work: (item: A) => Effect.Effect<void, E2, R2>,
  concurrency: number
) {
  const queue = yield* Queue.bounded<A, Cause.Done>(concurrency)
  const worker = Effect.forever(Effect.flatMap(Queue.take(queue), work))
  yield* Effect.all([
    Effect.ensuring(
      Stream.runForEach(items, (items) => Queue.offerAll(queue, items)),
      Queue.end(queue)
    ),
    ...Array.makeBy(concurrency, () => Effect.catchIf(worker, Cause.isDone, () => Effect.void))
  ], { concurrency: "unbounded", discard: true })
})

const noCounts = {
  read: 0,
  alreadyDone: 0,
  done: 0,
  created: 0,
  existing: 0,
  conversations: 0,
  messages: 0,
  rejected: 0,
  unknown: 0
}

const operation = "ContactImport.run"

const isInboxId = Schema.is(IdInput)

const checkedOptions = <E, R>(options: Options<E, R>) => {
  const { concurrency = 16, retryFor = "5 minutes", progressEvery = "2 seconds", reconcileAfter = "30 seconds" } =
    options
  const times = { reconcileAfter, retryFor, progressEvery }
  const issues = [
    ...(isInboxId(options.inboxId) ? [] : [{ path: ["inboxId"], message: "expected an id: a whole number above 0" }]),
    ...(Number.isSafeInteger(concurrency) && concurrency > 0
      ? []
      : [{ path: ["concurrency"], message: "expected a whole number of rows above 0" }]),
    ...Object.entries(times).flatMap(([name, time]) =>
      Option.isSome(Duration.fromInput(time))
        ? []
        : [{ path: [name], message: "expected a time such as \"30 seconds\"" }]
    )
  ]
  return issues.length === 0
    ? Effect.succeed({
      concurrency,
      reconcileAfter: Duration.toMillis(reconcileAfter),
      retryFor: Duration.toMillis(retryFor),
      progressEvery
    })
    : Effect.fail(LiveDeskError.invalidInput(operation, issues))
}

// ---------------------------------------------------------------------------------------------------------------------
// a row
// ---------------------------------------------------------------------------------------------------------------------

/** A row to work on, and how it stood in the journal. */
interface Work {
  readonly entry: ImportJournal.Entry
  readonly input: ImportMapping.ImportInput
}

/** The outcome of a call: what it returned, or why the row goes no further for now. */
type Outcome<A> =
  | { readonly _tag: "Succeeded"; readonly value: A }
  /** Nothing was done. */
  | { readonly _tag: "Stopped" }
  | { readonly _tag: "Rejected"; readonly error: LiveDeskError.LiveDeskError }
  | { readonly _tag: "Unknown"; readonly error: LiveDeskError.LiveDeskError }

const makeImporter = Effect.fnUntraced(function*<E, R>(
  options: Options<E, R>,
  { counts, retryFor, stopped }: {
    readonly retryFor: number
    readonly counts: { -readonly [Key in keyof ImportProgress.Counts]: number }
    readonly stopped: Deferred.Deferred<void, LiveDeskError.LiveDeskError>
  }
) {
  const journal = yield* ImportJournal.ImportJournal
  const contacts = yield* Contacts.Contacts
  const conversations = yield* Conversations.Conversations
  const messages = yield* Messages.Messages
  const { call, lookup = "first", inboxId, key = customer, mapping = ImportMapping.columns } = options
  let latestUnknown = 0

  const isStopped = () => Deferred.isDoneUnsafe(stopped)
  const sleep = (millis: number) =>
    Effect.raceFirst(Effect.sleep(Math.max(0, millis)), Effect.exit(Deferred.await(stopped)))

  const plan = Effect.fnUntraced(function*(rows: ReadonlyArray<ImportRows.ImportRow>) {
    counts.read += rows.length
    const rejects: Array<ImportJournal.Reject> = []
    const planned: Array<ImportJournal.Planned & Pick<Work, "input">> = []
    for (const row of rows) {
      if (row._tag === "BadRow") {
        rejects.push({ line: row.line, reasons: [row.problem], row: row.text })
        continue
      }
      const text = attempted("the row cannot be kept as JSON", () => JSON.stringify(row.values))
      const input = Result.flatMap(text, () => mapping.read(row.values))
      const known = Result.flatMap(input, (input) => attempted("the key failed", () => key(input)))
      const kept = Result.getOrElse(text, () => "")
      if (Result.isSuccess(input) && Result.isSuccess(known)) {
        planned.push({ key: known.success, line: row.line, row: kept, input: input.success })
      } else if (Result.isFailure(known)) {
        rejects.push({ line: row.line, reasons: known.failure.map(sentence), row: kept })
      }
    }
    const standings = yield* journal.plan(planned.map(({ key, line, row }) => ({ key, line, row })))
    const works: Array<Work> = []
    for (const [index, { input, key, line, row }] of planned.entries()) {
      const standing = standings[index]
      if (standing === undefined) continue
      if (standing._tag === "Duplicate") {
        rejects.push({ line, reasons: [`the same customer as line ${standing.line}: ${key}`], row })
      } else if (standing.entry.state === "done") {
        counts.alreadyDone++
      } else if (standing.entry.state !== "sent") {
        works.push({ entry: standing.entry, input })
      }
    }
    yield* journal.reject(rejects)
    counts.rejected += rejects.length
    return works
  })

  /** Retries a call until it fails with another than a transient error, succeeds, or the import is stopped. */
  const retryTransient = Effect.fnUntraced(function*<A>(
    step: ImportJournal.Step,
    attempt: Effect.Effect<A, LiveDeskError.LiveDeskError>,
    around: {
      readonly pause: Effect.Effect<void, ImportJournal.ImportJournalError>
      readonly again: typeof around.pause
    }
  ) {
    let began: number | undefined
    for (let wait = 500;; wait = Math.min(wait * 2, 30_000)) {
      const result = yield* Effect.result(attempt)
      if (Result.isSuccess(result)) return { _tag: "Succeeded", value: result.success } as const
      const error = result.failure
      if (failsEveryRow(error, step)) {
        yield* Deferred.fail(stopped, error)
        return { _tag: "Stopped" } as const
      }
      if (!isTransient(error)) {
        return { _tag: mayHaveTakenEffect(error) ? "Unknown" : "Rejected", error } as const
      }
      const now = yield* Clock.currentTimeMillis
      began ??= now
      if (now - began >= retryFor) yield* Deferred.fail(stopped, error)
      if (isStopped()) return { _tag: "Stopped" } as const
      yield* around.pause
      yield* sleep(Math.max(wait, retryAfterMillis(error)))
      if (isStopped()) return { _tag: "Stopped" } as const
      yield* around.again
    }
  })

  /** From where a row stands to its end, or as far as it goes for now. */
  const advance = Effect.fnUntraced(
    function*({ entry, input }: Work, contact: Effect.Effect<MadeContact, LiveDeskError.LiveDeskError>) {
      const { key } = entry
      const ended = (step: ImportJournal.Step, outcome: Exclude<Outcome<never>, { readonly _tag: "Succeeded" }>) => {
        switch (outcome._tag) {
          case "Stopped":
            return journal.note({ key, step, state: "planned" })
          case "Rejected":
            counts.rejected++
            return journal.note({ key, step, state: "rejected", reasons: [outcome.error.message] })
          case "Unknown":
            counts.unknown++
            return Effect.flatMap(Clock.currentTimeMillis, (now) => {
              latestUnknown = now
              return journal.note({ key, step, state: "sent", reasons: [outcome.error.message] })
            })
        }
      }
      /** Nothing is sent but what the journal has. */
      const create = <A>(
        step: ImportJournal.Step,
        attempt: Effect.Effect<A, LiveDeskError.LiveDeskError>,
        known: Partial<ImportJournal.Change>
      ) =>
        Effect.andThen(
          journal.change({ key, step, state: "sent", ...known }),
          retryTransient(step, attempt, {
            pause: journal.change({ key, step, state: "planned" }),
            again: journal.change({ key, step, state: "sent" })
          })
        )

      let contactId = Option.getOrUndefined(entry.contactId)
      let sourceId = Option.getOrUndefined(entry.sourceId)
      let learned: Partial<ImportJournal.Change> = {}
      if (contactId === undefined) {
        // The journal has it as sent from its planning on, and it is never sent without being looked for after that.
        const outcome = yield* retryTransient("contact", contact, { pause: Effect.void, again: Effect.void })
        if (outcome._tag !== "Succeeded") return yield* ended("contact", outcome)
        contactId = outcome.value.id
        sourceId = outcome.value.sourceId
        learned = { contactId, sourceId, existing: outcome.value.existing }
        if (outcome.value.existing === false) counts.created++
        if (outcome.value.existing === true) counts.existing++
      }

      const wantsConversation = input.message !== undefined || input.conversation === true
      let conversationId = Option.getOrUndefined(entry.conversationId)
      if (conversationId === undefined && wantsConversation) {
        if (isStopped()) return yield* journal.note({ key, step: "conversation", state: "planned", ...learned })
        const from = { inboxId, contactId, ...(sourceId === undefined ? {} : { sourceId }) }
        const outcome = yield* create(
          "conversation",
          orCreatedId(Effect.map(conversations.create(from, call), idOf), "id", (id) => ConversationId.make(id)),
          learned
        )
        if (outcome._tag !== "Succeeded") return yield* ended("conversation", outcome)
        conversationId = outcome.value
        learned = { conversationId }
        counts.conversations++
      }

      if (conversationId !== undefined && input.message !== undefined) {
        if (isStopped()) return yield* journal.note({ key, step: "message", state: "planned", ...learned })
        const outcome = yield* create(
          "message",
          orCreatedId(
            Effect.map(messages.send({ ...input.message, conversationId }, call), idOf),
            "id",
            (id) => MessageId.make(id)
          ),
          learned
        )
        if (outcome._tag !== "Succeeded") return yield* ended("message", outcome)
        learned = { messageId: outcome.value }
        counts.messages++
      }
      counts.done++
      // A message that is lost sight of in a crash could not be looked for; a contact can.
      yield* wantsConversation
        ? journal.change({ key, state: "done", step: "message", ...learned })
        : journal.note({ key, state: "done", step: "message", ...learned })
    }
  )

  const contactOf = ({ contact }: ImportMapping.ImportInput, lookup: "first" | "onConflict") => {
    const input = { ...contact, inboxId }
    const ensured = Effect.map(
      // The mapping guarantees a contact key.
      contacts.ensure(input as Contacts.EnsureContact, call),
      (ensured) => madeOf(ensured, inboxId)
    )
    const attempt = lookup === "first"
      ? ensured
      : contacts.create(input, call).pipe(
        Effect.map((created) => madeOf({ _tag: "Created", ...created }, inboxId)),
        Effect.catchIf(isTaken, () => ensured)
      )
    return orCreatedId(attempt, "payload.contact.id", (id) => ({
      id: ContactId.make(id),
      sourceId: undefined,
      existing: false
    }))
  }

  const work = (work: Work) =>
    isStopped()
      ? journal.note({ key: work.entry.key, step: work.entry.step, state: "planned" })
      : advance(work, contactOf(work.input, lookup))

  /** A row whose contact may be there, unheard: it is looked for, and made if it is not. */
  const reconcile = Effect.fnUntraced(function*(entry: ImportJournal.Entry) {
    const values = readValues(Option.getOrElse(entry.row, () => "{}"))
    const input = Result.flatMap(values, mapping.read)
    if (Result.isFailure(input) || isStopped()) return
    const contact = Effect.map(
      contactOf(input.success, "first"),
      // Whether it was there before the import is unknown.
      (made) => made.existing === true ? { ...made, existing: undefined } : made
    )
    yield* advance({ entry, input: input.success }, contact)
  })

  return { plan, work, reconcile, sleep, isStopped, latestUnknown: () => latestUnknown }
})

// ---------------------------------------------------------------------------------------------------------------------
// keys of rows, and ids in responses
// ---------------------------------------------------------------------------------------------------------------------

const customer = ({ contact: { email, identifier, phoneNumber } }: ImportMapping.ImportInput): string => {
  const [id, mail] = [identifier?.trim(), email?.trim()]
  if (id !== undefined && id !== "") return `identifier:${id}`
  return mail !== undefined && mail !== "" ? `email:${mail.toLowerCase()}` : `phone:${phoneNumber?.trim() ?? ""}`
}

/** What the program gave may throw: that is the row's fault, not the import's. */
const attempted = <A>(what: string, evaluate: () => A): Result.Result<A, ReadonlyArray<LiveDeskError.Issue>> =>
  Result.try({
    try: evaluate,
    catch: (cause) => [{ path: [], message: `${what}: ${Predicate.isError(cause) ? cause.message : String(cause)}` }]
  })

const sentence = ({ message, path }: LiveDeskError.Issue): string =>
  path.length === 0 ? message : `${path.join(".")}: ${message}`

const readValues = SchemaParser.decodeUnknownResult(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
)

const idOf = <Id>({ id }: { readonly id: Id }): Id => id

interface MadeContact {
  readonly id: ContactId
  readonly sourceId: string | undefined
  /** Whether it was there before; `undefined` where that is unknown. */
  readonly existing: boolean | undefined
}

const madeOf = (ensured: Contacts.EnsuredContact, inboxId: number): MadeContact => ({
  id: ensured.contact.id,
  sourceId: Option.getOrUndefined<string>(Contacts.sourceIdOf(ensured, inboxId)),
  existing: ensured._tag === "Existing"
})

/** An unreadable response may still hold the id: LiveDesk acted, and this is what it made. */
const orCreatedId = <A>(
  attempt: Effect.Effect<A, LiveDeskError.LiveDeskError>,
  path: string,
  make: (id: number) => A
): Effect.Effect<A, LiveDeskError.LiveDeskError> =>
  Effect.matchEffect(attempt, {
    onFailure: (error) =>
      Option.match(LiveDeskError.createdId(error, path), {
        onNone: () => Effect.fail(error),
        onSome: (id) => Effect.succeed(make(id))
      }),
    onSuccess: Effect.succeed
  })

/** Whether LiveDesk refused what may be there already. */
const isTaken = ({ outcome, reason }: LiveDeskError.LiveDeskError): boolean =>
  outcome === "Rejected" && (reason._tag === "RejectedInput" || reason._tag === "Conflict")

/** Whether nothing was made, for a transient cause. */
const isTransient = (error: LiveDeskError.LiveDeskError): boolean =>
  LiveDeskError.isTransient(error) ||
  // To look for a contact makes none.
  (error.operation === Contacts.listEndpoint.operation && lostReasons.has(error.reason._tag))

const lostReasons: ReadonlySet<string> = new Set(["TimedOut", "ConnectionLost", "ServerError"])

/** Whether no other row would fare better: the credentials, the address or the inbox are at fault. */
const failsEveryRow = ({ _tag, reason }: LiveDeskError.LiveDeskError, step: ImportJournal.Step): boolean =>
  _tag === "AuthError" || reason._tag === "Redirected" || (step === "contact" && reason._tag === "NotFound")

const mayHaveTakenEffect = ({ outcome, operation }: LiveDeskError.LiveDeskError): boolean =>
  (outcome === "Unknown" || outcome === "Processed") && operation !== Contacts.listEndpoint.operation

const retryAfterMillis = ({ reason }: LiveDeskError.LiveDeskError): number =>
  "retryAfter" in reason ? Option.match(reason.retryAfter, { onNone: () => 0, onSome: Duration.toMillis }) : 0
