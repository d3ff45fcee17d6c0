/**
 * Outlines a failure, for logs that must not contain customers' data.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as LiveDeskError from "../LiveDeskError.ts"

/** Returns the parts of a failure without content: the names of errors, and places in the program. */
export const outline = <E>(cause: Cause.Cause<E>): string =>
  cause.reasons.map((reason) => {
    if (Cause.isInterruptReason(reason)) return "interrupted"
    const error: unknown = Cause.isFailReason(reason) ? reason.error : reason.defect
    if (LiveDeskError.isLiveDeskError(error)) {
      return `${error.operation}, ${error._tag}/${error.reason._tag}, outcome ${error.outcome}${placesOf(error)}`
    }
    return error instanceof Error ? `${error.name}${placesOf(error)}` : typeof error
  }).join("; ")

/** The stack's lines after the message, if the stack contains the message. */
const placesOf = ({ message, stack = "" }: Error): string => {
  const at = stack.indexOf(message)
  const lines = at === -1 ? [] : stack.slice(at + message.length).split("\n")
  return lines.filter((line) => /^ +at /.test(line)).map((line) => `\n${line}`).join("")
}
