/**
 * The same flow on three processes, which share a PostgreSQL and a Redis: LIVEDESK_FLOWS_POSTGRES_URL and
 * LIVEDESK_FLOWS_REDIS_URL. This process starts them, and is the LiveDesk that they talk to.
 */
import { RateLimit } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { NodeEmulator, NodeLiveDesk } from "@effect-livedesk/node"
import * as NodeFlows from "@effect-livedesk/node/NodeFlows"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect, HashMap, Layer, Option, PubSub, Redacted, References } from "effect"
import { HttpRouter } from "effect/http"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import * as WelcomeFlow from "./WelcomeFlow.ts"

const customers = Array.from({ length: 12 }, (_, index) => `customer-${index + 1}@acme.inc`)

// ---------------------------------------------------------------------------------------------------------------------
// one of the processes
// ---------------------------------------------------------------------------------------------------------------------

// All processes together send at most 50 requests a second.
const LiveDesk = NodeLiveDesk.layerConfig({ rateLimit: RateLimit.make({ limit: 50 }) }).pipe(
  Layer.provide(NodeFlows.layerStoresConfig)
)

// The same line as in one process: that it is a cluster is a setting.
const Flows = WelcomeFlow.layer.pipe(Layer.provideMerge(NodeFlows.layerConfig()), Layer.provide(LiveDesk))

const Receiver = Layer.unwrap(
  Effect.map(
    Config.Int("WEBHOOK_PORT"),
    (port) =>
      HttpRouter.serve(WelcomeFlow.receiver, { disableListenLog: true, disableLogger: true }).pipe(
        Layer.provide(NodeHttpServer.layer(() => createServer(), { port, host: "127.0.0.1" }))
      )
  )
)

const first = Effect.forEach(
  customers,
  (email) => WelcomeFlow.WelcomeFlow.execute({ email, inboxId: 407 }),
  { concurrency: "unbounded" }
).pipe(Effect.provide(Layer.provideMerge(Receiver, Flows)))

const other = Layer.launch(Flows)

// ---------------------------------------------------------------------------------------------------------------------
// the process that starts them
// ---------------------------------------------------------------------------------------------------------------------

const launch = (role: "first" | "other", settings: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [process.argv[1] ?? ""], { env: { ...settings, ROLE: role }, stdio: "inherit" })
    ),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null) return
        child.kill()
        await once(child, "exit")
      })
  )

const program = Effect.gen(function*() {
  const { postgres, redis, port } = yield* settings
  const emulator = yield* Emulator.Emulator
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  const shared = (offset: number) => ({
    LIVEDESK_API_KEY: Redacted.value(emulator.credentials.apiKey),
    LIVEDESK_API_SECRET: Redacted.value(emulator.credentials.apiSecret),
    LIVEDESK_BASE_URL: baseUrl,
    LIVEDESK_FLOWS_POSTGRES_URL: Redacted.value(postgres),
    LIVEDESK_FLOWS_REDIS_URL: Redacted.value(redis),
    LIVEDESK_FLOWS_RUNNER_PORT: String(port + offset),
    WEBHOOK_PORT: String(port)
  })

  // Every customer replies to the welcome.
  const events = yield* PubSub.subscribe(emulator.events)
  yield* Effect.forkScoped(Effect.forever(Effect.gen(function*() {
    const event = yield* PubSub.take(events)
    if (event._tag !== "MessageCreated" || event.message.messageType !== "outgoing") return
    if (Option.contains(event.message.content, "Welcome! Shall we call you?")) {
      yield* emulator.receive({ conversationId: event.conversation.id, content: "Yes, please" })
    }
  })))

  yield* launch("other", shared(1))
  yield* launch("other", shared(2))
  const child = yield* launch("first", shared(3))
  yield* Console.log(`three processes run the flows of ${customers.length} customers`)
  yield* Effect.promise(() => once(child, "exit"))

  const { contacts, conversations, messages } = yield* emulator.state
  const sent = [HashMap.size(contacts), HashMap.size(conversations), HashMap.size(messages) / 3]
  yield* sent.every((count) => count === customers.length)
    ? Console.log(`${customers.length} customers welcomed, heard and thanked once each`)
    : Effect.fail(`contacts, conversations and messages of each: ${sent.join(", ")}`)
})

const url = (name: string) => Config.option(Config.Redacted(name))

const settings = Config.all({
  postgres: Config.Redacted("LIVEDESK_FLOWS_POSTGRES_URL"),
  redis: Config.Redacted("LIVEDESK_FLOWS_REDIS_URL"),
  port: Config.Int("LIVEDESK_FLOWS_RUNNER_PORT").pipe(Config.withDefault(34431))
})

const main = Effect.gen(function*() {
  const role = yield* Config.String("ROLE").pipe(Config.withDefault("start"))
  if (role === "first") return yield* first
  if (role === "other") return yield* other
  const missing: Array<string> = []
  for (const name of ["LIVEDESK_FLOWS_POSTGRES_URL", "LIVEDESK_FLOWS_REDIS_URL"]) {
    if (Option.isNone(yield* url(name))) missing.push(name)
  }
  if (missing.length > 0) {
    for (const name of missing) yield* Console.error(`${name} is not set: three processes need one that they share`)
    return yield* Effect.sync(() => {
      process.exitCode = 1
    })
  }
  const { port } = yield* settings
  const emulator = NodeEmulator.layer({
    webhook: { url: `http://127.0.0.1:${port}${WelcomeFlow.path}`, secret: WelcomeFlow.secret }
  })
  yield* Effect.scoped(program).pipe(Effect.provide(emulator))
})

main.pipe(Effect.provideService(References.MinimumLogLevel, "Error"), NodeRuntime.runMain)
