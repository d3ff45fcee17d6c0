/**
 * Checks a message before its conversation exists.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as SchemaParser from "effect/SchemaParser"
import type * as LiveDeskError from "../LiveDeskError.ts"
import { SendMessage } from "../Messages.ts"
import * as ErrorMapping from "./ErrorMapping.ts"
import { surrogateIssues } from "./surrogateIssues.ts"

const check = SchemaParser.encodeUnknownResult(SendMessage, { errors: "all", onExcessProperty: "error" })

export const messageIssues = (message: Omit<SendMessage, "conversationId">): ReadonlyArray<LiveDeskError.Issue> => {
  const checked = check({ ...message, conversationId: 1 })
  return [
    ...(Result.isFailure(checked)
      ? ErrorMapping.issuesOf(checked.failure).map(({ message, path }) => ({ path: ["message", ...path], message }))
      : []),
    ...surrogateIssues({ message })
  ]
}
