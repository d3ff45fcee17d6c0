/**
 * Resolves what a flow cannot reconcile: a person looks at LiveDesk's console, and states whether a step was done.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as DurableDeferred from "effect/workflow/DurableDeferred"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as IntentLog from "./IntentLog.ts"
import * as Resolution from "./Resolution.ts"

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
 * yield* Reconciliation.resolve({ executionId, step: "message", outcome: Resolution.done(4711) })
 * ```
 *
 * @category calls
 * @since 0.1.0
 */
export const resolve = Effect.fn("Reconciliation.resolve")(function*(options: {
  readonly executionId: string
  readonly step: string
  readonly outcome: Resolution.Resolution
}): Effect.fn.Return<void, NotPendingError | ResolutionError, IntentLog.IntentLog | WorkflowEngine.WorkflowEngine> {
  const { executionId, outcome, step } = options
  if (!isResolution(outcome)) return yield* new ResolutionError()
  const intents = yield* IntentLog.IntentLog
  const intent = yield* intents.find(executionId, step)
  if (intent === undefined || intent.state !== "Pending") return yield* new NotPendingError({ executionId, step })
  yield* succeedAndRecord(intent, outcome)
})

const isResolution = Schema.is(Resolution.Resolution)

/**
 * Lets the flow go on.
 *
 * @internal
 */
export const succeed = (
  { executionId, round, step, workflow }: IntentLog.Intent,
  resolution: Resolution.Resolution
): Effect.Effect<void, never, WorkflowEngine.WorkflowEngine> => {
  const deferred = Resolution.deferredOf(step, round)
  const token = new DurableDeferred.TokenParsed({
    workflowName: workflow,
    executionId,
    deferredName: deferred.name
  }).asToken
  return DurableDeferred.succeed(deferred, { token, value: resolution })
}

/**
 * As `succeed`, and removes the step from `pending`. The engine keeps the resolution before the intent records it: should
 * the process die in between, the step is still pending.
 *
 * @internal
 */
export const succeedAndRecord = Effect.fnUntraced(
  function*(intent: IntentLog.Intent, resolution: Resolution.Resolution) {
    const intents = yield* IntentLog.IntentLog
    yield* succeed(intent, resolution)
    if (resolution._tag === "Done") yield* intents.done(intent, resolution.id)
  }
)
