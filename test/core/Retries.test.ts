import { Contacts, LiveDesk, LiveDeskClient, LiveDeskError, RetryPolicy } from "@effect-livedesk/core"
import * as Endpoints from "@effect-livedesk/core/Endpoints"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Layer, Option, Redacted, Schedule, Schema, Struct, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as FakeTransport from "../FakeTransport.ts"

const layer = (steps: ReadonlyArray<FakeTransport.Step>, options: Partial<LiveDeskClient.Options> = {}) =>
  LiveDesk.layer.pipe(
    Layer.provideMerge(
      LiveDeskClient.layer({ apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret"), ...options })
    ),
    Layer.provideMerge(FakeTransport.inTurn(...steps))
  )

const created = { body: { payload: { contact: { id: 7 }, contact_inbox: { source_id: "s-1" } } } }
const page = { body: { meta: { count: 0, current_page: 1 }, payload: [] } }
const updated = { body: { payload: { id: 7 } } }
const refused = { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" }) }
const reset = { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) }

const create = (options?: LiveDeskClient.CallOptions) =>
  Effect.flatMap(Contacts.Contacts, (contacts) => contacts.create({ inboxId: 407, email: "ada@acme.inc" }, options))
const list = (options?: LiveDeskClient.CallOptions) =>
  Effect.flatMap(Contacts.Contacts, (contacts) => contacts.list({}, options))
const update = (options?: LiveDeskClient.CallOptions) =>
  Effect.flatMap(Contacts.Contacts, (contacts) => contacts.update({ contactId: 7 }, options))

/** How a call ends when the clock goes on for an hour; how many requests it made, and how many seconds it took. */
const run = <A, R>(call: Effect.Effect<A, LiveDeskError.LiveDeskError, R>) =>
  Effect.gen(function*() {
    const start = yield* Clock.currentTimeMillis
    const timed = Effect.flatMap(Effect.result(call), (result) =>
      Effect.map(Clock.currentTimeMillis, (now) => ({ result, seconds: (now - start) / 1000 })))
    const fiber = yield* Effect.forkChild(timed)
    yield* TestClock.adjust("1 hour")
    return { ...yield* Fiber.join(fiber), requests: (yield* FakeTransport.Sent).length }
  })

const failure = <A, R>(call: Effect.Effect<A, LiveDeskError.LiveDeskError, R>) =>
  Effect.flatMap(
    run(call),
    ({ result, ...rest }) => Effect.map(Effect.flip(Effect.fromResult(result)), (error) => ({ error, ...rest }))
  )

describe("a failed attempt", () => {
  /** What happens to a request, and which calls are retried after it. */
  const table: ReadonlyArray<
    readonly [name: string, step: FakeTransport.Step, again: "all" | "idempotent" | "none", LiveDeskError.Outcome]
  > = [
    ["no connection", refused, "all", "NotSent"],
    ["429", { status: 429 }, "all", "Rejected"],
    ["500", { status: 500 }, "idempotent", "Unknown"],
    ["502 of a proxy", { status: 502, body: "<html>Bad Gateway</html>" }, "idempotent", "Unknown"],
    ["503", { status: 503 }, "idempotent", "Unknown"],
    ["408", { status: 408 }, "idempotent", "Unknown"],
    ["a broken connection", reset, "idempotent", "Unknown"],
    ["an unreadable response", { body: "{" }, "idempotent", "Processed"],
    ["a page of a login", { body: "<html>" }, "idempotent", "Unknown"],
    ["304", { status: 304 }, "none", "Rejected"],
    ["400", { status: 400 }, "none", "Rejected"],
    ["401", { status: 401 }, "none", "Rejected"],
    ["402", { status: 402 }, "none", "Rejected"],
    ["403", { status: 403 }, "none", "Rejected"],
    ["404", { status: 404 }, "none", "Rejected"],
    ["409", { status: 409 }, "none", "Rejected"],
    ["422", { status: 422 }, "none", "Rejected"],
    ["a redirect", { status: 302 }, "none", "Rejected"]
  ]

  it.effect.each(table)(
    "%s is retried only where that is safe",
    ([, step, again, outcome]) =>
      Effect.gen(function*() {
        const calls = [
          ["create", Effect.asVoid(create()), created, again === "all"],
          ["list", Effect.asVoid(list()), page, again !== "none"],
          ["update", Effect.asVoid(update()), updated, again !== "none"]
        ] as const
        for (const [name, call, good, isMadeAgain] of calls) {
          const failed = yield* Effect.provide(failure(call), layer([step]))
          assert.strictEqual(failed.requests, isMadeAgain ? 3 : 1, name)
          assert.strictEqual(failed.error.outcome, outcome, name)
          assert.strictEqual(failed.error.attempts, isMadeAgain ? 3 : undefined, name)
          const recovered = yield* Effect.provide(run(call), layer([step, step, good]))
          assert.strictEqual(recovered.result._tag, isMadeAgain ? "Success" : "Failure", name)
        }
      })
  )

  it("where nothing was sent, is retried by any call, unless the reason stays", () => {
    const common = { operation: "contacts.list", outcome: "NotSent" } as const
    const timedOut = { limit: Duration.seconds(30), identifiers: {} } as const
    const errors: ReadonlyArray<readonly [isRetryable: boolean, error: LiveDeskError.LiveDeskError]> = [
      ...(["Queued", "Connecting"] as const).map((phase) =>
        [
          true,
          new LiveDeskError.HttpError({ ...common, reason: new LiveDeskError.TimedOut({ phase, ...timedOut }) })
        ] as const
      ),
      [
        true,
        new LiveDeskError.HttpError({ ...common, reason: new LiveDeskError.CircuitOpen({ retryAfter: Option.none() }) })
      ],
      [false, new LiveDeskError.HttpError({ ...common, reason: new LiveDeskError.Conflict({ messages: [] }) })],
      [false, new LiveDeskError.ValidationError({ ...common, reason: new LiveDeskError.InvalidInput({ issues: [] }) })],
      [
        false,
        new LiveDeskError.AuthError({ ...common, reason: new LiveDeskError.InvalidCredentials({ problem: "empty" }) })
      ]
    ]
    for (const [isRetryable, error] of errors) {
      assert.strictEqual(error.isRetryable, isRetryable, error.reason._tag)
      for (const idempotency of ["safe", "idempotent", "none"] as const) {
        assert.strictEqual(RetryPolicy.isRetryable(error, idempotency), isRetryable, error.reason._tag)
      }
    }
  })

  it("of a call that creates or sends is not idempotent, and has a verifyHint", () => {
    const posted = Endpoints.all.filter(({ method }) => method === "POST")
    assert.isAtLeast(posted.length, 5)
    for (const { idempotency, operation, verifyHint } of posted) {
      assert.strictEqual(idempotency, "none", operation)
      assert.isString(verifyHint, operation)
    }
  })

  it.effect("counts with its outcome when a later one is less bad", () =>
    Effect.gen(function*() {
      const { error } = yield* Effect.provide(failure(list()), layer([{ status: 503 }, { status: 404 }]))
      assert.deepInclude(error, { outcome: "Unknown", attempts: 2, status: 404 })
      assert.strictEqual(error.reason._tag, "NotFound")
      assert.match(error.message, /^contacts\.list failed 2 times: HttpError\/NotFound, outcome Unknown: /)
    }))

  it.effect("is counted on the span", () =>
    Effect.gen(function*() {
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      yield* run(list()).pipe(
        Effect.provide(layer([reset, page])),
        Effect.provideService(Tracer.Tracer, tracer)
      )
      assert.deepStrictEqual(
        spans.map(({ attributes, name }) => [name, attributes.get("http.request.resend_count")]),
        [["contacts.list", 1]]
      )
    }))
})

describe("a call whose outcome is unknown", () => {
  it.effect("says how to verify the outcome, and so does the JSON of its error", () =>
    Effect.gen(function*() {
      for (const step of [reset, { status: 500 }, { body: "nothing" }]) {
        const { error } = yield* Effect.provide(failure(create()), layer([step]))
        assert.match(
          error.message,
          /To verify the outcome: look for its identifier, e-mail or phone number, with contacts\.find/
        )
        assert.strictEqual(error.verifyHint, Contacts.endpoints.create.verifyHint)
      }
      for (const step of [refused, { status: 422 }, { status: 429 }]) {
        const { error } = yield* Effect.provide(failure(create()), layer([step]))
        assert.isUndefined(error.verifyHint)
      }
    }))

  it.effect("can be retried where the call is safe, and says so", () =>
    Effect.gen(function*() {
      for (const step of [reset, { status: 500 }, { body: "nothing" }]) {
        const { error } = yield* Effect.provide(failure(list()), layer([step]))
        assert.isUndefined(error.verifyHint)
        assert.isTrue(error.isRetryable)
        assert.match(error.message, /Retrying this call is safe\.$/)
        const { error: made } = yield* Effect.provide(failure(create()), layer([step]))
        assert.isFalse(made.isRetryable)
        assert.isFalse(made.isCallIdempotent)
        assert.notInclude(made.message, "Retrying this call is safe")
      }
      const { error } = yield* Effect.provide(failure(list()), layer([{ status: 422 }]))
      assert.isFalse(error.isRetryable)
      assert.isTrue(error.isCallIdempotent)
      // A wrong key is still wrong, though an earlier attempt may have been acted upon.
      const { error: locked } = yield* Effect.provide(failure(list()), layer([{ status: 500 }, { status: 401 }]))
      assert.strictEqual(locked.outcome, "Unknown")
      assert.isFalse(locked.isRetryable)
      assert.match(locked.message, /Compare the API key and secret/)
      // What did nothing may be repeated, whatever the call.
      for (const step of [refused, { status: 429 }]) {
        const { error } = yield* Effect.provide(failure(create()), layer([step]))
        assert.isTrue(error.isRetryable)
      }
    }))
})

describe("the wait", () => {
  const error = (retryAfter: Option.Option<Duration.Duration>) =>
    new LiveDeskError.HttpError({
      operation: "contacts.list",
      outcome: "Rejected",
      reason: new LiveDeskError.RateLimited({ messages: [], retryAfter })
    })

  it.effect("is drawn evenly below a ceiling that doubles up to the longest", () =>
    Effect.sync(() => {
      for (const [retry, ceiling] of [[0, 500], [1, 1000], [2, 2000], [4, 8000], [9, 8000], [99, 8000]] as const) {
        for (const random of [0, 0.25, 0.999]) {
          const delay = RetryPolicy.delay(RetryPolicy.defaults, error(Option.none()), retry, random)
          assert.deepStrictEqual(Option.map(delay, Duration.toMillis), Option.some(Math.round(ceiling * random)))
        }
      }
    }))

  const below = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: maximum - 1 }))

  it.effect.prop(
    "is the longer of Retry-After and the backoff, and none beyond the longest Retry-After",
    { seconds: below(90), retry: below(9), hundredths: below(100) },
    ({ hundredths, retry, seconds }) =>
      Effect.sync(() => {
        // Backoffs as long as what is asked for, so that either is often the longer.
        const policy = { ...RetryPolicy.defaults, baseDelay: Duration.seconds(1), maxDelay: Duration.seconds(90) }
        const delay = (retryAfter: Option.Option<Duration.Duration>) =>
          Option.map(RetryPolicy.delay(policy, error(retryAfter), retry, hundredths / 100), Duration.toMillis)
        assert.deepStrictEqual(
          delay(Option.some(Duration.seconds(seconds))),
          seconds > 60
            ? Option.none()
            : Option.map(delay(Option.none()), (backoff) => Math.max(backoff, 1000 * seconds))
        )
      })
  )

  it.effect.each(
    [
      ["seconds", "2", 2],
      ["a date", "Thu, 01 Jan 1970 00:00:07 GMT", 7],
      ["the longest that is waited for", "60", 60]
    ] as const
  )("is never shorter than Retry-After in %s", ([, header, least]) =>
    Effect.gen(function*() {
      const tooSoon = { status: 429, headers: { "retry-after": header } }
      const { requests, result, seconds } = yield* run(create({ timeout: "10 minutes" })).pipe(
        Effect.provide(layer([tooSoon, created]))
      )
      assert.strictEqual(result._tag, "Success")
      assert.strictEqual(requests, 2)
      assert.isAtLeast(seconds, least)
      assert.isAtMost(seconds, least + 0.5)
    }))

  it.effect("is never shorter than the Retry-After of a 503, where a read is retried", () =>
    Effect.gen(function*() {
      const down = { status: 503, headers: { "retry-after": "3" } }
      const { result, seconds } = yield* Effect.provide(run(list()), layer([down, page]))
      assert.strictEqual(result._tag, "Success")
      assert.isAtLeast(seconds, 3)
    }))

  it.effect("is not begun where LiveDesk asks for longer than the policy or the timeout allows", () =>
    Effect.gen(function*() {
      const tooSoon = (seconds: number) => [{ status: 429, headers: { "retry-after": String(seconds) } }, created]
      for (
        const [seconds, options] of [[61, { timeout: "10 minutes" }], [30, {}], [5, { timeout: "5 seconds" }]] as const
      ) {
        const { error, ...rest } = yield* Effect.provide(failure(create(options)), layer(tooSoon(seconds)))
        assert.deepStrictEqual(rest, { requests: 1, seconds: 0 })
        assert.strictEqual(error.reason._tag, "RateLimited")
        assert.match(
          error.message,
          new RegExp(`Wait ${Duration.format(Duration.seconds(seconds))} before calling again`)
        )
      }
    }))
})

describe("retryAfterOf", () => {
  const failed = (reason: LiveDeskError.HttpError["reason"]) =>
    new LiveDeskError.HttpError({ operation: "contacts.list", outcome: "Unknown", reason })
  const retryAfter = Option.some(Duration.seconds(7))

  it.effect("is what LiveDesk asked for when it refused or failed, or how long the circuit stays open", () =>
    Effect.sync(() => {
      for (
        const reason of [
          new LiveDeskError.RateLimited({ messages: [], retryAfter }),
          new LiveDeskError.ServerError({ messages: [], retryAfter }),
          new LiveDeskError.CircuitOpen({ retryAfter })
        ]
      ) assert.deepStrictEqual(RetryPolicy.retryAfterOf(failed(reason)), retryAfter)
    }))

  it.effect("is none where no wait was asked for", () =>
    Effect.sync(() => {
      assert.isTrue(Option.isNone(RetryPolicy.retryAfterOf(failed(new LiveDeskError.NotFound({ messages: [] })))))
      assert.isTrue(
        Option.isNone(RetryPolicy.retryAfterOf(failed(new LiveDeskError.CircuitOpen({ retryAfter: Option.none() }))))
      )
    }))

  it.effect("is never undercut by a schedule that honors it, whose longer delays stay", () =>
    Effect.gen(function*() {
      const step = yield* Schedule.toStep(RetryPolicy.honorRetryAfter(Schedule.exponential("5 seconds")))
      const delay = (retryAfter: Option.Option<Duration.Duration>) =>
        Effect.map(
          step(0, failed(new LiveDeskError.ServerError({ messages: [], retryAfter }))),
          ([, delay]) => Duration.toSeconds(delay)
        )
      assert.deepStrictEqual(
        [yield* delay(retryAfter), yield* delay(retryAfter), yield* delay(Option.none())],
        [7, 10, 20]
      )
    }))
})

describe("the timeout", () => {
  it.effect("is one over all attempts and waits", () =>
    Effect.gen(function*() {
      const { error, requests, seconds } = yield* Effect.provide(
        failure(list()),
        layer([{ status: 503, headers: { "retry-after": "20" } }, "Silence"])
      )
      assert.deepStrictEqual([requests, seconds], [2, 30])
      assert.deepInclude(error, { outcome: "Unknown", attempts: 2 })
      assert.deepInclude(error.reason, { _tag: "TimedOut", phase: "AwaitingResponse" })
    }))

  it.effect("that passes in a later attempt leaves the worst that may have happened", () =>
    Effect.gen(function*() {
      const { error } = yield* Effect.provide(failure(create()), layer([refused, "Silence"]))
      assert.deepInclude(error, { outcome: "Unknown", attempts: 2 })
      assert.strictEqual(error.verifyHint, Contacts.endpoints.create.verifyHint)
    }))
})

describe("options", () => {
  it.effect("hold for all calls, and for one", () =>
    Effect.gen(function*() {
      const one = yield* Effect.provide(failure(list()), layer([reset], { retries: { times: 0 } }))
      assert.strictEqual(one.requests, 1)
      const five = yield* Effect.provide(
        failure(list({ retries: { times: 4 } })),
        layer([reset], { retries: { times: 0, baseDelay: 0 } })
      )
      assert.deepStrictEqual([five.requests, five.seconds], [5, 0])
    }))

  it.effect("allow 100 retries, and not 101", () =>
    Effect.gen(function*() {
      const most = yield* Effect.provide(failure(list({ retries: { times: 100, baseDelay: 0 } })), layer([reset]))
      assert.strictEqual(most.requests, 101)
      const { error, requests } = yield* Effect.provide(failure(list({ retries: { times: 101 } })), layer([reset]))
      assert.strictEqual(requests, 0)
      assert.include(error.message, "options.retries.times: expected a whole number from 0 to 100")
    }))

  it.effect("that are invalid are all reported, and nothing is sent", () =>
    Effect.gen(function*() {
      const bad = { times: -1, baseDelay: "-1 seconds", maxDelay: "2 days", maxRetryAfter: Infinity } as const
      for (const names of [["times"], ["baseDelay"], ["maxDelay"], ["maxRetryAfter"], Struct.keys(bad)] as const) {
        const retries = Struct.pick(bad, names)
        const { error, requests } = yield* Effect.provide(failure(list({ retries })), layer([page]))
        assert.strictEqual(requests, 0)
        assert.deepStrictEqual(
          error.reason._tag === "InvalidInput" ? error.reason.issues.map(({ path }) => path.join(".")) : [],
          names.map((name) => `options.retries.${name}`)
        )
      }
      const unmade = yield* Effect.flip(Effect.provide(list(), layer([page], { retries: bad })))
      assert.include(unmade.message, "retries.times: expected")
    }))
})

describe("interrupting", () => {
  it.effect.each([["a wait", reset], ["a request", "Silence"]] as const)(
    "ends %s at once",
    ([, step]) =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(list())
        yield* TestClock.adjust(0)
        yield* Fiber.interrupt(fiber)
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
        yield* TestClock.adjust("1 hour")
        assert.strictEqual((yield* FakeTransport.Sent).length, 1)
      }).pipe(Effect.provide(layer([step], { retries: { baseDelay: "10 seconds" } })))
  )
})
