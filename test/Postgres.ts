import { Effect } from "effect"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { globSync } from "node:fs"
import { chmod, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as FreePort from "./FreePort.ts"

const find = (name: string): string | undefined =>
  [name, ...globSync(`/usr/lib/postgresql/*/bin/${name}`).reverse()]
    .find((command) => spawnSync(command, ["--version"]).status === 0)

const initdb = find("initdb")
const postgres = find("postgres")

// It refuses to run as root.
const isRoot = process.getuid?.() === 0
const user = ["postgres", "nobody"].find((user) => spawnSync("id", ["-u", user]).status === 0)

/** Whether `make` can be used. */
export const isInstalled = initdb !== undefined && postgres !== undefined &&
  (!isRoot || (user !== undefined && spawnSync("setpriv", ["--version"]).status === 0))

const asUser = (command: string, args: ReadonlyArray<string>): readonly [string, Array<string>] =>
  isRoot && user !== undefined
    ? ["setpriv", [`--reuid=${user}`, "--clear-groups", command, ...args]]
    : [command, [...args]]

const start = async (folder: string, port: number): Promise<ChildProcess> => {
  const data = join(folder, "data")
  const made = spawnSync(...asUser(initdb ?? "", ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync"]), {
    encoding: "utf8"
  })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const server = spawn(...asUser(postgres ?? "", [
    "-D",
    data,
    "-p",
    String(port),
    "-k",
    folder,
    "-c",
    "listen_addresses=127.0.0.1",
    "-c",
    "fsync=off"
  ]))
  for await (const line of server.stderr) if (String(line).includes("ready to accept connections")) break
  server.stderr.resume()
  return server
}

const stop = (server: ChildProcess) =>
  Effect.promise(async () => {
    if (server.exitCode !== null) return
    // Without waiting for its clients.
    server.kill("SIGINT")
    await once(server, "exit")
  })

const folder = Effect.acquireRelease(
  Effect.promise(async () => {
    const folder = await mkdtemp(join(tmpdir(), "effect-livedesk-"))
    await chmod(folder, 0o777)
    return folder
  }),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** The address of a PostgreSQL of its own, gone at the end of the scope. */
export const make = Effect.gen(function*() {
  const data = yield* folder
  const port = yield* FreePort.make
  yield* Effect.acquireRelease(Effect.promise(() => start(data, port)), stop)
  return `postgres://postgres@127.0.0.1:${port}/postgres`
})
