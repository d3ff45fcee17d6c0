/**
 * Responds to a request with a fault, as a real transport would.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import type { Fault, Moment } from "../testing/FaultPlan.ts"
import { NotSentProof } from "../Transport.ts"

type Processed<R> = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError, R>

/** Applies a fault to a request; `processed` is the response without it. */
export const applyFault = <R>(
  fault: Fault,
  request: HttpClientRequest.HttpClientRequest,
  processed: Processed<R>
): Processed<R> => {
  const first = (when: Moment): Effect.Effect<unknown, HttpClientError.HttpClientError, R> =>
    when === "AfterProcessing" ? Effect.flatMap(processed, drain) : Effect.void
  const broken = (cause: unknown) =>
    Effect.fail(new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) }))
  const unconnected = (code: string, syscall: string) =>
    broken(new NotSentProof({ cause: new NativeError({ code, syscall }) }))
  switch (fault._tag) {
    case "Refused":
      return unconnected("ECONNREFUSED", "connect")
    case "DnsFailed":
      return unconnected("ENOTFOUND", "getaddrinfo")
    case "Silent":
      return Effect.andThen(first(fault.when), Effect.never)
    case "Reset":
      return Effect.andThen(first(fault.when), broken(new NativeError({ code: "ECONNRESET" })))
    case "CutShort":
      return Effect.map(processed, (response) =>
        withBody(
          response,
          request,
          Stream.concat(limited(response, fault.bytes), Stream.fail(new NativeError({ code: "ECONNRESET" })))
        ))
    case "SlowBody":
      return Effect.map(processed, (response) => withBody(response, request, slowBody(response, fault)))
    case "RateLimited":
      return Effect.succeed(respond(
        HttpServerResponse.text("Retry later\n", { status: 429, headers: retryAfter(fault.retryAfter) }),
        request
      ))
    case "Failing":
      return Effect.as(
        first(fault.when),
        respond(
          errorBody(fault).pipe(
            HttpServerResponse.setStatus(fault.status),
            HttpServerResponse.setHeaders(retryAfter(fault.retryAfter))
          ),
          request
        )
      )
    case "MalformedBody":
      return Effect.flatMap(processed, (response) =>
        response.status >= 300
          ? Effect.succeed(response)
          : Effect.as(drain(response), respond(HttpServerResponse.html(fault.body), request)))
  }
}

/** The cause of a transport failure on Node.js. */
class NativeError extends Data.Error<{ readonly code: string; readonly syscall?: string | undefined }> {}

/** Reads a response to its end, so that the server completes the request. */
export const drain = (response: HttpClientResponse.HttpClientResponse) =>
  Effect.ignore(Stream.runDrain(response.stream))

const errorBody = ({ format, status }: Extract<Fault, { readonly _tag: "Failing" }>) =>
  format === "html"
    ? HttpServerResponse.html(`<html><title>${status}</title><h1>${status}</h1></html>`)
    : HttpServerResponse.jsonUnsafe({ status, error: phrases[status] })

// Rails names the status in its body.
const phrases = { 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable" } as const

const retryAfter = (value: string | undefined) => value === undefined ? {} : { "retry-after": value }

export const respond = (
  response: HttpServerResponse.HttpServerResponse,
  request: HttpClientRequest.HttpClientRequest
) => HttpServerResponse.toClientResponse(response, { request })

const withBody = (
  { headers, status }: HttpClientResponse.HttpClientResponse,
  request: HttpClientRequest.HttpClientRequest,
  body: Stream.Stream<Uint8Array, unknown>
) => respond(HttpServerResponse.stream(body, { status, headers }), request)

const limited = ({ stream }: HttpClientResponse.HttpClientResponse, bytes: number) =>
  Stream.mapAccum(stream, () => bytes, (left, chunk) => {
    const taken = chunk.subarray(0, Math.max(left, 0))
    return [left - taken.byteLength, [taken]] as const
  })

const slowBody = (
  { stream }: HttpClientResponse.HttpClientResponse,
  { bytes, pause }: { readonly bytes: number; readonly pause: Duration.Input }
) =>
  stream.pipe(
    Stream.flatMap((chunk) =>
      Stream.fromIterable(
        Array.from(
          { length: Math.ceil(chunk.byteLength / bytes) },
          (_, index) => chunk.subarray(index * bytes, (index + 1) * bytes)
        )
      )
    ),
    Stream.mapEffect((piece) => Effect.delay(Effect.succeed(piece), pause))
  )
