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
import * as Predicate from "effect/Predicate"

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

/**
 * The failures that can only come before a request is written, each seen on undici and on fetch. Whatever is not
 * listed may have come later: `ECONNRESET` and `UND_ERR_SOCKET` come with nothing written as well as with the whole
 * request received.
 */
const unsent: ReadonlyArray<{
  readonly code: string
  readonly syscall?: "getaddrinfo" | "connect"
  readonly message?: RegExp
  readonly kind: ConnectReason
}> = [
  { code: "ENOTFOUND", syscall: "getaddrinfo", kind: "DnsFailed" },
  { code: "EAI_AGAIN", syscall: "getaddrinfo", kind: "DnsFailed" },
  { code: "ECONNREFUSED", syscall: "connect", kind: "Refused" },
  { code: "EHOSTUNREACH", syscall: "connect", kind: "Unreachable" },
  { code: "ENETUNREACH", syscall: "connect", kind: "Unreachable" },
  { code: "EACCES", syscall: "connect", kind: "Unreachable" },
  { code: "ETIMEDOUT", syscall: "connect", kind: "TimedOut" },
  { code: "UND_ERR_CONNECT_TIMEOUT", kind: "TimedOut" },
  { code: "ERR_TLS_CERT_ALTNAME_INVALID", kind: "TlsFailed" },
  { code: "DEPTH_ZERO_SELF_SIGNED_CERT", kind: "TlsFailed" },
  { code: "SELF_SIGNED_CERT_IN_CHAIN", kind: "TlsFailed" },
  { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", kind: "TlsFailed" },
  { code: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", kind: "TlsFailed" },
  { code: "CERT_HAS_EXPIRED", kind: "TlsFailed" },
  { code: "CERT_NOT_YET_VALID", kind: "TlsFailed" },
  // Other alerts may come later: a server may ask for a client's certificate when it has read the request.
  { code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", kind: "TlsFailed" },
  // The code alone may come later; OpenSSL's file of that name runs only until a version is agreed on.
  { code: "ERR_SSL_WRONG_VERSION_NUMBER", message: /\btlsany_meth\.c\b/, kind: "TlsFailed" },
  // The code alone may come later; Node gives this text only until the handshake is done.
  { code: "ECONNRESET", message: /disconnected before secure TLS connection was established/, kind: "TlsFailed" }
]

interface NativeError {
  readonly code: string | undefined
  readonly syscall: unknown
  readonly message: string
  readonly proof: NotSentProof | undefined
}

const maxCauseDepth = 8

/** The errors at the bottom of a chain of causes: one, or one for each address that was tried. */
const nativeErrors = (u: unknown, proof?: NotSentProof, depth = 0): ReadonlyArray<NativeError> => {
  if (!Predicate.isObject(u) || depth > maxCauseDepth) {
    return [{ code: undefined, syscall: undefined, message: "", proof }]
  }
  if (u instanceof NotSentProof) return nativeErrors(u.cause, u, depth + 1)
  if ("errors" in u && Array.isArray(u.errors) && u.errors.length > 0) {
    return u.errors.flatMap((error) => nativeErrors(error, proof, depth + 1))
  }
  const code = "code" in u && typeof u.code === "string" ? u.code : undefined
  // A wrapper without a code of its own, such as fetch's "fetch failed", only envelops what happened.
  if (code === undefined && "cause" in u && u.cause !== undefined) {
    return nativeErrors(u.cause, proof, depth + 1)
  }
  return [{
    // Letters that no secret and no customer's data can hide in.
    code: code !== undefined && /^[A-Z][A-Z0-9_/]{1,80}$/.test(code) ? code : undefined,
    syscall: "syscall" in u ? u.syscall : undefined,
    message: "message" in u && typeof u.message === "string" ? u.message : "",
    proof
  }]
}

const reasonOf = ({ code, message, syscall, proof }: NativeError): ConnectReason | undefined =>
  proof?.reason ?? unsent.find((rule) =>
    rule.code === code && (rule.syscall === undefined || rule.syscall === syscall) &&
    (rule.message === undefined || rule.message.test(message))
  )?.kind ?? (proof !== undefined ? (/TLS|SSL|CERT/.test(code ?? "") ? "TlsFailed" : "Other") : undefined)

/**
 * What a transport's failure proves: the reason, when nothing of the request can have been written, and the code.
 *
 * `sentInParts` is for a request whose body is a stream: the stream's own failure comes out as the transport's, so that
 * no code proves anything, and only a `NotSentProof` does.
 *
 * @internal
 */
export const proveNotSent = (
  failure: unknown,
  options: { readonly sentInParts: boolean }
): { readonly reason?: ConnectReason; readonly code?: string } => {
  const errors = nativeErrors(failure)
  const reasons = errors.map((error) => options.sentInParts && error.proof === undefined ? undefined : reasonOf(error))
  const code = errors[0]?.code
  const [reason] = reasons
  return {
    ...(code === undefined ? undefined : { code }),
    // Where a host has several addresses, each of them must have failed before anything was written.
    ...(reason === undefined || reasons.includes(undefined) ? undefined : { reason })
  }
}

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
 * A client that is made from this one, such as by `HttpClient.mapRequest`, does not offer it.
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
