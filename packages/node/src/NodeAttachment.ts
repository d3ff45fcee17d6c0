/**
 * Files on disk as attachments of messages, which are not held in memory.
 *
 * @since 0.1.0
 */
import type * as Messages from "@effect-livedesk/core/Messages"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { openAsBlob } from "node:fs"
import { access, constants, stat } from "node:fs/promises"
import { basename } from "node:path"

/**
 * The file cannot be attached: it does not exist, is no plain file (a folder, say), or cannot be read.
 *
 * @category errors
 * @since 0.1.0
 */
export class AttachmentError extends Data.TaggedError("AttachmentError")<{
  readonly path: string
  readonly problem: "NotFound" | "NotAFile" | "Unreadable"
  readonly cause?: unknown
}> {
  override get message(): string {
    switch (this.problem) {
      case "NotFound":
        return `there is no file ${this.path}`
      case "NotAFile":
        return `${this.path} is no plain file`
      case "Unreadable":
        return `${this.path} cannot be read`
    }
  }
}

/**
 * Options of an attached file.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The media type, such as `image/png`. */
  readonly mediaType: string
  /** The name that the contact sees. Defaults to the file's. */
  readonly name?: string | undefined
}

/**
 * Creates an attachment from a file. The file is read in pieces while it is sent. If it changes before that, sending
 * fails.
 *
 * ```ts
 * const invoice = yield* NodeAttachment.fromFile("invoice.pdf", { mediaType: "application/pdf" })
 * yield* messages.sendFiles({ conversationId, attachments: [invoice] })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromFile = Effect.fnUntraced(function*(
  path: string,
  { mediaType, name }: Options
): Effect.fn.Return<Messages.AttachedFile, AttachmentError> {
  const status = yield* attempt(path, () => stat(path))
  if (!status.isFile()) return yield* new AttachmentError({ path, problem: "NotAFile" })
  // A blob's error does not say why the file cannot be read.
  yield* attempt(path, () => access(path, constants.R_OK))
  const content = yield* attempt(path, () => openAsBlob(path, { type: mediaType }))
  return { name: name ?? basename(path), mediaType, content }
})

const attempt = <A>(path: string, f: () => Promise<A>): Effect.Effect<A, AttachmentError> =>
  Effect.tryPromise({
    try: f,
    catch: (cause) =>
      new AttachmentError({
        path,
        problem: Predicate.hasProperty(cause, "code") && cause.code === "ENOENT" ? "NotFound" : "Unreadable",
        cause
      })
  })
