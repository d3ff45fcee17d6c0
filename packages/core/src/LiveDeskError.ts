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
import * as Headers from "effect/http/Headers"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as ErrorBody from "./internal/ErrorBody.ts"
import type { DecodeIssue } from "./Model.ts"
import * as Transport from "./Transport.ts"

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
/**
 * @category models
 * @since 0.1.0
 */
export type Outcome = typeof Outcome.Type

/** The outcome that an HTTP status shows. */
const outcomeOf = (status: number): Outcome => {
  // A browser hides a redirect that was not followed behind status 0.
  if (status === 0 || (status >= 300 && status < 500 && status !== 408)) return "Rejected"
  return status >= 200 && status < 300 ? "Processed" : "Unknown"
}

// ---------------------------------------------------------------------------------------------------------------------
// reasons: AuthError
// ---------------------------------------------------------------------------------------------------------------------

/** What LiveDesk said of a refusal, as far as its body could be read: at most 16 texts of at most 500 characters. */
const Messages = Schema.Array(Schema.String)

const sentence = (what: string, messages: ReadonlyArray<string>): string =>
  messages.length === 0 ? what : `${what}: ${messages.join("; ")}`

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
    return sentence("LiveDesk did not accept the API key and secret", this.messages)
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
    return sentence("LiveDesk does not allow this API key to do this", this.messages)
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

// ---------------------------------------------------------------------------------------------------------------------
// reasons: ValidationError
// ---------------------------------------------------------------------------------------------------------------------

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
/**
 * @category models
 * @since 0.1.0
 */
export interface Issue extends Schema.Schema.Type<typeof Issue> {}

const list = (issues: ReadonlyArray<Issue>): string =>
  issues.map(({ message, path }) => path.length === 0 ? message : `${path.join(".")}: ${message}`).join("; ")

/**
 * The input was refused before anything was sent. `issues` names every fault, by the input's own property names.
 *
 * @category reasons
 * @since 0.1.0
 */
export class InvalidInput extends Schema.TaggedError<InvalidInput>()("InvalidInput", { issues: Schema.Array(Issue) }) {
  override get message(): string {
    return `the input is not valid: ${list(this.issues)}`
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
    return sentence(`LiveDesk refused the move to ${this.status}`, this.messages)
  }
}

/**
 * The ids that could be read in a response that could not: by their path on the wire, `payload.contact.id`.
 *
 * @category models
 * @since 0.1.0
 */
export const Identifiers = Schema.Record(Schema.String, Schema.Union([Schema.Number, Schema.String]))
/**
 * @category models
 * @since 0.1.0
 */
export type Identifiers = typeof Identifiers.Type

const identifiersSentence = (identifiers: Identifiers): string => {
  const entries = Object.entries(identifiers)
  return entries.length === 0 ? "" : `. Read in it: ${entries.map(([path, id]) => `${path} ${id}`).join(", ")}`
}

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
    return `LiveDesk's response cannot be read: ${list(this.issues)}${identifiersSentence(this.identifiers)}`
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
    return `LiveDesk's response has drifted from its documentation: ${list(this.issues)}${
      identifiersSentence(this.identifiers)
    }`
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// reasons: HttpError
// ---------------------------------------------------------------------------------------------------------------------

/**
 * LiveDesk does not know what the request names, or the path itself (404).
 *
 * @category reasons
 * @since 0.1.0
 */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { messages: Messages }) {
  override get message(): string {
    return sentence("LiveDesk found nothing there", this.messages)
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
    return sentence("the request conflicts with what LiveDesk holds", this.messages)
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
    return sentence("LiveDesk took too many requests", this.messages)
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
    return sentence("LiveDesk failed", this.messages)
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
    return sentence(`LiveDesk returned the code ${this.code}`, this.messages)
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
    return sentence("LiveDesk responded with a status that has no meaning here", this.messages)
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
    return withCode(connectionFailures[this.kind], this.code)
  }
}

const connectionFailures = {
  DnsFailed: "the host's name cannot be resolved",
  Refused: "the host refused the connection",
  Unreachable: "the host cannot be reached",
  TimedOut: "the host did not take the connection in time",
  TlsFailed: "no secure connection could be made",
  RateLimiterUnavailable: "the rate limiter's store could not be asked",
  Other: "no connection could be made"
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
    return withCode(what, this.code) + identifiersSentence(this.identifiers)
  }
}

const withCode = (what: string, code: string | undefined): string => code === undefined ? what : `${what} (${code})`

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
        return `LiveDesk's response was not complete within ${limit}${identifiersSentence(this.identifiers)}`
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
  /** `true` where the call may have taken effect, but is safe or idempotent, so that a retry does no harm. */
  isRetryable: Schema.optionalKey(Schema.Boolean),
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
  override get message(): string {
    return describe(this)
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
  override get message(): string {
    return describe(this)
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
  override get message(): string {
    return describe(this)
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
export const isTransient = ({ outcome, reason }: LiveDeskError): boolean =>
  reason._tag === "RateLimited" ? outcome === "Rejected" : outcome === "NotSent" && transientReasons.has(reason._tag)

const transientReasons: ReadonlySet<string> = new Set(["ConnectionFailed", "CircuitOpen", "TimedOut"])

/**
 * Whether the call may have taken effect: its outcome is `Processed` or `Unknown`. Unless the call is safe or idempotent,
 * a retry may then act twice.
 *
 * @category guards
 * @since 0.1.0
 */
export const mayHaveTakenEffect = ({ outcome }: Pick<LiveDeskError, "outcome">): boolean =>
  outcome === "Processed" || outcome === "Unknown"

/**
 * The id of what a call made, where its response was lost or cannot be read but the id had come: by its path on the wire,
 * such as `payload.contact.id`.
 *
 * @category accessors
 * @since 0.1.0
 */
export const createdId = ({ outcome, reason }: LiveDeskError, path: string): Option.Option<number> => {
  const id = "identifiers" in reason ? Number(reason.identifiers[path]) : Number.NaN
  return outcome === "Processed" && Number.isSafeInteger(id) && id > 0 ? Option.some(id) : Option.none()
}

// Outside the errors, so that no logger, inspector or serializer comes upon them.
const excerpts = new WeakMap<LiveDeskError, string>()

/**
 * The beginning of the response's body: at most 2,000 characters, none where there was no response. It may hold
 * customers' data, so it is in no message and no JSON; an error that was decoded from JSON has none.
 *
 * @category accessors
 * @since 0.1.0
 */
export const excerpt = (error: LiveDeskError): Option.Option<string> => Option.fromUndefinedOr(excerpts.get(error))

/**
 * What a call of several steps goes on with after an error: ids and page numbers, by name.
 *
 * @category models
 * @since 0.1.0
 */
export type Resume = Identifiers

/**
 * The same error, with what to go on with.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withResume = (error: LiveDeskError, resume: Resume): LiveDeskError => remake(error, { resume })

const remake = (
  error: LiveDeskError,
  changes: {
    readonly outcome?: Outcome
    readonly attempts?: number
    readonly verifyHint?: string
    readonly isRetryable?: boolean
    readonly resume?: Resume
  }
): LiveDeskError => {
  const parts = { ...partsOf(error), ...changes }
  switch (error._tag) {
    case "AuthError":
      return sameExcerpt(error, new AuthError({ ...parts, reason: error.reason }))
    case "ValidationError":
      return sameExcerpt(error, new ValidationError({ ...parts, reason: error.reason }))
    case "HttpError":
      return sameExcerpt(error, new HttpError({ ...parts, reason: error.reason }))
  }
}

const bySeverity = { NotSent: 0, Rejected: 1, Unknown: 2, Processed: 3 } satisfies Record<Outcome, number>

/**
 * The worse of two outcomes: the one after which a retry may do more harm.
 *
 * @internal
 */
export const worstOutcome = (one: Outcome, other: Outcome): Outcome => bySeverity[one] < bySeverity[other] ? other : one

/**
 * The last attempt's error as the whole call's.
 *
 * @internal
 */
export const withAttempts = (
  error: LiveDeskError,
  call: {
    readonly outcome: Outcome
    readonly attempts: number
    readonly idempotency: "safe" | "idempotent" | "none"
    readonly verifyHint: string | undefined
  }
): LiveDeskError => {
  const outcome = worstOutcome(error.outcome, call.outcome)
  const isUncertain = mayHaveTakenEffect({ outcome })
  if (!isUncertain && call.attempts < 2) return error
  return remake(error, {
    outcome,
    ...(call.attempts < 2 ? undefined : { attempts: call.attempts }),
    ...(!isUncertain
      ? undefined
      : call.idempotency !== "none"
      ? { isRetryable: true }
      : call.verifyHint === undefined
      ? undefined
      : { verifyHint: call.verifyHint })
  })
}

/**
 * A refusal of a call that asked for a move to `status`.
 *
 * @internal
 */
export const asTransition = (error: LiveDeskError, status: string): LiveDeskError => {
  const { reason } = error
  return reason._tag === "RejectedInput" || (reason._tag === "Conflict" && error.outcome === "Rejected")
    ? sameExcerpt(
      error,
      new ValidationError({
        ...partsOf(error),
        reason: new TransitionRejected({ messages: reason.messages, status })
      })
    )
    : error
}

const partsOf = (
  { attempts, outcome, isRetryable, operation, requestId, resume, verifyHint, status }: LiveDeskError
) => ({
  operation,
  outcome,
  ...(attempts === undefined ? undefined : { attempts }),
  ...(verifyHint === undefined ? undefined : { verifyHint }),
  ...(isRetryable === undefined ? undefined : { isRetryable }),
  ...(resume === undefined ? undefined : { resume }),
  ...(status === undefined ? undefined : { status }),
  ...(requestId === undefined ? undefined : { requestId })
})

const sameExcerpt = <E extends LiveDeskError>(from: LiveDeskError, to: E): E => {
  const text = excerpts.get(from)
  if (text !== undefined) excerpts.set(to, text)
  return to
}

// ---------------------------------------------------------------------------------------------------------------------
// words
// ---------------------------------------------------------------------------------------------------------------------

const describe = (error: LiveDeskError): string =>
  `${error.operation} failed${error.attempts === undefined ? "" : ` ${error.attempts} times`}: ` +
  `${error._tag}/${error.reason._tag}, outcome ${error.outcome}: ` +
  `${error.reason.message}. ${advice(error)}${verifySentence(error.verifyHint)}${resumeSentence(error.resume)}`

const verifySentence = (verifyHint: string | undefined): string =>
  verifyHint === undefined ? "" : ` To verify the outcome: ${verifyHint}.`

const resumeSentence = (resume: Identifiers = {}): string => {
  const steps = Object.entries(resume)
  return steps.length === 0 ? "" : ` Go on with ${steps.map(([name, id]) => `${name} ${id}`).join(", ")}.`
}

const credentialsPlace = "Project Settings - API Management of the LiveDesk console"

const byOutcome = {
  NotSent: "Nothing was sent. Fix the cause, then retry.",
  Rejected: "LiveDesk refused the request; calling again unchanged will not help.",
  Processed: "LiveDesk acted: do not call again, look for what it made.",
  Unknown: "LiveDesk may have acted: look for what it made before calling again."
} satisfies Record<Outcome, string>

const advice = (error: LiveDeskError): string => {
  const { outcome, reason } = error
  // Also where only an earlier attempt may have been acted upon.
  if (mayHaveTakenEffect(error)) {
    return error.isRetryable === true ? "Retrying this call is safe." : byOutcome[outcome]
  }
  switch (reason._tag) {
    case "Unauthorized":
      return `Compare the API key and secret with those under ${credentialsPlace}.`
    case "Forbidden":
      return `Ask an administrator of the project to allow it, or use another key from ${credentialsPlace}.`
    case "InvalidCredentials":
      return `Copy the API key and secret from ${credentialsPlace}.`
    case "InvalidInput":
      return "Nothing was sent; correct the input and call again."
    case "TransitionRejected":
      return "Look at the conversation's status and at the moves that it allows."
    case "RejectedInput":
      return "Correct the input before calling again."
    case "Conflict":
      return outcome === "NotSent"
        ? "Nothing was changed; change the input, or what it conflicts with."
        : byOutcome[outcome]
    case "NotFound":
      return "Check the ids in the input, and the base URL."
    case "RateLimited":
      return Option.match(reason.retryAfter, {
        onNone: () => "Wait before calling again.",
        onSome: (wait) => `Wait ${Duration.format(wait)} before calling again.`
      })
    case "Redirected":
      return "Check the base URL; redirects are never followed."
    case "ConnectionFailed":
      return reason.kind === "RateLimiterUnavailable"
        ? byOutcome[outcome]
        : "Nothing was sent; check the base URL and the network, then call again."
    case "CircuitOpen":
      return Option.match(reason.retryAfter, {
        onNone: () => "Nothing was sent; call again in a while.",
        onSome: (wait) => `Nothing was sent; call again in ${Duration.format(wait)}.`
      })
    case "InvalidResponse":
    case "DriftedResponse":
    case "ServerError":
    case "ErrorCodeReturned":
    case "UnexpectedStatus":
    case "ConnectionLost":
    case "TimedOut":
      return byOutcome[outcome]
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// the mapper: the one place where failures become errors
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The known parts of a response: all that an error is made from. `text` is free of secrets and may be a beginning only.
 *
 * @internal
 */
export interface ResponseParts {
  readonly operation: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** Takes secrets out of what is read in the text: there they may have been written in another way. */
  readonly redact: (text: string) => string
}

const maxRequestIdLength = 200

/** @internal */
export const requestIdOf = (headers: Readonly<Record<string, string>>): string | undefined =>
  (headers["x-request-id"] ?? headers["request-id"])?.slice(0, maxRequestIdLength)

const errorPartsOf = ({ headers, operation, status }: ResponseParts) => {
  const requestId = requestIdOf(headers)
  return { operation, status, outcome: outcomeOf(status), ...(requestId === undefined ? undefined : { requestId }) }
}

const maxExcerptLength = 2000

const withExcerpt = <E extends LiveDeskError>(error: E, { text }: ResponseParts): E => {
  if (text !== "") excerpts.set(error, text.slice(0, maxExcerptLength))
  return error
}

const maxIssues = 50
const maxKeyLength = 100
const maxKeys = 16

/** @internal */
export const issuesOf = (issue: SchemaIssue.Issue): ReadonlyArray<Issue> => {
  const { issues } = formatIssue(issue)
  return theFirst(issues, ({ message, path }) => ({
    path: keysOf((path ?? []).map((segment) => String(Predicate.isObject(segment) ? segment.key : segment))),
    message
  }))
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

const theFirst = <A>(issues: ReadonlyArray<A>, toIssue: (issue: A) => Issue): ReadonlyArray<Issue> => {
  const listed = issues.slice(0, maxIssues).map(toIssue)
  return issues.length <= maxIssues
    ? listed
    : [...listed, { path: [], message: `and ${issues.length - maxIssues} more` }]
}

/** A path that is safe to print: its keys may be the server's. */
const keysOf = (path: ReadonlyArray<string>): ReadonlyArray<string> =>
  path.slice(0, maxKeys).map((key) => ErrorBody.onOneLine(key, maxKeyLength))

/** @internal */
export const invalidCredentials = (operation: string, problem: string): AuthError =>
  new AuthError({ operation, outcome: "NotSent", reason: new InvalidCredentials({ problem }) })

/** @internal */
export const invalidInput = (operation: string, issues: ReadonlyArray<Issue>): ValidationError =>
  new ValidationError({ operation, outcome: "NotSent", reason: new InvalidInput({ issues }) })

/**
 * A conflict that is seen before anything is changed.
 *
 * @internal
 */
export const conflict = (operation: string, message: string): HttpError =>
  new HttpError({ operation, outcome: "NotSent", reason: new Conflict({ messages: [message] }) })

/** @internal */
export const invalidResponse = (response: ResponseParts, issues: ReadonlyArray<DecodeIssue>): ValidationError =>
  withExcerpt(
    new ValidationError({
      ...errorPartsOf(response),
      reason: new InvalidResponse({
        issues: theFirst(issues, ({ expected, path }) => ({
          path: keysOf(path.map(response.redact)),
          message: `expected ${expected}`
        })),
        identifiers: identifiersIn(response)
      })
    }),
    response
  )

/** @internal */
export const driftedResponse = (response: ResponseParts, issues: ReadonlyArray<Issue>): ValidationError =>
  withExcerpt(
    new ValidationError({
      ...errorPartsOf(response),
      reason: new DriftedResponse({ issues, identifiers: identifiersIn(response) })
    }),
    response
  )

/**
 * The error that a status which is no success stands for. The status decides, the body only explains.
 *
 * @internal
 */
export const statusError = (response: ResponseParts, now: number): LiveDeskError => {
  const body = errorBodyOf(response)
  const { messages } = body
  const parts = errorPartsOf(response)
  const { headers, status } = response
  const http = (reason: HttpError["reason"]) => new HttpError({ ...parts, reason })
  const error = (): LiveDeskError => {
    switch (status) {
      case 400:
      case 422:
        return new ValidationError({ ...parts, reason: new RejectedInput(body) })
      case 401:
        return new AuthError({ ...parts, reason: new Unauthorized({ messages }) })
      case 403:
        return new AuthError({ ...parts, reason: new Forbidden({ messages }) })
      case 404:
        return http(new NotFound({ messages }))
      case 409:
        return http(new Conflict({ messages }))
      case 429:
        return http(new RateLimited({ messages, retryAfter: retryAfterIn(headers, now) }))
    }
    if (redirects.includes(status)) return http(new Redirected(locationIn(headers)))
    return http(
      status >= 500
        ? new ServerError({ messages, retryAfter: retryAfterIn(headers, now) })
        : new UnexpectedStatus({ messages })
    )
  }
  return withExcerpt(error(), response)
}

// A browser hides a redirect that was not followed behind status 0.
const redirects = [0, 301, 302, 303, 307, 308]

const errorBodyOf = ({ headers, redact, text }: ResponseParts): ErrorBody.ErrorBody => {
  const { fields, messages } = ErrorBody.read(text, headers["content-type"] ?? "")
  return { fields: fields.map(redact), messages: messages.map(redact) }
}

const identifiersIn = ({ redact, text }: ResponseParts): Identifiers =>
  Object.fromEntries(
    Object.entries(ErrorBody.identifiersIn(text)).map(([path, id]) => [
      redact(path),
      typeof id === "string" ? redact(id) : id
    ])
  )

const retryAfterCeiling = Duration.days(365)

const retryAfterIn = (headers: ResponseParts["headers"], now: number): Option.Option<Duration.Duration> => {
  const header = headers["retry-after"]
  return header === undefined
    ? Option.none()
    : Option.map(
      Result.getSuccess(Headers.parseRetryAfter(header)),
      (wait) => Duration.min(Headers.retryAfterDelay(wait, now), retryAfterCeiling)
    )
}

const locationIn = (headers: ResponseParts["headers"]): { readonly location?: string } => {
  const location = headers["location"]
  return location === undefined
    ? {}
    : { location: location.replace(/[?#].*$/s, "").replace(/\/\/[^/]*@/, "//").slice(0, 500) }
}

const maxCodeLength = 200
const maxRedactedLength = 16 * 1024

/**
 * The error of a success whose body says otherwise. By its status LiveDesk acted, by its code it did not.
 *
 * @internal
 */
export const errorCodeReturned = (response: ResponseParts, code: number | string): HttpError =>
  withExcerpt(
    new HttpError({
      ...errorPartsOf(response),
      outcome: "Unknown",
      reason: new ErrorCodeReturned({
        code: typeof code === "string"
          ? ErrorBody.onOneLine(response.redact(code.slice(0, maxRedactedLength)), maxCodeLength)
          : code,
        messages: errorBodyOf(response).messages
      })
    }),
    response
  )

/**
 * The error of a success whose body broke off.
 *
 * @internal
 */
export const responseLost = (response: ResponseParts, cause: unknown): HttpError =>
  withExcerpt(
    new HttpError({
      ...errorPartsOf(response),
      reason: new ConnectionLost({
        phase: "ReadingResponse",
        identifiers: identifiersIn(response),
        ...Transport.proveNotSent(cause, { sentInParts: true })
      })
    }),
    response
  )

/**
 * The error of a call whose timeout passed. Once a response has begun, its status still decides.
 *
 * @internal
 */
export const timedOut = (
  operation: string,
  limit: Duration.Duration,
  response: ResponseParts | undefined,
  now: number
): LiveDeskError => {
  if (response === undefined) {
    return new HttpError({
      operation,
      outcome: "Unknown",
      reason: new TimedOut({ phase: "AwaitingResponse", limit, identifiers: {} })
    })
  }
  return outcomeOf(response.status) === "Processed"
    ? withExcerpt(
      new HttpError({
        ...errorPartsOf(response),
        reason: new TimedOut({ phase: "ReadingResponse", limit, identifiers: identifiersIn(response) })
      }),
      response
    )
    : statusError(response, now)
}

/**
 * The error of a call whose turn under a rate limit did not come in time.
 *
 * @internal
 */
export const timedOutInQueue = (operation: string, limit: Duration.Duration): HttpError =>
  new HttpError({
    operation,
    outcome: "NotSent",
    reason: new TimedOut({ phase: "Queued", limit, identifiers: {} })
  })

/** @internal */
export const circuitOpen = (operation: string, retryAfter: Option.Option<Duration.Duration>): HttpError =>
  new HttpError({ operation, outcome: "NotSent", reason: new CircuitOpen({ retryAfter }) })

/**
 * The error of a request that got no response.
 *
 * @internal
 */
export const dispatchFailed = (
  operation: string,
  cause: unknown,
  options: { readonly sentInParts: boolean }
): HttpError => {
  const { code, reason } = Transport.proveNotSent(cause, options)
  const withCode = code === undefined ? {} : { code }
  return reason === undefined
    ? new HttpError({
      operation,
      outcome: "Unknown",
      reason: new ConnectionLost({ phase: "AwaitingResponse", identifiers: {}, ...withCode })
    })
    : new HttpError({ operation, outcome: "NotSent", reason: new ConnectionFailed({ kind: reason, ...withCode }) })
}
