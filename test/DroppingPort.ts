/**
 * A port on 127.0.0.1 at which no connection is ever made: the kernel drops its SYNs, as a firewall does.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { once } from "node:events"
import * as Net from "node:net"
import { Worker } from "node:worker_threads"

// A worker that listens and then never accepts. Two connections fill its queue.
const program = `
const { parentPort } = require("node:worker_threads")
const server = require("node:net").createServer()
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  parentPort.postMessage(server.address().port)
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
})
`

/** Gives the port's address until the scope ends. */
export const make: Effect.Effect<string, never, Scope.Scope> = Effect.gen(function*() {
  const port = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const worker = new Worker(program, { eval: true })
      const [port]: ReadonlyArray<unknown> = await once(worker, "message")
      return { worker, port: Number(port) }
    }),
    ({ worker }) => Effect.promise(() => worker.terminate())
  )
  yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const fillers = [0, 1].map(() => Net.connect(port.port, "127.0.0.1"))
      await Promise.all(fillers.map((filler) => once(filler, "connect")))
      return fillers
    }),
    (fillers) => Effect.sync(() => fillers.forEach((filler) => filler.destroy()))
  )
  return `http://127.0.0.1:${port.port}`
})
