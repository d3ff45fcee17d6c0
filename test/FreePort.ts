import { Effect } from "effect"
import { randomInt } from "node:crypto"
import { once } from "node:events"
import * as Net from "node:net"

const isFree = async (port: number): Promise<boolean> => {
  const server = Net.createServer()
  try {
    server.listen(port, "127.0.0.1")
    await once(server, "listening")
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

/**
 * The first of so many ports in a row that nobody listens on. They are below those that systems give to whoever asks for any,
 * so that nobody is given one in the meantime.
 */
export const inARow = (count: number): Effect.Effect<number> =>
  Effect.promise(async () => {
    for (;;) {
      const first = randomInt(10_000, 30_000)
      const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)))
      if (free.every(Boolean)) return first
    }
  })

/** A port that nobody listens on. */
export const make: Effect.Effect<number> = inARow(1)
