/**
 * Takes secrets out of texts that came from outside: a server may echo what it was sent, in whatever spelling.
 *
 * @since 0.1.0
 */
import * as Base64 from "effect/encoding/Base64"

// What is shorter than any real secret stays, or every text would be full of holes.
const shortest = 4

// So much of a Base64 text is enough to know it by, wherever it is cut.
const recognizableLength = 12

// What escapes a character may itself be escaped, a few times over. Without an end to it, a text of nothing but
// backslashes would be looked through once for each of them.
const escapes = "{0,16}"

/**
 * Makes the function that takes a key and its secret out of a text: plain, escaped for JSON, HTML, URLs or PHP, and in
 * Base64 of either alphabet, alone or as Basic credentials.
 */
export const makeRedactor = (apiKey: string, apiSecret: string): (text: string) => string => {
  const plain = [apiSecret, apiKey].filter((secret) => secret.length >= shortest)
  const patterns = [
    ...[`${apiKey}:${apiSecret}`, ...plain].map(encoded),
    // The longer first: the key may be the beginning of the secret.
    ...plain.sort((a, b) => b.length - a.length).map(spelled)
  ]
  return (text) => patterns.reduce((text, pattern) => text.replace(pattern, "<redacted>"), text)
}

/**
 * Makes the function that takes the beginning of a secret off the end of a text: one that broke off, or was cut, in the
 * middle of it. For texts of which the end matters little, since by chance any may end so.
 */
export const makeEndRedactor = (apiKey: string, apiSecret: string): (text: string) => string => {
  const plain = [apiSecret, apiKey].filter((secret) => secret.length >= shortest)
  const patterns = [
    ...[`${apiKey}:${apiSecret}`, ...plain].map((secret) => beginning(Array.from(recognizable(secret), inBase64))),
    ...plain.map((secret) => beginning(Array.from(secret, spellings)))
  ]
  return (text) => patterns.reduce((text, pattern) => text.replace(pattern, "<redacted>"), text)
}

/** So much of a text as there is before its end, but for what is shorter than a secret. */
const beginning = (characters: ReadonlyArray<string>): RegExp => {
  const rest = characters.slice(shortest).reduceRight((rest, character) => `(?:${character}${rest})?`, "")
  return new RegExp(`${characters.slice(0, shortest).join("")}${rest}${halfEscape}$`)
}

/** What is left of a character's spelling that broke off: of several bytes, or of two halves. */
const halfEscape = "(?:" + [
  "(?:%[0-9a-fA-F]{2}){0,3}(?:%[0-9a-fA-F]?)?",
  `(?:\\\\${escapes}\\\\u[0-9a-fA-F]{4})?(?:\\\\${escapes}(?:\\\\u[0-9a-fA-F]{0,3})?)?`,
  "&[#a-zA-Z0-9]{0,20}"
].join("|") + ")"

/** A secret with each of its characters in any spelling. */
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

/** A Base64 text from its beginning to wherever it ends. */
const encoded = (secret: string): RegExp =>
  new RegExp(`${Array.from(recognizable(secret), inBase64).join("")}[A-Za-z0-9+/_=%\\\\-]*`, "g")

/** The beginning of a secret in Base64. */
const recognizable = (secret: string): string => Base64.encode(secret).replace(/=+$/, "").slice(0, recognizableLength)

const inBase64 = (character: string): string =>
  character === "+"
    ? "(?:[+-]|%2[bB])"
    : character === "/"
    ? `(?:\\\\${escapes}\\/|_|%2[fF])`
    : character
