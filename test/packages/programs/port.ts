/** The emulator on a port with its inbox, and the services over undici. */
import { Contacts, Conversations } from "@effect-livedesk/core"
import { NodeEmulator } from "@effect-livedesk/node"
import * as Effect from "effect/Effect"

const program = Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  const conversations = yield* Conversations.Conversations
  const { contact } = yield* contacts.create({ inboxId: 407, name: "Alice" })
  const conversation = yield* conversations.create({ inboxId: 407, contactId: contact.id })
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  const inbox = yield* Effect.promise(() => fetch(`${baseUrl}/inbox`))
  return inbox.ok ? `a ${conversation.status} conversation` : `no inbox: ${inbox.status}`
})

console.log(await Effect.runPromise(Effect.provide(program, NodeEmulator.layerLiveDesk())))
