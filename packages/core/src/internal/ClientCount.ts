/**
 * Counts the clients that a program builds, to warn if it builds one for each call.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** This many clients of one account within this many milliseconds trigger the warning. */
const many = 10
const window = 10_000

const built = new Map<string, { since: number; count: number; isWarned: boolean }>()

/**
 * Counts a client under a key, and logs one warning per key when there are many. Clients of loopback addresses and
 * reserved host names are those of tests, and are not counted.
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
