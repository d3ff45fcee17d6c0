/**
 * Publishes the packages with their provenance, after all that must pass, from a workflow that can prove where it runs.
 * Run with `pnpm release`; with `--dry-run` it does everything short of publishing, and says what would stop it.
 */
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Tarball from "./Tarball.ts"
import * as Tool from "./Tool.ts"

const steps = ["build", "check", "site --check", "lint", "test", "size", "lint-packages", "api", "packages"]

const dryRun = process.argv.includes("--dry-run")

const passes = (parameters: ReadonlyArray<string>, folder: string): boolean => {
  process.stdout.write(`\n== ${parameters.join(" ")}\n`)
  return spawnSync("pnpm", parameters, {
    cwd: folder,
    stdio: "inherit",
    env: { ...process.env, NPM_CONFIG_PROVENANCE: "true", PNPM_CONFIG_PROVENANCE: "true" }
  }).status === 0
}

const folderOf = (name: string): string => Path.join(Tool.root, "packages", name)

/** What would make a bad release, or one that the registry refuses. */
const problems = (): ReadonlyArray<string> => {
  const pending = Fs.globSync("*.md", { cwd: Path.join(Tool.root, ".changeset") }).filter((file) =>
    file !== "README.md"
  )
  return [
    ...(Tool.must("git", ["status", "--porcelain"], Tool.root) === ""
      ? []
      : ["there are changes that are not committed"]),
    ...(pending.length === 0 ? [] : [`run changeset version first: ${pending.length} changesets are pending`]),
    ...Tarball.names.flatMap((name) => {
      const { repository }: { readonly repository?: unknown } = JSON.parse(
        Fs.readFileSync(Path.join(folderOf(name), "package.json"), "utf8")
      )
      return repository === undefined
        ? [`${name} names no repository in its package.json, which provenance is checked against`]
        : []
    })
  ]
}

const release = (): boolean => {
  const found = problems()
  for (const problem of found) process.stderr.write(`${problem}\n`)
  if (found.length > 0 && !dryRun) return false
  if (!steps.every((step) => passes(step.split(" "), Tool.root))) return false
  return dryRun
    ? Tarball.names.every((name) => passes(["publish", "--dry-run", "--no-git-checks"], folderOf(name)))
    : passes(["exec", "changeset", "publish"], Tool.root)
}

if (!release()) process.exitCode = 1
