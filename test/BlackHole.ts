/**
 * A port at 127.0.0.1 that drops SYNs, as a network does that drops packets: its backlog is full, and nothing accepts.
 */
import { Effect, type Scope } from "effect"
import { once } from "node:events"
import * as Net from "node:net"
import { Worker } from "node:worker_threads"

/** Listens with the smallest backlog, and blocks its thread. */
const program = `
  const server = require("node:net").createServer()
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    require("node:worker_threads").parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })
`

/** Opens the port until the scope ends, and gives its number. */
export const make: Effect.Effect<number, never, Scope.Scope> = Effect.gen(function*() {
  const worker = yield* Effect.acquireRelease(
    Effect.sync(() => new Worker(program, { eval: true })),
    (worker) => Effect.promise(() => worker.terminate())
  )
  const port = Number((yield* Effect.promise(() => once(worker, "message")))[0])
  // Fills the backlog, until a connection does not come about.
  while (yield* connects(port));
  return port
})

const connects = (port: number) =>
  Effect.flatMap(
    Effect.acquireRelease(
      Effect.sync(() => Net.connect(port, "127.0.0.1").on("error", () => {})),
      (socket) => Effect.sync(() => socket.destroy())
    ),
    (socket) =>
      Effect.promise((signal) => once(socket, "connect", { signal })).pipe(
        Effect.timeout("200 millis"),
        Effect.isSuccess
      )
  )
