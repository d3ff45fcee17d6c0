/**
 * All of LiveDesk's services at once.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import * as Contacts from "./Contacts.ts"
import * as Conversations from "./Conversations.ts"
import type * as LiveDeskClient from "./LiveDeskClient.ts"

/**
 * Every service of this library.
 *
 * @category services
 * @since 0.1.0
 */
export type LiveDesk = Contacts.Contacts | Conversations.Conversations

/**
 * Provides every service over a `LiveDeskClient`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<LiveDesk, never, LiveDeskClient.LiveDeskClient> = Layer.mergeAll(
  Contacts.layer,
  Conversations.layer
)
