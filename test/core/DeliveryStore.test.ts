import { DeliveryStore, PersistedDeliveryStore } from "@effect-livedesk/core/webhooks"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, type Scope } from "effect"
import { KeyValueStore, Persistence } from "effect/persistence"
import { TestClock } from "effect/testing"

const stores = {
  "memory": DeliveryStore.layer,
  "a Persistence": PersistedDeliveryStore.layer().pipe(Layer.provide(Persistence.layerMemory)),
  "a KeyValueStore": PersistedDeliveryStore.layerKeyValueStore().pipe(Layer.provide(KeyValueStore.layerMemory))
}

for (const [name, layer] of Object.entries(stores)) {
  describe(`deliveries in ${name}`, () => {
    it.effect("are claimed once, completed or released, and remembered for a day", () =>
      Effect.gen(function*() {
        const { claim, complete, release } = yield* DeliveryStore.DeliveryStore
        assert.strictEqual(yield* claim("a"), "Claimed")
        assert.strictEqual(yield* claim("a"), "InProgress")
        assert.strictEqual(yield* claim("b"), "Claimed")
        yield* release("a")
        assert.strictEqual(yield* claim("a"), "Claimed")
        yield* complete("a")
        assert.strictEqual(yield* claim("a"), "Handled")
        yield* TestClock.adjust("23 hours")
        assert.strictEqual(yield* claim("a"), "Handled")
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(yield* claim("a"), "Claimed")
      }).pipe(Effect.provide(layer)))

    it.effect("go to one of many concurrent callers", () =>
      Effect.gen(function*() {
        const { claim } = yield* DeliveryStore.DeliveryStore
        const claims = yield* Effect.all(Array.from({ length: 50 }, () => claim("a")), { concurrency: "unbounded" })
        assert.strictEqual(claims.filter((claim) => claim === "Claimed").length, 1)
        assert.strictEqual(claims.filter((claim) => claim === "InProgress").length, 49)
      }).pipe(Effect.provide(layer)))
  })
}

// What a program in JavaScript may pass.
const soon = "soon" as "1 second"

describe("the options of a store", () => {
  type Make = Effect.Effect<
    DeliveryStore.DeliveryStore["Service"],
    DeliveryStore.DeliveryStoreError,
    Persistence.Persistence | Scope.Scope
  >
  const invalid: { readonly [option: string]: ReadonlyArray<Make> } = {
    capacity: [Number.NaN, 0, -1, "many" as never].map((capacity) => DeliveryStore.make({ capacity })),
    timeToLive: [
      DeliveryStore.make({ timeToLive: soon }),
      DeliveryStore.make({ timeToLive: Number.NaN }),
      PersistedDeliveryStore.make({ timeToLive: soon })
    ],
    lease: [PersistedDeliveryStore.make({ lease: soon }), PersistedDeliveryStore.make({ lease: -1 })]
  }
  for (const [option, stores] of Object.entries(invalid)) {
    it.effect(`fail the store for an invalid ${option}`, () =>
      Effect.gen(function*() {
        for (const { message } of yield* Effect.all(stores.map(Effect.flip))) {
          assert.match(message, new RegExp(`^${option}: expected a `))
        }
      }).pipe(Effect.provide(Persistence.layerMemory)))
  }

  it.effect("may be a capacity without end", () =>
    Effect.gen(function*() {
      const { claim, complete } = yield* DeliveryStore.make({ capacity: Number.POSITIVE_INFINITY })
      yield* claim("a")
      yield* complete("a")
      assert.strictEqual(yield* claim("a"), "Handled")
    }))
})

describe("deliveries in memory", () => {
  it.effect("are forgotten above the capacity, the oldest first", () =>
    Effect.gen(function*() {
      const { claim, complete } = yield* DeliveryStore.DeliveryStore
      for (const delivery of ["a", "b", "c"]) {
        yield* claim(delivery)
        yield* complete(delivery)
      }
      assert.strictEqual(yield* claim("b"), "Handled")
      assert.strictEqual(yield* claim("c"), "Handled")
      assert.strictEqual(yield* claim("a"), "Claimed")
    }).pipe(Effect.provide(DeliveryStore.layerWith({ capacity: 2 }))))
})

describe("persisted deliveries", () => {
  it.effect("are seen by the next process, which takes over claims of the last one after the lease", () =>
    Effect.gen(function*() {
      const [first, second] = yield* Effect.all([PersistedDeliveryStore.make(), PersistedDeliveryStore.make()])
      assert.strictEqual(yield* first.claim("a"), "Claimed")
      assert.strictEqual(yield* first.claim("b"), "Claimed")
      yield* first.complete("b")
      assert.strictEqual(yield* second.claim("a"), "InProgress")
      assert.strictEqual(yield* second.claim("b"), "Handled")
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* second.claim("a"), "Claimed")
      assert.strictEqual(yield* second.claim("b"), "Handled")
    }).pipe(Effect.provide(Persistence.layerKvs.pipe(Layer.provide(KeyValueStore.layerMemory)))))

  it.effect("go to one of many concurrent callers, even if the store is slow", () =>
    Effect.gen(function*() {
      const { claim } = yield* DeliveryStore.DeliveryStore
      const claims = yield* Effect.all(Array.from({ length: 50 }, () => claim("a")), { concurrency: "unbounded" })
      assert.strictEqual(claims.filter((claim) => claim === "Claimed").length, 1)
    }).pipe(Effect.provide(Layer.provide(PersistedDeliveryStore.layerKeyValueStore(), slow))))

  it.effect("are not claimed by a claim that failed or was interrupted", () =>
    Effect.gen(function*() {
      const store = yield* KeyValueStore.KeyValueStore
      let first = true
      const stopsOnce = (stop: Effect.Effect<never, KeyValueStore.KeyValueStoreError>) => {
        first = true
        return PersistedDeliveryStore.layerKeyValueStore().pipe(
          Layer.provide(Layer.succeed(KeyValueStore.KeyValueStore, {
            ...store,
            get: (key: string) =>
              Effect.suspend(() => {
                if (!first) return store.get(key)
                first = false
                return stop
              })
          }))
        )
      }
      const { claim } = yield* Effect.map(
        Layer.build(
          stopsOnce(Effect.fail(new KeyValueStore.KeyValueStoreError({ method: "get", message: "out of order" })))
        ),
        Context.get(DeliveryStore.DeliveryStore)
      )
      yield* Effect.flip(claim("a"))
      assert.strictEqual(yield* claim("a"), "Claimed")
      const again = yield* Effect.map(Layer.build(stopsOnce(Effect.never)), Context.get(DeliveryStore.DeliveryStore))
      const interrupted = yield* Effect.forkChild(again.claim("b"), { startImmediately: true })
      yield* Fiber.interrupt(interrupted)
      assert.strictEqual(yield* again.claim("b"), "Claimed")
    }).pipe(Effect.provide(KeyValueStore.layerMemory)))

  it.effect("fail with a typed error when the store does, and are not claimed then", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.flatMap(DeliveryStore.DeliveryStore, ({ claim }) => claim("a")))
      assert.strictEqual(error._tag, "DeliveryStoreError")
    }).pipe(Effect.provide(Layer.provide(PersistedDeliveryStore.layerKeyValueStore(), broken))))
})

const slow = Layer.effect(
  KeyValueStore.KeyValueStore,
  Effect.map(
    KeyValueStore.KeyValueStore,
    (store) => ({ ...store, get: (key: string) => Effect.tap(store.get(key), Effect.yieldNow) })
  )
).pipe(Layer.provide(KeyValueStore.layerMemory))

const broken = Layer.succeed(
  KeyValueStore.KeyValueStore,
  (() => {
    const fails = Effect.fail(new KeyValueStore.KeyValueStoreError({ method: "any", message: "out of order" }))
    return KeyValueStore.make({
      get: () => fails,
      getUint8Array: () => fails,
      set: () => fails,
      remove: () => fails,
      clear: fails,
      size: fails,
      keys: fails
    })
  })()
)
