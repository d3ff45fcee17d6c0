import { Contacts, Conversations, Model } from "@effect-livedesk/core"
import { Fixtures } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Schema } from "effect"

describe("a fixture", () => {
  it("has the given fields, and the others as if LiveDesk left them out", () => {
    const contact = Fixtures.contact({ id: 5, name: Option.some("Alice") })
    assert.strictEqual(contact.id, 5)
    assert.deepStrictEqual(contact.name, Option.some("Alice"))
    assert.deepStrictEqual(contact.email, Option.none())
    assert.deepStrictEqual(contact.contactInboxes, [])
    assert.deepStrictEqual(Fixtures.contactPage({ contacts: [contact] }).contacts, [contact])
    assert.strictEqual(Fixtures.createdContact({ contact }).contact.id, 5)
  })

  it("is a record that its model writes and reads", () => {
    const written = Schema.encodeSync(Conversations.Conversation)(Fixtures.conversation({ id: 40, inboxId: 5 }))
    const { id, inboxId } = Schema.decodeUnknownSync(Conversations.Conversation)(written)
    assert.deepStrictEqual([id, inboxId], [40, 5])
  })

  it("exists for each call, and needs no field", () => {
    assert.strictEqual(Fixtures.contact().id, 1)
    assert.strictEqual(Fixtures.createdContact().contact.id, 1)
    assert.deepStrictEqual(Fixtures.contactPage().contacts, [])
    assert.strictEqual(Fixtures.conversation().id, 1)
    assert.strictEqual(Fixtures.toggledStatus().currentStatus, "open")
    assert.strictEqual(Fixtures.message().id, 1)
    assert.strictEqual(Fixtures.ticket().ticketId, "tk_1")
    assert.strictEqual(Fixtures.createdTicket().ticketId, "tk_1")
    assert.isDefined(Fixtures.updatedTicket())
  })

  it("that no record can be fails with the name of its field", () => {
    assert.throws(() => Fixtures.contact({ id: -1 }), /id/)
    assert.throws(() => Fixtures.make(Contacts.Contact, {}), /id/)
  })

  it("may be of a model of the program's own", () => {
    const label = Fixtures.make(Model.fromSchema(Schema.Struct({ title: Schema.String, count: Schema.Int })), {
      title: "",
      count: 0
    })
    assert.deepStrictEqual(label({ title: "vip" }), { title: "vip", count: 0 })
  })

  it.effect("is enough for a mock", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      assert.strictEqual((yield* contacts.create({ inboxId: 407 })).contact.id, 5)
    }).pipe(Effect.provide(
      Layer.mock(Contacts.Contacts, {
        create: () => Effect.succeed(Fixtures.createdContact({ contact: Fixtures.contact({ id: 5 }) }))
      })
    )))
})
