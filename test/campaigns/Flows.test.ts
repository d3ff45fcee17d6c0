import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Random } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as FlowServer from "../FlowServer.ts"
import * as Folder from "../Folder.ts"
import * as Campaign from "./Campaign.ts"

const runner = fileURLToPath(new URL("../FlowRunner.ts", import.meta.url))

/** One life of the program that runs the flows: until its end, or until it is killed. */
const live = Effect.fnUntraced(function*(
  settings: Readonly<Record<string, string>>,
  meanwhile: (kill: (signal?: "SIGTERM") => void) => Effect.Effect<void> = () => Effect.void
) {
  const child = spawn(process.execPath, [runner], { env: settings, stdio: ["ignore", "pipe", "pipe"] })
  const said: Array<string> = []
  child.stdout.on("data", (chunk: Buffer) => said.push(String(chunk)))
  child.stderr.on("data", (chunk: Buffer) => said.push(String(chunk)))
  const kill = (signal: "SIGKILL" | "SIGTERM" = "SIGKILL") => void child.kill(signal)
  const other = yield* Effect.forkChild(meanwhile(kill))
  yield* Effect.promise(() => once(child, "close")).pipe(Effect.onInterrupt(() => Effect.sync(() => kill())))
  yield* Fiber.interrupt(other)
  return { code: child.exitCode, signal: child.signalCode, said: said.join("") }
})

const assertOnce = Effect.fnUntraced(function*(server: FlowServer.FlowServer, flows: number) {
  const done = FlowServer.done(yield* server.emulator.state)
  assert.deepStrictEqual(
    Array.from(done).filter(([, counts]) => counts.some((count) => count !== 1)),
    [],
    "customers without exactly one contact, one conversation and one message"
  )
  assert.strictEqual(done.size, flows)
})

const gaps = ["BeforeMark", "AfterMark", "InFlight", "Acted", "AfterAnswer", "AfterDone", "AfterReply"] as const

describe("flows whose process is killed", () => {
  it.live("in every gap", () =>
    Effect.gen(function*() {
      const server = yield* FlowServer.make
      const file = join(yield* Folder.make, "flows.sqlite")
      const steps = (yield* Campaign.size(1, 3)) === 3 ? [1, 2, 3] : [3]
      const deaths = steps.flatMap((step) => gaps.map((gap) => ({ gap, step })))
      for (const [index, { gap, step }] of deaths.entries()) {
        const settings = { ...server.settings, LIVEDESK_FLOWS_FILE: file, FLOWS: String(index + 1) }
        const life = yield* live({ ...settings, DIE: `${gap}:${step}` }, (kill) =>
          Effect.sync(() => {
            const strike = (post: number) => Effect.sync(() => post === step ? kill() : undefined)
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
      const last = yield* live({ ...server.settings, LIVEDESK_FLOWS_FILE: file, FLOWS: String(deaths.length) })
      assert.deepStrictEqual([last.code, last.said], [0, ""])
      yield* assertOnce(server, deaths.length)
    }).pipe(Effect.provide(FlowServer.layerServer)), Campaign.timeLimit)

  it.live("at random moments", () =>
    Effect.gen(function*() {
      const server = yield* FlowServer.make
      const file = join(yield* Folder.make, "flows.sqlite")
      const kills = yield* Campaign.size(4, 120)
      const flows = yield* Campaign.size(15, 400)
      const settings = { ...server.settings, LIVEDESK_FLOWS_FILE: file, FLOWS: String(flows) }
      let killed = 0
      while (killed < kills) {
        // So many requests after its first, and a little later; now and then it may say good-bye.
        const requests = yield* Random.nextIntBetween(0, Math.ceil(flows * 5 / kills))
        const delay = yield* Random.nextIntBetween(0, 20)
        const isGentle = (yield* Random.nextIntBetween(0, 3)) === 0
        const before = server.times.length
        let struck = false
        const life = yield* live(settings, (kill) =>
          Effect.gen(function*() {
            while (server.times.length < before + requests) yield* Effect.sleep("1 millis")
            yield* Effect.sleep(delay)
            struck = true
            kill(isGentle ? "SIGTERM" : undefined)
          }))
        if (!struck) {
          assert.strictEqual(life.code, 0, life.said)
          break
        }
        killed++
      }
      const last = yield* live(settings)
      assert.deepStrictEqual([last.code, last.said], [0, ""])
      yield* assertOnce(server, flows)
      process.stderr.write(`flows: ${flows} customers written to once, over ${killed} kills\n`)
    }).pipe(Effect.provide(FlowServer.layerServer)), Campaign.timeLimit)
})
