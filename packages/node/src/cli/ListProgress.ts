/**
 * Shows people how far a long list has come.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"

const interval = 2000

const nothing: (contacts: number) => Effect.Effect<void> = () => Effect.void

/**
 * Makes what prints a number of contacts on standard error, every two seconds at most. It prints nothing if standard
 * error is no terminal.
 *
 * @category printing
 * @since 0.1.0
 */
export const make = Effect.gen(function*() {
  const { stderrIsTerminal } = yield* Stdio.Stdio
  if (!(yield* stderrIsTerminal)) return nothing
  let next = (yield* Clock.currentTimeMillis) + interval
  return (contacts: number) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (now < next) return Effect.void
      next = now + interval
      return Console.error(`${contacts} contacts so far`)
    })
})
