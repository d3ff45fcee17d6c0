/**
 * Times on the wire.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"

const iso = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?( UTC|Z|[+-]\d{2}:?\d{2})?$/i

// Larger numbers (past the year 5138) are probably milliseconds; guessing would be silently wrong at times.
const secondsLimit = 1e11

/** Reads seconds, as a number or text, or ISO 8601 text; `undefined` for an invalid time. */
export const readSeconds = (wire: unknown): DateTime.Utc | undefined => {
  const seconds = secondsIn(wire)
  // Other values could be written, but not read again.
  if (seconds === undefined || !(seconds >= 0 && seconds < secondsLimit)) return undefined
  const product = seconds * 1000
  const millis = Math.round(product)
  // The product may be slightly below a whole millisecond, which would round down; dividing checks it.
  return millis !== product && millis / 1000 === product / 1000
    ? DateTime.makeUnsafe(millis)
    : DateTime.fromEpochSeconds(seconds)
}

const secondsIn = (wire: unknown): number | undefined => {
  // JSON has a -0, too.
  if (typeof wire === "number") return wire + 0
  if (typeof wire !== "string") return undefined
  if (/^[0-9]+(\.[0-9]+)?$/.test(wire)) return Number(wire)
  const match = iso.exec(wire)
  if (match === null) return undefined
  // Without an offset, a time would be read in this machine's time zone. Not every platform reads Ruby's " UTC".
  return Date.parse(match[1] === undefined && wire.length > 10 ? `${wire}Z` : wire.replace(" UTC", "Z")) / 1000
}

/** Reads a time; `None` for 0, also as text. */
export const readSecondsOrNever = (wire: unknown): DateTime.Utc | undefined => {
  const value = readSeconds(wire)
  return value === undefined || DateTime.toEpochMillis(value) === 0 ? undefined : value
}

export const writeSeconds = (value: DateTime.Utc): number => DateTime.toEpochMillis(value) / 1000
