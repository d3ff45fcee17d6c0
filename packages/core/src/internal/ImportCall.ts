/**
 * One call of an import: retried while its failure is transient, and why the row goes no further where it fails for good.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Contacts from "../Contacts.ts"
import type * as ImportJournal from "../imports/ImportJournal.ts"
import * as LiveDeskError from "../LiveDeskError.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import * as ImportRun from "./ImportRun.ts"
import * as ImportWait from "./ImportWait.ts"

/** Why a row goes no further for now. */
export type Halt =
  /** The run is stopped, and the step is not done; `known` is what the journal does not have yet. */
  | { readonly _tag: "Stopped"; readonly step: ImportJournal.Step; readonly known: Partial<ImportJournal.Change> }
  | { readonly _tag: "Rejected"; readonly step: ImportJournal.Step; readonly error: LiveDeskError.LiveDeskError }
  | { readonly _tag: "Unknown"; readonly step: ImportJournal.Step; readonly error: LiveDeskError.LiveDeskError }
  /** The contact is another customer's. */
  | { readonly _tag: "Taken"; readonly step: ImportJournal.Step }

/** Why a call fails for good. */
type CallHalt = Exclude<Halt, { readonly _tag: "Taken" }>

/** What the journal is to know while a call waits to be retried, and when it is retried. */
export interface Around {
  readonly waiting: Effect.Effect<void, ImportJournal.ImportJournalError>
  readonly retrying: Effect.Effect<void, ImportJournal.ImportJournalError>
}

/** Makes the call of a step, and again after each transient error, until `retryFor` has passed or the run is stopped. */
export const make = <A>(
  run: ImportRun.ImportRun,
  step: ImportJournal.Step,
  call: Effect.Effect<A, LiveDeskError.LiveDeskError>,
  around: Around = { waiting: Effect.void, retrying: Effect.void }
): Effect.Effect<A, CallHalt | ImportJournal.ImportJournalError> =>
  ImportWait.track(
    run.inFlight,
    call.pipe(
      // Most calls succeed, and need no schedule.
      Effect.catch((error) =>
        afterFailure(error, call).pipe(
          Effect.retry(retries(run, around)),
          Effect.catchTag(["AuthError", "ValidationError", "HttpError"], (error) => halt(run, step, error))
        )
      )
    )
  )

/** The call, of which the first use has failed. */
const afterFailure = <A>(
  error: LiveDeskError.LiveDeskError,
  call: Effect.Effect<A, LiveDeskError.LiveDeskError>
): Effect.Effect<A, LiveDeskError.LiveDeskError> => {
  let isFirst = true
  return Effect.suspend(() => {
    if (!isFirst) return call
    isFirst = false
    return Effect.fail(error)
  })
}

/** After half a second, then twice as long each time, at most 30 seconds apart. */
const backoff = Schedule.min([Schedule.exponential("500 millis"), Schedule.spaced("30 seconds")])

const retries = (run: ImportRun.ImportRun, { retrying, waiting }: Around) => {
  const retryFor = Duration.toMillis(run.retryFor)
  return backoff.pipe(
    Schedule.setInputType<LiveDeskError.LiveDeskError>(),
    Schedule.while(({ elapsed, input }) => isTransient(input) && elapsed < retryFor && !ImportRun.isStopped(run)),
    RetryPolicy.honorRetryAfter,
    // The schedule itself waits, since a run that is stopped waits no more.
    Schedule.modifyDelay(({ duration, input }) =>
      waiting.pipe(
        Effect.andThen(ImportWait.begin(run.inFlight, input.reason._tag, Duration.toMillis(duration))),
        Effect.flatMap((wait) => Effect.ensuring(ImportRun.sleep(run, duration), ImportWait.end(run.inFlight, wait))),
        Effect.as(Duration.zero)
      )
    ),
    Schedule.while(() => !ImportRun.isStopped(run)),
    Schedule.tap(() => retrying)
  )
}

const halt = Effect.fnUntraced(function*(
  { stopped }: ImportRun.ImportRun,
  step: ImportJournal.Step,
  error: LiveDeskError.LiveDeskError
): Effect.fn.Return<never, CallHalt> {
  // What is transient still is not retried any more: `retryFor` has passed, unless the run was stopped before.
  if (failsEveryRow(error, step) || isTransient(error)) {
    yield* Deferred.fail(stopped, error)
    return yield* Effect.fail<CallHalt>({ _tag: "Stopped", step, known: {} })
  }
  const mayBeThere = LiveDeskError.mayHaveTakenEffect(error) && !isLookup(error)
  return yield* Effect.fail<CallHalt>({ _tag: mayBeThere ? "Unknown" : "Rejected", step, error })
})

/** Whether nothing was made, for a transient cause. */
const isTransient = (error: LiveDeskError.LiveDeskError): boolean =>
  LiveDeskError.isTransient(error) || (isLookup(error) && lostReasons.has(error.reason._tag))

/** Whether the call only looked for a contact, which makes none. */
const isLookup = ({ operation }: LiveDeskError.LiveDeskError): boolean =>
  operation === Contacts.endpoints.list.operation

const lostReasons: ReadonlySet<string> = new Set(["TimedOut", "ConnectionLost", "ServerError"])

/** Whether no other row would fare better: the credentials, the address, the network or the inbox are at fault. */
const failsEveryRow = (
  { _tag, foreignMediaType, operation, outcome, reason }: LiveDeskError.LiveDeskError,
  step: ImportJournal.Step
): boolean =>
  _tag === "AuthError" || reason._tag === "Redirected" ||
  (foreignMediaType !== undefined && outcome === "Rejected") ||
  // Of an update, the contact alone is not there.
  (step === "contact" && reason._tag === "NotFound" && operation !== Contacts.endpoints.update.operation)

/** An unreadable response may still hold the id: LiveDesk acted, and this is what it made. */
export const orCreatedId = <A>(
  call: Effect.Effect<A, LiveDeskError.LiveDeskError>,
  path: string,
  make: (id: number) => A
): Effect.Effect<A, LiveDeskError.LiveDeskError> =>
  call.pipe(
    Effect.catch((error) =>
      Option.match(LiveDeskError.createdId(error, path), {
        onNone: () => Effect.fail(error),
        onSome: (id) => Effect.succeed(make(id))
      })
    )
  )
