/**
 * Fails when the built packages offer other than what is committed under `api`, so that a change of it is a decision.
 * Run with `pnpm api`; with `--update` it writes what they offer.
 */
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import * as ApiReport from "./ApiReport.ts"
import * as Tarball from "./Tarball.ts"
import * as Tool from "./Tool.ts"

const update = process.argv.includes("--update")
const folder = Fs.mkdtempSync(Path.join(tmpdir(), "effect-livedesk-"))
try {
  const reports = new Map(Tarball.make(folder).flatMap((tarball) => [...ApiReport.make(tarball)]))
  const built = Path.join(folder, "api")
  for (const [file, text] of reports) {
    Fs.mkdirSync(Path.dirname(Path.join(built, file)), { recursive: true })
    Fs.writeFileSync(Path.join(built, file), text)
  }
  if (update) {
    Fs.rmSync(ApiReport.committed, { recursive: true, force: true })
    Fs.cpSync(built, ApiReport.committed, { recursive: true })
    process.stdout.write(`${reports.size} entry points written\n`)
  } else {
    const { output, passed } = Tool.run(
      "git",
      ["diff", "--no-index", "--no-color", "--", ApiReport.committed, built],
      folder
    )
    if (passed) process.stdout.write(`${reports.size} entry points offer what is committed\n`)
    else {
      process.stderr.write(
        `${output}\nthe packages offer other than what is committed: if that is meant, run pnpm api --update\n`
      )
      process.exitCode = 1
    }
  }
} finally {
  Fs.rmSync(folder, { recursive: true })
}
