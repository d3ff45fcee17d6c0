/**
 * One run of an import: what its steps share.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Contacts from "../Contacts.ts"
import * as Conversations from "../Conversations.ts"
import * as ImportJournal from "../imports/ImportJournal.ts"
import type * as ImportMapping from "../imports/ImportMapping.ts"
import type * as ImportProgress from "../imports/ImportProgress.ts"
import type * as LiveDeskClient from "../LiveDeskClient.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import type * as LiveDeskSchema from "../LiveDeskSchema.ts"
import * as Messages from "../Messages.ts"
import * as ImportWait from "./ImportWait.ts"
import * as Instrumentation from "./Instrumentation.ts"

/** The options of a run that its steps read, with their defaults. */
export interface Settings {
  readonly inboxId: LiveDeskSchema.Id<LiveDeskSchema.InboxId>
  readonly mapping: ImportMapping.ImportMapping
  readonly key: (input: ImportMapping.ImportInput) => string
  readonly lookup: "first" | "onConflict"
  readonly updateExisting: boolean
  readonly retryFor: Duration.Duration
  readonly call: LiveDeskClient.CallOptions | undefined
  /** Whether the API key is another than before, so that contacts in the journal may be another account's. */
  readonly isOtherKey: boolean
}

/** What the steps of a run read and change. */
export interface ImportRun extends Settings {
  readonly journal: ImportJournal.ImportJournal["Service"]
  readonly contacts: Contacts.Contacts["Service"]
  readonly conversations: Conversations.Conversations["Service"]
  readonly messages: Messages.Messages["Service"]
  readonly counts: { -readonly [Key in keyof ImportProgress.Counts]: number }
  /** Done when no more rows are to be worked on: fails where no other row would fare better. */
  readonly stopped: Deferred.Deferred<void, LiveDeskError.LiveDeskError | ImportJournal.ImportJournalError>
  readonly inFlight: ImportWait.ImportWaits
  /** The account that the journal last noted. */
  accountId: number | undefined
  /** When the outcome of a call last stayed unknown, in milliseconds. */
  latestUnknown: number
}

/** Begins a run. */
export const make = Effect.fnUntraced(function*(settings: Settings) {
  const run: ImportRun = {
    ...settings,
    journal: yield* ImportJournal.ImportJournal,
    contacts: yield* Contacts.Contacts,
    conversations: yield* Conversations.Conversations,
    messages: yield* Messages.Messages,
    counts: {
      read: 0,
      alreadyDone: 0,
      done: 0,
      created: 0,
      existing: 0,
      foundAgain: 0,
      changed: 0,
      updated: 0,
      conversations: 0,
      messages: 0,
      rejected: 0,
      unknown: 0,
      notInFile: 0
    },
    stopped: yield* Deferred.make<void, LiveDeskError.LiveDeskError | ImportJournal.ImportJournalError>(),
    inFlight: ImportWait.make(),
    accountId: undefined,
    latestUnknown: 0
  }
  return run
})

/** Whether no more rows are to be worked on. */
export const isStopped = ({ stopped }: ImportRun): boolean => Deferred.isDoneUnsafe(stopped)

/** Sleeps, but no longer than until the run is stopped. */
export const sleep = ({ stopped }: ImportRun, time: Duration.Duration): Effect.Effect<void> =>
  Effect.raceFirst(Effect.sleep(time), Effect.exit(Deferred.await(stopped)))

/** Reports the rows that came to an end since the last report to the `Instrumentation`, if there is one. */
export const rowReporter = ({ counts }: ImportRun) => {
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
