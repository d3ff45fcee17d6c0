/** A program that is run to its end. */
import { spawnSync } from "node:child_process"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../../", import.meta.url))

export interface Outcome {
  readonly passed: boolean
  /** The exit code; none for a signal. */
  readonly status?: number | null
  /** What it wrote, to standard error too. */
  readonly output: string
}

/** Runs a program in a folder, with more in its environment than this program has. */
export const run = (
  command: string,
  parameters: ReadonlyArray<string>,
  folder: string,
  env: NodeJS.ProcessEnv = {}
): Outcome => {
  const { error, signal, status, stderr, stdout } = spawnSync(command, parameters, {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: "utf8",
    timeout: 300_000,
    maxBuffer: 64 * 1024 * 1024
  })
  const ended = error === undefined ? signal === null ? "" : `ended by ${signal}` : error.message
  return { passed: status === 0, status, output: [stdout, stderr, ended].filter((text) => text).join("\n").trim() }
}

/** As `run`, of a tool that this package depends on, or the workspace. */
export const runOwn = (command: string, parameters: ReadonlyArray<string>, folder: string = root): Outcome =>
  run(Path.join(folder === root ? root : import.meta.dirname, "node_modules/.bin", command), parameters, folder)

/** As `run`, and ends this program when it fails. */
export const must = (command: string, parameters: ReadonlyArray<string>, folder: string): string => {
  const { output, passed } = run(command, parameters, folder)
  if (passed) return output
  throw new Error(`${command} ${parameters.join(" ")} failed:\n${output}`)
}
