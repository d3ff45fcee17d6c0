/**
 * Access to the emulator's inbox: its own page and programs have it, another site's page in the same browser does not.
 *
 * @since 0.1.0
 */
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import { isIP } from "node:net"

/** Why a request is rejected. */
export interface Rejection {
  readonly status: 403 | 405 | 415
  readonly error: string
}

type Request = Pick<HttpServerRequest.HttpServerRequest, "headers" | "method">

/**
 * Rejects requests by another name than the emulator's: a page of another site would pass for this one by a name that its
 * DNS leads here. Addresses cannot be led anywhere.
 */
export const rejectHost = ({ headers }: Request, host: string): Rejection | undefined => {
  const given = headers["host"] ?? ""
  const name = URL.canParse(`http://${given}`) ? new URL(`http://${given}`).hostname : ""
  const bare = name.replace(/^\[|\]$/g, "")
  return isIP(bare) > 0 || bare === "localhost" || bare.endsWith(".localhost") || bare === host.toLowerCase()
    ? undefined
    : { status: 403, error: `this page is not served under the name ${JSON.stringify(bare)}: use an IP address` }
}

/** Rejects what a page of another origin asks for, and what a form could send. */
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

/** Rejects another method than a path has. */
export const rejectMethod = ({ method }: Request, expected: "GET" | "POST"): Rejection | undefined =>
  method === expected ? undefined : { status: 405, error: `expected ${expected}` }
