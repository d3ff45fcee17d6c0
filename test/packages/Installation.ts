/** The command as people install it or run it without: in an empty prefix, from a registry, beside another `effect`. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { createInterface } from "node:readline"
import type * as Tarball from "./Tarball.ts"
import * as Tool from "./Tool.ts"

export interface Finding extends Tool.Outcome {
  readonly name: string
}

/** The first lines that a program prints. */
export const linesOf = async (child: ChildProcess, count: number): Promise<ReadonlyArray<string>> => {
  if (child.stdout === null) return []
  const lines: Array<string> = []
  for await (const line of createInterface({ input: child.stdout })) if (lines.push(line) === count) break
  return lines
}

/** Ends it, if it still runs. */
export const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill()
  await once(child, "exit")
}

/** Starts a registry that has these packages. */
export const serve = async (tarballs: ReadonlyArray<Tarball.Tarball>) => {
  const script = Path.join(import.meta.dirname, "registry.ts")
  const registry = spawn(process.execPath, [script, ...tarballs.map(({ file }) => file)], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  const [address = ""] = await linesOf(registry, 1)
  return { registry, address }
}

/** Uses a command: its version, an error of its settings, and a call to an emulator of its own. */
const use = async (
  name: string,
  folder: string,
  [command = "", ...parameters]: ReadonlyArray<string>,
  env: NodeJS.ProcessEnv
): Promise<Finding> => {
  const run = (args: ReadonlyArray<string>, settings: NodeJS.ProcessEnv = {}) =>
    Tool.run(command, [...parameters, ...args], folder, { ...env, ...settings })
  const problems: Array<string> = []
  const expect = (what: string, { output }: Tool.Outcome, expected: RegExp) => {
    if (!expected.test(output)) problems.push(`${what}:\n${output}`)
  }
  expect("--version", run(["--version"]), /^livedesk v\d+\.\d+\.\d+$/m)
  const lacking = run(["contacts", "list"])
  expect("no settings", lacking, /^LIVEDESK_API_KEY is missing/m)
  if (lacking.status !== 2) problems.push(`without settings it ends with ${lacking.status}`)
  const emulator = spawn(command, [...parameters, "emulator"], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true
  })
  try {
    const settings = Object.fromEntries((await linesOf(emulator, 4)).map((line) => line.split("=")))
    expect("a list", run(["contacts", "list"], settings), /^none$/m)
    expect(
      "a start",
      run(["conversations", "start", "--name", "Bob", "--message", "Hello"], settings),
      /^contact +\d+$/m
    )
    expect("a form", run(["messages", "send", "40", "--file", "package.json"], settings), /^conversation +40$/m)
    const receiver = `${settings["LIVEDESK_BASE_URL"]}/nowhere`
    expect("a webhook", run(["webhooks", "send-test", receiver], settings), /^the receiver responded with 404$/m)
    expect("an id", run(["contacts", "update", "1", "--name", "Bob"], settings), /NotFound/)
  } finally {
    // What started the command, such as npx, passes no signal on.
    if (emulator.pid !== undefined && emulator.exitCode === null) process.kill(-emulator.pid)
    await ended(emulator)
  }
  return { name: `the command by ${name}`, passed: problems.length === 0, output: problems.join("\n\n") }
}

/** Installs and uses the command in each way; in short, in a prefix alone, where there is no `effect`. */
export const check = async (
  within: string,
  tarballs: ReadonlyArray<Tarball.Tarball>,
  { bun, short }: { readonly bun: string | undefined; readonly short: boolean }
): Promise<ReadonlyArray<Finding>> => {
  const folder = Path.join(within, "installations")
  const prefix = Path.join(folder, "prefix")
  Fs.mkdirSync(prefix, { recursive: true })
  Fs.writeFileSync(Path.join(folder, "package.json"), JSON.stringify({ private: true }))
  const env = { XDG_CACHE_HOME: Path.join(folder, "cache") }
  const files = tarballs.map(({ file }) => file)
  const quietly = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]
  const bin = Path.join(prefix, "bin/livedesk")

  Tool.must("npm", [
    "install",
    "--global",
    "--prefix",
    prefix,
    "--omit=peer",
    "--legacy-peer-deps",
    ...quietly,
    ...files
  ], folder)
  const findings = [await use("npm install --global, without effect", folder, [bin], env)]
  if (short) return findings

  // An earlier effect where Node.js finds it first.
  Tool.must("npm", ["install", "--global", "--prefix", prefix, "--legacy-peer-deps", ...quietly, "effect@3"], folder)
  findings.push(await use("npm install --global, beside effect 3", folder, [bin], env))

  const { address, registry } = await serve(tarballs)
  try {
    Fs.writeFileSync(Path.join(folder, ".npmrc"), `@effect-livedesk:registry=${address}\n`)
    const once = { ...env, npm_config_cache: Path.join(folder, "npm-cache") }
    const name = "@effect-livedesk/node"
    findings.push(
      await use("npx", folder, ["npx", "--yes", "--package", name, "livedesk"], once),
      await use("pnpm dlx", folder, ["npx", "--yes", "pnpm@12", "--package", name, "dlx", "livedesk"], env)
    )
  } finally {
    await ended(registry)
  }
  // Its registry cannot be named: it finds the command where that is installed.
  Tool.must("npm", ["install", "--omit=peer", "--legacy-peer-deps", ...quietly, ...files], folder)
  if (bun !== undefined) findings.push(await use("bunx", folder, [bun, "x", "--bun", "livedesk"], env))
  return findings
}
