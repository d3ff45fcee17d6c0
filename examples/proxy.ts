/**
 * Calls through the proxy that HTTPS_PROXY or HTTP_PROXY names, but for the hosts that NO_PROXY names: with `HTTPS_PROXY=… npx
 * -y pnpm@12 exec node examples/proxy.ts`, and LIVEDESK_API_KEY and LIVEDESK_API_SECRET set.
 */
import { Contacts } from "@effect-livedesk/core"
import { NodeLiveDesk } from "@effect-livedesk/node"
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { EnvHttpProxyAgent } from "@effect/platform-node/Undici"
import { Console, Effect, Layer } from "effect"

// undici's own agent reads the three settings. HTTP/2 stays off, as it may send a request again by itself.
const Proxy = Layer.effect(
  NodeHttpClient.Dispatcher,
  Effect.acquireRelease(
    Effect.sync(() => new EnvHttpProxyAgent({ allowH2: false })),
    (agent) => Effect.promise(() => agent.close())
  )
)

const LiveDesk = NodeLiveDesk.layerConfigNoHttpClient().pipe(
  Layer.provide(NodeHttpClient.layerUndiciNoDispatcher),
  Layer.provide(Proxy)
)

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
