import type { Messages } from "@effect-livedesk/core"
import { NodeAttachment } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
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
  it.live("names the file as it is, or as one likes, and leaves it on disk", () =>
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

  it.live("holds no file in memory", () =>
    Effect.gen(function*() {
      const path = join(yield* temporary, "large.bin")
      yield* Effect.promise(() => writeFile(path, new Uint8Array(64 * 1024 * 1024)))
      const before = process.memoryUsage().arrayBuffers
      const files = yield* Effect.forEach(Array.from({ length: 8 }), () =>
        NodeAttachment.fromFile(path, { mediaType: "application/octet-stream" }))
      assert.isBelow(process.memoryUsage().arrayBuffers - before, 32 * 1024 * 1024)
      assert.strictEqual(files.length, 8)
    }).pipe(Effect.scoped))

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
