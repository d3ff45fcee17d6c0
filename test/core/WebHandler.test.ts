import { WebhookDelivery } from "@effect-livedesk/core/testing"
import { DeliveryStore, type WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { assert, describe, it } from "@effect/vitest"
import { Array as Arr, Effect, Latch, Layer, Redacted } from "effect"
import * as Breadth from "../Breadth.ts"

const path = "/livedesk"
const verification = Webhooks.signed({ secrets: [Redacted.make("canary-secret")] })

const makeRequest = Effect.fnUntraced(function*(fields: WebhookDelivery.Options["payload"], at: string = path) {
  const { body, headers } = yield* WebhookDelivery.make({ path, verification, payload: fields })
  return new Request(`http://localhost${at}`, { method: "POST", headers, body: Uint8Array.from(body) })
})

const message = (id: number) => WebhookDelivery.payload("message_created", { id })

const scoped = (options: Parameters<typeof Webhooks.toWebHandler>[0]) =>
  Effect.acquireRelease(
    Effect.sync(() => Webhooks.toWebHandler(options)),
    ({ dispose }) => Effect.promise(dispose)
  )

describe("a receiver of web requests", () => {
  // The server signs at the time of this machine, as its own clock is asked.
  it.live("hands each of many signed deliveries on once", () =>
    Effect.gen(function*() {
      const ids: Array<number> = []
      const handler = (event: WebhookEvent.WebhookEvent) =>
        Effect.sync(() => void ids.push(event._tag === "MessageCreated" ? event.message.id : 0))
      const receiver = yield* scoped({ path, verification, handler, onFailure: "retry" })
      const sent = Arr.makeBy(Breadth.isFull ? 20_000 : 500, (index) => index + 1)
      const deliver = (id: number) =>
        Effect.gen(function*() {
          const request = yield* makeRequest(message(id))
          return yield* Effect.promise(async () => await (await receiver.handler(request)).text())
        })
      const first = yield* Effect.forEach(sent, deliver, { concurrency: 16 })
      const again = yield* Effect.forEach(sent.slice(-200), deliver, { concurrency: 16 })
      assert.isTrue(first.every((text) => text === "{\"status\":\"accepted\"}"))
      assert.isTrue(again.every((text) => text === "{\"status\":\"duplicate\"}"))
      assert.deepStrictEqual(ids.toSorted((a, b) => a - b), sent)
    }).pipe(Effect.scoped))

  it.live("responds to other paths and methods, and uses the store that it is given", () =>
    Effect.gen(function*() {
      const claimed: Array<string> = []
      const store = Layer.effect(
        DeliveryStore.DeliveryStore,
        Effect.map(DeliveryStore.make(), (store) => ({
          ...store,
          claim: (delivery: string) => {
            claimed.push(delivery)
            return store.claim(delivery)
          }
        }))
      )
      const receiver = yield* scoped({ path, verification, handler: () => Effect.void, store })
      yield* Effect.promise(receiver.ready)
      const statusOf = (request: Request) => Effect.promise(async () => (await receiver.handler(request)).status)
      assert.strictEqual(yield* statusOf(yield* makeRequest(message(1))), 200)
      assert.strictEqual(yield* statusOf(yield* makeRequest(message(1), "/elsewhere")), 404)
      assert.strictEqual(yield* statusOf(new Request(`http://localhost${path}`)), 404)
      assert.isTrue(claimed.some((key) => key.startsWith("created:message:")))
    }).pipe(Effect.scoped))

  it.live("rejects with the problem of its options, when it is ready and at each request", () =>
    Effect.gen(function*() {
      const receiver = yield* scoped({
        path,
        verification: Webhooks.signed({ secrets: [Redacted.make("")] }),
        handler: () => Effect.void
      })
      const request = yield* makeRequest(message(1))
      for (const refused of [receiver.ready(), receiver.handler(request)]) {
        const error: unknown = yield* Effect.promise(() => refused.catch((error: unknown) => error))
        assert.instanceOf(error, Webhooks.WebhookOptionsError)
      }
    }).pipe(Effect.scoped))

  it.live("waits for its handlers when it is disposed of", () =>
    Effect.gen(function*() {
      const latch = yield* Latch.make()
      let handled = false
      const handler = () =>
        Effect.andThen(
          latch.await,
          Effect.sync(() => {
            handled = true
          })
        )
      const receiver = Webhooks.toWebHandler({ path, verification, handler })
      const request = yield* makeRequest(message(1))
      assert.strictEqual((yield* Effect.promise(() => receiver.handler(request))).status, 200)
      assert.isFalse(handled)
      const disposed = receiver.dispose()
      yield* latch.open
      yield* Effect.promise(() => disposed)
      assert.isTrue(handled)
    }))
})
