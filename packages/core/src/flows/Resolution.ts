/**
 * The decision on a call whose outcome could not be reconciled.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as DurableDeferred from "effect/workflow/DurableDeferred"

/**
 * The call created what it was to create, by its id; or it did nothing, and is retried.
 *
 * @category models
 * @since 0.1.0
 */
export const Resolution = Schema.TaggedUnion({
  Done: { id: Schema.Int.check(Schema.isGreaterThan(0)) },
  NotDone: {}
})
/**
 * @category models
 * @since 0.1.0
 */
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
 * What a flow waits for, of one call of one step.
 *
 * @internal
 */
export const deferredOf = (step: string, round: number): DurableDeferred.DurableDeferred<typeof Resolution> =>
  DurableDeferred.make(`${step}/resolution/${round}`, { success: Resolution })
