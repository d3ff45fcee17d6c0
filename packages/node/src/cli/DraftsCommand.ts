/**
 * `livedesk drafts`.
 *
 * @since 0.1.0
 */
import type * as AgentStore from "@effect-livedesk/core/agents/AgentStore"
import type { AgentWrite } from "@effect-livedesk/core/agents/AgentWrite"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import * as NodeLiveDesk from "../NodeLiveDesk.ts"
import * as CommandOutput from "./CommandOutput.ts"
import { InvalidFileError, PartialFailureError, UnknownOutcomeError, UsageError } from "./ExitCode.ts"
import * as ImportResolveCommand from "./ImportResolveCommand.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"
import * as McpCommand from "./McpCommand.ts"

const id = Argument.Int("id").pipe(Argument.withDescription("The number of the draft"))

type Loaded = Effect.Success<typeof McpCommand.loaded>

/** Decides about writes of a store, which is there already. */
const decide = Effect.fnUntraced(function*<A, R>(
  store: string,
  decision: (
    loaded: Loaded
  ) => Effect.Effect<
    A,
    | AgentStore.AgentStoreError
    | AgentStore.NotWaitingError
    | AgentStore.OtherLiveDeskError
    | AgentStore.AgentResolutionError,
    AgentStore.AgentStore | R
  >
) {
  yield* LiveDeskCall.rejectDryRun("drafts", "drafts show says what it would send")
  if (!existsSync(store)) {
    return yield* new InvalidFileError({
      message: `${store}: there is no such store; give that of livedesk mcp by --store`
    })
  }
  const loaded = yield* McpCommand.loaded
  return yield* decision(loaded).pipe(
    Effect.provide(loaded.NodeAgents.layerStore({ file: store })),
    Effect.catchTags({
      SqlError: McpCommand.storeFailed,
      SqliteFileError: McpCommand.storeFailed,
      AgentStoreError: McpCommand.storeFailed,
      NotWaitingError: ({ message }) => Effect.fail(new UsageError({ message })),
      OtherLiveDeskError: ({ message }) => Effect.fail(new UsageError({ message })),
      AgentResolutionError: ({ message }) => Effect.fail(new UsageError({ message }))
    })
  )
})

/** Why a write is not done. One that has begun says nothing itself. */
const problemOf = ({ problem, state }: AgentWrite): string =>
  problem ?? (state === "Begun" ? "It is in flight, or its process died: it may have been sent." : "")

/** A write on one line: what it is about, and how its text begins. */
const row = (write: AgentWrite): CommandOutput.Row => {
  const { askedAt, id, request, state } = write
  const { text, ...fields } = { text: "", ...request.arguments }
  return {
    id,
    state,
    asked: DateTime.makeUnsafe(askedAt),
    tool: request.tool,
    arguments: fields,
    text,
    problem: problemOf(write)
  }
}

/** All of a write. */
const details = (write: AgentWrite): CommandOutput.Row => ({
  id: write.id,
  state: write.state,
  asked: DateTime.makeUnsafe(write.askedAt),
  changed: DateTime.makeUnsafe(write.changedAt),
  "for": write.target.baseUrl,
  tool: write.request.tool,
  ...write.request.arguments,
  done: write.ids,
  problem: problemOf(write)
})

const list = Command.make(
  "list",
  { store: McpCommand.store },
  ({ store }) =>
    Effect.flatMap(
      decide(store, ({ AgentDraft }) => AgentDraft.list),
      (writes) => CommandOutput.print(writes, (writes) => writes.map(row))
    )
).pipe(Command.withDescription("List what waits for a person: drafts, unknown outcomes, and what is under way"))

const show = Command.make(
  "show",
  { store: McpCommand.store, id },
  ({ id, store }) =>
    Effect.flatMap(
      decide(store, ({ AgentDraft }) => AgentDraft.get(id)),
      (write) => CommandOutput.print(write, details)
    )
).pipe(Command.withDescription("Show a draft or another write, with all that it says"))

const send = Command.make(
  "send",
  {
    store: McpCommand.store,
    id,
    otherKey: Flag.Boolean("other-key").pipe(
      Flag.withDescription("Send it though it is from another API key, which is one of the same project"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*({ id, otherKey, store }) {
    const write = yield* Effect.provide(
      decide(store, ({ AgentDraft }) => AgentDraft.send(id, { otherKey })),
      NodeLiveDesk.layerConfig({ proxy: "environment" })
    )
    yield* CommandOutput.print(write, details)
    // It is still `Begun` if its outcome could not be recorded.
    if (write.state === "Unknown" || write.state === "Begun") {
      return yield* new UnknownOutcomeError({
        message:
          `whether draft ${id} was sent is not known: look in LiveDesk's console, then livedesk drafts resolve ${id}`
      })
    }
    if (write.state !== "Done") {
      return yield* new PartialFailureError({
        message: `draft ${id} was not sent: ${write.problem ?? "unknown reason"}`
      })
    }
  })
).pipe(Command.withDescription("Send a draft, once, to the LiveDesk that it is for"))

const discard = Command.make(
  "discard",
  { store: McpCommand.store, id },
  ({ id, store }) =>
    Effect.flatMap(
      decide(store, ({ AgentDraft }) => AgentDraft.discard(id)),
      (write) => CommandOutput.print(write, details)
    )
).pipe(Command.withDescription("Discard a draft, which is never sent"))

const resolve = Command.make(
  "resolve",
  {
    store: McpCommand.store,
    id,
    outcome: ImportResolveCommand.outcome,
    conversationId: ImportResolveCommand.idFlag("conversation"),
    messageId: ImportResolveCommand.idFlag("message")
  },
  Effect.fnUntraced(function*({ id, outcome, store, ...ids }) {
    const resolution = yield* ImportResolveCommand.resolution(outcome, ids)
    const write = yield* decide(store, ({ AgentDraft }) => AgentDraft.resolve(id, resolution))
    yield* CommandOutput.print(write, details)
  })
).pipe(
  Command.withDescription(
    "Say whether a write with an unknown outcome was processed or not-processed, after a look in LiveDesk's console. A " +
      "conversation that was started without its message continues there"
  ),
  Command.withShortDescription("Say whether a write with an unknown outcome was processed or not-processed"),
  Command.withExamples([
    { command: "livedesk drafts resolve 12 processed", description: "The message is there" },
    {
      command: "livedesk drafts resolve 12 processed --conversation 54",
      description: "The conversation is there, which the draft does not show yet, without its message"
    },
    {
      command: "livedesk drafts resolve 12 not-processed",
      description: "It is not there, so that it can be sent again"
    }
  ])
)

/**
 * The commands about the drafts of an AI agent.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make("drafts").pipe(
  Command.withDescription("Decide about what an AI agent drafted"),
  Command.withSubcommands([list, show, send, discard, resolve])
)
