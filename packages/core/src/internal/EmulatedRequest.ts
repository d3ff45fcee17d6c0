/**
 * Reads requests to the emulator as Rails does.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Multipart from "effect/http/Multipart"
import type * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { type Body, type ErrorResponse, Upload } from "./EmulatedCall.ts"
import { isJsonObject } from "./isJsonObject.ts"

type ParsedUrl = Option.Option.Value<ReturnType<typeof HttpServerRequest.toURL>>

/** Reads a query as Rails does: a name in brackets has several values. */
export const queryOf = (url: ParsedUrl): Body =>
  Object.fromEntries(
    Object.entries(HttpServerRequest.searchParamsFromURL(url)).map(([key, value]) => [withoutBrackets(key), value])
  )

const withoutBrackets = (key: string): string => key.replace(/\[\]$/, "")

/** Reads a body. One that is not an object has no fields. */
export const bodyOf = (
  request: HttpServerRequest.HttpServerRequest
): Effect.Effect<Body, HttpServerError.HttpServerError | Multipart.MultipartError> =>
  isForm(request)
    ? Stream.runFoldEffect(request.multipartStream, (): Body => ({}), (fields, part) =>
      part._tag === "Field"
        ? Effect.succeed({ ...fields, [part.key]: part.value })
        : Effect.map(part.contentEffect, (content) => {
          const key = withoutBrackets(part.key)
          const before = fields[key]
          const file = new Upload({ name: fileName(part), mediaType: part.contentType, content })
          return { ...fields, [key]: [...(Array.isArray(before) ? before : []), file] }
        })).pipe(
        // A JSON file is still a file.
        Effect.provideService(Multipart.FieldMimeTypes, [])
      )
    : request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true
    ? Effect.map(request.urlParamsBody, ({ params }) => params.reduce<Body>(addPair, {}))
    : Effect.map(request.json, (json) => Predicate.isObject(json) ? json : {})

/** Adds a pair of a form: `a[b]` is a field of the object `a`, and `a[]` an item of the list `a`. */
const addPair = (fields: Body, [name, value]: readonly [name: string, value: unknown]): Body => {
  const [, key = name, inner, rest = ""] = /^([^[\]]+)\[([^\]]*)\](.*)$/.exec(name) ?? []
  const before = fields[key]
  if (inner === undefined) return { ...fields, [key]: value }
  return inner === ""
    ? { ...fields, [key]: [...(Array.isArray(before) ? before : []), value] }
    : { ...fields, [key]: addPair(isJsonObject(before) ? before : {}, [`${inner}${rest}`, value]) }
}

/** Restores the three characters that a form escapes in a name. */
const fileName = ({ name }: Multipart.File): string =>
  name.replaceAll(/%22/g, "\"").replaceAll(/%0D/gi, "\r").replaceAll(/%0A/gi, "\n")

/** An in-memory form has no boundary yet, and so no header. */
export const isForm = ({ headers, source }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["content-type"]?.startsWith("multipart/form-data") === true ||
  (HttpClientRequest.isHttpClientRequest(source) && source.body._tag === "FormData")

/** The header of the accepted credentials. */
export const authorizationOf = (apiKey: Redacted.Redacted, apiSecret: Redacted.Redacted): Redacted.Redacted =>
  Redacted.make(`Basic ${Base64.encode(`${Redacted.value(apiKey)}:${Redacted.value(apiSecret)}`)}`)

/** Checks the credentials; returns the response that rejects them, or nothing. */
export const authenticate = (
  header: string | undefined,
  accepted: Redacted.Redacted
): ErrorResponse | undefined => {
  // The bodies are Chatwoot's; no page shows what LiveDesk's own Basic authentication returns.
  if (header === undefined) {
    return { status: 401, body: { errors: ["You need to sign in or sign up before continuing."] } }
  }
  return header === Redacted.value(accepted) ? undefined : { status: 401, body: { error: "Invalid Access Token" } }
}
