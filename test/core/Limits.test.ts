import { Accounts, Breaker, Contacts, LiveDesk, LiveDeskClient, RateLimit, Transport } from "@effect-livedesk/core"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer, Option, Redacted, Tracer } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { CircuitBreaker, RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"

const { Fault } = Faults

const layer = (
  options: Partial<LiveDeskClient.Options>,
  steps: ReadonlyArray<Faults.Step> = []
) => LiveDesk.layer.pipe(Layer.provideMerge(Faults.layerEmulator(Faults.script({ "*": steps }), options)))

const list = (options?: LiveDeskClient.CallOptions) =>
  Effect.flatMap(Contacts.Contacts, (contacts) => contacts.list({}, options))

/** When requests reached the transport, in milliseconds. */
const times = Effect.map(Effect.flatMap(Faults.Faults, ({ trace }) => trace), (trace) => trace.map(({ at }) => at))

describe("a rate limit", () => {
  it.effect("lets no more requests out than it says, and none is lost", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 25 }, () => list()), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      const seconds = (yield* times).map((at) => Math.floor(at / 1000))
      assert.deepStrictEqual([0, 1, 2, 3].map((second) => seconds.filter((at) => at === second).length), [10, 10, 5, 0])
    }).pipe(Effect.provide(layer({ rateLimit: RateLimit.make({ limit: 10 }) }))))

  it.effect("counts repeated attempts, too", () =>
    Effect.gen(function*() {
      yield* Faults.runWithTestClock(list())
      const [first = 0, second = 0] = yield* times
      assert.isAtLeast(second - first, 60_000)
    }).pipe(Effect.provide(
      layer({ rateLimit: RateLimit.make({ limit: 1, window: "1 minute" }), timeout: "5 minutes" }, [Fault.Refused()])
    )))

  it.effect("does not retry by itself, and waits within the call's timeout, where nothing is sent", () =>
    Effect.gen(function*() {
      const refused = yield* Faults.runWithTestClock(Effect.flip(list({ retries: { times: 0 } })))
      assert.deepInclude(refused, { status: 429 })
      const start = yield* Clock.currentTimeMillis
      const [, late] = yield* Faults.runWithTestClock(
        Effect.all([Effect.exit(list()), Effect.flip(list({ timeout: "5 seconds" }))], { concurrency: 2 })
      )
      assert.isAtLeast(yield* Clock.currentTimeMillis, start + 5000)
      assert.deepInclude(late, { outcome: "NotSent" })
      assert.deepInclude(late.reason, { _tag: "TimedOut", phase: "Queued", queue: "RateLimit" })
      assert.match(late.message, /the call was still waiting under the rate limit after 5s\. Nothing was sent/)
    }).pipe(Effect.provide(
      layer({ rateLimit: RateLimit.make({ limit: 1, window: "1 minute" }) }, [Fault.RateLimited({})])
    )))

  it.effect("hides nothing of a request that it let out", () =>
    Effect.gen(function*() {
      const error = yield* Faults.runWithTestClock(Effect.flip(list()))
      assert.deepInclude(error, { outcome: "Unknown" })
      assert.deepInclude(error.reason, { _tag: "TimedOut", phase: "AwaitingResponse" })
    }).pipe(Effect.provide(
      layer({ rateLimit: RateLimit.make({ limit: 1 }) }, [Fault.Silent({ when: "AfterProcessing" })])
    )))

  for (const algorithm of ["fixed-window", "token-bucket"] as const) {
    it.effect(`by ${algorithm} in memory lets requests out in time after the clock was set back an hour`, () =>
      Effect.gen(function*() {
        yield* TestClock.adjust("2 hours")
        yield* list()
        yield* TestClock.setTime(3_600_000)
        for (const request of ["the first", "the second", "the third"]) {
          const fiber = yield* Effect.forkChild(list())
          yield* TestClock.adjust("1 second")
          assert.strictEqual(fiber.pollUnsafe()?._tag, "Success", request)
        }
      }).pipe(Effect.provide(layer({ rateLimit: RateLimit.make({ limit: 1, algorithm }) }))))
  }

  it.effect("in memory forgets the wait of a 429 in time after the clock was set back an hour", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("2 hours")
      assert.deepInclude(yield* Effect.flip(list({ retries: { times: 0 } })), { status: 429 })
      yield* TestClock.setTime(3_600_000)
      const next = yield* Effect.forkChild(list())
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(next.pollUnsafe()?._tag, "Success")
    }).pipe(Effect.provide(
      layer({ rateLimit: RateLimit.make({ limit: 5 }) }, [Fault.RateLimited({ retryAfter: "10" })])
    )))

  it.effect("whose store fails sends nothing", () =>
    Effect.gen(function*() {
      const error = yield* Faults.runWithTestClock(Effect.flip(list()))
      assert.deepInclude(error, { outcome: "NotSent", attempts: 3 })
      assert.deepInclude(error.reason, { _tag: "ConnectionFailed", kind: "RateLimiterUnavailable" })
      assert.deepStrictEqual(yield* times, [])
    }).pipe(Effect.provide(
      layer({ rateLimit: RateLimit.make({ limit: 1 }) }).pipe(
        Layer.provide(Layer.succeed(RateLimiter.RateLimiterStore, failingStore))
      )
    )))
})

const storeDown = Effect.fail(
  new RateLimiter.RateLimiterError({ reason: new RateLimiter.RateLimitStoreError({ message: "the store is down" }) })
)

const failingStore = RateLimiter.RateLimiterStore.of({
  fixedWindow: () => storeDown,
  tokenBucket: () => storeDown,
  adaptiveConsume: () => storeDown,
  adaptiveFeedback: () => storeDown
})

describe("a circuit breaker", () => {
  const down = Fault.Failing({ status: 503, when: "BeforeProcessing" })
  const once = { retries: { times: 0 } }

  it.effect("stops calls after so many failures, and lets one through after a while", () =>
    Effect.gen(function*() {
      for (const reason of ["ServerError", "ConnectionLost", "TimedOut", "CircuitOpen", "CircuitOpen"]) {
        const fiber = yield* Effect.forkChild(Effect.flip(list(once)))
        yield* TestClock.adjust("31 seconds")
        assert.strictEqual((yield* Fiber.join(fiber)).reason._tag, reason)
      }
    }).pipe(Effect.provide(
      layer({ circuitBreaker: Breaker.make({ failures: 3, openDuration: "10 minutes" }) }, [
        down,
        Fault.Reset({ when: "BeforeProcessing" }),
        Fault.Silent({ when: "AfterProcessing" })
      ])
    )))

  it.effect("says how long, that nothing was sent, and closes when LiveDesk is back", () =>
    Effect.gen(function*() {
      yield* Effect.flip(list(once))
      const open = yield* Effect.flip(list(once))
      assert.deepInclude(open, { outcome: "NotSent" })
      assert.match(open.message, /calls are stopped for a while\. Nothing was sent; call again in 30s\./)
      assert.strictEqual((yield* times).length, 1)
      yield* TestClock.adjust("30 seconds")
      yield* list(once)
      yield* list(once)
      assert.strictEqual((yield* times).length, 3)
    }).pipe(Effect.provide(layer({ circuitBreaker: Breaker.make({ failures: 1 }) }, [down]))))

  it.effect("in memory lets a call through after its time, also if the clock was set back an hour", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("2 hours")
      yield* Effect.flip(list(once))
      yield* TestClock.setTime(3_600_000)
      yield* TestClock.adjust("29 seconds")
      const open = yield* Effect.flip(list(once))
      assert.match(open.message, /call again in 1s\./)
      yield* TestClock.adjust("1 second")
      yield* list(once)
      yield* list(once)
    }).pipe(Effect.provide(layer({ circuitBreaker: Breaker.make({ failures: 1 }) }, [down]))))

  it.effect("takes a refusal for a sign of life, and counts nothing that says nothing", () =>
    Effect.gen(function*() {
      const { setPlan } = yield* Faults.Faults
      const contacts = yield* Contacts.Contacts
      for (const step of ["Pass", Fault.RateLimited({})] as const) {
        yield* setPlan(Faults.script({ "*": [down, step, down, down] }))
        yield* Effect.flip(list(once))
        // Of an id that nothing has, or refused with 429.
        yield* Effect.flip(contacts.update({ contactId: 99 }, once))
        const next = yield* Effect.flip(list(once))
        assert.strictEqual(next.reason._tag, "ServerError")
        const last = yield* Effect.flip(list(once))
        assert.strictEqual(last.reason._tag, step === "Pass" ? "ServerError" : "CircuitOpen")
        yield* TestClock.adjust("1 minute")
        yield* setPlan(Faults.script({}))
        yield* list(once)
      }
    }).pipe(Effect.provide(layer({ circuitBreaker: Breaker.make({ failures: 2 }) }))))

  it.effect("takes a connect that never ends for a failure, whose outcome is NotSent also behind a rate limit", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.flip(list()))
      yield* TestClock.adjust("30 seconds")
      const error = yield* Fiber.join(fiber)
      assert.deepInclude(error, { outcome: "NotSent" })
      assert.deepInclude(error.reason, { _tag: "TimedOut", phase: "Connecting" })
      assert.strictEqual((yield* Effect.flip(list())).reason._tag, "CircuitOpen")
    }).pipe(Effect.provide(layer({
      circuitBreaker: Breaker.make({ failures: 1 }),
      rateLimit: RateLimit.make({ limit: 10 }),
      transformClient: HttpClient.transform(() =>
        Effect.flatMap(Transport.EnterPhase, (enter) => {
          enter("Connecting")
          return Effect.never
        })
      )
    }))))

  /** All services, over a server that responds with what `respond` makes. */
  const responding = (respond: () => Response, options: Partial<LiveDeskClient.Options>) =>
    Layer.provideMerge(
      LiveDesk.layer,
      LiveDeskClient.layer({
        apiKey: Redacted.make("a-key"),
        apiSecret: Redacted.make("a-secret"),
        retries: { times: 0 },
        ...options
      })
    ).pipe(Layer.provide(Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request) => Effect.sync(() => HttpClientResponse.fromWeb(request, respond())))
    )))

  it.effect("does not take a firewall's page for a sign of life", () =>
    Effect.gen(function*() {
      let status = 503
      const reasons: Array<string> = []
      yield* Effect.gen(function*() {
        for (status of [503, 403, 503, 503]) reasons.push((yield* Effect.flip(list())).reason._tag)
      }).pipe(Effect.provide(
        responding(() => new Response("<html>", { status }), { circuitBreaker: Breaker.make({ failures: 2 }) })
      ))
      assert.deepStrictEqual(reasons, ["ServerError", "UnexpectedStatus", "ServerError", "CircuitOpen"])
    }))

  /** A store that admits every call, and takes down what came of it. */
  const recording = (recorded: Array<string>) =>
    Layer.mock(CircuitBreaker.CircuitBreakerStore, {
      admit: () => Effect.succeed({ generation: 1, probe: false, consecutiveOpenings: 0, transition: undefined }),
      record: ({ outcome }) =>
        Effect.sync(() => {
          recorded.push(outcome)
          return undefined
        })
    })

  for (
    const [status, contentType, outcome] of [
      [200, "application/json", "Success"],
      [301, "application/json", "Success"],
      [400, "application/json", "Success"],
      [401, "application/json", "Success"],
      [403, "application/json", "Success"],
      [404, "application/json", "Success"],
      [409, "application/json", "Success"],
      [418, "application/json", "Success"],
      [418, "text/html", "Ignored"],
      [429, "application/json", "Ignored"],
      [408, "application/json", "Failure"],
      [408, "text/html", "Failure"],
      [500, "application/json", "Failure"],
      [503, "text/html", "Failure"]
    ] as const
  ) {
    it.effect(`counts ${status} in ${contentType} as ${outcome}`, () =>
      Effect.gen(function*() {
        const recorded: Array<string> = []
        const body = contentType === "text/html"
          ? "<html>"
          : "{\"payload\":[],\"meta\":{\"count\":0,\"current_page\":1}}"
        yield* Effect.exit(list()).pipe(Effect.provide(
          responding(() => new Response(body, { status, headers: { "content-type": contentType } }), {
            circuitBreaker: Breaker.make()
          }).pipe(Layer.provide(recording(recorded)))
        ))
        assert.deepStrictEqual(recorded, [outcome])
      }))
  }

  it.effect("counts nothing of a call that the rate limiter's store does not let out", () =>
    Effect.gen(function*() {
      const recorded: Array<string> = []
      yield* Effect.exit(list(once)).pipe(
        Effect.provide(
          layer({ circuitBreaker: Breaker.make(), rateLimit: RateLimit.make({ limit: 1 }) }).pipe(
            Layer.provide(recording(recorded)),
            Layer.provide(Layer.succeed(RateLimiter.RateLimiterStore, failingStore))
          )
        )
      )
      assert.deepStrictEqual(recorded, ["Ignored"])
    }))

  it.effect("counts nothing of a call that is interrupted", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(list(once))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual((yield* Effect.flip(list(once))).reason._tag, "ServerError")
    }).pipe(Effect.provide(
      layer({ circuitBreaker: Breaker.make({ failures: 1 }) }, [Fault.Silent({ when: "AfterProcessing" }), down])
    )))

  it.effect("stays open for as long as LiveDesk asks", () =>
    Effect.gen(function*() {
      yield* Effect.flip(list())
      assert.match((yield* Effect.flip(list())).message, /call again in 2m\./)
    }).pipe(Effect.provide(
      responding(() => new Response("{}", { status: 503, headers: { "retry-after": "120" } }), {
        circuitBreaker: Breaker.make({ failures: 1 })
      })
    )))

  it.effect("names no time while another call finds out whether LiveDesk is back", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(list())
      assert.deepInclude(error.reason, { _tag: "CircuitOpen", retryAfter: Option.none() })
    }).pipe(Effect.provide(
      layer({ circuitBreaker: Breaker.make() }).pipe(Layer.provide(Layer.mock(CircuitBreaker.CircuitBreakerStore, {
        admit: (key) =>
          Effect.fail(
            new CircuitBreaker.CircuitBreakerError({ reason: new CircuitBreaker.CircuitHalfOpen({ key }) })
          )
      })))
    )))

  it.effect("whose store does not take what happened delays a call by a second", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(list())
      yield* TestClock.adjust("999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(fiber.pollUnsafe()?._tag, "Success")
    }).pipe(Effect.provide(
      layer({ circuitBreaker: Breaker.make() }).pipe(Layer.provide(Layer.mock(CircuitBreaker.CircuitBreakerStore, {
        admit: () => Effect.succeed({ generation: 1, probe: false, consecutiveOpenings: 0, transition: undefined }),
        record: () => Effect.never
      })))
    )))

  it.effect("does not take time that was spent waiting for a turn for a failure of LiveDesk's", () =>
    Effect.gen(function*() {
      yield* list()
      for (const attempt of ["the first", "the second"]) {
        const fiber = yield* Effect.forkChild(Effect.flip(list({ timeout: "1 second" })))
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* Fiber.join(fiber)).reason._tag, "TimedOut", attempt)
      }
    }).pipe(Effect.provide(layer({
      rateLimit: RateLimit.make({ limit: 1, window: "1 hour" }),
      circuitBreaker: Breaker.make({ failures: 1 })
    }))))

  it.effect("whose store does not respond delays a call by a second, and stops none", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(list())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(fiber.pollUnsafe()?._tag, "Success")
    }).pipe(Effect.provide(
      layer({ circuitBreaker: Breaker.make() }).pipe(
        Layer.provide(Layer.mock(CircuitBreaker.CircuitBreakerStore, {
          admit: () => Effect.never,
          record: () => Effect.never
        }))
      )
    )))

  it.effect("whose store fails stops no call", () =>
    Effect.gen(function*() {
      yield* list()
      assert.lengthOf(yield* times, 1)
    }).pipe(
      Effect.provide(
        layer({ circuitBreaker: Breaker.make() }).pipe(Layer.provide(Layer.mock(CircuitBreaker.CircuitBreakerStore, {
          admit: () =>
            Effect.fail(
              new CircuitBreaker.CircuitBreakerError({
                reason: new CircuitBreaker.CircuitBreakerStoreError({ message: "the store is down" })
              })
            )
        })))
      )
    ))
})

describe("options", () => {
  it.effect("that are invalid are reported when the client is made", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.provide(
        list(),
        layer({
          rateLimit: RateLimit.make({ limit: 0, window: "-1 seconds" }),
          circuitBreaker: Breaker.make({ failures: 0, openDuration: 0 })
        })
      ))
      for (
        const name of ["rateLimit.limit", "rateLimit.window", "circuitBreaker.failures", "circuitBreaker.openDuration"]
      ) {
        assert.include(error.message, `${name}: expected`)
      }
    }))
})

describe("accounts", () => {
  const emulated = Effect.gen(function*() {
    const looked: Array<string> = []
    const { credentials } = yield* Emulator.Emulator
    const accounts = yield* Accounts.make({
      lookup: (name) =>
        Effect.as(
          Effect.sync(() => looked.push(name)),
          name === "locked out"
            ? { ...credentials, apiKey: Redacted.make("another"), circuitBreaker: Breaker.make() }
            : {
              ...credentials,
              circuitBreaker: Breaker.make({ failures: 1 }),
              ...(name === "slow" ? { rateLimit: RateLimit.make({ limit: 1, window: "1 minute" }) } : {})
            }
        ),
      idleTimeToLive: "1 minute"
    })
    return {
      accounts,
      looked,
      listAs: (name: string) => list().pipe(Effect.provide(accounts.get(name), { local: true }))
    }
  })

  const atEmulator = Effect.provide(Layer.provideMerge(Faults.layer(Faults.script({})), Emulator.layerHttpClient))

  it.effect("have a client each, made once, and released when idle", () =>
    Effect.gen(function*() {
      const { listAs, looked } = yield* emulated
      yield* listAs("acme")
      yield* listAs("acme")
      const error = yield* Effect.flip(listAs("locked out"))
      assert.strictEqual(error._tag, "AuthError")
      yield* listAs("acme")
      assert.deepStrictEqual(looked, ["acme", "locked out"])
      yield* TestClock.adjust("61 seconds")
      yield* listAs("acme")
      assert.deepStrictEqual(looked, ["acme", "locked out", "acme"])
    }).pipe(atEmulator))

  it.effect("are looked up anew after that failed, and after the key could not be used", () =>
    Effect.gen(function*() {
      const { credentials } = yield* Emulator.Emulator
      let lookups = 0
      const accounts = yield* Accounts.make({
        lookup: () =>
          Effect.suspend(() => {
            lookups++
            if (lookups === 1) return Effect.fail("the database is away" as const)
            return Effect.succeed(lookups === 2 ? { ...credentials, apiKey: Redacted.make("") } : credentials)
          })
      })
      const listed = list().pipe(Effect.provide(accounts.get("acme")))
      assert.strictEqual(yield* Effect.flip(listed), "the database is away")
      assert.isFalse(yield* Effect.isSuccess(Effect.scoped(accounts.contextEffect("acme"))))
      yield* listed
      yield* Effect.scoped(accounts.contextEffect("acme"))
      assert.strictEqual(lookups, 3)
    }).pipe(atEmulator))

  it.effect("are a service with a layer, as LayerMap.Service is", () =>
    Effect.gen(function*() {
      let lookups = 0
      class Brands extends Accounts.Service<Brands>()("test/Brands", {
        lookup: (name) =>
          Effect.suspend(() => {
            lookups++
            return name === "nobody" ?
              Effect.fail("unknown" as const) :
              Effect.map(Emulator.Emulator, ({ credentials }) => credentials)
          })
      }) {}
      yield* Effect.gen(function*() {
        const listAs = (name: string) => list().pipe(Effect.provide(Brands.get(name), { local: true }))
        yield* listAs("acme")
        yield* listAs("acme")
        assert.strictEqual(lookups, 1)
        yield* Brands.invalidate("acme")
        yield* listAs("acme")
        assert.strictEqual(lookups, 2)
        // A failure is looked up anew, and is in the error channel.
        assert.strictEqual(yield* Effect.flip(listAs("nobody")), "unknown")
        assert.strictEqual(yield* Effect.flip(listAs("nobody")), "unknown")
        assert.strictEqual(lookups, 4)
      }).pipe(Effect.provide(Brands.layer))
    }).pipe(atEmulator))

  it.effect("do not slow each other, and do not stop each other", () =>
    Effect.gen(function*() {
      const { listAs } = yield* emulated
      const { setPlan } = yield* Faults.Faults
      yield* listAs("slow")
      const waiting = yield* Effect.forkChild(listAs("slow"))
      yield* TestClock.adjust(0)
      yield* listAs("acme")
      assert.isUndefined(waiting.pollUnsafe())
      yield* Fiber.interrupt(waiting)
      yield* setPlan(Faults.script({ "*": Array.from({ length: 3 }, () => Fault.Reset({ when: "BeforeProcessing" })) }))
      const failing = yield* Effect.forkChild(Effect.flip(listAs("acme")))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(failing)).reason._tag, "ConnectionLost")
      assert.strictEqual((yield* Effect.flip(listAs("acme"))).reason._tag, "CircuitOpen")
      yield* listAs("globex")
    }).pipe(atEmulator))

  it.effect("are named on spans", () =>
    Effect.gen(function*() {
      const { listAs } = yield* emulated
      const named: Array<unknown> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          named.push(span)
          return span
        }
      })
      yield* Effect.provideService(listAs("acme"), Tracer.Tracer, tracer)
      assert.deepStrictEqual(
        named.map((span) => span instanceof Tracer.NativeSpan ? span.attributes.get("livedesk.account") : undefined),
        ["acme"]
      )
    }).pipe(atEmulator))
})
