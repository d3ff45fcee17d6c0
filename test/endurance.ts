/**
 * Prints what 100,000 calls leave behind when a third of them fail: heap, sockets, timers and fibers after every
 * 10,000. Not a test: what it prints is to be looked at, and must stay flat. Run with `pnpm endurance`.
 */
import { Contacts } from "@effect-livedesk/core"
import { NodeLiveDesk } from "@effect-livedesk/node"
import { NodeRuntime } from "@effect/platform-node"
import { Array, Console, Effect, identity, Layer, Metric, Redacted, Result } from "effect"
import { readFileSync } from "node:fs"
import * as LocalServer from "./LocalServer.ts"

const body = readFileSync(new URL("fixtures/create-contact.json", import.meta.url))

/** A server that responds by turns: most of the time with a contact, else with a failure of each kind. */
const server = Effect.suspend(() => {
  let count = 0
  return LocalServer.make((request, response) => {
    request.resume()
    switch (count++ % 18) {
      case 3:
        return response.writeHead(500).end("<html>")
      case 6:
        return response.writeHead(422, { "content-type": "application/json" }).end("{\"message\":\"no\"}")
      case 9:
        return request.socket.resetAndDestroy()
      case 12:
        return response.writeHead(200, { "content-length": body.length }).write(
          body.subarray(0, 100),
          () => request.socket.destroy()
        )
      case 15:
        // No response: the call's timeout passes.
        return
      default:
        return response.writeHead(200, { "content-type": "application/json" }).end(body)
    }
  })
})

class Fibers implements Metric.FiberRuntimeMetricsService {
  active = 0
  recordFiberStart(): void {
    this.active += 1
  }
  recordFiberEnd(): void {
    this.active -= 1
  }
}

const countOf = (resource: string): number =>
  process.getActiveResourcesInfo().filter((name) => name === resource).length

const measure = Effect.fnUntraced(function*(way: string, transformed: boolean) {
  const fibers = new Fibers()
  const layer = Layer.unwrap(Effect.map(server, (baseUrl) =>
    NodeLiveDesk.layer({
      apiKey: Redacted.make("a-key"),
      apiSecret: Redacted.make("a-secret"),
      baseUrl,
      timeout: 100,
      retries: { times: 1, baseDelay: 1 },
      ...(transformed ? { transformClient: identity } : undefined)
    })))
  const calls = Effect.gen(function*() {
    const { create } = yield* Contacts.Contacts
    let failed = 0
    const call = Effect.map(Effect.result(create({ inboxId: 407, name: "Ada" })), (result) => {
      if (Result.isFailure(result)) failed += 1
    })
    for (let round = 1; round <= 10; round++) {
      yield* Effect.forEach(Array.range(1, 10_000), () => call, { concurrency: 100, discard: true })
      globalThis.gc?.()
      yield* Console.log(
        `${way}, ${round * 10_000} calls, ${failed} failed: heap ${
          (process.memoryUsage().heapUsed / 2 ** 20).toFixed(1)
        } MB, ` +
          `${countOf("TCPSocketWrap")} sockets, ${countOf("Timeout")} timers, ${fibers.active} fibers`
      )
    }
  })
  yield* Effect.provide(calls, layer).pipe(Effect.provideService(Metric.FiberRuntimeMetrics, fibers))
})

Effect.gen(function*() {
  yield* measure("undici", false)
  yield* measure("undici as an HttpClient", true)
}).pipe(NodeRuntime.runMain)
