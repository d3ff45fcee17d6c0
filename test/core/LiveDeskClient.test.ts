import {
  Contacts,
  Conversations,
  Endpoint,
  LiveDesk,
  LiveDeskClient,
  LiveDeskError,
  Messages,
  type Model,
  Tickets
} from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Option, Redacted, References, Result, Schema, type Tracer } from "effect"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import { TestClock } from "effect/testing"
import * as Util from "node:util"
import * as FakeTransport from "../FakeTransport.ts"
import * as Spans from "../Spans.ts"

const ok = { payload: { contact: { id: 7 }, contact_inbox: { source_id: "s-1" } } }

// One attempt shows what is of interest here.
const once = { retries: { times: 0 } }

const credentials = { apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret") }

/** All services over a transport that gives one response, with the requests that it got. */
const layer = (
  options: Partial<LiveDeskClient.Options> = {},
  response: Parameters<typeof FakeTransport.respondingWith>[0] = { body: ok }
) =>
  LiveDesk.layer.pipe(
    Layer.provideMerge(LiveDeskClient.layer({ ...credentials, ...once, ...options })),
    Layer.provideMerge(FakeTransport.respondingWith(response))
  )

const create = (options?: LiveDeskClient.CallOptions) =>
  Effect.flatMap(Contacts.Contacts, (contacts) => contacts.create({ inboxId: 407, name: "Alice" }, options))

/** The requests that a call sends. */
const sentBy = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.andThen(effect, FakeTransport.Sent)

/** The error of a call, of which nothing was sent. */
const unsent = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(effect)
    assert.strictEqual((yield* FakeTransport.Sent).length, 0)
    return error
  })

/** Collects what is logged, in every form that Effect's loggers print. */
const recording = (logs: Array<string>, level: "Trace" | "Debug" | "Info" = "Trace") =>
  Layer.merge(
    Logger.layer([
      Logger.map(Logger.formatJson, (text) => logs.push(text)),
      Logger.map(Logger.formatLogFmt, (text) => logs.push(text))
    ]),
    Layer.succeed(References.MinimumLogLevel, level)
  )

describe("credentials", () => {
  const invalid: ReadonlyArray<readonly [name: string, apiKey: string, apiSecret: string, words: string]> = [
    ["no key", "", "a-secret", "the API key is empty"],
    ["no secret", "a-key", "", "the API secret is empty"],
    ["a colon in the key", "a:key", "a-secret", "the API key holds a colon"],
    ["a line break in the key", "a\nkey", "a-secret", "the API key holds a control character"],
    ["a line break in the secret", "a-key", "a\r\nsecret", "the API secret holds a control character"],
    ["a space before the key", " a-key", "a-secret", "the API key begins or ends with white space"],
    ["a line break behind the secret", "a-key", "a-secret\n", "the API secret begins or ends with white space"],
    ["quotes around the key", "\"a-key\"", "a-secret", "the API key is in quotes, which Docker's --env-file keeps"],
    ["quotes around the secret", "a-key", "'a-secret'", "the API secret is in quotes, which"],
    ["an unpaired surrogate", "a-key", "a-secret\ud800", "the API secret holds an unpaired surrogate"]
  ]
  it.effect.each(invalid)("%s: AuthError", ([, apiKey, apiSecret, words]) =>
    Effect.gen(function*() {
      const options = { apiKey: Redacted.make(apiKey), apiSecret: Redacted.make(apiSecret) }
      const error = yield* Effect.flip(Layer.build(layer(options)))
      assert.strictEqual(error._tag, "AuthError")
      assert.strictEqual(error.reason._tag, "InvalidCredentials")
      assert.strictEqual(error.outcome, "NotSent")
      assert.include(error.message, words)
      for (const secret of [apiKey, apiSecret].filter((secret) => secret !== "")) {
        assert.notInclude(error.message, secret)
      }
    }))

  it.effect("report all faults at once", () =>
    Effect.gen(function*() {
      const options = { apiKey: Redacted.make(" a:key"), apiSecret: Redacted.make("") }
      const { message } = yield* Effect.flip(Layer.build(layer(options)))
      for (const words of ["white space", "colon", "the API secret is empty"]) assert.include(message, words)
    }))

  it.effect("a colon in the secret, and letters beyond ASCII, are sent as UTF-8", () =>
    Effect.gen(function*() {
      const options = { apiKey: Redacted.make("clé"), apiSecret: Redacted.make("a:秘密") }
      const [request] = yield* sentBy(create()).pipe(Effect.provide(layer(options)))
      const expected = Buffer.from("clé:a:秘密", "utf8").toString("base64")
      assert.strictEqual(request?.headers["authorization"], `Basic ${expected}`)
    }))
})

describe("options", () => {
  const bad: ReadonlyArray<
    readonly [name: string, options: Partial<LiveDeskClient.Options>, path: keyof LiveDeskClient.Options]
  > = [
    ["a base URL with a user", { baseUrl: "https://user@livedesk.invalid" }, "baseUrl"],
    ["a base URL with a password", { baseUrl: "https://:canary@livedesk.invalid" }, "baseUrl"],
    ["a base URL with a query", { baseUrl: "https://livedesk.invalid/?canary" }, "baseUrl"],
    ["a base URL with an empty query", { baseUrl: "https://livedesk.invalid/?" }, "baseUrl"],
    ["a base URL that names the API itself", { baseUrl: "https://livedesk.invalid/api/v2/" }, "baseUrl"],
    ["a base URL with a fragment", { baseUrl: "https://livedesk.invalid/#canary" }, "baseUrl"],
    ["an ftp URL", { baseUrl: "ftp://livedesk.invalid" }, "baseUrl"],
    ["a host alone", { baseUrl: "livedesk.invalid" }, "baseUrl"],
    ["no URL", { baseUrl: "canary" }, "baseUrl"],
    ["an empty base URL", { baseUrl: "" }, "baseUrl"],
    ["no time", { timeout: 0 }, "timeout"],
    ["less than no time", { timeout: -1 }, "timeout"],
    ["all time", { timeout: Infinity }, "timeout"],
    ["a time that is no number", { timeout: NaN }, "timeout"],
    ["more time than a timer can keep", { timeout: 2 ** 31 }, "timeout"],
    ["no bytes", { maxResponseBytes: 0 }, "maxResponseBytes"],
    ["less than no bytes", { maxResponseBytes: -1 }, "maxResponseBytes"],
    ["half a byte", { maxResponseBytes: 1.5 }, "maxResponseBytes"],
    ["all bytes", { maxResponseBytes: Infinity }, "maxResponseBytes"]
  ]
  it.effect.each(bad)("%s: ValidationError", ([, options, path]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Layer.build(layer(options)))
      assert.strictEqual(error._tag, "ValidationError")
      assert.strictEqual(error.outcome, "NotSent")
      assert.deepStrictEqual(
        error.reason._tag === "InvalidInput" ? error.reason.issues.map(({ path }) => path) : [],
        [[path]]
      )
      assert.notInclude(error.message, "canary")
    }))

  it.effect("report all faults at once", () =>
    Effect.gen(function*() {
      const { reason } = yield* Effect.flip(Layer.build(layer({ baseUrl: "", timeout: 0, maxResponseBytes: 0 })))
      assert.deepStrictEqual(
        reason._tag === "InvalidInput" ? reason.issues.map(({ path }) => path.join(".")) : [],
        ["baseUrl", "timeout", "maxResponseBytes"]
      )
    }))

  const addresses: ReadonlyArray<readonly [baseUrl: string | undefined, url: string]> = [
    [undefined, "https://livedesk-api.engagelab.com/api/v2/accounts/contacts"],
    ["https://livedesk.invalid", "https://livedesk.invalid/api/v2/accounts/contacts"],
    ["https://livedesk.invalid/", "https://livedesk.invalid/api/v2/accounts/contacts"],
    ["https://livedesk.invalid///", "https://livedesk.invalid/api/v2/accounts/contacts"],
    ["https://livedesk.invalid:8443/desk", "https://livedesk.invalid:8443/desk/api/v2/accounts/contacts"],
    ["https://livedesk.invalid/desk/one/", "https://livedesk.invalid/desk/one/api/v2/accounts/contacts"],
    ["https://livedesk.invalid/a%20b", "https://livedesk.invalid/a%20b/api/v2/accounts/contacts"],
    ["HTTPS://LIVEDESK.invalid:443", "https://livedesk.invalid/api/v2/accounts/contacts"],
    ["http://[::1]:8080", "http://[::1]:8080/api/v2/accounts/contacts"]
  ]
  it.effect.each(addresses)("the base URL %s", ([baseUrl, url]) =>
    Effect.gen(function*() {
      const [request] = yield* sentBy(create()).pipe(Effect.provide(layer({ baseUrl })))
      assert.strictEqual(request?.url, url)
    }))

  it.effect("http is warned of, unless it stays on this machine", () =>
    Effect.gen(function*() {
      const warnings = (baseUrl: string) => {
        const logs: Array<string> = []
        return Layer.build(Layer.provide(layer({ baseUrl }), recording(logs))).pipe(
          Effect.map(() => logs.filter((log) => log.includes("WARN")))
        )
      }
      const logs = yield* warnings("http://livedesk.invalid/desk")
      assert.include(logs.join(), "http://livedesk.invalid")
      assert.include(logs.join(), "WARN")
      assert.notInclude(logs.join(), "a-secret")
      for (
        const silent of [
          "https://livedesk.invalid",
          "http://localhost:1",
          "http://desk.localhost",
          "http://127.0.0.1:1",
          "http://127.1.2.3",
          "http://[::1]:1"
        ]
      ) {
        assert.deepStrictEqual(yield* warnings(silent), [])
      }
      for (const loud of ["http://127.0.0.1.invalid", "http://localhost.invalid", "http://notlocalhost"]) {
        assert.isNotEmpty(yield* warnings(loud))
      }
    }))
})

describe("a second copy of effect", () => {
  it.effect("is named, where its Redacted cannot be read", () =>
    Effect.gen(function*() {
      // Known by its prototype, as one of another copy is, and kept in no registry of this one.
      const foreign: Redacted.Redacted = Object.create(Object.getPrototypeOf(Redacted.make("a-key")))
      assert.isTrue(Redacted.isRedacted(foreign))
      const error = yield* Effect.flip(Effect.scoped(Layer.build(layer({ apiKey: foreign }))))
      assert.strictEqual(error.reason._tag, "InvalidCredentials")
      assert.include(error.message, "as Redacted, made by the program's one copy of effect")
    }))
})

describe("many clients of one account", () => {
  const build = (logs: Array<string>, baseUrl: string) =>
    Effect.scoped(Layer.build(Layer.provide(layer({ baseUrl }), recording(logs, "Info"))))

  it.effect("built in a short time, are warned of once", () =>
    Effect.gen(function*() {
      const logs: Array<string> = []
      const buildMany = Effect.repeat(build(logs, "https://livedesk.example/many"), { times: 8 })
      yield* buildMany
      assert.deepStrictEqual(logs, [])
      yield* TestClock.adjust("11 seconds")
      yield* buildMany
      assert.deepStrictEqual(logs, [])
      yield* buildMany
      assert.strictEqual(logs.length, 2)
      assert.include(logs[0], "10 clients of livedesk:https://livedesk.example/many were built within 10 seconds")
      assert.include(logs[0], "Build one layer and provide it once")
      yield* TestClock.adjust("11 seconds")
      yield* Effect.repeat(buildMany, { times: 2 })
      assert.strictEqual(logs.length, 2)
    }))

  it.effect("are not warned of at the addresses of tests", () =>
    Effect.gen(function*() {
      const logs: Array<string> = []
      for (const host of ["127.0.0.1", "localhost", "[::1]", "livedesk.invalid", "livedesk.test"]) {
        yield* Effect.repeat(build(logs, `https://${host}/many`), { times: 20 })
      }
      assert.deepStrictEqual(logs, [])
    }))
})

describe("a call's own options", () => {
  it.effect("headers are sent beside the client's own", () =>
    Effect.gen(function*() {
      const [request] = yield* sentBy(create({ headers: { "X-Tenant": "one" } })).pipe(Effect.provide(layer()))
      assert.deepStrictEqual({ ...request?.headers }, {
        "accept": "application/json",
        "accept-encoding": "identity",
        "authorization": `Basic ${btoa("a-key:a-secret")}`,
        "content-length": request?.headers["content-length"],
        "content-type": "application/json",
        "user-agent": "effect-livedesk",
        "x-tenant": "one"
      })
    }))

  const refused: ReadonlyArray<readonly [name: string, value: string]> = [
    ...["Accept", "Authorization", "Content-Type", "content-length", "Cookie", "Host", "Transfer-Encoding", "Expect"]
      .map((name) => [name, "canary"] as const),
    ["", "canary"],
    ["x tenant", "canary"],
    ["x-tenant:", "canary"],
    ["x-tenant\r\ny", "canary"],
    ["x-tenant", "canary\r\ny: z"],
    ["x-tenant", "canary\0"],
    ["x-tenant", "canary €"]
  ]
  it.effect.each(refused)("the header %j: %j is refused", ([name, value]) =>
    Effect.gen(function*() {
      const error = yield* unsent(create({ headers: { [name]: value } }))
      assert.isTrue(error._tag === "ValidationError" && error.reason._tag === "InvalidInput")
      assert.strictEqual(error.outcome, "NotSent")
      assert.deepStrictEqual(
        error.reason._tag === "InvalidInput" ? error.reason.issues.map(({ path }) => path) : [],
        [["options", "headers", name]]
      )
      assert.notInclude(error.message, "canary")
    }).pipe(Effect.provide(layer())))

  it.effect.each([0, -1, Infinity, NaN])("the timeout %s is rejected", (timeout) =>
    Effect.gen(function*() {
      const { reason } = yield* unsent(create({ timeout }))
      assert.deepStrictEqual(
        reason._tag === "InvalidInput" ? reason.issues.map(({ path }) => path) : [],
        [["options", "timeout"]]
      )
    }).pipe(Effect.provide(layer())))
})

describe("ids in a path", () => {
  const toggle = Endpoint.make({
    operation: "conversations.toggle",
    method: "POST",
    path: "/api/v2/accounts/conversations/:conversation_id/toggle",
    input: Schema.Struct({
      conversationId: Schema.Union([Schema.String, Schema.Int]),
      status: Schema.String
    }).pipe(Schema.encodeKeys({ conversationId: "conversation_id" })),
    success: Contacts.CreatedContact,
    idempotency: "none"
  })

  const call = (conversationId: string | number) =>
    Effect.flatMap(
      LiveDeskClient.LiveDeskClient,
      (client) => client.call(toggle)({ conversationId, status: "open" })
    )

  const encoded: ReadonlyArray<readonly [id: string | number, segment: string]> = [
    [12, "12"],
    ["12", "12"],
    ["a/b", "a%2Fb"],
    ["%2e%2e", "%252e%252e"],
    ["../..", "..%2F.."],
    ["a?b#c", "a%3Fb%23c"],
    ["a b", "a%20b"],
    ["...", "..."],
    ["\u{1f600}", "%F0%9F%98%80"]
  ]
  it.effect.each(encoded)("%j is sent as %s", ([id, segment]) =>
    Effect.gen(function*() {
      const [request] = yield* sentBy(call(id))
      assert.strictEqual(
        request?.url,
        `${LiveDeskClient.defaultBaseUrl}/api/v2/accounts/conversations/${segment}/toggle`
      )
      assert.deepStrictEqual(bodyOf(request), "{\"status\":\"open\"}")
    }).pipe(Effect.provide(layer())))

  it.effect.each(["", ".", "..", "\ud800", "a\udc00"])("%j is refused", (id) =>
    Effect.gen(function*() {
      const error = yield* unsent(call(id))
      assert.strictEqual(error._tag, "ValidationError")
      assert.strictEqual(error.outcome, "NotSent")
      assert.deepStrictEqual(
        error.reason._tag === "InvalidInput" ? error.reason.issues.map(({ path }) => path) : [],
        [["conversationId"]]
      )
    }).pipe(Effect.provide(layer())))
})

const bodyOf = (request: HttpClientRequest.HttpClientRequest | undefined): string =>
  request?.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""

describe("spans", () => {
  const traced = (
    options: Partial<LiveDeskClient.Options> = {},
    response?: Parameters<typeof FakeTransport.respondingWith>[0]
  ) =>
    Effect.gen(function*() {
      const spans: Array<Tracer.NativeSpan> = []
      const [request] = yield* sentBy(Effect.exit(create())).pipe(
        Effect.provide(
          Layer.provideMerge(
            layer({ baseUrl: "https://livedesk.invalid:8443/desk", ...options }, response),
            Spans.collecting(spans)
          )
        )
      )
      return { spans, request }
    })

  it.effect("one for each call, named after it", () =>
    Effect.gen(function*() {
      const { request, spans } = yield* traced()
      assert.deepStrictEqual(spans.map(({ kind, name }) => ({ kind, name })), [
        { kind: "client", name: "contacts.create" }
      ])
      assert.deepStrictEqual(Object.fromEntries(spans[0]?.attributes ?? []), {
        "livedesk.operation": "contacts.create",
        "livedesk.request.outcome": "Processed",
        "http.request.method": "POST",
        "url.template": "/api/v2/accounts/contacts",
        "server.address": "livedesk.invalid",
        "server.port": 8443,
        "http.response.status_code": 200
      })
      assert.isDefined(request)
      for (const name of ["traceparent", "tracestate", "b3"]) assert.notProperty(request?.headers, name)
    }))

  it.effect.each(
    [
      { baseUrl: "https://livedesk.invalid", port: 443 },
      { baseUrl: "http://localhost", port: 80 },
      { baseUrl: "https://livedesk.invalid:80", port: 80 },
      { baseUrl: "http://localhost:443", port: 443 }
    ]
  )("a base URL of $baseUrl gives a span with port $port", ({ baseUrl, port }) =>
    Effect.gen(function*() {
      const { spans } = yield* traced({ baseUrl })
      assert.strictEqual(spans[0]?.attributes.get("server.port"), port)
    }))

  it.effect("reports the reason and the outcome of a failure", () =>
    Effect.gen(function*() {
      const { spans } = yield* traced({}, { status: 503 })
      const [span] = spans
      assert.strictEqual(span?.attributes.get("error.type"), "ServerError")
      assert.strictEqual(span?.attributes.get("livedesk.request.outcome"), "Unknown")
      assert.strictEqual(span?.status._tag, "Ended")
    }))

  it.effect("is sent on when that is asked for", () =>
    Effect.gen(function*() {
      const { request, spans } = yield* traced({ propagateTrace: true })
      const [span] = spans
      assert.strictEqual(spans.length, 1)
      assert.include(request?.headers["traceparent"], span?.traceId)
      assert.include(request?.headers["traceparent"], span?.spanId)
    }))
})

describe("withResponses", () => {
  it.effect("gives status, headers, request id and raw body", () =>
    Effect.gen(function*() {
      const body = { ...ok, extra: [1, { two: null }] }
      const [{ contact }, responses] = yield* create().pipe(
        LiveDeskClient.withResponses,
        Effect.provide(layer({}, { status: 201, headers: { "x-request-id": "r-1", "x-more": "m" }, body }))
      )
      assert.strictEqual(contact.id, 7)
      assert.deepStrictEqual(
        responses.map(({ headers, ...response }) => ({ ...response, more: headers["x-more"] })),
        [{ operation: "contacts.create", status: 201, requestId: "r-1", body, more: "m" }]
      )
    }))

  it.effect("returns the responses of all calls that an effect made, in order", () =>
    Effect.gen(function*() {
      let count = 0
      const numbered = () => ({ headers: { "x-request-id": `r-${++count}` }, body: ok })
      const [[[, inner], outer], [, none]] = yield* Effect.gen(function*() {
        const both = yield* LiveDeskClient.withResponses(
          Effect.gen(function*() {
            yield* create()
            const inner = yield* LiveDeskClient.withResponses(create())
            yield* create()
            return inner
          })
        )
        return [both, yield* LiveDeskClient.withResponses(Effect.void)] as const
      }).pipe(Effect.provide(layer({}, numbered)))
      assert.deepStrictEqual(inner.map(({ requestId }) => requestId), ["r-2"])
      assert.deepStrictEqual(outer.map(({ requestId }) => requestId), ["r-1", "r-2", "r-3"])
      assert.deepStrictEqual(none, [])
    }))
})

describe("the message in a body", () => {
  const kibibyte = 1024

  /** JSON of so many bytes that says why. */
  const reporting = (bytes: number, code: number): string => {
    const [start, end] = [`{"code":${code},"message":"this is why","rest":"`, "\"}"]
    return `${start}${"x".repeat(bytes - start.length - end.length)}${end}`
  }

  const words = (error: LiveDeskError.LiveDeskError) => "messages" in error.reason ? error.reason.messages : undefined

  it.effect("is read in a refusal of 64 KiB, and not in a longer one", () =>
    Effect.gen(function*() {
      for (const [bytes, reported] of [[64 * kibibyte, ["this is why"]], [64 * kibibyte + 1, []]] as const) {
        const error = yield* Effect.flip(create()).pipe(
          Effect.provide(layer({}, { status: 403, body: reporting(bytes, 0) }))
        )
        assert.deepStrictEqual(LiveDeskError.isLiveDeskError(error) && words(error), reported)
      }
    }))

  it.effect("is read in a success with an error code of 256 KiB, and not in a longer one", () =>
    Effect.gen(function*() {
      for (const [bytes, reported] of [[256 * kibibyte, ["this is why"]], [256 * kibibyte + 1, []]] as const) {
        const error = yield* Effect.flatMap(Tickets.Tickets, ({ get }) => Effect.flip(get({ ticketId: "tk_1" }))).pipe(
          Effect.provide(layer({}, { body: reporting(bytes, 2001) }))
        )
        assert.strictEqual(error.reason._tag, "ErrorCodeReturned")
        assert.deepStrictEqual(words(error), reported)
      }
    }))
})

describe("drift", () => {
  const drifting = {
    payload: { contact: { id: 7, name: 12.345678, canary_key: "a canary" }, contact_inbox: { source_id: "s" } }
  }

  /** Contacts, of which is counted how often their documentation is asked. */
  const counted = () => {
    let asked = 0
    const success: Model.Model<Contacts.CreatedContact> = Object.assign(Object.create(Contacts.CreatedContact), {
      documented: () => {
        asked++
        return Contacts.CreatedContact.documented()
      }
    })
    return { endpoint: Endpoint.make({ ...Contacts.endpoints.create, success }), asked: () => asked }
  }

  const watched = (onDrift: LiveDeskClient.Options["onDrift"], level: "Debug" | "Info") =>
    Effect.gen(function*() {
      const logs: Array<string> = []
      const { asked, endpoint } = counted()
      const { contact } = yield* Effect.flatMap(
        LiveDeskClient.LiveDeskClient,
        (client) => client.call(endpoint)({ inboxId: 407 })
      ).pipe(
        Effect.provide(Layer.provideMerge(layer({ onDrift }, { body: drifting }), recording(logs, level)))
      )
      assert.strictEqual(contact.id, 7)
      assert.deepStrictEqual(contact.name, Option.none())
      return { logs: logs.filter((log) => log.includes("drifted")).join("\n"), asked: asked() }
    })

  it.effect("log: the paths, at debug level", () =>
    Effect.gen(function*() {
      for (const onDrift of ["log", undefined] as const) {
        const { asked, logs } = yield* watched(onDrift, "Debug")
        assert.isAbove(asked, 0)
        assert.include(logs, "DEBUG")
        assert.include(logs, "contacts.create")
        assert.include(logs, "payload.contact.name")
        assert.include(logs, "payload.contact.canary_key")
        assert.notInclude(logs, "a canary")
        assert.notInclude(logs, "345678")
      }
    }))

  it.effect("log: no second look while nobody reads it", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* watched("log", "Info"), { logs: "", asked: 0 })
    }))

  it.effect("ignore: no second look", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* watched("ignore", "Debug"), { logs: "", asked: 0 })
    }))

  it.effect("fail: an error that names the paths and the ids", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(create()).pipe(
        Effect.provide(layer({ onDrift: "fail" }, { body: drifting, headers: { "x-request-id": "r-1" } }))
      )
      assert.isTrue(LiveDeskError.isLiveDeskError(error))
      assert.isTrue(error._tag === "ValidationError" && error.reason._tag === "DriftedResponse")
      if (error._tag !== "ValidationError" || error.reason._tag !== "DriftedResponse") return
      assert.strictEqual(error.outcome, "Processed")
      assert.strictEqual(error.status, 200)
      assert.strictEqual(error.requestId, "r-1")
      const paths = error.reason.issues.map(({ path }) => path.join("."))
      assert.includeMembers(paths, ["payload.contact.name", "payload.contact.canary_key", "payload.contact.email"])
      assert.deepStrictEqual(error.reason.identifiers, { "payload.contact.id": 7 })
      assert.notInclude(Util.inspect(error, { depth: 10 }), "a canary")
    }))

  /** The issues that say so of a response which contradicts what was sent. */
  const contradictions = <A, R>(
    call: Effect.Effect<A, LiveDeskError.LiveDeskError, R>,
    body: unknown
  ) =>
    Effect.map(
      Effect.provide(Effect.result(call), layer({ onDrift: "fail" }, { body })),
      (result) =>
        Result.isFailure(result) && result.failure.reason._tag === "DriftedResponse"
          ? result.failure.reason.issues.flatMap(({ message, path }) =>
            message.includes("the response may be another request's") ? [path.join(".")] : []
          )
          : []
    )

  it.effect("fail: another request's response, by each id and text that contradicts what was sent", () =>
    Effect.gen(function*() {
      const contact = { id: 7, email: "bob@acme.inc", phone_number: "+2", identifier: "u-2", name: "Bob" }
      const contacts = yield* contradictions(
        Contacts.Contacts.use(({ create }) =>
          create({ inboxId: 407, email: "alice@acme.inc", phoneNumber: "+1", identifier: "u-1", name: "Alice" })
        ),
        { payload: { contact, contact_inbox: { inbox: { id: 408 } } } }
      )
      assert.sameMembers(contacts, [
        "payload.contact.email",
        "payload.contact.phone_number",
        "payload.contact.identifier",
        "payload.contact_inbox.inbox.id"
      ])
      assert.sameMembers(
        yield* contradictions(
          Conversations.Conversations.use(({ create }) => create({ inboxId: 407, contactId: 7 })),
          { id: 40, status: "open", inbox_id: 408, meta: { sender: { id: 8 } } }
        ),
        ["inbox_id", "meta.sender.id"]
      )
      const other = { id: 1, content: "Bye", conversation_id: 41 }
      const send = Messages.Messages.use(({ send }) => send({ conversationId: 40, content: "Hello" }))
      const attachments = [{ name: "a", mediaType: "text/plain", content: new Uint8Array() }] as const
      const sendFiles = Messages.Messages.use(({ sendFiles }) =>
        sendFiles({ conversationId: 40, content: "Hello", attachments })
      )
      for (const call of [send, sendFiles]) {
        assert.sameMembers(yield* contradictions(call, other), ["content", "conversation_id"])
      }
      const error = yield* Effect.flip(send).pipe(Effect.provide(layer({ onDrift: "fail" }, { body: other })))
      assert.notInclude(Util.inspect(error, { depth: 10 }), "Bye")
    }))

  it.effect("does not take for a contradiction what LiveDesk may have normalized, filled in or left out", () =>
    Effect.gen(function*() {
      const email = Contacts.Contacts.use(({ create }) => create({ inboxId: 407, email: " Alice@ACME.inc" }))
      const contact = { id: 7, email: "alice@acme.inc", phone_number: "+1", identifier: null }
      const contact_inbox = { inbox: { id: "407" } }
      assert.deepStrictEqual(yield* contradictions(email, { payload: { contact, contact_inbox } }), [])
      assert.deepStrictEqual(
        yield* contradictions(email, { payload: { contact: { id: 7, email: "" }, contact_inbox: null } }),
        []
      )
      const send = (content: string) => Messages.Messages.use(({ send }) => send({ conversationId: 40, content }))
      const received = { id: 1, content: "Hello, Alice", conversation_id: "40" }
      assert.deepStrictEqual(yield* contradictions(send("Hello, {{contact.name}}"), received), [])
      assert.deepStrictEqual(yield* contradictions(send("Hello, Bob"), received), ["content"])
    }))

  it.effect("is bounded, whatever the response", () =>
    Effect.gen(function*() {
      const contact = {
        id: 7,
        ...Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`\n${"k".repeat(1000)}${n}`, n]))
      }
      const logs: Array<string> = []
      const body = { payload: { contact, contact_inbox: {} } }
      yield* create().pipe(
        Effect.provide(Layer.provideMerge(layer({}, { body }), recording(logs)))
      )
      assert.isNotEmpty(logs)
      for (const line of logs) assert.isAtMost(line.length, 50_000)
      const error = yield* Effect.flip(create()).pipe(Effect.provide(layer({ onDrift: "fail" }, { body })))
      assert.isTrue(LiveDeskError.isLiveDeskError(error) && error.message.length <= 50_000)
      assert.isTrue(LiveDeskError.isLiveDeskError(error) && !/\p{Cc}/u.test(error.message))
    }))
})
