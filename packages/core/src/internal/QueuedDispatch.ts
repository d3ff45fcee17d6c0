/**
 * A `Dispatch` whose requests may wait under a rate limit.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Transport from "../Transport.ts"

/** Receives the request's turn, then its response. */
export interface QueuedHandler extends Transport.ResponseHandler {
  /** Called when the request's turn has come, before it is sent. */
  readonly admit: () => void
}

/** Sends one request when its turn has come. Without a rate limit, it never calls `admit`. */
export interface QueuedDispatch {
  (request: Transport.RequestToSend, handler: QueuedHandler): Effect.Effect<void, Transport.DispatchError>
}

/** The `admit` of the current request, for the rate limit: that wraps an `HttpClient`, which has no handler. */
export const Admit = Context.Reference<() => void>("@effect-livedesk/core/Admit", {
  defaultValue: () => () => {}
})
