import { Effect, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { type Readable } from "node:stream"

/** A program of the tests, in a process of its own. */
export interface Child {
  readonly process: ChildProcess
  /** The next line of its output that begins like this; none when it ends before. */
  readonly line: (start: string) => Effect.Effect<string | undefined>
  /** Waits for its end: the exit code, or none for a signal. */
  readonly ended: Effect.Effect<number | null>
  /** Ends it as a crash does: nothing of it runs any more. */
  readonly kill: Effect.Effect<void>
}

/** Reads the next line that begins like this; none when the stream ends before. */
export const lines = (stream: Readable): Child["line"] => {
  const lines = createInterface({ input: stream })[Symbol.asyncIterator]()
  return (start) =>
    Effect.promise(async () => {
      for (;;) {
        const next = await lines.next()
        if (next.done === true) return undefined
        if (next.value.startsWith(start)) return next.value
      }
    })
}

/** Starts a program with this environment; it is killed at the end of the scope, if it still runs. */
export const start = (
  program: URL,
  env: { readonly [name: string]: string }
): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync((): Child => {
      const child = spawn(process.execPath, [program.pathname], {
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "inherit"]
      })
      const exited = once(child, "close").then(() => child.exitCode)
      return {
        process: child,
        line: lines(child.stdout),
        ended: Effect.promise(() => exited),
        kill: Effect.promise(() => {
          child.kill("SIGKILL")
          return exited.then(() => undefined)
        })
      }
    }),
    ({ kill }) => kill
  )
