/**
 * Replaces whatever could be personal in requests and responses, and keeps their shape.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import * as Vocabulary from "./Vocabulary.ts"

/** Where a value is. */
interface Place {
  /** The key that the value is under, or the list that it is in. */
  readonly key: string
  /** Whether keys are names of the service's: not so below attributes, whose keys a project defines. */
  readonly isNamed: boolean
  /** Whether texts are the service's sentences. */
  readonly isMessage: boolean
  readonly depth: number
}

const maxDepth = 24
const maxItems = 5
const maxKeys = 200

/** Keys of maps that a project fills. */
const attributes = /attributes$|^custom_fields$/

/** Keys of a refusal below which texts are the service's sentences. */
const messages = /^(?:errors?|messages?|details?|reason)$/

const idKey = /(?:^|_)(?:id|ids|uuid|euid)$|[a-z]Ids?$/

/** Replacements by format, each with the number of the value. */
const formats: ReadonlyArray<readonly [name: string, pattern: RegExp, make: (n: number, text: string) => string]> = [
  [
    "uuid",
    /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
    (n) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`
  ],
  [
    "time",
    /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?$/i,
    (_, text) => `${dayOf(text)}${text.slice(10).replaceAll(/\d/g, "0")}`
  ],
  ["http date", /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/, () => "Sat, 01 Jan 2000 00:00:00 GMT"],
  ["date", /^\d{4}-\d\d-\d\d$/, (_, text) => dayOf(text)],
  ["e-mail", /^[^\s@]+@[^\s@]+\.[^\s@]+$/, (n) => `person-${n}@example.com`],
  ["url", /^[a-z][a-z\d+.-]*:\/\/\S+$/i, (n) => `https://example.com/${n}`],
  ["phone", /^\+[\d\s().-]{5,24}$/, (n, text) => `+1${String(n).padStart(text.replaceAll(/\D/g, "").length - 1, "0")}`],
  [
    "digits",
    /^\d{1,40}$/,
    (n, text) =>
      Number.isSafeInteger(Number(text)) ? `1${String(n).padStart(text.length - 1, "0")}` : "9".repeat(text.length)
  ],
  ["decimal", /^-?\d+\.\d+$/, () => "0.5"],
  ["token", /^[\w+/=.-]{16,}$/, (n, text) => `${lengthOf(text)} token ${n}`]
]

const lengthOf = ({ length }: string): string =>
  length <= 20 ? "short" : length <= 100 ? "medium" : length <= 1000 ? "long" : "very long"

/** A day for another: one that is none, before 1970 or far away stays so. */
const dayOf = (text: string): string => {
  const year = Number(text.slice(0, 4))
  return Number.isNaN(Date.parse(text))
    ? "2000-13-01"
    : year < 1970
    ? "1960-01-01"
    : year > 2100
    ? "9999-01-01"
    : "2000-01-01"
}

/** Matches headers of limits, whose values are small numbers. */
const limitHeader = /limit|quota|remaining|reset|^retry-after$/

const mediaType = /^(?:application|text)\/(?:json|problem\+json|html|plain|xml)(?:; ?charset=(?:utf-8|us-ascii))?$/i

/**
 * Replaces values, each everywhere by the same. Keeps the words of `Vocabulary` where the service puts its own, ids as
 * numbers by order of appearance, the formats of texts with the class of their length, and the digits of numbers.
 *
 * @category models
 * @since 0.1.0
 */
export class Anonymizer {
  readonly #numbers = new Map<string, number>()
  readonly #counts = new Map<string, number>()

  /** The replacement of a body; of a refusal, the known words of its messages are kept. */
  body(value: unknown, isRefusal = false): Schema.Json {
    return this.#value(value, { key: "", isNamed: true, isMessage: false, depth: 0 }, isRefusal)
  }

  /** The replacement of the text of a key. */
  text(key: string, value: string): string {
    return this.#string(value, { key, isNamed: true, isMessage: false, depth: 1 })
  }

  /** The replacement of the number of a key. */
  number(key: string, value: number): number {
    return this.#numeric(value, { key, isNamed: true, isMessage: false, depth: 1 })
  }

  /** The replacement of a key or of a header's name. */
  name(name: string, isNamed = true): string {
    return isNamed && Vocabulary.isName(name) ? name : `key-${this.#number("key", name)}`
  }

  /** A place in a body, without positions in lists. */
  path(path: ReadonlyArray<string>): string {
    let isNamed = true
    return path.map((key) => {
      if (/^\d+$/.test(key)) return "[]"
      const shown = this.name(key, isNamed)
      isNamed &&= shown === key && !attributes.test(key)
      return shown
    }).join(".").replaceAll(".[]", "[]")
  }

  /** The replacements of headers: a media type and small numbers of limits are kept. */
  headers(headers: { readonly [name: string]: string }): { readonly [name: string]: string } {
    return Object.fromEntries(
      Object.entries(headers).slice(0, maxKeys).map(([name, value]) => {
        const shown = this.name(name)
        const isKept = (shown === "content-type" && mediaType.test(value)) ||
          (limitHeader.test(shown) && /^\d{1,5}$/.test(value))
        return [shown, isKept ? value : this.#text(value)]
      })
    )
  }

  #number(kind: string, value: string): number {
    const id = `${kind} ${value}`
    const known = this.#numbers.get(id)
    if (known !== undefined) return known
    const next = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, next)
    this.#numbers.set(id, next)
    return next
  }

  #value(value: unknown, place: Place, isRefusal: boolean): Schema.Json {
    if (value === null || typeof value === "boolean") return value
    if (typeof value === "number") return this.#numeric(value, place)
    if (typeof value === "string") return this.#string(value, place)
    if (!Predicate.isObjectOrArray(value)) return null
    if (place.depth >= maxDepth) return "nested deeper"
    const depth = place.depth + 1
    if (Array.isArray(value)) {
      return value.slice(0, maxItems).map((item) => this.#value(item, { ...place, depth }, isRefusal))
    }
    return Object.fromEntries(
      Object.entries(value).slice(0, maxKeys).map(([key, part]) => {
        const shown = this.name(key, place.isNamed)
        const isNamed = place.isNamed && shown === key
        return [
          shown,
          this.#value(part, {
            key,
            isNamed: isNamed && !attributes.test(key),
            isMessage: place.isMessage || (isNamed && place.depth === 0 && messages.test(key) &&
              (isRefusal || "code" in value)) ||
              // Rails names the fields that it refuses.
              (isNamed && place.depth === 0 && isRefusal && key === "attributes"),
            depth
          }, isRefusal)
        ]
      })
    )
  }

  #numeric(value: number, { depth, isNamed, key }: Place): number {
    const size = Math.abs(value)
    if (size === 0 || size === 1 || (isNamed && Vocabulary.isValue(key, String(value)))) return value
    // An error code, which is the service's own.
    if (isNamed && depth <= 2 && key === "code" && Number.isInteger(value) && size < 1e5) return value
    if (isNamed && idKey.test(key) && value > 0 && Number.isSafeInteger(value)) return this.#number("id", String(value))
    if (value >= 1e9 && value < 1e10) {
      return 1e9 + this.#number("time", String(value)) + (Number.isInteger(value) ? 0 : 0.5)
    }
    if (value >= 1e12 && value < 1e13) return 1e12 + this.#number("time", String(value))
    if (!Number.isInteger(value)) return value < 0 ? -0.5 : 0.5
    // A number that is no safe integer stays none.
    return Math.sign(value) *
      (Number.isSafeInteger(value) ? Math.min(10 ** String(size).length - 1, Number.MAX_SAFE_INTEGER) : 1e16)
  }

  #string(value: string, { isMessage, isNamed, key }: Place): string {
    if (isNamed && Vocabulary.isValue(key, value)) return value
    if (isMessage) return Vocabulary.sentence(value)
    if (!isNamed || !idKey.test(key) || value === "") return this.#text(value)
    const [, , uuid] = formats[0]?.[1].test(value) === true ? formats[0] : []
    const n = this.#number("id", value)
    if (uuid !== undefined) return uuid(n, value)
    return /^\d+$/.test(value) ? Number.isSafeInteger(Number(value)) ? String(n) : this.#text(value) : `id-${n}`
  }

  #text(value: string): string {
    if (value === "") return ""
    const [kind, , make] = formats.find(([, pattern]) => pattern.test(value)) ?? []
    return make === undefined || kind === undefined
      ? `${lengthOf(value)} text ${this.#number("text", value)}`
      : make(this.#number(kind, value), value)
  }
}
