/**
 * An `HttpClient` without a network: it responds or fails as the test sets, and remembers the requests.
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

export interface FakeResponse {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text and streams as they are, anything else as JSON. */
  readonly body?: unknown
}

/** Responds to every request with `response`, or with what the function `response` returns for it. */
export const respondingWith = (
  response: FakeResponse | ((request: HttpClientRequest.HttpClientRequest) => FakeResponse)
): Layer.Layer<HttpClient.HttpClient | Sent> =>
  make((request) => respond(request, typeof response === "function" ? response(request) : response))

/** Fails every request as a transport does for `cause`. */
export const failing = (cause: unknown): Layer.Layer<HttpClient.HttpClient | Sent> =>
  make((request) => fail(request, cause))

/** What happens to one request: it gets a response, its transport fails, or it waits for ever. */
export type Step = FakeResponse | { readonly cause: unknown } | "Silence"

/** Does one step a request; the last one again and again. */
export const inTurn = (...steps: ReadonlyArray<Step>): Layer.Layer<HttpClient.HttpClient | Sent> =>
  make((request, index) => {
    const step = steps[Math.min(index, steps.length - 1)] ?? {}
    return step === "Silence" ? Effect.never : "cause" in step ? fail(request, step.cause) : respond(request, step)
  })

const respond = (request: HttpClientRequest.HttpClientRequest, { body, headers = {}, status = 200 }: FakeResponse) =>
  Effect.succeed(HttpClientResponse.fromWeb(request, new Response(toBody(body), { status, headers })))

const toBody = (body: unknown): ReadableStream | Uint8Array<ArrayBuffer> | null => {
  if (body === undefined) return null
  if (body instanceof ReadableStream) return body
  // As bytes: a `Response` gives a text a content type of its own.
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body))
}

const fail = (request: HttpClientRequest.HttpClientRequest, cause: unknown) =>
  Effect.fail(
    new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })
  )

const make = (
  run: (
    request: HttpClientRequest.HttpClientRequest,
    index: number
  ) => Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>
) =>
  Layer.effectContext(Effect.sync(() => {
    const sent: Array<HttpClientRequest.HttpClientRequest> = []
    const client = HttpClient.make((request) =>
      Effect.suspend(() => {
        sent.push(request)
        return run(request, sent.length - 1)
      })
    )
    return Context.make(HttpClient.HttpClient, client).pipe(Context.add(Sent, sent))
  }))
