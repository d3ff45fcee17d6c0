import { NodeHttpClient } from "@effect/platform-node"
import { ManagedRuntime, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { HttpApi, HttpApiClient, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import * as Contender from "../Contender.ts"
import { Conversation } from "../decoders/effect.ts"
import * as Sample from "../Sample.ts"

const Api = HttpApi.make("livedesk").add(
  HttpApiGroup.make("conversations").add(
    HttpApiEndpoint.post("create", Sample.path, {
      payload: Schema.Struct({ inbox_id: Schema.Number, contact_id: Schema.Number }),
      success: Conversation
    })
  )
)

/** What Effect derives from a description of the API. */
export const make: Contender.Make = async (baseUrl) => {
  const { conversations } = await ManagedRuntime.make(NodeHttpClient.layerUndici).runPromise(
    HttpApiClient.make(Api, {
      baseUrl,
      transformClient: HttpClient.mapRequest(HttpClientRequest.setHeaders(Sample.headers))
    })
  )
  return Contender.ofEffects(conversations.create({ payload: Sample.input }))
}
