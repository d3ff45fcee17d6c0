import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Fiber, Random } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Breadth from "../Breadth.ts"
import * as FlowRunner from "../FlowRunner.ts"
import * as FlowServer from "../FlowServer.ts"
import * as Folder from "../Folder.ts"

const runner = fileURLToPath(new URL("flows.ts", import.meta.url))

/** One life of the program that runs the flows, in a process of its own: until its end, or until it is killed. */
const live = Effect.fnUntraced(function*(
  settings: Readonly<Record<string, string>>,
  meanwhile: (kill: (signal: NodeJS.Signals) => void) => Effect.Effect<void> = () => Effect.void
) {
  const child = spawn(process.execPath, [runner], { env: settings, stdio: ["ignore", "pipe", "pipe"] })
  const said: Array<string> = []
  child.stdout.on("data", (chunk: Buffer) => said.push(String(chunk)))
  child.stderr.on("data", (chunk: Buffer) => said.push(String(chunk)))
  const kill = (signal: NodeJS.Signals) => void child.kill(signal)
  const other = yield* Effect.forkChild(meanwhile(kill))
  yield* Effect.promise(() => once(child, "close")).pipe(Effect.onInterrupt(() => Effect.sync(() => kill("SIGKILL"))))
  yield* Fiber.interrupt(other)
  return { code: child.exitCode, signal: child.signalCode, said: said.join("") }
})

/** The last life, which nothing ends early. */
const finish = (settings: Record<string, string>) =>
  Effect.provideService(FlowRunner.run, ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: settings }))

const assertOnce = Effect.fnUntraced(function*(server: FlowServer.FlowServer, flows: number) {
  const done = FlowServer.done(yield* server.emulator.state)
  assert.deepStrictEqual(
    Array.from(done).filter(([, counts]) => counts.some((count) => count !== 1)),
    [],
    "customers without exactly one contact, one conversation and one message"
  )
  assert.strictEqual(done.size, flows)
})

/** The first is the one that leaves an outcome unknown. */
const gaps = ["InFlight", "Acted", "BeforeIntent", "AfterIntent", "AfterResponse", "AfterDone", "AfterReply"] as const

describe("flows whose process is killed", () => {
  it.live("in every gap", () =>
    Effect.gen(function*() {
      const server = yield* FlowServer.make
      const file = join(yield* Folder.make, "flows.sqlite")
      const deaths = [3, 2, 1].flatMap((step) => gaps.map((gap) => ({ gap, step })))
      let flows = 0
      for (const index of Breadth.cases("flows: gaps in which the process is killed")) {
        const death = deaths[index - 1]
        if (death === undefined) break
        const { gap, step } = death
        flows = index
        const settings = { ...server.settings, LIVEDESK_FLOWS_FILE: file, FLOWS: String(index) }
        const life = yield* live({ ...settings, DIE: `${gap}:${step}` }, (kill) =>
          Effect.sync(() => {
            const strike = (post: number) => Effect.sync(() => post === step ? kill("SIGKILL") : undefined)
            server.hooks = gap === "InFlight"
              ? {
                before: (post) => Effect.andThen(strike(post), post === step ? Effect.sleep("50 millis") : Effect.void)
              }
              : gap === "Acted"
              ? { after: strike }
              : {}
          }))
        assert.strictEqual(life.signal, "SIGKILL", `${gap} of step ${step}: ${life.said}`)
      }
      yield* finish({ ...server.settings, LIVEDESK_FLOWS_FILE: file, FLOWS: String(flows) })
      yield* assertOnce(server, flows)
    }).pipe(Effect.provide(FlowServer.layerServer)), Breadth.timeout("flows: gaps in which the process is killed"))

  for (
    const [what, signal, campaign, flows] of [
      ["is killed", "SIGKILL", "flows: kills of the process", 400],
      ["gets SIGTERM", "SIGTERM", "flows: ends of the process by SIGTERM", Breadth.isFull ? 50 : 5]
    ] as const
  ) {
    if (Breadth.size(campaign) === 0) continue
    it.live(`at random moments: ${what}`, () =>
      Effect.gen(function*() {
        const server = yield* FlowServer.make
        const settings = {
          ...server.settings,
          LIVEDESK_FLOWS_FILE: join(yield* Folder.make, "flows.sqlite"),
          FLOWS: String(flows)
        }
        // So many requests after its first, and a little later: as many are left for the last life, however they fall.
        const most = Math.floor(flows * 5 / (Breadth.size(campaign) + 1))
        let ended = 0
        for (const _ of Breadth.cases(campaign)) {
          const requests = server.times.length + (yield* Random.nextIntBetween(0, most))
          const delay = yield* Random.nextIntBetween(0, 20)
          let struck = false
          const life = yield* live(settings, (kill) =>
            Effect.gen(function*() {
              while (server.times.length < requests) yield* Effect.sleep("1 millis")
              yield* Effect.sleep(delay)
              struck = true
              kill(signal)
            }))
          if (!struck) {
            assert.strictEqual(life.code, 0, life.said)
            break
          }
          ended++
        }
        assert.isAbove(ended, 0, `no process ${what}`)
        yield* finish(settings)
        yield* assertOnce(server, flows)
        process.stderr.write(`flows: ${flows} customers written to once; ${ended} times the process ${what}\n`)
      }).pipe(Effect.provide(FlowServer.layerServer)), Breadth.timeout(campaign))
  }
})
