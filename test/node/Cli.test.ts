import { LiveDeskError } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Schema } from "effect"
import { execFileSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Cli from "../Cli.ts"
import * as Folder from "../Folder.ts"
import * as FreePort from "../FreePort.ts"
import * as LocalServer from "../LocalServer.ts"

const withEmulator = Effect.provide(NodeEmulator.layer())

const alice = ["--name", "Alice", "--email", "alice@acme.inc"]

describe("contacts", () => {
  it.live("are created, listed, searched, updated and ensured", () =>
    Effect.gen(function*() {
      const created = yield* Cli.run("contacts", "create", ...alice)
      assert.deepStrictEqual([created.code, created.err], [0, ""])
      assert.match(created.out, /^id +2219256\nname +Alice\nemail +alice@acme\.inc\nphone +-\n/)

      const listed = yield* Cli.run("contacts", "list", "--sort", "name", "--direction", "asc")
      assert.strictEqual(
        listed.out,
        "id       name   email           phone  identifier\n2219256  Alice  alice@acme.inc  -      -\n"
      )
      const found = yield* Cli.run("contacts", "search", "nobody")
      assert.deepStrictEqual(found, { code: 0, out: "none\n", err: "" })

      const updated = yield* Cli.run(
        "contacts",
        "update",
        "2219256",
        "--identifier",
        "C-1",
        "--clear",
        "email",
        "--json"
      )
      const { email, identifier } = Object(Cli.document(updated))
      assert.deepStrictEqual([email, identifier], [null, "C-1"])

      const ensured = yield* Cli.run("contacts", "ensure", "--identifier", "C-1")
      assert.match(ensured.out, /was +there already\n$/)
      assert.match((yield* Cli.run("contacts", "ensure", "--identifier", "C-2")).out, /was +created\n$/)
      const { contacts, meta } = Object(Cli.document(yield* Cli.run("contacts", "list", "--all", "--json")))
      assert.deepStrictEqual([contacts.length, meta], [2, { count: 2 }])
    }).pipe(withEmulator))

  it.live("cannot control a terminal by their names", () =>
    Effect.gen(function*() {
      const { out } = yield* Cli.run("contacts", "create", "--identifier", "C-1", "--name", "a\u001B[2Jb\u202Ec")
      assert.match(out, /name +a \[2Jb c\n/)
      const { out: json } = yield* Cli.run("contacts", "list", "--json")
      assert.include(json, "a\\u001b[2Jb\\u202ec")
      const refused = yield* Cli.run("tickets", "get", "x\u009B2J")
      assert.notMatch(refused.err, /[\u0080-\u009F]/)
      const { err } = yield* Cli.run("contacts", "\u001B[2J\u0007\nbogus")
      assert.include(err, "\" [2J \nbogus\"")
    }).pipe(withEmulator))
})

describe("a table", () => {
  it.live("cuts long cells, but no character, and aligns columns by display width", () =>
    Effect.gen(function*() {
      for (const [id, name] of ["日本語", "👩‍👩‍👧", "x".repeat(100)].entries()) {
        yield* Cli.run("contacts", "create", "--identifier", `C-${id}`, "--name", name)
      }
      const { out } = yield* Cli.run("contacts", "list")
      assert.deepStrictEqual(out.trimEnd().split("\n").map((line) => line.slice(9)), [
        `name${" ".repeat(56)}  email  phone  identifier`,
        `日本語${" ".repeat(54)}  -      -      C-0`,
        `👩‍👩‍👧${" ".repeat(58)}  -      -      C-1`,
        `${"x".repeat(59)}…  -      -      C-2`
      ])
      const { out: one } = yield* Cli.run("contacts", "update", "2219258", "--email", "x@acme.inc")
      assert.include(one, "x".repeat(100))
    }).pipe(withEmulator))
})

describe("conversations, messages and tickets", () => {
  it.live("are created, moved, sent and read", () =>
    Effect.gen(function*() {
      yield* Cli.run("contacts", "create", ...alice)
      const created = yield* Cli.run("conversations", "create", "--contact", "2219256")
      assert.deepStrictEqual([created.code, created.err], [0, ""])
      assert.match(created.out, /^id +40\nstatus +open\n/)

      const started = yield* Cli.run("conversations", "start", "--name", "Bob", "--message", "Hello", "--json")
      const { contactId, conversationId } = Object(Cli.document(started))
      assert.deepStrictEqual([contactId, conversationId], [2219257, 41])
      const resumed = yield* Cli.run(
        "conversations",
        "start",
        "--name",
        "Bob",
        "--message",
        "Again",
        "--resume",
        "contactId=2219257",
        "--resume",
        "conversationId=41"
      )
      assert.match(resumed.out, /^conversation +41\ncontact +2219257\n/)

      const moved = yield* Cli.run("conversations", "status", "40", "snoozed", "--until", "2030-01-31T08:00:00Z")
      assert.match(moved.out, /status +snoozed\nuntil +2030-01-31T08:00:00\.000Z\n$/)

      const sent = yield* Cli.run("messages", "send", "40", "Yes, it is.", "--private")
      assert.match(sent.out, /^id +\d+\nconversation +40\n/)
      const folder = yield* Folder.make
      writeFileSync(join(folder, "invoice.pdf"), "%PDF")
      const filed = yield* Cli.runIn(folder, ["messages", "send", "40", "--file", "invoice.pdf"], yield* Cli.settings)
      assert.deepStrictEqual([filed.code, filed.err], [0, ""])

      const ticket = yield* Cli.run("tickets", "create", "--title", "Fire", "--priority", "high", "--json")
      const { ticketId } = Object(Cli.document(ticket))
      const updated = yield* Cli.run("tickets", "update", String(ticketId), "--priority", "urgent", "--tag", "fire")
      assert.deepStrictEqual([updated.code, updated.err], [0, ""])
      const read = yield* Cli.run("tickets", "get", String(ticketId))
      assert.match(read.out, /title +Fire\n[^]*priority +urgent\n/)

      const { attachments, messages } = yield* (yield* Emulator.Emulator).state
      assert.deepStrictEqual([HashMap.size(attachments), HashMap.size(messages)], [1, 5])
    }).pipe(withEmulator))
})

describe("--dry-run", () => {
  const commands: ReadonlyArray<ReadonlyArray<string>> = [
    ["contacts", "create", ...alice],
    ["contacts", "list"],
    ["contacts", "search", "a"],
    ["contacts", "update", "5", "--name", "Bob"],
    ["contacts", "ensure", "--identifier", "C-1"],
    ["conversations", "create", "--contact", "5"],
    ["conversations", "start", "--name", "Bob", "--message", "Hello"],
    ["conversations", "status", "40", "open"],
    ["messages", "send", "40", "Hello"],
    ["tickets", "create", "--title", "Fire"],
    ["tickets", "get", "T-1"],
    ["tickets", "update", "T-1", "--title", "Fire"]
  ]

  it.live("shows what each command would send, sends nothing, and shows no secret", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const before = yield* emulator.state
      const { LIVEDESK_API_SECRET: secret } = yield* Cli.settings
      yield* Effect.forEach(commands, (command) =>
        Effect.gen(function*() {
          const { code, err, out } = yield* Cli.run(...command, "--dry-run")
          assert.deepStrictEqual([code, err], [0, ""], command.join(" "))
          assert.match(out, /^(?:# 1 of \d\n)?(?:GET|POST|PATCH|PUT) http:\/\/127\.0\.0\.1:\d+\/api\/v2\/accounts\//)
          assert.include(out, "authorization: Basic <masked>\n")
          assert.notInclude(out, secret)
          assert.notInclude(out, btoa(`emulator-key:${secret}`))
        }), { concurrency: 2 })
      assert.strictEqual(yield* emulator.state, before)
    }).pipe(withEmulator))

  it.live("is one document with --json", () =>
    Effect.gen(function*() {
      const shown = yield* Cli.run("contacts", "create", ...alice, "--dry-run", "--json")
      const [{ body, method }, ...more] = Object(Cli.document(shown))
      assert.deepStrictEqual([method, body, more], [
        "POST",
        { inbox_id: 407, name: "Alice", email: "alice@acme.inc" },
        []
      ])
    }).pipe(withEmulator))

  it.live("shows the requests that follow, with names in place of ids that only LiveDesk knows", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const before = yield* emulator.state
      const plan = (...args: ReadonlyArray<string>) =>
        Effect.map(Cli.run(...args, "--dry-run", "--json"), (ran) => {
          const requests = Cli.document(ran)
          return (Array.isArray(requests) ? requests : []).map(({ body, method, onlyIf, url }) => {
            const { pathname, search } = new URL(url)
            return [`${method} ${decodeURI(pathname).slice(16)}${search}`, body, onlyIf]
          })
        })
      assert.deepStrictEqual(yield* plan("contacts", "ensure", "--identifier", "C-1", "--email", "a@acme.inc"), [
        ["GET /contacts?q=C-1&page=1", undefined, undefined],
        ["GET /contacts?q=a%40acme.inc&page=1", undefined, undefined],
        ["POST /contacts", { inbox_id: 407, email: "a@acme.inc", identifier: "C-1" }, "nothing was found before"]
      ])
      assert.deepStrictEqual(yield* plan("conversations", "start", "--name", "Bob", "--message", "Hello"), [
        ["POST /contacts", { inbox_id: 407, name: "Bob" }, undefined],
        ["POST /conversations", {
          inbox_id: 407,
          contact_id: "<id of the new contact>",
          source_id: "<source id of the new contact>"
        }, undefined],
        ["POST /conversations/<id of the new conversation>/messages", { content: "Hello" }, undefined]
      ])
      const known = yield* plan("conversations", "start", "--contact", "5", "--message", "Hello")
      assert.deepStrictEqual(known.map(([request]) => request), [
        "POST /conversations",
        "POST /conversations/<id of the new conversation>/messages"
      ])
      const { out } = yield* Cli.run("contacts", "ensure", "--identifier", "C-1", "--dry-run")
      assert.match(out, /^# 1 of 2\nGET [^]*\n\n# 2 of 2, only if nothing was found before\nPOST /)
      assert.strictEqual(yield* emulator.state, before)
    }).pipe(withEmulator))

  it.live("rejects input that cannot be sent", () =>
    Effect.gen(function*() {
      const { code, out } = yield* Cli.run("contacts", "update", "-5", "--name", "Bob", "--dry-run")
      assert.deepStrictEqual([code, out], [2, ""])
    }).pipe(withEmulator))
})

describe("the exit code", () => {
  const rejection = (args: ReadonlyArray<string>, settings: Record<string, string> = {}) =>
    Effect.gen(function*() {
      const ran = yield* Cli.runIn(yield* Folder.make, args, { ...(yield* Cli.settings), ...settings })
      assert.strictEqual(ran.out, "")
      return ran
    })

  it.live("is 2 for arguments that cannot be used", () =>
    Effect.gen(function*() {
      for (
        const args of [
          ["contacts", "bogus"],
          ["contacts", "create", "--bogus"],
          ["contacts", "list", "--page", "x"],
          ["contacts", "list", "--page", "0"],
          ["contacts", "ensure", "--name", "Alice"],
          ["conversations", "create"],
          ["conversations", "status", "40", "gone"],
          ["messages", "send", "40"],
          ["messages", "send", "40", " "],
          ["messages", "send", "40", "Hello", "--type", "image/png"],
          ["contacts", "create"],
          ["contacts", "update", "5"],
          ["contacts", "update", "5", "--phone", "+12345678", "--clear", "phone"],
          ["contacts", "update", "5", "--blocked", "--no-blocked"],
          ["conversations", "start", "--message", "Hello"],
          ["conversations", "start", "--message", "Hello", "--contact", "5", "--name", "Bob"],
          ["conversations", "status", "40", "open", "--until", "2030-01-31T08:00:00Z"],
          ["tickets", "update", "T-1"]
        ]
      ) {
        const { code, err } = yield* rejection(args)
        assert.strictEqual(code, 2, args.join(" "))
        assert.notStrictEqual(err, "")
      }
      const { err } = yield* rejection(["contacts", "bogus"])
      assert.match(err, /^Unknown subcommand "bogus"[^]*\nlivedesk contacts --help lists what can be given\n$/)
      assert.match((yield* rejection(["contacts", "create", "--nmae", "Bob"])).err, /Did you mean this\?\n +--name\n/)
      assert.match(
        (yield* rejection(["contacts", "create", "--email", "-x@acme.inc"])).err,
        /^Missing value[^\n]*\nUnrecognized flag: -x [^\n]*\nGive a value that begins with a dash as --flag=-value/
      )
    }).pipe(withEmulator))

  it.live("is 1 for a file that cannot be read", () =>
    Effect.gen(function*() {
      for (
        const args of [
          ["messages", "send", "40", "--file", "nowhere.pdf"],
          ["messages", "send", "40", "--file", "."],
          ["import", "nowhere.csv"],
          ["import", "."],
          ["import", "nowhere.csv", "--dry-run"]
        ]
      ) {
        const folder = yield* Folder.make
        const { code, err, out } = yield* Cli.runIn(folder, args, yield* Cli.settings)
        assert.deepStrictEqual([code, out], [1, ""], args.join(" "))
        assert.match(err, /^(?:there is no file nowhere\.(?:csv|pdf)|\. is no plain file)\n$/)
        assert.deepStrictEqual(readdirSync(folder), [])
      }
    }).pipe(withEmulator))

  it.live("is 3 for credentials, 4 for rejected calls, 5 for no connection, 6 for records that do not exist", () =>
    Effect.gen(function*() {
      const credentials = yield* rejection(["contacts", "list"], { LIVEDESK_API_SECRET: "canary" })
      assert.deepStrictEqual([credentials.code, credentials.err.split("\n").length], [3, 2])
      assert.match(credentials.err, /^contacts\.list failed: AuthError\/Unauthorized/)
      assert.notInclude(credentials.err, "canary")
      const refused = yield* rejection(["contacts", "create", "--email", "none"])
      assert.deepStrictEqual([refused.code, refused.err.split("\n").length], [4, 2])
      const closed = `http://127.0.0.1:${yield* FreePort.make}`
      assert.strictEqual((yield* rejection(["contacts", "list"], { LIVEDESK_BASE_URL: closed })).code, 5)
      assert.strictEqual((yield* rejection(["contacts", "update", "1", "--name", "Bob"])).code, 6)
    }).pipe(withEmulator))

  it.live("comes with the error as JSON if --json is given", () =>
    Effect.gen(function*() {
      const { code, err } = yield* rejection(["contacts", "create", "--email", "none", "--json"])
      assert.strictEqual(code, 4)
      const read = Schema.decodeUnknownEffect(Schema.toCodecJson(LiveDeskError.LiveDeskError))
      const error = yield* read(JSON.parse(err))
      assert.deepStrictEqual([error._tag, error.reason._tag], ["ValidationError", "RejectedInput"])
    }).pipe(withEmulator))

  it.live("comes with the error as JSON wherever --json stands, and however it is written", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const isJson = (args: ReadonlyArray<string>) =>
        Effect.map(Cli.runIn(folder, args, {}), ({ code, err }) => {
          assert.strictEqual(code, 2, args.join(" "))
          return err.startsWith("{\"_tag\":\"")
        })
      for (
        const args of [
          ["--json", "contacts", "bogus"],
          ["contacts", "--json=true", "list", "--page", "x"],
          ["contacts", "list", "--json"],
          ["contacts", "list", "--json", "yes"],
          ["contacts", "list", "--json=maybe"]
        ]
      ) assert.isTrue(yield* isJson(args), args.join(" "))
      for (
        const args of [
          ["contacts", "list", "--json=false"],
          ["contacts", "list", "--json", "no"],
          ["contacts", "list", "--no-json"],
          ["contacts", "search", "--", "--json"]
        ]
      ) assert.isFalse(yield* isJson(args), args.join(" "))
    }))
})

describe("the log", () => {
  it.live("on standard error, names each retry, and at debug level every call", () =>
    Effect.gen(function*() {
      let requests = 0
      const settings = {
        LIVEDESK_API_KEY: "key",
        LIVEDESK_API_SECRET: "secret",
        LIVEDESK_BASE_URL: yield* LocalServer.make((_, response) => {
          requests++
          response.writeHead(requests % 2 === 0 ? 200 : 503, { "content-type": "application/json" })
          response.end(JSON.stringify({ meta: { count: 0, current_page: 1 }, payload: [] }))
        })
      }
      const folder = yield* Folder.make
      const plain = yield* Cli.runIn(folder, ["contacts", "list"], settings)
      assert.deepStrictEqual([plain.code, plain.out, plain.err.trim().split("\n").length], [0, "none\n", 1])
      assert.match(plain.err, /^contacts\.list is retried in \d+ms, after ServerError$/m)
      const { err } = yield* Cli.runIn(folder, ["contacts", "list", "--log-level", "debug"], settings)
      assert.match(err, /contacts\.list: success after .*livedesk\.operation=contacts\.list/)
      const quiet = yield* Cli.runIn(folder, ["contacts", "list", "--log-level", "error"], settings)
      assert.deepStrictEqual([quiet.code, quiet.err], [0, ""])
    }))
})

describe("secrets", () => {
  it.live("are printed nowhere, even when the server sends them back", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      writeFileSync(join(folder, "c.csv"), "identifier\nC-1\n")
      const settings = {
        LIVEDESK_API_KEY: "canary-key",
        LIVEDESK_API_SECRET: "canary-secret",
        LIVEDESK_WEBHOOK_SECRET: "canary-webhook",
        LIVEDESK_INBOX_ID: "407",
        LIVEDESK_BASE_URL: yield* LocalServer.make((request, response) => {
          const { authorization = "" } = request.headers
          const reported = [authorization, authorization.slice(6), atob(authorization.slice(6)), "canary-secret"].join(
            " "
          )
          response.writeHead(422, { "content-type": "application/json", location: `/${reported}` })
          response.end(JSON.stringify({ message: reported, attributes: [reported] }))
        })
      }
      const commands = [
        ["contacts", "list"],
        ["contacts", "ensure", "--identifier", "C-1"],
        ["conversations", "start", "--name", "Bob", "--message", "Hello"],
        ["doctor"],
        ["import", "c.csv"],
        ["webhooks", "send-test", "http://127.0.0.1:1/"]
      ]
      const outputs = [["--log-level", "all"], ["--json", "--log-level", "debug"], ["--dry-run", "--log-level", "all"]]
      const runs = commands.flatMap((command) => outputs.map((output) => [...command, ...output]))
      yield* Effect.forEach(runs, (args) =>
        Effect.gen(function*() {
          const { err, out } = yield* Cli.runIn(folder, args, settings)
          assert.notStrictEqual(out + err, "")
          for (const secret of ["canary", btoa("canary-key:canary-secret"), btoa("canary-secret")]) {
            assert.notInclude(out + err, secret.replaceAll("=", ""), args.join(" "))
          }
        }), { concurrency: 2 })
    }))
})

describe("settings", () => {
  it.live("are read from .env, and the environment wins", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      writeFileSync(
        join(folder, ".env"),
        Object.entries({ ...settings, LIVEDESK_INBOX_ID: "408" }).map(([name, value]) => `${name}="${value}"\n`).join(
          ""
        )
      )
      const create = ["contacts", "create", ...alice]
      assert.strictEqual((yield* Cli.runIn(folder, create, {})).code, 6)
      assert.strictEqual((yield* Cli.runIn(folder, create, { LIVEDESK_INBOX_ID: "407" })).code, 0)
      assert.strictEqual(
        (yield* Cli.runIn(folder, ["contacts", "create", "--name", "Bob", "--inbox", "407"], {})).code,
        0
      )
    }).pipe(withEmulator))

  it.live("that are missing or wrong are listed, a line each, without their values", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const { code, err, out } = yield* Cli.runIn(folder, ["contacts", "list"], {
        LIVEDESK_API_KEY: "canary:key",
        LIVEDESK_BASE_URL: "ftp://canary.example"
      })
      assert.deepStrictEqual([code, out], [2, ""])
      assert.deepStrictEqual(err.trimEnd().split("\n").map((line) => line.split(" ")[0]), [
        "LIVEDESK_API_KEY",
        "LIVEDESK_API_SECRET",
        "LIVEDESK_BASE_URL"
      ])
      assert.notInclude(err, "canary")
      const json = yield* Cli.runIn(folder, ["contacts", "list", "--json"], {})
      assert.deepStrictEqual([json.code, Object(JSON.parse(json.err))._tag], [2, "ConfigError"])
    }))

  it.live("of a .env that cannot be read fail only the commands that need them", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      mkdirSync(join(folder, ".env"))
      const { code, err } = yield* Cli.runIn(folder, ["contacts", "list"], {})
      assert.deepStrictEqual([code, err.startsWith(".env cannot be read"), err.split("\n").length], [2, true, 2])
      assert.strictEqual((yield* Cli.runIn(folder, ["contacts", "list", "--help"], {})).code, 0)
      const settings = { ...(yield* Cli.settings), LIVEDESK_TIMEOUT: "5 seconds" }
      assert.strictEqual((yield* Cli.runIn(folder, ["contacts", "list"], settings)).code, 0)
    }).pipe(withEmulator))

  it.live("of a .env set no proxy", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
      writeFileSync(
        join(folder, ".env"),
        [...lines, "HTTP_PROXY=http://127.0.0.1:1\nhttp_proxy=http://127.0.0.1:1\n"].join("")
      )
      assert.strictEqual((yield* Cli.runIn(folder, ["contacts", "list"], {})).code, 0)
      const { code } = yield* Cli.runIn(folder, ["contacts", "list"], { HTTP_PROXY: "http://127.0.0.1:1" })
      assert.strictEqual(code, 5)
    }).pipe(withEmulator))

  it.live("of a .env are read however it is written", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const base = (yield* Cli.settings).LIVEDESK_BASE_URL
      const listed = (file: string, environment = {}) =>
        Effect.suspend(() => {
          writeFileSync(join(folder, ".env"), file)
          return Effect.map(Cli.runIn(folder, ["contacts", "list"], environment), ({ code, err }) => [code, err])
        })
      const lines = [
        "LIVEDESK_API_KEY=emulator-key",
        "LIVEDESK_API_SECRET=emulator-secret",
        `LIVEDESK_BASE_URL=${base}`
      ]
      for (
        const file of [
          `\uFEFF${lines.join("\n")}`,
          lines.join("\r\n"),
          lines.map((line) => `export ${line} # mine\n`).join(""),
          lines.map((line) => `${line.replace("=", " = '")}'\n`).join("")
        ]
      ) assert.deepStrictEqual(yield* listed(file), [0, ""], file)
      // What is set to nothing is not set.
      assert.deepStrictEqual(yield* listed(lines.join("\n"), { LIVEDESK_API_KEY: "" }), [0, ""])
      const [code, err] = yield* listed("this is no setting\n=\n\"")
      assert.deepStrictEqual([code, String(err).startsWith("LIVEDESK_API_KEY is missing")], [2, true])
    }).pipe(withEmulator))
})

describe("help", () => {
  it.live("shows commands, examples and exit codes, and needs no settings", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      for (const args of [[], ["--help"]]) {
        const { code, err, out } = yield* Cli.runIn(folder, args, {})
        assert.deepStrictEqual([code, err], [0, ""])
        assert.match(out, /Exit codes:[^]*3 {2}credentials[^]*SUBCOMMANDS[^]*contacts/)
      }
      const { out } = yield* Cli.runIn(folder, ["contacts", "create", "--help"], {})
      assert.include(out, "livedesk contacts create --name Alice --email alice@acme.inc")
    }))

  it.live("comes with completions for shells", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      for (const shell of ["bash", "zsh", "fish"]) {
        const { code, err, out } = yield* Cli.runIn(folder, ["--completions", shell], {})
        assert.deepStrictEqual([code, err], [0, ""])
        assert.include(out, "conversations")
      }
    }))

  it.live("completes subcommands in bash", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const { out } = yield* Cli.runIn(folder, ["--completions", "bash"], {})
      const ask = "COMP_WORDS=(livedesk contacts ''); COMP_CWORD=2; COMP_LINE='livedesk contacts '; _livedesk; " +
        "echo \"${COMPREPLY[@]}\""
      const completed = execFileSync("/bin/bash", ["-c", `${out}\n${ask}`], { encoding: "utf8" })
      assert.strictEqual(completed, "create list search update ensure export\n")
    }))
})

describe("the documentation", () => {
  const read = (page: string) => readFileSync(new URL(`../../${page}`, import.meta.url), "utf8")

  const commandsOf = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
    Array.from(
      text.matchAll(/^ *livedesk ((?:[^#\n"]|"[^"\n]*")+)/gm),
      ([, line = ""]) => Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, word]) => quoted ?? word ?? "")
    )

  /** What a shell would be given, in blocks of shell commands alone. */
  const shown = (page: string): ReadonlyArray<ReadonlyArray<string>> =>
    Array.from(read(page).matchAll(/```sh\n([^]*?)```/g)).flatMap(([, block = ""]) => commandsOf(block))

  const parses = (folder: string, command: ReadonlyArray<string>) =>
    Effect.gen(function*() {
      const { code, err } = yield* Cli.runIn(
        folder,
        command.includes("--dry-run") ? command : [...command, "--dry-run"],
        yield* Cli.settings
      )
      assert.isTrue(code === 0 || err.includes(" has no --dry-run"), `${command.join(" ")}: ${err}`)
    })

  it.live("shows only valid commands", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      writeFileSync(join(folder, "invoice.pdf"), "%PDF")
      writeFileSync(join(folder, "customers.csv"), "identifier,Work,Plan,First Name\nC-1,a@acme.inc,pro,Anna\n")
      const commands = [...shown("docs/cli.md"), ...shown("README.md")]
      assert.isAbove(commands.length, 20)
      yield* Effect.forEach(commands, (command) => parses(folder, command), { concurrency: 2 })
    }).pipe(withEmulator))

  it.live("shows only valid commands in the help", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      writeFileSync(join(folder, "invoice.pdf"), "%PDF")
      writeFileSync(join(folder, "customers.csv"), "identifier,Work,Plan,First Name\nC-1,a@acme.inc,pro,Anna\n")
      for (
        const command of [
          ["contacts", "update"],
          ["conversations", "start"],
          ["messages", "send"],
          ["tickets", "update"],
          ["import"],
          ["emulator"],
          ["webhooks", "send-test"]
        ]
      ) {
        const { out } = yield* Cli.runIn(folder, [...command, "--help"], {})
        const examples = commandsOf(out.slice(out.indexOf("EXAMPLES")))
        assert.isNotEmpty(examples)
        for (const example of examples) yield* parses(folder, example)
      }
    }).pipe(withEmulator))

  it.live("lists the exit codes that the help lists", () =>
    Effect.gen(function*() {
      const { out } = yield* Cli.runIn(yield* Folder.make, ["--help"], {})
      const reported = Array.from(out.matchAll(/^ +(\d+) {2}(.+)$/gm), ([, code, meaning]) => `${code} | ${meaning}`)
      const page = read("docs/scripting.md").replaceAll(/ +\|/g, " |")
      assert.strictEqual(reported.length, 14)
      for (const line of reported) assert.include(page, `| ${line} |`)
    }))
})
