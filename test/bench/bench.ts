/**
 * Compares the client with what a user would take instead: `pnpm bench`, in a few minutes; `--quick` in less than one,
 * `--json` for machines. Only the ratios mean something, and only those within one run.
 */
import { execFileSync } from "node:child_process"
import { rmSync } from "node:fs"
import { createRequire } from "node:module"
import { cpus } from "node:os"
import * as Path from "node:path"
import { isDeepStrictEqual, parseArgs } from "node:util"
import * as Bundle from "./Bundle.ts"
import * as Child from "./Child.ts"
import type { Result, Round } from "./client.ts"
import * as Shipped from "./Shipped.ts"

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean", default: false }, json: { type: "boolean", default: false } }
})
const quick = flags.quick

const ours = "effect-livedesk"
const clients = [
  "undici",
  "undici-zod",
  ours,
  "effect-http-client",
  "effect-http-api",
  "fetch-zod",
  "ofetch-zod",
  "got-zod",
  "openapi-fetch-zod",
  "axios-zod",
  "ky-zod"
] as const
const decoders = [ours, "zod", "valibot", "arktype", "effect"] as const
const programs = [ours, "fetch-zod", "axios-zod"] as const

type Client = typeof clients[number]

const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

const say = (text: string) => {
  if (!flags.json) process.stdout.write(`${text}\n`)
}

// ---------------------------------------------------------------------------------------------------------------------
// measuring
// ---------------------------------------------------------------------------------------------------------------------

const connect = async (name: Client, url: string) => {
  const child = Child.start("client.ts", name, url)
  await child.reported()
  return {
    name,
    end: child.end,
    // The other side of this is `client.ts`.
    run: async (round: Round) => await child.ask(round) as Result
  }
}

/** CPU time and throughput at 64 calls at once, and the time of one call at a time. */
const measureCalls = async (url: string) => {
  const children = await Promise.all(clients.map((name) => connect(name, url)))
  const values: Array<unknown> = []
  for (const { run } of children) {
    // Compilers need time rather than calls: some clients are at their best after 20,000 only.
    const end = performance.now() + (quick ? 1000 : 4000)
    let value: unknown
    while (performance.now() < end) value = (await run({ calls: 1000, concurrency: 64 })).value
    values.push(value)
  }
  const [, decoded] = values
  children.forEach(({ name }, index) => {
    // Raw undici decodes nothing.
    if (name !== "undici" && !isDeepStrictEqual(values[index], decoded)) throw new Error(`${name} decodes otherwise`)
  })
  const rounds: Array<ReadonlyArray<{ readonly cpu: number; readonly rate: number; readonly latency: number }>> = []
  for (let round = 0; round < (quick ? 3 : 11); round++) {
    const figures: Array<typeof rounds[number][number]> = []
    for (let turn = 0; turn < children.length; turn++) {
      // Each begins a round once, and none is measured fresh from its rest.
      const index = (round + turn) % children.length
      const child = children[index]
      if (child === undefined) continue
      await child.run({ calls: 500, concurrency: 64 })
      const { cpu, wall } = await child.run({ calls: quick ? 2000 : 4000, concurrency: 64 })
      const alone = await child.run({ calls: quick ? 150 : 500, concurrency: 1 })
      figures[index] = { cpu, rate: 1e6 / wall, latency: alone.wall }
    }
    rounds.push(figures)
  }
  for (const { end } of children) end()
  return clients.map((name, index) => {
    const of = (figure: "cpu" | "rate" | "latency") => median(rounds.map((figures) => figures[index]?.[figure] ?? NaN))
    return { name, cpu: of("cpu"), rate: of("rate"), latency: of("latency") }
  })
}

/** The most memory of a process that made 20,000 calls, 256 at once. */
const measureMemory = async (url: string) => {
  const names = quick ? ["undici-zod", ours] as const : clients
  const peaks = new Map<Client, Array<number>>(names.map((name) => [name, []]))
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const name of names) {
      const { end, run } = await connect(name, url)
      peaks.get(name)?.push((await run({ calls: 20_000, concurrency: 256 })).memory)
      end()
    }
  }
  return names.map((name) => ({ name, memory: median(peaks.get(name) ?? []) }))
}

/**
 * What a call costs in a process that has made ever more of them, beside one that has made few: in turns, since the machine
 * itself is faster at one time than at another.
 */
const measureGrowth = async (url: string) => {
  const [old, young] = [await connect(ours, url), await connect(ours, url)]
  const few = 20_000
  await young.run({ calls: few, concurrency: 64 })
  let made = 0
  const figures = []
  for (const calls of quick ? [few, 40_000] : [few, 100_000, 1_000_000]) {
    await old.run({ calls: calls - made, concurrency: 64 })
    made = calls
    const turns: Array<readonly [old: Result, young: Result]> = []
    for (let turn = 0; turn < 31; turn++) {
      turns.push([
        await old.run({ calls: 1000, concurrency: 64 }),
        await young.run({ calls: 1000, concurrency: 64 })
      ])
    }
    figures.push({
      calls,
      cpu: median(turns.map(([{ cpu }]) => cpu)),
      few: median(turns.map(([, { cpu }]) => cpu)),
      memory: Math.max(...turns.map(([{ memory }]) => memory))
    })
  }
  old.end()
  young.end()
  return figures
}

const measureDecoding = async () => {
  const child = Child.start("decode.ts", quick ? "5" : "25", ...decoders)
  // The other side of this is `decode.ts`.
  const figures = await child.reported() as ReadonlyArray<{
    readonly name: typeof decoders[number]
    readonly time: number
    readonly value: unknown
  }>
  for (const { name, value } of figures) {
    if (!isDeepStrictEqual(value, figures[0]?.value)) throw new Error(`${name} decodes otherwise`)
  }
  return figures.map(({ name, time }) => ({ name, time }))
}

/** A program that makes one call: its size in one file, and the time that importing it takes. */
const measurePrograms = async () => {
  const folder = Shipped.make()
  try {
    const sizes = await Promise.all(
      programs.map(async (name) => (await Bundle.make(Path.join(folder, `${name}.ts`))).size)
    )
    const script = (name: string) =>
      `const start = performance.now(); await import(${
        JSON.stringify(Path.join(folder, `${name}.ts`))
      }); console.log(performance.now() - start)`
    const times: ReadonlyArray<Array<number>> = programs.map(() => [])
    for (let round = 0; round < (quick ? 3 : 11); round++) {
      programs.forEach((name, index) => {
        times[index]?.push(Number(execFileSync(process.execPath, ["--input-type=module", "-e", script(name)], {
          encoding: "utf8"
        })))
      })
    }
    return programs.map((name, index) => ({ name, size: sizes[index] ?? NaN, import: median(times[index] ?? []) }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// telling
// ---------------------------------------------------------------------------------------------------------------------

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>) => {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n")
}

const ratio = (value: number, base: number) => (value / base).toFixed(2)
const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MB`

const server = Child.start("server.ts")
const url = `http://127.0.0.1:${Number(await server.reported())}`

say(`Node ${process.version}, ${cpus().length} cores\n`)
const calls = await measureCalls(url)
const callsOf = (name: Client) => calls.find((row) => row.name === name) ?? { cpu: NaN, rate: NaN, latency: NaN }
const base = callsOf("undici-zod")
say(table(
  ["client", "CPU of a call", "ratio", "calls a second", "ratio", "one at a time", "ratio"],
  calls.map(({ cpu, latency, name, rate }) => [
    name,
    `${cpu.toFixed(0)} µs`,
    ratio(cpu, base.cpu),
    rate.toFixed(0),
    ratio(rate, base.rate),
    `${latency.toFixed(0)} µs`,
    ratio(latency, base.latency)
  ])
))

const decoding = await measureDecoding()
const decodingOf = (name: string) => decoding.find((row) => row.name === name)?.time ?? NaN
say(`\n${
  table(
    ["decoder", "a conversation", "ratio"],
    decoding.map(({ name, time }) => [name, `${time.toFixed(1)} µs`, ratio(time, decodingOf("zod"))])
  )
}`)

const memory = await measureMemory(url)
const memoryOf = (name: string) => memory.find((row) => row.name === name)?.memory ?? NaN
say(`\n${
  table(
    ["client", "peak memory of 20,000 calls, 256 at once", "ratio"],
    memory.map(({ memory, name }) => [name, megabytes(memory), ratio(memory, memoryOf("undici-zod"))])
  )
}`)

const growth = await measureGrowth(url)
say(`\n${
  table(
    [`${ours}, after so many calls`, "CPU of a call", "after 20,000", "ratio", "peak memory"],
    growth.map(({ calls, cpu, few, memory }) => [
      calls.toLocaleString("en"),
      `${cpu.toFixed(0)} µs`,
      `${few.toFixed(0)} µs`,
      ratio(cpu, few),
      megabytes(memory)
    ])
  )
}`)
server.end()

const shipped = await measurePrograms()
const shippedOf = (name: string) => shipped.find((row) => row.name === name) ?? { size: NaN, import: NaN }
say(`\n${
  table(
    ["program of one call", "bundle, minified and gzipped", "import without bundling", "ratio"],
    shipped.map(({ import: time, name, size }) => [
      name,
      `${(size / 1000).toFixed(1)} KB`,
      `${time.toFixed(0)} ms`,
      ratio(time, shippedOf("axios-zod").import)
    ])
  )
}`)

const raw = callsOf("undici")
const peers = calls.filter(({ name }) =>
  !["undici", "undici-zod", ours, "effect-http-client", "effect-http-api"].includes(name)
)
const us = callsOf(ours)
const targets = [
  { what: "CPU of a call, to undici and zod", value: us.cpu / base.cpu, most: 1.5 },
  {
    what: "calls a second of the best of the other clients, to ours",
    value: Math.max(...peers.map(({ rate }) => rate)) / us.rate,
    most: 1 / 1.5
  },
  {
    what: "latency over raw undici, to that of fetch and zod",
    value: (us.latency - raw.latency) / (callsOf("fetch-zod").latency - raw.latency),
    most: 0.5
  },
  { what: "decoding, to zod", value: decodingOf(ours) / decodingOf("zod"), most: 2 },
  {
    what: "decoding, to the faster of valibot and arktype",
    value: decodingOf(ours) / Math.min(decodingOf("valibot"), decodingOf("arktype")),
    most: 1
  },
  { what: "peak memory, to undici and zod", value: memoryOf(ours) / memoryOf("undici-zod"), most: 1.25 },
  { what: "bundle of one call, to 50 KB", value: shippedOf(ours).size / 50_000, most: 1 },
  { what: "import, to axios and zod", value: shippedOf(ours).import / shippedOf("axios-zod").import, most: 1 },
  {
    what: "CPU of a call after the most calls, to that after few",
    value: (growth.at(-1)?.cpu ?? NaN) / (growth.at(-1)?.few ?? NaN),
    most: 1.1
  }
]
say(`\n${
  table(
    ["target", "measured", "at most", ""],
    targets.map(({ most, value, what }) => [what, value.toFixed(2), most.toFixed(2), value <= most ? "met" : "missed"])
  )
}`)

if (flags.json) {
  const require = createRequire(import.meta.url)
  const { devDependencies } = require("./package.json")
  process.stdout.write(`${
    JSON.stringify(
      {
        date: new Date().toISOString(),
        node: process.version,
        cores: cpus().length,
        peers: devDependencies,
        calls,
        decoding,
        memory,
        growth,
        programs: shipped,
        targets
      },
      undefined,
      2
    )
  }\n`)
}
