import { LiveDeskClient } from "@effect-livedesk/core"
import { ImportJournal, ImportMapping, ImportReport } from "@effect-livedesk/core/imports"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import * as NodeImport from "@effect-livedesk/node/NodeImport"
import * as NodeSqlite from "@effect-livedesk/node/NodeSqlite"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, HashMap, Layer, Logger, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { once } from "node:events"
import {
  appendFile,
  chmod,
  copyFile,
  lstat,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile
} from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import * as consumers from "node:stream/consumers"
import { Worker } from "node:worker_threads"
import * as Child from "../Child.ts"
import * as Cli from "../Cli.ts"
import * as EmulatorSettings from "../EmulatorSettings.ts"
import * as Folder from "../Folder.ts"

const inboxId = 407

/** A file of this text in a folder of its own. */
const fileOf = Effect.fnUntraced(function*(text: string, name = "customers.csv") {
  const file = join(yield* Folder.make, name)
  yield* Effect.promise(() => writeFile(file, text))
  return file
})

const text = (path: string) => Effect.promise(() => readFile(path, "utf8"))

const livedesk = NodeEmulator.layerLiveDesk()

const target = Effect.map(LiveDeskClient.LiveDeskClient, ({ baseUrl, keyFingerprint }) => ({
  inboxId,
  baseUrl,
  keyFingerprint
}))

const contacts = Effect.map(
  Effect.flatMap(Emulator.Emulator, ({ state }) => state),
  ({ contacts }) => HashMap.size(contacts)
)

describe("NodeImport", () => {
  it.live("imports a file of CSV, and reports the outcome of each row, for its owner alone", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("email,name\na@acme.inc,\"Alice, Inc.\"\n,Nobody\nno address,Bob\nc@acme.inc,Carol\n")
      const reported: Array<number> = []
      const result = yield* NodeImport.run({
        file,
        inboxId,
        onProgress: (progress) => Effect.sync(() => reported.push(progress.read))
      })
      assert.deepStrictEqual([result.done, result.rejected, reported.at(-1)], [2, 2, 4])
      const files = NodeImport.reportsOf({ file })
      const [header, ...successes] = (yield* text(files.successes)).trim().split("\r\n")
      assert.strictEqual(header, "line,key,contact_id,existing,conversation_id,message_id")
      assert.lengthOf(successes, 2)
      assert.match(successes[0] ?? "", /^2,email:a@acme.inc,\d+,false,,$/)
      const rejects = (yield* text(files.rejects)).trim().split("\r\n")
      assert.lengthOf(rejects, 3)
      assert.strictEqual(rejects[0], "import_line,import_step,import_reasons,import_text,email,name")
      assert.match(rejects[1] ?? "", /^3,,"contact: give identifier, email or phoneNumber[^]*",,,Nobody$/)
      assert.match(
        rejects[2] ?? "",
        /^4,contact,"contacts.ensure: contacts.create failed for inbox 407: ValidationError\/RejectedInput[^]*",,no address,Bob$/
      )
      assert.strictEqual(
        yield* text(files.unknowns),
        "line,key,step,reasons,contact_id,existing,conversation_id,message_id,row\r\n"
      )
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(dirname(file))), [
        "customers.csv",
        "customers.csv.journal",
        "customers.csv.rejects.csv",
        "customers.csv.successes.csv",
        "customers.csv.unknowns.csv"
      ])
      for (const path of Object.values(files)) {
        assert.strictEqual((yield* Effect.promise(() => stat(path))).mode & 0o777, 0o600)
      }
    }).pipe(Effect.provide(livedesk)))

  it.live("imports its rejects, once they are corrected, as they stood in the file", () =>
    Effect.gen(function*() {
      const wrong = "no;address"
      const file = yield* fileOf(`email;name\na@acme.inc;Alice\n${JSON.stringify(wrong)};"=B, ""Bob"""\n`)
      assert.strictEqual((yield* NodeImport.run({ file, inboxId })).rejected, 1)
      const { rejects } = NodeImport.reportsOf({ file })
      const report = yield* text(rejects)
      yield* Effect.promise(() => writeFile(rejects, report.replace(wrong, "b@acme.inc")))
      const again = yield* NodeImport.run({ file: rejects, inboxId, journal: `${file}.journal` })
      assert.deepStrictEqual([again.read, again.done, again.rejected, again.notInFile], [1, 1, 0, 1])
      const { contacts } = yield* Effect.flatMap(Emulator.Emulator, ({ state }) => state)
      assert.deepStrictEqual([...HashMap.values(contacts)].map(({ name }) => name).sort(), ["=B, \"Bob\"", "Alice"])
    }).pipe(Effect.provide(livedesk)))

  it.live("leaves a report that a person has changed, whichever it is, and writes the new one beside it", () =>
    Effect.gen(function*() {
      const logged: Array<unknown> = []
      const file = yield* fileOf("email,name\nnone,Bob\na@acme.inc,Alice\n")
      const run = NodeImport.run({ file, inboxId }).pipe(
        Effect.provide(Logger.layer([Logger.make(({ message }) => logged.push(message))]))
      )
      const wanted = NodeImport.reportsOf({ file })
      assert.deepStrictEqual([(yield* run).reports, (yield* run).reports], [wanted, wanted])
      assert.deepStrictEqual(logged, [])
      const written = yield* text(wanted.rejects)
      for (const path of Object.values(wanted)) yield* Effect.promise(() => appendFile(path, "mine"))
      const beside = {
        successes: `${file}.successes.2.csv`,
        rejects: `${file}.rejects.2.csv`,
        unknowns: `${file}.unknowns.2.csv`
      }
      // The second time, those beside them are as a run wrote them.
      for (const attempt of ["first", "second"]) {
        assert.deepStrictEqual((yield* run).reports, beside, attempt)
        assert.strictEqual(yield* text(wanted.rejects), `${written}mine`)
        assert.strictEqual(yield* text(beside.rejects), written)
      }
      assert.deepInclude(logged, [
        `${wanted.rejects} is not as an import wrote it, and stays as it is: the new report is ${beside.rejects}`
      ])
      yield* Effect.promise(() => appendFile(beside.rejects, "mine"))
      assert.deepStrictEqual((yield* run).reports, { ...beside, rejects: `${file}.rejects.3.csv` })
      assert.strictEqual(yield* text(beside.rejects), `${written}mine`)
    }).pipe(Effect.provide(livedesk)))

  it.live("replaces the report of another file of the same journal, if it is as a run wrote it", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("email,name\nnone,Bob\n")
      const { reports } = yield* NodeImport.run({ file, inboxId })
      yield* NodeImport.run({ file: reports.rejects, inboxId, journal: `${file}.journal` })
      assert.deepStrictEqual((yield* NodeImport.run({ file, inboxId })).reports, reports)
    }).pipe(Effect.provide(livedesk)))

  it.live("reports the rejects in the order of their lines, whatever rejected them", () =>
    Effect.gen(function*() {
      const count = 1200
      const address = (line: number) => line % 3 === 0 ? "" : line % 3 === 1 ? "none" : `c${line}@acme.inc`
      const file = yield* fileOf(
        `email,name\n${Array.from({ length: count }, (_, index) => `${address(index + 2)},C\n`).join("")}`
      )
      const { rejected, reports } = yield* NodeImport.run({ file, inboxId, lookup: "onConflict" })
      const lines = (yield* text(reports.rejects)).trim().split("\r\n").slice(1).map((line) => Number.parseInt(line))
      assert.strictEqual(rejected, count * 2 / 3)
      assert.deepStrictEqual(
        lines,
        Array.from({ length: count }, (_, index) => index + 2).filter((line) => line % 3 !== 2)
      )
    }).pipe(Effect.provide(livedesk)))

  it.live("given a report of rejects without the journal of its import, refuses it by the name of that", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("email,name\nnone,Bob\n")
      const { reports: { rejects } } = yield* NodeImport.run({ file, inboxId })
      const before = yield* Effect.promise(() => readdir(dirname(file)))
      for (
        const refused of [NodeImport.run({ file: rejects, inboxId }), NodeImport.check({ file: rejects, inboxId })]
      ) {
        const error = yield* Effect.flip(Effect.asVoid(refused))
        assert.strictEqual(error._tag === "ImportJournalError" ? error.problem : error._tag, "Incomplete")
        assert.include(error.message, `its import, ${file}.journal (--journal)`)
      }
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(dirname(file))), before)
      yield* NodeImport.check({ file: rejects, inboxId, journal: `${file}.journal` })
    }).pipe(Effect.provide(livedesk)))

  it.live("imports newline-delimited JSON", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("{\"identifier\":7,\"name\":null}\n{\"email\":\"b@acme.inc\"}\n", "customers.ndjson")
      assert.strictEqual((yield* NodeImport.run({ file, inboxId })).done, 2)
      assert.strictEqual(yield* contacts, 2)
    }).pipe(Effect.provide(livedesk)))

  it.live("reads a file's rows without importing them", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("email;name\na@acme.inc;Alice\nb@acme.inc\n")
      const rows = yield* Stream.runCollect(NodeImport.rows({ file, delimiter: ";" }))
      assert.deepStrictEqual(rows.map(({ _tag, line }) => [_tag, line]), [["Row", 2], ["BadRow", 3]])
      const json = yield* fileOf("{\"email\":\"a@acme.inc\"}\n", "customers.ndjson")
      const [row] = yield* Stream.runCollect(NodeImport.rows({ file: json }))
      assert.deepStrictEqual(row, { _tag: "Row", line: 1, values: { email: "a@acme.inc" } })
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(dirname(file))), ["customers.csv"])
      assert.strictEqual(
        yield* Effect.flip(Stream.runDrain(NodeImport.rows({ file: `${file}.gone` }))).pipe(
          Effect.map(({ _tag }) => _tag)
        ),
        "PlatformError"
      )
    }))

  const files: { readonly [name: string]: readonly [text: string, error: string] } = {
    "is empty": ["", "ImportFileError"],
    "has a header of which the mapping can make nothing": ["Town\nUlm\n", "ImportFileError"],
    "is one JSON array": ["[{\"email\":\"a@acme.inc\"}]", "ImportFileError"],
    "is not there": ["", "PlatformError"]
  }
  for (const [what, [content, error]] of Object.entries(files)) {
    it.live(`leaves neither a journal nor a report of a file that ${what}`, () =>
      Effect.gen(function*() {
        const written = yield* fileOf(content)
        const file = what === "is not there" ? `${written}.none` : written
        const format = content.startsWith("[") ? "ndjson" : "csv"
        assert.strictEqual((yield* Effect.flip(NodeImport.run({ file, format, inboxId })))._tag, error)
        assert.deepStrictEqual(yield* Effect.promise(() => readdir(dirname(file))), ["customers.csv"])
      }).pipe(Effect.provide(livedesk)))
  }

  it.live("leaves neither a journal nor a report of invalid options", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("email\na@acme.inc\n")
      for (
        const options of [{ inboxId: 0 }, { inboxId, concurrency: 0 }, { inboxId, retryFor: "-1 seconds" as const }]
      ) {
        assert.strictEqual((yield* Effect.flip(NodeImport.run({ file, ...options })))._tag, "ValidationError")
      }
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(dirname(file))), ["customers.csv"])
    }).pipe(Effect.provide(livedesk)))

  it.live("fails for a journal that is in use, here, in another thread and then in another process", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("email\na@acme.inc\n")
      const journal = `${file}.journal`
      const settings = yield* EmulatorSettings.make
      yield* Effect.gen(function*() {
        const error = yield* Effect.flip(NodeImport.run({ file, inboxId, journal }))
        assert.strictEqual(error._tag, "ImportJournalError")
        assert.include(error.message, `another process is at work with ${journal}`)
        const worker = new Worker(new URL("../campaigns/import.ts", import.meta.url), {
          env: { ...settings, IMPORT_FILE: file },
          stdout: true,
          stderr: true
        })
        const [said] = yield* Effect.promise(() => Promise.all([consumers.text(worker.stderr), once(worker, "exit")]))
        assert.include(said, `another process is at work with ${journal}`)
        const other = yield* Cli.spawn(dirname(file), ["import", file, "--journal", journal], settings).pipe(
          Effect.flatMap(Cli.result),
          Effect.scoped
        )
        assert.include(other.err, `another process is at work with ${journal}`)
      }).pipe(Effect.provide(NodeImport.journalLayer(journal, { create: true })))
      assert.strictEqual(HashMap.size((yield* Effect.flatMap(Emulator.Emulator, ({ state }) => state)).contacts), 0)
    }).pipe(Effect.provide(livedesk)))

  it.live("opens no journal that is not there, unless create is given", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("email\na@acme.inc\n")
      const error = yield* Effect.flip(Effect.scoped(Layer.build(NodeImport.journalLayer(`${file}.jornal`))))
      assert.deepStrictEqual([error.problem, error.message], ["Missing", `there is no import's journal ${file}.jornal`])
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(dirname(file))), ["customers.csv"])
    }))

  it.live("writes the reports also when it fails, and logs it when it cannot", () =>
    Effect.gen(function*() {
      const logged: Array<unknown> = []
      const file = yield* fileOf("email\na@acme.inc\n")
      const rejects = join(file, "rejects.csv")
      yield* NodeImport.run({ file, inboxId, reports: { rejects } }).pipe(
        Effect.provide(Logger.layer([Logger.make(({ message }) => logged.push(message))]))
      )
      assert.include(String(logged), "the reports could not be written")
      assert.include(String(logged), rejects)
    }).pipe(Effect.provide(livedesk)))

  it.live("follows no link that is planted for a report, and keeps no one else's rights to it", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("email\nnone\na@acme.inc\n")
      const victim = join(dirname(file), "victim")
      const files = NodeImport.reportsOf({ file })
      yield* NodeImport.run({ file, inboxId })
      yield* Effect.promise(async () => {
        await writeFile(victim, "mine")
        for (const path of Object.values(files)) {
          await symlink(victim, `${path}.tmp`)
        }
        await rm(files.rejects)
        await symlink(victim, files.rejects)
        await chmod(files.successes, 0o666)
      })
      yield* NodeImport.run({ file, inboxId })
      assert.strictEqual(yield* text(victim), "mine")
      for (const path of Object.values(files)) {
        const found = yield* Effect.promise(() => lstat(path))
        assert.deepStrictEqual([found.isFile(), found.mode & 0o777], [true, 0o600])
      }
      const left = (yield* Effect.promise(() => readdir(dirname(file)))).filter((name) => name.endsWith(".tmp"))
      assert.deepStrictEqual(left.length, 3)
    }).pipe(Effect.provide(livedesk)))

  it.live("leaves nothing beside a report that could not be written", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("email\na@acme.inc\n")
      const rejects = dirname(file)
      yield* NodeImport.run({ file, inboxId, reports: { rejects } }).pipe(Effect.provide(Logger.layer([])))
      const names = yield* Effect.promise(() => readdir(dirname(dirname(file))))
      assert.deepStrictEqual(names.filter((name) => name.startsWith(`${basename(rejects)}.`)), [])
    }).pipe(Effect.provide(livedesk)))

  it.live("writes no cell that a spreadsheet would run, and reads it back", () =>
    Effect.gen(function*() {
      const cells = [
        "=1+1",
        "-2+3",
        "@SUM(1)",
        "\tx",
        "\rx",
        "'quoted",
        "'=x",
        "+49 151",
        "+4915112345678",
        "-5.5",
        "x=1",
        ""
      ]
      const file = yield* fileOf(`email\n"=cmd|' /C calc'!A0\n`)
      const journal = NodeImport.journalLayer(`${file}.journal`, { create: true })
      const files = NodeImport.reportsOf({ file })
      yield* Effect.gen(function*() {
        const { begin, reject } = yield* ImportJournal.ImportJournal
        yield* begin({ inboxId, baseUrl: "https://livedesk.example", keyFingerprint: "a" })
        yield* reject(cells.map((row, index) => ({ line: index + 2, reasons: ["-1-1"], row })))
        yield* reject([
          { line: 99, reasons: [], row: JSON.stringify({ email: "=a@acme.inc", "=name": "'x" }) },
          // Of which cells would make something else.
          { line: 100, reasons: [], row: JSON.stringify({ email: "b@acme.inc", tags: ["vip"] }) }
        ])
        yield* ImportReport.write(files)
      }).pipe(Effect.provide([journal, NodeFileSystem.layer]))
      const [header, ...written] = (yield* text(files.rejects)).split("\r\n").slice(0, -1)
      assert.strictEqual(header, "import_line,import_step,import_reasons,import_text,email,'=name")
      assert.deepStrictEqual(written[0], "2,,'-1-1,'=1+1,,")
      assert.strictEqual(written.at(-2), "99,,,,'=a@acme.inc,''x")
      for (const line of written) assert.notMatch(line, /,"?[=@\t\r]|,"?[+-](?!\d+(?:\.\d+)?(?:,|$))/)
      assert.strictEqual(written[8], "10,,'-1-1,+4915112345678,,")
      const rows = yield* Effect.gen(function*() {
        const fileSystem = yield* FileSystem.FileSystem
        return yield* Stream.runCollect(ImportReport.rows(fileSystem.stream(files.rejects)))
      }).pipe(Effect.provide(NodeFileSystem.layer))
      // A row without a text has no values either.
      const texts = cells.map((cell) => cell === "" ? 13 : cell)
      assert.deepStrictEqual(rows.map((row) => row._tag === "BadRow" ? row.text : row.line), [...texts, 99, 100])
      assert.deepInclude(rows.at(-2), { line: 99, values: { email: "=a@acme.inc", "=name": "'x" } })
      assert.deepInclude(rows.at(-1), { line: 100, values: { email: "b@acme.inc", tags: ["vip"] } })
      const error = yield* Effect.flip(
        Stream.runDrain(ImportReport.rows(Stream.succeed(new TextEncoder().encode("email\na@acme.inc\n"))))
      )
      assert.include(error.message, "no report of an import's rejects")
    }))

  it.live("when interrupted by Ctrl-C, finishes what is in flight, says how to go on, and goes on", () =>
    Effect.gen(function*() {
      const count = 100
      const file = yield* fileOf(
        `email\n${Array.from({ length: count }, (_, index) => `c${index}@acme.inc\n`).join("")}`
      )
      const emulator = yield* Emulator.Emulator
      const child = yield* Child.start(new URL("../campaigns/import.ts", import.meta.url), {
        IMPORT_FILE: file,
        ...(yield* EmulatorSettings.make)
      })
      yield* Stream.runDrain(Stream.take(emulator.changes, 40))
      child.process.kill("SIGINT")
      const said = yield* child.line("")
      let line = said
      while (line !== undefined && !line.includes("Start it again")) line = yield* child.line("")
      assert.include(line, `${file}.journal`)
      assert.strictEqual(yield* child.ended, 130)
      const made = yield* contacts
      assert.isBelow(made, count)
      // Nothing is unknown: each contact that is there is known to be.
      const successes = (yield* text(NodeImport.reportsOf({ file }).successes)).trim().split("\r\n")
      assert.strictEqual(successes.length - 1, made)
      const { sent } = yield* Effect.flatMap(ImportJournal.ImportJournal, ({ totals }) => totals).pipe(
        Effect.provide(NodeImport.journalLayer(`${file}.journal`))
      )
      assert.strictEqual(sent, 0)
      const again = yield* NodeImport.run({ file, inboxId })
      assert.deepStrictEqual([again.alreadyDone, again.created], [made, count - made])
    }).pipe(Effect.scoped, Effect.provide(livedesk)))

  it.live("given a journal that was moved without its -wal after a crash, refuses it by name", () =>
    Effect.gen(function*() {
      const values = Array.from({ length: 300 }, (_, index) => `c${index}@acme.inc,Hello\n`).join("")
      const file = yield* fileOf(`email,message\n${values}`)
      const emulator = yield* Emulator.Emulator
      yield* Effect.scoped(Effect.gen(function*() {
        const child = yield* Child.start(new URL("../campaigns/import.ts", import.meta.url), {
          IMPORT_FILE: file,
          ...(yield* EmulatorSettings.make)
        })
        yield* Stream.runDrain(Stream.take(emulator.changes, 300))
        yield* child.kill
      }))
      const moved = yield* fileOf(`email,message\n${values}`)
      yield* Effect.promise(() => copyFile(`${file}.journal`, `${moved}.journal`))
      const before = yield* emulator.state
      const error = yield* Effect.flip(NodeImport.run({ file: moved, inboxId }))
      assert.strictEqual(error._tag === "ImportJournalError" && error.problem, "Incomplete")
      assert.include(error.message, `(${moved}.journal*)`)
      assert.strictEqual(yield* emulator.state, before)
      // With all of it, the import goes on.
      yield* Effect.promise(() => copyFile(`${file}.journal-wal`, `${moved}.journal-wal`))
      const mapping = ImportMapping.forColumns({ columns: { message: "message" } })
      const result = yield* NodeImport.run({ file: moved, inboxId, mapping, reconcileAfter: "50 millis" })
      assert.isAbove(result.alreadyDone, 0)
      assert.isAtMost(HashMap.size((yield* emulator.state).messages), 300)
      assert.strictEqual(result.alreadyDone + result.done + result.unknown, 300)
      // At its end it is whole in one file.
      const again = yield* fileOf(`email,message\n${values}`)
      yield* Effect.promise(() => copyFile(`${moved}.journal`, `${again}.journal`))
      assert.strictEqual(
        (yield* NodeImport.run({ file: again, inboxId })).alreadyDone,
        result.alreadyDone + result.done
      )
    }).pipe(Effect.scoped, Effect.provide(livedesk)))

  it.live("given a -wal of another state beside its journal, refuses it by name, and changes neither", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("email\na@acme.inc\n")
      const [journal, wal] = [`${file}.journal`, `${file}.journal-wal`]
      const copies = join(yield* Folder.make, "copy")
      const copy = (suffix: string) =>
        Effect.promise(async () => {
          await copyFile(journal, `${copies}${suffix}`)
          await copyFile(wal, `${copies}${suffix}-wal`)
        })
      const restore = (database: string, from: string) =>
        Effect.promise(async () => {
          await copyFile(database, journal)
          await copyFile(`${copies}${from}-wal`, wal)
        })
      /** Makes a run, and copies both files as a crash in its middle would leave them. */
      const run = Effect.fnUntraced(function*(suffix: string, email: string) {
        yield* Effect.promise(() => writeFile(file, `email\n${email}\n`))
        yield* Effect.gen(function*() {
          const journal = yield* ImportJournal.ImportJournal
          yield* journal.begin(yield* target)
          yield* journal.plan([{ key: email, customer: email, addresses: [], line: 2, row: "{}" }])
          yield* copy(suffix)
        }).pipe(Effect.provide(NodeImport.journalLayer(journal, { create: true })))
      })
      yield* run("1", "a@acme.inc")
      yield* run("2", "b@acme.inc")
      const closed = join(dirname(copies), "closed")
      yield* Effect.promise(() => copyFile(journal, closed))
      const files = Effect.promise(() => Promise.all([readFile(journal), readFile(wal)]))
      // Of the second run's frames, only the mark at their beginning says whose they are.
      for (
        const [database, from] of [[closed, "1"], [closed, "2"], [`${copies}2`, "1"], [`${copies}1`, "2"]] as const
      ) {
        yield* restore(database, from)
        const before = yield* files
        const error = yield* Effect.flip(NodeImport.run({ file, inboxId }))
        assert.strictEqual(error._tag === "ImportJournalError" && error.problem, "Incomplete", from)
        assert.include(error.message, `${wal} is not of this import's journal`)
        assert.deepStrictEqual(yield* files, before)
      }
      // What belongs together is gone on with, and what is closed needs no other file.
      const keys = Effect.map(
        Stream.runCollect(Stream.unwrap(Effect.map(ImportJournal.ImportJournal, ({ entries }) => entries("sent")))),
        (entries) => entries.map(({ key }) => key)
      ).pipe(Effect.provide(Layer.fresh(NodeImport.journalLayer(journal))))
      yield* restore(`${copies}1`, "1")
      assert.deepStrictEqual(yield* keys, ["a@acme.inc"])
      yield* restore(`${copies}2`, "2")
      assert.deepStrictEqual(yield* keys, ["a@acme.inc", "b@acme.inc"])
      yield* Effect.promise(async () => {
        await copyFile(closed, journal)
        await writeFile(wal, "")
      })
      assert.deepStrictEqual(yield* keys, ["a@acme.inc", "b@acme.inc"])
    }).pipe(Effect.provide(livedesk)))

  it.effect("given a journal and a -wal of two moments of one run, or of two journals, refuses them", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const journal = join(folder, "journal")
      const copy = (from: string, to: string) => Effect.promise(() => copyFile(join(folder, from), join(folder, to)))
      const open = (options?: { readonly create: boolean }) => Layer.fresh(NodeImport.journalLayer(journal, options))
      yield* Effect.gen(function*() {
        const { begin, plan } = yield* ImportJournal.ImportJournal
        yield* begin(yield* target)
        for (const moment of ["1", "2", "3"]) {
          for (let row = 0; row < 6; row++) {
            const key = `${moment}-${row}`
            yield* plan([{ key, customer: key, addresses: [], line: 2, row: "x".repeat(1_000_000) }])
          }
          yield* copy("journal", moment)
          yield* copy("journal-wal", `${moment}-wal`)
          yield* TestClock.adjust("1 second")
          // All but its mark is written back.
          assert.isBelow((yield* Effect.promise(() => stat(`${journal}-wal`))).size, 10_000)
        }
      }).pipe(Effect.provide(open({ create: true })))
      yield* Effect.gen(function*() {
        yield* Effect.flatMap(ImportJournal.ImportJournal, ({ begin }) => Effect.flatMap(target, begin))
        yield* copy("another-wal", "other-wal")
      }).pipe(
        Effect.provide(Layer.fresh(NodeImport.journalLayer(join(folder, "another"), { create: true })))
      )
      const keys = Effect.gen(function*() {
        const { entries } = yield* ImportJournal.ImportJournal
        return yield* Stream.runCount(entries("sent"))
      }).pipe(Effect.provide(open()))
      const refused = Effect.map(Effect.flip(keys), ({ _tag, problem }) => [_tag, problem])
      const incomplete = ["ImportJournalError", "Incomplete"]
      // A file that is cut off, beside another's frames, which would be all of it.
      yield* Effect.promise(async () => writeFile(journal, (await readFile(join(folder, "2"))).subarray(0, 8192)))
      yield* copy("other-wal", "journal-wal")
      assert.deepStrictEqual(yield* refused, incomplete)
      for (const database of ["1", "2", "3"]) {
        for (const wal of ["1", "2", "3", "other"]) {
          yield* copy(database, "journal")
          yield* copy(`${wal}-wal`, "journal-wal")
          if (database === wal) assert.strictEqual(yield* keys, 6 * Number(wal))
          else assert.deepStrictEqual(yield* refused, incomplete)
        }
        // As a sqlite3 leaves it that was ended by a signal.
        yield* copy(database, "journal")
        yield* Effect.promise(() => writeFile(`${journal}-wal`, ""))
        yield* Effect.promise(() => writeFile(`${journal}-shm`, ""))
        assert.deepStrictEqual(yield* refused, incomplete)
        yield* Effect.promise(() => rm(`${journal}-shm`))
      }
    }).pipe(Effect.provide(livedesk)))

  it.live("goes on with a journal after a crash at each moment of opening or closing it", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const journal = join(folder, "journal")
      const [crashed, empty] = [join(folder, "crashed"), join(folder, "empty")]
      const copy = (from: string, to: string) =>
        Effect.promise(async () => {
          await copyFile(from, to)
          await copyFile(`${from}-wal`, `${to}-wal`)
        })
      yield* Effect.gen(function*() {
        const { begin, plan } = yield* ImportJournal.ImportJournal
        yield* begin(yield* target)
        yield* plan([{ key: "a", customer: "a", addresses: [], line: 2, row: "{}" }])
        yield* copy(journal, crashed)
      }).pipe(Effect.provide(NodeImport.journalLayer(journal, { create: true })))
      const kind = (yield* Effect.promise(() => readFile(journal))).readInt32BE(68)
      yield* Effect.promise(async () => {
        await writeFile(empty, "")
        await writeFile(`${empty}-wal`, "")
      })
      /** Leaves a journal as a process does that marks it so, and is ended before it empties the frames. */
      const open = (from: string, marks: ReadonlyArray<string>, isWrittenBack: boolean) =>
        Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          for (const mark of marks) yield* sql.unsafe(`PRAGMA ${mark}`)
          if (isWrittenBack) yield* sql.unsafe("PRAGMA wal_checkpoint(FULL)")
          yield* copy(journal, join(folder, "left"))
        }).pipe(
          Effect.provide(Layer.fresh(NodeSqlite.layer({ file: journal, exclusive: true }))),
          (opened) => Effect.andThen(copy(from, journal), opened),
          Effect.andThen(copy(join(folder, "left"), journal))
        )
      const keys = Effect.gen(function*() {
        const { entries } = yield* ImportJournal.ImportJournal
        return (yield* Stream.runCollect(entries("sent"))).map(({ key }) => key)
      }).pipe(Effect.provide(Layer.fresh(NodeImport.journalLayer(journal, { create: true }))))

      for (const isWrittenBack of [false, true]) {
        for (
          const marks of [
            ["user_version = 4"],
            ["user_version = 4", "user_version = 4", "user_version = 6"],
            // At its end, too.
            ["user_version = 4", "wal_checkpoint(TRUNCATE)", "user_version = 4", "user_version = 5"]
          ]
        ) {
          yield* open(crashed, marks, isWrittenBack)
          // So that of the pages that make it longer, none is written yet.
          if (isWrittenBack && marks.length < 4) {
            yield* Effect.promise(async () => truncate(journal, (await stat(crashed)).size))
          }
          assert.deepStrictEqual(yield* keys, ["a"], `${marks.join()} ${isWrittenBack}`)
        }
        yield* open(empty, [`application_id = ${kind}`, "user_version = 2"], isWrittenBack)
        assert.deepStrictEqual(yield* keys, [])
      }
    }).pipe(Effect.provide(livedesk)))

  it.live("after a crash, says how to go on with a journal that another program wrote back", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("email\na@acme.inc\n")
      const [journal, crashed] = [`${file}.journal`, `${file}.crashed`]
      yield* Effect.gen(function*() {
        yield* Effect.flatMap(ImportJournal.ImportJournal, ({ begin }) => Effect.flatMap(target, begin))
        yield* Effect.promise(async () => {
          await copyFile(journal, crashed)
          await copyFile(`${journal}-wal`, `${crashed}-wal`)
        })
      }).pipe(Effect.provide(NodeImport.journalLayer(journal, { create: true })))
      const sqlite = (statement: string) =>
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement)).pipe(
          Effect.provide(Layer.fresh(NodeSqlite.layer({ file: crashed })))
        )
      yield* sqlite("SELECT * FROM sqlite_schema")
      const run = NodeImport.run({ file, inboxId, journal: crashed })
      const { message } = yield* Effect.flip(run)
      const [, statement = ""] = /such as sqlite3 .*`(.*)`/u.exec(message) ?? []
      yield* sqlite(statement)
      assert.strictEqual((yield* run).done, 1)
    }).pipe(Effect.provide(livedesk)))

  it.live("given no journal beside the reports of an earlier run, refuses to begin again", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("email\na@acme.inc\n")
      yield* NodeImport.run({ file, inboxId })
      yield* Effect.promise(() => writeFile(`${file}.journal`, ""))
      const error = yield* Effect.flip(NodeImport.run({ file, inboxId }))
      assert.strictEqual(error._tag === "ImportJournalError" && error.problem, "Incomplete")
      assert.include(error.message, NodeImport.reportsOf({ file }).successes)
    }).pipe(Effect.provide(livedesk)))

  it.live("given a file that is no journal, leaves it as it is", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("email\na@acme.inc\n")
      const refused = Effect.fnUntraced(function*(journal: string) {
        const before = yield* Effect.promise(() => readFile(journal))
        const error = yield* Effect.flip(NodeImport.run({ file, inboxId, journal }))
        assert.strictEqual(error._tag === "ImportJournalError" && error.problem, "NotAJournal")
        assert.deepStrictEqual(yield* Effect.promise(() => readFile(journal)), before)
      })
      const database = join(dirname(file), "invoices.sqlite")
      yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE invoices (id INTEGER)`).pipe(
        Effect.provide(NodeSqlite.layer({ file: database }))
      )
      yield* refused(database)
      yield* refused(file)
    }).pipe(Effect.provide(livedesk)))

  it.live("given another server than its journal's, does nothing", () =>
    Effect.gen(function*() {
      const file = yield* fileOf("email\na@acme.inc\n")
      yield* Effect.provide(NodeImport.run({ file, inboxId }), Layer.fresh(NodeEmulator.layerLiveDesk()))
      const error = yield* Effect.flip(NodeImport.run({ file, inboxId }))
      assert.strictEqual(error._tag === "ImportJournalError" && error.problem, "OtherImport")
      assert.strictEqual(yield* contacts, 0)
    }).pipe(Effect.provide(livedesk)))
})
