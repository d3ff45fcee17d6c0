import {
  Contacts,
  Conversations,
  Endpoint,
  LiveDesk,
  LiveDeskClient,
  LiveDeskError,
  Messages,
  Model,
  Tickets,
  Transport
} from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Cause, Duration, Effect, Fiber, Layer, Option, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Util from "node:util"
import * as Breadth from "../Breadth.ts"
import * as FakeTransport from "../FakeTransport.ts"

const create = Effect.flatMap(Contacts.Contacts, (contacts) => contacts.create({ inboxId: 407 }))

const responseParts = (response: FakeTransport.FakeResponse, options?: Partial<LiveDeskClient.Options>) =>
  create.pipe(
    Effect.provide(LiveDesk.layer.pipe(
      Layer.provide(LiveDeskClient.layer({
        apiKey: Redacted.make("a-key"),
        apiSecret: Redacted.make("a-secret"),
        retries: { times: 0 },
        ...options
      })),
      Layer.provide(FakeTransport.respondingWith(response))
    )),
    Effect.flip,
    Effect.orDie
  )

/** All services over a transport that dispatches so. */
const over = (
  dispatch: (handler: Transport.ResponseHandler) => Effect.Effect<void, Transport.DispatchError>
) =>
  LiveDesk.layer.pipe(
    Layer.provideMerge(LiveDeskClient.layerTransport({
      apiKey: Redacted.make("a-key"),
      apiSecret: Redacted.make("a-secret"),
      retries: { times: 0 }
    })),
    Layer.provide(Layer.succeed(Transport.Transport, { dispatch: (_, handler) => dispatch(handler) }))
  )

/** The error of a call whose response begins so, and then ends, or goes on as `rest` does. */
const begun = (
  { body = "", headers = {}, status }: {
    readonly status?: number
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  },
  rest: Effect.Effect<void, Transport.DispatchError> = Effect.void
) =>
  Effect.gen(function*() {
    const dispatch = (handler: Transport.ResponseHandler) =>
      Effect.suspend(() => {
        if (status !== undefined) handler.start(status, headers)
        handler.take(new TextEncoder().encode(body))
        return rest
      })
    const fiber = yield* Effect.forkChild(Effect.flip(create).pipe(Effect.provide(over(dispatch))))
    yield* TestClock.adjust("30 seconds")
    return yield* Fiber.join(fiber)
  })

/** The error of a call whose timeout passes after a request that entered these phases. */
const timedOutIn = (...phases: ReadonlyArray<Transport.Phase>) =>
  Effect.gen(function*() {
    const dispatch = (handler: Transport.ResponseHandler) =>
      Effect.suspend(() => {
        for (const phase of phases) handler.enter(phase)
        return Effect.never
      })
    const fiber = yield* Effect.forkChild(Effect.flip(create).pipe(Effect.provide(over(dispatch))))
    yield* TestClock.adjust("30 seconds")
    return yield* Fiber.join(fiber)
  })

const json = Schema.toCodecJson(LiveDeskError.LiveDeskError)

/** Everything that a program may print of an error. */
const printed = (error: LiveDeskError.LiveDeskError) =>
  Effect.map(Schema.encodeEffect(json)(error), (encoded) =>
    [
      error.message,
      String(error),
      error.stack,
      JSON.stringify(error),
      JSON.stringify(encoded),
      Util.inspect(error, { depth: 10 }),
      Util.inspect(error, { depth: 10, showHidden: true }),
      Cause.pretty(Cause.fail(error))
    ].join("\n"))

describe("what a refusal's body says", () => {
  interface Case {
    readonly name: string
    readonly body?: unknown
    readonly headers?: Readonly<Record<string, string>>
    readonly messages?: ReadonlyArray<string>
    readonly fields?: ReadonlyArray<string>
  }
  const cases: ReadonlyArray<Case> = [
    { name: "{ error }", body: { error: "no" }, messages: ["no"] },
    {
      name: "{ message, attributes }",
      body: { message: "Email has already been taken", attributes: ["email"] },
      messages: ["Email has already been taken"],
      fields: ["email"]
    },
    { name: "{ errors: [text] }", body: { errors: ["one", "two"] }, messages: ["one", "two"] },
    {
      name: "{ errors: [{ message, field }] }",
      body: { errors: [{ message: "one", field: "email" }, { message: "two", field: "name" }] },
      messages: ["one", "two"],
      fields: ["email", "name"]
    },
    {
      name: "{ errors: { field: [text] } }",
      body: { errors: { email: ["is taken", "is odd"], name: "is long" } },
      messages: ["is taken", "is odd", "is long"],
      fields: ["email", "name"]
    },
    { name: "{ code, message, data }", body: { code: 2001, message: "no", data: { a: 1 } }, messages: ["no"] },
    { name: "{ error: { code, message } }", body: { error: { code: 2001, message: "no" } }, messages: ["no"] },
    { name: "{ status, error }", body: { status: 422, error: "Unprocessable" }, messages: ["Unprocessable"] },
    { name: "{ message }", body: { message: "no" }, messages: ["no"] },
    { name: "the same twice", body: { error: "no", message: "no" }, messages: ["no"] },
    { name: "a JSON text", body: "\"no\"", messages: ["no"] },
    { name: "plain text", body: "Retry later\n", headers: { "content-type": "text/plain" }, messages: ["Retry later"] },
    { name: "text of no type", body: "no" },
    { name: "half a JSON", body: "{\"error\":\"no", headers: { "content-type": "application/json" } },
    { name: "JSON of no known shape", body: { reason: "no", error: 7, message: null, errors: 3, attributes: "email" } },
    { name: "a JSON array", body: ["no"] },
    { name: "JSON null", body: "null" },
    { name: "nothing" }
  ]
  it.effect.each(cases)("$name", ({ body, fields = [], headers = {}, messages = [] }) =>
    Effect.gen(function*() {
      const error = yield* responseParts({ status: 422, headers, body })
      assert.deepStrictEqual(error.reason, new LiveDeskError.RejectedInput({ messages, fields }))
      for (const text of [...messages, ...fields.filter((field) => field !== "email")]) {
        assert.include(error.message, text)
      }
    }))

  it.effect("is there for every status", () =>
    Effect.gen(function*() {
      for (const status of [400, 401, 402, 403, 404, 405, 408, 409, 410, 418, 422, 429, 500, 502, 503, 504]) {
        const error = yield* responseParts({ status, body: { error: "this is why" } })
        assert.deepStrictEqual("messages" in error.reason ? error.reason.messages : [], ["this is why"])
        assert.include(error.message, "this is why")
        assert.include(error.message, "contacts.create")
        assert.strictEqual(error.status, status)
      }
    }))

  it.effect("is bounded in number and length, and has no control characters", () =>
    Effect.gen(function*() {
      const errors = Array.from({ length: 100 }, (_, n) => ({
        message: `${n}\r\n\t\0\u001b[31m${"m".repeat(550)}`,
        field: `${n}\n${"f".repeat(10)}`
      }))
      const attributes = errors.map(({ field }) => field)
      const { message, reason } = yield* responseParts({ status: 422, body: { errors, attributes } })
      assert.isTrue(reason._tag === "RejectedInput")
      if (reason._tag !== "RejectedInput") return
      for (const texts of [reason.messages, reason.fields]) {
        assert.strictEqual(texts.length, 16)
        for (const text of texts) {
          assert.isAtMost(text.length, 500)
          assert.notMatch(text, /\p{Cc}/u)
        }
      }
      assert.isAtMost(message.length, 20_000)
      assert.notMatch(message, /\p{Cc}/u)
    }))

  it.effect("does not go down with the body", () =>
    Effect.gen(function*() {
      const deep = `${"{\"error\":".repeat(6000)}"no"${"}".repeat(6000)}`
      const { reason } = yield* responseParts({ status: 422, body: deep })
      assert.strictEqual(reason._tag, "RejectedInput")
    }))
})

describe("a response that LiveDesk's API does not send", () => {
  const html = { headers: { "content-type": "text/html; charset=utf-8" }, body: "\n<html>Access denied</html>" }
  const plain = { headers: { "content-type": "text/plain" }, body: "error code: 1020" }

  it.effect("is named with its status and media type, and says nothing about credentials, input or records", () =>
    Effect.gen(function*() {
      for (const status of [400, 401, 403, 404, 405, 407, 409, 422, 451]) {
        const error = yield* responseParts({ status, ...html })
        assert.deepInclude(error, { status, outcome: "Rejected", foreignMediaType: "text/html" })
        assert.deepStrictEqual(error.reason, new LiveDeskError.UnexpectedStatus({ messages: [] }))
        assert.include(
          error.message,
          `the response did not come from LiveDesk's API (${status}, text/html); a firewall, proxy or gateway may stand ` +
            "in between. Check the base URL and the network in between; this says nothing about the API key or the input."
        )
      }
      for (const status of [401, 403, 404, 407]) {
        const error = yield* responseParts({ status, ...plain })
        assert.deepInclude(error, { foreignMediaType: "text/plain" })
        assert.deepStrictEqual(error.reason, new LiveDeskError.UnexpectedStatus({ messages: [plain.body] }))
        assert.include(error.message, "may stand in between: error code: 1020.")
      }
    }))

  it.effect("stays a failure with 5xx, and a rate limit with 429", () =>
    Effect.gen(function*() {
      for (
        const [status, reason, outcome] of [[503, "ServerError", "Unknown"], [429, "RateLimited", "Rejected"]] as const
      ) {
        const error = yield* responseParts({ status, ...html })
        assert.deepInclude(error, { outcome, foreignMediaType: "text/html" })
        assert.strictEqual(error.reason._tag, reason)
        assert.include(error.message, `did not come from LiveDesk's API (${status}, text/html)`)
      }
    }))

  it.effect("has an unknown outcome with 200, where only a page shows that it is none of LiveDesk's", () =>
    Effect.gen(function*() {
      const page = yield* responseParts({ status: 200, body: "<!doctype html><title>Log in</title>" })
      assert.deepInclude(page, { outcome: "Unknown", foreignMediaType: "text/html" })
      assert.strictEqual(page.reason._tag, "InvalidResponse")
      assert.include(page.message, "did not come from LiveDesk's API (200, text/html)")
      assert.include(page.message, "LiveDesk may have acted")
      const text = yield* responseParts({ status: 200, ...plain })
      assert.deepInclude(text, { outcome: "Processed" })
      assert.notProperty(text, "foreignMediaType")
    }))

  it.effect("differs from those that it may send", () =>
    Effect.gen(function*() {
      const cases: ReadonlyArray<readonly [response: Parameters<typeof responseParts>[0], reason: string]> = [
        [{ status: 401, body: { error: "Invalid Access Token" } }, "Unauthorized"],
        [{ status: 401, body: "\"no\"", headers: { "content-type": "text/plain" } }, "Unauthorized"],
        [{ status: 401, ...html, headers: { "www-authenticate": "Basic realm=\"LiveDesk\"" } }, "Unauthorized"],
        [{ status: 403, body: "{\"error\":\"no", headers: { "content-type": "text/plain" } }, "Forbidden"],
        [{ status: 403, body: "no", headers: { "content-type": "application/json" } }, "Forbidden"],
        [{ status: 404, body: " \n", headers: { "content-type": "text/html" } }, "NotFound"],
        [{ status: 422, ...plain }, "RejectedInput"],
        [{ status: 429, ...plain }, "RateLimited"]
      ]
      for (const [response, reason] of cases) {
        const error = yield* responseParts(response)
        assert.strictEqual(error.reason._tag, reason)
        assert.notProperty(error, "foreignMediaType")
      }
    }))

  it.effect("may also be one without words, which a refusal of the API key admits", () =>
    Effect.gen(function*() {
      for (const status of [401, 403]) {
        const silent = yield* responseParts({ status })
        assert.strictEqual(silent._tag, "AuthError")
        assert.include(silent.message, "no words of LiveDesk's, so a firewall or gateway may have sent it")
        const worded = yield* responseParts({ status, body: { error: "no" } })
        assert.notInclude(worded.message, "firewall")
      }
    }))

  it.effect("has a media type that can be printed, whatever the server wrote", () =>
    Effect.gen(function*() {
      for (
        const [type, printed] of [
          [undefined, "unknown"],
          ["", "unknown"],
          ["TEXT/Plain;charset=x", "text/plain"],
          ["a\tb", "a b"],
          ["x".repeat(500), "x".repeat(100)]
        ] as const
      ) {
        const headers = type === undefined ? {} : { "content-type": type }
        const error = yield* responseParts({ status: 403, body: "no", headers })
        assert.deepInclude(error, { foreignMediaType: printed })
      }
    }))

  it.effect("survives JSON", () =>
    Effect.gen(function*() {
      const error = yield* responseParts({ status: 403, ...html })
      const again = yield* Schema.decodeUnknownEffect(json)(yield* Schema.encodeEffect(json)(error))
      assert.deepInclude(again, { foreignMediaType: "text/html" })
      assert.strictEqual(again.message, error.message)
    }))
})

describe("the status of a response", () => {
  const table: ReadonlyArray<
    readonly [statuses: ReadonlyArray<number>, LiveDeskError.LiveDeskError["reason"]["_tag"], LiveDeskError.Outcome]
  > = [
    [[200, 201, 204, 299], "InvalidResponse", "Processed"],
    [[0, 301, 302, 303, 307, 308], "Redirected", "Rejected"],
    [[300, 304, 309, 399, 402, 405, 407, 410, 499], "UnexpectedStatus", "Rejected"],
    [[400, 422], "RejectedInput", "Rejected"],
    [[401], "Unauthorized", "Rejected"],
    [[403], "Forbidden", "Rejected"],
    [[404], "NotFound", "Rejected"],
    [[409], "Conflict", "Rejected"],
    [[429], "RateLimited", "Rejected"],
    [[100, 103, 199, 408], "UnexpectedStatus", "Unknown"],
    [[500, 501, 502, 503, 504, 599, 600], "ServerError", "Unknown"]
  ]

  it.effect("decides on reason and outcome, whether the response ends, breaks off or stalls", () =>
    Effect.gen(function*() {
      const broken = Effect.fail(new Transport.DispatchError({ cause: new Error("broken") }))
      for (const [statuses, reason, outcome] of table) {
        for (const status of statuses) {
          const [ended, brokenOff, stalled] = [
            yield* begun({ status }),
            yield* begun({ status }, broken),
            yield* begun({ status }, Effect.never)
          ]
          const isSuccess = outcome === "Processed"
          assert.deepInclude(ended, { status, outcome })
          assert.strictEqual(ended.reason._tag, reason, `${status}`)
          assert.deepInclude(brokenOff, { status, outcome })
          assert.strictEqual(brokenOff.reason._tag, isSuccess ? "ConnectionLost" : reason, `${status}, broken off`)
          assert.deepInclude(stalled, { status, outcome })
          assert.strictEqual(stalled.reason._tag, isSuccess ? "TimedOut" : reason, `${status}, stalled`)
        }
      }
    }))

  const identifiers = { "payload.contact.id": 7 }
  const success = { status: 200, body: "{\"payload\":{\"contact\":{\"id\":7,\"name\":\"A" }

  it.effect("of a success that breaks off: the error has the ids that came, and the transport's code", () =>
    Effect.gen(function*() {
      for (const code of ["ECONNRESET", "ECONNREFUSED", undefined]) {
        const cause = Object.assign(new Error("broken"), code === undefined ? {} : { code, syscall: "connect" })
        const { reason } = yield* begun(success, Effect.fail(new Transport.DispatchError({ cause })))
        assert.deepStrictEqual(
          reason,
          new LiveDeskError.ConnectionLost({
            phase: "ReadingResponse",
            identifiers,
            ...(code === undefined ? {} : { code })
          })
        )
      }
    }))

  it.effect("of a success that stalls: the error has the ids that came, and the timeout", () =>
    Effect.gen(function*() {
      const limit = Duration.seconds(30)
      const { reason } = yield* begun(success, Effect.never)
      assert.deepStrictEqual(reason, new LiveDeskError.TimedOut({ phase: "ReadingResponse", limit, identifiers }))
      const silent = yield* begun({}, Effect.never)
      assert.strictEqual(silent.outcome, "Unknown")
      assert.deepStrictEqual(
        silent.reason,
        new LiveDeskError.TimedOut({ phase: "AwaitingResponse", limit, identifiers: {} })
      )
    }))

  const phases: ReadonlyArray<readonly [entered: ReadonlyArray<Transport.Phase>, phase: Transport.Phase]> = [
    [[], "AwaitingResponse"],
    [["Queued"], "Queued"],
    [["Connecting"], "Connecting"],
    [["Queued", "Connecting"], "Connecting"],
    [["Connecting", "AwaitingResponse"], "AwaitingResponse"],
    // An `HttpClient` that sends its request twice.
    [["AwaitingResponse", "Connecting"], "AwaitingResponse"]
  ]
  it.effect.each(phases)("is missing when the timeout passes after %j: the outcome is that of the phase", ([
    entered,
    phase
  ]) =>
    Effect.gen(function*() {
      const limit = Duration.seconds(30)
      const error = yield* timedOutIn(...entered)
      const queue = phase === "Queued" ? { queue: "Connections" as const } : {}
      assert.deepStrictEqual(error.reason, new LiveDeskError.TimedOut({ phase, ...queue, limit, identifiers: {} }))
      assert.strictEqual(error.outcome, phase === "AwaitingResponse" ? "Unknown" : "NotSent")
      assert.strictEqual(error.isRetryable, phase !== "AwaitingResponse")
    }))

  it.effect("is missing when the timeout passes without a connection: the message says where to look", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        (yield* timedOutIn("Connecting")).message,
        "contacts.create failed for inbox 407: HttpError/TimedOut, outcome NotSent: there was no connection to LiveDesk within 30s. " +
          "Nothing was sent; check the base URL, the network and any proxy, then call again."
      )
      assert.strictEqual(
        (yield* timedOutIn("Queued")).message,
        "contacts.create failed for inbox 407: HttpError/TimedOut, outcome NotSent: the call was still waiting for a free connection " +
          "after 30s. Nothing was sent. Fix the cause, then retry."
      )
    }))

  it.effect("is missing when the timeout passes in a connect after an attempt that was sent: that one counts", () =>
    Effect.gen(function*() {
      let attempts = 0
      const dispatch = (handler: Transport.ResponseHandler) =>
        Effect.suspend(() => {
          handler.enter("Connecting")
          if (attempts++ > 0) return Effect.never
          handler.enter("AwaitingResponse")
          return Effect.fail(new Transport.DispatchError({ cause: new Error("lost") }))
        })
      const list = Effect.flatMap(Contacts.Contacts, (contacts) => contacts.list({}, { retries: { times: 1 } }))
      const fiber = yield* Effect.forkChild(Effect.flip(list).pipe(Effect.provide(over(dispatch))))
      yield* TestClock.adjust("30 seconds")
      const error = yield* Fiber.join(fiber)
      assert.deepInclude(error, { outcome: "Unknown", attempts: 2 })
      assert.deepInclude(error.reason, { _tag: "TimedOut", phase: "Connecting" })
    }))

  it.effect("is missing where a proxy failed: the error names it", () =>
    Effect.gen(function*() {
      const cause = new Transport.NotSentProof({
        cause: { code: "HTTP_407" },
        reason: "ProxyFailed",
        proxy: "http://proxy.example:3128"
      })
      const error = yield* begun({}, Effect.fail(new Transport.DispatchError({ cause })))
      assert.strictEqual(
        error.message,
        "contacts.create failed for inbox 407: HttpError/ConnectionFailed, outcome NotSent: the proxy made no connection to LiveDesk: " +
          "http://proxy.example:3128 (HTTP_407). " +
          "Nothing was sent; check the base URL, the network and any proxy, then call again."
      )
    }))

  it.effect("is missing where the transport failed before: its code shows whether the request was sent", () =>
    Effect.gen(function*() {
      const failed = (cause: unknown) =>
        Effect.map(
          begun({}, Effect.fail(new Transport.DispatchError({ cause }))),
          ({ outcome, reason }) => [outcome, reason] as const
        )
      const lost = { phase: "AwaitingResponse", identifiers: {} } as const
      const notSentProof = new Transport.NotSentProof({ cause: new Error("no code") })
      assert.deepStrictEqual(yield* failed(Object.assign(new Error(), { code: "ECONNRESET" })), [
        "Unknown",
        new LiveDeskError.ConnectionLost({ ...lost, code: "ECONNRESET" })
      ])
      assert.deepStrictEqual(yield* failed(new Error("no code")), ["Unknown", new LiveDeskError.ConnectionLost(lost)])
      assert.deepStrictEqual(
        yield* failed(Object.assign(new Error(), { code: "ECONNREFUSED", syscall: "connect" })),
        ["NotSent", new LiveDeskError.ConnectionFailed({ kind: "Refused", code: "ECONNREFUSED" })]
      )
      assert.deepStrictEqual(yield* failed(notSentProof), [
        "NotSent",
        new LiveDeskError.ConnectionFailed({ kind: "Other" })
      ])
    }))
})

describe("a success with an error code", () => {
  it.effect.each([
    { code: 2001, reported: 2001 },
    { code: "E-1", reported: "E-1" },
    { code: "x".repeat(500), reported: "x".repeat(200) }
  ])("has an unknown outcome, and reports code $reported", ({ code, reported }) =>
    Effect.gen(function*() {
      const body = JSON.stringify({ code, message: "no" })
      const error = yield* Effect.flatMap(Tickets.Tickets, ({ get }) => Effect.flip(get({ ticketId: "tk_1" }))).pipe(
        Effect.provide(over((handler) =>
          Effect.sync(() => {
            handler.start(200, {})
            handler.take(new TextEncoder().encode(body))
          })
        ))
      )
      assert.deepInclude(error, { status: 200, outcome: "Unknown" })
      assert.deepStrictEqual(error.reason, new LiveDeskError.ErrorCodeReturned({ code: reported, messages: ["no"] }))
      assert.deepStrictEqual(LiveDeskError.excerpt(error), Option.some(body))
    }))
})

describe("a rejected transition", () => {
  const moved = (status: number) =>
    Effect.flatMap(
      Conversations.Conversations,
      ({ toggleStatus }) => Effect.flip(toggleStatus({ conversationId: 40, status: "resolved" }))
    ).pipe(
      Effect.provide(LiveDesk.layer.pipe(
        Layer.provide(LiveDeskClient.layer({ apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret") })),
        Layer.provide(FakeTransport.respondingWith({ status, body: { error: "no" } }))
      ))
    )

  it.effect("reports the status that was asked for", () =>
    Effect.gen(function*() {
      for (const status of [400, 409, 422]) {
        const error = yield* moved(status)
        assert.deepInclude(error, { status, outcome: "Rejected" })
        assert.deepStrictEqual(
          error.reason,
          new LiveDeskError.TransitionRejected({ messages: ["no"], status: "resolved" })
        )
        assert.deepStrictEqual(LiveDeskError.excerpt(error), Option.some("{\"error\":\"no\"}"))
      }
    }))

  it.effect("differs from other errors", () =>
    Effect.gen(function*() {
      for (
        const [status, reason] of [[401, "Unauthorized"], [404, "NotFound"], [503, "ServerError"]] as const
      ) {
        assert.strictEqual((yield* moved(status)).reason._tag, reason)
      }
    }))
})

describe("outcome", () => {
  const attempts = [
    ["NotSent", { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" }) }],
    ["Rejected", { status: 429 }],
    ["Unknown", { status: 500 }],
    ["Processed", { body: "unreadable" }]
  ] as const

  it.effect("an unknown outcome comes with the endpoint's hint, if there is one", () =>
    Effect.gen(function*() {
      for (const verifyHint of [undefined, "look for it"]) {
        const endpoint = Endpoint.make({ ...Contacts.endpoints.create, verifyHint })
        const error = yield* Effect.flatMap(
          LiveDeskClient.LiveDeskClient,
          (client) => Effect.flip(client.call(endpoint)({ inboxId: 407 }))
        )
        assert.strictEqual(error.verifyHint, verifyHint)
        assert.strictEqual(error.outcome, "Unknown")
      }
    }).pipe(Effect.provide(over((handler) => Effect.sync(() => handler.start(500, {}))))))

  it.effect("a call of two attempts has the worse outcome of both, in either order", () =>
    Effect.gen(function*() {
      for (const [first, [one, firstStep]] of attempts.entries()) {
        for (const [second, [other, secondStep]] of attempts.entries()) {
          const { outcome } = yield* Effect.flatMap(Contacts.Contacts, ({ list }) => Effect.flip(list({}))).pipe(
            Effect.provide(Contacts.layer.pipe(
              Layer.provide(LiveDeskClient.layer({
                apiKey: Redacted.make("a-key"),
                apiSecret: Redacted.make("a-secret"),
                retries: { times: 1, baseDelay: 0 }
              })),
              Layer.provide(FakeTransport.inTurn(firstStep, secondStep))
            ))
          )
          assert.strictEqual(outcome, attempts[Math.max(first, second)]?.[0], `${one}, then ${other}`)
        }
      }
    }))
})

describe("Retry-After", () => {
  const retryAfter = (value: string) =>
    Effect.map(
      responseParts({ status: 429, headers: { "retry-after": value } }),
      ({ reason }) => reason._tag === "RateLimited" ? reason.retryAfter : Option.none()
    )

  it.effect("is a number of seconds, or the time until a date", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1, 12))
      assert.deepStrictEqual(yield* retryAfter("90"), Option.some(Duration.seconds(90)))
      assert.deepStrictEqual(yield* retryAfter("0"), Option.some(Duration.zero))
      assert.deepStrictEqual(yield* retryAfter("Thu, 01 Jan 2026 12:01:00 GMT"), Option.some(Duration.seconds(60)))
      assert.deepStrictEqual(yield* retryAfter("Thu, 01 Jan 2026 11:00:00 GMT"), Option.some(Duration.zero))
      for (const nonsense of ["soon", "-1", "1.5", "", "Thu, 01"]) {
        assert.deepStrictEqual(yield* retryAfter(nonsense), Option.none())
      }
    }))

  it.effect("is capped at a year", () =>
    Effect.gen(function*() {
      const year = 365 * 24 * 60 * 60
      for (const seconds of [year - 1, year, year + 1, 2 * year]) {
        assert.deepStrictEqual(yield* retryAfter(`${seconds}`), Option.some(Duration.seconds(Math.min(seconds, year))))
      }
    }))

  it.effect("is a wait that can be written and read, however long", () =>
    Effect.gen(function*() {
      const error = yield* responseParts({ status: 429, headers: { "retry-after": "9".repeat(400) } })
      assert.isAtMost(error.message.length, 300)
      assert.notInclude(error.message, "Infinity")
      const read = yield* Schema.decodeUnknownEffect(json)(yield* Schema.encodeEffect(json)(error))
      assert.deepStrictEqual(read.reason, error.reason)
    }))
})

describe("what is known beside the reason", () => {
  it.effect("the request id, under either name, no longer than 200 characters", () =>
    Effect.gen(function*() {
      const requestId = (headers: Readonly<Record<string, string>>) =>
        Effect.map(responseParts({ status: 500, headers }), (error) => error.requestId)
      assert.strictEqual(yield* requestId({ "x-request-id": "r-1" }), "r-1")
      assert.strictEqual(yield* requestId({ "request-id": "r-2" }), "r-2")
      assert.strictEqual(yield* requestId({}), undefined)
      assert.strictEqual((yield* requestId({ "x-request-id": "r".repeat(500) }))?.length, 200)
    }))

  it.effect("where a redirect leads, without its query", () =>
    Effect.gen(function*() {
      const location = (value: string) =>
        Effect.map(
          responseParts({ status: 307, headers: { location: value } }),
          ({ reason }) => reason._tag === "Redirected" ? reason.location : undefined
        )
      assert.strictEqual(yield* location("https://elsewhere.invalid/a?b=c#d"), "https://elsewhere.invalid/a")
      assert.strictEqual(yield* location("/a#d"), "/a")
      assert.strictEqual((yield* location(`/${"a".repeat(5000)}`))?.length, 500)
    }))

  it.effect("the ids of a response that cannot be read, by their paths", () =>
    Effect.gen(function*() {
      const uuid = "1d484823-da29-4086-a7ba-d65ad0ebb588"
      const { message, reason } = yield* responseParts({
        body: {
          payload: {
            contact: { id: "9007199254740993", uuid, name: "not to be shown", inbox_id: 407, account_id: null },
            contact_inbox: { source_id: uuid, inbox: { id: 9 } },
            ticket_id: "tk_20251104_789abc",
            rest: [{ id: 1.5 }, { user_id: "" }, { user_id: "u-2\nu-3" }, { source_id: "alice@acme.inc" }],
            custom_attributes: { passport_id: 4711 }
          }
        }
      })
      assert.deepStrictEqual(reason._tag === "InvalidResponse" ? reason.identifiers : {}, {
        "payload.contact.id": "9007199254740993",
        "payload.contact.uuid": uuid,
        "payload.contact.inbox_id": 407,
        "payload.contact_inbox.source_id": uuid,
        "payload.contact_inbox.inbox.id": 9,
        "payload.ticket_id": "tk_20251104_789abc"
      })
      assert.include(message, `payload.contact_inbox.source_id ${uuid}`)
      assert.notInclude(message, "not to be shown")
      assert.notMatch(message, /\p{Cc}/u)
    }))

  it.effect("the first 32 ids whose paths have at most 200 characters", () =>
    Effect.gen(function*() {
      const body = Object.fromEntries(
        Array.from({ length: 100 }, (_, n) => [`k${n}`.padEnd(n % 2 === 0 ? 197 : 198, "-"), { id: n }])
      )
      const { reason } = yield* responseParts({ body })
      const identifiers = reason._tag === "InvalidResponse" ? reason.identifiers : {}
      assert.deepStrictEqual(Object.values(identifiers), Array.from({ length: 32 }, (_, n) => 2 * n))
      for (const path of Object.keys(identifiers)) assert.lengthOf(path, 200)
    }))
})

describe("excerpt", () => {
  it.effect("has the beginning of the body, which nothing else has", () =>
    Effect.gen(function*() {
      const body = `<html>${"customer data ".repeat(500)}</html>`
      for (const status of [200, 400, 401, 404, 500]) {
        const error = yield* responseParts({ status, body })
        assert.deepStrictEqual(LiveDeskError.excerpt(error), Option.some(body.slice(0, 2000)))
        assert.notInclude(yield* printed(error), "customer data")
        const read = yield* Schema.decodeUnknownEffect(json)(yield* Schema.encodeEffect(json)(error))
        assert.deepStrictEqual(LiveDeskError.excerpt(read), Option.none())
      }
    }))

  it.effect("is none without a body", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(LiveDeskError.excerpt(yield* responseParts({ status: 500 })), Option.none())
    }))
})

describe("JSON", () => {
  const classes = [LiveDeskError.AuthError, LiveDeskError.ValidationError, LiveDeskError.HttpError]

  // One property for each reason, so that none is left to chance.
  const reasons = {
    AuthError: [LiveDeskError.Unauthorized, LiveDeskError.Forbidden, LiveDeskError.InvalidCredentials],
    ValidationError: [
      LiveDeskError.InvalidInput,
      LiveDeskError.RejectedInput,
      LiveDeskError.InvalidResponse,
      LiveDeskError.DriftedResponse
    ],
    HttpError: [
      LiveDeskError.NotFound,
      LiveDeskError.Conflict,
      LiveDeskError.RateLimited,
      LiveDeskError.Redirected,
      LiveDeskError.ServerError,
      LiveDeskError.UnexpectedStatus,
      LiveDeskError.ConnectionFailed,
      LiveDeskError.ConnectionLost,
      LiveDeskError.TimedOut
    ]
  }

  /** Without durations: a number of milliseconds does not keep every fraction of one. */
  const timeless = (encoded: unknown): string =>
    JSON.stringify(encoded, (key, value: unknown) => key === "limit" || key === "retryAfter" ? undefined : value)

  const roundTrip = (error: LiveDeskError.LiveDeskError) =>
    Effect.gen(function*() {
      const encoded = yield* Schema.encodeEffect(json)(error)
      const read = yield* Schema.decodeUnknownEffect(Schema.fromJsonString(json))(JSON.stringify(encoded))
      assert.strictEqual(timeless(yield* Schema.encodeEffect(json)(read)), timeless(encoded))
      assert.strictEqual(read._tag, error._tag)
      assert.strictEqual(read.operation, error.operation)
      assert.strictEqual(read.outcome, error.outcome)
      assert.strictEqual(read.status, error.status)
      assert.strictEqual(read.requestId, error.requestId)
      assert.strictEqual(read.isRetryable, error.isRetryable)
      assert.strictEqual(read.reason.constructor, error.reason.constructor)
      assert.deepStrictEqual(
        classes.map((class_) => read instanceof class_),
        classes.map((class_) => error instanceof class_)
      )
      assert.isTrue(read instanceof Error)
      assert.isTrue(LiveDeskError.isLiveDeskError(read))
    })

  const common = {
    operation: Schema.String,
    outcome: LiveDeskError.Outcome,
    status: Schema.optionalKey(Schema.Int),
    requestId: Schema.optionalKey(Schema.String),
    attempts: Schema.optionalKey(Schema.Int),
    verifyHint: Schema.optionalKey(Schema.String),
    isCallIdempotent: Schema.optionalKey(Schema.Boolean)
  }
  const arbitrary = Arbitrary.schema(Schema.Struct(common))

  for (const reason of reasons.AuthError) {
    it.effect.prop(
      `AuthError/${reason.identifier}`,
      [arbitrary, reason],
      ([common, reason]) => roundTrip(new LiveDeskError.AuthError({ ...common, reason })),
      Breadth.runs(100)
    )
  }
  for (const reason of reasons.ValidationError) {
    it.effect.prop(
      `ValidationError/${reason.identifier}`,
      [arbitrary, reason],
      ([common, reason]) => roundTrip(new LiveDeskError.ValidationError({ ...common, reason })),
      Breadth.runs(100)
    )
  }
  for (const reason of reasons.HttpError) {
    it.effect.prop(
      `HttpError/${reason.identifier}`,
      [arbitrary, reason],
      ([common, reason]) => roundTrip(new LiveDeskError.HttpError({ ...common, reason })),
      Breadth.runs(100)
    )
  }

  it.effect.prop(
    "keeps durations to the millisecond",
    { millis: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 })) },
    Effect.fnUntraced(function*({ millis }) {
      const duration = Duration.millis(millis)
      const retryAfter = Option.some(duration)
      for (
        const reason of [
          new LiveDeskError.RateLimited({ messages: [], retryAfter }),
          new LiveDeskError.ServerError({ messages: [], retryAfter }),
          new LiveDeskError.CircuitOpen({ retryAfter }),
          new LiveDeskError.TimedOut({ phase: "Queued", queue: "RateLimit", limit: duration, identifiers: {} }),
          new LiveDeskError.TimedOut({ phase: "Connecting", limit: duration, identifiers: {} }),
          new LiveDeskError.ConnectionFailed({ kind: "ProxyFailed", code: "HTTP_407", proxy: "http://127.0.0.1:3128" })
        ]
      ) {
        const error = new LiveDeskError.HttpError({ operation: "contacts.list", outcome: "NotSent", reason })
        const text = yield* Schema.encodeEffect(Schema.fromJsonString(json))(error)
        assert.deepStrictEqual((yield* Schema.decodeUnknownEffect(Schema.fromJsonString(json))(text)).reason, reason)
      }
    })
  )

  it.effect("has the wait in milliseconds", () =>
    Effect.gen(function*() {
      const error = new LiveDeskError.HttpError({
        operation: "contacts.create",
        outcome: "Rejected",
        status: 429,
        requestId: "r-1",
        reason: new LiveDeskError.RateLimited({
          messages: ["slow down"],
          retryAfter: Option.some(Duration.seconds(90))
        })
      })
      assert.deepStrictEqual(yield* Schema.encodeEffect(json)(error), {
        _tag: "HttpError",
        operation: "contacts.create",
        outcome: "Rejected",
        status: 429,
        requestId: "r-1",
        reason: { _tag: "RateLimited", messages: ["slow down"], retryAfter: 90_000 }
      })
      assert.include(error.message, "Wait 1m 30s")
      const read = yield* Schema.decodeUnknownEffect(json)(yield* Schema.encodeEffect(json)(error))
      assert.strictEqual(read.message, error.message)
    }))
})

describe("telling errors apart", () => {
  it.effect("isLiveDeskError", () =>
    Effect.gen(function*() {
      const error = yield* responseParts({ status: 404 })
      assert.isTrue(LiveDeskError.isLiveDeskError(error))
      for (
        const other of [yield* Schema.encodeEffect(json)(error), error.reason, new Error("no"), null, undefined, {}]
      ) {
        assert.isFalse(LiveDeskError.isLiveDeskError(other))
      }
    }))

  const failing = (status: number) => Effect.flatMap(responseParts({ status, body: { error: "why" } }), Effect.fail)

  it.effect("by tag", () =>
    Effect.gen(function*() {
      const handled = (status: number) =>
        failing(status).pipe(Effect.catchTags({
          AuthError: ({ reason }) => Effect.succeed(`auth ${reason._tag}`),
          ValidationError: ({ reason }) => Effect.succeed(`validation ${reason._tag}`),
          HttpError: ({ outcome }) => Effect.succeed(`http ${outcome}`)
        }))
      assert.strictEqual(yield* handled(401), "auth Unauthorized")
      assert.strictEqual(yield* handled(422), "validation RejectedInput")
      assert.strictEqual(yield* handled(503), "http Unknown")
    }))

  it.effect("by reason, with the whole error at hand", () =>
    Effect.gen(function*() {
      const handled = (status: number) =>
        failing(status).pipe(
          Effect.catchReason(
            "HttpError",
            "NotFound",
            (reason, error) => Effect.succeed(`${reason.messages.join()} ${error.operation} ${error.outcome}`)
          ),
          Effect.catchReasons("ValidationError", {
            RejectedInput: (reason) => Effect.succeed(reason.messages.join())
          }),
          Effect.catch((error) => Effect.succeed(error._tag))
        )
      assert.strictEqual(yield* handled(404), "why contacts.create Rejected")
      assert.strictEqual(yield* handled(422), "why")
      assert.strictEqual(yield* handled(409), "HttpError")
      assert.strictEqual(yield* handled(401), "AuthError")
    }))
})

describe("advice", () => {
  it.effect("says the outcome of the request, and what to do", () =>
    Effect.gen(function*() {
      const advice: ReadonlyArray<readonly [response: FakeTransport.FakeResponse, words: string]> = [
        [{ status: 200 }, "do not call again"],
        [{ status: 500 }, "may have acted"],
        [{ status: 408 }, "may have acted"],
        [{ status: 402 }, "will not help"],
        [{ status: 401 }, "Project Settings - API Management"],
        [{ status: 429 }, "Wait before calling again"],
        [{ status: 302 }, "never followed"]
      ]
      for (const [response, words] of advice) {
        const error = yield* responseParts(response)
        assert.include(error.message, words)
        assert.include(error.message, `outcome ${error.outcome}`)
        assert.include(error.message, `${error._tag}/${error.reason._tag}`)
      }
    }))
})

describe("what a caller asks of an error", () => {
  const failed = (outcome: LiveDeskError.Outcome, reason: LiveDeskError.HttpError["reason"]) =>
    new LiveDeskError.HttpError({ operation: "contacts.create", outcome, reason })
  const lost = new LiveDeskError.ConnectionLost({
    phase: "ReadingResponse",
    identifiers: { "payload.contact.id": 7, name: "x" }
  })

  it("whether it passes: nothing was done, and the cause will go away", () => {
    const refused = new LiveDeskError.ConnectionFailed({ kind: "Refused" })
    const busy = new LiveDeskError.RateLimited({ messages: [], retryAfter: Option.none() })
    assert.isTrue(LiveDeskError.isTransient(failed("NotSent", refused)))
    assert.isTrue(LiveDeskError.isTransient(failed("Rejected", busy)))
    assert.isFalse(LiveDeskError.isTransient(failed("Unknown", refused)))
    assert.isFalse(LiveDeskError.isTransient(failed("Unknown", busy)))
    assert.isFalse(LiveDeskError.isTransient(failed("NotSent", new LiveDeskError.Conflict({ messages: [] }))))
  })

  it("whether it may have taken effect: by its outcome alone", () => {
    const { literals } = LiveDeskError.Outcome
    assert.deepStrictEqual(
      literals.filter((outcome) => LiveDeskError.mayHaveTakenEffect(failed(outcome, lost))),
      ["Processed", "Unknown"]
    )
  })

  it("the id of what was made, where LiveDesk acted and returned it", () => {
    assert.deepStrictEqual(LiveDeskError.createdId(failed("Processed", lost), "payload.contact.id"), Option.some(7))
    assert.deepStrictEqual(LiveDeskError.createdId("payload.contact.id")(failed("Processed", lost)), Option.some(7))
    assert.deepStrictEqual(LiveDeskError.createdId(failed("Processed", lost), "payload.id"), Option.none())
    assert.deepStrictEqual(LiveDeskError.createdId(failed("Processed", lost), "name"), Option.none())
    assert.deepStrictEqual(LiveDeskError.createdId(failed("Unknown", lost), "payload.contact.id"), Option.none())
    for (const id of ["7", "x", 0, -1, 1.5, 2 ** 53, 2 ** 53 - 1]) {
      const reason = new LiveDeskError.ConnectionLost({ phase: "ReadingResponse", identifiers: { id } })
      assert.deepStrictEqual(
        LiveDeskError.createdId(failed("Processed", reason), "id"),
        id === "7" ? Option.some(7) : id === 2 ** 53 - 1 ? Option.some(id) : Option.none(),
        `${id}`
      )
    }
  })
})

describe("each reason", () => {
  const messages = ["LiveDesk's own words"]
  const issues = [{ path: ["payload", "contact"], message: "expected an object" }]
  const identifiers = { "payload.id": 7 }
  const retryAfter = Option.some(Duration.seconds(5))

  const cases: ReadonlyArray<
    readonly [
      reason: LiveDeskError.LiveDeskError["reason"],
      message: string,
      fields: { readonly [name: string]: unknown }
    ]
  > = [
    [new LiveDeskError.Unauthorized({ messages: [] }), "LiveDesk did not accept the API key and secret", {
      messages: []
    }],
    [
      new LiveDeskError.Forbidden({ messages }),
      "LiveDesk does not allow this API key to do this: LiveDesk's own words",
      { messages }
    ],
    [
      new LiveDeskError.InvalidCredentials({ problem: "the API key is empty" }),
      "the API key is empty",
      { problem: "the API key is empty" }
    ],
    [
      new LiveDeskError.InvalidInput({ issues: [...issues, { path: [], message: "too much" }] }),
      "the input is not valid: payload.contact: expected an object; too much",
      { issues: [...issues, { path: [], message: "too much" }] }
    ],
    [
      new LiveDeskError.RejectedInput({ messages, fields: ["email", "phone"] }),
      "LiveDesk's own words (email, phone)",
      { messages, fields: ["email", "phone"] }
    ],
    [
      new LiveDeskError.RejectedInput({
        messages: ["Email Invalid email", "Phone number should be in e164 format"],
        fields: ["email", "phone_number", "identifier"]
      }),
      "Invalid email; Phone number should be in e164 format (identifier)",
      {
        messages: ["Email Invalid email", "Phone number should be in e164 format"],
        fields: ["email", "phone_number", "identifier"]
      }
    ],
    [
      new LiveDeskError.RejectedInput({ messages: [], fields: [] }),
      "LiveDesk refused the input",
      { messages: [], fields: [] }
    ],
    [
      new LiveDeskError.TransitionRejected({ messages, status: "snoozed" }),
      "LiveDesk refused the move to snoozed: LiveDesk's own words",
      { messages, status: "snoozed" }
    ],
    [
      new LiveDeskError.InvalidResponse({ issues, identifiers }),
      "LiveDesk's response cannot be read: payload.contact: expected an object. Ids in it: payload.id 7",
      { issues, identifiers }
    ],
    [
      new LiveDeskError.DriftedResponse({ issues, identifiers: {} }),
      "LiveDesk's response has drifted from its documentation: payload.contact: expected an object",
      { issues, identifiers: {} }
    ],
    [new LiveDeskError.NotFound({ messages }), "LiveDesk found nothing there: LiveDesk's own words", { messages }],
    [
      new LiveDeskError.Conflict({ messages }),
      "the request conflicts with what LiveDesk holds: LiveDesk's own words",
      { messages }
    ],
    [
      new LiveDeskError.RateLimited({ messages, retryAfter }),
      "LiveDesk received too many requests: LiveDesk's own words",
      { messages, retryAfter: 5000 }
    ],
    [
      new LiveDeskError.Redirected({ location: "https://livedesk.example" }),
      "LiveDesk's address redirects to https://livedesk.example",
      { location: "https://livedesk.example" }
    ],
    [new LiveDeskError.Redirected({}), "LiveDesk's address redirects", {}],
    [
      new LiveDeskError.ServerError({ messages, retryAfter: Option.none() }),
      "LiveDesk failed: LiveDesk's own words",
      { messages, retryAfter: null }
    ],
    [
      new LiveDeskError.ErrorCodeReturned({ code: 40401, messages }),
      "LiveDesk returned the code 40401: LiveDesk's own words",
      { code: 40401, messages }
    ],
    [
      new LiveDeskError.UnexpectedStatus({ messages }),
      "LiveDesk responded with an unexpected status: LiveDesk's own words",
      { messages }
    ],
    [
      new LiveDeskError.ConnectionFailed({ kind: "Refused", code: "ECONNREFUSED" }),
      "the host refused the connection (ECONNREFUSED)",
      { kind: "Refused", code: "ECONNREFUSED" }
    ],
    [
      new LiveDeskError.ConnectionFailed({ kind: "ProxyFailed", proxy: "proxy.example:3128", code: "HTTP_407" }),
      "the proxy made no connection to LiveDesk: proxy.example:3128 (HTTP_407)",
      { kind: "ProxyFailed", proxy: "proxy.example:3128", code: "HTTP_407" }
    ],
    [
      new LiveDeskError.ConnectionLost({ phase: "AwaitingResponse", identifiers: {} }),
      "the connection broke before LiveDesk responded",
      { phase: "AwaitingResponse", identifiers: {} }
    ],
    [
      new LiveDeskError.ConnectionLost({ phase: "ReadingResponse", code: "ECONNRESET", identifiers }),
      "the connection broke in the middle of LiveDesk's response (ECONNRESET). Ids in it: payload.id 7",
      { phase: "ReadingResponse", code: "ECONNRESET", identifiers }
    ],
    [
      new LiveDeskError.CircuitOpen({ retryAfter }),
      "the circuit breaker is open after too many failures: calls are stopped for a while",
      { retryAfter: 5000 }
    ],
    [
      new LiveDeskError.TimedOut({
        phase: "ReadingResponse",
        limit: Duration.seconds(30),
        identifiers
      }),
      "LiveDesk's response was not complete within 30s. Ids in it: payload.id 7",
      { phase: "ReadingResponse", limit: 30_000, identifiers }
    ]
  ]

  for (const [reason, message, fields] of cases) {
    it.effect(`has a message, and encodes all of its fields: ${message}`, () =>
      Effect.gen(function*() {
        assert.strictEqual(reason.message, message)
        const { AuthError, HttpError, ValidationError } = LiveDeskError
        const class_ = [AuthError, ValidationError, HttpError].find(({ fields }) =>
          fields.reason.members.some((member) => reason instanceof member)
        )
        const error = yield* Schema.decodeUnknownEffect(json)({
          _tag: class_?.identifier,
          operation: "contacts.create",
          outcome: "Unknown",
          reason: { _tag: reason._tag, ...fields }
        })
        assert.strictEqual(error.reason.message, message)
        const encoded = yield* Schema.encodeEffect(json)(error)
        assert.deepInclude(encoded, { reason: { _tag: reason._tag, ...fields } })
      }))
  }

  it("shows on one line what to resume with, whatever LiveDesk gave", () => {
    const { message } = new LiveDeskError.HttpError({
      operation: "conversations.create",
      outcome: "Rejected",
      reason: new LiveDeskError.NotFound({ messages: [] }),
      resume: { contactId: 5, sourceId: "a\r\nFORGED\u202E\u0007 b" }
    })
    assert.include(message, "Resume with contactId 5, sourceId a FORGED b.")
  })

  it.effect("names the ids of the input, and none of its texts", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      const conversations = yield* Conversations.Conversations
      const messages = yield* Messages.Messages
      const tickets = yield* Tickets.Tickets
      const sent = yield* Effect.flip(messages.send({ conversationId: 54, content: "SECRET" }))
      assert.deepStrictEqual([sent.inputIds, sent.isCallIdempotent], [{ conversationId: 54 }, false])
      assert.match(
        sent.message,
        /^messages\.send failed for conversation 54: HttpError\/ConnectionLost, outcome Unknown: /
      )
      const created = yield* Effect.flip(
        conversations.create({ inboxId: 407, contactId: 5, sourceId: "alice@acme.inc" })
      )
      assert.deepStrictEqual(created.inputIds, { contactId: 5, inboxId: 407 })
      const named = yield* Effect.flip(conversations.create({ inboxId: 407, contactId: 5, sourceId: "alice" }))
      assert.deepStrictEqual(named.inputIds, { contactId: 5, inboxId: 407 })
      const updated = yield* Effect.flip(tickets.update({ ticketId: "TICKET-1", priority: "urgent" }))
      assert.include(updated.message, "tickets.update failed for ticket TICKET-1: ")
      const mistaken = yield* Effect.flip(tickets.get({ ticketId: "alice@acme.inc" }))
      const listed = yield* Effect.flip(contacts.list({ q: "alice@acme.inc" }))
      assert.deepStrictEqual([mistaken.inputIds, listed.inputIds], [undefined, undefined])
      for (const error of [sent, created, named, updated, mistaken, listed]) {
        const encoded = JSON.stringify(yield* Schema.encodeEffect(json)(error))
        assert.notMatch(encoded + error.message, /SECRET|alice/)
      }
    }).pipe(Effect.provide(over(() => Effect.fail(new Transport.DispatchError({ cause: new Error("lost") }))))))

  it("says by the call whether the error is retryable, in every class of error", () => {
    for (const isCallIdempotent of [undefined, false, true]) {
      const common = {
        operation: "contacts.list",
        outcome: "Unknown" as const,
        ...(isCallIdempotent === undefined ? {} : { isCallIdempotent })
      }
      assert.strictEqual(
        new LiveDeskError.HttpError({ ...common, reason: new LiveDeskError.UnexpectedStatus({ messages }) })
          .isRetryable,
        isCallIdempotent === true
      )
      assert.strictEqual(
        new LiveDeskError.ValidationError({
          ...common,
          reason: new LiveDeskError.InvalidResponse({ issues, identifiers })
        }).isRetryable,
        isCallIdempotent === true
      )
      assert.isFalse(
        new LiveDeskError.AuthError({ ...common, reason: new LiveDeskError.Forbidden({ messages }) }).isRetryable
      )
    }
  })
})

describe("what an error takes from a response", () => {
  it.effect("the address of a redirect, without credentials, query and fragment", () =>
    Effect.gen(function*() {
      for (const suffix of ["", "?token=1", "#part", "?a\n#b?c"]) {
        const { reason } = yield* begun({
          status: 302,
          headers: { location: `https://user:a-password@livedesk.example/api${suffix}` }
        })
        assert.deepStrictEqual(reason, new LiveDeskError.Redirected({ location: "https://livedesk.example/api" }))
      }
    }))

  it.effect("of a page that is not LiveDesk's only that a refusal is none of LiveDesk's", () =>
    Effect.gen(function*() {
      const page = { headers: { "content-type": "text/html" }, body: "<html>" }
      for (
        const [status, reason] of [
          [301, "Redirected"],
          [400, "UnexpectedStatus"],
          [499, "UnexpectedStatus"],
          [429, "RateLimited"],
          [500, "ServerError"]
        ] as const
      ) {
        assert.strictEqual((yield* responseParts({ ...page, status })).reason._tag, reason, `${status}`)
      }
    }))

  it.effect("the name of a coding that it cannot decode", () =>
    Effect.gen(function*() {
      const { reason } = yield* begun({ status: 422, headers: { "content-encoding": "zstd" }, body: "\u0001\u0002" })
      assert.deepStrictEqual(
        reason,
        new LiveDeskError.RejectedInput({
          messages: ["the body of the response is in zstd, which this runtime cannot decode"],
          fields: []
        })
      )
    }))

  it.effect("the first fifty issues", () =>
    Effect.gen(function*() {
      const many = Endpoint.make({
        operation: "test.many",
        method: "GET",
        path: "/many",
        input: Schema.Struct({}),
        success: Model.fromSchema(Schema.Array(Schema.Int)),
        idempotency: "safe"
      })
      for (const [count, last] of [[50, "49"], [51, "and 1 more"]] as const) {
        const error = yield* Effect.flatMap(LiveDeskClient.LiveDeskClient, (client) => client.call(many)({})).pipe(
          Effect.provide(
            LiveDeskClient.layer({
              apiKey: Redacted.make("a-key"),
              apiSecret: Redacted.make("a-secret"),
              retries: { times: 0 }
            }).pipe(Layer.provide(FakeTransport.respondingWith({ body: Array.from({ length: count }, () => "x") })))
          ),
          Effect.flip
        )
        const issues = error.reason._tag === "InvalidResponse" ? error.reason.issues : []
        assert.lengthOf(issues, count)
        const { message, path } = issues.at(-1) ?? { message: "", path: [] }
        assert.strictEqual(path[0] ?? message, last)
      }
    }))

  it.effect("its ids without secrets", () =>
    Effect.gen(function*() {
      const [secret, other] = ["1d484823-da29-4086-a7ba-d65ad0ebb588", "2d484823-da29-4086-a7ba-d65ad0ebb588"]
      const { reason } = yield* responseParts(
        // Written so, it stands nowhere in the body.
        { body: JSON.stringify({ uuid: secret, payload: { id: 7, uuid: other } }).replaceAll("-", "\\u002d") },
        { apiSecret: Redacted.make(secret) }
      )
      assert.deepStrictEqual(reason._tag === "InvalidResponse" ? reason.identifiers : {}, {
        "payload.id": 7,
        "payload.uuid": other
      })
    }))
})
