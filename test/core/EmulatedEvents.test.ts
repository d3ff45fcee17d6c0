/** The emulator's events, compared with Chatwoot 4.3 (inherited, unverified). Each test names the file that it rests on. */

import { Contacts, Conversations, LiveDesk, Messages } from "@effect-livedesk/core"
import { Emulator, EmulatorState } from "@effect-livedesk/core/testing"
import { WebhookEvent } from "@effect-livedesk/core/webhooks"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, HashMap, Layer, Option, PubSub, Schema } from "effect"
import { TestClock } from "effect/testing"

const world = (options?: Emulator.Options) =>
  LiveDesk.layer.pipe(Layer.provideMerge(Layer.orDie(Emulator.layerWith(options))))

const aConversation = Effect.gen(function*() {
  const { contact } = yield* Contacts.Contacts.use((contacts) =>
    contacts.create({ inboxId: 407, name: "Alice", email: "alice@acme.inc" })
  )
  const { id } = yield* Conversations.Conversations.use((conversations) =>
    conversations.create({ inboxId: 407, contactId: contact.id })
  )
  return id
})

const move = (conversationId: number, status: "open" | "resolved" | "snoozed", snoozedUntil?: DateTime.Utc) =>
  Conversations.Conversations.use((conversations) =>
    conversations.toggleStatus({ conversationId, status, ...(snoozedUntil === undefined ? {} : { snoozedUntil }) })
  )

/** What a program sends, and what a customer writes. */
const send = (conversationId: number, isPrivate = false) =>
  Messages.Messages.use((messages) => messages.send({ conversationId, content: "Hello", private: isPrivate }))
const receive = (conversationId: number) =>
  Emulator.Emulator.use((emulator) => emulator.receive({ conversationId, content: "Hello" }))

type Wire = Readonly<Record<string, Schema.Json>>

const isObject = (json: unknown): json is Wire => typeof json === "object" && json !== null && !Array.isArray(json)
const inside = (json: Schema.Json | undefined, ...path: ReadonlyArray<string | number>): Schema.Json | undefined =>
  path.reduce<Schema.Json | undefined>(
    (inner, key) => Array.isArray(inner) ? inner[Number(key)] : isObject(inner) ? inner[key] : undefined,
    json
  )

/** The changed columns of an event, sorted by name; null if the event has none. */
const columns = (wire: Wire): ReadonlyArray<string> | null => {
  const changes = wire["changed_attributes"]
  return Array.isArray(changes) ? changes.flatMap((change) => Object.keys(Object(change))).sort() : null
}

const outline = (wires: ReadonlyArray<Wire>): ReadonlyArray<string> =>
  wires.map((wire) => {
    const event = typeof wire["event"] === "string" ? wire["event"] : ""
    return wire["changed_attributes"] === undefined ? event : `${event} ${columns(wire)?.join() ?? "null"}`
  })

/** The events of a program, on the wire. */
const eventsOf = <A, E, R>(program: Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.gen(function*() {
    const { events } = yield* Emulator.Emulator
    const subscription = yield* PubSub.subscribe(events)
    yield* program
    const seen = yield* PubSub.takeUpTo(subscription, Number.POSITIVE_INFINITY)
    for (const event of seen) assert.deepStrictEqual(WebhookEvent.drift(WebhookEvent.write(event)), [], event._tag)
    return seen.map(WebhookEvent.write)
  }))

const run = <A, E>(program: Effect.Effect<A, E, Layer.Success<ReturnType<typeof world>>>, options?: Emulator.Options) =>
  Effect.provide(program, world(options))

describe("the events of a change of state", () => {
  it.effect("have no changes in status_changed, and all columns in updated (4.3, app/models/conversation.rb)", () =>
    run(Effect.gen(function*() {
      const id = yield* aConversation
      assert.deepStrictEqual(outline(yield* eventsOf(move(id, "resolved"))), [
        "conversation_status_changed null",
        // That resolving ends the wait goes past the events.
        "conversation_updated status,updated_at"
      ])
      const until = DateTime.add(yield* Emulator.Emulator.use(({ now }) => now), { hours: 1 })
      yield* move(id, "open")
      const [, updated] = yield* eventsOf(move(id, "snoozed", until))
      assert.deepStrictEqual(columns(updated ?? {}), ["snoozed_until", "status", "updated_at"])
      const changes = updated?.["changed_attributes"]
      assert.deepInclude(changes, {
        snoozed_until: { previous_value: null, current_value: DateTime.formatIso(until) }
      })
      assert.deepInclude(changes, { status: { previous_value: "open", current_value: "snoozed" } })
    })))

  it.effect("list columns in an order that varies, and that the seed alone decides (4.3, base_listener.rb)", () => {
    const orders = (seed: number) =>
      run(
        Effect.gen(function*() {
          const id = yield* aConversation
          const events = yield* eventsOf(
            Effect.forEach([1, 2, 3, 4, 5], () => Effect.andThen(move(id, "resolved"), move(id, "open")))
          )
          return events.flatMap(({ changed_attributes: changes }) =>
            Array.isArray(changes) ? [changes.map((change) => Object.keys(Object(change))[0]).join()] : []
          )
        }),
        { seed }
      )
    return Effect.gen(function*() {
      const first = yield* orders(1)
      assert.strictEqual(new Set(first).size, 2)
      assert.deepStrictEqual(yield* orders(1), first)
      assert.notDeepEqual(yield* orders(2), first)
    })
  })

  it.effect("are none if nothing changes (4.3, app/models/conversation.rb)", () =>
    run(Effect.gen(function*() {
      const id = yield* aConversation
      const emulator = yield* Emulator.Emulator
      const before = Option.getOrThrow(yield* emulator.conversation(id))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* eventsOf(move(id, "open")), [])
      assert.deepStrictEqual(Option.getOrThrow(yield* emulator.conversation(id)), before)
    })))

  it.effect("are one update if a snooze gets another time (4.3, app/models/conversation.rb, list_of_keys)", () =>
    run(Effect.gen(function*() {
      const id = yield* aConversation
      const { now } = yield* Emulator.Emulator
      yield* move(id, "snoozed", DateTime.add(yield* now, { hours: 1 }))
      const events = yield* eventsOf(move(id, "snoozed", DateTime.add(yield* now, { hours: 2 })))
      assert.deepStrictEqual(outline(events), ["conversation_updated snoozed_until,updated_at"])
    })))
})

describe("the events of messages", () => {
  it.effect("update the conversation after the first reply, and after one that ends a wait (4.3, app/models/message.rb)", () =>
    run(Effect.gen(function*() {
      const id = yield* aConversation
      assert.deepStrictEqual(outline(yield* eventsOf(send(id, true))), ["message_created"])
      const [created, first, ...others] = yield* eventsOf(send(id))
      assert.deepStrictEqual(outline([created ?? {}, first ?? {}]), [
        "message_created",
        "conversation_updated first_reply_created_at,updated_at,waiting_since"
      ])
      assert.deepStrictEqual(others, [])
      // A wait was over by the time that the message's payload was written.
      assert.strictEqual(inside(created, "conversation", "waiting_since"), 0)
      assert.deepStrictEqual(outline(yield* eventsOf(send(id))), ["message_created"])
      const wait = ["message_created", "conversation_updated updated_at,waiting_since"]
      assert.deepStrictEqual(outline(yield* eventsOf(receive(id))), wait)
      assert.deepStrictEqual(outline(yield* eventsOf(receive(id))), ["message_created"])
      assert.deepStrictEqual(outline(yield* eventsOf(send(id))), wait)
    })))

  it.effect("come after the events of a reopening (4.3, app/models/message.rb, reopen_conversation)", () =>
    run(Effect.gen(function*() {
      const id = yield* aConversation
      yield* move(id, "resolved")
      assert.deepStrictEqual(outline(yield* eventsOf(receive(id))), [
        "conversation_status_changed null",
        "conversation_updated status,updated_at",
        "message_created",
        "conversation_updated updated_at,waiting_since"
      ])
      yield* move(id, "snoozed", DateTime.add(yield* Emulator.Emulator.use(({ now }) => now), { hours: 1 }))
      assert.deepStrictEqual(outline(yield* eventsOf(receive(id))), [
        "conversation_status_changed null",
        "conversation_updated snoozed_until,status,updated_at",
        "message_created"
      ])
    })))
})

describe("the end of a snooze", () => {
  const woken = ["conversation_status_changed null", "conversation_updated snoozed_until,status,updated_at"]

  it.effect("opens the conversation, with events (4.3, reopen_snoozed_conversations_job.rb)", () =>
    run(Effect.gen(function*() {
      const id = yield* aConversation
      const { now, state } = yield* Emulator.Emulator
      const until = DateTime.add(yield* now, { hours: 1 })
      yield* move(id, "snoozed", until)
      assert.deepStrictEqual(yield* eventsOf(TestClock.adjust("59 minutes")), [])
      const events = yield* eventsOf(TestClock.adjust("1 minute"))
      assert.deepStrictEqual(outline(events), woken)
      const [changed] = events
      assert.deepStrictEqual([changed?.["status"], changed?.["snoozed_until"]], ["open", null])
      const stored = HashMap.getUnsafe((yield* state).conversations, id)
      assert.deepStrictEqual([stored.status, stored.updatedAt], ["open", until])
      // The job has no user, so there is no activity message.
      assert.lengthOf(EmulatorState.messagesOf(yield* state, id), 1)
      assert.deepStrictEqual(yield* eventsOf(TestClock.adjust("1 day")), [])
    })))

  it.effect("moves with the snooze, and does not come once it was ended by hand", () =>
    run(Effect.gen(function*() {
      const [first, second] = [
        yield* aConversation,
        yield* Effect.flatMap(
          Contacts.Contacts.use((contacts) => contacts.create({ inboxId: 407 })),
          ({ contact }) =>
            Conversations.Conversations.use((conversations) =>
              conversations.create({ inboxId: 407, contactId: contact.id })
            )
        )
      ]
      const at = (hours: number) =>
        Effect.map(Emulator.Emulator.use(({ now }) => now), (now) => DateTime.add(now, { hours }))
      yield* move(first, "snoozed", yield* at(1))
      yield* move(second.id, "snoozed", yield* at(2))
      yield* move(first, "snoozed", yield* at(3))
      yield* move(second.id, "open")
      assert.deepStrictEqual(yield* eventsOf(TestClock.adjust("2 hours")), [])
      const events = yield* eventsOf(TestClock.adjust("1 hour"))
      assert.deepStrictEqual([outline(events), events.map(({ id }) => id)], [woken, [first, first]])
    })))

  it.effect("comes in the order of the ends, each at its time", () =>
    run(Effect.gen(function*() {
      const { now, update } = yield* Emulator.Emulator
      const start = yield* now
      const order = [5, 2, 9, 1, 7]
      yield* update((state) =>
        order.reduce((state, hours) =>
          EmulatorState.putConversation(
            EmulatorState.putContact(state, EmulatorState.makeContact({ id: hours })),
            EmulatorState.makeConversation({
              id: 100 + hours,
              contactId: hours,
              inboxId: 407,
              status: "snoozed",
              snoozedUntil: Option.some(DateTime.add(start, { hours }))
            })
          ), state)
      )
      const ids = (yield* eventsOf(TestClock.adjust("8 hours"))).map(({ id }) => id)
      assert.deepStrictEqual(ids, [101, 101, 102, 102, 105, 105, 107, 107])
    })))

  it.effect("comes for a state that was saved, however long ago the snooze ended", () =>
    Effect.gen(function*() {
      const saved = yield* run(Effect.gen(function*() {
        const id = yield* aConversation
        const { now, state } = yield* Emulator.Emulator
        yield* move(id, "snoozed", DateTime.add(yield* now, { hours: 1 }))
        return yield* Effect.map(
          state,
          (state) =>
            Schema.decodeUnknownSync(EmulatorState.EmulatorState)(Schema.encodeSync(EmulatorState.EmulatorState)(state))
        )
      }))
      yield* run(
        Effect.gen(function*() {
          // So that a sender of webhooks which starts after the emulator has it.
          assert.deepStrictEqual(yield* eventsOf(TestClock.adjust("999 millis")), [])
          assert.deepStrictEqual(outline(yield* eventsOf(TestClock.adjust("1 millis"))), woken)
        }),
        { state: saved, startsAt: DateTime.makeUnsafe("2027-01-01T00:00:00Z") }
      )
    }))

  it.effect("comes before the events of a call at the same time", () =>
    run(Effect.gen(function*() {
      const id = yield* aConversation
      const { now } = yield* Emulator.Emulator
      const until = yield* now
      // A snooze that ends at once: the call may come before the emulator's own timer.
      const events = yield* eventsOf(Effect.andThen(move(id, "snoozed", until), receive(id)))
      assert.deepStrictEqual(outline(events), [...woken, ...woken, "message_created"])
    })))

  it.effect("stops with the scope of the emulator", () =>
    Effect.gen(function*() {
      const { id, emulator } = yield* Effect.scoped(run(Effect.gen(function*() {
        const id = yield* aConversation
        const emulator = yield* Emulator.Emulator
        yield* move(id, "snoozed", DateTime.add(yield* emulator.now, { hours: 1 }))
        return { emulator, id }
      })))
      yield* TestClock.adjust("1 day")
      assert.strictEqual(HashMap.getUnsafe((yield* emulator.state).conversations, id).status, "snoozed")
    }))
})

describe("activity messages", () => {
  it.effect("record a move between states: they take an id and count as activity (4.3, activity_message_handler.rb)", () =>
    run(Effect.gen(function*() {
      const id = yield* aConversation
      const { conversation, state } = yield* Emulator.Emulator
      const before = yield* send(id)
      yield* TestClock.adjust("1 hour")
      // Chatwoot sends no event for them.
      assert.deepStrictEqual(outline(yield* eventsOf(move(id, "resolved"))), [
        "conversation_status_changed null",
        "conversation_updated status,updated_at"
      ])
      const shown = Option.getOrThrow(yield* conversation(id))
      assert.deepStrictEqual(shown.lastActivityAt, DateTime.add(before.createdAt, { hours: 1 }))
      // The view shows the last message of any kind, but names the last that is no activity.
      assert.deepStrictEqual(shown.messages.map((message) => message["message_type"]), [2])
      assert.strictEqual(Option.getOrThrow(shown.lastNonActivityMessage)["id"], Number(before.id))
      assert.deepStrictEqual(shown.contentPreview.content, Option.some("Hello"))
      yield* receive(id)
      const after = yield* send(id)
      // The first activity, the customer's message, the activity of the reopening.
      assert.strictEqual(after.id, before.id + 4)
      assert.deepStrictEqual(
        EmulatorState.messagesOf(yield* state, id).map(({ content, messageType }) => [
          messageType,
          Option.getOrNull(content)
        ]),
        [
          ["outgoing", "Hello"],
          ["activity", "Conversation was marked resolved by Agent"],
          ["incoming", "Hello"],
          ["activity", "System reopened the conversation due to a new incoming message."],
          ["outgoing", "Hello"]
        ]
      )
    })))

  it.effect("are none for a customer who wakes a conversation or hands it to a bot", () =>
    run(
      Effect.gen(function*() {
        const id = yield* aConversation
        const { state } = yield* Emulator.Emulator
        const activities = Effect.map(
          state,
          (state) => EmulatorState.messagesOf(state, id).filter(({ messageType }) => messageType === "activity").length
        )
        yield* move(id, "resolved")
        yield* receive(id)
        assert.strictEqual(yield* activities, 1)
        yield* move(id, "snoozed")
        yield* receive(id)
        assert.strictEqual(yield* activities, 2)
      }),
      { inboxes: [{ id: 407, hasBot: true }] }
    ))

  it.effect("are none without the inherited rules", () =>
    run(
      Effect.gen(function*() {
        const id = yield* aConversation
        yield* move(id, "resolved")
        assert.deepStrictEqual(
          EmulatorState.messagesOf(yield* Emulator.Emulator.use(({ state }) => state), id),
          []
        )
      }),
      { inheritedRules: false }
    ))
})

describe("the shapes of events", () => {
  it.effect("give a contact as sender without a type, but with all of the contact (4.3, app/models/contact.rb)", () =>
    run(Effect.gen(function*() {
      const id = yield* aConversation
      const { contactId } = HashMap.getUnsafe(
        (yield* Emulator.Emulator.use(({ state }) => state)).conversations,
        id
      )
      yield* Contacts.Contacts.use((contacts) =>
        contacts.update({ contactId, customAttributes: { plan: "pro" }, additionalAttributes: { city: "Lyon" } })
      )
      const [received] = yield* eventsOf(receive(id))
      assert.deepStrictEqual(received?.["sender"], {
        account: { id: 17623000010928, name: "Emulator" },
        additional_attributes: { city: "Lyon" },
        avatar: "",
        custom_attributes: { plan: "pro" },
        email: "alice@acme.inc",
        id: Number(contactId),
        identifier: null,
        name: "Alice",
        phone_number: null,
        thumbnail: "",
        blocked: false
      })
      assert.deepStrictEqual(inside(received, "account"), { id: 17623000010928, name: "Emulator" })
      assert.strictEqual(inside(received, "conversation", "meta", "sender", "type"), "contact")
    })))

  it.effect("give an agent as sender with name, e-mail address and type (4.3, app/models/user.rb)", () =>
    run(Effect.gen(function*() {
      const id = yield* aConversation
      const [sent] = yield* eventsOf(send(id))
      assert.deepStrictEqual(sent?.["sender"], { id: 3, name: "Agent", email: "agent@livedesk.invalid", type: "user" })
    })))

  it.effect("write times as ISO 8601 text, and no wait as 0 (4.3, event_data_presenter.rb)", () =>
    run(Effect.gen(function*() {
      const id = yield* aConversation
      const { now } = yield* Emulator.Emulator
      const until = DateTime.add(yield* now, { hours: 1 })
      const [sent] = yield* eventsOf(send(id))
      assert.deepStrictEqual(
        ["first_reply_created_at", "waiting_since", "snoozed_until"].map((key) => inside(sent, "conversation", key)),
        ["2026-01-01T00:00:00.000Z", 0, null]
      )
      const [snoozed] = yield* eventsOf(move(id, "snoozed", until))
      assert.strictEqual(snoozed?.["snoozed_until"], "2026-01-01T01:00:00.000Z")
      const received = (yield* eventsOf(receive(id))).find(({ event }) => event === "message_created")
      assert.strictEqual(inside(received, "conversation", "waiting_since"), 1767225600)
      const [resolved] = yield* eventsOf(move(id, "resolved"))
      assert.strictEqual(resolved?.["waiting_since"], 0)
    })))

  it.effect("hold the last message that the contact sees, and no private note (4.3, event_data_presenter.rb)", () =>
    run(Effect.gen(function*() {
      const id = yield* aConversation
      const sent = yield* send(id)
      const [note] = yield* eventsOf(send(id, true))
      assert.strictEqual(note?.["private"], true)
      const [resolved] = yield* eventsOf(move(id, "resolved"))
      const [opened] = yield* eventsOf(move(id, "open"))
      for (const conversation of [inside(note, "conversation"), resolved, opened]) {
        assert.strictEqual(inside(conversation, "messages", 0, "id"), Number(sent.id))
        assert.strictEqual(inside(conversation, "messages", 1), undefined)
      }
      // As Chatwoot writes them (app/models/message.rb, push_event_data).
      assert.deepInclude(inside(opened, "messages", 0), {
        message_type: 1,
        created_at: 1767225600,
        updated_at: "2026-01-01T00:00:00.000Z",
        sender_type: "User",
        sender_id: 3
      })
    })))

  it.effect("count at most 10 unread messages (4.3, app/models/conversation.rb, unread_incoming_messages)", () => {
    const counts = Effect.gen(function*() {
      const id = yield* aConversation
      const events = yield* eventsOf(Effect.forEach(Array.from({ length: 12 }), () => receive(id)))
      const { conversation } = yield* Emulator.Emulator
      return [
        inside(events.at(-1), "conversation", "unread_count"),
        Option.getOrThrow(yield* conversation(id)).unreadCount
      ]
    })
    return Effect.gen(function*() {
      assert.deepStrictEqual(yield* run(counts), [10, 10])
      assert.deepStrictEqual(yield* run(counts, { inheritedRules: false }), [12, 12])
    })
  })

  it.effect("hold the attachments of a message with its id (4.3, app/models/attachment.rb)", () =>
    run(Effect.gen(function*() {
      const id = yield* aConversation
      const { receive } = yield* Emulator.Emulator
      const [received] = yield* eventsOf(receive({
        conversationId: id,
        attachments: [{ name: "a.png", mediaType: "image/png", content: Uint8Array.from([1]) }]
      }))
      assert.deepInclude(inside(received, "attachments", 0), {
        id: 1,
        message_id: 3030,
        account_id: 17623000010928,
        file_type: "image",
        extension: "png",
        file_size: 1
      })
      assert.strictEqual(inside(received, "content"), null)
    })))
})
