import { WebhookDelivery } from "@effect-livedesk/core/testing"
import { DeliveryStore, PersistedDeliveryStore, WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import * as NodeSqlite from "@effect-livedesk/node/NodeSqlite"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Latch, Layer, Redacted, References } from "effect"
import { HttpClient } from "effect/http"
import { KeyValueStore, Persistence } from "effect/persistence"
import { TestClock } from "effect/testing"
import type { Json } from "./Wire.ts"

const path = "/livedesk"
const signed = Webhooks.signed({ secrets: [Redacted.make("canary-secret")] })

/** Persists deliveries, so that a second process finds them. */
const persistences = {
  "a Persistence": Persistence.layerMemory,
  "a KeyValueStore": Persistence.layerKvs.pipe(Layer.provide(KeyValueStore.layerMemory)),
  "SQLite": Persistence.layerSql.pipe(Layer.provide(NodeSqlite.layer({ file: ":memory:" })), Layer.orDie)
}

const stores = {
  memory: DeliveryStore.layer,
  ...Object.fromEntries(
    Object.entries(persistences).map(([name, layer]) => [name, Layer.provide(PersistedDeliveryStore.layer(), layer)])
  )
}

interface Sent {
  readonly fields?: { readonly [key: string]: Json }
  readonly id?: string
}

/** A receiver over a store, with what its handler got. */
const makeReceiver = (
  verification: Webhooks.Verification,
  handler: Effect.Effect<void> = Effect.void
) => {
  const events: Array<string> = []
  const layer = Webhooks.layer({
    path,
    verification,
    onFailure: "retry",
    ownMessages: "handle",
    // The clock stands still while it closes.
    shutdownTimeout: 0,
    handler: (event) => Effect.andThen(handler, Effect.sync(() => events.push(WebhookEvent.nameOf(event))))
  }).pipe(Layer.provideMerge(WebhookDelivery.layer))
  const send = Effect.fnUntraced(function*(event: string, { fields, id }: Sent) {
    const client = yield* HttpClient.HttpClient
    const delivery = yield* WebhookDelivery.make({
      path,
      verification,
      payload: WebhookDelivery.payload(event, fields),
      ...(id === undefined ? {} : { id })
    })
    const response = yield* client.execute(WebhookDelivery.toRequest(delivery))
    return response.status === 200 ? statusIn(yield* response.json) : response.status
  })
  return { events, layer, send }
}

const statusIn = (json: unknown): unknown =>
  typeof json === "object" && json !== null && "status" in json ? json.status : json

/** Events by what names them beside the delivery's id. */
const created = ["message_created", "conversation_created", "contact_created"]
const changed = ["message_updated", "conversation_updated", "conversation_status_changed", "contact_updated"]
const unnamed = ["conversation_typing_on", "conversation_typing_off", "webwidget_triggered"]

const at = { updated_at: 1768967324.5 }
const content = (value: string) => ({
  custom_attributes: { value },
  changed_attributes: [{ [value]: { previous_value: null, current_value: 1 } }]
})
const elsewhere = { account: { id: 5, name: "another project" } }

type Expected = "accepted" | "duplicate"

const table: ReadonlyArray<
  readonly [pair: string, first: Sent, second: Sent, Record<"created" | "changed" | "unnamed", Expected>]
> = [
  [
    "one id, and contents that differ",
    { id: "1", fields: at },
    { id: "1", fields: { id: 6, updated_at: 7 } },
    { created: "duplicate", changed: "duplicate", unnamed: "duplicate" }
  ],
  [
    "ids that differ, and one body",
    { id: "1", fields: at },
    { id: "2", fields: at },
    { created: "duplicate", changed: "duplicate", unnamed: "accepted" }
  ],
  [
    "no ids, and one body",
    { fields: at },
    { fields: at },
    { created: "duplicate", changed: "duplicate", unnamed: "accepted" }
  ],
  [
    "an id and none, and one body",
    { id: "1", fields: at },
    { fields: at },
    { created: "duplicate", changed: "duplicate", unnamed: "accepted" }
  ],
  [
    "ids that differ, and one time with contents that differ",
    { id: "1", fields: { ...at, ...content("status") } },
    { id: "2", fields: { ...at, ...content("assignee_id") } },
    { created: "duplicate", changed: "accepted", unnamed: "accepted" }
  ],
  [
    "no ids, and one time with contents that differ",
    { fields: { ...at, ...content("status") } },
    { fields: { ...at, ...content("assignee_id") } },
    { created: "duplicate", changed: "accepted", unnamed: "accepted" }
  ],
  [
    "no ids, and times that differ",
    { fields: { updated_at: 1768967324.1 } },
    { fields: { updated_at: 1768967324.2 } },
    { created: "duplicate", changed: "accepted", unnamed: "accepted" }
  ],
  [
    "ids that differ, and no time",
    { id: "1", fields: { updated_at: null } },
    { id: "2", fields: { updated_at: null } },
    { created: "duplicate", changed: "accepted", unnamed: "accepted" }
  ],
  [
    "no ids, and records that differ",
    { fields: { ...at, id: 6 } },
    { fields: { ...at, id: 7 } },
    { created: "accepted", changed: "accepted", unnamed: "accepted" }
  ],
  [
    "no ids, and projects that differ",
    { fields: at },
    { fields: { ...at, ...elsewhere } },
    { created: "accepted", changed: "accepted", unnamed: "accepted" }
  ]
]

const kinds = { created, changed, unnamed }

for (const [name, store] of Object.entries(stores)) {
  describe(`deliveries in ${name}`, () => {
    for (const [pair, first, second, expected] of table) {
      it.effect(`of ${pair}`, () =>
        Effect.gen(function*() {
          for (const verification of [signed, Webhooks.unverified]) {
            for (const kind of ["created", "changed", "unnamed"] as const) {
              for (const event of kinds[kind]) {
                const { events, layer, send } = makeReceiver(verification)
                yield* Effect.gen(function*() {
                  assert.strictEqual(yield* send(event, first), "accepted", event)
                  // So that it is signed anew.
                  yield* TestClock.adjust("1 second")
                  assert.strictEqual(yield* send(event, second), expected[kind], `${event}, ${verification._tag}`)
                  assert.strictEqual(events.length, expected[kind] === "accepted" ? 2 : 1, event)
                }).pipe(Effect.provide(Layer.provide(layer, Layer.fresh(store))))
              }
            }
          }
        }))
    }

    it.effect("go to one of many concurrent deliveries under ids that differ", () =>
      Effect.gen(function*() {
        for (const event of [...created, ...changed]) {
          const { events, layer, send } = makeReceiver(Webhooks.unverified, Effect.yieldNow)
          yield* Effect.gen(function*() {
            const sent = Array.from({ length: 20 }, (_, index) => send(event, { id: `${index}`, fields: at }))
            const responses = yield* Effect.all(sent, { concurrency: "unbounded" })
            assert.strictEqual(responses.filter((response) => response === "accepted").length, 1, event)
            for (const response of responses) assert.include([503, "duplicate", "accepted"], response)
            assert.strictEqual(yield* send(event, { id: "last", fields: at }), "duplicate")
            assert.strictEqual(events.length, 1)
          }).pipe(
            Effect.provide(Layer.provide(layer, Layer.fresh(store))),
            Effect.provideService(References.MinimumLogLevel, "None")
          )
        }
      }))
  })
}

for (const [name, persistence] of Object.entries(persistences)) {
  describe(`deliveries in ${name}, after a crash`, () => {
    const processOver = (made: ReturnType<typeof makeReceiver>, store: Layer.Layer<DeliveryStore.DeliveryStore>) =>
      Effect.map(
        Layer.build(Layer.provide(made.layer, store)),
        (services) => (event: string, sent: Sent) => Effect.provideContext(made.send(event, sent), services)
      )

    it.effect("in the handler are handled again after the lease, whatever their id", () =>
      Effect.gen(function*() {
        const store = Layer.succeedContext(yield* Layer.build(persistence))
        for (const event of [...created, ...changed]) {
          // It hangs for ever, as a killed one would; its claims stay.
          const begun = Latch.makeUnsafe(false)
          const killed = makeReceiver(Webhooks.unverified, Effect.andThen(begun.open, Effect.never))
          const sendToKilled = yield* processOver(
            killed,
            Layer.provide(Layer.orDie(PersistedDeliveryStore.layer()), store)
          )
          yield* Effect.forkChild(sendToKilled(event, { id: `${event}-1`, fields: at }))
          yield* begun.await

          const next = makeReceiver(Webhooks.unverified)
          const send = yield* processOver(
            next,
            Layer.provide(Layer.fresh(Layer.orDie(PersistedDeliveryStore.layer())), store)
          )
          assert.strictEqual(yield* send(event, { id: `${event}-2`, fields: at }), 503, event)
          yield* TestClock.adjust("5 minutes")
          assert.strictEqual(yield* send(event, { id: `${event}-2`, fields: at }), "accepted", event)
          assert.strictEqual(yield* send(event, { id: `${event}-1`, fields: at }), "duplicate", event)
          assert.strictEqual(next.events.length, 1)
        }
      }).pipe(Effect.provideService(References.MinimumLogLevel, "None"), Effect.scoped))

    it.effect("between two keys of an outcome are known by the first", () =>
      Effect.gen(function*() {
        const store = Layer.succeedContext(yield* Layer.build(persistence))
        let completed = 0
        const dying = Layer.effect(
          DeliveryStore.DeliveryStore,
          Effect.map(PersistedDeliveryStore.make(), (store) => ({
            ...store,
            complete: (key: string) => Effect.suspend(() => completed++ === 0 ? store.complete(key) : Effect.void)
          }))
        )
        for (const event of [...created, ...changed]) {
          completed = 0
          const sendToDying = yield* processOver(makeReceiver(signed), Layer.provide(Layer.orDie(dying), store))
          assert.strictEqual(yield* sendToDying(event, { id: event, fields: at }), "accepted", event)
          assert.strictEqual(completed, 3, event)
          const next = makeReceiver(signed)
          const send = yield* processOver(
            next,
            Layer.provide(Layer.fresh(Layer.orDie(PersistedDeliveryStore.layer())), store)
          )
          assert.strictEqual(yield* send(event, { id: event, fields: at }), "duplicate", event)
          // Nor is it handled when it is signed anew under another id, after the claims of the dead process.
          yield* TestClock.adjust("6 minutes")
          assert.strictEqual(yield* send(event, { id: `${event}-2`, fields: at }), "duplicate", event)
          assert.isEmpty(next.events)
        }
      }).pipe(Effect.scoped))
  })
}
