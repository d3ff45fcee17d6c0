/**
 * Maps failures to errors: responses, transport failures, timeouts and invalid inputs.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Headers from "effect/http/Headers"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as SchemaIssue from "effect/SchemaIssue"
import * as LiveDeskError from "../LiveDeskError.ts"
import type { DecodeIssue } from "../Model.ts"
import type * as Transport from "../Transport.ts"
import * as ErrorBody from "./ErrorBody.ts"
import * as ErrorExcerpt from "./ErrorExcerpt.ts"
import type { ResponseParts } from "./ResponseBuffer.ts"
import * as TransportFailure from "./TransportFailure.ts"

/** Changes fields of an error. */
export const remake = (
  error: LiveDeskError.LiveDeskError,
  changes: {
    readonly outcome?: LiveDeskError.Outcome
    readonly attempts?: number
    readonly verifyHint?: string
    readonly isCallIdempotent?: boolean
    readonly inputIds?: LiveDeskError.Identifiers
    readonly partOf?: string
    readonly resume?: LiveDeskError.Identifiers
  }
): LiveDeskError.LiveDeskError => {
  switch (error._tag) {
    case "AuthError":
      return sameExcerpt(error, new LiveDeskError.AuthError({ ...error, ...changes }))
    case "ValidationError":
      return sameExcerpt(error, new LiveDeskError.ValidationError({ ...error, ...changes }))
    case "HttpError":
      return sameExcerpt(error, new LiveDeskError.HttpError({ ...error, ...changes }))
  }
}

const bySeverity = { NotSent: 0, Rejected: 1, Unknown: 2, Processed: 3 } satisfies Record<LiveDeskError.Outcome, number>

/** Returns the worse of two outcomes: the one after which a retry may do more harm. */
export const worstOutcome = (one: LiveDeskError.Outcome, other: LiveDeskError.Outcome): LiveDeskError.Outcome =>
  bySeverity[one] < bySeverity[other] ? other : one

/** Turns the last attempt's error into that of the whole call. */
export const withAttempts = (
  error: LiveDeskError.LiveDeskError,
  call: {
    readonly outcome: LiveDeskError.Outcome
    readonly attempts: number
    readonly idempotency: "safe" | "idempotent" | "none"
    readonly verifyHint: string | undefined
    readonly input: unknown
  }
): LiveDeskError.LiveDeskError => {
  const inputIds = Object.fromEntries(Object.entries(call.input ?? {}).filter(isId))
  const outcome = worstOutcome(error.outcome, call.outcome)
  const isCallIdempotent = call.idempotency !== "none"
  const verifyHint = !isCallIdempotent && LiveDeskError.mayHaveTakenEffect({ outcome }) ? call.verifyHint : undefined
  return remake(error, {
    outcome,
    ...(call.attempts < 2 ? undefined : { attempts: call.attempts }),
    isCallIdempotent,
    ...(Object.keys(inputIds).length === 0 ? undefined : { inputIds }),
    ...(verifyHint === undefined ? undefined : { verifyHint })
  })
}

/** Whether a field of an input is an id that LiveDesk gave. Source ids are left out: they may be addresses. */
const isId = (field: [name: string, value: unknown]): field is [string, number | string] =>
  field[0].endsWith("Id") &&
  (Number.isSafeInteger(field[1]) || (field[0] === "ticketId" && /^[\w-]{1,40}$/.test(String(field[1]))))

/** Turns a refusal to move a conversation to `status` into `TransitionRejected`. */
export const asTransition = (error: LiveDeskError.LiveDeskError, status: string): LiveDeskError.LiveDeskError => {
  const { _tag, reason, ...parts } = error
  return reason._tag === "RejectedInput" || reason._tag === "Conflict"
    ? sameExcerpt(
      error,
      new LiveDeskError.ValidationError({
        ...parts,
        reason: new LiveDeskError.TransitionRejected({ messages: reason.messages, status })
      })
    )
    : error
}

const sameExcerpt = <E extends LiveDeskError.LiveDeskError>(from: LiveDeskError.LiveDeskError, to: E): E =>
  ErrorExcerpt.attach(to, ErrorExcerpt.get(from))

const maxRequestIdLength = 200

export const requestIdOf = (headers: Readonly<Record<string, string>>): string | undefined =>
  (headers["x-request-id"] ?? headers["request-id"])?.slice(0, maxRequestIdLength)

/** Returns the outcome of an HTTP status. */
const outcomeOf = (status: number): LiveDeskError.Outcome => {
  // Browsers report an unfollowed redirect as status 0.
  if (status === 0 || (status >= 300 && status < 500 && status !== 408)) return "Rejected"
  return status >= 200 && status < 300 ? "Processed" : "Unknown"
}

const errorPartsOf = (response: ResponseParts) => {
  const { headers, operation, status } = response
  const requestId = requestIdOf(headers)
  const foreignMediaType = ErrorBody.foreignMediaType(response)
  const outcome = outcomeOf(status)
  return {
    operation,
    status,
    // The request of a page of markup may have ended before LiveDesk.
    outcome: outcome === "Processed" && foreignMediaType !== undefined ? "Unknown" : outcome,
    ...(requestId === undefined ? undefined : { requestId }),
    ...(foreignMediaType === undefined ? undefined : { foreignMediaType })
  } as const
}

const httpErrorOf = (
  response: ResponseParts,
  reason: LiveDeskError.HttpError["reason"],
  outcome?: LiveDeskError.Outcome
): LiveDeskError.HttpError => {
  const parts = errorPartsOf(response)
  return ErrorExcerpt.attach(
    new LiveDeskError.HttpError({ ...parts, outcome: outcome ?? parts.outcome, reason }),
    response.text
  )
}

const validationErrorOf = (
  response: ResponseParts,
  reason: LiveDeskError.ValidationError["reason"]
): LiveDeskError.ValidationError =>
  ErrorExcerpt.attach(new LiveDeskError.ValidationError({ ...errorPartsOf(response), reason }), response.text)

const authErrorOf = (response: ResponseParts, reason: LiveDeskError.AuthError["reason"]): LiveDeskError.AuthError =>
  ErrorExcerpt.attach(new LiveDeskError.AuthError({ ...errorPartsOf(response), reason }), response.text)

const notSent = (operation: string, reason: LiveDeskError.HttpError["reason"]): LiveDeskError.HttpError =>
  new LiveDeskError.HttpError({ operation, outcome: "NotSent", reason })

const maxIssues = 50
const maxKeyLength = 100
const maxKeys = 16

export const issuesOf = (issue: SchemaIssue.Issue): ReadonlyArray<LiveDeskError.Issue> => {
  const { issues } = formatIssue(issue)
  return theFirst(issues, ({ message, path }) => ({
    path: keysOf((path ?? []).map((segment) => String(Predicate.isObject(segment) ? segment.key : segment))),
    message
  }))
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

const theFirst = <A>(
  issues: ReadonlyArray<A>,
  toIssue: (issue: A) => LiveDeskError.Issue
): ReadonlyArray<LiveDeskError.Issue> => {
  const listed = issues.slice(0, maxIssues).map(toIssue)
  return issues.length <= maxIssues
    ? listed
    : [...listed, { path: [], message: `and ${issues.length - maxIssues} more` }]
}

/** Makes a path safe to print: its keys may come from the server. */
const keysOf = (path: ReadonlyArray<string>): ReadonlyArray<string> =>
  path.slice(0, maxKeys).map((key) => ErrorBody.onOneLine(key, maxKeyLength))

export const invalidCredentials = (operation: string, problem: string): LiveDeskError.AuthError =>
  new LiveDeskError.AuthError({
    operation,
    outcome: "NotSent",
    reason: new LiveDeskError.InvalidCredentials({ problem })
  })

export const invalidInput = (
  operation: string,
  issues: ReadonlyArray<LiveDeskError.Issue>
): LiveDeskError.ValidationError =>
  new LiveDeskError.ValidationError({
    operation,
    outcome: "NotSent",
    reason: new LiveDeskError.InvalidInput({ issues })
  })

/** The error of a conflict that the client found before it changed anything. */
export const conflict = (operation: string, message: string): LiveDeskError.HttpError =>
  notSent(operation, new LiveDeskError.Conflict({ messages: [message] }))

export const invalidResponse = (
  response: ResponseParts,
  issues: ReadonlyArray<DecodeIssue>
): LiveDeskError.ValidationError =>
  validationErrorOf(
    response,
    new LiveDeskError.InvalidResponse({
      issues: theFirst(issues, ({ expected, path }) => ({
        path: keysOf(path.map(response.redact)),
        message: `expected ${expected}`
      })),
      identifiers: identifiersIn(response)
    })
  )

export const driftedResponse = (
  response: ResponseParts,
  issues: ReadonlyArray<LiveDeskError.Issue>
): LiveDeskError.ValidationError =>
  validationErrorOf(response, new LiveDeskError.DriftedResponse({ issues, identifiers: identifiersIn(response) }))

/**
 * Returns the error of an unsuccessful status. The status decides, and the body only adds details, unless it is not from
 * LiveDesk's API: then a refusal says nothing about the credentials, the input or the records.
 */
export const statusError = (response: ResponseParts, now: number): LiveDeskError.LiveDeskError => {
  const body = errorBodyOf(response)
  const { messages } = body
  const { headers, status } = response
  if (status >= 400 && status < 500 && status !== 429 && ErrorBody.foreignMediaType(response) !== undefined) {
    return httpErrorOf(response, new LiveDeskError.UnexpectedStatus({ messages }))
  }
  switch (status) {
    case 400:
    case 422:
      return validationErrorOf(response, new LiveDeskError.RejectedInput(body))
    case 401:
      return authErrorOf(response, new LiveDeskError.Unauthorized({ messages }))
    case 403:
      return authErrorOf(response, new LiveDeskError.Forbidden({ messages }))
  }
  return httpErrorOf(
    response,
    status === 404
      ? new LiveDeskError.NotFound({ messages })
      : status === 409
      ? new LiveDeskError.Conflict({ messages })
      : status === 429
      ? new LiveDeskError.RateLimited({ messages, retryAfter: retryAfterIn(headers, now) })
      : redirects.includes(status)
      ? new LiveDeskError.Redirected(locationIn(headers))
      : status >= 500
      ? new LiveDeskError.ServerError({ messages, retryAfter: retryAfterIn(headers, now) })
      : new LiveDeskError.UnexpectedStatus({ messages })
  )
}

// Browsers report an unfollowed redirect as status 0.
const redirects = [0, 301, 302, 303, 307, 308]

const errorBodyOf = ({ headers, redact, text, undecodable }: ResponseParts): ErrorBody.ErrorBody => {
  if (undecodable !== undefined) return { fields: [], messages: [`the body of the response is in ${undecodable}`] }
  const { fields, messages } = ErrorBody.read(text, headers["content-type"] ?? "")
  return { fields: fields.map(redact), messages: messages.map(redact) }
}

const identifiersIn = ({ redact, text }: ResponseParts): LiveDeskError.Identifiers =>
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

/** Returns the error of a 2xx response with an error code. By its status LiveDesk acted, by its code it did not. */
export const errorCodeReturned = (response: ResponseParts, code: number | string): LiveDeskError.HttpError =>
  httpErrorOf(
    response,
    new LiveDeskError.ErrorCodeReturned({
      code: typeof code === "string"
        ? ErrorBody.onOneLine(response.redact(code.slice(0, maxRedactedLength)), maxCodeLength)
        : code,
      messages: errorBodyOf(response).messages
    }),
    "Unknown"
  )

/** Returns the error of a 2xx response whose body broke off. */
export const responseLost = (response: ResponseParts, cause: unknown): LiveDeskError.HttpError =>
  httpErrorOf(
    response,
    new LiveDeskError.ConnectionLost({
      phase: "ReadingResponse",
      identifiers: identifiersIn(response),
      ...TransportFailure.prove(cause, { sentInParts: true })
    })
  )

/** Returns the error of a timeout before a response. */
export const timedOut = (
  operation: string,
  limit: Duration.Duration,
  phase: Transport.Phase = "AwaitingResponse",
  queue: LiveDeskError.TimedOut["queue"] = "Connections"
): LiveDeskError.HttpError =>
  new LiveDeskError.HttpError({
    operation,
    outcome: phase === "AwaitingResponse" ? "Unknown" : "NotSent",
    reason: new LiveDeskError.TimedOut({ phase, ...(phase === "Queued" ? { queue } : {}), limit, identifiers: {} })
  })

/** Returns the error of a timeout in the middle of a response, whose status decides. */
export const timedOutReading = (
  response: ResponseParts,
  limit: Duration.Duration,
  now: number
): LiveDeskError.LiveDeskError =>
  outcomeOf(response.status) === "Processed"
    ? httpErrorOf(
      response,
      new LiveDeskError.TimedOut({ phase: "ReadingResponse", limit, identifiers: identifiersIn(response) })
    )
    : statusError(response, now)

export const circuitOpen = (operation: string, retryAfter: Option.Option<Duration.Duration>): LiveDeskError.HttpError =>
  notSent(operation, new LiveDeskError.CircuitOpen({ retryAfter }))

/** Returns the error of a request without a response. */
export const dispatchFailed = (
  operation: string,
  { cause, sentInParts = false }: { readonly cause?: unknown; readonly sentInParts?: boolean }
): LiveDeskError.HttpError => {
  const { reason: kind, ...known } = TransportFailure.prove(cause, { sentInParts })
  return kind === undefined
    ? new LiveDeskError.HttpError({
      operation,
      outcome: "Unknown",
      reason: new LiveDeskError.ConnectionLost({ phase: "AwaitingResponse", identifiers: {}, ...known })
    })
    : notSent(operation, new LiveDeskError.ConnectionFailed({ kind, ...known }))
}
