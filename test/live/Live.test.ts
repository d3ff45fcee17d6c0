import { LiveDeskClient } from "@effect-livedesk/core"
import { NodeTransport } from "@effect-livedesk/node"
import { assert, describe, it } from "@effect/vitest"
import { Config, Console, Effect } from "effect"
import { render, run } from "./LiveReport.ts"

const settings = Config.all({
  apiKey: Config.schema(LiveDeskClient.ApiKey, "LIVEDESK_API_KEY"),
  apiSecret: Config.schema(LiveDeskClient.ApiSecret, "LIVEDESK_API_SECRET"),
  inboxId: Config.Int("LIVEDESK_INBOX_ID"),
  baseUrl: Config.String("LIVEDESK_BASE_URL").pipe(Config.withDefault(LiveDeskClient.defaultBaseUrl))
})

describe("the live service", () => {
  it.live("is as the contract has it, or the report says where not", () =>
    Effect.gen(function*() {
      const { inboxId, ...options } = yield* settings
      const report = yield* run(options, inboxId)
      yield* Console.log(`${options.baseUrl}\n${render(report)}`)
      assert.isTrue(report.findings[0]?.succeeded, "a contact could not be created: the report says why")
      assert.deepStrictEqual(report.findings.filter(({ outcome }) => outcome.includes("InvalidResponse")), [])
    }).pipe(Effect.provide(NodeTransport.layer())), 300_000)
})
