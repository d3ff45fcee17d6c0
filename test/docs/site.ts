/**
 * Makes `site/`, the guides and the reference as pages for a browser and as text for models, `docs/reference`, the reference as Markdown, and the
 * texts of the OpenAPI document. Run with `pnpm site`; with `--check` it writes nothing, and fails when what is committed
 * is not what the sources say, when something public has no comment, when a link leads nowhere or when a snippet in a
 * comment does not compile. With `--only <folder>` it writes the pages there, and does nothing else.
 */
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import * as FieldTexts from "./FieldTexts.ts"
import * as ForModels from "./ForModels.ts"
import * as Links from "./Links.ts"
import * as Reference from "./Reference.ts"
import * as Snippet from "./Snippet.ts"
import * as Website from "./Website.ts"

const check = process.argv.includes("--check")

const only = process.argv.indexOf("--only")
if (only > 0) {
  await Website.write(await Reference.make(), Path.resolve(process.argv[only + 1] ?? "site"))
  process.exit()
}

const fail = (problem: string): void => {
  process.stderr.write(`${problem}\n`)
  process.exitCode = 1
}

const snippets = Snippet.check()
snippets.problems.forEach(fail)

const reference = await Reference.make()
if (reference.app.logger.hasErrors() || reference.app.logger.hasWarnings()) process.exitCode = 1

const fieldTexts = FieldTexts.make(reference.programs)
if (!check) Fs.writeFileSync(FieldTexts.committed, fieldTexts)
else if (Fs.readFileSync(FieldTexts.committed, "utf8") !== fieldTexts) {
  fail(`the doc comments say other than ${FieldTexts.committed}: run pnpm codegen, and commit what it wrote`)
}

const folder = Fs.mkdtempSync(Path.join(tmpdir(), "effect-livedesk-"))
try {
  const site = check ? Path.join(folder, "site") : Path.join(Reference.root, "site")
  await Website.write(reference, site)
  Links.problems(site).forEach(fail)
  const built = Path.join(folder, "reference")
  await Reference.writeMarkdown(reference, built)
  if (check) {
    const { status, stdout } = spawnSync(
      "git",
      ["diff", "--no-index", "--no-color", "--", Reference.committed, built],
      {
        encoding: "utf8"
      }
    )
    if (status !== 0) {
      fail(
        `${stdout.slice(0, 20_000)}\nthe sources say other than docs/reference: run pnpm site, and commit what it wrote`
      )
    }
  } else {
    Fs.rmSync(Reference.committed, { recursive: true, force: true })
    Fs.cpSync(built, Reference.committed, { recursive: true })
    ForModels.write(site)
  }
} finally {
  Fs.rmSync(folder, { recursive: true })
}

if (process.exitCode === undefined) {
  const { length } = reference.project.children ?? []
  process.stdout.write(
    `${length} modules documented, ${snippets.count} snippets compiled${check ? "" : "; see site/index.html"}\n`
  )
}
