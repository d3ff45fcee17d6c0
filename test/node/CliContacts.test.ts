import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, HashMap, Layer, Stdio } from "effect"
import { TestClock } from "effect/testing"
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
// By path, since the package offers the command to shells alone.
import * as ListProgress from "../../packages/node/src/cli/ListProgress.ts"
import * as Cli from "../Cli.ts"
import * as Folder from "../Folder.ts"
import * as LocalServer from "../LocalServer.ts"

const withEmulator = Effect.provide(NodeEmulator.layer())

const contact = (id: number) => ({
  id,
  name: id === 1 ? "=1+1" : id === 2 ? "a\u001B[2Jb" : `Contact ${id}`,
  phone_number: `+4917${id}`,
  custom_attributes: { plan: id === 3 ? "=x" : "pro" }
})

/** A server with 40 contacts on pages of 15, which takes no more than some requests. */
const server = (limit = Infinity) =>
  Effect.gen(function*() {
    const state = { limit, paths: Array<string>(), meanwhile: () => {} }
    const address = yield* LocalServer.make(({ url = "" }, response) => {
      const page = Number(new URL(url, "http://127.0.0.1").searchParams.get("page") ?? 1)
      const isOver = state.paths.length >= state.limit
      state.paths.push(url)
      state.meanwhile()
      response.writeHead(isOver ? 403 : 200, { "content-type": "application/json" })
      const payload = Array.from({ length: 40 }, (_, index) => contact(index + 1)).slice(15 * (page - 1), 15 * page)
      response.end(JSON.stringify(isOver ? {} : { meta: { count: 40, current_page: page }, payload }))
    })
    const settings = { LIVEDESK_API_KEY: "key", LIVEDESK_API_SECRET: "secret", LIVEDESK_BASE_URL: address }
    return { settings, state }
  })

describe("a list of contacts", () => {
  it.live("ends with where it stands, if there is more", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const { settings } = yield* server()
      const position = (...args: ReadonlyArray<string>) =>
        Effect.map(Cli.runIn(folder, ["contacts", "list", ...args], settings), ({ code, err }) => [code, err])
      const ofThree = [0, "page 1 of 3, 40 contacts; --all for every one\n"]
      assert.deepStrictEqual(yield* position(), ofThree)
      assert.deepStrictEqual(yield* position("--json"), ofThree)
      assert.deepStrictEqual(yield* position("--page", "3"), [0, "page 3, 40 contacts; --all for every one\n"])
      assert.deepStrictEqual(yield* position("--page", "3", "--page-size", "15"), [
        0,
        "page 3 of 3, 40 contacts; --all for every one\n"
      ])
      for (const args of [["--page", "4"], ["--all"], ["--dry-run"]]) {
        assert.deepStrictEqual(yield* position(...args), [0, ""])
      }
    }))

  it.live("has its position with --json", () =>
    Effect.gen(function*() {
      const { settings } = yield* server()
      const document = (...args: ReadonlyArray<string>) =>
        Effect.map(
          Effect.flatMap(Folder.make, (folder) => Cli.runIn(folder, ["contacts", "list", "--json", ...args], settings)),
          (ran) => Object(Cli.document(ran))
        )
      const page = yield* document("--page", "2")
      assert.deepStrictEqual([page.contacts.length, page.meta], [15, { count: 40, currentPage: 2 }])
      const all = yield* document("--all")
      assert.deepStrictEqual([all.contacts.length, all.meta], [40, { count: 40 }])
    }))

  it.effect("shows its progress at a terminal, every two seconds at most", () =>
    Effect.gen(function*() {
      const printed = Array<unknown>()
      const console = {
        ...globalThis.console,
        error: (...parts: ReadonlyArray<unknown>) => void printed.push(...parts)
      }
      const run = (stderrIsTerminal: boolean) =>
        Effect.gen(function*() {
          const progress = yield* ListProgress.make
          for (let count = 1; count <= 50; count++) {
            yield* progress(count)
            yield* TestClock.adjust("100 millis")
          }
        }).pipe(
          Effect.provide(Stdio.layerTest({ stderrIsTerminal: Effect.succeed(stderrIsTerminal) })),
          Effect.provideService(Console.Console, console)
        )
      yield* run(false)
      assert.deepStrictEqual(printed, [])
      yield* run(true)
      assert.deepStrictEqual(printed, ["21 contacts so far", "41 contacts so far"])
    }))
})

describe("contacts that are updated", () => {
  it.live("are shown with their custom attributes", () =>
    Effect.gen(function*() {
      yield* Cli.run("contacts", "create", "--name", "Alice")
      const { out } = yield* Cli.run("contacts", "update", "2219256", "--attribute", "plan=gold", "--attribute", "id=7")
      assert.match(out, /^id +2219256\n[^]*\nattribute plan +gold\nattribute id +7\n$/)
    }).pipe(withEmulator))
})

describe("a conversation with a contact that is there already", () => {
  const start = ["conversations", "start", "--email", "a@acme.inc", "--message", "Hello"]

  it.live("points to --ensure and --contact", () =>
    Effect.gen(function*() {
      yield* Cli.run("contacts", "create", "--email", "a@acme.inc")
      const { code, err } = yield* Cli.run(...start)
      assert.strictEqual(code, 4)
      assert.match(
        err,
        /^if the contact is there already: give --ensure to write to it, or its id by --contact\n[^\n]*contacts\.create failed/
      )
      const json = (yield* Cli.run(...start, "--json")).err.trimEnd().split("\n")
      assert.strictEqual(Object(JSON.parse(json.at(-1) ?? ""))._tag, "ValidationError")
    }).pipe(withEmulator))

  it.live("is started with --ensure, and makes no other contact", () =>
    Effect.gen(function*() {
      yield* Cli.run("contacts", "create", "--email", "a@acme.inc")
      const { code, err, out } = yield* Cli.run(...start, "--ensure")
      assert.deepStrictEqual([code, err], [0, ""])
      assert.match(out, /^conversation +40\ncontact +2219256\n/)
      assert.strictEqual(HashMap.size((yield* (yield* Emulator.Emulator).state).contacts), 1)
      const unnamed = yield* Cli.run("conversations", "start", "--name", "Bob", "--message", "Hello", "--ensure")
      assert.deepStrictEqual([unnamed.code, unnamed.out], [2, ""])
    }).pipe(withEmulator))
})

describe("an export of contacts", () => {
  const run = (folder: string, settings: Record<string, string>, ...args: ReadonlyArray<string>) =>
    Cli.runIn(folder, ["contacts", "export", ...args], settings)

  it.live("to standard output is a document a line", () =>
    Effect.gen(function*() {
      const { settings, state } = yield* server()
      const { code, err, out } = yield* run(yield* Folder.make, settings, "--label", "vip", "--search", "a")
      assert.deepStrictEqual([code, err], [0, ""])
      const lines = out.trimEnd().split("\n")
      assert.deepStrictEqual(
        lines.map((line) => Object(JSON.parse(line)).id),
        Array.from({ length: 40 }, (_, i) => i + 1)
      )
      assert.include(state.paths[0], "q=a")
      for (const part of ["labels", "vip", "sort=created_at", "direction=asc"]) assert.include(state.paths[0], part)
    }))

  it.live("to standard output as a table acts on no terminal and runs nothing", () =>
    Effect.gen(function*() {
      const { settings } = yield* server()
      const { out } = yield* run(yield* Folder.make, settings, "--format", "csv")
      const [heading, first, second, third] = out.split("\n")
      assert.strictEqual(
        heading,
        "id,identifier,name,email,phone_number,avatar_url,blocked,created_at,last_activity_at,custom_attributes,additional_attributes"
      )
      assert.match(first ?? "", /^1,,'=1\+1,,\+49171,,false,/)
      assert.match(second ?? "", /^2,,a \[2Jb,,/)
      assert.include(third, "\"{\"\"plan\"\":\"\"=x\"\"}\"")
      assert.strictEqual(out.split("\n").length, 42)
    }))

  for (const format of ["csv", "ndjson"]) {
    it.live(`to a file as ${format}, when it ends early, goes on behind the last page`, () =>
      Effect.gen(function*() {
        const file = `c.${format}`
        const folder = yield* Folder.make
        const whole = yield* server()
        assert.strictEqual((yield* run(folder, whole.settings, file)).code, 0)
        const expected = readFileSync(join(folder, file), "utf8")
        assert.deepStrictEqual(readdirSync(folder), [file])

        const resumed = yield* Folder.make
        const { settings, state } = yield* server(2)
        const { code, err } = yield* run(resumed, settings, file)
        assert.strictEqual(code, 3)
        assert.match(err, /^the same command continues the export\ncontacts\.list failed/)
        assert.isTrue(expected.startsWith(readFileSync(join(resumed, file), "utf8")))
        assert.deepStrictEqual(readdirSync(resumed).sort(), [file, `${file}.progress`])
        assert.strictEqual(statSync(join(resumed, file)).mode & 0o777, 0o600)
        // A process that is killed leaves part of a page, which may be a long one.
        appendFileSync(join(resumed, file), "x".repeat(10_000))
        const other = yield* run(resumed, settings, file, "--label", "vip")
        assert.deepStrictEqual([other.code, other.out], [2, ""])
        state.limit = Infinity
        state.paths.length = 0
        const rest = yield* run(resumed, settings, file, "--json")
        assert.deepStrictEqual(Cli.document(rest), { file, format, contacts: 40, earlier: 30 })
        assert.match(state.paths[0] ?? "", /page=3/)
        assert.strictEqual(readFileSync(join(resumed, file), "utf8"), expected)
        assert.deepStrictEqual(readdirSync(resumed), [file])
      }))
  }

  it.live("to a file that another export writes, too, ends, and leaves the other's pages", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const { settings, state } = yield* server()
      const file = join(folder, "c.csv")
      state.meanwhile = () => {
        if (state.paths.length === 2) appendFileSync(file, "a page\n")
      }
      const { code, err } = yield* run(folder, settings, "c.csv")
      assert.strictEqual(code, 2)
      assert.include(err, "c.csv is being written by another program, such as a second export")
      assert.isTrue(readFileSync(file, "utf8").endsWith("a page\n"))
      assert.deepStrictEqual(readdirSync(folder).sort(), ["c.csv", "c.csv.progress"])
    }))

  it.live("writes over no file", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const { settings, state } = yield* server()
      writeFileSync(join(folder, "c.csv"), "mine")
      const { code, err } = yield* run(folder, settings, "c.csv")
      assert.deepStrictEqual([code, err], [2, "c.csv is there already: name another file, or remove it\n"])
      assert.strictEqual(readFileSync(join(folder, "c.csv"), "utf8"), "mine")
      const nowhere = yield* run(folder, settings, "nowhere/c.csv")
      assert.deepStrictEqual([nowhere.code, nowhere.err], [1, "nowhere/c.csv cannot be written: NotFound\n"])
      writeFileSync(join(folder, "d.csv.progress"), "mine")
      assert.strictEqual((yield* run(folder, settings, "d.csv")).code, 2)
      assert.deepStrictEqual(state.paths, [])
    }))
})

describe("a retry", () => {
  it.live("is one plain line, and all that is known of it with --log-level", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      let requests = 0
      const address = yield* LocalServer.make((_, response) => {
        response.writeHead(requests++ % 2 === 0 ? 503 : 200, { "content-type": "application/json" })
        response.end(JSON.stringify({ meta: { count: 0, current_page: 1 }, payload: [] }))
      })
      const settings = { LIVEDESK_API_KEY: "key", LIVEDESK_API_SECRET: "secret", LIVEDESK_BASE_URL: address }
      const { err } = yield* Cli.runIn(folder, ["contacts", "list"], settings)
      assert.match(err, /^contacts\.list is retried in [\dms ]+, after ServerError\n$/)
      const logged = yield* Cli.runIn(folder, ["contacts", "list", "--log-level", "debug"], settings)
      assert.match(logged.err, /level=INFO [^\n]*livedesk\.operation=contacts\.list/)
    }))
})

describe("an id that is no number", () => {
  it.live("is said plainly", () =>
    Effect.gen(function*() {
      for (const id of ["abc", "5.5"]) {
        const { code, err } = yield* Cli.run("contacts", "update", id, "--name", "Bob")
        assert.deepStrictEqual([code, err.split("\n")[0]], [
          2,
          `Invalid value for argument <contact>: "${id}". Expected a whole number`
        ])
      }
    }).pipe(Effect.provide(Layer.fresh(NodeEmulator.layer()))))
})
