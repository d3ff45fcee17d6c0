/**
 * Transports and their failures: what one says of the request, and whether anything of it can have been written.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as HttpBody from "effect/http/HttpBody"
import type * as HttpClient from "effect/http/HttpClient"

/**
 * A transport's proof that it wrote nothing of a request. A transport that knows gives it as the `cause` of its
 * `TransportError`, with the failure as its own `cause`. The error's outcome is then `NotSent`, whatever the code.
 *
 * @category transports
 * @since 0.1.0
 */
export class NotSentProof extends Data.Error<{
  readonly cause: unknown
  /** Why no connection was made, where the transport knows more than its code says. */
  readonly reason?: ConnectReason
}> {}

/**
 * Why no connection was made.
 *
 * @category models
 * @since 0.1.0
 */
export type ConnectReason =
  | "DnsFailed"
  | "Refused"
  | "Unreachable"
  | "TimedOut"
  | "TlsFailed"
  | "RateLimiterUnavailable"
  | "Other"

// ---------------------------------------------------------------------------------------------------------------------
// dispatches
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A request as it goes out.
 *
 * @category models
 * @since 0.1.0
 */
export interface RequestToSend {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  readonly origin: string
  /** Encoded, without the query. */
  readonly path: string
  /** As it is meant: `target` encodes it. */
  readonly query: ReadonlyArray<readonly [name: string, value: string]>
  /** In lower case. Of a form, without the content type, which has the form's boundary in it. */
  readonly headers: { readonly [name: string]: string }
  /** JSON text. */
  readonly body: string | undefined
  /** The fields of a form, which is sent as `multipart/form-data` in place of `body`: texts and files, or lists of them. */
  readonly form: HttpBody.FormDataInput | undefined
}

/**
 * The path of a request with its query, as they stand in the request's first line.
 *
 * @category transports
 * @since 0.1.0
 */
export const target = ({ path, query }: RequestToSend): string =>
  query.length === 0 ? path : `${path}?${query.map((pair) => pair.map(encoded).join("=")).join("&")}`

/** Half a character has no encoding: it becomes the sign for an unknown one, as URLs have it. */
const encoded = (part: string): string => encodeURIComponent(part.replaceAll(/\p{Cs}/gu, "\ufffd"))

/**
 * Receives a response as it comes.
 *
 * @category models
 * @since 0.1.0
 */
export interface ResponseHandler {
  /** The response has begun. Headers are in lower case; one that came several times is a list, or joined with commas. */
  readonly start: (
    status: number,
    headers: { readonly [name: string]: string | ReadonlyArray<string> | undefined }
  ) => void
  /** A piece of the body has come. `false` says that no more is wanted: the dispatch ends, and the rest is let go. */
  readonly take: (piece: Uint8Array) => boolean
}

/**
 * The failure of a dispatch. Whether anything of the request can have been written follows from its cause, which may be
 * a `NotSentProof`.
 *
 * @category errors
 * @since 0.1.0
 */
export class DispatchError extends Data.TaggedError("DispatchError")<{
  readonly cause: unknown
  /** Whether the request's body was a stream or a form, whose own failure comes out as the transport's. */
  readonly sentInParts?: boolean
}> {}

/**
 * Makes one request and reports its response until that is complete. It opens no span, follows no redirect and sends
 * nothing twice; interrupting it lets the request go.
 *
 * @category models
 * @since 0.1.0
 */
export interface Dispatch {
  (request: RequestToSend, handler: ResponseHandler): Effect.Effect<void, DispatchError>
}

/**
 * What makes a client's requests where no `HttpClient` does: see `LiveDeskClient.layerTransport`.
 *
 * @category services
 * @since 0.1.0
 */
export class Transport extends Context.Service<Transport, {
  /** Makes a request, and hands its response on as it comes. */
  readonly dispatch: Dispatch
}>()("@effect-livedesk/core/Transport") {}

const dispatches = new WeakMap<HttpClient.HttpClient, Dispatch>()

/**
 * Offers, beside what an `HttpClient` does, a shorter way to make a request. `LiveDeskClient` takes it where it finds
 * it: for requests that are no form, unless its option `transformClient` or `rateLimit` asks for more.
 * A client that is made from this one, such as by `HttpClient.mapRequest`, does not offer it, and a call takes about four
 * times the CPU. A debug log of a new client says which way its requests go.
 *
 * @category transports
 * @since 0.1.0
 */
export const attachDispatch = (client: HttpClient.HttpClient, dispatch: Dispatch): HttpClient.HttpClient => {
  dispatches.set(client, dispatch)
  return client
}

/**
 * The dispatch that a client offers, if it does.
 *
 * @category transports
 * @since 0.1.0
 */
export const dispatchOf = (client: HttpClient.HttpClient): Dispatch | undefined => dispatches.get(client)
