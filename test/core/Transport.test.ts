import { Contacts, FetchTransport, LiveDeskClient, Messages, RateLimit, Transport } from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Redacted, References, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"

const credentials = { apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret") }

const ok = "{\"payload\":{\"contact\":{\"id\":7},\"contact_inbox\":{}},\"id\":7,\"status\":\"open\"}"

describe("a dispatch", () => {
  /** Which way each request went. */
  const make = (ways: Array<string>) =>
    Transport.attachDispatch(
      HttpClient.make((request) => {
        ways.push("client")
        return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(ok)))
      }),
      (_, handler) =>
        Effect.sync(() => {
          ways.push("dispatch")
          handler.start(200, {})
          handler.take(new TextEncoder().encode(ok))
        })
    )

  const create = (client: LiveDeskClient.LiveDeskClient["Service"]) =>
    client.call(Contacts.endpoints.create)({ inboxId: 407, name: "Alice" })

  const sendFile = (client: LiveDeskClient.LiveDeskClient["Service"]) =>
    client.call(Messages.endpoints.sendFiles)({
      conversationId: 7,
      attachments: [{ name: "a.txt", mediaType: "text/plain", content: new Uint8Array([97]) }]
    })

  const cases: ReadonlyArray<
    readonly [
      name: string,
      way: string,
      options: Partial<LiveDeskClient.Options>,
      wrap: (client: HttpClient.HttpClient) => HttpClient.HttpClient,
      call: typeof create | typeof sendFile
    ]
  > = [
    ["a call", "dispatch", {}, (client) => client, create],
    ["a form", "client", {}, (client) => client, sendFile],
    ["transformClient", "client", { transformClient: (client) => client }, (client) => client, create],
    ["a rate limit", "client", { rateLimit: RateLimit.make({ limit: 10 }) }, (client) => client, create],
    ["a trace to send on", "dispatch", { propagateTrace: true }, (client) => client, create],
    ["a client made from it", "client", {}, HttpClient.mapRequest(HttpClientRequest.setHeader("x", "y")), create]
  ]
  it.effect.each(cases)("%s goes by the %s", ([, way, options, wrap, call]) =>
    Effect.gen(function*() {
      const ways: Array<string> = []
      const client = yield* LiveDeskClient.make({ ...credentials, ...options }).pipe(
        Effect.provideService(HttpClient.HttpClient, wrap(make(ways)))
      )
      yield* call(client)
      assert.deepStrictEqual(ways, [way])
    }))

  const logged: ReadonlyArray<
    readonly [
      log: string,
      options: Partial<LiveDeskClient.Options>,
      wrap: (client: HttpClient.HttpClient) => HttpClient.HttpClient
    ]
  > = [
    ["directly to the transport", {}, (client) => client],
    [
      "through the HttpClient: the option transformClient is set",
      { transformClient: (client) => client },
      (client) => client
    ],
    [
      "through the HttpClient: the option rateLimit is set",
      { rateLimit: RateLimit.make({ limit: 10 }) },
      (client) => client
    ],
    [
      "through the HttpClient: it offers no dispatch of its own",
      {},
      HttpClient.mapRequest(HttpClientRequest.setHeader("x", "y"))
    ]
  ]
  it.effect.each(logged)(
    "is or is not used, as a debug log says: %s",
    ([log, options, wrap]) =>
      Effect.gen(function*() {
        const logs: Array<unknown> = []
        yield* LiveDeskClient.make({ ...credentials, ...options }).pipe(
          Effect.provideService(HttpClient.HttpClient, wrap(make([]))),
          Effect.provide([
            Logger.layer([Logger.make(({ logLevel, message }) => logs.push([logLevel, message]))]),
            Layer.succeed(References.MinimumLogLevel, "Debug")
          ])
        )
        assert.deepStrictEqual(logs, [["Debug", [`LiveDesk's requests go ${log}`]]])
      })
  )

  it.effect("is given what goes out", () =>
    Effect.gen(function*() {
      const given: Array<Transport.RequestToSend> = []
      const listening = Layer.succeed(Transport.Transport, {
        dispatch: (request, handler) =>
          Effect.sync(() => {
            given.push(request)
            handler.start(200, {})
            handler.take(new TextEncoder().encode(ok))
          })
      })
      yield* Effect.flatMap(LiveDeskClient.LiveDeskClient, (client) =>
        Effect.andThen(
          client.call(Contacts.endpoints.create)({ inboxId: 407, name: "Zoë" }, { headers: { "X-Trace": "1" } }),
          Effect.exit(client.call(Contacts.endpoints.list)({ q: "a b", page: 2 }))
        )).pipe(Effect.provide(
          Layer.provide(
            LiveDeskClient.layerTransport({
              ...credentials,
              baseUrl: "https://livedesk.invalid/desk/",
              retries: { times: 0 }
            }),
            listening
          )
        ))
      const own = {
        accept: "application/json",
        "accept-encoding": "identity",
        authorization: "Basic YS1rZXk6YS1zZWNyZXQ=",
        "user-agent": "effect-livedesk"
      }
      assert.deepStrictEqual(given, [
        {
          method: "POST",
          origin: "https://livedesk.invalid",
          path: "/desk/api/v2/accounts/contacts",
          query: [],
          headers: { "x-trace": "1", ...own, "content-type": "application/json" },
          body: "{\"inbox_id\":407,\"name\":\"Zoë\"}",
          form: undefined
        },
        {
          method: "GET",
          origin: "https://livedesk.invalid",
          path: "/desk/api/v2/accounts/contacts",
          query: [["q", "a b"], ["page", "2"]],
          headers: own,
          body: undefined,
          form: undefined
        }
      ])
    }))

  it.effect("that ends without a response has lost the connection", () =>
    Effect.gen(function*() {
      const silent = Layer.succeed(Transport.Transport, { dispatch: () => Effect.void })
      const error = yield* Effect.flip(
        Effect.flatMap(LiveDeskClient.LiveDeskClient, create).pipe(
          Effect.provide(
            Layer.provide(LiveDeskClient.layerTransport({ ...credentials, retries: { times: 0 } }), silent)
          )
        )
      )
      assert.deepStrictEqual([error.reason._tag, error.outcome], ["ConnectionLost", "Unknown"])
    }))
})

describe("a request's target", () => {
  const wellFormed = (text: string) => text.replaceAll(/\p{Cs}/gu, "\ufffd")

  const Query = Schema.Array(Schema.Tuple([Schema.String, Schema.String]))

  it.effect.prop("is read back as it was meant", [Query], ([query]) =>
    Effect.sync(() => {
      const target = Transport.target({
        method: "GET",
        origin: "https://livedesk.invalid",
        path: "/desk/contacts",
        query,
        headers: {},
        body: undefined,
        form: undefined
      })
      const url = new URL(`https://livedesk.invalid${target}`)
      assert.strictEqual(url.pathname, "/desk/contacts")
      assert.strictEqual(url.pathname + url.search, target.replaceAll("'", "%27"))
      assert.deepStrictEqual(
        [...url.searchParams],
        query.map(([name, value]): [string, string] => [wellFormed(name), wellFormed(value)])
      )
    }))
})

describe("fetch by itself", () => {
  it.effect("sends a form with the files in it", () =>
    Effect.gen(function*() {
      const sent: Array<RequestInit | undefined> = []
      const original = globalThis.fetch
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          globalThis.fetch = (_, init) => {
            sent.push(init)
            return Promise.resolve(new Response(ok))
          }
        }),
        () =>
          Effect.sync(() => {
            globalThis.fetch = original
          })
      )
      yield* Effect.flatMap(LiveDeskClient.LiveDeskClient, (client) =>
        client.call(Messages.endpoints.sendFiles)({
          conversationId: 7,
          content: "Here",
          attachments: [
            { name: "a", mediaType: "text/plain", content: new Uint8Array([97]) },
            { name: "b", mediaType: "text/plain", content: new Uint8Array([98]) }
          ]
        })).pipe(
          Effect.provide(Layer.provide(LiveDeskClient.layerTransport(credentials), FetchTransport.layer))
        )
      const [init] = sent
      assert.strictEqual(sent.length, 1)
      assert.isTrue(init?.body instanceof FormData)
      if (!(init?.body instanceof FormData)) return
      assert.strictEqual(init.body.get("content"), "Here")
      const files = init.body.getAll("attachments[]")
      assert.deepStrictEqual(files.map((file) => file instanceof File ? file.name : file), ["a", "b"])
      // The boundary is fetch's to choose.
      assert.isFalse(new Headers(init.headers).has("content-type"))
    }))
})
