/**
 * Starts conversations: creates a contact, a conversation and its first message.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as Contacts from "./Contacts.ts"
import * as Conversations from "./Conversations.ts"
import * as ErrorMapping from "./internal/ErrorMapping.ts"
import { messageIssues } from "./internal/messageIssues.ts"
import type * as LiveDeskClient from "./LiveDeskClient.ts"
import * as LiveDeskError from "./LiveDeskError.ts"
import type * as LiveDeskSchema from "./LiveDeskSchema.ts"
import { ContactId, ConversationId } from "./LiveDeskSchema.ts"
import * as Messages from "./Messages.ts"

/**
 * The input of `start`: a contact, an inbox and a message.
 *
 * @category inputs
 * @since 0.1.0
 */
export interface StartConversation {
  /** The inbox to talk through. */
  readonly inboxId: LiveDeskSchema.Id<LiveDeskSchema.InboxId>
  /** The contact to create, or an existing one, such as a result of `ensure`. */
  readonly contact: Omit<Contacts.CreateContact, "inboxId"> | KnownContact
  /** The first message. */
  readonly message: Omit<Messages.SendMessage, "conversationId">
  /**
   * The `resume` of an earlier start's error, to skip the steps that it completed. If it names a step as `unknown`, look
   * for its record first: add the record's id if it is there, else give `notProcessed`.
   */
  readonly resume?: LiveDeskError.Identifiers | undefined
  /** The `unknown` step of `resume`, to say that you looked for its record and it is not there. */
  readonly notProcessed?: Step | undefined
}

/**
 * A step of a start.
 *
 * @category models
 * @since 0.1.0
 */
export type Step = typeof Step.Type
const Step = Schema.Literals(["contact", "conversation", "message"])

/**
 * An existing contact.
 *
 * @category inputs
 * @since 0.1.0
 */
export interface KnownContact {
  /** The id of the contact. */
  readonly contactId: LiveDeskSchema.Id<ContactId>
  /** The contact's id within the inbox. */
  readonly sourceId?: string | undefined
}

/**
 * The result of `start`. A record that existed before is `None`.
 *
 * @category models
 * @since 0.1.0
 */
export interface StartedConversation {
  readonly contactId: ContactId
  readonly contact: Option.Option<Contacts.CreatedContact>
  readonly conversationId: ConversationId
  readonly conversation: Option.Option<Conversations.Conversation>
  readonly message: Messages.Message
}

const Done = Schema.Struct({
  contactId: Schema.optionalKey(ContactId),
  sourceId: Schema.optional(Schema.String),
  conversationId: Schema.optionalKey(ConversationId),
  unknown: Schema.optionalKey(Step)
})

const readDone = SchemaParser.decodeUnknownResult(Done, { errors: "all", onExcessProperty: "error" })

/**
 * Creates a contact, a conversation and its first message.
 *
 * If a step fails, the error's `resume` holds the ids of the completed steps: pass it to another start to continue
 * without repeating them. The error's `outcome` is that of the failed step.
 *
 * If that step may have taken effect, `resume` also names it as `unknown`, and a start with it is refused: it could send
 * the message twice. Look for the step's record, as `verifyHint` says:
 *
 * - The message is there: nothing is left to do.
 * - The contact or the conversation is there: add its `contactId` or `conversationId` to `resume`.
 * - It is not there: pass the step as `notProcessed`.
 *
 * ```ts
 * const input = {
 *   inboxId: 407,
 *   contact: { name: "Alice", email: "alice@acme.inc" },
 *   message: { content: "Your parcel is on its way." }
 * }
 * ConversationStart.start(input).pipe(
 *   Effect.catchReason("HttpError", "ConnectionFailed", (_, { resume }) => ConversationStart.start({ ...input, resume }))
 * )
 * ```
 *
 * @see https://www.engagelab.com/docs/livedesk/console/channels/api/api-channel-usage
 * @category calls
 * @since 0.1.0
 */
export const start = Effect.fn("ConversationStart.start")(function*(
  input: StartConversation,
  options?: LiveDeskClient.CallOptions
): Effect.fn.Return<
  StartedConversation,
  LiveDeskError.LiveDeskError,
  Contacts.Contacts | Conversations.Conversations | Messages.Messages
> {
  const contacts = yield* Contacts.Contacts
  const conversations = yield* Conversations.Conversations
  const messages = yield* Messages.Messages
  const { inboxId } = input

  const known = "contactId" in input.contact ? input.contact : undefined
  const read = readDone(input.resume ?? known ?? {})
  const undecided = Result.isFailure(read) ? undefined : undecidedOf(read.success)
  const issues = [
    ...(undecided === input.notProcessed
      ? []
      : undecided === undefined
      ? [{ path: ["notProcessed"], message: "the resume names no such step as unknown" }]
      : [{
        path: ["resume", "unknown"],
        message: `the outcome of the ${undecided} is unknown, so look for it first; ${goOn[undecided]}`
      }]),
    ...(Result.isFailure(read) || (read.success.conversationId !== undefined && read.success.contactId === undefined)
      ? [
        input.resume === undefined
          ? { path: ["contact", "contactId"], message: "expected an id: a whole number above 0" }
          : { path: ["resume"], message: "expected the resume of an error of ConversationStart.start" }
      ]
      : []),
    // Checked first, so that an invalid message fails before anything is created.
    ...messageIssues(input.message)
  ]
  if (Result.isFailure(read) || issues.length > 0) {
    return yield* ErrorMapping.invalidInput("ConversationStart.start", issues)
  }
  const done = read.success

  const contact = done.contactId === undefined && !("contactId" in input.contact)
    ? Option.some(yield* step("contact", contacts.create({ ...input.contact, inboxId }, options), {}))
    : Option.none()
  const sender = Option.match(contact, {
    onNone: () => ({ contactId: ContactId.make(done.contactId ?? 0), sourceId: done.sourceId }),
    onSome: ({ contact, contactInbox }) => ({
      contactId: contact.id,
      sourceId: Option.getOrUndefined<string>(contactInbox.sourceId)
    })
  })
  const from = { contactId: sender.contactId, ...(sender.sourceId === undefined ? {} : { sourceId: sender.sourceId }) }

  const conversation = done.conversationId === undefined
    ? Option.some(yield* step("conversation", conversations.create({ ...from, inboxId }, options), from))
    : Option.none()
  const conversationId = Option.match(conversation, {
    onNone: () => ConversationId.make(done.conversationId ?? 0),
    onSome: ({ id }) => id
  })

  const message = yield* step(
    "message",
    messages.send({ ...input.message, conversationId }, options),
    { ...from, conversationId }
  )
  return { contactId: from.contactId, contact, conversationId, conversation, message }
})

/** The step that is unknown, unless the id of its record decides its outcome. */
const undecidedOf = ({ contactId, conversationId, unknown }: typeof Done.Type): Step | undefined =>
  (unknown === "contact" && contactId !== undefined) || (unknown === "conversation" && conversationId !== undefined)
    ? undefined
    : unknown

const goOn = {
  contact: "if it is there, resume with its contactId, else with notProcessed contact",
  conversation: "if it is there, resume with its conversationId, else with notProcessed conversation",
  message: "if it is there, nothing is left to do; only if it is not, resume with notProcessed message"
} satisfies Record<Step, string>

const createdIds = {
  contact: { name: "contactId", path: "payload.contact.id" },
  conversation: { name: "conversationId", path: "id" },
  message: undefined
}

/** A step whose error says how to continue after the steps that are done. */
const step = <A>(
  step: Step,
  call: Effect.Effect<A, LiveDeskError.LiveDeskError>,
  done: LiveDeskError.Identifiers
): Effect.Effect<A, LiveDeskError.LiveDeskError> =>
  Effect.mapError(call, (error) => {
    const parts = {
      partOf: "ConversationStart.start",
      ...(Object.keys(done).length === 0 ? undefined : { resume: done })
    }
    if (!LiveDeskError.mayHaveTakenEffect(error)) return ErrorMapping.remake(error, parts)
    const created = createdIds[step]
    const id = created === undefined ? Option.none() : LiveDeskError.createdId(error, created.path)
    return ErrorMapping.remake(
      error,
      created !== undefined && Option.isSome(id)
        ? { ...parts, resume: { ...done, [created.name]: id.value } }
        : {
          ...parts,
          resume: { ...done, unknown: step },
          verifyHint: `${error.verifyHint ?? "look at LiveDesk's console"}; ${goOn[step]}`
        }
    )
  })
