/**
 * Probes whether a call took effect whose response a flow lost.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"

/**
 * The finding of a probe.
 *
 * @category models
 * @since 0.1.0
 */
export type Finding =
  /** It is there, by its id. */
  | { readonly _tag: "Found"; readonly id: number }
  /** It is certain that it is not there. */
  | { readonly _tag: "NotFound" }
  /** It cannot be determined. */
  | { readonly _tag: "Undetermined" }

/**
 * It is there.
 *
 * @category constructors
 * @since 0.1.0
 */
export const found = (id: number): Finding => ({ _tag: "Found", id })

/**
 * It is not there. A flow then sends again, so return this only when it is certain.
 *
 * @category constructors
 * @since 0.1.0
 */
export const notFound: Finding = { _tag: "NotFound" }

/**
 * It cannot be determined.
 *
 * @category constructors
 * @since 0.1.0
 */
export const undetermined: Finding = { _tag: "Undetermined" }

/**
 * Looks for what a call may have created.
 *
 * @category models
 * @since 0.1.0
 */
export interface OutcomeProbe {
  /** Looks for a conversation with the contact in the inbox, created since. */
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
 * The outcome probe that flows use. LiveDesk documents no call that reads conversations or messages, so the default finds
 * `Undetermined`. A program may provide better: its own records of webhook events, an export, a call that LiveDesk does
 * not document.
 *
 * ```ts
 * const nothingSent: OutcomeProbe.OutcomeProbe = {
 *   conversation: () => Effect.succeed({ _tag: "NotFound" }),
 *   message: () => Effect.succeed({ _tag: "NotFound" })
 * }
 * ConversationFlow.layer().pipe(Layer.provide(Layer.succeed(OutcomeProbe.OutcomeProbe, nothingSent)))
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export const OutcomeProbe = Context.Reference<OutcomeProbe>("@effect-livedesk/core/flows/OutcomeProbe", {
  defaultValue: () => ({
    conversation: () => Effect.succeed(undetermined),
    message: () => Effect.succeed(undetermined)
  })
})
