/**
 * The reconciliation of calls whose response a flow lost. A program probes whether the call took effect. If it cannot
 * tell, a person looks at LiveDesk's console and resolves the step.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as FlowResolution from "../internal/FlowResolution.ts"
import * as IntentLog from "./IntentLog.ts"

// ---------------------------------------------------------------------------------------------------------------------
// probing
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The result of a probe.
 *
 * @category models
 * @since 0.1.0
 */
export type Finding =
  /** The record exists, with this id. */
  | { readonly _tag: "Found"; readonly id: number }
  /** The record certainly does not exist. */
  | { readonly _tag: "NotFound" }
  /** The outcome cannot be determined. */
  | { readonly _tag: "Undetermined" }

/**
 * The finding that the record exists.
 *
 * @category constructors
 * @since 0.1.0
 */
export const found = (id: number): Finding => ({ _tag: "Found", id })

/**
 * The finding that the record does not exist. The flow then makes the call again, so return this only if it is certain.
 *
 * @category constructors
 * @since 0.1.0
 */
export const notFound: Finding = { _tag: "NotFound" }

/**
 * The finding that the outcome cannot be determined.
 *
 * @category constructors
 * @since 0.1.0
 */
export const undetermined: Finding = { _tag: "Undetermined" }

/**
 * Looks for the record that a call may have created.
 *
 * @category models
 * @since 0.1.0
 */
export interface OutcomeProbe {
  /** Looks for a conversation with the contact in the inbox, created no earlier than `since`. */
  readonly conversation: (subject: {
    readonly contactId: number
    readonly inboxId: number
    readonly since: DateTime.Utc
  }) => Effect.Effect<Finding>
  /** Looks for a message with the content in the conversation, sent no earlier than `since`. */
  readonly message: (subject: {
    readonly conversationId: number
    readonly content: string
    readonly since: DateTime.Utc
  }) => Effect.Effect<Finding>
}

/**
 * The outcome probe that flows use. LiveDesk documents no call that reads conversations or messages, so the default
 * always returns `Undetermined`. A program may look in its own records of webhook events, an export or an undocumented
 * call.
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
// resolving
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The decision on a call whose outcome is undetermined: `Processed`, with the id of the created record, or `NotProcessed`, so
 * that the call is retried.
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
export const processed = (id: number): Resolution => ({ _tag: "Processed", id })

/**
 * The resolution that the call did nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const notProcessed: Resolution = { _tag: "NotProcessed" }

/**
 * A step that waits for a resolution. `inboxId` and `contactId` are set for a conversation, `conversationId` and
 * `content` for a message.
 *
 * @category models
 * @since 0.1.0
 */
export interface PendingStep {
  readonly executionId: string
  /** The name of the workflow. */
  readonly workflow: string
  /** The name of the step. */
  readonly step: string
  readonly kind: IntentLog.Kind
  readonly inboxId: number | undefined
  readonly contactId: number | undefined
  readonly conversationId: number | undefined
  readonly content: string | undefined
  /** When the call was about to be made. */
  readonly since: DateTime.Utc
  /** How to check whether the call took effect. */
  readonly verifyHint: string | undefined
}

/**
 * The step does not wait for a resolution: it is done, in progress, or does not exist.
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
 * The id of a resolution is not a whole number above 0.
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
 * The steps that wait for a resolution, oldest first.
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
 * Logs a warning for each step that waits for a resolution, at once and every hour: nothing else reports a flow that
 * waited before its process was restarted. The layers of `NodeFlows` have it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerReminder: Layer.Layer<never, never, IntentLog.IntentLog> = Layer.effectDiscard(
  IntentLog.IntentLog.use(({ pending }) => Effect.flatMap(pending, Effect.forEach(FlowResolution.warn))).pipe(
    Effect.repeat(Schedule.spaced("1 hour")),
    Effect.forkScoped
  )
)

/**
 * Resolves a pending step. Its flow then continues with the created record, or makes the call again. Only the first
 * resolution of a call counts.
 *
 * ```ts
 * yield* Reconciliation.resolve({ executionId, step: "message", outcome: Reconciliation.processed(4711) })
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
