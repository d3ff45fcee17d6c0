/** The prose of a source file: its comments and the texts that people read, without the code around and in them. */
import ts from "typescript"

interface Range {
  readonly pos: number
  readonly end: number
}

const isText = (node: ts.Node): node is ts.LiteralLikeNode =>
  ts.isStringLiteral(node) || ts.isTemplateLiteralToken(node) || ts.isJsxText(node)

/** Comments, and literals of several words. */
const rangesOf = (source: ts.SourceFile): ReadonlyArray<Range> => {
  const found = new Map<number, Range>()
  const add = (ranges: ReadonlyArray<Range> = []) => ranges.forEach((range) => found.set(range.pos, range))
  const visit = (node: ts.Node): void => {
    if (isText(node) && /\p{L}{2,}[\s\S]*[ \n]\S*\p{L}{2,}/u.test(node.text)) {
      add([{ pos: node.getStart(source), end: node.getEnd() }])
    }
    // What looks like a comment in the text of JSX is none.
    if (!ts.isJsxText(node)) {
      add(ts.getLeadingCommentRanges(source.text, node.getFullStart()))
      add(ts.getTrailingCommentRanges(source.text, node.getEnd()))
    }
    node.getChildren(source).forEach(visit)
  }
  visit(source)
  return Array.from(found.values()).sort((a, b) => a.pos - b.pos)
}

const blank = (text: string): string => text.replaceAll(/[^\n]/g, " ")

/** The prose of a file where it stands, everything else blank: a position in it is the position in the file. */
export const ofSource = (path: string, text: string): string => {
  let [prose, end] = ["", 0]
  for (const range of rangesOf(ts.createSourceFile(path, text, ts.ScriptTarget.Latest))) {
    prose += blank(text.slice(end, range.pos)) +
      text.slice(range.pos, range.end)
        .replaceAll(/^(?:\/\*\*?|\s*\*\/?(?= |$)|\/\/)|\*\/$/gm, blank)
        .replaceAll(/```[^]*?```|`[^`\n]*`|\{@link [^}]*\}|https?:\/\/\S+/g, blank)
    end = range.end
  }
  return prose + blank(text.slice(end))
}
