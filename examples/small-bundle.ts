/**
 * The least that makes a call, for a browser or a runtime at the edge: the platform's `fetch` by itself, and one endpoint
 * rather than a service with all of its calls.
 */
import * as Contacts from "@effect-livedesk/core/Contacts"
import * as FetchTransport from "@effect-livedesk/core/FetchTransport"
import * as LiveDeskClient from "@effect-livedesk/core/LiveDeskClient"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import { NodeRuntime } from "@effect/platform-node"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const program = Effect.gen(function*() {
  const client = yield* LiveDeskClient.LiveDeskClient
  const { contact } = yield* client.call(Contacts.createEndpoint)({ inboxId: 407, name: "Alice" })
  yield* Console.log(`contact ${contact.id}`)
})

const live = (options: LiveDeskClient.TransportOptions) =>
  LiveDeskClient.layerTransport(options).pipe(Layer.provide(FetchTransport.layer))

// An emulator on a port stands in for LiveDesk.
const atEmulator = Layer.unwrap(Effect.gen(function*() {
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  const { credentials } = yield* Emulator.Emulator
  return live({ ...credentials, baseUrl })
})).pipe(Layer.provide(NodeEmulator.layer()))

program.pipe(Effect.provide(atEmulator), NodeRuntime.runMain)
