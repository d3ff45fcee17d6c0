#!/usr/bin/env node
/**
 * The command `livedesk`.
 *
 * @since 0.1.0
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"
import * as LiveDeskCommand from "./cli/LiveDeskCommand.ts"

const { version } = Schema.decodeSync(Schema.fromJsonString(Schema.Struct({ version: Schema.String })))(
  readFileSync(new URL("../package.json", import.meta.url), "utf8")
)

LiveDeskCommand.main(process.argv.slice(2), version).pipe(
  // Leaves Node.js the time to write to the end what it prints, where exiting at once would cut it off.
  Effect.flatMap((code) =>
    Effect.sync(() => {
      process.exitCode = code
    })
  ),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
