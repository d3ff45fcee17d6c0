/**
 * A file of two rows, one of them bad, into an emulator on a port, with the journal and the reports beside it. Over `fetch`,
 * to show the journal's SQLite where undici is not to be had.
 */
import * as FetchTransport from "@effect-livedesk/core/FetchTransport"
import { ImportMapping } from "@effect-livedesk/core/imports"
import * as LiveDesk from "@effect-livedesk/core/LiveDesk"
import * as LiveDeskClient from "@effect-livedesk/core/LiveDeskClient"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import * as NodeImport from "@effect-livedesk/node/NodeImport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const live = LiveDesk.layer.pipe(
  Layer.provideMerge(Layer.unwrap(Effect.gen(function*() {
    const { baseUrl } = yield* NodeEmulator.NodeEmulator
    const { credentials } = yield* Emulator.Emulator
    return LiveDeskClient.layerTransport({ ...credentials, baseUrl })
  }))),
  Layer.provide([FetchTransport.layer, NodeEmulator.layer()])
)

const folder = mkdtempSync(join(tmpdir(), "import-"))
try {
  const file = join(folder, "customers.csv")
  writeFileSync(file, "Customer no,Full name\nC-1,Alice\n,Nobody\n")
  const mapping = ImportMapping.make(
    Schema.Struct({ "Customer no": Schema.NonEmptyString, "Full name": Schema.String }),
    (row) => ({ contact: { identifier: row["Customer no"], name: row["Full name"] } })
  )
  await Effect.runPromise(Effect.provide(
    NodeImport.run({ file, inboxId: 407, mapping }),
    live
  ))
  const rowsOf = (report: string) => readFileSync(report, "utf8").trim().split("\n").length - 1
  const { rejects, successes } = NodeImport.reportsOf({ file })
  console.log(`${rowsOf(successes)} imported, ${rowsOf(rejects)} rejected`)
} finally {
  rmSync(folder, { recursive: true })
}
