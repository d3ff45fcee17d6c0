import { Contacts, LiveDesk, LiveDeskClient } from "@effect-livedesk/core"
import { ContactImport, ImportJournal, ImportMapping, ImportProgress, ImportRows } from "@effect-livedesk/core/imports"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import * as NodeSqlite from "@effect-livedesk/node/NodeSqlite"
import { assert, describe, it } from "@effect/vitest"
import {
  Array,
  Duration,
  Effect,
  Fiber,
  HashMap,
  Layer,
  Option,
  Redacted,
  References,
  Schema,
  Stream,
  Struct
} from "effect"
import type { HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import * as FakeTransport from "../FakeTransport.ts"

const inboxId = 407

const journal = ImportJournal.layer.pipe(Layer.provide(NodeSqlite.layer({ file: ":memory:" })))

/** All services at an emulator with these faults, and without retries. */
const livedesk = (steps: Faults.Script["steps"] = {}) =>
  LiveDesk.layer.pipe(Layer.provideMerge(Faults.layerEmulator(Faults.script(steps), { retries: { times: 0 } })))

const customers = (count: number, more: { readonly [column: string]: unknown } = {}) =>
  Array.makeBy(count, (index) => ({ email: `c${index}@acme.inc`, name: `Customer ${index}`, ...more }))

const rowsOf = (values: ReadonlyArray<object>) => ImportRows.fromStream(Stream.fromIterable(values))

/** Reads a row's first message, too, which no import sends unasked. */
const mapping = ImportMapping.forColumns({ columns: { message: "message" } })

const importing = (values: ReadonlyArray<object>, options?: Partial<ContactImport.Options<never, never>>) =>
  ContactImport.run({ inboxId, mapping, rows: rowsOf(values), ...options })

const { Fault } = Faults

/** Moves the clock on, second by second, until the program is done. */
const inTime = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(program, { startImmediately: true })
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 second")
    return yield* Fiber.join(fiber)
  })

/** What LiveDesk holds, as lists. */
const emulated = Effect.map(Effect.flatMap(Emulator.Emulator, ({ state }) => state), (state) => ({
  contacts: [...HashMap.values(state.contacts)],
  conversations: [...HashMap.values(state.conversations)],
  messages: [...HashMap.values(state.messages)]
}))

/** How many requests of each operation LiveDesk saw. */
const requests = Effect.map(
  Effect.flatMap(Faults.Faults, ({ trace }) => trace),
  (trace) =>
    Object.fromEntries(
      Object.entries(Array.groupBy(trace, ({ operation }) => operation)).map(([name, all]) => [name, all.length])
    )
)

const entries = (state: ImportJournal.State) =>
  Effect.flatMap(ImportJournal.ImportJournal, (journal) => Stream.runCollect(journal.entries(state)))

/** What could not be imported at all. */
const rejects = Effect.flatMap(
  ImportJournal.ImportJournal,
  (journal) => Stream.runCollect(Stream.filter(journal.rejects, ({ step }) => Option.isNone(step)))
)

/** What a run counted, without its time. */
const counted = (progress: ImportProgress.ImportProgress) =>
  Struct.omit(progress, ["elapsed", "perSecond", "timeLeft", "uncertain", "waiting"])

const none = {
  read: 0,
  alreadyDone: 0,
  done: 0,
  created: 0,
  existing: 0,
  foundAgain: 0,
  changed: 0,
  updated: 0,
  conversations: 0,
  messages: 0,
  rejected: 0,
  unknown: 0,
  notInFile: 0
}

describe("an import", () => {
  it.effect("makes a contact of each row, and a second one of the same file nothing", () =>
    Effect.gen(function*() {
      const values = customers(50)
      assert.deepStrictEqual(counted(yield* importing(values)), { ...none, read: 50, done: 50, created: 50 })
      const state = yield* emulated
      assert.lengthOf(state.contacts, 50)
      assert.deepStrictEqual(counted(yield* importing(values)), { ...none, read: 50, alreadyDone: 50 })
      assert.deepStrictEqual(yield* emulated, state)
      assert.deepStrictEqual(yield* requests, { "contacts.list": 50, "contacts.create": 50 })
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("sends no message that its mapping does not ask for, whatever the columns are named", () =>
    Effect.gen(function*() {
      const values = customers(3, { message: "I would like an offer.", Message: "Hello.", conversation: true })
      const result = yield* importing(values, { mapping: undefined })
      assert.deepStrictEqual(counted(result), { ...none, read: 3, done: 3, created: 3 })
      const { conversations, messages } = yield* emulated
      assert.deepStrictEqual([conversations, messages], [[], []])
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("starts a conversation with a message where a row has one", () =>
    Effect.gen(function*() {
      const values = [...customers(3, { message: "Hello." }), { identifier: "none", message: "" }]
      const result = yield* importing(values)
      assert.deepStrictEqual(counted(result), { ...none, read: 4, done: 4, created: 4, conversations: 3, messages: 3 })
      const state = yield* emulated
      assert.lengthOf(state.conversations, 3)
      assert.lengthOf(state.messages, 3)
      const done = yield* entries("done")
      for (const { contactId, conversationId, messageId, row } of done.slice(0, 3)) {
        assert.isTrue(Option.isNone(row))
        const conversation = state.conversations.find(({ id }) => id === Option.getOrThrow(conversationId))
        assert.strictEqual(conversation?.contactId, Option.getOrThrow(contactId))
        const message = state.messages.find(({ id }) => id === Option.getOrThrow(messageId))
        assert.strictEqual(message?.conversationId, conversation?.id)
      }
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("finds the contacts that are there, and changes nothing of them", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      yield* contacts.create({ inboxId, email: "c1@acme.inc", name: "As she was" })
      for (const lookup of ["first", "onConflict"] as const) {
        const result = yield* importing(customers(3), { lookup }).pipe(Effect.provide(Layer.fresh(journal)))
        assert.strictEqual(result.done, 3)
        assert.strictEqual(result.existing, lookup === "first" ? 1 : 3)
      }
      const state = yield* emulated
      assert.lengthOf(state.contacts, 3)
      assert.include(state.contacts.map(({ name }) => name), "As she was")
    }).pipe(Effect.provide(livedesk())))

  it.effect("sets the custom attributes of contacts that it makes, and of no other", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      yield* contacts.create({ inboxId, email: "c1@acme.inc" })
      const mapping = ImportMapping.forColumns({ attributes: { plan: "Plan" }, message: "Hello {name}" })
      const result = yield* importing(customers(3, { Plan: "pro" }), { mapping })
      assert.deepStrictEqual([result.created, result.existing, result.messages], [2, 1, 3])
      const { contacts: made } = yield* emulated
      assert.deepStrictEqual(
        Object.fromEntries(made.map(({ customAttributes, email }) => [Option.getOrThrow(email), customAttributes])),
        { "c0@acme.inc": { plan: "pro" }, "c1@acme.inc": {}, "c2@acme.inc": { plan: "pro" } }
      )
      assert.strictEqual((yield* requests)["contacts.update"], 2)
    }).pipe(Effect.provide([livedesk(), journal])))

  for (const lookup of ["first", "onConflict"] as const) {
    it.effect(`sets them also where the response to the create was lost (lookup ${lookup})`, () =>
      Effect.gen(function*() {
        const mapping = ImportMapping.forColumns({ attributes: { plan: "Plan" } })
        const result = yield* inTime(importing([{ email: "ada@acme.inc", Plan: "pro" }], { mapping, lookup }))
        assert.deepStrictEqual([result.done, result.existing, result.foundAgain], [1, 0, 1])
        const { contacts } = yield* emulated
        assert.deepStrictEqual(contacts.map(({ customAttributes }) => customAttributes), [{ plan: "pro" }])
      }).pipe(
        Effect.provide([livedesk({ "contacts.create": [Fault.Reset({ when: "AfterProcessing" })] }), journal])
      ))
  }

  it.effect("makes no second contact where the outcome of setting attributes is unknown, and sets them again", () =>
    Effect.gen(function*() {
      const mapping = ImportMapping.forColumns({ attributes: { plan: "Plan" } })
      const result = yield* inTime(importing(customers(2, { Plan: "pro" }), { mapping, concurrency: 1 }))
      assert.deepStrictEqual([result.created, result.done, result.existing], [2, 2, 0])
      const { contacts } = yield* emulated
      assert.deepStrictEqual(contacts.map(({ customAttributes }) => customAttributes), [{ plan: "pro" }, {
        plan: "pro"
      }])
      const { "contacts.create": creates, "contacts.update": updates } = yield* requests
      assert.deepStrictEqual([creates, updates], [2, 3])
    }).pipe(Effect.provide([
      livedesk({ "contacts.update": [Fault.MalformedBody({ body: "{" })] }),
      journal
    ])))

  it.effect("rejects a row alone whose contact is gone before its attributes are set", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      const gone = { ...contacts, update: () => contacts.update({ contactId: 999_999, customAttributes: {} }) }
      const mapping = ImportMapping.forColumns({ attributes: { plan: "Plan" } })
      const first = yield* importing(customers(2, { Plan: "pro" }), { mapping }).pipe(
        Effect.provideService(Contacts.Contacts, Contacts.Contacts.of(gone))
      )
      assert.deepStrictEqual([first.created, first.done, first.rejected], [2, 0, 2])
      const second = yield* importing(customers(2, { Plan: "pro" }), { mapping })
      assert.deepStrictEqual([second.created, second.done], [0, 2])
      const { contacts: made } = yield* emulated
      assert.deepStrictEqual(made.map(({ customAttributes }) => customAttributes), [{ plan: "pro" }, { plan: "pro" }])
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("counts done rows whose data are others, and updates them where that is asked for", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      yield* contacts.create({ inboxId, identifier: "1", name: "As she was" })
      const rows = (name: string, email: string, plan: string) => [
        { identifier: "1", name, message: "Hello." },
        { identifier: "2", name: "Bob", email, plan }
      ]
      const mapping = ImportMapping.forColumns({ attributes: { plan: "plan" } })
      yield* importing(rows("Anna", "b@acme.inc", "free"), { mapping })
      const same = yield* importing(rows("Anna", "B@acme.inc ", "free"), { mapping })
      assert.deepStrictEqual([same.alreadyDone, same.changed, same.updated], [2, 0, 0])
      const before = yield* emulated
      const off = yield* importing(rows("Anna King", "bob@acme.inc", "pro"), { mapping })
      assert.deepStrictEqual([off.alreadyDone, off.changed, off.updated], [2, 2, 0])
      assert.deepStrictEqual(yield* emulated, before)
      const on = yield* importing(rows("Anna King", "bob@acme.inc", "pro"), { mapping, updateExisting: true })
      assert.deepStrictEqual([on.alreadyDone, on.changed, on.updated, on.messages, on.rejected], [2, 2, 2, 0, 0])
      const after = yield* emulated
      assert.deepStrictEqual(
        after.contacts.map(({ customAttributes, email, name }) => [name, Option.getOrNull(email), customAttributes]),
        [["Anna King", null, {}], ["Bob", "bob@acme.inc", { plan: "pro" }]]
      )
      assert.deepStrictEqual(after.messages, before.messages)
      const again = yield* importing(rows("Anna King", "bob@acme.inc", "pro"), { mapping, updateExisting: true })
      assert.deepStrictEqual([again.changed, again.updated], [0, 0])
      assert.strictEqual((yield* requests)["contacts.update"], 3)
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("sees each change of a done row's data", () =>
    Effect.gen(function*() {
      // A weak hash has the same for both.
      yield* importing([{ identifier: "1", name: "22" }])
      const { changed } = yield* importing([{ identifier: "1", name: "p0" }])
      assert.strictEqual(changed, 1)
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("updates contacts that are there before their first row, where that is asked for", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      yield* contacts.create({ inboxId, email: "c0@acme.inc", name: "As she was" })
      yield* contacts.create({ inboxId, email: "c1@acme.inc", name: "Customer 1" })
      const result = yield* importing(customers(3, { identifier: "" }), { updateExisting: true })
      assert.deepStrictEqual([result.created, result.existing, result.updated], [1, 2, 1])
      const state = yield* emulated
      assert.deepStrictEqual(state.contacts.map(({ name }) => name), ["Customer 0", "Customer 1", "Customer 2"])
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("updates no contact that its row's key no longer finds alone, and says why", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      yield* importing([{ identifier: "1", name: "Anna" }])
      const [anna] = (yield* emulated).contacts
      assert.isDefined(anna)
      yield* contacts.update({ contactId: anna?.id ?? 0, identifier: "old" })
      yield* contacts.create({ inboxId, identifier: "1", name: "Another" })
      const result = yield* importing([{ identifier: "1", name: "Anna King" }], { updateExisting: true })
      assert.deepStrictEqual([result.alreadyDone, result.updated, result.rejected], [1, 0, 1])
      assert.deepStrictEqual((yield* emulated).contacts.map(({ name }) => name), ["Anna", "Another"])
      const [reject] = yield* rejects
      assert.include(reject?.reasons[0], "LiveDesk finds another contact by its key")
      assert.lengthOf(yield* entries("done"), 1)
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("counts rows that an earlier run did or sent as such, though the mapping no longer reads them", () =>
    Effect.gen(function*() {
      const lost = { email: "lost@acme.inc", message: "Hello, Lost." }
      const values = [...customers(3), lost]
      const first = yield* importing(values)
      assert.deepStrictEqual([first.done, first.unknown, first.rejected], [3, 1, 0])
      const strict = ImportMapping.make(
        Schema.Struct({ email: Schema.String, town: Schema.NonEmptyString }),
        ({ email }) => ({ contact: { email } })
      )
      // One is new, one was changed, and one is there twice.
      const changed = [
        { email: "new@acme.inc" },
        { email: "c0@acme.inc", name: "Other" },
        ...values.slice(1),
        values[2]
      ]
      const second = yield* inTime(importing(changed.flatMap((row) => row ?? []), { mapping: strict }))
      assert.deepStrictEqual(counted(second), { ...none, read: 6, alreadyDone: 2, unknown: 1, rejected: 3 })
      assert.deepStrictEqual((yield* rejects).map(({ line }) => line), [1, 2, 6])
      assert.deepStrictEqual((yield* entries("done")).map(({ key, line }) => [key, line]), [
        ["email:c0@acme.inc", 1],
        ["email:c1@acme.inc", 3],
        ["email:c2@acme.inc", 4]
      ])
      assert.lengthOf((yield* emulated).contacts, 4)
    }).pipe(Effect.provide([
      livedesk({ "messages.send": [Fault.Reset({ when: "AfterProcessing" })] }),
      journal
    ])))

  it.effect("fails before any row for a header of which the mapping can make nothing", () =>
    Effect.gen(function*() {
      const header = (text: string) => ImportRows.csv(Stream.succeed(new TextEncoder().encode(text)))
      const error = yield* Effect.flip(
        ContactImport.run({ inboxId, rows: header("Town,First Name\nUlm,Anna\n") })
      )
      assert.strictEqual(error._tag, "ImportFileError")
      assert.include(error.message, "no column says which customer a row is")
      assert.deepStrictEqual(yield* rejects, [])
      const mapping = ImportMapping.make(Schema.Struct({}), () => ({ contact: { email: "a@acme.inc" } }))
      assert.strictEqual((yield* ContactImport.run({ inboxId, rows: header("Town\nUlm\n"), mapping })).done, 1)
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("rejects what cannot be imported with every reason, and goes on", () =>
    Effect.gen(function*() {
      const mapping = ImportMapping.make(
        Schema.Struct({ mail: Schema.String, name: Schema.NonEmptyString, text: Schema.optional(Schema.String) }),
        ({ mail, name, text }) => ({
          contact: { email: mail, name },
          ...(text === undefined ? {} : { message: { content: text } })
        })
      )
      const result = yield* importing(
        [{ mail: 1, name: "" }, { mail: "a@acme.inc", name: "Alice" }, { mail: " ", name: "Bob" }, {
          mail: "A@acme.inc",
          name: "Alice"
        }],
        { mapping }
      )
      assert.deepStrictEqual(counted(result), { ...none, read: 4, done: 1, created: 1, rejected: 3 })
      const all = yield* rejects
      assert.deepStrictEqual(all.map(({ line }) => line), [1, 3, 4])
      assert.lengthOf(all[0]?.reasons ?? [], 2)
      assert.include(all[1]?.reasons[0], "identifier, email or phoneNumber")
      assert.include(all[2]?.reasons[0], "the same customer as line 2: email:a@acme.inc")
      assert.deepStrictEqual(all.map(({ row }) => JSON.parse(row).name), ["", "Bob", "Alice"])
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("tries again what LiveDesk refused, when it is started again", () =>
    Effect.gen(function*() {
      const rows = (phone_number: string) => [{ identifier: "a" }, { identifier: "b", phone_number }]
      const first = yield* importing(rows("call me"))
      assert.deepStrictEqual(counted(first), { ...none, read: 2, done: 1, created: 1, rejected: 1 })
      const [refused] = yield* entries("rejected")
      assert.include(refused?.reasons[0], "ValidationError/RejectedInput")
      const second = yield* importing(rows("+6512345678"))
      assert.deepStrictEqual(counted(second), { ...none, read: 2, alreadyDone: 1, done: 1, created: 1 })
      assert.lengthOf(yield* entries("rejected"), 0)
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("keeps apart by a key of one's own", () =>
    Effect.gen(function*() {
      const values = [{ email: "a@acme.inc", message: "One." }, { email: "a@acme.inc", message: "Two." }]
      const result = yield* importing(values, { key: ({ message }) => message?.content ?? "", concurrency: 1 })
      assert.deepStrictEqual(counted(result), {
        ...none,
        read: 2,
        done: 2,
        created: 1,
        existing: 1,
        conversations: 2,
        messages: 2
      })
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("rejects a key that the journal would not find again, and so would send twice", () =>
    Effect.gen(function*() {
      const values = Array.map(["\ud83d|", undefined, null, 5, "\0|"], (key, index) => ({
        email: `c${index}@acme.inc`,
        message: "Hello.",
        key
      }))
      const mapping = ImportMapping.make(
        Schema.Struct({ email: Schema.String, message: Schema.String }),
        ({ email, message }) => ({ contact: { email }, message: { content: message } })
      )
      // As a program in JavaScript may return it.
      const key = ({ contact }: ImportMapping.ImportInput) =>
        values.find(({ email }) => email === contact.email)?.key as string
      for (let run = 0; run < 2; run++) yield* importing(values, { key, lookup: "onConflict", mapping })
      assert.lengthOf((yield* emulated).messages, 1)
      const reasons = (yield* rejects).map(({ line, reasons }) => `${line}: ${String(reasons[0])}`)
      assert.include(reasons[0], "1: the key holds half a character")
      assert.deepStrictEqual(reasons.slice(1), [
        "2: the key is no text, but undefined",
        "3: the key is no text, but null",
        "4: the key is no text, but number"
      ])
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("goes on where a response leaves out the account", () => {
    const accounts = [17, undefined, 17]
    let latestId = 0
    const bodyOf = ({ method, url }: HttpClientRequest.HttpClientRequest) => {
      if (method === "GET") return { payload: [] }
      if (url.endsWith("/messages")) return { id: 5, conversation_id: 40 }
      return url.endsWith("/conversations")
        ? { id: ++latestId, inbox_id: inboxId, account_id: accounts.shift() }
        : { payload: { contact: { id: ++latestId }, contact_inbox: { source_id: "s" } } }
    }
    return Effect.gen(function*() {
      const values = customers(3, { message: "Hello." })
      const { done } = yield* importing(values, { concurrency: 1 })
      assert.strictEqual(done, 3)
      assert.lengthOf(accounts, 0)
    }).pipe(Effect.provide([
      Layer.provideMerge(
        LiveDesk.layer,
        LiveDeskClient.layer({ apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret") })
      ).pipe(Layer.provide(FakeTransport.respondingWith((request) => ({ body: bodyOf(request) })))),
      journal
    ]))
  })

  it.effect("has on the disk at once what could not be looked for after a crash, and the rest soon", () =>
    Effect.gen(function*() {
      const done = (row: object) =>
        Effect.gen(function*() {
          const rows = Stream.concat(rowsOf([row]), Stream.never)
          const fiber = yield* Effect.forkChild(importing([], { rows }), { startImmediately: true })
          for (let turn = 0; turn < 200; turn++) yield* Effect.yieldNow
          const before = (yield* entries("done")).length
          yield* TestClock.adjust("50 millis")
          for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
          const after = (yield* entries("done")).length
          yield* inTime(Fiber.interrupt(fiber))
          return [before, after]
        }).pipe(Effect.provide(Layer.fresh(journal)))
      assert.deepStrictEqual(yield* done({ identifier: "quiet" }), [0, 1])
      assert.deepStrictEqual(yield* done({ identifier: "greeted", message: "Hello." }), [1, 1])
    }).pipe(Effect.provide(livedesk())))

  it.effect("ends with its journal, whatever it waits for", () =>
    Effect.gen(function*() {
      const fiber = yield* importing([], { rows: Stream.concat(rowsOf(customers(1)), Stream.never) }).pipe(
        Effect.forkDetach({ startImmediately: true }),
        Effect.tap(() => TestClock.adjust("1 second")),
        Effect.provide(journal)
      )
      const error = yield* inTime(Effect.flip(Fiber.join(fiber)))
      assert.strictEqual(error._tag, "ImportJournalError")
    }).pipe(Effect.provide(livedesk())))

  it.effect("rejects rows at which the program's own code fails, and what cannot be kept", () =>
    Effect.gen(function*() {
      const mapping = ImportMapping.make(Schema.Struct({ name: Schema.String }), ({ name }) => {
        if (name === "Bob") throw new Error("no Bobs")
        return { contact: { identifier: name } }
      })
      const result = yield* importing(
        [{ name: "Bob" }, { name: "Zoe" }, { name: "Alice" }, { name: "Carol", age: 1n }],
        {
          mapping,
          key: ({ contact }) => {
            if (contact.identifier === "Zoe") throw new Error("no Zoes")
            return contact.identifier ?? ""
          }
        }
      )
      assert.deepStrictEqual(counted(result), { ...none, read: 4, done: 1, created: 1, rejected: 3 })
      const reasons = (yield* rejects).map(({ reasons }) => reasons[0])
      assert.deepStrictEqual(reasons.slice(0, 2), ["the mapping failed: Error: no Bobs", "the key failed: no Zoes"])
      assert.include(reasons[2], "the row cannot be kept as JSON")
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("refuses invalid options, all at once, and a journal of another inbox", () =>
    Effect.gen(function*() {
      const wrong = yield* Effect.flip(importing([], {
        inboxId: 0,
        concurrency: 0,
        lookup: "sometimes" as never,
        reconcileAfter: "soon" as never,
        retryFor: "-1 seconds",
        progressEvery: Number.NaN
      }))
      assert.strictEqual(wrong._tag, "ValidationError")
      for (const option of ["inboxId", "concurrency", "lookup", "reconcileAfter", "retryFor", "progressEvery"]) {
        assert.include(wrong.message, option)
      }
      yield* importing([])
      const other = yield* Effect.flip(importing([], { inboxId: 408 }))
      assert.strictEqual(other._tag, "ImportJournalError")
      assert.include(other.message, "the inbox 407, not 408")
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("reports its progress, and how long it will take", () =>
    Effect.gen(function*() {
      const reported: Array<string> = []
      const slow = rowsOf(customers(6)).pipe(Stream.mapEffect((row) => Effect.delay(Effect.succeed(row), "1 second")))
      yield* inTime(importing([], {
        rows: slow,
        // As a file has more lines than rows.
        total: 10,
        onProgress: (progress) => Effect.sync(() => reported.push(ImportProgress.line(progress)))
      }))
      assert.deepStrictEqual(reported.slice(1, 2), ["3 done, 0 rejected, 0.8 a second, about 10s left"])
      assert.strictEqual(reported.at(-1), "6 done, 0 rejected, 1.0 a second")
    }).pipe(Effect.provide([livedesk(), journal])))
})

/** Each message by the name of the contact in whose conversation it is. */
const messagesByName = Effect.map(
  emulated,
  ({ contacts, conversations, messages }) =>
    messages.map(({ content, conversationId }) => {
      const conversation = conversations.find(({ id }) => id === conversationId)
      const contact = contacts.find(({ id }) => id === conversation?.contactId)
      return [contact?.name ?? "", Option.getOrElse(content, () => "")] as const
    })
)

/** Runs an import, of which nothing is done any more once so many messages were sent, as by a crash. */
const crashing = (values: ReadonlyArray<object>, messages: number) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(importing(values), { startImmediately: true })
    while ((yield* emulated).messages.length < messages) yield* TestClock.adjust("1 millis")
    return fiber
  })

describe("an import's rows that meet in another key", () => {
  /** The id that the emulator gives first. */
  const firstContact = 2219256
  const anna = { identifier: "C-71", name: "Anna", phone_number: "+4930123471", message: "Anna, your parcel." }
  const bob = { name: "Bob", phone_number: "+49 (30) 123-471", message: "Bob, your code is 1234." }
  const bobsOwn = { ...bob, phone_number: "+4930123472" }

  it.effect("rejects the second of one file, with both lines", () =>
    Effect.gen(function*() {
      const result = yield* importing([anna, bob, { email: "c@acme.inc" }, { identifier: "d", email: "C@acme.inc" }])
      assert.deepStrictEqual([result.done, result.rejected], [2, 2])
      const [phone, email] = yield* rejects
      assert.include(
        phone?.reasons[0],
        "line 2 (phone:+4930123471) and line 1 (identifier:C-71) are two customers with the same phone number"
      )
      assert.include(email?.reasons[0], "line 4 (identifier:d) and line 3 (email:c@acme.inc)")
      assert.deepStrictEqual(yield* messagesByName, [["Anna", "Anna, your parcel."]])
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("rejects one that meets a row of an earlier file, whose contact may be there", () =>
    Effect.gen(function*() {
      yield* importing([anna])
      const result = yield* importing([bob])
      assert.deepStrictEqual([result.done, result.rejected], [0, 1])
      assert.include((yield* rejects)[0]?.reasons[0], "and line 1 of an earlier file (identifier:C-71)")
      assert.lengthOf((yield* emulated).messages, 1)
    }).pipe(Effect.provide([livedesk(), journal])))

  for (const state of ["planned", "sent", "rejected"] as const) {
    it.effect(`counts one of the file that an earlier run left ${state} as rejected, not as missing in the file`, () =>
      Effect.gen(function*() {
        const left = { identifier: "left", phone_number: "one" }
        yield* importing([anna, left, { identifier: "gone", phone_number: "two" }])
        const journal = yield* ImportJournal.ImportJournal
        yield* journal.change({ key: "identifier:left", step: "contact", state })
        const contacts = (yield* emulated).contacts.length
        const result = yield* inTime(importing([anna, { ...left, phone_number: anna.phone_number }]))
        assert.deepStrictEqual([result.rejected, result.notInFile], [1, 1])
        // What was sent stays to be resolved, and nothing is sent for it.
        assert.strictEqual((yield* emulated).contacts.length, contacts)
        const again = yield* inTime(importing([anna]))
        assert.deepStrictEqual([again.rejected, again.notInFile], [0, 2])
      }).pipe(Effect.provide([livedesk(), journal])))
  }

  it.effect("lets an address go that was corrected before anything was sent for it", () =>
    Effect.gen(function*() {
      const refused = [{ identifier: "a", phone_number: "one" }, { identifier: "b", phone_number: "two" }]
      assert.strictEqual((yield* importing(refused)).rejected, 2)
      const swapped = [{ identifier: "b", phone_number: "one" }, { identifier: "c", phone_number: "two" }]
      yield* importing(swapped)
      assert.deepStrictEqual(yield* rejects, [])
      // Also once the row that had it is done, with another.
      const corrected = { identifier: "b", phone_number: "+4930123471" }
      assert.strictEqual((yield* importing([corrected])).done, 1)
      yield* importing([corrected, { identifier: "d", phone_number: "one" }])
      assert.deepStrictEqual(yield* rejects, [])
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("sends nothing to a contact that the journal has for another customer, whatever the rows say", () =>
    Effect.gen(function*() {
      yield* importing([anna])
      assert.strictEqual((yield* emulated).contacts[0]?.id, firstContact)
      const result = yield* importing([anna, bobsOwn])
      assert.deepStrictEqual([result.alreadyDone, result.done, result.rejected], [1, 0, 1])
      const [refused] = yield* entries("rejected")
      assert.include(refused?.reasons[0], "is that of line 1, another customer (identifier:C-71)")
      assert.deepStrictEqual(yield* messagesByName, [["Anna", "Anna, your parcel."]])
    }).pipe(Effect.provide([
      // The response to the second row's request has the id of the first row's contact.
      livedesk({
        "contacts.create": ["Pass", Fault.MalformedBody({ body: `{"payload":{"contact":{"id":${firstContact}}}}` })]
      }),
      journal
    ])))
})

describe("an import whose file was edited between two runs", () => {
  const written = (index: number) => ({
    email: `c${index}@acme.inc`,
    name: `Customer ${index}`,
    message: `For ${index}`
  })

  it.effect("sends nothing for rows that the file does not have any more", () =>
    Effect.gen(function*() {
      const values = Array.makeBy(300, written)
      const crashed = yield* crashing(values, 40)
      const { sent } = yield* Effect.flatMap(ImportJournal.ImportJournal, ({ totals }) => totals)
      assert.isAtMost(sent, 96)
      yield* inTime(Fiber.interrupt(crashed))
      const before = yield* emulated
      const result = yield* inTime(importing(values.slice(290)))
      assert.strictEqual(result.done + result.alreadyDone, 10)
      assert.isAbove(result.notInFile, 0)
      const after = yield* emulated
      assert.isAtMost(after.messages.length - before.messages.length, 10)
      assert.strictEqual(after.contacts.length - before.contacts.length, result.created)
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("looks for the contact of a row that was removed, makes none, and counts the row", () =>
    Effect.gen(function*() {
      const values = [written(0), written(1)]
      assert.strictEqual((yield* inTime(Effect.flip(importing(values, { retryFor: "1 seconds" }))))._tag, "HttpError")
      // As a crash leaves it: sent, and not heard of.
      const journal = yield* ImportJournal.ImportJournal
      for (const { email } of values) yield* journal.change({ key: `email:${email}`, step: "contact", state: "sent" })
      const result = yield* inTime(importing([written(1)]))
      assert.deepStrictEqual([result.done, result.unknown, result.notInFile], [1, 0, 1])
      assert.deepStrictEqual(yield* messagesByName, [["Customer 1", "For 1"]])
      assert.deepStrictEqual((yield* entries("planned")).map(({ isInFile, key }) => [key, isInFile]), [
        ["email:c0@acme.inc", false]
      ])
      const again = yield* inTime(importing(values))
      assert.deepStrictEqual([again.alreadyDone, again.done, again.notInFile], [1, 1, 0])
    }).pipe(Effect.provide([livedesk({ "contacts.list": Array.replicate(Fault.Refused(), 8) }), journal])))

  it.effect("reaches only the new address of a row that was corrected", () =>
    Effect.gen(function*() {
      const old = { identifier: "C-1", email: "old@acme.inc", name: "Old", message: "Hello." }
      // Its contact is made, and LiveDesk cannot be reached for its conversation.
      yield* Effect.flip(importing([old], { retryFor: 0 }))
      assert.lengthOf((yield* emulated).contacts, 1)
      const corrected = { ...old, email: "new@acme.inc" }
      const conflict = yield* importing([corrected])
      assert.deepStrictEqual([conflict.done, conflict.rejected], [0, 1])
      assert.include((yield* entries("rejected"))[0]?.reasons[0], "has another email")
      assert.deepStrictEqual(yield* messagesByName, [])
      const contacts = yield* Contacts.Contacts
      const [contact] = (yield* emulated).contacts
      yield* contacts.update({ contactId: contact?.id ?? 0, email: "new@acme.inc" })
      assert.strictEqual((yield* importing([corrected])).done, 1)
      assert.lengthOf((yield* emulated).messages, 1)
      assert.lengthOf((yield* emulated).contacts, 1)
    }).pipe(Effect.provide([
      livedesk({ "conversations.create": [Fault.Refused()] }),
      journal
    ])))
})

describe("a row of an import", () => {
  it.effect("takes the source id of its contact for its conversation, so that there is one contact inbox", () =>
    Effect.gen(function*() {
      yield* importing(customers(2, { message: "Hello." }))
      const { contactInboxes } = yield* Effect.flatMap(Emulator.Emulator, ({ state }) => state)
      assert.deepStrictEqual(HashMap.toValues(contactInboxes).map(({ length }) => length), [1, 1])
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("has a conversation without a message where its mapping asks for that", () =>
    Effect.gen(function*() {
      const mapping = ImportMapping.make(
        Schema.Struct({ email: Schema.String, conversation: Schema.Boolean }),
        ({ conversation, email }) => ({ contact: { email }, conversation })
      )
      const rows = customers(2).map((row, index) => ({ ...row, conversation: index === 0 }))
      const result = yield* importing(rows, { mapping })
      assert.deepStrictEqual([result.done, result.conversations, result.messages], [2, 1, 0])
      const [contact] = (yield* emulated).contacts
      assert.deepStrictEqual((yield* emulated).conversations.map(({ contactId }) => contactId), [contact?.id])
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("whose contact is made goes on at its conversation, and neither finds nor updates the contact again", () =>
    Effect.gen(function*() {
      const mapping = ImportMapping.forColumns({ attributes: { plan: "plan" }, columns: { message: "message" } })
      const rows = customers(1, { message: "Hello.", plan: "pro" })
      yield* Effect.flip(importing(rows, { mapping, retryFor: 0 }))
      const result = yield* importing(rows, { mapping })
      assert.deepStrictEqual([result.done, result.foundAgain, result.messages], [1, 1, 1])
      assert.deepStrictEqual(yield* requests, {
        "contacts.list": 1,
        "contacts.create": 1,
        "contacts.update": 1,
        "conversations.create": 2,
        "messages.send": 1
      })
    }).pipe(Effect.provide([livedesk({ "conversations.create": [Fault.Refused()] }), journal])))

  it.effect("that was corrected to another customer sends nothing in the conversation of the first", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      yield* contacts.create({ inboxId, email: "bob@acme.inc", name: "Bob" })
      const key = () => "invoice 1"
      const row = { email: "alice@acme.inc", name: "Alice", message: "Hello." }
      yield* Effect.flip(importing([row], { key, retryFor: 0 }))
      const result = yield* importing([{ ...row, email: "bob@acme.inc", name: "Bob" }], { key })
      assert.deepStrictEqual([result.done, result.existing, result.conversations], [1, 1, 1])
      assert.deepStrictEqual(yield* messagesByName, [["Bob", "Hello."]])
    }).pipe(Effect.provide([livedesk({ "messages.send": [Fault.Refused()] }), journal])))

  it.effect("counts as found again where its correction leads to the same contact", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      const row = { identifier: "C-1", email: "old@acme.inc", message: "Hello." }
      yield* Effect.flip(importing([row], { retryFor: 0 }))
      const [contact] = (yield* emulated).contacts
      yield* contacts.update({ contactId: contact?.id ?? 0, email: "new@acme.inc" })
      const result = yield* importing([{ ...row, email: "new@acme.inc" }])
      assert.deepStrictEqual([result.done, result.foundAgain, result.existing], [1, 1, 0])
    }).pipe(Effect.provide([livedesk({ "conversations.create": [Fault.Refused()] }), journal])))

  it.effect("that the file no longer has is noted as far as LiveDesk has it", () =>
    Effect.gen(function*() {
      const rows = [{ email: "a@acme.inc", message: "Hello." }, { email: "b@acme.inc" }]
      yield* inTime(importing(rows, { lookup: "onConflict", concurrency: 1 }).pipe(Effect.timeoutOption("20 seconds")))
      const keys = ["email:a@acme.inc", "email:b@acme.inc"]
      const journal = yield* ImportJournal.ImportJournal
      yield* Effect.forEach(keys, (key) => journal.change({ key, step: "contact", state: "sent" }))
      const contacts = yield* Contacts.Contacts
      yield* contacts.ensure({ inboxId, email: "a@acme.inc" })
      yield* contacts.ensure({ inboxId, email: "b@acme.inc" })
      yield* inTime(importing([{ email: "c@acme.inc" }]))
      const brief = (state: ImportJournal.State) =>
        Effect.map(entries(state), (all) => all.map(({ key, step }) => [key, step]))
      assert.deepStrictEqual(yield* brief("planned"), [["email:a@acme.inc", "conversation"]])
      assert.deepStrictEqual(yield* brief("done"), [["email:b@acme.inc", "message"], ["email:c@acme.inc", "message"]])
      assert.deepStrictEqual((yield* emulated).messages, [])
    }).pipe(Effect.provide([livedesk({ "contacts.create": Array.replicate(Fault.Refused(), 6) }), journal])))

  it.effect("is counted as unknown as soon as that is known", () =>
    Effect.gen(function*() {
      const reported = new Set<number>()
      yield* inTime(importing(customers(2, { message: "Hello." }), {
        concurrency: 1,
        onProgress: ({ unknown }) => Effect.sync(() => reported.add(unknown))
      }))
      assert.deepStrictEqual([...reported], [0, 1, 2])
    }).pipe(
      Effect.provide([
        livedesk({ "conversations.create": Array.replicate(Fault.Silent({ when: "BeforeProcessing" }), 2) }),
        journal
      ])
    ))

  it.effect("that the file no longer has stays unknown where the mapping no longer reads it", () =>
    Effect.gen(function*() {
      const { begin, change, plan } = yield* ImportJournal.ImportJournal
      yield* begin({ inboxId, ...yield* LiveDeskClient.LiveDeskClient })
      yield* plan([{ key: "k", customer: "k", addresses: [], line: 2, row: JSON.stringify({ name: "Anna" }) }])
      yield* change({ key: "k", step: "contact", state: "sent" })
      const result = yield* inTime(importing(customers(1)))
      assert.deepStrictEqual([result.done, result.unknown, result.notInFile], [1, 0, 1])
      assert.deepStrictEqual((yield* entries("sent")).map(({ key }) => key), ["k"])
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("that the file no longer has stays unknown where it cannot be looked for", () =>
    Effect.gen(function*() {
      const { begin, change, plan } = yield* ImportJournal.ImportJournal
      yield* begin({ inboxId, ...yield* LiveDeskClient.LiveDeskClient })
      yield* plan([{ key: "k", customer: "k", addresses: [], line: 2, row: JSON.stringify({ email: "a@acme.inc" }) }])
      yield* change({ key: "k", step: "contact", state: "sent" })
      const error = yield* inTime(Effect.flip(importing([], { retryFor: 0 })))
      assert.deepInclude(error, { _tag: "HttpError", operation: "contacts.list" })
      assert.deepStrictEqual((yield* entries("sent")).map(({ key }) => key), ["k"])
    }).pipe(Effect.provide([livedesk({ "contacts.list": [Fault.Refused()] }), journal])))

  for (
    const [operation, bytes] of [["contacts.create", 400], ["conversations.create", 700], [
      "messages.send",
      100
    ]] as const
  ) {
    it.effect(`takes the id that a response of ${operation} still holds, which breaks off`, () =>
      Effect.gen(function*() {
        const result = yield* inTime(importing(customers(1, { message: "Hello." }), { lookup: "onConflict" }))
        assert.deepStrictEqual(counted(result), {
          ...none,
          read: 1,
          done: 1,
          created: 1,
          conversations: 1,
          messages: 1
        })
        const [done] = yield* entries("done")
        const { contacts, conversations, messages } = yield* emulated
        assert.deepStrictEqual(done && [done.contactId, done.conversationId, done.messageId], [
          Option.fromUndefinedOr(contacts[0]?.id),
          Option.fromUndefinedOr(conversations[0]?.id),
          Option.fromUndefinedOr(messages[0]?.id)
        ])
      }).pipe(Effect.provide([livedesk({ [operation]: [Fault.CutShort({ bytes })] }), journal])))
  }

  it.effect("is not sent while it waits to be sent again, and is from then on", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(importing(customers(1, { message: "Hello." })), { startImmediately: true })
      const standing = Effect.all([entries("planned"), entries("sent")]).pipe(
        Effect.map(([planned, sent]) => [planned.map(({ step }) => step), sent.map(({ step }) => step)])
      )
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* standing, [["conversation"], []])
      yield* TestClock.adjust("60 seconds")
      assert.deepStrictEqual(yield* standing, [[], ["conversation"]])
      yield* inTime(Fiber.join(fiber))
    }).pipe(
      Effect.provide([
        livedesk({
          "conversations.create": [Fault.RateLimited({ retryAfter: "60" }), Fault.Silent({ when: "AfterProcessing" })]
        }),
        journal
      ])
    ))

  it.effect("that is done stays done where its update is refused, and says why", () =>
    Effect.gen(function*() {
      yield* importing([{ identifier: "1", name: "Anna" }])
      const corrected = [{ identifier: "1", name: "Anna", phone_number: "call me" }]
      const result = yield* importing(corrected, { updateExisting: true })
      assert.deepStrictEqual([result.alreadyDone, result.updated, result.rejected], [1, 0, 1])
      assert.match(
        (yield* rejects)[0]?.reasons[0] ?? "",
        /^done before, but its contact was not updated: contacts.update failed/
      )
      assert.lengthOf(yield* entries("done"), 1)
    }).pipe(Effect.provide([livedesk(), journal])))
})

describe("an import that is started again at another account", () => {
  const rows = customers(2, { message: "Hello." })
  const elsewhere = LiveDesk.layer.pipe(
    Layer.provideMerge(Emulator.layerWith({ accountId: 8, apiKey: Redacted.make("another-key") })),
    Layer.fresh
  )

  it.effect("sends no message, by whichever run, and goes on at its own", () =>
    Effect.gen(function*() {
      yield* Effect.flip(importing(rows.slice(0, 1), { retryFor: 0 }))
      for (let run = 0; run < 2; run++) {
        yield* Effect.gen(function*() {
          const error = yield* Effect.flip(importing(rows))
          assert.strictEqual(error._tag === "ImportJournalError" && error.problem, "OtherImport")
          assert.include(error.message, "into the account 17623000010928, not 8")
          const { conversations, messages } = yield* emulated
          assert.deepStrictEqual([conversations, messages], [[], []])
        }).pipe(Effect.provide(elsewhere), Effect.provideService(References.MinimumLogLevel, "None"))
      }
      const result = yield* importing(rows)
      assert.deepStrictEqual([result.done, result.unknown], [2, 0])
      assert.lengthOf((yield* emulated).messages, 2)
    }).pipe(Effect.provide([livedesk({ "conversations.create": [Fault.Refused()] }), journal])))
})

describe("an import whose contacts come without their account", () => {
  const rows = customers(1, { message: "Hello." })
  const elsewhere = LiveDesk.layer.pipe(
    Layer.provideMerge(Emulator.layerWith({ accountId: 8, apiKey: Redacted.make("another-key"), firstContactId: 1 })),
    Layer.fresh
  )
  /** The next contact that is found or made, with no more than an id. */
  const bare = (contacts: Contacts.Contacts["Service"]): Contacts.Contacts["Service"] => ({
    ...contacts,
    ensure: (input, options) =>
      Effect.map(contacts.ensure(input, options), ({ contact }) => ({
        _tag: "Existing",
        contact: { ...contact, contactInboxes: [] },
        mayBeNew: false
      }))
  })
  const withBare = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.updateService(effect, Contacts.Contacts, bare)

  it.effect("forgets what it made at another account, and sends no message there", () =>
    Effect.gen(function*() {
      // The account of the journal comes from a conversation.
      yield* withBare(importing([{ identifier: "first", message: "Hello." }]))
      yield* Effect.gen(function*() {
        const error = yield* Effect.flip(withBare(importing(rows)))
        assert.strictEqual(error._tag === "ImportJournalError" && error.problem, "OtherImport")
        assert.deepStrictEqual((yield* emulated).messages, [])
      }).pipe(Effect.provide(elsewhere), Effect.provideService(References.MinimumLogLevel, "None"))
      const [entry] = yield* entries("planned")
      assert.strictEqual(entry?.step, "contact")
      yield* withBare(importing(rows))
      assert.deepStrictEqual(yield* messagesByName, [["", "Hello."], ["Customer 0", "Hello."]])
    }).pipe(Effect.provide([livedesk(), journal])))
})

describe("an import's call whose outcome is unknown", () => {
  const faults = [
    Fault.Reset({ when: "AfterProcessing" }),
    Fault.Reset({ when: "BeforeProcessing" }),
    Fault.Failing({ status: 502, when: "AfterProcessing" }),
    Fault.Failing({ status: 502, when: "BeforeProcessing" }),
    Fault.Silent({ when: "AfterProcessing" }),
    Fault.CutShort({ bytes: 5 }),
    Fault.MalformedBody({ body: "{}" })
  ]
  for (const fault of faults) {
    const name = "when" in fault ? `${fault._tag} ${fault.when}` : fault._tag
    for (const lookup of ["first", "onConflict"] as const) {
      it.effect(`contacts.create is retried only after a lookup (${name}, ${lookup})`, () =>
        Effect.gen(function*() {
          const result = yield* inTime(importing(customers(3), { lookup }))
          assert.strictEqual(result.done, 3)
          assert.strictEqual(result.unknown, 0)
          assert.lengthOf((yield* emulated).contacts, 3)
          assert.lengthOf(yield* entries("done"), 3)
          const processed = !("when" in fault) || fault.when === "AfterProcessing"
          // `ensure` itself looks for it, twice in a second.
          if (processed && lookup === "first") return
          // Found after the time in which LiveDesk may still be at work; whether it was there before is unknown.
          assert.isAtLeast(Duration.toSeconds(result.elapsed), 30)
          const { created, existing, foundAgain } = result
          assert.deepStrictEqual([created, existing, foundAgain], processed ? [2, 0, 1] : [3, 0, 0])
        }).pipe(Effect.provide([livedesk({ "contacts.create": [fault] }), journal])))
    }
    for (const operation of ["conversations.create", "messages.send"] as const) {
      it.effect(`${operation} is not sent again (${name})`, () =>
        Effect.gen(function*() {
          for (let run = 0; run < 3; run++) yield* inTime(importing(customers(2, { message: "Hello." })))
          assert.strictEqual((yield* requests)[operation], 2)
          const [unknown] = yield* entries("sent")
          assert.strictEqual(unknown?.step, operation === "messages.send" ? "message" : "conversation")
          assert.include(unknown?.reasons[0], "To verify the outcome")
          assert.lengthOf(yield* entries("done"), 1)
        }).pipe(Effect.provide([livedesk({ [operation]: [fault] }), journal])))
    }
  }

  it.effect("waits before it is searched for, and the progress says for how long", () =>
    Effect.gen(function*() {
      const reported: Array<string> = []
      const result = yield* inTime(importing(customers(3), {
        lookup: "onConflict",
        total: 300,
        onProgress: (progress) => Effect.sync(() => reported.push(ImportProgress.line(progress)))
      }))
      assert.deepStrictEqual(counted(result), { ...none, read: 3, done: 3, created: 2, foundAgain: 1 })
      assert.isTrue(Option.isNone(result.uncertain))
      const waiting = reported.filter((line) => line.includes("uncertain"))
      assert.isAbove(waiting.length, 10)
      assert.match(waiting[0] ?? "", /^2 done, .*, 1 row uncertain: looking for it in (?:2\d|30)s$/)
      assert.isTrue(waiting.every((line) => !line.includes("left")))
    }).pipe(
      Effect.provide([livedesk({ "contacts.create": [Fault.Reset({ when: "AfterProcessing" })] }), journal])
    ))

  it.effect("is resolved by a person: done, or not done", () =>
    Effect.gen(function*() {
      const { resolve } = yield* ImportJournal.ImportJournal
      const rows = customers(2, { message: "Hello." })
      const first = yield* inTime(importing(rows, { concurrency: 1 }))
      assert.strictEqual(first.unknown, 2)
      const [conversation] = (yield* emulated).conversations
      const error = yield* Effect.flip(resolve("email:nobody@acme.inc", { _tag: "NotProcessed" }))
      assert.include(error.message, "email:nobody@acme.inc: the journal has no row with this key")
      yield* resolve("email:c0@acme.inc", { _tag: "Processed", conversationId: conversation?.id })
      yield* resolve("email:c1@acme.inc", { _tag: "NotProcessed" })
      const second = yield* inTime(importing(rows, { concurrency: 1 }))
      assert.deepStrictEqual(counted(second), {
        ...none,
        read: 2,
        done: 2,
        foundAgain: 2,
        conversations: 1,
        messages: 2
      })
      const state = yield* emulated
      assert.deepStrictEqual([state.conversations.length, state.messages.length], [2, 2])
    }).pipe(Effect.provide([
      livedesk({
        "conversations.create": [Fault.Reset({ when: "AfterProcessing" }), Fault.Reset({ when: "BeforeProcessing" })]
      }),
      journal
    ])))
})

describe("an import that cannot go on", () => {
  it.effect("waits while LiveDesk cannot be reached, or takes no more, and loses nothing", () =>
    Effect.gen(function*() {
      const result = yield* inTime(importing(customers(4, { message: "Hello." })))
      assert.deepStrictEqual(counted(result), { ...none, read: 4, done: 4, created: 4, conversations: 4, messages: 4 })
      assert.isAtLeast(Duration.toSeconds(result.elapsed), 20)
      assert.lengthOf((yield* emulated).messages, 4)
    }).pipe(Effect.provide([
      livedesk({
        "contacts.list": [Fault.Refused(), Fault.Failing({ status: 503, when: "BeforeProcessing" })],
        "contacts.create": [Fault.RateLimited({ retryAfter: "20" })],
        "conversations.create": [Fault.DnsFailed(), Fault.DnsFailed()],
        "messages.send": [Fault.RateLimited({}), Fault.Refused()]
      }),
      journal
    ])))

  for (const times of [0, 1]) {
    it.effect(`says while all its calls wait, also for the client's ${times} retries, what for and how long`, () =>
      Effect.gen(function*() {
        const lines: Array<string> = []
        const result = yield* inTime(importing(customers(2), {
          total: 2,
          lookup: "onConflict",
          call: { retries: { times } },
          onProgress: (progress) => Effect.sync(() => lines.push(ImportProgress.line(progress)))
        }))
        assert.strictEqual(result.done, 2)
        const waiting = lines.slice(1, 8)
        assert.deepStrictEqual(
          waiting,
          [18, 16, 14, 12, 10, 8, 6].map((seconds) =>
            `0 done, 0 rejected, waiting ${seconds}s: LiveDesk limits the rate`
          )
        )
        assert.match(lines.at(-1) ?? "", /^2 done, 0 rejected, \S+ a second$/)
      }).pipe(Effect.provide([
        livedesk({
          "contacts.create": [Fault.RateLimited({ retryAfter: "20" }), Fault.RateLimited({ retryAfter: "20" })]
        }),
        journal
      ])))
  }

  it.effect("says of no call that it waits once the run is stopped", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      yield* inTime(Effect.flip(importing(customers(2), {
        retryFor: "10 seconds",
        call: { retries: { times: 0 } },
        onProgress: (progress) => Effect.sync(() => lines.push(ImportProgress.line(progress)))
      })))
      assert.match(lines.at(-2) ?? "", /waiting/)
      assert.notMatch(lines.at(-1) ?? "", /waiting/)
    }).pipe(Effect.provide([
      livedesk({
        "contacts.list": [Fault.RateLimited({ retryAfter: "120" }), ...Array.replicate(Fault.Refused(), 60)]
      }),
      journal
    ])))

  it.effect("stops after retryFor, and goes on when it is started again", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(inTime(importing(customers(10), { retryFor: "10 seconds" })))
      assert.strictEqual(error._tag, "HttpError")
      assert.deepStrictEqual((yield* emulated).contacts, [])
      const { planned, sent } = yield* Effect.flatMap(ImportJournal.ImportJournal, ({ totals }) => totals)
      assert.deepStrictEqual([planned, sent], [10, 0])
      const second = yield* inTime(importing(customers(10)))
      assert.strictEqual(second.created, 10)
    }).pipe(Effect.provide([livedesk({ "contacts.list": Array.replicate(Fault.Refused(), 60) }), journal])))

  it.effect("stops at once for credentials that LiveDesk does not accept", () =>
    Effect.gen(function*() {
      const wrong = LiveDeskClient.layer({ apiKey: Redacted.make("wrong"), apiSecret: Redacted.make("wrong") })
      const error = yield* importing(customers(100)).pipe(
        Effect.provide(LiveDesk.layer.pipe(Layer.provideMerge(wrong), Layer.fresh)),
        Effect.flip
      )
      assert.strictEqual(error._tag, "AuthError")
      const { planned, sent } = yield* Effect.flatMap(ImportJournal.ImportJournal, ({ totals }) => totals)
      assert.deepStrictEqual([planned + sent, sent], [100, 0])
    }).pipe(Effect.provide([Emulator.layerHttpClient, journal])))

  it.effect("stops at once for a firewall's page, and rejects no row", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(importing(customers(100), { concurrency: 4 }))
      assert.deepInclude(error, { _tag: "HttpError", foreignMediaType: "text/html" })
      assert.deepStrictEqual(yield* entries("rejected"), [])
    }).pipe(Effect.provide([
      Layer.provideMerge(
        LiveDesk.layer,
        LiveDeskClient.layer({ apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret") })
      ).pipe(Layer.provide(FakeTransport.respondingWith({ status: 403, body: "<html>Access denied</html>" }))),
      journal
    ])))

  it.effect("given an unknown inbox, stops at once", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(importing(customers(100), { inboxId: 9999, concurrency: 4 }))
      assert.strictEqual(error._tag === "HttpError" && error.reason._tag, "NotFound")
      assert.isAtMost((yield* requests)["contacts.create"] ?? 0, 4)
      assert.deepStrictEqual(yield* entries("rejected"), [])
    }).pipe(Effect.provide([livedesk(), journal])))

  it.effect("when interrupted, lets the calls in flight end, and sends no other", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(importing(customers(100, { message: "Hello." }), { concurrency: 5 }), {
        startImmediately: true
      })
      // Five contacts are made; each response takes some seconds.
      while ((yield* emulated).contacts.length < 5) yield* TestClock.adjust("10 millis")
      yield* inTime(Fiber.interrupt(fiber))
      const state = yield* emulated
      const [done, planned, sent] = [yield* entries("done"), yield* entries("planned"), yield* entries("sent")]
      assert.deepStrictEqual(sent, [])
      assert.strictEqual(done.length + planned.length, 100)
      const known = [...done, ...planned].flatMap(({ contactId }) => Option.toArray(contactId))
      assert.deepStrictEqual(known.length, state.contacts.length)
      assert.lengthOf(state.contacts, 5)
      assert.deepStrictEqual(state.conversations, [])
      const second = yield* inTime(importing(customers(100, { message: "Hello." })))
      assert.strictEqual(second.done, 100 - done.length)
      assert.deepStrictEqual(
        Object.values(yield* emulated).map(({ length }) => length),
        [100, 100, 100]
      )
    }).pipe(
      Effect.provide([
        livedesk({ "contacts.create": Array.replicate(Fault.SlowBody({ bytes: 1000, pause: "1 second" }), 20) }),
        journal
      ])
    ))

  it.effect("fails as the rows do, and keeps what it has", () =>
    Effect.gen(function*() {
      const rows = Stream.concat(rowsOf(customers(3)), Stream.fail("the disk is gone" as const))
      const error = yield* Effect.flip(ContactImport.run({ inboxId, rows }))
      assert.strictEqual(error, "the disk is gone")
      const second = yield* inTime(importing(customers(3)))
      assert.strictEqual(second.alreadyDone + second.done, 3)
      assert.lengthOf((yield* emulated).contacts, 3)
    }).pipe(Effect.provide([livedesk(), journal])))
})
