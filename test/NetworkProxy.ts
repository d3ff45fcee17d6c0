/**
 * A TCP proxy on 127.0.0.1 that treats each connection as a bad network does.
 */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import { once } from "node:events"
import * as Net from "node:net"

/**
 * The treatment of a connection. `after` counts the bytes of the `side` that still pass.
 *
 * - `Pass`: forwards each piece after `delay` milliseconds
 * - `Reject`: resets as soon as the connection is there
 * - `Stall`: forwards nothing more and keeps the connection
 * - `Break`: forwards nothing more and ends the connection, by a RST if it `resets`
 * - `Repeat`: sends each piece of a response twice
 */
export type Treatment =
  | { readonly _tag: "Pass"; readonly delay: number }
  | { readonly _tag: "Reject" }
  | { readonly _tag: "Stall"; readonly side: Side; readonly after: number }
  | { readonly _tag: "Break"; readonly side: Side; readonly after: number; readonly resets: boolean }
  | { readonly _tag: "Repeat" }

export type Side = "Request" | "Response"

/** Starts a proxy to a port, with a treatment for each connection, the last for all after it. */
export const make = Effect.fnUntraced(function*(
  port: number,
  treatments: readonly [Treatment, ...ReadonlyArray<Treatment>]
): Effect.fn.Return<{ readonly url: string }, never, Scope.Scope> {
  const fork = yield* FiberSet.makeRuntime()
  const clients = new Set<Net.Socket>()
  const servers = new Set<Net.Socket>()
  let accepted = 0
  const accept = (client: Net.Socket) => {
    const treatment = treatments[Math.min(accepted++, treatments.length - 1)] ?? treatments[0]
    keep(clients, client)
    if (treatment._tag === "Reject") return void client.resetAndDestroy()
    const server = Net.connect({ port, host: "127.0.0.1", noDelay: true })
    keep(servers, server)
    client.on("close", () => server.end())
    server.on("close", () => client.end())
    const end = () => {
      if (treatment._tag !== "Break") return
      if (treatment.resets) client.resetAndDestroy()
      else client.end()
    }
    /** Writes a piece, unless the other side is gone meanwhile. */
    const put = (to: Net.Socket, piece: Buffer) => {
      if (!to.destroyed && !to.writableEnded) to.write(piece)
    }
    // A delay that is the same for all pieces keeps their order.
    const write = (to: Net.Socket, piece: Buffer) => {
      if (treatment._tag !== "Pass" || treatment.delay === 0) return put(to, piece)
      fork(Effect.delay(Effect.sync(() => put(to, piece)), treatment.delay))
    }
    const forward = (side: Side, from: Net.Socket, to: Net.Socket) => {
      let left = "side" in treatment && treatment.side === side ? treatment.after : Infinity
      from.on("data", (piece) => {
        if (left <= 0) return
        write(to, piece.byteLength > left ? piece.subarray(0, left) : piece)
        if (treatment._tag === "Repeat" && side === "Response") put(to, piece)
        left -= piece.byteLength
        if (left <= 0) end()
      })
    }
    forward("Request", client, server)
    forward("Response", server, client)
  }
  const proxy = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const proxy = Net.createServer({ noDelay: true }, accept)
      proxy.listen(0, "127.0.0.1")
      await once(proxy, "listening")
      return proxy
    }),
    (proxy) =>
      Effect.promise(async () => {
        proxy.close()
        for (const client of clients) client.destroy()
        // The server still processes what it has received, and then closes.
        for (const server of servers) server.end()
        await Promise.all([...servers].map((server) => once(server, "close")))
      })
  )
  const address = proxy.address()
  return { url: `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}` }
})

const keep = (sockets: Set<Net.Socket>, socket: Net.Socket): void => {
  sockets.add(socket)
  socket.on("close", () => sockets.delete(socket))
  // The peer may reset at any time.
  socket.on("error", () => {})
}
