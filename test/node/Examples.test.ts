import { LiveDeskError } from "@effect-livedesk/core"
import { NodeEmulator } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { globSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as Collector from "../Collector.ts"
import * as EmulatorSettings from "../EmulatorSettings.ts"
import * as FreePort from "../FreePort.ts"
import * as Postgres from "../Postgres.ts"
import * as Redis from "../Redis.ts"

const root = new URL("../../", import.meta.url)

/** Runs an example as a user would, with nothing in its environment but `settings`. */
const run = (example: string, settings: Record<string, string> = {}) =>
  Effect.callback<{ readonly code: number; readonly out: Array<string>; readonly err: Array<string> }>((resume) => {
    const child = execFile(
      process.execPath,
      [fileURLToPath(new URL(`examples/${example}.ts`, root))],
      { env: settings },
      (_, out, err) => resume(Effect.succeed({ code: child.exitCode ?? -1, out: lines(out), err: lines(err) }))
    )
    return Effect.sync(() => child.kill())
  })

const lines = (text: string): Array<string> => text.split("\n").filter((line) => line !== "")

const settings = EmulatorSettings.make

describe("quickstart", () => {
  const lastLine = /^conversation 40 is open, contact 2219256, updated \d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

  it.live("runs against an emulator where there is no API key, and says so", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("quickstart")
      assert.deepStrictEqual([code, err], [0, []])
      assert.match(out[0] ?? "", /^LIVEDESK_API_KEY is not set: an emulator at http:\/\/127\.0\.0\.1:\d+ stands in/)
      assert.match(out.at(-1) ?? "", lastLine)
    }))

  it.live("runs against the address that the settings name", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("quickstart", yield* settings)
      assert.deepStrictEqual([code, err], [0, []])
      assert.match(out.at(-1) ?? "", lastLine)
    }).pipe(Effect.provide(NodeEmulator.layer())))

  it.live("tells a refusal in one line, and exits with 1", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("quickstart", { ...(yield* settings), LIVEDESK_INBOX_ID: "408" })
      assert.deepStrictEqual([code, out], [1, []])
      assert.deepStrictEqual(err, [
        "contacts.create failed: HttpError/NotFound, delivery Rejected: LiveDesk found nothing there: Resource could " +
        "not be found. Check the ids in the input, and the base URL."
      ])
    }).pipe(Effect.provide(NodeEmulator.layer())))

  it.live("tells all that is wrong with the settings, a line each, and nothing of their values", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("quickstart", {
        LIVEDESK_API_KEY: "canary:key",
        LIVEDESK_BASE_URL: "ftp://canary.example",
        LIVEDESK_TIMEOUT: "2000",
        LIVEDESK_INBOX_ID: "-3"
      })
      assert.deepStrictEqual([code, out], [1, []])
      assert.deepStrictEqual(err.map((line) => line.split(" ")[0]), [
        "LIVEDESK_API_KEY",
        "LIVEDESK_API_SECRET",
        "LIVEDESK_BASE_URL",
        "LIVEDESK_TIMEOUT",
        "LIVEDESK_INBOX_ID"
      ])
      assert.notInclude(err.join("\n"), "canary")
    }))
})

describe("the other examples", () => {
  it.live("compose", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("compose")
      assert.deepStrictEqual([code, err, out.length], [0, [], 2])
      assert.strictEqual(out[0], "greeted 2 of 3")
      assert.include(out[1], "Email has already been taken (email)")
    }))

  it.live("small-bundle", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("small-bundle")
      assert.deepStrictEqual([code, err, out], [0, [], ["contact 2219256"]])
    }))

  it.live("own-endpoint", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("own-endpoint")
      assert.deepStrictEqual([code, err, out], [0, [], ["contacts.labels: 404"]])
    }))

  it.live("typed-errors", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("typed-errors")
      assert.deepStrictEqual([code, err], [0, []])
      assert.match(out.join("\n"), /^\{"_tag":"Created".*\n\{"_tag":"AlreadyThere"\}\n\{"_tag":"AskSomeone"/)
    }))

  it.live("list-contacts", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("list-contacts")
      assert.deepStrictEqual([code, err], [0, []])
      assert.deepStrictEqual(out, [
        "2219257 2@even.example",
        "2219259 4@even.example",
        "2219261 6@even.example",
        "40 contacts in all"
      ])
    }))

  it.live("attachment", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("attachment")
      assert.deepStrictEqual([code, err, out.length], [0, [], 2])
      assert.match(out[0] ?? "", /^\d{4} bytes at https:\/\/.+\/attachments\/1\/attachment\.ts$/)
      assert.match(out[1] ?? "", /^14 bytes at https:\/\/.+\/attachments\/2\/%C3%BCber%20uns\.txt$/)
    }))

  it.live("webhook-receiver", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("webhook-receiver")
      assert.deepStrictEqual([code, err], [0, []])
      assert.deepStrictEqual(out, [
        "ConversationCreated: 200",
        "MessageCreated: 200",
        "MessageCreated: 200",
        "the customer reads: Thank you, we will look into it."
      ])
    }))

  it.live("import", () =>
    Effect.gen(function*() {
      const { code, out } = yield* run("import")
      assert.deepStrictEqual([code, out.length], [0, 5])
      assert.include(out[0], "Start it again with the same journal to go on")
      assert.strictEqual(out[1], "ended halfway")
      const [, done, before] = /^(\d+) done, (\d+) before, 1 rejected, /.exec(out[2] ?? "") ?? []
      assert.strictEqual(Number(done) + Number(before), 2000)
      assert.strictEqual(out[3], "LiveDesk has 2000 contacts and 200 messages")
    }))

  it.live("telemetry, which collects nothing unless it is told where to", () =>
    Effect.gen(function*() {
      const alone = yield* run("telemetry")
      assert.deepStrictEqual([alone.code, alone.err, alone.out], [0, [], ["contact 2219256"]])

      const collector = yield* Collector.make
      const { code } = yield* run("telemetry", { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
      assert.strictEqual(code, 0)
      const spans = yield* collector.spans
      const [welcome] = spans.filter(({ name }) => name === "welcome")
      assert.deepStrictEqual(
        spans.filter(({ parentSpanId }) => parentSpanId === welcome?.spanId).map(({ attributes, kind, name }) => ({
          name,
          kind,
          status: attributes["http.response.status_code"],
          error: attributes["error.type"]
        })),
        [
          { name: "contacts.create", kind: Collector.client, status: 200, error: undefined },
          { name: "contacts.create", kind: Collector.client, status: 422, error: "InputRejected" }
        ]
      )
      const metrics = yield* collector.metrics
      assert.deepStrictEqual(
        metrics.filter(({ name }) => name === "livedesk.client.calls").map(({ attributes, value }) => [
          attributes["livedesk.outcome"],
          value
        ]),
        [["success", 1], ["failure", 1]]
      )
      assert.include(metrics.map(({ name, unit }) => `${name} ${unit}`), "livedesk.client.call.duration s")
      assert.sameMembers(
        (yield* collector.logs).map(({ attributes }) => attributes["livedesk.outcome"]).filter((outcome) =>
          outcome !== undefined
        ),
        ["success", "failure"]
      )
    }).pipe(Effect.scoped))

  it.live("limits", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("limits")
      assert.deepStrictEqual([code, err, out], [0, [], ["acme has 0 customers", "globex has 0 customers"]])
    }))

  it.live("unknown-outcome", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("unknown-outcome")
      assert.deepStrictEqual([code, err], [0, []])
      assert.match(out.join(), /^contact 2219256 \(Existing\), message perhaps sent: look at the conversation in /)
    }))

  it.live("flow", () =>
    Effect.gen(function*() {
      // Which is none of its business.
      const { code, err, out } = yield* run("flow", { PORT: "tcp://10.0.0.1:80" })
      assert.deepStrictEqual([code, err], [0, []])
      assert.deepStrictEqual(out, [
        "alice@acme.inc answered: Yes, please",
        "the customer reads: Thank you, we will call."
      ])
    }))

  it.live("flow-cluster, where it is not said what it runs on", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("flow-cluster")
      assert.deepStrictEqual([code, out], [1, []])
      assert.deepStrictEqual(err.map((line) => line.split(" ")[0]), [
        "LIVEDESK_FLOWS_POSTGRES_URL",
        "LIVEDESK_FLOWS_REDIS_URL"
      ])
    }))

  it.live.skipIf(!Postgres.isInstalled || !Redis.isInstalled)("flow-cluster", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("flow-cluster", {
        LIVEDESK_FLOWS_POSTGRES_URL: yield* Postgres.make,
        LIVEDESK_FLOWS_REDIS_URL: yield* Redis.make,
        LIVEDESK_FLOWS_RUNNER_PORT: String(yield* FreePort.inARow(4))
      })
      assert.deepStrictEqual([code, err], [0, []])
      assert.deepStrictEqual(out.slice(-1), ["12 customers welcomed, answered and thanked once each"])
    }).pipe(Effect.scoped))

  it.live("readme", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("readme", yield* settings)
      assert.deepStrictEqual([code, err, out], [0, [], ["conversation 40 is open"]])
      const again = yield* run("readme", yield* settings)
      assert.deepStrictEqual([again.code, again.out], [1, []])
      assert.include(again.err[0], "Email has already been taken (email)")
    }).pipe(Effect.provide(NodeEmulator.layer())))
})

const withoutIndent = (text: string): string => text.replaceAll(/^ +/gm, "")

describe("the README", () => {
  for (const page of ["README.md", ...globSync("docs/*.md", { cwd: root })]) {
    it(`shows nothing that is not in an example: ${page}`, () => {
      const examples = globSync("examples/*.ts", { cwd: root }).map((path) => readFileSync(new URL(path, root), "utf8"))
      const shown = readFileSync(new URL(page, root), "utf8").matchAll(/```ts\n([^]*?)```/g)
      const snippets = Array.from(shown, ([, snippet = ""]) => snippet)
      // A page of shell commands, each of which the command's own tests run.
      if (page !== "docs/cli.md") assert.isNotEmpty(snippets)
      for (const snippet of snippets) {
        assert.isTrue(examples.some((example) => withoutIndent(example).includes(withoutIndent(snippet))), snippet)
      }
    })
  }

  it("names every reason that an error can have", () => {
    const readme = readFileSync(new URL("README.md", root), "utf8")
    const { AuthError, HttpError, ValidationError } = LiveDeskError
    for (const { fields } of [AuthError, ValidationError, HttpError]) {
      for (const { identifier } of fields.reason.members) assert.include(readme, `\`${identifier}\``)
    }
  })
})
