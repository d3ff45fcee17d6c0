/**
 * A durable flow in one process, kept in a file: nothing to install. LiveDesk is an emulator on a port, which delivers what
 * happens in it.
 */
import { Emulator, WebhookDelivery, WebhookSender } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import * as NodeFlows from "@effect-livedesk/node/NodeFlows"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Fiber, Layer, Option } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as WelcomeFlow from "./WelcomeFlow.ts"

const program = Effect.gen(function*() {
  const emulator = yield* Emulator.Emulator
  const sender = yield* WebhookSender.WebhookSender

  const flow = yield* Effect.forkChild(WelcomeFlow.WelcomeFlow.execute({ email: "alice@acme.inc", inboxId: 407 }))

  // The new conversation, the welcome and its update. From here on the process could end and another go on.
  yield* sender.awaitDelivered(3)
  yield* emulator.receive({ conversationId: 40, content: "Yes, please" })

  yield* Console.log(yield* Fiber.join(flow))
  // The customer's message and the thanks, each with an update.
  yield* sender.awaitDelivered(7)
  const conversation = yield* emulator.conversation(40)
  const preview = Option.flatMap(conversation, ({ contentPreview }) => contentPreview.content)
  yield* Console.log(`the customer reads: ${Option.getOrElse(preview, () => "nothing")}`)
})

// A program of your own leaves out the file, or names it in LIVEDESK_FLOWS_FILE.
const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "flow-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
)

const Flows = Layer.unwrap(
  Effect.map(folder, (folder) => NodeFlows.layerConfig({ file: join(folder, "flows.sqlite") }))
)

program.pipe(
  Effect.provide(
    Layer.mergeAll(
      WelcomeFlow.layer,
      WelcomeFlow.receiver,
      WebhookSender.layer({ path: WelcomeFlow.path, verification: WelcomeFlow.verification })
    ).pipe(
      Layer.provideMerge(WebhookDelivery.layer),
      Layer.provideMerge(Flows),
      Layer.provideMerge(NodeEmulator.layerLiveDesk())
    )
  ),
  NodeRuntime.runMain
)
