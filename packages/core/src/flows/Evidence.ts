/**
 * What tells a flow whether a call of which it lost the answer was acted upon.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"

/**
 * What was found out.
 *
 * @category models
 * @since 0.1.0
 */
export type Finding =
  /** It is there, by its id. */
  | { readonly _tag: "Known"; readonly id: number }
  /** It is certain that it is not there. */
  | { readonly _tag: "Absent" }
  /** Nobody can tell. */
  | { readonly _tag: "CannotTell" }

/**
 * It is there.
 *
 * @category constructors
 * @since 0.1.0
 */
export const known = (id: number): Finding => ({ _tag: "Known", id })

/**
 * It is not there. A flow then sends again, so this is for who is certain.
 *
 * @category constructors
 * @since 0.1.0
 */
export const absent: Finding = { _tag: "Absent" }

/**
 * Nobody can tell.
 *
 * @category constructors
 * @since 0.1.0
 */
export const cannotTell: Finding = { _tag: "CannotTell" }

/**
 * Looks for what a call may have created.
 *
 * @category models
 * @since 0.1.0
 */
export interface Evidence {
  /** Looks for a conversation with the contact in the channel, created since. */
  readonly conversation: (subject: {
    readonly contactId: number
    readonly inboxId: number
    readonly since: DateTime.Utc
  }) => Effect.Effect<Finding>
  /** Looks for a message of the content in the conversation, sent since. */
  readonly message: (subject: {
    readonly conversationId: number
    readonly content: string
    readonly since: DateTime.Utc
  }) => Effect.Effect<Finding>
}

/**
 * The evidence that flows go by. LiveDesk documents no call that reads conversations or messages, so it cannot tell unless
 * a program provides better: its own records of webhook events, an export, a call that LiveDesk does not document.
 *
 * ```ts
 * const nothingSent: Evidence.Evidence = {
 *   conversation: () => Effect.succeed({ _tag: "Absent" }),
 *   message: () => Effect.succeed({ _tag: "Absent" })
 * }
 * ConversationFlow.layer().pipe(Layer.provide(Layer.succeed(Evidence.Evidence, nothingSent)))
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export const Evidence = Context.Reference<Evidence>("@effect-livedesk/core/flows/Evidence", {
  defaultValue: () => ({
    conversation: () => Effect.succeed(cannotTell),
    message: () => Effect.succeed(cannotTell)
  })
})
