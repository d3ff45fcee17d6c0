/**
 * Measures how long the built command takes to start: whole processes in turns, beside `node -e 0`. Run with
 * `pnpm bench-start` after `pnpm build`; a path measures another program, such as that of an earlier version.
 */
import * as ChildProcess from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

const program = process.argv[2] ?? fileURLToPath(new URL("../../packages/node/dist/bin.js", import.meta.url))
const turns = 15

const folder = mkdtempSync(Path.join(tmpdir(), "livedesk-start-"))
const emulator = ChildProcess.spawn(process.execPath, [program, "emulator", "--json"], {
  cwd: folder,
  stdio: ["ignore", "pipe", "inherit"]
})
try {
  let printed = ""
  for await (const line of createInterface({ input: emulator.stdout })) {
    printed += line
    if (line === "}") break
  }
  const env = { ...JSON.parse(printed), NODE_COMPILE_CACHE: Path.join(folder, "cache") }

  const runs = {
    "node -e 0": ["-e", "0"],
    "livedesk --version": [program, "--version"],
    "livedesk --help": [program, "--help"],
    "livedesk contacts --help": [program, "contacts", "--help"],
    "livedesk contacts list": [program, "contacts", "list"]
  }
  const took = (parameters: ReadonlyArray<string>): number => {
    const began = performance.now()
    const { status, stderr } = ChildProcess.spawnSync(process.execPath, parameters, { cwd: folder, env })
    if (status !== 0) throw new Error(`${parameters.join(" ")} ended with ${status}: ${String(stderr)}`)
    return performance.now() - began
  }
  const times = new Map(Object.keys(runs).map((name) => [name, Array<number>()]))
  // The first turn fills the compile cache, and does not count.
  for (let turn = 0; turn <= turns; turn++) {
    for (const [name, parameters] of Object.entries(runs)) {
      const time = took(parameters)
      if (turn > 0) times.get(name)?.push(time)
    }
  }
  const medianOf = (name: string): number => times.get(name)?.toSorted((one, other) => one - other)[turns >> 1] ?? NaN
  const bare = medianOf("node -e 0")
  process.stdout.write("| process | median, ms | over `node -e 0` |\n| --- | --- | --- |\n")
  for (const name of Object.keys(runs)) {
    const median = medianOf(name)
    process.stdout.write(`| \`${name}\` | ${median.toFixed(0)} | ${(median / bare).toFixed(1)} |\n`)
  }
} finally {
  emulator.kill()
  await once(emulator, "close")
  rmSync(folder, { recursive: true })
}
