import { AgentStore } from "@effect-livedesk/core/agents"
import { Faults } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import * as NodeAgents from "@effect-livedesk/node/NodeAgents"
import * as NodeSqlite from "@effect-livedesk/node/NodeSqlite"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Random } from "effect"
import { SqlClient } from "effect/sql"
import { join } from "node:path"
import * as AgentWorld from "../AgentWorld.ts"
import * as Breadth from "../Breadth.ts"
import * as Cli from "../Cli.ts"
import * as Folder from "../Folder.ts"
import * as McpAgent from "../McpAgent.ts"

const campaign = "agents: kills of the process"

/** The process that is killed, and when: while LiveDesk holds the response of what it did or did not do, or at any time. */
const deaths = [
  ["drafts send", "AfterProcessing"],
  ["mcp", "BeforeProcessing"],
  ["mcp", "AfterProcessing"],
  ["drafts send", "BeforeProcessing"],
  ["drafts send", "AnyTime"],
  ["mcp", "AnyTime"]
] as const

const limits = {
  messagesPerMinuteInConversation: 99,
  messagesPerMinute: 99,
  conversationsPerHour: 99,
  otherWritesPerMinute: 99
}

/** Lets time pass for what is in a store. */
const age = (file: string) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe(`
      UPDATE livedesk_agent_writes SET body = json_set(body, '$.changedAt', json_extract(body, '$.changedAt') - 960000)
    `)
  ).pipe(Effect.provide(Layer.fresh(NodeSqlite.layer({ file }))))

/** One death: of what is found afterwards, the state, and whether the customer had the message. */
const die = Effect.fnUntraced(function*(index: number, [program, when]: typeof deaths[number]) {
  const folder = yield* Folder.make
  const file = join(folder, "livedesk-agents.sqlite")
  const settings = yield* Cli.settings
  const drafts = (...args: ReadonlyArray<string>) => Cli.runIn(folder, ["drafts", ...args], settings)
  const { setPlan, trace } = yield* Faults.Faults
  const { conversationId } = yield* AgentWorld.begin({ email: `c${index}@acme.example` })
  const text = `Parcel ${index} is on its way`
  const fields = { conversation_id: conversationId, text }
  const isThere = Effect.map(AgentWorld.messages(false), (messages) => messages.includes(text))
  const startAgent = McpAgent.start(folder, ["--policy", "allow"], settings)

  yield* setPlan(Faults.script(when === "AnyTime" ? {} : { "messages.send": [Faults.Fault.Silent({ when })] }))
  const requests = (yield* trace).length
  const held = trace.pipe(
    Effect.delay("2 millis"),
    Effect.repeat({ until: (trace) => trace.slice(requests).some(({ operation }) => operation === "messages.send") }),
    Effect.andThen(
      when === "AfterProcessing" ? Effect.repeat(Effect.delay(isThere, "2 millis"), { until: (is) => is }) : Effect.void
    )
  )
  const until = (longest: number) =>
    when === "AnyTime" ? Effect.flatMap(Random.nextIntBetween(0, longest), (wait) => Effect.sleep(wait)) : held
  if (program === "drafts send") {
    const target = yield* AgentWorld.target
    yield* AgentStore.AgentStore.use((store) =>
      store.propose({ tool: "send_message", arguments: fields }, { isDraft: true, limits, target })
    ).pipe(Effect.provide(Layer.fresh(NodeAgents.layerStore({ file }))))
    const run = yield* Cli.spawn(folder, ["drafts", "send", "1"], settings)
    yield* until(1_500)
    yield* run.kill
  } else {
    const agent = yield* startAgent
    const call = yield* Effect.forkScoped(Effect.exit(agent.call("send_message", fields)))
    yield* until(30)
    process.kill(agent.pid, "SIGKILL")
    yield* Fiber.await(call)
  }
  yield* setPlan(Faults.script({}))

  // Other processes from here on.
  const again = program === "mcp"
    ? Effect.map((yield* startAgent).call("send_message", fields), ({ value }) => JSON.stringify(value))
    : Effect.map(drafts("send", "1"), ({ code, err }) => `${err.trim()} (${code})`)
  const responses = program === "mcp"
    ? { early: "\"inFlight\"", later: "\"outcomeUnknown\"", repeated: "\"repeated\"", sent: "\"done\"" }
    : {
      early: "then resolve it (2)",
      later: "write 1 may have been sent",
      repeated: "write 1 is Done",
      sent: "(0)"
    }
  const { out: shown } = yield* drafts("show", "1")
  const [, state = "none"] = /^state +(\w+)$/m.exec(shown) ?? []
  const happened = yield* isThere
  if (when !== "AnyTime") {
    assert.deepStrictEqual([state, happened], ["Begun", when === "AfterProcessing"])
  }
  if (state === "Begun") {
    assert.include(shown, "may have been sent")
    assert.include(yield* again, responses.early)
    const decision = happened ? "processed" : "not-processed"
    const early = yield* drafts("resolve", "1", decision)
    assert.strictEqual(early.code, 2)
    assert.include(early.err, "may be in flight")
    yield* age(file)
    assert.include(yield* again, responses.later)
    assert.strictEqual((yield* drafts("resolve", "1", decision)).code, 0)
  }
  assert.include(yield* again, happened ? responses.repeated : responses.sent)
  return { state, text }
}, Effect.scoped)

describe("an agent's write whose process is killed", () => {
  it.live(
    "may have been sent, is refused until a person has looked, and reaches the customer once",
    () =>
      Effect.gen(function*() {
        const states: Array<string> = []
        const texts: Array<string> = []
        for (const index of Breadth.cases(campaign)) {
          const death = deaths[(index - 1) % deaths.length] ?? deaths[0]
          const { state, text } = yield* die(index, death).pipe(
            Effect.catchCause((cause) => Effect.die(new Error(`${index}: ${death.join(", ")}`, { cause })))
          )
          states.push(state)
          texts.push(text)
        }
        assert.deepStrictEqual((yield* AgentWorld.messages(false)).toSorted(), texts.toSorted())
        assert.include(states, "Begun")
        process.stderr.write(`agents: killed while ${states.join(", ")}; each message was sent once\n`)
      }).pipe(Effect.provide(NodeEmulator.layerLiveDesk())),
    Breadth.timeout(campaign)
  )
})
