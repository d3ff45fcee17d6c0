/**
 * The shared parts of emulated calls: inputs, results and refusals.
 *
 * The vendor's pages show successful calls only. The emulator's refusals, uniqueness rules and contact inboxes are
 * those of Chatwoot 4.7, from which LiveDesk is derived (unverified).
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Endpoint } from "../Endpoint.ts"
import type * as LiveDeskSchema from "../LiveDeskSchema.ts"
import { DecodeFailure } from "../Model.ts"
import * as ModelField from "../ModelField.ts"
import type { EmulatorState, StoredAttachment } from "../testing/EmulatorState.ts"

// ---------------------------------------------------------------------------------------------------------------------
// refusals
// ---------------------------------------------------------------------------------------------------------------------

/** An error response, with Chatwoot's status and body (unverified). */
export interface ErrorResponse {
  readonly status: number
  readonly body: { readonly [key: string]: unknown }
}

/** The response for an unknown id. */
export const notFound: ErrorResponse = { status: 404, body: { error: "Resource could not be found" } }

/** Refuses a call as a whole. */
export const unprocessable = (error: string): ErrorResponse => ({ status: 422, body: { error } })

/** Refuses single attributes. */
export const invalid = (faults: ReadonlyArray<readonly [attribute: string, message: string]>): ErrorResponse => ({
  status: 422,
  body: {
    message: faults.map(([, message]) => message).join(", "),
    attributes: [...new Set(faults.map(([attribute]) => attribute))]
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// calls
// ---------------------------------------------------------------------------------------------------------------------

/** The emulator's implementation of an endpoint. */
export interface Handler<Operation extends string> {
  readonly operation: Operation
  /** Returns the body of the response. */
  readonly handle: (state: EmulatorState, body: Body, requestContext: RequestContext) => Transition<unknown>
}

export const handler = <Input, Output, Operation extends string>(
  { hasCode, operation, success }: Endpoint<Input, Output, Operation>,
  transition: (state: EmulatorState, body: Body, requestContext: RequestContext) => Transition<Output>,
  write: (value: Output, body: Body) => unknown = success.write
): Handler<Operation> => ({
  operation,
  handle: (state, body, requestContext) => {
    const [result, after] = transition(state, body, requestContext)
    const written = Result.map(result, (value) => {
      const written = write(value, body)
      return hasCode === true
        ? { code: 0, message: "Success", ...(Predicate.isObject(written) ? written : {}) }
        : written
    })
    return [written, after]
  }
})

/** The result of a call, and the state after it. */
export type Transition<A> = readonly [result: Result.Result<A, ErrorResponse>, state: EmulatorState]

/** The inputs of a call besides the state. */
export interface RequestContext {
  readonly now: DateTime.Utc
  /** Two new UUIDs: a call may need one for a source id and one for a conversation. */
  readonly uuids: readonly [string, string]
  /** The emulator's origin, for the URLs in its responses. */
  readonly origin: string
}

/** The raw fields of a call, from its path, query and body. */
export type Body = { readonly [key: string]: unknown }

export class Upload {
  readonly name: string
  readonly mediaType: string
  readonly content: Uint8Array

  constructor(file: Pick<StoredAttachment, "name" | "mediaType" | "content">) {
    this.name = file.name
    this.mediaType = file.mediaType
    this.content = file.content
  }
}

/** Reads a string. As in Rails, numbers and strings convert to each other, and a blank string counts as missing. */
export const text = (value: unknown): Option.Option<string> =>
  (typeof value === "string" && value.trim() !== "") || typeof value === "number"
    ? Option.some(String(value))
    : Option.none()

/** Refuses a field whose number JavaScript does not hold as it was sent, and would take for another one. LiveDesk may take it. */
export const inexactNumber = (body: Body): ErrorResponse | undefined => {
  const [field] = Object.entries(body).find(([, value]) => Number.isInteger(value) && !Number.isSafeInteger(value)) ??
    []
  return field === undefined
    ? undefined
    : unprocessable(`${field} is a number that JSON readers round: write it as text`)
}

/** Reads a whole number, also as text. */
export const wholeNumber = (value: unknown): Option.Option<number> =>
  Option.filter(Option.map(text(value), Number), Number.isSafeInteger)

/** Reads attributes: a JSON object, also as text. Any other value is `{}`. */
export const attributes = (value: unknown): LiveDeskSchema.Attributes => {
  const read = ModelField.attributes.read(value)
  return read instanceof DecodeFailure ? {} : read
}

/** Reads a boolean, also as text. */
export const flag = (value: unknown): boolean => value === true || value === "true"

/** Reads one string or several. */
export const texts = (value: unknown): ReadonlyArray<string> =>
  (Array.isArray(value) ? value : [value]).filter(Predicate.isString).filter((text) => text !== "")

/** Truncates a time to whole seconds, as in LiveDesk's records. */
export const wholeSecond = (time: DateTime.Utc): DateTime.Utc => DateTime.startOf(time, "second")

/** The emulator's time, which begins at a date and advances with the `Clock`. */
export const calendar = (
  startsAt = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
): Effect.Effect<Effect.Effect<DateTime.Utc>> =>
  Effect.map(
    Clock.currentTimeMillis,
    (start) =>
      Effect.map(Clock.currentTimeMillis, (now) => DateTime.addDuration(startsAt, Duration.millis(now - start)))
  )
