/** The emulator in memory: core by itself. */
import * as Contacts from "@effect-livedesk/core/Contacts"
import * as Conversations from "@effect-livedesk/core/Conversations"
import * as LiveDesk from "@effect-livedesk/core/LiveDesk"
import { Emulator } from "@effect-livedesk/core/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const program = Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  const conversations = yield* Conversations.Conversations
  const { contact } = yield* contacts.create({ inboxId: 407, name: "Alice" })
  const conversation = yield* conversations.create({ inboxId: 407, contactId: contact.id })
  return `a ${conversation.status} conversation`
})

console.log(
  await Effect.runPromise(Effect.provide(program, LiveDesk.layer.pipe(Layer.provideMerge(Emulator.layer))))
)
