/**
 * A message with two files: one from disk, which is read while it is sent, and one from memory.
 */
import { ConversationStart, LiveDesk, Messages } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeAttachment } from "@effect-livedesk/node"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Option } from "effect"
import { fileURLToPath } from "node:url"

const program = Effect.gen(function*() {
  const messages = yield* Messages.Messages
  const { conversationId } = yield* ConversationStart.start({
    inboxId: 407,
    contact: { name: "Alice", email: "alice@acme.inc" },
    message: { content: "Here is what you asked for." }
  })

  const source = yield* NodeAttachment.fromFile(fileURLToPath(import.meta.url), { mediaType: "text/plain" })
  const message = yield* messages.sendFiles({
    conversationId,
    content: "Two files.",
    attachments: [source, {
      name: "über uns.txt",
      mediaType: "text/plain",
      content: new TextEncoder().encode("We like types.")
    }]
  })
  for (const { dataUrl, fileSize } of Option.getOrElse(message.attachments, () => [])) {
    yield* Console.log(`${Option.getOrElse(fileSize, () => 0)} bytes at ${Option.getOrElse(dataUrl, () => "nowhere")}`)
  }
})

program.pipe(
  Effect.provide(LiveDesk.layer.pipe(Layer.provide(Emulator.layer))),
  // A file that is not there is an error of its own, beside those of LiveDesk.
  Effect.catchTag("AttachmentError", ({ message }) => Console.error(message)),
  NodeRuntime.runMain
)
