/**
 * Measures how cost grows with the number of calls, contacts, webhooks, flows and rows, and how fast the emulator is; each
 * point in fresh processes. Writes the figures, the plots and the tables of `docs/scaling.md`. `pnpm bench-growth`, in half an
 * hour; `--topic flows` for one topic, `--most 1000` for no larger counts, `--runs 1`; `--quick` measures little and writes nothing.
 */
import { Effect } from "effect"
import { createWriteStream, existsSync, readFileSync, writeFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import * as FreePort from "../FreePort.ts"
import * as Postgres from "../Postgres.ts"
import * as Child from "./Child.ts"
import type { Result, Task } from "./grower.ts"
import * as GrowthPage from "./GrowthPage.ts"
import type * as Importer from "./importer.ts"

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    topic: { type: "string" },
    most: { type: "string" },
    runs: { type: "string", default: "3" }
  }
})

const maxRuns = flags.quick ? 1 : Number(flags.runs)

const docs = fileURLToPath(new URL("../../docs/", import.meta.url))
const figuresFile = join(docs, "plots/growth.json")
const page = join(docs, "scaling.md")
const folder = await mkdtemp(join(tmpdir(), "effect-livedesk-"))

type Measures = Record<string, number>

const mega = 2 ** 20

/** Runs it once, or thrice where that takes little time; and prints what came of it. */
const point = async (
  topic: string,
  count: number,
  measure: () => Promise<Measures>,
  { runs = count <= 10_000 ? 3 : 1, series }: { readonly runs?: number; readonly series?: string } = {}
): Promise<GrowthPage.Point> => {
  const all: Array<Measures> = []
  for (let run = 0; run < Math.min(runs, maxRuns); run++) all.push(await measure())
  const [first = {}] = all
  const figures = Object.fromEntries(
    Object.keys(first).map((name) => [name, GrowthPage.figure(all.map((measures) => measures[name] ?? Number.NaN))])
  )
  const shown = Object.entries(figures).map(([name, { median }]) => `${name} ${median}`).join(", ")
  process.stdout.write(`${topic} ${series ?? ""} ${count}: ${shown}\n`)
  return { ...(series === undefined ? {} : { series }), count, figures }
}

interface Running {
  readonly baseUrl: string
  readonly authorization?: string
}

/** What a server replies. */
interface Asked {
  readonly requests: number
  readonly cpu: NodeJS.CpuUsage
}

/** A server in a process of its own. */
const withServer = async <A>(
  script: string,
  parameters: ReadonlyArray<string>,
  use: (running: Running, child: Child.Child) => Promise<A>
): Promise<A> => {
  const child = Child.start(script, ...parameters)
  try {
    // The other side of this is `map-server.ts` and `emulator-server.ts`.
    return await use(await child.reported() as Running, child)
  } finally {
    await child.end()
  }
}

const grow = async (task: Task): Promise<Result> => {
  const child = Child.startWith(["--expose-gc"], "grower.ts")
  await child.reported()
  // The other side of this is `grower.ts`.
  const result = await child.ask(task) as Result
  await child.end()
  return result
}

/** What is shown of most topics. */
const shown = ({ cpu, heap, memory, seconds }: Result, count: number): Measures => ({
  cpu: cpu / count,
  rate: count / seconds,
  heap: heap / mega,
  memory: memory / mega
})

const series = async (
  topic: "calls" | "contacts" | "webhooks",
  counts: ReadonlyArray<number>
): Promise<ReadonlyArray<GrowthPage.Point>> => {
  const points: Array<GrowthPage.Point> = []
  for (const count of counts) {
    points.push(
      await point(
        topic,
        count,
        () =>
          withServer(
            "map-server.ts",
            topic === "contacts" ? [String(count)] : [],
            async ({ baseUrl }) => shown(await grow({ topic, baseUrl, count }), count)
          )
      )
    )
  }
  return points
}

// ---------------------------------------------------------------------------------------------------------------------
// flows
// ---------------------------------------------------------------------------------------------------------------------

/** Intervals that are meant for machines further apart make a short run wait. */
const sharding = { REFRESH_ASSIGNMENTS_INTERVAL: "500 millis", ENTITY_MESSAGE_POLL_INTERVAL: "500 millis" }

const runFlows = (count: number, processes: number, database: Record<string, string>): Promise<Measures> =>
  withServer("map-server.ts", [], async ({ baseUrl }, server) => {
    const first = await Effect.runPromise(FreePort.inARow(processes))
    const children = Array.from({ length: processes }, (_, index) =>
      Child.startIn(
        { ...database, ...sharding, LIVEDESK_FLOWS_RUNNER_PORT: String(first + index) },
        ["--expose-gc"],
        "grower.ts"
      ))
    try {
      await Promise.all(children.map((child) => child.reported()))
      const start = performance.now()
      const results = await Promise.all(
        children.map((child, index) =>
          child.ask({ topic: "flows", baseUrl, count, part: [index, processes] } satisfies Task) as Promise<Result>
        )
      )
      const seconds = (performance.now() - start) / 1000
      return {
        cpu: results.reduce((sum, { cpu }) => sum + cpu, 0) / count / 1000,
        rate: count / seconds,
        requests: (await server.ask({}) as Asked).requests / count
      }
    } finally {
      await Promise.all(children.map((child) => child.end()))
    }
  })

const rowsIn = (file: string): number => {
  const database = new DatabaseSync(file)
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  const rows = tables.reduce(
    (sum, { name }) => sum + Number(database.prepare(`SELECT COUNT(*) AS rows FROM "${String(name)}"`).get()?.["rows"]),
    0
  )
  database.close()
  return rows
}

let databases = 0

const flows = async (counts: ReadonlyArray<number>): Promise<ReadonlyArray<GrowthPage.Point>> => {
  const points: Array<GrowthPage.Point> = []
  const runs = (count: number) => count <= 100 ? 3 : 1
  for (const count of counts) {
    const measure = async () => {
      const file = join(folder, `${databases++}.sqlite`)
      const measures = await runFlows(count, 1, { LIVEDESK_FLOWS_FILE: file })
      return { ...measures, rows: rowsIn(file) / count }
    }
    points.push(await point("flows", count, measure, { series: "SQLite", runs: runs(count) }))
  }
  if (!Postgres.isInstalled) {
    process.stdout.write("PostgreSQL is not installed: flows on several processes are left out\n")
    return points
  }
  for (const processes of flags.quick ? [2] : [1, 2, 4]) {
    for (const count of counts) {
      const measure = () =>
        Effect.runPromise(
          Effect.scoped(Effect.flatMap(Postgres.make, (url) =>
            Effect.promise(() =>
              runFlows(count, processes, { LIVEDESK_FLOWS_POSTGRES_URL: url })
            )))
        )
      const name = `PostgreSQL, ${processes} ${processes === 1 ? "process" : "processes"}`
      points.push(await point("flows", count, measure, { series: name, runs: runs(count) }))
    }
  }
  return points
}

// ---------------------------------------------------------------------------------------------------------------------
// imports and the emulator
// ---------------------------------------------------------------------------------------------------------------------

const imports = async (counts: ReadonlyArray<number>): Promise<ReadonlyArray<GrowthPage.Point>> => {
  const points: Array<GrowthPage.Point> = []
  for (const rows of counts) {
    const measure = () =>
      withServer("map-server.ts", [], async ({ baseUrl }) => {
        const file = join(folder, `${databases++}.csv`)
        const lines = function*() {
          yield "email,name\n"
          for (let index = 0; index < rows; index++) yield `c${index}@acme.inc,Customer ${index}\n`
        }
        await pipeline(Readable.from(lines()), createWriteStream(file))
        const child = Child.startWith([], "importer.ts")
        await child.reported()
        const task: Importer.Task = { baseUrl, rows, concurrency: 64, lookup: "onConflict", file }
        // The other side of this is `importer.ts`.
        const { cpu, memory, rate } = await child.ask(task) as Importer.Result
        await child.end()
        return { cpu, rate, memory: memory / mega }
      })
    points.push(await point("imports", rows, measure))
  }
  return points
}

/** The emulator and the server of a test's own, in turns. */
const emulator = async (rounds: number): Promise<ReadonlyArray<GrowthPage.Point>> => {
  const requests = 4 * rounds
  const serve = (script: string) => () =>
    withServer(script, [], async (running, server) => {
      const { cpu: { system, user } } = await server.ask({}) as Asked
      const { seconds } = await grow({ ...running, topic: "load", count: rounds })
      const { cpu } = await server.ask({}) as Asked
      return { rate: requests / seconds, cpu: (cpu.system + cpu.user - system - user) / requests }
    })
  const [own, emulated] = [serve("map-server.ts"), serve("emulator-server.ts")]
  const all: { readonly own: Array<Measures>; readonly emulated: Array<Measures> } = { own: [], emulated: [] }
  for (let run = 0; run < maxRuns; run++) {
    all.own.push(await own())
    all.emulated.push(await emulated())
  }
  const take = (measures: Array<Measures>) => async () => measures.shift() ?? {}
  return [
    await point("emulator", requests, take(all.own), { series: "a server with a Map", runs: 3 }),
    await point("emulator", requests, take(all.emulated), { series: "the emulator", runs: 3 })
  ]
}

const upTo = (most: number): ReadonlyArray<number> =>
  flags.quick
    ? [100]
    : [10, 100, 1000, 10_000, 100_000, 1_000_000].filter((count) => count <= Math.min(most, Number(flags.most ?? most)))

const thousands = upTo(1_000_000).filter((count) => count >= (flags.quick ? 100 : 1000))

const measures = {
  calls: () => series("calls", thousands),
  contacts: () => series("contacts", thousands),
  webhooks: () => series("webhooks", thousands),
  flows: () => flows(flags.quick ? [2] : [1, ...upTo(10_000)]),
  imports: () => imports(thousands.filter((count) => count <= 100_000)),
  emulator: () => emulator(flags.quick ? 25 : Math.min(2500, Number(flags.most ?? 2500)))
}

const load = (loadavg()[0] ?? 0).toFixed(1)

const machine = `Measured on ${
  new Date().toISOString().slice(0, 10)
}: Node ${process.versions.node}, ${availableParallelism()} cores (${
  cpus()[0]?.model.trim() ?? "unknown"
}), a load of ${load} when it began.`

try {
  const topics: Record<string, ReadonlyArray<GrowthPage.Point>> = existsSync(figuresFile)
    ? { ...JSON.parse(readFileSync(figuresFile, "utf8")).topics }
    : {}
  for (const [topic, measure] of Object.entries(measures)) {
    if ((flags.topic ?? topic) !== topic) continue
    const points = topics[topic] = await measure()
    const svg = await GrowthPage.plot(topic, points)
    if (flags.quick) continue
    const figures: GrowthPage.Figures = { machine, topics }
    writeFileSync(figuresFile, `${JSON.stringify(figures, undefined, 2)}\n`)
    writeFileSync(join(docs, `plots/${topic}.svg`), svg)
    writeFileSync(page, GrowthPage.write(readFileSync(page, "utf8"), figures))
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
