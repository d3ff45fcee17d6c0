import {
  Contacts,
  Conversations,
  LiveDesk,
  LiveDeskClient,
  type LiveDeskError,
  type LiveDeskSchema,
  type Messages,
  type Tickets
} from "@effect-livedesk/core"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { type Config, type DateTime, Effect, Layer, type Option } from "effect"
import { type HttpClient } from "effect/http"
import { mustRead } from "./ModelLaws.ts"
import { fixture } from "./Wire.ts"

type CreateOf<Service extends { readonly create: (...args: never) => unknown }> = ReturnType<Service["create"]>

describe("types", () => {
  it("a call succeeds with its model and fails with the three errors, needing nothing", () => {
    type Errors = LiveDeskError.AuthError | LiveDeskError.ValidationError | LiveDeskError.HttpError

    expectTypeOf<CreateOf<Contacts.Contacts["Service"]>>().toEqualTypeOf<
      Effect.Effect<Contacts.CreatedContact, Errors>
    >()
    expectTypeOf<CreateOf<Conversations.Conversations["Service"]>>().toEqualTypeOf<
      Effect.Effect<Conversations.Conversation, Errors>
    >()
  })

  it("an input takes plain numbers and branded ids", () => {
    expectTypeOf<{ inboxId: number }>().toExtend<Contacts.CreateContact>()
    expectTypeOf<{ inboxId: LiveDeskSchema.InboxId }>().toExtend<Contacts.CreateContact>()
    expectTypeOf<{ inboxId: string }>().not.toExtend<Contacts.CreateContact>()
    expectTypeOf<{ inboxId: number; name: undefined }>().toExtend<Contacts.CreateContact>()
    expectTypeOf<{ inboxId: number; name: null }>().not.toExtend<Contacts.CreateContact>()
    expectTypeOf<{ name: string }>().not.toExtend<Contacts.CreateContact>()
    expectTypeOf<{ inboxId: LiveDeskSchema.InboxId; contactId: LiveDeskSchema.ContactId }>().toExtend<
      Conversations.CreateConversation
    >()
    expectTypeOf<{ inboxId: number; sourceId: LiveDeskSchema.SourceId }>().toExtend<Conversations.CreateConversation>()
  })

  it("a conversation's input names a sender", () => {
    expectTypeOf<{ inboxId: number }>().not.toExtend<Conversations.CreateConversation>()
    expectTypeOf<{ inboxId: number; contactId: undefined }>().not.toExtend<Conversations.CreateConversation>()
    expectTypeOf<{ inboxId: number; contactId: undefined; sourceId: undefined }>().not.toExtend<
      Conversations.CreateConversation
    >()
    expectTypeOf<{ inboxId: number; contactId: number }>().toExtend<Conversations.CreateConversation>()
    expectTypeOf<{ inboxId: number; sourceId: string }>().toExtend<Conversations.CreateConversation>()
    expectTypeOf<{ inboxId: number; contactId: number; sourceId: string }>().toExtend<
      Conversations.CreateConversation
    >()
    expectTypeOf<{ inboxId: number; contactId: number; sourceId: undefined }>().toExtend<
      Conversations.CreateConversation
    >()
  })

  it("an id of one kind is no id of another", () => {
    expectTypeOf<LiveDeskSchema.ContactId>().toExtend<number>()
    expectTypeOf<LiveDeskSchema.ContactId>().not.toExtend<LiveDeskSchema.InboxId>()
    expectTypeOf<LiveDeskSchema.InboxId>().not.toExtend<LiveDeskSchema.ContactId>()
    expectTypeOf<LiveDeskSchema.ConversationId>().not.toExtend<LiveDeskSchema.ContactId>()
    expectTypeOf<LiveDeskSchema.TeamId>().not.toExtend<LiveDeskSchema.AgentId>()
    expectTypeOf<LiveDeskSchema.TicketId>().not.toExtend<LiveDeskSchema.SourceId>()
    expectTypeOf<number>().not.toExtend<LiveDeskSchema.ContactId>()
  })

  it("a model's fields are what a program works with", () => {
    type Contact = Contacts.Contact
    expectTypeOf<Contacts.CreatedContact["contact"]>().toEqualTypeOf<Contact>()
    expectTypeOf<Contact["id"]>().toEqualTypeOf<LiveDeskSchema.ContactId>()
    expectTypeOf<Contact["email"]>().toEqualTypeOf<Option.Option<string>>()
    expectTypeOf<Contact["blocked"]>().toEqualTypeOf<boolean>()
    expectTypeOf<Contact["createdAt"]>().toEqualTypeOf<DateTime.Utc>()
    expectTypeOf<Contact["lastActivityAt"]>().toEqualTypeOf<Option.Option<DateTime.Utc>>()
    expectTypeOf<Contact["contactInboxes"]>().toEqualTypeOf<ReadonlyArray<Contacts.ContactInbox>>()
    expectTypeOf<Contacts.ContactInbox["inbox"]>().toEqualTypeOf<Option.Option<Contacts.Inbox>>()
    expectTypeOf<Contacts.ContactInbox["sourceId"]>().toEqualTypeOf<Option.Option<LiveDeskSchema.SourceId>>()

    type Conversation = Conversations.Conversation
    expectTypeOf<Conversation["id"]>().toEqualTypeOf<LiveDeskSchema.ConversationId>()
    expectTypeOf<Conversation["inboxId"]>().toEqualTypeOf<LiveDeskSchema.InboxId>()
    expectTypeOf<Conversation["updatedAt"]>().toEqualTypeOf<DateTime.Utc>()
    expectTypeOf<Conversation["firstReplyCreatedAt"]>().toEqualTypeOf<Option.Option<DateTime.Utc>>()
    expectTypeOf<Conversation["ticketId"]>().toEqualTypeOf<Option.Option<LiveDeskSchema.TicketId>>()
    expectTypeOf<Conversation["labels"]>().toEqualTypeOf<ReadonlyArray<string>>()
    expectTypeOf<Conversation["customAttributes"]>().toEqualTypeOf<LiveDeskSchema.Attributes>()
    expectTypeOf<Conversation["meta"]["sender"]["id"]>().toEqualTypeOf<LiveDeskSchema.ContactId>()
    expectTypeOf<Conversation["assignment"]["assigneeId"]>().toEqualTypeOf<Option.Option<LiveDeskSchema.AgentId>>()
  })

  it("an open set lists the known words and takes any other", () => {
    type Status = Conversations.Conversation["status"]
    expectTypeOf<string>().toExtend<Status>()
    expectTypeOf<Extract<Status, "open" | "resolved" | "pending" | "snoozed" | "closed" | "reopened">>()
      .toEqualTypeOf<"open" | "resolved" | "pending" | "snoozed" | "closed">()
    expectTypeOf<Extract<Contacts.Contact["availabilityStatus"], "offline" | "online" | "away">>()
      .toEqualTypeOf<"offline" | "online">()
  })

  it("a layer says what it needs and how it fails", () => {
    type Credentials = LiveDeskError.AuthError | LiveDeskError.ValidationError
    expectTypeOf(Contacts.layer).toEqualTypeOf<Layer.Layer<Contacts.Contacts, never, LiveDeskClient.LiveDeskClient>>()
    expectTypeOf(Conversations.layer).toEqualTypeOf<
      Layer.Layer<Conversations.Conversations, never, LiveDeskClient.LiveDeskClient>
    >()
    expectTypeOf(LiveDesk.layer).toEqualTypeOf<
      Layer.Layer<
        Contacts.Contacts | Conversations.Conversations | Messages.Messages | Tickets.Tickets,
        never,
        LiveDeskClient.LiveDeskClient
      >
    >()
    expectTypeOf(LiveDeskClient.layer).returns.toEqualTypeOf<
      Layer.Layer<LiveDeskClient.LiveDeskClient, Credentials, HttpClient.HttpClient>
    >()
    expectTypeOf(LiveDeskClient.layerConfig).returns.toEqualTypeOf<
      Layer.Layer<LiveDeskClient.LiveDeskClient, Config.ConfigError, HttpClient.HttpClient>
    >()
  })
})

describe("Layer.mock", () => {
  const created = mustRead(Contacts.CreatedContact, fixture("create-contact"))

  it.effect("stands in for a service", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      const { contact } = yield* contacts.create({ inboxId: 407, name: "Test" })
      assert.strictEqual(contact.id, created.contact.id)
    }).pipe(
      Effect.provide(Layer.mock(Contacts.Contacts, { create: () => Effect.succeed(created) }))
    ))
})
