/**
 * How far a call has come, for whoever interrupts it.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"

/** Holds the call that an effect makes, once it has begun. */
export interface CallProgress {
  call: { readonly isUnsent: boolean } | undefined
}

/** The progress of an effect's call. */
export const CallProgress = Context.Reference<CallProgress | undefined>("@effect-livedesk/core/CallProgress", {
  defaultValue: () => undefined
})

/**
 * Makes a call, and waits for its response although it is interrupted, no longer than the call's timeout. Only while
 * nothing of it is sent does an interruption end it: that returns `None`.
 */
export const finishSent = <A, E, R>(
  call: Effect.Effect<A, E, R>
): Effect.Effect<Option.Option<Exit.Exit<A, E>>, never, R> =>
  Effect.suspend(() => {
    const progress: CallProgress = { call: undefined }
    const isUnsent = () => progress.call?.isUnsent === true
    return Effect.uninterruptible(Effect.flatMap(
      Effect.forkChild(Effect.interruptible(Effect.provideService(call, CallProgress, progress))),
      (fiber) =>
        Effect.interruptible(Fiber.await(fiber)).pipe(
          Effect.catchCause(() => {
            if (isUnsent()) fiber.interruptUnsafe()
            return Fiber.await(fiber)
          }),
          Effect.map((exit) =>
            // Its request may have left before the interruption reached it.
            Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) && isUnsent()
              ? Option.none()
              : Option.some(exit)
          )
        )
    ))
  })
