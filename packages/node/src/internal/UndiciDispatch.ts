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

/** @internal */
export const make = (dispatcher: Undici.Dispatcher): Transport.Dispatch => (request, handler) =>
  Effect.callback((resume) => {
    const dispatch = new UndiciDispatch(handler, resume)
    try {
      dispatcher.dispatch({
        origin: request.origin,
        path: Transport.target(request),
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
        // The client enforces the timeout, not the transport.
        headersTimeout: 0,
        bodyTimeout: 0
      }, dispatch)
    } catch (cause) {
      dispatch.complete(fail(new Transport.NotSentProof({ cause })))
    }
    return Effect.sync(() => dispatch.abort(interrupted))
  })

const fail = (cause: unknown) => Effect.fail(new Transport.DispatchError({ cause }))

const interrupted = new Error("the request was interrupted")
const bodyLimitReached = new Error("the rest of the response is not wanted")

class UndiciDispatch implements Undici.Dispatcher.DispatchHandler {
  private readonly handler: Transport.ResponseHandler
  private readonly resume: (effect: Effect.Effect<void, Transport.DispatchError>) => void
  private controller: Undici.Dispatcher.DispatchController | undefined = undefined
  private aborted: Error | undefined = undefined

  constructor(
    handler: Transport.ResponseHandler,
    resume: (effect: Effect.Effect<void, Transport.DispatchError>) => void
  ) {
    this.handler = handler
    this.resume = resume
  }

  /** Called when there is a connection and nothing is written yet. */
  onRequestStart(controller: Undici.Dispatcher.DispatchController): void {
    this.controller = controller
    if (this.aborted !== undefined) controller.abort(this.aborted)
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
    this.complete(Effect.void)
  }

  onResponseError(_: Undici.Dispatcher.DispatchController, error: Error): void {
    if (this.aborted === undefined) {
      this.complete(fail(this.controller === undefined ? new Transport.NotSentProof({ cause: error }) : error))
    }
  }

  /** Resumes the fiber after undici's callback has returned, as the fiber may send its next request at once. */
  complete(end: Effect.Effect<void, Transport.DispatchError>): void {
    void Promise.resolve().then(() => this.resume(end))
  }

  abort(reason: Error): void {
    this.aborted ??= reason
    if (this.controller?.aborted === false) this.controller.abort(reason)
  }
}
