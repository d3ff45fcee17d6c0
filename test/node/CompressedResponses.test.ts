import { Contacts, type LiveDeskClient, LiveDeskError } from "@effect-livedesk/core"
import { assert, describe, it, vi } from "@effect/vitest"
import { Effect, identity, Option, Redacted } from "effect"
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib"
import * as HostileServer from "../HostileServer.ts"
import * as Transports from "../Transports.ts"

const undici: ReadonlyArray<Transports.Way> = ["undici", "undici as an HttpClient"]

const create = Effect.flatMap(Contacts.Contacts, (contacts) => contacts.create({ inboxId: 407, name: "Alice" }))

const responding = Effect.fnUntraced(function*(
  way: Transports.Way,
  does: HostileServer.Behaviour,
  more: Partial<LiveDeskClient.Options> = {}
) {
  const server = yield* HostileServer.make(does)
  return yield* Effect.provide(
    create,
    Transports.layers[way]({
      apiKey: Redacted.make("a-key"),
      apiSecret: Redacted.make("a-secret"),
      retries: { times: 0 },
      baseUrl: server.url,
      ...more
    })
  )
})

const respond = (coding: string, body: Uint8Array, status = 200): HostileServer.Behaviour => ({
  _tag: "Respond",
  status,
  headers: { "content-type": "application/json", "content-encoding": coding },
  body
})

const json = "{\"payload\":{\"contact\":{\"id\":7,\"name\":\"Zoë 東京 \ufffd\"},\"contact_inbox\":{}}}"
const contact = Buffer.from(json)
const refusal = Buffer.from(`{"message":"Email has already been taken","attributes":["email"]}`)

const codings: ReadonlyArray<readonly [coding: string, compress: (body: Uint8Array) => Uint8Array]> = [
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["GZIP", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["identity", identity]
]

const createdId = LiveDeskError.createdId("payload.contact.id")

describe("a compressed response", () => {
  for (const way of Transports.ways) {
    for (const [coding, compress] of codings) {
      it.live(`in ${coding}${compress === deflateRawSync ? " without zlib's header" : ""} is read over ${way}`, () =>
        Effect.gen(function*() {
          const created = yield* responding(way, respond(coding, compress(contact)))
          assert.deepStrictEqual(
            [Number(created.contact.id), created.contact.name],
            [7, Option.some("Zoë 東京 \ufffd")]
          )
          const refused = yield* Effect.flip(responding(way, respond(coding, compress(refusal), 422)))
          assert.deepInclude(refused.reason, {
            _tag: "RejectedInput",
            messages: ["Email has already been taken"],
            fields: ["email"]
          })
        }).pipe(Effect.scoped))
    }

    it.live(`that unpacks to more than maxResponseBytes is refused over ${way}, with its ids`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          responding(way, respond("gzip", gzipSync(json + " ".repeat(50_000_000))), { maxResponseBytes: 200_000 })
        )
        assert.include(error.message, "expected a body of at most 200000 bytes")
        assert.deepStrictEqual(createdId(error), Option.some(7))
      }).pipe(Effect.scoped))

    it.live(`in a coding that no runtime has is named over ${way}`, () =>
      Effect.gen(function*() {
        // Of several codings, fetch makes something by itself.
        for (const coding of undici.includes(way) ? ["compress", "gzip, br"] : ["compress"]) {
          const invalid = yield* Effect.flip(responding(way, respond(coding, Buffer.from([0x1f, 0x9d, 0x90]))))
          assert.deepInclude(invalid, { outcome: "Processed" })
          assert.include(
            invalid.message,
            `expected a body of JSON, not one in ${coding}, which this runtime cannot decode`
          )
        }
      }).pipe(Effect.scoped))
  }

  for (const way of undici) {
    it.live(`that cannot be decoded is named over ${way}`, () =>
      Effect.gen(function*() {
        const broken = gzipSync(contact).fill(0xff, 12, 20)
        const invalid = yield* Effect.flip(responding(way, respond("gzip", broken)))
        assert.deepInclude(invalid, { outcome: "Processed" })
        assert.include(invalid.message, "expected a body of JSON, not one in gzip that cannot be decoded")
        assert.deepStrictEqual(LiveDeskError.excerpt(invalid), Option.none())
        const refused = yield* Effect.flip(responding(way, respond("gzip", broken, 422)))
        assert.deepInclude(refused.reason, {
          _tag: "RejectedInput",
          messages: ["the body of the response is in gzip that cannot be decoded"]
        })
      }).pipe(Effect.scoped))

    it.live(`in a coding that this runtime lacks is named over ${way}`, () =>
      Effect.gen(function*() {
        yield* Effect.acquireRelease(
          Effect.sync(() => vi.stubGlobal("DecompressionStream", undefined)),
          () => Effect.sync(() => vi.unstubAllGlobals())
        )
        const invalid = yield* Effect.flip(responding(way, respond("br", brotliCompressSync(contact))))
        assert.include(invalid.message, "not one in br, which this runtime cannot decode")
      }).pipe(Effect.scoped))

    it.live(`that breaks off still names what was created, over ${way}`, () =>
      Effect.gen(function*() {
        const body = gzipSync(json + " ".repeat(5000), { level: 0 })
        const cut = Buffer.from(body.subarray(0, 1000))
        for (
          const [does, more] of [
            [{ _tag: "BreakOff", leave: "Close" }, {}],
            [{ _tag: "BreakOff", leave: "Hang" }, { timeout: "300 millis" }]
          ] as const
        ) {
          const error = yield* Effect.flip(responding(way, {
            ...does,
            status: 200,
            framing: "Length",
            headers: { "content-encoding": "gzip" },
            body: cut
          }, more))
          assert.deepInclude(error.reason, { phase: "ReadingResponse" })
          assert.deepStrictEqual(createdId(error), Option.some(7))
        }
      }).pipe(Effect.scoped))
  }
})
