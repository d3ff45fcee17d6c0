import { AgentStore, AgentWrite, AuditEntry } from "@effect-livedesk/core/agents"
import * as NodeSqlite from "@effect-livedesk/node/NodeSqlite"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"

const sqlite = AgentStore.layer.pipe(Layer.provideMerge(NodeSqlite.layer({ file: ":memory:" })))

const target = { baseUrl: "https://livedesk.example", keyFingerprint: "a" }
/** The same project by its next key, or another project. */
const rotated = { ...target, keyFingerprint: "b" }
const emulator = { baseUrl: "http://127.0.0.1:8407", keyFingerprint: "c" }

const limits = {
  messagesPerMinuteInConversation: 100,
  messagesPerMinute: 100,
  conversationsPerHour: 100,
  otherWritesPerMinute: 100
}

const message = (text: string): AgentWrite.Request => ({
  tool: "send_message",
  arguments: { conversation_id: 40, text }
})

const propose = (text: string, isDraft = false) =>
  AgentStore.AgentStore.use((store) => store.propose(message(text), { isDraft, limits, target }))

const decide = <A, E>(f: (store: AgentStore.AgentStore["Service"]) => Effect.Effect<A, E>) =>
  AgentStore.AgentStore.use(f)

const failed = { state: "Failed", ids: {}, problem: "ConnectionFailed: call again" } as const

/** Starts a conversation with the same person, each time. */
const start = {
  tool: "start_conversation",
  arguments: { inbox_id: 407, contact_id: 5, text: "Hello" }
} as const
const begin = decide((store) => store.propose(start, { isDraft: false, limits, target }))

for (
  const [place, layer] of [
    ["memory", AgentStore.layerMemory],
    ["SQL", sqlite]
  ] as const
) {
  describe(`a store in ${place}`, () => {
    it.effect("lets one of several equal writes begin", () =>
      Effect.gen(function*() {
        const proposals = yield* Effect.all([1, 2, 3].map(() => propose("Hello")), { concurrency: "unbounded" })
        assert.deepStrictEqual(
          proposals.map((proposal) => proposal._tag === "Refused" ? proposal.rule : proposal._tag).sort(),
          ["Begun", "inFlight", "inFlight"]
        )
      }).pipe(Effect.provide(layer)))

    it.effect("lets one of several people send a draft", () =>
      Effect.gen(function*() {
        yield* propose("Hello", true)
        const approvals = yield* Effect.all(
          [1, 2, 3].map(() => Effect.result(decide((store) => store.approve(1, { target })))),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(approvals.map(({ _tag }) => _tag).sort(), ["Failure", "Failure", "Success"])
      }).pipe(Effect.provide(layer)))

    it.effect("keeps one draft of equal writes", () =>
      Effect.gen(function*() {
        yield* propose("Hello", true)
        const again = yield* propose("  Hello\n", true)
        assert.deepInclude(again, { _tag: "Drafted" })
        assert.strictEqual(again.write?.id, 1)
        assert.lengthOf(yield* decide((store) => store.list(["Drafted"])), 1)
      }).pipe(Effect.provide(layer)))

    it.effect("gives a draft that failed back to people, and one that was sent not", () =>
      Effect.gen(function*() {
        yield* propose("Hello", true)
        yield* decide((store) => store.approve(1, { target }))
        const write = yield* decide((store) => store.complete(1, failed))
        assert.deepInclude(write, { state: "Drafted", problem: "ConnectionFailed: call again" })
        assert.notProperty(yield* decide((store) => store.approve(1, { target })), "problem")
        yield* decide((store) => store.complete(1, { state: "Done", ids: { message_id: 7 } }))
        for (const decision of ["approve", "discard"] as const) {
          const refused = yield* Effect.flip(decide((store) => store[decision](1, { target })))
          assert.deepInclude(refused, { _tag: "NotWaitingError", id: 1, state: "Done" })
        }
      }).pipe(Effect.provide(layer)))

    it.effect("sends no draft while the same write is not resolved", () =>
      Effect.gen(function*() {
        yield* propose("Hello", true)
        yield* decide((store) => store.approve(1, { target }))
        yield* decide((store) => store.complete(1, { state: "Unknown", ids: {} }))
        const refused = yield* propose("Hello", true)
        assert.deepInclude(refused, { _tag: "Refused", rule: "outcomeUnknown" })
        // Another text is for a person to judge.
        assert.deepInclude(yield* propose("Good-bye", true), { _tag: "Drafted" })
        yield* decide((store) => store.resolve(1, { _tag: "NotProcessed" }))
        assert.deepInclude(yield* decide((store) => store.approve(1, { target })), { state: "Begun" })
      }).pipe(Effect.provide(layer)))

    it.effect("resolves what its process left behind after 15 minutes, not while it may be in flight", () =>
      Effect.gen(function*() {
        yield* propose("Hello")
        const early = yield* Effect.flip(decide((store) => store.resolve(1, { _tag: "Processed" })))
        assert.include(early.message, "may be in flight")
        assert.deepInclude(yield* propose("Other"), { rule: "inFlight" })
        yield* TestClock.adjust("15 minutes")
        assert.deepInclude(yield* propose("Other"), { rule: "outcomeUnknown" })
        assert.deepInclude(yield* decide((store) => store.resolve(1, { _tag: "Processed" })), { state: "Done" })
        // It comes back all the same.
        yield* decide((store) => store.complete(1, failed))
        assert.deepInclude(yield* decide((store) => store.get(1)), { state: "Done" })
        const entries = yield* decide((store) => store.audit({ limit: 10 }))
        assert.deepStrictEqual(entries.map(({ by, event, id }) => `${id} ${by} ${event}`), [
          "1 agent Begun",
          "2 agent Refused",
          "3 agent Refused",
          "4 person Resolved",
          "5 agent Failed"
        ])
      }).pipe(Effect.provide(layer)))

    it.effect("goes on with a write that failed in the middle", () =>
      Effect.gen(function*() {
        yield* begin
        yield* decide((store) => store.complete(1, { ...failed, ids: { conversation_id: 41 } }))
        const again = yield* begin
        assert.deepInclude(again.write, { id: 1, state: "Begun", ids: { conversation_id: 41 } })
        assert.strictEqual(yield* decide((store) => store.inboxOf(41, target)), 407)
        assert.strictEqual(yield* decide((store) => store.inboxOf(42, target)), undefined)
      }).pipe(Effect.provide(layer)))

    it.effect("sends a draft to the LiveDesk that it is for alone", () =>
      Effect.gen(function*() {
        const other = { ...target, baseUrl: "http://127.0.0.1:8407" }
        yield* propose("Hello", true)
        for (const options of [{ target: other }, { target: other, otherKey: true }, { target: rotated }]) {
          const refused = yield* Effect.flip(decide((store) => store.approve(1, options)))
          assert.strictEqual(refused._tag, "OtherLiveDeskError")
          assert.include(refused.message, "nothing was sent")
          assert.deepInclude(yield* decide((store) => store.get(1)), { state: "Drafted", target })
        }
        // The same for another is a draft of its own.
        const again = yield* decide((store) =>
          store.propose(message("Hello"), { isDraft: true, limits, target: other })
        )
        assert.deepInclude(again.write, { id: 2, target: other })
        const approved = yield* decide((store) => store.approve(1, { target: rotated, otherKey: true }))
        assert.deepInclude(approved, { state: "Begun", target })
      }).pipe(Effect.provide(layer)))

    it.effect("keeps a draft of each key, and sends one of them", () =>
      Effect.gen(function*() {
        yield* propose("Hello", true)
        const other = yield* decide((store) =>
          store.propose(message("Hello"), { isDraft: true, limits, target: rotated })
        )
        assert.deepInclude(other.write, { id: 2, state: "Drafted", target: rotated })
        yield* decide((store) => store.approve(1, { target }))
        yield* decide((store) => store.complete(1, { state: "Done", ids: { message_id: 7 } }))
        // However long that is ago, it is what the other asks for.
        yield* TestClock.adjust("2 hours")
        for (const otherKey of [true, false]) {
          const twice = yield* Effect.flip(decide((store) => store.approve(2, { target: rotated, otherKey })))
          assert.deepInclude(twice, { _tag: "NotWaitingError", id: 2, state: "Drafted" })
          assert.include(twice.message, "write 1 is the same, and was done: discard this one")
        }
        yield* propose("Hello", true)
        assert.deepInclude(yield* decide((store) => store.approve(3, { target })), { state: "Begun" })
      }).pipe(Effect.provide(layer)))

    it.effect("sends no draft that was done without it meanwhile", () =>
      Effect.gen(function*() {
        yield* propose("Hello", true)
        yield* decide((store) => store.propose(message("Hello"), { isDraft: false, limits, target: rotated }))
        yield* decide((store) => store.complete(2, { state: "Done", ids: { message_id: 7 } }))
        const twice = yield* Effect.flip(decide((store) => store.approve(1, { target })))
        assert.include(twice.message, "write 2 is the same, and was done")
      }).pipe(Effect.provide(layer)))

    it.effect("lets an unknown write of one LiveDesk stand against no write of another", () =>
      Effect.gen(function*() {
        const ask = (at: AgentWrite.Target, messagesPerMinute = 2) =>
          decide((store) =>
            store.propose(message("Hello"), { isDraft: false, limits: { ...limits, messagesPerMinute }, target: at })
          )
        yield* ask(target)
        yield* decide((store) => store.complete(1, { state: "Unknown", ids: {} }))
        // Nor does it count for its limits.
        assert.deepInclude(yield* ask(emulator, 1), { _tag: "Begun" })
        // The same key is of the same project, at whatever address.
        for (const at of [target, rotated, { ...target, baseUrl: "https://gateway.example" }]) {
          assert.deepInclude(yield* ask(at), { _tag: "Refused", rule: "outcomeUnknown" })
        }
      }).pipe(Effect.provide(layer)))

    it.effect("continues a write at the LiveDesk alone at which it failed, and knows inboxes of no other", () =>
      Effect.gen(function*() {
        yield* begin
        yield* decide((store) => store.complete(1, { ...failed, ids: { conversation_id: 41 } }))
        for (const other of [rotated, { ...target, baseUrl: "http://127.0.0.1:8407" }]) {
          assert.strictEqual(yield* decide((store) => store.inboxOf(41, other)), undefined)
          const fresh = yield* decide((store) => store.propose(start, { isDraft: false, limits, target: other }))
          assert.deepInclude(fresh.write, { ids: {} })
          // It has other conversations by the same numbers.
          yield* decide((store) => store.complete(fresh.write?.id ?? 0, { ...failed, ids: { conversation_id: 41 } }))
          assert.strictEqual(yield* decide((store) => store.inboxOf(41, target)), 407)
        }
      }).pipe(Effect.provide(layer)))

    for (const isDraft of [true, false]) {
      it.effect(`has no conversation done whose message was not sent, ${isDraft ? "a draft" : "an agent's own"}`, () =>
        Effect.gen(function*() {
          const begin = Effect.gen(function*() {
            yield* decide((store) => store.propose(start, { isDraft, limits, target }))
            if (isDraft) yield* decide((store) => store.approve(1, { target }))
          })
          const processed = (ids: { readonly conversationId?: number; readonly messageId?: number } = {}) =>
            decide((store) => store.resolve(1, { _tag: "Processed", ...ids }))
          const open = isDraft ? "Drafted" : "Failed"
          yield* begin
          yield* decide((store) => store.complete(1, { state: "Unknown", ids: {} }))
          for (const ids of [{}, { messageId: 7 }, { conversationId: 0 }, { conversationId: 41, messageId: 1.5 }]) {
            const refused = yield* Effect.flip(processed(ids))
            assert.strictEqual(refused._tag, "AgentResolutionError")
            assert.include(refused.message, "messageId" in ids && "conversationId" in ids ? "messageId" : "onversation")
          }
          const continued = yield* processed({ conversationId: 41 })
          assert.deepInclude(continued, { state: open, ids: { conversation_id: 41 } })
          assert.include(continued.problem ?? "", "nothing was written in it")
          // Its process dies. The conversation is known, so the message is what is unknown.
          yield* begin
          yield* TestClock.adjust("15 minutes")
          assert.strictEqual((yield* Effect.flip(processed({ conversationId: 42 })))._tag, "AgentResolutionError")
          assert.deepInclude(yield* processed({ messageId: 7 }), {
            state: "Done",
            ids: { conversation_id: 41, message_id: 7 }
          })
        }).pipe(Effect.provide(layer)))
    }

    it.effect("counts the hour of a write from its outcome, however long ago the agent asked", () =>
      Effect.gen(function*() {
        yield* propose("Hello")
        yield* begin
        for (const id of [1, 2]) yield* decide((store) => store.complete(id, { state: "Unknown", ids: {} }))
        yield* TestClock.adjust("1 day")
        yield* decide((store) => store.resolve(1, { _tag: "Processed" }))
        yield* decide((store) => store.resolve(2, { _tag: "Processed", conversationId: 41 }))
        assert.deepInclude(yield* propose("Hello"), { _tag: "Refused", rule: "repeated" })
        assert.deepInclude((yield* begin).write, { id: 2, ids: { conversation_id: 41 } })
        yield* TestClock.adjust("1 hour")
        assert.deepInclude(yield* propose("Hello"), { _tag: "Begun" })
      }).pipe(Effect.provide(layer)))

    it.effect("writes into no conversation that it started for another write", () =>
      Effect.gen(function*() {
        for (const [contactId, at] of [[5, target], [6, target], [6, rotated]] as const) {
          const start = {
            tool: "start_conversation",
            arguments: { inbox_id: 407, contact_id: contactId, text: `Hello ${contactId} at ${at.keyFingerprint}` }
          } as const
          yield* decide((store) => store.propose(start, { isDraft: true, limits, target: at }))
        }
        yield* decide((store) => store.approve(1, { target }))
        // The key of the same project has changed.
        yield* decide((store) => store.approve(2, { target: rotated, otherKey: true }))
        yield* decide((store) => store.approve(3, { target: rotated }))
        yield* decide((store) => store.complete(1, { state: "Done", ids: { conversation_id: 41 } }))
        for (const id of [2, 3]) yield* decide((store) => store.complete(id, { state: "Unknown", ids: {} }))
        const processed = (id: number, conversationId: number) =>
          decide((store) => store.resolve(id, { _tag: "Processed", conversationId }))
        const refused = yield* Effect.flip(processed(2, 41))
        assert.strictEqual(refused._tag, "AgentResolutionError")
        assert.include(refused.message, "conversation 41 is that of write 1")
        assert.deepInclude(yield* decide((store) => store.get(2)), { state: "Unknown", ids: {} })
        // Another project has other conversations by the same numbers.
        assert.deepInclude(yield* processed(3, 41), { state: "Drafted", ids: { conversation_id: 41 } })
        assert.include((yield* Effect.flip(processed(2, 41))).message, "conversation 41 is that of write 1")
        assert.deepInclude(yield* processed(2, 42), { state: "Drafted", ids: { conversation_id: 42 } })
      }).pipe(Effect.provide(layer)))

    it.effect("leaves the message unknown of a conversation whose process died", () =>
      Effect.gen(function*() {
        yield* decide((store) => store.propose(start, { isDraft: false, limits, target }))
        yield* TestClock.adjust("15 minutes")
        const processed = decide((store) => store.resolve(1, { _tag: "Processed", conversationId: 41 }))
        assert.deepInclude(yield* processed, { state: "Unknown", ids: { conversation_id: 41 } })
        // Once more, it could mean either.
        const refused = yield* Effect.flip(processed)
        assert.strictEqual(refused._tag, "AgentResolutionError")
        assert.include(refused.message, "its conversation is known (41), and its message is in question")
        assert.deepInclude(yield* decide((store) => store.get(1)), { state: "Unknown" })
        assert.deepInclude(yield* decide((store) => store.resolve(1, { _tag: "Processed", messageId: 9 })), {
          state: "Done",
          ids: { conversation_id: 41, message_id: 9 }
        })
      }).pipe(Effect.provide(layer)))

    it.effect("continues in the conversation that is there, if its message is not", () =>
      Effect.gen(function*() {
        yield* decide((store) => store.propose(start, { isDraft: true, limits, target }))
        yield* decide((store) => store.approve(1, { target }))
        yield* TestClock.adjust("15 minutes")
        yield* decide((store) => store.resolve(1, { _tag: "Processed", conversationId: 41 }))
        assert.deepInclude(yield* decide((store) => store.resolve(1, { _tag: "NotProcessed" })), {
          state: "Drafted",
          ids: { conversation_id: 41 }
        })
        const sent = yield* decide((store) => store.approve(1, { target }))
        assert.deepInclude(sent, { state: "Begun", ids: { conversation_id: 41 } })
        yield* decide((store) => store.complete(1, { state: "Unknown", ids: { conversation_id: 41 } }))
        const done = yield* decide((store) => store.resolve(1, { _tag: "Processed" }))
        assert.deepInclude(done, { state: "Done", ids: { conversation_id: 41 } })
      }).pipe(Effect.provide(layer)))

    it.effect("says that there is no such write", () =>
      Effect.gen(function*() {
        for (const id of [1, 0, -1, 1.5, Number.NaN, Number.MAX_VALUE]) {
          const missing = yield* Effect.flip(decide((store) => store.get(id)))
          assert.strictEqual(missing._tag, "NotWaitingError")
        }
      }).pipe(Effect.provide(layer)))

    it.effect("forgets what is over, not what waits, and never a number", () =>
      Effect.gen(function*() {
        yield* propose("Done")
        yield* decide((store) => store.complete(1, { state: "Done", ids: {} }))
        yield* propose("Waits", true)
        yield* propose("Discarded", true)
        yield* decide((store) => store.discard(3))
        yield* TestClock.adjust("30 days")
        yield* decide((store) => store.forget({ olderThan: "7 days" }))
        const states = yield* decide((store) => store.list(AgentWrite.State.literals))
        assert.deepStrictEqual(states.map(({ id, state }) => `${id} ${state}`), ["2 Drafted", "3 Discarded"])
        assert.deepStrictEqual((yield* decide((store) => store.audit())).map(({ id }) => id), [5])
        assert.deepInclude((yield* propose("Next")).write, { id: 4 })
        const invalid = yield* Effect.flip(decide((store) => store.forget({ olderThan: Number.NaN })))
        assert.strictEqual(invalid._tag, "ValidationError")
      }).pipe(Effect.provide(layer)))

    it.effect("keeps any text as it is", () =>
      Effect.gen(function*() {
        const text = "NUL \u0000, quotes ' \", \u{1F4E6}, 漢字"
        yield* propose(text, true)
        assert.deepStrictEqual((yield* decide((store) => store.get(1))).request, message(text))
      }).pipe(Effect.provide(layer)))
  })
}

describe("a store in SQL", () => {
  it.effect("fails with an error of its own when the database does", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`DROP TABLE livedesk_agent_audit`
      const error = yield* Effect.flip(propose("Hello"))
      assert.strictEqual(error._tag, "AgentStoreError")
      // Neither without its entry.
      assert.deepStrictEqual(yield* sql`SELECT * FROM livedesk_agent_writes`, [])
    }).pipe(Effect.provide(sqlite)))

  it.effect("says that a row cannot be read, and not what is in it", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* propose("Hello", true)
      yield* sql`UPDATE livedesk_agent_writes SET body = '{"id":"alice@acme.example"}'`
      const error = yield* Effect.flip(propose("Hello", true))
      assert.strictEqual(error._tag, "AgentStoreError")
      assert.notInclude(error.message, "alice")
    }).pipe(Effect.provide(sqlite)))
})

describe("a fingerprint", () => {
  it("is equal for equal writes, and for no others", () => {
    const one = AgentWrite.fingerprint({
      tool: "ensure_contact",
      arguments: { inbox_id: 1, email: "a@b.c", name: "A" }
    })
    const other = AgentWrite.fingerprint({
      tool: "ensure_contact",
      arguments: { name: "A ", email: "a@b.c", inbox_id: 1 }
    })
    assert.strictEqual(one, other)
    assert.notStrictEqual(AgentWrite.fingerprint(message("a")), AgentWrite.fingerprint(message("A")))
    assert.notStrictEqual(
      AgentWrite.fingerprint(message("a")),
      AgentWrite.fingerprint({ tool: "leave_note", arguments: { conversation_id: 40, text: "a" } })
    )
  })
})

describe("the audit log", () => {
  it("masks texts, and keeps numbers and words of LiveDesk", () => {
    assert.deepStrictEqual(
      AuditEntry.mask({
        contact_id: 5,
        email: "alice@acme.example",
        status: "resolved",
        custom_attributes: [{ key: "plan", value: "gold" }, { key: "vip", value: true }]
      }),
      {
        contact_id: 5,
        email: "<18 characters>",
        status: "resolved",
        custom_attributes: [{ key: "plan", value: "<4 characters>" }, { key: "vip", value: true }]
      }
    )
  })
})
