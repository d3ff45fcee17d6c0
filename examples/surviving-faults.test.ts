/**
 * "My program survives any single fault of LiveDesk", as one property.
 */
import { Contacts, Conversations, LiveDesk, Messages } from "@effect-livedesk/core"
import { Emulator, EmulatorState, Faults } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Layer, Option } from "effect"

/** The program under test. */
const remember = Effect.fn("remember")(function*(email: string) {
  const contacts = yield* Contacts.Contacts
  const { contact } = yield* contacts.ensure({ inboxId: 407, email })
  return contact.id
})

describe("the program", () => {
  it.effect("remembers a customer once, whatever single fault LiveDesk has", () =>
    Effect.forEach(Faults.singleFaults(2), (plan) =>
      Effect.gen(function*() {
        // Waits and timeouts take no time under the test's clock.
        const id = yield* Faults.runWithTestClock(Effect.option(remember("alice@acme.inc")))
        const { trace } = yield* Faults.Faults
        const { state } = yield* Emulator.Emulator
        const story = `${id._tag}:\n${Faults.format(yield* trace)}`
        assert.isAtMost(HashMap.size((yield* state).contacts), 1, story)
      }).pipe(Effect.provide(LiveDesk.layer.pipe(Layer.provideMerge(Faults.layerEmulator(plan)))))))

  it.effect("sends a message again that LiveDesk refused for the moment, and no other", () =>
    Effect.gen(function*() {
      const messages = yield* Messages.Messages
      const { state } = yield* Emulator.Emulator
      const contactId = yield* remember("alice@acme.inc")
      const conversations = yield* Conversations.Conversations
      const conversation = yield* conversations.create({ inboxId: 407, contactId })
      const error = yield* Faults.runWithTestClock(
        Effect.flip(messages.send({ conversationId: conversation.id, content: "Are you there?" }))
      )
      assert.deepInclude(error, { outcome: "Unknown", attempts: 2 })
      const stored = EmulatorState.messagesOf(yield* state, conversation.id)
      assert.deepStrictEqual(stored.map(({ content }) => Option.getOrNull(content)), ["Are you there?"])
    }).pipe(
      Effect.provide(LiveDesk.layer.pipe(Layer.provideMerge(Faults.layerEmulator(Faults.script({
        "messages.send": [
          Faults.Fault.RateLimited({ retryAfter: "2" }),
          Faults.Fault.Reset({ when: "AfterProcessing" })
        ]
      })))))
    ))
})
