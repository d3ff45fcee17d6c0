/**
 * Messages of errors: what failed, how often, why, the outcome, and what to do.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** The parts of a `LiveDeskError` that its message contains. */
interface Subject {
  readonly _tag: string
  readonly operation: string
  readonly outcome: Outcome
  readonly reason: Reason & { readonly message: string; readonly messages?: ReadonlyArray<string> }
  readonly status?: number
  readonly foreignMediaType?: string
  readonly attempts?: number
  readonly verifyHint?: string
  readonly isCallIdempotent?: boolean
  readonly isRetryable: boolean
  readonly inputIds?: Identifiers
  readonly partOf?: string
  readonly resume?: Identifiers
}

type Outcome = "NotSent" | "Rejected" | "Processed" | "Unknown"

type Reason =
  | { readonly _tag: "RateLimited" | "CircuitOpen"; readonly retryAfter: Option.Option<Duration.Duration> }
  | { readonly _tag: "ConnectionFailed"; readonly kind: string }
  | { readonly _tag: "TimedOut"; readonly phase: string }
  | {
    readonly _tag:
      | "Unauthorized"
      | "Forbidden"
      | "InvalidCredentials"
      | "InvalidInput"
      | "RejectedInput"
      | "TransitionRejected"
      | "InvalidResponse"
      | "DriftedResponse"
      | "NotFound"
      | "Conflict"
      | "Redirected"
      | "ServerError"
      | "ErrorCodeReturned"
      | "UnexpectedStatus"
      | "ConnectionLost"
  }

interface Identifiers {
  readonly [name: string]: number | string
}

// ---------------------------------------------------------------------------------------------------------------------
// errors
// ---------------------------------------------------------------------------------------------------------------------

/** Returns the message of an error. */
export const describe = (error: Subject): string =>
  `${error.partOf === undefined ? "" : `${error.partOf}: `}${error.operation} failed` +
  `${error.attempts === undefined ? "" : ` ${error.attempts} times`}${inputSentence(error.inputIds)}: ` +
  `${error._tag}/${error.reason._tag}, outcome ${error.outcome}: ` +
  `${what(error)}. ${advice(error)}${verifySentence(error.verifyHint)}${resumeSentence(error.resume)}`

const what = ({ foreignMediaType, reason, status }: Subject): string =>
  foreignMediaType === undefined ? reason.message : withMessages(
    `the response did not come from LiveDesk's API (${status}, ${foreignMediaType}); ` +
      "a firewall, proxy or gateway may stand in between",
    reason.messages ?? []
  )

const verifySentence = (verifyHint: string | undefined): string =>
  verifyHint === undefined ? "" : ` To verify the outcome: ${verifyHint}.`

/** On one line: LiveDesk gives the source id, so it may be any text. */
const listed = (ids: Identifiers): string =>
  Object.entries(ids).map(([name, id]) => `${name} ${String(id).replace(/[\s\p{C}]+/gu, " ")}`).join(", ")

const inputSentence = (ids: Identifiers | undefined): string =>
  ids === undefined ? "" : ` for ${listed(ids).replaceAll("Id ", " ")}`

/** After an unknown step, the verify hint says how to go on. */
const resumeSentence = (resume: Identifiers | undefined): string =>
  resume === undefined ? "" : ` ${"unknown" in resume ? "Steps so far:" : "Resume with"} ${listed(resume)}.`

const credentialsPlace = "Project Settings - API Management of the LiveDesk console"

const byOutcome = {
  NotSent: "Nothing was sent. Fix the cause, then retry.",
  Rejected: "LiveDesk refused the request; calling again unchanged will not help.",
  Processed: "LiveDesk acted: do not call again, look for what it made.",
  Unknown: "LiveDesk may have acted: look for what it made before calling again."
} satisfies Record<Outcome, string>

const unreached = "Nothing was sent; check the base URL, the network and any proxy, then call again."

const advice = (error: Subject): string => {
  const { outcome, reason } = error
  // Also if only an earlier attempt may have taken effect.
  if (outcome === "Processed" || outcome === "Unknown") {
    if (error.isCallIdempotent !== true) return byOutcome[outcome]
    if (error.isRetryable) return "Retrying this call is safe."
  }
  if (outcome === "Rejected" && error.foreignMediaType !== undefined && reason._tag !== "RateLimited") {
    return "Check the base URL and the network in between; this says nothing about the API key or the input."
  }
  switch (reason._tag) {
    case "Unauthorized":
      return `Compare the API key and secret with those under ${credentialsPlace}.${doubt(reason)}`
    case "Forbidden":
      return `Ask an administrator of the project to allow it, or use another key from ${credentialsPlace}.${
        doubt(reason)
      }`
    case "InvalidCredentials":
      return `Copy the API key and secret from ${credentialsPlace}.`
    case "InvalidInput":
      return "Nothing was sent. Correct the input, then call again."
    case "TransitionRejected":
      return "Check the conversation's status and the moves that it allows."
    case "RejectedInput":
      return "Correct the input, then call again."
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
        : unreached
    case "TimedOut":
      return reason.phase === "Connecting" ? unreached : byOutcome[outcome]
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
      return byOutcome[outcome]
  }
}

const doubt = ({ messages = [] }: { readonly messages?: ReadonlyArray<string> }): string =>
  messages.length > 0 ? "" : " The response has no words of LiveDesk's, so a firewall or gateway may have sent it."

// ---------------------------------------------------------------------------------------------------------------------
// reasons
// ---------------------------------------------------------------------------------------------------------------------

/** Adds LiveDesk's messages to a description. */
export const withMessages = (what: string, messages: ReadonlyArray<string>): string =>
  messages.length === 0 ? what : `${what}: ${messages.join("; ")}`

/** Describes refused input, each field named once: Chatwoot puts a name before messages that have it already. */
export const rejectedInput = (messages: ReadonlyArray<string>, fields: ReadonlyArray<string>): string => {
  const what = messages.join("; ").replaceAll(/Email (invalid email)/gi, "$1") || "LiveDesk refused the input"
  const unnamed = fields.filter((field) => !what.toLowerCase().includes(field.replaceAll("_", " ")))
  return withCode(what, unnamed.join(", ") || undefined)
}

/** Adds the transport's code to a description. */
export const withCode = (what: string, code: string | undefined): string =>
  code === undefined ? what : `${what} (${code})`

/** Joins issues on one line, each with its path. */
export const issues = (
  all: ReadonlyArray<{ readonly path: ReadonlyArray<string>; readonly message: string }>
): string => all.map(({ message, path }) => path.length === 0 ? message : `${path.join(".")}: ${message}`).join("; ")

/** Adds the ids that were read to a description. */
export const withIdentifiers = (what: string, identifiers: Identifiers): string => {
  const entries = Object.entries(identifiers)
  return entries.length === 0 ? what : `${what}. Ids in it: ${entries.map(([path, id]) => `${path} ${id}`).join(", ")}`
}

/** Adds issues, and the ids that were read, to a description. */
export const withIssues = (
  what: string,
  { identifiers, issues: all }: { readonly identifiers: Identifiers; readonly issues: Parameters<typeof issues>[0] }
): string => withIdentifiers(`${what}: ${issues(all)}`, identifiers)

/** Describes a timeout. */
export const timedOut = ({ identifiers, limit, phase, queue }: {
  readonly phase: "Queued" | "Connecting" | "AwaitingResponse" | "ReadingResponse"
  readonly queue?: "RateLimit" | "Connections"
  readonly limit: Duration.Duration
  readonly identifiers: Identifiers
}): string => {
  const time = Duration.format(limit)
  switch (phase) {
    case "Queued":
      return `the call was still waiting ${
        queue === "RateLimit" ? "under the rate limit" : "for a free connection"
      } after ${time}`
    case "Connecting":
      return `there was no connection to LiveDesk within ${time}`
    case "AwaitingResponse":
      return `LiveDesk did not respond within ${time}`
    case "ReadingResponse":
      return withIdentifiers(`LiveDesk's response was not complete within ${time}`, identifiers)
  }
}

/** Descriptions of failed connections. */
export const connectionFailures = {
  DnsFailed: "the host's name cannot be resolved",
  Refused: "the host refused the connection",
  Unreachable: "the host cannot be reached",
  TimedOut: "the host did not accept the connection in time",
  TlsFailed: "no secure connection could be made",
  ProxyFailed: "the proxy made no connection to LiveDesk",
  RateLimiterUnavailable: "the rate limiter's store failed",
  Other: "no connection could be made"
}
