/**
 * What an operator knows of a row whose outcome is unknown.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * The resolution of a row, after an operator has looked in LiveDesk: its step was not done, or it was, with the id of what
 * it made. The next step needs it: `contactId` for a contact, `conversationId` for a conversation. A message needs none, and
 * with a `conversationId` alone it is refused: that could mean that the conversation is there without it.
 *
 * @category models
 * @since 0.1.0
 */
export type ImportResolution =
  | {
    readonly _tag: "Processed"
    readonly contactId?: number | undefined
    readonly conversationId?: number | undefined
    readonly messageId?: number | undefined
  }
  | { readonly _tag: "NotProcessed" }

/**
 * Why a row was not resolved, and stays as it is:
 *
 * - `UnknownKey`: the journal has no row with this key.
 * - `NotUnknown`: the outcome of the row's step is known.
 * - `InvalidId`: the id that the row's next step needs is missing, one is no whole number above 0, or a message is resolved
 *   with its conversation alone.
 * - `OtherRow`: the conversation is another row's.
 *
 * @category errors
 * @since 0.1.0
 */
export class ImportResolutionError extends Data.TaggedError("ImportResolutionError")<{
  readonly problem: "UnknownKey" | "NotUnknown" | "InvalidId" | "OtherRow"
  readonly key: string
  readonly message: string
}> {}
