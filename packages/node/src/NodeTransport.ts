/**
 * A transport over undici, for an API whose calls must not be sent twice.
 *
 * @since 0.1.0
 */
import * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import { attachDispatch, NotSentProof } from "@effect-livedesk/core/Transport"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type * as Undici from "@effect/platform-node/Undici"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { IncomingHttpHeaders } from "node:http"
import type { Duplex } from "node:stream"
import * as UndiciDispatch from "./internal/UndiciDispatch.ts"

/**
 * Options of connections.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The timeout of connecting, TLS included. Defaults to 10 seconds. */
  readonly connectTimeout?: Duration.Input | undefined
  /**
   * How long an idle connection is kept. Defaults to 4 seconds. If the server closes it while a request is written, the
   * outcome of that request is unknown, so keep this below the server's own: Node's is 5 seconds, Puma's 20, AWS load
   * balancers' 60, nginx's 75. If a server names its limit, that counts instead, less 2 seconds and up to 30.
   */
  readonly idleTimeout?: Duration.Input | undefined
}

/**
 * Provides an `HttpClient` over pooled undici connections. Its failures show whether anything was written: even a
 * failed TLS handshake is known to be `NotSent`. Fails with `ValidationError` for invalid times, and dies on a Node.js
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
      const dispatcher = yield* makeDispatcher(options)
      const client = yield* Effect.provideService(
        NodeHttpClient.makeUndici,
        NodeHttpClient.Dispatcher,
        dispatcher.compose((dispatch) => (request, handler) => dispatch(request, new SendObserver(handler)))
      )
      return attachDispatch(client, UndiciDispatch.make(dispatcher))
    })
  )

const makeDispatcher = Effect.fnUntraced(function*(options: Options) {
  yield* requireNode(process.versions.node)
  const connectTimeout = milliseconds(options.connectTimeout ?? "10 seconds")
  const idleTimeout = milliseconds(options.idleTimeout ?? "4 seconds")
  if (connectTimeout === undefined || idleTimeout === undefined) {
    return yield* new LiveDeskError.ValidationError({
      operation: "NodeTransport.layer",
      outcome: "NotSent",
      reason: new LiveDeskError.InvalidInput({
        issues: Object.entries({ connectTimeout, idleTimeout }).flatMap(([option, value]) =>
          value === undefined
            ? [{ path: [option], message: "expected a time between 1 millisecond and 24 days, such as \"4 seconds\"" }]
            : []
        )
      })
    })
  }
  return yield* NodeHttpClient.makeDispatcherOptions({
    // undici itself retries a request when an HTTP/2 server refuses its stream.
    allowH2: false,
    pipelining: 1,
    connect: { timeout: connectTimeout },
    keepAliveTimeout: idleTimeout,
    keepAliveMaxTimeout: 30_000,
    keepAliveTimeoutThreshold: 2_000
  })
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

/** Observes one request: undici starts it once it has a connection, right before it writes. */
class SendObserver implements Undici.Dispatcher.DispatchHandler {
  private readonly handler: Undici.Dispatcher.DispatchHandler
  private started = false

  constructor(handler: Undici.Dispatcher.DispatchHandler) {
    this.handler = handler
  }

  onRequestStart(controller: Undici.Dispatcher.DispatchController, context: unknown): void {
    this.started = true
    this.handler.onRequestStart?.(controller, context)
  }

  onRequestUpgrade(
    controller: Undici.Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    socket: Duplex
  ): void {
    this.handler.onRequestUpgrade?.(controller, status, headers, socket)
  }

  onResponseStart(
    controller: Undici.Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusMessage?: string
  ): void {
    this.handler.onResponseStart?.(controller, status, headers, statusMessage)
  }

  onResponseData(controller: Undici.Dispatcher.DispatchController, chunk: Buffer): void {
    this.handler.onResponseData?.(controller, chunk)
  }

  onResponseEnd(controller: Undici.Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.handler.onResponseEnd?.(controller, trailers)
  }

  onResponseError(controller: Undici.Dispatcher.DispatchController, error: Error): void {
    this.handler.onResponseError?.(controller, this.started ? error : new NotSentProof({ cause: error }))
  }
}
