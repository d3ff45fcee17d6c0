/**
 * Compares a response with its request: ids and texts that are in both must be the same.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type * as LiveDeskError from "../LiveDeskError.ts"
import type { RequestToSend } from "../Transport.ts"

/** Where a response repeats what was sent, by the name that it was sent by. */
const places: { readonly [sent: string]: ReadonlyArray<ReadonlyArray<string>> } = {
  conversation_id: [["conversation_id"]],
  contact_id: [["meta", "sender", "id"]],
  inbox_id: [["inbox_id"], ["contact_inbox", "inbox", "id"]],
  content: [["content"]],
  email: [["email"]],
  phone_number: [["phone_number"]],
  identifier: [["identifier"]]
}

/** Where records are in responses. */
const roots: ReadonlyArray<ReadonlyArray<string>> = [[], ["payload"], ["payload", "contact"]]

/** Names each value that differs from what was sent: such a response may be another request's. */
export const issues = (
  template: string,
  request: RequestToSend,
  response: unknown
): ReadonlyArray<LiveDeskError.Issue> => {
  const sent = sentBy(template, request)
  return Object.entries(places).flatMap(([name, paths]) => {
    const value = comparable(sent[name])
    return value === undefined ? [] : roots.flatMap((root) =>
      paths.flatMap((place) => {
        const path = [...root, ...place]
        const received = comparable(path.reduce(below, response))
        return received === undefined || received === value
          ? []
          : [{ path, message: `differs from the ${name} that was sent: the response may be another request's` }]
      })
    )
  })
}

const below = (value: unknown, key: string): unknown => Predicate.hasProperty(value, key) ? value[key] : undefined

/** As a server may have normalized it; `undefined` for what it may have filled in, or left out. */
const comparable = (value: unknown): string | undefined => {
  if (typeof value !== "string" && typeof value !== "number") return undefined
  const text = String(value).trim().toLowerCase()
  return text === "" || /\{[{%]/.test(text) ? undefined : text
}

const sentBy = (template: string, { body, form, path }: RequestToSend): { readonly [name: string]: unknown } => {
  const sent: { [name: string]: unknown } = { ...form, ...(body === undefined ? undefined : JSON.parse(body)) }
  const segments = path.split("/").reverse()
  template.split("/").reverse().forEach((segment, index) => {
    if (segment.startsWith(":")) sent[segment.slice(1)] = decodeURIComponent(segments[index] ?? "")
  })
  return sent
}
