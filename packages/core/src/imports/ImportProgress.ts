/**
 * How far an import has come, in figures and as a line to watch.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/**
 * The counts of a run of an import so far.
 *
 * Each row that was read is in one of `alreadyDone`, `done`, `rejected` and `unknown`, once the run has ended. Each row whose
 * contact this run worked on is in one of `created`, `existing` and `foundAgain`; of these, LiveDesk may still refuse what
 * comes after the contact.
 *
 * @category models
 * @since 0.1.0
 */
export interface Counts {
  /** Rows that were read from the file. */
  readonly read: number
  /** Rows that an earlier run had done. */
  readonly alreadyDone: number
  /** Rows that this run brought to their end. */
  readonly done: number
  /** Contacts that this run created. */
  readonly created: number
  /** Contacts that were there before the import. */
  readonly existing: number
  /**
   * Contacts that this import has found again: an earlier run had the row's contact, or a call whose response was lost may
   * have created it.
   */
  readonly foundAgain: number
  /** Rows of `alreadyDone` whose data in the file changed since they were done. */
  readonly changed: number
  /** Contacts that were there before, and that `updateExisting` updated. */
  readonly updated: number
  readonly conversations: number
  readonly messages: number
  /** Rows that LiveDesk refused, and those that could not be imported at all. */
  readonly rejected: number
  /** Rows whose outcome is unknown. */
  readonly unknown: number
  /**
   * Rows of earlier runs that are not done, and that this run's file does not have: nothing was sent for them. It is known
   * at the end of a run alone.
   */
  readonly notInFile: number
}

/**
 * How far a run of an import has come.
 *
 * @category models
 * @since 0.1.0
 */
export interface ImportProgress extends Counts {
  readonly elapsed: Duration.Duration
  /** Rows that this run brought to their end, or that were refused, a second. */
  readonly perSecond: number
  /** How long it will take at this pace; none while it waits, where the number of rows is unknown, or nothing was done yet. */
  readonly timeLeft: Option.Option<Duration.Duration>
  /** The rows that wait to be searched for, once all others are worked on; see `reconcileAfter`. */
  readonly uncertain: Option.Option<Uncertain>
  /** Why nothing is being sent: each call in flight waits to be retried. */
  readonly waiting: Option.Option<Waiting>
}

/**
 * The wait of an import whose calls all wait to be retried.
 *
 * @category models
 * @since 0.1.0
 */
export interface Waiting {
  /** The tag of the error's reason, such as `RateLimited`, `CircuitOpen` or `ConnectionFailed`. */
  readonly reason: string
  /** The time until the next call is retried. */
  readonly retryIn: Duration.Duration
}

/**
 * The rows whose contact may have been created, though the response was lost.
 *
 * @category models
 * @since 0.1.0
 */
export interface Uncertain {
  readonly rows: number
  /** The time until the import searches for them. */
  readonly searchIn: Duration.Duration
}

/**
 * Makes the progress of counts, after a time, of a file of so many rows, if that is known, with the rows that wait to be
 * searched for, and with what the import waits for.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  counts: Counts,
  elapsed: Duration.Duration,
  total?: number,
  uncertain: Option.Option<Uncertain> = Option.none(),
  waiting: Option.Option<Waiting> = Option.none()
): ImportProgress => {
  const worked = counts.done + counts.rejected + counts.unknown
  const seconds = Duration.toSeconds(elapsed)
  const perSecond = seconds > 0 ? worked / seconds : 0
  return {
    ...counts,
    elapsed,
    perSecond,
    uncertain,
    waiting,
    // No pace says when the uncertain ones are searched for, or how long LiveDesk takes nothing.
    timeLeft: total === undefined || perSecond === 0 || Option.isSome(uncertain) || Option.isSome(waiting)
      ? Option.none()
      : Option.some(Duration.seconds(Math.ceil(Math.max(0, total - counts.alreadyDone - worked) / perSecond)))
  }
}

/**
 * The progress as one line of text.
 *
 * @category formatting
 * @since 0.1.0
 */
export const line = (progress: ImportProgress): string =>
  [
    `${progress.done} done`,
    ...(progress.alreadyDone === 0 ? [] : [`${progress.alreadyDone} before`]),
    `${progress.rejected} rejected`,
    ...(progress.unknown === 0 ? [] : [`${progress.unknown} unknown`]),
    ...(progress.notInFile === 0 ? [] : [`${progress.notInFile} not in the file`]),
    Option.match(progress.waiting, {
      onNone: () =>
        `${progress.perSecond < 10 ? progress.perSecond.toFixed(1) : Math.round(progress.perSecond)} a second`,
      onSome: ({ reason, retryIn }) => `waiting ${seconds(retryIn)}: ${reasons[reason] ?? "LiveDesk cannot be reached"}`
    }),
    ...Option.match(progress.uncertain, {
      onNone: () => [],
      onSome: ({ rows, searchIn }) => [
        `${rows} ${rows === 1 ? "row" : "rows"} uncertain: looking for ${rows === 1 ? "it" : "them"} in ${
          seconds(searchIn)
        }`
      ]
    }),
    ...Option.match(progress.timeLeft, {
      onNone: () => [],
      onSome: (left) => Duration.isZero(left) ? [] : [`about ${Duration.format(left)} left`]
    })
  ].join(", ")

const seconds = (time: Duration.Duration): string =>
  Duration.format(Duration.seconds(Math.ceil(Duration.toSeconds(time))))

const reasons: { readonly [reason: string]: string } = {
  RateLimited: "LiveDesk limits the rate",
  CircuitOpen: "the circuit breaker is open",
  ServerError: "LiveDesk fails",
  TimedOut: "LiveDesk does not respond"
}
