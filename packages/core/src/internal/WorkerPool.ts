/**
 * Workers that process the items of a stream.
 *
 * @since 0.1.0
 */
import * as Array from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

/** Processes each item like `Stream.mapEffect`, but without a new fiber for each. */
export const run = Effect.fnUntraced(function*<A, E, R, E2, R2>(
  items: Stream.Stream<ReadonlyArray<A>, E, R>,
  work: (item: A) => Effect.Effect<void, E2, R2>,
  workers: number
) {
  const queue = yield* Queue.bounded<A, Cause.Done>(workers)
  const worker = Effect.forever(Effect.flatMap(Queue.take(queue), work))
  yield* Effect.all([
    Effect.ensuring(
      Stream.runForEach(items, (items) => Queue.offerAll(queue, items)),
      Queue.end(queue)
    ),
    ...Array.makeBy(workers, () => Effect.catchIf(worker, Cause.isDone, () => Effect.void))
  ], { concurrency: "unbounded", discard: true })
})
