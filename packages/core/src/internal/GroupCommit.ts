/**
 * Commits of many changes at once: each commit waits for the disk.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"

/** How many changes are committed at once, and how many may wait: more than are in flight, so that few wait. */
const [batchSize, capacity] = [1024, 4096]

interface Waiting<Change, A, E> {
  readonly change?: Change
  /** For the caller that waits until it is on the disk. */
  readonly committed?: Deferred.Deferred<A, E>
}

/**
 * Commits the changes that come while others are being committed at once, and those that wait within 50 milliseconds. Fails
 * with `closed` once the scope is closed.
 */
export const make = Effect.fnUntraced(function*<Change, A, E>(
  commit: (changes: ReadonlyArray<Change>) => Effect.Effect<A, E>,
  closed: E
) {
  const queue = yield* Queue.bounded<Waiting<Change, A, E>>(capacity)
  /** Open while a caller waits for the disk, or a whole batch has come. */
  const due = Latch.makeUnsafe(false)
  let failure: Option.Option<E> = Option.none()
  const commitAll = (waiting: ReadonlyArray<Waiting<Change, A, E>>) =>
    Option.match(failure, {
      // After a failure nothing more is written: what comes later may rest on what was lost.
      onSome: Effect.fail,
      onNone: () => commit(waiting.flatMap(({ change }) => change === undefined ? [] : [change]))
    }).pipe(
      Effect.tapError((error) => Effect.sync(() => failure = Option.some(error))),
      Effect.exit,
      Effect.map((exit) => {
        for (const { committed } of waiting) if (committed !== undefined) Deferred.doneUnsafe(committed, exit)
      })
    )
  // A caller that still waits then, or comes later, must not wait for ever.
  yield* Effect.addFinalizer(() => {
    failure = Option.some(closed)
    // Those that wait for room in the queue come into it with each clearing.
    const refuseAll: Effect.Effect<void> = Effect.flatMap(
      Queue.clear(queue),
      (waiting) => waiting.length === 0 ? Effect.void : Effect.andThen(commitAll(waiting), refuseAll)
    )
    return refuseAll
  })
  // Takes nothing, so that whatever interrupts it, the finalizer finds every caller in the queue.
  const isDue = Effect.gen(function*() {
    yield* Queue.peek(queue)
    yield* Effect.raceFirst(due.await, Effect.sleep("50 millis"))
    // Callers that are about to add to it may do so.
    yield* Effect.yieldNow
  })
  const take = Effect.suspend(() => {
    due.closeUnsafe()
    return Queue.clear(queue)
  })
  yield* Effect.uninterruptibleMask((restore) => restore(isDue).pipe(Effect.andThen(take), Effect.flatMap(commitAll)))
    .pipe(Effect.forever, Effect.forkScoped)
  const enqueue = (waiting: Waiting<Change, A, E>) =>
    Effect.suspend(() => {
      if (Option.isSome(failure)) return Effect.fail(failure.value)
      if (waiting.committed !== undefined || Queue.sizeUnsafe(queue) >= batchSize) due.openUnsafe()
      return Queue.offer(queue, waiting)
    })
  const enqueueAndWait = (change: Pick<Waiting<Change, A, E>, "change">) =>
    Effect.suspend(() => {
      const committed = Deferred.makeUnsafe<A, E>()
      return Effect.andThen(enqueue({ ...change, committed }), Deferred.await(committed))
    })
  return {
    /** Ends when the change is on the disk, with what its commit returned. */
    change: (change: Change) => enqueueAndWait({ change }),
    /** Ends when the change is to be committed. */
    note: (change: Change) => Effect.asVoid(enqueue({ change })),
    /** Ends when all changes so far are on the disk. */
    flush: Effect.asVoid(enqueueAndWait({}))
  }
})
