import { Contacts, Conversations, Messages } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeAttachment, NodeEmulator, NodeTransport } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Layer, Option } from "effect"
import { HttpClient } from "effect/http"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "effect-livedesk-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true }))
)

const bytesOf = ({ content }: Messages.AttachedFile) =>
  content instanceof Uint8Array
    ? Effect.die("expected a file that is still on disk")
    : Effect.map(Effect.promise(() => content.arrayBuffer()), (buffer) => new Uint8Array(buffer))

describe("fromFile", () => {
  it.live("has the name of the file or a given one, and leaves the file on disk", () =>
    Effect.gen(function*() {
      const path = join(yield* temporary, "Größe.txt")
      const bytes = new TextEncoder().encode("1,80 m")
      yield* Effect.promise(() => writeFile(path, bytes))
      const file = yield* NodeAttachment.fromFile(path, { mediaType: "text/plain" })
      assert.deepStrictEqual([file.name, file.mediaType], ["Größe.txt", "text/plain"])
      assert.deepStrictEqual(yield* bytesOf(file), bytes)
      const named = yield* NodeAttachment.fromFile(path, { mediaType: "text/plain", name: "size.txt" })
      assert.strictEqual(named.name, "size.txt")
    }).pipe(Effect.scoped))

  it.live("is read only while it is sent, and arrives over TCP to the last byte", () =>
    Effect.gen(function*() {
      const path = join(yield* temporary, "large.bin")
      const bytes = Uint8Array.from({ length: 3 * 1024 * 1024 }, (_, index) => (index * 7 + (index >> 16)) % 256)
      yield* Effect.promise(() => writeFile(path, bytes))
      const contacts = yield* Contacts.Contacts
      const conversations = yield* Conversations.Conversations
      const messages = yield* Messages.Messages
      const { contact } = yield* contacts.create({ inboxId: 407 })
      const { id } = yield* conversations.create({ inboxId: 407, contactId: contact.id })
      const file = yield* NodeAttachment.fromFile(path, { mediaType: "application/octet-stream" })
      const message = yield* messages.sendFiles({ conversationId: id, attachments: [file] })
      const [attachment] = Option.getOrThrow(message.attachments)
      assert.deepStrictEqual(attachment?.fileSize, Option.some(bytes.length))

      const { state } = yield* Emulator.Emulator
      const [kept] = HashMap.toValues((yield* state).attachments)
      const response = yield* HttpClient.get(Option.getOrThrow(attachment?.dataUrl ?? Option.none()))
      const had = yield* response.arrayBuffer
      // Not `deepStrictEqual`, which takes seconds for so many bytes.
      for (const copy of [kept?.content, new Uint8Array(had)]) assert.isTrue(copy && Buffer.compare(copy, bytes) === 0)

      // What is gone before it is read is not sent: no copy of it was held.
      yield* Effect.promise(() => rm(path))
      yield* Effect.flip(messages.sendFiles({ conversationId: id, attachments: [file] }))
      assert.strictEqual(HashMap.size((yield* state).attachments), 1)
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(NodeEmulator.layerLiveDesk(), NodeTransport.layer()))))

  it.live("fails for a file that is not there, and for a folder", () =>
    Effect.gen(function*() {
      const folder = yield* temporary
      const missing = yield* Effect.flip(
        NodeAttachment.fromFile(join(folder, "missing.txt"), { mediaType: "text/plain" })
      )
      assert.include(missing, { _tag: "AttachmentError", problem: "NotFound" })
      assert.strictEqual(missing.message, `there is no file ${join(folder, "missing.txt")}`)
      const directory = yield* Effect.flip(NodeAttachment.fromFile(folder, { mediaType: "text/plain" }))
      assert.include(directory, { _tag: "AttachmentError", problem: "NotAFile" })
    }).pipe(Effect.scoped))
})
