import {
  Contacts,
  Conversations,
  LiveDesk,
  type LiveDeskClient,
  type Messages,
  type Tickets
} from "@effect-livedesk/core"
import { type Layer } from "effect"
import { expectTypeOf } from "expect-type"

// A layer needs a client and cannot fail.

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
