import { AgentDraft, AgentStore, type AgentWrite } from "@effect-livedesk/core/agents"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import { NodeEmulator } from "@effect-livedesk/node"
import * as NodeAgents from "@effect-livedesk/node/NodeAgents"
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Layer } from "effect"
import { request } from "node:http"
import { join } from "node:path"
import * as AgentWorld from "../AgentWorld.ts"
import * as Cli from "../Cli.ts"
import * as Folder from "../Folder.ts"
import { act, error, look, send } from "../InboxClient.ts"

const { Fault } = Faults

/** An emulator whose inbox has an agent's store. */
const layer = <E, R>(store: Layer.Layer<AgentStore.AgentStore, E, R>) =>
  Layer.unwrap(
    AgentStore.AgentStore.useSync((agentStore) => NodeEmulator.layerLiveDesk({ agentStore }))
  ).pipe(Layer.provideMerge(store))

const limits = {
  messagesPerMinuteInConversation: 99,
  messagesPerMinute: 99,
  conversationsPerHour: 99,
  otherWritesPerMinute: 99
}

const draft = (request: AgentWrite.Request) =>
  Effect.flatMap(
    AgentWorld.target,
    (target) => AgentStore.AgentStore.use((store) => store.propose(request, { isDraft: true, limits, target }))
  )

/** A draft to a customer, whose number is 1. */
const aDraft = Effect.gen(function*() {
  const { conversationId } = yield* AgentWorld.begin()
  yield* draft({ tool: "send_message", arguments: { conversation_id: conversationId, text: "On its way" } })
  return conversationId
})

const decide = (decision: string, id = 1, headers: { readonly [name: string]: string } = {}) =>
  act({ _tag: "DecideDraft", id, decision }, headers)

const fails = (...faults: ReadonlyArray<Faults.Fault>) =>
  Faults.Faults.use(({ setPlan }) => setPlan(Faults.script({ "messages.send": faults })))

const stateOf = (id: number) => Effect.map(AgentDraft.get(id), ({ state }) => state)

interface Drafts {
  readonly rows: ReadonlyArray<{ readonly id: number; readonly state: string }>
}

describe("drafts in the emulator's inbox", () => {
  it.live("are shown to a page that is open, each as it would be sent, until a person decides", () =>
    Effect.gen(function*() {
      const { next } = yield* look()
      assert.deepStrictEqual((yield* next)?.["drafts"], { rows: [], more: 0, problem: null })
      const later = Effect.map(
        Effect.repeat(next, { until: (event) => event === undefined || "drafts" in event }),
        (event) => Object(event?.["drafts"])
      )
      const conversationId = yield* aDraft
      const [first] = (yield* later).rows
      const { askedAt, ...shown } = first
      assert.isNumber(askedAt)
      assert.deepStrictEqual(shown, {
        id: 1,
        state: "Drafted",
        tool: "send_message",
        conversationId,
        contactId: null,
        text: "On its way",
        fields: [],
        problem: ""
      })
      const text = "x".repeat(10_000)
      yield* draft({ tool: "start_conversation", arguments: { inbox_id: 407, contact_id: 7, text } })
      const { rows } = yield* later
      assert.deepInclude(rows[1], { tool: "start_conversation", conversationId: null, contactId: 7, text })
      assert.strictEqual((yield* decide("discard", 1)).status, 200)
      assert.strictEqual((yield* decide("discard", 2)).status, 200)
      let waiting = rows.length
      while (waiting > 0) waiting = (yield* later).rows.length
      assert.deepStrictEqual(yield* AgentWorld.messages(false), [])
    }).pipe(Effect.scoped, Effect.provide(layer(AgentStore.layerMemory))))

  it.live("are sent once", () =>
    Effect.gen(function*() {
      yield* aDraft
      assert.strictEqual((yield* decide("send")).status, 200)
      for (const decision of ["send", "discard", "processed"]) {
        const refused = yield* decide(decision)
        assert.strictEqual(refused.status, 409, decision)
        assert.include(error(refused), "write 1 is Done")
      }
      assert.strictEqual((yield* decide("send", 2)).status, 409)
      assert.strictEqual((yield* decide("whatever")).status, 400)
      assert.deepStrictEqual(yield* AgentWorld.messages(false), ["On its way"])
    }).pipe(Effect.provide(layer(AgentStore.layerMemory))))

  it.live("are sent once by the page and the shell together", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      yield* Effect.gen(function*() {
        const settings = yield* Cli.settings
        yield* aDraft
        const sends = yield* Effect.all([
          Effect.map(decide("send"), ({ status }) => status === 200),
          Effect.map(Cli.runIn(folder, ["drafts", "send", "1"], settings), ({ code }) => code === 0),
          Effect.map(decide("send"), ({ status }) => status === 200)
        ], { concurrency: "unbounded" })
        assert.lengthOf(sends.filter((sent) => sent), 1)
        assert.deepStrictEqual(yield* AgentWorld.messages(false), ["On its way"])
        // What the shell decides is on the page soon.
        const { next } = yield* look()
        assert.deepInclude((yield* next)?.["drafts"], { rows: [] })
        yield* draft({ tool: "create_ticket", arguments: { title: "Damaged parcel" } }).pipe(
          Effect.provide(Layer.fresh(NodeAgents.layerStore({ file: join(folder, "livedesk-agents.sqlite") })))
        )
        const changed = yield* Effect.repeat(next, { until: (event) => event === undefined || "drafts" in event })
        assert.deepInclude(Object(changed?.["drafts"]).rows[0], {
          id: 2,
          text: "",
          fields: [["title", "Damaged parcel"]]
        })
      }).pipe(
        Effect.provide(layer(NodeAgents.layerStore({ file: join(folder, "livedesk-agents.sqlite") })))
      )
    }).pipe(Effect.scoped))

  it.live("wait again if LiveDesk did nothing, and for a person if it may have", () =>
    Effect.gen(function*() {
      yield* aDraft
      yield* fails(Fault.RateLimited({ retryAfter: "120" }), Fault.Reset({ when: "AfterProcessing" }))
      const limited = yield* decide("send")
      assert.strictEqual(limited.status, 502)
      assert.include(error(limited), "nothing was sent: RateLimited")
      assert.strictEqual(yield* stateOf(1), "Drafted")
      const lost = yield* decide("send")
      assert.strictEqual(lost.status, 502)
      assert.include(error(lost), "whether LiveDesk did it is not known")
      assert.strictEqual(yield* stateOf(1), "Unknown")
      assert.strictEqual((yield* decide("send")).status, 409)
      assert.strictEqual((yield* decide("processed")).status, 200)
      assert.deepStrictEqual(yield* AgentWorld.messages(false), ["On its way"])
    }).pipe(Effect.provide(layer(AgentStore.layerMemory))))

  it.live("that started a conversation are resolved with its number, and continue there", () =>
    Effect.gen(function*() {
      const { contactId, conversationId } = yield* AgentWorld.begin()
      yield* draft({
        tool: "start_conversation",
        arguments: { inbox_id: 407, contact_id: contactId, text: "On its way" }
      })
      yield* Faults.Faults.use(({ setPlan }) =>
        setPlan(Faults.script({ "conversations.create": [Fault.Reset({ when: "AfterProcessing" })] }))
      )
      assert.strictEqual((yield* decide("send")).status, 502)
      assert.include(error(yield* decide("processed")), "its id is needed")
      const { conversations } = yield* Emulator.Emulator.use(({ state }) => state)
      const [started = 0] = [...HashMap.keys(conversations)].filter((id) => id !== conversationId)
      const mixed = yield* act({ _tag: "DecideDraft", id: 1, decision: "not-processed", conversationId: started })
      assert.strictEqual(mixed.status, 400)
      assert.include(error(mixed), "give no number")
      assert.strictEqual(yield* stateOf(1), "Unknown")
      const resolved = yield* act({ _tag: "DecideDraft", id: 1, decision: "processed", conversationId: started })
      assert.strictEqual(resolved.status, 200, resolved.text)
      assert.deepInclude(yield* AgentDraft.get(1), { state: "Drafted", ids: { conversation_id: started } })
      assert.strictEqual((yield* decide("send")).status, 200)
      assert.deepStrictEqual(yield* AgentWorld.messages(false), ["On its way"])
    }).pipe(Effect.provide(layer(AgentStore.layerMemory))))

  it.live("whose outcome the store could not record are not reported as not sent", () =>
    Effect.gen(function*() {
      yield* aDraft
      const sent = yield* decide("send")
      assert.strictEqual(sent.status, 502)
      assert.include(error(sent), "is not known")
      const { next } = yield* look()
      const drafts = (yield* next)?.["drafts"]
      assert.deepStrictEqual(Object(drafts).rows.map(({ state }: Drafts["rows"][number]) => state), ["Begun"])
      assert.include(error(yield* decide("not-processed")), "may be in flight")
    }).pipe(
      Effect.scoped,
      Effect.provide(layer(
        Layer.effect(
          AgentStore.AgentStore,
          AgentStore.AgentStore.useSync((store) =>
            AgentStore.AgentStore.of({
              ...store,
              complete: () => Effect.fail(new AgentStore.AgentStoreError({ message: "the disk is full" }))
            })
          )
        ).pipe(Layer.provide(AgentStore.layerMemory))
      ))
    ))

  it.live("are sent and recorded though the page is closed meanwhile", () =>
    Effect.gen(function*() {
      yield* aDraft
      yield* fails(Fault.SlowBody({ bytes: 10, pause: "50 millis" }))
      const { baseUrl } = yield* NodeEmulator.NodeEmulator
      const sending = request(`${baseUrl}/inbox/actions`, {
        method: "POST",
        headers: { "content-type": "application/json" }
      })
      sending.on("error", () => {})
      sending.end(JSON.stringify({ _tag: "DecideDraft", id: 1, decision: "send" }))
      yield* Effect.repeat(Effect.delay(stateOf(1), "5 millis"), { until: (state) => state === "Begun" })
      sending.destroy()
      yield* Effect.repeat(Effect.delay(stateOf(1), "5 millis"), { until: (state) => state !== "Begun" })
      assert.strictEqual(yield* stateOf(1), "Done")
      assert.deepStrictEqual(yield* AgentWorld.messages(false), ["On its way"])
    }).pipe(Effect.provide(layer(AgentStore.layerMemory))))

  it.live("are not sent by a page of another site, or a form", () =>
    Effect.gen(function*() {
      yield* aDraft
      for (
        const headers of [{ origin: "http://evil.example" }, { "sec-fetch-site": "cross-site" }, {
          host: "evil.example"
        }]
      ) {
        assert.strictEqual((yield* decide("send", 1, headers)).status, 403)
      }
      assert.strictEqual((yield* decide("send", 1, { "content-type": "text/plain" })).status, 415)
      assert.strictEqual((yield* send("GET", "/inbox/actions")).status, 405)
      assert.strictEqual(yield* stateOf(1), "Drafted")
    }).pipe(Effect.provide(layer(AgentStore.layerMemory))))

  it.live("without an agent's store are neither shown nor decided about", () =>
    Effect.gen(function*() {
      const { next } = yield* look()
      assert.isNull((yield* next)?.["drafts"])
      const refused = yield* decide("send")
      assert.deepStrictEqual([refused.status, error(refused)], [404, "no agent's store is set"])
    }).pipe(Effect.scoped, Effect.provide(NodeEmulator.layer())))

  it.live("that cannot be read are a problem on the page, which shows the rest", () =>
    Effect.gen(function*() {
      const { next } = yield* look()
      const { counts, drafts } = Object(yield* next)
      assert.deepStrictEqual(drafts, { rows: [], more: 0, problem: "the disk is gone" })
      assert.deepInclude(counts, { contacts: 0 })
    }).pipe(
      Effect.scoped,
      Effect.provide(layer(
        Layer.effect(
          AgentStore.AgentStore,
          AgentStore.AgentStore.useSync((store) =>
            AgentStore.AgentStore.of({
              ...store,
              list: () => Effect.fail(new AgentStore.AgentStoreError({ message: "the disk is gone" }))
            })
          )
        ).pipe(Layer.provide(AgentStore.layerMemory))
      ))
    ))
})
