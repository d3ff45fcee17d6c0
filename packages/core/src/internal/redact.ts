/**
 * Redacts secrets in texts from outside: a server may echo them in any encoding.
 *
 * @since 0.1.0
 */
import * as Base64 from "effect/encoding/Base64"

// Shorter secrets are not redacted, because they would match everywhere.
const shortest = 4

// This much of a Base64 text identifies it, wherever it is cut.
const recognizableLength = 12

// Escapes may be nested a few times. Without a limit, a text of backslashes would be scanned once for each of them.
const escapes = "{0,16}"

/**
 * Makes a function that redacts a key and its secret in a text: plain, escaped for JSON, HTML, URLs or PHP, and in both
 * Base64 alphabets, alone or as Basic credentials.
 */
export const makeRedactor = (apiKey: string, apiSecret: string): (text: string) => string => {
  const plain = [apiSecret, apiKey].filter((secret) => secret.length >= shortest)
  const patterns = [
    ...[`${apiKey}:${apiSecret}`, ...plain].map(encoded),
    // The longer first, because the key may be a prefix of the secret.
    ...plain.sort((a, b) => b.length - a.length).map(spelled)
  ]
  return (text) => patterns.reduce((text, pattern) => text.replace(pattern, "<redacted>"), text)
}

/**
 * Makes a function that redacts a truncated secret at the end of a text. Any text may end like one by chance, so it is
 * for texts whose end matters little.
 */
export const makeEndRedactor = (apiKey: string, apiSecret: string): (text: string) => string => {
  const plain = [apiSecret, apiKey].filter((secret) => secret.length >= shortest)
  const patterns = [
    ...[`${apiKey}:${apiSecret}`, ...plain].map((secret) => beginning(Array.from(recognizable(secret), inBase64))),
    ...plain.map((secret) => beginning(Array.from(secret, spellings)))
  ]
  return (text) => patterns.reduce((text, pattern) => text.replace(pattern, "<redacted>"), text)
}

/** Matches the beginning of a secret at the end of a text, if it has at least `shortest` characters. */
const beginning = (characters: ReadonlyArray<string>): RegExp => {
  const rest = characters.slice(shortest).reduceRight((rest, character) => `(?:${character}${rest})?`, "")
  return new RegExp(`${characters.slice(0, shortest).join("")}${rest}${halfEscape}$`)
}

/** Matches a truncated escape: of several bytes, or of a surrogate pair. */
const halfEscape = "(?:" + [
  "(?:%[0-9a-fA-F]{2}){0,3}(?:%[0-9a-fA-F]?)?",
  `(?:\\\\${escapes}\\\\u[0-9a-fA-F]{4})?(?:\\\\${escapes}(?:\\\\u[0-9a-fA-F]{0,3})?)?`,
  "&[#a-zA-Z0-9]{0,20}"
].join("|") + ")"

/** Matches a secret with any of its characters escaped. */
const spelled = (secret: string): RegExp => new RegExp(Array.from(secret, spellings).join(""), "g")

const spellings = (character: string): string => {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  const units = Array.from(
    { length: character.length },
    (_, index) => `\\\\${escapes}\\\\u${caseless(character.charCodeAt(index).toString(16).padStart(4, "0"))}`
  )
  return `(?:${
    [
      `\\\\${escapes}${literal(character)}`,
      units.join(""),
      caseless(encodeURIComponent(character)),
      `%${caseless(hex.padStart(2, "0"))}`,
      `&#0${escapes}${code};`,
      `&#[xX]0${escapes}${caseless(hex)};`,
      ...named(character)
    ].join("|")
  })`
}

const named = (character: string): ReadonlyArray<string> => {
  switch (character) {
    case "&":
      return ["&amp;"]
    case "<":
      return ["&lt;"]
    case ">":
      return ["&gt;"]
    case "\"":
      return ["&quot;"]
    case "'":
      return ["&apos;"]
    case " ":
      return ["\\+"]
    default:
      return []
  }
}

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")

const caseless = (text: string): string =>
  Array.from(
    text,
    (character) =>
      /[a-z]/i.test(character) ? `[${character.toLowerCase()}${character.toUpperCase()}]` : literal(character)
  ).join("")

/** Matches a Base64 text from its beginning to its end. */
const encoded = (secret: string): RegExp =>
  new RegExp(`${Array.from(recognizable(secret), inBase64).join("")}[A-Za-z0-9+/_=%\\\\-]*`, "g")

/** Returns the identifying beginning of a secret in Base64. */
const recognizable = (secret: string): string => Base64.encode(secret).replace(/=+$/, "").slice(0, recognizableLength)

const inBase64 = (character: string): string =>
  character === "+"
    ? "(?:[+-]|%2[bB])"
    : character === "/"
    ? `(?:\\\\${escapes}\\/|_|%2[fF])`
    : character
