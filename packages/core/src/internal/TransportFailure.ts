/**
 * What a transport's failure proves: whether anything of the request can have been written.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Transport from "../Transport.ts"

/**
 * The failures that can only come before a request is written, each seen on undici and on fetch. Whatever is not
 * listed may have come later: `ECONNRESET` and `UND_ERR_SOCKET` come with nothing written as well as with the whole
 * request received.
 */
const unsent: ReadonlyArray<{
  readonly code: string
  readonly syscall?: "getaddrinfo" | "connect"
  readonly message?: RegExp
  readonly kind: Transport.ConnectReason
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
  readonly proof: Transport.NotSentProof | undefined
}

const maxCauseDepth = 8

/** The errors at the bottom of a chain of causes: one, or one for each address that was tried. */
const nativeErrors = (u: unknown, proof?: Transport.NotSentProof, depth = 0): ReadonlyArray<NativeError> => {
  if (!Predicate.isObject(u) || depth > maxCauseDepth) {
    return [{ code: undefined, syscall: undefined, message: "", proof }]
  }
  if (u instanceof Transport.NotSentProof) return nativeErrors(u.cause, u, depth + 1)
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

const reasonOf = ({ code, message, syscall, proof }: NativeError): Transport.ConnectReason | undefined =>
  proof?.reason ?? unsent.find((rule) =>
    rule.code === code && (rule.syscall === undefined || rule.syscall === syscall) &&
    (rule.message === undefined || rule.message.test(message))
  )?.kind ?? (proof !== undefined ? (/TLS|SSL|CERT/.test(code ?? "") ? "TlsFailed" : "Other") : undefined)

/**
 * What a transport's failure proves: the reason, when nothing of the request can have been written, and the code.
 *
 * `sentInParts` is for a request whose body is a stream: the stream's own failure comes out as the transport's, so that
 * no code proves anything, and only a `NotSentProof` does.
 */
export const prove = (
  failure: unknown,
  options: { readonly sentInParts: boolean }
): { readonly reason?: Transport.ConnectReason; readonly code?: string } => {
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
