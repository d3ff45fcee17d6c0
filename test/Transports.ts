/** The ways in which a client sends its requests: over undici or `fetch`, directly or through Effect's `HttpClient`. */
import { FetchTransport, LiveDesk, LiveDeskClient } from "@effect-livedesk/core"
import { NodeLiveDesk } from "@effect-livedesk/node"
import { identity, Layer } from "effect"
import { FetchHttpClient } from "effect/http"

/** Provides every service, in each of the ways. */
export const layers = {
  undici: (options: NodeLiveDesk.Options) => NodeLiveDesk.layer(options),
  "undici as an HttpClient": (options: NodeLiveDesk.Options) =>
    NodeLiveDesk.layer({ ...options, transformClient: identity }),
  fetch: (options: LiveDeskClient.Options) =>
    LiveDesk.layer.pipe(Layer.provide(LiveDeskClient.layerTransport(options)), Layer.provide(FetchTransport.layer)),
  "fetch as an HttpClient": (options: LiveDeskClient.Options) =>
    LiveDesk.layer.pipe(Layer.provide(LiveDeskClient.layer(options)), Layer.provide(FetchHttpClient.layer))
}

export type Way = keyof typeof layers

export const ways = ["undici", "undici as an HttpClient", "fetch", "fetch as an HttpClient"] as const
