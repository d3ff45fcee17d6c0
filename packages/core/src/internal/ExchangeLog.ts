/**
 * The queries and bodies of the last requests to an emulator, in bounded memory.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Exchange, KeptBody } from "../testing/Exchange.ts"

/** The longest body that is kept whole, in bytes. */
const maxBodyLength = 65_536

/** The sum of all bodies that are kept, in bytes. */
const maxLength = 8_388_608

const noBody: KeptBody = { head: new Uint8Array(0), length: 0 }

const keptBody = (bytes: Uint8Array): KeptBody => ({ head: bytes.slice(0, maxBodyLength), length: bytes.byteLength })

const lengthOf = ({ request, response }: Exchange): number => request.head.byteLength + response.head.byteLength

const grown = (body: KeptBody, chunk: Uint8Array): KeptBody => {
  if (body.head.byteLength === maxBodyLength) return { ...body, length: body.length + chunk.byteLength }
  const head = new Uint8Array(Math.min(maxBodyLength, body.head.byteLength + chunk.byteLength))
  head.set(body.head)
  head.set(chunk.subarray(0, head.byteLength - body.head.byteLength), body.head.byteLength)
  return { head, length: body.length + chunk.byteLength }
}

/** Exchanges by the numbers of their requests. */
export interface ExchangeLog {
  readonly get: (number: number) => Option.Option<Exchange>
  /**
   * Keeps a request, and returns it with its body still to be read. It has arrived whole then, as a body cannot be
   * read twice.
   */
  readonly request: (
    number: number,
    request: HttpServerRequest.HttpServerRequest
  ) => Effect.Effect<HttpServerRequest.HttpServerRequest>
  /** Keeps a response, and returns it; the body of a stream as far as it is sent. */
  readonly response: (
    number: number,
    response: HttpServerResponse.HttpServerResponse
  ) => HttpServerResponse.HttpServerResponse
}

/** Keeps those of the last `count` requests, fewer if their bodies are long. */
export const make = (count: number): ExchangeLog => {
  const kept = new Map<number, Exchange>()
  let length = 0

  const keep = (number: number, change: (before: Exchange | undefined) => Exchange | undefined): void => {
    const before = kept.get(number)
    const after = change(before)
    if (after === undefined) return
    length += lengthOf(after) - (before === undefined ? 0 : lengthOf(before))
    kept.set(number, after)
    for (const [oldest, exchange] of kept) {
      if (kept.size <= count && length <= maxLength) return
      kept.delete(oldest)
      length -= lengthOf(exchange)
    }
  }

  /** Changes a response whose exchange is still kept. */
  const learn = (number: number, change: (before: Exchange) => Partial<Exchange>): void =>
    keep(number, (before) => before && { ...before, ...change(before) })

  return {
    get: (number) => Option.fromUndefinedOr(kept.get(number)),
    request: Effect.fnUntraced(function*(number, request) {
      const requestType = request.headers["content-type"] ?? ""
      keep(number, () => ({ url: request.url, requestType, request: noBody, responseType: "", response: noBody }))
      if (request.method === "GET" || request.method === "HEAD") return request
      const read = yield* Effect.result(request.arrayBuffer)
      if (Result.isFailure(read)) return request
      const bytes = new Uint8Array(read.success)
      learn(number, () => ({ request: keptBody(bytes) }))
      if (!requestType.startsWith("multipart/")) return request
      // Its parts are read off the stream, which has ended.
      return HttpServerRequest.fromClientRequest(
        HttpClientRequest.setBody(HttpServerRequest.toClientRequest(request), HttpBody.uint8Array(bytes, requestType))
      ).modify({ url: request.url })
    }),
    response: (number, response) => {
      const { body } = response
      const responseType = response.headers["content-type"] ?? ""
      learn(number, () => ({ responseType, response: body._tag === "Uint8Array" ? keptBody(body.body) : noBody }))
      return body._tag !== "Stream" ? response : HttpServerResponse.setBody(
        response,
        HttpBody.stream(
          Stream.tap(
            body.stream,
            (chunk) => Effect.sync(() => learn(number, ({ response }) => ({ response: grown(response, chunk) })))
          ),
          body.contentType,
          body.contentLength
        )
      )
    }
  }
}
