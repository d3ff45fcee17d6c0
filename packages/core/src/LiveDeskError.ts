/**
 * Everything that can go wrong between a program and LiveDesk, and the outcome of the request.
 *
 * Three tags say where to look: `AuthError` (who you are), `ValidationError` (a schema said no, here or there) and
 * `HttpError` (all that lies between). Inside a tag, `reason` names the cause, for `Effect.catchReason`. `outcome` says
 * whether LiveDesk got the request and acted on it, which a caller needs to know before a retry.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as ErrorExcerpt from "./internal/ErrorExcerpt.ts"
import * as ErrorMessage from "./internal/ErrorMessage.ts"
import * as ErrorReading from "./internal/ErrorReading.ts"

// ---------------------------------------------------------------------------------------------------------------------
// outcome
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The outcome of a request.
 *
 * - `NotSent`: LiveDesk never saw it. Sending it again is safe.
 * - `Rejected`: LiveDesk responded with 3xx or 4xx (but 408). It refused the request.
 * - `Processed`: LiveDesk responded with 2xx, but the response was lost or cannot be read. It acted; a retry acts twice.
 * - `Unknown`: the client cannot know whether LiveDesk acted. It may have.
 *
 * @category models
 * @since 0.1.0
 */
export const Outcome = Schema.Literals(["NotSent", "Rejected", "Processed", "Unknown"])
export type Outcome = typeof Outcome.Type

// ---------------------------------------------------------------------------------------------------------------------
// reasons, first those of AuthError, then of ValidationError and of HttpError
// ---------------------------------------------------------------------------------------------------------------------

/** What LiveDesk said of a refusal, as far as its body could be read: at most 16 texts of at most 500 characters. */
const Messages = Schema.Array(Schema.String)

/**
 * LiveDesk did not accept the API key and secret (401). Chatwoot also returns 401 for what an account may not do
 * (unverified for LiveDesk): `messages` says which it was.
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
 * LiveDesk knows the API key, but does not allow it this (403).
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
 * The API key or secret cannot be used at all: it is empty, or holds what Basic authentication cannot carry.
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
 * One thing that a schema refused: where, and why. Never the value.
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
 * The input was refused before anything was sent. `issues` names every fault, by the input's own property names.
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
 * LiveDesk refused the input (400 or 422). `fields` names what it objected to, in LiveDesk's spelling, where it said.
 *
 * @category reasons
 * @since 0.1.0
 */
export class RejectedInput extends Schema.TaggedError<RejectedInput>()("RejectedInput", {
  messages: Messages,
  fields: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const what = this.messages.length === 0 ? "LiveDesk refused the input" : this.messages.join("; ")
    return this.fields.length === 0 ? what : `${what} (${this.fields.join(", ")})`
  }
}

/**
 * LiveDesk refused to move a conversation to `status` (400, 409 or 422 to `conversations.toggleStatus`).
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
 * The ids that could be read in a response that could not: by their path on the wire, `payload.contact.id`.
 *
 * @category models
 * @since 0.1.0
 */
export const Identifiers = Schema.Record(Schema.String, Schema.Union([Schema.Number, Schema.String]))
export type Identifiers = typeof Identifiers.Type

/**
 * LiveDesk responded with 2xx, but not with what the contract says: it acted. `issues` names what could not be read, by
 * the wire's own keys; `identifiers` holds the ids that could, so that what was created is not lost.
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
 * LiveDesk responded with 2xx and the response could be read, but it is not what the vendor's pages show. Only with
 * `onDrift: "fail"`, which is for tests.
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
 * LiveDesk does not know what the request names, or the path itself (404).
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
 * The request conflicts with what LiveDesk holds: LiveDesk said so (409), or the call saw it before it changed anything
 * (`NotSent`).
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
 * Too many requests (429). `retryAfter` is how long LiveDesk asked to wait, where it said so in seconds or as a date.
 *
 * @category reasons
 * @since 0.1.0
 */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  messages: Messages,
  retryAfter: Schema.OptionFromNullOr(Schema.DurationFromMillis)
}) {
  override get message(): string {
    return ErrorMessage.withMessages("LiveDesk took too many requests", this.messages)
  }
}

/**
 * LiveDesk pointed elsewhere (301, 302, 303, 307, 308), which is never followed. `location` is where to, without user
 * information and query; absent where a browser hides it.
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
 * LiveDesk failed (5xx). `retryAfter` is how long it asked to wait, where it said so in seconds or as a date.
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
 * LiveDesk responded with 2xx and an error code in the body, as its ticket calls do. Whether it acted no page says.
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
 * Any other status that is no success, among them 402 (payment required) and 408 (request time out).
 *
 * @category reasons
 * @since 0.1.0
 */
export class UnexpectedStatus extends Schema.TaggedError<UnexpectedStatus>()("UnexpectedStatus", {
  messages: Messages
}) {
  override get message(): string {
    return ErrorMessage.withMessages("LiveDesk responded with a status that has no meaning here", this.messages)
  }
}

/**
 * No connection was made, and nothing was sent. `code` is the transport's own, such as `ECONNREFUSED`.
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
    "RateLimiterUnavailable",
    "Other"
  ]),
  code: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return ErrorMessage.withCode(ErrorMessage.connectionFailures[this.kind], this.code)
  }
}

/**
 * The connection broke: before a response, or in the middle of it. `code` is the transport's own, such as `ECONNRESET`;
 * `identifiers` holds the ids that had come.
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
 * The circuit breaker let no call through, since those before it failed. `retryAfter` is how long it stays so; none while
 * one call is let through to see.
 *
 * @category reasons
 * @since 0.1.0
 */
export class CircuitOpen extends Schema.TaggedError<CircuitOpen>()("CircuitOpen", {
  retryAfter: Schema.OptionFromNullOr(Schema.DurationFromMillis)
}) {
  override get message(): string {
    return "LiveDesk failed so often that calls are stopped for a while"
  }
}

/**
 * The call's timeout passed: while it waited for its turn under a rate limit (`Queued`), while connecting and
 * waiting for a response, or in the middle of it. `identifiers` holds the ids that had come.
 *
 * @category reasons
 * @since 0.1.0
 */
export class TimedOut extends Schema.TaggedError<TimedOut>()("TimedOut", {
  phase: Schema.Literals(["Queued", "AwaitingResponse", "ReadingResponse"]),
  limit: Schema.DurationFromMillis,
  identifiers: Identifiers
}) {
  override get message(): string {
    const limit = Duration.format(this.limit)
    switch (this.phase) {
      case "Queued":
        return `the rate limit gave the call no turn within ${limit}`
      case "AwaitingResponse":
        return `LiveDesk did not respond within ${limit}`
      case "ReadingResponse":
        return ErrorMessage.withIdentifiers(`LiveDesk's response was not complete within ${limit}`, this.identifiers)
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// errors
// ---------------------------------------------------------------------------------------------------------------------

const common = {
  /** What was called, such as `contacts.create`. */
  operation: Schema.String,
  /** The outcome of the request; of several attempts, the worst. */
  outcome: Outcome,
  /** The HTTP status, where there was a response. */
  status: Schema.optionalKey(Schema.Int),
  /** The response's request id, where it had one; for the vendor's support. */
  requestId: Schema.optionalKey(Schema.String),
  /** How many attempts the call made, where more than one. */
  attempts: Schema.optionalKey(Schema.Int),
  /** For a call that is never retried and may have taken effect: how to check whether it did. */
  verifyHint: Schema.optionalKey(Schema.String),
  /** `true` where the call is safe or idempotent: doing it twice does no harm. */
  isCallIdempotent: Schema.optionalKey(Schema.Boolean),
  /** Of a call in several steps: what to give it to go on where it failed, so that nothing is done twice. */
  resume: Schema.optionalKey(Identifiers)
}

/**
 * Who you are: LiveDesk rejected or forbade the credentials, or they cannot be used at all.
 *
 * @category errors
 * @since 0.1.0
 */
export class AuthError extends Schema.TaggedError<AuthError>()("AuthError", {
  ...common,
  reason: Schema.Union([Unauthorized, Forbidden, InvalidCredentials])
}) {
  /** Whether the call may succeed when it is repeated, and repeating it cannot act twice. */
  get isRetryable(): boolean {
    return ErrorReading.isRetryable(this, this.isCallIdempotent === true)
  }
  override get message(): string {
    return ErrorMessage.describe(this)
  }
}

/**
 * A schema said no: to the input, here (`NotSent`) or at LiveDesk (`Rejected`), or to the response (`Processed`).
 *
 * @category errors
 * @since 0.1.0
 */
export class ValidationError extends Schema.TaggedError<ValidationError>()("ValidationError", {
  ...common,
  reason: Schema.Union([InvalidInput, RejectedInput, TransitionRejected, InvalidResponse, DriftedResponse])
}) {
  /** Whether the call may succeed when it is repeated, and repeating it cannot act twice. */
  get isRetryable(): boolean {
    return ErrorReading.isRetryable(this, this.isCallIdempotent === true)
  }
  override get message(): string {
    return ErrorMessage.describe(this)
  }
}

/**
 * Everything between here and there: statuses, connections, time.
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
  /** Whether the call may succeed when it is repeated, and repeating it cannot act twice. */
  get isRetryable(): boolean {
    return ErrorReading.isRetryable(this, this.isCallIdempotent === true)
  }
  override get message(): string {
    return ErrorMessage.describe(this)
  }
}

/**
 * The schema of every error that a call can fail with: to JSON and back, for flows that outlive a process.
 *
 * @category errors
 * @since 0.1.0
 */
export const LiveDeskError = Schema.Union([AuthError, ValidationError, HttpError])
/**
 * Every error that a call can fail with.
 *
 * @category errors
 * @since 0.1.0
 */
export type LiveDeskError = typeof LiveDeskError.Type

/**
 * Whether a value is one of LiveDesk's errors.
 *
 * @category guards
 * @since 0.1.0
 */
export const isLiveDeskError: (u: unknown) => u is LiveDeskError = Schema.is(LiveDeskError)

/**
 * Whether the call did nothing, for a transient cause, so that it may be retried later: there was no connection, the
 * circuit breaker or the rate limit did not let it through, or LiveDesk took no more requests.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTransient = (error: LiveDeskError): boolean => ErrorReading.isTransient(error)

/**
 * Whether the call may have taken effect: its outcome is `Processed` or `Unknown`. Unless the call is safe or idempotent,
 * a retry may then act twice.
 *
 * @category guards
 * @since 0.1.0
 */
export const mayHaveTakenEffect = (error: Pick<LiveDeskError, "outcome">): boolean =>
  ErrorReading.mayHaveTakenEffect(error)

/**
 * The id of what a call made, where its response was lost or cannot be read but the id had come: by its path on the wire,
 * such as `payload.contact.id`.
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
 * The beginning of the response's body: at most 2,000 characters, none where there was no response. It may hold
 * customers' data, so it is in no message and no JSON; an error that was decoded from JSON has none.
 *
 * @category accessors
 * @since 0.1.0
 */
export const excerpt = (error: LiveDeskError): Option.Option<string> => Option.fromUndefinedOr(ErrorExcerpt.get(error))
