import { Contacts, LiveDesk, LiveDeskClient } from "@effect-livedesk/core"
import { Emulator, EmulatorState } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Array, Clock, Effect, Fiber, HashMap, Layer, Option, Redacted, Result } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import * as FakeTransport from "../FakeTransport.ts"

const atEmulator = (options: Parameters<typeof Emulator.layerWith>[0] = {}) =>
  LiveDesk.layer.pipe(Layer.provideMerge(Emulator.layerWith({ onDrift: "fail", ...options })))

const seed = (...contacts: ReadonlyArray<Parameters<typeof EmulatorState.makeContact>[0]>) =>
  Effect.gen(function*() {
    const { update } = yield* Emulator.Emulator
    yield* update((state) => contacts.map(EmulatorState.makeContact).reduce(EmulatorState.putContact, state))
  })

const held = Effect.gen(function*() {
  const { state } = yield* Emulator.Emulator
  return HashMap.size((yield* state).contacts)
})

const ensure = (input: Omit<Contacts.CreateContact, "inboxId"> & { readonly email: string }) =>
  Effect.flatMap(Contacts.Contacts, (contacts) => contacts.ensure({ inboxId: 407, ...input }))

describe("sourceIdOf", () => {
  it.effect("is that of the contact's inbox, whether it was there or not, and none of another's", () =>
    Effect.gen(function*() {
      const created = yield* ensure({ email: "ada@acme.inc" })
      const existing = yield* ensure({ email: "ada@acme.inc" })
      const { contactInboxes } = yield* Effect.flatMap(Emulator.Emulator, ({ state }) => state)
      const [{ sourceId } = {}] = HashMap.toValues(contactInboxes).flat()
      assert.isString(sourceId)
      for (const ensured of [created, existing]) {
        assert.deepStrictEqual(Option.getOrNull<string>(Contacts.sourceIdOf(ensured, 407)), sourceId, ensured._tag)
      }
      assert.deepStrictEqual(Contacts.sourceIdOf(408)(existing), Option.none())
    }).pipe(Effect.provide(atEmulator({ inboxes: [{ id: 407 }, { id: 408 }] }))))
})

describe("ensure", () => {
  it.effect("takes blanks for nothing", () =>
    Effect.gen(function*() {
      for (const email of ["", "  "]) {
        const error = yield* Effect.flip(ensure({ identifier: "", email }))
        assert.strictEqual(error.reason._tag, "InvalidInput")
      }
      assert.strictEqual(yield* held, 0)
      const { _tag, contact } = yield* ensure({ identifier: " ", email: " Ada@acme.inc " })
      assert.deepStrictEqual([_tag, contact.identifier, contact.email], [
        "Created",
        Option.none(),
        Option.some("ada@acme.inc")
      ])
      assert.strictEqual((yield* ensure({ email: "ADA@acme.inc\n" }))._tag, "Existing")
      assert.strictEqual(yield* held, 1)
    }).pipe(Effect.provide(atEmulator())))

  it.effect("looks for nothing that is blank", () =>
    Effect.gen(function*() {
      const sent = yield* FakeTransport.Sent
      yield* Effect.flip(ensure({ identifier: "", phoneNumber: "", email: "ada@acme.inc" }))
      const searched = sent.flatMap(({ urlParams }) => urlParams.params.filter(([name]) => name === "q"))
      assert.deepStrictEqual(searched, [["q", "ada@acme.inc"]])
    }).pipe(
      Effect.provide(Contacts.layer.pipe(
        Layer.provide(LiveDeskClient.layer({ apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret") })),
        Layer.provideMerge(
          FakeTransport.respondingWith(({ method }) => ({
            status: method === "POST" ? 403 : 200,
            body: { meta: { count: 0 }, payload: [] }
          }))
        )
      ))
    ))

  it.effect("finds the one that agrees, though one that resembles it comes first", () =>
    Effect.gen(function*() {
      yield* seed(
        { id: 1, identifier: Option.some("crm-10") },
        { id: 2, email: Option.some("not-ada@acme.inc") },
        { id: 3, identifier: Option.some("crm-1"), email: Option.some("ada@acme.inc") }
      )
      const ensured = yield* ensure({ identifier: "crm-1", email: "ada@acme.inc" })
      assert.deepInclude(ensured, { _tag: "Existing", mayBeNew: false })
      assert.strictEqual(Number(ensured.contact.id), 3)
    }).pipe(Effect.provide(atEmulator())))

  it.effect("is in conflict where two agree, or one agrees and contradicts, and changes nothing", () =>
    Effect.gen(function*() {
      yield* seed(
        { id: 1, identifier: Option.some("crm-1") },
        { id: 2, email: Option.some("ada@acme.inc") },
        { id: 3, identifier: Option.some("crm-3"), email: Option.some("bob@acme.inc") }
      )
      const two = yield* Effect.flip(ensure({ identifier: "crm-1", email: "ada@acme.inc" }))
      assert.include(two.message, "contact 1 and contact 2 each agree in one of identifier, email, phoneNumber")
      const half = yield* Effect.flip(ensure({ identifier: "crm-4", email: "bob@acme.inc" }))
      assert.include(half.message, "contact 3 has another identifier")
      for (const error of [two, half]) {
        assert.deepStrictEqual([error._tag, error.reason._tag, error.outcome], ["HttpError", "Conflict", "NotSent"])
      }
      assert.strictEqual(yield* held, 3)
    }).pipe(Effect.provide(atEmulator())))

  it.effect("makes one contact of 50 calls of one program, even where LiveDesk would take a second", () =>
    Effect.gen(function*() {
      const reported = yield* Effect.all(
        Array.makeBy(50, (index) => ensure({ email: index % 2 === 0 ? "ada@acme.inc" : "ADA@acme.inc " })),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(reported.filter(({ _tag }) => _tag === "Created").length, 1)
      assert.strictEqual(yield* held, 1)
    }).pipe(Effect.provide(atEmulator({ inheritedRules: false }))))

  it.effect("runs calls one by one whose e-mail differs in case alone, and others at once", () =>
    Effect.gen(function*() {
      const emails = ["ada@acme.inc", "Ada@acme.inc", "ADA@ACME.INC", " ada@Acme.inc", "bob@acme.inc"]
      const ensured = emails.map((email) =>
        Effect.flatMap(
          ensure({ email }),
          ({ _tag }) => Effect.map(Clock.currentTimeMillis, (now) => [_tag, now / 1000])
        )
      )
      const fiber = yield* Effect.forkChild(Effect.all(ensured, { concurrency: "unbounded" }))
      yield* TestClock.adjust("1 minute")
      // Each request takes a second.
      assert.deepStrictEqual(yield* Fiber.join(fiber), [
        ["Created", 2],
        ["Existing", 3],
        ["Existing", 4],
        ["Existing", 5],
        ["Created", 2]
      ])
      assert.strictEqual(yield* held, 2)
    }).pipe(Effect.provide(atEmulator({
      inheritedRules: false,
      transformClient: HttpClient.transform(Effect.delay("1 second"))
    }))))

  for (const status of [409, 422]) {
    it.effect(`finds the contact that somebody else made in between, where LiveDesk says so by ${status}`, () => {
      let searches = 0
      return Effect.gen(function*() {
        const { _tag, contact } = yield* ensure({ email: "ada@acme.inc" })
        assert.deepStrictEqual([_tag, Number(contact.id)], ["Existing", 7])
      }).pipe(Effect.provide(Contacts.layer.pipe(
        Layer.provide(LiveDeskClient.layer({ apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret") })),
        Layer.provide(FakeTransport.respondingWith(({ method }) => {
          if (method === "POST") return { status, body: { message: "Email has already been taken" } }
          const payload = searches++ === 0 ? [] : [{ id: 7, email: "ada@acme.inc" }]
          return { body: { meta: { count: payload.length, current_page: 1 }, payload } }
        }))
      )))
    })
  }

  /** LiveDesk fails to say whether it created the contact, and shows one from the `shownFrom`-th search on. */
  const leftUnknown = (shownFrom: number) => {
    let searches = 0
    return Contacts.layer.pipe(
      Layer.provide(LiveDeskClient.layer({ apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret") })),
      Layer.provideMerge(FakeTransport.respondingWith(({ method }) => {
        if (method === "POST") return { status: 502, body: "<html>Bad Gateway</html>" }
        searches += 1
        const payload = searches < shownFrom ? [] : [{ id: 7, email: "ada@acme.inc" }]
        return { body: { meta: { count: payload.length, current_page: 1 }, payload } }
      }))
    )
  }

  for (const shownFrom of [2, 3, 4]) {
    it.effect(`looks at once and a second later for a contact that may have been created: search ${shownFrom} shows it`, () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(Effect.result(ensure({ email: "ada@acme.inc" })))
        const sent = yield* FakeTransport.Sent
        const searches = () => sent.filter(({ method }) => method === "GET").length
        yield* TestClock.adjust("999 millis")
        assert.strictEqual(searches(), 2)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual(searches(), Math.min(shownFrom, 3))
        const result = yield* Fiber.join(fiber)
        const reported = Result.match(result, {
          onFailure: ({ outcome, operation, status }) => [operation, outcome, status],
          onSuccess: (ensured) => [ensured._tag === "Existing" && ensured.mayBeNew, Number(ensured.contact.id)]
        })
        assert.deepStrictEqual(reported, shownFrom < 4 ? [true, 7] : ["contacts.create", "Unknown", 502])
        assert.strictEqual(sent.filter(({ method }) => method === "POST").length, 1)
      }).pipe(Effect.provide(leftUnknown(shownFrom))))
  }
})

/** Contacts over a LiveDesk that responds to each request in turn. */
const inTurn = (...steps: ReadonlyArray<FakeTransport.Step>) =>
  Contacts.layer.pipe(
    Layer.provide(LiveDeskClient.layer({ apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret") })),
    Layer.provideMerge(FakeTransport.inTurn(...steps))
  )

const found = (...payload: ReadonlyArray<unknown>): FakeTransport.Step => ({
  body: { meta: { count: payload.length, current_page: 1 }, payload }
})

const refused = { cause: Object.assign(new Error(), { code: "ECONNREFUSED", syscall: "connect" }) }

describe("ensure, where nothing was sent", () => {
  it.effect("fails without another search", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.flatMap(Contacts.Contacts, (contacts) =>
        contacts.ensure({ inboxId: 407, email: "ada@acme.inc" }, { retries: { times: 0 } })))
      assert.deepStrictEqual([error.operation, error.outcome], ["contacts.create", "NotSent"])
      assert.deepStrictEqual(
        (yield* FakeTransport.Sent).map(({ method }) =>
          method
        ),
        ["GET", "POST"]
      )
    }).pipe(Effect.provide(inTurn(found(), refused, found({ id: 7, email: "ada@acme.inc" })))))
})

describe("find", () => {
  it.effect("gives the contact that agrees, or none, and changes nothing", () =>
    Effect.gen(function*() {
      const { find } = yield* Contacts.Contacts
      yield* seed({ id: 1, email: Option.some("not-ada@acme.inc") }, { id: 2, email: Option.some("ada@acme.inc") })
      assert.deepStrictEqual(
        Option.map(yield* find({ email: "ADA@acme.inc" }), ({ id }) => Number(id)),
        Option.some(2)
      )
      assert.deepStrictEqual(yield* find({ identifier: "crm-1" }), Option.none())
      const error = yield* Effect.flip(find({ email: " " }))
      assert.deepStrictEqual([error.operation, error.reason._tag], ["contacts.find", "InvalidInput"])
      assert.strictEqual(yield* held, 2)
    }).pipe(Effect.provide(atEmulator())))

  const find = (input: Contacts.ContactKey) => Effect.flatMap(Contacts.Contacts, (contacts) => contacts.find(input))

  it.effect("names the field of an input without any key", () =>
    Effect.gen(function*() {
      const { reason } = yield* Effect.flip(find({}))
      assert.deepStrictEqual(reason._tag === "InvalidInput" && reason.issues.map(({ path }) => path), [["identifier"]])
    }).pipe(Effect.provide(inTurn(found()))))

  it.effect("searches once where the contact that it found agrees in every key", () =>
    Effect.gen(function*() {
      const contact = yield* find({ identifier: "crm-1", email: "Ada@acme.inc" })
      assert.deepStrictEqual(Option.map(contact, ({ id }) => Number(id)), Option.some(3))
      assert.lengthOf(yield* FakeTransport.Sent, 1)
    }).pipe(Effect.provide(inTurn(found({ id: 3, identifier: " crm-1 ", email: "ada@acme.inc " })))))

  it.effect("is in no conflict where both searches give the same contact", () =>
    Effect.gen(function*() {
      const contact = yield* find({ identifier: "crm-1", email: "ada@acme.inc" })
      assert.deepStrictEqual(Option.map(contact, ({ email }) => email), Option.some(Option.some("ada@acme.inc")))
    }).pipe(Effect.provide(inTurn(
      found({ id: 3, identifier: "crm-1" }),
      // Its address was added in between.
      found({ id: 3, identifier: "crm-1", email: "ada@acme.inc" })
    ))))

  it.effect("takes an identifier in another case for another one", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* find({ identifier: "crm-1" }), Option.none())
    }).pipe(Effect.provide(inTurn(found({ id: 3, identifier: "CRM-1" })))))
})
