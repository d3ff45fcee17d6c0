/**
 * Swapping layers in a test: the program under test does not change, only what it is provided with.
 */
import { Contacts, Conversations, LiveDesk, LiveDeskError } from "@effect-livedesk/core"
import { Emulator, Fixtures } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Layer } from "effect"

/** The program under test. */
const openConversation = Effect.fn("openConversation")(function*(email: string) {
  const contacts = yield* Contacts.Contacts
  const conversations = yield* Conversations.Conversations
  const { contact } = yield* contacts.create({ inboxId: 407, email })
  return yield* conversations.create({ inboxId: 407, contactId: contact.id })
})

const unauthorized = new LiveDeskError.AuthError({
  operation: "contacts.create",
  outcome: "Rejected",
  reason: new LiveDeskError.Unauthorized({ messages: [] })
})

// No port, no key, and `TestClock` in charge of time:
const WithEmulator = LiveDesk.layer.pipe(Layer.provideMerge(Emulator.layer))

// Or smaller, one service at a time: what a test is about, and no more.
const WithMocks = Layer.mergeAll(
  Layer.mock(Contacts.Contacts, {
    create: () => Effect.succeed(Fixtures.createdContact({ contact: Fixtures.contact({ id: 5 }) }))
  }),
  Layer.mock(Conversations.Conversations, {
    create: ({ inboxId }) => Effect.succeed(Fixtures.conversation({ id: 40, inboxId: Number(inboxId) }))
  })
)

const Locked = Layer.mergeAll(
  Layer.mock(Contacts.Contacts, { create: () => Effect.fail(unauthorized) }),
  Layer.mock(Conversations.Conversations, {})
)

describe("with the emulator", () => {
  it.effect("opens a conversation", () =>
    Effect.gen(function*() {
      const conversation = yield* openConversation("alice@acme.inc")
      assert.strictEqual(conversation.status, "open")

      // The emulator is at hand, to look at what the calls did.
      const emulator = yield* Emulator.Emulator
      const { conversations } = yield* emulator.state
      assert.strictEqual(HashMap.size(conversations), 1)
    }).pipe(Effect.provide(WithEmulator)))

  it.effect("fails for an address that is taken", () =>
    Effect.gen(function*() {
      yield* openConversation("alice@acme.inc")
      const error = yield* Effect.flip(openConversation("alice@acme.inc"))
      assert.strictEqual(error.reason._tag, "RejectedInput")
      assert.strictEqual(error.outcome, "Rejected")
    }).pipe(Effect.provide(WithEmulator)))
})

describe("with mocks", () => {
  it.effect("opens a conversation in the inbox", () =>
    Effect.gen(function*() {
      const conversation = yield* openConversation("alice@acme.inc")
      assert.deepStrictEqual([conversation.id, conversation.inboxId], [40, 407])
    }).pipe(Effect.provide(WithMocks)))

  it.effect("hands on what LiveDesk says of the credentials", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(openConversation("alice@acme.inc"))
      assert.strictEqual(error, unauthorized)
    }).pipe(Effect.provide(Locked)))
})
