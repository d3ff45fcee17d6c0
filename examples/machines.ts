/**
 * What several machines share through a Redis, here the one that REDIS_URL names: a rate limit, a circuit breaker, and which
 * webhooks were handled. Both machines are in this process, and LiveDesk is an emulator.
 */
import { Breaker, Contacts, LiveDesk, LiveDeskClient, RateLimit } from "@effect-livedesk/core"
import { Emulator, WebhookDelivery } from "@effect-livedesk/core/testing"
import { PersistedDeliveryStore, WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { NodeRuntime } from "@effect/platform-node"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { Config, Console, Effect, Layer, Option } from "effect"
import { HttpClient } from "effect/http"
import { CircuitBreaker, Persistence, RateLimiter } from "effect/persistence"

const path = "/webhooks/livedesk"
const verification = Webhooks.unverified

// What is the same on every machine but for the name in the log.
const receiverOf = (machine: string) =>
  Webhooks.layer({
    path,
    verification,
    handler: (event) => Console.log(`${machine} handles ${WebhookEvent.nameOf(event)}`),
    onFailure: "retry"
  })

// In the Redis, instead of in each machine's memory:
const SharedDeliveries = PersistedDeliveryStore.layer().pipe(Layer.provide(Persistence.layerRedis))
const SharedLimits = Layer.mergeAll(RateLimiter.layerStoreRedis(), CircuitBreaker.layerStoreRedis())

const machine = (name: string) =>
  Effect.gen(function*() {
    const contacts = yield* Contacts.Contacts
    yield* contacts.list({})
    const router = yield* HttpClient.HttpClient
    const delivery = yield* WebhookDelivery.make({
      path,
      verification,
      id: "delivery-1",
      payload: WebhookDelivery.payload("conversation_created", { id: 40 })
    })
    const { status } = yield* router.execute(WebhookDelivery.toRequest(delivery))
    yield* Console.log(`${name} responds with ${status}`)
  }).pipe(Effect.provide(Layer.mergeAll(
    receiverOf(name).pipe(Layer.provide(SharedDeliveries), Layer.provideMerge(WebhookDelivery.layer)),
    LiveDesk.layer.pipe(Layer.provide(atEmulator), Layer.provide(SharedLimits))
  )))

const atEmulator = Layer.unwrap(Effect.map(Emulator.Emulator, ({ credentials }) =>
  LiveDeskClient.layer({
    ...credentials,
    rateLimit: RateLimit.make({ limit: 10 }),
    circuitBreaker: Breaker.make()
  }))).pipe(Layer.provide(Emulator.layerHttpClient))

Config.option(Config.String("REDIS_URL")).pipe(
  Effect.flatMap(Option.match({
    onNone: () => Console.log("REDIS_URL is not set: machines share what is in a Redis"),
    onSome: (url) => machine("one").pipe(Effect.andThen(machine("two")), Effect.provide(NodeRedis.layer({ url })))
  })),
  NodeRuntime.runMain
)
