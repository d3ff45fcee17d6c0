import { LiveDeskError } from "@effect-livedesk/core"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Schedule, Schema, Stream } from "effect"
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Cli from "../Cli.ts"
import * as Folder from "../Folder.ts"

const withEmulator = Effect.provide(NodeEmulator.layer())

const failNext = (operation: "contacts.list" | "conversations.create" | "messages.send", fault: Faults.Fault) =>
  Faults.Faults.use(({ setPlan }) => Effect.orDie(setPlan(Faults.script({ [operation]: [fault] }))))

const held = Effect.gen(function*() {
  const { state } = yield* Emulator.Emulator
  const { contacts, conversations, messages } = yield* state
  return [HashMap.size(contacts), HashMap.size(conversations), HashMap.size(messages)]
})

const lost = Faults.Fault.Reset({ when: "AfterProcessing" })

describe("a write whose outcome is unknown", () => {
  it.live("has an exit code of its own and names its conversation", () =>
    Effect.gen(function*() {
      yield* Cli.run("conversations", "start", "--name", "Alice", "--message", "Hello")
      yield* failNext("messages.send", lost)
      const { code, err } = yield* Cli.run("messages", "send", "40", "Secret", "--json")
      assert.strictEqual(code, 9)
      const error = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(LiveDeskError.LiveDeskError))(JSON.parse(err))
      assert.deepStrictEqual([error.outcome, error.inputIds], ["Unknown", { conversationId: 40 }])
      assert.notInclude(err, "Secret")
    }).pipe(withEmulator))

  it.live("of a start is not repeated by what its error says, until somebody has looked", () =>
    Effect.gen(function*() {
      yield* failNext("messages.send", lost)
      const start = ["conversations", "start", "--name", "Bob", "--message", "Hello"]
      const failed = yield* Cli.run(...start)
      assert.strictEqual(failed.code, 9)
      const [hint = "", message = ""] = failed.err.split("\n")
      assert.match(
        hint,
        /^look for the message first; only if it is not there, continue: livedesk conversations start --name Bob --message Hello --resume contactId=2219256 --resume sourceId=\S+ --resume conversationId=40 --resume unknown=message --not-processed message$/
      )
      assert.match(message, /^ConversationStart\.start: messages\.send failed for conversation 40: /)
      assert.include(message, "if it is there, nothing is left to do; only if it is not, resume with notProcessed")
      const flags = hint.slice(hint.indexOf("--resume")).split(" ")
      const early = yield* Cli.run(...start, ...flags.slice(0, -2))
      assert.deepStrictEqual([early.code, yield* held], [2, [1, 1, 1]])
      assert.include(early.err, "the outcome of the message is unknown, so look for it first")
      const again = yield* Cli.run(...start, ...flags)
      assert.deepStrictEqual([again.code, yield* held], [0, [1, 1, 2]])
    }).pipe(withEmulator))

  it.live("of a start that is interrupted is continued by the whole command, which it prints", () =>
    Effect.gen(function*() {
      yield* failNext("conversations.create", Faults.Fault.Silent({ when: "BeforeProcessing" }))
      const text = "It's on its way.\nYour team"
      const args = ["conversations", "start", "--name", "Bob B.", `--message=${text}`, "--inbox", "407", "--json"]
      const { trace } = yield* Faults.Faults
      const sent = Effect.repeat(trace, {
        until: (trace) => trace.some(({ operation }) => operation === "conversations.create"),
        schedule: Schedule.spaced("20 millis")
      })
      const ran = yield* Cli.interruptIn(yield* Folder.make, args, yield* Cli.settings, sent)
      assert.strictEqual(ran.code, 130)
      const [, command = ""] =
        /^look for the conversation first; only if it is not there, continue: livedesk (.*)$/ms.exec(
          ran.err
        ) ?? []
      const [flags = ""] = command.split("\n{")
      assert.match(
        flags,
        /^conversations start --name 'Bob B\.' '--message=It'\\''s on its way\.\nYour team' --inbox 407 --json --resume contactId=2219256 --resume sourceId=\S+ --resume unknown=conversation --not-processed conversation$/m
      )
      const resumed = flags.slice(flags.indexOf("--resume")).trim().split(" ")
      // Again, with the flags of before replaced.
      yield* failNext("messages.send", Faults.Fault.RateLimited({ retryAfter: "120" }))
      const limited = yield* Cli.run(...args, ...resumed)
      assert.match(
        limited.err,
        /^to continue: livedesk [^]* --json --resume contactId=\S+ --resume sourceId=\S+ --resume conversationId=40$/m
      )
      assert.deepStrictEqual(yield* held, [1, 1, 0])
    }).pipe(withEmulator))

  it.live("of a search names the call that searched, and no page", () =>
    Effect.gen(function*() {
      const { code, err } = yield* Cli.runIn(
        yield* Folder.make,
        ["contacts", "ensure", "--email", "a@acme.inc"],
        { ...(yield* Cli.settings), LIVEDESK_API_SECRET: "another" }
      )
      assert.strictEqual(code, 3)
      assert.match(err, /^contacts\.ensure: contacts\.list failed: AuthError\/Unauthorized/)
      assert.notInclude(err, "Resume")
    }).pipe(withEmulator))
})

describe("a process that is ended during a write", () => {
  for (
    const [name, code, end] of [
      ["Ctrl-C", 130, ({ interrupt }: Cli.ProcessRun) => interrupt],
      ["SIGTERM", 143, ({ terminate }: Cli.ProcessRun) => terminate]
    ] as const
  ) {
    for (const isJson of [false, true]) {
      it.live(
        `by ${name} says that the message may be there${isJson ? ", as JSON" : ""}`,
        () =>
          Effect.gen(function*() {
            yield* Cli.run("conversations", "start", "--name", "Alice", "--message", "Hello")
            const emulator = yield* Emulator.Emulator
            yield* failNext("messages.send", Faults.Fault.Silent({ when: "AfterProcessing" }))
            const before = (yield* held)[2] ?? 0
            const run = yield* Cli.spawn(
              yield* Folder.make,
              ["messages", "send", "40", "Secret", ...(isJson ? ["--json"] : [])],
              yield* Cli.settings
            )
            yield* Stream.runDrain(
              Stream.takeUntil(emulator.changes, ({ messages }) => HashMap.size(messages) > before)
            )
            yield* end(run)
            const ran = yield* Cli.result(run)
            assert.deepStrictEqual([ran.code, ran.out], [code, ""])
            const message =
              "messages.send was interrupted (POST /api/v2/accounts/conversations/40/messages), outcome " +
              "Unknown: LiveDesk may have processed it; look before you run the command again: look at the conversation " +
              "in LiveDesk's console, or for a message_created event; no call reads messages"
            assert.deepStrictEqual(
              isJson ? JSON.parse(ran.err) : ran.err,
              isJson
                ? {
                  _tag: "InterruptedError",
                  operation: "messages.send",
                  outcome: "Unknown",
                  method: "POST",
                  path: "/api/v2/accounts/conversations/40/messages",
                  message
                }
                : `${message}\n`
            )
          }).pipe(withEmulator),
        120_000
      )
    }
  }

  it.live("says nothing of a read", () =>
    Effect.gen(function*() {
      yield* failNext("contacts.list", Faults.Fault.Silent({ when: "BeforeProcessing" }))
      const faults = yield* Faults.Faults
      const run = yield* Cli.spawn(yield* Folder.make, ["contacts", "list"], yield* Cli.settings)
      while ((yield* faults.trace).length === 0) yield* Effect.sleep("20 millis")
      yield* run.interrupt
      assert.deepStrictEqual(yield* Cli.result(run), { code: 130, out: "", err: "" })
    }).pipe(withEmulator))
})

describe("import resolve", () => {
  it.live("lists the unknown rows and resolves them, so that each conversation is made once", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      writeFileSync(join(folder, "c d.csv"), "email,message\na@acme.inc,Hello\nb@acme.inc,Hello\n")
      const settings = yield* Cli.settings
      const run = (...args: ReadonlyArray<string>) => Cli.runIn(folder, args, settings)
      yield* Faults.Faults.use(({ setPlan }) =>
        setPlan(Faults.script({
          "conversations.create": [lost, Faults.Fault.Reset({ when: "BeforeProcessing" })]
        }))
      )
      const first = yield* run("import", "c d.csv", "--message", "{message}", "--concurrency", "1")
      assert.strictEqual(first.code, 7, first.err)
      assert.include(
        first.err,
        "the outcome of 2 rows is unknown, see c d.csv.unknowns.csv: look in LiveDesk's console, then livedesk import " +
          "resolve 'c d.csv'\n"
      )
      const resolve = (...args: ReadonlyArray<string>) => run("import", "resolve", "c d.csv", ...args)
      const listed = yield* resolve("--json")
      const rows = Object(Cli.document(listed))
      assert.deepStrictEqual(
        rows.map(({ key, step }: { readonly key: string; readonly step: string }) => [key, step]),
        [["email:a@acme.inc", "conversation"], ["email:b@acme.inc", "conversation"]]
      )
      assert.match((yield* resolve()).out, /^line +key +unknown +contact +conversation +reasons\n2 +email:a@acme\.inc /)
      const refusals = [
        [["email:a@acme.inc", "processed"], "its conversationId is needed"],
        [["email:x@acme.inc", "not-processed"], "the journal has no row with this key"],
        [["email:a@acme.inc"], "processed or not-processed"],
        [["email:a@acme.inc", "not-processed", "--conversation", "40"], "an id is for what was processed"],
        [["--conversation", "40"], "an id is for what was processed"]
      ] as const
      for (const [args, message] of refusals) {
        const refused = yield* resolve(...args)
        assert.deepStrictEqual([refused.code, refused.out], [2, ""])
        assert.include(refused.err, message)
      }
      assert.strictEqual((yield* resolve("email:a@acme.inc", "processed", "--conversation", "40")).code, 0)
      assert.deepInclude(
        Cli.document(yield* resolve("email:b@acme.inc", "not-processed", "--json")),
        { key: "email:b@acme.inc", outcome: "NotProcessed" }
      )
      assert.strictEqual((yield* resolve()).out, "none\n")
      assert.strictEqual((yield* run("import", "c d.csv", "--message", "{message}")).code, 0)
      assert.deepStrictEqual(yield* held, [2, 2, 2])
      const missing = yield* run("import", "resolve", "c.csv")
      assert.deepStrictEqual([missing.code, missing.err], [1, "there is no import's journal c.csv.journal\n"])
      assert.isFalse(existsSync(join(folder, "c.csv.journal")))
    }).pipe(withEmulator))
})

describe("emulator --fault", () => {
  it.live("loses the response to as many requests as it says", () =>
    Effect.gen(function*() {
      const emulator = yield* Cli.serve(
        ["emulator", "--json", "--fault", "contacts.create=Reset:AfterProcessing:2"],
        {}
      )
      let text = ""
      while (!text.endsWith("}")) text += yield* emulator.line
      const { docs: _, inbox: __, ...settings } = Object(JSON.parse(text))
      const codes = []
      for (const name of ["Alice", "Bob", "Cleo"]) {
        codes.push((yield* Cli.runIn(yield* Folder.make, ["contacts", "create", "--name", name], settings)).code)
      }
      assert.deepStrictEqual(codes, [9, 9, 0])
      yield* emulator.interrupt
    }))

  it.live("lists the valid names of what it does not know", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      for (
        const [flag, message] of [
          ["messages.send=Reset", "the faults are Reset:BeforeProcessing, Reset:AfterProcessing, Silent"],
          ["messages.sent=RateLimited", "the operations are contacts.create, "],
          ["messages.send=RateLimited:0", "OPERATION=FAULT:TIMES"],
          ["messages.send", "expected OPERATION=FAULT"]
        ] as const
      ) {
        const { code, err } = yield* Cli.runIn(folder, ["emulator", "--fault", flag], {})
        assert.strictEqual(code, 2)
        assert.include(err, message)
      }
    }))
})
