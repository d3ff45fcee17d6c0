/**
 * Calls through the proxy that HTTPS_PROXY or HTTP_PROXY names, but for the hosts that NO_PROXY names: with `HTTPS_PROXY=… npx
 * -y pnpm@12 exec node examples/proxy.ts`, and LIVEDESK_API_KEY and LIVEDESK_API_SECRET set.
 */
import { Contacts } from "@effect-livedesk/core"
import { NodeLiveDesk } from "@effect-livedesk/node"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"

const LiveDesk = NodeLiveDesk.layerConfig({ proxy: "environment" })

const program = Effect.gen(function*() {
  const contacts = yield* Contacts.Contacts
  const { meta } = yield* contacts.list({})
  yield* Console.log(`contacts: ${meta.count}`)
})

program.pipe(
  Effect.provide(LiveDesk),
  Effect.tapError((error) => Console.error(error.message)),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
