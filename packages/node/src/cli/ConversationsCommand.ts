/**
 * `livedesk conversations`.
 *
 * @since 0.1.0
 */
import * as Contacts from "@effect-livedesk/core/Contacts"
import * as Conversations from "@effect-livedesk/core/Conversations"
import * as ConversationStart from "@effect-livedesk/core/ConversationStart"
import type * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import * as Messages from "@effect-livedesk/core/Messages"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Struct from "effect/Struct"
import * as CommandOutput from "./CommandOutput.ts"
import * as ContactsCommand from "./ContactsCommand.ts"
import { UsageError } from "./ExitCode.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"

const sender = {
  contactId: Flag.Int("contact").pipe(Flag.withDescription("The contact, by its id"), LiveDeskCall.optional),
  sourceId: Flag.String("source").pipe(
    Flag.withDescription("The contact, by its source id in the inbox"),
    LiveDeskCall.optional
  )
}

const create = Command.make(
  "create",
  { inbox: LiveDeskCall.inbox, ...sender },
  Effect.fnUntraced(function*({ contactId, inbox, sourceId }) {
    const inboxId = yield* LiveDeskCall.inboxId(inbox)
    const input: Conversations.CreateConversation | undefined = contactId !== undefined
      ? { inboxId, contactId, ...(sourceId === undefined ? {} : { sourceId }) }
      : sourceId !== undefined
      ? { inboxId, sourceId }
      : undefined
    if (input === undefined) return yield* new UsageError({ message: "give --contact, --source or both" })
    yield* LiveDeskCall.perform(
      Conversations.Conversations.use((conversations) => conversations.create(input)),
      ({ createdAt, id, inboxId, status }) => ({ id, status, inbox: inboxId, created: createdAt })
    )
  })
).pipe(
  Command.withDescription("Create a conversation with a contact"),
  Command.withExamples([{
    command: "livedesk conversations create --contact 2219256",
    description: "Create a conversation in the inbox of LIVEDESK_INBOX_ID"
  }])
)

const start = Command.make(
  "start",
  {
    inbox: LiveDeskCall.inbox,
    ...sender,
    ...ContactsCommand.profile,
    ensure: Flag.Boolean("ensure").pipe(
      Flag.withDescription("Take the contact that has the identifier, e-mail address or phone number, if there is one"),
      Flag.withDefault(false)
    ),
    message: Flag.String("message").pipe(Flag.withDescription("The first message")),
    resume: Flag.KeyValuePair("resume").pipe(
      Flag.withDescription(
        "A step from the error of an earlier start, to continue it, as contactId=5; may be given several times"
      ),
      LiveDeskCall.optional
    ),
    notProcessed: Flag.Literals("not-processed", ["contact", "conversation", "message"]).pipe(
      Flag.withDescription("The step that --resume names as unknown, once you have looked and it is not there"),
      LiveDeskCall.optional
    )
  },
  Effect.fnUntraced(function*({ contactId, ensure, inbox, message, notProcessed, resume, sourceId, ...contact }) {
    const inboxId = yield* LiveDeskCall.inboxId(inbox)
    if (contactId === undefined && sourceId !== undefined) {
      return yield* new UsageError({ message: "--source needs --contact" })
    }
    if (contactId !== undefined && !ContactsCommand.isUnidentified(contact)) {
      return yield* new UsageError({
        message: "--contact takes an existing contact as it is; give either --contact or the flags of a new one"
      })
    }
    if (contactId === undefined && resume === undefined && ContactsCommand.isUnidentified(contact)) {
      return yield* new UsageError({ message: "give --contact, or the flags of a new one, such as --name" })
    }
    const ensured = { ...contact, inboxId }
    if (ensure && !Contacts.hasContactKey(ensured)) {
      return yield* new UsageError({
        message: "--ensure finds a contact by --identifier, --email or --phone: give one"
      })
    }
    const start = (contact: ConversationStart.StartConversation["contact"]) =>
      pointWhenInterrupted(
        ConversationStart.start({
          inboxId,
          contact,
          message: { content: message },
          ...(resume === undefined ? {} : { resume: identifiers(resume) }),
          notProcessed
        }).pipe(Effect.tapError(({ resume }) => pointToResume(resume))),
        Struct.omit(resume === undefined ? known(contact) : identifiers(resume), ["unknown"])
      )
    yield* LiveDeskCall.perform(
      ensure && Contacts.hasContactKey(ensured)
        ? Effect.flatMap(
          Contacts.Contacts.use((contacts) => contacts.ensure(ensured)),
          ({ contact }) => start({ contactId: contact.id })
        )
        : Effect.tapError(start(contactId === undefined ? contact : { contactId, sourceId }), pointToContact),
      ({ contactId, conversationId, message }) => ({
        conversation: conversationId,
        contact: contactId,
        message: message.id
      })
    )
  })
).pipe(
  Command.withDescription("Create a contact, a conversation and its first message"),
  Command.withExamples([
    {
      command:
        "livedesk conversations start --name Alice --email alice@acme.inc --message \"Your parcel is on its way.\"",
      description: "Write to a new contact"
    },
    {
      command: "livedesk conversations start --contact 2219256 --message \"Your parcel is on its way.\"",
      description: "Write to an existing contact"
    }
  ])
)

/** The ids of a contact that is there. */
const known = (contact: ConversationStart.StartConversation["contact"]): LiveDeskError.Identifiers =>
  "contactId" in contact
    ? { contactId: contact.contactId, ...(contact.sourceId === undefined ? {} : { sourceId: contact.sourceId }) }
    : {}

/** Says what to do about a contact that may be there already: a refusal does not always say so. */
const pointToContact = ({ operation, reason }: LiveDeskError.LiveDeskError) =>
  operation === "contacts.create" && (reason._tag === "Conflict" || reason._tag === "RejectedInput")
    ? Console.error("if the contact is there already: give --ensure to write to it, or its id by --contact")
    : Effect.void

/** Says how to continue, by the whole command. */
const pointToResume = Effect.fnUntraced(function*(resume: LiveDeskError.Identifiers | undefined) {
  if (resume === undefined) return
  const { unknown } = resume
  const command = yield* CommandOutput.commandLine({
    "--resume": Object.entries(resume).map(([name, id]) => `${name}=${id}`.replaceAll(/\s+/g, " ")),
    "--not-processed": unknown === undefined ? [] : [String(unknown)]
  })
  yield* Console.error(
    unknown === undefined
      ? `to continue: ${command}`
      : `look for the ${unknown} first; only if it is not there, continue: ${command}`
  )
})

/** Runs a start, and says how to continue if it is interrupted. */
const pointWhenInterrupted = <A, E, R>(start: Effect.Effect<A, E, R>, from: LiveDeskError.Identifiers) =>
  Effect.suspend(() => {
    let done = from
    let unknown: LiveDeskError.Identifiers = {}
    const step = <B, E>(name: string, call: Effect.Effect<B, E>, made: (value: B) => LiveDeskError.Identifiers) =>
      Effect.suspend(() => {
        unknown = { unknown: name }
        return Effect.tap(call, (value) =>
          Effect.sync(() => {
            done = { ...done, ...made(value) }
            unknown = {}
          }))
      })
    return start.pipe(
      Effect.updateService(Contacts.Contacts, (contacts) => ({
        ...contacts,
        create: (...args: Parameters<typeof contacts.create>) =>
          step("contact", contacts.create(...args), ({ contact, contactInbox: { sourceId } }) => ({
            contactId: contact.id,
            ...(Option.isSome(sourceId) ? { sourceId: sourceId.value } : {})
          }))
      })),
      Effect.updateService(Conversations.Conversations, (conversations) => ({
        ...conversations,
        create: (...args: Parameters<typeof conversations.create>) =>
          step("conversation", conversations.create(...args), ({ id }) => ({ conversationId: id }))
      })),
      Effect.updateService(Messages.Messages, (messages) => ({
        ...messages,
        send: (...args: Parameters<typeof messages.send>) => step("message", messages.send(...args), () => ({}))
      })),
      Effect.onInterrupt(() => {
        const resume = { ...done, ...unknown }
        return pointToResume(Object.keys(resume).length === 0 ? undefined : resume)
      })
    )
  })

/** Reads ids as numbers if they look like it, except for the source id, which is text. */
const identifiers = (resume: { readonly [name: string]: string }): { readonly [name: string]: string | number } =>
  Object.fromEntries(
    Object.entries(resume).map(([name, id]) => [name, name !== "sourceId" && /^\d+$/.test(id) ? Number(id) : id])
  )

const status = Command.make(
  "status",
  {
    conversationId: Argument.Int("conversation").pipe(Argument.withDescription("The conversation's id")),
    status: Argument.Literals("status", Conversations.statuses).pipe(Argument.withDescription("The state to move to")),
    until: Flag.String("until").pipe(
      Flag.withDescription("When a snoozed conversation wakes, such as 2027-01-31T08:00:00Z"),
      LiveDeskCall.optional
    )
  },
  Effect.fnUntraced(function*({ conversationId, status, until }) {
    const snoozedUntil = until === undefined ? undefined : Option.getOrUndefined(DateTime.make(until))
    if (until !== undefined && snoozedUntil === undefined) {
      return yield* new UsageError({ message: "--until is no time; expected one such as 2027-01-31T08:00:00Z" })
    }
    if (snoozedUntil !== undefined && status !== "snoozed") {
      return yield* new UsageError({ message: `--until is for snoozed, not for ${status}` })
    }
    yield* LiveDeskCall.perform(
      Conversations.Conversations.use((conversations) =>
        conversations.toggleStatus({
          conversationId,
          status,
          ...(snoozedUntil === undefined ? {} : { snoozedUntil: DateTime.toUtc(snoozedUntil) })
        })
      ),
      ({ currentStatus, snoozedUntil }) => ({
        conversation: conversationId,
        status: currentStatus,
        until: snoozedUntil
      })
    )
  })
).pipe(
  Command.withDescription("Move a conversation to another state"),
  Command.withExamples([{ command: "livedesk conversations status 40 resolved", description: "Resolve it" }])
)

/**
 * The commands about conversations.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make("conversations").pipe(
  Command.withDescription("Create, start and move conversations"),
  Command.withSubcommands([create, start, status])
)
