/**
 * A bulk import: 200 customers of a file into contacts, and a message to those who have one. Ended halfway, it is started
 * again, and goes on. LiveDesk is an emulator on a port.
 */
import { ImportMapping, ImportProgress } from "@effect-livedesk/core/imports"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import * as NodeImport from "@effect-livedesk/node/NodeImport"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Fiber, HashMap, Schema, Stream } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

// What the file calls its columns, and what becomes of them.
const mapping = ImportMapping.make(
  Schema.Struct({
    "Customer no": Schema.NonEmptyString,
    "E-mail": Schema.String,
    "Full name": Schema.String,
    Greet: Schema.String
  }),
  (row) => ({
    contact: { identifier: row["Customer no"], email: row["E-mail"], name: row["Full name"] },
    ...(row.Greet === "yes" ? { message: { content: `Hello ${row["Full name"]}, we have moved to LiveDesk.` } } : {})
  })
)

const program = Effect.gen(function*() {
  const file = yield* generated
  const emulator = yield* Emulator.Emulator

  // Safe to end and start again at any moment, by Ctrl-C or a crash: the journal beside the file knows what was done.
  const run = NodeImport.run({ file, inboxId: 407, mapping, onProgress: NodeImport.show })

  const first = yield* Effect.forkChild(run)
  yield* Stream.runDrain(Stream.take(emulator.changes, 50))
  yield* Fiber.interrupt(first)
  yield* Console.log("ended halfway")

  const summary = yield* run
  yield* Console.log(ImportProgress.line(summary))
  const { contacts, messages } = yield* emulator.state
  yield* Console.log(`LiveDesk has ${HashMap.size(contacts)} contacts and ${HashMap.size(messages)} messages`)
  yield* Console.log(`why a row was rejected: ${NodeImport.reportsOf({ file }).rejects}`)
})

const generated = Effect.gen(function*() {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "import-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )
  const file = join(folder, "customers.csv")
  const rows = Array.from(
    { length: 200 },
    (_, index) => `C-${index},c${index}@acme.inc,"Customer ${index}, Inc.",${index % 10 === 0 ? "yes" : "no"}`
  )
  writeFileSync(file, ["Customer no,E-mail,Full name,Greet", ...rows, ",nobody@acme.inc,Nobody,no", ""].join("\r\n"))
  return file
})

program.pipe(Effect.scoped, Effect.provide(NodeEmulator.layerLiveDesk()), NodeRuntime.runMain)
