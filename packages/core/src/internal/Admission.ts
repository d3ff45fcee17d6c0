/**
 * Tells a call that its request has waited for its turn, and goes to the transport.
 */
import * as Context from "effect/Context"

export const Admission = Context.Reference<() => void>("@effect-livedesk/core/internal/Admission", {
  defaultValue: () => () => {}
})
