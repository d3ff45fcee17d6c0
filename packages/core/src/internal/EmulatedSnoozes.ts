/**
 * The end of snoozes in the emulator.
 *
 * Chatwoot 4.3 looks every five minutes for snoozes that have ended (reopen_snoozed_conversations_job.rb, unverified).
 * The emulator opens a conversation the moment its snooze ends.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as EmulatorState from "../testing/EmulatorState.ts"

/** The conversations whose snooze has ended, in the order of the ends. */
export const due = ({ snoozes }: EmulatorState.EmulatorState, now: DateTime.Utc): ReadonlyArray<number> =>
  HashMap.isEmpty(snoozes)
    ? []
    : HashMap.toEntries(snoozes)
      .filter(([, end]) => DateTime.isLessThanOrEqualTo(end, now))
      .sort(([a, endOfA], [b, endOfB]) => DateTime.Order(endOfA, endOfB) || a - b)
      .map(([id]) => id)

/** Opens the conversations that are due. */
export const wake = (
  state: EmulatorState.EmulatorState,
  due: ReadonlyArray<number>,
  now: DateTime.Utc
): EmulatorState.EmulatorState =>
  due.reduce(
    (state, id) =>
      Option.match(EmulatorState.findConversation(state, id, now), {
        onNone: () => state,
        onSome: (conversation) => EmulatorState.putConversation(state, conversation)
      }),
    state
  )

/**
 * Runs `wakeDue` whenever a snooze ends, until its scope closes. The caller offers each change of the snoozes to
 * `changed`. Snoozes of a state that was loaded end a second after the start at the earliest, so that a sender of
 * webhooks has subscribed by then.
 */
export const watch = <R>({ changed, now, state, wakeDue }: {
  readonly changed: Queue.Dequeue<void>
  readonly now: Effect.Effect<DateTime.Utc>
  readonly state: Effect.Effect<EmulatorState.EmulatorState>
  readonly wakeDue: Effect.Effect<void, never, R>
}) => {
  const untilNext = Effect.flatMap(Effect.all([state, now]), ([{ snoozes }, now]) => {
    const ends = HashMap.toValues(snoozes)
    return ends.length === 0
      ? Effect.never
      : Effect.sleep(Duration.max(Duration.zero, DateTime.distance(now, ends.reduce(DateTime.min))))
  })
  return Effect.flatMap(state, ({ snoozes }) => HashMap.isEmpty(snoozes) ? Effect.void : Effect.sleep("1 second")).pipe(
    Effect.andThen(Effect.forever(
      Effect.andThen(
        Effect.raceFirst(Queue.take(changed), untilNext),
        Effect.flatMap(Effect.all([state, now]), ([state, now]) => due(state, now).length === 0 ? Effect.void : wakeDue)
      )
    )),
    Effect.forkScoped
  )
}
