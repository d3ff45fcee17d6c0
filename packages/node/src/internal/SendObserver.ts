/**
 * Observes the requests of Effect's `HttpClient` over undici: when each has a connection, and whether it was written.
 *
 * @since 0.1.0
 */
import * as Transport from "@effect-livedesk/core/Transport"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type * as Undici from "@effect/platform-node/Undici"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { IncomingHttpHeaders } from "node:http"
import type { Duplex } from "node:stream"
import type { ConnectionLimit, Waiter } from "./ConnectionLimit.ts"
import * as HttpProxy from "./HttpProxy.ts"

/**
 * Makes an `HttpClient` over a dispatcher.
 *
 * @internal
 */
export const makeClient = (
  dispatcher: Undici.Dispatcher,
  limit: ConnectionLimit
): Effect.Effect<HttpClient.HttpClient> =>
  NodeHttpClient.makeUndici.pipe(
    Effect.map(HttpClient.transform((effect) =>
      Effect.withFiber((fiber) => {
        const options = { ...fiber.getRef(NodeHttpClient.UndiciOptions), [phases]: fiber.getRef(Transport.EnterPhase) }
        return Effect.provideService(effect, NodeHttpClient.UndiciOptions, options)
      })
    )),
    Effect.provideService(
      NodeHttpClient.Dispatcher,
      dispatcher.compose((dispatch) => (options, handler) => {
        const observer = new SendObserver(dispatch, limit, options, handler)
        observer.send()
        return true
      })
    )
  )

/** The receiver of the phases of a request, among the options that undici passes on. */
const phases = Symbol.for("@effect-livedesk/node/SendObserver/phases")

class SendObserver implements Undici.Dispatcher.DispatchHandler, Waiter {
  private readonly dispatch: Undici.Dispatcher["dispatch"]
  private readonly limit: ConnectionLimit
  private readonly options: Undici.Dispatcher.DispatchOptions
  private readonly handler: Undici.Dispatcher.DispatchHandler
  private isWritten = false

  constructor(
    dispatch: Undici.Dispatcher["dispatch"],
    limit: ConnectionLimit,
    options: Undici.Dispatcher.DispatchOptions,
    handler: Undici.Dispatcher.DispatchHandler
  ) {
    this.dispatch = dispatch
    this.limit = limit
    this.options = options
    this.handler = handler
  }

  send(): void {
    if (this.limit.add(this)) return
    this.enter("Queued")
    const { options } = this
    if ("signal" in options && options.signal instanceof AbortSignal) {
      options.signal.addEventListener("abort", () => this.limit.remove(this), { once: true })
    }
  }

  start(): void {
    this.enter("Connecting")
    this.dispatch(this.options, this)
  }

  private enter(phase: Transport.Phase): void {
    const enter = phases in this.options ? this.options[phases] : undefined
    if (typeof enter === "function") enter(phase)
  }

  onRequestStart(controller: Undici.Dispatcher.DispatchController, context: unknown): void {
    this.handler.onRequestStart?.(controller, context)
    if (controller.aborted) return
    this.isWritten = true
    this.enter("AwaitingResponse")
  }

  onRequestUpgrade(
    controller: Undici.Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    socket: Duplex
  ): void {
    this.limit.release()
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
    this.limit.release()
    this.handler.onResponseEnd?.(controller, trailers)
  }

  onResponseError(controller: Undici.Dispatcher.DispatchController, error: Error): void {
    this.limit.release()
    this.handler.onResponseError?.(controller, this.isWritten ? error : HttpProxy.proofOf(error))
  }
}
