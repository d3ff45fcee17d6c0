/**
 * The emulator's HTTP responses.
 *
 * @since 0.1.0
 */
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import type { StoredAttachment } from "../testing/StoredRecord.ts"
import type { ErrorResponse } from "./EmulatedCall.ts"
import * as EmulatedMessages from "./EmulatedMessages.ts"

/** Responds with JSON. */
const json = (status: number, body: unknown): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(body, { status })

/** Responds with an error. */
export const error = ({ body, status }: ErrorResponse): HttpServerResponse.HttpServerResponse => json(status, body)

/** Responds with the result of a call. */
export const ofResult = Result.match({ onFailure: error, onSuccess: (written: unknown) => json(200, written) })

/** Responds with a file. */
export const attachment = (stored: StoredAttachment): HttpServerResponse.HttpServerResponse => {
  const headers = EmulatedMessages.attachmentHeaders(stored)
  return HttpServerResponse.uint8Array(stored.content, { contentType: headers["content-type"], headers })
}

export const badRequest = json(400, { status: 400, error: "Bad Request" })

export const routeNotFound = json(404, { status: 404, error: "Not Found" })
