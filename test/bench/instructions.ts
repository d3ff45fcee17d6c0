/**
 * Counts the instructions of a call, which other work on the machine cannot change: `pnpm bench-instructions`, in an hour;
 * `--quick` in a third of it. Names of contenders count these alone. It needs valgrind, which sees no system's calls.
 */
import { build } from "esbuild"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { availableParallelism, tmpdir } from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import * as Child from "./Child.ts"
import type { Round } from "./client.ts"
import * as Spread from "./Spread.ts"

const { positionals, values: flags } = parseArgs({
  options: { quick: { type: "boolean", default: false } },
  allowPositionals: true
})
const base = "undici-zod"
const named = positionals.length === 0
  ? ["effect-livedesk", "undici", "effect-http-client", "fetch-zod"]
  : positionals
const contenders = [...new Set([base, ...named])]
const turns = flags.quick ? 1 : 3

/**
 * A count is the difference of two processes that make so many calls, so that their start falls out. Interpreted, V8
 * compiles nothing but undici's parser, which is WebAssembly: with `--jitless`, undici has none and fails.
 */
const figures = {
  "first 500 calls": { calls: [0, 500], options: [] },
  "calls 1,001 to 3,000": { calls: [1000, 3000], options: [] },
  "interpreted": { calls: [50, 150], options: ["--no-opt", "--no-maglev", "--no-sparkplug"] }
} as const
type Figure = keyof typeof figures
const names: ReadonlyArray<Figure> = ["first 500 calls", "calls 1,001 to 3,000", "interpreted"]

if (spawnSync("valgrind", ["--version"]).status !== 0) {
  process.stderr.write(
    "Counting instructions needs valgrind, which is not installed. On Linux, install it: apt-get install valgrind\n"
  )
  process.exit(1)
}

const folder = mkdtempSync(Path.join(tmpdir(), "livedesk-instructions-"))
const server = Child.start("server.ts")
const url = `http://127.0.0.1:${Number(await server.reported())}`
let processes = 0

/** All instructions of a process that makes so many calls. V8 compiles and collects in it as it comes to it, in no thread. */
const count = async (contender: string, calls: number, options: ReadonlyArray<string>): Promise<number> => {
  const log = Path.join(folder, `${processes++}.log`)
  const child = Child.startUnder(
    [
      "valgrind",
      "--tool=cachegrind",
      "--cache-sim=no",
      "--cachegrind-out-file=/dev/null",
      // V8 writes code where code has been.
      "--smc-check=all-non-file",
      `--log-file=${log}`,
      process.execPath,
      "--single-threaded",
      ...options
    ],
    Path.join(folder, "client.mjs"),
    contender,
    url
  )
  await child.reported()
  // With more at once, the first calls would meet their timeouts: they are some fifty times as slow as without valgrind.
  if (calls > 0) await child.ask({ calls, concurrency: 8 } satisfies Round)
  await child.end()
  return Number(/I +refs: +([\d,]+)/.exec(readFileSync(log, "utf8"))?.[1]?.replaceAll(",", ""))
}

/** So many at once as there are cores. */
const inPool = async <A>(tasks: ReadonlyArray<() => Promise<A>>): Promise<ReadonlyArray<A>> => {
  const results: Array<A> = []
  const entries = tasks.entries()
  const work = async () => {
    for (const [index, task] of entries) results[index] = await task()
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return results
}

try {
  // Bundled, a client starts in half of the instructions.
  const client = fileURLToPath(new URL("client.ts", import.meta.url))
  const undici = createRequire(client).resolve("undici")
  await build({
    entryPoints: [client],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    // Bundled, it has no names for `export *`, by which Effect gets it.
    alias: { undici },
    external: [undici],
    define: { "import.meta.url": JSON.stringify(String(new URL("client.ts", import.meta.url))) },
    banner: {
      js: `globalThis.require ??= process.getBuiltinModule("module").createRequire(${JSON.stringify(client)})`
    }
  })
  const tasks = Array.from(
    { length: turns },
    () =>
      contenders.flatMap((contender) =>
        names.map((figure) => async () => {
          const { calls: [few, many], options } = figures[figure]
          const difference = await count(contender, many, options) - await count(contender, few, options)
          const value = difference / (many - few)
          process.stderr.write(`${contender}, ${figure}: ${value.toFixed(0)}\n`)
          return { contender, figure, value }
        })
      )
  ).flat()
  const counts = await inPool(tasks)
  const ofEach = (contender: string, figure: Figure) =>
    counts.filter((count) => count.contender === contender && count.figure === figure).map(({ value }) => value)
  process.stdout.write(
    `| client | ${names.map((figure) => `${figure} | ratio`).join(" | ")} |\n| --- |${" --- | --- |".repeat(3)}\n`
  )
  for (const contender of contenders) {
    const cells = names.flatMap((figure) => {
      const values = ofEach(contender, figure)
      const bases = ofEach(base, figure)
      return [
        `${(Spread.of(values).median / 1000).toFixed(0)} k`,
        Spread.text(Spread.of(values.map((value, turn) => value / (bases[turn] ?? NaN))))
      ]
    })
    process.stdout.write(`| ${contender} | ${cells.join(" | ")} |\n`)
  }
} finally {
  await server.end()
  rmSync(folder, { recursive: true })
}
