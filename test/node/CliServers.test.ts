import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator, NodeTransport } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Stream } from "effect"
import { HttpClient } from "effect/http"
import { readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Cli from "../Cli.ts"
import * as Folder from "../Folder.ts"
import * as FreePort from "../FreePort.ts"
import * as LocalServer from "../LocalServer.ts"

const withEmulator = Effect.provide(NodeEmulator.layer())

describe("import", () => {
  it.live("imports each row once, reports rejected rows, and exits with 7 for them", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      writeFileSync(join(folder, "c.csv"), "identifier;email;name\nC-1;a@acme.inc;Alice\nC-2;none;Bob\n")
      const args = ["import", "c.csv", "--delimiter", "semicolon", "--concurrency", "2", "--lookup", "on-conflict"]
      const first = yield* Cli.runIn(folder, args, settings)
      assert.strictEqual(first.code, 7)
      assert.match(first.out, /^read +2\n[^]*\ncreated +1\n[^]*\nrejected +1\n/)
      assert.match(first.err, /1 rows were rejected, see c\.csv\.rejects\.csv/)
      writeFileSync(join(folder, "c.csv"), "identifier;email;name\nC-1;a@acme.inc;Alice\nC-2;b@acme.inc;Bob\n")
      const second = yield* Cli.runIn(folder, [...args, "--json"], settings)
      const { alreadyDone, created, reports } = Object(Cli.document(second))
      assert.deepStrictEqual([second.code, alreadyDone, created], [0, 1, 1])
      assert.strictEqual(reports.rejects, "c.csv.rejects.csv")
      const { contacts } = yield* (yield* Emulator.Emulator).state
      assert.strictEqual(HashMap.size(contacts), 2)
    }).pipe(withEmulator))

  it.live("given --dry-run, reports which rows could be imported, and why not the others, and sends and writes nothing", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      writeFileSync(join(folder, "c.csv"), "identifier,message\nC-1,Hello\nC-2\nC-1,Again\n,Nobody\nC-3,\n")
      const check = (...args: ReadonlyArray<string>) =>
        Cli.runIn(folder, ["import", "c.csv", "--dry-run", ...args], settings)
      const checked = yield* check("--json")
      const { firstRequest, good, read, rejected, rejects } = Object(Cli.document(checked))
      assert.deepStrictEqual([checked.code, read, good, rejected], [7, 5, 2, 3])
      assert.deepStrictEqual(rejects, [
        { line: 3, reasons: ["1 cells, where the header has 2"] },
        { line: 4, reasons: ["the same customer as line 2: identifier:C-1"] },
        { line: 5, reasons: ["contact: give identifier, email or phoneNumber, so that the contact can be found"] }
      ])
      assert.match(firstRequest.url, /\/contacts\?q=C-1&page=1$/)
      const { err, out } = yield* check()
      assert.match(out, /^read +5\ngood +2\nrejected +3\n\nline +reasons\n3 +1 cells[^]*\n\nThe first request:\nGET /)
      assert.include(err, "3 rows would be rejected")
      assert.deepStrictEqual(readdirSync(folder), ["c.csv"])
      assert.strictEqual(HashMap.size((yield* (yield* Emulator.Emulator).state).contacts), 0)
      writeFileSync(join(folder, "c.csv"), "identifier\nC-1\n")
      assert.strictEqual((yield* check("--lookup", "on-conflict")).code, 0)
    }).pipe(withEmulator))

  it.live("exits with 2 for a header that cannot be used", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      writeFileSync(join(folder, "c.csv"), "")
      for (const more of [[], ["--dry-run"]]) {
        const { code, err, out } = yield* Cli.runIn(folder, ["import", "c.csv", ...more], yield* Cli.settings)
        assert.deepStrictEqual([code, out, err.startsWith("c.csv, line 1: the file is empty")], [2, "", true])
      }
    }).pipe(withEmulator))

  it.live("when interrupted, finishes what is in flight, and the next import goes on from there", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      const rows = Array.from({ length: 100 }, (_, row) => `C-${row}\n`)
      writeFileSync(join(folder, "c.csv"), `identifier\n${rows.join("")}`)
      const args = ["import", "c.csv", "--lookup", "on-conflict"]
      const emulator = yield* Emulator.Emulator
      const created = Stream.map(emulator.changes, ({ contacts }) => HashMap.size(contacts))
      const interrupted = yield* Cli.interruptIn(
        folder,
        args,
        settings,
        Stream.runDrain(Stream.takeUntil(created, (count) => count > 0))
      )
      assert.deepStrictEqual([interrupted.code, interrupted.out], [130, ""])
      assert.include(interrupted.err, "Start it again with the same journal to go on: c.csv.journal")
      const before = HashMap.size((yield* emulator.state).contacts)
      assert.isBelow(before, 100)
      const rest = yield* Cli.runIn(folder, [...args, "--json"], settings)
      const { alreadyDone, done, unknown } = Object(Cli.document(rest))
      assert.deepStrictEqual([rest.code, alreadyDone, done, unknown], [0, before, 100 - before, 0])
      assert.strictEqual(HashMap.size((yield* emulator.state).contacts), 100)
    }).pipe(withEmulator))
})

describe("emulator", () => {
  it.live("prints its settings, serves other commands, and ends by Ctrl-C", () =>
    Effect.gen(function*() {
      const port = yield* FreePort.make
      const emulator = yield* Cli.serve(["emulator", "--port", String(port), "--inbox", "500"], {})
      const lines = yield* Effect.replicateEffect(emulator.line, 4)
      const settings = Object.fromEntries(lines.map((line) => line.split("=")))
      assert.deepStrictEqual(settings, {
        LIVEDESK_BASE_URL: `http://127.0.0.1:${port}`,
        LIVEDESK_API_KEY: "emulator-key",
        LIVEDESK_API_SECRET: "emulator-secret",
        LIVEDESK_INBOX_ID: "500"
      })
      const folder = yield* Folder.make
      assert.strictEqual((yield* Cli.runIn(folder, ["contacts", "create", "--name", "Alice"], settings)).code, 0)
      const taken = yield* Cli.runIn(folder, ["emulator", "--port", String(port)], {})
      assert.deepStrictEqual([taken.code, taken.out], [2, ""])
      assert.match(taken.err, /cannot be listened on; is it taken\?\n$/)
      assert.strictEqual(yield* emulator.interrupt, 130)
    }))

  it.live("serves its pages, and warns if other machines can reach it", () =>
    Effect.gen(function*() {
      const port = yield* FreePort.make
      const alone = yield* Cli.serve(["emulator", "--port", String(port)], {})
      const lines = yield* Effect.replicateEffect(alone.line, 6)
      const { docs, inbox } = Object.fromEntries(lines.map((line) => line.replace("# ", "").split(": ")))
      assert.deepStrictEqual([docs, inbox], [`http://127.0.0.1:${port}/docs`, `http://127.0.0.1:${port}/inbox`])
      const pages = HttpClient.get(String(inbox)).pipe(Effect.provide(NodeTransport.layer()))
      assert.strictEqual((yield* pages).status, 200)
      const open = yield* Cli.serve(["emulator", "--host", "0.0.0.0"], {})
      assert.match(yield* open.errorLine, /^anyone who can reach 0\.0\.0\.0 can read and change/)
      const nowhere = yield* Cli.runIn(yield* Folder.make, ["emulator", "--host", "192.0.2.1"], {})
      assert.deepStrictEqual([nowhere.code, nowhere.out], [2, ""])
      assert.match(nowhere.err, /of 192\.0\.2\.1 cannot be listened on/)
    }))

  it.live("stores its state in a file", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "livedesk.json")
      const listed = Effect.gen(function*() {
        const emulator = yield* Cli.serve(["emulator", "--json", "--file", file], {})
        // The document is printed on eight lines.
        const settings: Record<string, string> = Object(
          JSON.parse((yield* Effect.replicateEffect(emulator.line, 8)).join(""))
        )
        const folder = yield* Folder.make
        yield* Cli.runIn(folder, ["contacts", "ensure", "--identifier", "C-1"], settings)
        const found = yield* Cli.runIn(folder, ["contacts", "list", "--json"], settings)
        yield* emulator.interrupt
        return Object(Cli.document(found))[0].id
      })
      assert.strictEqual(yield* listed, yield* listed)
    }))
})

describe("webhooks", () => {
  const settings = { LIVEDESK_WEBHOOK_SECRET: "canary-secret" }

  it.live("are printed if they are signed, and rejected if not", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const listener = yield* Cli.serve(["webhooks", "listen", "--json"], settings)
      const said = yield* listener.errorLine
      assert.match(said, /, for what is signed$/)
      const url = /http:[^,]+/.exec(said)?.[0] ?? ""
      const unsigned = yield* Cli.runIn(folder, ["webhooks", "send-test", url], {})
      assert.strictEqual(unsigned.code, 7)
      assert.match(
        unsigned.err,
        /^the receiver responded with 401: check that both have the same LIVEDESK_WEBHOOK_SECRET\n$/
      )
      const signed = yield* Cli.runIn(folder, ["webhooks", "send-test", url, "--event", "contact_created"], settings)
      assert.deepStrictEqual([signed.code, signed.err], [0, ""])
      assert.match(signed.out, /^event +contact_created\nstatus +200\nresponseBody/)
      const shown = yield* Cli.runIn(folder, ["webhooks", "send-test", url, "--dry-run", "--json"], settings)
      const [{ body, headers }] = Object(Cli.document(shown))
      assert.strictEqual(body.event, "message_created")
      assert.match(headers["x-chatwoot-signature"], /^sha256=/)
      assert.notInclude(shown.out, "canary-secret")
      const event: unknown = JSON.parse(yield* listener.line)
      assert.strictEqual(Object(event).event, "contact_created")
      assert.strictEqual(yield* listener.interrupt, 130)
    }))

  it.live("come from the emulator command", () =>
    Effect.gen(function*() {
      const listener = yield* Cli.serve(["webhooks", "listen"], settings)
      const url = /http:[^,]+/.exec(yield* listener.errorLine)?.[0] ?? ""
      const emulator = yield* Cli.serve(["emulator", "--webhook", `${url}?token=canary`], settings)
      const at = Object.fromEntries((yield* Effect.replicateEffect(emulator.line, 4)).map((line) => line.split("=")))
      const [, , reported] = yield* Effect.replicateEffect(emulator.line, 3)
      assert.strictEqual(reported, `# webhook: ${url} (signed)`)
      const folder = yield* Folder.make
      yield* Cli.runIn(folder, ["conversations", "start", "--name", "Alice", "--message", "Hello"], at)
      assert.strictEqual(yield* listener.line, "conversation_created")
    }))

  it.live("given an address that cannot be used, the emulator ends with an error", () =>
    Effect.gen(function*() {
      const { code, err } = yield* Cli.runIn(yield* Folder.make, ["emulator", "--webhook", "ftp://acme.inc"], {})
      assert.deepStrictEqual([code, err.includes("webhook.url: expected an address")], [2, true])
    }))

  it.live("cannot be sent to an invalid or unreachable address", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      assert.strictEqual((yield* Cli.runIn(folder, ["webhooks", "send-test", "ftp://acme.inc"], {})).code, 2)
      const unreachable = `http://127.0.0.1:${yield* FreePort.make}/`
      const { code, err } = yield* Cli.runIn(folder, ["webhooks", "send-test", unreachable], {})
      assert.deepStrictEqual([code, err.startsWith("no response from http://127.0.0.1:")], [5, true])
    }))
})

describe("doctor", () => {
  const findings = (ran: Cli.Ran): Record<string, string> => {
    const document = Cli.document(ran)
    return Object.fromEntries(Array.isArray(document) ? document.map(({ check, result }) => [check, result]) : [])
  }

  it.live("finds nothing wrong with an emulator, and says what is wrong with settings and credentials", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      const doctor = (changed: Record<string, string>) =>
        Cli.runIn(folder, ["doctor", "--json"], { ...settings, ...changed })

      const fine = yield* doctor({})
      assert.deepStrictEqual([fine.code, new Set(Object.values(findings(fine)))], [0, new Set(["ok"])])

      const credentials = yield* doctor({ LIVEDESK_API_SECRET: "canary" })
      assert.deepStrictEqual([credentials.code, findings(credentials)["credentials"]], [3, "wrong"])
      assert.notInclude(credentials.out + credentials.err, "canary")

      const missing = yield* Cli.runIn(folder, ["doctor", "--json"], {})
      assert.match(missing.out, /LIVEDESK_API_KEY is missing.*; LIVEDESK_API_SECRET is missing/)
      assert.deepStrictEqual([missing.code, findings(missing)], [2, {
        settings: "wrong",
        service: "not looked at",
        credentials: "not looked at",
        contract: "not looked at",
        inbox: "not set"
      }])
      assert.deepStrictEqual(JSON.parse(missing.err), {
        _tag: "DoctorFailedError",
        message: "something is wrong with: settings"
      })

      const unset = yield* doctor({ LIVEDESK_INBOX_ID: "" })
      assert.deepStrictEqual([unset.code, findings(unset)["inbox"]], [0, "not set"])
      assert.include(unset.out, "--inbox")
      const inbox = yield* doctor({ LIVEDESK_INBOX_ID: "first" })
      assert.deepStrictEqual([inbox.code, findings(inbox)["inbox"]], [2, "wrong"])

      const gone = yield* doctor({ LIVEDESK_BASE_URL: `http://127.0.0.1:${yield* FreePort.make}` })
      assert.deepStrictEqual([gone.code, findings(gone)["service"]], [5, "wrong"])
      const both = yield* doctor({ LIVEDESK_API_SECRET: "canary", LIVEDESK_INBOX_ID: "first" })
      assert.deepStrictEqual([both.code, both.err.includes("credentials, inbox")], [3, true])
    }).pipe(withEmulator))

  it.live("reports a response that differs from its documentation, or that is not LiveDesk's", () =>
    Effect.gen(function*() {
      const doctor = (type: string, body: string) =>
        Effect.scoped(Effect.gen(function*() {
          return yield* Cli.runIn(yield* Folder.make, ["doctor", "--json"], {
            ...(yield* Cli.settings),
            LIVEDESK_BASE_URL: yield* LocalServer.make((_, response) =>
              response.setHeader("content-type", type).end(body)
            )
          })
        }))
      const page = { meta: { count: 0, current_page: 1 }, payload: [], novelty: true }
      const drifted = yield* doctor("application/json", JSON.stringify(page))
      assert.deepStrictEqual([drifted.code, findings(drifted)["contract"], findings(drifted)["credentials"]], [
        8,
        "wrong",
        "ok"
      ])
      assert.include(drifted.out, "novelty")
      const other = yield* doctor("text/html", "<html></html>")
      assert.deepStrictEqual([other.code, findings(other)["contract"], findings(other)["credentials"]], [
        4,
        "wrong",
        "not looked at"
      ])
      assert.include(other.out, "LIVEDESK_BASE_URL")
    }).pipe(withEmulator))
})

describe("a command that changes nothing at LiveDesk", () => {
  it.live("has no --dry-run, and says so", () =>
    Effect.gen(function*() {
      for (const args of [["emulator"], ["doctor"], ["webhooks", "listen"]]) {
        const { code, err } = yield* Cli.run(...args, "--dry-run")
        assert.deepStrictEqual([code, err.includes(" has no --dry-run")], [2, true])
      }
    }).pipe(withEmulator))
})
