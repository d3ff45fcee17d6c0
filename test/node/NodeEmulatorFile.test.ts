import { Contacts } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator, NodeLiveDesk } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Logger } from "effect"
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "effect-livedesk-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true }))
)

/** Creates a contact at an emulator of its own, and says how many that holds then. */
const visit = (file: string, wait: Effect.Effect<unknown> = Effect.void) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* NodeEmulator.NodeEmulator
    const { credentials, state } = yield* Emulator.Emulator
    yield* Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      yield* contacts.create({ inboxId: 407, name: "Ada" })
    }).pipe(Effect.provide(NodeLiveDesk.layer({ baseUrl, ...credentials })))
    yield* wait
    return HashMap.size((yield* state).contacts)
  }).pipe(Effect.provide(NodeEmulator.layer({ file })))

const failure = (file: string) => Effect.flip(visit(file))

describe("the file of an emulator", () => {
  it.live("keeps what it holds from one to the next", () =>
    Effect.gen(function*() {
      const folder = yield* temporary
      const file = join(folder, "state.json")
      assert.deepStrictEqual([yield* visit(file), yield* visit(file), yield* visit(file)], [1, 2, 3])
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(folder)), ["state.json"])
    }).pipe(Effect.scoped))

  it.live("is there soon after a change, not only at the end", () =>
    Effect.gen(function*() {
      const file = join(yield* temporary, "state.json")
      const saved = Effect.promise(() => readFile(file, "utf8")).pipe(
        Effect.tap((text) => Effect.sync(() => assert.include(text, "Ada"))),
        Effect.delay("1 second")
      )
      yield* visit(file, saved)
    }).pipe(Effect.scoped))

  it.live("is not started from where it holds something else, and is left as it is", () =>
    Effect.gen(function*() {
      const file = join(yield* temporary, "state.json")
      for (const text of ["", "{\"version\":1,", "{\"version\":1}"]) {
        yield* Effect.promise(() => writeFile(file, text))
        const error = yield* failure(file)
        assert.include(error, { _tag: "EmulatorFileError", problem: "NotAState" })
        assert.include(error.message, `${file} does not hold what an emulator saves`)
        assert.strictEqual(yield* Effect.promise(() => readFile(file, "utf8")), text)
      }
    }).pipe(Effect.scoped))

  it.live("is not started from where it cannot be read", () =>
    Effect.gen(function*() {
      const folder = join(yield* temporary, "state.json")
      yield* Effect.promise(() => mkdir(folder))
      assert.include(yield* failure(folder), { _tag: "EmulatorFileError", problem: "Unreadable" })
    }).pipe(Effect.scoped))

  it.live("may fail to be written without stopping the emulator", () =>
    Effect.gen(function*() {
      const file = join(yield* temporary, "missing", "state.json")
      const logged: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => {
        logged.push(`${logLevel} ${String(message)}`)
      })
      const held = yield* Effect.provide(visit(file, Effect.sleep("300 millis")), Logger.layer([logger]))
      assert.strictEqual(held, 1)
      assert.match(logged.join("\n"), new RegExp(`^Error ${file} cannot be written: ENOENT`))
    }).pipe(Effect.scoped))
})
