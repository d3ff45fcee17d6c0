/**
 * A proxy at 127.0.0.1 that makes tunnels by CONNECT, or fails on purpose, and remembers what it was asked for.
 */
import { Effect, type Scope } from "effect"
import { once } from "node:events"
import * as Http from "node:http"
import * as Https from "node:https"
import * as Net from "node:net"
import type * as Tls from "node:tls"

/**
 * What becomes of a tunnel.
 *
 * - `Open`: it leads where it should; with `password`, only for a user `alice` who has it
 * - `Refuse`: the proxy responds with a status
 * - `Hang`, `Drop`: the proxy says nothing, or closes the connection
 * - `DropOnData`: it opens, and breaks with the first bytes that go into it
 */
export type Behaviour =
  | { readonly _tag: "Open"; readonly password?: string }
  | { readonly _tag: "Refuse"; readonly status: number }
  | { readonly _tag: "Hang" | "Drop" | "DropOnData" }

export interface ConnectProxy {
  readonly port: number
  /** The targets of tunnels, in order. */
  readonly tunnels: ReadonlyArray<string>
  /** Requests that were to be forwarded without a tunnel. */
  readonly forwarded: ReadonlyArray<string>
  /** How many connections are open. */
  readonly open: () => number
}

/** Starts a proxy that does so, for TLS when options for it are given. */
export const make = (behaviour: Behaviour, tls?: Tls.TlsOptions): Effect.Effect<ConnectProxy, never, Scope.Scope> =>
  Effect.gen(function*() {
    const tunnels: Array<string> = []
    const forwarded: Array<string> = []
    const sockets = new Set<Net.Socket>()
    const forward: Http.RequestListener = (request, response) => {
      forwarded.push(String(request.url))
      response.writeHead(400).end()
    }
    const server = tls === undefined ? Http.createServer(forward) : Https.createServer(tls, forward)
    const keep = (socket: Net.Socket) => {
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket)).on("error", () => {})
    }
    server.on("connection", keep)
    server.on("connect", (request, socket: Net.Socket) => {
      tunnels.push(String(request.url))
      switch (behaviour._tag) {
        case "Refuse":
          return socket.end(`HTTP/1.1 ${behaviour.status} No\r\ncontent-length: 0\r\n\r\n`)
        case "Hang":
          // Notices when the client is gone.
          return socket.resume().once("end", () => socket.destroy())
        case "Drop":
          return socket.destroy()
        case "DropOnData":
          socket.write("HTTP/1.1 200 OK\r\n\r\n")
          return socket.once("data", () => socket.destroy())
        case "Open": {
          const { password } = behaviour
          if (
            password !== undefined && request.headers["proxy-authorization"] !== `Basic ${btoa(`alice:${password}`)}`
          ) {
            return socket.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
          }
          const { hostname, port } = new URL(`http://${request.url}`)
          const target = Net.connect(Number(port === "" ? 80 : port), hostname, () => {
            socket.write("HTTP/1.1 200 OK\r\n\r\n")
            socket.pipe(target).pipe(socket)
          })
          keep(target)
          socket.on("close", () => target.destroy())
          return target.on("close", () => socket.destroy())
        }
      }
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => once(server.listen(0, "127.0.0.1"), "listening")),
      () =>
        Effect.sync(() => {
          server.close()
          for (const socket of sockets) socket.destroy()
        })
    )
    const address = server.address()
    const port = address !== null && typeof address === "object" ? address.port : 0
    return { port, tunnels, forwarded, open: () => sockets.size }
  })
