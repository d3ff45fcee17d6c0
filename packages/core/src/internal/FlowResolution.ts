/**
 * Passes the resolution of a step to the flow that waits for it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as DurableDeferred from "effect/workflow/DurableDeferred"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as IntentLog from "../flows/IntentLog.ts"

export const Resolution = Schema.TaggedUnion({
  Processed: { id: Schema.Int.check(Schema.isGreaterThan(0)) },
  NotProcessed: {}
})
export type Resolution = typeof Resolution.Type

/** Warns of a step that waits for a person. */
export const warn = (
  { contactId, conversationId, executionId, step, verifyHint, workflow }: IntentLog.Intent
): Effect.Effect<void> => {
  const subject = conversationId !== undefined
    ? ` for conversation ${conversationId}`
    : contactId !== undefined
    ? ` for contact ${contactId}`
    : ""
  return Effect.logWarning(
    `${workflow} ${executionId} waits: the outcome of its step ${step} is unknown${subject}. To resolve it, ` +
      (verifyHint ?? "look at LiveDesk's console")
  ).pipe(Effect.annotateLogs({
    "livedesk.flow": workflow,
    "livedesk.flow.execution": executionId,
    "livedesk.flow.step": step
  }))
}

/** The deferred of one call of a step. */
export const deferredOf = (step: string, round: number): DurableDeferred.DurableDeferred<typeof Resolution> =>
  DurableDeferred.make(`${step}/resolution/${round}`, { success: Resolution })

/** Completes the deferred, so that the flow continues. */
export const succeed = (
  { executionId, round, step, workflow }: IntentLog.Intent,
  resolution: Resolution
): Effect.Effect<void, never, WorkflowEngine.WorkflowEngine> => {
  const deferred = deferredOf(step, round)
  const token = new DurableDeferred.TokenParsed({
    workflowName: workflow,
    executionId,
    deferredName: deferred.name
  }).asToken
  return DurableDeferred.succeed(deferred, { token, value: resolution })
}

/**
 * Like `succeed`, and marks the intent as done. The engine stores the resolution first: if the process dies in between,
 * the step is still pending.
 */
export const succeedAndRecord = Effect.fnUntraced(function*(intent: IntentLog.Intent, resolution: Resolution) {
  const intents = yield* IntentLog.IntentLog
  yield* succeed(intent, resolution)
  if (resolution._tag === "Processed") yield* intents.complete(intent, resolution.id)
})
