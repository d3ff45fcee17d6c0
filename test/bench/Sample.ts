/**
 * What every contender sends and gets, and the form in which their values are compared.
 */
import { DateTime, Option, Predicate } from "effect"
import { readFileSync } from "node:fs"

/** The vendor's sample of a created conversation: what the server responds with. */
export const response = readFileSync(new URL("../fixtures/create-conversation.json", import.meta.url), "utf8")

export const path = "/api/v2/accounts/conversations"

export const credentials = { apiKey: "a-key", apiSecret: "a-secret" }

/** The header of these credentials, which a hand-written client builds once. */
const authorization = `Basic ${Buffer.from(`${credentials.apiKey}:${credentials.apiSecret}`).toString("base64")}`

/** The input on the wire. */
export const input = { inbox_id: 407, contact_id: 2219256 }

const snakeCase = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** A decoded value in one form, whatever its library makes of dates, missing values and names. */
export const canonical = (value: unknown): unknown => {
  if (Option.isOption(value)) return canonical(Option.getOrUndefined(value))
  if (DateTime.isDateTime(value)) return `time ${Math.trunc(DateTime.toEpochMillis(value))}`
  if (value instanceof Date) return `time ${value.getTime()}`
  if (Array.isArray(value)) return value.map(canonical)
  if (!Predicate.isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => canonical(inner) !== undefined)
      .map(([key, inner]): [string, unknown] => [snakeCase(key), canonical(inner)])
      .toSorted(([left], [right]) => left < right ? -1 : 1)
  )
}

/** What a hand-written client sends beside the body. */
export const headers = { accept: "application/json", authorization, "content-type": "application/json" }
