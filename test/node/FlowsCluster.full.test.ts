import * as NodeFlows from "@effect-livedesk/node/NodeFlows"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import * as Breadth from "../Breadth.ts"
import * as FlowLives from "../FlowLives.ts"
import * as FlowServer from "../FlowServer.ts"
import * as FreePort from "../FreePort.ts"
import * as Postgres from "../Postgres.ts"
import * as Redis from "../Redis.ts"

const isInstalled = Postgres.isInstalled && Redis.isInstalled

if (!isInstalled) {
  process.stderr.write("PostgreSQL or redis-server is not installed: flows on many processes are left out\n")
}

const program = fileURLToPath(new URL("../campaigns/flows.ts", import.meta.url))

/** A process that runs flows, gone at the end of the scope. */
const runner = Effect.fnUntraced(function*(settings: Readonly<Record<string, string>>) {
  const port = yield* FreePort.make
  const said: Array<string> = []
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const env = { ...settings, LIVEDESK_FLOWS_RUNNER_PORT: String(port) }
      const child = spawn(process.execPath, [program], { env, stdio: ["ignore", "pipe", "pipe"] })
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => said.push(String(chunk)))
      }
      return child
    }),
    (child) => Effect.promise(() => kill(child))
  )
  return { child, said }
})

const kill = async (child: ChildProcess) => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill("SIGKILL")
  await once(child, "close")
}

describe.skipIf(!isInstalled)("flows on three processes (left out where PostgreSQL or Redis is not installed)", () => {
  it.live(
    "are done once each, though one process is killed and one comes late, within the limit they share",
    () =>
      Effect.gen(function*() {
        const flows = Breadth.size("flows on three processes: customers")
        const limit = 300
        const server = yield* FlowServer.make
        const settings = {
          ...server.settings,
          LIVEDESK_FLOWS_POSTGRES_URL: yield* Postgres.make,
          LIVEDESK_FLOWS_REDIS_URL: yield* Redis.make,
          FLOWS: String(flows),
          LIMIT: String(limit),
          // What the cluster waits for by default is meant for machines that are further apart.
          SHARD_LOCK_REFRESH_INTERVAL: "2 seconds",
          SHARD_LOCK_EXPIRATION: "10 seconds",
          REFRESH_ASSIGNMENTS_INTERVAL: "500 millis",
          RUNNER_HEALTH_CHECK_INTERVAL: "1 second",
          ENTITY_MESSAGE_POLL_INTERVAL: "500 millis"
        }
        const second = yield* runner({ ...settings, STARTS: "false" })
        while (!second.said.join("").includes("Listening")) yield* Effect.sleep("10 millis")
        const first = yield* runner(settings)
        const ended = once(first.child, "close")
        while (server.times.length < flows && first.child.exitCode === null) yield* Effect.sleep("10 millis")
        const third = yield* runner({ ...settings, STARTS: "false" })
        const shareOf = ({ child }: typeof first) => server.runners.get(String(child.pid)) ?? 0
        while (shareOf(second) < flows / 2 && first.child.exitCode === null) yield* Effect.sleep("10 millis")
        yield* Effect.promise(() => kill(second.child))
        yield* Effect.promise(() => ended)
        assert.strictEqual(first.child.exitCode, 0, first.said.join(""))

        const done = FlowServer.done(yield* server.emulator.state)
        assert.deepStrictEqual(Array.from(done).filter(([, counts]) => counts.some((count) => count !== 1)), [])
        assert.strictEqual(done.size, flows)

        const shares = [first, second, third].map(shareOf)
        assert.isTrue(shares.every((share) => share > 0), `requests of each process: ${shares.join(", ")}`)

        // A window more than the time has, since it begins in the middle of one, and one for requests that were held up on
        // their way to the server.
        const { times } = server
        for (const [from, begin] of times.entries()) {
          for (let to = from + 2 * limit; to < times.length; to += limit) {
            const windows = ((times[to] ?? 0) - begin) / 1000 + 2
            assert.isAtMost(to - from, limit * windows, `requests in ${windows - 2} s from request ${from} on`)
          }
        }
        const [begin = 0] = times
        const end = times.at(-1) ?? 0
        process.stderr.write(
          `flows: ${flows} on three processes in ${((end - begin) / 1000).toFixed(1)} s, ` +
            `${times.length} requests (${shares.join(", ")}), at most ${limit} a second\n`
        )
      }).pipe(Effect.scoped, Effect.provide(FlowServer.layerServer)),
    Breadth.timeout("flows on three processes: customers")
  )
})

describe.skipIf(!Postgres.isInstalled)("flows in a PostgreSQL (left out where it is not installed)", () => {
  const inPostgres = Effect.gen(function*() {
    return NodeFlows.layerCluster({
      url: Redacted.make(yield* Postgres.make),
      port: yield* FreePort.make,
      sharding: { entityMessagePollInterval: "100 millis", refreshAssignmentsInterval: "100 millis" }
    })
  })

  it.live("continue where an earlier process left them", () =>
    Effect.flatMap(inPostgres, FlowLives.run).pipe(Effect.scoped))

  it.live("keep any text, and refuse a name that not every database can have", () =>
    Effect.flatMap(inPostgres, FlowLives.keepsAnyText).pipe(Effect.scoped))
})
