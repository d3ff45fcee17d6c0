/**
 * `livedesk messages`.
 *
 * @since 0.1.0
 */
import * as Messages from "@effect-livedesk/core/Messages"
import * as Arr from "effect/Array"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { extname } from "node:path"
import * as NodeAttachment from "../NodeAttachment.ts"
import { UsageError } from "./ExitCode.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"

const send = Command.make(
  "send",
  {
    conversationId: Argument.Int("conversation").pipe(Argument.withDescription("The conversation's id")),
    content: Argument.String("text").pipe(
      Argument.withDescription("The text; optional with --file"),
      Argument.optional
    ),
    isPrivate: Flag.Boolean("private").pipe(
      Flag.withDescription("Send a note that only agents see"),
      LiveDeskCall.optional
    ),
    replyTo: Flag.Int("reply-to").pipe(
      Flag.withDescription("The id of the message to reply to"),
      LiveDeskCall.optional
    ),
    files: Flag.String("file").pipe(
      Flag.withDescription("A file to attach; may be given several times"),
      Flag.withMetavar("path"),
      Flag.atLeast(0)
    ),
    type: Flag.String("type").pipe(
      Flag.withDescription("The media type of the files, such as image/png; defaults to that of each file's extension"),
      LiveDeskCall.optional
    )
  },
  Effect.fnUntraced(function*({ content, conversationId, files, isPrivate, replyTo, type }) {
    const text = Option.getOrUndefined(content)
    if (files.length === 0 && (text ?? "").trim() === "") {
      return yield* new UsageError({ message: "give a text, a --file or both" })
    }
    if (files.length === 0 && type !== undefined) {
      return yield* new UsageError({ message: "--type needs --file" })
    }
    const attachments = yield* Effect.forEach(
      files,
      (path) => NodeAttachment.fromFile(path, { mediaType: type ?? mediaTypeOf(path) })
    )
    const input = {
      conversationId,
      ...(isPrivate === undefined ? {} : { private: isPrivate }),
      ...(replyTo === undefined ? {} : { contentAttributes: Messages.inReplyTo(replyTo) })
    }
    yield* LiveDeskCall.perform(
      Messages.Messages.use((messages) =>
        Arr.isReadonlyArrayNonEmpty(attachments)
          ? messages.sendFiles({ ...input, attachments, ...(text === undefined ? {} : { content: text }) })
          : messages.send({ ...input, content: text ?? "" })
      ),
      ({ content, conversationId, createdAt, id, status }) => ({
        id,
        conversation: conversationId,
        status,
        created: createdAt,
        content
      })
    )
  })
).pipe(
  Command.withDescription("Send a message to the contact, as an agent"),
  Command.withExamples([
    { command: "livedesk messages send 40 \"Your parcel is on its way.\"", description: "Send a text" },
    { command: "livedesk messages send 40 --file invoice.pdf", description: "Send a file" }
  ])
)

const mediaTypes: { readonly [extension: string]: string } = {
  ".csv": "text/csv",
  ".gif": "image/gif",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".mp3": "audio/mpeg",
  ".mp4": "video/mp4",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".txt": "text/plain",
  ".webp": "image/webp",
  ".zip": "application/zip"
}

const mediaTypeOf = (path: string): string => mediaTypes[extname(path).toLowerCase()] ?? "application/octet-stream"

/**
 * The commands about messages.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make("messages").pipe(
  Command.withDescription("Send messages"),
  Command.withSubcommands([send])
)
