import { NodeEmulator } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Config, ConfigProvider, Effect, Schema } from "effect"
import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseEnv } from "node:util"
// By path, since the package offers the command to shells alone.
import * as EnvFile from "../../packages/node/src/cli/EnvFile.ts"
import * as Breadth from "../Breadth.ts"
import * as Cli from "../Cli.ts"
import * as Folder from "../Folder.ts"
import * as LocalServer from "../LocalServer.ts"

const withEmulator = Effect.provide(NodeEmulator.layer())

const linesOf = (settings: Record<string, string>) =>
  Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join("")

const folderWith = (files: Record<string, string | Uint8Array>) =>
  Effect.tap(Folder.make, (folder) =>
    Effect.sync(() => {
      for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    }))

const list = ["contacts", "list"]

describe("LIVEDESK_BASE_URL of a .env", () => {
  it.live("is refused with credentials of the environment, and nothing is sent", () =>
    Effect.gen(function*() {
      let requests = 0
      const address = yield* LocalServer.make((_, response) => {
        requests++
        response.end()
      })
      const { LIVEDESK_BASE_URL: _, ...own } = yield* Cli.settings
      const folder = yield* folderWith({ ".env": linesOf({ ...own, LIVEDESK_BASE_URL: address }) })
      for (
        const environment of [own, { LIVEDESK_API_KEY: "canary-key" }, { LIVEDESK_API_SECRET: "canary-secret" }]
      ) {
        for (const command of [list, [...list, "--dry-run"], [...list, "--settings-file", ".env"]]) {
          const { code, err, out } = yield* Cli.runIn(folder, command, environment)
          assert.deepStrictEqual([code, out, err.split("\n").length], [2, "", 2], command.join(" "))
          assert.match(err, /^LIVEDESK_BASE_URL of \.env is not used with the LIVEDESK_API_\w+ of the environment: /)
        }
      }
      assert.strictEqual((yield* Cli.runIn(folder, ["doctor"], own)).code, 2)
      assert.strictEqual(requests, 0)
    }).pipe(withEmulator))

  it.live("counts with credentials of a file, and the environment's wins", () =>
    Effect.gen(function*() {
      const settings = yield* Cli.settings
      const folder = yield* folderWith({ ".env": linesOf(settings) })
      assert.strictEqual((yield* Cli.runIn(folder, list, {})).code, 0)
      const elsewhere = yield* folderWith({ ".env": "LIVEDESK_BASE_URL=http://127.0.0.1:1\n" })
      assert.strictEqual((yield* Cli.runIn(elsewhere, list, settings)).code, 0)
    }).pipe(withEmulator))
})

describe("--settings-file", () => {
  it.live("names files in place of .env, of which the last one wins", () =>
    Effect.gen(function*() {
      const settings = yield* Cli.settings
      const folder = yield* folderWith({
        ".env": "LIVEDESK_API_KEY=of-nobody\nLIVEDESK_API_SECRET=of-nobody\nLIVEDESK_BASE_URL=http://127.0.0.1:1\n",
        "a.env": linesOf({ ...settings, LIVEDESK_API_SECRET: "wrong" }),
        "b.env": linesOf({ LIVEDESK_API_SECRET: settings.LIVEDESK_API_SECRET })
      })
      const run = (...args: ReadonlyArray<string>) =>
        Effect.map(Cli.runIn(folder, [...list, ...args], {}), ({ code, err }) => [code, err.split(/[.:]/)[0]])
      assert.deepStrictEqual(yield* run("--settings-file", "a.env", "--settings-file", "b.env"), [0, ""])
      assert.deepStrictEqual((yield* run("--settings-file", "b.env", "--settings-file=a.env"))[0], 3)
      assert.deepStrictEqual(yield* run("--settings-file", "c\u001B.env"), [2, "there is no file c "])
      assert.deepStrictEqual(yield* run("--settings-file", "a.env", "--no-settings-file"), [
        2,
        "--settings-file and --no-settings-file"
      ])
      assert.deepStrictEqual(yield* run("--no-settings-file"), [2, "LIVEDESK_API_KEY is missing"])
    }).pipe(withEmulator))

  it.live("of UTF-16, as PowerShell writes it, is read", () =>
    Effect.gen(function*() {
      const text = linesOf(yield* Cli.settings)
      const little = Buffer.from(`\uFEFF${text}`, "utf16le")
      const folder = yield* folderWith({ ".env": little, "big.env": Buffer.from(little).swap16() })
      assert.strictEqual((yield* Cli.runIn(folder, list, {})).code, 0)
      assert.strictEqual((yield* Cli.runIn(folder, [...list, "--settings-file", "big.env"], {})).code, 0)
      writeFileSync(join(folder, ".env"), little.subarray(2))
      const { code, err } = yield* Cli.runIn(folder, list, {})
      assert.deepStrictEqual([code, err], [2, ".env is no text: save it with the encoding UTF-8\n"])
    }).pipe(withEmulator))
})

describe("the emulator given --settings-file", () => {
  it.live("writes its settings beside what is there, and a command uses them", () =>
    Effect.gen(function*() {
      const folder = yield* folderWith({
        "mine.env": "# mine\r\nexport LIVEDESK_INBOX_ID = 5 # five\r\nOTHER='a\r\nb'"
      })
      symlinkSync("mine.env", join(folder, ".env"))
      const emulator = Cli.server(yield* Cli.spawn(folder, ["emulator", "--settings-file", ".env"], {}))
      assert.strictEqual(yield* emulator.errorLine, "its settings are in .env")
      const text = readFileSync(join(folder, "mine.env"), "utf8")
      assert.match(
        text,
        /^# mine\r\nexport LIVEDESK_INBOX_ID =407 # five\r\nOTHER='a\r\nb'\r\nLIVEDESK_BASE_URL=http:\/\/127\.0\.0\.1:\d+\r\nLIVEDESK_API_KEY=emulator-key\r\nLIVEDESK_API_SECRET=emulator-secret\r\n$/
      )
      assert.isTrue(lstatSync(join(folder, ".env")).isSymbolicLink())
      assert.deepStrictEqual(readdirSync(folder).sort(), [".env", "mine.env"])
      assert.deepStrictEqual(yield* Cli.runIn(folder, [...list, "--json"], {}).pipe(Effect.map(({ code }) => code)), 0)
      assert.strictEqual(yield* emulator.interrupt, 130)
    }))

  it.live("makes a file that only its user reads", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const emulator = Cli.server(yield* Cli.spawn(folder, ["emulator", "--settings-file", "new.env"], {}))
      yield* emulator.errorLine
      assert.strictEqual(statSync(join(folder, "new.env")).mode & 0o777, 0o600)
      assert.strictEqual((yield* Cli.runIn(folder, [...list, "--settings-file", "new.env"], {})).code, 0)
      yield* emulator.interrupt
    }))

  it.live("leaves a file with other credentials as it was", () =>
    Effect.gen(function*() {
      const real = "LIVEDESK_API_KEY=real-key\nLIVEDESK_API_SECRET=\"real-canary\"\n"
      const folder = yield* folderWith({ ".env": real })
      const { code, err, out } = yield* Cli.runIn(folder, ["emulator", "--settings-file", ".env"], {})
      assert.deepStrictEqual([code, out], [2, ""])
      assert.strictEqual(
        err,
        ".env has a LIVEDESK_API_KEY of yours, which would be lost: name another file, such as emulator.env\n"
      )
      assert.strictEqual(readFileSync(join(folder, ".env"), "utf8"), real)
      const { code: unwritable } = yield* Cli.runIn(folder, ["emulator", "--settings-file", "nowhere/.env"], {})
      assert.deepStrictEqual([unwritable, readdirSync(folder)], [1, [".env"]])
    }))
})

describe("settings merged into a file", () => {
  const oneOf = (...texts: ReadonlyArray<string>) => Arbitrary.schema(Schema.Literals(texts))
  const setting = Arbitrary.all([
    oneOf("", "export ", "  "),
    oneOf("A", "B", "LIVEDESK_API_KEY", "LIVEDESK_INBOX_ID"),
    oneOf("=", " = "),
    oneOf("", "1", "'a b'", "\"x # y\"", "\"two\nlines\"", "plain", "`q`")
  ])
  const other = oneOf("", "# a comment", "# LIVEDESK_API_KEY=1", "no setting")
  const lines = Arbitrary.array(
    Arbitrary.map(Arbitrary.all([setting, other]), ([parts, other]) => [parts.join(""), other])
  )
  const settings = { LIVEDESK_API_KEY: "emulator-key", LIVEDESK_BASE_URL: "http://127.0.0.1:8407" }

  const read = (text: string) =>
    Config.all({
      A: optional("A"),
      B: optional("B"),
      LIVEDESK_API_KEY: optional("LIVEDESK_API_KEY"),
      LIVEDESK_BASE_URL: optional("LIVEDESK_BASE_URL"),
      LIVEDESK_INBOX_ID: optional("LIVEDESK_INBOX_ID")
    }).parse(ConfigProvider.fromDotEnvContents(text, { preserveEmptyStrings: true }))
  const optional = (name: string) => Config.String(name).pipe(Config.withDefault(undefined))

  it.effect.prop("leave all that was there", { lines }, ({ lines }) =>
    Effect.gen(function*() {
      const text = lines.flat().join("\n")
      const merged = EnvFile.merge(text, settings)
      assert.deepStrictEqual<unknown>(yield* read(merged), { ...(yield* read(text)), ...settings })
      for (const comment of lines.flat().filter((line) => line.startsWith("#"))) assert.include(merged, comment)
      assert.strictEqual(EnvFile.merge(merged, settings), merged)
    }), Breadth.runs(500))

  it.effect("are read by Node.js, too", () =>
    Effect.sync(() => {
      const { A, LIVEDESK_API_KEY } = parseEnv(EnvFile.merge("A=1\nexport LIVEDESK_API_KEY='old' # mine\n", settings))
      assert.deepStrictEqual([A, LIVEDESK_API_KEY], ["1", "emulator-key"])
    }))
})
