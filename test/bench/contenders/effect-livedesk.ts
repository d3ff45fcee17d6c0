import { Conversations } from "@effect-livedesk/core"
import { NodeLiveDesk } from "@effect-livedesk/node"
import { ManagedRuntime, Redacted } from "effect"
import * as Contender from "../Contender.ts"
import * as Sample from "../Sample.ts"

/** The layer as it is shipped, with no option changed. */
export const make: Contender.Make = async (baseUrl) => {
  const runtime = ManagedRuntime.make(NodeLiveDesk.layer({
    apiKey: Redacted.make(Sample.credentials.apiKey),
    apiSecret: Redacted.make(Sample.credentials.apiSecret),
    baseUrl
  }))
  const { create } = await runtime.runPromise(Conversations.Conversations)
  return Contender.ofEffects(create({ inboxId: Sample.input.inbox_id, contactId: Sample.input.contact_id }))
}
