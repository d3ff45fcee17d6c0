/**
 * Composing into an Effect program: a conversation with each customer of a list, a few at a time, without one failure
 * stopping the rest.
 */
import { Contacts, Conversations, LiveDesk, type LiveDeskError } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Context, Effect, Layer } from "effect"

interface Customer {
  readonly name: string
  readonly email: string
}

/** A service of the program's own, which knows nothing of HTTP. */
class Outreach extends Context.Service<Outreach, {
  readonly greet: (customer: Customer) => Effect.Effect<number, LiveDeskError.LiveDeskError>
}>()("examples/Outreach") {
  static readonly layer = Layer.effect(
    Outreach,
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      const conversations = yield* Conversations.Conversations
      const inboxId = 407

      return {
        greet: Effect.fn("Outreach.greet")(function*(customer) {
          const { contact } = yield* contacts.create({ inboxId, ...customer })
          const conversation = yield* conversations.create({ inboxId, contactId: contact.id })
          return conversation.id
        })
      }
    })
  )
}

const customers: ReadonlyArray<Customer> = [
  { name: "Alice", email: "alice@acme.inc" },
  { name: "Bob", email: "bob@acme.inc" },
  { name: "Alice again", email: "alice@acme.inc" }
]

const program = Effect.gen(function*() {
  const outreach = yield* Outreach
  const [greeted, refused] = yield* Effect.partition(customers, outreach.greet, { concurrency: 4 })
  yield* Console.log(`greeted ${greeted.length} of ${customers.length}`)
  yield* Effect.forEach(refused, (error) => Console.log(error.message), { discard: true })
})

program.pipe(
  Effect.provide(Outreach.layer.pipe(Layer.provide(LiveDesk.layer), Layer.provide(Emulator.layer))),
  NodeRuntime.runMain
)
