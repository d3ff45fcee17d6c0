/**
 * The start of a conversation: a contact, a conversation and its first message as one call.
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
import type * as LiveDeskError from "./LiveDeskError.ts"
import type * as LiveDeskSchema from "./LiveDeskSchema.ts"
import { ContactId, ConversationId } from "./LiveDeskSchema.ts"
import * as Messages from "./Messages.ts"

/**
 * The input of `start`: whom to write to, through which inbox, and what.
 *
 * @category inputs
 * @since 0.1.0
 */
export interface StartConversation {
  /** The inbox's id. */
  readonly inboxId: LiveDeskSchema.Id<LiveDeskSchema.InboxId>
  /** The contact to create, or the one to talk to, such as `ensure` found it. */
  readonly contact: Omit<Contacts.CreateContact, "inboxId"> | KnownContact
  /** The first message. */
  readonly message: Omit<Messages.SendMessage, "conversationId">
  /** The `resume` of the error that an earlier start failed with: what that one did is not done again. */
  readonly resume?: LiveDeskError.Identifiers | undefined
}

/**
 * A contact that is there already.
 *
 * @category inputs
 * @since 0.1.0
 */
export interface KnownContact {
  /** The contact's id. */
  readonly contactId: number
  /** The name under which the inbox knows the contact. */
  readonly sourceId?: string | undefined
}

/**
 * What `start` did. What was there before is none.
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
  conversationId: Schema.optionalKey(ConversationId)
})

const readDone = SchemaParser.decodeUnknownResult(Done, { errors: "all", onExcessProperty: "error" })

/**
 * Creates a contact, a conversation and its first message, one after the other.
 *
 * When a step fails, the error's `resume` holds the ids of what was done before it, with which another start goes on
 * and does nothing twice. The error's `outcome` is that of the step that failed: after `Processed` and `Unknown` look
 * for what that step made before going on.
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
  const issues = [
    ...(Result.isFailure(read) || (read.success.conversationId !== undefined && read.success.contactId === undefined)
      ? [
        input.resume === undefined
          ? { path: ["contact", "contactId"], message: "expected an id: a whole number above 0" }
          : { path: ["resume"], message: "expected the resume of an error of this call" }
      ]
      : []),
    // Looked at first: what is wrong with the message must not come out when the rest is done.
    ...messageIssues(input.message)
  ]
  if (Result.isFailure(read) || issues.length > 0) {
    return yield* ErrorMapping.invalidInput("ConversationStart.start", issues)
  }
  const done = read.success

  const contact = done.contactId === undefined && !("contactId" in input.contact)
    ? Option.some(yield* contacts.create({ ...input.contact, inboxId }, options))
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
    ? Option.some(
      yield* Effect.mapError(
        conversations.create({ ...from, inboxId }, options),
        (error) => ErrorMapping.withResume(error, from)
      )
    )
    : Option.none()
  const conversationId = Option.match(conversation, {
    onNone: () => ConversationId.make(done.conversationId ?? 0),
    onSome: ({ id }) => id
  })

  const message = yield* Effect.mapError(
    messages.send({ ...input.message, conversationId }, options),
    (error) => ErrorMapping.withResume(error, { ...from, conversationId })
  )
  return { contactId: from.contactId, contact, conversationId, conversation, message }
})
