// @effect-diagnostics globalFetch:off globalFetchInEffect:off
import { NodeEmulator } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Array, Effect, Order, Schema } from "effect"
import { writeFileSync } from "node:fs"
import type { IncomingMessage } from "node:http"
import { join } from "node:path"
import { buffer } from "node:stream/consumers"
import * as Cli from "../Cli.ts"
import * as Folder from "../Folder.ts"
import * as LocalServer from "../LocalServer.ts"

/** What a terminal or a reader of a log is led astray by: controls, sequences, marks of direction, line breaks. */
const pieces = [
  "\u001B[2J",
  "\u001B]0;title\u0007",
  "\u001B[1;31mred",
  "\u009B2J",
  "\u0000",
  "\b\b\b",
  "\u007F",
  "\u0085",
  "\u200B",
  "\u200E",
  "\u202E",
  "\u2066",
  "\u2028FORGED",
  "\nFORGED",
  "\r\nFORGED",
  "\rFORGED",
  "\uFEFF",
  "\u{E0041}",
  "\uD83D",
  "=1+1",
  "text"
]
/** All of them, in any order. */
const hostile = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Number), { minLength: pieces.length, maxLength: pieces.length }),
  (places) =>
    Array.sortWith(Array.zip(pieces, places), ([, place]) => place, Order.Number).map(([piece]) => piece).join("")
)

/** Some languages and emoji need the joiners. */
const acting = /(?![\n\u200C\u200D])[\p{Cc}\p{Cf}\u2028\u2029]/u

const assertPrintable = ({ err, out }: Cli.Ran, what: string) => {
  for (const printed of [out, err]) {
    assert.notMatch(printed, acting, what)
    assert.notMatch(printed, /^FORGED/m, what)
  }
}

const isTime = (text: string) => /^\d{4}-\d\d-\d\dT/.test(text)

/** JSON with a text around each of its texts, and as a key of each of its objects that are the project's. */
const tainted = (json: unknown, text: string): unknown => {
  if (typeof json === "string") return isTime(json) ? json : `${text}${json}${text}`
  if (Array.isArray(json)) return json.map((part) => tainted(part, text))
  if (json === null || typeof json !== "object") return json
  return Object.fromEntries(
    Object.entries(json).map(([key, part]: [string, unknown]) => [
      key,
      /^(?:custom|additional)_attributes$|^custom_fields$/.test(key) ? { [text]: text } : tainted(part, text)
    ])
  )
}

const asked = async (request: IncomingMessage, target: string) => {
  const { authorization = "", "content-type": type = "" } = request.headers
  const isEmpty = request.method === "GET"
  const response = await fetch(`${target}${request.url ?? ""}`, {
    method: request.method ?? "GET",
    headers: { authorization, ...(isEmpty ? {} : { "content-type": type }) },
    ...(isEmpty ? {} : { body: await buffer(request) })
  })
  const json: unknown = await response.json()
  return { status: response.status, json }
}

/** A server between command and emulator, with the text in all that it responds with; by `status`, an error instead. */
const server = (text: string, status?: number) =>
  Effect.gen(function*() {
    const settings = yield* Cli.settings
    const address = yield* LocalServer.make((request, response) => {
      void asked(request, settings.LIVEDESK_BASE_URL).then(({ json, status: own }) => {
        response.writeHead(status ?? own, { "content-type": "application/json" })
        response.end(
          JSON.stringify(
            status === undefined
              ? tainted(json, text)
              : { message: text, error: text, attributes: [text], errors: { [text]: [text] } }
          )
        )
      })
    })
    return {
      ...settings,
      LIVEDESK_BASE_URL: address,
      ...(status === undefined ? {} : { LIVEDESK_TIMEOUT: "50 millis" })
    }
  })

const commands: ReadonlyArray<ReadonlyArray<string>> = [
  ["contacts", "create", "--name", "Alice", "--email", "alice@acme.inc"],
  ["contacts", "list"],
  ["contacts", "list", "--all"],
  ["contacts", "search", "a"],
  ["contacts", "update", "2219256", "--name", "Bob"],
  ["contacts", "ensure", "--identifier", "C-1"],
  ["contacts", "export"],
  ["conversations", "create", "--contact", "2219256"],
  ["conversations", "start", "--name", "Bob", "--message", "Hello"],
  ["conversations", "status", "40", "open"],
  ["messages", "send", "40", "Hello"],
  ["tickets", "create", "--title", "Fire"],
  ["tickets", "get", "TICKET-1"],
  ["tickets", "update", "TICKET-1", "--title", "Fire"],
  ["doctor"]
]

const statuses = [401, 403, 404, 409, 422, 500]

const withEmulator = Effect.provide(NodeEmulator.layer())

/** It is printed by some sixty commands, which are processes in `test:full`. */
const texts = { arbitrary: { runs: 1 } }

describe("hostile text", () => {
  it.live.prop(
    "in responses and errors of LiveDesk controls no terminal, whatever the command",
    { text: hostile },
    ({ text }) =>
      Effect.gen(function*() {
        const folder = yield* Folder.make
        const settings = yield* server(text)
        const failing = yield* Effect.forEach(statuses, (status) => server(text, status))
        for (const [index, command] of commands.entries()) {
          const refused = failing[index % failing.length] ?? settings
          for (const output of [[], index % 2 === 0 ? ["--json"] : ["--log-level", "all"]]) {
            const args = [...command, ...output]
            assertPrintable(yield* Cli.runIn(folder, args, settings), args.join(" "))
            assertPrintable(yield* Cli.runIn(folder, args, refused), `${args.join(" ")}, refused`)
          }
        }
        const table = yield* Cli.runIn(folder, ["contacts", "export", "--format", "csv"], settings)
        assert.notMatch(table.out, acting)
      }).pipe(Effect.scoped, withEmulator),
    { ...texts, timeout: 600_000 }
  )

  it.live.prop(
    "in arguments, settings and files controls no terminal",
    { text: hostile },
    ({ text }) =>
      Effect.gen(function*() {
        const folder = yield* Folder.make
        const settings = yield* Cli.settings
        const cell = `"${text.replaceAll("\"", "")}"`
        writeFileSync(join(folder, "c.csv"), `email,${cell}\n${cell},${cell}\n${cell},\na@acme.inc,${cell}\n`)
        const argument = text.replaceAll("\0", "")
        for (
          const args of [
            [argument],
            ["contacts", argument],
            ["contacts", "update", argument, "--name", "Bob"],
            ["contacts", "list", `--${argument}`],
            ["contacts", "list", "--settings-file", argument],
            ["contacts", "list", "--sort", argument],
            ["contacts", "create", "--name", argument, "--dry-run"],
            ["contacts", "export", `nowhere/${argument}`],
            ["conversations", "status", "40", "snoozed", "--until", argument],
            ["messages", "send", "40", "--file", argument],
            ["tickets", "get", argument],
            ["import", argument],
            ["import", "c.csv", "--dry-run"],
            ["import", "c.csv", "--column", `email=${argument}`],
            ["webhooks", "send-test", `http://127.0.0.1:1/${argument}`, "--event", argument],
            ["webhooks", "send-test", settings.LIVEDESK_BASE_URL, "--event", argument],
            ["webhooks", "listen", "--path", argument]
          ]
        ) {
          // A line break of one's own argument begins a line of one's own.
          const { err, out } = yield* Cli.runIn(folder, args, settings)
          assert.notMatch(out + err, acting, JSON.stringify(args))
        }
        const setting = text.replaceAll("\0", "")
        for (const name of Object.keys(settings)) {
          const { err, out } = yield* Cli.runIn(folder, ["contacts", "create", "--name", "Bob"], {
            ...settings,
            [name]: setting
          })
          assert.notMatch(out + err, acting, `${name} ${JSON.stringify(setting)}`)
        }
      }).pipe(Effect.scoped, withEmulator),
    { ...texts, timeout: 600_000 }
  )

  it.live("in webhooks controls no terminal", () =>
    Effect.gen(function*() {
      const listener = yield* Cli.serve(["webhooks", "listen"], {})
      const url = /http:[^,]+/.exec(yield* listener.errorLine)?.[0] ?? ""
      const body = { event: "a\u001B[2Jb\nFORGED\u202E", id: 1, name: "a\u001B[2Jb\nFORGED\u202E" }
      yield* Effect.promise(() =>
        fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
      )
      const lines = yield* Effect.replicateEffect(listener.line, 4)
      assertPrintable({ code: 0, out: lines.join("\n"), err: "" }, "webhooks listen")
      assert.strictEqual(lines[0], "a [2Jb FORGED")
      yield* listener.interrupt
    }))
})
