/**
 * A dispatch whose requests may wait for their turn under a rate limit.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Transport from "../Transport.ts"

/** Receives a response as it comes, and before it the request's turn. */
export interface QueuedHandler extends Transport.ResponseHandler {
  /** The request has waited for its turn, and goes to the transport. */
  readonly admit: () => void
}

/** Makes one request when its turn has come. A dispatch without a limit never calls `admit`. */
export interface QueuedDispatch {
  (request: Transport.RequestToSend, handler: QueuedHandler): Effect.Effect<void, Transport.DispatchError>
}

/** The `admit` of the request in flight: the limit stands around an `HttpClient`, which knows of no handler. */
export const Admit = Context.Reference<() => void>("@effect-livedesk/core/Admit", {
  defaultValue: () => () => {}
})
