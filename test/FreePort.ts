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
 * The first of so many free ports in a row. They are below the range from which systems give ports by themselves,
 * so that no other program gets one in the meantime.
 */
export const inARow = (count: number): Effect.Effect<number> =>
  Effect.promise(async () => {
    for (;;) {
      const first = randomInt(10_000, 30_000)
      const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)))
      if (free.every(Boolean)) return first
    }
  })

/** A port on which no process listens. */
export const make: Effect.Effect<number> = inARow(1)
