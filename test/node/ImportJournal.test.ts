import { ImportJournal, type ImportResolution } from "@effect-livedesk/core/imports"
import { ContactId, ConversationId } from "@effect-livedesk/core/LiveDeskSchema"
import * as NodeSqlite from "@effect-livedesk/node/NodeSqlite"
import { assert, describe, it } from "@effect/vitest"
import { Array, Context, Effect, Exit, Fiber, Latch, Layer, Logger, Option, Scope, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"

const journal = ImportJournal.layer.pipe(Layer.provideMerge(NodeSqlite.layer({ file: ":memory:" })))

const rows = (count: number): ReadonlyArray<ImportJournal.Planned> =>
  Array.makeBy(count, (index) => ({
    key: `k${index}`,
    customer: `k${index}`,
    addresses: [`identifier:k${index}`],
    line: index + 2,
    row: `{"n":${index}}`
  }))

const target = { inboxId: 407, baseUrl: "https://livedesk.example", keyFingerprint: "a" }

const begun = Effect.tap(ImportJournal.ImportJournal, ({ begin }) => begin(target))

const keys = (state: ImportJournal.State) =>
  Effect.flatMap(
    ImportJournal.ImportJournal,
    ({ entries }) => Effect.map(Stream.runCollect(entries(state)), (all) => all.map(({ key }) => key))
  )

describe("ImportJournal", () => {
  it.effect("has what is planned as sent, each time, and gives back all of it in its order", () =>
    Effect.gen(function*() {
      const { begin, change, plan } = yield* begun
      const planned = yield* plan(rows(2500))
      assert.isTrue(planned.every((standing) => standing._tag === "Known" && standing.entry.state === "planned"))
      assert.deepStrictEqual(yield* keys("sent"), rows(2500).map(({ key }) => key))
      yield* change({ key: "k1", step: "contact", state: "planned" })
      yield* change({ key: "k2", step: "message", state: "planned" })
      yield* begin(target)
      const [, again, later] = yield* plan(rows(3))
      assert.strictEqual(again?._tag === "Known" && again.entry.state, "planned")
      assert.strictEqual(later?._tag === "Known" && later.entry.step, "message")
      assert.deepStrictEqual(yield* keys("planned"), ["k2"])
    }).pipe(Effect.provide(journal)))

  it.effect("joins the changes of one row that are committed together, and keeps what they do not name", () =>
    Effect.gen(function*() {
      const { change, entries, flush, note, plan } = yield* begun
      yield* plan(rows(1))
      yield* note({ key: "k0", step: "conversation", state: "sent", contactId: ContactId.make(7), existing: false })
      yield* note({ key: "k0", step: "message", state: "sent", conversationId: ConversationId.make(8) })
      yield* flush
      yield* change({ key: "k0", step: "message", state: "rejected", reasons: ["no"] })
      const [entry] = yield* Stream.runCollect(entries("rejected"))
      assert.deepStrictEqual(entry, {
        key: "k0",
        isInFile: true,
        line: 2,
        state: "rejected",
        step: "message",
        row: Option.some("{\"n\":0}"),
        contactId: Option.some(ContactId.make(7)),
        sourceId: Option.none(),
        existing: Option.some(false),
        conversationId: Option.some(ConversationId.make(8)),
        messageId: Option.none(),
        digest: Option.none(),
        reasons: ["no"]
      })
    }).pipe(Effect.provide(journal)))

  it.effect("forgets the conversation with the contact that a row had before, and its reasons", () =>
    Effect.gen(function*() {
      const { change, entries, plan } = yield* begun
      const conversationAfter = Effect.fnUntraced(function*(key: string, contactId: number) {
        const conversationId = ConversationId.make(contactId)
        yield* change({
          key,
          step: "message",
          state: "rejected",
          contactId: ContactId.make(7),
          conversationId,
          reasons: ["no"]
        })
        yield* change({ key, step: "message", state: "planned", contactId: ContactId.make(contactId) })
        const all = yield* Stream.runCollect(entries("planned"))
        const { conversationId: left, reasons } = yield* Effect.fromNullishOr(all.find((entry) => entry.key === key))
        assert.deepStrictEqual(reasons, [])
        return left
      })
      yield* plan(rows(2).map((row) => ({ ...row, customer: "one" })))
      assert.deepStrictEqual(yield* conversationAfter("k0", 7), Option.some(ConversationId.make(7)))
      assert.deepStrictEqual(yield* conversationAfter("k1", 8), Option.none())
    }).pipe(Effect.provide(journal)))

  it.effect("commits what is noted within 50 milliseconds, and forgets the row that is done", () =>
    Effect.gen(function*() {
      const { entries, note, plan } = yield* begun
      yield* plan(rows(1))
      yield* note({ key: "k0", step: "message", state: "done" })
      yield* TestClock.adjust("50 millis")
      const [entry] = yield* Stream.runCollect(entries("done"))
      assert.deepStrictEqual(entry?.row, Option.none())
    }).pipe(Effect.provide(journal)))

  it.effect("commits what was noted before a plan together with the plan", () =>
    Effect.gen(function*() {
      const { note, plan } = yield* begun
      yield* plan(rows(1))
      yield* note({ key: "k0", step: "message", state: "done" })
      yield* plan(rows(2).slice(1))
      // No time has passed.
      assert.deepStrictEqual([yield* keys("done"), yield* keys("sent")], [["k0"], ["k1"]])
    }).pipe(Effect.provide(journal)))

  const row = (key: string, line: number, ...addresses: ReadonlyArray<string>): ImportJournal.Planned => ({
    key,
    customer: key,
    addresses,
    line,
    row: "{}"
  })
  const [sevenId, eightId] = [ContactId.make(7), ConversationId.make(8)]

  it.effect("knows of a row what it noted, and of a new one nothing", () =>
    Effect.gen(function*() {
      const { begin, change, entries, plan } = yield* begun
      const [fresh] = yield* plan([row("k0", 2), row("k1", 3)])
      const [none, some] = [Option.none(), Option.some]
      const known: ImportJournal.Entry = {
        key: "k0",
        isInFile: true,
        line: 2,
        state: "planned",
        step: "contact",
        row: some("{}"),
        contactId: none,
        sourceId: none,
        existing: none,
        conversationId: none,
        messageId: none,
        digest: none,
        reasons: []
      }
      assert.deepStrictEqual(fresh?._tag === "Known" && fresh.entry, known)
      yield* change({ key: "k0", step: "message", state: "sent", existing: true, digest: 5 })
      yield* begin(target)
      const [again, other] = yield* Stream.runCollect(entries("sent"))
      assert.deepStrictEqual(again, {
        ...known,
        isInFile: false,
        state: "sent",
        step: "message",
        existing: some(true),
        digest: some(5)
      })
      assert.deepStrictEqual(other?.existing, none)
    }).pipe(Effect.provide(journal)))

  it.effect("names the line of a row that the run planned before", () =>
    Effect.gen(function*() {
      const { plan } = yield* begun
      yield* plan([row("k0", 2)])
      assert.deepStrictEqual(
        yield* plan([row("k0", 9), row("k1", 10), row("k1", 11)]).pipe(
          Effect.map((standings) =>
            standings.map((standing) => standing._tag === "Duplicate" ? standing.line : "Known")
          )
        ),
        [2, "Known", 10]
      )
    }).pipe(Effect.provide(journal)))

  it.effect.each(
    [
      ["done", "message", "message"],
      ["sent", "conversation", "conversation"],
      ["rejected", "conversation", "contact"]
    ] as const
  )(
    "goes on with a row whose addresses have changed, and that was %s, at its %s, at its %s",
    ([state, step, next]) =>
      Effect.gen(function*() {
        const { begin, change, plan } = yield* begun
        yield* plan([row("k0", 2, "email:old")])
        yield* change({ key: "k0", step, state, contactId: sevenId })
        yield* begin(target)
        const [again] = yield* plan([row("k0", 2, "email:new")])
        assert.strictEqual(again?._tag === "Known" && again.entry.step, next)
      }).pipe(Effect.provide(journal))
  )

  it.effect("finds a row again by its values, and takes no other for it", () =>
    Effect.gen(function*() {
      const { begin, change, plan, recall } = yield* begun
      // A weak hash has the same for two rows that differ in neighboring letters.
      const ids = Array.makeBy(36 * 36, (index) => `{"id":"${index.toString(36).padStart(2, "0")}"}`)
      const [half, others] = Array.splitAt(ids, 648)
      yield* plan(half.map((row, index) => ({ key: row, customer: row, addresses: [], line: index + 2, row })))
      yield* Effect.forEach(half, (key) => change({ key, step: "message", state: "done" }), { concurrency: 648 })
      yield* begin(target)
      const found = (rows: ReadonlyArray<string>) =>
        Effect.map(
          recall(rows.map((row, index) => ({ line: index + 2, row }))),
          (states) => rows.filter((_, index) => Option.contains(states[index] ?? Option.none(), "done"))
        )
      assert.deepStrictEqual(yield* found(others), [])
      assert.deepStrictEqual(yield* found(half), half)
      // Each once in a run.
      assert.deepStrictEqual(yield* found(half), [])
    }).pipe(Effect.provide(journal)))

  it.effect("keeps an address for the row whose contact it may be", () =>
    Effect.gen(function*() {
      const { begin, change, plan } = yield* begun
      yield* plan([row("k0", 2, "email:none"), row("k1", 3, "email:contact"), row("k2", 4, "email:done")])
      yield* change({ key: "k0", step: "contact", state: "rejected" })
      yield* change({ key: "k1", step: "conversation", state: "rejected", contactId: sevenId })
      yield* change({
        key: "k2",
        step: "message",
        state: "done",
        contactId: ContactId.make(9),
        conversationId: eightId
      })
      yield* begin(target)
      // The last of these is done, whatever addresses it has now.
      const again = yield* plan([row("k0", 2, "email:a"), row("k1", 3, "email:b"), row("k2", 4, "email:contact")])
      const others = yield* plan([
        row("k3", 5, "email:none"),
        row("k4", 6, "email:contact"),
        row("k5", 7, "email:done")
      ])
      const briefly = (standing: ImportJournal.Standing) => standing._tag === "Taken" ? standing.key : standing._tag
      assert.deepStrictEqual(again.map(briefly), ["Known", "Known", "Known"])
      assert.deepStrictEqual(others.map(briefly), ["Known", "k1", "k2"])
    }).pipe(Effect.provide(journal)))

  it.effect("lets nothing be sent to another customer's contact, whatever is committed beside it", () =>
    Effect.gen(function*() {
      const { change, plan } = yield* begun
      yield* plan(rows(3))
      yield* change({ key: "k0", step: "conversation", state: "sent", contactId: sevenId })
      const [holder, none] = yield* Effect.all([
        change({ key: "k1", step: "conversation", state: "sent", contactId: sevenId }),
        change({ key: "k2", step: "message", state: "done" })
      ], { concurrency: 2 })
      assert.deepStrictEqual(Option.map(holder, ({ key }) => key), Option.some("k0"))
      assert.deepStrictEqual(none, Option.none())
      assert.deepStrictEqual(yield* keys("rejected"), ["k1"])
      // What sends nothing is let be.
      for (const [step, state] of [["contact", "sent"], ["conversation", "planned"], ["message", "done"]] as const) {
        assert.deepStrictEqual(yield* change({ key: "k2", step, state, contactId: sevenId }), Option.none())
      }
    }).pipe(Effect.provide(journal)))

  it.effect("leaves no caller waiting when it is closed, at whatever moment", () =>
    Effect.forEach(
      // More callers than it lets wait, while the database is busy, and each moment of one.
      [{ callers: 9000, turns: 100 }, ...Array.makeBy(12, (turns) => ({ callers: 1, turns }))],
      Effect.fnUntraced(function*({ callers, turns }) {
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(journal, scope)
        const { begin, change, plan } = Context.get(context, ImportJournal.ImportJournal)
        yield* begin(target)
        yield* plan(rows(1))
        const isFree = yield* Latch.make(callers === 1)
        yield* Effect.forkChild(Context.get(context, SqlClient.SqlClient).withTransaction(isFree.await))
        const waiting = yield* Effect.forEach(
          Array.makeBy(callers, () => change({ key: "k0", step: "message", state: "done" })),
          (change) => Effect.forkChild(change)
        )
        yield* Effect.repeat(Effect.yieldNow, { times: turns })
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* Effect.yieldNow
        yield* isFree.open
        yield* Fiber.await(closing)
        yield* Effect.repeat(Effect.yieldNow, { times: 10 })
        assert.strictEqual(waiting.filter((fiber) => fiber.pollUnsafe() === undefined).length, 0)
        const late = yield* Effect.flip(change({ key: "k0", step: "message", state: "done" }))
        assert.strictEqual(late.message, "the import's journal failed: it is closed")
      }),
      { discard: true }
    ))

  it.effect("resolves only steps that were sent, one by one", () =>
    Effect.gen(function*() {
      const { change, plan, resolve, totals } = yield* begun
      yield* plan(rows(3))
      yield* change({ key: "k0", step: "message", state: "done" })
      yield* change({ key: "k1", step: "conversation", state: "sent" })
      const refused = (key: string, outcome: ImportResolution.ImportResolution) =>
        Effect.map(Effect.flip(resolve(key, outcome)), (error) => {
          assert.strictEqual(error._tag, "ImportResolutionError")
          return [error._tag === "ImportResolutionError" ? error.problem : "", error.message]
        })
      assert.deepStrictEqual(yield* refused("k0", { _tag: "NotProcessed" }), [
        "NotUnknown",
        "k0: nothing is unknown of this row: its message is done"
      ])
      assert.deepStrictEqual((yield* refused("k0", { _tag: "Processed", messageId: 1 }))[0], "NotUnknown")
      assert.deepStrictEqual(yield* refused("k9\u001b", { _tag: "NotProcessed" }), [
        "UnknownKey",
        "k9: the journal has no row with this key; give one as the report of unknown rows has it, such as " +
        "email:alice@acme.inc"
      ])
      // What comes after it needs the id.
      for (const outcome of [{ _tag: "Processed" }, { _tag: "Processed", contactId: 5, messageId: 1 }] as const) {
        assert.deepStrictEqual(yield* refused("k1", outcome), [
          "InvalidId",
          "k1: the conversation was made, so its conversationId is needed for what comes after it"
        ])
      }
      assert.deepStrictEqual(yield* refused("k1", { _tag: "Processed", conversationId: -8 }), [
        "InvalidId",
        "k1: conversationId: expected a whole number above 0"
      ])
      yield* resolve("k1", { _tag: "Processed", conversationId: 8 })
      // Nor with what another row has.
      yield* change({ key: "k2", step: "conversation", state: "sent" })
      assert.deepStrictEqual((yield* refused("k2", { _tag: "Processed", conversationId: 8 }))[0], "OtherRow")
      assert.deepStrictEqual(yield* totals, {
        planned: 1,
        sent: 1,
        done: 1,
        rejected: 0,
        invalid: 0,
        notInFile: { planned: 0, sent: 0, rejected: 0 }
      })
      // What the journal knows is no matter of opinion.
      yield* change({ key: "k1", step: "message", state: "sent" })
      assert.deepStrictEqual(yield* refused("k1", { _tag: "Processed", conversationId: 54 }), [
        "InvalidId",
        "k1: its conversationId is 8, as the journal has it: give no other"
      ])
      // With its conversation alone, it could mean that the message is there, or that it is not.
      assert.deepStrictEqual(yield* refused("k1", { _tag: "Processed", conversationId: 8 }), [
        "InvalidId",
        "k1: its conversation is known (8), and its message is in question: resolve it as processed if that is there, " +
        "without a conversation; else as not processed"
      ])
      yield* resolve("k1", { _tag: "Processed", conversationId: 8, messageId: 9 })
    }).pipe(Effect.provide(journal)))

  it.effect("keeps the rejects of the latest run alone, and what LiveDesk refused in any", () =>
    Effect.gen(function*() {
      const { begin, change, plan, reject, rejects } = yield* begun
      yield* plan([row("k0", 9)])
      yield* change({ key: "k0", step: "contact", state: "rejected", reasons: ["d"] })
      yield* reject([{ line: 2, reasons: ["a", "b"], row: "x" }])
      yield* begin(target)
      yield* reject([{ line: 3, reasons: ["c"], row: "y" }])
      assert.deepStrictEqual(yield* Stream.runCollect(rejects), [
        { line: 3, reasons: ["c"], row: "y", step: Option.none(), isInFile: true },
        { line: 9, reasons: ["d"], row: "{}", step: Option.some("contact" as const), isInFile: false }
      ])
    }).pipe(Effect.provide(journal)))

  it.effect("gives all rejects in the order of their lines, what LiveDesk refused behind what was not read", () =>
    Effect.gen(function*() {
      const { change, plan, reject, rejects } = yield* begun
      // So many that pages end behind each of the three of a line.
      const lines = Array.range(2, 1701)
      yield* plan(lines.map((line) => row(`k${line}`, line)))
      yield* Effect.forEach(
        lines,
        (line) => change({ key: `k${line}`, step: "contact", state: "rejected", reasons: [`refused ${line}`] }),
        { concurrency: "unbounded", discard: true }
      )
      yield* reject(
        Array.reverse(lines).flatMap((line) =>
          ["unread", "again"].map((reason) => ({ line, reasons: [`${reason} ${line}`], row: "x" }))
        )
      )
      assert.deepStrictEqual(
        (yield* Stream.runCollect(rejects)).flatMap(({ reasons }) => reasons),
        lines.flatMap((line) => [`unread ${line}`, `again ${line}`, `refused ${line}`])
      )
    }).pipe(Effect.provide(journal)))

  it.effect("writes nothing more when a change could not be written, and says why", () =>
    Effect.gen(function*() {
      const { change, flush, note, plan, resolve } = yield* begun
      yield* plan(rows(2))
      const sql = yield* SqlClient.SqlClient
      yield* sql`ALTER TABLE import_row RENAME TO away`
      const unresolved = yield* Effect.flip(resolve("k0", { _tag: "NotProcessed" }))
      assert.deepInclude(unresolved, { _tag: "ImportJournalError", problem: "Database" })
      const error = yield* Effect.flip(change({ key: "k0", step: "message", state: "done" }))
      assert.include(error.message, "the import's journal failed")
      yield* sql`ALTER TABLE away RENAME TO import_row`
      yield* Effect.flip(note({ key: "k1", step: "message", state: "done" }))
      yield* Effect.flip(flush)
      assert.deepStrictEqual(yield* keys("done"), [])
    }).pipe(Effect.provide(journal)))

  it.effect("given another inbox, server or account, fails by name; given another key, warns", () =>
    Effect.gen(function*() {
      const { account, begin } = yield* begun
      const logged: Array<unknown> = []
      const fails = <A>(effect: Effect.Effect<A, ImportJournal.ImportJournalError>, message: string) =>
        Effect.map(Effect.flip(Effect.asVoid(effect)), (error) => {
          assert.strictEqual(error.problem, "OtherImport")
          assert.match(error.message, new RegExp(`^the journal is that of an import ${message}`))
        })
      yield* fails(begin({ ...target, inboxId: 408 }), "into the inbox 407, not 408")
      yield* fails(
        begin({ ...target, baseUrl: "http://127.0.0.1:4010" }),
        "at the address https://livedesk.example, not http://127.0.0.1:4010"
      )
      yield* account(7)
      yield* account(7)
      yield* fails(account(8), "into the account 7, not 8")
      const rotated = { ...target, keyFingerprint: "b" }
      const logging = Effect.provide(Logger.layer([Logger.make(({ message }) => logged.push(message))]))
      yield* logging(begin(target))
      assert.deepStrictEqual(logged, [])
      const first = yield* logging(begin(rotated))
      assert.isTrue(first.isOtherKey)
      assert.include(String(logged), "another API key")
      // Until it is known to be the same account's.
      yield* fails(account(8), "into the account 7, not 8")
      assert.isTrue((yield* begin(rotated)).isOtherKey)
      // Nor is what was noted with it trusted, at the next run with the key of before.
      assert.isTrue((yield* begin(target)).isOtherKey)
      assert.isFalse((yield* begin(target)).isOtherKey)
      yield* begin(rotated)
      yield* account(7)
      assert.isFalse((yield* begin(rotated)).isOtherKey)
    }).pipe(Effect.provide(journal)))

  it.effect("given a database that holds something else, or a journal of another format, fails by name", () =>
    Effect.gen(function*() {
      const opened = (statements: ReadonlyArray<string>) =>
        Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          for (const statement of statements) yield* sql.unsafe(statement)
          return yield* Effect.flip(Effect.asVoid(Layer.build(Layer.fresh(ImportJournal.layer))))
        }).pipe(Effect.provide(Layer.fresh(NodeSqlite.layer({ file: ":memory:" }))))
      const opens = ImportJournal.layer.pipe(Layer.fresh, Layer.build)
      yield* Effect.andThen(opens, opens).pipe(Effect.provide(Layer.fresh(NodeSqlite.layer({ file: ":memory:" }))))
      assert.strictEqual((yield* opened(["CREATE TABLE invoices (id INTEGER)"])).problem, "NotAJournal")
      // Format 1 has no hashes of rows.
      for (const format of [1, 99]) {
        const other = yield* opened([
          "CREATE TABLE import_row (id INTEGER)",
          "CREATE TABLE import_format (version INTEGER)",
          `INSERT INTO import_format VALUES (${format})`
        ])
        assert.strictEqual(other.problem, "OtherVersion")
        assert.include(other.message, `the format ${format}`)
      }
      assert.include((yield* opened(["CREATE TABLE import_row (id INTEGER)"])).message, "the format 0")
    }).pipe(Effect.scoped))
})
