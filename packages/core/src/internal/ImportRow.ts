/**
 * The steps of a row: a contact, a conversation, a message. Each begins where the journal has the row, and notes how far it
 * came.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as Contacts from "../Contacts.ts"
import type * as ImportJournal from "../imports/ImportJournal.ts"
import type * as ImportMapping from "../imports/ImportMapping.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import { type AccountId, ContactId, ConversationId, MessageId } from "../LiveDeskSchema.ts"
import * as ImportCall from "./ImportCall.ts"
import type { Work } from "./ImportPlan.ts"
import * as ImportRun from "./ImportRun.ts"
import * as ImportUpdate from "./ImportUpdate.ts"

/** How far a row has come. */
interface Row {
  readonly key: string
  readonly input: ImportMapping.ImportInput
  readonly contactId: ContactId | undefined
  /** The contact that an earlier run had for the row, with addresses that may have been corrected since. */
  readonly knownContactId: ContactId | undefined
  readonly sourceId: string | undefined
  readonly conversationId: ConversationId | undefined
  /** Whether the contact was there before; `undefined` where that is unknown. */
  readonly existing: boolean | undefined
  readonly step: ImportJournal.Step
  /** What the journal does not have yet; the next change of it tells. */
  readonly known: Partial<ImportJournal.Change>
}

type Step<In extends Row, Out extends Row> = (
  run: ImportRun.ImportRun,
  row: In
) => Effect.Effect<Out, ImportCall.Halt | ImportJournal.ImportJournalError>

type WithContact = Row & { readonly contactId: ContactId }

/** Works on a row that was planned. */
export const work = (
  run: ImportRun.ImportRun,
  work: Work
): Effect.Effect<void, ImportJournal.ImportJournalError> => {
  const { entry, input } = work
  if (entry.state === "done") return updateDone(run, work)
  return ImportRun.isStopped(run)
    ? run.journal.note({ key: entry.key, step: entry.step, state: "planned" })
    // One that has a contact is looked for again where an address of it was corrected, or its id may be another account's.
    : advance(run, { entry, input }, findOrCreate(run, input, Option.isSome(entry.contactId) ? "first" : run.lookup))
}

/** Updates the contact of a row that was done before. The row stays done, whatever comes of it. */
const updateDone = (
  run: ImportRun.ImportRun,
  { entry: { contactId, key, step }, input, line, row }: Work
): Effect.Effect<void, ImportJournal.ImportJournalError> => {
  if (ImportRun.isStopped(run) || Option.isNone(contactId)) return Effect.void
  const fail = (reason: string) => {
    run.counts.rejected++
    return run.journal.reject([{ line, reasons: [`done before, but its contact was not updated: ${reason}`], row }])
  }
  const call = ImportUpdate.update(run, contactId.value, ImportUpdate.keyOf(input.contact), input)
  return ImportCall.make(run, step, call).pipe(
    Effect.flatMap((isSame) =>
      isSame
        ? run.journal.note({ key, step, state: "done", digest: ImportUpdate.digestOf(input) })
        : fail("LiveDesk finds another contact by its key")
    ),
    Effect.catchTag(
      ["Stopped", "Rejected", "Unknown"],
      (halt) => halt._tag === "Stopped" ? Effect.void : fail(halt.error.message)
    )
  )
}

/**
 * Works on a row whose contact may be there, unheard: it is looked for, and made if it is not. For a row that the file does
 * not have any more it is looked for alone.
 */
export const reconcile = Effect.fnUntraced(function*(
  run: ImportRun.ImportRun,
  entry: ImportJournal.Entry
): Effect.fn.Return<void, ImportJournal.ImportJournalError> {
  const values = readValues(Option.getOrElse(entry.row, () => "{}"))
  const input = Result.flatMap(values, run.mapping.read)
  if (Result.isFailure(input) || ImportRun.isStopped(run)) return
  if (!entry.isInFile) return run.isOtherKey ? undefined : yield* lookUp(run, entry, input.success)
  const contact = Effect.map(
    findOrCreate(run, input.success, "first"),
    // Whether it was there before the import is unknown.
    (made) => made.existing === true ? { ...made, existing: undefined } : made
  )
  yield* advance(run, { entry, input: input.success }, contact)
})

/** Notes whether the contact of a row is there, of which nothing is sent any more. */
const lookUp = (
  run: ImportRun.ImportRun,
  { key }: ImportJournal.Entry,
  input: ImportMapping.ImportInput
): Effect.Effect<void, ImportJournal.ImportJournalError> =>
  ImportCall.make(run, "contact", run.contacts.find(input.contact, run.call)).pipe(
    Effect.flatMap(Option.match({
      onNone: () => run.journal.note({ key, step: "contact", state: "planned" }),
      onSome: ({ id }) =>
        run.journal.note(
          wantsConversation({ input })
            ? { key, step: "conversation", state: "planned", contactId: id }
            : { key, step: "message", state: "done", contactId: id }
        )
    })),
    // It stays unknown.
    Effect.catchTag(["Stopped", "Rejected", "Unknown"], () => Effect.void)
  )

const readValues = SchemaParser.decodeUnknownResult(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
)

/** From where a row stands to its end, or as far as it goes for now. */
const advance = (
  run: ImportRun.ImportRun,
  { entry, input }: Pick<Work, "entry" | "input">,
  contact: Effect.Effect<FoundContact, LiveDeskError.LiveDeskError>
): Effect.Effect<void, ImportJournal.ImportJournalError> => {
  const row: Row = {
    key: entry.key,
    input,
    contactId: entry.step === "contact" || run.isOtherKey ? undefined : Option.getOrUndefined(entry.contactId),
    knownContactId: Option.getOrUndefined(entry.contactId),
    sourceId: Option.getOrUndefined(entry.sourceId),
    conversationId: Option.getOrUndefined(entry.conversationId),
    existing: Option.getOrUndefined(entry.existing),
    step: entry.step,
    known: {}
  }
  return Effect.catchTag(
    complete(run, row, contact),
    ["Stopped", "Rejected", "Unknown", "Taken"],
    (halt) => noteHalt(run, entry.key, halt)
  )
}

// ---------------------------------------------------------------------------------------------------------------------
// steps
// ---------------------------------------------------------------------------------------------------------------------

const complete = Effect.fnUntraced(function*(
  run: ImportRun.ImportRun,
  row: Row,
  contact: Effect.Effect<FoundContact, LiveDeskError.LiveDeskError>
): Effect.fn.Return<void, ImportCall.Halt | ImportJournal.ImportJournalError> {
  const found = yield* ensureContact(run, row, contact)
  yield* completeContact(run, found)
  yield* finish(run, wantsConversation(row) ? yield* sendMessage(run, yield* createConversation(run, found)) : found)
})

const ensureContact = Effect.fnUntraced(function*(
  run: ImportRun.ImportRun,
  row: Row,
  contact: Effect.Effect<FoundContact, LiveDeskError.LiveDeskError>
): Effect.fn.Return<WithContact, ImportCall.Halt | ImportJournal.ImportJournalError> {
  const { contactId } = row
  if (contactId !== undefined) {
    run.counts.foundAgain++
    return { ...row, contactId }
  }
  // The journal has it as sent from its planning on, and it is never sent without being looked for after that.
  const found = yield* ImportCall.make(run, "contact", contact)
  yield* noteAccount(run, found.accountId)
  return withContact(run, row, found)
})

const withContact = (
  run: ImportRun.ImportRun,
  row: Row,
  { existing, id, sourceId }: FoundContact
): WithContact => {
  if (row.knownContactId === id) {
    run.counts.foundAgain++
    return { ...row, contactId: id, sourceId, known: { contactId: id, sourceId } }
  }
  run.counts[existing === undefined ? "foundAgain" : existing ? "existing" : "created"]++
  return {
    ...row,
    contactId: id,
    sourceId,
    existing,
    // That of another contact is not this row's.
    conversationId: row.knownContactId === undefined ? row.conversationId : undefined,
    known: { contactId: id, sourceId, existing }
  }
}

/**
 * Sets what no create takes, and updates a contact that was there, of which nothing is changed unless that is asked for.
 * Repeating it changes nothing.
 */
const completeContact = (
  run: ImportRun.ImportRun,
  row: WithContact
): Effect.Effect<void, ImportCall.Halt | ImportJournal.ImportJournalError> => {
  const { existing, input: { customAttributes }, step } = row
  const isUpdate = existing === true && run.updateExisting
  return step !== "contact" || (existing === true ? !isUpdate : customAttributes === undefined)
    ? Effect.void
    : updateContact(run, row, isUpdate)
}

const updateContact = Effect.fnUntraced(function*(
  run: ImportRun.ImportRun,
  row: WithContact,
  isUpdate: boolean
): Effect.fn.Return<void, ImportCall.Halt | ImportJournal.ImportJournalError> {
  const { contactId, input, key, known, step } = row
  const { customAttributes } = input
  if (ImportRun.isStopped(run)) return yield* Effect.fail<ImportCall.Halt>({ _tag: "Stopped", step, known })
  // Whatever comes of it, the contact is not looked for again.
  yield* run.journal.note({ key, step, state: "sent", ...known })
  yield* ImportCall.make(
    run,
    step,
    isUpdate
      ? Effect.asVoid(ImportUpdate.update(run, contactId, input.contact, input))
      : Effect.asVoid(run.contacts.update({ contactId, customAttributes }, run.call))
  )
})

const createConversation: Step<WithContact, Row> = Effect.fnUntraced(function*(run, row) {
  if (row.conversationId !== undefined) return row
  const { contactId, sourceId } = row
  const input = { inboxId: run.inboxId, contactId, ...(sourceId === undefined ? {} : { sourceId }) }
  const created = Effect.map(
    run.conversations.create(input, run.call),
    ({ accountId, id }): Created<ConversationId> => ({ id, accountId: Option.some(accountId) })
  )
  const { accountId, id: conversationId } = yield* createOnce(
    run,
    row,
    "conversation",
    ImportCall.orCreatedId(
      created,
      "id",
      (id): Created<ConversationId> => ({ id: ConversationId.make(id), accountId: Option.none() })
    )
  )
  run.counts.conversations++
  yield* noteAccount(run, accountId)
  return { ...row, conversationId, known: { conversationId } }
})

const sendMessage: Step<Row, Row> = Effect.fnUntraced(function*(run, row) {
  const { conversationId, input: { message } } = row
  if (conversationId === undefined || message === undefined) return row
  const sent = Effect.map(run.messages.send({ ...message, conversationId }, run.call), idOf)
  const messageId = yield* createOnce(
    run,
    row,
    "message",
    ImportCall.orCreatedId(sent, "id", (id) => MessageId.make(id))
  )
  run.counts.messages++
  return { ...row, known: { messageId } }
})

const finish = ({ counts, journal }: ImportRun.ImportRun, row: Row) => {
  counts.done++
  const change = {
    key: row.key,
    state: "done",
    step: "message",
    digest: ImportUpdate.digestOf(row.input),
    ...row.known
  } as const
  // A message that is lost sight of in a crash could not be looked for; a contact can.
  return wantsConversation(row) ? journal.change(change) : journal.note(change)
}

/** What a call made, and the account that its response named. */
interface Created<Id> {
  readonly id: Id
  readonly accountId: Option.Option<AccountId>
}

/** Stops the run where a response names another account than those before: what it made is not the import's. */
const noteAccount = (
  run: ImportRun.ImportRun,
  accountId: Option.Option<AccountId>
): Effect.Effect<void, ImportCall.Halt | ImportJournal.ImportJournalError> => {
  // 0 stands for an id that the response left out.
  if (Option.isNone(accountId) || accountId.value === 0 || accountId.value === run.accountId) return Effect.void
  return run.journal.account(accountId.value).pipe(
    Effect.map(() => {
      run.accountId = accountId.value
    }),
    Effect.catchIf(({ problem }) => problem === "OtherImport", (error) =>
      Effect.andThen(
        Deferred.fail(run.stopped, error),
        Effect.fail<ImportCall.Halt>({ _tag: "Stopped", step: "contact", known: {} })
      ))
  )
}

/** Makes a call that no later one can look for: nothing is sent but what the journal has as sent. */
const createOnce = <A>(
  run: ImportRun.ImportRun,
  { key, known }: Row,
  step: ImportJournal.Step,
  call: Effect.Effect<A, LiveDeskError.LiveDeskError>
): Effect.Effect<A, ImportCall.Halt | ImportJournal.ImportJournalError> =>
  ImportRun.isStopped(run)
    ? Effect.fail({ _tag: "Stopped", step, known })
    : Effect.flatMap(
      run.journal.change({ key, step, state: "sent", ...known }),
      // The journal has noted why.
      Option.match({
        onSome: (): Effect.Effect<A, ImportCall.Halt | ImportJournal.ImportJournalError> =>
          Effect.fail({ _tag: "Taken", step }),
        onNone: () =>
          ImportCall.make(run, step, call, {
            waiting: Effect.asVoid(run.journal.change({ key, step, state: "planned" })),
            retrying: Effect.asVoid(run.journal.change({ key, step, state: "sent" }))
          })
      })
    )

const noteHalt = Effect.fnUntraced(function*(run: ImportRun.ImportRun, key: string, halt: ImportCall.Halt) {
  const { counts, journal } = run
  const { step } = halt
  switch (halt._tag) {
    case "Stopped":
      // Under a key of which the account is not known, the ids may be another account's.
      return yield* journal.note(
        run.isOtherKey ? { key, step: "contact", state: "planned" } : { key, step, state: "planned", ...halt.known }
      )
    case "Taken":
      counts.rejected++
      return
    case "Rejected":
      counts.rejected++
      return yield* journal.note({ key, step, state: "rejected", reasons: [halt.error.message] })
    case "Unknown":
      counts.unknown++
      run.latestUnknown = yield* Clock.currentTimeMillis
      return yield* journal.note({ key, step, state: "sent", reasons: [halt.error.message] })
  }
})

const wantsConversation = ({ input }: Pick<Row, "input">): boolean =>
  input.message !== undefined || input.conversation === true

const idOf = <Id>({ id }: { readonly id: Id }): Id => id

// ---------------------------------------------------------------------------------------------------------------------
// contacts
// ---------------------------------------------------------------------------------------------------------------------

interface FoundContact {
  readonly id: ContactId
  readonly sourceId: string | undefined
  readonly accountId: Option.Option<AccountId>
  /** Whether it was there before; `undefined` where that is unknown. */
  readonly existing: boolean | undefined
}

const findOrCreate = (
  { call, contacts, inboxId }: ImportRun.ImportRun,
  { contact }: ImportMapping.ImportInput,
  lookup: "first" | "onConflict"
): Effect.Effect<FoundContact, LiveDeskError.LiveDeskError> => {
  const input = { ...contact, inboxId }
  const ensure = () =>
    Effect.map(
      // The mapping guarantees a contact key.
      contacts.ensure(input as Contacts.EnsureContact, call),
      (ensured) => foundContact(ensured, inboxId)
    )
  const found = lookup === "first"
    ? ensure()
    : contacts.create(input, call).pipe(
      Effect.map((created) => foundContact({ _tag: "Created", ...created }, inboxId)),
      Effect.catchIf(isTaken, ensure)
    )
  return ImportCall.orCreatedId(found, "payload.contact.id", (id) => ({
    id: ContactId.make(id),
    sourceId: undefined,
    accountId: Option.none(),
    existing: false
  }))
}

const foundContact = (ensured: Contacts.EnsuredContact, inboxId: number): FoundContact => ({
  id: ensured.contact.id,
  sourceId: Option.getOrUndefined<string>(Contacts.sourceIdOf(ensured, inboxId)),
  accountId: Option.flatMap(
    ensured._tag === "Created"
      ? ensured.contactInbox.inbox
      : Option.flatMap(Option.fromUndefinedOr(ensured.contact.contactInboxes[0]), ({ inbox }) => inbox),
    ({ accountId }) => accountId
  ),
  existing: ensured._tag === "Created" ? false : ensured.mayBeNew ? undefined : true
})

/** Whether LiveDesk refused what may be there already. */
const isTaken = ({ outcome, reason }: LiveDeskError.LiveDeskError): boolean =>
  outcome === "Rejected" && (reason._tag === "RejectedInput" || reason._tag === "Conflict")
