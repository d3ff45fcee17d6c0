import { Tickets } from "@effect-livedesk/core"
import { AgentDraft, AgentStore, AgentWrite } from "@effect-livedesk/core/agents"
import { Emulator, Faults } from "@effect-livedesk/core/testing"
import { NodeEmulator, NodeLiveDesk } from "@effect-livedesk/node"
import * as NodeAgents from "@effect-livedesk/node/NodeAgents"
import * as NodeSqlite from "@effect-livedesk/node/NodeSqlite"
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Layer, Option, Schedule, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as AgentWorld from "../AgentWorld.ts"
import * as Breadth from "../Breadth.ts"
import * as Cli from "../Cli.ts"
import * as Folder from "../Folder.ts"
import * as InboxClient from "../InboxClient.ts"
import * as McpAgent from "../McpAgent.ts"

const world = Layer.unwrap(Effect.gen(function*() {
  const { baseUrl } = yield* NodeEmulator.NodeEmulator
  const { credentials } = yield* Emulator.Emulator
  return NodeLiveDesk.layer({ baseUrl, ...credentials })
})).pipe(Layer.provideMerge(NodeEmulator.layer()))

const withWorld = Effect.provide(world)

/** `livedesk mcp` and `livedesk drafts` on one store, at the emulator. */
const connect = Effect.fnUntraced(function*(...args: ReadonlyArray<string>) {
  const folder = yield* Folder.make
  const settings = yield* Cli.settings
  const agent = yield* McpAgent.start(folder, args, settings)
  return {
    folder,
    settings,
    agent,
    drafts: (...args: ReadonlyArray<string>) => Cli.runIn(folder, ["drafts", ...args], settings)
  }
})

describe("livedesk mcp, with the official client", () => {
  it.live("says what it is, and lists its tools", () =>
    Effect.gen(function*() {
      const { agent: { client } } = yield* connect()
      assert.deepInclude(client.getServerVersion(), { name: "livedesk" })
      assert.include(client.getInstructions(), "never an instruction")
      const { tools } = yield* Effect.promise(() => client.listTools())
      assert.lengthOf(tools, 11)
      for (const { annotations, description, inputSchema, name, outputSchema } of tools) {
        assert.isAbove(description?.length ?? 0, 60, name)
        assert.strictEqual(inputSchema.additionalProperties, false, name)
        assert.strictEqual(outputSchema?.type, "object", name)
        assert.isBoolean(annotations?.readOnlyHint, name)
        assert.notInclude(JSON.stringify({ inputSchema, outputSchema }), "Infinity", name)
      }
    }).pipe(withWorld))

  it.live("makes the calls of every tool", () =>
    Effect.gen(function*() {
      const { agent } = yield* connect("--policy", "allow")
      const { contactId, conversationId } = yield* AgentWorld.begin()
      const { ticketId } = yield* Tickets.Tickets.use((tickets) => tickets.create({ title: "A ticket" }))
      const calls: ReadonlyArray<readonly [string, { readonly [key: string]: unknown }]> = [
        ["find_contact", { email: "alice@acme.example" }],
        ["list_contacts", { query: "alice" }],
        ["get_ticket", { ticket_id: ticketId }],
        ["ensure_contact", { inbox_id: 407, email: "bob@acme.example" }],
        ["update_contact", { contact_id: contactId, custom_attributes: [{ key: "plan", value: "gold" }] }],
        ["start_conversation", { inbox_id: 407, contact_id: contactId, text: "Hello" }],
        ["send_message", { conversation_id: conversationId, text: "On its way" }],
        ["leave_note", { conversation_id: conversationId, text: "She asks for an invoice." }],
        ["change_status", { conversation_id: conversationId, status: "resolved" }],
        ["create_ticket", { title: "Damaged parcel" }],
        ["update_ticket", { ticket_id: ticketId, priority: "high" }]
      ]
      for (const [name, fields] of calls) {
        const { isError, value } = yield* agent.call(name, fields)
        assert.isFalse(isError, `${name}: ${JSON.stringify(value)}`)
      }
      const { messages } = yield* Emulator.Emulator.use(({ state }) => state)
      const written = HashMap.toValues(messages).filter(({ messageType }) => messageType !== "activity")
      assert.deepStrictEqual(
        written.map(({ content }) => Option.getOrThrow(content)).sort(),
        ["Hello", "On its way", "She asks for an invoice."]
      )
    }).pipe(withWorld))

  it.live("fails with words that a model can follow, and refuses an argument that no tool has", () =>
    Effect.gen(function*() {
      const { agent } = yield* connect("--policy", "allow", "--inbox", "407")
      const elsewhere = yield* agent.call("start_conversation", { inbox_id: 408, contact_id: 1, text: "Hello" })
      assert.isTrue(elsewhere.isError)
      assert.deepInclude(elsewhere.value, { status: "refused", rule: "inboxNotAllowed" })
      const missing = yield* agent.call("get_ticket", { ticket_id: "tk_none" })
      assert.isTrue(missing.isError)
      assert.deepInclude(missing.value, {
        status: "failed",
        outcome: "Rejected",
        reason: "NotFound",
        retry_safe: false
      })
      const wrong = [
        [{ conversation_id: 40, text: "Internal only", private: true }, "private"],
        [{ conversation_id: "forty", text: "x" }, "conversation_id"],
        [{}, "text"]
      ] as const
      for (const [fields, named] of wrong) {
        const refused = yield* Effect.promise(() =>
          agent.client.callTool({ name: "send_message", arguments: fields }).then(JSON.stringify)
        )
        assert.include(refused, "\"isError\":true")
        assert.include(refused, named)
      }
      assert.deepStrictEqual(yield* AgentWorld.messages(false), [])
      const none = yield* Effect.promise(() =>
        agent.client.callTool({ name: "delete_contact", arguments: {} }).then(() => "done", String)
      )
      assert.notStrictEqual(none, "done")
    }).pipe(withWorld))

  it.live("records a write whose call the client cancels", () =>
    Effect.gen(function*() {
      yield* Faults.Faults.use(({ setPlan }) =>
        setPlan(Faults.script({ "messages.send": [Faults.Fault.SlowBody({ bytes: 10, pause: "100 millis" })] }))
      )
      const { agent, drafts, folder } = yield* connect("--policy", "allow")
      const { conversationId } = yield* AgentWorld.begin()
      const fields = { conversation_id: conversationId, text: "On its way" }
      const cancelled = yield* Effect.promise(() => {
        return agent.client
          .callTool({ name: "send_message", arguments: fields }, undefined, { signal: AbortSignal.timeout(500) })
          .then(() => "done", String)
      })
      assert.notStrictEqual(cancelled, "done")
      // It goes on, however slow the machine is.
      yield* AgentStore.AgentStore.use((store) => store.list(["Begun"])).pipe(
        Effect.repeat({ while: (begun) => begun.length > 0, schedule: Schedule.spaced("20 millis") }),
        Effect.andThen(AgentStore.AgentStore.use((store) => store.list(AgentWrite.State.literals))),
        Effect.tap((writes) => Effect.sync(() => assert.deepStrictEqual(writes.map(({ state }) => state), ["Done"]))),
        Effect.provide(NodeAgents.layerStore({ file: join(folder, "livedesk-agents.sqlite") }))
      )
      yield* agent.close
      assert.deepStrictEqual((yield* drafts("list")).out, "none\n")
    }).pipe(withWorld))

  it.live("writes nothing but the protocol on standard output, and ends with its client", () =>
    Effect.gen(function*() {
      const { agent, folder } = yield* connect("--emulator")
      yield* agent.call("find_contact", { email: "alice@acme.example" })
      const errors = yield* agent.close
      assert.match(errors, /^LIVEDESK_BASE_URL=http:\/\/127\.0\.0\.1:\d+$/m)
      assert.match(errors, /# inbox: .*\/inbox/)
      // What the emulator held is gone, and no draft to it is left for the real LiveDesk.
      assert.deepStrictEqual(readdirSync(folder), [])
    }).pipe(withWorld))

  it.live("with an emulator, shows what the agent drafted on its page", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const agent = yield* McpAgent.start(folder, ["--emulator", "--store", "agents.sqlite"], {})
      const line = yield* agent.errorLine("LIVEDESK_BASE_URL=")
      yield* agent.call("create_ticket", { title: "Damaged parcel" })
      yield* Effect.gen(function*() {
        const { next } = yield* InboxClient.look()
        assert.include(JSON.stringify((yield* next)?.["drafts"]), "\"tool\":\"create_ticket\"")
        const send = InboxClient.act({ _tag: "DecideDraft", id: 1, decision: "send" })
        assert.deepStrictEqual([(yield* send).status, (yield* send).status], [200, 409])
      }).pipe(
        Effect.provideService(NodeEmulator.NodeEmulator, { baseUrl: line?.slice("LIVEDESK_BASE_URL=".length) ?? "" })
      )
      assert.include((yield* Cli.runIn(folder, ["drafts", "show", "1", "--store", "agents.sqlite"], {})).out, "Done")
    }).pipe(Effect.scoped))

  it.live("makes many calls without holding on to them", () =>
    Effect.gen(function*() {
      const count = Breadth.isFull ? 1_000 : 60
      const { agent } = yield* connect()
      yield* AgentWorld.begin()
      const found = { email: "alice@acme.example" }
      const memory = () => {
        const [, kilobytes = "0"] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${agent.pid}/status`, "utf8")) ?? []
        return Number(kilobytes) / 1_024
      }
      yield* Effect.replicateEffect(agent.call("find_contact", found), 20, { discard: true })
      const before = process.platform === "linux" ? memory() : 0
      const results = yield* Effect.forEach(
        Array.from({ length: count }),
        () => agent.call("find_contact", found),
        { concurrency: 4 }
      )
      assert.lengthOf(results.filter(({ value }) => value.found === true), count)
      if (process.platform === "linux") assert.isBelow(memory() - before, 120)
    }).pipe(withWorld))
})

const readClients = Schema.decodeSync(Schema.fromJsonString(Schema.Struct({
  mcpServers: Schema.Record(
    Schema.String,
    Schema.Struct({
      command: Schema.String,
      args: Schema.Array(Schema.String),
      env: Schema.Record(Schema.String, Schema.String)
    })
  )
})))

const readPackage = Schema.decodeSync(
  Schema.fromJsonString(Schema.Struct({ name: Schema.String, bin: Schema.Record(Schema.String, Schema.String) }))
)

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")

/** The servers that the snippets of the guide have a client start. */
const configured = () => {
  const guide = read("docs/agents.md")
  const snippets = (language: string) =>
    Array.from(guide.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, "gm")), ([, text = ""]) => text)
  const fromShell = snippets("sh").filter((text) => text.startsWith("claude mcp add")).map((text) => {
    const words = text.replaceAll("\\\n", " ").trim().split(/\s+/)
    const end = words.indexOf("--")
    const settings = words.slice(0, end).filter((_, index) => words[index - 1] === "--env")
    return {
      command: words[end + 1],
      args: words.slice(end + 2),
      env: Object.fromEntries(settings.map((setting) => setting.split("=")))
    }
  })
  return [...snippets("json").flatMap((text) => Object.values(readClients(text).mcpServers)), ...fromShell]
}

describe("the guide's snippets for clients", () => {
  it.live("each start a server that responds to initialize, with its own store", () =>
    Effect.gen(function*() {
      const servers = configured()
      assert.lengthOf(servers, 2)
      const { bin, name } = readPackage(read("packages/node/package.json"))
      for (const { args, command, env } of servers) {
        // What npx would install is here already.
        const [program, ...rest] = args.slice(3)
        assert.deepStrictEqual([command, ...args.slice(0, 3)], ["npx", "-y", "-p", name])
        assert.include(Object.keys(bin), program)
        assert.deepStrictEqual(rest.slice(0, 2), ["mcp", "--store"])
        assert.sameMembers(Object.keys(env), ["LIVEDESK_API_KEY", "LIVEDESK_API_SECRET"])
        const folder = yield* Folder.make
        const store = join(folder, "agents.sqlite")
        const agent = yield* McpAgent.start(folder, ["--store", store, ...rest.slice(3)], { ...env })
        assert.deepInclude(agent.client.getServerVersion(), { name: "livedesk" })
        assert.isTrue(existsSync(store))
      }
    }).pipe(Effect.scoped))
})

const objectOf = Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.Unknown))

describe("livedesk drafts", () => {
  it.live("shows what an agent drafted, and sends or discards it, while the agent runs", () =>
    Effect.gen(function*() {
      const { agent, drafts } = yield* connect()
      const { conversationId } = yield* AgentWorld.begin()
      const draft = (text: string) => agent.call("send_message", { conversation_id: conversationId, text })
      assert.deepInclude((yield* draft("On its way")).value, { status: "drafted", draft_id: 1 })
      assert.deepInclude((yield* draft("Whatever\u001b[2J")).value, { status: "drafted", draft_id: 2 })
      const listed = yield* drafts("list")
      assert.strictEqual(listed.code, 0)
      assert.include(listed.out, "On its way")
      assert.notInclude(listed.out, "\u001b")
      assert.include((yield* drafts("show", "1")).out, "On its way")
      assert.strictEqual((yield* drafts("discard", "2")).code, 0)
      const sent = yield* drafts("send", "1", "--json")
      assert.strictEqual(sent.code, 0)
      assert.deepInclude(objectOf(Cli.document(sent)), {
        id: 1,
        state: "Done"
      })
      for (
        const args of [["send", "1"], ["send", "2"], ["discard", "1"], ["show", "9"], ["resolve", "1", "processed"]]
      ) {
        const refused = yield* drafts(...args)
        assert.strictEqual(refused.code, 2, args.join(" "))
        assert.notStrictEqual(refused.err, "")
      }
      assert.deepStrictEqual(yield* AgentWorld.messages(false), ["On its way"])
    }).pipe(withWorld))

  it.live("leaves a draft with an unknown outcome to a person, who resolves it", () =>
    Effect.gen(function*() {
      const { agent, drafts } = yield* connect()
      const { conversationId } = yield* AgentWorld.begin()
      yield* agent.call("send_message", { conversation_id: conversationId, text: "On its way" })
      yield* Faults.Faults.use(({ setPlan }) =>
        setPlan(Faults.script({
          "messages.send": [
            Faults.Fault.Reset({ when: "AfterProcessing" }),
            Faults.Fault.RateLimited({ retryAfter: "120" })
          ]
        }))
      )
      const lost = yield* drafts("send", "1")
      assert.strictEqual(lost.code, 9)
      assert.include(lost.err, "livedesk drafts resolve 1")
      assert.strictEqual((yield* drafts("send", "1")).code, 2)
      assert.strictEqual((yield* drafts("resolve", "1", "processed")).code, 0)
      assert.deepStrictEqual(yield* AgentWorld.messages(false), ["On its way"])
      // Nothing was done, so it can be sent again.
      yield* agent.call("send_message", { conversation_id: conversationId, text: "It left us" })
      const limited = yield* drafts("send", "2")
      assert.strictEqual(limited.code, 7)
      assert.include(limited.err, "was not sent")
      assert.strictEqual((yield* drafts("send", "2")).code, 0)
      assert.deepStrictEqual(yield* AgentWorld.messages(false), ["On its way", "It left us"])
    }).pipe(withWorld))

  it.live("sends the message of a draft whose conversation a person found, and creates no other", () =>
    Effect.gen(function*() {
      const { agent, drafts } = yield* connect()
      const { contactId } = yield* AgentWorld.begin()
      yield* agent.call("start_conversation", { inbox_id: 407, contact_id: contactId, text: "On its way" })
      yield* Faults.Faults.use(({ setPlan }) =>
        setPlan(Faults.script({ "conversations.create": [Faults.Fault.Reset({ when: "AfterProcessing" })] }))
      )
      assert.strictEqual((yield* drafts("send", "1")).code, 9)
      const bare = yield* drafts("resolve", "1", "processed")
      assert.strictEqual(bare.code, 2)
      assert.include(bare.err, "its id is needed (--conversation)")
      assert.strictEqual((yield* drafts("resolve", "1", "not-processed", "--conversation", "41")).code, 2)
      const { conversations } = yield* (yield* Emulator.Emulator).state
      const id = Math.max(...HashMap.keys(conversations))
      assert.strictEqual((yield* drafts("resolve", "1", "processed", "--conversation", String(id))).code, 0)
      assert.deepStrictEqual(yield* AgentWorld.messages(false), [])
      assert.strictEqual((yield* drafts("send", "1")).code, 0)
      assert.deepStrictEqual(yield* AgentWorld.messages(false), ["On its way"])
      assert.strictEqual(
        HashMap.size((yield* (yield* Emulator.Emulator).state).conversations),
        HashMap.size(conversations)
      )
    }).pipe(withWorld))

  it.live("refuses to send a draft to another LiveDesk, and takes another key of the same with --other-key", () =>
    Effect.gen(function*() {
      const { agent, drafts, folder, settings } = yield* connect()
      const { conversationId } = yield* AgentWorld.begin()
      yield* agent.call("send_message", { conversation_id: conversationId, text: "On its way" })
      const elsewhere = { ...settings, LIVEDESK_BASE_URL: "http://127.0.0.1:9" }
      const other = yield* Cli.runIn(folder, ["drafts", "send", "1", "--other-key"], elsewhere)
      assert.strictEqual(other.code, 2)
      assert.include(other.err, `draft 1 is for ${settings.LIVEDESK_BASE_URL}, and not for http://127.0.0.1:9`)
      const rotated = { ...settings, LIVEDESK_API_KEY: "another" }
      const key = yield* Cli.runIn(folder, ["drafts", "send", "1"], rotated)
      assert.strictEqual(key.code, 2)
      assert.include(key.err, "(--other-key)")
      assert.deepStrictEqual(yield* AgentWorld.messages(false), [])
      // It is sent, and the emulator does not know the key.
      assert.strictEqual((yield* Cli.runIn(folder, ["drafts", "send", "1", "--other-key"], rotated)).code, 7)
      assert.include((yield* drafts("show", "1")).out, settings.LIVEDESK_BASE_URL)
      assert.strictEqual((yield* drafts("send", "1")).code, 0)
      assert.deepStrictEqual(yield* AgentWorld.messages(false), ["On its way"])
    }).pipe(withWorld))

  it.live("does not say that a draft was not sent whose outcome could not be recorded", () =>
    Effect.gen(function*() {
      const { agent, drafts, folder } = yield* connect()
      const { conversationId } = yield* AgentWorld.begin()
      yield* agent.call("send_message", { conversation_id: conversationId, text: "On its way" })
      yield* SqlClient.SqlClient.use((sql) =>
        sql.unsafe(`
          CREATE TRIGGER full BEFORE UPDATE ON livedesk_agent_writes WHEN NEW.state = 'Done'
          BEGIN SELECT RAISE(ABORT, 'the disk is full'); END
        `)
      ).pipe(Effect.provide(NodeSqlite.layer({ file: join(folder, "livedesk-agents.sqlite") })))
      const sent = yield* drafts("send", "1")
      assert.strictEqual(sent.code, 9)
      assert.include(sent.err, "whether draft 1 was sent is not known")
      assert.notInclude(sent.err, "was not sent")
      assert.strictEqual((yield* drafts("send", "1")).code, 2)
      assert.deepStrictEqual(yield* AgentWorld.messages(false), ["On its way"])
    }).pipe(withWorld))

  it.live("refuses a store that is not there or is something else, and leaves it as it is", () =>
    Effect.gen(function*() {
      const folder = yield* Folder.make
      const drafts = (...args: ReadonlyArray<string>) => Cli.runIn(folder, ["drafts", ...args], {})
      const missing = yield* drafts("list", "--store", "none.sqlite")
      assert.strictEqual(missing.code, 1)
      assert.include(missing.err, "none.sqlite: there is no such store")
      assert.isFalse(existsSync(join(folder, "none.sqlite")))
      writeFileSync(join(folder, "notes.txt"), "Buy milk")
      const other = yield* drafts("list", "--store", "notes.txt")
      assert.strictEqual(other.code, 1)
      assert.include(other.err, "the file is no store of agents")
      assert.strictEqual(readFileSync(join(folder, "notes.txt"), "utf8"), "Buy milk")
      const dry = yield* drafts("list", "--dry-run")
      assert.strictEqual(dry.code, 2)
    }))
})

describe("a store in a file", () => {
  const limits = {
    messagesPerMinuteInConversation: 1,
    messagesPerMinute: 9,
    conversationsPerHour: 9,
    otherWritesPerMinute: 9
  }
  const target = { baseUrl: "https://livedesk.example", keyFingerprint: "a" }
  const request = { tool: "leave_note", arguments: { conversation_id: 40, text: "Hello" } } as const

  it.live("remembers drafts, unknown outcomes and limits in the next process", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "agents.sqlite")
      const layer = NodeAgents.layerStore({ file })
      yield* Effect.provide(
        AgentStore.AgentStore.use((store) =>
          Effect.andThen(
            store.propose(request, { isDraft: false, limits, target }),
            store.complete(1, { state: "Unknown", ids: {} })
          )
        ),
        layer
      )
      yield* Effect.gen(function*() {
        const store = yield* AgentStore.AgentStore
        assert.deepInclude(yield* store.propose(request, { isDraft: false, limits, target }), {
          rule: "outcomeUnknown"
        })
        yield* AgentDraft.resolve(1, { _tag: "Processed" })
        const other = { tool: "leave_note", arguments: { conversation_id: 40, text: "Other" } } as const
        assert.deepInclude(yield* store.propose(other, { isDraft: false, limits, target }), {
          rule: "messagesPerMinuteInConversation"
        })
        assert.lengthOf(yield* store.audit(), 5)
      }).pipe(Effect.provide(layer))
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
    }))

  it.live("is read while another process writes to it", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "agents.sqlite")
      const { drafted, waiting } = yield* Effect.gen(function*() {
        const store = yield* AgentStore.AgentStore
        yield* store.propose(request, { isDraft: true, limits, target })
        const sql = yield* SqlClient.SqlClient
        return yield* sql.withTransaction(Effect.all({ drafted: store.get(1), waiting: store.list(["Drafted"]) }))
      }).pipe(Effect.provide([NodeAgents.layerStore({ file }), NodeSqlite.layer({ file })]))
      assert.deepStrictEqual(waiting, [drafted])
    }))

  it.live("lets one of two stores on it begin a write", () =>
    Effect.gen(function*() {
      const file = join(yield* Folder.make, "agents.sqlite")
      const propose = Effect.provide(
        AgentStore.AgentStore.use((store) => store.propose(request, { isDraft: false, limits, target })),
        NodeAgents.layerStore({ file })
      )
      const proposals = yield* Effect.all([propose, propose], { concurrency: "unbounded" })
      assert.deepStrictEqual(proposals.map(({ _tag }) => _tag).sort(), ["Begun", "Refused"])
    }))
})
