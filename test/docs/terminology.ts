/**
 * Holds the words of pages and comments to `terminology.yml`: prints every other word with its place, and fails for it. Fails
 * also for a page whose median sentence is too long.
 */
import { TextlintKernel, type TextlintRuleModule } from "@textlint/kernel"
import Markdown from "@textlint/textlint-plugin-markdown"
import Text from "@textlint/textlint-plugin-text"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { split } from "sentence-splitter"
import Prh from "textlint-rule-prh"
import * as Prose from "./Prose.ts"

const root = new URL("../../", import.meta.url)

/** What people write: not what is made from comments or changesets. */
const paths = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.md", "*.ts", "*.tsx"], {
  cwd: root,
  encoding: "utf8"
}).split("\n").filter((path) => path !== "" && !/^docs\/reference\/|CHANGELOG\.md$|\/InboxPage\.ts$/.test(path))

const kernel = new TextlintKernel()

/** The words of a page's median sentence, at most. */
const longest = 18

/** The length of each sentence of the page at hand, in words. */
const lengths: Array<number> = []

const sentences: TextlintRuleModule = ({ getSource, Syntax }) => ({
  [Syntax.Paragraph]: (paragraph) => {
    for (const { raw, type } of split(getSource(paragraph))) {
      if (type === "Sentence") lengths.push(raw.split(/\s+/).length)
    }
  }
})

const medianOf = (all: ReadonlyArray<number>): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0

let [words, problems] = [0, 0]
for (const path of paths) {
  const source = readFileSync(new URL(path, root), "utf8")
  const isPage = path.endsWith(".md")
  const text = isPage ? source : Prose.ofSource(path, source)
  words += text.split(/\s+/).length
  const { messages } = await kernel.lintText(text, {
    ext: isPage ? ".md" : ".txt",
    filePath: path,
    plugins: [{ pluginId: "markdown", plugin: Markdown.default }, { pluginId: "text", plugin: Text.default }],
    rules: [
      {
        ruleId: "prh",
        rule: Prh.default,
        options: { rulePaths: [fileURLToPath(new URL("terminology.yml", import.meta.url))], checkLink: true }
      },
      ...(isPage ? [{ ruleId: "sentences", rule: sentences }] : [])
    ]
  })
  const median = medianOf(lengths.splice(0))
  if (median > longest && !path.startsWith(".changeset/")) {
    process.stderr.write(`${path}: its median sentence has ${median} words, more than ${longest}\n`)
    problems++
  }
  for (const { loc, message } of messages) {
    const { column, line } = loc.start
    process.stderr.write(`${path}:${line}:${column} ${message.replaceAll(/\s+/g, " ")}\n`)
  }
  problems += messages.length
}

if (problems > 0) process.exitCode = 1
process.stdout.write(`${words} words in ${paths.length} files, ${problems} of them not in the project's terms\n`)
