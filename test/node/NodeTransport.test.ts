import { Contacts, FetchTransport, LiveDesk, LiveDeskClient, type LiveDeskError } from "@effect-livedesk/core"
import { NodeLiveDesk, NodeTransport } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Fiber, identity, Layer, Redacted, Schedule } from "effect"
import { FetchHttpClient } from "effect/http"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Tls from "node:tls"
import * as BlackHole from "../BlackHole.ts"
import * as Breadth from "../Breadth.ts"
import * as ConnectProxy from "../ConnectProxy.ts"
import * as HostileServer from "../HostileServer.ts"
import * as LocalServer from "../LocalServer.ts"

const undici = {
  "undici": (options: NodeLiveDesk.Options) => NodeLiveDesk.layer(options),
  "undici as an HttpClient": (options: NodeLiveDesk.Options) =>
    NodeLiveDesk.layer({ ...options, transformClient: identity })
} as const

const layers = {
  ...undici,
  fetch: (options: LiveDeskClient.Options) =>
    LiveDesk.layer.pipe(Layer.provide(LiveDeskClient.layerTransport(options)), Layer.provide(FetchTransport.layer)),
  "fetch as an HttpClient": (options: LiveDeskClient.Options) =>
    LiveDesk.layer.pipe(Layer.provide(LiveDeskClient.layer(options)), Layer.provide(FetchHttpClient.layer))
} as const

const undiciWays = Object.entries(undici)

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

  it.live.each(Object.entries(nowhere))("is NotSent where the transport knows it, at %s", ([, url]) =>
    Effect.gen(function*() {
      const errors = yield* Effect.forEach(Object.values(layers), (layer) =>
        Effect.flatMap(url, (url) => Effect.provide(Effect.flip(create), layer({ ...optionsFor(url), ...options }))), {
        concurrency: "unbounded"
      })
      const notSent = ["NotSent", "TimedOut", "Connecting"]
      // fetch does not say whether it has a connection.
      const unknown = ["Unknown", "TimedOut", "AwaitingResponse"]
      assert.deepStrictEqual(errors.map(factsOf), [notSent, notSent, unknown, unknown])
      assert.deepStrictEqual(errors.map(({ attempts = 1 }) => attempts), Array(4).fill(Breadth.isFull ? 3 : 1))
    }).pipe(Effect.scoped), 45_000)
})

/** A port that holds connections back, and lets them through to another once it is told to. */
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
