/**
 * Steps for any workflow: ensure a contact, create a conversation, send a message.
 *
 * A step makes its call at most once, unless it is certain that an earlier call did nothing. Effect's engine reruns an
 * activity whose process died, and LiveDesk has no idempotency key and no call that reads conversations or messages. So
 * a step commits an intent before its call. A process that finds an intent without an outcome asks the outcome probe.
 * If the outcome stays undetermined, the flow waits for a resolution from a webhook event (`FlowEvents`) or from a
 * person (`Reconciliation`).
 *
 * When a conversation's or message's step is interrupted, it waits for the response of a call that was sent, for at most 30
 * seconds, or `reconcileAfter` if that is longer. It takes back a call that was not sent.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Activity from "effect/workflow/Activity"
import * as DurableDeferred from "effect/workflow/DurableDeferred"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as Contacts from "../Contacts.ts"
import * as Conversations from "../Conversations.ts"
import * as CallGrace from "../internal/CallGrace.ts"
import * as ErrorMapping from "../internal/ErrorMapping.ts"
import * as FlowName from "../internal/FlowName.ts"
import * as FlowResolution from "../internal/FlowResolution.ts"
import * as OptionSchema from "../internal/OptionSchema.ts"
import * as LiveDeskError from "../LiveDeskError.ts"
import type * as LiveDeskSchema from "../LiveDeskSchema.ts"
import { ContactId, ConversationId, MessageId } from "../LiveDeskSchema.ts"
import * as Messages from "../Messages.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import * as IntentLog from "./IntentLog.ts"
import * as Reconciliation from "./Reconciliation.ts"

// ---------------------------------------------------------------------------------------------------------------------
// options
// ---------------------------------------------------------------------------------------------------------------------

/**
 * How steps handle failures.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * How long LiveDesk may still process a request whose response was lost. Defaults to 30 seconds. A probe's `NotFound`
   * counts only after that time. Keep it no shorter than the client's `timeout`: in a cluster, a process that was cut
   * off from the database may be making its call until then.
   */
  readonly reconcileAfter?: Duration.Input | undefined
  /**
   * When to retry calls that were not sent or were rate limited. Defaults to `defaultRetrySchedule`. A step always waits
   * for the error's `RetryPolicy.retryAfterOf`. When the schedule ends, the flow fails with the last error.
   */
  readonly retrySchedule?: Schedule.Schedule<unknown, LiveDeskError.LiveDeskError> | undefined
}

/**
 * Retries after 1 second, then after twice as long each time, at most 1 minute apart, for up to 1 hour.
 *
 * @category options
 * @since 0.1.0
 */
export const defaultRetrySchedule: Schedule.Schedule<unknown, LiveDeskError.LiveDeskError> = Schedule.min([
  Schedule.exponential("1 second"),
  Schedule.spaced("1 minute")
]).pipe(Schedule.upTo({ duration: "1 hour" }))

// ---------------------------------------------------------------------------------------------------------------------
// steps
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The services that every step needs.
 *
 * @category models
 * @since 0.1.0
 */
export type Services = WorkflowEngine.WorkflowEngine | WorkflowEngine.WorkflowInstance | IntentLog.IntentLog

/**
 * The contact that a step found or created.
 *
 * @category models
 * @since 0.1.0
 */
export const FoundContact = Schema.Struct({
  contactId: ContactId,
  /** The contact's source id in the inbox, if LiveDesk returned one. */
  sourceId: Schema.optionalKey(Schema.String)
})
export interface FoundContact extends Schema.Schema.Type<typeof FoundContact> {}

/**
 * Finds a contact or creates it, with `contacts.ensure`, which looks before it creates. If the outcome is unknown, the
 * step does both again after `reconcileAfter`. The name `step` must be unique in the workflow: 1 to 255 characters
 * without control characters.
 *
 * ```ts
 * const { contactId } = yield* FlowStep.ensureContact("contact", { inboxId: 407, email: "alice@acme.inc" })
 * ```
 *
 * @category steps
 * @since 0.1.0
 */
export const ensureContact = Effect.fnUntraced(function*(
  step: string,
  input: Contacts.EnsureContact,
  options: Options = {}
): Effect.fn.Return<FoundContact, LiveDeskError.LiveDeskError, Services | Contacts.Contacts> {
  const { reconcileAfter } = yield* checkOptions(options)
  const { executionId, workflow } = yield* WorkflowEngine.WorkflowInstance
  yield* FlowName.check("FlowStep", { step, workflow: workflow._tag })
  const facts: IntentLog.Facts = {
    executionId,
    step,
    workflow: workflow._tag,
    kind: "contact",
    inboxId: input.inboxId,
    contactId: undefined,
    conversationId: undefined,
    content: undefined
  }
  const ensure = Effect.gen(function*() {
    const intents = yield* IntentLog.IntentLog
    const contacts = yield* Contacts.Contacts
    const begun = yield* intents.begin(facts, 1)
    if (begun._tag === "Earlier") {
      const found = begun.intent.foundId
      if (found !== undefined) return { contactId: ContactId.make(found) }
      yield* waitSince(yield* intents.beginCheck(begun.intent, undefined), reconcileAfter)
    }
    return yield* contacts.ensure(input).pipe(
      Effect.map((ensured) => {
        const sourceId = Option.getOrUndefined<string>(Contacts.sourceIdOf(ensured, input.inboxId))
        return { contactId: ensured.contact.id, ...(sourceId === undefined ? {} : { sourceId }) }
      }),
      Effect.catch((error): Effect.Effect<FoundContact, LiveDeskError.LiveDeskError> => {
        if (!LiveDeskError.mayHaveTakenEffect(error)) {
          return Effect.andThen(intents.release(begun.intent), Effect.fail(error))
        }
        return Option.match(LiveDeskError.createdId(error, "payload.contact.id"), {
          onNone: () => Effect.andThen(intents.beginCheck(begun.intent, error.verifyHint), Effect.fail(error)),
          onSome: (id) => Effect.succeed({ contactId: ContactId.make(id) })
        })
      }),
      Effect.tap(({ contactId }) => intents.complete(begun.intent, contactId))
    )
  })
  return yield* Activity.make({
    name: step,
    success: FoundContact,
    error: LiveDeskError.LiveDeskError,
    execute: Effect.retry(ensure, {
      while: (error) => LiveDeskError.isTransient(error) || LiveDeskError.mayHaveTakenEffect(error),
      schedule: Schedule.modifyDelay(
        retriesOf(options),
        ({ duration, input }) =>
          Effect.succeed(LiveDeskError.mayHaveTakenEffect(input) ? Duration.max(duration, reconcileAfter) : duration)
      )
    })
  })
})

/**
 * Creates a conversation, once. The name `step` must be unique in the workflow: 1 to 255 characters without control
 * characters.
 *
 * @category steps
 * @since 0.1.0
 */
export const createConversation = Effect.fnUntraced(function*(
  step: string,
  input: Conversations.CreateConversation & { readonly contactId: LiveDeskSchema.Id<ContactId> },
  options: Options = {}
): Effect.fn.Return<ConversationId, LiveDeskError.LiveDeskError, Services | Conversations.Conversations> {
  const probe = yield* Reconciliation.OutcomeProbe
  const { contactId, inboxId } = input
  const id = yield* once({
    step,
    kind: "conversation",
    subject: { inboxId, contactId, conversationId: undefined, content: undefined },
    call: Effect.flatMap(Conversations.Conversations, ({ create }) => Effect.map(create(input), ({ id }) => id)),
    verifyHint: Conversations.createEndpoint.verifyHint,
    probe: (since) => probe.conversation({ contactId, inboxId, since })
  }, options)
  return ConversationId.make(id)
})

/**
 * Sends a message, once. The name `step` must be unique in the workflow: 1 to 255 characters without control characters.
 *
 * @category steps
 * @since 0.1.0
 */
export const sendMessage = Effect.fnUntraced(function*(
  step: string,
  input: Messages.SendMessage,
  options: Options = {}
): Effect.fn.Return<MessageId, LiveDeskError.LiveDeskError, Services | Messages.Messages> {
  const probe = yield* Reconciliation.OutcomeProbe
  const { content, conversationId } = input
  const id = yield* once({
    step,
    kind: "message",
    subject: { inboxId: undefined, contactId: undefined, conversationId, content },
    call: Effect.flatMap(Messages.Messages, ({ send }) => Effect.map(send(input), ({ id }) => id)),
    verifyHint: Messages.sendEndpoint.verifyHint,
    probe: (since) => probe.message({ conversationId, content, since })
  }, options)
  return MessageId.make(id)
})

// ---------------------------------------------------------------------------------------------------------------------
// once
// ---------------------------------------------------------------------------------------------------------------------

const Outcome = Schema.TaggedUnion({
  Done: { id: Schema.Int.check(Schema.isGreaterThan(0)) },
  Pending: { round: Schema.Int }
})
type Outcome = typeof Outcome.Type

/** The outcome of a call, or what is to be reconciled. */
type Made = Outcome | {
  readonly _tag: "Uncertain"
  readonly intent: IntentLog.Intent
  readonly hint: string | undefined
}

interface Call<R> {
  readonly step: string
  readonly kind: "conversation" | "message"
  readonly subject: Pick<IntentLog.Facts, "inboxId" | "contactId" | "conversationId" | "content">
  readonly call: Effect.Effect<number, LiveDeskError.LiveDeskError, R>
  readonly verifyHint: string | undefined
  readonly probe: (since: DateTime.Utc) => Effect.Effect<Reconciliation.Finding>
}

const once = Effect.fnUntraced(function*<R>(
  { call, probe, kind, verifyHint, step, subject }: Call<R>,
  options: Options
): Effect.fn.Return<number, LiveDeskError.LiveDeskError, Services | R> {
  const { executionId, workflow } = yield* WorkflowEngine.WorkflowInstance
  yield* FlowName.check("FlowStep", { step, workflow: workflow._tag })
  const intents = yield* IntentLog.IntentLog
  const facts: IntentLog.Facts = { executionId, step, workflow: workflow._tag, kind, ...subject }
  const { reconcileAfter } = yield* checkOptions(options)

  const done = Effect.fnUntraced(function*(
    intent: IntentLog.Intent,
    id: number
  ): Effect.fn.Return<Outcome, never, Services> {
    const pending = intent.state === "Pending" ? intent : yield* intents.complete(intent, id)
    // The flow may go on in another process by now, and wait for a resolution there.
    if (pending !== undefined) yield* FlowResolution.succeedAndRecord(pending, { _tag: "Processed", id })
    return { _tag: "Done", id }
  })

  const reconcile = Effect.fnUntraced(function*(
    before: IntentLog.Intent,
    hint: string | undefined
  ): Effect.fn.Return<Option.Option<Outcome>, never, Services> {
    const intent = yield* intents.beginCheck(before, hint ?? verifyHint)
    if (intent.foundId !== undefined) return Option.some(yield* done(intent, intent.foundId))
    // It was suspended before, here or where the flow goes on by now.
    if (intent.state === "Pending") return Option.some<Outcome>({ _tag: "Pending", round: intent.round })
    const since = DateTime.makeUnsafe(intent.since)
    let finding = yield* probe(since)
    if (finding._tag === "NotFound") {
      // LiveDesk may still be processing the call.
      yield* waitSince(intent, reconcileAfter)
      finding = yield* probe(since)
    }
    if (finding._tag === "Found") return Option.some(yield* done(intent, finding.id))
    const now = yield* finding._tag === "NotFound" ? intents.release(intent) : intents.suspend(intent)
    if (now.foundId !== undefined) return Option.some(yield* done(now, now.foundId))
    if (finding._tag === "NotFound") return Option.none()
    yield* FlowResolution.warn(intent)
    return Option.some<Outcome>({ _tag: "Pending", round: intent.round })
  })

  /** Makes the call, unless it was made before. The engine interrupts it also for a resolution that the flow has read. */
  const make = (number: number) =>
    CallGrace.run(
      Duration.max(leastGrace, reconcileAfter),
      Effect.fnUntraced(function*(makeCall): Effect.fn.Return<Made, LiveDeskError.LiveDeskError, Services | R> {
        const { _tag, intent } = yield* intents.begin(facts, number)
        if (_tag === "Earlier") return { _tag: "Uncertain", intent, hint: undefined }
        const exit = yield* makeCall(call)
        if (Option.isNone(exit)) {
          yield* intents.release(intent)
          return yield* Effect.interrupt
        }
        const result = yield* Effect.result(exit.value)
        if (Result.isSuccess(result)) return yield* done(intent, result.success)
        const error = result.failure
        if (!LiveDeskError.mayHaveTakenEffect(error)) {
          yield* intents.release(intent)
          return yield* Effect.fail(error)
        }
        const id = LiveDeskError.createdId(error, "id")
        return Option.isSome(id) ? yield* done(intent, id.value) : { _tag: "Uncertain", intent, hint: error.verifyHint }
      })
    )

  const attempt = (number: number): Effect.Effect<Outcome, LiveDeskError.LiveDeskError, Services | R> =>
    Effect.flatMap(make(number), (made) =>
      made._tag !== "Uncertain" ? Effect.succeed(made) : Effect.flatMap(
        reconcile(made.intent, made.hint),
        Option.match({ onNone: () => attempt(number), onSome: (outcome) => Effect.succeed(outcome) })
      ))

  for (let number = 1;; number++) {
    const outcome = yield* Activity.make({
      name: number === 1 ? step : `${step}/${number}`,
      success: Outcome,
      error: LiveDeskError.LiveDeskError,
      execute: Effect.retry(attempt(number), { while: LiveDeskError.isTransient, schedule: retriesOf(options) })
    })
    if (outcome._tag === "Done") return outcome.id
    const resolution = yield* DurableDeferred.await(FlowResolution.deferredOf(step, outcome.round))
    if (resolution._tag === "Processed") return resolution.id
  }
})

/** How long an interrupted step may take at least: as long as a call does by default. */
const leastGrace = Duration.seconds(30)

const retriesOf = (
  { retrySchedule = defaultRetrySchedule }: Options
): Schedule.Schedule<unknown, LiveDeskError.LiveDeskError> => RetryPolicy.honorRetryAfter(retrySchedule)

const checkOptions = OptionSchema.decoder(
  Schema.Struct({ reconcileAfter: OptionSchema.withDefault(OptionSchema.duration, Duration.seconds(30)) }),
  (issues) => ErrorMapping.invalidInput("FlowStep", issues)
)

/**
 * Waits until `time` has passed since the first check of the outcome, by whichever process; no longer than `time`, as
 * the clock may have been set back since.
 */
const waitSince = (intent: IntentLog.Intent, time: Duration.Duration): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const passed = Duration.millis(now - (intent.lookingSince ?? now))
    return Effect.sleep(Duration.clamp(Duration.subtract(time, passed), { minimum: Duration.zero, maximum: time }))
  })
