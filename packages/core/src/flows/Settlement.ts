/**
 * Settling what a flow cannot: a person looks at LiveDesk's console, and says whether a step was done.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as DurableDeferred from "effect/workflow/DurableDeferred"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as FlowMarks from "./FlowMarks.ts"
import * as Verdict from "./Verdict.ts"

/**
 * A step that waits for a verdict.
 *
 * @category models
 * @since 0.1.0
 */
export interface UnsettledStep {
  /** The execution of the workflow. */
  readonly executionId: string
  /** The workflow's name. */
  readonly workflow: string
  /** The step's name. */
  readonly step: string
  /** What the step was to create. */
  readonly kind: FlowMarks.Kind
  /** The channel, of a conversation. */
  readonly inboxId: number | undefined
  /** The contact, of a conversation. */
  readonly contactId: number | undefined
  /** The conversation, of a message. */
  readonly conversationId: number | undefined
  /** The text, of a message. */
  readonly content: string | undefined
  /** When the call was about to be made. */
  readonly since: DateTime.Utc
  /** What to look at. */
  readonly verifyHint: string | undefined
}

/**
 * The step does not wait for a verdict: it is done, it is underway, or there is none of that name.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotUnsettled extends Schema.TaggedError<NotUnsettled>()("NotUnsettled", {
  executionId: Schema.String,
  step: Schema.String
}) {
  override get message(): string {
    return `step ${this.step} of execution ${this.executionId} does not wait for a verdict`
  }
}

/**
 * The verdict cannot be used.
 *
 * @category errors
 * @since 0.1.0
 */
export class VerdictInvalid extends Schema.TaggedError<VerdictInvalid>()("VerdictInvalid", {}) {
  override get message(): string {
    return "expected the id of what the step created: a whole number above 0"
  }
}

/**
 * The steps that wait for a verdict, the oldest first.
 *
 * @category calls
 * @since 0.1.0
 */
export const unsettled: Effect.Effect<ReadonlyArray<UnsettledStep>, never, FlowMarks.FlowMarks> = Effect.flatMap(
  FlowMarks.FlowMarks,
  (marks) =>
    Effect.map(marks.unsettled, (all) =>
      all.map((mark) => ({
        executionId: mark.executionId,
        workflow: mark.workflow,
        step: mark.step,
        kind: mark.kind,
        inboxId: mark.inboxId,
        contactId: mark.contactId,
        conversationId: mark.conversationId,
        content: mark.content,
        since: DateTime.makeUnsafe(mark.since),
        verifyHint: mark.verifyHint
      })))
)

/**
 * Says whether a step was done, so that its flow goes on: with what was created, or by calling again. The first verdict
 * on a call holds.
 *
 * ```ts
 * yield* Settlement.settle({ executionId, step: "message", outcome: Verdict.done(4711) })
 * ```
 *
 * @category calls
 * @since 0.1.0
 */
export const settle = Effect.fn("Settlement.settle")(function*(options: {
  readonly executionId: string
  readonly step: string
  readonly outcome: Verdict.Verdict
}): Effect.fn.Return<void, NotUnsettled | VerdictInvalid, FlowMarks.FlowMarks | WorkflowEngine.WorkflowEngine> {
  const { executionId, outcome, step } = options
  if (!isVerdict(outcome)) return yield* new VerdictInvalid()
  const marks = yield* FlowMarks.FlowMarks
  const mark = yield* marks.find(executionId, step)
  if (mark === undefined || mark.state !== "Unsettled") return yield* new NotUnsettled({ executionId, step })
  yield* conclude(mark, outcome)
})

const isVerdict = Schema.is(Verdict.Verdict)

/**
 * Lets the flow go on.
 *
 * @internal
 */
export const decide = (
  { executionId, round, step, workflow }: FlowMarks.Mark,
  verdict: Verdict.Verdict
): Effect.Effect<void, never, WorkflowEngine.WorkflowEngine> => {
  const deferred = Verdict.awaited(step, round)
  const token = new DurableDeferred.TokenParsed({
    workflowName: workflow,
    executionId,
    deferredName: deferred.name
  }).asToken
  return DurableDeferred.succeed(deferred, { token, value: verdict })
}

/**
 * As `decide`, and strikes the step off the list. The verdict is kept by the engine before the mark says so: should the
 * process die in between, the step is still on the list.
 *
 * @internal
 */
export const conclude = Effect.fnUntraced(function*(mark: FlowMarks.Mark, verdict: Verdict.Verdict) {
  const marks = yield* FlowMarks.FlowMarks
  yield* decide(mark, verdict)
  if (verdict._tag === "Done") yield* marks.done(mark, verdict.id)
})
