/**
 * What every transport must do alike: one suite for the emulator in memory, and over TCP for each client.
 */
import { Contacts, Conversations, type LiveDesk, LiveDeskClient, type LiveDeskError } from "@effect-livedesk/core"
import { Emulator, EmulatorState } from "@effect-livedesk/core/testing"
import type { NodeEmulatorFile } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Context, DateTime, Effect, HashMap, type Layer, Option, Redacted } from "effect"
import { HttpBody, HttpClient, HttpClientRequest, type HttpServerError } from "effect/http"
import { readFileSync } from "node:fs"

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
  readonly method?: "GET" | "POST" | "PUT" | "DELETE"
  readonly path: string
  readonly body?: string
  readonly authorization?: string
}) {
  const client = yield* HttpClient.HttpClient
  const { credentials } = yield* Emulator.Emulator
  const made = HttpClientRequest.make(request.method ?? "POST")(`${yield* BaseUrl}${request.path}`, {
    body: request.body === undefined ? HttpBody.empty : HttpBody.text(request.body, "application/json")
  })
  const response = yield* client.execute(
    request.authorization === undefined
      ? HttpClientRequest.basicAuth(made, credentials.apiKey, credentials.apiSecret)
      : HttpClientRequest.setHeader(made, "authorization", request.authorization)
  )
  return { status: response.status, text: yield* response.text }
})

const contactsPath = Contacts.create.path
const conversationsPath = Conversations.create.path

const facts = (error: LiveDeskError.LiveDeskError) => [
  error._tag,
  error.reason._tag,
  error.delivery,
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
      // Every answer of the emulator must be what the vendor's pages show.
      Effect.provide(effect, transport({ startsAt: may, ...emulator }, { onDrift: "fail", ...client }))

    const may = DateTime.makeUnsafe("2026-05-01T12:00:00.250Z")

    describe("contacts.create", () => {
      it.effect("keeps what it is given, and ties the contact to the channel", () =>
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

      it.effect("takes nothing but the channel, and leaves out what is undefined", () =>
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
            "InputRejected",
            "Rejected",
            422,
            "contacts.create"
          ])
          assert.deepStrictEqual(
            error.reason._tag === "InputRejected" ? [error.reason.messages, error.reason.fields] : [],
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
            assert.deepStrictEqual(error.reason._tag === "InputRejected" ? error.reason.fields : [], [
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

      it.effect("finds no channel that is not there, and keeps no contact then", () =>
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

      it.effect("finds no contact, no channel and no source id that is not there", () =>
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
            "InputRejected",
            "Rejected",
            422,
            "conversations.create"
          ])
        })))

      it.effect("answers the one conversation of a channel that keeps one, and waits for a channel's bot", () =>
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
                "CredentialsRejected",
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
            "InputInvalid",
            "NotSent",
            undefined,
            "contacts.create"
          ])
          const { state } = yield* Emulator.Emulator
          assert.strictEqual(HashMap.size((yield* state).contacts), 0)
        })))

      it.effect("have LiveDesk's or Chatwoot's bodies", () =>
        run(Effect.gen(function*() {
          const refusal = (request: Parameters<typeof send>[0]) => Effect.map(send(request), Object.values)
          assert.deepStrictEqual(yield* refusal({ path: contactsPath, body: "{}", authorization: "Basic nonsense" }), [
            401,
            "{\"error\":\"Invalid Access Token\"}"
          ])
          assert.deepStrictEqual(yield* refusal({ path: contactsPath, body: "{\"name\":\"a\",}" }), [
            400,
            "{\"status\":400,\"error\":\"Bad Request\"}"
          ])
          const notFound = [404, "{\"status\":404,\"error\":\"Not Found\"}"]
          assert.deepStrictEqual(yield* refusal({ path: "/api/v2/accounts/nothing", body: "{}" }), notFound)
          assert.deepStrictEqual(yield* refusal({ method: "PUT", path: contactsPath, body: "{}" }), notFound)
          assert.deepStrictEqual(yield* refusal({ method: "GET", path: conversationsPath }), notFound)
        })))
    })

    describe("the vendor's samples", () => {
      it.effect("of create contact, byte for byte, where no channel is named", () =>
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

    it.effect("answers alike twice, to the last id", () => {
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

    it.effect("gives status, headers and body of an answer beside its value", () =>
      run(Effect.gen(function*() {
        const contacts = yield* Contacts.Contacts
        const [created, [answer]] = yield* contacts.create({ inboxId: 407 }).pipe(LiveDeskClient.withAnswers)
        assert.strictEqual(answer?.operation, "contacts.create")
        assert.strictEqual(answer?.status, 200)
        assert.match(answer?.headers["content-type"] ?? "", /^application\/json/)
        assert.deepStrictEqual(Contacts.CreatedContact.read(answer?.body), created)
      })))
  })
