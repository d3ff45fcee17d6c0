import { Effect } from "effect"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as FreePort from "./FreePort.ts"

/** Whether `make` can be used; where not, a line of the test's report says what is left out. */
export const isInstalled = spawnSync("redis-server", ["--version"]).status === 0

const start = async (port: number): Promise<ChildProcess> => {
  const server = spawn("redis-server", [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    "no"
  ])
  for await (const line of server.stdout) if (String(line).includes("Ready to accept connections")) break
  // What it still has to say is of no interest, but must not stop it.
  server.stdout.resume()
  return server
}

const stop = (server: ChildProcess) =>
  Effect.promise(async () => {
    if (server.exitCode !== null) return
    server.kill()
    await once(server, "exit")
  })

/** The address of a Redis of its own, gone at the end of the scope. */
export const make = Effect.gen(function*() {
  const port = yield* FreePort.make
  yield* Effect.acquireRelease(Effect.promise(() => start(port)), stop)
  return `redis://127.0.0.1:${port}`
})
