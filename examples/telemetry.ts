/**
 * Spans, metrics and logs of a program's calls, to the OpenTelemetry collector that OTEL_EXPORTER_OTLP_ENDPOINT names, by
 * Effect's own exporter. Where it names none, nothing is collected by anybody.
 */
import { Contacts, Telemetry } from "@effect-livedesk/core"
import { NodeEmulator } from "@effect-livedesk/node"
import { NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect, Layer, Option, References } from "effect"
import { FetchHttpClient } from "effect/http"
import { Otlp } from "effect/observability"

const program = Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  const { contact } = yield* contacts.create({ inboxId: 407, name: "Alice", email: "alice@acme.inc" })
  yield* Console.log(`contact ${contact.id}`)
  // Fails, since the e-mail address is taken: it shows as such.
  yield* Effect.exit(contacts.create({ inboxId: 407, name: "Alice", email: "alice@acme.inc" }))
}).pipe(Effect.withSpan("welcome"))

const Observability = (collector: string) =>
  Layer.merge(Telemetry.layer(), Otlp.layerJson({ baseUrl: collector, resource: { serviceName: "support" } })).pipe(
    Layer.provide(FetchHttpClient.layer)
  )

const WhereAsked = Layer.unwrap(Effect.map(
  Config.option(Config.NonEmptyString("OTEL_EXPORTER_OTLP_ENDPOINT")),
  Option.match({ onNone: () => Layer.empty, onSome: Observability })
))

program.pipe(
  Effect.provide(Layer.provideMerge(NodeEmulator.layerLiveDesk(), WhereAsked)),
  // What the calls did is a debug line each.
  Effect.provideService(References.MinimumLogLevel, "Debug"),
  NodeRuntime.runMain
)
