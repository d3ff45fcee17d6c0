import { type Conversations, type LiveDeskError, type LiveDeskSchema } from "@effect-livedesk/core"
import { type DateTime, type Effect, type Option } from "effect"
import { expectTypeOf } from "expect-type"

declare const conversations: Conversations.Conversations["Service"]
declare const inboxId: LiveDeskSchema.InboxId
declare const contactId: LiveDeskSchema.ContactId
declare const sourceId: LiveDeskSchema.SourceId

// A call succeeds with its model, fails with the three errors and needs nothing.

expectTypeOf(conversations.create({ inboxId, contactId })).toEqualTypeOf<
  Effect.Effect<
    Conversations.Conversation,
    LiveDeskError.AuthError | LiveDeskError.ValidationError | LiveDeskError.HttpError
  >
>()

// An input takes plain numbers and branded ids, and names a sender.

conversations.create({ inboxId, contactId })
conversations.create({ inboxId: 407, contactId: 1 })
conversations.create({ inboxId: 407, sourceId })
conversations.create({ inboxId: 407, sourceId: "source" })
conversations.create({ inboxId: 407, contactId: 1, sourceId: "source" })
conversations.create({ inboxId: 407, contactId: 1, sourceId: undefined })
// @ts-expect-error Property 'contactId' is missing in type '{ inboxId: number; }'
conversations.create({ inboxId: 407 })
// @ts-expect-error Types of property 'contactId' are incompatible. Type 'undefined' is not assignable to type 'Id<number & Brand<"ContactId">>'.
conversations.create({ inboxId: 407, contactId: undefined })
// @ts-expect-error Types of property 'contactId' are incompatible. Type 'undefined' is not assignable to type 'Id<number & Brand<"ContactId">>'.
conversations.create({ inboxId: 407, contactId: undefined, sourceId: undefined })

// A record's fields have the types that a program works with.

expectTypeOf<Conversations.Conversation["id"]>().toEqualTypeOf<LiveDeskSchema.ConversationId>()
expectTypeOf<Conversations.Conversation["inboxId"]>().toEqualTypeOf<LiveDeskSchema.InboxId>()
expectTypeOf<Conversations.Conversation["updatedAt"]>().toEqualTypeOf<DateTime.Utc>()
expectTypeOf<Conversations.Conversation["firstReplyCreatedAt"]>().toEqualTypeOf<Option.Option<DateTime.Utc>>()
expectTypeOf<Conversations.Conversation["ticketId"]>().toEqualTypeOf<Option.Option<LiveDeskSchema.TicketId>>()
expectTypeOf<Conversations.Conversation["labels"]>().toEqualTypeOf<ReadonlyArray<string>>()
expectTypeOf<Conversations.Conversation["customAttributes"]>().toEqualTypeOf<LiveDeskSchema.Attributes>()
expectTypeOf<Conversations.Conversation["meta"]["sender"]["id"]>().toEqualTypeOf<LiveDeskSchema.ContactId>()
expectTypeOf<Conversations.Conversation["assignment"]["assigneeId"]>()
  .toEqualTypeOf<Option.Option<LiveDeskSchema.AgentId>>()

// An open set lists the known words and takes any other.

expectTypeOf<string>().toExtend<Conversations.Conversation["status"]>()
expectTypeOf<
  Extract<
    Conversations.Conversation["status"],
    "open" | "resolved" | "pending" | "snoozed" | "closed" | "reopened"
  >
>().toEqualTypeOf<"open" | "resolved" | "pending" | "snoozed" | "closed">()
