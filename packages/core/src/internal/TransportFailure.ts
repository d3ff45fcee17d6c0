/**
 * Decides whether a failed request can have been written.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type * as Transport from "../Transport.ts"

/**
 * Failures that only occur before a request is written, each observed on undici and on fetch. Others may occur later:
 * `ECONNRESET` and `UND_ERR_SOCKET` occur with nothing written and with the whole request received.
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
  // Other alerts may come later: a server may ask for a client certificate after reading the request.
  { code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", kind: "TlsFailed" },
  // The code alone may come later; this OpenSSL file only runs until a version is agreed on.
  { code: "ERR_SSL_WRONG_VERSION_NUMBER", message: /\btlsany_meth\.c\b/, kind: "TlsFailed" },
  // The code alone may come later; Node.js uses this text only before the handshake is done.
  { code: "ECONNRESET", message: /disconnected before secure TLS connection was established/, kind: "TlsFailed" }
]

interface NativeError {
  readonly code: string | undefined
  readonly syscall: unknown
  readonly message: string
  readonly proof: Transport.NotSentProof | undefined
}

const isProof = (u: unknown): u is Transport.NotSentProof => Predicate.isTagged(u, "NotSentProof")

const maxCauseDepth = 8

/** Returns the root causes of a failure: one, or one for each address that was tried. */
const nativeErrors = (u: unknown, proof?: Transport.NotSentProof, depth = 0): ReadonlyArray<NativeError> => {
  if (!Predicate.isObject(u) || depth > maxCauseDepth) {
    return [{ code: undefined, syscall: undefined, message: "", proof }]
  }
  if (isProof(u)) return nativeErrors(u.cause, u, depth + 1)
  if ("errors" in u && Array.isArray(u.errors) && u.errors.length > 0) {
    return u.errors.flatMap((error) => nativeErrors(error, proof, depth + 1))
  }
  const code = "code" in u && typeof u.code === "string" ? u.code : undefined
  // A wrapper without a code, such as fetch's "fetch failed", is skipped.
  if (code === undefined && "cause" in u && u.cause !== undefined) {
    return nativeErrors(u.cause, proof, depth + 1)
  }
  return [{
    // Only codes of a form that cannot contain secrets or customers' data.
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
 * Returns the code of a transport's failure, and the reason if nothing can have been written; of a proxy, its address.
 *
 * With `sentInParts` the body is a stream, whose own failure surfaces as the transport's. No code is proof then, only a
 * `NotSentProof`.
 */
export const prove = (
  failure: unknown,
  options: { readonly sentInParts: boolean }
): { readonly reason?: Transport.ConnectReason; readonly code?: string; readonly proxy?: string } => {
  const errors = nativeErrors(failure)
  const reasons = errors.map((error) => options.sentInParts && error.proof === undefined ? undefined : reasonOf(error))
  const code = errors[0]?.code
  const proxy = errors[0]?.proof?.proxy
  const [reason] = reasons
  return {
    ...(code === undefined ? undefined : { code }),
    ...(proxy === undefined ? undefined : { proxy }),
    // If a host has several addresses, each must have failed before anything was written.
    ...(reason === undefined || reasons.includes(undefined) ? undefined : { reason })
  }
}
