/**
 * What the emulated calls have in common: what they take, what they give, and how they refuse.
 *
 * The vendor's pages show what a call that succeeds returns, and no more. The emulator's refusals, uniqueness and contact
 * inboxes are inherited from Chatwoot 4.7, from which LiveDesk is derived, and unverified.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
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

/** A response that refuses: Chatwoot's status and body (unverified). */
export interface ErrorResponse {
  readonly status: number
  readonly body: { readonly [key: string]: unknown }
}

/** The refusal of an id that nothing has. */
export const notFound: ErrorResponse = { status: 404, body: { error: "Resource could not be found" } }

/** The refusal of a call as a whole. */
export const unprocessable = (error: string): ErrorResponse => ({ status: 422, body: { error } })

/** The refusal of single attributes. */
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

/** How the emulator responds to the requests of an endpoint. */
export interface Handler<Operation extends string> {
  readonly operation: Operation
  /** Gives the body of the response. */
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

/** What a call gives, and the state after it. */
export type Transition<A> = readonly [result: Result.Result<A, ErrorResponse>, state: EmulatorState]

/** What a call takes from outside the state. */
export interface RequestContext {
  readonly now: DateTime.Utc
  /** Two fresh UUIDs: a call may need a source id and a conversation's own. */
  readonly uuids: readonly [string, string]
  /** Where the emulator is reached: what the links in its responses begin with. */
  readonly origin: string
}

/** The fields of a call, as they came: of its path, its query and its body. */
export type Body = { readonly [key: string]: unknown }

/** A file of a form. */
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

/** Reads a text. Rails takes a number for its digits and the reverse; blank is as good as missing. */
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

/** Reads a whole number, or its digits. */
export const wholeNumber = (value: unknown): Option.Option<number> =>
  Option.filter(Option.map(text(value), Number), Number.isSafeInteger)

/** Reads a JSON object, or its text, of which attributes consist; anything else is none. */
export const attributes = (value: unknown): LiveDeskSchema.Attributes => {
  const read = ModelField.attributes.read(value)
  return read instanceof DecodeFailure ? {} : read
}

/** Reads a flag, or its word. */
export const flag = (value: unknown): boolean => value === true || value === "true"

/** Reads one text, or several. */
export const texts = (value: unknown): ReadonlyArray<string> =>
  (Array.isArray(value) ? value : [value]).filter(Predicate.isString).filter((text) => text !== "")

/** A time as LiveDesk's records have it. */
export const wholeSecond = (time: DateTime.Utc): DateTime.Utc => DateTime.startOf(time, "second")
