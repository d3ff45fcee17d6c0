/**
 * A store of the deliveries that were handled, so that a repeated one is not handled twice.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as OptionSchema from "../internal/OptionSchema.ts"

/**
 * The result of claiming a delivery.
 *
 * - `Claimed`: no other caller has it; the caller must handle it now, then complete or release it.
 * - `InProgress`: another caller is handling it.
 * - `Handled`: it was handled before.
 *
 * @category models
 * @since 0.1.0
 */
export type Claim = "Claimed" | "InProgress" | "Handled"

/**
 * The store failed to read or write a delivery, or its options are invalid.
 *
 * @category errors
 * @since 0.1.0
 */
export class DeliveryStoreError extends Schema.TaggedError<DeliveryStoreError>()("DeliveryStoreError", {
  message: Schema.String,
  cause: Schema.optional(Schema.Defect())
}) {}

/**
 * Records which deliveries were handled.
 *
 * @category services
 * @since 0.1.0
 */
export class DeliveryStore extends Context.Service<DeliveryStore, {
  /** Claims a delivery to handle it. Only one caller in this process gets it. */
  readonly claim: (delivery: string) => Effect.Effect<Claim, DeliveryStoreError>
  /** Records that a claimed delivery was handled. */
  readonly complete: (delivery: string) => Effect.Effect<void, DeliveryStoreError>
  /** Releases a claimed delivery, so that it is handled when it is repeated. */
  readonly release: (delivery: string) => Effect.Effect<void, DeliveryStoreError>
}>()("@effect-livedesk/core/DeliveryStore") {}

/**
 * Options of the store in memory.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** How long a handled delivery is remembered. Defaults to 24 hours. */
  readonly timeToLive?: Duration.Input | undefined
  /**
   * How many handled deliveries are remembered, at least 1; the oldest is forgotten first. Defaults to 10,000. A signed
   * delivery with an id counts twice, as it is remembered by both.
   */
  readonly capacity?: number | undefined
}

/**
 * The default of `timeToLive`: 24 hours.
 *
 * @category options
 * @since 0.1.0
 */
export const defaultTimeToLive: Duration.Duration = Duration.hours(24)

/**
 * Creates a store in memory, which serves one process until it ends. Fails for invalid options.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Effect.Effect<DeliveryStore["Service"], DeliveryStoreError> =>
  Effect.map(checkOptions(options), ({ capacity, ...times }) => {
    const timeToLive = Duration.toMillis(times.timeToLive)
    const inProgress = new Set<string>()
    // The time at which each is forgotten, in the order in which they were handled.
    const handled = new Map<string, number>()

    const forget = (now: number): void => {
      for (const [delivery, until] of handled) {
        if (until > now && handled.size <= capacity) return
        handled.delete(delivery)
      }
    }

    return DeliveryStore.of({
      claim: (delivery) =>
        Effect.map(Clock.currentTimeMillis, (now): Claim => {
          forget(now)
          if (handled.has(delivery)) return "Handled"
          if (inProgress.has(delivery)) return "InProgress"
          inProgress.add(delivery)
          return "Claimed"
        }),
      complete: (delivery) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          inProgress.delete(delivery)
          handled.delete(delivery)
          handled.set(delivery, now + timeToLive)
          forget(now)
        }),
      release: (delivery) => Effect.sync(() => void inProgress.delete(delivery))
    })
  })

const checkOptions = OptionSchema.decoder(
  Schema.Struct({
    timeToLive: OptionSchema.withDefault(OptionSchema.duration, defaultTimeToLive),
    capacity: OptionSchema.withDefault(OptionSchema.amount, 10_000)
  }),
  (issues) => new DeliveryStoreError({ message: OptionSchema.sentence(issues) })
)

/**
 * Provides `DeliveryStore` in memory. Fails for invalid options.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (options?: Options): Layer.Layer<DeliveryStore, DeliveryStoreError> =>
  Layer.effect(DeliveryStore, make(options))

/**
 * Same as `layerWith` with the defaults.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<DeliveryStore> = Layer.orDie(layerWith())
