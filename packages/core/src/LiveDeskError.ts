/**
 * The errors of LiveDesk's API, with the outcome of the request.
 *
 * Each error has one of three tags: `AuthError` (the credentials), `ValidationError` (the input, or the shape of the
 * response) and `HttpError` (everything else). Its `reason` names the cause, for `Effect.catchReason`. Its `outcome`
 * says whether LiveDesk received the request and acted on it, which decides whether a retry is safe.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as ErrorExcerpt from "./internal/ErrorExcerpt.ts"
import * as ErrorMessage from "./internal/ErrorMessage.ts"
import * as Retryability from "./internal/Retryability.ts"

// ---------------------------------------------------------------------------------------------------------------------
// outcome
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The outcome of a request.
 *
 * - `NotSent`: LiveDesk never received it. Sending it again is safe.
 * - `Rejected`: LiveDesk refused the request with 3xx or 4xx (except 408).
 * - `Processed`: LiveDesk responded with 2xx and acted; the response was lost or cannot be read. A retry acts twice.
 * - `Unknown`: LiveDesk may or may not have acted.
 *
 * @category models
 * @since 0.1.0
 */
export const Outcome = Schema.Literals(["NotSent", "Rejected", "Processed", "Unknown"])
export type Outcome = typeof Outcome.Type
// ---------------------------------------------------------------------------------------------------------------------
// reasons, first those of AuthError, then of ValidationError and of HttpError
// ---------------------------------------------------------------------------------------------------------------------

/** The messages in an error response, as far as it could be read: at most 16, of at most 500 characters each. */
const Messages = Schema.Array(Schema.String)

/**
 * LiveDesk did not accept the API key and secret (401). Chatwoot also returns 401 for missing permissions (unverified
 * for LiveDesk); `messages` tells the two apart.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {
  messages: Messages
}) {
  override get message(): string {
    return ErrorMessage.withMessages("LiveDesk did not accept the API key and secret", this.messages)
  }
}

/**
 * LiveDesk does not allow the API key to make this call (403).
 *
 * @category reasons
 * @since 0.1.0
 */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", { messages: Messages }) {
  override get message(): string {
    return ErrorMessage.withMessages("LiveDesk does not allow this API key to do this", this.messages)
  }
}

/**
 * The API key or secret is invalid: empty, or with characters that Basic authentication cannot carry.
 *
 * @category reasons
 * @since 0.1.0
 */
export class InvalidCredentials extends Schema.TaggedError<InvalidCredentials>()("InvalidCredentials", {
  problem: Schema.String
}) {
  override get message(): string {
    return this.problem
  }
}

/**
 * A problem with one value: its path and a message. The value itself is never included.
 *
 * @category models
 * @since 0.1.0
 */
export const Issue = Schema.Struct({
  path: Schema.Array(Schema.String),
  message: Schema.String
})
export interface Issue extends Schema.Schema.Type<typeof Issue> {}

/**
 * The input was refused before anything was sent. `issues` lists all problems, by the input's property names.
 *
 * @category reasons
 * @since 0.1.0
 */
export class InvalidInput extends Schema.TaggedError<InvalidInput>()("InvalidInput", { issues: Schema.Array(Issue) }) {
  override get message(): string {
    return `the input is not valid: ${ErrorMessage.issues(this.issues)}`
  }
}

/**
 * LiveDesk refused the input (400 or 422). `fields` lists the fields that LiveDesk named, in its own spelling.
 *
 * @category reasons
 * @since 0.1.0
 */
export class RejectedInput extends Schema.TaggedError<RejectedInput>()("RejectedInput", {
  messages: Messages,
  fields: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return ErrorMessage.rejectedInput(this.messages, this.fields)
  }
}

/**
 * LiveDesk refused to move a conversation to `status` (400, 409 or 422 from `conversations.toggleStatus`).
 *
 * @category reasons
 * @since 0.1.0
 */
export class TransitionRejected extends Schema.TaggedError<TransitionRejected>()("TransitionRejected", {
  messages: Messages,
  status: Schema.String
}) {
  override get message(): string {
    return ErrorMessage.withMessages(`LiveDesk refused the move to ${this.status}`, this.messages)
  }
}

/**
 * The ids found in an unreadable response, by their path on the wire, such as `payload.contact.id`.
 *
 * @category models
 * @since 0.1.0
 */
export const Identifiers = Schema.Record(Schema.String, Schema.Union([Schema.Number, Schema.String]))
export type Identifiers = typeof Identifiers.Type

/**
 * The response has a 2xx status, but cannot be read. `issues` lists what is wrong, by the wire's own keys. `identifiers`
 * holds the ids that were found, so that a created record is not lost. A page in HTML has the outcome `Unknown`.
 *
 * @category reasons
 * @since 0.1.0
 */
export class InvalidResponse extends Schema.TaggedError<InvalidResponse>()("InvalidResponse", {
  issues: Schema.Array(Issue),
  identifiers: Identifiers
}) {
  override get message(): string {
    return ErrorMessage.withIssues("LiveDesk's response cannot be read", this)
  }
}

/**
 * LiveDesk responded with 2xx and the response was read, but it differs from the vendor's pages. Only with `onDrift:
 * "fail"`, which is for tests.
 *
 * @category reasons
 * @since 0.1.0
 */
export class DriftedResponse extends Schema.TaggedError<DriftedResponse>()("DriftedResponse", {
  issues: Schema.Array(Issue),
  identifiers: Identifiers
}) {
  override get message(): string {
    return ErrorMessage.withIssues("LiveDesk's response has drifted from its documentation", this)
  }
}

/**
 * LiveDesk did not find a record that the request names, or the path itself (404).
 *
 * @category reasons
 * @since 0.1.0
 */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { messages: Messages }) {
  override get message(): string {
    return ErrorMessage.withMessages("LiveDesk found nothing there", this.messages)
  }
}

/**
 * The request conflicts with existing records (409), or the client found it before it changed anything (`NotSent`).
 *
 * @category reasons
 * @since 0.1.0
 */
export class Conflict extends Schema.TaggedError<Conflict>()("Conflict", { messages: Messages }) {
  override get message(): string {
    return ErrorMessage.withMessages("the request conflicts with what LiveDesk holds", this.messages)
  }
}

/**
 * LiveDesk received too many requests (429). `retryAfter` is the wait that it asked for, in seconds or as a date.
 *
 * @category reasons
 * @since 0.1.0
 */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  messages: Messages,
  retryAfter: Schema.OptionFromNullOr(Schema.DurationFromMillis)
}) {
  override get message(): string {
    return ErrorMessage.withMessages("LiveDesk received too many requests", this.messages)
  }
}

/**
 * LiveDesk responded with a redirect (301, 302, 303, 307, 308), which is never followed. `location` is its target
 * without user information and query; absent when a browser hides it.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Redirected extends Schema.TaggedError<Redirected>()("Redirected", {
  location: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `LiveDesk's address redirects${this.location === undefined ? "" : ` to ${this.location}`}`
  }
}

/**
 * LiveDesk failed (5xx). `retryAfter` is the wait that it asked for, in seconds or as a date.
 *
 * @category reasons
 * @since 0.1.0
 */
export class ServerError extends Schema.TaggedError<ServerError>()("ServerError", {
  messages: Messages,
  retryAfter: Schema.OptionFromNullOr(Schema.DurationFromMillis)
}) {
  override get message(): string {
    return ErrorMessage.withMessages("LiveDesk failed", this.messages)
  }
}

/**
 * LiveDesk responded with 2xx and an error code in the body, as its ticket calls do. Whether it acted is undocumented.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/get-tickets
 * @category reasons
 * @since 0.1.0
 */
export class ErrorCodeReturned extends Schema.TaggedError<ErrorCodeReturned>()("ErrorCodeReturned", {
  code: Schema.Union([Schema.Number, Schema.String]),
  messages: Messages
}) {
  override get message(): string {
    return ErrorMessage.withMessages(`LiveDesk returned the code ${this.code}`, this.messages)
  }
}

/**
 * The response has another unsuccessful status, such as 402 or 408, or has a `foreignMediaType` and any 4xx except 429.
 *
 * @category reasons
 * @since 0.1.0
 */
export class UnexpectedStatus extends Schema.TaggedError<UnexpectedStatus>()("UnexpectedStatus", {
  messages: Messages
}) {
  override get message(): string {
    return ErrorMessage.withMessages("LiveDesk responded with an unexpected status", this.messages)
  }
}

/**
 * No connection was made, so nothing was sent. `code` is the transport's own, such as `ECONNREFUSED`. For `ProxyFailed`
 * it may be the proxy's status, such as `HTTP_407`, and `proxy` is the proxy's address without credentials.
 *
 * @category reasons
 * @since 0.1.0
 */
export class ConnectionFailed extends Schema.TaggedError<ConnectionFailed>()("ConnectionFailed", {
  kind: Schema.Literals([
    "DnsFailed",
    "Refused",
    "Unreachable",
    "TimedOut",
    "TlsFailed",
    "ProxyFailed",
    "RateLimiterUnavailable",
    "Other"
  ]),
  code: Schema.optionalKey(Schema.String),
  proxy: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    const what = ErrorMessage.connectionFailures[this.kind]
    return ErrorMessage.withCode(this.proxy === undefined ? what : `${what}: ${this.proxy}`, this.code)
  }
}

/**
 * The connection broke before the response, or in the middle of it. `code` is the transport's own, such as
 * `ECONNRESET`. `identifiers` holds the ids that had arrived.
 *
 * @category reasons
 * @since 0.1.0
 */
export class ConnectionLost extends Schema.TaggedError<ConnectionLost>()("ConnectionLost", {
  phase: Schema.Literals(["AwaitingResponse", "ReadingResponse"]),
  code: Schema.optionalKey(Schema.String),
  identifiers: Identifiers
}) {
  override get message(): string {
    const what = this.phase === "AwaitingResponse"
      ? "the connection broke before LiveDesk responded"
      : "the connection broke in the middle of LiveDesk's response"
    return ErrorMessage.withIdentifiers(ErrorMessage.withCode(what, this.code), this.identifiers)
  }
}

/**
 * The circuit breaker is open after failed calls, so nothing was sent. `retryAfter` is the time until it lets a call
 * through; `None` while a probing call is in flight.
 *
 * @category reasons
 * @since 0.1.0
 */
export class CircuitOpen extends Schema.TaggedError<CircuitOpen>()("CircuitOpen", {
  retryAfter: Schema.OptionFromNullOr(Schema.DurationFromMillis)
}) {
  override get message(): string {
    return "the circuit breaker is open after too many failures: calls are stopped for a while"
  }
}

/**
 * The call's timeout passed in a phase of its latest attempt. `identifiers` holds the ids that had arrived.
 *
 * - `Queued`: it waited under the rate limit, or for one of the transport's connections, as `queue` says.
 * - `Connecting`: it had no connection yet. A transport that does not know, such as `fetch`, reports `AwaitingResponse`.
 * - `AwaitingResponse`: it may have been written, and there was no response.
 * - `ReadingResponse`: the response had begun.
 *
 * @category reasons
 * @since 0.1.0
 */
export class TimedOut extends Schema.TaggedError<TimedOut>()("TimedOut", {
  phase: Schema.Literals(["Queued", "Connecting", "AwaitingResponse", "ReadingResponse"]),
  queue: Schema.optionalKey(Schema.Literals(["RateLimit", "Connections"])),
  limit: Schema.DurationFromMillis,
  identifiers: Identifiers
}) {
  override get message(): string {
    return ErrorMessage.timedOut(this)
  }
}

const common = {
  /** The operation of the call, such as `contacts.create`. */
  operation: Schema.String,
  /** The outcome of the request; after several attempts, the worst. */
  outcome: Outcome,
  /** The HTTP status, if there was a response. */
  status: Schema.optionalKey(Schema.Int),
  /** The media type of a response that LiveDesk's API does not send, as `text/html` of a firewall; may be `unknown`. */
  foreignMediaType: Schema.optionalKey(Schema.String),
  /** The request id, if the response has one, for the vendor's support. */
  requestId: Schema.optionalKey(Schema.String),
  /** The number of attempts, if more than one. */
  attempts: Schema.optionalKey(Schema.Int),
  /** How to check whether the call took effect, if it may have and is not idempotent. */
  verifyHint: Schema.optionalKey(Schema.String),
  /** `true` if the call is safe or idempotent: repeating it does no harm. Absent if no request began. */
  isCallIdempotent: Schema.optionalKey(Schema.Boolean),
  /** The ids that the input named, such as `conversationId`. It holds no names, texts or addresses. */
  inputIds: Schema.optionalKey(Identifiers),
  /** The call of several steps that made this call, such as `contacts.ensure`. */
  partOf: Schema.optionalKey(Schema.String),
  /** For a call of several steps: the steps so far, to pass to it. `unknown` names a step to look for before. */
  resume: Schema.optionalKey(Identifiers)
}

/**
 * An error of the credentials: LiveDesk did not accept them, or they are invalid or lack a permission.
 *
 * @category errors
 * @since 0.1.0
 */
export class AuthError extends Schema.TaggedError<AuthError>()("AuthError", {
  ...common,
  reason: Schema.Union([Unauthorized, Forbidden, InvalidCredentials])
}) {
  /** Whether the call may succeed when repeated, and repeating it cannot act twice. */
  get isRetryable(): boolean {
    return Retryability.isRetryable(this, this.isCallIdempotent === true)
  }
  override get message(): string {
    return ErrorMessage.describe(this)
  }
}

/**
 * An error of the input, found by the client (`NotSent`) or by LiveDesk (`Rejected`), or of the response (`Processed`).
 *
 * @category errors
 * @since 0.1.0
 */
export class ValidationError extends Schema.TaggedError<ValidationError>()("ValidationError", {
  ...common,
  reason: Schema.Union([InvalidInput, RejectedInput, TransitionRejected, InvalidResponse, DriftedResponse])
}) {
  /** Whether the call may succeed when repeated, and repeating it cannot act twice. */
  get isRetryable(): boolean {
    return Retryability.isRetryable(this, this.isCallIdempotent === true)
  }
  override get message(): string {
    return ErrorMessage.describe(this)
  }
}

/**
 * Any other error: an HTTP status, a lost or failed connection, a timeout, or an open circuit breaker.
 *
 * @category errors
 * @since 0.1.0
 */
export class HttpError extends Schema.TaggedError<HttpError>()("HttpError", {
  ...common,
  reason: Schema.Union([
    NotFound,
    Conflict,
    RateLimited,
    Redirected,
    ServerError,
    ErrorCodeReturned,
    UnexpectedStatus,
    ConnectionFailed,
    ConnectionLost,
    CircuitOpen,
    TimedOut
  ])
}) {
  /** Whether the call may succeed when repeated, and repeating it cannot act twice. */
  get isRetryable(): boolean {
    return Retryability.isRetryable(this, this.isCallIdempotent === true)
  }
  override get message(): string {
    return ErrorMessage.describe(this)
  }
}

/**
 * The schema of all errors. It encodes them to JSON and back, for flows that outlive a process.
 *
 * @category errors
 * @since 0.1.0
 */
export const LiveDeskError = Schema.Union([AuthError, ValidationError, HttpError])
/**
 * Any error of a call.
 *
 * @category errors
 * @since 0.1.0
 */
export type LiveDeskError = typeof LiveDeskError.Type

/**
 * Returns `true` if the value is a `LiveDeskError`.
 *
 * @category guards
 * @since 0.1.0
 */
export const isLiveDeskError: (u: unknown) => u is LiveDeskError = Schema.is(LiveDeskError)

/**
 * Returns `true` if the call did nothing for a transient reason, so that it may be retried later: no connection, an
 * open circuit breaker, a rate limit, or a 429.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTransient = (error: LiveDeskError): boolean => Retryability.isTransient(error)

/**
 * Returns `true` if the call may have taken effect: its outcome is `Processed` or `Unknown`. Unless the call is safe or
 * idempotent, a retry may then act twice.
 *
 * @category guards
 * @since 0.1.0
 */
export const mayHaveTakenEffect = (error: Pick<LiveDeskError, "outcome">): boolean =>
  Retryability.mayHaveTakenEffect(error)

/**
 * Returns the id of a created record from an error whose response was lost or cannot be read, by the id's path on the
 * wire, such as `payload.contact.id`.
 *
 * @category accessors
 * @since 0.1.0
 */
export const createdId: {
  (path: string): (error: LiveDeskError) => Option.Option<number>
  (error: LiveDeskError, path: string): Option.Option<number>
} = dual(2, ({ outcome, reason }: LiveDeskError, path: string): Option.Option<number> => {
  const id = "identifiers" in reason ? Number(reason.identifiers[path]) : Number.NaN
  return outcome === "Processed" && Number.isSafeInteger(id) && id > 0 ? Option.some(id) : Option.none()
})

/**
 * Returns the beginning of the response's body, at most 2,000 characters; `None` without a response, and after JSON. It
 * may hold customers' data, so it is in no message.
 *
 * @category accessors
 * @since 0.1.0
 */
export const excerpt = (error: LiveDeskError): Option.Option<string> => Option.fromUndefinedOr(ErrorExcerpt.get(error))
