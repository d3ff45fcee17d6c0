// By module: in each process the barrels would take as long to load as everything else.
import * as ImportMapping from "@effect-livedesk/core/imports/ImportMapping"
import * as NodeImport from "@effect-livedesk/node/NodeImport"
import * as NodeLiveDesk from "@effect-livedesk/node/NodeLiveDesk"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"

/** The program that is killed: imports the file that the environment names, as a program of a user's would. */
const program = Effect.gen(function*() {
  const file = yield* Config.String("IMPORT_FILE")
  const inboxId = yield* NodeLiveDesk.inboxId
  process.stdout.write("began\n")
  const { elapsed: _elapsed, perSecond: _perSecond, timeLeft: _timeLeft, ...counts } = yield* NodeImport.run({
    file,
    inboxId,
    // Of a file without such a column there is nothing to send.
    mapping: ImportMapping.forColumns(
      readFileSync(file, "utf8").startsWith("email\n") ? {} : {
        columns: { message: "message" }
      }
    ),
    reconcileAfter: "50 millis"
  })
  process.stdout.write(`${JSON.stringify(counts)}\n`)
})

NodeRuntime.runMain(
  Effect.provide(program, NodeLiveDesk.layerConfig()).pipe(
    // What it logs is not shown.
    Effect.tapCause((cause) => Effect.sync(() => process.stderr.write(`${Cause.pretty(cause)}\n`)))
  )
)
