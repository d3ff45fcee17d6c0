import { LiveDesk, LiveDeskClient, Messages } from "@effect-livedesk/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import * as FakeTransport from "../FakeTransport.ts"

const TestLayer = LiveDesk.layer.pipe(
  Layer.provide(LiveDeskClient.layer({ apiKey: Redacted.make("a-key"), apiSecret: Redacted.make("a-secret") })),
  Layer.provideMerge(FakeTransport.respondingWith({ body: { id: 3030 } }))
)

const sendFile = (file: Partial<Messages.AttachedFile>) =>
  Effect.gen(function*() {
    const messages = yield* Messages.Messages
    const sent = yield* FakeTransport.Sent
    const attachment = { name: "a.txt", mediaType: "text/plain", content: new Uint8Array([104, 105]), ...file }
    yield* messages.sendFiles({ conversationId: 1, attachments: [attachment] })
    const { body } = sent[0] ?? {}
    const parts = body?._tag === "FormData" ? body.formData.getAll("attachments[]") : []
    const [part] = parts
    return part instanceof File
      ? { name: part.name, type: part.type, text: yield* Effect.promise(() => part.text()) }
      : undefined
  }).pipe(Effect.provide(TestLayer))

describe("sendFiles", () => {
  it.effect("sends bytes, blobs and files under the name and media type that are given", () =>
    Effect.gen(function*() {
      for (const content of [new Uint8Array([104, 105]), new Blob(["hi"]), new File(["hi"], "another.txt")]) {
        assert.deepStrictEqual(yield* sendFile({ content }), { name: "a.txt", type: "text/plain", text: "hi" })
      }
    }))

  it.effect("refuses what only looks like a blob, which would be sent as the text of an object", () =>
    Effect.gen(function*() {
      const lookalike = { size: 2, type: "text/plain", arrayBuffer: () => Promise.resolve(new ArrayBuffer(2)) }
      const error = yield* Effect.flip(sendFile({ content: lookalike }))
      assert.strictEqual(error.reason._tag, "InvalidInput")
      assert.include(error.message, "attachments.0.content")
    }))

  it.effect("refuses a media type that a form would lose", () =>
    Effect.gen(function*() {
      for (const mediaType of ["", "text", "text/plain\r\nx: 1", "é/x", "text/plain\u0000"]) {
        const error = yield* Effect.flip(sendFile({ mediaType }))
        assert.include(error.message, "attachments.0.mediaType: Expected a media type such as image/png")
      }
    }))
})
