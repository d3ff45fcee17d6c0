/**
 * The way of a write that an agent asks for: the policy, the store, the call, and the words that the model gets.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { AgentPolicy } from "../agents/AgentPolicy.ts"
import * as AgentResult from "../agents/AgentResult.ts"
import * as AgentStore from "../agents/AgentStore.ts"
import * as AgentWrite from "../agents/AgentWrite.ts"
import * as AuditEntry from "../agents/AuditEntry.ts"
import type * as LiveDesk from "../LiveDesk.ts"
import * as LiveDeskClient from "../LiveDeskClient.ts"
import * as LiveDeskError from "../LiveDeskError.ts"
import * as AgentCall from "./AgentCall.ts"

/** A write that was approved or allowed, after its call. */
interface Performed {
  readonly write: AgentWrite.AgentWrite
  readonly contact?: AgentResult.Contact
  readonly failure?: AgentResult.Failed
}

/** The LiveDesk that is written to. */
export const target: Effect.Effect<AgentWrite.Target, never, LiveDeskClient.LiveDeskClient> = Effect.map(
  LiveDeskClient.LiveDeskClient,
  ({ baseUrl, keyFingerprint }) => ({ baseUrl, keyFingerprint })
)

/**
 * Makes the function that starts writes which have begun. A write in flight ends and is recorded, also when the fiber
 * that asked for it is interrupted. So nothing may interrupt that fiber between the beginning and the start.
 */
export const makeStart: Effect.Effect<
  (write: AgentWrite.AgentWrite) => Effect.Effect<Fiber.Fiber<Performed>>,
  never,
  AgentStore.AgentStore | LiveDesk.LiveDesk | Scope.Scope
> = Effect.gen(function*() {
  const store = yield* AgentStore.AgentStore
  const services = yield* Effect.context<LiveDesk.LiveDesk>()
  const inFlight = yield* FiberSet.make<Performed>()
  // Before the set interrupts them.
  yield* Effect.addFinalizer(() => FiberSet.awaitEmpty(inFlight))

  const complete = (write: AgentWrite.AgentWrite, completion: AgentStore.Completion) =>
    store.complete(write.id, completion).pipe(
      Effect.catch(({ message }) =>
        Effect.as(
          Effect.logError(`the outcome of write ${write.id}, ${completion.state}, was not recorded: ${message}`),
          { ...write, ids: { ...write.ids, ...completion.ids } }
        )
      )
    )

  const perform = (write: AgentWrite.AgentWrite): Effect.Effect<Performed> =>
    Effect.matchEffect(Effect.provideContext(AgentCall.make(write.request, write.ids), services), {
      onSuccess: ({ contact, ids }) =>
        Effect.map(
          complete(write, { state: "Done", ids }),
          (write) => ({ write, ...(contact === undefined ? {} : { contact }) })
        ),
      onFailure: (error) => {
        const ending = endingOf(write, error)
        const { failure, ids, state } = ending
        return Effect.map(
          complete(write, {
            state,
            ids,
            problem: `${failure.reason}: ${failure.advice}`,
            detail: `${error.outcome}/${error.reason._tag}`
          }),
          (write) => ({
            write,
            failure: { ...failure, ...ids, ...(state === "Unknown" ? { write_id: write.id } : {}) }
          })
        )
      }
    })

  return (write) => FiberSet.run(inFlight, perform(write))
})

/** What an error of a call leaves behind. */
const endingOf = (write: AgentWrite.AgentWrite, error: LiveDeskError.LiveDeskError) => {
  const failure = AgentResult.failedOf(error)
  const ids = AgentCall.idsOf(error)
  if (write.request.tool === "start_conversation" && error.operation === "conversations.create") {
    const created = Option.getOrUndefined(LiveDeskError.createdId(error, "id"))
    if (created !== undefined) {
      return {
        failure: {
          ...failure,
          retry_safe: true,
          advice:
            "The conversation exists, but nothing was written in it. Call again with the same arguments: it continues."
        },
        ids: { conversation_id: created },
        state: "Failed"
      } as const
    }
    if (LiveDeskError.mayHaveTakenEffect(error)) return { failure, ids, state: "Unknown" } as const
  }
  const state = error.outcome === "Processed"
    ? "Done"
    : error.outcome === "Unknown" && error.isCallIdempotent !== true
    ? "Unknown"
    : "Failed"
  return { failure, ids, state } as const
}

/** Makes the function that the tools give their writes to. */
export const makeSubmit: Effect.Effect<
  (request: AgentWrite.Request) => Effect.Effect<AgentResult.Written, AgentResult.ToolFailure>,
  never,
  AgentPolicy | AgentStore.AgentStore | LiveDesk.LiveDesk | LiveDeskClient.LiveDeskClient | Scope.Scope
> = Effect.gen(function*() {
  const policy = yield* AgentPolicy
  const store = yield* AgentStore.AgentStore
  const start = yield* makeStart
  const at = yield* target

  const record = (request: AgentWrite.Request, event: "Refused" | "Failed", detail: string) =>
    store.record({
      by: "agent",
      event,
      tool: request.tool,
      arguments: AuditEntry.mask(request.arguments),
      detail
    })
  const refuse = (request: AgentWrite.Request, rule: "readOnly" | "inboxNotAllowed") =>
    Effect.flatMap(
      record(request, "Refused", rule),
      () => Effect.fail<AgentResult.ToolFailure>({ status: "refused", rule, advice: refusals[rule] })
    )
  /** Whether the inbox of a request is allowed; `undefined` if nobody knows which it is. */
  const isInboxAllowed = Effect.fnUntraced(function*({ arguments: fields }: AgentWrite.Request) {
    const { inboxes } = policy
    if (inboxes === undefined) return true
    if ("inbox_id" in fields) return inboxes.includes(fields.inbox_id)
    if (!("conversation_id" in fields)) return true
    const started = yield* store.inboxOf(fields.conversation_id, at)
    const inbox = started ??
      Option.getOrUndefined(
        policy.inboxOf === undefined ? Option.none() : yield* policy.inboxOf(fields.conversation_id)
      )
    return inbox === undefined ? undefined : inboxes.includes(inbox)
  })

  const submit = Effect.fnUntraced(function*(
    request: AgentWrite.Request
  ): Effect.fn.Return<AgentResult.Written, AgentResult.ToolFailure | AgentStore.AgentStoreError> {
    const invalid = yield* Effect.flip(AgentCall.check(request)).pipe(Effect.option)
    if (Option.isSome(invalid)) {
      yield* record(request, "Failed", "NotSent/InvalidInput")
      return yield* Effect.fail(AgentResult.failedOf(invalid.value))
    }
    if (policy.mode === "readOnly") return yield* refuse(request, "readOnly")
    const allowed = yield* isInboxAllowed(request)
    if (allowed === false) return yield* refuse(request, "inboxNotAllowed")
    const isDraft = allowed === undefined || (policy.mode === "draft" && AgentWrite.needsApproval(request))
    const proposal = yield* Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        const proposal = yield* store.propose(request, { isDraft, limits: policy.limits, target: at })
        if (proposal._tag !== "Begun") return proposal
        const fiber = yield* start(proposal.write)
        return { _tag: "Performed", ...(yield* restore(Fiber.join(fiber))) } as const
      })
    )
    if (proposal._tag === "Refused") {
      const now = yield* Clock.currentTimeMillis
      return yield* Effect.fail<AgentResult.ToolFailure>({
        status: "refused",
        rule: proposal.rule,
        ...(proposal.write === undefined ? {} : { write_id: proposal.write.id }),
        ...(proposal.until === undefined
          ? {}
          : { retry_after_seconds: Math.max(1, Math.ceil((proposal.until - now) / 1_000)) }),
        advice: refusals[proposal.rule]
      })
    }
    if (proposal._tag === "Drafted") {
      return {
        status: "drafted",
        draft_id: proposal.write.id,
        advice:
          "Nothing was sent. A person must approve the draft. Tell them its number. Do not call again for the same."
      }
    }
    const { contact, failure, write } = proposal
    if (failure !== undefined) return yield* Effect.fail(failure)
    return {
      status: "done",
      ...write.ids,
      ...(contact === undefined ? {} : { contact }),
      advice: "It is done. Do not call again for the same."
    }
  })

  return (request) => Effect.catchTag(submit(request), "AgentStoreError", storeFailed)
})

/** The failure of a tool whose call the store could not record. */
export const storeFailed = (error: AgentStore.AgentStoreError): Effect.Effect<never, AgentResult.Failed> =>
  Effect.andThen(
    Effect.logError(error.message),
    Effect.fail<AgentResult.Failed>({
      status: "failed",
      outcome: "NotSent",
      reason: "StoreFailed",
      retry_safe: false,
      advice: "Nothing was sent: this agent's records cannot be written. Tell the person that runs it."
    })
  )

const limited =
  "Too many in a short time. Wait as long as retry_after_seconds says, then call again. If a person does not " +
  "expect that many, stop and tell them."

const refusals: { readonly [Rule in AgentResult.Refused["rule"]]: string } = {
  readOnly: "This agent may only read. Calling again does not help. Tell the person what you would have done.",
  inboxNotAllowed: "This agent may not work in that inbox. Calling again does not help. Tell the person.",
  outcomeUnknown:
    "The same was asked for before, and LiveDesk may have done it. Do not call again, neither in other words. " +
    "A person must look in LiveDesk's console and resolve the write with this number.",
  inFlight: "The same, or another write to the same conversation, has begun and has no outcome yet. Wait a minute.",
  repeated: "The same was done within the last hour. Do not call again: it would happen twice.",
  messagesPerMinuteInConversation: limited,
  messagesPerMinute: limited,
  conversationsPerHour: limited,
  otherWritesPerMinute: limited
}
