/**
 * The command as a process: its streams, signals and exit code.
 *
 * @since 0.1.0
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import * as LiveDeskCommand from "./LiveDeskCommand.ts"

/**
 * Runs the command with these arguments, and ends the process with its exit code.
 *
 * @category running
 * @since 0.1.0
 */
export const run = (args: ReadonlyArray<string>, version: string): void => {
  // An import continues when the reader of its progress is gone.
  process.stderr.on("error", () => {})

  // What ends the command besides Ctrl-C, with its exit code. A closed terminal may send SIGHUP more than once.
  const codes = { SIGTERM: 143, SIGHUP: 129, SIGBREAK: 149 } as const
  let endedBy: keyof typeof codes | undefined
  for (const signal of ["SIGTERM", "SIGHUP", "SIGBREAK"] as const) {
    process.on(signal, () => {
      if (endedBy !== undefined) return
      endedBy = signal
      // `runMain` knows this one.
      if (signal !== "SIGTERM") process.emit("SIGTERM", "SIGTERM")
    })
  }

  LiveDeskCommand.main(args, version).pipe(
    // Exiting at once would cut off output that Node.js is still writing.
    Effect.flatMap((code) =>
      Effect.sync(() => {
        process.exitCode = code
      })
    ),
    NodeRuntime.runMain({
      disableErrorReporting: true,
      teardown: (exit, onExit) =>
        Runtime.defaultTeardown(exit, (code) => onExit(code === 130 && endedBy !== undefined ? codes[endedBy] : code))
    })
  )
}
