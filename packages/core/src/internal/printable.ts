/**
 * Makes texts from outside printable.
 *
 * @since 0.1.0
 */

const maxLength = 100

/**
 * Returns the beginning of a text, on one line and without characters that a terminal acts upon. Anyone may have sent
 * it: it must forge no line of a log, and no title of a terminal.
 */
export const printable = (text: string): string => {
  const line = text.slice(0, maxLength).replace(/[\s\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, " ").trim()
  return line.length < text.trim().length && text.length > maxLength ? `${line}…` : line
}
