/**
 * Sends a request over undici's dispatcher, without a promise, a signal or a stream of Node's in between. Its fiber
 * resumes once, when the response is complete.
 *
 * @since 0.1.0
 */
import * as Transport from "@effect-livedesk/core/Transport"
import type * as Undici from "@effect/platform-node/Undici"
import * as Effect from "effect/Effect"
import type { IncomingHttpHeaders } from "node:http"
import type { ConnectionLimit, Waiter } from "./ConnectionLimit.ts"
import * as HttpProxy from "./HttpProxy.ts"

/** @internal */
export const make = (dispatcher: Undici.Dispatcher, limit: ConnectionLimit): Transport.Dispatch => (request, handler) =>
  Effect.callback((resume) => {
    const dispatch = new UndiciDispatch(dispatcher, limit, request, handler, resume)
    if (!limit.add(dispatch)) handler.enter("Queued")
    return Effect.sync(() => dispatch.abort(interrupted))
  })

const fail = (cause: unknown) => Effect.fail(new Transport.DispatchError({ cause }))

const interrupted = new Error("the request was interrupted")
const bodyLimitReached = new Error("the rest of the response is not wanted")

class UndiciDispatch implements Undici.Dispatcher.DispatchHandler, Waiter {
  private readonly dispatcher: Undici.Dispatcher
  private readonly limit: ConnectionLimit
  private readonly request: Transport.RequestToSend
  private readonly handler: Transport.ResponseHandler
  private readonly resume: (effect: Effect.Effect<void, Transport.DispatchError>) => void
  private controller: Undici.Dispatcher.DispatchController | undefined = undefined
  private aborted: Error | undefined = undefined

  constructor(
    dispatcher: Undici.Dispatcher,
    limit: ConnectionLimit,
    request: Transport.RequestToSend,
    handler: Transport.ResponseHandler,
    resume: (effect: Effect.Effect<void, Transport.DispatchError>) => void
  ) {
    this.dispatcher = dispatcher
    this.limit = limit
    this.request = request
    this.handler = handler
    this.resume = resume
  }

  start(): void {
    const { request } = this
    this.handler.enter("Connecting")
    // undici reports each failure to the handler.
    this.dispatcher.dispatch({
      origin: request.origin,
      path: Transport.target(request),
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      // The client enforces the timeout, not the transport.
      headersTimeout: 0,
      bodyTimeout: 0
    }, this)
  }

  /** Called when there is a connection and nothing is written yet. */
  onRequestStart(controller: Undici.Dispatcher.DispatchController): void {
    this.controller = controller
    if (this.aborted === undefined) this.handler.enter("AwaitingResponse")
    else controller.abort(this.aborted)
  }

  onResponseStart(_: Undici.Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status >= 200 && this.aborted === undefined) this.handler.start(status, headers)
  }

  onResponseData(controller: Undici.Dispatcher.DispatchController, piece: Buffer): void {
    if (this.aborted !== undefined || this.handler.take(piece)) return
    this.complete(Effect.void)
    this.aborted = bodyLimitReached
    controller.abort(bodyLimitReached)
  }

  onResponseEnd(): void {
    this.limit.release()
    this.complete(Effect.void)
  }

  onResponseError(_: Undici.Dispatcher.DispatchController, error: Error): void {
    this.limit.release()
    if (this.aborted === undefined) {
      this.complete(fail(this.controller === undefined ? HttpProxy.proofOf(error) : error))
    }
  }

  /** Resumes the fiber after undici's callback has returned, as the fiber may send its next request at once. */
  private complete(end: Effect.Effect<void, Transport.DispatchError>): void {
    void Promise.resolve().then(() => this.resume(end))
  }

  abort(reason: Error): void {
    this.aborted ??= reason
    if (this.controller === undefined) this.limit.remove(this)
    else if (!this.controller.aborted) this.controller.abort(reason)
  }
}
