/**
 * Decides from an error's reason and outcome whether the call may be repeated.
 *
 * @since 0.1.0
 */

interface Subject {
  readonly outcome: "NotSent" | "Rejected" | "Processed" | "Unknown"
  readonly reason: { readonly _tag: string }
}

const connectionReasons: ReadonlyArray<string> = ["ConnectionFailed", "CircuitOpen", "TimedOut"]

/** Reasons that may not recur. */
const retryableReasons: ReadonlyArray<string> = [
  ...connectionReasons,
  "RateLimited",
  "ServerError",
  "ConnectionLost",
  "InvalidResponse",
  "UnexpectedStatus"
]

/** Whether the call did nothing, for a transient reason. */
export const isTransient = ({ outcome, reason: { _tag } }: Subject): boolean =>
  _tag === "RateLimited" ? outcome === "Rejected" : outcome === "NotSent" && connectionReasons.includes(_tag)

/** Whether the call may have taken effect. */
export const mayHaveTakenEffect = ({ outcome }: Pick<Subject, "outcome">): boolean =>
  outcome === "Processed" || outcome === "Unknown"

/** Whether the call may succeed when repeated, and repeating it cannot act twice. */
export const isRetryable = (error: Subject, isCallIdempotent: boolean): boolean =>
  isTransient(error) || (isCallIdempotent && mayHaveTakenEffect(error) && retryableReasons.includes(error.reason._tag))
