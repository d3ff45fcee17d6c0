import { Contacts, Conversations, LiveDesk, LiveDeskClient, type LiveDeskError } from "@effect-livedesk/core"
import { AgentPolicy, AgentStore, LiveDeskToolkit } from "@effect-livedesk/core/agents"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import { Effect, HashMap, Layer, Option, Schema, Stream } from "effect"
import type { AiError } from "effect/ai"

/** The services of an agent at the emulator. */
export type Services =
  | LiveDeskToolkit.Handlers
  | AgentStore.AgentStore
  | LiveDesk.LiveDesk
  | LiveDeskClient.LiveDeskClient
  | Emulator.Emulator
  | Faults.Faults

/** An agent at an emulator that fails by a plan. */
export const layer = (
  policy: AgentPolicy.Options = {},
  plan: Faults.Plan = Faults.script({}),
  store: Layer.Layer<AgentStore.AgentStore> = AgentStore.layerMemory
): Layer.Layer<
  Services,
  LiveDeskError.AuthError | LiveDeskError.ValidationError | Faults.PlanError
> =>
  LiveDeskToolkit.layer.pipe(
    Layer.provide(AgentPolicy.layer(policy)),
    Layer.provideMerge(store),
    Layer.provideMerge(LiveDesk.layer),
    Layer.provideMerge(Faults.layerEmulator(plan, { retries: { times: 0 } }))
  )

/** The LiveDesk that an agent writes to. */
export const target = Effect.map(
  LiveDeskClient.LiveDeskClient,
  ({ baseUrl, keyFingerprint }) => ({ baseUrl, keyFingerprint })
)

/** A tool's result, as a model gets it. */
export interface Result {
  readonly isFailure: boolean
  readonly value: { readonly [key: string]: Schema.Json }
}

/** The result is a JSON object, whatever the tool. */
const asObject = Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.Json))

/** Calls a tool as a model does, with any arguments. */
export const call = (
  name: keyof typeof LiveDeskToolkit.toolkit.tools,
  parameters: object
): Effect.Effect<Result, AiError.AiError, LiveDeskToolkit.Handlers> =>
  Effect.flatMap(LiveDeskToolkit.toolkit, ({ handle }) =>
    // What a model sends is not checked before.
    Stream.unwrap(handle(name, parameters as never)).pipe(
      Stream.runLast,
      Effect.flatMap(Effect.fromOption),
      Effect.orDie,
      Effect.map(({ encodedResult, isFailure }) => ({ isFailure, value: asObject(encodedResult) }))
    ))

/** The texts that customers see in a conversation, and those that only the team sees. */
export const messages = (isPrivate: boolean) =>
  Effect.map(Emulator.Emulator.use(({ state }) => state), (state) =>
    HashMap.toValues(state.messages)
      .filter((message) => message.private === isPrivate && message.messageType === "outgoing")
      .map(({ content }) => Option.getOrElse(content, () => "")))

/** Creates a contact and a conversation in inbox 407, before any fault: as a customer's message does. */
export const begin = Effect.fnUntraced(function*(contact: Omit<Contacts.CreateContact, "inboxId"> = {}) {
  const { contact: { id: contactId } } = yield* Contacts.Contacts.use((contacts) =>
    contacts.create({ inboxId: 407, name: "Alice", email: "alice@acme.example", ...contact })
  )
  const { id: conversationId } = yield* Conversations.Conversations.use((conversations) =>
    conversations.create({ inboxId: 407, contactId })
  )
  return { contactId: Number(contactId), conversationId: Number(conversationId) }
})
