import {
  Contacts,
  Endpoint,
  LiveDesk,
  LiveDeskClient,
  LiveDeskError,
  Model,
  Telemetry,
  Tickets
} from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import {
  Array as Arr,
  Cause,
  Config,
  ConfigProvider,
  Context,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Option,
  Redacted,
  References,
  Schema,
  type Tracer
} from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { Otlp } from "effect/observability"
import { TestClock } from "effect/testing"
import * as Util from "node:util"
import * as Breadth from "../Breadth.ts"
import * as FakeTransport from "../FakeTransport.ts"
import * as Spans from "../Spans.ts"

// ---------------------------------------------------------------------------------------------------------------------
// the canaries
// ---------------------------------------------------------------------------------------------------------------------

const apiKey = "canary/key+one"
const apiSecret = "canary&secret\"two'é/+?"
const both = `${apiKey}:${apiSecret}`
const canaries = { apiKey: Redacted.make(apiKey), apiSecret: Redacted.make(apiSecret), retries: { times: 0 } }

const base64 = (text: string) => Buffer.from(text).toString("base64")
const base64Url = (text: string) => Buffer.from(text).toString("base64url")
const unpadded = (text: string) => base64(text).replace(/=+$/, "")
const plain = (text: string) => text
const form = (text: string) => new URLSearchParams({ "": text }).toString().slice(1)
const html = (text: string) => text.replaceAll("&", "&amp;").replaceAll("\"", "&quot;").replaceAll("'", "&#39;")

/** The ways in which servers of various makes write a text into JSON. */
const json = {
  plainly: JSON.stringify,
  "with \\/": (text: string) => JSON.stringify(text).replaceAll("/", "\\/"),
  "with \\u0026": (text: string) => JSON.stringify(text).replaceAll("&", "\\u0026").replaceAll("'", "\\u0027"),
  "with \\u for all": (text: string) =>
    `"${text.split("").map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"`
}

type Echo = readonly [name: string, text: string]

/** What a server may send back. */
const echoes: ReadonlyArray<Echo> = [
  ...Object.entries({ plain, encodeURIComponent, form, html, base64, base64Url, unpadded }).flatMap((
    [name, write]
  ): ReadonlyArray<readonly [string, string]> => [
    [`key, ${name}`, write(apiKey)],
    [`secret, ${name}`, write(apiSecret)],
    [`both, ${name}`, write(both)]
  ]),
  ["header", `Basic ${base64(both)}`],
  ["header, encodeURIComponent", encodeURIComponent(`Basic ${base64(both)}`)]
]

/** Whatever gives a secret away, in any of the forms it was sent in. */
const reporting = [apiKey, apiSecret, both].flatMap((secret) => [
  secret,
  encodeURIComponent(secret),
  form(secret),
  html(secret),
  unpadded(secret),
  encodeURIComponent(unpadded(secret)),
  base64Url(secret),
  JSON.stringify(secret).slice(1, -1),
  // As inspected, in quotes of another kind.
  Util.inspect(secret).slice(1, -1)
])

const assertNothingLeaked = (name: string, text: string) => {
  for (const secret of reporting) {
    assert.isFalse(text.includes(secret), `${name} leaks ${secret}: ${text.slice(0, 1000)}`)
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// seeing all that comes out
// ---------------------------------------------------------------------------------------------------------------------

const inspect = (value: unknown): string =>
  [false, true].map((showProxy) =>
    Util.inspect(value, {
      depth: Infinity,
      showHidden: true,
      showProxy,
      getters: true,
      maxArrayLength: Infinity,
      maxStringLength: Infinity
    })
  ).join("\n")

/** Everything that can be printed of an error. */
const formsOf = Effect.fnUntraced(function*(error: unknown) {
  const encoded = LiveDeskError.isLiveDeskError(error)
    ? yield* Effect.orDie(Schema.encodeEffect(Schema.toCodecJson(LiveDeskError.LiveDeskError))(error))
    : undefined
  return [
    String(error),
    JSON.stringify(error),
    JSON.stringify(encoded),
    inspect(error),
    inspect(encoded),
    Cause.pretty(Cause.fail(error)),
    ...(error instanceof Error ? [error.message, error.stack ?? ""] : []),
    ...(LiveDeskError.isLiveDeskError(error) ? [Option.getOrElse(LiveDeskError.excerpt(error), () => "")] : [])
  ].join("\n")
})

/** Collects all that is logged, at every level, in every form. */
const logging = (seen: Array<string>) =>
  Layer.merge(
    Logger.layer([
      Logger.map(Logger.formatJson, (text) => seen.push(text)),
      Logger.map(Logger.formatLogFmt, (text) => seen.push(text)),
      Logger.map(Logger.formatSimple, (text) => seen.push(text)),
      Logger.map(Logger.formatStructured, (value) => seen.push(inspect(value))),
      Logger.make(({ cause, fiber, logLevel, message }) =>
        seen.push(inspect([logLevel, message, cause]), inspect(fiber.getRef(References.CurrentLogAnnotations)))
      ),
      Logger.tracerLogger
    ]),
    Layer.succeed(References.MinimumLogLevel, "All")
  )

/** Collects what an exporter of traces and logs sends. */
const exporting = (seen: Array<string>) =>
  Otlp.layerJson({ baseUrl: "https://collector.invalid", resource: { serviceName: "a-service" } }).pipe(
    Layer.provide(Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request) =>
        Effect.sync(() => {
          seen.push(request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : "")
          return HttpClientResponse.fromWeb(request, new Response("{}"))
        })
      )
    ))
  )

/** Runs an effect that fails as people do who log their failures, and gives all that anybody could come to see. */
const seenOf = Effect.fnUntraced(function*<A, E>(effect: Effect.Effect<A, E>, to: "memory" | "collector" = "memory") {
  const [logs, exported]: [Array<string>, Array<string>] = [[], []]
  const spans: Array<Tracer.NativeSpan> = []
  const exit = yield* effect.pipe(
    Effect.tapCause((cause) =>
      Effect.logError("failed", cause).pipe(
        Effect.annotateLogs({ error: Cause.squash(cause), cause }),
        Effect.andThen(Effect.logTrace(Cause.squash(cause)))
      )
    ),
    Effect.withSpan("program"),
    Effect.provide(Layer.provideMerge(
      Telemetry.layer(),
      to === "memory" ? Layer.merge(logging(logs), Spans.collecting(spans)) : exporting(exported)
    )),
    Effect.exit
  )
  const errors = Exit.isSuccess(exit) ? [] : exit.cause.reasons.filter(Cause.isFailReason).map(({ error }) => error)
  return {
    exit,
    errors,
    exported,
    text: [
      ...logs,
      ...exported,
      ...spans.map(({ attributes, events, links, name, status }) => inspect([name, attributes, events, links, status])),
      inspect(exit),
      JSON.stringify(exit),
      Exit.isSuccess(exit) ? "" : Cause.pretty(exit.cause),
      ...(yield* Effect.forEach(errors, formsOf))
    ].join("\n")
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// the calls
// ---------------------------------------------------------------------------------------------------------------------

/** An endpoint of a caller's own, whose response has the server's keys. */
const anyKeys = Endpoint.make({
  ...Contacts.endpoints.create,
  operation: "own.endpoint",
  success: Model.fromSchema(Schema.Record(Schema.String, Schema.Literal(1)))
})

type Failure = LiveDeskError.LiveDeskError | Config.ConfigError

type Calling = (client: LiveDeskClient.LiveDeskClient["Service"]) => Effect.Effect<unknown, Failure>

const createContact: Calling = (client) => client.call(Contacts.endpoints.create)({ inboxId: 407, name: "Alice" })
const createTicket: Calling = (client) => client.call(Tickets.endpoints.create)({ title: "No light" })

const callings: ReadonlyArray<Calling> = [
  createContact,
  createTicket,
  (client) => client.call(anyKeys)({ inboxId: 407 })
]

const calling = (
  call: Calling,
  transport: Layer.Layer<HttpClient.HttpClient>,
  options: Partial<LiveDeskClient.Options> = {}
) =>
  LiveDeskClient.make({ ...canaries, ...options }).pipe(Effect.flatMap(call), Effect.scoped, Effect.provide(transport))

type RespondWith = (text: string) => FakeTransport.FakeResponse

/** JSON that has the text where a response has a message, a name, an id or a code. */
const jsonResponses: ReadonlyArray<RespondWith> = Object.values(json).flatMap((write) =>
  [
    (quoted: string) => ({ status: 401, body: `{"error":${quoted}}` }),
    (quoted: string) => ({ status: 422, body: `{"message":${quoted},"attributes":[${quoted}]}` }),
    (quoted: string) => ({ status: 400, body: `{"errors":{${quoted}:[${quoted}]}}` }),
    (quoted: string) => ({ status: 500, body: quoted }),
    (quoted: string) => ({ status: 200, body: `{"id":${quoted},${quoted}:{"user_id":${quoted},"id":7}}` }),
    (quoted: string) => ({ status: 200, body: `{"code":${quoted},"message":${quoted}}` }),
    (quoted: string) => ({ status: 200, body: `{"code":{${quoted}:[${quoted}]}}` }),
    (quoted: string) => ({
      status: 200,
      body: `{"payload":{"contact":{"id":7,${quoted}:1,"name":[${quoted}]},"contact_inbox":{}}}`
    })
  ].map((response): RespondWith => (text) => response(write(text)))
)

const bodyResponses: ReadonlyArray<RespondWith> = [
  ...jsonResponses,
  (text) => ({ status: 403, headers: { "content-type": "text/plain" }, body: `you sent ${text}` }),
  (text) => ({ status: 404, headers: { "content-type": "text/html" }, body: `<pre>${text}</pre>` }),
  (text) => ({ status: 200, body: `<pre>${text}</pre>` })
]

const statuses = [200, 300, 301, 302, 304, 307, 308, 400, 401, 402, 403, 404, 408, 409, 418, 422, 429, 500, 503, 599]

const headerResponses = statuses.map((status): RespondWith => (text) => ({
  status,
  headers: {
    "x-request-id": text,
    "location": `https://${text}@elsewhere.invalid/${text}?${text}`,
    "retry-after": text,
    "www-authenticate": text,
    "authorization": text,
    "content-type": `text/plain; echo=${text}`
  },
  ...(status === 304 ? {} : { body: text })
}))

/** How a response breaks off before its end. */
const breaks = Object.values(json).map((write) => (text: string) => `{"id":7,"uuid":${write(text)},"message":`)
  .concat((text) => text)
  .flatMap((body) =>
    [200, 500].flatMap((status) => (["breaks", "stops"] as const).map((ends) => ({ body, ends, status })))
  )

/** What a transport may fail with. */
const transportCauses: ReadonlyArray<(text: string) => unknown> = [
  (text) => new Error(`could not send ${text}`, { cause: { code: text, message: text } }),
  (text) =>
    Object.assign(new Error(`connect ECONNREFUSED ${text}`), { code: "ECONNREFUSED", syscall: "connect", text }),
  (text) =>
    Object.assign(new Error(`getaddrinfo ENOTFOUND ${text}`), { code: "ENOTFOUND", syscall: "getaddrinfo", text }),
  (text) => Object.assign(new Error(text), { code: "ECONNRESET", request: { headers: { authorization: text } } }),
  (text) => Object.assign(new Error(text), { code: text, syscall: text, errno: text }),
  (text) => new AggregateError([new Error(text), Object.assign(new Error(text), { code: text })], text),
  (text) => ({ [text]: text }),
  (text) => text
]

const shortTexts = Endpoint.make({
  ...Contacts.endpoints.create,
  input: Schema.Record(Schema.String, Schema.String.check(Schema.isMaxLength(1)))
})

const create = { inboxId: 407, name: "Alice" }

/** Where a caller may write a secret that belongs elsewhere. */
const misplaced: ReadonlyArray<(text: string) => Calling> = [
  ...[
    (text: string) => ({ authorization: text }),
    (text: string) => ({ [`authorization: ${text}`]: "x" }),
    (text: string) => ({ [text]: `${text}\n` }),
    (text: string) => ({ "x-header": `${text}\n` }),
    (text: string) => ({ "content-type": text })
  ].map((headers) => (text: string): Calling => (client) =>
    client.call(Contacts.endpoints.create)(create, { headers: headers(text) })
  ),
  (text) => (client) => client.call(Contacts.endpoints.create)({ ...create, [text]: text }),
  (text) => (client) => client.call(Contacts.endpoints.create)({ ...create, inboxId: -1, name: text }),
  (text) => (client) => client.call(Contacts.endpoints.update)({ contactId: 0, name: text, [text]: text }),
  (text) => (client) => client.call(shortTexts)({ [text]: text })
]

/** What an echo is tried with. */
const drawnFor = <A>(echo: Echo, pairs: ReadonlyArray<readonly [Echo, A]>): ReadonlyArray<A> =>
  pairs.flatMap(([other, drawn]) => other === echo ? [drawn] : [])

const echoedResponses = [
  ...Breadth.pairs(echoes, bodyResponses),
  ...Breadth.pairs(echoes.filter(([, text]) => /^[\x20-\x7e]*$/.test(text)), headerResponses)
]
const echoedBreaks = Breadth.pairs(echoes, breaks)
const echoedCauses = Breadth.pairs(
  echoes,
  callings.flatMap((call) => transportCauses.map((cause) => ({ call, cause })))
)
const echoedMisplaced = Breadth.pairs(echoes, misplaced)
const echoedToCollector = Breadth.pairs(echoes, [
  ...jsonResponses.map((response) => (text: string) => FakeTransport.respondingWith(response(text))),
  (text: string) => FakeTransport.failing(new Error(text, { cause: text }))
])

describe("no secret is reported", () => {
  it.effect.each(echoes)("of a server that sends them back: %s", (echo) =>
    Effect.gen(function*() {
      const [name, text] = echo
      for (const respondWith of drawnFor(echo, echoedResponses)) {
        const response = respondWith(text)
        // A refusal is read the same, whatever was called.
        for (
          const [call, onDrift] of response.status === 200
            ? Breadth.pairs(callings, ["log", "fail"] as const)
            : [[createContact, "log"]] as const
        ) {
          const seen = yield* seenOf(calling(call, FakeTransport.respondingWith(response), { onDrift }))
          assertNothingLeaked(`${name}, in ${JSON.stringify(response)},`, seen.text)
        }
      }
    }))

  it.effect.each(echoes)("of a response that breaks off or stops: %s", (echo) =>
    Effect.gen(function*() {
      const [, text] = echo
      for (const { body, ends, status } of drawnFor(echo, echoedBreaks)) {
        const arrived = yield* Deferred.make<void>()
        const transport = FakeTransport.respondingWith({
          status,
          body: new ReadableStream({
            start: (controller) => controller.enqueue(new TextEncoder().encode(body(text))),
            pull: (controller) => {
              Deferred.doneUnsafe(arrived, Effect.void)
              if (ends === "breaks") controller.error(new TypeError(`terminated: ${text}`, { cause: text }))
            }
          })
        })
        const fiber = yield* Effect.forkChild(seenOf(calling(createContact, transport)))
        yield* Deferred.await(arrived)
        if (ends === "stops") yield* TestClock.adjust("30 seconds")
        const { errors, text: seen } = yield* Fiber.join(fiber)
        assert.strictEqual(errors.length, 1)
        assertNothingLeaked(`${status} that ${ends}: ${body(text)}`, seen)
      }
    }))

  it.effect.each(echoes)(
    "of a response that breaks off in the middle of one: %s",
    ([, text]) =>
      Effect.gen(function*() {
        // What is not the secret itself may be reported.
        const start = /^Basic(?: |%20)|/.exec(text)?.[0].length ?? 0
        const lengths = Arr.range(start + 4, text.length - 1).filter((length) => Breadth.isFull || length % 7 === 0)
        for (const [length, status] of Breadth.pairs(lengths, [200, 500])) {
          const body = `{"id":7,"echo":"${text.slice(0, length)}`
          const error = yield* Effect.flip(
            Effect.asVoid(calling(createContact, FakeTransport.respondingWith({ status, body })))
          )
          assert.isTrue(LiveDeskError.isLiveDeskError(error))
          if (!LiveDeskError.isLiveDeskError(error)) return
          const excerpt = Option.getOrThrow(LiveDeskError.excerpt(error))
          assert.include(excerpt, "{\"id\":7,\"echo\":\"")
          assert.notInclude(excerpt, text.slice(start, start + 4), body)
        }
      })
  )

  it.effect.each(echoes)("of a transport that quotes them in its failure: %s", (echo) =>
    Effect.gen(function*() {
      for (const { call, cause } of drawnFor(echo, echoedCauses)) {
        const failed = cause(echo[1])
        const { errors, text } = yield* seenOf(calling(call, FakeTransport.failing(failed)))
        assert.strictEqual(errors.length, 1)
        assertNothingLeaked(inspect(failed), text)
      }
    }))

  it.effect("of a call that gets no response in time", () =>
    Effect.gen(function*() {
      for (const call of callings) {
        const never = Layer.succeed(HttpClient.HttpClient, HttpClient.make(() => Effect.never))
        const fiber = yield* Effect.forkChild(seenOf(calling(call, never)))
        yield* TestClock.adjust("30 seconds")
        const { errors, text } = yield* Fiber.join(fiber)
        assert.strictEqual(errors.length, 1)
        assertNothingLeaked("a call that gets no response", text)
      }
    }))

  it.effect.each(echoes)("of what a caller gives in the wrong place: %s", (echo) =>
    Effect.gen(function*() {
      for (const call of drawnFor(echo, echoedMisplaced)) {
        const { errors, text } = yield* seenOf(calling(call(echo[1]), FakeTransport.respondingWith({})))
        assert.strictEqual(errors.length, 1)
        assertNothingLeaked("what a caller gave", text)
      }
    }))

  const invalid: ReadonlyArray<readonly [name: string, apiKey: string, apiSecret: string]> = [
    ["a colon in the key", both, apiSecret],
    ["a line break behind the secret", apiKey, `${apiSecret}\n`],
    ["a control character in the secret", apiKey, `${apiSecret}\u0007${apiSecret}`],
    ["half a character in the key", `${apiKey}\ud800`, apiSecret],
    ["space before both", ` ${apiKey}`, ` ${apiSecret}`]
  ]

  it.effect.each(invalid)("of credentials that cannot be used: %s", ([, key, secret]) =>
    Effect.gen(function*() {
      const transport = FakeTransport.respondingWith({})
      const given = { apiKey: Redacted.make(key), apiSecret: Redacted.make(secret) }
      const config = {
        apiKey: Config.schema(LiveDeskClient.ApiKey, "KEY"),
        apiSecret: Config.schema(LiveDeskClient.ApiSecret, "SECRET"),
        baseUrl: Config.schema(LiveDeskClient.BaseUrl, "URL")
      }
      const environment = ConfigProvider.layer(ConfigProvider.fromUnknown({ KEY: key, SECRET: secret, URL: both }))
      const plainly = {
        ...config,
        apiKey: Config.succeed(given.apiKey),
        apiSecret: Config.succeed(given.apiSecret),
        baseUrl: Config.succeed(
          `https://${encodeURIComponent(apiKey)}:${encodeURIComponent(apiSecret)}@livedesk.invalid`
        )
      }
      const makings: ReadonlyArray<Effect.Effect<unknown, Failure, HttpClient.HttpClient>> = [
        Effect.scoped(LiveDeskClient.make(given)),
        Effect.scoped(
          LiveDeskClient.make({ ...canaries, baseUrl: `https://${encodeURIComponent(apiKey)}:x@livedesk.invalid` })
        ),
        Effect.scoped(Layer.build(LiveDeskClient.layer(given))),
        Effect.scoped(Layer.build(LiveDeskClient.layerConfig(config))).pipe(Effect.provide(environment)),
        Effect.scoped(Layer.build(LiveDeskClient.layerConfig(plainly)))
      ]
      for (const making of makings) {
        const { errors, text } = yield* seenOf(Effect.provide(making, transport))
        assert.strictEqual(errors.length, 1)
        assertNothingLeaked("unusable credentials", text)
      }
    }))

  it.effect("of a client, its services and what it sends", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(
        LiveDesk.layer.pipe(
          Layer.provideMerge(LiveDeskClient.layer(canaries)),
          Layer.provideMerge(
            FakeTransport.respondingWith({ body: { payload: { contact: { id: 7 }, contact_inbox: {} } } })
          )
        )
      )
      const client = Context.get(context, LiveDeskClient.LiveDeskClient)
      const contacts = Context.get(context, Contacts.Contacts)
      yield* contacts.create({ inboxId: 407 })
      const [request] = Context.get(context, FakeTransport.Sent)
      assert.strictEqual(request?.headers["authorization"], `Basic ${base64(both)}`)
      const call = contacts.create({ inboxId: 407 })
      for (const value of [context, client, contacts, client.call(Contacts.endpoints.create), call, canaries]) {
        assertNothingLeaked("a service", inspect(value))
        assertNothingLeaked("a service", JSON.stringify(value) ?? "")
        assertNothingLeaked("a service", Util.format("%s %o %j", value, value, value))
      }
      assertNothingLeaked("a request", Util.inspect(request, { depth: Infinity }))
      assertNothingLeaked("a request", JSON.stringify(request))
    }))

  it.effect.each(echoes)("to a collector of traces and logs: %s", (echo) =>
    Effect.gen(function*() {
      const [, text] = echo
      for (const transport of drawnFor(echo, echoedToCollector)) {
        // It fails for every response, for the code in it or for the lack of a ticket.
        const { exported, text: seen } = yield* seenOf(calling(createTicket, transport(text)), "collector")
        assert.isNotEmpty(exported)
        assertNothingLeaked(`the exporter, of ${text},`, seen)
      }
    }))
})

describe("the canaries", () => {
  const places: ReadonlyArray<readonly [name: string, report: (text: string) => Effect.Effect<string>]> = [
    ["an error", (text) => formsOf(new Error(text))],
    ["a cause", (text) => formsOf(new Error("x", { cause: { deep: [[[[{ text }]]]] } }))],
    ["a log", (text) => Effect.map(seenOf(Effect.log({ nested: { text } })), ({ text }) => text)],
    [
      "an annotation",
      (text) => Effect.map(seenOf(Effect.log("x").pipe(Effect.annotateLogs({ text }))), ({ text }) => text)
    ],
    ["a span", (text) => Effect.map(seenOf(Effect.annotateCurrentSpan({ text })), ({ text }) => text)],
    ["an exported log", (text) => Effect.map(seenOf(Effect.log(text), "collector"), ({ exported }) => exported.join())],
    [
      "an exported span",
      (text) => Effect.map(seenOf(Effect.annotateCurrentSpan({ text }), "collector"), ({ exported }) => exported.join())
    ]
  ]

  it.effect("are found wherever they are reported", () =>
    Effect.gen(function*() {
      for (const [[echo, text], [place, report]] of Breadth.pairs(echoes, places)) {
        const reported = yield* report(text)
        assert.throws(() => assertNothingLeaked(place, reported), /leaks/, `${echo} in ${place}`)
      }
    }))
})
