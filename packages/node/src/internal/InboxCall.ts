/**
 * Calls of the emulator's own API, made for the page of its inbox: so the emulator checks them as a program's, and sends
 * their events.
 *
 * @since 0.1.0
 */
import type * as Endpoint from "@effect-livedesk/core/Endpoint"
import type * as Emulator from "@effect-livedesk/core/testing/Emulator"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schema from "effect/Schema"

/** The emulator rejected a call. */
export class InboxCallRejected extends Data.TaggedError("InboxCallRejected")<{
  readonly status: number
  readonly message: string
}> {}

const ErrorBody = Schema.Union([
  Schema.Struct({ error: Schema.String }),
  Schema.Struct({ message: Schema.String })
])

/** Makes a call, and returns the response's body. */
export const make = <A>(
  { credentials, httpEffect }: Emulator.Emulator["Service"],
  origin: string,
  { method, path }: Pick<Endpoint.Endpoint<never, unknown>, "method" | "path">,
  body: Schema.Json,
  success: Schema.Decoder<A>
): Effect.Effect<A, InboxCallRejected> => {
  const request = HttpClientRequest.make(method)(`${origin}${path}`).pipe(
    HttpClientRequest.basicAuth(credentials.apiKey, credentials.apiSecret),
    HttpClientRequest.bodyJsonUnsafe(body)
  )
  return Effect.provideService(
    httpEffect,
    HttpServerRequest.HttpServerRequest,
    HttpServerRequest.fromClientRequest(request)
  ).pipe(
    Effect.map((response) => HttpServerResponse.toClientResponse(response, { request })),
    Effect.flatMap((response) => Effect.map(response.json, (json) => ({ status: response.status, json }))),
    Effect.flatMap(({ json, status }) =>
      status < 300
        ? Schema.decodeUnknownEffect(success)(json)
        : Effect.flatMap(
          Schema.decodeUnknownEffect(ErrorBody)(json),
          (body) => Effect.fail(new InboxCallRejected({ status, message: "error" in body ? body.error : body.message }))
        )
    ),
    Effect.catchTag(
      ["HttpClientError", "SchemaError"],
      ({ message }) => Effect.fail(new InboxCallRejected({ status: 500, message }))
    )
  )
}
