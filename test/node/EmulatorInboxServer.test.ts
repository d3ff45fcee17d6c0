import { Contacts, Conversations, Messages } from "@effect-livedesk/core"
import { Emulator, EmulatorState, Faults } from "@effect-livedesk/core/testing"
import { NodeEmulator, NodeLiveDesk } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, DateTime, Duration, Effect, Exit, HashMap, Layer, Option, Redacted, Schema } from "effect"
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import * as Breadth from "../Breadth.ts"
import { act, error, type Headers, look, send } from "../InboxClient.ts"

interface Rows {
  readonly total: number
  readonly rows: ReadonlyArray<{ readonly id: number | string; readonly name: string }>
}

const list = (query: string): Effect.Effect<Rows, never, NodeEmulator.NodeEmulator> =>
  Effect.map(send("GET", `/inbox/list?${query}`), ({ text }) => JSON.parse(text))

/** As many contacts, each with a conversation; no two were active at the same time. */
const withMany = (count: number, name: string) => (state: EmulatorState.EmulatorState): EmulatorState.EmulatorState =>
  Array.from({ length: count }, (_, index) => index + 1).reduce((state, id) => {
    const contact = EmulatorState.makeContact({ id, name: `${id}${name}` })
    const conversation = EmulatorState.makeConversation({
      id,
      contactId: id,
      inboxId: 407,
      lastActivityAt: DateTime.addDuration(contact.createdAt, Duration.hours((id * 7) % count))
    })
    return EmulatorState.putConversation(EmulatorState.putContact(state, contact), conversation)
  }, state)

const aConversation = Effect.gen(function*() {
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  const { credentials } = yield* Emulator.Emulator
  return yield* Effect.gen(function*() {
    const { contact } = yield* Contacts.Contacts.use((contacts) => contacts.create({ inboxId: 407, name: "Alice" }))
    return yield* Conversations.Conversations.use((conversations) =>
      conversations.create({ inboxId: 407, contactId: contact.id })
    )
  }).pipe(Effect.provide(NodeLiveDesk.layer({ baseUrl, ...credentials, timeout: "2 seconds" })))
})

describe("the emulator's inbox, to a browser", () => {
  it.live("is one document that runs and requests nothing but its own", () =>
    Effect.gen(function*() {
      const { headers, status, text } = yield* send("GET", "/inbox")
      assert.deepStrictEqual([status, headers["content-type"]], [200, "text/html; charset=utf-8"])
      const policy = String(headers["content-security-policy"])
      assert.match(
        policy,
        /^default-src 'none'; script-src 'sha256-[^' ]+'; style-src 'sha256-[^' ]+'; connect-src 'self';/
      )
      assert.notMatch(policy, /unsafe|\*|https?:/)
      for (const directive of ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]) {
        assert.include(policy, directive)
      }
      const inline = Array.from(
        text.matchAll(/<(script|style)[^>]*>([^]*?)<\/\1>/g),
        ([, tag, content = ""]) => `${tag}-src 'sha256-${createHash("sha256").update(content).digest("base64")}'`
      )
      assert.lengthOf(inline, 2)
      for (const directive of inline) assert.include(policy, directive)
      assert.notMatch(text, /\s(?:src|href)=["']?(?:https?:)?\/\//)
    }).pipe(Effect.provide(NodeEmulator.layer())))

  it.live("is kept from pages of other sites, which change nothing", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* NodeEmulator.NodeEmulator
      const { host, port } = new URL(baseUrl)
      const emulator = yield* Emulator.Emulator
      const { id } = yield* aConversation
      const before = yield* emulator.state
      const reply = { _tag: "Reply", conversationId: id, content: "Hello", private: false }
      const foreign: ReadonlyArray<Headers> = [
        { origin: "https://evil.example" },
        { origin: "null" },
        { origin: `http://127.0.0.1:${Number(port) + 1}` },
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
        { "sec-fetch-site": "none" },
        { "content-type": "text/plain" },
        { "content-type": "application/x-www-form-urlencoded" },
        { "content-type": "multipart/form-data; boundary=a" },
        { host: `evil.example:${port}` },
        { host: `127.0.0.1.evil.example:${port}`, origin: `http://127.0.0.1.evil.example:${port}` }
      ]
      for (const headers of foreign) {
        const rejected = yield* act(reply, headers)
        assert.include([403, 415], rejected.status, JSON.stringify(headers))
        assert.isNotEmpty(error(rejected))
      }
      assert.strictEqual(yield* emulator.state, before)
      for (const path of ["/inbox/events", "/inbox/list?of=contacts", "/inbox/request?number=1"]) {
        assert.strictEqual((yield* send("GET", path, { "sec-fetch-site": "cross-site" })).status, 403)
      }
      for (
        const [host_, origin] of [[host, baseUrl], [`localhost:${port}`, `http://localhost:${port}`], [
          "[::1]:1",
          "http://[::1]:1"
        ]] as const
      ) {
        const taken = yield* act(reply, { host: host_, origin, "sec-fetch-site": "same-origin" })
        assert.strictEqual(taken.status, 200, host_)
      }
      // A program is no page.
      assert.strictEqual((yield* act(reply)).status, 200)
      assert.lengthOf(EmulatorState.messagesOf(yield* emulator.state, id), 4)
    }).pipe(Effect.provide(NodeEmulator.layer())))
})

const everyPath = ["/", "/inbox", "/inbox/events", "/docs", "/openapi.json", "/api/v2/accounts/contacts", "/nothing"]

describe("an emulator on a port", () => {
  it.live("given a request to another host's name, responds with 403 on every path", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* NodeEmulator.NodeEmulator
      const { port } = new URL(baseUrl)
      for (const path of everyPath) {
        for (
          const host of [
            "evil.example",
            `evil.example:${port}`,
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evil.example@127.0.0.1",
            "127.0.0.1/evil.example",
            "emulator"
          ]
        ) {
          const rejected = yield* send("GET", path, { host })
          assert.strictEqual(rejected.status, 403, `${host}${path}`)
          assert.include(error(rejected), "--allow-host")
        }
        for (const host of ["localhost", `LOCALHOST:${port}`, "a.localhost", "192.168.0.7", "[::1]:80", "localhost."]) {
          assert.notStrictEqual((yield* send("HEAD", path, { host })).status, 403, `${host}${path}`)
        }
      }
      assert.lengthOf(
        (yield* (yield* Faults.Faults).trace).filter(({ status }) => Option.contains(status, 403)),
        0
      )
    }).pipe(Effect.provide(NodeEmulator.layer())))

  it.live("is served under the names that its options allow, and under no others", () =>
    Effect.gen(function*() {
      for (const host of ["emulator", "Emulator:8407", "livedesk.internal", "xn--bcher-kva", "fe80::1", "0.0.0.0"]) {
        assert.strictEqual((yield* send("GET", "/inbox", { host })).status, host === "fe80::1" ? 403 : 200, host)
      }
      assert.strictEqual((yield* send("GET", "/inbox", { host: "emulator.evil.example" })).status, 403)
      const origin = { host: "emulator:8407", origin: "http://emulator:8407", "sec-fetch-site": "same-origin" }
      assert.strictEqual((yield* act({ _tag: "Faults", ids: [], rate: 1 }, origin)).status, 200)
    }).pipe(
      Effect.provide(NodeEmulator.layer({ allowedHosts: ["EMULATOR", "livedesk.internal.", "bücher"] }))
    ))

  it.live("refuses a name that is none of a host", () =>
    Effect.gen(function*() {
      for (
        const name of ["", "emulator:8407", "http://emulator", "a b", "emulator/", "user@emulator", "*", "emulator:80"]
      ) {
        const failed = yield* Effect.flip(Effect.scoped(Layer.build(NodeEmulator.layer({ allowedHosts: ["a", name] }))))
        assert.include(failed.message, "allowedHosts.1: expected a host's name without a port", name)
      }
    }))

  it.live("leads from / to its inbox", () =>
    Effect.gen(function*() {
      const { headers, status } = yield* send("GET", "/")
      assert.deepStrictEqual([status, headers.location], [302, "/inbox"])
    }).pipe(Effect.provide(NodeEmulator.layer())))
})

describe("the lists of the emulator's inbox", () => {
  it.live("find by what a record is known by, and conversations by what their messages say", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      yield* emulator.update(withMany(50, ""))
      yield* emulator.update((state) =>
        EmulatorState.putTicket(
          EmulatorState.putContact(
            state,
            EmulatorState.makeContact({
              id: 7,
              name: "Ælice",
              email: Option.some("Alice@Acme.inc"),
              phoneNumber: Option.some("+4930123"),
              identifier: Option.some("C-0815")
            })
          ),
          EmulatorState.makeTicket({
            ticketId: "tk_1",
            title: "Printer",
            description: "PC LOAD LETTER",
            tags: ["Urgent"]
          })
        )
      )
      yield* emulator.receive({ conversationId: 9, content: "Where is my PARCEL?" })
      yield* emulator.toggleStatus({ conversationId: 11, status: "resolved" })
      const found = (of: string, text: string) =>
        Effect.map(
          list(new URLSearchParams({ of, text }).toString()),
          ({ rows, total }) => [total, ...rows.map(({ id }) => id)]
        )
      for (const text of ["ælice", " ALICE@acme ", "4930", "c-0815"]) {
        assert.deepStrictEqual(yield* found("contacts", text), [1, 7], text)
        assert.deepStrictEqual(yield* found("conversations", text), [1, 7], text)
      }
      assert.deepStrictEqual(yield* found("conversations", "parcel"), [1, 9])
      assert.deepStrictEqual(yield* found("conversations", "#43"), [1, 43])
      assert.deepStrictEqual(yield* found("conversations", "resolved"), [1, 11])
      assert.deepStrictEqual(yield* found("conversations", "nothing of it"), [0])
      for (const text of ["printer", "load", "urgent", "tk_1", "open"]) {
        assert.deepStrictEqual(yield* found("tickets", text), [1, "tk_1"], text)
      }
    }).pipe(Effect.provide(NodeEmulator.layer())))

  it.live("are another revision once a snooze has ended", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { id } = yield* aConversation
      yield* emulator.toggleStatus({
        conversationId: id,
        status: "snoozed",
        snoozedUntil: DateTime.addDuration(yield* emulator.now, "2 seconds")
      })
      const { next } = yield* look(`?conversation=${id}`)
      const first = yield* next
      assert.deepInclude(first?.["opened"], { status: "snoozed" })
      const woken = yield* next
      assert.deepInclude(woken?.["opened"], { status: "open" })
      assert.notStrictEqual(woken?.["revision"], undefined)
    }).pipe(Effect.scoped, Effect.provide(NodeEmulator.layer())))
})

/** The arguments that a shell gives curl, and what it writes beside. */
const run = (command: string) => {
  const { status, stderr, stdout } = spawnSync(
    "sh",
    ["-c", `curl() { printf '%s\\0' "$@"; }\n${command}`],
    { encoding: "utf8", env: { LIVEDESK_API_KEY: "key", LIVEDESK_API_SECRET: "secret" } }
  )
  return { status, stderr, words: stdout.split("\0").slice(0, -1) }
}

const requestAt = (number: number) =>
  Effect.map(send("GET", `/inbox/request?number=${number}`), ({ text }) => JSON.parse(text))

/** Texts of what a shell, curl or a terminal could take for more than text. */
const hostile = Arbitrary.schema(
  Schema.Array(
    Schema.Literals([
      "'",
      "\"",
      "$(id)",
      "`id`",
      "$HOME",
      "\n",
      "\t",
      "\\",
      "!",
      "@",
      "--",
      " ",
      "{",
      "é",
      "\u202e",
      "😀"
    ])
  )
)

describe("a request in the emulator's inbox", () => {
  it.live.prop(
    "as a curl command gives curl what was sent, whatever it is",
    { parts: hostile, more: hostile },
    ({ more, parts }) =>
      Effect.gen(function*() {
        const { baseUrl } = yield* NodeEmulator.NodeEmulator
        const body = parts.join("")
        const printable = more.join("").replaceAll(/[^ -~]/g, "")
        const url = `/nothing/../[1-9]?q='"$(id)${printable.replaceAll(" ", "+")}`
        const contentType = `text/plain; a=${printable}'`
        yield* send("POST", url, { "content-type": contentType, authorization: "Basic canary" }, body)
        const shown = yield* requestAt(1)
        assert.strictEqual(shown.request.text, body)
        assert.notInclude(JSON.stringify(shown), "canary")
        assert.deepStrictEqual(run(shown.curl.command), {
          status: 0,
          stderr: "",
          words: [
            "--globoff",
            "--path-as-is",
            "--request",
            "POST",
            "--user",
            "key:secret",
            "--header",
            `content-type: ${contentType}`,
            ...(body === "" ? [] : ["--data-raw", body]),
            `${baseUrl}${url}`
          ]
        })
      }).pipe(Effect.provide(NodeEmulator.layer({ keepsBodies: true }))),
    Breadth.runs(100)
  )

  it.live("has no curl command if that could not be what was sent, or would do something in a terminal", () =>
    Effect.gen(function*() {
      const bodies = [
        "\u001b[201~\nid\n",
        "a\u0000b",
        "a\rb",
        "\u0085",
        "\u2028",
        Buffer.from([0xff]),
        "x".repeat(65_537)
      ]
      yield* Effect.forEach(bodies, (body) => send("POST", "/nothing", {}, body))
      const problems = yield* Effect.forEach(
        bodies,
        (_, index) => Effect.map(requestAt(index + 1), ({ curl }) => curl.problem)
      )
      assert.deepStrictEqual(problems, [
        ...Array.from({ length: 5 }, () => "The request has control characters, which a terminal may act on."),
        "The body is no text.",
        "The body is too long: it is not kept whole."
      ])
      const long = (yield* requestAt(7)).request
      assert.deepStrictEqual([long.text.length, long.length, long.isWhole], [65_536, 65_537, false])
      // A character that the limit cuts in two is left out.
      yield* send("POST", "/nothing", {}, `${"x".repeat(65_535)}é`)
      assert.strictEqual((yield* requestAt(8)).request.text, "x".repeat(65_535))
    }).pipe(Effect.provide(NodeEmulator.layer({ keepsBodies: true }))))

  it.live("can have come with files, which the emulator reads all the same", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { baseUrl } = yield* NodeEmulator.NodeEmulator
      const { id } = yield* aConversation
      const content = Uint8Array.from({ length: 200_000 }, (_, index) => index % 256)
      yield* Messages.Messages.use((messages) =>
        messages.sendFiles({
          conversationId: id,
          attachments: [{ name: "a.bin", content, mediaType: "application/octet-stream" }]
        })
      ).pipe(Effect.provide(NodeLiveDesk.layer({ baseUrl, ...emulator.credentials })))
      const [attachment] = HashMap.toValues((yield* emulator.state).attachments)
      assert.deepStrictEqual(attachment?.content, content)
      const shown = yield* requestAt(3)
      assert.match(shown.requestType, /^multipart\/form-data/)
      assert.deepStrictEqual([shown.request.text, shown.request.isWhole], [null, false])
      assert.isAbove(shown.request.length, 200_000)
    }).pipe(Effect.provide(NodeEmulator.layer({ keepsBodies: true }))))

  it.live("is kept only if the options say so", () =>
    Effect.gen(function*() {
      yield* send("POST", "/nothing", {}, "canary")
      const rejected = yield* send("GET", "/inbox/request?number=1")
      assert.deepStrictEqual([rejected.status, error(rejected)], [404, "requests are not kept"])
    }).pipe(Effect.provide(NodeEmulator.layer())))
})

describe("the emulator's inbox, given a request that its page does not send", () => {
  it.live("says what is wrong with it, and changes nothing", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { id } = yield* aConversation
      const before = yield* emulator.state
      const wrong: ReadonlyArray<readonly [status: number, said: RegExp, action: unknown]> = [
        [400, /not an action/, undefined],
        [400, /not an action/, []],
        [400, /not an action/, { _tag: "Explode" }],
        [400, /not an action/, { _tag: "Reply", conversationId: "40", content: 1 }],
        [400, /not an action/, { _tag: "Reply", conversationId: -1, content: "", private: false }],
        [400, /not an action/, { _tag: "ToggleStatus", conversationId: id, status: "exploded" }],
        [400, /not an action/, { _tag: "Faults", ids: [], rate: 2 }],
        [400, /ids: expected those of the view/, { _tag: "Faults", ids: ["Reset"], rate: 1 }],
        [404, /could not be found/, { _tag: "Reply", conversationId: 1, content: "a", private: false }],
        [404, /could not be found/, { _tag: "ToggleStatus", conversationId: 1, status: "open" }],
        [422, /could not be found/, { _tag: "Receive", conversationId: 1, content: "a" }],
        [422, /content/, { _tag: "Reply", conversationId: id, content: " ", private: false }],
        [400, /not an action/, { _tag: "ToggleStatus", conversationId: id, status: "snoozed", snoozedUntil: 9e15 }],
        [404, /could not be found/, { _tag: "StartConversation", contactId: 1, inboxId: 407, content: "" }],
        [422, /title is required/, { _tag: "CreateTicket", title: "", description: "", priority: "normal" }],
        [404, /Ticket not found/, {
          _tag: "UpdateTicket",
          ticketId: "../a?b",
          title: "a",
          description: "",
          priority: "low"
        }],
        [422, /Invalid status transition/, { _tag: "ToggleStatus", conversationId: id, status: "closed" }],
        [404, /no webhook/, { _tag: "Redeliver", key: "emulated-1" }]
      ]
      for (const [status, said, action] of wrong) {
        const rejected = yield* act(action)
        assert.strictEqual(rejected.status, status, rejected.text)
        assert.match(error(rejected), said)
      }
      const [issue] = JSON.parse((yield* act({ _tag: "Receive", conversationId: id, content: 1 })).text).issues
      assert.deepStrictEqual(issue.path, ["content"])
      assert.strictEqual(
        (yield* act({ _tag: "Receive", conversationId: id, content: "x".repeat(1_000_000) })).status,
        413
      )
      assert.strictEqual((yield* send("GET", "/inbox/actions")).status, 405)
      assert.strictEqual((yield* send("POST", "/inbox")).status, 405)
      assert.strictEqual((yield* send("GET", "/inbox/more")).status, 404)
      assert.strictEqual((yield* send("GET", "/inbox/")).status, 200)
      for (
        const path of [
          "/inbox/events?conversation=a",
          "/inbox/events?contact=",
          "/inbox/list",
          "/inbox/list?of=secrets",
          "/inbox/list?of=contacts&from=-1",
          "/inbox/list?of=contacts&count=101",
          `/inbox/list?of=contacts&text=${"x".repeat(201)}`,
          "/inbox/request?number=a"
        ]
      ) assert.strictEqual((yield* send("GET", path)).status, 400, path)
      assert.strictEqual((yield* send("GET", "/inbox/request?number=1")).status, 404)
      assert.strictEqual(yield* emulator.state, before)
    }).pipe(Effect.provide(NodeEmulator.layer())))

  it.live("given an unknown delivery, does not retry it", () =>
    Effect.gen(function*() {
      const rejected = yield* act({ _tag: "Redeliver", key: "emulated-1" })
      assert.deepStrictEqual([rejected.status, error(rejected)], [404, "key: there is no such delivery any more"])
    }).pipe(Effect.provide(NodeEmulator.layer({ webhook: { url: "http://127.0.0.1:9/" } }))))
})

describe("what happens in the emulator", () => {
  it.live("is sent whole at first, and then by the parts that changed", () =>
    Effect.gen(function*() {
      const { credentials, update } = yield* Emulator.Emulator
      const { id } = yield* aConversation
      const { next } = yield* look(`?conversation=${id}`)
      const first = yield* next
      assert.sameMembers(Object.keys(first ?? {}), [
        "now",
        "counts",
        "revision",
        "inboxes",
        "opened",
        "messages",
        "webhook",
        "deliveries",
        "requests",
        "keepsBodies",
        "faults",
        "drafts"
      ])
      assert.deepInclude(first?.["opened"], {
        _tag: "Conversation",
        id,
        name: "Alice",
        status: "open",
        moves: ["pending", "snoozed", "resolved"]
      })
      const secret = Redacted.value(credentials.apiSecret)
      for (const hidden of [secret, btoa(`${Redacted.value(credentials.apiKey)}:${secret}`)]) {
        assert.notInclude(JSON.stringify(first), hidden)
      }
      yield* update((state) => EmulatorState.putContact(state, EmulatorState.makeContact({ id: 1, name: "Bob" })))
      assert.sameMembers(Object.keys((yield* next) ?? {}), ["counts", "revision"])
      yield* send("GET", "/nothing?secret=canary", { authorization: "Basic canary" })
      const third = yield* next
      assert.deepStrictEqual(Object.keys(third ?? {}), ["requests"])
      assert.match(JSON.stringify(third), /"path":"\/nothing","operation":"GET \/nothing","status":404/)
      assert.deepStrictEqual(Object.keys(Object(third?.["requests"]).changed), ["3"])
      assert.notInclude(JSON.stringify(third), "canary")
    }).pipe(Effect.scoped, Effect.provide(NodeEmulator.layer())))

  it.live("when it changes often, is sent in few updates", () =>
    Effect.gen(function*() {
      const { next } = yield* look()
      yield* next
      const changes = 100
      yield* Effect.forkScoped(Effect.replicateEffect(send("GET", "/nothing"), changes))
      let events = 0
      let last = 0
      while (last < changes) {
        last = Number(Object((yield* next)?.["requests"]).order[0])
        events++
      }
      assert.isBelow(events, changes / 2)
    }).pipe(Effect.scoped, Effect.provide(NodeEmulator.layer())))

  it.live("is cut to what a page can show, however much there is", () =>
    Effect.gen(function*() {
      const { update } = yield* Emulator.Emulator
      yield* update(withMany(500, "x".repeat(100_000)))
      const { next } = yield* look()
      const first = yield* next
      assert.deepInclude(first?.["counts"], { contacts: 500, conversations: 500 })
      assert.isBelow(JSON.stringify(first).length, 5_000)
      const { rows, total } = yield* list("of=conversations&from=20&count=60")
      assert.strictEqual(total, 500)
      assert.deepStrictEqual(
        rows.map(({ id }) => (Number(id) * 7) % 500),
        Array.from({ length: 60 }, (_, index) => 479 - index)
      )
      assert.isBelow(JSON.stringify(rows).length, 60_000)
      const { rows: contacts } = yield* list("of=contacts&from=499&count=60")
      assert.deepStrictEqual(contacts.map(({ id }) => id), [1])
    }).pipe(Effect.scoped, Effect.provide(NodeEmulator.layer())))

  it.live("is sent in few bytes for each change, however much there is", () =>
    Effect.gen(function*() {
      const { receive, update } = yield* Emulator.Emulator
      yield* update(withMany(10_000, ""))
      const { next } = yield* look("?conversation=7")
      yield* next
      for (let written = 1; written <= 100; written++) yield* receive({ conversationId: 7, content: "x".repeat(1000) })
      let messages = 0
      while (messages < 100) messages = Object((yield* next)?.["messages"]).order?.length ?? messages
      yield* receive({ conversationId: 7, content: "The last" })
      const changed = yield* next
      assert.lengthOf(Object.keys(Object(changed?.["messages"]).changed), 1)
      assert.isBelow(JSON.stringify(changed).length, 3_000)
    }).pipe(Effect.scoped, Effect.provide(NodeEmulator.layer())))

  it.live("is sent to a limited number of pages, each as long as it is open", () =>
    Effect.gen(function*() {
      const pages = yield* Effect.replicateEffect(look(), 20)
      for (const page of pages) {
        assert.strictEqual(page.status, 200)
        yield* page.next
      }
      const rejected = yield* send("GET", "/inbox/events")
      assert.deepStrictEqual([rejected.status, error(rejected)], [503, "20 pages are looking already"])
      yield* Effect.forEach(pages, ({ close }) => close)
      yield* send("GET", "/inbox/events?conversation=x")
      const looked = yield* Effect.repeat(Effect.scoped(look()), { until: ({ status }) => status === 200 })
      assert.strictEqual(looked.status, 200)
    }).pipe(Effect.scoped, Effect.provide(NodeEmulator.layer())))

  it.live("does not delay the emulator's close, and ends with it", () =>
    Effect.gen(function*() {
      const page = yield* Effect.gen(function*() {
        const page = yield* look()
        yield* page.next
        // Nor does a request that never gets a response.
        yield* (yield* Faults.Faults).setPlan(
          Faults.script({ "*": [Faults.Fault.Silent({ when: "BeforeProcessing" })] })
        )
        yield* Effect.forkScoped(Effect.exit(send("GET", "/nothing")))
        const requests = (yield* Faults.Faults).trace
        yield* Effect.repeat(Effect.delay(requests, "10 millis"), { until: ({ length }) => length > 0 })
        return page
      }).pipe(Effect.provide(NodeEmulator.layer()), Effect.timeout("10 seconds"))
      assert.isUndefined(yield* page.next)
    }).pipe(Effect.scoped))
})

describe("faults on a port", () => {
  const { Fault } = Faults

  for (
    const [fault, outcome, reason] of [
      [Fault.Refused(), "Unknown", "ConnectionLost"],
      [Fault.Reset({ when: "AfterProcessing" }), "Unknown", "ConnectionLost"],
      [Fault.Reset({ when: "BeforeProcessing" }), "Unknown", "ConnectionLost"],
      [Fault.CutShort({ bytes: 10 }), "Processed", "ConnectionLost"],
      [Fault.Silent({ when: "AfterProcessing" }), "Unknown", "TimedOut"],
      [Fault.RateLimited({ retryAfter: "2" }), "Rejected", "RateLimited"],
      [Fault.Failing({ status: 503, when: "BeforeProcessing" }), "Unknown", "ServerError"],
      [Fault.MalformedBody({ body: "<html></html>" }), "Unknown", "InvalidResponse"]
    ] as const
  ) {
    it.live(`${Faults.describe(fault)} looks as it does in memory`, () =>
      Effect.gen(function*() {
        const faults = yield* Faults.Faults
        yield* faults.setPlan(Faults.script({ "contacts.create": [fault] }))
        const failed = yield* Effect.flip(aConversation)
        assert.deepStrictEqual([failed.outcome, failed.reason._tag], [outcome, reason])
        const { contacts } = yield* (yield* Emulator.Emulator).state
        const processed = fault._tag !== "Refused" && fault._tag !== "RateLimited" &&
          !("when" in fault && fault.when === "BeforeProcessing")
        assert.strictEqual([...contacts].length, processed ? 1 : 0)
        // And is over.
        yield* aConversation
      }).pipe(Effect.provide(NodeEmulator.layer())))
  }

  it.live("keep their plan if another is invalid", () =>
    Effect.gen(function*() {
      const faults = yield* Faults.Faults
      const plan = Faults.seeded({ seed: 1, rate: 0.5 })
      yield* faults.setPlan(plan)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(faults.setPlan(Faults.seeded({ seed: 1, rate: 2 })))))
      assert.strictEqual(yield* faults.plan, plan)
    }).pipe(Effect.provide(NodeEmulator.layer())))
})
