import * as Contacts from "@effect-livedesk/core/Contacts"
import * as LiveDeskClient from "@effect-livedesk/core/LiveDeskClient"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

const live = Contacts.layer.pipe(
  Layer.provide(LiveDeskClient.layer({ apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret") })),
  Layer.provide(FetchHttpClient.layer)
)

export const create = (name: string) =>
  Effect.runPromise(
    Contacts.Contacts.pipe(
      Effect.flatMap((contacts) => contacts.create({ inboxId: 407, name })),
      Effect.provide(live)
    )
  )
