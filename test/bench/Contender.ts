/** A client that creates conversations and decodes them. */
import { Effect } from "effect"

/** Makes so many calls, so many of them at once, and gives the last one's value. */
export type Contender = (calls: number, concurrency: number) => Promise<unknown>

/** Sets a contender up against the server at `url`. */
export type Make = (url: string) => Contender | Promise<Contender>

/** A contender whose calls are promises. */
export const ofPromises = (call: () => Promise<unknown>): Contender => async (calls, concurrency) => {
  let left = calls
  let last: unknown
  const work = async () => {
    while (left-- > 0) last = await call()
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return last
}

/** A contender whose calls are effects, in as many fibers as there are calls at once. */
export const ofEffects = <E>(call: Effect.Effect<unknown, E>): Contender => (calls, concurrency) => {
  let left = calls
  let last: unknown
  const work = Effect.whileLoop({
    while: () => left-- > 0,
    body: () => call,
    step: (value) => {
      last = value
    }
  })
  return Effect.runPromise(
    Effect.map(
      Effect.all(Array.from({ length: concurrency }, () => work), { concurrency: "unbounded", discard: true }),
      () => last
    )
  )
}
