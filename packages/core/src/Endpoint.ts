/**
 * One call of LiveDesk's API, as data. The client runs it, the emulator serves it, the tests read it, so that they
 * cannot drift from each other.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import type { Model } from "./Model.ts"

/**
 * One call of LiveDesk's API.
 *
 * @category models
 * @since 0.1.0
 */
export interface Endpoint<Input, Output, Operation extends string = string> {
  /** The call's name, `contacts.create`: of its span, and in its errors. */
  readonly operation: Operation
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /**
   * The path below the base URL. A segment such as `:conversation_id` takes the field of that name of the encoded
   * input. The other fields make up the query of a GET or DELETE, else the body.
   */
  readonly path: `/${string}`
  /** What the call takes; encodes to the fields on the wire. */
  readonly input: Schema.Codec<Input, Fields>
  /** How the body is written: as JSON, unless it holds files. */
  readonly body?: "json" | "form" | undefined
  /** What a 2xx response holds: a `Model.record`, `Model.fromSchema` of any schema, or `Model.nothing`. */
  readonly success: Model<Output>
  /** Whether a 2xx response may report that the call failed, by a field `code` that is not 0. */
  readonly hasCode?: boolean | undefined
  /**
   * What doing it twice does: nothing (`"safe"`), the same again (`"idempotent"`), or a second act that a customer may
   * see (`"none"`). What a client retries follows from it, see `RetryPolicy.isRetryable`.
   */
  readonly idempotency: "safe" | "idempotent" | "none"
  /** For a call that is never retried: how to check whether it took effect. Its error has it. */
  readonly verifyHint?: string | undefined
}

/**
 * An encoded input: the fields of a call as they are on the wire.
 *
 * @category models
 * @since 0.1.0
 */
export type Fields = { readonly [key: string]: unknown }

/**
 * Declares an endpoint.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <Input, Output, const Operation extends string>(
  endpoint: Endpoint<Input, Output, Operation>
): Endpoint<Input, Output, Operation> => endpoint
