/**
 * One request over undici's dispatcher, without a promise, a signal or a stream of Node's between: the fiber that made
 * it is woken once, when the answer is complete.
 *
 * @since 0.1.0
 */
import * as Transport from "@effect-livedesk/core/Transport"
import type * as Undici from "@effect/platform-node/Undici"
import * as Effect from "effect/Effect"
import type { IncomingHttpHeaders } from "node:http"

/** @internal */
export const make = (dispatcher: Undici.Dispatcher): Transport.Exchange => (request, receiver) =>
  Effect.callback((resume) => {
    const exchange = new UndiciExchange(receiver, resume)
    try {
      dispatcher.dispatch({
        origin: request.origin,
        path: Transport.target(request),
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
        // The call's one time limit is not the transport's.
        headersTimeout: 0,
        bodyTimeout: 0
      }, exchange)
    } catch (cause) {
      exchange.settle(fail(new Transport.NothingWritten({ cause })))
    }
    return Effect.sync(() => exchange.abort(interrupted))
  })

const fail = (cause: unknown) => Effect.fail(new Transport.Failure({ cause }))

const interrupted = new Error("the request was interrupted")
const unwanted = new Error("the rest of the answer is not wanted")

class UndiciExchange implements Undici.Dispatcher.DispatchHandler {
  private readonly receiver: Transport.Receiver
  private readonly resume: (effect: Effect.Effect<void, Transport.Failure>) => void
  private controller: Undici.Dispatcher.DispatchController | undefined = undefined
  private aborted: Error | undefined = undefined

  constructor(receiver: Transport.Receiver, resume: (effect: Effect.Effect<void, Transport.Failure>) => void) {
    this.receiver = receiver
    this.resume = resume
  }

  /** There is a connection, and nothing is written yet. */
  onRequestStart(controller: Undici.Dispatcher.DispatchController): void {
    this.controller = controller
    if (this.aborted !== undefined) controller.abort(this.aborted)
  }

  onResponseStart(_: Undici.Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status >= 200 && this.aborted === undefined) this.receiver.start(status, headers)
  }

  onResponseData(controller: Undici.Dispatcher.DispatchController, piece: Buffer): void {
    if (this.aborted !== undefined || this.receiver.take(piece)) return
    this.settle(Effect.void)
    this.aborted = unwanted
    controller.abort(unwanted)
  }

  onResponseEnd(): void {
    this.settle(Effect.void)
  }

  onResponseError(_: Undici.Dispatcher.DispatchController, error: Error): void {
    if (this.aborted === undefined) {
      this.settle(fail(this.controller === undefined ? new Transport.NothingWritten({ cause: error }) : error))
    }
  }

  /** Wakes the fiber when undici is done with what it has read: the fiber may make its next request at once. */
  settle(end: Effect.Effect<void, Transport.Failure>): void {
    void Promise.resolve().then(() => this.resume(end))
  }

  abort(reason: Error): void {
    this.aborted ??= reason
    if (this.controller?.aborted === false) this.controller.abort(reason)
  }
}
