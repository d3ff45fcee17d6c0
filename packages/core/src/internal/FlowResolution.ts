/**
 * The resolution of a flow's step: what the flow waits for, and how it is given it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as DurableDeferred from "effect/workflow/DurableDeferred"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as IntentLog from "../flows/IntentLog.ts"

export const Resolution = Schema.TaggedUnion({
  Done: { id: Schema.Int.check(Schema.isGreaterThan(0)) },
  NotDone: {}
})
export type Resolution = typeof Resolution.Type

/** What a flow waits for, of one call of one step. */
export const deferredOf = (step: string, round: number): DurableDeferred.DurableDeferred<typeof Resolution> =>
  DurableDeferred.make(`${step}/resolution/${round}`, { success: Resolution })

/** Lets the flow go on. */
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
 * As `succeed`, and removes the step from those that are pending. The engine keeps the resolution before the intent records
 * it: should the process die in between, the step is still pending.
 */
export const succeedAndRecord = Effect.fnUntraced(function*(intent: IntentLog.Intent, resolution: Resolution) {
  const intents = yield* IntentLog.IntentLog
  yield* succeed(intent, resolution)
  if (resolution._tag === "Done") yield* intents.done(intent, resolution.id)
})
