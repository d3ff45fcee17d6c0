/**
 * Texts that customers wrote, fit for the results of tools.
 *
 * @since 0.1.0
 */

/**
 * Returns the beginning of a text without characters that are invisible or act upon a terminal. Line breaks stay.
 */
export const untrusted = (text: string, maxLength = 500): string => {
  const visible = text
    .slice(0, maxLength * 2)
    .replaceAll(/\r\n?|[\u2028\u2029]/g, "\n")
    // Some languages and emoji need the joiners.
    .replaceAll(/(?![\n\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, " ")
  return visible.length > maxLength || text.length > maxLength * 2
    ? `${visible.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/, "")}…`
    : visible
}
