/**
 * Starts durable flows and waits for their end. It dies where `DIE` says, such as `AfterIntent:2`.
 */
// By module: in each process the barrels would take as long to load as everything else.
import * as ConversationFlow from "@effect-livedesk/core/flows/ConversationFlow"
import * as Reconciliation from "@effect-livedesk/core/flows/Reconciliation"
import * as RateLimit from "@effect-livedesk/core/RateLimit"
import * as NodeFlows from "@effect-livedesk/node/NodeFlows"
import * as NodeLiveDesk from "@effect-livedesk/node/NodeLiveDesk"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import { flow } from "effect/Function"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { StatementSync } from "node:sqlite"

const never = "Never:0"

const settings = Config.all({
  flows: Config.Int("FLOWS"),
  starts: Config.Boolean("STARTS").pipe(Config.withDefault(true)),
  die: Config.String("DIE").pipe(Config.withDefault(never)),
  limit: Config.Int("LIMIT").pipe(Config.withDefault(0)),
  baseUrl: Config.String("LIVEDESK_BASE_URL")
})

// ---------------------------------------------------------------------------------------------------------------------
// dying
// ---------------------------------------------------------------------------------------------------------------------

let isArmed = false
const counts = new Map<string, number>()

/** Dies when this point was reached as often as the test set. */
const pass = (die: string, gap: string): void => {
  if (!isArmed) return
  const count = (counts.get(gap) ?? 0) + 1
  counts.set(gap, count)
  if (die === `${gap}:${count}`) process.kill(process.pid, "SIGKILL")
}

const watchStatements = (die: string): void => {
  const { all } = StatementSync.prototype
  let replied = false
  StatementSync.prototype.all = function(this: StatementSync, ...params) {
    const text = this.sourceSQL
    const isIntent = /^\s*INSERT INTO livedesk_flow_intents/.test(text)
    if (isIntent) pass(die, "BeforeIntent")
    if (replied && !/^\s*COMMIT/.test(text)) {
      replied = false
      pass(die, "AfterReply")
    }
    const rows: ReturnType<typeof all> = Reflect.apply(all, this, params)
    if (isIntent) pass(die, "AfterIntent")
    if (/^\s*UPDATE livedesk_flow_intents SET state = 'Done'/.test(text)) pass(die, "AfterDone")
    if (/INSERT INTO.*cluster_replies/s.test(text)) replied = true
    return rows
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// flows
// ---------------------------------------------------------------------------------------------------------------------

const Found = Schema.Struct({ id: Schema.NullOr(Schema.Int) })

const probe = (baseUrl: string) =>
  Layer.effect(
    Reconciliation.OutcomeProbe,
    Effect.map(HttpClient.HttpClient, (client) => {
      const ask = (what: string, urlParams: Record<string, string>) =>
        client.get(`${baseUrl}/probe/${what}`, { urlParams }).pipe(
          Effect.flatMap(HttpClientResponse.schemaBodyJson(Found)),
          Effect.map(({ id }) => id === null ? Reconciliation.notFound : Reconciliation.found(id)),
          Effect.orDie
        )
      return {
        conversation: ({ contactId }) => ask("conversation", { contactId: String(contactId) }),
        message: ({ content, conversationId }) => ask("message", { content, conversationId: String(conversationId) })
      }
    })
  )

const start = (number: number) =>
  ConversationFlow.run({
    id: "campaign",
    inboxId: 407,
    contact: { email: `${number}@acme.inc` },
    message: { content: `Hello, number ${number}` }
  })

const program = Effect.gen(function*() {
  const { baseUrl, die, flows, starts } = yield* settings
  if (!starts) return yield* Effect.never
  const numbers = Array.from({ length: flows }, (_, index) => index + 1)
  const last = die === never ? undefined : numbers.pop()
  yield* Effect.forEach(numbers, start, { concurrency: "unbounded" })
  if (last !== undefined) {
    yield* HttpClient.get(`${baseUrl}/arm`)
    isArmed = true
    yield* start(last)
  }
})

const live = Layer.unwrap(Effect.gen(function*() {
  const { baseUrl, die, limit } = yield* settings
  if (die !== never) watchStatements(die)
  const liveDesk = NodeLiveDesk.layerConfig({
    ...(limit === 0 ? {} : { rateLimit: RateLimit.make({ limit, window: "1 second" }), timeout: "1 minute" }),
    transformClient: flow(
      HttpClient.transform((effect, { method }) =>
        method === "POST" ? Effect.tap(effect, () => Effect.sync(() => pass(die, "AfterResponse"))) : effect
      ),
      HttpClient.mapRequest(HttpClientRequest.setHeader("x-runner", String(process.pid)))
    )
  })
  return ConversationFlow.layer({ reconcileAfter: "100 millis" }).pipe(
    Layer.provide([Layer.provide(liveDesk, NodeFlows.layerStoresConfig), probe(baseUrl)]),
    Layer.provideMerge(NodeFlows.layerConfig()),
    Layer.provideMerge(NodeHttpClient.layerUndici)
  )
}))

/** All of it, with the settings of the `ConfigProvider`. */
export const run = Effect.provide(program, live)
