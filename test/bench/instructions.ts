/**
 * Counts the instructions that a call takes in user mode, which other work on the machine hardly changes: `pnpm
 * bench-instructions`, in some ten minutes. It needs valgrind. What the system does for a call is not in it.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import * as Child from "./Child.ts"

const clients = ["undici", "undici-zod", "effect-livedesk"] as const

/** The processes of a client, by how many calls each makes: the difference of two is what the calls between took. */
const calls = [0, 1000, 5000, 15_000, 20_000] as const

execFileSync("valgrind", ["--version"])
const folder = mkdtempSync(Path.join(tmpdir(), "livedesk-instructions-"))
const server = Child.start("server.ts")
const url = `http://127.0.0.1:${Number(await server.reported())}`

const count = async (name: typeof clients[number], calls: number): Promise<number> => {
  const file = Path.join(folder, `${name}-${calls}`)
  const tool = ["--tool=cachegrind", "--cache-sim=no", "--smc-check=all-non-file", "--quiet"]
  const child = Child.under(["valgrind", ...tool, `--cachegrind-out-file=${file}`], "client.ts", name, url)
  await child.reported()
  // So few at once that a call under valgrind does not meet its timeout.
  if (calls > 0) await child.ask({ calls, concurrency: 8 })
  await child.end()
  return Number(/^summary: (\d+)/m.exec(readFileSync(file, "utf8"))?.[1])
}

try {
  process.stdout.write("| client | first 1,000 calls | first 5,000 | after 15,000 |\n| --- | --- | --- | --- |\n")
  for (const name of clients) {
    const counts = new Map<number, number>()
    for (const many of calls) counts.set(many, await count(name, many))
    const each = (from: typeof calls[number], to: typeof calls[number]) =>
      `${Math.round(((counts.get(to) ?? NaN) - (counts.get(from) ?? NaN)) / (to - from) / 1000)},000`
    process.stdout.write(`| ${name} | ${each(0, 1000)} | ${each(0, 5000)} | ${each(15_000, 20_000)} |\n`)
  }
} finally {
  await server.end()
  rmSync(folder, { recursive: true })
}
