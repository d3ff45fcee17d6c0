/**
 * A call that the library does not cover, with a schema of one's own: which labels a contact has. No page of the
 * vendor's shows it; it is Chatwoot's.
 */
import { Endpoint, LiveDeskClient, Model } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Schema } from "effect"

const labels = Endpoint.make({
  operation: "contacts.labels",
  method: "GET",
  path: "/api/v2/accounts/contacts/:contact_id/labels",
  input: Schema.Struct({ contact_id: Schema.Natural }),
  success: Model.fromSchema(Schema.Struct({ payload: Schema.Array(Schema.String) })), // Model.nothing for no body
  idempotency: "safe"
})

const program = Effect.gen(function*() {
  const client = yield* LiveDeskClient.LiveDeskClient
  const { payload } = yield* client.call(labels)({ contact_id: 2219259 })
  yield* Console.log(`labels: ${payload.join(", ")}`)
})

// The emulator does not know it either, and responds as LiveDesk would.
program.pipe(
  Effect.catchReason("HttpError", "NotFound", (_, error) => Console.log(`${error.operation}: ${error.status}`)),
  Effect.provide(Emulator.layer),
  NodeRuntime.runMain
)
