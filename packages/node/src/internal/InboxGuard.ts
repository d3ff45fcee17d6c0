/**
 * Access to the emulator's inbox, for its own page and programs but not for other sites' pages in the same browser.
 *
 * @since 0.1.0
 */
import type * as HttpServerRequest from "effect/http/HttpServerRequest"

/** The response to a rejected request. */
export interface Rejection {
  readonly status: 403 | 405 | 415
  readonly error: string
}

type Request = Pick<HttpServerRequest.HttpServerRequest, "headers" | "method">

/** Rejects requests of other origins' pages, and requests that a form could send. */
export const rejectOrigin = ({ headers, method }: Request): Rejection | undefined => {
  const site = headers["sec-fetch-site"]
  const origin = headers["origin"]
  if (
    (site !== undefined && site !== "same-origin" && (method !== "GET" || site !== "none")) ||
    (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== headers["host"]))
  ) {
    return { status: 403, error: "another site's page may not use the emulator" }
  }
  return method === "GET" || /^application\/json\s*(?:;|$)/i.test(headers["content-type"] ?? "")
    ? undefined
    : { status: 415, error: "expected a body of application/json" }
}

export const rejectMethod = ({ method }: Request, expected: "GET" | "POST"): Rejection | undefined =>
  method === expected ? undefined : { status: 405, error: `expected ${expected}` }
