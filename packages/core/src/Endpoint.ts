/**
 * Endpoints of LiveDesk's API, as data. The client, the emulator and the tests all use them, so that they cannot
 * disagree.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import type { Model } from "./Model.ts"

/**
 * An endpoint of LiveDesk's API.
 *
 * @category models
 * @since 0.1.0
 */
export interface Endpoint<Input, Output, Operation extends string = string> {
  /** The name of the operation, such as `contacts.create`, for spans and errors. */
  readonly operation: Operation
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /**
   * The path below the base URL. A segment such as `:conversation_id` is replaced by that field of the encoded input.
   * The other fields make up the query of a GET or DELETE, otherwise the body.
   */
  readonly path: `/${string}`
  /** The schema of the input, which encodes to the fields on the wire. */
  readonly input: Schema.Codec<Input, Fields>
  /** The encoding of the body. Defaults to `"json"`; `"form"` is for files. */
  readonly body?: "json" | "form" | undefined
  /** The model of a 2xx response: a `Model.record`, `Model.fromSchema` of any schema, or `Model.nothing`. */
  readonly success: Model<Output>
  /** Whether a 2xx response may report a failure by a field `code` that is not 0. */
  readonly hasCode?: boolean | undefined
  /**
   * What repeating the call does: nothing (`"safe"`), the same again (`"idempotent"`), or a second act that a customer
   * may see (`"none"`). It decides what a client retries: see `RetryPolicy.isRetryable`.
   */
  readonly idempotency: "safe" | "idempotent" | "none"
  /** How to check whether the call took effect, for one that is never retried. Its errors include it. */
  readonly verifyHint?: string | undefined
}

/**
 * An encoded input: the fields on the wire.
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
