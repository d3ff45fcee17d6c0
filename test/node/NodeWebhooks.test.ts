import { WebhookDelivery } from "@effect-livedesk/core/testing"
import { WebhookEvent, Webhooks } from "@effect-livedesk/core/webhooks"
import { NodeWebhooks } from "@effect-livedesk/node"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { createServer } from "node:http"
import { vi } from "vitest"

const path = "/livedesk"

/** A server of Node's own around a receiver, and its address. */
const served = (receiver: Webhooks.WebHandler) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const server = createServer(NodeWebhooks.toNodeHandler(receiver))
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.promise(() => receiver.dispose().finally(() => server.close()))
    ),
    (server) => {
      const address = server.address()
      return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`
    }
  )

const deliver = Effect.fnUntraced(function*(origin: string, secret: string, id: number) {
  const verification = Webhooks.signed({ secrets: [Redacted.make(secret)] })
  const payload = WebhookDelivery.payload("message_created", { id })
  const delivery = yield* WebhookDelivery.make({ path, verification, payload })
  const response = yield* HttpClient.execute(WebhookDelivery.toRequest(delivery, origin))
  return [response.status, yield* response.text]
})

const receiverOf = (secret: string, handled: Array<string>) =>
  Webhooks.toWebHandler({
    path,
    verification: Webhooks.signed({ secrets: [Redacted.make(secret)] }),
    handler: (event) => Effect.sync(() => void handled.push(WebhookEvent.nameOf(event)))
  })

describe("a receiver on a server of Node's own", () => {
  it.live("handles each delivery once, and refuses another secret", () =>
    Effect.gen(function*() {
      const handled: Array<string> = []
      const origin = yield* served(receiverOf("canary-secret", handled))
      assert.deepStrictEqual(yield* deliver(origin, "canary-secret", 1), [200, "{\"status\":\"accepted\"}"])
      assert.deepStrictEqual(yield* deliver(origin, "canary-secret", 1), [200, "{\"status\":\"duplicate\"}"])
      assert.strictEqual((yield* deliver(origin, "another", 2))[0], 401)
      assert.deepStrictEqual(handled, ["message_created"])
    }).pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici)))

  it.live("responds with 500, and logs why, when its options are invalid", () =>
    Effect.gen(function*() {
      const printed: Array<string> = []
      const spy = vi.spyOn(console, "log").mockImplementation((...texts) => void printed.push(texts.join(" ")))
      yield* Effect.addFinalizer(() => Effect.sync(() => spy.mockRestore()))
      const origin = yield* served(receiverOf(" canary-secret ", []))
      assert.deepStrictEqual(yield* deliver(origin, "canary-secret", 1), [500, ""])
      assert.include(printed.join("\n"), "begins or ends with white space")
      assert.notInclude(printed.join("\n"), "canary")
    }).pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici)))
})

describe("the secret", () => {
  const secret = (env: Record<string, string>) =>
    Effect.provideService(NodeWebhooks.secret, ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))

  it.effect("is that of the environment, and is named on one line if it is missing or has white space", () =>
    Effect.gen(function*() {
      assert.strictEqual(Redacted.value(yield* secret({ LIVEDESK_WEBHOOK_SECRET: "example-secret" })), "example-secret")
      const missing = yield* Effect.flip(secret({}))
      assert.match(missing.message, /^LIVEDESK_WEBHOOK_SECRET is missing\. Set it to [^\n]+$/)
      const spaced = yield* Effect.flip(secret({ LIVEDESK_WEBHOOK_SECRET: "canary\n" }))
      assert.match(spaced.message, /^LIVEDESK_WEBHOOK_SECRET [^\n]*white space[^\n]*$/)
      assert.notInclude(String(spaced), "canary")
    }))
})
