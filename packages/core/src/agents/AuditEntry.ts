/**
 * An entry of the audit log: who did what, when, and with which outcome. Personal values are masked.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * An entry of the audit log.
 *
 * @category models
 * @since 0.1.0
 */
export const AuditEntry = Schema.Struct({
  /** The number of the entry, from 1. */
  id: Schema.Int,
  /** When it was, in milliseconds since 1970. */
  at: Schema.Int,
  /** The actor: the agent, or a person that decided about a write. */
  by: Schema.Literals(["agent", "person"]),
  /** What happened. `Begun` is before the call, so that a call whose process died is seen, too. */
  event: Schema.Literals(["Read", "Refused", "Drafted", "Begun", "Done", "Failed", "Unknown", "Discarded", "Resolved"]),
  tool: Schema.String,
  /** The arguments, with texts masked. */
  arguments: Schema.Json,
  /** The id of the write, if it is one. */
  writeId: Schema.optionalKey(Schema.Int),
  /** The rule that refused it, or the reason why it failed. */
  detail: Schema.optionalKey(Schema.String)
})
export interface AuditEntry extends Schema.Schema.Type<typeof AuditEntry> {}

/**
 * An entry before the store gives it a number and a time.
 *
 * @category models
 * @since 0.1.0
 */
export interface NewAuditEntry extends Omit<AuditEntry, "id" | "at"> {}

/** The keys whose texts are words of this library, LiveDesk or the project, and no person's. */
const plainKeys: ReadonlyArray<string> = ["status", "priority", "ticket_id", "key"]

/**
 * Masks the texts of arguments: of each there is its length alone. Numbers and words such as a status stay.
 *
 * @category converting
 * @since 0.1.0
 */
export const mask = (value: unknown, key?: string): Schema.Json => {
  if (typeof value === "string") {
    return key !== undefined && plainKeys.includes(key) ? value : `<${value.length} characters>`
  }
  if (typeof value === "number" || typeof value === "boolean") return value
  if (Array.isArray(value)) return value.map((part) => mask(part))
  if (typeof value !== "object" || value === null) return null
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, mask(part, key)]))
}
