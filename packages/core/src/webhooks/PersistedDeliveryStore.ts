/**
 * A `DeliveryStore` that survives the process, over any `Persistence` of Effect: a `KeyValueStore`, Redis or SQL.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Persistable from "effect/persistence/Persistable"
import * as Persistence from "effect/persistence/Persistence"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as OptionSchema from "../internal/OptionSchema.ts"
import * as DeliveryStore from "./DeliveryStore.ts"

/**
 * Options of the persisted store.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The name of the store. Defaults to `livedesk_deliveries`. */
  readonly storeId?: string | undefined
  /** How long a handled delivery is remembered. Defaults to 24 hours. */
  readonly timeToLive?: Duration.Input | undefined
  /**
   * How long a delivery stays claimed by a process that was killed before it recorded the outcome. Defaults to 5
   * minutes. No handler should take longer.
   */
  readonly lease?: Duration.Input | undefined
}

class Delivery extends Persistable.Class<{ payload: { readonly delivery: string } }>()("Delivery", {
  primaryKey: ({ delivery }) => delivery,
  success: Schema.Literals(["InProgress", "Handled"])
}) {}

/**
 * Creates a store over a `Persistence`. Within one process a delivery is claimed once. A `Persistence` has no compare
 * and set, so two processes that get the same delivery at the same moment may both handle it. Fails for invalid options.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: Options = {}
): Effect.Effect<
  DeliveryStore.DeliveryStore["Service"],
  DeliveryStore.DeliveryStoreError,
  Persistence.Persistence | Scope.Scope
> =>
  Effect.gen(function*() {
    const { lease, timeToLive } = yield* checkOptions(options)
    const persistence = yield* Persistence.Persistence
    const store = yield* persistence.make({
      storeId: options.storeId ?? "livedesk_deliveries",
      timeToLive: (exit) => Exit.isSuccess(exit) && exit.value === "Handled" ? timeToLive : lease
    })
    // The deliveries that this process looks up or handles, added before the store is asked.
    const claimed = new Set<string>()
    const unclaim = (delivery: string) => Effect.sync(() => void claimed.delete(delivery))

    return DeliveryStore.DeliveryStore.of({
      claim: (delivery) =>
        Effect.suspend((): Effect.Effect<DeliveryStore.Claim, DeliveryStore.DeliveryStoreError> => {
          if (claimed.has(delivery)) return Effect.succeed("InProgress")
          claimed.add(delivery)
          const key = new Delivery({ delivery })
          return Effect.gen(function*() {
            const kept = yield* store.get(key)
            if (kept !== undefined && Exit.isSuccess(kept)) {
              yield* unclaim(delivery)
              return kept.value
            }
            yield* store.set(key, Exit.succeed("InProgress"))
            return "Claimed"
          }).pipe(
            Effect.onError(() => unclaim(delivery)),
            Effect.mapError((cause) => failed("look up", cause))
          )
        }),
      complete: (delivery) =>
        store.set(new Delivery({ delivery }), Exit.succeed("Handled")).pipe(
          Effect.ensuring(unclaim(delivery)),
          Effect.mapError((cause) => failed("keep", cause))
        ),
      release: (delivery) =>
        store.remove(new Delivery({ delivery })).pipe(
          Effect.ensuring(unclaim(delivery)),
          Effect.mapError((cause) => failed("forget", cause))
        )
    })
  })

const checkOptions = OptionSchema.decoder(
  Schema.Struct({
    timeToLive: OptionSchema.withDefault(OptionSchema.duration, DeliveryStore.defaultTimeToLive),
    lease: OptionSchema.withDefault(OptionSchema.duration, Duration.minutes(5))
  }),
  (issues) => new DeliveryStore.DeliveryStoreError({ message: OptionSchema.sentence(issues) })
)

const failed = (what: string, cause: unknown): DeliveryStore.DeliveryStoreError =>
  new DeliveryStore.DeliveryStoreError({ message: `the store failed to ${what} a delivery`, cause })

/**
 * Provides `DeliveryStore` over a `Persistence`. Fails for invalid options.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<DeliveryStore.DeliveryStore, DeliveryStore.DeliveryStoreError, Persistence.Persistence> =>
  Layer.effect(DeliveryStore.DeliveryStore, make(options))

/**
 * Provides `DeliveryStore` over a `KeyValueStore`. Fails for invalid options.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerKeyValueStore = (
  options?: Options
): Layer.Layer<DeliveryStore.DeliveryStore, DeliveryStore.DeliveryStoreError, KeyValueStore.KeyValueStore> =>
  Layer.provide(layer(options), Persistence.layerKvs)
