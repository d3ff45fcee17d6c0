/**
 * A transport over undici, for an API whose calls must not be sent twice.
 *
 * @since 0.1.0
 */
import * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import { attachDispatch } from "@effect-livedesk/core/Transport"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { ConnectionLimit } from "./internal/ConnectionLimit.ts"
import * as HttpProxy from "./internal/HttpProxy.ts"
import * as SendObserver from "./internal/SendObserver.ts"
import * as UndiciDispatch from "./internal/UndiciDispatch.ts"

/**
 * Options of connections.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The timeout of connecting, TLS included; through a proxy, of each of its steps. Defaults to 10 seconds. */
  readonly connectTimeout?: Duration.Input | undefined
  /**
   * How long an idle connection is kept. Defaults to 4 seconds. If the server closes it while a request is written, the
   * outcome of that request is unknown, so keep this below the server's own: Node's is 5 seconds, Puma's 20, AWS load
   * balancers' 60, nginx's 75. If a server names its limit, that counts instead, less 2 seconds and up to 30.
   */
  readonly idleTimeout?: Duration.Input | undefined
  /**
   * The largest number of requests at once, and of connections to a host. Defaults to 256. Requests above it wait within
   * their call's timeout; a call that times out then fails with `TimedOut`, `Queued`, and nothing was sent.
   */
  readonly maxConnections?: number | undefined
  /**
   * The proxy of all requests: its URL, with user name and password if it asks for them, or `"environment"` for
   * `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. Defaults to none.
   *
   * `HTTP_PROXY` does for https too where `HTTPS_PROXY` is not set, and lower case goes first. The proxy must allow
   * tunnels (`CONNECT`), also for http. If it makes none, calls fail with `ConnectionFailed` of kind `ProxyFailed`:
   * nothing was sent.
   */
  readonly proxy?: "environment" | Redacted.Redacted | undefined
}

/**
 * Provides an `HttpClient` over pooled undici connections. Its failures show whether anything was written: even a
 * failed TLS handshake is known to be `NotSent`. Fails with `ValidationError` for invalid options, and dies on a Node.js
 * older than 22.19, which undici needs.
 *
 * A client that is derived from this one, as by `HttpClient.mapRequest` or by the options `transformClient` and
 * `rateLimit`, loses the shorter way to the transport: see `Transport.attachDispatch`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<HttpClient.HttpClient, LiveDeskError.ValidationError> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.gen(function*() {
      const { dispatcher, limit } = yield* makeDispatcher(options)
      return attachDispatch(
        yield* SendObserver.makeClient(dispatcher, limit),
        UndiciDispatch.make(dispatcher, limit)
      )
    })
  )

const makeDispatcher = Effect.fnUntraced(function*(options: Options) {
  yield* requireNode(process.versions.node)
  const connectTimeout = milliseconds(options.connectTimeout ?? "10 seconds")
  const idleTimeout = milliseconds(options.idleTimeout ?? "4 seconds")
  const { maxConnections = 256 } = options
  const proxies = yield* proxiesOf(options.proxy)
  const issues = [
    ...Object.entries({ connectTimeout, idleTimeout }).flatMap(([option, value]) =>
      value === undefined
        ? [{ path: [option], message: "expected a time between 1 millisecond and 24 days, such as \"4 seconds\"" }]
        : []
    ),
    ...(Number.isSafeInteger(maxConnections) && maxConnections > 0
      ? []
      : [{ path: ["maxConnections"], message: "expected a whole number of connections above 0" }]),
    ...(proxies === undefined ? [] : HttpProxy.issues(proxies))
  ]
  if (connectTimeout === undefined || idleTimeout === undefined || issues.length > 0) {
    return yield* invalidOptions(issues)
  }
  const agentOptions = {
    // undici itself retries a request when an HTTP/2 server refuses its stream.
    allowH2: false,
    pipelining: 1,
    // Holds for sockets too: undici needs another turn of the event loop before it uses one again.
    connections: maxConnections,
    connectTimeout,
    keepAliveTimeout: idleTimeout,
    keepAliveMaxTimeout: 30_000,
    keepAliveTimeoutThreshold: 2_000
  }
  const dispatcher = yield* proxies === undefined
    ? NodeHttpClient.makeDispatcherOptions(agentOptions)
    : Effect.acquireRelease(
      Effect.map(
        Effect.promise(() => import("@effect/platform-node/Undici")),
        (undici) => HttpProxy.makeAgent(undici, proxies, agentOptions)
      ),
      (agent) => Effect.promise(() => agent.destroy())
    )
  return { dispatcher, limit: new ConnectionLimit(maxConnections) }
})

const proxiesOf = (option: Options["proxy"]) =>
  option === undefined
    ? Effect.undefined
    : option === "environment"
    ? Effect.mapError(
      HttpProxy.fromEnvironment,
      ({ message }) => invalidOptions([{ path: ["proxy"], message: `the environment cannot be read: ${message}` }])
    )
    : Effect.succeed(HttpProxy.fromOption(option))

const invalidOptions = (issues: ReadonlyArray<LiveDeskError.Issue>) =>
  new LiveDeskError.ValidationError({
    operation: "NodeTransport.layer",
    outcome: "NotSent",
    reason: new LiveDeskError.InvalidInput({ issues })
  })

/** The milliseconds of a time, if timers can keep it. */
const milliseconds = (input: Duration.Input): number | undefined => {
  const millis = Option.map(Duration.fromInput(input), Duration.toMillis)
  return Option.getOrUndefined(Option.filter(millis, (millis) => millis >= 1 && millis < 2 ** 31))
}

const requireNode = (version: string): Effect.Effect<void> => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  return major > 22 || (major === 22 && minor >= 19)
    ? Effect.void
    : Effect.die(new Error(`@effect-livedesk/node needs Node.js 22.19 or newer; this is ${version}`))
}
