/** The examples of servers other than Effect's, each over a port of this machine. */
import { WebhookDelivery } from "@effect-livedesk/core/testing"
import { Webhooks } from "@effect-livedesk/core/webhooks"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { serve } from "@hono/node-server"
import { Effect, Redacted } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import express from "express"
import { createServer, type Server } from "node:http"
import { afterAll, beforeAll, vi } from "vitest"
import type { LambdaRequest } from "./webhook-lambda.ts"

/** What the examples print, instead of on the terminal of the tests. */
const printed: Array<string> = []

const print = (...texts: ReadonlyArray<unknown>): boolean => printed.push(texts.join(" ")) > 0

beforeAll(() => {
  vi.stubEnv("LIVEDESK_WEBHOOK_SECRET", "example-secret")
  vi.spyOn(console, "log").mockImplementation(print)
  vi.spyOn(process.stdout, "write").mockImplementation(print)
  vi.spyOn(process.stderr, "write").mockImplementation(print)
})

afterAll(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

type Listen = (listening: (port: number) => void) => Promise<() => void>

const portOf = (server: Pick<Server, "address">): number => {
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}

/** Serves a function of web requests, as Next.js and Workers do. */
const listenWeb = (fetch: (request: Request) => Promise<Response> | Response): Listen => async (listening) => {
  const server = serve({ fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => listening(port))
  return () => void server.close()
}

/** Passes requests on as AWS does, with bodies in Base64 or as text. */
const listenLambda = (isBase64Encoded: boolean): Listen => async (listening) => {
  const { handler } = await import("./webhook-lambda.ts")
  return await listenWeb(async (request) => {
    const event: LambdaRequest = {
      rawPath: new URL(request.url).pathname,
      headers: Object.fromEntries(request.headers),
      requestContext: { http: { method: request.method } },
      body: Buffer.from(await request.arrayBuffer()).toString(isBase64Encoded ? "base64" : "utf8"),
      isBase64Encoded
    }
    const { body, headers, statusCode } = await handler(event)
    return new Response(body, { status: statusCode, headers })
  })(listening)
}

const servers: { readonly [name: string]: Listen } = {
  Express: async (listening) => {
    const { app } = await import("./webhook-express.ts")
    const server = app.listen(0, "127.0.0.1", () => listening(portOf(server)))
    return () => void server.close()
  },
  Fastify: async (listening) => {
    const { app } = await import("./webhook-fastify.ts")
    await app.listen({ host: "127.0.0.1", port: 0 })
    listening(portOf(app.server))
    return () => void app.close()
  },
  Hono: async (listening) => await listenWeb((await import("./webhook-hono.ts")).app.fetch)(listening),
  "Next.js": async (listening) => await listenWeb((await import("./webhook-next.ts")).POST)(listening),
  "AWS Lambda, bodies in Base64": listenLambda(true),
  Workers: async (listening) => {
    const worker = await import("./webhook-worker.ts")
    return await listenWeb((request) => worker.default.fetch(request, { LIVEDESK_WEBHOOK_SECRET: "example-secret" }))(
      listening
    )
  },
  "AWS Lambda, bodies as text": listenLambda(false)
}

const started = (listen: Listen) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        let close = () => {}
        const port = await new Promise<number>((listening, failed) => {
          listen(listening).then((closing) => {
            close = closing
          }, failed)
        })
        return { close: () => close(), port }
      }),
      ({ close }) => Effect.sync(close)
    ),
    ({ port }) => `http://127.0.0.1:${port}`
  )

const path = "/webhooks/livedesk"

const deliver = Effect.fnUntraced(
  function*(origin: string, secret: string, payload: WebhookDelivery.Options["payload"]) {
    const client = yield* HttpClient.HttpClient
    const verification = Webhooks.signed({ secrets: [Redacted.make(secret)] })
    const delivery = yield* WebhookDelivery.make({ path, verification, payload })
    return yield* client.execute(WebhookDelivery.toRequest(delivery, origin))
  }
)

describe("a webhook of LiveDesk, at", () => {
  let id = 5000
  for (const [name, listen] of Object.entries(servers)) {
    it.live(name, () =>
      Effect.gen(function*() {
        const origin = yield* started(listen)
        // Not ASCII, and with what a parser of JSON would write otherwise.
        const payload = JSON.stringify(
          WebhookDelivery.payload("message_created", { id: id++, content: "Zoë’s <parcel> \u{1F4E6}" }),
          null,
          1
        )
        const first = yield* deliver(origin, "example-secret", payload)
        assert.strictEqual(first.status, 200)
        assert.include(printed.splice(0).join("\n"), "received message_created")
        const again = yield* deliver(origin, "example-secret", payload)
        assert.strictEqual(again.status, 200)
        assert.deepStrictEqual(yield* again.json, { status: "duplicate" })
        assert.strictEqual((yield* deliver(origin, "another-secret", payload)).status, 401)
        assert.strictEqual((yield* deliver(origin, "example-secret", "{oops")).status, 400)
        const client = yield* HttpClient.HttpClient
        const empty = yield* client.execute(HttpClientRequest.post(`${origin}${path}`))
        assert.strictEqual(empty.status, 401)
        assert.strictEqual((yield* deliver(origin, "example-secret", "x".repeat(2 ** 20 + 1))).status, 413)
      }).pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici)))
  }

  it.live("Express behind express.json() says what to do", () =>
    Effect.gen(function*() {
      const { app } = yield* Effect.promise(() => import("./webhook-express.ts"))
      const outer = express().use(express.json()).use(app)
      const origin = yield* started(async (listening) => {
        const server = createServer(outer).listen(0, "127.0.0.1", () => listening(portOf(server)))
        return () => void server.close()
      })
      const { status } = yield* deliver(origin, "example-secret", WebhookDelivery.payload("message_created"))
      assert.strictEqual(status, 500)
      assert.include(printed.join("\n"), "give this route before any parser, such as express.json()")
    }).pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici)))
})
