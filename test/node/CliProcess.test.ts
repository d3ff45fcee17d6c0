import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import packageJson from "@effect-livedesk/node/package.json" with { type: "json" }
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Stream } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import * as Cli from "../Cli.ts"
import * as Folder from "../Folder.ts"

// The other tests of the command line start processes in `test:full` alone.

const withEmulator = Effect.provide(NodeEmulator.layer())

/** A folder with a file to import. */
const folderWithRows = (count: number) =>
  Effect.tap(Folder.make, (folder) =>
    Effect.sync(() => {
      const rows = Array.from({ length: count }, (_, row) => `C-${row}\n`)
      writeFileSync(join(folder, "c.csv"), `identifier\n${rows.join("")}`)
    }))

describe("a process of the command", () => {
  it.live("given --version, prints the version of its package and exits with 0", () =>
    Effect.gen(function*() {
      const ran = yield* Cli.result(yield* Cli.spawn(yield* Folder.make, ["--version"], {}))
      assert.deepStrictEqual(ran, { code: 0, out: `livedesk v${packageJson.version}\n`, err: "" })
    }))

  it.live("of a Node.js that is too old says so, and exits with 2", () =>
    Effect.gen(function*() {
      const older = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})"
      const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(older)}`
      const ran = yield* Cli.result(yield* Cli.spawn(yield* Folder.make, ["contacts", "list"], { NODE_OPTIONS }))
      assert.deepStrictEqual(ran, {
        code: 2,
        out: "",
        err: "livedesk needs Node.js 22.19 or newer; this is 20.20.2\n"
      })
    }))

  it.live("given no settings, prints the error on standard error and exits with 2", () =>
    Effect.gen(function*() {
      const ran = yield* Cli.result(yield* Cli.spawn(yield* Folder.make, ["contacts", "list", "--json"], {}))
      assert.deepStrictEqual([ran.code, ran.out], [2, ""])
      assert.match(ran.err, /^\{"_tag":"ConfigError",.*\}\n$/)
    }))

  it.live("serves as an emulator until Ctrl-C, and exits with 130", () =>
    Effect.gen(function*() {
      const emulator = Cli.server(yield* Cli.spawn(yield* Folder.make, ["emulator"], {}))
      const lines = yield* Effect.replicateEffect(emulator.line, 4)
      const settings = Object.fromEntries(lines.map((line) => line.split("=")))
      const listed = yield* Cli.runIn(yield* Folder.make, ["contacts", "list"], settings)
      assert.deepStrictEqual(listed, { code: 0, out: "none\n", err: "" })
      assert.strictEqual(yield* emulator.interrupt, 130)
    }))

  const ends = [
    ["SIGTERM", 143, ({ terminate }: Cli.ProcessRun) => terminate],
    // The terminal sends it, and then the shell.
    [
      "SIGHUP",
      129,
      ({ hangUp }: Cli.ProcessRun) => Effect.andThen(hangUp, Effect.andThen(Effect.sleep("5 millis"), hangUp))
    ]
  ] as const
  for (const [signal, code, end] of ends) {
    it.live(`that gets ${signal} in an import, finishes what is in flight and exits with ${code}`, () =>
      Effect.gen(function*() {
        const folder = yield* folderWithRows(100)
        const settings = yield* Cli.settings
        const args = ["import", "c.csv", "--lookup", "on-conflict"]
        const emulator = yield* Emulator.Emulator
        const ended = yield* Cli.spawn(folder, args, settings)
        yield* Stream.runDrain(Stream.takeUntil(emulator.changes, ({ contacts }) => HashMap.size(contacts) > 0))
        yield* end(ended)
        assert.strictEqual((yield* Cli.result(ended)).code, code)
        assert.include(readdirSync(folder), "c.csv.successes.csv")
        const before = HashMap.size((yield* emulator.state).contacts)
        assert.isBelow(before, 100)
        const rest = yield* Cli.runIn(folder, [...args, "--json"], settings)
        const { alreadyDone, done, unknown } = Object(Cli.document(rest))
        assert.deepStrictEqual([rest.code, alreadyDone, done, unknown], [0, before, 100 - before, 0])
      }).pipe(withEmulator))
  }
})

describe("an import that gets SIGTERM before its first row", () => {
  it.live("says how to go on", () =>
    Effect.gen(function*() {
      const folder = yield* folderWithRows(100)
      const run = yield* Cli.spawn(folder, ["import", "c.csv"], yield* Cli.settings)
      yield* Effect.promise(() => once(run.stderr, "readable"))
      yield* run.terminate
      const { code, err } = yield* Cli.result(run)
      assert.strictEqual(code, 143)
      assert.match(
        err,
        /^(?:interrupted before any row: nothing was sent\. To begin again|to go on): livedesk import c\.csv$/m
      )
    }).pipe(Effect.scoped, withEmulator))
})

describe("a process whose output cannot be written", () => {
  const shell = (folder: string, line: string, settings: Record<string, string>) =>
    Effect.promise(async () => {
      const child = spawn("/bin/bash", ["-c", line, process.execPath, fileURLToPath(Cli.program)], {
        cwd: folder,
        env: Cli.environment(settings),
        // Bash takes a pipe for the network, and reads files of the user's.
        stdio: ["ignore", "ignore", "pipe"]
      })
      const [err] = await Promise.all([text(child.stderr), once(child, "close")])
      return { code: child.exitCode, err }
    })

  it.live("when its reader has closed, finishes its work and exits with 0", () =>
    Effect.gen(function*() {
      const folder = yield* folderWithRows(1)
      const settings = yield* Cli.settings
      const { code } = yield* shell(folder, "\"$0\" \"$1\" import c.csv > >(true) 2> >(true)", settings)
      assert.strictEqual(code, 0)
      assert.include(readdirSync(folder), "c.csv.successes.csv")
    }).pipe(withEmulator))

  it.live("when there is no room for it, says so and exits with 1", () =>
    Effect.gen(function*() {
      const { code, err } = yield* shell(yield* Folder.make, "\"$0\" \"$1\" --help > /dev/full", {})
      assert.strictEqual(code, 1)
      assert.match(err, /^the output cannot be written: ENOSPC/)
    }))
})
