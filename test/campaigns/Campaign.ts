import { Config } from "effect"

/** How many cases a campaign runs: a few in each test run, all of them by the script `test:full`. */
export const size = (short: number, full: number): Config.Config<number> =>
  Config.map(Config.withDefault(Config.Boolean("CAMPAIGN"), false), (isFull) => isFull ? full : short)

/** How long a campaign of full size may take, in milliseconds. */
export const timeLimit = 1_800_000
