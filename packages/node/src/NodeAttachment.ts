/**
 * Files on disk, to attach to messages without holding them in memory.
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
 * Why a file cannot be attached: there is none, it is no plain file (a folder, say), or it may not be read.
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
 * How a file on disk is sent.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The file's media type, such as `image/png`. */
  readonly mediaType: string
  /** The name that the contact will see. Defaults to the file's own. */
  readonly name?: string | undefined
}

/**
 * A file on disk as an attachment. It is read while it is sent, piece by piece; when it changes in between, sending it
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
  // The blob says only that something went wrong.
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
