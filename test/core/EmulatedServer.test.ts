import { Contacts } from "@effect-livedesk/core"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import * as EmulatedServer from "@effect-livedesk/core/testing/EmulatedServer"
import type { KeptBody } from "@effect-livedesk/core/testing/Exchange"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Exit, Option } from "effect"
import { HttpClientRequest, HttpServerRequest, HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"

const { Fault } = Faults

const make = Effect.fnUntraced(function*(options?: EmulatedServer.Options) {
  const { httpEffect } = yield* Emulator.Emulator
  const server = yield* EmulatedServer.make(httpEffect, options)
  const ask = (request: HttpClientRequest.HttpClientRequest) =>
    Effect.provideService(
      server.httpEffect,
      HttpServerRequest.HttpServerRequest,
      HttpServerRequest.fromClientRequest(request)
    )
  return { ...server, ask }
})

const contacts = HttpClientRequest.make("POST")(`http://localhost${Contacts.endpoints.create.path}?token=canary`).pipe(
  HttpClientRequest.setHeader("authorization", "Basic canary"),
  HttpClientRequest.bodyJsonUnsafe({ name: "canary" })
)

const other = (id: number) => HttpClientRequest.get(`http://localhost/api/v2/others/${id}`)

describe("an emulator behind a server", () => {
  it.effect("remembers each request and its outcome, and nothing that was sent", () =>
    Effect.gen(function*() {
      const { ask, exchange, requests } = yield* make()
      yield* TestClock.adjust("1 minute")
      yield* ask(contacts)
      assert.deepStrictEqual(yield* exchange(1), Option.none())
      const [request] = yield* requests
      assert.deepInclude(request, {
        number: 1,
        method: "POST",
        path: Contacts.endpoints.create.path,
        operation: "contacts.create",
        fault: Option.none(),
        status: Option.some(401),
        sentStatus: Option.some(401),
        took: Option.some(Duration.zero)
      })
      assert.deepStrictEqual(
        Option.map(Option.fromUndefinedOr(request), ({ at }) => DateTime.toEpochMillis(at)),
        Option.some(60_000)
      )
      assert.notInclude(JSON.stringify(request), "canary")
    }).pipe(Effect.provide(Emulator.layerHttpClient)))

  it.effect("remembers the last 200 requests, and returns the same array until there are others", () =>
    Effect.gen(function*() {
      const { ask, faults, requests } = yield* make()
      yield* Effect.forEach(Array.from({ length: 250 }, (_, id) => id), (id) => ask(other(id)))
      const remembered = yield* requests
      assert.deepStrictEqual(
        remembered.map(({ number }) => number),
        Array.from({ length: 200 }, (_, index) => index + 51)
      )
      assert.strictEqual(remembered.at(-1)?.path, "/api/v2/others/249")
      assert.strictEqual(yield* requests, remembered)
      assert.lengthOf(yield* faults.trace, 200)
      yield* ask(other(250))
      assert.notStrictEqual(yield* requests, remembered)
      yield* ask(HttpClientRequest.get(`http://localhost/${"a".repeat(10_000)}`))
      assert.lengthOf((yield* requests).at(-1)?.path ?? "", 500)
    }).pipe(Effect.provide(Emulator.layerHttpClient)))

  it.effect("applies the faults of a plan until it follows another", () =>
    Effect.gen(function*() {
      const { ask, faults, requests } = yield* make()
      assert.deepStrictEqual(yield* faults.plan, Faults.script({}))
      const plan = Faults.script({
        "contacts.create": [Fault.Refused(), "Pass", Fault.RateLimited({ retryAfter: "2" })],
        "*": [Fault.Silent({ when: "BeforeProcessing" })]
      })
      yield* faults.setPlan(plan)
      assert.strictEqual(yield* faults.plan, plan)
      const lost = yield* Effect.flip(ask(contacts))
      assert.strictEqual(lost._tag, "ConnectionLost")
      assert.strictEqual((yield* ask(contacts)).status, 401)
      const limited = yield* ask(contacts)
      assert.deepStrictEqual([limited.status, limited.headers["retry-after"]], [429, "2"])
      assert.deepStrictEqual(
        (yield* requests).map((
          { sentStatus, fault, status }
        ) => [Option.map(fault, Faults.describe), status, sentStatus]),
        [
          [Option.some("Refused"), Option.none(), Option.none()],
          [Option.none(), Option.some(401), Option.some(401)],
          [Option.some("RateLimited retryAfter 2"), Option.none(), Option.some(429)]
        ]
      )
      const refused = yield* Effect.exit(faults.setPlan(Faults.seeded({ seed: 1, rate: -1 })))
      assert.isTrue(Exit.isFailure(refused))
      assert.strictEqual(yield* faults.plan, plan)
      yield* faults.setPlan(Faults.script({}))
      assert.strictEqual((yield* ask(contacts)).status, 401)
    }).pipe(Effect.provide(Emulator.layerHttpClient)))

  it.effect("records how long a request took when the client stops waiting for its response", () =>
    Effect.gen(function*() {
      const { ask, faults, requests } = yield* make()
      yield* faults.setPlan(Faults.seeded({ seed: 1, rate: 1, faults: [Fault.Silent({ when: "AfterProcessing" })] }))
      const waits = yield* Effect.forkChild(Effect.timeoutOption(ask(contacts), "3 seconds"))
      yield* TestClock.adjust("1 second")
      const [before] = yield* requests
      assert.deepInclude(before, { status: Option.some(401), took: Option.none() })
      yield* TestClock.adjust("2 seconds")
      assert.isDefined(waits.pollUnsafe())
      assert.deepStrictEqual((yield* requests)[0]?.took, Option.some(Duration.seconds(3)))
    }).pipe(Effect.provide(Emulator.layerHttpClient)))
})

/** A request with the emulator's own credentials. */
const post = (name: string, query = "") =>
  HttpClientRequest.make("POST")(`http://localhost${Contacts.endpoints.create.path}${query}`).pipe(
    HttpClientRequest.basicAuth("emulator-key", "emulator-secret"),
    HttpClientRequest.bodyJsonUnsafe({ inbox_id: 407, name })
  )

const textOf = ({ head }: KeptBody): string => new TextDecoder().decode(head)

describe("an emulator that keeps bodies", () => {
  it.effect("keeps the query and both bodies of a request, and no header", () =>
    Effect.gen(function*() {
      const { ask, exchange } = yield* make({ keepsBodies: true })
      const response = HttpServerResponse.toWeb(yield* ask(post("Alice", "?a=%20b&c")))
      const { request, response: kept, ...rest } = Option.getOrThrow(yield* exchange(1))
      assert.deepStrictEqual(rest, {
        url: `${Contacts.endpoints.create.path}?a=%20b&c`,
        requestType: "application/json",
        responseType: "application/json"
      })
      assert.deepStrictEqual([textOf(request), request.length], ["{\"inbox_id\":407,\"name\":\"Alice\"}", 31])
      assert.strictEqual(textOf(kept), yield* Effect.promise(() => response.text()))
      const all = JSON.stringify([rest, textOf(request), textOf(kept)])
      for (const secret of ["Basic", "emulator-secret", btoa("emulator-key:emulator-secret")]) {
        assert.notInclude(all, secret)
      }
      assert.deepStrictEqual(yield* exchange(2), Option.none())
    }).pipe(Effect.provide(Emulator.layerHttpClient)))

  it.effect("keeps what is sent of a response whose body meets a fault", () =>
    Effect.gen(function*() {
      const { ask, exchange, faults } = yield* make({ keepsBodies: true })
      yield* faults.setPlan(
        Faults.script({ "contacts.create": [Fault.CutShort({ bytes: 10 }), Fault.Reset({ when: "BeforeProcessing" })] })
      )
      const response = HttpServerResponse.toWeb(yield* ask(post("Alice")))
      yield* Effect.exit(Effect.tryPromise(() => response.text()))
      const cut = Option.getOrThrow(yield* exchange(1))
      assert.deepStrictEqual([textOf(cut.response).length, cut.response.length], [10, 10])
      yield* Effect.exit(ask(post("Bob")))
      const lost = Option.getOrThrow(yield* exchange(2))
      assert.include(textOf(lost.request), "Bob")
      assert.strictEqual(lost.response.length, 0)
    }).pipe(Effect.provide(Emulator.layerHttpClient)))

  it.effect("keeps 64 KiB of a body, 8 MiB of all bodies, and the last 200 requests", () =>
    Effect.gen(function*() {
      const { ask, exchange } = yield* make({ keepsBodies: true })
      const kept = Effect.map(
        Effect.forEach(Array.from({ length: 500 }, (_, index) => index + 1), exchange),
        (exchanges) => exchanges.flatMap(Option.toArray)
      )
      yield* ask(post("x".repeat(100_000)))
      const [long] = yield* kept
      assert.deepStrictEqual([long?.request.head.byteLength, long?.request.length], [65_536, 100_026])
      yield* Effect.replicateEffect(ask(post("x".repeat(100_000))), 150)
      const many = yield* kept
      const length = many.reduce((sum, { request, response }) => sum + request.head.length + response.head.length, 0)
      assert.isAtMost(length, 8_388_608)
      assert.isAbove(length, 8_000_000)
      assert.isTrue(Option.isSome(yield* exchange(151)))
      yield* Effect.replicateEffect(ask(post("Alice")), 250)
      assert.lengthOf(yield* kept, 200)
      assert.isTrue(Option.isSome(yield* exchange(401)))
    }).pipe(Effect.provide(Emulator.layerHttpClient)))
})
