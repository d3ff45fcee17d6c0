/**
 * An `HttpClient` without a network: it answers or fails as it is told, and remembers what it was sent.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"

/** The requests that were sent, in order. */
export class Sent extends Context.Service<Sent, Array<HttpClientRequest.HttpClientRequest>>()(
  "@effect-livedesk/test/FakeTransport/Sent"
) {}

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown
}

/** Answers every request, with what `answer` makes of it. */
export const answering = (
  answer: Answer | ((request: HttpClientRequest.HttpClientRequest) => Answer)
): Layer.Layer<HttpClient.HttpClient | Sent> =>
  make((request) => {
    const { body, headers = {}, status = 200 } = typeof answer === "function" ? answer(request) : answer
    const text = typeof body === "string" ? body : JSON.stringify(body)
    // As bytes: a `Response` gives a text a content type of its own.
    const bytes = body === undefined ? null : new TextEncoder().encode(text)
    return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(bytes, { status, headers })))
  })

/** Fails every request as a transport does for `cause`. */
export const failing = (cause: unknown): Layer.Layer<HttpClient.HttpClient | Sent> =>
  make((request) =>
    Effect.fail(
      new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })
    )
  )

const make = (
  run: (
    request: HttpClientRequest.HttpClientRequest
  ) => Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>
) =>
  Layer.effectContext(Effect.sync(() => {
    const sent: Array<HttpClientRequest.HttpClientRequest> = []
    const client = HttpClient.make((request) =>
      Effect.suspend(() => {
        sent.push(request)
        return run(request)
      })
    )
    return Context.make(HttpClient.HttpClient, client).pipe(Context.add(Sent, sent))
  }))
