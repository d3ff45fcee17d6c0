import { Contacts, Conversations, LiveDesk } from "@effect-livedesk/core"
import { BusinessHours, CustomerReply, FlowEvents, FlowStep, IntentLog } from "@effect-livedesk/core/flows"
import { Emulator } from "@effect-livedesk/core/testing"
import * as NodeSqlite from "@effect-livedesk/node/NodeSqlite"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, type Duration, Effect, Fiber, Layer, Option, PubSub, References, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { Workflow, WorkflowEngine } from "effect/workflow"
import * as Promises from "../Promises.ts"

// ---------------------------------------------------------------------------------------------------------------------
// office hours
// ---------------------------------------------------------------------------------------------------------------------

const utc = (text: string) => DateTime.makeUnsafe(text)
const berlin = { timeZone: "Europe/Berlin", from: "09:00", to: "17:00" }

const opening = (options: BusinessHours.Options, now: string) =>
  Effect.map(BusinessHours.make(options), (hours) => DateTime.formatIso(BusinessHours.nextOpening(hours, utc(now))))

describe("BusinessHours", () => {
  const cases: ReadonlyArray<readonly [string, BusinessHours.Options, string, string]> = [
    ["before it opens", berlin, "2026-01-07T07:30:00Z", "2026-01-07T08:00:00.000Z"],
    ["while it is open", berlin, "2026-01-07T12:00:00Z", "2026-01-07T12:00:00.000Z"],
    ["at the moment of opening", berlin, "2026-01-07T08:00:00Z", "2026-01-07T08:00:00.000Z"],
    ["at the moment of closing", berlin, "2026-01-07T16:00:00Z", "2026-01-08T08:00:00.000Z"],
    ["over a weekend", berlin, "2026-01-09T16:30:00Z", "2026-01-12T08:00:00.000Z"],
    ["over the end of a year", { ...berlin, days: ["Friday"] }, "2026-12-30T12:00:00Z", "2027-01-01T08:00:00.000Z"],
    ["a whole week later", { ...berlin, days: ["Wednesday"] }, "2026-01-07T17:00:00Z", "2026-01-14T08:00:00.000Z"],
    ["in summer", berlin, "2026-07-07T00:00:00Z", "2026-07-07T07:00:00.000Z"],
    [
      "over a night on which the clocks are put forward",
      { ...berlin, days: ["Sunday"] },
      "2026-03-28T12:00:00Z",
      "2026-03-29T07:00:00.000Z"
    ],
    [
      "over a night on which they are put back",
      { ...berlin, days: ["Sunday"] },
      "2026-10-24T12:00:00Z",
      "2026-10-25T08:00:00.000Z"
    ],
    [
      "at a time that the clocks leave out",
      { timeZone: "Europe/Berlin", from: "02:30", to: "04:00", days: ["Sunday"] },
      "2026-03-28T12:00:00Z",
      "2026-03-29T01:30:00.000Z"
    ],
    [
      "at a time that the clocks show twice",
      { timeZone: "Europe/Berlin", from: "02:30", to: "04:00", days: ["Sunday"] },
      "2026-10-24T12:00:00Z",
      "2026-10-25T00:30:00.000Z"
    ],
    [
      "when it is another day there",
      { timeZone: "Asia/Tokyo", from: "09:00", to: "17:00" },
      "2026-01-11T23:00:00Z",
      "2026-01-12T00:00:00.000Z"
    ],
    [
      "at night, before midnight",
      { timeZone: "UTC", from: "22:00", to: "06:00" },
      "2026-01-09T23:00:00Z",
      "2026-01-09T23:00:00.000Z"
    ],
    [
      "at night, after midnight of the last day",
      { timeZone: "UTC", from: "22:00", to: "06:00" },
      "2026-01-10T05:00:00Z",
      "2026-01-10T05:00:00.000Z"
    ],
    [
      "at night, after closing",
      { timeZone: "UTC", from: "22:00", to: "06:00" },
      "2026-01-10T06:00:00Z",
      "2026-01-12T22:00:00.000Z"
    ],
    [
      "all day long",
      { timeZone: "UTC", from: "00:00", to: "24:00" },
      "2026-01-09T23:59:00Z",
      "2026-01-09T23:59:00.000Z"
    ]
  ]
  for (const [what, options, now, then] of cases) {
    it.effect(`opens ${what}`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* opening(options, now), then)
      }))
  }

  it.effect("says what is wrong with it", () =>
    Effect.gen(function*() {
      const problem = (options: BusinessHours.Options) =>
        Effect.map(Effect.flip(BusinessHours.make(options)), ({ message }) => message.split(" ")[0])
      assert.deepStrictEqual(
        yield* Effect.all([
          problem({ ...berlin, timeZone: "Europe/Berlin2" }),
          problem({ ...berlin, from: "9:00" }),
          problem({ ...berlin, from: "24:00" }),
          problem({ ...berlin, to: "24:01" }),
          problem({ ...berlin, to: berlin.from }),
          problem({ ...berlin, days: [] })
        ]),
        ["timeZone", "from", "from", "to", "to", "days"]
      )
    }))
})

// ---------------------------------------------------------------------------------------------------------------------
// workflows
// ---------------------------------------------------------------------------------------------------------------------

const world = Layer.merge(
  Layer.provideMerge(CustomerReply.layer, IntentLog.layer).pipe(
    Layer.provideMerge(NodeSqlite.layer({ file: ":memory:" }))
  ),
  LiveDesk.layer.pipe(Layer.provideMerge(Emulator.layer))
)

const pass = (time: Duration.Input) =>
  Promises.settle.pipe(Effect.andThen(TestClock.adjust(time)), Effect.andThen(Promises.settle))

const engine = Layer.provideMerge(WorkflowEngine.layerMemory, Promises.layer)

const Morning = Workflow.make("Morning", { payload: { id: Schema.String }, idempotencyKey: ({ id }) => id })

describe("untilOpen", () => {
  it.effect("sleeps until the office opens, and not at all if it is open", () =>
    Effect.gen(function*() {
      // The test's clock begins at a Thursday's midnight.
      const hours = yield* BusinessHours.make({ timeZone: "UTC", from: "09:00", to: "17:00" })
      yield* Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(Morning.execute({ id: "1" }))
        yield* pass("8 hours")
        yield* pass("59 minutes")
        assert.isUndefined(fiber.pollUnsafe())
        yield* pass("1 minute")
        yield* Fiber.join(fiber)
        yield* Morning.execute({ id: "2" })
      }).pipe(Effect.provide(
        Morning.toLayer(() => Effect.orDie(BusinessHours.untilOpen("morning", hours))).pipe(
          Layer.provideMerge(engine)
        )
      ))
    }))
})

const Asked = Schema.NullOr(Schema.String)
const Question = Workflow.make("Question", {
  payload: { pause: Schema.Boolean, limit: Schema.Boolean },
  success: Schema.Array(Asked),
  idempotencyKey: () => "question"
})

const gate = (name: string) =>
  Effect.gen(function*() {
    const hours = yield* Effect.orDie(BusinessHours.make({ timeZone: "UTC", from: "01:00", to: "24:00" }))
    yield* Effect.orDie(BusinessHours.untilOpen(name, hours))
  })

/** Asks in conversation 40 and waits for two replies, after an hour's pause if `pause` is set. */
const questions = Layer.provideMerge(
  Question.toLayer(({ limit, pause }) =>
    Effect.gen(function*() {
      yield* Effect.orDie(FlowStep.sendMessage("question", { conversationId: 40, content: "Well?" }))
      if (pause) yield* gate("pause")
      const within = limit ? { within: "2 hours" } as const : {}
      const one = yield* Effect.orDie(CustomerReply.wait("one", { conversationId: 40, ...within }))
      const two = yield* Effect.orDie(CustomerReply.wait("two", { conversationId: 40, ...within }))
      return [one, two].map((reply) => Option.getOrNull(Option.map(reply, ({ content }) => content)))
    })
  ),
  engine
)

const replyIn = (conversationId: number, { content = "Hello", messageId = 1, receivedAt = 0 } = {}) =>
  Schema.decodeEffect(CustomerReply.CustomerReply)({ conversationId, messageId, content, receivedAt })

describe("CustomerReply", () => {
  /** A flow that asked, and a function that replies and delivers each of the events twice. */
  const asked = Effect.fnUntraced(function*(options: { readonly pause: boolean; readonly limit: boolean }) {
    const contacts = yield* Contacts.Contacts
    const conversations = yield* Conversations.Conversations
    const { contact } = yield* contacts.create({ inboxId: 407, name: "Alice" })
    yield* conversations.create({ inboxId: 407, contactId: contact.id })
    const emulator = yield* Emulator.Emulator
    const events = yield* PubSub.subscribe(emulator.events)
    const fiber = yield* Effect.forkChild(Question.execute(options))
    yield* Promises.settle
    const reply = Effect.fnUntraced(function*(content: string) {
      yield* emulator.receive({ conversationId: 40, content })
      for (const event of yield* PubSub.takeUpTo(events, 10)) {
        yield* FlowEvents.handle(event)
        yield* FlowEvents.handle(event)
      }
      yield* Promises.settle
    })
    return { reply, fiber }
  })

  it.effect("goes to exactly one wait", () =>
    Effect.gen(function*() {
      const { reply, fiber } = yield* asked({ pause: false, limit: false })
      assert.isUndefined(fiber.pollUnsafe())
      yield* reply("Yes")
      yield* reply("And no")
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["Yes", "And no"])
    }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(questions, world))))

  it.effect("that arrives before the wait is not lost", () =>
    Effect.gen(function*() {
      const { reply, fiber } = yield* asked({ pause: true, limit: true })
      yield* reply("Yes")
      yield* reply("And no")
      assert.isUndefined(fiber.pollUnsafe())
      yield* pass("1 hour")
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["Yes", "And no"])
    }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(questions, world))))

  it.effect("that arrives after the time of a wait goes to the next wait", () =>
    Effect.gen(function*() {
      const { reply, fiber } = yield* asked({ pause: false, limit: true })
      yield* pass("119 minutes")
      yield* pass("1 minute")
      assert.isUndefined(fiber.pollUnsafe())
      yield* reply("Late")
      assert.deepStrictEqual(yield* Fiber.join(fiber), [null, "Late"])
    }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(questions, world))))

  it.effect("is none if no reply arrives in time", () =>
    Effect.gen(function*() {
      const { fiber } = yield* asked({ pause: false, limit: true })
      yield* pass("2 hours")
      yield* pass("2 hours")
      assert.deepStrictEqual(yield* Fiber.join(fiber), [null, null])
    }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(questions, world))))

  it.effect("that was stored, but not passed on, goes to its wait within a minute, and no other does again", () =>
    Effect.gen(function*() {
      const { reply, fiber } = yield* asked({ pause: false, limit: false })
      const replies = yield* CustomerReply.ReplyStore
      yield* reply("Yes")
      assert.deepStrictEqual(yield* replies.pending, [])
      const stored = yield* replyIn(40, { messageId: 90, content: "And no" })
      assert.deepStrictEqual(yield* replies.receive(stored), yield* replies.pending)
      assert.deepStrictEqual((yield* replies.pending).map(({ reply, wait }) => [wait.name, reply]), [["two", stored]])
      yield* pass("59 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* pass("1 second")
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["Yes", "And no"])
      assert.deepStrictEqual(yield* replies.pending, [])
    }).pipe(
      Effect.scoped,
      Effect.provide(Layer.provideMerge(Layer.provideMerge(CustomerReply.layerRecovery, questions), world))
    ))

  it.effect("that an engine fails to take is passed on a minute later", () => {
    let failures = 1
    const failing = Layer.effect(
      WorkflowEngine.WorkflowEngine,
      WorkflowEngine.WorkflowEngine.use((engine) =>
        Effect.succeed(WorkflowEngine.WorkflowEngine.of({
          ...engine,
          deferredDone: (deferred, options) =>
            failures-- > 0 ? Effect.die(new Error("no database")) : engine.deferredDone(deferred, options)
        }))
      )
    )
    return Effect.gen(function*() {
      const { reply, fiber } = yield* asked({ pause: false, limit: false })
      yield* reply("Yes")
      const { receive } = yield* CustomerReply.ReplyStore
      yield* receive(
        yield* replyIn(40, { messageId: 90, content: "And no" })
      )
      yield* pass("1 minute")
      assert.deepStrictEqual([failures, fiber.pollUnsafe()], [0, undefined])
      yield* pass("1 minute")
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["Yes", "And no"])
    }).pipe(
      Effect.scoped,
      Effect.provide(
        CustomerReply.layerRecovery.pipe(
          Layer.provide(failing),
          Layer.provideMerge(questions),
          Layer.provideMerge(world)
        )
      ),
      Effect.provideService(References.MinimumLogLevel, "None")
    )
  })

  it.effect("that its wait found at once is not passed on again", () =>
    Effect.gen(function*() {
      const { reply, fiber } = yield* asked({ pause: true, limit: true })
      yield* reply("Yes")
      yield* reply("And no")
      yield* pass("1 hour")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* (yield* CustomerReply.ReplyStore).pending, [])
    }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(questions, world))))

  it.effect("is not stored for conversations of no flow", () =>
    Effect.gen(function*() {
      const replies = yield* CustomerReply.ReplyStore
      const given = yield* replies.receive(
        yield* replyIn(41)
      )
      assert.deepStrictEqual(given, [])
      const wait = { executionId: "1", workflow: "Question", name: "one", conversationId: 41 }
      assert.isTrue(Option.isNone(yield* replies.begin(wait)))
    }).pipe(Effect.provide(world)))

  for (const time of ["soon" as "1 second", Number.NaN, -1]) {
    it.effect(`is not waited for within ${String(time)}, nor forgotten when older than that`, () =>
      Effect.gen(function*() {
        const replies = yield* CustomerReply.ReplyStore
        const expected = "expected a time such as \"30 seconds\""
        assert.include((yield* Effect.flip(replies.forget({ olderThan: time }))).message, `olderThan: ${expected}`)
        const Waiting = Workflow.make("Waiting", {
          payload: { id: Schema.String },
          success: Schema.String,
          idempotencyKey: ({ id }) => id
        })
        const message = yield* Effect.provide(
          Waiting.execute({ id: "1" }),
          Layer.provideMerge(
            Waiting.toLayer(() =>
              Effect.match(CustomerReply.wait("one", { conversationId: 40, within: time }), {
                onFailure: ({ message }) => message,
                onSuccess: () => "waited"
              })
            ),
            engine
          )
        )
        assert.include(message, `within: ${expected}`)
      }).pipe(Effect.provide(world)))
  }

  it.effect("is forgotten together with its wait, so that it goes to no later one", () =>
    Effect.gen(function*() {
      const replies = yield* CustomerReply.ReplyStore
      const wait = (name: string) => ({ executionId: "1", workflow: "Question", name, conversationId: 41 })
      yield* replies.begin(wait("one"))
      // The reply of the first is younger than its wait, that of the second older.
      yield* replies.receive(yield* replyIn(41, { receivedAt: 7_200_000 }))
      yield* replies.receive(yield* replyIn(41, { messageId: 2 }))
      yield* TestClock.adjust("2 hours")
      yield* replies.begin(wait("two"))
      yield* TestClock.adjust("1 hour")
      yield* replies.forget({ olderThan: "2 hours" })
      assert.isTrue(Option.isNone(yield* replies.begin(wait("three"))))
      assert.isTrue(Option.isSome(yield* replies.end(wait("one"))))
      assert.isTrue(Option.isSome(yield* replies.end(wait("two"))))
      yield* TestClock.adjust("9 hours")
      yield* replies.forget({ olderThan: "1 hour" })
      assert.isTrue(Option.isNone(yield* replies.end(wait("one"))))
      assert.deepStrictEqual(yield* replies.pending, [])
    }).pipe(Effect.provide(world)))

  it.effect("goes to a wait whose own reply was forgotten at the moment it got it", () =>
    Effect.gen(function*() {
      const replies = yield* CustomerReply.ReplyStore
      const sql = yield* SqlClient.SqlClient
      const wait = { executionId: "1", workflow: "Question", name: "one", conversationId: 41 }
      yield* replies.begin(wait)
      yield* replies.receive(yield* replyIn(41))
      yield* sql`DELETE FROM livedesk_flow_replies`
      const next = yield* replyIn(41, { messageId: 2 })
      assert.deepStrictEqual(yield* replies.receive(next), [{ wait, reply: next }])
    }).pipe(Effect.provide(world)))

  it.effect("that a wait finds at the end of its time is not passed on again", () =>
    Effect.gen(function*() {
      const replies = yield* CustomerReply.ReplyStore
      const wait = { executionId: "1", workflow: "Question", name: "one", conversationId: 41 }
      yield* replies.begin(wait)
      yield* replies.receive(
        yield* replyIn(41)
      )
      assert.lengthOf(yield* replies.pending, 1)
      assert.isTrue(Option.isSome(yield* replies.end(wait)))
      assert.deepStrictEqual(yield* replies.pending, [])
    }).pipe(Effect.provide(world)))

  it.effect("is forgotten once it is older than the age given to forget, and no sooner", () =>
    Effect.gen(function*() {
      const replies = yield* CustomerReply.ReplyStore
      const wait = (name: string) => ({ executionId: "1", workflow: "Question", name, conversationId: 41 })
      yield* replies.begin(wait("one"))
      yield* replies.end(wait("one"))
      yield* replies.receive(
        yield* replyIn(41)
      )
      yield* TestClock.adjust("2 hours")
      yield* replies.forget({ olderThan: "3 hours" })
      assert.isTrue(Option.isSome(yield* replies.begin(wait("two"))))
      yield* TestClock.adjust("2 hours")
      yield* replies.forget({ olderThan: "1 hour" })
      assert.isTrue(Option.isNone(yield* replies.begin(wait("three"))))
    }).pipe(Effect.provide(world)))
})
