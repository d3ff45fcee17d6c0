/**
 * A raw TCP server on 127.0.0.1 that misbehaves on purpose, and remembers what it saw.
 */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { once } from "node:events"
import * as Net from "node:net"
import * as Tls from "node:tls"

/** How the server leaves a connection: with a FIN, with a RST, or not at all. */
export type Leave = "Close" | "Reset" | "Hang"

type ResponseHeaders = Readonly<Record<string, string>>

/**
 * What the server does to a connection.
 *
 * - `Refuse`: no process listens
 * - `OnAccept`, `OnFirstBytes`, `OnRequest`: leaves when it has the connection, its first bytes or a whole request
 *
 * and, each upon a whole request:
 *
 * - `Respond`: responds, and closes unless it `stays`
 * - `BreakOff`: sends less than its framing promises, then leaves
 * - `SlowBody`: sends what comes `first` at once and the rest a character at a time, 5 milliseconds apart, and closes
 * - `Raw`: writes what need not be HTTP; `at` the first bytes already, if so set
 * - `EndlessHeaders`, `EndlessBody`: as much as the peer takes
 */
export type Behaviour =
  | { readonly _tag: "Refuse" }
  | { readonly _tag: "OnAccept" | "OnFirstBytes" | "OnRequest"; readonly leave: Leave }
  | {
    readonly _tag: "Respond"
    readonly status: number
    readonly headers?: ResponseHeaders
    readonly body?: string | Uint8Array
    /** Whether the connection stays open, for the next request to meet the next behaviour. */
    readonly stays?: boolean
  }
  | {
    readonly _tag: "BreakOff"
    readonly status: number
    readonly framing: "Length" | "Chunked"
    readonly headers?: ResponseHeaders
    readonly body: string | Uint8Array
    readonly leave: Leave
  }
  | { readonly _tag: "SlowBody"; readonly status: number; readonly first?: string; readonly body: string }
  | { readonly _tag: "Raw"; readonly bytes: string; readonly at?: "FirstBytes" }
  | { readonly _tag: "EndlessHeaders" }
  | { readonly _tag: "EndlessBody"; readonly status: number; readonly chunk?: string }

/** A whole request, as it came. */
export interface Request {
  readonly line: string
  readonly headers: ResponseHeaders
  readonly body: string
}

export interface HostileServer {
  readonly url: string
  /** The whole requests that came, in order. */
  readonly requests: ReadonlyArray<Request>
  /** The behaviours that connections and requests met, in order. */
  readonly met: ReadonlyArray<Behaviour>
  /** What connections are to meet on which nothing came yet: a client may open some, and use them later. */
  readonly waiting: () => ReadonlyArray<Behaviour>
  /** How many connections are open. */
  readonly open: () => number
  /** Waits until no connection is open, and dies when some still is after two seconds. */
  readonly drained: Effect.Effect<void>
}

/** Starts a server, for TLS when options for it are given. Several behaviours are met in turn, the last again and again. */
export const make = Effect.fnUntraced(function*(
  behaviours: Behaviour | readonly [Behaviour, ...ReadonlyArray<Behaviour>],
  tls?: Tls.TlsOptions
): Effect.fn.Return<HostileServer, never, Scope.Scope> {
  const fork = yield* FiberSet.makeRuntime()
  const sockets = new Set<Net.Socket>()
  const waiting = new Map<Net.Socket, Behaviour>()
  const requests: Array<Request> = []
  const met: Array<Behaviour> = []
  const next = (): Behaviour => {
    const behaviour = "_tag" in behaviours
      ? behaviours
      : behaviours[Math.min(met.length, behaviours.length - 1)] ?? behaviours[0]
    met.push(behaviour)
    return behaviour
  }
  const accept = (socket: Net.Socket) => {
    sockets.add(socket)
    const behaviour = next()
    waiting.set(socket, behaviour)
    socket.once("data", () => waiting.delete(socket))
    socket.on("close", () => {
      sockets.delete(socket)
      waiting.delete(socket)
    })
    // The peer may reset, which is no fault of the server.
    socket.on("error", () => {})
    serve(socket, behaviour, next, requests, fork)
  }
  const server = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const server = tls === undefined ? Net.createServer({ noDelay: true }, accept) : Tls.createServer(tls, accept)
      server.on("tlsClientError", () => {})
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      return server
    }),
    (server) => stop(server, sockets)
  )
  const address = server.address()
  const port = address !== null && typeof address === "object" ? address.port : 0
  if ("_tag" in behaviours && behaviours._tag === "Refuse") yield* stop(server, sockets)
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    requests,
    met,
    waiting: () => [...waiting.values()],
    open: () => sockets.size,
    drained: Effect.suspend(() => sockets.size === 0 ? Effect.void : Effect.fail("open")).pipe(
      Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 400 }),
      Effect.mapError(() => new Error(`${sockets.size} connections are still open`)),
      Effect.orDie
    )
  }
})

const stop = (server: Net.Server, sockets: ReadonlySet<Net.Socket>): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
    for (const socket of sockets) socket.destroy()
  })

type Fork = (effect: Effect.Effect<unknown>) => unknown

const serve = (
  socket: Net.Socket,
  first: Behaviour,
  next: () => Behaviour,
  requests: Array<Request>,
  fork: Fork
): void => {
  let behaviour = first
  let isResponded = false
  if (behaviour._tag === "OnAccept") leave(socket, behaviour.leave)
  let received = Buffer.alloc(0)
  socket.on("data", (data) => {
    if (isResponded) behaviour = next()
    isResponded = false
    if (behaviour._tag === "OnFirstBytes") return leave(socket, behaviour.leave)
    if (behaviour._tag === "Raw" && behaviour.at === "FirstBytes") return void socket.end(behaviour.bytes)
    received = Buffer.concat([received, data])
    const request = parse(received)
    if (request === undefined) return
    received = Buffer.alloc(0)
    requests.push(request)
    isResponded = true
    act(socket, behaviour, fork)
  })
}

/** Reads a request, once it is whole; a client that waits for its response sends no second one behind it. */
const parse = (received: Buffer): Request | undefined => {
  const end = received.indexOf("\r\n\r\n")
  if (end === -1) return undefined
  const [line = "", ...fields] = received.toString("latin1", 0, end).split("\r\n")
  const headers = Object.fromEntries(fields.map((field): [string, string] => {
    const colon = field.indexOf(":")
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
  }))
  const body = received.subarray(end + 4)
  return body.length < Number(headers["content-length"] ?? "0")
    ? undefined
    : { line, headers, body: body.toString("utf8") }
}

const act = (socket: Net.Socket, behaviour: Behaviour, fork: Fork): void => {
  switch (behaviour._tag) {
    case "Refuse":
    case "OnAccept":
    case "OnFirstBytes":
      return
    case "OnRequest":
      return leave(socket, behaviour.leave)
    case "Respond": {
      const body = Buffer.from(behaviour.body ?? "")
      // A 204 has no body, and so no length of one.
      const length = behaviour.status === 204 ? {} : { "content-length": String(body.length) }
      socket.write(head(behaviour.status, {
        ...length,
        connection: behaviour.stays === true ? "keep-alive" : "close",
        ...behaviour.headers
      }))
      if (behaviour.stays === true) socket.write(body)
      else socket.end(body)
      return
    }
    case "BreakOff": {
      const { body, framing, headers, status } = behaviour
      socket.write(head(
        status,
        framing === "Length"
          ? { ...headers, "content-length": String(body.length + 1000) }
          : { ...headers, "transfer-encoding": "chunked" }
      ))
      if (body.length > 0) socket.write(framing === "Length" ? body : chunk(Buffer.from(body).toString("utf8")))
      // A RST makes the peer drop what it has not read yet.
      fork(Effect.andThen(Effect.sleep("50 millis"), Effect.sync(() => leave(socket, behaviour.leave))))
      return
    }
    case "SlowBody": {
      const { body, first = "", status } = behaviour
      socket.write(
        head(status, { "content-length": String(first.length + body.length), connection: "close" }) + first
      )
      fork(
        Effect.forEach(
          body,
          (character) => Effect.delay(Effect.sync(() => socket.destroyed || socket.write(character)), "5 millis"),
          { discard: true }
        ).pipe(Effect.andThen(Effect.sync(() => socket.end())))
      )
      return
    }
    case "Raw":
      return void socket.write(behaviour.bytes)
    case "EndlessHeaders":
      socket.write("HTTP/1.1 200 OK\r\n")
      return flood(socket, `x-flood: ${"x".repeat(1000)}\r\n`)
    case "EndlessBody":
      socket.write(head(behaviour.status, { "transfer-encoding": "chunked" }))
      return flood(socket, chunk(behaviour.chunk ?? "x".repeat(16_384)))
  }
}

const head = (status: number, headers: ResponseHeaders): string =>
  `HTTP/1.1 ${status} Hostile\r\n` +
  Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("") +
  "\r\n"

const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

const leave = (socket: Net.Socket, how: Leave): void => {
  if (how === "Close") socket.end()
  if (how === "Reset") socket.resetAndDestroy()
}

/** Writes the same again and again, as fast as the peer reads, until the connection is gone. */
const flood = (socket: Net.Socket, text: string): void => {
  // A write of a few bytes costs as much as one of many.
  const much = text.repeat(Math.ceil(16_384 / text.length))
  const pump = () => {
    while (!socket.destroyed && socket.write(much)) {
      // Until the buffer is full.
    }
  }
  socket.on("drain", pump)
  pump()
}
