/**
 * One call of LiveDesk's API, as data. The client runs it, the emulator serves it, the tests read it, so that they
 * cannot drift from each other.
 *
 * @since 0.1.0
 */
import type * as HttpBody from "effect/http/HttpBody"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import { snakeToCamel } from "effect/String"
import * as LiveDeskError from "./LiveDeskError.ts"
import type { Model } from "./Model.ts"
import type { RequestToSend } from "./Transport.ts"

/**
 * One call of LiveDesk's API.
 *
 * @category models
 * @since 0.1.0
 */
export interface Endpoint<Input, Output, Operation extends string = string> {
  /** The call's name, `contacts.create`: of its span, and in its errors. */
  readonly operation: Operation
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /**
   * The path below the base URL. A segment such as `:conversation_id` takes the field of that name of the encoded
   * input. The other fields make up the query of a GET or DELETE, else the body.
   */
  readonly path: `/${string}`
  /** What the call takes; encodes to the fields on the wire. */
  readonly input: Schema.Codec<Input, Fields>
  /** How the body is written: as JSON, unless it holds files. */
  readonly body?: "json" | "form" | undefined
  /** What a 2xx response holds: a `Model.record`, `Model.fromSchema` of any schema, or `Model.nothing`. */
  readonly success: Model<Output>
  /** Whether a 2xx response may report that the call failed, by a field `code` that is not 0. */
  readonly hasCode?: boolean | undefined
  /**
   * What doing it twice does: nothing (`"safe"`), the same again (`"idempotent"`), or a second act that a customer may
   * see (`"none"`). What a client retries follows from it, see `RetryPolicy.isRetryable`.
   */
  readonly idempotency: "safe" | "idempotent" | "none"
  /** For a call that is never retried: how to check whether it took effect. Its error has it. */
  readonly verifyHint?: string | undefined
}

/**
 * An encoded input: the fields of a call as they are on the wire.
 *
 * @category models
 * @since 0.1.0
 */
export type Fields = { readonly [key: string]: unknown }

/**
 * Declares an endpoint.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <Input, Output, const Operation extends string>(
  endpoint: Endpoint<Input, Output, Operation>
): Endpoint<Input, Output, Operation> => endpoint

// ---------------------------------------------------------------------------------------------------------------------
// requests
// ---------------------------------------------------------------------------------------------------------------------

/**
 * How an input of the endpoint becomes a request, or the error that names all that is wrong with it.
 *
 * @internal
 */
export const requestWith = <Input, Output>(
  { body, input, method, operation, path }: Endpoint<Input, Output>,
  server: {
    readonly origin: string
    /** What stands between the origin and the endpoint's path. */
    readonly prefix: string
    readonly headers: Readonly<Record<string, string>>
    /** Takes secrets out of a text: a caller may give one where a name belongs. */
    readonly redact: (text: string) => string
  }
) => {
  const encode = SchemaParser.encodeUnknownResult(input, { errors: "all", onExcessProperty: "error" })
  const hasQuery = method === "GET" || method === "DELETE"
  const isForm = body === "form" && !hasQuery
  const own = hasQuery || isForm ? server.headers : { ...server.headers, "content-type": "application/json" }
  const requestToSend = (
    path: string,
    fields: Fields,
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
  return (
    value: Input,
    headers: { readonly [name: string]: string } | undefined,
    alreadyWrong: ReadonlyArray<LiveDeskError.Issue>
  ): Result.Result<RequestToSend, LiveDeskError.ValidationError> => {
    const located = Result.map(
      Result.try({ try: () => encode(value), catch: () => unreadable }).pipe(
        Result.flatMap(Result.mapError(LiveDeskError.issuesOf))
      ),
      (fields) => locate(path, fields)
    )
    const issues = [
      ...(Result.isFailure(located) ? located.failure : located.success.issues),
      ...alreadyWrong,
      ...(headers === undefined ? [] : headerIssues(headers))
    ]
    if (Result.isFailure(located) || issues.length > 0) {
      return Result.fail(
        LiveDeskError.invalidInput(
          operation,
          issues.map(({ message, path }) => ({ path: path.map(server.redact), message }))
        )
      )
    }
    return Result.try({
      try: () => requestToSend(located.success.path, located.success.rest, headers),
      catch: () => LiveDeskError.invalidInput(operation, [{ path: [], message: "the input cannot be written as JSON" }])
    })
  }
}

const lowerCased = (headers: { readonly [name: string]: string }): { readonly [name: string]: string } =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** Of an input with a getter that throws. */
const unreadable: ReadonlyArray<LiveDeskError.Issue> = [{ path: [], message: "the input cannot be read" }]

/** A query by Rails' rule, where a name in brackets takes several values. */
const queryOf = (fields: Fields): RequestToSend["query"] =>
  Object.entries(fields).flatMap(([key, value]) =>
    Array.isArray(value)
      ? value.map((value) => [`${key}[]`, text(value)] as const)
      : value === undefined
      ? []
      : [[key, text(value)] as const]
  )

/** A form by the same rule. */
const formOf = (fields: Fields): RequestToSend["form"] =>
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

/** What a query or a form cannot hold goes as JSON text. */
const text = (value: unknown): string => typeof value === "string" ? value : JSON.stringify(value)

/** Puts the fields that the path names into it. */
const locate = (template: string, fields: Fields) => {
  const rest = { ...fields }
  const issues: Array<LiveDeskError.Issue> = []
  const path = template.replace(/(?<=\/):([A-Za-z_]\w*)/g, (_, key: string) => {
    const value = fields[key]
    delete rest[key]
    const segment = typeof value === "string" || Number.isSafeInteger(value) ? String(value) : ""
    // "." and ".." would be resolved away, a lone surrogate cannot be encoded.
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
      // A header that a transport cannot write would be quoted in its complaint.
      : !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)
      ? "expected text without control characters and beyond Latin-1"
      : undefined
    return message === undefined ? [] : [{ path: ["options", "headers", name], message }]
  })
