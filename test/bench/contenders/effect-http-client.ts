import { NodeHttpClient } from "@effect/platform-node"
import { Effect, ManagedRuntime } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import * as Contender from "../Contender.ts"
import { Conversation } from "../decoders/effect.ts"
import * as Sample from "../Sample.ts"

/** What one composes from Effect's own parts. */
export const make: Contender.Make = async (url) => {
  const client = (await ManagedRuntime.make(NodeHttpClient.layerUndici).runPromise(HttpClient.HttpClient)).pipe(
    HttpClient.mapRequest(HttpClientRequest.prependUrl(url)),
    HttpClient.mapRequest(HttpClientRequest.setHeaders(Sample.headers)),
    HttpClient.filterStatusOk
  )
  const decode = HttpClientResponse.schemaBodyJson(Conversation)
  return Contender.ofEffects(
    HttpClientRequest.post(Sample.path).pipe(
      HttpClientRequest.bodyJson(Sample.input),
      Effect.flatMap(client.execute),
      Effect.flatMap(decode)
    )
  )
}
