/**
 * A recipe for an unknown outcome: the connection breaks after LiveDesk has acted, and nothing is done twice.
 */
import { Contacts, Conversations, LiveDesk, LiveDeskError, Messages } from "@effect-livedesk/core"
import { Faults } from "@effect-livedesk/core/testing"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"

const inboxId = 407

const welcome = Effect.fn("welcome")(function*(email: string) {
  const contacts = yield* Contacts.Contacts
  const conversations = yield* Conversations.Conversations
  const messages = yield* Messages.Messages

  // A contact can be looked for: `ensure` does, also when it cannot know whether it created one.
  const ensured = yield* contacts.ensure({ inboxId, email })
  const { id } = yield* conversations.create({ inboxId, contactId: ensured.contact.id })

  // A message cannot be read back: when it may have been sent, somebody must look before it is sent again.
  const sent = yield* messages.send({ conversationId: id, content: "Welcome!" }).pipe(
    Effect.as("sent"),
    Effect.catch((error) =>
      LiveDeskError.mayHaveTakenEffect(error)
        ? Effect.succeed(`perhaps sent: ${error.verifyHint}`)
        : Effect.fail(error)
    )
  )
  return `contact ${ensured.contact.id} (${ensured._tag}), message ${sent}`
})

const lostAfterProcessing = Faults.script({
  "contacts.create": [Faults.Fault.Reset({ when: "AfterProcessing" })],
  "messages.send": [Faults.Fault.Reset({ when: "AfterProcessing" })]
})

welcome("alice@acme.inc").pipe(
  Effect.flatMap(Console.log),
  Effect.provide(LiveDesk.layer.pipe(Layer.provide(Faults.layerEmulator(lostAfterProcessing)))),
  NodeRuntime.runMain
)
