import {
  Contacts,
  Conversations,
  Endpoint,
  LiveDesk,
  LiveDeskClient,
  type LiveDeskError,
  Messages,
  Model
} from "@effect-livedesk/core"
import * as Endpoints from "@effect-livedesk/core/Endpoints"
import { Emulator, Faults, WebhookDelivery, WebhookSender } from "@effect-livedesk/core/testing"
import { DeliveryStore, Webhooks } from "@effect-livedesk/core/webhooks"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, HashMap, Layer, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Calls from "../Calls.ts"

const { Fault } = Faults

const layer = (plan: Faults.Plan) => LiveDesk.layer.pipe(Layer.provideMerge(Faults.layerEmulator(plan)))

const create = Effect.flatMap(
  Contacts.Contacts,
  (contacts) => contacts.create({ inboxId: 407, email: "ada@acme.inc" }, { retries: { times: 0 } })
)

const held = Effect.map(
  Effect.flatMap(Emulator.Emulator, ({ state }) => state),
  ({ contacts }) => HashMap.size(contacts)
)

describe("a fault", () => {
  /** What a client sees of it, and whether the server acted. */
  const table: ReadonlyArray<
    readonly [
      Faults.Fault,
      reason: LiveDeskError.LiveDeskError["reason"]["_tag"],
      LiveDeskError.Outcome,
      processed: number
    ]
  > = [
    [Fault.Refused(), "ConnectionFailed", "NotSent", 0],
    [Fault.DnsFailed(), "ConnectionFailed", "NotSent", 0],
    [Fault.Silent({ when: "BeforeProcessing" }), "TimedOut", "Unknown", 0],
    [Fault.Silent({ when: "AfterProcessing" }), "TimedOut", "Unknown", 1],
    [Fault.Reset({ when: "BeforeProcessing" }), "ConnectionLost", "Unknown", 0],
    [Fault.Reset({ when: "AfterProcessing" }), "ConnectionLost", "Unknown", 1],
    [Fault.CutShort({ bytes: 20 }), "ConnectionLost", "Processed", 1],
    [Fault.SlowBody({ bytes: 1, pause: "1 minute" }), "TimedOut", "Processed", 1],
    [Fault.RateLimited({}), "RateLimited", "Rejected", 0],
    [Fault.RateLimited({ retryAfter: "2" }), "RateLimited", "Rejected", 0],
    [Fault.Failing({ status: 500, when: "BeforeProcessing" }), "ServerError", "Unknown", 0],
    [Fault.Failing({ status: 503, when: "AfterProcessing" }), "ServerError", "Unknown", 1],
    [Fault.MalformedBody({ body: "<html>" }), "InvalidResponse", "Unknown", 1]
  ]

  for (const [fault, reason, outcome, processed] of table) {
    const when = "when" in fault ? ` ${fault.when}` : ""
    it.effect(`${fault._tag}${when} looks like a real one`, () =>
      Effect.gen(function*() {
        const error = yield* Faults.runWithTestClock(Effect.flip(create))
        assert.deepStrictEqual([error.reason._tag, error.outcome], [reason, outcome])
        assert.strictEqual(yield* held, processed)
        const { trace } = yield* Faults.Faults
        assert.deepStrictEqual(yield* trace, [{
          number: 1,
          at: 0,
          operation: "contacts.create",
          fault: Option.some(fault),
          status: processed === 1 ? Option.some(200) : Option.none()
        }])
      }).pipe(Effect.provide(layer(Faults.script({ "contacts.create": [fault] })))))
  }

  const failing = { status: 503, when: "BeforeProcessing" } as const
  for (
    const [fault, mediaType, message] of [
      [Fault.Failing(failing), undefined, "Service Unavailable"],
      [Fault.Failing({ ...failing, format: "html" }), "text/html", "did not come from LiveDesk's API (503, text/html)"]
    ] as const
  ) {
    it.effect(`of a server that fails has the body that it names: ${fault.format ?? "none"}`, () =>
      Effect.gen(function*() {
        const error = yield* Faults.runWithTestClock(Effect.flip(create))
        assert.strictEqual(error.foreignMediaType, mediaType)
        assert.include(error.message, message)
      }).pipe(Effect.provide(layer(Faults.script({ "contacts.create": [fault] })))))
  }

  it.effect("of a slow body only takes time", () =>
    Effect.gen(function*() {
      const { contact } = yield* Faults.runWithTestClock(create)
      assert.deepStrictEqual(contact.email, Option.some("ada@acme.inc"))
    }).pipe(Effect.provide(layer(Faults.script({ "*": [Fault.SlowBody({ bytes: 10, pause: "10 millis" })] })))))
})

describe("a script", () => {
  it.effect("applies its faults to the requests that it names, and has a readable trace", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      const conversations = yield* Conversations.Conversations
      const messages = yield* Messages.Messages
      const { contact } = yield* contacts.create({ inboxId: 407, name: "Ada" })
      const { id } = yield* conversations.create({ inboxId: 407, contactId: contact.id })
      const send = (content: string) => messages.send({ conversationId: id, content })
      yield* send("one")
      const error = yield* Faults.runWithTestClock(Effect.flip(send("two")))
      assert.deepInclude(error, { outcome: "Unknown", attempts: 2 })
      yield* send("three")
      const trace = yield* Effect.flatMap(Faults.Faults, ({ trace }) => trace)
      const lines = Faults.format(trace).replaceAll(/ 2\d{3}ms /g, " 2xxxms ").replaceAll(/ 36\d+ms /g, " 36xxms ")
      assert.deepStrictEqual(lines.split("\n"), [
        "#1 0ms contacts.create: passes, server returned 200",
        "#2 0ms conversations.create: passes, server returned 200",
        "#3 0ms messages.send: passes, server returned 200",
        "#4 0ms messages.send: RateLimited retryAfter 2, nothing done",
        "#5 2xxxms messages.send: Reset when AfterProcessing, server returned 200",
        "#6 36xxms messages.send: passes, server returned 200"
      ])
    }).pipe(Effect.provide(layer(Faults.script({
      "messages.send": ["Pass", Fault.RateLimited({ retryAfter: "2" }), Fault.Reset({ when: "AfterProcessing" })]
    })))))

  it.effect("names every call of this library by its operation, and others by method and path without ids", () =>
    Effect.gen(function*() {
      const client = yield* LiveDeskClient.LiveDeskClient
      const own = Endpoint.make({
        operation: "contacts.delete",
        method: "DELETE",
        path: "/api/v2/accounts/contacts/:contact_id/labels/:name",
        input: Schema.Struct({ contact_id: Schema.Int, name: Schema.String }),
        success: Model.nothing,
        idempotency: "idempotent"
      })
      const rejected = yield* Effect.flip(client.call(own)({ contact_id: 2219259, name: "A-7" }))
      assert.strictEqual(rejected.reason._tag, "ServerError")
      const calls = Calls.calls(Calls.missing)
      for (const { operation } of Endpoints.all) {
        const error = yield* Effect.flip(Effect.asVoid(calls[operation]()))
        assert.deepStrictEqual([error.reason._tag, error.outcome], ["ConnectionFailed", "NotSent"])
      }
      const trace = yield* Effect.flatMap(Faults.Faults, ({ trace }) => trace)
      assert.deepStrictEqual(trace.map(({ operation }) => operation), [
        "DELETE /api/v2/accounts/contacts/:id/labels/:id",
        ...Endpoints.all.map(({ operation }) => operation)
      ])
    }).pipe(Effect.provide(LiveDesk.layer.pipe(Layer.provideMerge(Faults.layerEmulator(
      Faults.script({
        "DELETE /api/v2/accounts/contacts/:id/labels/:id": [Fault.Failing({ status: 500, when: "BeforeProcessing" })],
        "*": Array.from({ length: 1 + Endpoints.all.length }, () => Fault.Refused())
      }),
      { retries: { times: 0 } }
    ))))))

  it.effect("can be replaced by another", () =>
    Effect.gen(function*() {
      const { setPlan } = yield* Faults.Faults
      yield* Effect.flip(create)
      yield* setPlan(Faults.script({}))
      yield* create
      assert.strictEqual(yield* held, 1)
    }).pipe(Effect.provide(layer(Faults.script({ "*": [Fault.Refused(), Fault.Refused()] })))))
})

describe("a seed", () => {
  const program = Effect.gen(function*() {
    const contacts = yield* Contacts.Contacts
    for (let index = 0; index < 20; index++) {
      yield* Effect.exit(contacts.create({ inboxId: 407, email: `${index}@acme.inc` }))
      yield* Effect.exit(contacts.list({}))
    }
    return Faults.format(yield* Effect.flatMap(Faults.Faults, ({ trace }) => trace))
  })

  const traceOf = (seed: number, rate: number) =>
    Faults.runWithTestClock(program, 1).pipe(Effect.provide(layer(Faults.seeded({ seed, rate }))))

  it.effect("gives the same trace each time, to the millisecond, and another seed another", () =>
    Effect.gen(function*() {
      const [one, same, other] = [yield* traceOf(1, 0.3), yield* traceOf(1, 0.3), yield* traceOf(2, 0.3)]
      assert.strictEqual(one, same)
      assert.notStrictEqual(one, other)
    }))

  it.effect("applies faults at its rate", () =>
    Effect.gen(function*() {
      assert.notInclude(yield* traceOf(1, 1), "passes")
      assert.notMatch(yield* traceOf(1, 0), /: (?!passes)/)
    }))
})

describe("a plan", () => {
  const possible = Fault.Refused()
  for (
    const [name, plan] of [
      ["no rate", Faults.seeded({ seed: 1, rate: Number.NaN })],
      ["a rate above 1", Faults.seeded({ seed: 1, rate: 2 })],
      ["nothing to draw from", Faults.seeded({ seed: 1, rate: 1, faults: [] })],
      ["half a byte", Faults.script({ "*": ["Pass", possible, Fault.CutShort({ bytes: 0.5 })] })],
      ["drops of nothing", Faults.script({ "*": [Fault.SlowBody({ bytes: 0, pause: "1 second" })] })],
      ["a pause back in time", Faults.script({ "*": [Fault.SlowBody({ bytes: 1, pause: -1 })] })]
    ] as const
  ) {
    it.effect(`with ${name} is rejected`, () =>
      Effect.gen(function*() {
        const rejected = yield* Effect.flip(Effect.provide(create, layer(plan)))
        assert.strictEqual(rejected._tag, "PlanError")
        assert.include(rejected.message, "expected")
        const { setPlan } = yield* Faults.Faults
        assert.strictEqual((yield* Effect.flip(setPlan(plan)))._tag, "PlanError")
      }).pipe(Effect.provide(layer(Faults.script({})))))
  }
})

describe("runWithTestClock", () => {
  it.effect("ends a program that hangs", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Faults.runWithTestClock(Effect.never))
      assert.strictEqual(exit._tag, "Failure")
    }))
})

describe("a program", () => {
  /** What a careful program does: it finds or makes its contact, and looks before it gives up. */
  const welcome = Effect.gen(function*() {
    const contacts = yield* Contacts.Contacts
    const { contact } = yield* contacts.ensure({ inboxId: 407, email: "ada@acme.inc" })
    return contact.email
  })

  it.effect("can be tested to survive any single fault of LiveDesk", () =>
    Effect.forEach(Faults.singleFaults(2), (plan) =>
      Effect.gen(function*() {
        const result = yield* Faults.runWithTestClock(Effect.result(welcome))
        const trace = Faults.format(yield* Effect.flatMap(Faults.Faults, ({ trace }) => trace))
        const count = yield* held
        assert.isAtMost(count, 1, trace)
        if (result._tag === "Success") assert.strictEqual(count, 1, trace)
        else assert.notStrictEqual(result.failure.outcome, count === 0 ? "Processed" : "NotSent", trace)
      }).pipe(Effect.provide(layer(plan)))))
})

describe("a webhook", () => {
  it.effect("that comes twice or late is handled once", () => {
    const handled: Array<string> = []
    const verification = Webhooks.unverified
    const receiver = Webhooks.layer({
      path: "/livedesk",
      verification,
      ownMessages: "handle",
      handler: (event) => Effect.sync(() => void handled.push(event._tag))
    }).pipe(Layer.provide(DeliveryStore.layer))
    const sender = WebhookSender.layer({ path: "/livedesk", verification }).pipe(
      Layer.provide(Faults.layerWebhooks([
        Faults.WebhookFault.Late({ by: "1 minute" }),
        Faults.WebhookFault.Duplicated()
      ]))
    )
    return Effect.gen(function*() {
      const { contact } = yield* create
      const conversations = yield* Conversations.Conversations
      const { id } = yield* conversations.create({ inboxId: 407, contactId: contact.id })
      yield* Effect.flatMap(Messages.Messages, (messages) => messages.send({ conversationId: id, content: "Hello" }))
      const { awaitDelivered } = yield* WebhookSender.WebhookSender
      const fiber = yield* Effect.forkChild(awaitDelivered(3))
      // Less than the sender's timeout: bodies are hashed in real time.
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      // A handler runs after the response.
      yield* Effect.repeat(Effect.yieldNow, { until: () => handled.length > 1 })
      assert.deepStrictEqual(handled, ["MessageCreated", "ConversationUpdated"])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(handled, ["MessageCreated", "ConversationUpdated", "ConversationCreated"])
    }).pipe(Effect.provide(
      Layer.merge(receiver, sender).pipe(
        Layer.provideMerge(WebhookDelivery.layer),
        Layer.provideMerge(layer(Faults.script({})))
      )
    ))
  })
})
