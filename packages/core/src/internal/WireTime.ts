/**
 * A time as LiveDesk's records have it.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"

const iso = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/i

// Past this many seconds (the year 5138) a number is far likelier milliseconds; guessing which would be a silent lie.
const secondsLimit = 1e11

/** Seconds, as a number or as text, or ISO 8601; `undefined` for what is no time. */
export const readSeconds = (wire: unknown): DateTime.Utc | undefined => {
  const seconds = secondsIn(wire)
  // What lies outside could be written, but not read again.
  if (seconds === undefined || !(seconds >= 0 && seconds < secondsLimit)) return undefined
  const millis = Math.round(seconds * 1000)
  // The product may miss a whole millisecond by a hair, and would be shown as the one before; division is as it is
  // written.
  return millis / 1000 === seconds * 1000 / 1000 ? DateTime.makeUnsafe(millis) : DateTime.fromEpochSeconds(seconds)
}

const secondsIn = (wire: unknown): number | undefined => {
  if (typeof wire === "number") return wire
  if (typeof wire !== "string") return undefined
  if (/^[0-9]+(\.[0-9]+)?$/.test(wire)) return Number(wire)
  const match = iso.exec(wire)
  // A time without an offset would be read in this machine's time zone.
  return match === null ? undefined : Date.parse(match[1] === undefined && wire.length > 10 ? `${wire}Z` : wire) / 1000
}

/** A time that is none when it is 0, however that is spelled. */
export const readSecondsOrNever = (wire: unknown): DateTime.Utc | undefined => {
  const value = readSeconds(wire)
  return value === undefined || DateTime.toEpochMillis(value) === 0 ? undefined : value
}

export const writeSeconds = (value: DateTime.Utc): number => DateTime.toEpochMillis(value) / 1000
