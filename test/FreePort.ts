import { Effect } from "effect"
import { once } from "node:events"
import * as Net from "node:net"

/** A port that nobody listens on. */
export const make: Effect.Effect<number> = Effect.promise(async () => {
  const server = Net.createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  return address !== null && typeof address === "object" ? address.port : 0
})
