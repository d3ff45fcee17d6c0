import { Contacts, Conversations } from "@effect-livedesk/core"
import { Emulator, EmulatorState, Faults } from "@effect-livedesk/core/testing"
import { NodeEmulator, NodeLiveDesk } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Exit, Redacted, type Scope } from "effect"
import { createHash } from "node:crypto"
import { type ClientRequest, type IncomingMessage, request } from "node:http"

interface InboxResponse {
  readonly status: number
  readonly headers: IncomingMessage["headers"]
  readonly text: string
}

type Headers = { readonly [name: string]: string }

/** Sends what no browser and no `fetch` would, such as another host. */
const send = Effect.fnUntraced(function*(method: string, path: string, headers: Headers = {}, body?: string) {
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  return yield* Effect.callback<InboxResponse>((resume) => {
    const sent = request(`${baseUrl}${path}`, { method, headers, agent: false }, (response) => {
      let text = ""
      response.setEncoding("utf8")
      response.on("data", (part: string) => {
        text += part
      })
      response.on(
        "end",
        () => resume(Effect.succeed({ status: response.statusCode ?? 0, headers: response.headers, text }))
      )
    })
    sent.on("error", (error) => resume(Effect.die(error)))
    sent.end(body)
  })
})

const act = (action: unknown, headers: Headers = {}) =>
  send("POST", "/inbox/actions", { "content-type": "application/json", ...headers }, JSON.stringify(action))

const error = ({ text }: InboxResponse): string => JSON.parse(text).error

interface Look {
  readonly status: number
  /** The next event; none at the end. */
  readonly next: Effect.Effect<{ readonly [part: string]: unknown } | undefined>
  readonly close: Effect.Effect<void>
}

/** A page that looks on, gone at the end of the scope. */
const look = Effect.fnUntraced(
  function*(query = ""): Effect.fn.Return<Look, never, NodeEmulator.NodeEmulator | Scope.Scope> {
    const { baseUrl } = yield* NodeEmulator.NodeEmulator
    const { response, sent } = yield* Effect.acquireRelease(
      Effect.callback<{ readonly sent: ClientRequest; readonly response: IncomingMessage }>((resume) => {
        const sent = request(
          `${baseUrl}/inbox/events${query}`,
          { agent: false },
          (response) => resume(Effect.succeed({ sent, response }))
        )
        // Of one that the emulator ends.
        sent.on("error", () => {})
        sent.end()
      }),
      ({ sent }) => Effect.sync(() => sent.destroy())
    )
    const parts = response.setEncoding("utf8")[Symbol.asyncIterator]()
    let rest = ""
    const next = async (): Promise<{ readonly [part: string]: unknown } | undefined> => {
      for (;;) {
        const end = rest.indexOf("\n\n")
        if (end >= 0) {
          const event = rest.slice(0, end)
          rest = rest.slice(end + 2)
          return JSON.parse(event.replace(/^data: /, ""))
        }
        const part = await parts.next().catch(() => ({ done: true, value: "" }))
        if (part.done === true) return undefined
        rest += String(part.value)
      }
    }
    return {
      status: response.statusCode ?? 0,
      next: Effect.promise(next),
      close: Effect.sync(() => sent.destroy())
    }
  }
)

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
      for (const path of ["/inbox", "/inbox/events"]) {
        assert.strictEqual((yield* send("GET", path, { host: "evil.example" })).status, 403)
      }
      assert.strictEqual((yield* send("GET", "/inbox/events", { "sec-fetch-site": "cross-site" })).status, 403)
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
      assert.strictEqual((yield* send("GET", "/inbox/events?conversation=a")).status, 400)
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
        "counts",
        "contacts",
        "conversations",
        "conversation",
        "webhook",
        "deliveries",
        "requests",
        "faults"
      ])
      assert.deepInclude(first?.["conversation"], {
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
      assert.sameMembers(Object.keys((yield* next) ?? {}), ["counts", "contacts"])
      yield* send("GET", "/nothing?secret=canary", { authorization: "Basic canary" })
      const third = yield* next
      assert.deepStrictEqual(Object.keys(third ?? {}), ["requests"])
      assert.match(JSON.stringify(third), /"path":"\/nothing","operation":"GET \/nothing","status":404/)
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
        last = Object((yield* next)?.["requests"])[0].number
        events++
      }
      assert.isBelow(events, changes / 2)
    }).pipe(Effect.scoped, Effect.provide(NodeEmulator.layer())))

  it.live("is cut to what a page can show", () =>
    Effect.gen(function*() {
      const { update } = yield* Emulator.Emulator
      yield* update((state) =>
        Array.from({ length: 500 }, (_, index) => index + 1).reduce((state, id) => {
          const contact = EmulatorState.makeContact({ id, name: `${id}${"x".repeat(100_000)}` })
          const conversation = EmulatorState.makeConversation({
            id,
            contactId: id,
            inboxId: 407,
            lastActivityAt: DateTime.addDuration(contact.createdAt, Duration.hours((id * 7) % 500))
          })
          return EmulatorState.putConversation(EmulatorState.putContact(state, contact), conversation)
        }, state)
      )
      const { next } = yield* look()
      const reported = yield* next
      assert.deepInclude(reported?.["counts"], { contacts: 500, conversations: 500 })
      assert.lengthOf(Object(reported?.["contacts"]), 100)
      const shown: ReadonlyArray<{ readonly id: number }> = Object(reported?.["conversations"])
      assert.deepStrictEqual(
        shown.map(({ id }) => (id * 7) % 500),
        Array.from({ length: 100 }, (_, index) => 499 - index)
      )
      assert.isBelow(JSON.stringify(reported).length, 100_000)
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
      [Fault.MalformedBody({ body: "<html></html>" }), "Processed", "InvalidResponse"]
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
