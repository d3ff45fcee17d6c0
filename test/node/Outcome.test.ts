import { Contacts, type LiveDeskClient, type LiveDeskError, Transport } from "@effect-livedesk/core"
import { NodeLiveDesk, type NodeTransport } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Duration, Effect, Fiber, Layer, Option, Redacted, Schedule } from "effect"
import { TestClock } from "effect/testing"
import * as Fs from "node:fs"
import * as Tls from "node:tls"
import { gzipSync } from "node:zlib"
import * as Breadth from "../Breadth.ts"
import * as FakeTransport from "../FakeTransport.ts"
import * as HostileServer from "../HostileServer.ts"
import * as Transports from "../Transports.ts"

type Engine = "undici" | "fetch"

const engineOf = (way: Transports.Way): Engine => way.startsWith("undici") ? "undici" : "fetch"

const optionsFor = (baseUrl: string): LiveDeskClient.Options => ({
  // The outcome of one attempt.
  retries: { times: 0 },
  apiKey: Redacted.make("a-key"),
  apiSecret: Redacted.make("a-secret"),
  baseUrl
})

const create = Effect.flatMap(Contacts.Contacts, (contacts) => contacts.create({ inboxId: 407, name: "Alice" }))

/** The outcome of a call, as far as a caller can tell it apart. */
interface Outcome {
  readonly error: string
  readonly outcome: LiveDeskError.Outcome
  readonly status?: number
  readonly detail?: string
  readonly identifiers?: LiveDeskError.Identifiers
}

const outcomeOf = (error: LiveDeskError.LiveDeskError): Outcome => {
  const { outcome, reason, status } = error
  const detail = "kind" in reason ? reason.kind : "phase" in reason ? reason.phase : undefined
  return {
    error: `${error._tag}/${reason._tag}`,
    outcome,
    ...(status === undefined ? undefined : { status }),
    ...(detail === undefined ? undefined : { detail }),
    ...("identifiers" in reason && Object.keys(reason.identifiers).length > 0
      ? { identifiers: reason.identifiers }
      : undefined)
  }
}

const connectionFailures = (detail: LiveDeskError.ConnectionFailed["kind"]): Outcome => ({
  error: "HttpError/ConnectionFailed",
  outcome: "NotSent",
  detail
})

const lostBefore: Outcome = { error: "HttpError/ConnectionLost", outcome: "Unknown", detail: "AwaitingResponse" }

const timedOutBefore: Outcome = { error: "HttpError/TimedOut", outcome: "Unknown", detail: "AwaitingResponse" }

const unreadable = (status: number): Outcome => ({
  error: "ValidationError/InvalidResponse",
  outcome: "Processed",
  status
})

const readingResponse = (reason: "ConnectionLost" | "TimedOut", identifiers?: LiveDeskError.Identifiers): Outcome => ({
  error: `HttpError/${reason}`,
  outcome: "Processed",
  status: 200,
  detail: "ReadingResponse",
  ...(identifiers === undefined ? undefined : { identifiers })
})

interface Case {
  readonly name: string
  readonly does: HostileServer.Behaviour
  /** Served over TLS with this certificate chain; a scheme only, when the server itself speaks plain. */
  readonly tls?: { readonly chain: ReadonlyArray<string>; readonly trusted: boolean } | "scheme only"
  readonly options?: Partial<LiveDeskClient.Options & NodeTransport.Options>
  /** The timeout, which passes as soon as the server has done its part. */
  readonly limit?: Duration.Input
  /** `undefined` is a success. */
  readonly becomes: Outcome | undefined | { readonly [T in Engine]: Outcome | undefined }
  /** What it becomes as well, where that is a race. */
  readonly orBecomes?: { readonly [T in Engine]?: Outcome }
  /** The one transport that it is about. */
  readonly of?: Engine
  readonly code?: string
  /** How many requests the server saw; where that is a race, which numbers may come of it. */
  readonly requests: number | ReadonlyArray<number>
  /** The transports that keep a connection, for longer than a test can wait. */
  readonly keeps?: Engine
}

const fixture = (name: string): string =>
  Fs.readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), "utf8")

/** Trusts the authority that signed the certificates, as long as the scope is open. */
const trust = Effect.acquireRelease(
  Effect.sync(() => {
    const before = Tls.getCACertificates("default")
    Tls.setDefaultCACertificates([...before, fixture("ca")])
    return before
  }),
  (before) => Effect.sync(() => Tls.setDefaultCACertificates(before))
)

const becomes = (spec: Case, way: Transports.Way): Outcome | undefined =>
  spec.becomes !== undefined && "undici" in spec.becomes ? spec.becomes[engineOf(way)] : spec.becomes

const until = (isSo: () => boolean) =>
  Effect.retry(Effect.suspend(() => isSo() ? Effect.void : Effect.fail("not yet")), Schedule.spaced("2 millis"))

/** Makes a call whose time passes only when the server has the request. A slow machine makes no difference to it. */
const inItsTime = <A, E, R>(call: Effect.Effect<A, E, R>, limit: Duration.Input, hasRequest: () => boolean) =>
  Effect.gen(function*() {
    const clock = yield* Layer.build(TestClock.layer())
    const calling = yield* Effect.forkChild(Effect.provideContext(call, clock))
    yield* Effect.raceFirst(until(hasRequest), Fiber.await(calling))
    // In parts, so that a call which starts to count again with every byte outlasts them.
    const part = Duration.divideUnsafe(Duration.fromInputUnsafe(limit), 4)
    const passPart = Effect.andThen(Effect.sleep("10 millis"), Effect.provideContext(TestClock.adjust(part), clock))
    yield* Effect.repeat(passPart, { times: 3 })
    return yield* Fiber.join(calling)
  })

const check = (spec: Case, way: Transports.Way) =>
  Effect.gen(function*() {
    const { limit, tls } = spec
    if (typeof tls === "object" && tls.trusted) yield* trust
    const server = yield* HostileServer.make(
      spec.does,
      typeof tls === "object" ? { cert: tls.chain.map(fixture).join(""), key: fixture("key") } : undefined
    )
    const url = tls === "scheme only" ? server.url.replace("http:", "https:") : server.url
    const timeout = limit === undefined ? undefined : { timeout: limit }
    const services = yield* Layer.build(Transports.layers[way]({ ...optionsFor(url), ...spec.options, ...timeout }))
    const call = create.pipe(
      Effect.match({ onFailure: (error) => error, onSuccess: () => undefined }),
      Effect.provideContext(services)
    )
    const hasRequest = () => server.open() > 0 && server.requests.length === spec.requests
    const error = yield* limit === undefined ? call : inItsTime(call, limit, hasRequest)
    if (spec.keeps !== engineOf(way)) yield* server.drained
    const outcome = error === undefined ? undefined : outcomeOf(error)
    const other = spec.orBecomes?.[engineOf(way)]
    if (other === undefined || other.error !== outcome?.error) {
      assert.deepStrictEqual(outcome, becomes(spec, way))
    } else {
      assert.deepStrictEqual(outcome, other)
    }
    if (spec.code !== undefined) {
      assert.strictEqual(error !== undefined && "code" in error.reason ? error.reason.code : undefined, spec.code)
    }
    assert.include([spec.requests].flat(), server.requests.length)
  })

/** What the client alone decides: a response that came whole, however it came. */
const isOfTheClient = ({ becomes, does, tls }: Case): boolean =>
  does._tag === "Respond" && tls === undefined && !(becomes !== undefined && "undici" in becomes)

/** The ways of a case: all in `test:full`, else in turn one of each engine, or one where it is the client that decides. */
const waysOf = (spec: Case, index: number): ReadonlyArray<Transports.Way> =>
  Breadth.isFull
    ? Transports.ways
    : Transports.ways.filter((_, way) =>
      isOfTheClient(spec) ? way === index % 4 : [index % 2, 3 - index % 2].includes(way)
    )

const both = (name: string, cases: ReadonlyArray<Case>) => {
  const sent = cases.flatMap((spec, index) =>
    waysOf(spec, index).filter((way) => spec.of === undefined || spec.of === engineOf(way)).map((way) =>
      [`${name}: ${spec.name}, over ${way}`, spec, way] as const
    )
  )
  it.live.each(sent)("%s", ([, spec, way]) => check(spec, way))
}

const ok =
  "{\"payload\":{\"contact\":{\"id\":7},\"contact_inbox\":{\"source_id\":\"1d484823-da29-4086-a7ba-d65ad0ebb588\"}}}"

const secure = { tls: { chain: ["trusted"], trusted: true }, requests: 0 } as const

both("no connection", [
  {
    name: "refused",
    does: { _tag: "Refuse" },
    becomes: connectionFailures("Refused"),
    code: "ECONNREFUSED",
    requests: 0
  },
  {
    name: "a name that does not resolve",
    does: { _tag: "Refuse" },
    options: { baseUrl: "http://livedesk.invalid" },
    becomes: connectionFailures("DnsFailed"),
    requests: 0
  },
  {
    name: "a TLS port that says nothing",
    does: { _tag: "OnRequest", leave: "Hang" },
    tls: "scheme only",
    options: { connectTimeout: "100 millis" },
    becomes: connectionFailures("TimedOut"),
    of: "undici",
    requests: 0
  },
  {
    // fetch gives a connection ten seconds, so the call's own limit comes first, and it cannot tell.
    name: "a TLS port that says nothing",
    does: { _tag: "OnRequest", leave: "Hang" },
    tls: "scheme only",
    limit: "1 second",
    becomes: timedOutBefore,
    of: "fetch",
    requests: 0,
    keeps: "fetch"
  },
  {
    name: "https to a port that speaks http",
    does: { _tag: "Raw", at: "FirstBytes", bytes: "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n" },
    tls: "scheme only",
    becomes: connectionFailures("TlsFailed"),
    code: "ERR_SSL_WRONG_VERSION_NUMBER",
    requests: 0
  },
  {
    name: "closed in the TLS handshake",
    does: { _tag: "OnFirstBytes", leave: "Close" },
    tls: "scheme only",
    becomes: connectionFailures("TlsFailed"),
    code: "ECONNRESET",
    requests: 0
  },
  {
    name: "reset in the TLS handshake",
    does: { _tag: "OnFirstBytes", leave: "Reset" },
    tls: "scheme only",
    becomes: { undici: connectionFailures("Other"), fetch: lostBefore },
    requests: 0
  },
  {
    name: "a certificate for another host",
    does: { _tag: "Respond", status: 200, body: ok },
    ...secure,
    tls: { chain: ["other-host"], trusted: true },
    becomes: connectionFailures("TlsFailed"),
    code: "ERR_TLS_CERT_ALTNAME_INVALID"
  },
  {
    name: "an expired certificate",
    does: { _tag: "Respond", status: 200, body: ok },
    ...secure,
    tls: { chain: ["expired"], trusted: true },
    becomes: connectionFailures("TlsFailed"),
    code: "CERT_HAS_EXPIRED"
  },
  {
    name: "a certificate that is not valid yet",
    does: { _tag: "Respond", status: 200, body: ok },
    ...secure,
    tls: { chain: ["not-yet-valid"], trusted: true },
    becomes: connectionFailures("TlsFailed"),
    code: "CERT_NOT_YET_VALID"
  },
  {
    name: "a self-signed certificate",
    does: { _tag: "Respond", status: 200, body: ok },
    ...secure,
    tls: { chain: ["self-signed"], trusted: false },
    becomes: connectionFailures("TlsFailed"),
    code: "DEPTH_ZERO_SELF_SIGNED_CERT"
  },
  {
    name: "a certificate of an unknown authority",
    does: { _tag: "Respond", status: 200, body: ok },
    ...secure,
    tls: { chain: ["trusted"], trusted: false },
    becomes: connectionFailures("TlsFailed"),
    code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
  },
  {
    name: "a chain of an unknown authority",
    does: { _tag: "Respond", status: 200, body: ok },
    ...secure,
    tls: { chain: ["trusted", "ca"], trusted: false },
    becomes: connectionFailures("TlsFailed"),
    code: "SELF_SIGNED_CERT_IN_CHAIN"
  },
  {
    name: "a certificate that is trusted",
    does: { _tag: "Respond", status: 200, body: ok },
    ...secure,
    becomes: undefined,
    requests: 1
  }
])

both("no response", [
  { name: "closed at accept", does: { _tag: "OnAccept", leave: "Close" }, becomes: lostBefore, requests: [0, 1] },
  {
    name: "reset at accept",
    does: { _tag: "OnAccept", leave: "Reset" },
    becomes: lostBefore,
    // undici tells, when the reset comes before it began to write.
    orBecomes: { undici: connectionFailures("Other") },
    requests: 0
  },
  { name: "closed after the request", does: { _tag: "OnRequest", leave: "Close" }, becomes: lostBefore, requests: 1 },
  { name: "reset after the request", does: { _tag: "OnRequest", leave: "Reset" }, becomes: lostBefore, requests: 1 },
  {
    name: "no word after the request",
    does: { _tag: "OnRequest", leave: "Hang" },
    limit: "1 second",
    becomes: timedOutBefore,
    requests: 1
  },
  {
    name: "early hints and no more",
    does: { _tag: "Raw", bytes: "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" },
    limit: "1 second",
    becomes: timedOutBefore,
    requests: 1
  },
  { name: "no HTTP", does: { _tag: "Raw", bytes: "\0\u0001 what?\r\n\r\n" }, becomes: lostBefore, requests: 1 },
  {
    name: "half a status line",
    does: { _tag: "Raw", bytes: "HTTP/1.1 20" },
    limit: "1 second",
    becomes: timedOutBefore,
    requests: 1
  },
  { name: "endless headers", does: { _tag: "EndlessHeaders" }, becomes: lostBefore, requests: 1 }
])

const cut = "{\"payload\":{\"contact\":{\"id\":7,\"identifier\":\"a"
const halfNumber =
  "{\"payload\":{\"contact_inbox\":{\"source_id\":\"1d484823-da29-4086-a7ba-d65ad0ebb588\"},\"contact\":{\"id\":7"
const halfText = "{\"payload\":{\"contact\":{\"id\":7},\"contact_inbox\":{\"source_id\":\"a-sou"

const breakOff = (
  status: number,
  framing: "Length" | "Chunked",
  leave: HostileServer.Leave,
  body: string
): HostileServer.Behaviour => ({ _tag: "BreakOff", status, framing, leave, body })

both("half a response", [
  ...(["Length", "Chunked"] as const).flatMap((framing) =>
    (["Close", "Reset"] as const).flatMap((leave): ReadonlyArray<Case> => [
      {
        name: `${leave} after the headers, ${framing}`,
        does: breakOff(200, framing, leave, ""),
        becomes: readingResponse("ConnectionLost"),
        requests: 1
      },
      {
        name: `${leave} in the body, ${framing}`,
        does: breakOff(200, framing, leave, cut),
        becomes: readingResponse("ConnectionLost", { "payload.contact.id": 7 }),
        requests: 1
      }
    ])
  ),
  {
    name: "a number that is cut itself",
    does: breakOff(200, "Length", "Close", halfNumber),
    becomes: readingResponse("ConnectionLost", {
      "payload.contact_inbox.source_id": "1d484823-da29-4086-a7ba-d65ad0ebb588"
    }),
    requests: 1
  },
  {
    name: "a text that is cut itself",
    does: breakOff(200, "Length", "Close", halfText),
    becomes: readingResponse("ConnectionLost", { "payload.contact.id": 7 }),
    requests: 1
  },
  {
    name: "a number that is cut, in a response framed as whole",
    does: { _tag: "Respond", status: 200, body: halfNumber },
    becomes: {
      ...unreadable(200),
      identifiers: { "payload.contact_inbox.source_id": "1d484823-da29-4086-a7ba-d65ad0ebb588" }
    },
    requests: 1
  },
  {
    name: "a text that is cut, in a response framed as whole",
    does: { _tag: "Respond", status: 200, body: halfText },
    becomes: { ...unreadable(200), identifiers: { "payload.contact.id": 7 } },
    requests: 1
  },
  {
    name: "no word in the body",
    does: breakOff(200, "Length", "Hang", cut),
    limit: "1 second",
    becomes: readingResponse("TimedOut", { "payload.contact.id": 7 }),
    requests: 1
  },
  {
    name: "a body slower than the limit",
    does: { _tag: "SlowBody", status: 200, first: "{\"id\":7,", body: " ".repeat(400) },
    limit: "1 second",
    becomes: readingResponse("TimedOut", { id: 7 }),
    requests: 1
  },
  {
    name: "a slow body within the limit",
    does: { _tag: "SlowBody", status: 200, body: "{\"payload\":{\"contact\":{\"id\":7}}}" },
    becomes: undefined,
    requests: 1
  },
  {
    name: "no word in the body of a 422",
    does: breakOff(422, "Length", "Hang", "{\"message\":"),
    limit: "1 second",
    becomes: { error: "ValidationError/RejectedInput", outcome: "Rejected", status: 422 },
    requests: 1
  },
  {
    name: "no word in the body of a 503",
    does: breakOff(503, "Length", "Hang", ""),
    limit: "1 second",
    becomes: { error: "HttpError/ServerError", outcome: "Unknown", status: 503 },
    requests: 1
  },
  {
    name: "closed in the body of a 404",
    does: breakOff(404, "Chunked", "Close", "{\"error\":"),
    becomes: { error: "HttpError/NotFound", outcome: "Rejected", status: 404 },
    requests: 1
  },
  {
    name: "reset in the body of a 500",
    does: breakOff(500, "Length", "Reset", "{\"error\":"),
    becomes: { error: "HttpError/ServerError", outcome: "Unknown", status: 500 },
    requests: 1
  }
])

both("too large a response", [
  {
    name: "an endless success",
    does: { _tag: "EndlessBody", status: 200 },
    options: { maxResponseBytes: 100_000 },
    becomes: unreadable(200),
    requests: 1
  },
  {
    name: "an endless success with an id",
    does: { _tag: "EndlessBody", status: 200, chunk: "{\"contact\":{\"id\":7}}," },
    options: { maxResponseBytes: 100 },
    becomes: { ...unreadable(200), identifiers: { "contact.id": 7 } },
    requests: 1
  },
  {
    name: "an endless refusal",
    does: { _tag: "EndlessBody", status: 422 },
    becomes: { error: "ValidationError/RejectedInput", outcome: "Rejected", status: 422 },
    requests: 1
  },
  {
    name: "an endless failure",
    does: { _tag: "EndlessBody", status: 502 },
    becomes: { error: "HttpError/ServerError", outcome: "Unknown", status: 502 },
    requests: 1
  },
  {
    name: "a success of as many bytes as are allowed",
    does: { _tag: "Respond", status: 200, body: ok },
    options: { maxResponseBytes: ok.length },
    becomes: undefined,
    requests: 1
  },
  {
    name: "a success of one byte more",
    does: { _tag: "Respond", status: 200, body: ok },
    options: { maxResponseBytes: ok.length - 1 },
    becomes: {
      ...unreadable(200),
      identifiers: {
        "payload.contact.id": 7,
        "payload.contact_inbox.source_id": "1d484823-da29-4086-a7ba-d65ad0ebb588"
      }
    },
    requests: 1
  }
])

both("bodies of a success", [
  { name: "JSON", does: { _tag: "Respond", status: 200, body: ok }, becomes: undefined, requests: 1 },
  { name: "JSON, created", does: { _tag: "Respond", status: 201, body: ok }, becomes: undefined, requests: 1 },
  { name: "none", does: { _tag: "Respond", status: 200 }, becomes: unreadable(200), requests: 1 },
  { name: "none, 204", does: { _tag: "Respond", status: 204 }, becomes: unreadable(204), requests: 1 },
  {
    name: "HTML",
    does: { _tag: "Respond", status: 200, headers: { "content-type": "text/html" }, body: "<h1>Log in</h1>" },
    becomes: { ...unreadable(200), outcome: "Unknown" },
    requests: 1
  },
  {
    name: "JSON without the contact, but with an id",
    does: { _tag: "Respond", status: 200, body: "{\"data\":{\"id\":7}}" },
    becomes: { ...unreadable(200), identifiers: { "data.id": 7 } },
    requests: 1
  },
  {
    name: "gzip, for which the client did not ask",
    does: { _tag: "Respond", status: 200, headers: { "content-encoding": "gzip" }, body: gzipSync(ok) },
    becomes: undefined,
    requests: 1
  }
])

const byStatus: ReadonlyArray<readonly [status: number, error: string, outcome: LiveDeskError.Outcome]> = [
  [400, "ValidationError/RejectedInput", "Rejected"],
  [401, "AuthError/Unauthorized", "Rejected"],
  [402, "HttpError/UnexpectedStatus", "Rejected"],
  [403, "AuthError/Forbidden", "Rejected"],
  [404, "HttpError/NotFound", "Rejected"],
  [405, "HttpError/UnexpectedStatus", "Rejected"],
  [408, "HttpError/UnexpectedStatus", "Unknown"],
  [409, "HttpError/Conflict", "Rejected"],
  [410, "HttpError/UnexpectedStatus", "Rejected"],
  [418, "HttpError/UnexpectedStatus", "Rejected"],
  [422, "ValidationError/RejectedInput", "Rejected"],
  [429, "HttpError/RateLimited", "Rejected"],
  [500, "HttpError/ServerError", "Unknown"],
  [502, "HttpError/ServerError", "Unknown"],
  [503, "HttpError/ServerError", "Unknown"],
  [504, "HttpError/ServerError", "Unknown"],
  [599, "HttpError/ServerError", "Unknown"]
]

/** Whether a refusal with this body is not from LiveDesk's API. */
const isForeign = (status: number, what: string): boolean =>
  status < 500 && status !== 429 && (what === "HTML" || (what === "plain text" && ![400, 409, 422].includes(status)))

const bodies = {
  "JSON": { headers: { "content-type": "application/json" }, body: "{\"error\":\"no\"}" },
  "HTML": { headers: { "content-type": "text/html" }, body: "<html><h1>no</h1></html>" },
  "plain text": { headers: { "content-type": "text/plain" }, body: "no\n" },
  "no body": {}
}

both(
  "statuses",
  Breadth.pairs(byStatus, Object.entries(bodies)).map(([[status, error, outcome], [what, response]]) => ({
    name: `${status} with ${what}`,
    does: { _tag: "Respond", status, ...response },
    becomes: { error: isForeign(status, what) ? "HttpError/UnexpectedStatus" : error, outcome, status },
    requests: 1
  }))
)

both("a status that fetch keeps to itself", [
  {
    name: "407",
    does: { _tag: "Respond", status: 407 },
    becomes: { undici: { error: "HttpError/UnexpectedStatus", outcome: "Rejected", status: 407 }, fetch: lostBefore },
    requests: 1
  }
])

describe("a 421, which the Fetch standard has a client ask once more on a connection of its own", () => {
  it.live.each([["undici", 1], ["fetch", 2]] as const)("over %s", ([way, requests]) =>
    Effect.gen(function*() {
      const server = yield* HostileServer.make({ _tag: "Respond", status: 421 })
      const error = yield* Effect.flip(create).pipe(
        Effect.tap(server.drained),
        Effect.provide(Transports.layers[way](optionsFor(server.url)))
      )
      assert.deepStrictEqual(outcomeOf(error), {
        error: "HttpError/UnexpectedStatus",
        outcome: "Rejected",
        status: 421
      })
      assert.strictEqual(server.requests.length, requests)
    }))
})

describe("redirects", () => {
  it.live.each(Breadth.pairs([301, 302, 303, 307, 308], Transports.ways))(
    "%s is not followed, over %s",
    ([status, way]) =>
      Effect.gen(function*() {
        const target = yield* HostileServer.make({ _tag: "Respond", status: 200, body: ok })
        const server = yield* HostileServer.make({
          _tag: "Respond",
          status,
          headers: { location: `${target.url}/elsewhere?to=there#here` }
        })
        const error = yield* Effect.flip(create).pipe(
          Effect.tap(server.drained),
          Effect.provide(Transports.layers[way](optionsFor(server.url)))
        )
        assert.deepStrictEqual(outcomeOf(error), { error: "HttpError/Redirected", outcome: "Rejected", status })
        assert.strictEqual("location" in error.reason ? error.reason.location : undefined, `${target.url}/elsewhere`)
        assert.strictEqual(server.requests.length, 1)
        assert.strictEqual(target.requests.length, 0)
      })
  )
})

describe.each(Transports.ways)("time outs of a call, over %s", (way) => {
  it.live("an interrupted call lets its connection go", () =>
    Effect.gen(function*() {
      const server = yield* HostileServer.make({ _tag: "OnRequest", leave: "Hang" })
      yield* Effect.gen(function*() {
        const calling = yield* Effect.forkChild(create)
        yield* until(() => server.requests.length === 1)
        yield* Fiber.interrupt(calling)
        yield* server.drained
      }).pipe(Effect.provide(Transports.layers[way](optionsFor(server.url))))
      assert.strictEqual(server.requests.length, 1)
    }))
})

describe.each(Transports.ways)("what is sent, over %s", (way) => {
  it.live("is one POST of JSON with the credentials", () =>
    Effect.gen(function*() {
      const server = yield* HostileServer.make({ _tag: "Respond", status: 200, body: ok })
      const { contact } = yield* create.pipe(Effect.provide(Transports.layers[way](optionsFor(`${server.url}/desk/`))))
      assert.strictEqual(contact.id, 7)
      const request = yield* Effect.fromNullishOr(server.requests[0])
      assert.strictEqual(request.line, "POST /desk/api/v2/accounts/contacts HTTP/1.1")
      assert.strictEqual(request.body, "{\"inbox_id\":407,\"name\":\"Alice\"}")
      assert.strictEqual(request.headers["authorization"], `Basic ${btoa("a-key:a-secret")}`)
      assert.strictEqual(request.headers["content-type"], "application/json")
      assert.strictEqual(request.headers["accept"], "application/json")
      for (const name of ["traceparent", "b3", "cookie"]) assert.notProperty(request.headers, name)
    }))
})

describe.each(Transports.ways)("Retry-After, over %s", (way) => {
  const retryAfter = (headers: Readonly<Record<string, string>>) =>
    Effect.gen(function*() {
      const server = yield* HostileServer.make({ _tag: "Respond", status: 429, headers, body: "Retry later\n" })
      const { reason } = yield* Effect.flip(create).pipe(Effect.provide(Transports.layers[way](optionsFor(server.url))))
      assert.strictEqual(server.requests.length, 1)
      assert.isTrue(reason._tag === "RateLimited")
      return reason._tag === "RateLimited" ? reason.retryAfter : Option.none()
    })

  it.live("in seconds", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* retryAfter({ "retry-after": "120" }), Option.some(Duration.seconds(120)))
    }))

  it.live("as a date, from now on", () =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const hourLater = DateTime.toDateUtc(DateTime.makeUnsafe(now + 3_600_000)).toUTCString()
      const wait = Option.getOrThrow(yield* retryAfter({ "retry-after": hourLater }))
      assert.isTrue(Duration.between(wait, { minimum: Duration.minutes(50), maximum: Duration.hours(1) }))
    }))

  it.live("nonsense and none", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* retryAfter({ "retry-after": "soon" }), Option.none())
      assert.deepStrictEqual(yield* retryAfter({}), Option.none())
    }))
})

// ---------------------------------------------------------------------------------------------------------------------
// failures that a loopback address cannot show
// ---------------------------------------------------------------------------------------------------------------------

/** An error as Node makes it. */
const native = (message: string, properties: { readonly code?: string; readonly syscall?: string } = {}): Error =>
  Object.assign(new Error(message), properties)

/** All of a host's addresses failed: the first one's code, and every error. */
const everyAddress = (...errors: ReadonlyArray<Error & { readonly code?: string }>): Error =>
  Object.assign(new AggregateError(errors, ""), { code: errors[0]?.code })

/** The shapes in which the transports give a native error. */
const shapes = {
  undici: (error: unknown) => error,
  fetch: (error: unknown) => new TypeError("fetch failed", { cause: error })
}

describe.each(["undici", "fetch"] as const)("failures as %s gives them", (transport) => {
  const outcome = (error: unknown) =>
    Effect.flip(create).pipe(
      Effect.map(outcomeOf),
      Effect.provide(
        Layer.provide(
          NodeLiveDesk.layerNoHttpClient(optionsFor("https://livedesk.invalid")),
          FakeTransport.failing(shapes[transport](error))
        )
      )
    )

  const refused = native("connect ECONNREFUSED 127.0.0.1:81", { code: "ECONNREFUSED", syscall: "connect" })
  const noRoute = native("connect ENETUNREACH 127.0.0.2:81", { code: "ENETUNREACH", syscall: "connect" })
  const slow = native("connect ETIMEDOUT 127.0.0.1:81", { code: "ETIMEDOUT", syscall: "connect" })
  const reset = native("read ECONNRESET", { code: "ECONNRESET", syscall: "read" })

  const notSent: ReadonlyArray<readonly [name: string, error: unknown, kind: LiveDeskError.ConnectionFailed["kind"]]> =
    [
      ["EHOSTUNREACH", native("connect EHOSTUNREACH", { code: "EHOSTUNREACH", syscall: "connect" }), "Unreachable"],
      ["ENETUNREACH", noRoute, "Unreachable"],
      ["EACCES", native("connect EACCES", { code: "EACCES", syscall: "connect" }), "Unreachable"],
      ["ETIMEDOUT", slow, "TimedOut"],
      ["EAI_AGAIN", native("getaddrinfo EAI_AGAIN", { code: "EAI_AGAIN", syscall: "getaddrinfo" }), "DnsFailed"],
      ["ENOTFOUND", native("getaddrinfo ENOTFOUND", { code: "ENOTFOUND", syscall: "getaddrinfo" }), "DnsFailed"],
      ["a connect time out", native("Connect Timeout Error", { code: "UND_ERR_CONNECT_TIMEOUT" }), "TimedOut"],
      [
        "a connect time out for every address",
        Object.assign(new Error("Connect Timeout Error", { cause: everyAddress(slow, slow) }), {
          code: "UND_ERR_CONNECT_TIMEOUT"
        }),
        "TimedOut"
      ],
      ["every address refused or without a route", everyAddress(refused, noRoute), "Refused"]
    ]
  it.effect.each(notSent)("%s is NotSent", ([, error, kind]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* outcome(error), connectionFailures(kind))
    }))

  const unknown: ReadonlyArray<readonly [name: string, error: unknown]> = [
    ["ECONNRESET", reset],
    ["UND_ERR_SOCKET", native("other side closed", { code: "UND_ERR_SOCKET" })],
    ["EPIPE", native("write EPIPE", { code: "EPIPE", syscall: "write" })],
    ["EPROTO", native("write EPROTO", { code: "EPROTO", syscall: "write" })],
    ["ECONNREFUSED of another call", native("read ECONNREFUSED", { code: "ECONNREFUSED", syscall: "read" })],
    ["ECONNREFUSED of no call", native("ECONNREFUSED", { code: "ECONNREFUSED" })],
    ["ETIMEDOUT of another call", native("read ETIMEDOUT", { code: "ETIMEDOUT", syscall: "read" })],
    ["EACCES of another call", native("open EACCES", { code: "EACCES", syscall: "open" })],
    [
      "a wrong TLS version after the handshake",
      native("error:0A00010B:SSL routines:tls_get_more_records:wrong version number:tls_common.c:354:", {
        code: "ERR_SSL_WRONG_VERSION_NUMBER"
      })
    ],
    ["headers that took too long", native("Headers Timeout Error", { code: "UND_ERR_HEADERS_TIMEOUT" })],
    ["an unknown code", native("what?", { code: "EWHATEVER", syscall: "connect" })],
    ["no code", native("what?")],
    ["no error", undefined],
    ["one address refused, one reset", everyAddress(refused, reset)],
    ["one address reset, one refused", everyAddress(reset, refused)],
    ["no address", everyAddress()]
  ]
  it.effect.each(unknown)("%s is Unknown", ([, error]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* outcome(error), lostBefore)
    }))

  it.effect("the transport's word that nothing was written is NotSent, whatever the code", () =>
    Effect.gen(function*() {
      const reported = new Transport.NotSentProof({ cause: reset })
      assert.deepStrictEqual(yield* outcome(reported), connectionFailures("Other"))
      assert.deepStrictEqual(
        yield* outcome(new Transport.NotSentProof({ cause: refused })),
        connectionFailures("Refused")
      )
    }))
})
