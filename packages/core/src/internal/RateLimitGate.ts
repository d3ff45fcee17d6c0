/**
 * Notifies a call that its request has waited for its turn, and goes to the transport.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

export const RateLimitGate = Context.Reference<() => void>("@effect-livedesk/core/internal/RateLimitGate", {
  defaultValue: () => () => {}
})
