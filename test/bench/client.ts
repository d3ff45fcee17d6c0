/** Runs one contender in a process of its own: each message asks for a round, and the reply says what it took. */
import type * as Contender from "./Contender.ts"
import * as Sample from "./Sample.ts"

export interface Round {
  readonly calls: number
  readonly concurrency: number
}

export interface Result {
  /** CPU time of this process, a call: in microseconds. */
  readonly cpu: number
  /** The part of it that the system's calls take, such as writing to a socket. */
  readonly system: number
  /** Time a call takes at this concurrency: in microseconds. */
  readonly wall: number
  /** The most memory that this process has had: in bytes. */
  readonly memory: number
  /** The last call's value, in the form in which values are compared. */
  readonly value: unknown
}

const [name = "", url = ""] = process.argv.slice(2)
const { make }: { readonly make: Contender.Make } = await import(`./contenders/${name}.ts`)
const run = await make(url)

process.on("message", async ({ calls, concurrency }: Round) => {
  const [cpu, start] = [process.cpuUsage(), performance.now()]
  const value = await run(calls, concurrency)
  const [spent, end] = [process.cpuUsage(cpu), performance.now()]
  const result: Result = {
    cpu: (spent.user + spent.system) / calls,
    system: spent.system / calls,
    wall: (end - start) * 1000 / calls,
    memory: process.resourceUsage().maxRSS * 1024,
    value: Sample.canonical(value)
  }
  process.send?.(result)
})
process.on("disconnect", () => process.exit())
process.send?.("ready")
