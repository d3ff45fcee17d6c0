import { LiveDesk, LiveDeskClient, type LiveDeskError } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator, NodeLiveDesk, NodeTransport } from "@effect-livedesk/node"
import { Effect, Layer } from "effect"
import { FetchHttpClient, type HttpClient } from "effect/http"
import * as Breadth from "./Breadth.ts"
import { BaseUrl, conformance, type Transport } from "./Conformance.ts"

conformance("the emulator in memory", (emulator, client) =>
  LiveDesk.layer.pipe(
    Layer.provideMerge(
      Layer.unwrap(
        Effect.map(Emulator.Emulator, ({ credentials }) => LiveDeskClient.layer({ ...credentials, ...client }))
      )
    ),
    Layer.provideMerge(Emulator.layerHttpClientWith(emulator))
  ))

const overTcp = (
  services: (options: LiveDeskClient.Options) => Layer.Layer<
    LiveDesk.LiveDesk | LiveDeskClient.LiveDeskClient,
    LiveDeskError.AuthError | LiveDeskError.ValidationError,
    HttpClient.HttpClient
  >,
  httpClient: Layer.Layer<HttpClient.HttpClient, LiveDeskError.ValidationError>
): Transport =>
(emulator, client) =>
  Layer.unwrap(Effect.gen(function*() {
    const { baseUrl } = yield* NodeEmulator.NodeEmulator
    const { credentials } = yield* Emulator.Emulator
    return Layer.provideMerge(
      services({ baseUrl, ...credentials, ...client }),
      Layer.merge(httpClient, Layer.succeed(BaseUrl, baseUrl))
    )
  })).pipe(Layer.provideMerge(NodeEmulator.layer(emulator)))

const undici = overTcp(NodeLiveDesk.layerNoHttpClient, NodeTransport.layer())

const fetch = overTcp(
  (options) => Layer.provideMerge(LiveDesk.layer, LiveDeskClient.layer(options)),
  FetchHttpClient.layer
)

if (Breadth.isFull) {
  conformance("TCP with undici", undici)
  conformance("TCP with fetch", fetch)
} else {
  let turn = 0
  conformance("TCP with undici and fetch in turn", (...options) => (turn++ % 2 === 0 ? undici : fetch)(...options))
}
