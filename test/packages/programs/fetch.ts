/** The emulator on a port, and one call over the platform's own `fetch`. */
import * as Contacts from "@effect-livedesk/core/Contacts"
import * as FetchTransport from "@effect-livedesk/core/FetchTransport"
import * as LiveDeskClient from "@effect-livedesk/core/LiveDeskClient"
import { Emulator } from "@effect-livedesk/core/testing"
import * as NodeEmulator from "@effect-livedesk/node/NodeEmulator"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

const program = Effect.gen(function*() {
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  const { credentials } = yield* Emulator.Emulator
  const live = LiveDeskClient.layerTransport({ ...credentials, baseUrl }).pipe(Layer.provide(FetchTransport.layer))
  return yield* LiveDeskClient.LiveDeskClient.pipe(
    Effect.flatMap((client) => client.call(Contacts.createEndpoint)({ inboxId: 407, name: "Alice" })),
    Effect.map(({ contact }) => `the contact ${Option.getOrElse(contact.name, () => "nobody")}`),
    Effect.provide(live)
  )
})

console.log(await Effect.runPromise(Effect.provide(program, NodeEmulator.layer())))
