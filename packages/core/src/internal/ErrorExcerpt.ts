/**
 * Excerpts of the response bodies of errors. Kept outside the errors, so that no logger, inspector or serializer finds
 * them.
 *
 * @since 0.1.0
 */

const excerpts = new WeakMap<object, string>()

const maxLength = 2000

/** Returns the excerpt of an error, if any. */
export const get = (error: object): string | undefined => excerpts.get(error)

/** Attaches the beginning of a text, at most 2,000 characters, to an error, and returns the error. */
export const attach = <E extends object>(error: E, text: string | undefined): E => {
  if (text !== undefined && text !== "") excerpts.set(error, text.slice(0, maxLength))
  return error
}
