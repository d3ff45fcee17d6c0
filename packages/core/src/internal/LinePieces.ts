/**
 * A file in pieces of whole lines, of which each becomes rows; a row may take several pieces to come.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** Whole lines of the file, the first of them where a row begins. */
export interface Piece {
  readonly line: number
  readonly text: string
  /** Whether nothing follows. */
  readonly isLast: boolean
}

/** What a piece holds, and of its end what only the next can tell, with the line on which that begins. */
export interface Reading<Row> {
  readonly rows: ReadonlyArray<Row>
  readonly rest: string
  readonly line: number
}

interface Position {
  readonly line: number
  readonly rest: string
  /** Whether the rest of a line that is too long is being passed over. */
  readonly skipping: boolean
}

/** Reads a file's text as it comes. */
export const read = <Row, E, R, E2>(
  text: Stream.Stream<string, E, R>,
  options: {
    /** The longest row, in characters. */
    readonly maxRowSize: number
    /** Where the last whole line of a text ends. */
    readonly endOfLines: (text: string) => number
    readonly read: (piece: Piece) => Effect.Effect<Reading<Row>, E2>
    /** The row that stands for a line that is too long, or why nothing after it can be read. */
    readonly tooLong: (line: number, text: string) => Effect.Effect<Row, E2>
  }
): Stream.Stream<Row, E | E2, R> =>
  Stream.mapAccumEffect(
    Stream.concat(text, Stream.succeed(undefined)),
    (): Position => ({ line: 1, rest: "", skipping: false }),
    Effect.fnUntraced(function*({ line, rest, skipping }, chunk) {
      const isLast = chunk === undefined
      let text = rest + (chunk ?? "")
      if (skipping) {
        const end = startOfLine(text, 2)
        // A return at the very end may be half a line break.
        if (end === text.length && !text.endsWith("\n")) {
          return [{ line, rest: text.endsWith("\r") ? "\r" : "", skipping: !isLast }, []] as const
        }
        text = text.slice(end)
        line++
      }
      const end = isLast ? text.length : options.endOfLines(text)
      if (end === 0 && text.length > options.maxRowSize) {
        return [{ line, rest: "", skipping: true }, [yield* options.tooLong(line, text)]] as const
      }
      const result = yield* options.read({ line, text: text.slice(0, end), isLast })
      const rows = result.rows
      return [{ line: result.line, rest: result.rest + text.slice(end), skipping: false }, rows] as const
    })
  )

const lineBreak = /\r\n|\r|\n/g

/** How many lines a text has after its first. */
export const breaksIn = (text: string): number => text.match(lineBreak)?.length ?? 0

/** Where the line of that number begins, or the text's end. */
export const startOfLine = (text: string, line: number): number => {
  lineBreak.lastIndex = 0
  for (let passed = 1; passed < line; passed++) if (lineBreak.exec(text) === null) return text.length
  return lineBreak.lastIndex
}

/** Where the last whole line ends; a return at the very end may be half a line break. */
export const endOfLines = (text: string): number =>
  Math.max(text.lastIndexOf("\n"), text.length < 2 ? -1 : text.lastIndexOf("\r", text.length - 2)) + 1
