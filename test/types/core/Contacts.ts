import { type Contacts, type LiveDeskError, type LiveDeskSchema } from "@effect-livedesk/core"
import { type DateTime, type Effect, type Option } from "effect"
import { expectTypeOf } from "expect-type"

declare const contacts: Contacts.Contacts["Service"]
declare const inboxId: LiveDeskSchema.InboxId

// A call succeeds with its model, fails with the three errors and needs nothing.

expectTypeOf(contacts.create({ inboxId })).toEqualTypeOf<
  Effect.Effect<
    Contacts.CreatedContact,
    LiveDeskError.AuthError | LiveDeskError.ValidationError | LiveDeskError.HttpError
  >
>()

// An input takes plain numbers and branded ids.

contacts.create({ inboxId: 407 })
contacts.create({ inboxId })
contacts.create({ inboxId: 407, name: undefined })
// @ts-expect-error Type 'string' is not assignable to type 'Id<number & Brand<"InboxId">>'.
contacts.create({ inboxId: "407" })
// @ts-expect-error Type 'null' is not assignable to type 'string | undefined'.
contacts.create({ inboxId: 407, name: null })
// @ts-expect-error Property 'inboxId' is missing in type '{ name: string; }'
contacts.create({ name: "Test" })

// A record's fields have the types that a program works with.

expectTypeOf<Contacts.CreatedContact["contact"]>().toEqualTypeOf<Contacts.Contact>()
expectTypeOf<Contacts.Contact["id"]>().toEqualTypeOf<LiveDeskSchema.ContactId>()
expectTypeOf<Contacts.Contact["email"]>().toEqualTypeOf<Option.Option<string>>()
expectTypeOf<Contacts.Contact["blocked"]>().toEqualTypeOf<boolean>()
expectTypeOf<Contacts.Contact["createdAt"]>().toEqualTypeOf<DateTime.Utc>()
expectTypeOf<Contacts.Contact["lastActivityAt"]>().toEqualTypeOf<Option.Option<DateTime.Utc>>()
expectTypeOf<Contacts.Contact["contactInboxes"]>().toEqualTypeOf<ReadonlyArray<Contacts.ContactInbox>>()
expectTypeOf<Contacts.ContactInbox["inbox"]>().toEqualTypeOf<Option.Option<Contacts.Inbox>>()
expectTypeOf<Contacts.ContactInbox["sourceId"]>().toEqualTypeOf<Option.Option<LiveDeskSchema.SourceId>>()

// An open set lists the known words and takes any other.

expectTypeOf<string>().toExtend<Contacts.Contact["availabilityStatus"]>()
expectTypeOf<Extract<Contacts.Contact["availabilityStatus"], "offline" | "online" | "away">>()
  .toEqualTypeOf<"offline" | "online">()
