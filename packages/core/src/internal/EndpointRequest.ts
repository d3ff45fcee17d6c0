/**
 * Builds the request of an endpoint from an input.
 *
 * @since 0.1.0
 */
import type * as HttpBody from "effect/http/HttpBody"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as SchemaParser from "effect/SchemaParser"
import { snakeToCamel } from "effect/String"
import type * as Endpoint from "../Endpoint.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import type { RequestToSend } from "../Transport.ts"
import * as ErrorMapping from "./ErrorMapping.ts"
import { hasEscapedSurrogate, surrogateIssues, unnamedSurrogate } from "./surrogateIssues.ts"

/** Makes the function that builds an endpoint's request, or fails with all problems of the input. */
export const make = <Input, Output>(
  { body, input, method, operation, path }: Endpoint.Endpoint<Input, Output>,
  server: {
    readonly origin: string
    /** The part of the path between the origin and the endpoint's path. */
    readonly prefix: string
    readonly headers: Readonly<Record<string, string>>
    /** Redacts secrets, which a caller may pass by mistake as a name. */
    readonly redact: (text: string) => string
  }
) => {
  const encode = SchemaParser.encodeUnknownResult(input, { errors: "all", onExcessProperty: "error" })
  const hasQuery = method === "GET" || method === "DELETE"
  const isForm = body === "form" && !hasQuery
  const own = hasQuery || isForm ? server.headers : { ...server.headers, "content-type": "application/json" }
  const requestToSend = (
    path: string,
    fields: Endpoint.Fields,
    headers: { readonly [name: string]: string } | undefined
  ): RequestToSend => ({
    method,
    origin: server.origin,
    path: `${server.prefix}${path}`,
    query: hasQuery ? queryOf(fields) : [],
    headers: headers === undefined ? own : { ...lowerCased(headers), ...own },
    body: hasQuery || isForm ? undefined : JSON.stringify(fields),
    form: isForm ? formOf(fields) : undefined
  })
  const refused = (issues: ReadonlyArray<LiveDeskError.Issue>) =>
    Result.fail(
      ErrorMapping.invalidInput(
        operation,
        issues.map(({ message, path }) => ({ path: path.map(server.redact), message }))
      )
    )
  return (
    value: Input,
    headers: { readonly [name: string]: string } | undefined,
    alreadyWrong: ReadonlyArray<LiveDeskError.Issue>
  ): Result.Result<RequestToSend, LiveDeskError.ValidationError> => {
    const located = Result.map(
      Result.try({ try: () => encode(value), catch: () => unreadable }).pipe(
        Result.flatMap(Result.mapError(ErrorMapping.issuesOf))
      ),
      (fields) => locate(path, fields)
    )
    const issues = [
      ...(Result.isFailure(located) ? located.failure : located.success.issues),
      ...alreadyWrong,
      ...(headers === undefined ? [] : headerIssues(headers))
    ]
    if (Result.isFailure(located) || issues.length > 0) {
      const named = new Set(issues.map(({ path }) => path.join(".")))
      return refused([...issues, ...readSurrogateIssues(value).filter(({ path }) => !named.has(path.join(".")))])
    }
    const request = Result.try({
      try: () => requestToSend(located.success.path, located.success.rest, headers),
      catch: () => ErrorMapping.invalidInput(operation, [{ path: [], message: "the input cannot be written as JSON" }])
    })
    if (Result.isFailure(request)) return request
    const { body } = request.success
    if (body !== undefined && !hasEscapedSurrogate(body)) return request
    const unsent = readSurrogateIssues(value)
    return unsent.length > 0 ? refused(unsent) : body === undefined ? request : refused(unnamedSurrogate)
  }
}

const readSurrogateIssues = (value: unknown): ReadonlyArray<LiveDeskError.Issue> =>
  Result.getOrElse(Result.try(() => surrogateIssues(value)), () => unreadable)

const lowerCased = (headers: { readonly [name: string]: string }): { readonly [name: string]: string } =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** The issues of an input with a getter that throws. */
const unreadable: ReadonlyArray<LiveDeskError.Issue> = [{ path: [], message: "the input cannot be read" }]

/** Makes a query as Rails reads it: a name in brackets has several values. */
const queryOf = (fields: Endpoint.Fields): RequestToSend["query"] =>
  Object.entries(fields).flatMap(([key, value]) =>
    Array.isArray(value)
      ? value.map((value) => [`${key}[]`, text(value)] as const)
      : value === undefined
      ? []
      : [[key, text(value)] as const]
  )

/** Makes a form by the same rule. */
const formOf = (fields: Endpoint.Fields): RequestToSend["form"] =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]): ReadonlyArray<readonly [string, HttpBody.FormDataInput[string]]> =>
      Array.isArray(value)
        ? [[`${key}[]`, value.map((value: unknown) => isFile(value) ? value : text(value))]]
        : value === undefined
        ? []
        : [[key, text(value)]]
    )
  )

const isFile = (value: unknown): value is HttpBody.FormDataCoercible => Predicate.hasProperty(value, "arrayBuffer")

/** Encodes values that a query or a form cannot hold as JSON text. */
const text = (value: unknown): string => typeof value === "string" ? value : JSON.stringify(value)

/** Fills the path's parameters from the fields. */
const locate = (template: string, fields: Endpoint.Fields) => {
  const rest = { ...fields }
  const issues: Array<LiveDeskError.Issue> = []
  const path = template.replace(/(?<=\/):([A-Za-z_]\w*)/g, (_, key: string) => {
    const value = fields[key]
    delete rest[key]
    const segment = typeof value === "string" || Number.isSafeInteger(value) ? String(value) : ""
    // "." and ".." would be resolved away, and an unpaired surrogate cannot be encoded.
    if (segment === "" || segment === "." || segment === ".." || /\p{Cs}/u.test(segment)) {
      issues.push({ path: [snakeToCamel(key)], message: "expected an id that can stand in a path" })
      return ""
    }
    return encodeURIComponent(segment)
  })
  return { path, rest, issues }
}

const reserved = [
  "accept",
  "accept-encoding",
  "authorization",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "cookie",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent"
]

const headerIssues = (headers: { readonly [name: string]: string }): ReadonlyArray<LiveDeskError.Issue> =>
  Object.entries(headers).flatMap(([name, value]) => {
    const message = !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)
      ? "expected the name of a header"
      : reserved.includes(name.toLowerCase())
      ? "this header is the client's own"
      // A transport would quote an invalid header in its error.
      : !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)
      ? "expected text without control characters and beyond Latin-1"
      : undefined
    return message === undefined ? [] : [{ path: ["options", "headers", name], message }]
  })
