/** What a snippet in a doc comment may use without saying where it comes from. */
import type {
  Contacts,
  Conversations,
  LiveDesk,
  LiveDeskClient,
  LiveDeskError,
  Messages,
  Tickets
} from "@effect-livedesk/core"
import type { Effect, Redacted } from "effect"

// The services.
export declare const client: LiveDeskClient.LiveDeskClient["Service"]
export declare const contacts: Contacts.Contacts["Service"]
export declare const conversations: Conversations.Conversations["Service"]
export declare const messages: Messages.Messages["Service"]
export declare const tickets: Tickets.Tickets["Service"]

// A program that uses them.
export declare const program: Effect.Effect<
  void,
  LiveDeskError.LiveDeskError,
  LiveDesk.LiveDesk | LiveDeskClient.LiveDeskClient
>

// What such programs are given.
export declare const apiKey: Redacted.Redacted
export declare const apiSecret: Redacted.Redacted
export declare const secret: Redacted.Redacted
export declare const contactId: number
export declare const conversationId: number
export declare const executionId: string
