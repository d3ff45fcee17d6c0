/**
 * What every transport must do alike: one suite for the emulator in memory, and over TCP for each client.
 */
import {
  Contacts,
  Conversations,
  ConversationStart,
  type LiveDesk,
  LiveDeskClient,
  type LiveDeskError,
  Messages,
  Tickets
} from "@effect-livedesk/core"
import * as Endpoints from "@effect-livedesk/core/Endpoints"
import { Emulator, EmulatorState } from "@effect-livedesk/core/testing"
import { NodeAttachment, type NodeEmulatorFile } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Array, Context, DateTime, Effect, HashMap, type Layer, Option, Redacted, Result, Stream } from "effect"
import { HttpBody, HttpClient, HttpClientRequest, type HttpServerError, UrlParams } from "effect/http"
import { TestClock } from "effect/testing"
import { readFileSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Calls from "./Calls.ts"

/** Where the emulator of a transport is reached. */
export const BaseUrl = Context.Reference<string>("test/Conformance/BaseUrl", {
  defaultValue: () => LiveDeskClient.defaultBaseUrl
})

export type Services = LiveDesk.LiveDesk | LiveDeskClient.LiveDeskClient | HttpClient.HttpClient | Emulator.Emulator

/** Sets up one transport to a fresh emulator. */
export type Transport = (
  emulator: Emulator.Options,
  client: Partial<LiveDeskClient.Options>
) => Layer.Layer<Services, SetupError>

export type SetupError =
  | LiveDeskError.AuthError
  | LiveDeskError.ValidationError
  | HttpServerError.ServeError
  | NodeEmulatorFile.EmulatorFileError

const fixture = (name: string): string =>
  JSON.stringify(JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), "utf8")))

/** Sends what a program would not: raw text, by any method, to any path. */
const send = Effect.fnUntraced(function*(request: {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  readonly path: string
  readonly body?: string
  readonly contentType?: string
  readonly authorization?: string
}) {
  const client = yield* HttpClient.HttpClient
  const { credentials } = yield* Emulator.Emulator
  const made = HttpClientRequest.make(request.method ?? "POST")(`${yield* BaseUrl}${request.path}`, {
    body: request.body === undefined
      ? HttpBody.empty
      : HttpBody.text(request.body, request.contentType ?? "application/json")
  })
  const response = yield* client.execute(
    request.authorization === undefined
      ? HttpClientRequest.basicAuth(made, credentials.apiKey, credentials.apiSecret)
      : HttpClientRequest.setHeader(made, "authorization", request.authorization)
  )
  return { status: response.status, text: yield* response.text }
})

/** Keeps contacts, with ids from 1. */
const seed = Effect.fnUntraced(function*(
  contacts: ReadonlyArray<Partial<Omit<EmulatorState.StoredContact, "id">>>
) {
  const { update } = yield* Emulator.Emulator
  yield* update((state) =>
    contacts.reduce<EmulatorState.EmulatorState>(
      (state, contact, index) =>
        EmulatorState.putContact(state, EmulatorState.makeContact({ ...contact, id: index + 1 })),
      state
    )
  )
})

const many = (count: number) =>
  Array.makeBy(count, (index) => ({ name: `Contact ${index + 1}`, identifier: Option.some(`id-${index + 1}`) }))

const ids = (contacts: ReadonlyArray<Contacts.Contact>) => contacts.map(({ id }) => Number(id))

/** A client whose requests that `isHit` says go where nothing is, `times` times at most. */
const astray = (
  isHit: (request: HttpClientRequest.HttpClientRequest) => boolean,
  times: number
): Partial<LiveDeskClient.Options> => {
  let left = times
  return {
    transformClient: HttpClient.mapRequest((request) =>
      isHit(request) && left-- > 0 ? HttpClientRequest.setUrl(request, `${request.url}/astray`) : request
    )
  }
}

const pageOf = ({ urlParams }: HttpClientRequest.HttpClientRequest): string =>
  Option.getOrElse(UrlParams.getFirst(urlParams, "page"), () => "")

const contactsPath = Contacts.endpoints.create.path
const conversationsPath = Conversations.endpoints.create.path

const facts = (error: LiveDeskError.LiveDeskError) => [
  error._tag,
  error.reason._tag,
  error.outcome,
  error.status,
  error.operation
]

export const conformance = (name: string, transport: Transport) =>
  describe(`over ${name}`, () => {
    const run = <A, E>(
      effect: Effect.Effect<A, E, Services>,
      emulator: Emulator.Options = {},
      client: Partial<LiveDeskClient.Options> = {}
    ) =>
      // Every response of the emulator must be what the vendor's pages show.
      Effect.provide(effect, transport({ startsAt: may, ...emulator }, { onDrift: "fail", ...client }))

    const may = DateTime.makeUnsafe("2026-05-01T12:00:00.250Z")

    describe("every call", () => {
      for (const { operation, path } of Endpoints.all) {
        it.effect(`${operation} succeeds where what it is about is there`, () =>
          run(Effect.gen(function*() {
            const calls = Calls.calls(yield* Calls.prepare)
            assert.isDefined(yield* calls[operation]())
          })))

        if (path.includes("/:")) {
          it.effect(`${operation} fails with NotFound where what it is about is not there`, () =>
            run(Effect.gen(function*() {
              const error = yield* Effect.flip(Effect.asVoid(Calls.calls(Calls.missing)[operation]()))
              assert.deepStrictEqual(facts(error), ["HttpError", "NotFound", "Rejected", 404, operation])
            })))
        }
      }
    })

    describe("contacts.create", () => {
      it.effect("keeps every field it is given, and ties the contact to the inbox", () =>
        run(Effect.gen(function*() {
          const contacts = yield* Contacts.Contacts
          const { contact, contactInbox } = yield* contacts.create({
            inboxId: 407,
            name: "Ada Lovelace 🧮",
            email: "Ada@Example.com",
            phoneNumber: "+123456789",
            avatarUrl: "https://example.com/ada.png",
            identifier: "1815"
          })
          assert.strictEqual(contact.id, 2219256)
          assert.deepStrictEqual(contact.name, Option.some("Ada Lovelace 🧮"))
          assert.deepStrictEqual(contact.email, Option.some("ada@example.com"))
          assert.deepStrictEqual(contact.phoneNumber, Option.some("+123456789"))
          assert.deepStrictEqual(contact.identifier, Option.some("1815"))
          assert.deepStrictEqual(contact.thumbnail, Option.none())
          assert.strictEqual(DateTime.formatIso(contact.createdAt), "2026-05-01T12:00:00.000Z")
          assert.deepStrictEqual(contact.contactInboxes, [contactInbox])
          const inbox = Option.getOrThrow(contactInbox.inbox)
          assert.strictEqual(inbox.id, 407)
          assert.match(Option.getOrThrow(contactInbox.sourceId), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/)

          const { state } = yield* Emulator.Emulator
          assert.strictEqual(HashMap.size((yield* state).contacts), 1)
        })))

      it.effect("takes the inbox alone, and leaves out undefined fields", () =>
        run(Effect.gen(function*() {
          const contacts = yield* Contacts.Contacts
          const { contact } = yield* contacts.create({ inboxId: 407, email: undefined })
          assert.deepStrictEqual(contact.name, Option.some(""))
          assert.deepStrictEqual(contact.email, Option.none())
        })))

      it.effect("is refused for an address, a number and an identifier that are taken", () =>
        run(Effect.gen(function*() {
          const contacts = yield* Contacts.Contacts
          const alice = { inboxId: 407, email: "alice@acme.inc", phoneNumber: "+123456789", identifier: "a" }
          yield* contacts.create(alice)
          const error = yield* Effect.flip(contacts.create({ ...alice, email: "ALICE@acme.inc" }))
          assert.deepStrictEqual(facts(error), [
            "ValidationError",
            "RejectedInput",
            "Rejected",
            422,
            "contacts.create"
          ])
          assert.deepStrictEqual(
            error.reason._tag === "RejectedInput" ? [error.reason.messages, error.reason.fields] : [],
            [
              ["Email has already been taken, Phone number has already been taken, Identifier has already been taken"],
              ["email", "phone_number", "identifier"]
            ]
          )
          const { state } = yield* Emulator.Emulator
          assert.strictEqual(HashMap.size((yield* state).contacts), 1)
        })))

      it.effect("is refused for what Chatwoot would refuse, unless that is switched off", () => {
        const odd = { inboxId: 407, name: "x".repeat(256), email: "nobody", phoneNumber: "0123" }
        return Effect.andThen(
          run(Effect.gen(function*() {
            const contacts = yield* Contacts.Contacts
            const error = yield* Effect.flip(contacts.create(odd))
            assert.deepStrictEqual(error.reason._tag === "RejectedInput" ? error.reason.fields : [], [
              "name",
              "email",
              "phone_number"
            ])
          })),
          run(
            Effect.gen(function*() {
              const contacts = yield* Contacts.Contacts
              yield* contacts.create(odd)
              yield* contacts.create(odd)
              const { state } = yield* Emulator.Emulator
              assert.strictEqual(HashMap.size((yield* state).contacts), 2)
            }),
            { inheritedRules: false }
          )
        )
      })

      it.effect("given an unknown inbox, fails with NotFound and keeps no contact", () =>
        run(Effect.gen(function*() {
          const contacts = yield* Contacts.Contacts
          const error = yield* Effect.flip(contacts.create({ inboxId: 408 }))
          assert.deepStrictEqual(facts(error), ["HttpError", "NotFound", "Rejected", 404, "contacts.create"])
          const { state } = yield* Emulator.Emulator
          assert.strictEqual(HashMap.size((yield* state).contacts), 0)
        })))
    })

    describe("conversations.create", () => {
      const aContact = Effect.gen(function*() {
        const contacts = yield* Contacts.Contacts
        const { contact, contactInbox } = yield* contacts.create({ inboxId: 407, name: "Ada" })
        return { contactId: contact.id, sourceId: Option.getOrThrow(contactInbox.sourceId) }
      })

      it.effect("finds the sender by contact id, by source id, and by both", () =>
        run(Effect.gen(function*() {
          const conversations = yield* Conversations.Conversations
          const { contactId, sourceId } = yield* aContact
          const byContact = yield* conversations.create({ inboxId: 407, contactId })
          const bySource = yield* conversations.create({ inboxId: 407, sourceId })
          const byBoth = yield* conversations.create({ inboxId: 407, contactId, sourceId })
          assert.deepStrictEqual([byContact, bySource, byBoth].map(({ id }) => Number(id)), [40, 41, 42])
          for (const conversation of [byContact, bySource, byBoth]) {
            assert.strictEqual(conversation.meta.sender.id, contactId)
            assert.strictEqual(conversation.accountInfo.contactId, contactId)
            assert.strictEqual(conversation.inboxId, 407)
            assert.strictEqual(conversation.status, "open")
            assert.strictEqual(DateTime.formatIso(conversation.updatedAt), "2026-05-01T12:00:00.250Z")
          }
          const { state } = yield* Emulator.Emulator
          const kept = [...HashMap.values((yield* state).conversations)].sort((a, b) => a.id - b.id)
          assert.deepStrictEqual(kept.map((conversation) => conversation.sourceId === sourceId), [false, true, true])
        })))

      it.effect("given an unknown contact, inbox or source id, fails with NotFound", () =>
        run(Effect.gen(function*() {
          const conversations = yield* Conversations.Conversations
          const { contactId } = yield* aContact
          for (
            const input of [
              { inboxId: 407, contactId: 1 },
              { inboxId: 408, contactId },
              { inboxId: 407, sourceId: "nobody" }
            ]
          ) {
            const error = yield* Effect.flip(conversations.create(input))
            assert.deepStrictEqual(facts(error), ["HttpError", "NotFound", "Rejected", 404, "conversations.create"])
          }
        })))

      it.effect("is refused for the source id of another contact", () =>
        run(Effect.gen(function*() {
          const conversations = yield* Conversations.Conversations
          const { sourceId } = yield* aContact
          const { contactId } = yield* aContact
          const error = yield* Effect.flip(conversations.create({ inboxId: 407, contactId, sourceId }))
          assert.deepStrictEqual(facts(error), [
            "ValidationError",
            "RejectedInput",
            "Rejected",
            422,
            "conversations.create"
          ])
        })))

      it.effect("given an inbox with a bot that keeps one conversation, creates it pending, then returns it", () =>
        run(
          Effect.gen(function*() {
            const conversations = yield* Conversations.Conversations
            const { contactId, sourceId } = yield* aContact
            const first = yield* conversations.create({ inboxId: 407, contactId, sourceId })
            const second = yield* conversations.create({ inboxId: 407, contactId, sourceId })
            assert.strictEqual(first.status, "pending")
            assert.strictEqual(second.id, first.id)
            assert.strictEqual(second.uuid, first.uuid)
          }),
          { inboxes: [{ id: 407, lockToSingleConversation: true, hasBot: true }] }
        ))
    })

    describe("contacts.list", () => {
      it.effect("reads pages of 15, and empty ones past the end", () =>
        run(Effect.gen(function*() {
          yield* seed(many(17))
          const contacts = yield* Contacts.Contacts
          const first = yield* contacts.list({})
          assert.deepStrictEqual(first.meta, { count: 17, currentPage: 1 })
          assert.deepStrictEqual(ids(first.contacts), Array.range(1, 15))
          const second = yield* contacts.list({ page: 2 })
          assert.deepStrictEqual(second.meta, { count: 17, currentPage: 2 })
          assert.deepStrictEqual(ids(second.contacts), [16, 17])
          assert.deepStrictEqual((yield* contacts.list({ page: 3 })).contacts, [])
        })))

      it.effect("numbers the page as the vendor's two samples do, and heeds the size in one", () =>
        run(Effect.gen(function*() {
          yield* seed(many(3))
          const get = (query: string) =>
            Effect.map(send({ method: "GET", path: `${contactsPath}${query}` }), ({ text }) => text)
          assert.match(yield* get(""), /^\{"meta":\{"count":3,"current_page":1\},"payload":\[\{"additional_attributes"/)
          assert.match(yield* get("?page=1"), /^\{"meta":\{"count":3,"current_page":"1"\},"payload":\[\{/)
          const two = yield* get("?page=2&page_size=2")
          assert.match(two, /^\{"meta":\{"count":3,"current_page":"2"\}/)
          assert.deepStrictEqual(two.match(/"id":\d+/g), ["\"id\":3"])
        })))

      it.effect("finds a part of any of the four, in any case but for identifiers", () =>
        run(Effect.gen(function*() {
          yield* seed([
            { name: "Ada", email: Option.some("countess@lovelace.example") },
            { name: "LOVELACE", phoneNumber: Option.some("+4930123") },
            { identifier: Option.some("x-Lovelace-1") },
            { phoneNumber: Option.some("+4420123") },
            { name: "Charles", identifier: Option.some("x-lovelace-2") }
          ])
          const contacts = yield* Contacts.Contacts
          assert.deepStrictEqual(ids((yield* contacts.list({ q: " Lovelace " })).contacts), [1, 2, 3])
          assert.deepStrictEqual(ids((yield* contacts.list({ q: "+4420" })).contacts), [4])
          assert.deepStrictEqual((yield* contacts.list({ q: "nobody" })).meta, { count: 0, currentPage: 1 })
          // What was found before is not what is there now.
          yield* contacts.create({ inboxId: 407, email: "nobody@acme.inc" })
          assert.strictEqual((yield* contacts.list({ q: "nobody" })).meta.count, 1)
        })))

      it.effect("filters by labels, sorts, and leaves out the inboxes", () =>
        run(Effect.gen(function*() {
          yield* seed([
            { name: "b", email: Option.some("b@acme.inc"), labels: ["vip"] },
            { name: "C", email: Option.some("c@acme.inc"), labels: ["new"], additionalAttributes: { city: "Bath" } },
            { name: "a", email: Option.some("a@acme.inc"), additionalAttributes: { city: "Aachen" } },
            { name: "nobody can be reached" }
          ])
          const contacts = yield* Contacts.Contacts
          assert.deepStrictEqual(ids((yield* contacts.list({ labels: "vip" })).contacts), [1])
          assert.deepStrictEqual(ids((yield* contacts.list({ labels: ["vip", "new"] })).contacts), [1, 2])
          assert.deepStrictEqual(ids((yield* contacts.list({ sort: "name" })).contacts), [3, 1, 2])
          assert.deepStrictEqual(ids((yield* contacts.list({ sort: "name", direction: "desc" })).contacts), [2, 1, 3])
          assert.deepStrictEqual(ids((yield* contacts.list({ sort: "city" })).contacts), [3, 2, 1])
          assert.deepStrictEqual(ids((yield* contacts.list({ sort: "city", direction: "desc" })).contacts), [1, 2, 3])
          yield* contacts.create({ inboxId: 407, name: "tied", identifier: "tied" })
          const [tied] = (yield* contacts.list({ q: "tied" })).contacts
          assert.strictEqual(tied?.contactInboxes.length, 1)
          const [bare] = (yield* contacts.list({ q: "tied", includeContactInboxes: false })).contacts
          assert.strictEqual(bare?.contactInboxes.length, 0)
        })))
    })

    describe("contacts.stream", () => {
      it.effect("reads everybody once, a page when it is asked for", () => {
        const pages: globalThis.Array<string> = []
        return run(
          Effect.gen(function*() {
            yield* seed(many(40))
            const contacts = yield* Contacts.Contacts
            assert.deepStrictEqual(ids(yield* Stream.runCollect(contacts.stream())), Array.range(1, 40))
            assert.deepStrictEqual(pages.splice(0), ["1", "2", "3", "4"])
            assert.strictEqual((yield* contacts.stream().pipe(Stream.take(16), Stream.runCollect)).length, 16)
            assert.deepStrictEqual(pages, ["1", "2"])
          }),
          {},
          {
            transformClient: HttpClient.mapRequest((request) => {
              pages.push(pageOf(request))
              return request
            })
          }
        )
      })

      it.effect("stops at a page that comes again", () =>
        run(
          Effect.gen(function*() {
            yield* seed(many(40))
            const contacts = yield* Contacts.Contacts
            assert.deepStrictEqual(ids(yield* Stream.runCollect(contacts.stream())), Array.range(1, 30))
          }),
          {},
          {
            transformClient: HttpClient.mapRequest((request) =>
              Number(pageOf(request)) > 2 ? HttpClientRequest.setUrlParam(request, "page", "2") : request
            )
          }
        ))

      it.effect("keeps what was delivered when a page fails, and goes on from there", () =>
        run(
          Effect.gen(function*() {
            yield* seed(many(40))
            const contacts = yield* Contacts.Contacts
            const delivered: globalThis.Array<number> = []
            const keep = (contact: Contacts.Contact) => Effect.sync(() => delivered.push(contact.id))
            const error = yield* Effect.flip(Stream.runForEach(contacts.stream(), keep))
            assert.deepStrictEqual(delivered, Array.range(1, 30))
            assert.deepStrictEqual(facts(error), ["HttpError", "NotFound", "Rejected", 404, "contacts.list"])
            assert.deepStrictEqual(error.resume, { page: 3 })
            yield* Stream.runForEach(contacts.stream({ resume: error.resume }), keep)
            assert.deepStrictEqual(delivered, Array.range(1, 40))
          }),
          {},
          astray((request) => pageOf(request) === "3", 1)
        ))
    })

    describe("contacts.update", () => {
      it.effect("changes what is given, clears what is null, and merges attributes", () =>
        run(Effect.gen(function*() {
          const contacts = yield* Contacts.Contacts
          const { contact } = yield* contacts.create({
            inboxId: 407,
            name: "Ada",
            email: "ada@acme.inc",
            phoneNumber: "+123456789",
            identifier: "1815"
          })
          yield* contacts.update({ contactId: contact.id, customAttributes: { vip: true, level: { a: 1 } } })
          const updated = yield* contacts.update({
            contactId: contact.id,
            name: "Ada King",
            email: "ADA@acme.inc",
            phoneNumber: null,
            blocked: true,
            customAttributes: { level: { b: 2 } },
            additionalAttributes: { city: "London" }
          })
          assert.deepStrictEqual(updated, {
            ...contact,
            name: Option.some("Ada King"),
            phoneNumber: Option.none(),
            blocked: true,
            customAttributes: { vip: true, level: { b: 2 } },
            additionalAttributes: { city: "London" }
          })
          assert.deepStrictEqual((yield* contacts.list({ q: "ada king" })).contacts, [updated])
          // The number that was cleared is free again.
          yield* contacts.create({ inboxId: 407, phoneNumber: "+123456789" })
        })))

      it.effect("is refused for values of another contact, and for an unknown contact", () =>
        run(Effect.gen(function*() {
          const contacts = yield* Contacts.Contacts
          const { contact } = yield* contacts.create({ inboxId: 407, email: "ada@acme.inc" })
          yield* contacts.create({ inboxId: 407, email: "bob@acme.inc" })
          const taken = yield* Effect.flip(contacts.update({ contactId: contact.id, email: "Bob@acme.inc" }))
          assert.deepStrictEqual(facts(taken), [
            "ValidationError",
            "RejectedInput",
            "Rejected",
            422,
            "contacts.update"
          ])
          const unknown = yield* Effect.flip(contacts.update({ contactId: 1, name: "Nobody" }))
          assert.deepStrictEqual(facts(unknown), ["HttpError", "NotFound", "Rejected", 404, "contacts.update"])
        })))

      it.effect("is the same by PUT, and by a form in Rails' notation", () =>
        run(Effect.gen(function*() {
          yield* seed([{ name: "Ada", customAttributes: { plan: "free", level: 1 } }])
          const { status } = yield* send({ method: "PUT", path: `${contactsPath}/1`, body: "{\"identifier\":\"C-1\"}" })
          assert.strictEqual(status, 200)
          yield* send({
            method: "PATCH",
            path: `${contactsPath}/1`,
            body:
              "name=Bob%20%26%20Co&custom_attributes[plan]=gold&custom_attributes[tags][]=a&custom_attributes[tags][]=b",
            contentType: "application/x-www-form-urlencoded"
          })
          const contacts = yield* Contacts.Contacts
          const [bob] = (yield* contacts.list({ q: "Bob" })).contacts
          assert.deepStrictEqual(bob?.name, Option.some("Bob & Co"))
          assert.deepStrictEqual(bob?.identifier, Option.some("C-1"))
          assert.deepStrictEqual(bob?.customAttributes, { plan: "gold", level: 1, tags: ["a", "b"] })
        })))

      it.effect("returns the contact under payload", () =>
        run(Effect.gen(function*() {
          yield* seed([{ name: "Ada" }])
          const { text } = yield* send({ method: "PATCH", path: `${contactsPath}/1`, body: "{\"name\":\"Bob\"}" })
          assert.match(text, /^\{"payload":\{"additional_attributes":\{\},.*"name":"Bob","phone_number":null,/)
        })))
    })

    describe("contacts.ensure", () => {
      it.effect("creates once, and finds from then on", () =>
        run(Effect.gen(function*() {
          const contacts = yield* Contacts.Contacts
          const ada = { inboxId: 407, email: "ada@acme.inc", name: "Ada" }
          const created = yield* contacts.ensure(ada)
          const found = yield* contacts.ensure({ ...ada, email: "Ada@Acme.inc" })
          assert.deepStrictEqual([created._tag, found._tag], ["Created", "Existing"])
          assert.deepStrictEqual(found.contact, created.contact)
        })))

      it.effect("never takes a contact that merely resembles the one asked for", () =>
        run(Effect.gen(function*() {
          const addresses = Array.makeBy(40, (index) => `x${index}ada@acme.inc.example`)
          yield* seed([...addresses, "ada@acme.inc"].map((email) => ({ email: Option.some(email) })))
          const contacts = yield* Contacts.Contacts
          const found = yield* contacts.ensure({ inboxId: 407, email: "ada@acme.inc" })
          assert.deepStrictEqual([found._tag, Number(found.contact.id)], ["Existing", 41])
          assert.strictEqual((yield* contacts.ensure({ inboxId: 407, email: "da@acme.inc" }))._tag, "Created")
        })))

      it.effect("fails for a contact that agrees in part and contradicts in part", () =>
        run(Effect.gen(function*() {
          yield* seed([{ email: Option.some("ada@acme.inc"), identifier: Option.some("1815") }])
          const contacts = yield* Contacts.Contacts
          const error = yield* Effect.flip(
            contacts.ensure({ inboxId: 407, email: "ada@acme.inc", identifier: "1816" })
          )
          assert.deepStrictEqual([error._tag, error.reason._tag], ["HttpError", "Conflict"])
          const { state } = yield* Emulator.Emulator
          assert.strictEqual(HashMap.size((yield* state).contacts), 1)
        })))

      it.effect("survives 50 programs that ask at once", () =>
        run(Effect.gen(function*() {
          const contacts = yield* Contacts.Contacts
          const done = yield* Effect.all(
            Array.makeBy(50, () => contacts.ensure({ inboxId: 407, email: "ada@acme.inc" })),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(done.filter(({ _tag }) => _tag === "Created").length, 1)
          assert.strictEqual(new Set(done.map(({ contact }) => contact.id)).size, 1)
        })))
    })

    const aConversation = Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      const conversations = yield* Conversations.Conversations
      const { contact } = yield* contacts.create({ inboxId: 407, name: "Ada" })
      return yield* conversations.create({ inboxId: 407, contactId: contact.id })
    })

    const now = Effect.fnUntraced(function*(id: number) {
      const { conversation } = yield* Emulator.Emulator
      return Option.getOrThrow(yield* conversation(id))
    })

    describe("conversations.toggleStatus", () => {
      const moves = Conversations.statuses.flatMap((from) => Conversations.statuses.map((to) => ({ from, to })))

      /** Which of all moves succeed. */
      const allowed = Effect.gen(function*() {
        const { id } = yield* aConversation
        const conversations = yield* Conversations.Conversations
        const { update } = yield* Emulator.Emulator
        const done: globalThis.Array<string> = []
        for (const { from, to } of moves) {
          yield* update((state) => ({
            ...state,
            conversations: HashMap.map(state.conversations, (conversation) => ({ ...conversation, status: from }))
          }))
          const moved = yield* Effect.result(conversations.toggleStatus({ conversationId: id, status: to }))
          const { status } = yield* now(id)
          if (moved._tag === "Success") {
            assert.deepStrictEqual([moved.success.currentStatus, status], [to, to])
            assert.deepStrictEqual(moved.success.success, Option.some(true))
            assert.strictEqual(moved.success.conversationId, id)
            done.push(`${from} ${to}`)
          } else {
            assert.strictEqual(status, from)
            assert.deepStrictEqual(facts(moved.failure), [
              "ValidationError",
              "TransitionRejected",
              "Rejected",
              422,
              "conversations.toggleStatus"
            ])
          }
        }
        return done
      })

      it.effect("moves as the user guide has it, and nowhere else", () =>
        run(Effect.gen(function*() {
          const listed = moves.filter(({ from, to }) => from === to || Conversations.transitions[from].includes(to))
          assert.deepStrictEqual(yield* allowed, listed.map(({ from, to }) => `${from} ${to}`))
        })))

      it.effect("moves from any state to any where that is switched off", () =>
        run(
          Effect.gen(function*() {
            assert.strictEqual((yield* allowed).length, 25)
          }),
          { transitionRules: false }
        ))

      // Chatwoot 4.3: app/models/conversation.rb, handle_resolved_status_change
      it.effect("ends the contact's wait by resolving alone", () =>
        run(Effect.gen(function*() {
          const { id, waitingSince } = yield* aConversation
          const conversations = yield* Conversations.Conversations
          yield* conversations.toggleStatus({ conversationId: id, status: "pending" })
          assert.deepStrictEqual((yield* now(id)).waitingSince, waitingSince)
          yield* conversations.toggleStatus({ conversationId: id, status: "resolved" })
          assert.deepStrictEqual((yield* now(id)).waitingSince, Option.none())
        })))

      it.effect("snoozes until a time, and wakes then", () =>
        run(Effect.gen(function*() {
          const { id } = yield* aConversation
          const conversations = yield* Conversations.Conversations
          const noon = DateTime.makeUnsafe("2026-05-01T13:00:00Z")
          const snoozed = yield* conversations.toggleStatus({
            conversationId: id,
            status: "snoozed",
            snoozedUntil: noon
          })
          assert.deepStrictEqual(snoozed.snoozedUntil, Option.some(noon))
          yield* TestClock.adjust("59 minutes")
          assert.strictEqual((yield* now(id)).status, "snoozed")
          yield* TestClock.adjust("1 minute")
          const awake = yield* now(id)
          assert.deepStrictEqual([awake.status, awake.snoozedUntil], ["open", Option.none()])
        })))

      it.effect("finds no conversation that is not there, and no state", () =>
        run(Effect.gen(function*() {
          const conversations = yield* Conversations.Conversations
          const nothing = yield* Effect.flip(conversations.toggleStatus({ conversationId: 1, status: "open" }))
          assert.deepStrictEqual(facts(nothing), [
            "HttpError",
            "NotFound",
            "Rejected",
            404,
            "conversations.toggleStatus"
          ])
          const { id } = yield* aConversation
          const path = `${conversationsPath}/${id}/toggle_status`
          assert.deepStrictEqual(yield* send({ path, body: "{}" }), {
            status: 422,
            text: "{\"error\":\"param is missing or the value is empty: status\"}"
          })
          assert.deepStrictEqual(yield* send({ path, body: "{\"status\":\"resolved\"}" }), {
            status: 200,
            text:
              `{"payload":{"success":true,"conversation_id":${id},"current_status":"resolved","snoozed_until":null}}`
          })
        })))
    })

    describe("messages.send", () => {
      it.effect("writes as an agent, and shows in the conversation", () =>
        run(Effect.gen(function*() {
          const { id } = yield* aConversation
          const messages = yield* Messages.Messages
          yield* TestClock.adjust("1 minute")
          const first = yield* messages.send({ conversationId: id, content: "Good day 🌞" })
          assert.strictEqual(first.id, 3030)
          assert.deepStrictEqual(first.content, Option.some("Good day 🌞"))
          assert.deepStrictEqual([first.messageType, first.contentType, first.status], ["outgoing", "text", "sent"])
          assert.deepStrictEqual(first.sortingId, Option.some(1))
          assert.deepStrictEqual(Option.map(first.sender, ({ type }) => type), Option.some(Option.some("user")))
          assert.deepStrictEqual(first.attachments, Option.none())
          const shown = yield* now(id)
          assert.deepStrictEqual(shown.firstReplyCreatedAt, Option.some(first.createdAt))
          assert.deepStrictEqual(shown.waitingSince, Option.none())
          assert.deepStrictEqual(shown.lastActivityAt, first.createdAt)
          assert.deepStrictEqual(shown.timestamp, first.createdAt)
          assert.strictEqual(DateTime.formatIso(shown.updatedAt), "2026-05-01T12:01:00.250Z")
          assert.deepStrictEqual(shown.contentPreview, {
            content: first.content,
            messageType: Option.some("outgoing"),
            createdAt: Option.some(first.createdAt)
          })
          assert.strictEqual(Option.getOrThrow(shown.lastNonActivityMessage).id, 3030)
          assert.deepStrictEqual((yield* messages.send({ conversationId: id, content: "." })).sortingId, Option.some(2))
          assert.deepStrictEqual((yield* now(id)).firstReplyCreatedAt, shown.firstReplyCreatedAt)
        })))

      it.effect("given an inbox that keeps one conversation, shows the latest message in it", () =>
        run(
          Effect.gen(function*() {
            const contacts = yield* Contacts.Contacts
            const conversations = yield* Conversations.Conversations
            const messages = yield* Messages.Messages
            const { contactInbox } = yield* contacts.create({ inboxId: 407 })
            const input = { inboxId: 407, sourceId: Option.getOrThrow(contactInbox.sourceId) }
            const { id } = yield* conversations.create(input)
            yield* messages.send({ conversationId: id, content: "Good day" })
            const again = yield* conversations.create(input)
            assert.deepStrictEqual(again.contentPreview.content, Option.some("Good day"))
            assert.strictEqual(again.messages.length, 1)
          }),
          { inboxes: [{ id: 407, lockToSingleConversation: true }] }
        ))

      it.effect("given a private note, does not count it as a reply", () =>
        run(Effect.gen(function*() {
          const { id, waitingSince } = yield* aConversation
          const messages = yield* Messages.Messages
          const note = yield* messages.send({ conversationId: id, content: "They are upset.", private: true })
          assert.strictEqual(note.private, true)
          const shown = yield* now(id)
          assert.deepStrictEqual(shown.firstReplyCreatedAt, Option.none())
          assert.deepStrictEqual(shown.waitingSince, waitingSince)
        })))

      it.effect("keeps in_reply_to for a message of its conversation, and null for any other", () =>
        run(Effect.gen(function*() {
          const { id } = yield* aConversation
          const other = yield* aConversation
          const messages = yield* Messages.Messages
          const question = yield* messages.send({ conversationId: id, content: "Well?" })
          const reply = (conversationId: number, messageId: number) =>
            Effect.map(
              messages.send({ conversationId, content: "Yes", contentAttributes: Messages.inReplyTo(messageId) }),
              ({ contentAttributes }) => contentAttributes.in_reply_to
            )
          assert.strictEqual(yield* reply(id, question.id), Number(question.id))
          assert.strictEqual(yield* reply(other.id, question.id), null)
          assert.strictEqual(yield* reply(id, 1), null)
        })))

      it.effect("is refused for no text, for too long a text, and in no conversation", () =>
        run(Effect.gen(function*() {
          const { id } = yield* aConversation
          const messages = yield* Messages.Messages
          yield* messages.send({ conversationId: id, content: "🌞".repeat(150_000) })
          for (const content of ["", "🌞".repeat(150_001)]) {
            const error = yield* Effect.flip(messages.send({ conversationId: id, content }))
            assert.deepStrictEqual(facts(error), ["ValidationError", "RejectedInput", "Rejected", 422, "messages.send"])
          }
          const error = yield* Effect.flip(messages.send({ conversationId: 1, content: "Hello?" }))
          assert.deepStrictEqual(facts(error), ["HttpError", "NotFound", "Rejected", 404, "messages.send"])
        })))

      // Chatwoot 4.3: app/models/message.rb, lib/limits.rb
      it.effect("is refused for the 201st message of a conversation in a minute, unless that is switched off", () => {
        const sendAll = Effect.gen(function*() {
          const { id } = yield* aConversation
          const other = yield* aConversation
          const messages = yield* Messages.Messages
          yield* Effect.forEach(Array.range(1, 200), () => messages.send({ conversationId: id, content: "Hi" }), {
            discard: true
          })
          yield* messages.send({ conversationId: other.id, content: "Hi" })
          return yield* Effect.result(messages.send({ conversationId: id, content: "Hi" }))
        })
        return Effect.gen(function*() {
          const limited = yield* run(sendAll)
          assert.deepStrictEqual(
            facts(yield* Effect.flip(Effect.fromResult(limited))),
            ["ValidationError", "RejectedInput", "Rejected", 422, "messages.send"]
          )
          assert.isTrue(Result.isSuccess(yield* run(sendAll, { messageLimit: false })))
        })
      })

      // Chatwoot 4.3: app/builders/messages/message_builder.rb
      it.effect("with message_type incoming, is the contact's in an API inbox, and refused in any other", () => {
        const incoming = Effect.gen(function*() {
          const { id } = yield* aConversation
          const response = yield* send({
            path: `${conversationsPath}/${id}/messages`,
            body: "{\"content\":\"Hi\",\"message_type\":\"incoming\"}"
          })
          return { ...response, unread: (yield* now(id)).unreadCount }
        })
        return Effect.gen(function*() {
          const { text, unread } = yield* run(incoming)
          assert.match(text, /"message_type":0,.*"type":"contact"/)
          assert.strictEqual(unread, 1)
          const refused = yield* run(incoming, { inboxes: [{ id: 407, channelType: "Channel::Email" }] })
          assert.deepStrictEqual([refused.status, refused.unread], [422, 0])
          assert.match(refused.text, /Incoming messages are only allowed in Api inboxes/)
        })
      })

      it.effect("is written as the vendor's sample, with the keys in its order", () =>
        run(Effect.gen(function*() {
          const { id } = yield* aConversation
          const { text } = yield* send({ path: `${conversationsPath}/${id}/messages`, body: "{\"content\":\"Hi\"}" })
          assert.strictEqual(
            text.replace(/"sender":.*$/, ""),
            `{"id":3030,"content":"Hi","inbox_id":407,"conversation_id":${id},"message_type":1,"content_type":"text",` +
              `"status":"sent","content_attributes":{},"created_at":1777636800,"private":false,"source_id":null,` +
              `"sorting_id":1,`
          )
        })))
    })

    describe("messages.sendFiles", () => {
      /** What the link of an attachment leads to. */
      const download = Effect.fnUntraced(function*(attachment: Messages.Attachment) {
        const client = yield* HttpClient.HttpClient
        const response = yield* client.get(Option.getOrThrow(attachment.dataUrl))
        return { type: response.headers["content-type"], bytes: new Uint8Array(yield* response.arrayBuffer) }
      })

      it.effect("sends bytes, under any name, with a text and without", () =>
        run(Effect.gen(function*() {
          const { id } = yield* aConversation
          const messages = yield* Messages.Messages
          const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256)
          const json = new TextEncoder().encode("{}")
          const message = yield* messages.sendFiles({
            conversationId: id,
            content: "Two files",
            private: true,
            contentAttributes: { in_reply_to: 1, items: ["ä"] },
            attachments: [
              { name: "größe \"1\" 画像.png", mediaType: "image/png", content: bytes },
              { name: "data.json", mediaType: "application/json", content: json }
            ]
          })
          assert.deepStrictEqual(message.content, Option.some("Two files"))
          assert.strictEqual(message.private, true)
          assert.deepStrictEqual(message.contentAttributes.items, ["ä"])
          const [image, data] = Option.getOrThrow(message.attachments)
          assert(image !== undefined && data !== undefined)
          assert.deepStrictEqual([image.fileType, data.fileType], ["image", "file"])
          assert.deepStrictEqual(image.fileSize, Option.some(70_000))
          assert.deepStrictEqual(image.extension, Option.some("png"))
          assert.deepStrictEqual(yield* download(image), { type: "image/png", bytes })
          assert.deepStrictEqual(yield* download(data), { type: "application/json", bytes: json })
          const { state } = yield* Emulator.Emulator
          const kept = [...HashMap.values((yield* state).attachments)].map(({ name }) => name)
          assert.deepStrictEqual(kept, ["größe \"1\" 画像.png", "data.json"])

          const wordless = yield* messages.sendFiles({
            conversationId: id,
            attachments: [{ name: "a", mediaType: "text/plain", content: json }]
          })
          assert.deepStrictEqual(wordless.content, Option.none())
          assert.deepStrictEqual(wordless.sortingId, Option.some(2))
        })))

      it.effect("sends a file from disk", () =>
        run(
          Effect.gen(function*() {
            const folder = yield* Effect.acquireRelease(
              Effect.promise(() => mkdtemp(join(tmpdir(), "effect-livedesk-"))),
              (folder) => Effect.promise(() => rm(folder, { recursive: true }))
            )
            const path = join(folder, "Übersicht.pdf")
            const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256)
            yield* Effect.promise(() => writeFile(path, bytes))
            const { id } = yield* aConversation
            const messages = yield* Messages.Messages
            const file = yield* NodeAttachment.fromFile(path, { mediaType: "application/pdf" })
            const message = yield* messages.sendFiles({ conversationId: id, attachments: [file] })
            const [attachment] = Option.getOrThrow(message.attachments)
            assert(attachment !== undefined)
            assert.deepStrictEqual(yield* download(attachment), { type: "application/pdf", bytes })
          }).pipe(Effect.scoped)
        ))
    })

    describe("messages from the contact", () => {
      it.effect("hold files that can be had", () =>
        run(Effect.gen(function*() {
          const { id } = yield* aConversation
          const { receive } = yield* Emulator.Emulator
          const client = yield* HttpClient.HttpClient
          const content = Uint8Array.from([1, 2, 3])
          const message = yield* receive({
            conversationId: id,
            attachments: [{ name: "a?b#c.bin", mediaType: "application/octet-stream", content }]
          })
          const [attachment] = Option.getOrThrow(message.attachments)
          const response = yield* client.get(Option.getOrThrow(attachment?.dataUrl ?? Option.none()))
          assert.deepStrictEqual(new Uint8Array(yield* response.arrayBuffer), content)
          const nothing = yield* client.get(`${yield* BaseUrl}/attachments/99/a`)
          assert.strictEqual(nothing.status, 404)
        })))

      it.effect("open a resolved conversation and wake a snoozed one", () =>
        run(Effect.gen(function*() {
          const conversations = yield* Conversations.Conversations
          const { receive } = yield* Emulator.Emulator
          const { id } = yield* aConversation
          for (const status of ["resolved", "snoozed"] as const) {
            yield* conversations.toggleStatus({ conversationId: id, status })
            const message = yield* receive({ conversationId: id, content: "One more thing" })
            assert.strictEqual(message.messageType, "incoming")
            assert.deepStrictEqual(Option.flatMap(message.sender, ({ type }) => type), Option.some("contact"))
            assert.strictEqual((yield* now(id)).status, "open")
          }
          const shown = yield* now(id)
          assert.strictEqual(shown.unreadCount, 2)
          assert.deepStrictEqual(shown.meta.sender.lastActivityAt, Option.some(shown.lastActivityAt))
          assert.strictEqual(
            (yield* Effect.flip(receive({ conversationId: 1, content: "?" })))._tag,
            "NotReceivedError"
          )
          assert.strictEqual((yield* Effect.flip(receive({ conversationId: id })))._tag, "NotReceivedError")
        })))

      it.effect("hand a resolved conversation to the inbox's bot", () =>
        run(
          Effect.gen(function*() {
            const conversations = yield* Conversations.Conversations
            const { receive } = yield* Emulator.Emulator
            const { id } = yield* aConversation
            yield* conversations.toggleStatus({ conversationId: id, status: "resolved" })
            yield* receive({ conversationId: id, content: "One more thing" })
            assert.strictEqual((yield* now(id)).status, "pending")
          }),
          { inboxes: [{ id: 407, hasBot: true }] }
        ))
    })

    describe("tickets", () => {
      it.effect("are created, read and changed", () =>
        run(Effect.gen(function*() {
          const tickets = yield* Tickets.Tickets
          const { ticketId } = yield* tickets.create({
            title: "Printer on fire",
            description: "**Please** help",
            attachments: [{ fileUrl: "https://example.com/fire.png" }],
            requester: {
              euid: "contact_12345",
              channelContacts: { channelId: "inbox_100", followers: [{ id: "7562646527", name: "Zhang San" }] }
            },
            submitter: { id: "u_12345" },
            assignmentTeam: "IT Support",
            priority: "high",
            ticketType: "incident",
            customFields: { floor: 3 }
          })
          assert.match(ticketId, /^tk_20260501_[0-9a-f]{6}$/)
          const ticket = yield* tickets.get({ ticketId })
          assert.deepStrictEqual(
            [ticket.ticketId, ticket.title, ticket.status, ticket.priority],
            [ticketId, "Printer on fire", "open", "high"]
          )
          assert.deepStrictEqual(Option.map(ticket.assignmentTeam, ({ name }) => name), Option.some("IT Support"))
          assert.deepStrictEqual(ticket.requester.channelContacts.followers.map(({ id }) => id), ["7562646527"])
          assert.deepStrictEqual(ticket.attachments.map(({ fileUrl }) => fileUrl), ["https://example.com/fire.png"])

          const { text } = yield* send({ method: "GET", path: `${Tickets.endpoints.create.path}/${ticketId}` })
          assert.include(text, "\"followers\":[\"7562646527\"]")
          assert.include(text, "\"assignment_team\":{\"id\":5,\"name\":\"IT Support\"}")

          const updated = yield* tickets.update({ ticketId, priority: "normal", tags: ["fire"] })
          assert.deepStrictEqual(updated.ticketId, Option.some(ticketId))
          assert.deepStrictEqual(yield* tickets.get({ ticketId }), { ...ticket, priority: "normal" })
        })))

      it.effect("have ids of their own", () =>
        run(Effect.gen(function*() {
          const tickets = yield* Tickets.Tickets
          const made = yield* Effect.forEach(Array.range(1, 30), () => tickets.create({ title: "Again" }))
          assert.strictEqual(new Set(made.map(({ ticketId }) => ticketId)).size, 30)
        })))

      it.effect("respond with a code, 404 for an unknown ticket", () =>
        run(Effect.gen(function*() {
          const tickets = yield* Tickets.Tickets
          const path = Tickets.endpoints.create.path
          const { text } = yield* send({ path, body: "{\"title\":\"A\"}" })
          assert.match(text, /^\{"code":0,"message":"Success","data":\{"ticket_id":"tk_[^"]+"\}\}$/)
          assert.deepStrictEqual(yield* send({ method: "GET", path: `${path}/tk_1` }), {
            status: 404,
            text: "{\"code\":404,\"message\":\"Ticket not found\",\"data\":null}"
          })
          for (
            const call of [
              Effect.asVoid(tickets.get({ ticketId: "tk_1" })),
              Effect.asVoid(tickets.update({ ticketId: "tk_1" }))
            ]
          ) {
            const error = yield* Effect.flip(call)
            assert.deepStrictEqual([error._tag, error.reason._tag, error.status], ["HttpError", "NotFound", 404])
          }
          const untitled = yield* Effect.flip(tickets.create({ title: "" }))
          assert.deepStrictEqual(facts(untitled), [
            "ValidationError",
            "RejectedInput",
            "Rejected",
            422,
            "tickets.create"
          ])
        })))
    })

    describe("ConversationStart.start", () => {
      const input = {
        inboxId: 407,
        contact: { name: "Ada", email: "ada@acme.inc" },
        message: { content: "Your parcel is on its way." }
      }

      const held = Effect.gen(function*() {
        const { state } = yield* Emulator.Emulator
        const { contacts, conversations, messages } = yield* state
        return [HashMap.size(contacts), HashMap.size(conversations), HashMap.size(messages)]
      })

      it.effect("makes all three", () =>
        run(Effect.gen(function*() {
          const { contact, contactId, conversation, conversationId, message } = yield* ConversationStart.start(input)
          assert.strictEqual(Option.getOrThrow(contact).contact.id, contactId)
          assert.strictEqual(Option.getOrThrow(conversation).meta.sender.id, contactId)
          assert.strictEqual(message.conversationId, conversationId)
          const { state } = yield* Emulator.Emulator
          const kept = HashMap.get((yield* state).conversations, conversationId)
          assert.deepStrictEqual(
            Option.map(kept, ({ sourceId }) => sourceId),
            Option.flatMap(contact, ({ contactInbox }) => contactInbox.sourceId)
          )
        })))

      for (
        const [step, path, before] of [
          ["contact", /\/contacts$/, [0, 0, 0]],
          ["conversation", /\/conversations$/, [1, 0, 0]],
          ["message", /\/messages$/, [1, 1, 0]]
        ] as const
      ) {
        it.effect(`goes on where the ${step} failed, and does nothing twice`, () =>
          run(
            Effect.gen(function*() {
              const error = yield* Effect.flip(ConversationStart.start(input))
              assert.deepStrictEqual(yield* held, [...before])
              assert.deepStrictEqual(
                Object.keys(error.resume ?? {}),
                ["contactId", "sourceId", "conversationId"].slice(0, before[0] * 2 + before[1])
              )
              const { contactId, conversationId } = yield* ConversationStart.start({ ...input, resume: error.resume })
              assert.deepStrictEqual(yield* held, [1, 1, 1])
              assert.deepStrictEqual([Number(contactId), Number(conversationId)], [2219256, 40])
            }),
            {},
            astray(({ url }) => path.test(url), 1)
          ))
      }
    })

    describe("the emulator's state", () => {
      it.effect("is forgotten by reset", () =>
        run(Effect.gen(function*() {
          yield* aConversation
          const { reset, state } = yield* Emulator.Emulator
          yield* reset
          assert.strictEqual(HashMap.size((yield* state).contacts), 0)
          assert.strictEqual((yield* aConversation).id, 40)
        })))
    })

    describe("refusals", () => {
      for (
        const [what, credentials] of [
          ["a wrong secret", { apiSecret: Redacted.make("another") }],
          ["a wrong key", { apiKey: Redacted.make("another") }]
        ] as const
      ) {
        it.effect(`rejects ${what}`, () =>
          run(
            Effect.gen(function*() {
              const contacts = yield* Contacts.Contacts
              const error = yield* Effect.flip(contacts.create({ inboxId: 407 }))
              assert.deepStrictEqual(facts(error), [
                "AuthError",
                "Unauthorized",
                "Rejected",
                401,
                "contacts.create"
              ])
              const { state } = yield* Emulator.Emulator
              assert.strictEqual(HashMap.size((yield* state).contacts), 0)
            }),
            {},
            credentials
          ))
      }

      it.effect("sends nothing for an input that is refused here", () =>
        run(Effect.gen(function*() {
          const contacts = yield* Contacts.Contacts
          const error = yield* Effect.flip(contacts.create({ inboxId: -1 }))
          assert.deepStrictEqual(facts(error), [
            "ValidationError",
            "InvalidInput",
            "NotSent",
            undefined,
            "contacts.create"
          ])
          const { state } = yield* Emulator.Emulator
          assert.strictEqual(HashMap.size((yield* state).contacts), 0)
        })))

      it.effect("have LiveDesk's or Chatwoot's bodies", () =>
        run(Effect.gen(function*() {
          const rejection = (request: Parameters<typeof send>[0]) => Effect.map(send(request), Object.values)
          assert.deepStrictEqual(
            yield* rejection({ path: contactsPath, body: "{}", authorization: "Basic nonsense" }),
            [
              401,
              "{\"error\":\"Invalid Access Token\"}"
            ]
          )
          assert.deepStrictEqual(yield* rejection({ path: contactsPath, body: "{\"name\":\"a\",}" }), [
            400,
            "{\"status\":400,\"error\":\"Bad Request\"}"
          ])
          assert.deepStrictEqual(
            yield* rejection({ path: contactsPath, body: "{\"inbox_id\":407,\"identifier\":9007199254740993}" }),
            [422, "{\"error\":\"identifier is a number that JSON readers round: write it as text\"}"]
          )
          const notFound = [404, "{\"status\":404,\"error\":\"Not Found\"}"]
          assert.deepStrictEqual(yield* rejection({ path: "/api/v2/accounts/nothing", body: "{}" }), notFound)
          assert.deepStrictEqual(yield* rejection({ method: "PUT", path: contactsPath, body: "{}" }), notFound)
          assert.deepStrictEqual(yield* rejection({ method: "GET", path: conversationsPath }), notFound)
        })))
    })

    describe("the vendor's samples", () => {
      it.effect("of create contact, byte for byte, when no inbox is named", () =>
        run(
          Effect.gen(function*() {
            const { text } = yield* send({ path: contactsPath, body: "{\"name\":\"Test\"}" })
            assert.strictEqual(text, fixture("create-contact"))
          }),
          { firstContactId: 2219259, startsAt: DateTime.fromEpochSeconds(1766571703) }
        ))

      it.effect("of create conversation, byte for byte but for its UUID", () =>
        run(
          Effect.gen(function*() {
            const { update } = yield* Emulator.Emulator
            yield* update((state) =>
              EmulatorState.putContact(
                state,
                EmulatorState.makeContact({
                  id: 2219256,
                  name: "wjTest",
                  createdAt: DateTime.fromEpochSeconds(1766571624)
                })
              )
            )
            const { text } = yield* send({ path: conversationsPath, body: "{\"inbox_id\":407,\"contact_id\":2219256}" })
            assert.strictEqual(
              text.replace(/"uuid":"[-0-9a-f]{36}"/, "\"uuid\":\"660ce36f-46bb-4153-948c-8a26e6dab634\""),
              fixture("create-conversation")
            )
          }),
          {
            inboxes: [{ id: 407, name: "JennyApi" }],
            startsAt: DateTime.fromEpochSeconds(1766572062.5803902)
          }
        ))
    })

    it.effect("run twice, returns the same responses, to the last id", () => {
      const story = Effect.gen(function*() {
        const contacts = yield* Contacts.Contacts
        const conversations = yield* Conversations.Conversations
        const created = yield* contacts.create({ inboxId: 407 })
        const conversation = yield* conversations.create({ inboxId: 407, contactId: created.contact.id })
        return JSON.stringify([created, conversation])
      })
      return Effect.gen(function*() {
        assert.strictEqual(yield* run(story), yield* run(story))
        assert.notStrictEqual(yield* run(story), yield* run(story, { seed: "another" }))
      })
    })

    it.effect("gives status, headers and body of a response beside its value", () =>
      run(Effect.gen(function*() {
        const contacts = yield* Contacts.Contacts
        const [created, [response]] = yield* contacts.create({ inboxId: 407 }).pipe(LiveDeskClient.withResponses)
        assert.strictEqual(response?.operation, "contacts.create")
        assert.strictEqual(response?.status, 200)
        assert.match(response?.headers["content-type"] ?? "", /^application\/json/)
        assert.deepStrictEqual(Contacts.CreatedContact.read(response?.body), created)
      })))
  })
