import { Contacts, Conversations, Messages } from "@effect-livedesk/core"
import { NodeLiveDesk } from "@effect-livedesk/node"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"

const program = Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  const conversations = yield* Conversations.Conversations
  const messages = yield* Messages.Messages
  const inboxId = yield* NodeLiveDesk.inboxId

  const { contact } = yield* contacts.ensure({ inboxId, name: "Alice", email: "alice@acme.inc" })
  const conversation = yield* conversations.create({ inboxId, contactId: contact.id })
  const message = yield* messages.send({ conversationId: conversation.id, content: "Your parcel is on its way." })
  yield* Console.log(`message ${message.id} is in conversation ${conversation.id}`)
})

program.pipe(
  Effect.provide(NodeLiveDesk.layerConfig()),
  // ConfigError, AuthError, ValidationError and HttpError: the compiler knows them all.
  Effect.tapError((error) => Console.error(error.message)),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
