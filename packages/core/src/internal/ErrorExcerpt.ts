/**
 * The beginning of the response's body that an error came from. Kept outside the errors, so that no logger, inspector or
 * serializer comes upon it.
 *
 * @since 0.1.0
 */

const excerpts = new WeakMap<object, string>()

const maxLength = 2000

/**
 * The excerpt of an error, if it has one.
 *
 * @category accessors
 * @since 0.1.0
 */
export const get = (error: object): string | undefined => excerpts.get(error)

/**
 * Keeps the beginning of a text, at most 2,000 characters, as the error's excerpt; returns the error.
 *
 * @category constructors
 * @since 0.1.0
 */
export const attach = <E extends object>(error: E, text: string | undefined): E => {
  if (text !== undefined && text !== "") excerpts.set(error, text.slice(0, maxLength))
  return error
}
