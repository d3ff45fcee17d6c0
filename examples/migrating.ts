/**
 * From `fetch` by hand to this client: the same three calls before and after, both made at an emulator on a port.
 */
// @effect-diagnostics globalFetch:off
import { Contacts, Conversations, Messages } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Option, Redacted } from "effect"

// ---------------------------------------------------------------------------------------------------------------------
// before
// ---------------------------------------------------------------------------------------------------------------------

interface Settings {
  readonly baseUrl: string
  readonly apiKey: string
  readonly apiSecret: string
}

const post = async ({ apiKey, apiSecret, baseUrl }: Settings, path: string, body: unknown) => {
  for (let attempt = 1;; attempt++) {
    try {
      const response = await fetch(`${baseUrl}/api/v2/accounts${path}`, {
        method: "POST",
        headers: { Authorization: `Basic ${btoa(`${apiKey}:${apiSecret}`)}`, "Content-Type": "application/json" },
        body: JSON.stringify(body)
      })
      if (!response.ok) throw new Error(`LiveDesk responded with ${response.status}`)
      return await response.json()
    } catch (error) {
      // The second and third time LiveDesk may have done it already.
      if (attempt === 3) throw error
    }
  }
}

const welcomeByFetch = async (settings: Settings, email: string) => {
  const { payload } = await post(settings, "/contacts", { inbox_id: 407, email })
  const conversation = await post(settings, "/conversations", { inbox_id: 407, contact_id: payload.contact.id })
  await post(settings, `/conversations/${conversation.id}/messages`, { content: "Welcome!" })
  // 0 stands for none, so this is 1970 for every new conversation.
  return `conversation ${conversation.id}, first reply ${conversation.first_reply_created_at}`
}

// ---------------------------------------------------------------------------------------------------------------------
// after
// ---------------------------------------------------------------------------------------------------------------------

const welcome = Effect.fn("welcome")(function*(email: string) {
  const contacts = yield* Contacts.Contacts
  const conversations = yield* Conversations.Conversations
  const messages = yield* Messages.Messages

  const { contact } = yield* contacts.ensure({ inboxId: 407, email })
  const conversation = yield* conversations.create({ inboxId: 407, contactId: contact.id })
  yield* messages.send({ conversationId: conversation.id, content: "Welcome!" })
  const firstReply = Option.match(conversation.firstReplyCreatedAt, { onNone: () => "none yet", onSome: String })
  return `conversation ${conversation.id}, first reply ${firstReply}`
})

// ---------------------------------------------------------------------------------------------------------------------
// both
// ---------------------------------------------------------------------------------------------------------------------

const program = Effect.gen(function*() {
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  const { credentials: { apiKey, apiSecret } } = yield* Emulator.Emulator
  const settings = { baseUrl, apiKey: Redacted.value(apiKey), apiSecret: Redacted.value(apiSecret) }
  yield* Console.log(yield* Effect.promise(() => welcomeByFetch(settings, "alice@acme.inc")))
  yield* Console.log(yield* welcome("bob@acme.inc"))
})

program.pipe(Effect.provide(NodeEmulator.layerLiveDesk()), NodeRuntime.runMain)
