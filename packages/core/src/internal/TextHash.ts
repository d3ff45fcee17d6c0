/**
 * A hash of a text in 32 bits, by FNV-1a.
 *
 * @since 0.1.0
 */

/** Returns the hash of a text. Effect's `Hash.string` takes more texts for others: it has the same for `22` and `p0`. */
export const of = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash
}
