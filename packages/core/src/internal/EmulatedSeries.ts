/**
 * What the emulator draws from its seed.
 *
 * @since 0.1.0
 */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

const seeded = (seed: string) => Random.withSeed(Effect.service(Random.Random), seed)

/** A series of UUIDs. */
export const uuids = (seed: string): Effect.Effect<Effect.Effect<string>> =>
  Effect.map(
    seeded(seed),
    (random) =>
      SecureRandom.make((size) => new Uint8Array(size).map(() => Math.floor(random.nextDoubleUnsafe() * 256)))
        .uuidV4()
  )

/** Puts items into an order, which varies from one use to the next. */
export type Shuffle = <A>(items: ReadonlyArray<A>) => ReadonlyArray<A>

/** A series of orders. */
export const shuffle = (seed: string): Effect.Effect<Shuffle> =>
  Effect.map(
    seeded(seed),
    (random): Shuffle => (items) =>
      items.map((item) => ({ item, place: random.nextDoubleUnsafe() }))
        .sort((a, b) => a.place - b.place)
        .map(({ item }) => item)
  )
