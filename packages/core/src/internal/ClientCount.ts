/**
 * Counts the clients that a program builds, to warn of one that builds a client for each call.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** So many clients of one account, built within so many milliseconds, are no accident. */
const many = 10
const window = 10_000

const built = new Map<string, { since: number; count: number; isWarned: boolean }>()

/**
 * Counts a client that is being built under a key, and logs one warning a key when there are many. Clients of this
 * machine's own addresses and of names that nobody can have are those of tests.
 */
export const add = Effect.fnUntraced(function*({ key, origin }: { readonly key: string; readonly origin: string }) {
  if (/^https?:\/\/(?:(?:[^/:]+\.)?(?:localhost|invalid|test)|127\.[\d.]+|\[::1\])(?::\d+)?$/.test(origin)) return
  const now = yield* Clock.currentTimeMillis
  const before = built.get(key)
  const entry = before === undefined || now - before.since > window
    ? { since: now, count: 0, isWarned: before?.isWarned ?? false }
    : before
  built.set(key, entry)
  entry.count += 1
  if (entry.count < many || entry.isWarned) return
  entry.isWarned = true
  yield* Effect.logWarning(
    `${many} clients of ${key} were built within ${window / 1000} seconds. Each has connections, a rate limit and a ` +
      "circuit breaker of its own, so limits do not hold. Build one layer and provide it once, as ManagedRuntime does"
  )
})
