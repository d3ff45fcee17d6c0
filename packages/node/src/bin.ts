#!/usr/bin/env node
/**
 * The command `livedesk`.
 *
 * @since 0.1.0
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"
import * as LiveDeskCommand from "./cli/LiveDeskCommand.ts"

const { version } = Schema.decodeSync(Schema.fromJsonString(Schema.Struct({ version: Schema.String })))(
  readFileSync(new URL("../package.json", import.meta.url), "utf8")
)

// Exits quietly on EPIPE. Any other failure to write, such as a full disk, is an error.
process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  if (code !== "EPIPE") {
    process.stderr.write(`the output cannot be written: ${message}\n`)
    process.exitCode = 1
  }
  process.exit()
})
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

LiveDeskCommand.main(process.argv.slice(2), version).pipe(
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
