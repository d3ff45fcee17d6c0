/**
 * Records what a client sends and gets, as it is on the wire but for the credentials.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

/**
 * A request, and its response as far as it arrived.
 *
 * @category models
 * @since 0.1.0
 */
export interface WireRecord {
  readonly method: string
  readonly pathname: string
  readonly query: ReadonlyArray<readonly [name: string, value: string]>
  /** The fields of the body, of JSON or of a form; `undefined` for none. */
  readonly body: unknown
  /** The response, if its head arrived. */
  response: {
    readonly status: number
    readonly headers: { readonly [name: string]: string }
    readonly pieces: Array<Uint8Array>
    bytes: number
  } | undefined
}

/** The largest response body that is kept, in bytes. */
const maxBytes = 262_144

/**
 * Records the latest request of clients that use its `transform`. For one request at a time.
 *
 * @category models
 * @since 0.1.0
 */
export class WireRecorder {
  /** The latest request. */
  latest: WireRecord | undefined

  /** The option `transformClient` of a client whose requests are recorded. */
  readonly transform = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
    HttpClient.transform(client, (effect, request) =>
      Effect.suspend(() => {
        const record = recordOf(request)
        this.latest = record
        return Effect.map(effect, (response) => tapped(response, record))
      }))
}

const recordOf = ({ body, method, url, urlParams }: HttpClientRequest.HttpClientRequest): WireRecord => ({
  method,
  pathname: new URL(url).pathname,
  query: urlParams.params.map(([name, value]) => [name, Redacted.isRedacted(value) ? "" : value]),
  body: fieldsOf(body),
  response: undefined
})

const fieldsOf = (body: HttpBody.HttpBody): unknown => {
  switch (body._tag) {
    case "Uint8Array":
      return parse(new TextDecoder().decode(body.body))
    case "FormData":
      return Object.fromEntries(
        Array.from(body.formData.entries(), ([name, value]) => [
          name,
          typeof value === "string" ? value : { file: value.name, type: value.type, size: value.size }
        ])
      )
    case "Empty":
    case "Raw":
    case "Stream":
      return undefined
  }
}

const parse = (text: string): unknown => Result.getOrUndefined(Result.try((): unknown => JSON.parse(text)))

/** Passes the pieces of the body on as they come. Only `stream` is replaced: the client reads nothing else of a body. */
const tapped = (response: HttpClientResponse.HttpClientResponse, record: WireRecord) => {
  const { headers, status } = response
  const kept = { status, headers, pieces: new Array<Uint8Array>(), bytes: 0 }
  record.response = kept
  return new Proxy(response, {
    get: (target, key): unknown =>
      key === "stream"
        ? Stream.tap(target.stream, (piece) =>
          Effect.sync(() => {
            if (kept.bytes <= maxBytes) kept.pieces.push(piece)
            kept.bytes += piece.length
          }))
        : Reflect.get(target, key, target)
  })
}

/**
 * The body of a response as JSON, or `undefined` if it is none or was too large to keep.
 *
 * @category accessors
 * @since 0.1.0
 */
export const json = ({ response }: WireRecord): unknown =>
  response === undefined || response.bytes > maxBytes
    ? undefined
    : parse(new TextDecoder().decode(Buffer.concat(response.pieces)))
