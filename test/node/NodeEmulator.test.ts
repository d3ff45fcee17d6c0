import { LiveDeskClient } from "@effect-livedesk/core"
import * as LiveDeskApi from "@effect-livedesk/core/LiveDeskApi"
import { NodeEmulator, NodeTransport } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpClient } from "effect/http"

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
      const { servers: live, ...expected } = LiveDeskApi.make()
      assert.deepStrictEqual([status, servers[0].url], [200, "/"])
      assert.deepStrictEqual(document, JSON.parse(JSON.stringify(expected)))
      assert.include(JSON.stringify(live), LiveDeskClient.defaultBaseUrl)
    }).pipe(Effect.provide(onPort)))

  it.live("serves a page to browse the API, which asks nobody else for anything", () =>
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

  it.live("answers whatever else as in memory", () =>
    Effect.gen(function*() {
      const { status, text } = yield* get("/docs/more")
      assert.deepStrictEqual([status, JSON.parse(text)], [404, { status: 404, error: "Not Found" }])
    }).pipe(Effect.provide(onPort)))
})
