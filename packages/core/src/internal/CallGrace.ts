/**
 * The grace period of an interrupted call: a request that was sent comes to its end, and no other is sent.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"

/** What an effect shares with the calls that it makes. */
export interface CallGrace {
  /** Whether an interruption came. */
  isEnding: boolean
  /** The calls that have begun. */
  readonly calls: Array<{ readonly isUnsent: boolean }>
}

/** The grace period of an effect's calls, if they have one. */
export const CallGrace = Context.Reference<CallGrace | undefined>("@effect-livedesk/core/CallGrace", {
  defaultValue: () => undefined
})

/** Makes a call, and returns its end. Returns `None` if an interruption came and nothing was sent. */
export interface MakeCall {
  <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<Option.Option<Exit.Exit<A, E>>, never, R>
}

/** Runs `work`, which has `limit` to come to its end when it is interrupted. It makes one call, by what it is given. */
export const run = <A, E, R>(
  limit: Duration.Duration,
  work: (makeCall: MakeCall) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const grace: CallGrace = { isEnding: false, calls: [] }
    let interruptCall = () => {}
    const isUnsent = () => grace.calls.length > 0 && grace.calls.every((call) => call.isUnsent)
    const end = Effect.sync(() => {
      grace.isEnding = true
      if (isUnsent()) interruptCall()
    })
    const makeCall: MakeCall = (call) =>
      Effect.suspend(() => {
        if (grace.isEnding) return Effect.succeedNone
        return Effect.flatMap(
          Effect.forkChild(Effect.provideService(call, CallGrace, grace), { startImmediately: true }),
          (fiber) => {
            interruptCall = () => fiber.interruptUnsafe()
            return Effect.map(Fiber.await(fiber), (exit) =>
              // Its request may have left before the interruption reached it.
              grace.isEnding && Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) && isUnsent()
                ? Option.none()
                : Option.some(exit))
          }
        )
      })
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.forkChild(work(makeCall)), (fiber) =>
        Effect.onInterrupt(restore(Fiber.join(fiber)), () =>
          end.pipe(
            Effect.andThen(Effect.timeoutOption(Fiber.await(fiber), limit)),
            Effect.andThen(Fiber.interrupt(fiber))
          )))
    )
  })
