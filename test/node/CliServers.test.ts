import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator, NodeTransport } from "@effect-livedesk/node"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Option, Stream } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Cli from "../Cli.ts"
import * as ConnectProxy from "../ConnectProxy.ts"
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
      assert.match(first.err, /^1 row was rejected, see c\.csv\.rejects\.csv$/m)
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
      const { firstRequest, good, messages, read, rejected, rejects } = Object(Cli.document(checked))
      assert.deepStrictEqual(messages, { count: 0, people: 0, first: null })
      assert.deepStrictEqual([checked.code, read, good, rejected], [7, 5, 2, 3])
      assert.deepStrictEqual(rejects, [
        { line: 3, reasons: ["1 cell, where the header has 2"], isRefused: false },
        { line: 4, reasons: ["the same customer as line 2: identifier:C-1"], isRefused: false },
        {
          line: 5,
          reasons: ["contact: give identifier, email or phoneNumber, so that the contact can be found"],
          isRefused: false
        }
      ])
      assert.match(firstRequest.url, /\/contacts\?q=C-1&page=1$/)
      const { err, out } = yield* check()
      assert.match(
        out,
        /^columns +identifier[^]*\nread +5\ngood +2\nLiveDesk would probably refuse +0\nrejected +3\nmessages +none\n\nrows +reason\n1 [^]*\n\nline +reasons\n3 +1 cell,[^]*\n\nThe first request:\nGET /
      )
      assert.include(err, "3 rows would be rejected")
      assert.deepStrictEqual(readdirSync(folder), ["c.csv"])
      assert.strictEqual(HashMap.size((yield* (yield* Emulator.Emulator).state).contacts), 0)
      writeFileSync(join(folder, "c.csv"), "identifier\nC-1\n")
      assert.strictEqual((yield* check("--lookup", "on-conflict")).code, 0)
    }).pipe(withEmulator))

  it.live("given --dry-run, rejects rows that meet in another key, of the file or of its journal, and those that LiveDesk would refuse", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      const header = "identifier,name,phone_number,message\n"
      const anna = `C-71,Anna,+4930123471,"Anna, your parcel."\n`
      const bob = ",Bob,+4930123471,Your code is 1234.\n"
      const write = (...rows: ReadonlyArray<string>) => writeFileSync(join(folder, "c.csv"), header + rows.join(""))
      const check = Effect.map(
        Cli.runIn(folder, ["import", "c.csv", "--dry-run", "--json", "--column", "message=message"], settings),
        (ran) => Object(Cli.document(ran))
      )
      write(anna, bob, "C-72,Cara,0151 1234,Hello\n", "C-73,Dora,,Hello\n")
      const { good, messages, reasons, refused, rejected, rejects } = yield* check
      assert.deepStrictEqual([good, refused, rejected], [2, 1, 1])
      assert.deepStrictEqual(messages, {
        count: 2,
        people: 2,
        first: { to: "identifier:C-71", content: "Anna, your parcel." }
      })
      assert.include(rejects[0].reasons[0], "line 3 (phone:+4930123471) and line 2 (identifier:C-71)")
      assert.deepStrictEqual(rejects[1], {
        line: 4,
        reasons: ["phoneNumber \"0151 1234\": not E.164, such as +4915112345678"],
        isRefused: true
      })
      assert.deepStrictEqual(reasons, [
        { rows: 1, reason: "two customers with the same phone number" },
        { rows: 1, reason: "phoneNumber: not E.164, such as +4915112345678" }
      ])
      write(anna)
      const imported = yield* Cli.runIn(folder, ["import", "c.csv", "--column", "message=message"], settings)
      assert.strictEqual(imported.code, 0)
      const files = readdirSync(folder)
      write(anna, bob)
      const again = yield* check
      assert.deepStrictEqual([again.doneBefore, again.good, again.rejected], [1, 0, 1])
      assert.include(again.rejects[0].reasons[0], "line 2 (identifier:C-71)")
      write(bob)
      assert.include((yield* check).rejects[0].reasons[0], "line 2 of an earlier file (identifier:C-71)")
      assert.deepStrictEqual(readdirSync(folder), files)
      assert.strictEqual(HashMap.size((yield* (yield* Emulator.Emulator).state).messages), 1)
    }).pipe(withEmulator))

  it.live("sends no message unasked, and says what would ask for it", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      writeFileSync(join(folder, "c.csv"), "Email,Message\na@acme.inc,I would like an offer.\nb@acme.inc,\n")
      const hint =
        /^hint +no message is sent: the column "Message" may hold what customers wrote, and --column message="Message" would send it to them$/m
      const checked = yield* Cli.runIn(folder, ["import", "c.csv", "--dry-run"], settings)
      assert.deepStrictEqual([checked.code, hint.test(checked.out)], [0, true])
      assert.match(checked.out, /^messages +none$/m)
      const ran = yield* Cli.runIn(folder, ["import", "c.csv"], settings)
      assert.deepStrictEqual([ran.code, hint.test(ran.err)], [0, true])
      const { conversations, messages } = yield* (yield* Emulator.Emulator).state
      assert.deepStrictEqual([HashMap.size(conversations), HashMap.size(messages)], [0, 0])
    }).pipe(withEmulator))

  it.live("counts what LiveDesk refuses as its check did, with and without a country code", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      const rows = ["1,+49 170 1001271", "2,0170/1001272", "3,+491701001273", "4,", "5,call me"]
      writeFileSync(join(folder, "c.csv"), `identifier,Phone\n${rows.join("\n")}\n`)
      for (const [flags, good] of [[[], 3], [["--country-code", "49"], 4]] as const) {
        const args = ["import", "c.csv", "--json", "--journal", `${good}.journal`, ...flags]
        const checked = Object(Cli.document(yield* Cli.runIn(folder, [...args, "--dry-run"], settings)))
        assert.deepStrictEqual([checked.good, checked.refused, checked.rejected], [good, 5 - good, 0])
        if (good === 4) {
          const ran = Object(Cli.document(yield* Cli.runIn(folder, args, settings)))
          assert.deepStrictEqual([ran.done, ran.rejected, ran.reasons.length], [4, 1, 1])
        }
      }
      const { contacts } = yield* (yield* Emulator.Emulator).state
      assert.deepStrictEqual(
        [...HashMap.values(contacts)].map(({ phoneNumber }) => Option.getOrElse(phoneNumber, () => "none")).sort(),
        ["+491701001271", "+491701001272", "+491701001273", "none"]
      )
    }).pipe(withEmulator))

  it.live("counts the reasons of its rejects, and given --column email= reads no such column", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      writeFileSync(join(folder, "c.csv"), "identifier,email\n1,none\n2,neither\n1,a@acme.inc\n3,b@acme.inc\n")
      const off = yield* Cli.runIn(folder, ["import", "c.csv", "--column", "email=", "--dry-run", "--json"], settings)
      const { columns, good, refused } = Object(Cli.document(off))
      assert.deepStrictEqual([columns.unread, good, refused], [["email"], 3, 0])
      const ran = yield* Cli.runIn(folder, ["import", "c.csv"], settings)
      assert.strictEqual(ran.code, 7)
      assert.match(
        ran.out,
        /\n\nrows +reason\n2 +contacts\.ensure: contacts\.create failed[^\n]*\n1 +the same customer as an earlier line\n$/
      )
    }).pipe(withEmulator))

  it.live("given --dry-run, needs no inbox before there is a journal, and names the flag where it is needed", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const { LIVEDESK_INBOX_ID: _, ...settings } = yield* Cli.settings
      writeFileSync(join(folder, "c.csv"), "identifier\nC-1\n")
      const args = ["import", "c.csv", "--lookup", "on-conflict"]
      const checked = yield* Cli.runIn(folder, [...args, "--dry-run"], settings)
      assert.deepStrictEqual([checked.code, checked.out.includes("<id of the inbox>")], [0, true])
      const needed = /^LIVEDESK_INBOX_ID is missing\. [^\n]*, or give the inbox with --inbox$/m
      const ran = yield* Cli.runIn(folder, args, settings)
      assert.deepStrictEqual([ran.code, needed.test(ran.err)], [2, true])
      assert.strictEqual((yield* Cli.runIn(folder, [...args, "--inbox", "407"], settings)).code, 0)
      const again = yield* Cli.runIn(folder, [...args, "--dry-run"], settings)
      assert.deepStrictEqual([again.code, needed.test(again.err)], [2, true])
    }).pipe(withEmulator))

  it.live("given --dry-run, finds what the import would refuse: the lack of a journal", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      writeFileSync(join(folder, "c.csv"), "email\nnone\na@acme.inc\n")
      const run = (...args: ReadonlyArray<string>) => Cli.runIn(folder, ["import", ...args], settings)
      yield* run("c.csv", "--lookup", "on-conflict")
      const rejects = "c.csv.rejects.csv"
      for (const args of [[rejects], ["c.csv", "--journal", "gone"]]) {
        const checked = yield* run(...args, "--dry-run")
        const ran = yield* run(...args)
        assert.deepStrictEqual([checked.code, ran.code], [1, 1])
        assert.isTrue(ran.err.endsWith(checked.err))
      }
      assert.include(
        (yield* run(rejects, "--dry-run")).err,
        "Give it the journal of its import, c.csv.journal (--journal)"
      )
      assert.strictEqual((yield* run(rejects, "--journal", "c.csv.journal", "--dry-run")).code, 7)
    }).pipe(withEmulator))

  it.live("exits with 2 before any row where no column is a key, and writes nothing", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      writeFileSync(join(folder, "c.csv"), "Town,First Name\nUlm,Anna\n")
      writeFileSync(join(folder, "c.ndjson"), "{\"Town\":\"Ulm\"}\n{\"First Name\":\"Anna\"}\n")
      for (const file of ["c.csv", "c.ndjson"]) {
        for (const more of [[], ["--dry-run"]]) {
          const { code, err } = yield* Cli.runIn(folder, ["import", file, ...more], yield* Cli.settings)
          assert.strictEqual(code, 2)
          assert.include(err, "no column says which customer a row is")
          assert.include(err, "--column email=\"E-mail\"")
          assert.include(err, "\"Town\", \"First Name\"")
        }
      }
      assert.deepStrictEqual(readdirSync(folder), ["c.csv", "c.ndjson"])
    }).pipe(withEmulator))

  it.live("reads the columns that flags and a JSON file name, and shows which, and which not", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      writeFileSync(join(folder, "c.csv"), "No,Work,First Name,Last Name,Plan,Town\n7,a@acme.inc,Ada,King,pro,Ulm\n")
      writeFileSync(
        join(folder, "mapping.json"),
        JSON.stringify({ columns: { identifier: "No", email: "Town" }, message: "Hello" })
      )
      const flags = [
        "--column",
        "email=work",
        "--column",
        "name=Last Name",
        "--column",
        "name=First Name",
        "--attribute",
        "plan=Plan",
        "--message",
        "Hello {First Name}",
        "--mapping",
        "mapping.json"
      ]
      const checked = yield* Cli.runIn(folder, ["import", "c.csv", "--dry-run", ...flags], settings)
      const columns = "columns +identifier = \"No\", email = \"Work\", name = \"Last Name\" \\+ \"First Name\", " +
        "custom_attributes\\.plan = \"Plan\", message = \"Hello {First Name}\"\nnot read +\"Town\"\n"
      assert.match(checked.out, new RegExp(`^${columns}read +1\ngood +1\n`))
      assert.match(checked.out, /^messages +1, to 1 person\n\nThe first message, to identifier:7:\nHello Ada$/m)
      assert.include(checked.out, "contacts?q=7&page=1")
      const ran = yield* Cli.runIn(folder, ["import", "c.csv", ...flags], settings)
      assert.strictEqual(ran.code, 0, readFileSync(join(folder, "c.csv.rejects.csv"), "utf8"))
      assert.match(ran.err, new RegExp(`^${columns}`))
      assert.match(ran.out, /^not read +"Town"$/m)
      const { contacts, messages } = yield* (yield* Emulator.Emulator).state
      const [contact] = HashMap.values(contacts)
      assert.deepInclude(contact, {
        identifier: Option.some("7"),
        email: Option.some("a@acme.inc"),
        name: "King Ada",
        customAttributes: { plan: "pro" }
      })
      assert.deepStrictEqual([...HashMap.values(messages)].map(({ content }) => content), [Option.some("Hello Ada")])
      const json = yield* Cli.runIn(folder, ["import", "c.csv", "--json", ...flags], settings)
      assert.deepStrictEqual(Object(Cli.document(json)).columns.unread, ["Town"])
    }).pipe(withEmulator))

  it.live("says how many rows that are done differ, and updates their contacts with --update-existing", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      const importing = (name: string, ...flags: ReadonlyArray<string>) => {
        writeFileSync(join(folder, "c.csv"), `email,name\na@acme.inc,${name}\n`)
        return Cli.runIn(folder, ["import", "c.csv", ...flags], settings)
      }
      yield* importing("Anna")
      const off = yield* importing("Anna King")
      assert.match(off.err, /^1 row done before differs from what was imported: --update-existing updates/m)
      assert.match(off.out, /^of these, changed since +1\n[^]*\nupdated +0$/m)
      const on = yield* importing("Anna King", "--update-existing")
      assert.notInclude(on.err, "differs")
      assert.match(on.out, /^of these, changed since +1\n[^]*\nupdated +1$/m)
      const { contacts } = yield* (yield* Emulator.Emulator).state
      assert.deepStrictEqual([...HashMap.values(contacts)].map(({ name }) => name), ["Anna King"])
    }).pipe(withEmulator))

  it.live("exits with 2 for flags and a JSON file that name no column", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      writeFileSync(join(folder, "c.csv"), "email\na@acme.inc\n")
      writeFileSync(join(folder, "wrong.json"), "{\"column\":{}}")
      const cases = [
        [["--column", "email"], "--column \"email\": give it as name=column"],
        [["--column", "email="], "no column says which customer a row is"],
        [["--column", "email=", "--column", "email=email"], "--column email= reads no column, and another"],
        [["--country-code", "+49"], "such as 49"],
        [["--country-code", "39"], "keep their first 0"],
        [["--column", "e-mail=email"], "--column e-mail: there is no such field; the fields are identifier, email,"],
        [["--message", "Hello {email"], "expected each brace with its pair"],
        [["--message", " "], "not blank"],
        [["--attribute", "a=x", "--attribute", "a=y"], "--attribute a is given twice"],
        [["--column", "email=Work"], "there is no column \"Work\""],
        [["--message", "Hello {Town}"], "there is no column \"Town\""],
        [["--mapping", "wrong.json"], "wrong.json is no mapping"]
      ] as const
      for (const [flags, problem] of cases) {
        const { code, err } = yield* Cli.runIn(folder, ["import", "c.csv", ...flags], settings)
        assert.deepStrictEqual([code, err.includes(problem) || err], [2, true])
      }
      assert.strictEqual((yield* Cli.runIn(folder, ["import", "c.csv", "--mapping", "none.json"], settings)).code, 1)
      assert.deepStrictEqual(readdirSync(folder), ["c.csv", "wrong.json"])
    }).pipe(withEmulator))

  it.live("imports files as people have them: UTF-16, sep=, empty columns, another encoding", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      const file = join(folder, "c.csv")
      const importing = Effect.fnUntraced(function*(bytes: string | Uint8Array, ...flags: ReadonlyArray<string>) {
        writeFileSync(file, bytes)
        const ran = yield* Cli.runIn(folder, ["import", "c.csv", "--journal", ":memory:", "--json", ...flags], settings)
        return { ...ran, done: ran.code === 0 ? Object(Cli.document(ran)).done : ran.err }
      })
      const text = "name\temail\r\nAnna Müller\ta@acme.inc\r\n"
      assert.strictEqual((yield* importing(Buffer.from(`\uFEFF${text}`, "utf16le"))).done, 1)
      assert.strictEqual((yield* importing("sep=;\r\nname;email;phone_number\r\nAnna;b@acme.inc;\r\n;;\r\n")).done, 1)
      assert.strictEqual((yield* importing("name,email,,\nAnna,c@acme.inc,,\nBob,d@acme.inc,,\n")).done, 2)
      const latin = Buffer.from(text, "latin1")
      const refused = yield* importing(latin)
      assert.strictEqual(refused.code, 7)
      const { reports } = Object(Cli.document(refused))
      assert.include(readFileSync(join(folder, reports.rejects), "utf8"), "--encoding windows-1252")
      assert.strictEqual((yield* importing(latin, "--encoding", "windows-1252")).done, 1)
      const workbook = yield* importing(Buffer.from("PK\u0003\u0004\u0000"))
      assert.deepStrictEqual([workbook.code, workbook.err.includes(".xlsx workbook")], [2, true])
      const { contacts } = yield* (yield* Emulator.Emulator).state
      assert.deepStrictEqual(
        [...HashMap.values(contacts)].map(({ name }) => name).sort(),
        ["Anna", "Anna", "Anna Müller", "Bob"]
      )
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
      assert.match(interrupted.err, /^to go on: livedesk import c\.csv --lookup on-conflict$/m)
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

  it.live("keeps bodies of requests by default, and is served under the names that a flag allows", () =>
    Effect.gen(function*() {
      for (const [args, kept] of [[["--allow-host", "emulator"], 200], [["--no-keep-bodies"], 404]] as const) {
        const emulator = yield* Cli.serve(["emulator", ...args], {})
        const [, baseUrl = ""] = (yield* emulator.line).split("=")
        const statusOf = (path: string, host: string) =>
          HttpClientRequest.get(`${baseUrl}${path}`).pipe(
            HttpClientRequest.setHeader("host", host),
            HttpClient.execute,
            Effect.map(({ status }) => status),
            Effect.provide(NodeTransport.layer())
          )
        assert.strictEqual(yield* statusOf("/api/v2/accounts/contacts", "localhost"), 401)
        assert.strictEqual(yield* statusOf("/inbox/request?number=1", "localhost"), kept)
        assert.strictEqual(yield* statusOf("/inbox", "emulator"), kept === 200 ? 200 : 403)
      }
      const invalid = yield* Cli.runIn(yield* Folder.make, ["emulator", "--allow-host", "emulator:8407"], {})
      assert.strictEqual(invalid.code, 2)
      assert.include(invalid.err, "expected a host's name without a port")
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
        return Object(Cli.document(found)).contacts[0].id
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
        /^the receiver responded with 401: it was sent unsigned, since LIVEDESK_WEBHOOK_SECRET is not set here\n$/
      )
      const another = { LIVEDESK_WEBHOOK_SECRET: "another-secret" }
      assert.match(
        (yield* Cli.runIn(folder, ["webhooks", "send-test", url], another)).err,
        /^the receiver responded with 401: check that both have the same LIVEDESK_WEBHOOK_SECRET\n$/
      )
      const signed = yield* Cli.runIn(folder, ["webhooks", "send-test", url, "--event", "contact_created"], settings)
      assert.deepStrictEqual([signed.code, signed.err], [0, ""])
      assert.match(
        signed.out,
        /^event +contact_created\nid +\d{13}\nstatus +200\nresponseBody +\{"status":"accepted"\}/
      )
      const shown = yield* Cli.runIn(folder, ["webhooks", "send-test", url, "--dry-run", "--json"], settings)
      const [{ body, headers }] = Object(Cli.document(shown))
      assert.strictEqual(body.event, "message_created")
      assert.match(headers["x-chatwoot-signature"], /^sha256=/)
      assert.notInclude(shown.out, "canary-secret")
      const event: unknown = JSON.parse(yield* listener.line)
      assert.strictEqual(Object(event).event, "contact_created")
      assert.strictEqual(yield* listener.interrupt, 130)
    }))

  it.live("are printed with the conversation of a message", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const listener = yield* Cli.serve(["webhooks", "listen"], settings)
      const url = /http:[^,]+/.exec(yield* listener.errorLine)?.[0] ?? ""
      assert.strictEqual((yield* Cli.runIn(folder, ["webhooks", "send-test", url], settings)).code, 0)
      const lines: Array<string> = []
      while (lines.at(-1) !== "") lines.push(yield* listener.line)
      assert.strictEqual(lines[0], "message_created")
      assert.match(lines.join("\n"), /^conversation +\d+$/m)
      yield* listener.interrupt
    }))

  it.live("name the changes as Chatwoot 4.3 does: none of a state, all columns of an update, in an order by the id", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const changesOf = (event: string, id: number) =>
        Effect.map(
          Cli.runIn(
            folder,
            ["webhooks", "send-test", "http://127.0.0.1:9/", "--event", event, "--id", `${id}`, "--dry-run", "--json"],
            {}
          ),
          (ran) => Object(Cli.document(ran))[0].body.changed_attributes
        )
      assert.strictEqual(yield* changesOf("conversation_status_changed", 1), null)
      const orders = yield* Effect.forEach(
        [1, 2, 3, 4, 5, 1],
        (id) => Effect.map(changesOf("conversation_updated", id), (changes) => changes.flatMap(Object.keys).join())
      )
      assert.sameMembers([...new Set(orders)], ["status,updated_at", "updated_at,status"])
      assert.strictEqual(orders[0], orders[5])
    }))

  it.live("are sent under a fresh id each time, and again under the one that is given", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const listener = yield* Cli.serve(["webhooks", "listen", "--json"], settings)
      const url = /http:[^,]+/.exec(yield* listener.errorLine)?.[0] ?? ""
      const send = (...args: ReadonlyArray<string>) =>
        Effect.map(
          Cli.runIn(folder, ["webhooks", "send-test", url, "--json", ...args], settings),
          (ran) => Object(Cli.document(ran)).responseBody
        )
      const next = Effect.map(listener.line, (line): unknown => JSON.parse(line))
      assert.deepStrictEqual([yield* send(), yield* send()], ["{\"status\":\"accepted\"}", "{\"status\":\"accepted\"}"])
      const [first, second] = [Object(yield* next), Object(yield* next)]
      assert.notStrictEqual(first.id, second.id)
      assert.isAbove(Date.parse(second.created_at), Date.parse("2026-01-22"))
      assert.deepStrictEqual(
        [yield* send("--id", "7"), yield* send("--id", "7")],
        ["{\"status\":\"accepted\"}", "{\"status\":\"duplicate\"}"]
      )
      assert.strictEqual(Object(yield* next).id, 7)
      const bodyOf = (...id: ReadonlyArray<string>) =>
        Effect.map(
          Cli.runIn(folder, ["webhooks", "send-test", url, "--dry-run", "--json", ...id], settings),
          (ran) => Object(Cli.document(ran))[0].body
        )
      for (const id of ["7", String(first.id), "9007199254740991"]) {
        const body = yield* bodyOf("--id", id)
        yield* Effect.sleep("2 millis")
        assert.deepStrictEqual(yield* bodyOf("--id", id), body)
      }
      // What came first is what comes again.
      assert.deepStrictEqual(yield* bodyOf("--id", String(first.id)), first)
      yield* send("--event", "ticket_created")
      assert.deepStrictEqual(Object(yield* next).event, "ticket_created")
    }))

  it.live("are neither sent nor listened for with a secret that has white space at its ends", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      for (
        const args of [
          ["webhooks", "listen"],
          ["webhooks", "send-test", "http://127.0.0.1:9/"],
          ["emulator", "--webhook", "http://127.0.0.1:9/"]
        ]
      ) {
        const { code, err } = yield* Cli.runIn(folder, args, { LIVEDESK_WEBHOOK_SECRET: "canary\n" })
        assert.strictEqual(code, 2, args.join(" "))
        assert.match(err, /^LIVEDESK_WEBHOOK_SECRET begins or ends with white space/)
        assert.notInclude(err, "canary")
      }
    }))

  it.live("cannot act upon the terminal by their keys, values or names", () =>
    Effect.gen(function*() {
      const listener = yield* Cli.serve(["webhooks", "listen"], {})
      const url = /http:[^,]+/.exec(yield* listener.errorLine)?.[0] ?? ""
      const hostile = "x\u001b]0;title\u0007"
      const client = yield* HttpClient.HttpClient
      yield* client.execute(
        HttpClientRequest.post(url).pipe(HttpClientRequest.bodyJsonUnsafe({ event: hostile, [hostile]: hostile }))
      )
      const printed = (yield* Effect.replicateEffect(listener.line, 3)).join("\n")
      assert.strictEqual(printed, "x ]0;title\nevent        x ]0;title\nx ]0;title   x ]0;title")
    }).pipe(Effect.provide(NodeHttpClient.layerUndici)))

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

  it.live("says when a proxy is in use, and that it was the proxy that failed, without its password", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      const proxy = yield* ConnectProxy.make({ _tag: "Open", password: "canary" })
      const doctor = (credentials: string, noProxy = "") =>
        Cli.runIn(folder, ["doctor", "--json"], {
          ...settings,
          HTTP_PROXY: `http://${credentials}127.0.0.1:${proxy.port}`,
          NO_PROXY: noProxy
        })
      const through = yield* doctor("alice:canary@", "example.com")
      assert.deepStrictEqual([through.code, findings(through)["proxy"]], [0, "ok"])
      assert.include(
        through.out,
        `requests go through http://127.0.0.1:${proxy.port} (HTTP_PROXY), except to the hosts in NO_PROXY: example.com`
      )
      assert.strictEqual(proxy.tunnels.length, 1)

      const refused = yield* doctor("alice:canary2@")
      assert.deepStrictEqual([refused.code, findings(refused)["proxy"], findings(refused)["service"]], [
        5,
        "ok",
        "wrong"
      ])
      assert.include(
        refused.out,
        `the proxy made no connection to LiveDesk: http://127.0.0.1:${proxy.port} (HTTP_407). Nothing was sent`
      )
      assert.notInclude([through, refused].flatMap(({ err, out }) => [err, out]).join(), "canary")

      const wrong = yield* Cli.runIn(folder, ["contacts", "list"], { ...settings, HTTPS_PROXY: "proxy.example:canary" })
      assert.deepStrictEqual([wrong.code, wrong.out], [2, ""])
      assert.include(wrong.err, "HTTPS_PROXY: expected the URL of an http or https proxy")
      assert.notInclude(wrong.err, "canary")
    }).pipe(withEmulator))

  it.live("reports a response that differs from its documentation, or that is not LiveDesk's", () =>
    Effect.gen(function*() {
      const doctor = (type: string, body: string, status = 200) =>
        Effect.scoped(Effect.gen(function*() {
          return yield* Cli.runIn(yield* Folder.make, ["doctor", "--json"], {
            ...(yield* Cli.settings),
            LIVEDESK_BASE_URL: yield* LocalServer.make((_, response) =>
              response.writeHead(status, { "content-type": type }).end(body)
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
      assert.deepStrictEqual([other.code, findings(other)["service"], findings(other)["credentials"]], [
        4,
        "wrong",
        "not looked at"
      ])
      assert.include(other.out, "did not come from LiveDesk's API (200, text/html)")
      assert.include(other.out, "LIVEDESK_BASE_URL")
      const blocked = yield* doctor("text/html", "<html></html>", 403)
      assert.deepStrictEqual([blocked.code, findings(blocked)["service"], findings(blocked)["credentials"]], [
        5,
        "wrong",
        "not looked at"
      ])
      assert.include(blocked.out, "this says nothing about the API key")
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
