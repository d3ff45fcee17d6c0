/**
 * Creates a contact and a conversation: at LiveDesk when `LIVEDESK_API_KEY` is set, else at an emulator on a port of
 * this machine.
 */
import { Contacts, Conversations, LiveDeskClient } from "@effect-livedesk/core"
import { NodeEmulator, NodeLiveDesk } from "@effect-livedesk/node"
import { NodeRuntime } from "@effect/platform-node"
import { Array, Config, Console, Data, DateTime, Effect, Layer, Option, Result } from "effect"

const createConversation = Effect.fn("createConversation")(function*(inboxId: number) {
  const contacts = yield* Contacts.Contacts
  const conversations = yield* Conversations.Conversations

  // LiveDesk may hold a contact of another run: this one has a name of its own.
  const startedAt = yield* DateTime.now
  const { contact, contactInbox } = yield* contacts.create({
    inboxId,
    name: "Alice",
    identifier: `quickstart-${DateTime.formatIso(startedAt)}`
  })
  yield* Console.log(`contact ${contact.id} is ${Option.getOrElse(contact.name, () => "nameless")}`)
  yield* Console.log(`the inbox knows them as ${Option.getOrElse(contactInbox.sourceId, () => "nobody")}`)

  const [conversation, [response]] = yield* conversations.create({
    inboxId,
    contactId: contact.id,
    sourceId: Option.getOrUndefined(contactInbox.sourceId)
  }).pipe(LiveDeskClient.withResponses)
  yield* Console.log(`LiveDesk responded with ${response?.status} and the conversation ${conversation.uuid}`)
  yield* Console.log(
    `conversation ${conversation.id} is ${conversation.status}, contact ${contact.id}, ` +
      `updated ${DateTime.formatIso(conversation.updatedAt)}`
  )
})

const atLiveDesk = Effect.gen(function*() {
  // Read side by side, so that everything that is wrong with the settings is listed at once.
  const services = yield* Effect.result(Layer.build(NodeLiveDesk.layerConfig()))
  const inboxId = yield* Effect.result(NodeLiveDesk.inboxId)
  if (Result.isSuccess(services) && Result.isSuccess(inboxId)) {
    return yield* Effect.provideContext(createConversation(inboxId.success), services.success)
  }
  const wrong = Array.getSomes([Result.getFailure(services), Result.getFailure(inboxId)])
  return yield* new SettingsError({ message: wrong.map(({ message }) => message).join("\n") })
}).pipe(Effect.scoped)

class SettingsError extends Data.TaggedError("SettingsError")<{ readonly message: string }> {}

const atEmulator = Effect.gen(function*() {
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  yield* Console.log(`LIVEDESK_API_KEY is not set: an emulator at ${baseUrl} stands in for LiveDesk`)
  yield* createConversation(407)
}).pipe(Effect.provide(NodeEmulator.layerLiveDesk()))

Config.option(Config.NonEmptyString("LIVEDESK_API_KEY")).pipe(
  Effect.flatMap((apiKey): Effect.Effect<void, { readonly message: string }, never> =>
    Option.isSome(apiKey) ? atLiveDesk : atEmulator
  ),
  // Every error of LiveDesk says in its message what happened, the outcome and what to do.
  Effect.tapError(({ message }) => Console.error(message)),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
