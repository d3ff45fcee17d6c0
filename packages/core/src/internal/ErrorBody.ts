/**
 * Reads the messages and ids in the body of an error response or an unreadable one.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"

/** The contents of an error response. */
export interface ErrorBody {
  readonly messages: ReadonlyArray<string>
  readonly fields: ReadonlyArray<string>
}

const maxMessages = 16
const maxMessageLength = 500

/** Returns a text on one line, without control characters. */
export const onOneLine = (text: string, longest: number): string =>
  text.slice(0, 4 * longest).replace(/[\s\p{Cc}]+/gu, " ").trim().slice(0, longest)

const normalized = (texts: ReadonlyArray<string>): ReadonlyArray<string> => {
  const lines = texts.map((text) => onOneLine(text, maxMessageLength))
  return [...new Set(lines.filter((text) => text !== ""))].slice(0, maxMessages)
}

/**
 * Reads an error response in any of the shapes that LiveDesk, Chatwoot or a proxy may send: at most 16 messages of at
 * most 500 characters.
 */
export const read = (text: string, contentType: string): ErrorBody => {
  const json = parse(text)
  if (Predicate.isObject(json)) {
    const messages: Array<string> = []
    const fields: Array<string> = []
    gather(json, messages, fields)
    return { messages: normalized(messages), fields: normalized(fields) }
  }
  // An HTML page is useless in a log, and may contain anything.
  const isPlain = typeof json === "string" || contentType.startsWith("text/plain")
  return { messages: isPlain ? normalized([typeof json === "string" ? json : text]) : [], fields: [] }
}

// LiveDesk may word these in plain text, as Chatwoot does 429 (unverified).
const plainStatuses = [400, 409, 422, 429]

const maxMediaTypeLength = 100

/**
 * Returns the media type of a body that LiveDesk's API does not send: a page of markup, or text where its refusals are
 * JSON. A 401 that asks for credentials may be anyone's, and concerns those of LiveDesk.
 */
export const foreignMediaType = (
  { headers, status, text }: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly text: string
  }
): string | undefined => {
  if (status === 401 && headers["www-authenticate"] !== undefined) return undefined
  const type = onOneLine((headers["content-type"] ?? "").replace(/;.*/s, "").toLowerCase(), maxMediaTypeLength)
  if (/^\s*</.test(text)) return /html|xml/.test(type) ? type : "text/html"
  const isPlain = status >= 400 && !plainStatuses.includes(status) && !type.endsWith("json") &&
    /^\s*[^\s{["]/.test(text)
  return isPlain ? type || "unknown" : undefined
}

const maxErrorBodyDepth = 4

const gather = (json: object, messages: Array<string>, fields: Array<string>, depth = 0): void => {
  if (depth > maxErrorBodyDepth) return
  const body: { readonly error?: unknown; readonly message?: unknown; readonly errors?: unknown } = json
  if (typeof body.error === "string") messages.push(body.error)
  else if (Predicate.isObject(body.error)) gather(body.error, messages, fields, depth + 1)
  if (typeof body.message === "string") messages.push(body.message)
  if ("attributes" in json && Array.isArray(json.attributes)) fields.push(...json.attributes.filter(Predicate.isString))
  if ("field" in json && typeof json.field === "string") fields.push(json.field)
  if (Array.isArray(body.errors)) {
    for (const error of body.errors.slice(0, maxMessages)) {
      if (typeof error === "string") messages.push(error)
      else if (Predicate.isObject(error)) gather(error, messages, fields, depth + 1)
    }
  } else if (Predicate.isObject(body.errors)) {
    for (const [field, error] of Object.entries(body.errors).slice(0, maxMessages)) {
      fields.push(field)
      messages.push(...(Array.isArray(error) ? error : [error]).filter(Predicate.isString))
    }
  }
}

/** Parses a text of JSON; `undefined` if it is none. */
export const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Ids by their path on the wire, as in `payload.contact.id`. */
export type Identifiers = { readonly [path: string]: number | string }

const maxIdentifiers = 32
const maxTextLength = 256 * 1024
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+|"/gsu

// An id made by LiveDesk: a number, a UUID or a ticket's. Other values of such keys may be personal data.
const digits = /^\d{1,32}$/
const ownText = /^(?:\d{1,32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|tk_\w{1,64})$/i

// Keys of data that a project or its customers write, including their own ids.
const foreign = /_attributes$|^custom_fields$|^content$|^messages$/

const maxPathLength = 200

// Any deeper, every path would be too long.
const maxPathDepth = maxPathLength / 2

/**
 * Reads LiveDesk's ids in a JSON text, complete or truncated: the values of keys such as `id`, `uuid` and `source_id`,
 * at most 32 of them in the first 256 KiB. A number beyond a safe integer is returned as text.
 */
export const identifiersIn = (text: string): Identifiers => {
  const found: { [path: string]: number | string } = {}
  const beginning = text.slice(0, maxTextLength)
  const path: Array<string> = []
  let count = 0
  let key: string | undefined
  let previous = ""
  for (const { 0: lexeme, index } of beginning.matchAll(token)) {
    // A truncated text may end with a truncated value.
    if (lexeme === "\"" || index + lexeme.length === beginning.length) break
    if (lexeme === ":") {
      key = unquote(previous)
    } else if (lexeme === "{" || lexeme === "[") {
      path.push(key ?? "")
      key = undefined
    } else if (lexeme === "}" || lexeme === "]") {
      path.pop()
      key = undefined
    } else if (lexeme === ",") {
      key = undefined
    } else if (
      key !== undefined && /^(?:id|uuid|.+_id)$/.test(key) && path.length <= maxPathDepth &&
      !path.some((segment) => foreign.test(segment))
    ) {
      const id = digits.test(lexeme) ? lexeme : unquote(lexeme)
      const name = onOneLine([...path, key].filter((segment) => segment !== "").join("."), maxPathLength + 1)
      if (id !== undefined && ownText.test(id) && name.length <= maxPathLength && !Object.hasOwn(found, name)) {
        found[name] = Number.isSafeInteger(Number(id)) && id === lexeme ? Number(id) : id
        if (++count === maxIdentifiers) break
      }
      key = undefined
    }
    previous = lexeme
  }
  return found
}

/** Decodes a JSON string. */
const unquote = (lexeme: string): string | undefined => {
  if (!lexeme.startsWith("\"")) return undefined
  const value = parse(lexeme)
  return typeof value === "string" ? value : undefined
}
