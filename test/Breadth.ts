/** How much a run of the tests covers: `test` a part of each breadth, `test:full` all of it, by the same code. */

// Tables of tests are made while a file loads, where no Config can be read.
// @effect-diagnostics processEnv:off

/** Whether this run is `test:full`. */
export const isFull = process.env["BREADTH"] === "full"

interface Breadth {
  readonly quick: number
  readonly full: number
  /** Minutes that a campaign may take in `test:full`: it ends early when they are over, and says how far it came. */
  readonly minutes: number
}

/** The campaigns, with the number of cases that each run takes. All budgets together are 16 minutes: sockets have four. */
export const campaigns = {
  "ensure: orders of concurrent calls": { quick: 3, full: 500, minutes: 0.5 },
  "hostile response bodies": { quick: 1_000, full: 100_000, minutes: 1 },
  "hostile sockets, over each transport": { quick: 10, full: 500, minutes: 0.5 },
  "bad networks, over each transport": { quick: 6, full: 150, minutes: 0.5 },
  "bad networks, with the default settings": { quick: 0, full: 24, minutes: 1 },
  "schedules: calls one by one": { quick: 60, full: 7_000, minutes: 0.5 },
  "schedules: calls all at once": { quick: 30, full: 2_000, minutes: 0.5 },
  "schedules: calls of one contact": { quick: 30, full: 1_000, minutes: 0.5 },
  "agents: calls, crashes and approvals": { quick: 25, full: 1_000, minutes: 1 },
  "agents: kills of the process": { quick: 2, full: 12, minutes: 1 },
  "import: kills of the process": { quick: 1, full: 120, minutes: 1 },
  "import: edits between kills": { quick: 20, full: 300, minutes: 1 },
  "flows: kills of the process": { quick: 0, full: 120, minutes: 2 },
  "flows: gaps in which the process is killed": { quick: 1, full: 21, minutes: 1.5 },
  "flows: ends of the process by SIGTERM": { quick: 1, full: 10, minutes: 0.5 },
  "verify: runs at a server whose responses are full of canaries": { quick: 3, full: 100, minutes: 0.5 },
  "flows on three processes: customers": { quick: 0, full: 1_000, minutes: 1.5 }
} as const satisfies Record<string, Breadth>

/** The name of a campaign. */
export type Campaign = keyof typeof campaigns

/** What `test` leaves out of products and of ways to run the same thing. `test` prints it at its end. */
export const samples: ReadonlyArray<string> = [
  "the command line: each command in a process of its own",
  "conformance over TCP: each case with undici or with fetch",
  "requests that fail: each over one of two undici ways and one of two fetch ways; whole responses over one of the four",
  "statuses: each with one of four bodies",
  "examples: all but two in the process of the tests, not as programs",
  "examples of webhooks: one of four without its secret",
  "secrets: each spelling with some responses, failures and misplacements, each of these with one spelling",
  "secrets: responses that break off within one, at every seventh length",
  "secrets under faults: each fault with one status of the server that echoes them",
  "models: each odd value in one place, each place with one odd value",
  "properties: a fifth of the runs",
  "calls that get no connection: with a short timeout, not with the defaults together",
  "flows: each way to lose a response with one of two operations",
  "webhooks: replays with and without ids, each with one of two ways to treat failures",
  "webhooks: 500 signed deliveries of 20,000",
  "a webhook's sender: 10,500 deliveries of 20,500",
  "hostile responses: each costly body with four calls of thirty, bodies of 50 MB with two of twenty"
]

/** How many cases of a campaign this run takes. */
export const size = (name: Campaign): number => campaigns[name][isFull ? "full" : "quick"]

/** The numbers from 1 to the campaign's size, fewer when its budget is used up before. */
export function* cases(name: Campaign): Generator<number> {
  const end = performance.now() + campaigns[name].minutes * 60_000
  for (let index = 1; index <= size(name); index++) {
    if (isFull && performance.now() > end) {
      process.stderr.write(`${name}: ${index - 1} of ${size(name)} in ${campaigns[name].minutes} minutes\n`)
      return
    }
    yield index
  }
}

/** The timeout of a campaign's test in milliseconds: its budget, and time for the case that is under way then. */
export const timeout = (name: Campaign): number => isFull ? campaigns[name].minutes * 60_000 + 300_000 : 60_000

/** The options of a property that is held so often in `test:full`, and a fifth of it else. */
export const runs = (full: number): { readonly arbitrary: { readonly runs: number } } => ({
  arbitrary: { runs: isFull ? full : Math.ceil(full / 5) }
})

/** Every pair in `test:full`, else as few pairs as have each value of both sides once. */
export const pairs = <A, B>(as: ReadonlyArray<A>, bs: ReadonlyArray<B>): ReadonlyArray<readonly [A, B]> => {
  const all = as.map((a) => bs.map((b) => [a, b] as const))
  if (isFull) return all.flat()
  return Array.from(
    { length: Math.min(as.length, bs.length) === 0 ? 0 : Math.max(as.length, bs.length) },
    (_, index) => all[index % as.length]?.[index % bs.length]
  ).filter((pair) => pair !== undefined)
}
