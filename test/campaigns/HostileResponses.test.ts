import { LiveDesk, LiveDeskClient, LiveDeskError } from "@effect-livedesk/core"
import { NodeLiveDesk } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, Layer, Option, Random, Redacted, Result, Stream } from "effect"
import { FetchHttpClient, HttpClient, type HttpClientRequest, HttpServerResponse } from "effect/http"
import { readdirSync, readFileSync } from "node:fs"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { gzipSync } from "node:zlib"
import * as Breadth from "../Breadth.ts"
import * as Calls from "../Calls.ts"
import * as HostileServer from "../HostileServer.ts"

// ---------------------------------------------------------------------------------------------------------------------
// calls
// ---------------------------------------------------------------------------------------------------------------------

const byOperation = Calls.calls(Calls.missing)

const calls: ReadonlyArray<Calls.Call> = Object.values(byOperation)

const options = {
  apiKey: Redacted.make("a-key"),
  apiSecret: Redacted.make("a-secret"),
  retries: { times: 0 }
}

/** The response to the next request. */
interface FakeResponse {
  status: number
  contentType: string
  body: Uint8Array | Stream.Stream<Uint8Array>
}

const respondingWith = (response: FakeResponse) =>
  LiveDesk.layer.pipe(
    Layer.provide(LiveDeskClient.layer(options)),
    Layer.provide(Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request) => Effect.sync(() => respond(request, response)))
    ))
  )

const respond = (request: HttpClientRequest.HttpClientRequest, { body, contentType, status }: FakeResponse) => {
  const headers = { "content-type": contentType }
  return HttpServerResponse.toClientResponse(
    body instanceof Uint8Array
      ? HttpServerResponse.uint8Array(body, { status, contentType, headers })
      : HttpServerResponse.stream(body, { status, contentType, headers }),
    { request }
  )
}

// ---------------------------------------------------------------------------------------------------------------------
// bodies
// ---------------------------------------------------------------------------------------------------------------------

const fixtures = new URL("../fixtures/", import.meta.url)

/** The vendor's, and for calls whose samples could not be read something that they take. */
const samples: ReadonlyArray<unknown> = [
  ...readdirSync(fixtures)
    .filter((name) => name.endsWith(".json"))
    .map((name): unknown => JSON.parse(readFileSync(new URL(name, fixtures), "utf8"))),
  {
    meta: { count: 1, current_page: "1" },
    payload: [{ id: 7, email: null, name: "Ada", custom_attributes: { a: 1 } }]
  },
  { id: 7, content: "Hello", message_type: 1, created_at: 1_700_000_000, sender: { id: 1, name: "Bob", type: "user" } },
  { code: 0, message: "Success", data: { ticket_id: "t-1", title: "A ticket", status: "open", tags: ["a"] } }
]

type Draw = (below: number) => number

const oneOf = <A>(draw: Draw, from: readonly [A, ...ReadonlyArray<A>]): A => from[draw(from.length)] ?? from[0]

/** Values of which none is where it should be, written as JSON that no serializer would write. */
const intruders = (draw: Draw): string =>
  oneOf(draw, [
    "null",
    "true",
    "-1",
    "0",
    "1e309",
    "-1e309",
    "1e-400",
    "9007199254740993",
    "123456789012345678901234567890",
    "1.5",
    "\"\"",
    "\" \"",
    "\"7\"",
    "\"NaN\"",
    "\"\\ud800\"",
    "\"\\u0000\\u001b[31m\"",
    "[]",
    "{}",
    "[[[]]]",
    "{\"__proto__\":{\"polluted\":true},\"constructor\":{\"prototype\":{\"polluted\":true}},\"toString\":7}",
    JSON.stringify("x".repeat(5000)),
    `${"[".repeat(200)}${"]".repeat(200)}`
  ])

/** A sample as JSON text, in which some values, keys and structures are not what they were. */
const mutated = (draw: Draw, value: unknown, rate: number): string => {
  if (draw(1000) < rate) return intruders(draw)
  if (globalThis.Array.isArray(value)) {
    const items = value.flatMap((item) => {
      const times = draw(1000) < rate ? draw(3) : 1
      return globalThis.Array.from({ length: times }, () => mutated(draw, item, rate))
    })
    return draw(1000) < rate ? `{"0":${items.join(",") || "0"}}` : `[${items.join(",")}]`
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).flatMap(([key, inner]) => {
      const entry = (name: string) => `${JSON.stringify(name)}:${mutated(draw, inner, rate)}`
      if (draw(1000) >= rate) return [entry(key)]
      switch (draw(5)) {
        case 0:
          return []
        case 1:
          return [entry(key), entry(key)]
        case 2:
          return [entry("__proto__")]
        case 3:
          return [entry(key.toUpperCase())]
        default:
          return [`${JSON.stringify(key)}:{${JSON.stringify(key)}:${mutated(draw, inner, rate)}}`]
      }
    })
    return `{${entries.join(",")}}`
  }
  return JSON.stringify(value)
}

const encoder = new TextEncoder()

const anyBody = (draw: Draw): Uint8Array => {
  const text = () => mutated(draw, samples[draw(samples.length)], oneOf(draw, [5, 30, 100, 400]))
  switch (draw(14)) {
    case 0:
      return Uint8Array.from({ length: draw(400) }, () => draw(256))
    case 1:
      return encoder.encode(text().slice(0, draw(500)))
    case 2:
      return encoder.encode(
        oneOf(draw, ["", " ", "null", "0", "\"text\"", "[]", "{}", "<html><body>Log in</body></html>"])
      )
    case 3:
      return Uint8Array.from(Buffer.from(text(), "latin1"))
    case 4:
      return Uint8Array.from([0xff, 0xfe, ...Buffer.from(text().slice(0, 2000), "utf16le")])
    case 5: {
      const depth = oneOf(draw, [1000, 5000, 20_000])
      return encoder.encode(`{"payload":${"[{\"payload\":".repeat(depth)}1${"}]".repeat(depth)}}`)
    }
    case 6: {
      const bytes = encoder.encode(text())
      for (let times = draw(8); times >= 0; times--) bytes[draw(Math.max(1, bytes.length))] = draw(256)
      return bytes
    }
    default:
      return encoder.encode(text())
  }
}

const nestedIn = (open: string, close: string) => `${open.repeat(20_000)}1${close.repeat(20_000)}`
const wide = (entry: string) => `[${globalThis.Array.from({ length: 50_000 }, () => entry).join(",")}]`

/** What costs the most to read, to redact and to report: where time or size grew by the square, a call took minutes. */
const costly = {
  "lists in lists": () => nestedIn("[", "]"),
  "objects in objects": () => nestedIn("{\"a\":", "}"),
  "ids far below": () => `${"{\"a\":".repeat(20_000)}{${"\"id\":1,".repeat(20_000)}`,
  "a code of lists in lists": () => `{"code":${nestedIn("[", "]")}}`,
  "a long code": () => `{"code":${JSON.stringify("é".repeat(300_000))}}`,
  "50,000 contacts that cannot be read": () => `{"payload":${wide("{}")},"meta":{}}`,
  "50,000 messages of a refusal": () => `{"errors":${wide("\"no\"")},"attributes":${wide("\"name\"")}}`,
  "long keys": () => `{"${"k".repeat(300_000)}_id":1,"errors":{"${"k".repeat(300_000)}":["no"]}}`,
  "control characters in keys": () => "{\"\\u001b[31m\":{\"id\":7},\"errors\":{\"\\u001b[31m\":[\"no\"]}}",
  ...Object.fromEntries(
    ["\\", "\"", "\"\\", "&#0", "&#x", "%", "\\u00", "[", "\"id\":1,"].map((text) =>
      [`a flood of ${text}`, () => text.repeat(300_000 / text.length)] as const
    )
  )
}

/** What reads most of a costly body: a page, and the code of a ticket. A refusal is read the same, whatever was called. */
const costlyCalls = Breadth.isFull
  ? [200, 422, 503].flatMap((status) => calls.map((run) => [status, run] as const))
  : [
    [200, byOperation["contacts.list"]],
    [200, byOperation["tickets.get"]],
    [422, byOperation["contacts.update"]],
    [503, byOperation["contacts.update"]]
  ] as const

const statuses = [
  200,
  200,
  200,
  200,
  201,
  202,
  204,
  299,
  300,
  304,
  400,
  401,
  403,
  404,
  408,
  409,
  418,
  422,
  429,
  500,
  503
] as const

const contentTypes = ["application/json", "text/html", "application/json; charset=utf-16", "", "image/png"] as const

// ---------------------------------------------------------------------------------------------------------------------
// laws
// ---------------------------------------------------------------------------------------------------------------------

/** What LiveDesk did by its status, and what no error may say otherwise. */
const deliveries = (status: number): ReadonlyArray<LiveDeskError.Outcome> =>
  // A ticket's 2xx may say by its code that the call failed.
  status < 300 ? ["Processed", "Unknown"] : status === 408 || status >= 500 ? ["Unknown"] : ["Rejected"]

const check = (result: Result.Result<unknown, LiveDeskError.LiveDeskError>, status: number, story: string) => {
  if (Result.isSuccess(result)) return assert.isBelow(status, 300, story)
  const error = result.failure
  assert.isTrue(LiveDeskError.isLiveDeskError(error), story)
  assert.include(deliveries(status), error.outcome, story)
  assert.isAtMost(Option.getOrElse(LiveDeskError.excerpt(error), () => "").length, 2000, story)
  assert.isAtMost(error.message.length, 40_000, story)
  assert.isAtMost(JSON.stringify(error).length, 100_000, story)
  // What is printed on a terminal must not command it: neither the message nor a name or a text of the reason.
  const texts = [error.message]
  JSON.parse(JSON.stringify(error.reason), (key, value: unknown) => {
    texts.push(key, typeof value === "string" ? value : "")
    return value
  })
  assert.notMatch(texts.join(" "), /\p{Cc}/u, story)
}

const collectGarbage = Effect.sync(() => {
  setFlagsFromString("--expose-gc")
  runInNewContext("gc")()
})

const heap = Effect.map(collectGarbage, () => process.memoryUsage().heapUsed)

describe("hostile responses", () => {
  it.effect("become a value or a typed error, whatever they are", () => {
    const response: FakeResponse = { status: 200, contentType: "", body: new Uint8Array() }
    return Effect.gen(function*() {
      const random = yield* Random.withSeed(Effect.service(Random.Random), "hostile responses")
      const draw: Draw = (below) => Math.floor(random.nextDoubleUnsafe() * below)
      let bodies = 0
      const before = yield* heap
      let values = 0
      for (const index of Breadth.cases("hostile response bodies")) {
        bodies = index
        response.status = oneOf(draw, statuses)
        response.contentType = oneOf(draw, contentTypes)
        response.body = anyBody(draw)
        const run = calls[index % calls.length] ?? (() => Effect.void)
        const story = `body ${index}, status ${response.status}`
        const result = yield* Effect.result(run()).pipe(
          Effect.catchDefect((defect) => Effect.die(new Error(story, { cause: defect })))
        )
        check(result, response.status, story)
        if (Result.isSuccess(result)) values += 1
      }
      assert.isFalse("polluted" in {})
      // Neither all are refused nor all are taken.
      assert.isAbove(values, bodies / 20)
      assert.isBelow(values, bodies / 2)
      assert.isBelow((yield* heap) - before, 30_000_000)
    }).pipe(Effect.provide(respondingWith(response)))
  }, Breadth.timeout("hostile response bodies"))

  it.effect.each(Object.entries(costly))(
    "of the costliest kinds are read within the time of a test: %s",
    ([, body]) => {
      const response: FakeResponse = { status: 200, contentType: "application/json", body: encoder.encode(body()) }
      return Effect.gen(function*() {
        for (const [status, run] of costlyCalls) {
          response.status = status
          check(yield* Effect.result(run()), status, `status ${status}`)
        }
      }).pipe(Effect.provide(respondingWith(response)))
    }
  )

  it.effect("of 50 MB are not read past the limit", () => {
    let pulled = 0
    const megabyte = encoder.encode(`"${"x".repeat(1_000_000)}",`)
    const response: FakeResponse = {
      status: 200,
      contentType: "application/json",
      body: Stream.fromIterable(Array.range(1, 50)).pipe(
        Stream.rechunk(1),
        Stream.map(() => {
          pulled += 1
          return megabyte
        })
      )
    }
    return Effect.gen(function*() {
      for (const [status, run] of Breadth.pairs([200, 422], Breadth.isFull ? calls : calls.slice(0, 2))) {
        response.status = status
        pulled = 0
        check(yield* Effect.result(run()), status, `status ${status}`)
        assert.isAtMost(pulled, status === 200 ? 18 : 2)
      }
    }).pipe(Effect.provide(respondingWith(response)))
  })

  const unpacksTo50MB = gzipSync(Buffer.alloc(50_000_000, " "))

  for (const transport of ["undici", "fetch"] as const) {
    it.live(`of gzip that unpacks to 50 MB are not unpacked past the limit over ${transport}`, () =>
      Effect.gen(function*() {
        const server = yield* HostileServer.make({
          _tag: "Respond",
          status: 200,
          headers: { "content-type": "application/json", "content-encoding": "gzip" },
          body: unpacksTo50MB
        })
        const layer = transport === "undici"
          ? NodeLiveDesk.layer({ ...options, baseUrl: server.url })
          : LiveDesk.layer.pipe(
            Layer.provide(LiveDeskClient.layer({ ...options, baseUrl: server.url })),
            Layer.provide(FetchHttpClient.layer)
          )
        const before = yield* heap
        const result = yield* Effect.result(Effect.provide(byOperation["contacts.list"](), layer))
        assert.isTrue(Result.isFailure(result))
        check(result, 200, transport)
        assert.isBelow((yield* heap) - before, 30_000_000)
      }))
  }
})
