/**
 * What can be said of the packages without running them. Run with `pnpm lint-packages`.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Licence from "./Licence.ts"
import * as Notices from "./Notices.ts"
import * as SourceMap from "./SourceMap.ts"
import * as Tarball from "./Tarball.ts"
import * as Tool from "./Tool.ts"

const report = (what: string, problems: ReadonlyArray<string>): void => {
  process.stdout.write(`${what}: ${problems.length === 0 ? "good" : "not good"}\n`)
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
}

const said = ({ output, passed }: Tool.Outcome): ReadonlyArray<string> => passed ? [] : [output]

const folder = mkdtempSync(join(tmpdir(), "effect-livedesk-"))
try {
  report("knip, of the workspace", said(Tool.runOwn("knip", ["--no-progress"])))
  const licences = Licence.check()
  report(`licences of ${licences.count} packages`, licences.problems)
  for (const tarball of Tarball.make(folder)) {
    const { file, name } = tarball
    report(`${name}: publint`, said(Tool.runOwn("publint", ["run", file, "--strict"], folder)))
    // It leaves out what is exported by a pattern, unless named.
    const entries = [...Tarball.entries(tarball).keys()]
    report(
      `${name}: types of ${entries.length} entry points`,
      said(
        Tool.runOwn("attw", [
          file,
          "--profile",
          "esm-only",
          "--format",
          "ascii",
          "--no-color",
          "--no-emoji",
          "--entrypoints",
          ...entries
        ], folder)
      )
    )
    report(`${name}: source maps`, SourceMap.check(tarball.folder))
    report(`${name}: notices`, Notices.check(tarball.folder))
  }
} finally {
  rmSync(folder, { recursive: true })
}
