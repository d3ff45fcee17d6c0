import { ImportJournal, ImportMapping } from "@effect-livedesk/core/imports"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import * as NodeImport from "@effect-livedesk/node/NodeImport"
import { assert, it } from "@effect/vitest"
import { Effect, HashMap, Option, Random, Stream } from "effect"
import { Csv } from "effect/encoding"
import { existsSync } from "node:fs"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Breadth from "../Breadth.ts"
import * as Child from "../Child.ts"
import * as EmulatorSettings from "../EmulatorSettings.ts"
import * as Folder from "../Folder.ts"

const program = new URL("import.ts", import.meta.url)

/** So many customers, of whom every third is written to, and now and then a row that is none. */
const fileOf = (count: number): string =>
  [
    "email,name,message",
    ...Array.from({ length: count }, (_, index) => [
      `c${index}@acme.inc,"Customer ${index}, Inc.",${index % 3 === 0 ? "Hello." : ""}`,
      ...(index % 100 === 7 ? [`,Nobody,`] : [])
    ]).flat()
  ].join("\r\n")

const mapping = ImportMapping.forColumns({ columns: { message: "message" } })

const table = (path: string) =>
  Stream.fromEffect(Effect.promise(() => readFile(path))).pipe(
    Stream.pipeThroughChannel(Csv.decode({ headers: true })),
    Stream.runCollect
  )

it.live("an import that is killed again and again does each row once", () =>
  Effect.gen(function*() {
    const kills = Breadth.size("import: kills of the process")
    const count = Breadth.isFull ? 2000 : 50
    const file = join(yield* Folder.make, "customers.csv")
    yield* Effect.promise(() => writeFile(file, fileOf(count)))
    const files = NodeImport.reportsOf({ file })
    const emulator = yield* Emulator.Emulator
    const start = Child.start(program, {
      IMPORT_FILE: file,
      ...(yield* EmulatorSettings.make)
    })
    /** The last life, which nothing ends early. */
    const finish = Effect.tap(NodeImport.run({ file, inboxId: 407, mapping, reconcileAfter: "50 millis" }), () =>
      consistent)
    const held = Effect.map(emulator.state, (state) => ({
      contacts: [...HashMap.values(state.contacts)],
      conversations: [...HashMap.values(state.conversations)],
      messages: [...HashMap.values(state.messages)]
    }))
    /** What the reports say now is true, and no row is in two of them. */
    const consistent = Effect.gen(function*() {
      if (!existsSync(files.unknowns)) {
        return
      }
      const { contacts } = yield* held
      const ids = new Map(contacts.map(({ email, id }) => [`email:${Option.getOrThrow(email)}`, String(id)]))
      const successes = yield* table(files.successes)
      for (const { contact_id, key = "" } of successes) {
        assert.strictEqual(contact_id, ids.get(key))
      }
      const keys = [...successes, ...yield* table(files.unknowns)].map(({ key }) =>
        key
      )
      assert.strictEqual(new Set(keys).size, keys.length)
    })

    // A contact each, and for a third of them a conversation and a message: some are left at the end.
    const mostChanges = Math.floor(count * 5 / 3 / Math.max(4, kills) * 1.9)
    let killed = 0
    for (const _ of Breadth.cases("import: kills of the process")) {
      yield* Effect.scoped(Effect.gen(function*() {
        const child = yield* start
        yield* child.line("began")
        // Now and then before anything was sent, else after so many changes at LiveDesk, and a moment.
        const changes = yield* Random.nextIntBetween(-mostChanges / 5, mostChanges)
        yield* changes <= 0
          ? Effect.sleep(yield* Random.nextBetween(0, 100))
          : Effect.andThen(
            // One that ends by itself makes no more changes.
            Effect.raceFirst(Stream.runDrain(Stream.take(emulator.changes, changes)), child.ended).pipe(
              Effect.timeout("1 minute")
            ),
            Effect.sleep(yield* Random.nextBetween(0, 3))
          )
        yield* child.kill
        killed++
        assert.strictEqual(child.process.signalCode, "SIGKILL", "it ended before it was killed")
      }))
      yield* consistent
    }
    let counts = yield* finish

    // LiveDesk's API does not show this of conversations and messages: a person looks, as the report asks.
    const resolved = yield* Effect.gen(function*() {
      const journal = yield* ImportJournal.ImportJournal
      const unknown = yield* Stream.runCollect(journal.entries("sent"))
      const { conversations, messages } = yield* held
      for (const { contactId, conversationId, key, step } of unknown) {
        const conversation = conversations.find(({ contactId: id }) => id === Option.getOrUndefined(contactId))
        const message = messages.find(({ conversationId: id }) => id === Option.getOrUndefined(conversationId))
        const done = step === "conversation" ? conversation : message
        yield* journal.resolve(
          key,
          done === undefined
            ? { _tag: "NotProcessed" }
            : { _tag: "Processed", [step === "conversation" ? "conversationId" : "messageId"]: done.id }
        )
      }
      return unknown.length
    }).pipe(Effect.provide(NodeImport.journalLayer(`${file}.journal`)))
    assert.strictEqual(resolved, counts.unknown)
    if (resolved > 0) counts = yield* finish

    const { contacts, conversations, messages } = yield* held
    const wanted = Math.ceil(count / 3)
    assert.strictEqual(contacts.length, count)
    assert.strictEqual(new Set(contacts.map(({ email }) => Option.getOrThrow(email))).size, count)
    assert.deepStrictEqual([conversations.length, messages.length], [wanted, wanted])
    assert.strictEqual(new Set(conversations.map(({ contactId }) => contactId)).size, wanted)
    assert.strictEqual(new Set(messages.map(({ conversationId }) => conversationId)).size, wanted)
    assert.lengthOf(yield* table(files.successes), count)
    assert.lengthOf(yield* table(files.rejects), Math.ceil((count - 7) / 100))
    assert.lengthOf(yield* table(files.unknowns), 0)

    // Once more, it does nothing.
    const before = yield* held
    assert.strictEqual((yield* finish).alreadyDone, count)
    assert.deepStrictEqual(yield* held, before)
    return { killed, resolved }
  }).pipe(
    Effect.tap(({ killed, resolved }) => Effect.logDebug(`killed ${killed} times, ${resolved} rows resolved by hand`)),
    Effect.scoped,
    Effect.provide(NodeEmulator.layerLiveDesk())
  ), Breadth.timeout("import: kills of the process"))
