/**
 * Transports, which send a client's requests, and proofs that a failed request was never written.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as HttpBody from "effect/http/HttpBody"
import type * as HttpClient from "effect/http/HttpClient"

/**
 * A transport's proof that it wrote nothing of a request. The transport passes it as the `cause` of its
 * `TransportError`, with the failure as its own `cause`. The error's outcome is then `NotSent`, whatever its code.
 *
 * @category transports
 * @since 0.1.0
 */
export class NotSentProof extends Data.TaggedError("NotSentProof")<{
  readonly cause: unknown
  /** Why no connection was made, if the transport knows more than its code says. */
  readonly reason?: ConnectReason
  /** The address of the proxy that failed, without credentials. */
  readonly proxy?: string
}> {}

/**
 * The reason why no connection was made.
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
  | "ProxyFailed"
  | "RateLimiterUnavailable"
  | "Other"

// ---------------------------------------------------------------------------------------------------------------------
// dispatches
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A request for a transport to send.
 *
 * @category models
 * @since 0.1.0
 */
export interface RequestToSend {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  readonly origin: string
  /** The encoded path, without the query. */
  readonly path: string
  /** The query before encoding; `target` encodes it. */
  readonly query: ReadonlyArray<readonly [name: string, value: string]>
  /** Headers, with names in lower case. A form's have no content type, since it contains the boundary. */
  readonly headers: { readonly [name: string]: string }
  /** The body as JSON text. */
  readonly body: string | undefined
  /** The fields of a form, sent as `multipart/form-data` in place of `body`: texts and files, or lists of them. */
  readonly form: HttpBody.FormDataInput | undefined
}

/**
 * Returns the encoded path and query of a request, for its first line.
 *
 * @category transports
 * @since 0.1.0
 */
export const target = ({ path, query }: RequestToSend): string =>
  query.length === 0 ? path : `${path}?${query.map((pair) => pair.map(encoded).join("=")).join("&")}`

/** Unpaired surrogates cannot be encoded: they become the replacement character, as in URLs. */
const encoded = (part: string): string => encodeURIComponent(part.replaceAll(/\p{Cs}/gu, "\ufffd"))

/**
 * The phase of a request that has no response yet.
 *
 * - `Queued`: it waits for its turn.
 * - `Connecting`: it waits for a connection.
 * - `AwaitingResponse`: it has a connection, so parts of it may have been written.
 *
 * @category models
 * @since 0.1.0
 */
export type Phase = "Queued" | "Connecting" | "AwaitingResponse"

/**
 * Receives a request's phases, then its response while it arrives.
 *
 * @category models
 * @since 0.1.0
 */
export interface ResponseHandler {
  /**
   * Called by a transport that knows the phase of its request. `Queued` and `Connecting` are promises: nothing was
   * written, and if the request is interrupted now, nothing will be. A call that times out then is `NotSent`. Without
   * this knowledge a transport never calls it, and such a call is `Unknown`.
   */
  readonly enter: (phase: Phase) => void
  /** Called when the response begins. Headers are in lower case; a repeated one is a list, or joined with commas. */
  readonly start: (
    status: number,
    headers: { readonly [name: string]: string | ReadonlyArray<string> | undefined }
  ) => void
  /** Called with each piece of the body. On `false`, the dispatch ends and the rest is discarded. */
  readonly take: (piece: Uint8Array) => boolean
}

/**
 * The failure of a dispatch. Its cause, possibly a `NotSentProof`, decides whether anything can have been written.
 *
 * @category errors
 * @since 0.1.0
 */
export class DispatchError extends Data.TaggedError("DispatchError")<{
  readonly cause: unknown
  /** Whether the body was a stream or a form, whose own failure surfaces as the transport's. */
  readonly sentInParts?: boolean
}> {}

/**
 * Sends one request and reports its response until that is complete. It opens no span, follows no redirect and sends
 * nothing twice. Interruption cancels the request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Dispatch {
  (request: RequestToSend, handler: ResponseHandler): Effect.Effect<void, DispatchError>
}

/**
 * Sends a client's requests without an `HttpClient`: see `LiveDeskClient.layerTransport`.
 *
 * @category services
 * @since 0.1.0
 */
export class Transport extends Context.Service<Transport, {
  /** Sends a request, and passes its response on while it arrives. */
  readonly dispatch: Dispatch
}>()("@effect-livedesk/core/Transport") {}

/**
 * Receives the phases of the current request, from an `HttpClient` that knows them: as `enter` of `ResponseHandler`.
 *
 * @category services
 * @since 0.1.0
 */
export const EnterPhase = Context.Reference<(phase: Phase) => void>("@effect-livedesk/core/Transport/EnterPhase", {
  defaultValue: () => () => {}
})

const dispatches = new WeakMap<HttpClient.HttpClient, Dispatch>()

/**
 * Attaches a faster `Dispatch` to an `HttpClient`. `LiveDeskClient` uses it for all requests except forms, unless
 * `transformClient` or `rateLimit` is set. A client derived from this one, for example by `HttpClient.mapRequest`,
 * loses it, and a call then takes about four times the CPU. A new client logs at debug level which of the two it uses.
 *
 * @category transports
 * @since 0.1.0
 */
export const attachDispatch = (client: HttpClient.HttpClient, dispatch: Dispatch): HttpClient.HttpClient => {
  dispatches.set(client, dispatch)
  return client
}

/**
 * Returns the `Dispatch` attached to an `HttpClient`, if any.
 *
 * @category transports
 * @since 0.1.0
 */
export const dispatchOf = (client: HttpClient.HttpClient): Dispatch | undefined => dispatches.get(client)
