/** Holds the words of pages and comments to `terminology.yml`: prints every other word with its place, and fails for it. */
import { TextlintKernel } from "@textlint/kernel"
import Markdown from "@textlint/textlint-plugin-markdown"
import Text from "@textlint/textlint-plugin-text"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import Prh from "textlint-rule-prh"
import * as Prose from "./Prose.ts"

const root = new URL("../../", import.meta.url)

/** What people write: not what is made from comments or changesets. */
const paths = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.md", "*.ts", "*.tsx"], {
  cwd: root,
  encoding: "utf8"
}).split("\n").filter((path) => path !== "" && !/^docs\/reference\/|CHANGELOG\.md$|\/InboxPage\.ts$/.test(path))

const kernel = new TextlintKernel()

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
    rules: [{
      ruleId: "prh",
      rule: Prh.default,
      options: { rulePaths: [fileURLToPath(new URL("terminology.yml", import.meta.url))], checkLink: true }
    }]
  })
  for (const { loc, message } of messages) {
    const { column, line } = loc.start
    process.stderr.write(`${path}:${line}:${column} ${message.replaceAll(/\s+/g, " ")}\n`)
  }
  problems += messages.length
}

if (problems > 0) process.exitCode = 1
process.stdout.write(`${words} words in ${paths.length} files, ${problems} of them not in the project's terms\n`)
