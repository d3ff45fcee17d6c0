/**
 * Prints what a bulk import costs: its speed beside that of the bare client, under a rate limit, and its memory for 10,000
 * and 1,000,000 rows. `pnpm bench-import`, in some minutes; `--quick` with 100,000 rows for the last.
 */
import { createWriteStream } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { parseArgs } from "node:util"
import * as Child from "./Child.ts"
import type { Result, Task } from "./importer.ts"
import * as Spread from "./Spread.ts"

const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } })

const folder = await mkdtemp(join(tmpdir(), "effect-livedesk-"))
const server = Child.start("contacts-server.ts")
const baseUrl = `http://127.0.0.1:${String(await server.reported())}`
let files = 0

/** A file of so many rows. */
const makeFile = async (rows: number): Promise<string> => {
  const file = join(folder, `${files++}.csv`)
  const lines = function*() {
    yield "email,name\n"
    for (let index = 0; index < rows; index++) yield `c${index}@acme.inc,Customer ${index}\n`
  }
  await pipeline(Readable.from(lines()), createWriteStream(file))
  return file
}

/** Each in a process of its own, so that none profits from another. */
const run = async (task: Omit<Task, "baseUrl">, options: ReadonlyArray<string> = []): Promise<Result> => {
  const child = Child.startWith(options, "importer.ts")
  await child.reported()
  // The other side of this is `importer.ts`.
  const result = await child.ask({ baseUrl, ...task }) as Result
  await child.end()
  return result
}

/** With more, V8 lets garbage lie until it is full, the longer a program runs: that says nothing of what is in use. */
const heap = ["--max-old-space-size=64", "--max-semi-space-size=8"]

const say = (text: string) => process.stdout.write(`${text}\n`)
const share = (part: number, whole: number) => `${(part / whole * 100).toFixed(0)} %`

try {
  for (const lookup of ["first", "onConflict"] as const) {
    const task = { rows: 20_000, concurrency: 64, lookup }
    const ratios: Array<number> = []
    for (let round = 0; round < (flags.quick ? 3 : 7); round++) {
      const bare = await run(task)
      const imported = await run({ ...task, file: await makeFile(task.rows) })
      ratios.push(imported.rate / bare.rate)
      say(`${lookup}: ${imported.rate.toFixed(0)} rows a second, the bare client ${bare.rate.toFixed(0)}`)
    }
    say(
      `${lookup}: of the bare client's speed, 64 at once, ${Spread.text(Spread.of(ratios))} in ${ratios.length} turns`
    )
  }

  const limit = 200
  const rows = limit * 20
  const limited = await run({
    rows,
    concurrency: 64,
    lookup: "onConflict",
    limit,
    file: await makeFile(rows)
  })
  say(`limited to ${limit} requests a second: ${limited.rate.toFixed(0)}, ${share(limited.rate, limit)}`)

  const many = flags.quick ? 100_000 : 1_000_000
  const peaks: Array<number> = []
  for (const rows of [10_000, many]) {
    const task = { rows, concurrency: 64, lookup: "onConflict", file: await makeFile(rows) } as const
    const { memory, rate } = await run(task, heap)
    peaks.push(memory)
    say(
      `${rows} rows in a heap of 64 MB: at most ${(memory / 2 ** 20).toFixed(0)} MB in all, ${
        rate.toFixed(0)
      } rows a second`
    )
  }
  const [few = 0, most = 0] = peaks
  say(`${many} rows take ${share(most, few)} of the memory that 10,000 take`)
} finally {
  await server.end()
  await rm(folder, { recursive: true, force: true })
}
