import { Contacts, type LiveDeskClient, type LiveDeskError } from "@effect-livedesk/core"
import { NodeLiveDesk, NodeTransport } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Fiber, Layer, Redacted, Schedule } from "effect"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Tls from "node:tls"
import * as BlackHole from "../BlackHole.ts"
import * as Breadth from "../Breadth.ts"
import * as ConnectProxy from "../ConnectProxy.ts"
import * as HostileServer from "../HostileServer.ts"
import * as LocalServer from "../LocalServer.ts"
import * as Transports from "../Transports.ts"

const undiciWays = [
  ["undici", Transports.layers.undici],
  ["undici as an HttpClient", Transports.layers["undici as an HttpClient"]]
] as const

const optionsFor = (baseUrl: string): LiveDeskClient.Options => ({
  apiKey: Redacted.make("a-key"),
  apiSecret: Redacted.make("a-secret"),
  baseUrl
})

const create = Effect.flatMap(Contacts.Contacts, (contacts) => contacts.create({ inboxId: 407, name: "Alice" }))

const ok =
  "{\"payload\":{\"contact\":{\"id\":7},\"contact_inbox\":{\"source_id\":\"1d484823-da29-4086-a7ba-d65ad0ebb588\"}}}"

const responds = { _tag: "Respond", status: 200, body: ok } as const

const fixture = (name: string): string =>
  Fs.readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), "utf8")

const certificate = { cert: fixture("trusted"), key: fixture("key") }

/** Trusts the authority that signed the certificate, as long as the scope is open. */
const trust = Effect.acquireRelease(
  Effect.sync(() => {
    const before = Tls.getCACertificates("default")
    Tls.setDefaultCACertificates([...before, fixture("ca")])
    return before
  }),
  (before) => Effect.sync(() => Tls.setDefaultCACertificates(before))
)

const until = (isSo: () => boolean) =>
  Effect.retry(Effect.suspend(() => isSo() ? Effect.void : Effect.fail("not yet")), Schedule.spaced("2 millis"))

/** Outcome, reason and what tells more. */
const factsOf = ({ outcome, reason }: LiveDeskError.LiveDeskError) => [
  outcome,
  reason._tag,
  ..."kind" in reason ? [reason.kind, reason.code] : "phase" in reason ? [reason.phase] : []
]

// ---------------------------------------------------------------------------------------------------------------------
// connecting
// ---------------------------------------------------------------------------------------------------------------------

/** Where no connection comes about: SYNs are dropped, or a TLS handshake gets no response. */
const nowhere = {
  "a port that drops SYNs": Effect.map(BlackHole.make, (port) => `http://127.0.0.1:${port}`),
  "a TLS port that says nothing": Effect.map(
    HostileServer.make({ _tag: "OnRequest", leave: "Hang" }),
    ({ url }) => url.replace("http:", "https:")
  )
}

describe("a call that gets no connection until its timeout", () => {
  /** The defaults together in `test:full`. undici's timers are late by up to a second. */
  const options = Breadth.isFull ? {} : { timeout: "1 second", connectTimeout: "10 seconds" } as const

  it.live.each(Object.entries(nowhere))(
    "is NotSent where the transport knows it, at %s",
    ([, url]) =>
      Effect.gen(function*() {
        const errors = yield* Effect.forEach(
          Object.values(Transports.layers),
          (layer) =>
            Effect.flatMap(
              url,
              (url) => Effect.provide(Effect.flip(create), layer({ ...optionsFor(url), ...options }))
            ),
          {
            concurrency: "unbounded"
          }
        )
        const notSent = ["NotSent", "TimedOut", "Connecting"]
        // fetch does not say whether it has a connection.
        const unknown = ["Unknown", "TimedOut", "AwaitingResponse"]
        assert.deepStrictEqual(errors.map(factsOf), [notSent, notSent, unknown, unknown])
        assert.deepStrictEqual(errors.map(({ attempts = 1 }) => attempts), Array(4).fill(Breadth.isFull ? 3 : 1))
      }).pipe(Effect.scoped),
    45_000
  )
})

/** A port that holds connections back, and lets them through to another on demand. */
const gate = (to: string) =>
  Effect.gen(function*() {
    const held: Array<Net.Socket> = []
    const all = new Set<Net.Socket>()
    const server = Net.createServer((socket) => {
      held.push(socket)
      all.add(socket)
      socket.on("error", () => {})
    })
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.sync(() => {
          server.close()
          for (const socket of all) socket.destroy()
        })
    )
    const address = server.address()
    const release = () => {
      for (const socket of held.splice(0)) {
        const target = Net.connect(Number(new URL(to).port), "127.0.0.1").on("error", () => {})
        all.add(target)
        socket.pipe(target).pipe(socket)
      }
    }
    return {
      url: `https://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`,
      held,
      /** How many connections are open. */
      open: () => [...all].filter(({ destroyed }) => !destroyed).length,
      release
    }
  })

describe.each(undiciWays)("a request that is interrupted while it connects, over %s", (_, layer) => {
  it.live("is not written when the connection comes about", () =>
    Effect.gen(function*() {
      yield* trust
      const server = yield* HostileServer.make(responds, certificate)
      const { held, open, release, url } = yield* gate(server.url)
      yield* Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(create)
        yield* until(() => held.length === 1)
        yield* Fiber.interrupt(fiber)
        release()
        // undici drops the connection once it stands.
        yield* until(() => open() === 0)
        const second = yield* Effect.forkChild(create)
        yield* until(() => {
          release()
          return server.requests.length > 0
        })
        yield* Fiber.join(second)
      }).pipe(Effect.provide(layer({ ...optionsFor(url), retries: { times: 0 } })))
      assert.strictEqual(server.requests.length, 1)
    }).pipe(Effect.scoped))
})

// ---------------------------------------------------------------------------------------------------------------------
// the bound on connections
// ---------------------------------------------------------------------------------------------------------------------

const page = JSON.stringify({ meta: { count: 0, current_page: 1 }, payload: [] })

const list = Effect.flatMap(Contacts.Contacts, (contacts) => contacts.list({}))

describe.each(undiciWays)("connections, over %s", (_, layer) => {
  it.live("are no more than the bound, and every call gets its turn", () =>
    Effect.gen(function*() {
      let most = 0
      let requests = 0
      const sockets = new Set<Net.Socket>()
      const url = yield* LocalServer.make((request, response) => {
        requests++
        const { socket } = request
        if (!sockets.has(socket)) socket.on("close", () => sockets.delete(socket))
        sockets.add(socket)
        most = Math.max(most, sockets.size)
        setImmediate(() => response.setHeader("content-type", "application/json").end(page))
      })
      yield* Effect.all(Array.from({ length: 300 }, () => list), { concurrency: "unbounded" }).pipe(
        Effect.provide(layer({ ...optionsFor(url), maxConnections: 7 }))
      )
      assert.deepStrictEqual([most, requests], [7, 300])
    }).pipe(Effect.scoped))

  it.live("a call whose timeout passes in the queue is NotSent, and says what it waited for", () =>
    Effect.gen(function*() {
      const server = yield* HostileServer.make({ _tag: "OnRequest", leave: "Hang" })
      yield* Effect.gen(function*() {
        const first = yield* Effect.forkChild(create)
        yield* until(() => server.requests.length === 1)
        const contacts = yield* Contacts.Contacts
        const error = yield* Effect.flip(contacts.create({ inboxId: 407 }, { timeout: "50 millis" }))
        assert.deepStrictEqual(factsOf(error), ["NotSent", "TimedOut", "Queued"])
        assert.include(error.message, "the call was still waiting for a free connection after 50ms. Nothing was sent.")
        yield* Fiber.interrupt(first)
      }).pipe(Effect.provide(layer({ ...optionsFor(server.url), maxConnections: 1 })))
      assert.strictEqual(server.requests.length, 1)
    }).pipe(Effect.scoped))

  it.live("a call that is interrupted in the queue opens no connection, and the next gets its turn", () =>
    Effect.gen(function*() {
      const server = yield* HostileServer.make([{ _tag: "OnRequest", leave: "Hang" }, responds])
      yield* Effect.gen(function*() {
        const first = yield* Effect.forkChild(create)
        yield* until(() => server.requests.length === 1)
        const second = yield* Effect.forkChild(create)
        const third = yield* Effect.forkChild(create)
        yield* Effect.sleep("20 millis")
        yield* Fiber.interrupt(second)
        yield* Fiber.interrupt(first)
        yield* Fiber.join(third)
      }).pipe(Effect.provide(layer({ ...optionsFor(server.url), maxConnections: 1 })))
      assert.deepStrictEqual([server.requests.length, server.met.length], [2, 2])
    }).pipe(Effect.scoped))

  it.live("count a connect whose call was interrupted, until undici is done with it", () =>
    Effect.gen(function*() {
      const port = yield* BlackHole.make
      yield* Effect.gen(function*() {
        const contacts = yield* Contacts.Contacts
        const once = (timeout: "50 millis" | "10 seconds") =>
          Effect.map(Effect.flip(contacts.create({ inboxId: 407 }, { timeout, retries: { times: 0 } })), factsOf)
        assert.deepStrictEqual(yield* once("50 millis"), ["NotSent", "TimedOut", "Connecting"])
        assert.deepStrictEqual(yield* once("50 millis"), ["NotSent", "TimedOut", "Queued"])
        const connectTimedOut = ["NotSent", "ConnectionFailed", "TimedOut", "UND_ERR_CONNECT_TIMEOUT"]
        assert.deepStrictEqual(yield* once("10 seconds"), connectTimedOut)
      }).pipe(
        Effect.provide(
          layer({ ...optionsFor(`http://127.0.0.1:${port}`), maxConnections: 1, connectTimeout: "500 millis" })
        )
      )
    }).pipe(Effect.scoped))

  it.live("that are closed fail every call that waits, however many there are", () =>
    Effect.gen(function*() {
      const server = yield* HostileServer.make({ _tag: "OnRequest", leave: "Hang" })
      const fibers = yield* Effect.gen(function*() {
        const calls = yield* Effect.forEach(Array(3_000), () => Effect.forkDetach(Effect.flip(create)))
        yield* until(() => server.requests.length === 1)
        return calls
      }).pipe(
        Effect.provide(layer({ ...optionsFor(server.url), maxConnections: 1, retries: { times: 0 } }))
      )
      const [first, ...rest] = yield* Effect.forEach(fibers, Fiber.join)
      assert.strictEqual(first?.outcome, "Unknown")
      assert.deepStrictEqual(new Set(rest.map(({ outcome }) => outcome)), new Set(["NotSent"]))
      assert.strictEqual(server.requests.length, 1)
    }).pipe(Effect.scoped))
})

// ---------------------------------------------------------------------------------------------------------------------
// proxies
// ---------------------------------------------------------------------------------------------------------------------

const proxyAt = (port: number, credentials = "") => Redacted.make(`http://${credentials}127.0.0.1:${port}`)

describe.each(undiciWays)("a proxy, over %s", (_, layer) => {
  /** What a call through a proxy fails with; the server of LiveDesk's place, which must be reached by no other way. */
  const fails = (behaviour: ConnectProxy.Behaviour, options: Partial<NodeLiveDesk.Options> = {}, credentials = "") =>
    Effect.gen(function*() {
      yield* trust
      const server = yield* HostileServer.make(responds, certificate)
      const proxy = yield* ConnectProxy.make(behaviour)
      const once = { ...optionsFor(server.url), retries: { times: 0 }, proxy: proxyAt(proxy.port, credentials) }
      const error = yield* Effect.flip(create).pipe(Effect.provide(layer({ ...once, ...options })))
      assert.deepStrictEqual(server.requests, [])
      assert.deepStrictEqual(proxy.tunnels, [server.url.slice("https://".length)])
      assert.notInclude(JSON.stringify(error) + error.message, "canary")
      return { error, proxy }
    })

  it.live.each(["http", "https"] as const)(
    "makes a tunnel to %s, and another call uses it",
    (scheme) =>
      Effect.gen(function*() {
        yield* trust
        const stays = { ...responds, stays: true }
        // A server that prefers HTTP/2, which undici would take.
        const tls = { ...certificate, ALPNProtocols: ["h2", "http/1.1"] }
        const server = yield* HostileServer.make(stays, scheme === "https" ? tls : undefined)
        const proxy = yield* ConnectProxy.make({ _tag: "Open", password: "canary p%" })
        yield* Effect.gen(function*() {
          yield* create
          yield* Effect.sleep("10 millis")
          yield* create
        }).pipe(
          Effect.provide(layer({ ...optionsFor(server.url), proxy: proxyAt(proxy.port, "alice:canary%20p%25@") }))
        )
        assert.deepStrictEqual(proxy.tunnels, [server.url.slice(`${scheme}://`.length)])
        assert.deepStrictEqual(
          server.requests.map(({ line }) => line),
          Array(2).fill(
            "POST /api/v2/accounts/contacts HTTP/1.1"
          )
        )
        assert.isUndefined(server.requests[0]?.headers["proxy-authorization"])
      }).pipe(Effect.scoped)
  )

  it.live("that is reached by https makes a tunnel", () =>
    Effect.gen(function*() {
      yield* trust
      const server = yield* HostileServer.make(responds, certificate)
      const proxy = yield* ConnectProxy.make({ _tag: "Open" }, { ...certificate, ALPNProtocols: ["h2", "http/1.1"] })
      yield* create.pipe(
        Effect.provide(
          layer({ ...optionsFor(server.url), proxy: Redacted.make(`https://localhost:${proxy.port}`) })
        )
      )
      assert.strictEqual(proxy.tunnels.length, 1)
    }).pipe(Effect.scoped))

  it.live.each([403, 407, 502, 204])(
    "that refuses the tunnel with %s is named, and nothing was sent",
    (status) =>
      Effect.gen(function*() {
        const { error, proxy } = yield* fails({ _tag: "Refuse", status })
        assert.deepStrictEqual(factsOf(error), ["NotSent", "ConnectionFailed", "ProxyFailed", `HTTP_${status}`])
        assert.include(
          error.message,
          `the proxy made no connection to LiveDesk: http://127.0.0.1:${proxy.port} (HTTP_${status}). Nothing was sent`
        )
      }).pipe(Effect.scoped)
  )

  it.live("that does not take the password refuses with 407, and the error shows none", () =>
    Effect.gen(function*() {
      const { error } = yield* fails({ _tag: "Open", password: "right" }, {}, "alice:canary@")
      assert.deepStrictEqual(factsOf(error), ["NotSent", "ConnectionFailed", "ProxyFailed", "HTTP_407"])
    }).pipe(Effect.scoped))

  it.live("that drops the connection fails the call, and nothing was sent", () =>
    Effect.gen(function*() {
      const { error } = yield* fails({ _tag: "Drop" })
      assert.deepStrictEqual(factsOf(error).slice(0, 3), ["NotSent", "ConnectionFailed", "ProxyFailed"])
    }).pipe(Effect.scoped))

  it.live("that says nothing is given up after the connect timeout", () =>
    Effect.gen(function*() {
      const { error, proxy } = yield* fails({ _tag: "Hang" }, { connectTimeout: "300 millis" })
      assert.deepStrictEqual(factsOf(error), [
        "NotSent",
        "ConnectionFailed",
        "ProxyFailed",
        "UND_ERR_HEADERS_TIMEOUT"
      ])
      yield* until(() => proxy.open() === 0)
    }).pipe(Effect.scoped))

  it.live("that says nothing until the call's timeout has sent nothing", () =>
    Effect.gen(function*() {
      const { error } = yield* fails({ _tag: "Hang" }, { timeout: "300 millis" })
      assert.deepStrictEqual(factsOf(error), ["NotSent", "TimedOut", "Connecting"])
    }).pipe(Effect.scoped))

  it.live("that drops the tunnel in the TLS handshake fails the call, and nothing was sent", () =>
    Effect.gen(function*() {
      const { error } = yield* fails({ _tag: "DropOnData" })
      assert.deepStrictEqual(factsOf(error).slice(0, 3), ["NotSent", "ConnectionFailed", "TlsFailed"])
    }).pipe(Effect.scoped))

  it.live("that drops the tunnel after the request was written leaves the outcome unknown", () =>
    Effect.gen(function*() {
      const proxy = yield* ConnectProxy.make({ _tag: "DropOnData" })
      const error = yield* Effect.flip(create).pipe(
        Effect.provide(layer({ ...optionsFor("http://livedesk.invalid"), proxy: proxyAt(proxy.port) }))
      )
      assert.deepStrictEqual(factsOf(error), ["Unknown", "ConnectionLost", "AwaitingResponse"])
      assert.deepStrictEqual([proxy.tunnels, proxy.forwarded], [["livedesk.invalid:80"], []])
    }).pipe(Effect.scoped))

  it.live("that cannot be reached is named, not LiveDesk", () =>
    Effect.gen(function*() {
      const { url } = yield* HostileServer.make({ _tag: "Refuse" })
      const server = yield* HostileServer.make(responds)
      const error = yield* Effect.flip(create).pipe(
        Effect.provide(layer({ ...optionsFor(server.url), proxy: Redacted.make(url) }))
      )
      assert.deepStrictEqual(factsOf(error), ["NotSent", "ConnectionFailed", "ProxyFailed", "ECONNREFUSED"])
      assert.include(error.message, url)
      assert.deepStrictEqual(server.requests, [])
    }).pipe(Effect.scoped))
})

describe("a proxy of the environment", () => {
  /** The requests that went through the proxy, of one call with these settings; `PORT` in them is the proxy's. */
  const tunnels = (settings: Record<string, string>) =>
    Effect.gen(function*() {
      const server = yield* HostileServer.make(responds)
      const proxy = yield* ConnectProxy.make({ _tag: "Open" })
      const env = Object.fromEntries(
        Object.entries(settings).map(([name, value]) => [name, value.replace("PORT", String(proxy.port))])
      )
      yield* create.pipe(
        Effect.provide(
          NodeLiveDesk.layer({ ...optionsFor(server.url), proxy: "environment" }).pipe(
            Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
          )
        )
      )
      assert.strictEqual(server.requests.length, 1)
      return proxy.tunnels.length
    }).pipe(Effect.scoped)

  it.live.each(
    [
      [0, {}],
      [1, { HTTP_PROXY: "http://127.0.0.1:PORT" }],
      [1, { http_proxy: "http://127.0.0.1:PORT" }],
      [1, { http_proxy: "http://127.0.0.1:PORT", HTTP_PROXY: "http://127.0.0.1:1" }],
      [0, { HTTPS_PROXY: "http://127.0.0.1:PORT" }],
      [0, { HTTP_PROXY: "http://127.0.0.1:PORT", NO_PROXY: "example.com, 127.0.0.1" }],
      [0, { HTTP_PROXY: "http://127.0.0.1:PORT", no_proxy: "*" }],
      [1, { HTTP_PROXY: "http://127.0.0.1:PORT", NO_PROXY: "example.com" }]
    ] as const
  )("is used %s times with %j", ([times, settings]) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* tunnels(settings), times)
    }))
})

describe("options", () => {
  it.effect("that are invalid are all named, without a proxy's password", () =>
    Effect.gen(function*() {
      const problems = (options: NodeTransport.Options, env: Record<string, string> = {}) =>
        Layer.build(NodeTransport.layer(options)).pipe(
          Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))),
          Effect.scoped,
          Effect.flip,
          Effect.map(({ message, reason }) => {
            assert.notInclude(message, "canary")
            return reason._tag === "InvalidInput" ? reason.issues.map(({ path }) => path.join()) : []
          })
        )
      for (
        const url of ["", "canary", "canary:3128", "socks5://alice:canary@proxy.example", "http://alice:canary%@x"]
      ) {
        assert.deepStrictEqual(yield* problems({ proxy: Redacted.make(url) }), ["proxy"], url)
      }
      assert.deepStrictEqual(
        yield* problems({ proxy: "environment", maxConnections: 0, connectTimeout: "0 seconds" }, {
          HTTPS_PROXY: "canary",
          http_proxy: "canary"
        }),
        ["connectTimeout", "maxConnections", "HTTPS_PROXY", "http_proxy"]
      )
      for (const maxConnections of [-1, 1.5, Number.NaN, Infinity]) {
        assert.deepStrictEqual(yield* problems({ maxConnections }), ["maxConnections"])
      }
    }))
})
