import { Contacts, Conversations, LiveDesk, Messages, Tickets } from "@effect-livedesk/core"
import { Emulator, EmulatorState } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Array as Arr, DateTime, Effect, HashMap, Layer, Option, PubSub, References, Schema } from "effect"
import { HttpClient } from "effect/http"

const layer = (options?: Emulator.Options) =>
  LiveDesk.layer.pipe(Layer.provideMerge(Emulator.layerWith({ onDrift: "fail", ...options })))

/** Something of everything that an emulator holds. */
const story = Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  const conversations = yield* Conversations.Conversations
  const messages = yield* Messages.Messages
  const tickets = yield* Tickets.Tickets
  const { receive, state } = yield* Emulator.Emulator
  const { contact } = yield* contacts.create({ inboxId: 407, name: "Ada", email: "ada@acme.inc" })
  yield* contacts.update({ contactId: contact.id, customAttributes: { level: { a: [1, null, "ä"] } } })
  const conversation = yield* conversations.create({ inboxId: 407, contactId: contact.id })
  yield* messages.sendFiles({
    conversationId: conversation.id,
    attachments: [{ name: "ä.bin", mediaType: "application/octet-stream", content: Uint8Array.from([0, 255, 128]) }]
  })
  yield* receive({ conversationId: conversation.id, content: "Thank you" })
  yield* conversations.toggleStatus({
    conversationId: conversation.id,
    status: "snoozed",
    snoozedUntil: DateTime.makeUnsafe("2030-01-01T00:00:00Z")
  })
  const { ticketId } = yield* tickets.create({
    title: "Printer on fire",
    assignmentTeam: "IT Support",
    requester: { channelContacts: { followers: [{ id: "1", name: "Zhang San" }] } }
  })
  yield* tickets.update({ ticketId, tags: ["fire"] })
  return yield* state
})

const Json = Schema.fromJsonString(EmulatorState.EmulatorState)
const encode = Schema.encodeSync(Json)
const decode = Schema.decodeUnknownSync(Json)

const sizes = ({ attachments, contacts, conversations, messages, tickets }: EmulatorState.EmulatorState) => [
  HashMap.size(contacts),
  HashMap.size(conversations),
  HashMap.size(messages),
  HashMap.size(attachments),
  HashMap.size(tickets)
]

describe("EmulatorState", () => {
  it.effect("comes back from JSON as it was, to the fraction of a millisecond", () =>
    Effect.gen(function*() {
      const state = yield* Effect.provide(story, layer({ startsAt: DateTime.fromEpochSeconds(1766572062.5803902) }))
      const text = encode(state)
      const back = decode(text)
      assert.strictEqual(encode(back), text)
      assert.deepStrictEqual(back, state)
    }))

  it.effect("can be continued: every record is there, and no id is assigned twice", () =>
    Effect.gen(function*() {
      const before = decode(encode(yield* Effect.provide(story, layer())))
      yield* Effect.gen(function*() {
        const contacts = yield* Contacts.Contacts
        const messages = yield* Messages.Messages
        // The first call, as it was of the other: with the same series of UUIDs it would be given the same.
        const created = yield* contacts.create({ inboxId: 407, name: "Bob" })
        const ada = yield* contacts.ensure({ inboxId: 407, email: "ada@acme.inc" })
        assert.strictEqual(ada._tag, "Existing")
        const [known] = ada.contact.contactInboxes
        assert.strictEqual(created.contact.id, ada.contact.id + 1)
        assert.notDeepEqual(created.contactInbox.sourceId, known?.sourceId)
        const message = yield* messages.send({ conversationId: 40, content: "Still there" })
        assert.deepStrictEqual([Number(message.id), message.sortingId], [3033, Option.some(4)])
        const taken = yield* Effect.flip(contacts.create({ inboxId: 408, email: "ada@acme.inc" }))
        assert.strictEqual(taken.status, 422)
      }).pipe(Effect.provide(layer({ state: before, inboxes: [{ id: 408 }] })))
    }))

  it.effect("written by hand can be continued, with ids above every one that it holds", () =>
    Effect.gen(function*() {
      const written: unknown = {
        ...JSON.parse(encode(yield* Effect.provide(story, layer()))),
        nextContactId: 2219256,
        nextContactInboxId: 1,
        nextConversationId: 40,
        nextMessageId: 3030,
        nextAttachmentId: 1,
        nextTicket: 0
      }
      const before = decode(JSON.stringify(written))
      yield* Effect.gen(function*() {
        const contacts = yield* Contacts.Contacts
        const conversations = yield* Conversations.Conversations
        const messages = yield* Messages.Messages
        const tickets = yield* Tickets.Tickets
        const { state } = yield* Emulator.Emulator
        const { contact } = yield* contacts.create({ inboxId: 407 })
        const { id } = yield* conversations.create({ inboxId: 407, contactId: contact.id })
        const content = Uint8Array.from([1])
        yield* messages.sendFiles({ conversationId: id, attachments: [{ name: "b", mediaType: "a/b", content }] })
        yield* tickets.create({ title: "Again" })
        const after = yield* state
        assert.deepStrictEqual(sizes(after), sizes(before).map((size) => size + 1))
        const ties = HashMap.toValues(after.contactInboxesOf).flat()
        assert.strictEqual(new Set(ties.map(({ id }) => id)).size, ties.length)
        for (const [id, ticket] of before.tickets) {
          assert.deepStrictEqual(HashMap.get(after.tickets, id), Option.some(ticket))
        }
      }).pipe(Effect.provide(layer({ state: before })))
    }))

  it.effect("is seeded with conversations, messages, files and tickets", () =>
    Effect.gen(function*() {
      const conversations = yield* Conversations.Conversations
      const messages = yield* Messages.Messages
      const tickets = yield* Tickets.Tickets
      const { conversation, state, update } = yield* Emulator.Emulator
      const content = Uint8Array.from([1, 2])
      yield* update((state) => {
        const withConversation = EmulatorState.putConversation(
          EmulatorState.putContact(state, EmulatorState.makeContact({ id: 7, name: "Ada" })),
          EmulatorState.makeConversation({ id: 90, contactId: 7, inboxId: 407, status: "resolved" })
        )
        const place = { conversationId: 90, inboxId: 407 }
        const late = DateTime.makeUnsafe("2026-02-01T00:00:00Z")
        const withMessages = [
          EmulatorState.makeMessage({
            ...place,
            id: 9002,
            sortingId: 2,
            content: Option.some("Last"),
            attachmentIds: [12],
            createdAt: late
          }),
          EmulatorState.makeMessage({ ...place, id: 9001, sortingId: 1, content: Option.some("First") })
        ].reduce(
          EmulatorState.putMessage,
          EmulatorState.putAttachment(withConversation, { id: 12, name: "a.png", mediaType: "image/png", content })
        )
        return EmulatorState.putTicket(
          withMessages,
          EmulatorState.makeTicket({ ticketId: "tk_20260101_789abc", title: "Printer on fire" })
        )
      })
      const shown = Option.getOrThrow(yield* conversation(90))
      assert.deepStrictEqual([shown.status, shown.meta.sender.name], ["resolved", Option.some("Ada")])
      assert.deepStrictEqual(shown.contentPreview.content, Option.some("Last"))
      assert.strictEqual(DateTime.formatIso(shown.lastActivityAt), "2026-02-01T00:00:00.000Z")
      assert.deepStrictEqual(
        EmulatorState.messagesOf(yield* state, 90).map(({ content }) => Option.getOrThrow(content)),
        ["First", "Last"]
      )
      assert.strictEqual((yield* tickets.get({ ticketId: "tk_20260101_789abc" })).title, "Printer on fire")

      const sent = yield* messages.sendFiles({
        conversationId: 90,
        attachments: [{ name: "b", mediaType: "text/plain", content }]
      })
      const [attachment] = Option.getOrThrow(sent.attachments)
      assert.deepStrictEqual([Number(sent.id), sent.sortingId, attachment?.id], [9003, Option.some(3), 13])
      assert.strictEqual(Number((yield* conversations.create({ inboxId: 407, contactId: 7 })).id), 91)
      // The first ticket's id of that day is the one that was seeded.
      assert.notStrictEqual((yield* tickets.create({ title: "Again" })).ticketId, "tk_20260101_789abc")
      const after = yield* state
      assert.deepStrictEqual(decode(encode(after)), after)
    }).pipe(Effect.provide(layer())))

  it.effect("is not decoded from anything else", () =>
    Effect.sync(() => {
      for (const text of ["", "{", "null", "{}", "{\"version\":2}"]) assert.throws(() => decode(text))
    }))
})

describe("the files of an emulator", () => {
  it.effect("can be downloaded, whatever their names and media types", () =>
    Effect.gen(function*() {
      const { conversation, receive, update } = yield* Emulator.Emulator
      const client = yield* HttpClient.HttpClient
      const content = Uint8Array.from([1, 2, 3])
      yield* update((state) =>
        EmulatorState.putConversation(
          EmulatorState.putContact(state, EmulatorState.makeContact({ id: 7 })),
          EmulatorState.makeConversation({ id: 90, contactId: 7, inboxId: 407 })
        )
      )
      assert.isTrue(Option.isSome(yield* conversation(90)))
      for (
        const [name, mediaType, disposition, type] of [
          [".", "text/plain", ".", "text/plain"],
          ["..", "text/plain", "..", "text/plain"],
          ["", "text/plain", "", "text/plain"],
          ["a/../b%2F\".txt", "text/plain", "a%2F..%2Fb%252F%22.txt", "text/plain"],
          ["Größe's (1)*!.txt", "text/plain", "Gr%C3%B6%C3%9Fe%27s%20%281%29%2A!.txt", "text/plain"],
          ["half \ud83c", "text/plain; charset=utf-8", "half%20%EF%BF%BD", "text/plain; charset=utf-8"],
          ["a", "text/plain\r\nset-cookie: a=b", "a", "application/octet-stream"],
          ["a", "text/\u0000", "a", "application/octet-stream"],
          ["a", "text/画", "a", "application/octet-stream"],
          ["a", "", "a", "application/octet-stream"]
        ] as const
      ) {
        const { attachments } = yield* receive({ conversationId: 90, attachments: [{ name, mediaType, content }] })
        const [attachment] = Option.getOrThrow(attachments)
        const response = yield* client.get(Option.getOrThrow(attachment?.dataUrl ?? Option.none()))
        assert.strictEqual(response.status, 200, name)
        assert.deepStrictEqual(new Uint8Array(yield* response.arrayBuffer), content)
        assert.strictEqual(response.headers["content-type"], type)
        assert.strictEqual(response.headers["content-disposition"], `attachment; filename*=UTF-8''${disposition}`)
      }
    }).pipe(Effect.provide(Emulator.layerHttpClient)))
})

describe("inheritedRules: false", () => {
  const inbox = { id: 407, hasBot: true, lockToSingleConversation: true }

  const without = <A, E>(
    program: Effect.Effect<A, E, Layer.Success<ReturnType<typeof layer>>>,
    options?: Emulator.Options
  ) => Effect.provide(program, layer({ inheritedRules: false, inboxes: [inbox], ...options }))

  it.effect("keeps a contact's tie to an inbox, ignores lock, bot and block, and reopens nothing", () =>
    without(Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      const conversations = yield* Conversations.Conversations
      const messages = yield* Messages.Messages
      const { conversation, receive, state } = yield* Emulator.Emulator
      const { contact } = yield* contacts.create({ inboxId: 407, name: "Ada" })
      yield* contacts.update({ contactId: contact.id, blocked: true })
      const first = yield* conversations.create({ inboxId: 407, contactId: contact.id })
      const second = yield* conversations.create({ inboxId: 407, contactId: contact.id })
      assert.deepStrictEqual([first.status, second.status], ["open", "open"])
      assert.notStrictEqual(first.id, second.id)
      assert.strictEqual(HashMap.getUnsafe((yield* state).contactInboxesOf, contact.id).length, 1)
      const reply = yield* messages.send({
        conversationId: first.id,
        content: "Yes",
        contentAttributes: Messages.inReplyTo(1)
      })
      assert.deepStrictEqual(reply.contentAttributes, { in_reply_to: 1 })
      for (const status of ["resolved", "closed", "snoozed"] as const) {
        yield* conversations.toggleStatus({ conversationId: first.id, status })
        yield* receive({ conversationId: first.id, content: "One more thing" })
        assert.strictEqual(Option.getOrThrow(yield* conversation(first.id)).status, status)
      }
    })))

  it.effect("ties a contact who is not yet tied to the inbox, once", () =>
    without(
      Effect.gen(function*() {
        const contacts = yield* Contacts.Contacts
        const conversations = yield* Conversations.Conversations
        const { state } = yield* Emulator.Emulator
        const { contact } = yield* contacts.create({ inboxId: 407 })
        yield* conversations.create({ inboxId: 408, contactId: contact.id })
        yield* conversations.create({ inboxId: 408, contactId: contact.id })
        const ties = HashMap.getUnsafe((yield* state).contactInboxesOf, contact.id)
        assert.deepStrictEqual(ties.map(({ inboxId }) => Number(inboxId)), [407, 408])
      }),
      { inboxes: [inbox, { id: 408 }] }
    ))

  it.effect("leaves transitionRules as given", () =>
    Effect.gen(function*() {
      const rules = (options: Emulator.Options) =>
        Effect.map(
          Effect.flatMap(Emulator.make(options), ({ state }) => state),
          ({ inheritedRules, transitionRules }) => [inheritedRules, transitionRules]
        )
      assert.deepStrictEqual(yield* rules({}), [true, true])
      assert.deepStrictEqual(yield* rules({ inheritedRules: false }), [false, false])
      assert.deepStrictEqual(yield* rules({ inheritedRules: false, transitionRules: true }), [false, true])
      assert.deepStrictEqual(yield* rules({ transitionRules: false }), [true, false])
    }))
})

describe("the events of an emulator", () => {
  it.effect("come in the order of the changes, however these interleave", () =>
    Effect.gen(function*() {
      const { events, receive, update } = yield* Emulator.Emulator
      yield* update((state) =>
        EmulatorState.putConversation(
          EmulatorState.putContact(state, EmulatorState.makeContact({ id: 7 })),
          EmulatorState.makeConversation({ id: 90, contactId: 7, inboxId: 407 })
        )
      )
      const subscription = yield* PubSub.subscribe(events)
      yield* Effect.all(
        Arr.makeBy(200, (index) =>
          Effect.repeat(Effect.yieldNow, { times: index % 25 }).pipe(
            Effect.andThen(receive({ conversationId: 90, content: "Hello" })),
            // Some lose their turn after every few steps, others hardly ever.
            Effect.provideService(References.MaxOpsBeforeYield, 5 + (index * 7) % 40)
          )),
        { concurrency: "unbounded" }
      )
      const reported = yield* PubSub.takeAll(subscription)
      const ids = reported.flatMap((event) => event._tag === "MessageCreated" ? [Number(event.message.id)] : [])
      assert.deepStrictEqual(ids, Arr.range(3030, 3229))
    }).pipe(Effect.scoped, Effect.provide(Emulator.layerHttpClient)))
})

describe("a search of contacts", () => {
  it.effect("finds those of its own state, when two states continue one that was searched", () =>
    Effect.gen(function*() {
      const found = (state: EmulatorState.EmulatorState) =>
        Effect.gen(function*() {
          const { contacts } = yield* (yield* Contacts.Contacts).list({ q: "ACME" })
          return [contacts.map(({ id }) => Number(id)), yield* (yield* Emulator.Emulator).state] as const
        }).pipe(Effect.provide(layer({ state })))
      const add = (state: EmulatorState.EmulatorState, id: number, domain = "acme.inc") =>
        EmulatorState.putContact(
          state,
          EmulatorState.makeContact({ id, email: Option.some(`c${id}@${domain}`) })
        )
      const empty = yield* (yield* Emulator.make()).state
      const [first, base] = yield* found(add(add(empty, 9), 8))
      assert.deepStrictEqual(first, [9, 8])
      const [left, right] = [add(base, 7), add(base, 6)]
      assert.deepStrictEqual((yield* found(left))[0], [9, 8, 7])
      assert.deepStrictEqual((yield* found(right))[0], [9, 8, 6])
      assert.deepStrictEqual((yield* found(add(right, 9, "other.inc")))[0], [8, 6])
      assert.deepStrictEqual((yield* found(base))[0], [9, 8])
    }).pipe(Effect.scoped))
})
