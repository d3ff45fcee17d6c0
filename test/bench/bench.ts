/**
 * Compares the client with what a user would take instead: `pnpm bench`, in some ten minutes; `--quick` is shorter, `--json`
 * for machines. Only the ratios mean something, and only those within one run.
 */
import { execFileSync } from "node:child_process"
import { rmSync } from "node:fs"
import { createRequire } from "node:module"
import { cpus, loadavg } from "node:os"
import * as Path from "node:path"
import { isDeepStrictEqual, parseArgs } from "node:util"
import * as Bundle from "./Bundle.ts"
import * as Child from "./Child.ts"
import type { Result, Round } from "./client.ts"
import * as Shipped from "./Shipped.ts"
import * as Spread from "./Spread.ts"

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
const decoders = [ours, "zod", "valibot", "arktype", "effect", "effect-jit"] as const
const programs = [ours, "fetch-zod", "axios-zod"] as const

type Client = typeof clients[number]

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

/** What one process took for a call: in microseconds, and of its CPU time also the part of the system's calls. */
interface Turn {
  /** CPU of the first 1,000 calls: most of the code runs for the first time, and none is compiled. */
  readonly cold: number
  /** CPU of the first 5,000 calls. */
  readonly warm: number
  /** CPU when all is compiled. */
  readonly hot: number
  readonly system: number
  /** Calls a second, likewise. */
  readonly rate: number
  /** The time of one call at a time, likewise. */
  readonly latency: number
}

const figures = ["cold", "warm", "hot", "system", "rate", "latency"] as const

const atOnce = 64

/**
 * Every client in a process of its own, and all of them beside each other, stage by stage: whatever else the machine does
 * meets all alike.
 */
const measureTurn = async (url: string, turn: number): Promise<ReadonlyArray<Turn>> => {
  const children = await Promise.all(clients.map((name) => connect(name, url)))
  /** Each begins a stage once, and none is measured fresh from its rest. */
  const inTurns = async <A>(shift: number, run: (child: typeof children[number]) => Promise<A>) => {
    const results = new Map<Client, A>()
    for (let place = 0; place < children.length; place++) {
      const child = children[(shift + place) % children.length]
      if (child !== undefined) results.set(child.name, await run(child))
    }
    return (name: Client): A | undefined => results.get(name)
  }
  const cold = await inTurns(turn, ({ run }) => run({ calls: 1000, concurrency: atOnce }))
  const warm = await inTurns(turn, ({ run }) => run({ calls: 4000, concurrency: atOnce }))
  await inTurns(turn, async ({ run }) => {
    // Compilers need time rather than calls: some clients are at their best after 20,000 only.
    const end = performance.now() + (quick ? 500 : 3000)
    while (performance.now() < end) await run({ calls: 1000, concurrency: atOnce })
  })
  const rounds: Array<(name: Client) => readonly [together: Result, alone: Result] | undefined> = []
  for (let round = 0; round < 3; round++) {
    rounds.push(
      await inTurns(turn + round, async ({ run }) => {
        await run({ calls: 500, concurrency: atOnce })
        const together = await run({ calls: quick ? 1000 : 4000, concurrency: atOnce })
        return [together, await run({ calls: quick ? 100 : 500, concurrency: 1 })]
      })
    )
  }
  await Promise.all(children.map(({ end }) => end()))
  const decoded = rounds[0]?.("undici-zod")?.[0].value
  return clients.map((name) => {
    // Raw undici decodes nothing.
    if (name !== "undici" && !isDeepStrictEqual(rounds[0]?.(name)?.[0].value, decoded)) {
      throw new Error(`${name} decodes otherwise`)
    }
    const of = (figure: (together: Result, alone: Result) => number) =>
      Spread.of(rounds.map((round) => figure(...round(name) ?? [none, none]))).median
    const first = cold(name)?.cpu ?? NaN
    return {
      cold: first,
      warm: (first + 4 * (warm(name)?.cpu ?? NaN)) / 5,
      hot: of(({ cpu }) => cpu),
      system: of(({ system }) => system),
      rate: of(({ wall }) => 1e6 / wall),
      latency: of((_, { wall }) => wall)
    }
  })
}

const noTurn: Turn = { cold: NaN, warm: NaN, hot: NaN, system: NaN, rate: NaN, latency: NaN }
const none: Result = { cpu: NaN, system: NaN, wall: NaN, memory: NaN, value: undefined }

/** The figures of each client over several processes, and each as a ratio to undici and zod in the same turn. */
const measureCalls = async (url: string) => {
  const turns: Array<ReadonlyArray<Turn>> = []
  for (let turn = 0; turn < (quick ? 2 : 5); turn++) turns.push(await measureTurn(url, turn * 2))
  const base = clients.indexOf("undici-zod")
  const spreads = (of: (turn: ReadonlyArray<Turn>, figure: typeof figures[number]) => number | undefined) => {
    const spread = (figure: typeof figures[number]) => Spread.of(turns.map((turn) => of(turn, figure) ?? NaN))
    return {
      cold: spread("cold"),
      warm: spread("warm"),
      hot: spread("hot"),
      system: spread("system"),
      rate: spread("rate"),
      latency: spread("latency")
    }
  }
  return {
    clients: clients.map((name, index) => ({
      name,
      ...spreads((turn, figure) => turn[index]?.[figure]),
      ratio: spreads((turn, figure) => (turn[index]?.[figure] ?? NaN) / (turn[base]?.[figure] ?? NaN))
    })),
    turns
  }
}

/** The most memory of a process that made 20,000 calls, 256 at once. */
const measureMemory = async (url: string) => {
  const names = ["undici-zod", ours] as const
  const peaks = new Map<Client, Array<number>>(names.map((name) => [name, []]))
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const name of names) {
      const { end, run } = await connect(name, url)
      peaks.get(name)?.push((await run({ calls: 20_000, concurrency: 256 })).memory)
      await end()
    }
  }
  return names.map((name) => ({ name, memory: Spread.of(peaks.get(name) ?? []) }))
}

/** Decoders, each in processes of its own, in turns; and each as a ratio to zod in the same turn. */
const measureDecoding = async () => {
  const turns: Array<ReadonlyArray<{ readonly time: number; readonly value: unknown }>> = []
  for (let turn = 0; turn < (quick ? 1 : 5); turn++) {
    const times: Array<typeof turns[number][number]> = []
    for (let place = 0; place < decoders.length; place++) {
      const index = (turn + place) % decoders.length
      const child = Child.start("decode.ts", decoders[index] ?? "", quick ? "5" : "40")
      // The other side of this is `decode.ts`.
      times[index] = await child.reported() as typeof times[number]
    }
    if (times.some(({ value }) => !isDeepStrictEqual(value, times[0]?.value))) throw new Error("a decoder differs")
    turns.push(times)
  }
  const base = decoders.indexOf("zod")
  return decoders.map((name, index) => ({
    name,
    time: Spread.of(turns.map((turn) => turn[index]?.time ?? NaN)),
    ratio: Spread.of(turns.map((turn) => (turn[index]?.time ?? NaN) / (turn[base]?.time ?? NaN)))
  }))
}

/** A program that makes one call: its size in one file, and the time that importing it takes. */
const measurePrograms = async () => {
  const folder = Shipped.make()
  try {
    const sizes = await Promise.all(
      programs.map(async (name) => (await Bundle.make(Path.join(folder, `${name}.js`))).size)
    )
    const script = (name: string) =>
      `const start = performance.now(); await import(${
        JSON.stringify(Path.join(folder, `${name}.js`))
      }); console.log(performance.now() - start)`
    const turns: Array<ReadonlyArray<number>> = []
    for (let turn = 0; turn < (quick ? 3 : 11); turn++) {
      turns.push(
        programs.map((name) =>
          Number(execFileSync(process.execPath, ["--input-type=module", "-e", script(name)], { encoding: "utf8" }))
        )
      )
    }
    const base = programs.indexOf("axios-zod")
    return programs.map((name, index) => ({
      name,
      size: sizes[index] ?? NaN,
      import: Spread.of(turns.map((turn) => turn[index] ?? NaN)),
      ratio: Spread.of(turns.map((turn) => (turn[index] ?? NaN) / (turn[base] ?? NaN)))
    }))
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

const microseconds = ({ median }: Spread.Spread) => `${median.toFixed(median < 10 ? 1 : 0)} µs`
const megabytes = ({ least, most }: Spread.Spread) =>
  `${(least / 1024 / 1024).toFixed(0)} to ${(most / 1024 / 1024).toFixed(0)} MB`

const server = Child.start("server.ts")
const url = `http://127.0.0.1:${Number(await server.reported())}`

say(`Node ${process.version}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)} at the start`)
say("Ratios are to undici and zod: the median of several processes, and from the least to the most of them.\n")

const calls = await measureCalls(url)
const callsOf = (name: Client) => calls.clients.find((row) => row.name === name)
say(table(
  ["CPU of a call", "first 1,000", "ratio", "first 5,000", "ratio", "hot", "ratio", "of it system"],
  calls.clients.map(({ cold, hot, name, ratio, system, warm }) => [
    name,
    microseconds(cold),
    Spread.text(ratio.cold),
    microseconds(warm),
    Spread.text(ratio.warm),
    microseconds(hot),
    Spread.text(ratio.hot),
    microseconds(system)
  ])
))
say(`\n${
  table(
    ["hot", "calls a second", "ratio", "one at a time", "ratio"],
    calls.clients.map(({ latency, name, rate, ratio }) => [
      name,
      rate.median.toFixed(0),
      Spread.text(ratio.rate),
      microseconds(latency),
      Spread.text(ratio.latency)
    ])
  )
}`)

const decoding = await measureDecoding()
say(`\n${
  table(
    ["decoder", "a conversation", "ratio to zod"],
    decoding.map(({ name, ratio, time }) => [name, microseconds(time), Spread.text(ratio)])
  )
}`)

const memory = await measureMemory(url)
say(`\n${
  table(
    ["client", "peak memory of 20,000 calls, 256 at once"],
    memory.map(({ memory, name }) => [name, megabytes(memory)])
  )
}`)
await server.end()

const shipped = await measurePrograms()
say(`\n${
  table(
    ["program of one call", "bundle, minified and gzipped", "import without bundling", "ratio to axios and zod"],
    shipped.map(({ import: time, name, ratio, size }) => [
      name,
      `${(size / 1000).toFixed(1)} KB`,
      `${time.median.toFixed(0)} ms`,
      Spread.text(ratio)
    ])
  )
}`)

/** A target's figure in every turn. */
const inTurns = (of: (turn: (name: Client) => Turn) => number): Spread.Spread =>
  Spread.of(calls.turns.map((turn) => of((name) => turn[clients.indexOf(name)] ?? noTurn)))
const fetchFamily = ["fetch-zod", "ofetch-zod", "openapi-fetch-zod", "ky-zod"] as const
const alone = (value: number): Spread.Spread => ({ median: value, least: value, most: value })
const nothing = alone(NaN)

interface Target {
  readonly what: string
  readonly value: Spread.Spread
  readonly atMost?: number
  readonly atLeast?: number
}

const targets: ReadonlyArray<Target> = [
  { what: "CPU of a call, hot, over undici and zod", value: callsOf(ours)?.ratio.hot ?? nothing, atMost: 0.8 },
  { what: "CPU of the first 5,000 calls, likewise", value: callsOf(ours)?.ratio.warm ?? nothing, atMost: 1 },
  {
    what: "one at a time: what is above raw undici, over that of fetch and zod",
    value: inTurns((of) =>
      (of(ours).latency - of("undici").latency) / (of("fetch-zod").latency - of("undici").latency)
    ),
    atMost: 0.15
  },
  {
    what: "calls a second over the best of the fetch family with zod",
    value: inTurns((of) => of(ours).rate / Math.max(...fetchFamily.map((name) => of(name).rate))),
    atLeast: 2.5
  },
  { what: "decoding, over zod", value: decoding.find(({ name }) => name === ours)?.ratio ?? nothing, atMost: 0.5 },
  {
    what: "bundle of one call, over 50 KB",
    value: alone((shipped.find(({ name }) => name === ours)?.size ?? NaN) / 50_000),
    atMost: 1
  },
  {
    what: "import without bundling, over axios and zod",
    value: shipped.find(({ name }) => name === ours)?.ratio ?? nothing,
    atMost: 1
  }
]
say(`\n${
  table(
    ["target", "measured", "target", ""],
    targets.map(({ atLeast, atMost, value, what }) => [
      what,
      Spread.text(value),
      atMost === undefined ? `at least ${atLeast}` : `at most ${atMost}`,
      (atMost === undefined || value.median <= atMost) && (atLeast === undefined || value.median >= atLeast)
        ? "met"
        : "missed"
    ])
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
        load: loadavg()[0],
        peers: devDependencies,
        calls: calls.clients,
        decoding,
        memory,
        programs: shipped,
        targets
      },
      undefined,
      2
    )
  }\n`)
}
