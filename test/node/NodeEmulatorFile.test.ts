import { Contacts } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator, NodeEmulatorFile, NodeLiveDesk } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Logger, Option } from "effect"
import { existsSync } from "node:fs"
import { chmod, lstat, mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Child from "../Child.ts"
import * as Cli from "../Cli.ts"

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "effect-livedesk-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true }))
)

/** Creates a contact at an emulator of its own, and says how many that holds then. */
const visit = <E, R>(file: string, wait: Effect.Effect<unknown, E, R>) =>
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

const failure = (file: string) => Effect.flip(visit(file, Effect.void))

describe("the file of an emulator", () => {
  it.live("hands its state from one emulator to the next", () =>
    Effect.gen(function*() {
      const folder = yield* temporary
      const file = join(folder, "state.json")
      assert.deepStrictEqual([
        yield* visit(file, Effect.void),
        yield* visit(file, Effect.void),
        yield* visit(file, Effect.void)
      ], [1, 2, 3])
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(folder)), ["state.json"])
    }).pipe(Effect.scoped))

  it.live("is one emulator's at a time, in this process and in others, also by a link", () =>
    Effect.gen(function*() {
      const folder = yield* temporary
      const file = join(folder, "state.json")
      const link = join(folder, "link.json")
      yield* Effect.promise(() => symlink(file, link))
      const second = Effect.gen(function*() {
        for (const path of [file, link]) {
          const error = yield* failure(path)
          assert.deepInclude(error, { _tag: "EmulatorFileError", problem: "InUse", path })
          assert.strictEqual(
            error.message,
            `${path} is in use by another emulator: stop that one, or give another file`
          )
        }
        // An attempt in this process gives nothing back.
        const other = yield* Cli.spawn(folder, ["emulator", "--port", "0", "--file", file], {}).pipe(
          Effect.flatMap(Cli.result),
          Effect.scoped,
          Effect.timeout("20 seconds")
        )
        assert.deepStrictEqual([other.code, other.err.includes("is in use by another emulator")], [1, true])
      })
      assert.strictEqual(yield* visit(file, second), 1)
      assert.strictEqual(yield* visit(link, Effect.void), 2)
      assert.deepStrictEqual((yield* Effect.promise(() => readdir(folder))).sort(), ["link.json", "state.json"])
    }).pipe(Effect.scoped))

  it.live("is free again after its emulator was killed", () =>
    Effect.gen(function*() {
      const folder = yield* temporary
      const file = join(folder, "state.json")
      // Its scope ends with SIGKILL.
      const { ended } = yield* Cli.spawn(folder, ["emulator", "--port", "0", "--file", file], {}).pipe(
        Effect.tap(({ stdout }) => Child.lines(stdout)("")),
        Effect.tap(Effect.map(failure(file), (error) => assert.deepInclude(error, { problem: "InUse" }))),
        Effect.scoped
      )
      yield* ended
      assert.isTrue(existsSync(`${file}.lock`))
      assert.strictEqual(yield* visit(file, Effect.void), 1)
      assert.isFalse(existsSync(`${file}.lock`))
    }).pipe(Effect.scoped))

  it.live("is written soon after a change, not only at the end", () =>
    Effect.gen(function*() {
      const file = join(yield* temporary, "state.json")
      const saved = Effect.promise(() => readFile(file, "utf8").catch(() => "")).pipe(
        Effect.delay("20 millis"),
        Effect.repeat({ until: (text) => text.includes("Ada") }),
        Effect.timeoutOption("10 seconds"),
        Effect.tap((text) => Effect.sync(() => assert.isTrue(Option.isSome(text))))
      )
      yield* visit(file, saved)
    }).pipe(Effect.scoped))

  it.live("is replaced in one step: a reader continues with the old one", () =>
    Effect.gen(function*() {
      const file = join(yield* temporary, "state.json")
      yield* visit(file, Effect.void)
      const before = yield* Effect.promise(() => readFile(file, "utf8"))
      const reader = yield* Effect.acquireRelease(
        Effect.promise(() => open(file)),
        (reader) => Effect.promise(() => reader.close())
      )
      yield* visit(file, Effect.void)
      assert.strictEqual(yield* Effect.promise(() => reader.readFile("utf8")), before)
      assert.notStrictEqual(yield* Effect.promise(() => readFile(file, "utf8")), before)
    }).pipe(Effect.scoped))

  it.live("is its owner's alone when it is created, and keeps its mode when it is replaced", () =>
    Effect.gen(function*() {
      const file = join(yield* temporary, "state.json")
      const mode = Effect.promise(async () => ((await stat(file)).mode & 0o777).toString(8))
      yield* visit(file, Effect.void)
      assert.strictEqual(yield* mode, "600")
      for (const given of ["640", "666"]) {
        yield* Effect.promise(() => chmod(file, given))
        yield* visit(file, Effect.void)
        assert.strictEqual(yield* mode, given)
      }
    }).pipe(Effect.scoped))

  it.live("may be a link, whose target is replaced, or created if it is missing", () =>
    Effect.gen(function*() {
      const folder = yield* temporary
      const [link, between, target] = [
        join(folder, "link"),
        join(folder, "between"),
        join(folder, "there", "state.json")
      ]
      yield* Effect.promise(async () => {
        await mkdir(join(folder, "there"))
        await symlink("between", link)
        await symlink(join("there", "state.json"), between)
      })
      assert.deepStrictEqual([yield* visit(link, Effect.void), yield* visit(link, Effect.void)], [1, 2])
      assert.isTrue((yield* Effect.promise(() => lstat(link))).isSymbolicLink())
      assert.isTrue((yield* Effect.promise(() => lstat(between))).isSymbolicLink())
      assert.isTrue((yield* Effect.promise(() => lstat(target))).isFile())
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(folder, "there"))), ["state.json"])
    }).pipe(Effect.scoped))

  it.live("is written by several at once without one spoiling the other's", () =>
    Effect.gen(function*() {
      const folder = yield* temporary
      const file = join(folder, "state.json")
      const state = yield* Effect.flatMap(Emulator.make(), (emulator) => emulator.state)
      yield* Effect.all(Array.from({ length: 20 }, () => NodeEmulatorFile.save(file, state)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(yield* NodeEmulatorFile.load(file), Option.some(state))
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(folder)), ["state.json"])
    }).pipe(Effect.scoped))

  it.live("that holds something else starts no emulator, and is left as it is", () =>
    Effect.gen(function*() {
      const file = join(yield* temporary, "state.json")
      for (const text of ["", "{\"version\":1,", "{\"version\":1}"]) {
        yield* Effect.promise(() => writeFile(file, text))
        const error = yield* failure(file)
        assert.include(error, { _tag: "EmulatorFileError", problem: "NotAState" })
        assert.include(error.message, `${file} does not hold the state of an emulator`)
        assert.strictEqual(yield* Effect.promise(() => readFile(file, "utf8")), text)
      }
    }).pipe(Effect.scoped))

  it.live("that cannot be read starts no emulator", () =>
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
