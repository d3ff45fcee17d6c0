/**
 * The store of an agent's writes: drafts, what is in flight, unknown outcomes, and the audit log. It decides which write
 * may begin, so that neither a restart nor another process makes one twice or beyond the limits.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as AgentLimit from "../internal/AgentLimit.ts"
import * as AgentTable from "../internal/AgentTable.ts"
import * as FlowDatabase from "../internal/FlowDatabase.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import type * as AgentPolicy from "./AgentPolicy.ts"
import * as AgentWrite from "./AgentWrite.ts"
import * as AuditEntry from "./AuditEntry.ts"

/**
 * The store cannot be read or written.
 *
 * @category errors
 * @since 0.1.0
 */
export class AgentStoreError extends Schema.TaggedError<AgentStoreError>()("AgentStoreError", {
  message: Schema.String
}) {}

/**
 * A person decided about a write that is not waiting for that decision. `state` is absent if there is no such write.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotWaitingError extends Schema.TaggedError<NotWaitingError>()("NotWaitingError", {
  id: Schema.Number,
  state: Schema.optionalKey(AgentWrite.State),
  message: Schema.String
}) {}

/**
 * A draft is for another LiveDesk: its conversations and contacts are other people's there. It stays a draft.
 *
 * @category errors
 * @since 0.1.0
 */
export class OtherLiveDeskError extends Schema.TaggedError<OtherLiveDeskError>()("OtherLiveDeskError", {
  id: Schema.Number,
  message: Schema.String
}) {}

/**
 * The ids of a resolution are not those of the write: one is missing or invalid, or another is known.
 *
 * @category errors
 * @since 0.1.0
 */
export class AgentResolutionError extends Schema.TaggedError<AgentResolutionError>()("AgentResolutionError", {
  id: Schema.Number,
  message: Schema.String
}) {}

/**
 * The rules by which the store refuses a write.
 *
 * - `outcomeUnknown`: the same write, or another about the same, may have taken effect.
 * - `inFlight`: such a write began less than 15 minutes ago, and has no outcome yet.
 * - `repeated`: the same write, of a message, a note, a conversation or a ticket, was made within the last hour.
 * - the others: a limit of the policy is reached.
 *
 * @category models
 * @since 0.1.0
 */
export type Rule = "outcomeUnknown" | "inFlight" | "repeated" | keyof AgentPolicy.Limits

/**
 * The result of `propose`.
 *
 * @category models
 * @since 0.1.0
 */
export type Proposal =
  | { readonly _tag: "Drafted"; readonly write: AgentWrite.AgentWrite }
  | { readonly _tag: "Begun"; readonly write: AgentWrite.AgentWrite }
  | {
    readonly _tag: "Refused"
    readonly rule: Rule
    /** The earlier write that stands against it. */
    readonly write: AgentWrite.AgentWrite | undefined
    /** When a limit allows it, in milliseconds since 1970. */
    readonly until: number | undefined
  }

/**
 * The outcome of a write that was begun.
 *
 * @category models
 * @since 0.1.0
 */
export interface Completion {
  readonly state: "Done" | "Failed" | "Unknown"
  readonly ids: AgentWrite.Ids
  /** Why it is not done, and what to do. */
  readonly problem?: string | undefined
  /** The reason for the audit log. */
  readonly detail?: string | undefined
}

type Decision = Effect.Effect<AgentWrite.AgentWrite, AgentStoreError | NotWaitingError>

/**
 * Stores what agents ask for. Each function that changes something is one transaction, with its entry in the audit log.
 *
 * @category services
 * @since 0.1.0
 */
export class AgentStore extends Context.Service<AgentStore, {
  /**
   * Records that an agent asks for a write, and decides: it is drafted, the caller must make it now, or it is refused.
   * A draft that waits already at this target is returned as it is. A write that failed without an effect goes on where it
   * ended. What was written at another base URL with another API key does not count.
   */
  readonly propose: (
    request: AgentWrite.Request,
    options: {
      readonly isDraft: boolean
      readonly limits: AgentPolicy.AgentPolicy["Service"]["limits"]
      readonly target: AgentWrite.Target
    }
  ) => Effect.Effect<Proposal, AgentStoreError>
  /**
   * Records that a person approved a draft. The caller must make it now, at this target. Fails with `OtherLiveDeskError`
   * if the draft is for another base URL; also if it is from another API key, unless `otherKey` is set. Fails with
   * `NotWaitingError` if it is no draft any more, or the same write is not resolved, or was done since the draft was asked
   * for.
   */
  readonly approve: (
    id: number,
    options: { readonly target: AgentWrite.Target; readonly otherKey?: boolean | undefined }
  ) => Effect.Effect<AgentWrite.AgentWrite, AgentStoreError | NotWaitingError | OtherLiveDeskError>
  /** Records the outcome of a write that was begun. A draft that failed waits for a person again. */
  readonly complete: (id: number, completion: Completion) => Effect.Effect<AgentWrite.AgentWrite, AgentStoreError>
  /** Records that a person discarded a draft. */
  readonly discard: (id: number) => Decision
  /**
   * Records that a person found out whether LiveDesk acted. A conversation that was started without its message continues
   * there: it is a draft again, or the agent asks again. If its process died, the message is unknown then.
   *
   * Fails with `NotWaitingError` for a write that was begun less than 15 minutes ago and has no outcome yet, as it may be
   * in flight; with `AgentResolutionError` for ids that are missing, invalid or another's.
   */
  readonly resolve: (
    id: number,
    resolution: AgentWrite.Resolution
  ) => Effect.Effect<AgentWrite.AgentWrite, AgentStoreError | NotWaitingError | AgentResolutionError>
  /** The write with an id. Fails with `NotWaitingError` if there is none. */
  readonly get: (id: number) => Decision
  /** The writes in these states, oldest first. */
  readonly list: (
    states: ReadonlyArray<AgentWrite.State>
  ) => Effect.Effect<ReadonlyArray<AgentWrite.AgentWrite>, AgentStoreError>
  /** The inbox of a conversation that an agent started at this target. */
  readonly inboxOf: (
    conversationId: number,
    target: AgentWrite.Target
  ) => Effect.Effect<number | undefined, AgentStoreError>
  /** Appends an entry about a tool call that is no write, or was refused. */
  readonly record: (entry: AuditEntry.NewAuditEntry) => Effect.Effect<void, AgentStoreError>
  /** The entries of the audit log after a number, oldest first. */
  readonly audit: (options?: {
    /** Defaults to 0. */
    readonly after?: number | undefined
    /** Defaults to 1,000. */
    readonly limit?: number | undefined
  }) => Effect.Effect<ReadonlyArray<AuditEntry.AuditEntry>, AgentStoreError>
  /** Deletes older entries, and older writes that are over. Fails with `ValidationError` for an invalid duration. */
  readonly forget: (
    options: { readonly olderThan: Duration.Input }
  ) => Effect.Effect<void, AgentStoreError | LiveDeskError.ValidationError>
}>()("@effect-livedesk/core/agents/AgentStore") {}

const minute = 60_000
const hour = 60 * minute
/** How long a write without an outcome counts as in flight. */
const inFlightFor = 15 * minute

// ---------------------------------------------------------------------------------------------------------------------
// decisions
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A write that may not be repeated within an hour, since a client may have lost the response and ask again. Other writes
 * change a record to what it is already.
 */
const creates = (request: AgentWrite.Request): boolean =>
  AgentLimit.isMessage(request) || request.tool === "create_ticket"

type Refusal = Extract<Proposal, { readonly _tag: "Refused" }>

/** The earlier write that stands against a request. */
const standsAgainst = (
  request: AgentWrite.Request,
  isDraft: boolean,
  writes: ReadonlyArray<AgentWrite.AgentWrite>,
  now: number
): Refusal | undefined => {
  const refused = (rule: Rule, write: AgentWrite.AgentWrite): Refusal => ({
    _tag: "Refused",
    rule,
    write,
    until: undefined
  })
  for (const write of writes) {
    const isSame = AgentWrite.fingerprint(write.request) === AgentWrite.fingerprint(request)
    const stands = AgentWrite.isUnresolved(write) &&
      // Of a draft in other words, a person decides.
      (isSame || (!isDraft && AgentWrite.subject(write.request) === AgentWrite.subject(request)))
    if (stands) {
      const isInFlight = write.state === "Begun" && now - write.changedAt < inFlightFor
      return refused(isInFlight ? "inFlight" : "outcomeUnknown", write)
    }
    if (isSame && write.state === "Done" && creates(request) && now - write.changedAt < hour) {
      return refused("repeated", write)
    }
  }
  return undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// layers
// ---------------------------------------------------------------------------------------------------------------------

const make = (table: AgentTable.AgentTable): AgentStore["Service"] => {
  /** Reads once, and decides nothing: so it takes no turn, which would wait for the disk. */
  const read = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.catchIf(
      effect,
      (error) => error instanceof AgentTable.AgentTableError,
      ({ message }) => Effect.fail(new AgentStoreError({ message: `the agent's store failed: ${message}` }))
    )
  const transaction = <A, E>(effect: Effect.Effect<A, E>) => read(table.transaction(effect))
  const now = Clock.currentTimeMillis
  const append = (entry: AuditEntry.NewAuditEntry) => Effect.flatMap(now, (at) => table.append({ ...entry, at }))
  const appendWrite = (
    { id, request }: AgentWrite.AgentWrite,
    entry: Pick<AuditEntry.AuditEntry, "by" | "event" | "detail">
  ) => append({ ...entry, tool: request.tool, arguments: AuditEntry.mask(request.arguments), writeId: id })
  const moved = (write: AgentWrite.AgentWrite, by: "agent" | "person") =>
    Effect.as(Effect.andThen(table.put(write), appendWrite(write, { by, event: write.state })), write)
  const existing = Effect.fnUntraced(function*(id: number) {
    const write = Number.isSafeInteger(id) ? yield* table.get(id) : undefined
    return write ?? (yield* new NotWaitingError({ id, message: `there is no write ${id}` }))
  })

  return AgentStore.of({
    propose: (request, { isDraft, limits, target }) =>
      transaction(Effect.gen(function*() {
        const at = yield* now
        const writes = (yield* table.find(["Drafted", "Begun", "Unknown"], at - hour)).filter(mayBeFor(target))
        const isSame = (write: AgentWrite.AgentWrite) =>
          AgentWrite.fingerprint(write.request) === AgentWrite.fingerprint(request)
        const refusal = standsAgainst(request, isDraft, writes, at)
        const waiting = writes.find((write) =>
          write.state === "Drafted" && isSame(write) && isTarget(target, write.target)
        )
        if (refusal === undefined && waiting !== undefined) {
          yield* appendWrite(waiting, { by: "agent", event: "Drafted", detail: "the draft waits already" })
          return { _tag: "Drafted", write: waiting } as const
        }
        const reached = AgentLimit.reached(request, writes, limits, at)
        const refused: Refusal | undefined = refusal ??
          (reached === undefined ? undefined : { _tag: "Refused", write: undefined, ...reached })
        if (refused !== undefined) {
          yield* append({
            by: "agent",
            event: "Refused",
            tool: request.tool,
            arguments: AuditEntry.mask(request.arguments),
            ...(refused.write === undefined ? {} : { writeId: refused.write.id }),
            detail: refused.rule
          })
          return refused
        }
        const failed = writes.findLast((write) =>
          write.state === "Failed" && isSame(write) && isTarget(target, write.target)
        )
        const write: AgentWrite.AgentWrite = {
          id: failed?.id ?? (yield* table.lastId) + 1,
          request,
          target,
          state: isDraft ? "Drafted" : "Begun",
          isDraft,
          askedAt: at,
          changedAt: at,
          ids: failed?.ids ?? {}
        }
        yield* moved(write, "agent")
        return { _tag: isDraft ? "Drafted" : "Begun", write } as const
      })),
    approve: (id, { otherKey = false, target }) =>
      transaction(Effect.gen(function*() {
        const at = yield* now
        const write = yield* existing(id)
        const { problem: _, ...rest } = write
        if (write.state !== "Drafted") return yield* notWaiting(write, "sent")
        if (write.target.baseUrl !== target.baseUrl) {
          return yield* new OtherLiveDeskError({
            id,
            message: `draft ${id} is for ${write.target.baseUrl}, and not for ${target.baseUrl}: nothing was sent`
          })
        }
        if (!otherKey && !isTarget(target, write.target)) {
          return yield* new OtherLiveDeskError({
            id,
            message:
              `draft ${id} is from another API key, and nothing was sent: another project has other customers by its ` +
              "numbers. If the key is of the same project, say so (--other-key)"
          })
        }
        const writes = yield* table.find(["Begun", "Unknown"], write.askedAt)
        const same = writes.filter(mayBeFor(write.target)).filter((other) =>
          other.id !== id && AgentWrite.fingerprint(other.request) === AgentWrite.fingerprint(write.request)
        )
        const unresolved = same.find(AgentWrite.isUnresolved)
        // What was done since then is what was asked for.
        const done = same.find((other) =>
          other.state === "Done" && creates(other.request) && other.changedAt >= write.askedAt
        )
        const problem = unresolved !== undefined
          ? `write ${unresolved.id} is the same, and whether it happened is not known: resolve that one first`
          : done !== undefined
          ? `write ${done.id} is the same, and was done: discard this one`
          : undefined
        if (problem !== undefined) return yield* new NotWaitingError({ id, state: write.state, message: problem })
        return yield* moved({ ...rest, state: "Begun", changedAt: at }, "person")
      })),
    complete: (id, { detail, ids, problem, state }) =>
      transaction(Effect.gen(function*() {
        const at = yield* now
        const write = yield* Effect.catchTag(existing(id), "NotWaitingError", ({ message }) =>
          Effect.fail(new AgentStoreError({ message })))
        // A person has resolved it meanwhile. What LiveDesk did counts, in the log at least.
        if (write.state !== "Begun") {
          yield* appendWrite(write, { by: "agent", event: state, detail: `${write.state} before, by a person` })
          return write
        }
        const { problem: _, ...rest } = write
        const completed: AgentWrite.AgentWrite = {
          ...rest,
          state: state === "Failed" && write.isDraft ? "Drafted" : state,
          changedAt: at,
          ids: { ...write.ids, ...ids },
          ...(problem === undefined ? {} : { problem })
        }
        yield* table.put(completed)
        yield* appendWrite(completed, { by: "agent", event: state, ...(detail === undefined ? {} : { detail }) })
        return completed
      })),
    discard: (id) =>
      transaction(Effect.gen(function*() {
        const write = yield* existing(id)
        if (write.state !== "Drafted") return yield* notWaiting(write, "discarded")
        return yield* moved({ ...write, state: "Discarded", changedAt: yield* now }, "person")
      })),
    resolve: (id, resolution) =>
      transaction(Effect.gen(function*() {
        const at = yield* now
        const write = yield* existing(id)
        if (!AgentWrite.isUnresolved(write)) return yield* notWaiting(write, "resolved")
        if (write.state === "Begun" && at - write.changedAt < inFlightFor) {
          return yield* new NotWaitingError({
            id,
            state: write.state,
            message: `write ${id} began less than 15 minutes ago and may be in flight: resolve it later`
          })
        }
        const { problem: _, ...rest } = write
        const resolved: AgentWrite.AgentWrite = { ...rest, ...(yield* resolve(write, resolution)), changedAt: at }
        const { conversation_id: conversation } = resolved.ids
        const isNew = write.request.tool === "start_conversation" && conversation !== write.ids.conversation_id
        const starts = isNew && conversation !== undefined ? yield* table.startsOf(conversation) : []
        const holder = starts.find((start) => isTarget(start.target, write.target))
        if (holder !== undefined) {
          return yield* new AgentResolutionError({
            id,
            message: `write ${id}: conversation ${conversation} is that of write ${holder.id}: give its own`
          })
        }
        yield* table.put(resolved)
        yield* appendWrite(resolved, { by: "person", event: "Resolved", detail: resolution._tag })
        return resolved
      })),
    get: (id) => read(existing(id)),
    list: (states) =>
      read(Effect.map(
        table.find(states, Number.MAX_SAFE_INTEGER),
        (writes) => writes.filter(({ state }) => states.includes(state))
      )),
    inboxOf: (conversationId, target) =>
      read(Effect.map(
        table.startsOf(conversationId),
        (starts) => {
          const start = starts.find((start) => isTarget(target, start.target))
          return start?.request.tool === "start_conversation" ? start.request.arguments.inbox_id : undefined
        }
      )),
    record: (entry) => transaction(append(entry)),
    audit: ({ after = 0, limit = 1_000 } = {}) => read(table.entries(after, limit)),
    forget: FlowDatabase.makeForget("AgentStore.forget", (before) => transaction(table.forget(before)))
  })
}

/** Whether a write may be for the same LiveDesk: a project's keys change, and so does the address that it is called at. */
const mayBeFor = (target: AgentWrite.Target) => ({ target: other }: AgentWrite.AgentWrite): boolean =>
  other.baseUrl === target.baseUrl || other.keyFingerprint === target.keyFingerprint

const isTarget = (one: AgentWrite.Target, other: AgentWrite.Target): boolean =>
  one.baseUrl === other.baseUrl && one.keyFingerprint === other.keyFingerprint

/** How a write stands after its resolution. */
const resolve = (
  write: AgentWrite.AgentWrite,
  resolution: AgentWrite.Resolution
): Effect.Effect<Pick<AgentWrite.AgentWrite, "state" | "ids" | "problem">, AgentResolutionError> => {
  const { id, ids, isDraft, request, state } = write
  const open = isDraft ? "Drafted" : "Failed"
  if (resolution._tag === "NotProcessed") return Effect.succeed({ state: open, ids })
  const { conversationId, messageId } = resolution
  const refuse = (message: string) => Effect.fail(new AgentResolutionError({ id, message: `write ${id}: ${message}` }))
  for (const [name, given] of Object.entries({ conversationId, messageId })) {
    if (given !== undefined && !(Number.isSafeInteger(given) && given > 0)) {
      return refuse(`${name}: expected a whole number above 0`)
    }
  }
  const { conversation_id: known } = request.tool === "start_conversation" ? ids : { ...ids, ...request.arguments }
  if (known !== undefined && conversationId !== undefined && known !== conversationId) {
    return refuse(`its conversation is ${known}: give no other`)
  }
  const made = {
    ...ids,
    ...(conversationId === undefined ? {} : { conversation_id: conversationId }),
    ...(messageId === undefined ? {} : { message_id: messageId })
  }
  const isStart = request.tool === "start_conversation"
  // Both readings would be likely, and one of them would leave a customer without the message, or with two.
  if (isStart && known !== undefined && conversationId !== undefined && messageId === undefined) {
    return refuse(
      `its conversation is known (${known}), and its message is in question: resolve it as processed if that is there, ` +
        "without a conversation; else as not processed, and it continues there"
    )
  }
  if (!isStart || known !== undefined) return Effect.succeed({ state: "Done", ids: made })
  if (conversationId === undefined) {
    return refuse("the conversation was started, so its id is needed (--conversation), for its message comes next")
  }
  if (messageId !== undefined) return Effect.succeed({ state: "Done", ids: made })
  return Effect.succeed(
    state === "Begun"
      ? {
        state: "Unknown",
        ids: made,
        problem: "The conversation exists. Whether its message does is not known: look for it, then resolve it as " +
          "processed if it is there, else as not processed."
      }
      : {
        state: open,
        ids: made,
        problem: "The conversation exists, but nothing was written in it. It continues there."
      }
  )
}

const notWaiting = (write: AgentWrite.AgentWrite, decision: string) => {
  const { id, state } = write
  return new NotWaitingError({
    id,
    state,
    message: AgentWrite.isUnresolved(write)
      ? `write ${id} may have been sent, so it cannot be ${decision}: find out whether it was, then resolve it`
      : `write ${id} is ${state}, so it cannot be ${decision}`
  })
}

/**
 * Provides a store over SQLite or PostgreSQL, which several processes may share. Creates its tables, whose names begin
 * with `livedesk_agent_`, if they do not exist.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<AgentStore, SqlError, SqlClient.SqlClient> = Layer.effect(
  AgentStore,
  Effect.map(AgentTable.makeSql, make)
)

/**
 * Provides a store in memory, which forgets everything when the process ends: for tests.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<AgentStore> = Layer.effect(AgentStore, Effect.map(AgentTable.makeMemory, make))
