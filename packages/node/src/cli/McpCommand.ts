/**
 * `livedesk mcp`.
 *
 * @since 0.1.0
 */
import { modes } from "@effect-livedesk/core/agents/AgentPolicy"
import type * as AgentStore from "@effect-livedesk/core/agents/AgentStore"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"
import * as NodeLiveDesk from "../NodeLiveDesk.ts"
import { InvalidFileError, UsageError } from "./ExitCode.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"

const defaultStore = "livedesk-agents.sqlite"

/**
 * The flag `--store`: the file of an agent's drafts, unknown writes and audit log.
 *
 * @category flags
 * @since 0.1.0
 */
export const store: Flag.Flag<string> = Flag.String("store").pipe(
  Flag.withDescription("The file of drafts, unknown writes, limits and the audit log; created if it does not exist"),
  Flag.withMetavar("path"),
  Flag.withDefault(defaultStore)
)

/**
 * Loads the agents' modules on demand, so that the other commands begin sooner.
 *
 * @category running
 * @since 0.1.0
 */
export const loaded = Effect.promise(async () => ({
  AgentDraft: await import("@effect-livedesk/core/agents/AgentDraft"),
  NodeAgents: await import("../NodeAgents.ts")
}))

/**
 * Turns the errors of a store's file into one of the command's.
 *
 * @category running
 * @since 0.1.0
 */
export const storeFailed = (error: { readonly message: string }) =>
  Effect.fail(new InvalidFileError({ message: `the store cannot be used: ${error.message}` }))

/**
 * The command `livedesk mcp`, which serves LiveDesk to an AI agent.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make(
  "mcp",
  {
    policy: Flag.Literals("policy", ["read-only", "draft", "allow"]).pipe(
      Flag.withDescription(
        "read-only; draft: a person approves what customers see, by livedesk drafts; allow: within limits"
      ),
      Flag.withDefault("draft")
    ),
    store: Flag.String("store").pipe(
      Flag.withDescription(
        `The file of drafts, unknown writes, limits and the audit log; defaults to ${defaultStore}, with --emulator to memory`
      ),
      Flag.withMetavar("path"),
      Flag.optional
    ),
    inboxes: Flag.Int("inbox").pipe(
      Flag.withDescription(
        "An inbox that the agent may work in, by its id; defaults to all; may be given several times"
      ),
      Flag.atLeast(0)
    ),
    emulator: Flag.Boolean("emulator").pipe(
      Flag.withDescription("Run an emulated LiveDesk, and use that; its address and inbox page are on standard error"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*({ emulator, inboxes, policy, store }) {
    yield* LiveDeskCall.rejectDryRun("mcp", "the policy says what is sent")
    // What is written in an emulator ends with it, and so do the drafts.
    const file = Option.getOrElse(store, () => emulator ? ":memory:" : defaultStore)
    if (file === "") return yield* new UsageError({ message: "--store: expected a path" })
    const { NodeAgents } = yield* loaded
    const mode = policy === "read-only" ? modes[0] : policy
    const serve = NodeAgents.serve({ version: yield* version, mode, ...(inboxes.length === 0 ? {} : { inboxes }) })
    yield* Effect.gen(function*() {
      if (emulator) return yield* atEmulator(serve, inboxes)
      return yield* Effect.provide(serve, NodeLiveDesk.layerConfig({ proxy: "environment" }))
    }).pipe(
      Effect.provide(NodeAgents.layerStore({ file })),
      Effect.catchTags({ SqlError: storeFailed, SqliteFileError: storeFailed })
    )
  })
).pipe(
  Command.withDescription("Serve LiveDesk as tools to an AI agent, by MCP on standard input and output"),
  Command.withExamples([{
    command: "livedesk mcp --policy draft --store agents.sqlite --inbox 407",
    description: "Let an agent read, leave notes, and draft what a person then sends"
  }])
)

/** Runs a server at an emulator of its own, whose inbox shows what waits in the agent's store. */
const atEmulator = Effect.fnUntraced(function*<E>(
  serve: Effect.Effect<void, E, AgentStore.AgentStore | NodeLiveDesk.Provided>,
  inboxes: ReadonlyArray<number>
) {
  const { AgentStore, Emulator, NodeEmulator } = yield* emulatorLoaded
  yield* Effect.gen(function*() {
    const { baseUrl } = yield* NodeEmulator.NodeEmulator
    const { credentials } = yield* Emulator.Emulator
    // The emulator's own credentials are no secret: they open nothing else.
    yield* Console.error([
      `LIVEDESK_BASE_URL=${baseUrl}`,
      `LIVEDESK_API_KEY=${Redacted.value(credentials.apiKey)}`,
      `LIVEDESK_API_SECRET=${Redacted.value(credentials.apiSecret)}`,
      `# inbox: ${baseUrl}/inbox`
    ].join("\n"))
    yield* Effect.provide(serve, NodeLiveDesk.layer({ baseUrl, ...credentials }))
  }).pipe(
    Effect.provide(NodeEmulator.layer({
      agentStore: yield* AgentStore.AgentStore,
      ...(inboxes.length === 0 ? {} : { inboxes: inboxes.map((id) => ({ id, name: `Inbox ${id}` })) })
    }))
  )
})

const emulatorLoaded = Effect.promise(async () => ({
  AgentStore: await import("@effect-livedesk/core/agents/AgentStore"),
  Emulator: await import("@effect-livedesk/core/testing/Emulator"),
  NodeEmulator: await import("../NodeEmulator.ts")
}))

const readVersion = Schema.decodeEffect(Schema.fromJsonString(Schema.Struct({ version: Schema.String })))

/** The version of this package. */
const version = Effect.sync(() => readFileSync(new URL("../../package.json", import.meta.url), "utf8")).pipe(
  Effect.flatMap(readVersion),
  Effect.map(({ version }) => version),
  Effect.orDie
)
