/**
 * All services of LiveDesk's API.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import * as Contacts from "./Contacts.ts"
import * as Conversations from "./Conversations.ts"
import type * as LiveDeskClient from "./LiveDeskClient.ts"
import * as Messages from "./Messages.ts"
import * as Tickets from "./Tickets.ts"

/**
 * All services of this library.
 *
 * @category services
 * @since 0.1.0
 */
export type LiveDesk = Contacts.Contacts | Conversations.Conversations | Messages.Messages | Tickets.Tickets

/**
 * Provides all services over a `LiveDeskClient`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<LiveDesk, never, LiveDeskClient.LiveDeskClient> = Layer.mergeAll(
  Contacts.layer,
  Conversations.layer,
  Messages.layer,
  Tickets.layer
)
