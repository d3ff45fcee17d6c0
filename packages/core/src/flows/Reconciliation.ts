/**
 * The reconciliation of calls whose response a flow lost: a program probes whether the call took effect, and where it
 * cannot know, a person looks at LiveDesk's console and states it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as FlowResolution from "../internal/FlowResolution.ts"
import * as IntentLog from "./IntentLog.ts"

// ---------------------------------------------------------------------------------------------------------------------
// a program probes
// ---------------------------------------------------------------------------------------------------------------------

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
 * const nothingSent: Reconciliation.OutcomeProbe = {
 *   conversation: () => Effect.succeed(Reconciliation.notFound),
 *   message: () => Effect.succeed(Reconciliation.notFound)
 * }
 * ConversationFlow.layer().pipe(Layer.provide(Layer.succeed(Reconciliation.OutcomeProbe, nothingSent)))
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

// ---------------------------------------------------------------------------------------------------------------------
// a person resolves
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The decision on a call whose outcome could not be reconciled: it created what it was to create, by its id; or it did
 * nothing, and is retried.
 *
 * @category models
 * @since 0.1.0
 */
export const Resolution = FlowResolution.Resolution
export type Resolution = typeof Resolution.Type

/**
 * The resolution that the call took effect.
 *
 * @category constructors
 * @since 0.1.0
 */
export const done = (id: number): Resolution => ({ _tag: "Done", id })

/**
 * The resolution that the call did nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const notDone: Resolution = { _tag: "NotDone" }

/**
 * A step that waits for a resolution.
 *
 * @category models
 * @since 0.1.0
 */
export interface PendingStep {
  /** The execution of the workflow. */
  readonly executionId: string
  /** The workflow's name. */
  readonly workflow: string
  /** The step's name. */
  readonly step: string
  /** The kind of thing that the step was to create. */
  readonly kind: IntentLog.Kind
  /** The inbox, of a conversation. */
  readonly inboxId: number | undefined
  /** The contact, of a conversation. */
  readonly contactId: number | undefined
  /** The conversation, of a message. */
  readonly conversationId: number | undefined
  /** The text, of a message. */
  readonly content: string | undefined
  /** When the call was about to be made. */
  readonly since: DateTime.Utc
  /** How to check whether the call took effect. */
  readonly verifyHint: string | undefined
}

/**
 * The step does not wait for a resolution: it is done, it is in progress, or there is none of that name.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotPendingError extends Schema.TaggedError<NotPendingError>()("NotPendingError", {
  executionId: Schema.String,
  step: Schema.String
}) {
  override get message(): string {
    return `step ${this.step} of execution ${this.executionId} does not wait for a resolution`
  }
}

/**
 * The resolution cannot be used.
 *
 * @category errors
 * @since 0.1.0
 */
export class ResolutionError extends Schema.TaggedError<ResolutionError>()("ResolutionError", {}) {
  override get message(): string {
    return "expected the id of what the step created: a whole number above 0"
  }
}

/**
 * The steps that wait for a resolution, the oldest first.
 *
 * @category calls
 * @since 0.1.0
 */
export const pending: Effect.Effect<ReadonlyArray<PendingStep>, never, IntentLog.IntentLog> = Effect.flatMap(
  IntentLog.IntentLog,
  (intents) =>
    Effect.map(intents.pending, (all) =>
      all.map((intent) => ({
        executionId: intent.executionId,
        workflow: intent.workflow,
        step: intent.step,
        kind: intent.kind,
        inboxId: intent.inboxId,
        contactId: intent.contactId,
        conversationId: intent.conversationId,
        content: intent.content,
        since: DateTime.makeUnsafe(intent.since),
        verifyHint: intent.verifyHint
      })))
)

/**
 * Resolves whether a step was done, so that its flow goes on: with what was created, or by calling again. The first
 * resolution of a call holds.
 *
 * ```ts
 * yield* Reconciliation.resolve({ executionId, step: "message", outcome: Reconciliation.done(4711) })
 * ```
 *
 * @category calls
 * @since 0.1.0
 */
export const resolve = Effect.fn("Reconciliation.resolve")(function*(options: {
  readonly executionId: string
  readonly step: string
  readonly outcome: Resolution
}): Effect.fn.Return<void, NotPendingError | ResolutionError, IntentLog.IntentLog | WorkflowEngine.WorkflowEngine> {
  const { executionId, outcome, step } = options
  if (!isResolution(outcome)) return yield* new ResolutionError()
  const intents = yield* IntentLog.IntentLog
  const intent = yield* intents.find(executionId, step)
  if (intent === undefined || intent.state !== "Pending") return yield* new NotPendingError({ executionId, step })
  yield* FlowResolution.succeedAndRecord(intent, outcome)
})

const isResolution = Schema.is(Resolution)
