import { LiveDeskError } from "@effect-livedesk/core"
import { NodeEmulator, NodeTransport } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Schedule } from "effect"
import { HttpClient } from "effect/http"
import { existsSync, globSync, readFileSync } from "node:fs"
import { posix } from "node:path"
import { fileURLToPath } from "node:url"
import * as Breadth from "../Breadth.ts"
import * as Child from "../Child.ts"
import * as Cli from "../Cli.ts"
import * as Collector from "../Collector.ts"
import * as ConnectProxy from "../ConnectProxy.ts"
import * as EmulatorSettings from "../EmulatorSettings.ts"
import * as Example from "../Example.ts"
import * as FreePort from "../FreePort.ts"
import * as LocalServer from "../LocalServer.ts"

const root = new URL("../../", import.meta.url)

const { run } = Example

const settings = EmulatorSettings.make

describe("quickstart", () => {
  const lastLine = /^conversation 40 is open, contact 2219256, updated \d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

  it.live("runs against an emulator where there is no API key, and says so", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* Example.runAsProcess("quickstart")
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

  it.live("prints a refusal in one line, and exits with 1", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("quickstart", { ...(yield* settings), LIVEDESK_INBOX_ID: "408" })
      assert.deepStrictEqual([code, out], [1, []])
      assert.deepStrictEqual(err, [
        "contacts.create failed for inbox 408: HttpError/NotFound, outcome Rejected: LiveDesk found nothing there: " +
        "Resource could not be found. Check the ids in the input, and the base URL."
      ])
    }).pipe(Effect.provide(NodeEmulator.layer())))

  it.live("lists all wrong settings, a line each, without their values", () =>
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
      assert.include(out[1], "Email has already been taken.")
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
        "ConversationUpdated: 200",
        "the customer reads: Thank you, we will look into it."
      ])
    }))

  for (const server of Breadth.isFull ? ["express", "fastify", "hono", "lambda"] : ["lambda"]) {
    it.live(`webhook-${server} does not start without its secret, or with one that cannot be used`, () =>
      Effect.gen(function*() {
        const missing = yield* Example.runAsProcess(`webhook-${server}`)
        assert.strictEqual(missing.code, 1)
        assert.include(missing.err.join("\n"), "LIVEDESK_WEBHOOK_SECRET")
        const mounted = yield* Example.runAsProcess(`webhook-${server}`, { LIVEDESK_WEBHOOK_SECRET: "canary\n" })
        assert.strictEqual(mounted.code, 1)
        assert.include(mounted.err.join("\n"), "begins or ends with white space")
        assert.notInclude(mounted.err.join("\n"), "canary")
      }))
  }

  it.live("agent", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("agent")
      assert.deepStrictEqual([code, err, out.length], [0, [], 5])
      assert.deepStrictEqual(out.filter((_, line) => line !== 3), [
        "the agent: I drafted a reply.",
        "draft 1: {\"conversation_id\":40,\"text\":\"It is on its way, Alice.\"}",
        "draft 1 is Unknown",
        "messages sent: 1"
      ])
      assert.include(out[3], "\"rule\":\"outcomeUnknown\"")
    }))

  it.live("import", () =>
    Effect.gen(function*() {
      const { code, out } = yield* run("import")
      assert.deepStrictEqual([code, out.length], [0, 5])
      assert.include(out[0], "Start it again with the same journal to go on")
      assert.strictEqual(out[1], "ended halfway")
      const [, done, before] = /^(\d+) done, (\d+) before, 1 rejected, /.exec(out[2] ?? "") ?? []
      assert.strictEqual(Number(done) + Number(before), 200)
      assert.strictEqual(out[3], "LiveDesk has 200 contacts and 20 messages")
    }))

  it.live("telemetry, which sends nothing when no collector is set", () =>
    Effect.gen(function*() {
      const alone = yield* run("telemetry")
      assert.deepStrictEqual([alone.code, alone.err, alone.out.length], [0, [], 2])
      assert.include(alone.out[0], "DEBUG")
      assert.include(alone.out[0], "LiveDesk's requests go directly to the transport")
      assert.strictEqual(alone.out[1], "contact 2219256")

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
          { name: "contacts.create", kind: Collector.client, status: 422, error: "RejectedInput" }
        ]
      )
      const metrics = yield* collector.metrics
      assert.deepStrictEqual(
        metrics.filter(({ name }) => name === "livedesk.client.calls").map(({ attributes, value }) => [
          attributes["livedesk.call.result"],
          value
        ]),
        [["success", 1], ["failure", 1]]
      )
      assert.include(metrics.map(({ name, unit }) => `${name} ${unit}`), "livedesk.client.call.duration s")
      assert.sameMembers(
        (yield* collector.logs).map(({ attributes }) => attributes["livedesk.call.result"]).filter((outcome) =>
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
        "alice@acme.inc replied: Yes, please",
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

  it.live("migrating", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("migrating")
      assert.deepStrictEqual([code, err], [0, []])
      assert.deepStrictEqual(out, ["conversation 40, first reply 0", "conversation 41, first reply none yet"])
    }))

  it.live("from-promises", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("from-promises")
      assert.deepStrictEqual([code, err, out], [0, [], [
        "contact 2219256, found: true",
        "ValidationError, NotSent"
      ]])
    }))

  it.live("proxy", () =>
    Effect.gen(function*() {
      const proxy = yield* ConnectProxy.make({ _tag: "Open" })
      const { code, err, out } = yield* run("proxy", {
        ...(yield* settings),
        HTTP_PROXY: `http://127.0.0.1:${proxy.port}`
      })
      assert.deepStrictEqual([code, err, out], [0, [], ["contacts: 0"]])
      assert.strictEqual(proxy.tunnels.length, 1)
    }).pipe(Effect.provide(NodeEmulator.layer())))

  it.live("accounts", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("accounts")
      assert.deepStrictEqual([code, err], [0, []])
      assert.deepStrictEqual(out, ["acme has 0 customers", "globex has 0 customers", "initech is none of ours"])
    }))

  it.live("machines, where there is no Redis", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run("machines")
      assert.deepStrictEqual([code, err, out], [0, [], ["REDIS_URL is not set: machines share what is in a Redis"]])
    }))

  it.live("webhook-server", () =>
    Effect.gen(function*() {
      const port = yield* FreePort.make
      const line = yield* Example.start("webhook-server", {
        LIVEDESK_WEBHOOK_SECRET: "example-secret",
        WEBHOOK_PORT: String(port)
      })
      assert.include(yield* line("["), `http://127.0.0.1:${port}`)
      const send = (secret: string) =>
        Cli.runIn(
          fileURLToPath(root),
          ["webhooks", "send-test", `http://127.0.0.1:${port}/webhooks/livedesk`],
          { LIVEDESK_WEBHOOK_SECRET: secret }
        )
      assert.match((yield* send("another-secret")).out, /^status +401$/m)
      assert.match((yield* send("example-secret")).out, /^status +200$/m)
      assert.strictEqual(yield* line("received"), "received message_created")
    }).pipe(Effect.scoped))

  it.live("deployed", () =>
    Effect.gen(function*() {
      const port = yield* FreePort.make
      const line = yield* Example.start("deployed", {
        ...(yield* settings),
        LIVEDESK_WEBHOOK_SECRET: "example-secret",
        WEBHOOK_PORT: String(port)
      })
      assert.include(yield* line("{"), `http://127.0.0.1:${port}`)
      const health = yield* HttpClient.get(`http://127.0.0.1:${port}/health`)
      assert.deepStrictEqual([health.status, yield* health.text], [200, "ok"])
      const sent = yield* Cli.runIn(
        fileURLToPath(root),
        ["webhooks", "send-test", `http://127.0.0.1:${port}/webhooks/livedesk`],
        { LIVEDESK_WEBHOOK_SECRET: "example-secret" }
      )
      assert.match(sent.out, /^status +200$/m)
      // In the conversation of the sample, which the emulator does not have.
      const failed: unknown = JSON.parse((yield* line("{")) ?? "")
      assert.deepInclude(failed, { level: "ERROR", annotations: { "livedesk.event": "message_created" } })
    }).pipe(Effect.scoped, Effect.provide([NodeEmulator.layer(), NodeTransport.layer()])))

  it.live(
    "deployed, which gets SIGTERM while it replies: the reply is sent, nothing new is taken, then it ends",
    () =>
      Effect.gen(function*() {
        const arrived = yield* Deferred.make<void>()
        let release = (): void => undefined
        const terminated = new Promise<void>((resolve) => {
          release = resolve
        })
        let sent = 0
        const liveDesk = yield* LocalServer.make((_, response) => {
          Deferred.doneUnsafe(arrived, Effect.void)
          void terminated.then(() => {
            sent++
            response.writeHead(200, { "content-type": "application/json" }).end("{\"id\":1}")
          })
        })
        const port = yield* FreePort.make
        const program = yield* Child.start(new URL("examples/deployed.ts", root), {
          LIVEDESK_API_KEY: "key",
          LIVEDESK_API_SECRET: "secret",
          LIVEDESK_BASE_URL: liveDesk,
          LIVEDESK_WEBHOOK_SECRET: "example-secret",
          WEBHOOK_PORT: String(port)
        })
        yield* program.line("{")
        const webhook = `http://127.0.0.1:${port}/webhooks/livedesk`
        const deliver = Cli.runIn(fileURLToPath(root), ["webhooks", "send-test", webhook], {
          LIVEDESK_WEBHOOK_SECRET: "example-secret"
        })
        assert.match((yield* deliver).out, /^status +200$/m)
        yield* Deferred.await(arrived)
        program.process.kill("SIGTERM")
        // A request on a connection that is there already may get no response any more.
        const isHealthy = HttpClient.get(`http://127.0.0.1:${port}/health`).pipe(
          Effect.timeout("1 second"),
          Effect.isSuccess
        )
        yield* Effect.repeat(isHealthy, { while: (healthy) => healthy, schedule: Schedule.spaced("10 millis") })
        assert.isNull(program.process.exitCode)
        release()
        assert.strictEqual(yield* program.ended, 130)
        assert.strictEqual(sent, 1)
        assert.isUndefined(yield* program.line("{"))
      }).pipe(Effect.scoped, Effect.provide(NodeTransport.layer())),
    120_000
  )

  it.live("readme", () =>
    Effect.gen(function*() {
      for (const conversation of [40, 41]) {
        const { code, err, out } = yield* run("readme", yield* settings)
        assert.deepStrictEqual([code, err], [0, []])
        assert.match(out.join("\n"), new RegExp(`^message \\d+ is in conversation ${conversation}$`))
      }
    }).pipe(Effect.provide(NodeEmulator.layer())))
})

const read = (path: string): string => readFileSync(new URL(path, root), "utf8")

const withoutIndent = (text: string): string => text.replaceAll(/^ +/gm, "")

/** What a person wrote, and what is made from the doc comments. */
const written = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "packages/core/AGENTS.md",
  ...globSync(["docs/*.md", "packages/*/README.md"], { cwd: root })
]
const pages = [...written, ...globSync("docs/reference/**/*.md", { cwd: root })]

const snippetsOf = (page: string): ReadonlyArray<string> =>
  Array.from(read(page).matchAll(/```ts\n([^]*?)```/g), ([, snippet = ""]) => snippet)

describe("the pages", () => {
  const examples = globSync("examples/*.ts", { cwd: root }).map((path) => withoutIndent(read(path)))

  for (const page of written.filter((page) => snippetsOf(page).length > 0)) {
    it(`show nothing that is not in an example: ${page}`, () => {
      for (const snippet of snippetsOf(page)) {
        assert.isTrue(examples.some((example) => example.includes(withoutIndent(snippet))), snippet)
      }
    })
  }

  it("are seen to show something", () => {
    assert.isNotEmpty(snippetsOf("README.md"))
    assert.isAbove(written.filter((page) => snippetsOf(page).length > 0).length, 10)
  })

  it("name every example", () => {
    const text = written.map(read).join("\n")
    const unnamed = globSync("examples/*.ts", { cwd: root }).filter((path) =>
      path !== "examples/readme.ts" && !text.includes(path)
    )
    assert.deepStrictEqual(unnamed, [])
  })

  it("lead nowhere that is not there", () => {
    const links = pages.flatMap((page) => linksOf(page).map((link) => [page, link] as const))
    assert.isAbove(links.length, 500)
    const anchors = new Map(pages.map((page) => [page, anchorsOf(page)]))
    const leads = (page: string, link: string): boolean => {
      const [path = "", anchor] = link.split("#")
      const target = path === "" ? page : posix.join(posix.dirname(page), path)
      return existsSync(new URL(target, root)) &&
        (anchor === undefined || anchors.get(target)?.includes(anchor) === true)
    }
    assert.deepStrictEqual(links.filter(([page, link]) => !leads(page, link)), [])
  })

  it("name every module on the map", () => {
    const map = read("CONTRIBUTING.md")
    const modules = globSync("packages/*/src/**/*.ts", { cwd: root }).map((path) =>
      path.replaceAll("\\", "/").replace(/^packages\/\w+\/src\//, "")
    )
    assert.isAbove(modules.length, 60)
    assert.deepStrictEqual(
      modules.filter((module) => !module.endsWith("index.ts") && !map.includes(`\`${module}\``)),
      []
    )
  })

  it("name every reason that an error can have", () => {
    const errors = read("docs/errors.md")
    const { AuthError, HttpError, ValidationError } = LiveDeskError
    for (const { fields } of [AuthError, ValidationError, HttpError]) {
      for (const { identifier } of fields.reason.members) assert.include(errors, `\`${identifier}\``)
    }
  })
})

const withoutCode = (text: string): string => text.replaceAll(/^```[^]*?^```/gm, "").replaceAll(/`[^`\n]*`/g, "")

/** What a page links to in the repository: a path from the page, an anchor or both. */
const linksOf = (page: string): ReadonlyArray<string> =>
  Array.from(withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g), ([, link = ""]) => link).filter((link) =>
    !/^https?:/.test(link)
  )

/** The anchors of a page's headings, as GitHub names them. */
const anchorsOf = (page: string): ReadonlyArray<string> => {
  const seen = new Map<string, number>()
  return Array.from(read(page).replaceAll(/^```[^]*?^```/gm, "").matchAll(/^#+ +(.+)$/gm), ([, heading = ""]) => {
    const anchor = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\p{Pc} -]/gu, "").replaceAll(" ", "-")
    const before = seen.get(anchor) ?? 0
    seen.set(anchor, before + 1)
    return before === 0 ? anchor : `${anchor}-${before}`
  })
}
