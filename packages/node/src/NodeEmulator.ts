/**
 * An emulator on a port, for programs and languages that need a real server.
 *
 * @since 0.1.0
 */
import type * as AgentStore from "@effect-livedesk/core/agents/AgentStore"
import * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import * as LiveDeskOpenApi from "@effect-livedesk/core/LiveDeskOpenApi"
import * as EmulatedServer from "@effect-livedesk/core/testing/EmulatedServer"
import * as Emulator from "@effect-livedesk/core/testing/Emulator"
import * as Faults from "@effect-livedesk/core/testing/Faults"
import * as WebhookSender from "@effect-livedesk/core/testing/WebhookSender"
import * as Webhooks from "@effect-livedesk/core/webhooks/Webhooks"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiScalar from "effect/http-api/HttpApiScalar"
import * as OpenApi from "effect/http-api/OpenApi"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { createServer } from "node:http"
import type { Socket } from "node:net"
import { setImmediate } from "node:timers/promises"
import type * as EmulatorInbox from "./internal/EmulatorInbox.ts"
import * as HostGuard from "./internal/HostGuard.ts"
import * as NodeEmulatorFile from "./NodeEmulatorFile.ts"
import * as NodeLiveDesk from "./NodeLiveDesk.ts"
import * as NodeTransport from "./NodeTransport.ts"

/**
 * Options of an emulator on a port.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Emulator.Options {
  /** The port. Defaults to a free one. */
  readonly port?: number | undefined
  /** The address to listen on. Defaults to 127.0.0.1, which only this machine reaches. */
  readonly host?: string | undefined
  /**
   * Names of hosts, without ports, that requests may use besides `host`, addresses and `localhost`: such as `emulator`
   * for programs in the other containers of a compose file. Requests to other names get 403, so that no other site's
   * page in a browser of this network passes for a page of the emulator. Defaults to none.
   */
  readonly allowedHosts?: ReadonlyArray<string> | undefined
  /**
   * A JSON file to load the state from, if it exists, and to save it to: soon after each change, and when the layer's
   * scope closes. Defaults to none, so that the state ends with the emulator.
   */
  readonly file?: string | undefined
  /**
   * Whether the page at `/inbox` shows queries and bodies of the last 200 requests, which are then kept in memory: up to
   * 64 KiB of each body, at most 8 MiB of all, and no header. A request is then responded to when it has arrived whole.
   * Defaults to `false`, as most tests have nobody who looks; `livedesk emulator` does it by default.
   */
  readonly keepsBodies?: boolean | undefined
  /** The webhook to deliver each event to, once: start the receiver first. Defaults to none. */
  readonly webhook?: Webhook | undefined
  /**
   * The store of an AI agent that works at this emulator. The page at `/inbox` then shows what waits for a person, and
   * anyone who can reach the port can send it to the emulator. Defaults to none.
   */
  readonly agentStore?: AgentStore.AgentStore["Service"] | undefined
}

/**
 * A webhook to deliver events to.
 *
 * @category options
 * @since 0.1.0
 */
export interface Webhook {
  /** The receiver's address: http or https, without user name and password. */
  readonly url: string
  /** The secret to sign deliveries with, as Chatwoot signs them. Defaults to none, which leaves them unsigned. */
  readonly secret?: Redacted.Redacted | undefined
}

/**
 * The address of the emulator.
 *
 * @category services
 * @since 0.1.0
 */
export class NodeEmulator extends Context.Service<NodeEmulator, {
  /** The `baseUrl` for a client. */
  readonly baseUrl: string
}>()("@effect-livedesk/node/NodeEmulator") {}

/** The emulator's HTTP side, with requests and faults. */
class Served extends Context.Service<Served, EmulatedServer.EmulatedServer>()(
  "@effect-livedesk/node/NodeEmulator/Served"
) {}

/** The webhook, if there is one. */
class WebhookTarget extends Context.Service<WebhookTarget, EmulatorInbox.Options["webhook"]>()(
  "@effect-livedesk/node/NodeEmulator/WebhookTarget"
) {}

/**
 * Provides an emulator on a port, its state, and `Faults` for its requests. Beside the API it serves the OpenAPI
 * document at `/openapi.json`, a page to browse and try it at `/docs`, and at `/inbox` a page that shows what happens
 * live and lets you reply as an agent; `/` leads there. The pages work offline. The emulator's calendar starts at
 * `startsAt`, which defaults to today. Fails if the port is taken, if `file` cannot be read or holds something else, or
 * if the webhook's address or a name in `allowedHosts` is invalid.
 *
 * ```ts
 * const { baseUrl } = yield* NodeEmulator.NodeEmulator
 * const { credentials } = yield* Emulator.Emulator
 * program.pipe(Effect.provide(NodeLiveDesk.layer({ baseUrl, ...credentials })))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<
  NodeEmulator | Emulator.Emulator | Faults.Faults,
  HttpServerError.ServeError | NodeEmulatorFile.EmulatorFileError | LiveDeskError.ValidationError
> => {
  const host = options?.host ?? "127.0.0.1"
  const allowed = options?.allowedHosts ?? []
  const invalid = allowed.findIndex((name) => HostGuard.parse(name) === undefined)
  if (invalid >= 0) {
    return rejected(["allowedHosts", String(invalid)], "expected a host's name without a port, such as emulator")
  }
  const names = new Set([host, ...allowed].flatMap((name) => HostGuard.parse(name) ?? []))
  return Layer.effect(
    NodeEmulator,
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const server = yield* Served
      const webhook = yield* WebhookTarget
      const closing = yield* Deferred.make<void>()
      const held = new Set<Socket>()
      const { agentStore: store } = options ?? {}
      const baseUrl = yield* HttpServer.addressFormattedWith(Effect.succeed)
      const routes = yield* HttpRouter.toHttpEffect(Layer.mergeAll(
        HttpRouter.add("GET", "/", HttpServerResponse.redirect("/inbox")),
        documentation,
        inbox({
          emulator,
          server,
          webhook,
          keepsBodies: options?.keepsBodies === true,
          closing: Deferred.await(closing),
          agent: store && { store, liveDesk: NodeLiveDesk.layer({ baseUrl, ...emulator.credentials }) }
        }),
        HttpRouter.add("*", "/*", serveWithFaults(server, held))
      ))
      yield* HttpServer.serveEffect(Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) => {
        const error = HostGuard.rejectionOf(headers["host"], names)
        return error === undefined ? routes : Effect.succeed(HttpServerResponse.jsonUnsafe({ error }, { status: 403 }))
      }))
      // The server waits for its responses to end, and some may never end by themselves.
      yield* Effect.addFinalizer(() => {
        for (const socket of held) socket.destroy()
        return Deferred.succeed(closing, undefined)
      })
      return { baseUrl }
    })
  ).pipe(
    Layer.provide(NodeHttpServer.layer(() => createServer(), { port: options?.port ?? 0, host })),
    // Before the server: one that is released while it begins to listen is never closed.
    Layer.provide(
      options?.webhook === undefined ? Layer.succeed(WebhookTarget, Option.none()) : deliverTo(options.webhook)
    ),
    Layer.provideMerge(Layer.effect(Faults.Faults, Effect.map(Served, ({ faults }) => faults))),
    Layer.provide(Layer.effect(
      Served,
      Effect.flatMap(Emulator.Emulator, ({ httpEffect }) => EmulatedServer.make(httpEffect, options))
    )),
    Layer.provideMerge(Layer.effect(
      Emulator.Emulator,
      Effect.gen(function*() {
        const setup = { startsAt: yield* DateTime.now, ...options }
        if (options?.file === undefined) return yield* Emulator.make(setup)
        yield* NodeEmulatorFile.lock(options.file)
        const saved = yield* NodeEmulatorFile.load(options.file)
        const emulator = yield* Emulator.make({
          ...setup,
          ...Option.match(saved, {
            onNone: () => ({}),
            onSome: (state) => ({ state })
          })
        })
        yield* NodeEmulatorFile.keep(options.file, emulator)
        return emulator
      })
    ))
  )
}

/**
 * Provides every service of LiveDesk, over undici to an emulator on a port, and the emulator.
 *
 * ```ts
 * program.pipe(Effect.provide(NodeEmulator.layerLiveDesk()))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerLiveDesk = (
  options?: Options
): Layer.Layer<
  NodeLiveDesk.Provided | NodeEmulator | Emulator.Emulator | Faults.Faults,
  | HttpServerError.ServeError
  | NodeEmulatorFile.EmulatorFileError
  | LiveDeskError.ValidationError
  | LiveDeskError.AuthError
> =>
  Layer.provideMerge(
    Layer.unwrap(Effect.gen(function*() {
      const { baseUrl } = yield* NodeEmulator
      const { credentials } = yield* Emulator.Emulator
      return NodeLiveDesk.layer({ baseUrl, ...credentials })
    })),
    layer(options)
  )

/** Fails, as an option is invalid. */
const rejected = <A>(path: ReadonlyArray<string>, message: string): Layer.Layer<A, LiveDeskError.ValidationError> =>
  Layer.effectContext(Effect.fail(
    new LiveDeskError.ValidationError({
      operation: "NodeEmulator.layer",
      outcome: "NotSent",
      reason: new LiveDeskError.InvalidInput({ issues: [{ path, message }] })
    })
  ))

const deliverTo = (
  { secret, url }: Webhook
): Layer.Layer<WebhookTarget, LiveDeskError.ValidationError, Emulator.Emulator> => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.username !== "" || parsed.password !== "") {
    return rejected(
      ["webhook", "url"],
      "expected an address such as http://127.0.0.1:3000/livedesk, without user name and password"
    )
  }
  const sender = WebhookSender.layer({
    origin: parsed.origin,
    path: `/${parsed.pathname.slice(1)}${parsed.search}`,
    verification: secret === undefined ? Webhooks.unverified : Webhooks.signed({ secrets: [secret] })
  })
  // A query may hold a secret.
  const shown = `${parsed.origin}${parsed.pathname}`
  return Layer.effect(
    WebhookTarget,
    Effect.map(WebhookSender.WebhookSender, (sender) => Option.some({ url: shown, sender }))
  ).pipe(
    Layer.provide(sender),
    Layer.provide(NodeTransport.layer()),
    Layer.catchTag("WebhookOptionsError", ({ problem }) => rejected(["webhook", "secret"], problem))
  )
}

/**
 * Responds, or closes the connection if a fault says so. Connections that meet a plan are destroyed when the emulator
 * closes, since their response may never come.
 */
const serveWithFaults =
  ({ faults, httpEffect }: EmulatedServer.EmulatedServer, held: Set<Socket>) =>
  (request: HttpServerRequest.HttpServerRequest) =>
    Effect.flatMap(faults.plan, (plan) => {
      const { socket } = NodeHttpServerRequest.toIncomingMessage(request)
      if (!(plan._tag === "Script" && Object.keys(plan.steps).length === 0) && !held.has(socket)) {
        held.add(socket)
        socket.once("close", () => held.delete(socket))
      }
      return Effect.matchEffect(httpEffect, {
        // The connection's end interrupts this.
        onFailure: () => Effect.andThen(Effect.sync(() => socket.destroy()), Effect.never),
        onSuccess: (response) => Effect.succeed(cutShort(response))
      })
    })

/** Delays the failure of a response until its first part is sent, which closing the connection would discard. */
const cutShort = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse =>
  response.body._tag === "Stream"
    ? HttpServerResponse.setBody(
      response,
      HttpBody.stream(
        Stream.onError(Stream.orDie(response.body.stream), () => Effect.promise(() => setImmediate())),
        response.body.contentType,
        response.body.contentLength
      )
    )
    : response

/** Loaded on first use, as most emulators never need it. */
const inbox = (options: EmulatorInbox.Options) =>
  Layer.unwrap(Effect.gen(function*() {
    const served = yield* Effect.cached(
      Effect.flatMap(Effect.promise(() => import("./internal/EmulatorInbox.ts")), ({ make }) => make(options))
    )
    // Matches /inbox itself, too.
    return HttpRouter.add("*", "/inbox/*", Effect.flatten(served))
  }))

/** The OpenAPI document, with the emulator as its server. */
const document = () => ({
  ...LiveDeskOpenApi.make(),
  servers: [{
    url: "/",
    description: "The emulator. By default its API key is emulator-key, its secret emulator-secret."
  }]
})

/** Keeps the page, which can make calls, from reaching anything but the emulator. */
const onlyItself = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"

/** Created on first use: it costs more than the emulator, and most emulators never need it. */
const documentation = Layer.unwrap(Effect.gen(function*() {
  const described = yield* Effect.cached(Effect.sync(document))
  const scope = yield* Effect.scope
  const page = yield* Effect.cached(
    Effect.flatMap(described, (document) =>
      HttpRouter.toHttpEffect(
        // The document is complete: the API in which Effect would look for one is empty.
        HttpApiScalar.layer(HttpApi.make("LiveDesk").annotate(OpenApi.Transform, () => document), {
          scalar: { withDefaultFonts: false }
        })
      )).pipe(Scope.provide(scope))
  )
  return Layer.merge(
    HttpRouter.add(
      "GET",
      "/openapi.json",
      Effect.map(described, (document) => HttpServerResponse.jsonUnsafe(document))
    ),
    HttpRouter.add(
      "GET",
      "/docs",
      Effect.map(Effect.flatten(page), HttpServerResponse.setHeader("content-security-policy", onlyItself))
    )
  )
}))
