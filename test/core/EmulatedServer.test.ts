import { Contacts } from "@effect-livedesk/core"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import * as EmulatedServer from "@effect-livedesk/core/testing/EmulatedServer"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Exit, Option } from "effect"
import { HttpClientRequest, HttpServerRequest } from "effect/http"
import { TestClock } from "effect/testing"

const { Fault } = Faults

const make = Effect.gen(function*() {
  const { httpEffect } = yield* Emulator.Emulator
  const server = yield* EmulatedServer.make(httpEffect)
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
      const { ask, requests } = yield* make
      yield* TestClock.adjust("1 minute")
      yield* ask(contacts)
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
      const { ask, faults, requests } = yield* make
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
      const { ask, faults, requests } = yield* make
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
      const { ask, faults, requests } = yield* make
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
