/**
 * Delivers signed webhooks to a receiver, a million by default, and prints the rate, and the memory in use at each tenth.
 * Not a test: what it prints is to be looked at. Run with `pnpm bench-webhooks`, which takes the count as an argument.
 */
import { WebhookDelivery } from "@effect-livedesk/core/testing"
import { Webhooks } from "@effect-livedesk/core/webhooks"
import { NodeRuntime } from "@effect/platform-node"
import { Clock, Console, Duration, Effect, Redacted, Schema } from "effect"
import { createHmac } from "node:crypto"

const secret = "bench-secret"
const path = "/webhooks/livedesk"

const readCount = Schema.decodeUnknownEffect(Schema.NumberFromString.check(Schema.isInt(), Schema.isGreaterThan(9)))

const sample = JSON.stringify(WebhookDelivery.payload("message_created", { id: 4711 }))

/** A delivery of a message with this id, signed by Node's own HMAC. */
const makeRequest = (id: number, millis: number): Request => {
  const body = sample.replace("4711", String(id))
  const timestamp = String(Math.floor(millis / 1000))
  return new Request(`http://127.0.0.1${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-chatwoot-delivery": `bench-${id}`,
      "x-chatwoot-timestamp": timestamp,
      "x-chatwoot-signature": `sha256=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`
    },
    body
  })
}

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`

Effect.gen(function*() {
  const count = yield* readCount(process.argv[2] ?? "1000000")
  let handled = 0
  const receiver = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Webhooks.toWebHandler({
        path,
        verification: Webhooks.signed({ secrets: [Redacted.make(secret)] }),
        handler: () => Effect.sync(() => void handled++)
      })
    ),
    ({ dispose }) => Effect.promise(dispose)
  )
  const deliver = Effect.fnUntraced(function*(id: number) {
    const request = makeRequest(id, yield* Clock.currentTimeMillis)
    const response = yield* Effect.promise(() => receiver.handler(request))
    if (response.status !== 200) return yield* Effect.die(new Error(`delivery ${id} got the status ${response.status}`))
    yield* Effect.promise(() => response.text())
  })
  const tenth = Math.floor(count / 10)
  for (let part = 0; part < 10; part++) {
    const ids = Array.from({ length: tenth }, (_, index) => 1 + part * tenth + index)
    const [took] = yield* Effect.timed(Effect.forEach(ids, deliver, { concurrency: 16, discard: true }))
    globalThis.gc?.()
    yield* Console.log(
      `${(part + 1) * tenth} delivered, ${handled} handled: ${Math.round(tenth / Duration.toSeconds(took))} a second, ${
        megabytes(process.memoryUsage().heapUsed)
      } in use`
    )
  }
  yield* Console.log(`peak of the whole process: ${megabytes(process.resourceUsage().maxRSS * 1024)}`)
}).pipe(Effect.scoped, NodeRuntime.runMain)
