/** The emulator on a port, which it reports with the header of its credentials. */
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import { Effect, Layer, Redacted } from "effect"

const serve = Effect.gen(function*() {
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  const { credentials: { apiKey, apiSecret } } = yield* Emulator.Emulator
  const pair = `${Redacted.value(apiKey)}:${Redacted.value(apiSecret)}`
  process.send?.({ baseUrl, authorization: `Basic ${Buffer.from(pair).toString("base64")}` })
  return yield* Effect.never
})

void Effect.runPromise(Effect.provide(serve, Layer.fresh(NodeEmulator.layer())))
process.on("message", () => process.send?.({ cpu: process.cpuUsage() }))
process.on("disconnect", () => process.exit())
