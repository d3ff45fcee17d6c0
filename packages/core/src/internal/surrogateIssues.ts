/**
 * Finds texts that hold half a character.
 *
 * @since 0.1.0
 */
import type * as LiveDeskError from "../LiveDeskError.ts"

const lone = /\p{Cs}/u
const everyLone = new RegExp(lone, "gu")

const message = "expected text without an unpaired surrogate, as of an emoji cut in half: it cannot be sent"

const maxDepth = 64

/** Names each text, or name of a property, that has no encoding in UTF-8 and would arrive as another. */
export const surrogateIssues = (value: unknown): ReadonlyArray<LiveDeskError.Issue> => {
  const issues: Array<LiveDeskError.Issue> = []
  const path: Array<string> = []
  const visit = (value: unknown): void => {
    if (typeof value === "string" && lone.test(value)) {
      issues.push({ path: path.map((key) => key.replaceAll(everyLone, "\ufffd")), message })
    }
    if (typeof value !== "object" || value === null || path.length > maxDepth) return
    // Of anything else, such as a file, the properties are not sent.
    if (!Array.isArray(value) && !plainPrototypes.includes(Object.getPrototypeOf(value))) return
    for (const [key, below] of Object.entries(value)) {
      path.push(key)
      visit(lone.test(key) ? key : below)
      path.pop()
    }
  }
  visit(value)
  return issues
}

const plainPrototypes: ReadonlyArray<unknown> = [Object.prototype, null]

/** Whether a text of JSON holds one, which `JSON.stringify` escapes. */
export const hasEscapedSurrogate = (json: string): boolean =>
  json.includes("\\ud") && /(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(json)

/** The issue of a value whose JSON holds one too deep to be named. */
export const unnamedSurrogate: ReadonlyArray<LiveDeskError.Issue> = [{ path: [], message }]
