import { LiveDeskError, Model } from "@effect-livedesk/core"
import { WebhookDelivery } from "@effect-livedesk/core/testing"
import { DeliveryStore, PersistedDeliveryStore, WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import {
  Array as Arr,
  Context,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Latch,
  Layer,
  Logger,
  Random,
  Redacted,
  References,
  Scope,
  Stream,
  Tracer
} from "effect"
import { HttpClient, HttpClientRequest, HttpRouter, type HttpServerError } from "effect/http"
import { KeyValueStore } from "effect/persistence"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"
import * as Breadth from "../Breadth.ts"

type Routes<A> = Layer.Layer<
  A,
  Webhooks.WebhookOptionsError,
  HttpRouter.HttpRouter | DeliveryStore.DeliveryStore
>

/** Serves routes, and gives the client that reaches them. */
type Transport = <A>(routes: Routes<A>) => Layer.Layer<
  A | HttpClient.HttpClient,
  Webhooks.WebhookOptionsError | HttpServerError.ServeError,
  DeliveryStore.DeliveryStore
>

const memory: Transport = (routes) => Layer.provideMerge(routes, WebhookDelivery.layer)

const tcp: Transport = (routes) =>
  HttpRouter.serve(routes, { disableListenLog: true }).pipe(Layer.provideMerge(NodeHttpServer.layerTest))

const path = "/livedesk"
const secret = Redacted.make("canary-secret")
const signed = Webhooks.signed({ secrets: [secret] })
const signedWith = (value: string) => Webhooks.signed({ secrets: [Redacted.make(value)] })

/** Sends, and returns the status and the body of the response. */
const send = Effect.fnUntraced(function*(delivery: WebhookDelivery.WebhookDelivery) {
  const client = yield* HttpClient.HttpClient
  const response = yield* client.execute(WebhookDelivery.toRequest(delivery))
  const body: unknown = yield* response.json
  return [response.status, body] as const
})

const deliver = (options: Partial<WebhookDelivery.Options> = {}) =>
  Effect.flatMap(
    WebhookDelivery.make({
      path,
      verification: signed,
      payload: WebhookDelivery.payload("message_created"),
      ...options
    }),
    send
  )

/** A handler that writes down what it gets. */
const recorder = () => {
  const events: Array<WebhookEvent.WebhookEvent> = []
  return { events, handler: (event: WebhookEvent.WebhookEvent) => Effect.sync(() => void events.push(event)) }
}

const accepted = [200, { status: "accepted" }] as const
const duplicate = [200, { status: "duplicate" }] as const
const rejections = {
  NotVerified: [401, "the delivery could not be verified"],
  BodyTooLarge: [413, "the body is larger than is taken here"],
  BodyTimedOut: [408, "the body did not arrive in time"],
  BodyLost: [400, "the body broke off"],
  NotJson: [400, "the body is not JSON"],
  NoEvent: [400, "the body is no object with a text `event`"],
  Full: [503, "too many events wait to be handled; deliver it again"],
  InProgress: [503, "this delivery came before and is being handled; deliver it again"],
  StoreFailed: [503, "the store failed, so whether this delivery was handled is unknown; deliver it again"],
  HandlerFailed: [500, "the event could not be handled; deliver it again"]
} as const
const rejected = (reason: keyof typeof rejections) => {
  const [status, message] = rejections[reason]
  return [status, { error: reason, message }] as const
}

for (const [name, transport] of [["memory", memory], ["TCP", tcp]] as const) {
  describe(`over ${name}`, () => {
    const running = <A, E>(
      options: Partial<Webhooks.HandlerOptions<unknown, never>>,
      effect: Effect.Effect<A, E, HttpClient.HttpClient | DeliveryStore.DeliveryStore>,
      seen: Layer.Layer<DeliveryStore.DeliveryStore> = DeliveryStore.layer
    ) =>
      effect.pipe(
        Effect.provide(
          transport(Webhooks.layer({ path, verification: signed, handler: () => Effect.void, ...options })).pipe(
            Layer.provideMerge(seen)
          )
        ),
        Effect.provideService(References.MinimumLogLevel, "None")
      )

    describe("a receiver", () => {
      it.effect("passes events of every kind to the handler, unknown ones included", () => {
        const { events, handler } = recorder()
        const names = [...WebhookDelivery.eventNames, "webwidget_triggered"]
        return running(
          { handler, onFailure: "retry" },
          Effect.gen(function*() {
            for (const name of names) {
              assert.deepStrictEqual(yield* deliver({ payload: WebhookDelivery.payload(name) }), accepted)
            }
            assert.deepStrictEqual(events.map(WebhookEvent.nameOf), names)
          })
        )
      })

      it.effect("responds before the handler is done", () =>
        Effect.gen(function*() {
          const latch = yield* Latch.make()
          const done = yield* Deferred.make<void>()
          const handler = () => Effect.andThen(latch.await, Deferred.succeed(done, undefined))
          yield* running(
            { handler },
            Effect.gen(function*() {
              assert.deepStrictEqual(yield* deliver(), accepted)
              assert.isFalse(yield* Deferred.isDone(done))
              yield* latch.open
              yield* Deferred.await(done)
            })
          )
        }))

      it.effect("provides events as a stream, and responds 503 when nothing consumes it", () => {
        const receiver = transport(Webhooks.layerStream({ path, verification: signed, capacity: 2 }))
        const message = (id: number) => deliver({ payload: WebhookDelivery.payload("message_created", { id }) })
        return Effect.gen(function*() {
          const { events } = yield* Webhooks.Webhooks
          assert.deepStrictEqual(yield* message(1), accepted)
          assert.deepStrictEqual(yield* message(2), accepted)
          assert.deepStrictEqual(yield* message(3), rejected("Full"))
          const ids = (count: number) =>
            events.pipe(
              Stream.take(count),
              Stream.map((event) => event._tag === "MessageCreated" ? Number(event.message.id) : 0),
              Stream.runCollect
            )
          assert.deepStrictEqual(yield* ids(2), [1, 2])
          assert.deepStrictEqual(yield* message(3), accepted)
          assert.deepStrictEqual(yield* message(1), duplicate)
          assert.deepStrictEqual(yield* ids(1), [3])
        }).pipe(
          Effect.provide(Layer.provideMerge(receiver, DeliveryStore.layer)),
          Effect.provideService(References.MinimumLogLevel, "None")
        )
      })

      it.effect("rejects deliveries above its capacity with 503", () =>
        Effect.gen(function*() {
          const latch = yield* Latch.make()
          const { events, handler } = recorder()
          const message = (id: number) => deliver({ payload: WebhookDelivery.payload("message_created", { id }) })
          yield* running(
            { handler: (event) => Effect.andThen(latch.await, handler(event)), capacity: 2, concurrency: 1 },
            Effect.gen(function*() {
              assert.deepStrictEqual(yield* message(1), accepted)
              assert.deepStrictEqual(yield* message(2), accepted)
              assert.deepStrictEqual(yield* message(3), rejected("Full"))
              yield* latch.open
              yield* Effect.yieldNow
              assert.deepStrictEqual(yield* message(3), accepted)
            })
          )
          assert.strictEqual(events.length, 3, "all are handled before the layer is closed")
        }))
    })

    describe("a receiver that cannot read a delivery", () => {
      it.effect("rejects a body that is no JSON or no event", () =>
        running(
          {},
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* deliver({ payload: "{oops" }), rejected("NotJson"))
            assert.deepStrictEqual(yield* deliver({ payload: "" }), rejected("NotJson"))
            assert.deepStrictEqual(yield* deliver({ payload: "[]" }), rejected("NoEvent"))
            assert.deepStrictEqual(yield* deliver({ payload: { event: 5 } }), rejected("NoEvent"))
          })
        ))

      it.effect("rejects a body that is too large, with or without its length", () => {
        const { events, handler } = recorder()
        return running(
          { handler, maxBodyBytes: 1000, verification: Webhooks.unverified },
          Effect.gen(function*() {
            const text = (length: number) => JSON.stringify({ event: "x", text: "x".repeat(length - 23) })
            assert.strictEqual(text(1000).length, 1000)
            assert.deepStrictEqual(
              yield* deliver({ payload: text(1001), verification: Webhooks.unverified }),
              rejected("BodyTooLarge")
            )
            assert.deepStrictEqual(yield* deliver({ payload: text(1000), verification: Webhooks.unverified }), accepted)
            const client = yield* HttpClient.HttpClient
            for (const [length, status] of [[1000, 200], [20_000, 413]] as const) {
              const bytes = new TextEncoder().encode(text(length))
              const chunks = Arr.makeBy(length / 100, (index) => bytes.subarray(100 * index, 100 * (index + 1)))
              const response = yield* client.execute(
                HttpClientRequest.post(path).pipe(HttpClientRequest.bodyStream(Stream.fromIterable(chunks)))
              )
              assert.strictEqual(response.status, status)
            }
            yield* Effect.yieldNow
            assert.strictEqual(events.length, 2)
          })
        )
      })
    })

    describe("signatures", () => {
      it.effect("are accepted by any of the secrets, and by no other", () =>
        running(
          { verification: Webhooks.signed({ secrets: [secret, Redacted.make("next")] }) },
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* deliver({ id: "1" }), accepted)
            const payload = WebhookDelivery.payload("message_created", { id: 2 })
            assert.deepStrictEqual(yield* deliver({ id: "2", verification: signedWith("next"), payload }), accepted)
            assert.deepStrictEqual(
              yield* deliver({ id: "3", verification: signedWith("other") }),
              rejected("NotVerified")
            )
            assert.deepStrictEqual(
              yield* deliver({ id: "4", verification: Webhooks.unverified }),
              rejected("NotVerified")
            )
          })
        ))

      it.effect("cover the exact bytes of the body", () => {
        const { events, handler } = recorder()
        return running(
          { handler, onFailure: "retry" },
          Effect.gen(function*() {
            const delivery = yield* WebhookDelivery.make({
              path,
              verification: signed,
              payload: WebhookDelivery.payload("message_created")
            })
            const tampered = [0, 7, delivery.body.length - 1].map((at) =>
              delivery.body.with(at, (delivery.body[at] ?? 0) ^ 1)
            )
            for (const body of [...tampered, delivery.body.slice(1), Uint8Array.of(...delivery.body, 10)]) {
              assert.deepStrictEqual(yield* send({ ...delivery, body }), rejected("NotVerified"))
            }
            for (const header of ["x-chatwoot-signature", "x-chatwoot-timestamp"]) {
              const value = delivery.headers[header] ?? ""
              for (
                const other of ["", "sha256=", "sha256=zz", value.slice(0, -2), `${value}00`, `-${value}`, ` ${value}1`]
              ) {
                const headers = { ...delivery.headers, [header]: other }
                assert.deepStrictEqual(yield* send({ ...delivery, headers }), rejected("NotVerified"), other)
              }
            }
            const signature = (delivery.headers["x-chatwoot-signature"] ?? "").replace("sha256=", "sha512=")
            const otherwise = { ...delivery.headers, "x-chatwoot-signature": signature }
            assert.deepStrictEqual(yield* send({ ...delivery, headers: otherwise }), rejected("NotVerified"))
            assert.deepStrictEqual(yield* send(delivery), accepted)

            // Two texts that decode to the same characters, since neither is UTF-8.
            const garbled = (byte: number) =>
              Uint8Array.of(...new TextEncoder().encode("{\"event\":\"x"), byte, ...new TextEncoder().encode("\"}"))
            const odd = yield* WebhookDelivery.make({ path, verification: signed, payload: garbled(0xff) })
            assert.deepStrictEqual(yield* send({ ...odd, body: garbled(0xfe) }), rejected("NotVerified"))
            assert.deepStrictEqual(yield* send(odd), accepted)
            assert.deepStrictEqual(events.map(WebhookEvent.nameOf), ["message_created", "x\ufffd"])
          })
        )
      })

      it.effect("are valid for five minutes, into the past and into the future", () =>
        running(
          {},
          Effect.gen(function*() {
            yield* TestClock.setTime(1_768_967_324_000)
            const delivery = yield* WebhookDelivery.make({
              path,
              verification: signed,
              payload: WebhookDelivery.payload("message_created")
            })
            const at = Effect.fnUntraced(function*(seconds: number) {
              yield* TestClock.setTime(1_768_967_324_000 + seconds * 1000)
              return yield* send(delivery)
            })
            assert.deepStrictEqual(yield* at(-301), rejected("NotVerified"))
            assert.deepStrictEqual(yield* at(301), rejected("NotVerified"))
            assert.deepStrictEqual(yield* at(300), accepted)
            assert.deepStrictEqual(yield* at(-300), duplicate)
          })
        ))

      it.effect("are read from the headers that the options name", () => {
        const verification = Webhooks.signed({
          secrets: [secret],
          signatureHeader: "X-LiveDesk-Signature",
          timestampHeader: "X-LiveDesk-Time",
          prefix: "v1,"
        })
        return running(
          { verification },
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* deliver(), rejected("NotVerified"))
            assert.deepStrictEqual(yield* deliver({ verification }), accepted)
          })
        )
      })
    })

    it.effect("accepts a delivery at the secret path only", () => {
      const byPath = (token: string) => Webhooks.pathToken({ token: Redacted.make(token) })
      return running(
        { verification: byPath("canary-token-0123456789") },
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* deliver({ verification: byPath("canary-token-0123456789") }), accepted)
          for (const token of ["canary-token-0123456788", "canary-token-012345678", "x", "%00"]) {
            assert.deepStrictEqual(yield* deliver({ verification: byPath(token) }), rejected("NotVerified"))
          }
          const client = yield* HttpClient.HttpClient
          assert.strictEqual((yield* client.execute(HttpClientRequest.post(path))).status, 404)
        })
      )
    })

    it.effect("accepts a delivery at the secret path below any path", () =>
      Effect.gen(function*() {
        const verification = Webhooks.pathToken({ token: Redacted.make("canary-token-0123456789") })
        for (const path of ["/", "/livedesk/", "/hooks/livedesk"] as const) {
          assert.deepStrictEqual(yield* running({ path, verification }, deliver({ path, verification })), accepted)
        }
      }))

    describe("failing handlers", () => {
      it.effect("lead to 500, and run again when the delivery is repeated", () => {
        let attempts = 0
        const handler = () =>
          Effect.suspend(() => ++attempts < 3 ? attempts === 1 ? Effect.fail("no") : Effect.die("no") : Effect.void)
        return running(
          { handler, onFailure: "retry" },
          Effect.gen(function*() {
            for (const id of ["1", undefined]) {
              attempts = 0
              const payload = WebhookDelivery.payload("message_created", { id: id === undefined ? 7 : 8 })
              const again = deliver(id === undefined ? { payload } : { id, payload })
              assert.deepStrictEqual(yield* again, rejected("HandlerFailed"))
              assert.deepStrictEqual(yield* again, rejected("HandlerFailed"))
              assert.deepStrictEqual(yield* again, accepted)
              assert.deepStrictEqual(yield* again, duplicate)
              assert.strictEqual(attempts, 3)
            }
          })
        )
      })

      it.effect("that throw count as failed, too", () => {
        const handler = () => {
          throw new Error("thrown")
        }
        return running(
          { handler, onFailure: "retry" },
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* deliver(), rejected("HandlerFailed"))
          })
        )
      })

      it.effect("are not stopped by a sender that hangs up", () =>
        Effect.gen(function*() {
          const latch = yield* Latch.make()
          const begun = yield* Deferred.make<void>()
          const { events, handler } = recorder()
          yield* running(
            {
              handler: (event) =>
                Deferred.succeed(begun, undefined).pipe(Effect.andThen(latch.await), Effect.andThen(handler(event))),
              onFailure: "retry"
            },
            Effect.gen(function*() {
              const sender = yield* Effect.forkChild(deliver({ id: "1" }))
              yield* Deferred.await(begun)
              yield* Fiber.interrupt(sender)
              assert.deepStrictEqual(yield* deliver({ id: "1" }), rejected("InProgress"))
              yield* latch.open
              yield* Effect.yieldNow
              yield* Effect.yieldNow
              assert.deepStrictEqual(yield* deliver({ id: "1" }), duplicate)
              assert.strictEqual(events.length, 1)
            })
          )
        }))
    })

    describe("repeated deliveries", () => {
      // Without an id, only what is created, or shows when it changed, is named.
      const namesOf = (ids: boolean) =>
        WebhookDelivery.eventNames.filter((name) =>
          ids || /_created$|^conversation_(status_changed|updated)$/.test(name)
        )

      const ways = Breadth.pairs([true, false], ["log", "retry"] as const)

      const shuffledReplays = Effect.fnUntraced(function*(seed: number, ids: boolean) {
        const options = namesOf(ids).flatMap((name, index) =>
          Array.from({ length: Breadth.isFull ? 5 : 3 }, () => ({
            payload: WebhookDelivery.payload(name),
            verification: Webhooks.unverified,
            ...(ids ? { id: `delivery-${index}` } : {})
          }))
        )
        return yield* Random.withSeed(Random.shuffle(options), seed)
      })

      for (
        const [kept, seen] of [
          ["memory", DeliveryStore.layer],
          [
            "a KeyValueStore",
            PersistedDeliveryStore.layerKeyValueStore().pipe(Layer.provide(KeyValueStore.layerMemory), Layer.orDie)
          ]
        ] as const
      ) {
        it.effect(`are handled once, in any order and all at once, kept in ${kept}`, () =>
          Effect.gen(function*() {
            for (const [seed, [ids, onFailure]] of ways.entries()) {
              const { events, handler } = recorder()
              yield* running(
                {
                  handler: (event) => Effect.andThen(Effect.yieldNow, handler(event)),
                  onFailure,
                  verification: Webhooks.unverified
                },
                Effect.gen(function*() {
                  const deliveries = [...yield* shuffledReplays(seed, ids)]
                  const responses = yield* Effect.forEach(deliveries, deliver, { concurrency: 8 })
                  for (const [status] of responses) assert.include([200, 503], status)
                  for (const options of deliveries) {
                    const recorded = Effect.repeat(deliver(options), {
                      until: ([status]) => status !== 503,
                      times: 100
                    })
                    assert.deepStrictEqual(yield* recorded, duplicate)
                  }
                }),
                seen
              )
              const names = namesOf(ids)
              assert.isAtLeast(names.length, 2)
              assert.sameMembers(events.map(WebhookEvent.nameOf), names)
              assert.strictEqual(events.length, names.length)
            }
          }))
      }

      it.effect("are identified by their signature, whatever id they are sent with", () => {
        const { events, handler } = recorder()
        return running(
          { handler, onFailure: "retry" },
          Effect.gen(function*() {
            const captured = yield* WebhookDelivery.make({
              path,
              verification: signed,
              payload: WebhookDelivery.payload("contact_updated"),
              id: "1"
            })
            assert.deepStrictEqual(yield* send(captured), accepted)
            const withHeaders = (headers: { readonly [name: string]: string }) =>
              send({ ...captured, headers: { ...captured.headers, ...headers } })
            assert.deepStrictEqual(yield* withHeaders({ "X-Chatwoot-Delivery": "2" }), duplicate)
            assert.deepStrictEqual(yield* withHeaders({ "X-Chatwoot-Delivery": "" }), duplicate)
            const signature = captured.headers["x-chatwoot-signature"] ?? ""
            const shouted = `sha256=${signature.slice("sha256=".length).toUpperCase()}`
            assert.deepStrictEqual(
              yield* withHeaders({ "X-Chatwoot-Delivery": "3", "x-chatwoot-signature": shouted }),
              duplicate
            )
            // The id is known too: a sender that tries again may sign anew.
            yield* TestClock.adjust("1 second")
            const anew = { payload: WebhookDelivery.payload("contact_updated") }
            assert.deepStrictEqual(yield* deliver({ ...anew, id: "1" }), duplicate)
            // And what was turned down as known has left no claim behind.
            assert.deepStrictEqual(yield* deliver({ ...anew, id: "2" }), accepted)
            assert.strictEqual(events.length, 2)
          })
        )
      })

      it.effect("leave no claim behind if one of two claims fails", () => {
        const claimed: Array<string> = []
        const { events, handler } = recorder()
        return running(
          { handler },
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* deliver({ id: "1" }), rejected("StoreFailed"))
            assert.isEmpty(claimed)
            assert.isEmpty(events)
          }),
          Layer.succeed(DeliveryStore.DeliveryStore, {
            claim: (delivery) =>
              delivery.startsWith("delivery:")
                ? Effect.fail(new DeliveryStore.DeliveryStoreError({ message: "out of order" }))
                : Effect.sync(() => {
                  claimed.push(delivery)
                  return "Claimed"
                }),
            complete: () => Effect.void,
            release: (delivery) => Effect.sync(() => void claimed.splice(claimed.indexOf(delivery), 1))
          })
        )
      })

      for (const onFailure of ["log", "retry"] as const) {
        it.effect(`are rejected with 503 while another process has claimed them, even a dead one (${onFailure})`, () => {
          const { events, handler } = recorder()
          return Effect.gen(function*() {
            const killed = yield* Effect.map(
              Layer.build(PersistedDeliveryStore.layerKeyValueStore()),
              Context.get(DeliveryStore.DeliveryStore)
            )
            assert.strictEqual(yield* killed.claim("delivery:1"), "Claimed")
            yield* running(
              { handler, onFailure, verification: Webhooks.unverified },
              Effect.gen(function*() {
                const again = deliver({ id: "1", verification: Webhooks.unverified })
                assert.deepStrictEqual(yield* again, rejected("InProgress"))
                yield* TestClock.adjust("5 minutes")
                assert.deepStrictEqual(yield* again, accepted)
                yield* Effect.yieldNow
                assert.deepStrictEqual(yield* again, duplicate)
              }),
              PersistedDeliveryStore.layerKeyValueStore().pipe(
                Layer.provide(Layer.succeed(KeyValueStore.KeyValueStore, yield* KeyValueStore.KeyValueStore)),
                Layer.orDie
              )
            )
            assert.strictEqual(events.length, 1)
          }).pipe(Effect.provide(KeyValueStore.layerMemory))
        })
      }

      it.effect("are rejected with 503 while the delivery store fails", () => {
        const fails = Effect.fail(new DeliveryStore.DeliveryStoreError({ message: "out of order" }))
        const { events, handler } = recorder()
        return running(
          { handler },
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* deliver(), rejected("StoreFailed"))
            assert.isEmpty(events)
          }),
          Layer.succeed(DeliveryStore.DeliveryStore, {
            claim: () => fails,
            complete: () => fails,
            release: () => fails
          })
        )
      })
    })

    it.effect("skips own messages by default, and handles them with ownMessages: handle", () => {
      const own = deliver({ payload: WebhookDelivery.payload("message_created", { message_type: "outgoing" }) })
      const note = deliver({ payload: WebhookDelivery.payload("message_created", { id: 2, private: true }) })
      const { events, handler } = recorder()
      return Effect.gen(function*() {
        yield* running(
          { handler, onFailure: "retry" },
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* own, [200, { status: "skipped" }])
            assert.deepStrictEqual(yield* note, [200, { status: "skipped" }])
            assert.isEmpty(events)
          })
        )
        yield* running(
          { handler, onFailure: "retry", ownMessages: "handle" },
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* own, accepted)
            assert.deepStrictEqual(yield* note, accepted)
            assert.strictEqual(events.length, 2)
          })
        )
      })
    })

    it.effect("logs no part of a delivery, and no secret", () => {
      const logged: Array<string> = []
      const logger = Logger.make((entry) =>
        void logged.push(
          inspect([entry.message, entry.cause, entry.fiber.getRef(References.CurrentLogAnnotations)], { depth: 8 })
        )
      )
      const token = "canary-token-0123456789"
      const payload = WebhookDelivery.payload("message_created", { content: "canary-content" })
      const verifications = [signed, Webhooks.pathToken({ token: Redacted.make(token) })]
      const notThere = new LiveDeskError.HttpError({
        operation: "messages.send",
        outcome: "Rejected",
        reason: new LiveDeskError.NotFound({ messages: ["canary-content"] })
      })
      const failures: ReadonlyArray<
        (
          event: WebhookEvent.WebhookEvent
        ) => Effect.Effect<never, string | LiveDeskError.HttpError | { readonly no: WebhookEvent.WebhookEvent }>
      > = [
        (event) => Effect.fail({ no: event }),
        () => Effect.fail("canary-content"),
        () => Effect.fail(notThere),
        () => Effect.die(new Error("of\n    at canary-content"))
      ]
      return Effect.gen(function*() {
        for (
          const [verification, fails] of verifications.flatMap((by) => failures.map((fails) => [by, fails] as const))
        ) {
          yield* Effect.gen(function*() {
            assert.deepStrictEqual(yield* deliver({ verification, payload }), rejected("HandlerFailed"))
            assert.deepStrictEqual(yield* deliver({ verification, payload: `{canary-content` }), rejected("NotJson"))
            yield* deliver({ verification: signedWith("canary-other"), payload })
            if (verification._tag !== "PathToken") return
            const client = yield* HttpClient.HttpClient
            for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] as const) {
              const { status } = yield* client.execute(HttpClientRequest.make(method)(`${path}/${token}`))
              assert.strictEqual(status, 405)
            }
            for (const below of ["/more", "/more/still?x=1"]) {
              const { status } = yield* client.execute(HttpClientRequest.post(`${path}/${token}${below}`))
              assert.strictEqual(status, 404, below)
            }
          }).pipe(
            Effect.provide(Layer.provide(
              transport(Webhooks.layer({
                path,
                verification,
                onFailure: "retry",
                handler: (event) => fails(event)
              })),
              DeliveryStore.layer
            ))
          )
        }
        assert.isAbove(logged.length, 6)
        const all = logged.join("\n")
        for (const canary of ["canary-secret", "canary-other", "canary-content", "4Urn7N5A974k6C2H7Xeva8Ni"]) {
          assert.notInclude(all, canary)
        }
        assert.notInclude(all, token)
        assert.include(all, "the handler of message_created failed: Error")
        assert.include(all, "failed: messages.send, HttpError/NotFound, outcome Rejected")
        assert.include(all, "Webhooks.test.ts")
      }).pipe(Effect.provide(Logger.layer([logger])))
    })
  })
}

describe("hostile senders", () => {
  const logs = () => {
    const logged: Array<string> = []
    const logger = Logger.make((entry) =>
      void logged.push(inspect([entry.message, entry.fiber.getRef(References.CurrentLogAnnotations)], { depth: 8 }))
    )
    return { logged, layer: Logger.layer([logger]) }
  }

  const receiver = (options: Partial<Webhooks.HandlerOptions<unknown, never>>) =>
    Webhooks.layer({ path, verification: Webhooks.unverified, handler: () => Effect.void, ...options }).pipe(
      Layer.provideMerge(WebhookDelivery.layer),
      Layer.provide(DeliveryStore.layer)
    )

  const message = (id: number) =>
    deliver({ payload: WebhookDelivery.payload("message_created", { id }), verification: Webhooks.unverified })

  it.effect("is logged as information when it comes again while it is handled", () => {
    const levels: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => void levels.push(`${logLevel}: ${String(message)}`))
    return Effect.gen(function*() {
      const latch = yield* Latch.make()
      yield* Effect.gen(function*() {
        assert.deepStrictEqual(yield* message(1), accepted)
        assert.deepStrictEqual(yield* message(1), rejected("InProgress"))
        yield* latch.open
      }).pipe(Effect.provide(receiver({ handler: () => latch.await })))
      assert.deepStrictEqual(levels, [
        "Info: a delivery was refused: this delivery came before and is being handled; deliver it again"
      ])
    }).pipe(Effect.provide(Logger.layer([logger])))
  })

  it.effect("cannot stop the others by handlers that hang: each is interrupted after a minute", () => {
    const { events, handler } = recorder()
    const { layer, logged } = logs()
    return Effect.gen(function*() {
      for (let id = 1; id <= 16; id++) assert.deepStrictEqual(yield* message(id), accepted)
      assert.deepStrictEqual(yield* message(17), accepted)
      yield* TestClock.adjust("59 seconds")
      assert.isEmpty(events)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(events.length, 1)
      assert.include(logged.join("\n"), "the handler of message_created failed: TimeoutError")
      // It has failed, so a repeated delivery is handled.
      assert.deepStrictEqual(yield* message(1), accepted)
    }).pipe(
      Effect.provide([
        receiver({
          handler: (event) => event._tag === "MessageCreated" && event.message.id < 17 ? Effect.never : handler(event),
          shutdownTimeout: 0
        }),
        layer
      ])
    )
  })

  it.effect("get 408 for a body that does not arrive in time", () =>
    Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const sending = yield* client.execute(
        HttpClientRequest.post(path).pipe(
          HttpClientRequest.bodyStream(Stream.concat(Stream.succeed(new Uint8Array(10)), Stream.never))
        )
      ).pipe(Effect.forkChild({ startImmediately: true }))
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(sending.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const response = yield* Fiber.join(sending)
      assert.deepStrictEqual<unknown>([response.status, yield* response.json], rejected("BodyTimedOut"))
      assert.strictEqual(response.headers["connection"], "close")
    }).pipe(Effect.provide(receiver({})), Effect.provideService(References.MinimumLogLevel, "None")))

  it.effect("cannot forge a line of the log by the name of an event", () => {
    const { layer, logged } = logs()
    const name = `x\n[10:00:00] INFO: paid\u001b]0;title\u0007\u202e${"y".repeat(200)}`
    return Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* deliver({ payload: { event: name }, verification: Webhooks.unverified }),
        rejected("HandlerFailed")
      )
      const event = WebhookEvent.read({ event: name })
      if (event instanceof Model.DecodeFailure || event._tag !== "Unknown") return assert.fail()
      assert.strictEqual(event.event, name)
      assert.match(WebhookEvent.nameOf(event), /^x \[10:00:00\] INFO: paid \]0;title y+…$/)
      // As a console prints it.
      const all = logged.join("\n")
      assert.include(all, "the handler of x [10:00:00] INFO: paid ]0;title yyy")
      assert.notMatch(all, /\\n|\\x1b|\\x07|\\u202e/)
      assert.isBelow(WebhookEvent.nameOf(event).length, 110)
    }).pipe(
      Effect.provide([receiver({ handler: () => Effect.fail("no"), onFailure: "retry" }), layer])
    )
  })
})

describe("a token in the path", () => {
  const token = "canary-token-0123456789"

  it.effect("is in no span and in no access log, even where the path is wrong", () => {
    const spans: Array<Tracer.Span> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    const logged: Array<string> = []
    const logger = Logger.make((entry) =>
      void logged.push(inspect([entry.message, entry.fiber.getRef(References.CurrentLogAnnotations)], { depth: 8 }))
    )
    const verification = Webhooks.pathToken({ token: Redacted.make(token) })
    return Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const routes = ["/livedesk/", "/livedesk//", "/LiveDesk/", "/", "/hooks/livedesk/", "/livedesk/x/"]
      for (const url of routes.map((path) => `${path}${token}`)) {
        for (const method of ["GET", "POST"] as const) {
          yield* client.execute(HttpClientRequest.make(method)(url))
        }
      }
      yield* deliver({ verification })
      yield* client.execute(HttpClientRequest.get("/elsewhere"))
      // The server ends its span and logs after it has responded.
      const turn = Effect.promise(() => new Promise((resume) => setImmediate(resume)))
      yield* Effect.repeat(turn, {
        until: () =>
          logged.join().includes("/elsewhere") &&
          spans.some(({ attributes, kind }) => kind === "server" && attributes.get("url.path") === "/elsewhere"),
        times: 10_000
      })
      // The sender's own spans are in another process.
      const sampled = spans.filter(({ kind, sampled }) => sampled && kind !== "client")
      assert.notInclude(inspect(sampled.map(({ attributes }) => attributes), { depth: 5 }), token)
      assert.isTrue(sampled.some(({ attributes }) => attributes.get("url.path") === "/elsewhere"))
      assert.isTrue(sampled.some(({ name }) => name === "webhooks.handle"))
      assert.notInclude(logged.join("\n"), token)
      assert.include(logged.join("\n"), "/elsewhere")
    }).pipe(
      Effect.provide(
        tcp(Webhooks.layer({ path, verification, handler: () => Effect.void, onFailure: "retry" })).pipe(
          Layer.provide(DeliveryStore.layer),
          // Beneath the server, whose requests log by it.
          Layer.provideMerge(Logger.layer([logger]))
        )
      ),
      Effect.provideService(Tracer.Tracer, tracer)
    )
  })
})

describe("drift", () => {
  const logged = Effect.fnUntraced(function*(
    payload: WebhookDelivery.Options["payload"],
    options: Pick<Webhooks.Options, "onDrift">
  ) {
    const lines: Array<string> = []
    yield* deliver({ payload, verification: Webhooks.unverified }).pipe(
      Effect.provide([
        Webhooks.layer({ path, verification: Webhooks.unverified, handler: () => Effect.void, ...options }).pipe(
          Layer.provideMerge(WebhookDelivery.layer),
          Layer.provide(DeliveryStore.layer)
        ),
        Logger.layer([Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))])
      ]),
      Effect.provideService(References.MinimumLogLevel, "Debug")
    )
    return lines
  })

  it.effect("is logged at Debug, with paths and without values, unless it is ignored", () =>
    Effect.gen(function*() {
      const payload = WebhookDelivery.payload("message_created", { created_at: "canary", private: "canary" })
      const lines = yield* logged(payload, {})
      assert.strictEqual(lines.length, 1)
      assert.match(
        lines[0] ?? "",
        /^Debug a delivery of message_created differs from Chatwoot's \(inherited, unverified\) at (private|created_at) \(/
      )
      assert.notInclude(lines[0], "canary")
      assert.isEmpty(yield* logged(payload, { onDrift: "ignore" }))
      assert.isEmpty(yield* logged(WebhookDelivery.payload("message_created"), {}))
    }))
})

describe("options", () => {
  it.effect("that are invalid are reported, without the secret", () =>
    Effect.gen(function*() {
      for (
        const verification of [
          Webhooks.pathToken({ token: Redacted.make("canary") }),
          Webhooks.pathToken({ token: Redacted.make("canary/canary/canary/canary") }),
          Webhooks.signed({ secrets: [secret, Redacted.make("")] }),
          Webhooks.signed({ secrets: [secret, Redacted.make("canary\n")] }),
          Webhooks.signed({ secrets: [Redacted.make(" canary")] })
        ]
      ) {
        const error = yield* Effect.flip(
          Effect.scoped(Layer.build(
            Webhooks.layerStream({ path, verification }).pipe(
              Layer.provide([WebhookDelivery.layer, DeliveryStore.layer])
            )
          ))
        )
        assert.strictEqual(error._tag, "WebhookOptionsError")
        assert.notInclude(inspect(error), "canary")
      }
    }))
})

describe("invalid options", () => {
  const rejectedWith = (options: Partial<Webhooks.HandlerOptions<unknown, never>>) =>
    Layer.build(
      Webhooks.layer({ path, verification: signed, handler: () => Effect.void, ...options }).pipe(
        Layer.provide([WebhookDelivery.layer, DeliveryStore.layer])
      )
    ).pipe(Effect.scoped, Effect.flip)

  it.effect.each<readonly [string, Partial<Webhooks.HandlerOptions<unknown, never>>]>([
    ...[0, -1, 1.5, NaN, Infinity].map((concurrency) => ["concurrency", { concurrency }] as const),
    ...[0, -1, NaN].map((maxBodyBytes) => ["maxBodyBytes", { maxBodyBytes }] as const),
    ...[0, -1, NaN].map((capacity) => ["capacity", { capacity }] as const),
    ["ownMessages", { ownMessages: "both" as never }],
    ["onFailure", { onFailure: "ignore" as never }],
    ["bodyTimeout", { bodyTimeout: "soon" as never }],
    ["handlerTimeout", { handlerTimeout: -1 }],
    ["onDrift", { onDrift: "fail" as never }],
    ["shutdownTimeout", { shutdownTimeout: "soon" as never }],
    ["tolerance", { verification: Webhooks.signed({ secrets: [secret], tolerance: "some" as never }) }]
  ])("are reported: %s", ([name, options]) =>
    Effect.gen(function*() {
      const error = yield* rejectedWith(options)
      assert.strictEqual(error._tag, "WebhookOptionsError")
      assert.include(error.message, `${name}: expected`)
    }))

  it.effect("are reported for secrets", () =>
    Effect.gen(function*() {
      // @ts-expect-error the type asks for one
      const error = yield* rejectedWith({ verification: Webhooks.signed({ secrets: [] }) })
      assert.strictEqual(error._tag, "WebhookOptionsError")
    }))
})

describe("closing the layer", () => {
  it.effect("ends the stream after the queued events", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(
        Webhooks.layerStream({ path, verification: signed }).pipe(
          Layer.provideMerge(WebhookDelivery.layer),
          Layer.provide(DeliveryStore.layer)
        ),
        scope
      )
      for (const event of ["contact_created", "contact_updated"]) {
        const payload = WebhookDelivery.payload(event)
        assert.deepStrictEqual(yield* Effect.provideContext(deliver({ payload }), services), accepted)
      }
      yield* Scope.close(scope, Exit.void)
      const events = yield* Stream.runCollect(Context.get(services, Webhooks.Webhooks).events)
      assert.deepStrictEqual(events.map(WebhookEvent.nameOf), ["contact_created", "contact_updated"])
    }))

  it.effect("waits ten seconds for handlers", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { handler } = { handler: () => Effect.never }
      const services = yield* Layer.buildWithScope(
        Webhooks.layer({ path, verification: signed, handler }).pipe(
          Layer.provideMerge(WebhookDelivery.layer),
          Layer.provide(DeliveryStore.layer)
        ),
        scope
      )
      assert.deepStrictEqual(yield* Effect.provideContext(deliver(), services), accepted)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
    }).pipe(Effect.provideService(References.MinimumLogLevel, "None")))
})
