import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import { Effect, Redacted } from "effect"

/** The settings of a program that talks to the emulator on a port. */
export const make = Effect.gen(function*() {
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  const { credentials } = yield* Emulator.Emulator
  return {
    LIVEDESK_API_KEY: Redacted.value(credentials.apiKey),
    LIVEDESK_API_SECRET: Redacted.value(credentials.apiSecret),
    LIVEDESK_BASE_URL: baseUrl,
    LIVEDESK_INBOX_ID: "407"
  }
})
