// A server that forwards to another has no Effect around it.
// @effect-diagnostics globalFetch:off
import { LiveDeskClient, Model } from "@effect-livedesk/core"
import * as Endpoints from "@effect-livedesk/core/Endpoints"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Console, Deferred, Effect, HashMap, Random, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { Console as NodeConsole } from "node:console"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { type IncomingMessage, type ServerResponse } from "node:http"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { buffer } from "node:stream/consumers"
// By path, since the package offers the command to shells alone.
import { Anonymizer } from "../../packages/node/src/cli/Anonymizer.ts"
import * as Verification from "../../packages/node/src/cli/Verification.ts"
import * as VerificationPlan from "../../packages/node/src/cli/VerificationPlan.ts"
import * as VerificationReport from "../../packages/node/src/cli/VerificationReport.ts"
import * as Vocabulary from "../../packages/node/src/cli/Vocabulary.ts"
import { WireRecorder } from "../../packages/node/src/cli/WireRecorder.ts"
import * as Breadth from "../Breadth.ts"
import * as Cli from "../Cli.ts"
import * as Wire from "../core/Wire.ts"
import * as Folder from "../Folder.ts"
import * as LocalServer from "../LocalServer.ts"

const withEmulator = Effect.provide(NodeEmulator.layer())

const planned = VerificationPlan.steps.length

const read = (folder: string, name: typeof VerificationReport.fileNames[number]): string =>
  readFileSync(join(folder, "report", name), "utf8")

interface Observed {
  readonly call: string
  readonly what: string
  readonly expected: string
  readonly result: string
  readonly request: unknown
  readonly response: { readonly status: number; readonly headers: object; readonly body: unknown } | null
}

const observed = (folder: string): { readonly isComplete: boolean; readonly calls: ReadonlyArray<Observed> } =>
  JSON.parse(read(folder, "observations.json"))

const verifyIn = (folder: string, settings: Record<string, string>, ...flags: ReadonlyArray<string>) =>
  Cli.runIn(folder, ["verify", "--report", "report", ...flags], settings)

const someSettings = {
  LIVEDESK_API_KEY: "key-canary-4711",
  LIVEDESK_API_SECRET: "secret-canary-4711",
  LIVEDESK_INBOX_ID: "407"
}

/** A server that responds as the emulator, but for what `change` makes of it. */
const changed = Effect.fnUntraced(function*(
  change: (body: string, request: IncomingMessage, response: ServerResponse) => string | undefined
) {
  const settings = yield* Cli.settings
  const url = yield* LocalServer.make(async (request, response) => {
    const { authorization = "", "content-type": type = "" } = request.headers
    const upstream = await fetch(`${settings.LIVEDESK_BASE_URL}${request.url}`, {
      method: request.method ?? "GET",
      headers: { ...(authorization === "" ? {} : { authorization }), ...(type === "" ? {} : { "content-type": type }) },
      ...(request.method === "GET" ? {} : { body: Uint8Array.from(await buffer(request)) })
    })
    response.setHeader("content-type", upstream.headers.get("content-type") ?? "")
    response.statusCode = upstream.status
    const body = change(await upstream.text(), request, response)
    if (body !== undefined) response.end(body)
  })
  return { ...settings, LIVEDESK_BASE_URL: url }
})

describe("verify", () => {
  it.live("finds an emulator as documented, and reports every endpoint and refusal without what was sent", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      const ran = yield* verifyIn(folder, settings, "--yes")
      assert.strictEqual(ran.code, 0, ran.err)
      assert.include(ran.err, "LiveDesk's API deletes nothing")

      const { calls, isComplete } = observed(folder)
      assert.deepStrictEqual([isComplete, calls.length], [true, planned])
      for (const { call, expected, result, what } of calls) {
        assert.match(result, expected === "success" ? /^as (?:documented|assumed)/ : /^refused/, `${call}, ${what}`)
      }
      for (const { operation } of Endpoints.all) {
        const of = (expected: string) => calls.filter((one) => one.call === operation && one.expected === expected)
        assert.isAtLeast(of("success").length, 1, operation)
        assert.isAtLeast(of("refusal").length, 1, operation)
      }
      const report = read(folder, "verification.md")
      assert.match(report, /a wrong secret: refused \(401 AuthError\/Unauthorized, Rejected, "Invalid Access Token"\)/)
      assert.include(report, "`payload.contact_inbox.inbox.channel_type`")
      assert.include(report, "this verifies nothing about LiveDesk")
      for (
        const secret of [settings.LIVEDESK_API_KEY, settings.LIVEDESK_API_SECRET, settings.LIVEDESK_BASE_URL, "407"]
      ) {
        assert.notInclude(report + read(folder, "observations.json"), secret)
      }
      assert.deepStrictEqual(readdirSync(join(folder, "report")).sort(), ["observations.json", "verification.md"])
    }).pipe(withEmulator))

  it.live("shows its plan and sends nothing without --yes or with --dry-run, or over a report that is there", () =>
    Effect.gen(function*() {
      const { state } = yield* Emulator.Emulator
      const before = yield* state
      const folder = yield* Folder.make
      const settings = yield* Cli.settings
      const unasked = yield* verifyIn(folder, settings)
      assert.deepStrictEqual([unasked.code, unasked.out], [2, ""])
      assert.match(unasked.err, /contacts\.create +a contact with e-mail[^]*nothing was sent: [^]*--yes/)
      const dry = yield* verifyIn(folder, settings, "--dry-run")
      assert.deepStrictEqual([dry.code, dry.err], [0, ""])
      assert.match(dry.out, /in inbox 407[^]*identifier livedesk-verify-\d+/)
      assert.isFalse(existsSync(join(folder, "report")))

      mkdirSync(join(folder, "report"))
      writeFileSync(join(folder, "report", "verification.md"), "an earlier one")
      const again = yield* verifyIn(folder, settings, "--yes")
      assert.strictEqual(again.code, 2)
      assert.include(again.err, "has a report already")
      assert.strictEqual(read(folder, "verification.md"), "an earlier one")
      assert.strictEqual(HashMap.size((yield* state).contacts), HashMap.size(before.contacts))
    }).pipe(withEmulator))

  it.live("names the places that drifted and the headers of limits, and exits with 8", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* changed((body, _, response) => {
        response.setHeader("x-ratelimit-remaining", "59")
        response.setHeader("x-request-id", "zarquon-4711")
        return body.replaceAll("\"blocked\":false", "\"blocked\":\"no\",\"zarquon\":1,\"language\":\"zarquon\"")
      })
      const ran = yield* verifyIn(folder, settings, "--yes")
      assert.strictEqual(ran.code, 8, ran.err)
      const report = read(folder, "verification.md")
      assert.match(report, /`contacts\.create`, a contact .*: drifted from its page \(200\)/)
      assert.match(report, /differs at `payload\.contact\.blocked`: Expected boolean\n/)
      assert.match(report, /differs at `payload\.contact\.language`: /)
      assert.match(report, /differs at `payload\.contact\.key-\d+`: /)
      assert.match(report, /- `x-ratelimit-remaining`: in 33 of 33 calls, the last time `59`/)
      assert.match(report, /- `x-request-id`: in 33 of 33 calls, the last time `short text \d+`/)
      assert.notInclude(report + read(folder, "observations.json") + ran.out + ran.err, "zarquon")
    }).pipe(withEmulator))

  it.live("says that a lost call's outcome is unknown, and what was not refused", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const settings = yield* changed((body, request, response) => {
        if (request.url?.endsWith("/tickets") !== true) return body
        if (response.statusCode === 422) response.statusCode = 200
        else return void response.destroy()
        return JSON.stringify({ code: 0, message: "Success", data: { ticket_id: "tk_1" } })
      })
      const ran = yield* verifyIn(folder, settings, "--yes", "--json")
      assert.strictEqual(ran.code, 9, ran.err)
      const of = (what: string) => observed(folder).calls.find((one) => one.what === what)?.result
      assert.match(of("a ticket with title and description") ?? "", /^unknown: LiveDesk may have acted or not \(/)
      assert.match(of("that ticket") ?? "", /^left out/)
      assert.match(of("no title") ?? "", /^not refused/)
      assert.strictEqual(Object(Cli.document(ran)).calls.length, planned)
    }).pipe(withEmulator))

  it.live("ends after its first call, which changes nothing, where no call can succeed", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const requests: Array<string> = []
      const url = yield* LocalServer.make((request, response) => {
        requests.push(`${request.method} ${request.url}`)
        response.writeHead(401, { "content-type": "application/json" }).end("{\"error\":\"Invalid Access Token\"}")
      })
      const ran = yield* verifyIn(folder, { ...someSettings, LIVEDESK_BASE_URL: url }, "--yes")
      assert.deepStrictEqual([ran.code, requests], [3, ["GET /api/v2/accounts/contacts"]])
      assert.include(read(folder, "verification.md"), `after 1 of ${planned} calls`)
    }))

  it.live("writes what was seen when it is interrupted, and says that the call under way is unknown", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const isWaiting = yield* Deferred.make<void>()
      const settings = yield* changed((body, { method, url }) => {
        if (method !== "POST" || url?.endsWith("/conversations") !== true) return body
        Deferred.doneUnsafe(isWaiting, Effect.void)
        return undefined
      })
      const ran = yield* Cli.interruptIn(
        folder,
        ["verify", "--report", "report", "--yes"],
        settings,
        Deferred.await(isWaiting)
      )
      assert.strictEqual(ran.code, 130)
      assert.include(ran.err, "interrupted: what was seen so far is in the folder report")
      const { calls, isComplete } = observed(folder)
      assert.isFalse(isComplete)
      const last = calls.at(-1)
      assert.deepStrictEqual([last?.call, last?.response], ["conversations.create", null])
      assert.match(last?.result ?? "", /^unknown/)
      assert.isNotNull(last?.request)
      assert.include(read(folder, "verification.md"), `The run ended early, after ${calls.length} of ${planned} calls.`)
    }).pipe(withEmulator))
})

describe("the table of what is verified", () => {
  const page = readFileSync(new URL("../../docs/verified.md", import.meta.url), "utf8")

  it("has a row for each endpoint", () => {
    const blank = VerificationReport.table({ findings: [], isLiveDesk: true, startedAt: 0 })
    const firstCells = (table: string) =>
      table.match(/^\| `[\w.]+` +\| `[^`]+`/gm)?.map((row) => row.replaceAll(/ +/g, " "))
    assert.deepStrictEqual(firstCells(page), firstCells(blank))
    assert.lengthOf(firstCells(blank) ?? [], Endpoints.all.length)
  })
})

describe("the table of a run", () => {
  it("has what a run at LiveDesk showed, and nothing of another server", () => {
    const findings = VerificationPlan.steps
      .filter(({ endpoint }) => endpoint.operation === "tickets.get")
      .map(({ expected, ...step }): Verification.Finding => ({
        step: { expected, ...step },
        conclusion: expected === "success" ? "drifted" : "refused",
        issues: [],
        seen: [],
        record: {
          method: "GET",
          pathname: "/",
          query: [],
          body: undefined,
          response: { status: 404, headers: {}, pieces: [], bytes: 0 }
        }
      }))
    const rowsAt = (isLiveDesk: boolean) =>
      VerificationReport.table({ findings, isLiveDesk, startedAt: Date.UTC(2026, 10, 29) }).replaceAll(/ +/g, " ")
    assert.include(
      rowsAt(true),
      "| 2026-11-29: drifted from its page | 2026-11-29: an unknown ticket: 404 |\n| `tickets.update`"
    )
    assert.include(rowsAt(true), "| not yet seen | not yet seen |")
    assert.notInclude(rowsAt(false), "2026")
  })
})

describe("the vocabulary", () => {
  it("has the contract's names and a service's words, and no names of people", () => {
    for (const name of ["contact_inboxes", "createdAt", "x-request-id", "language", "attachments[]", "retry-after"]) {
      assert.isTrue(Vocabulary.isName(name), name)
    }
    const people =
      "alice anna ben bill bob carol chase dean faith frank grace grant hans hope ian jack joy june kim lee " +
      "li mark max may mia miles nick pat paul pierce ray rob rose sam skip sue summer tom victor wang wei will zhang"
    for (const name of people.split(" ")) {
      assert.isFalse(Vocabulary.isName(name), name)
      assert.strictEqual(Vocabulary.sentence(name), "…", name)
      assert.isFalse(Vocabulary.isValue("status", name), name)
    }
    assert.isFalse(Vocabulary.isValue("name", "open"))
    assert.isTrue(Vocabulary.isValue("channel", "Channel::Email"))
    assert.strictEqual(
      Vocabulary.sentence("Email zhang@acme.inc has already been taken by 4711"),
      "Email … has already been taken by …"
    )
  })
})

describe("a body without personal values", () => {
  it("is read and drifts as the one that it replaces", () => {
    for (const name of ["create-contact", "create-conversation"]) {
      const sample = Wire.fixture(name)
      for (const [place, odd] of Breadth.pairs(Wire.places(sample), Wire.oddities)) {
        const body = Wire.change(sample, place, odd)
        const replaced = new Anonymizer().body(body)
        for (const { operation, success } of Endpoints.all) {
          const story = `${operation}, ${JSON.stringify(odd)} at ${place.join(".")} of ${name}`
          assert.deepStrictEqual(issuesOf(success.read(replaced)), issuesOf(success.read(body)), story)
          const documented = Model.fromSchema(success.documented())
          assert.deepStrictEqual(issuesOf(documented.read(replaced)), issuesOf(documented.read(body)), story)
        }
      }
    }
  })
})

const issuesOf = (read: unknown) =>
  read instanceof Model.DecodeFailure ? read.issues.map(({ path }) => path.join(".")) : []

describe("the report of a hostile server", () => {
  const leaks = (canaries: ReadonlyArray<string>, ...texts: ReadonlyArray<string>) => {
    const all = texts.join("\n").toLowerCase()
    const secrets = [...Object.values(someSettings).slice(0, 2), btoa("key-canary-4711:").slice(0, 18)]
    return [...canaries, ...secrets].filter((canary) => all.includes(canary.toLowerCase()))
  }

  it.live("has no canary in its files, on standard output or on standard error", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const nest = new Nest(yield* seeded("canaries"))
      let index = 0
      const url = yield* LocalServer.make((request, response) => {
        request.resume()
        const { body, headers, status } = hostile(nest, index++, request.method === "GET")
        response.writeHead(status, headers).end(body)
      })
      const ran = yield* verifyIn(folder, { ...someSettings, LIVEDESK_BASE_URL: url }, "--yes")
      assert.strictEqual(observed(folder).calls.length, planned, ran.err)
      assert.isAbove(nest.canaries.length, 1000)
      const files = VerificationReport.fileNames.map((name) => read(folder, name))
      assert.deepStrictEqual(leaks(nest.canaries, ran.out, ran.err, ...files), [])
    }))

  const campaign = "verify: runs at a server whose responses are full of canaries"

  it.live("has no canary, whatever the responses are", () =>
    Effect.gen(function*() {
      const draw = yield* seeded(campaign)
      for (const run of Breadth.cases(campaign)) {
        const nest = new Nest(draw)
        let index = 0
        const httpClient = HttpClient.make((request) =>
          Effect.sync(() => {
            const { body, headers, status } = hostile(nest, index++, request.method === "GET")
            const hasNoBody = status === 204 || status === 304
            return HttpClientResponse.fromWeb(request, new Response(hasNoBody ? null : body, { status, headers }))
          })
        )
        const recorder = new WireRecorder()
        const client = yield* LiveDeskClient.make({
          apiKey: Redacted.make(someSettings.LIVEDESK_API_KEY),
          apiSecret: Redacted.make(someSettings.LIVEDESK_API_SECRET),
          baseUrl: "http://127.0.0.1",
          retries: { times: 0 },
          onDrift: "fail",
          transformClient: recorder.transform
        }).pipe(Effect.provideService(HttpClient.HttpClient, httpClient))
        const findings: Array<Verification.Finding> = []
        const clients = { regular: client, withoutKey: client, wrongSecret: client }
        yield* Verification.run(clients, recorder, { inboxId: 407, startedAt: 0 }, findings).pipe(
          Effect.provideService(Console.Console, new NodeConsole({ stdout: new PassThrough() }))
        )
        const { files, rows } = VerificationReport.make({ findings, isLiveDesk: true, startedAt: 0 })
        assert.lengthOf(rows, planned, `run ${run}`)
        assert.deepStrictEqual(leaks(nest.canaries, JSON.stringify(rows), ...Object.values(files)), [], `run ${run}`)
        assert.isAtLeast(index, 20, `run ${run}`)
      }
    }), Breadth.timeout(campaign))
})

// ---------------------------------------------------------------------------------------------------------------------
// canaries
// ---------------------------------------------------------------------------------------------------------------------

type Draw = (below: number) => number

const seeded = (seed: string): Effect.Effect<Draw> =>
  Effect.map(
    Random.withSeed(Effect.service(Random.Random), seed),
    (random) => (below: number) => Math.floor(random.nextDoubleUnsafe() * below)
  )

const consonants = "bcdfghjklmnprstvwxz"
const vowels = "aeiou"

/** Makes values that nobody else says, and remembers what identifies each of them. */
class Nest {
  readonly draw: Draw
  readonly canaries: Array<string> = []

  constructor(draw: Draw) {
    this.draw = draw
  }

  pick<A>(first: A, ...others: ReadonlyArray<A>): A {
    return [first, ...others][this.draw(others.length + 1)] ?? first
  }

  /** A name of twelve letters, in no vocabulary. */
  word(): string {
    const word = Array.from(
      { length: 6 },
      () => consonants.charAt(this.draw(consonants.length)) + vowels.charAt(this.draw(vowels.length))
    ).join("")
    this.canaries.push(word)
    return word
  }

  digits(): string {
    // Some are times in seconds or milliseconds.
    const digits = String(this.pick(2e8 + this.draw(9e14), 15e8 + this.draw(3e8), 15e11 + this.draw(3e11)))
    this.canaries.push(digits)
    return digits
  }

  number(): number {
    const digits = this.digits()
    return this.pick(Number(digits), Number(`${digits}.5`), -Number(digits))
  }

  string(): string {
    const word = this.word()
    return this.pick(
      () => word,
      () => word.toUpperCase(),
      () => `${word[0]?.toUpperCase()}${word.slice(1)} ${this.word()}`,
      () => `${word}@acme.inc`,
      () => `contact@${word}.com`,
      () => `https://acme.inc/${word}?token=${this.word()}`,
      () => `+${this.digits()}`,
      () => this.digits(),
      () => `{"email":"${word}@acme.inc"}`,
      () => `${this.digits().slice(0, 8)}-${word}`,
      () => `Email ${word}@acme.inc has already been taken`,
      () => `${word}_${this.word()}`,
      () => `<b>${word}</b>\u001b[31m|\`${this.word()}\`\n# ${this.word()}`,
      () => `é${word}日本`,
      () => `contact.${word}`,
      () => Buffer.from(word).toString("base64") + this.word(),
      () => `${someSettings.LIVEDESK_API_SECRET} ${word}`
    )()
  }

  key(): string {
    return this.pick(
      () => this.word(),
      () => `${this.word()}_id`,
      () => `contact_${this.word()}`,
      () => this.string(),
      () => this.digits(),
      () => `${this.word()}Id`
    )()
  }

  /** Any JSON: of the contract's keys and of others, with canaries for all texts and numbers. */
  json(depth: number): unknown {
    if (depth === 0) return this.pick<() => unknown>(() => this.string(), () => this.number(), () => null)()
    return this.pick<() => unknown>(
      () => this.string(),
      () => this.number(),
      () => Array.from({ length: this.draw(3) }, () => this.json(depth - 1)),
      () => this.object(depth - 1),
      () => this.object(depth - 1)
    )()
  }

  object(depth: number): { readonly [key: string]: unknown } {
    return Object.fromEntries(Array.from({ length: 1 + this.draw(6) }, () => [
      this.pick(
        () => this.key(),
        () =>
          this.pick("status", "type", "message_type", "channel", "name", "code", "error", "errors", "message", "id"),
        () =>
          this.pick("custom_attributes", "additional_attributes", "payload", "meta", "sender", "data", "attributes"),
        () => this.pick("priority", "email", "created_at", "source_id", "contact_inbox", "labels", "content_type")
      )(),
      this.json(depth)
    ]))
  }
}

/** A response: often with what a call needs, so that later calls are made as well. */
const hostile = (nest: Nest, index: number, isRead: boolean) => {
  const { draw } = nest
  const noise = () => nest.object(2)
  const refusal = nest.pick(
    noise,
    () => ({ error: nest.string(), code: nest.string() }),
    () => ({ message: nest.string(), attributes: [nest.word(), nest.string()] }),
    () => ({ errors: { [nest.key()]: [nest.string()], [nest.word()]: nest.string() } }),
    () => ({ errors: [nest.string(), { field: nest.word(), message: nest.string() }] })
  )
  const id = Number(nest.digits())
  const records = {
    ...noise(),
    id,
    status: nest.string(),
    ...(isRead ? { meta: noise(), payload: [{ ...noise(), id }] } : {
      payload: { ...noise(), contact: { ...noise(), id }, contact_inbox: { source_id: nest.string(), inbox: noise() } }
    }),
    data: { ...noise(), ticket_id: nest.string() },
    code: draw(6) === 0 ? nest.pick<unknown>(nest.string(), nest.number()) : 0
  }
  const isFirst = index === 0
  const status = isFirst || draw(3) > 0 ? 200 : nest.pick(201, 301, 400, 402, 403, 404, 409, 418, 422, 429, 500, 503)
  const body = isFirst || draw(4) > 0
    ? JSON.stringify(status < 300 ? records : refusal())
    : nest.pick(
      () => JSON.stringify(noise()),
      () => JSON.stringify(nest.json(2)),
      () => `<html>${nest.string()}</html>`,
      () => `${"{\"a\":".repeat(2000)}"${nest.word()}"${"}".repeat(2000)}`,
      () => `{"${nest.word()}`
    )()
  const token = () => nest.string().replaceAll(/[^\w@. -]/g, "")
  return {
    status,
    body,
    headers: {
      "content-type": isFirst || draw(4) > 0
        ? "application/json"
        : nest.pick("text/html", `application/${nest.word()}`),
      "x-request-id": token(),
      "x-ratelimit-limit": nest.pick(nest.digits(), token()),
      "retry-after": nest.digits(),
      server: token(),
      "set-cookie": `${nest.word()}=${nest.word()}`,
      [`x-${nest.word()}`]: token(),
      ...(status === 301 ? { location: `https://${nest.word()}.example.com/` } : {})
    }
  }
}
