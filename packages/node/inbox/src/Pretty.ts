/** The deepest indentation: what is nested more deeply stays at it. */
const deepest = 20

/** A string, a sign of JSON's, or another token. */
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/**
 * JSON with its lines indented; any other text as it is. It moves the tokens apart and changes none: a number keeps all
 * of its digits, and an object each of its keys.
 */
export const pretty = (text: string): string => {
  try {
    JSON.parse(text)
  } catch {
    return text
  }
  let result = ""
  let depth = 0
  let before = ""
  const line = () => `\n${"  ".repeat(Math.min(depth, deepest))}`
  for (const [token] of text.matchAll(tokens)) {
    const isClosing = token === "}" || token === "]"
    if (isClosing) depth--
    const isEmpty = isClosing && (before === "{" || before === "[")
    if (before !== "" && !isEmpty && (isClosing || before === "{" || before === "[" || before === ",")) result += line()
    result += token === ":" ? ": " : token
    if (token === "{" || token === "[") depth++
    before = token
  }
  return result
}
