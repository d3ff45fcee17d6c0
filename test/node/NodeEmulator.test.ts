import { Contacts, Conversations, LiveDeskClient } from "@effect-livedesk/core"
import * as LiveDeskOpenApi from "@effect-livedesk/core/LiveDeskOpenApi"
import { Emulator } from "@effect-livedesk/core/testing"
import { DeliveryStore, Webhooks } from "@effect-livedesk/core/webhooks"
import { NodeEmulator, NodeLiveDesk, NodeTransport } from "@effect-livedesk/node"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Queue, Redacted } from "effect"
import { HttpClient, HttpRouter, HttpServer } from "effect/http"
import { createServer } from "node:http"

const get = Effect.fnUntraced(function*(path: string) {
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  const response = yield* HttpClient.get(`${baseUrl}${path}`)
  return { status: response.status, headers: response.headers, text: yield* response.text }
})

const onPort = Layer.merge(NodeEmulator.layer(), NodeTransport.layer())

describe("the emulator on a port", () => {
  it.live("serves the OpenAPI document, with itself for a server", () =>
    Effect.gen(function*() {
      const { status, text } = yield* get("/openapi.json")
      const { servers, ...document } = JSON.parse(text)
      const { servers: live, ...expected } = LiveDeskOpenApi.make()
      assert.deepStrictEqual([status, servers[0].url], [200, "/"])
      assert.deepStrictEqual(document, JSON.parse(JSON.stringify(expected)))
      assert.include(JSON.stringify(live), LiveDeskClient.defaultBaseUrl)
    }).pipe(Effect.provide(onPort)))

  it.live("serves a page to browse the API, which loads nothing from other hosts", () =>
    Effect.gen(function*() {
      const pages = [yield* get("/docs"), yield* get("/docs")]
      for (const { headers, status, text } of pages) {
        assert.strictEqual(status, 200)
        assert.include(headers["content-type"], "text/html")
        assert.match(headers["content-security-policy"] ?? "", /^default-src 'self' [^:]+ data: blob:$/)
        assert.include(text, "<title>EngageLab LiveDesk</title>")
        assert.include(text, "/api/v2/accounts/tickets/{ticket_id}")
        // The one script is the page's own.
        assert.notMatch(text, /<(?:script|link|img)\s[^>]*(?:src|href)=["']?https?:/)
      }
    }).pipe(Effect.provide(onPort)))

  it.live("responds to all other requests as in memory", () =>
    Effect.gen(function*() {
      const { status, text } = yield* get("/docs/more")
      assert.deepStrictEqual([status, JSON.parse(text)], [404, { status: 404, error: "Not Found" }])
    }).pipe(Effect.provide(onPort)))

  it.live("delivers events to a webhook, signed if there is a secret", () =>
    Effect.gen(function*() {
      const secret = Redacted.make("a-secret")
      const seen = yield* Queue.unbounded<string>()
      const receiver = HttpRouter.serve(
        Webhooks.layer({
          path: "/livedesk",
          verification: Webhooks.signed({ secrets: [secret] }),
          handler: ({ _tag }) => Queue.offer(seen, _tag)
        }),
        { disableLogger: true, disableListenLog: true }
      ).pipe(
        Layer.provide(DeliveryStore.layer),
        Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
      )
      const { address } = Context.get(yield* Layer.build(receiver), HttpServer.HttpServer)
      const url = `${HttpServer.formatAddress(address)}/livedesk`
      const emulator = yield* Layer.build(NodeEmulator.layer({ webhook: { url, secret } }))
      const { baseUrl } = Context.get(emulator, NodeEmulator.NodeEmulator)
      const { credentials } = Context.get(emulator, Emulator.Emulator)
      yield* Effect.gen(function*() {
        const contacts = yield* Contacts.Contacts
        const conversations = yield* Conversations.Conversations
        const { contact } = yield* contacts.create({ inboxId: 407 })
        yield* conversations.create({ inboxId: 407, contactId: contact.id })
      }).pipe(Effect.provide(NodeLiveDesk.layer({ baseUrl, ...credentials })))
      assert.strictEqual(yield* Queue.take(seen), "ConversationCreated")
    }).pipe(Effect.scoped))

  it.effect("rejects an empty secret of a webhook", () =>
    Effect.gen(function*() {
      const webhook = { url: "http://127.0.0.1:1/", secret: Redacted.make("") }
      const error = yield* Layer.build(NodeEmulator.layer({ webhook })).pipe(Effect.scoped, Effect.flip)
      assert.strictEqual(error._tag, "ValidationError")
      assert.include(String(error), "webhook.secret")
    }))

  it.effect("rejects a webhook without a valid address", () =>
    Effect.gen(function*() {
      for (const url of ["livedesk", "ftp://127.0.0.1/", "http://user:canary@127.0.0.1/"]) {
        const error = yield* Layer.build(NodeEmulator.layer({ webhook: { url } })).pipe(Effect.scoped, Effect.flip)
        assert.strictEqual(error._tag, "ValidationError")
        assert.include(String(error), "webhook.url: expected an address")
        assert.notInclude(String(error), "canary")
      }
    }))
})
