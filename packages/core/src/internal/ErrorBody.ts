/**
 * What can be read in the body of a response that is no use otherwise: the words of a refusal, and ids.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"

/**
 * What a refusal says.
 *
 * @category models
 * @since 0.1.0
 */
export interface ErrorBody {
  readonly messages: ReadonlyArray<string>
  readonly fields: ReadonlyArray<string>
}

const maxMessages = 16
const maxMessageLength = 500

/**
 * A text on one line, without control characters.
 *
 * @category readers
 * @since 0.1.0
 */
export const onOneLine = (text: string, longest: number): string =>
  text.slice(0, 4 * longest).replace(/[\s\p{Cc}]+/gu, " ").trim().slice(0, longest)

const normalized = (texts: ReadonlyArray<string>): ReadonlyArray<string> => {
  const lines = texts.map((text) => onOneLine(text, maxMessageLength))
  return [...new Set(lines.filter((text) => text !== ""))].slice(0, maxMessages)
}

/**
 * Reads what a refusal says, in any of the shapes that LiveDesk, Chatwoot or something between may send: at most 16
 * texts of at most 500 characters.
 *
 * @category readers
 * @since 0.1.0
 */
export const read = (text: string, contentType: string): ErrorBody => {
  const json = parse(text)
  if (Predicate.isObject(json)) {
    const messages: Array<string> = []
    const fields: Array<string> = []
    gather(json, messages, fields)
    return { messages: normalized(messages), fields: normalized(fields) }
  }
  // An HTML page explains nothing to a program's log, and holds whatever its author liked.
  const isPlain = typeof json === "string" || contentType.startsWith("text/plain")
  return { messages: isPlain ? normalized([typeof json === "string" ? json : text]) : [], fields: [] }
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

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Ids by their path on the wire, as in `payload.contact.id`.
 *
 * @category models
 * @since 0.1.0
 */
export type Identifiers = { readonly [path: string]: number | string }

const maxIdentifiers = 32
const maxTextLength = 256 * 1024
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+|"/gsu

// An id that LiveDesk makes itself: a number, a UUID, a ticket's. Whatever else is under such a key may be a person's.
const digits = /^\d{1,32}$/
const ownText = /^(?:\d{1,32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|tk_\w{1,64})$/i

// What a project or its customers write, ids of their own among it.
const foreign = /_attributes$|^custom_fields$|^content$|^messages$/

const maxPathLength = 200

// Below that no id can have a path that is short enough.
const maxPathDepth = maxPathLength / 2

/**
 * Reads the ids that LiveDesk made in a JSON text, whole or cut short: the values of keys such as `id`, `uuid` and
 * `source_id`, at most 32 of them in the first 256 KiB. A number beyond a safe integer is given as text.
 *
 * @category readers
 * @since 0.1.0
 */
export const identifiersIn = (text: string): Identifiers => {
  const found: { [path: string]: number | string } = {}
  const beginning = text.slice(0, maxTextLength)
  const path: Array<string> = []
  let count = 0
  let key: string | undefined
  let previous = ""
  for (const { 0: lexeme, index } of beginning.matchAll(token)) {
    // Where the text is cut short, so is its last word.
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

/** The text that a JSON string stands for. */
const unquote = (lexeme: string): string | undefined => {
  if (!lexeme.startsWith("\"")) return undefined
  const value = parse(lexeme)
  return typeof value === "string" ? value : undefined
}
