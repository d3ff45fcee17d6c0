/**
 * The pages as text for language models: `llms.txt`, an index; `llms-full.txt`, guides and examples in one; and all of it
 * as Markdown in `text`, with the repository's folders, so that links hold.
 */
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Reference from "./Reference.ts"

const read = (file: string): string => Fs.readFileSync(Path.join(Reference.root, file), "utf8")

const mistakes = "packages/core/AGENTS.md"

/** Takes the reference from where it is committed. */
export const write = (folder: string): void => {
  const guides = Reference.guides().filter((file) => file !== "docs/README.md" && file !== "CONTRIBUTING.md")
  const examples = Fs.globSync("examples/*.ts", { cwd: Reference.root }).sort()
  for (
    const path of [
      "README.md",
      "CONTRIBUTING.md",
      "SECURITY.md",
      "LICENSE",
      mistakes,
      "docs",
      ...examples,
      "examples/deploy"
    ]
  ) {
    Fs.cpSync(Path.join(Reference.root, path), Path.join(folder, "text", path), { recursive: true })
  }
  const index = Array.from(
    read("docs/README.md").matchAll(/^\| (.+?) +\| \[(.+)\]\(([\w-]+\.md)\)/gm),
    ([, task, name, file]) => `- [${name}](text/docs/${file}): ${task}`
  )
  const programs = examples.map((file) => `- [${Path.basename(file)}](text/${file})`)
  Fs.writeFileSync(
    Path.join(folder, "llms.txt"),
    `# effect-livedesk

> EngageLab LiveDesk, a helpdesk, for Effect 4 in TypeScript: typed calls, webhooks, imports, durable flows, tools for agents,
> and an emulator for tests.

- [A whole program, imports and mistakes](text/${mistakes}): read it first
- [Everything in one file](llms-full.txt): this, all guides and all examples

## Guides

${index.join("\n")}

## Examples

${programs.join("\n")}

## Optional

- [Reference](text/docs/reference/README.md): every export, a file a module
`
  )
  Fs.writeFileSync(
    Path.join(folder, "llms-full.txt"),
    [
      ...[mistakes, "README.md", ...guides].map((page) => `<!-- ${page} -->\n\n${read(page)}`),
      ...examples.map((file) => `<!-- ${file} -->\n\n\`\`\`ts\n${read(file)}\`\`\`\n`)
    ].join("\n")
  )
}
