import * as Contacts from "@effect-livedesk/core/Contacts"
import * as FetchTransport from "@effect-livedesk/core/FetchTransport"
import * as LiveDeskClient from "@effect-livedesk/core/LiveDeskClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

const live = LiveDeskClient.layerTransport({
  apiKey: Redacted.make("a-key"),
  apiSecret: Redacted.make("a-secret")
}).pipe(Layer.provide(FetchTransport.layer))

export const create = (name: string) =>
  Effect.runPromise(
    LiveDeskClient.LiveDeskClient.pipe(
      Effect.flatMap((client) => client.call(Contacts.createEndpoint)({ inboxId: 407, name })),
      Effect.provide(live)
    )
  )
