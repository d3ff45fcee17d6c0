/**
 * The actions of the emulator's inbox.
 *
 * @since 0.1.0
 */
import * as Conversations from "@effect-livedesk/core/Conversations"
import * as Schema from "effect/Schema"

const inConversation = { conversationId: Schema.Natural, content: Schema.String }

const ticket = { title: Schema.String, description: Schema.String, priority: Schema.String }

/** An action, as the page sends it. */
export const InboxAction = Schema.Union([
  /** An agent replies, or writes a note for agents only. */
  Schema.TaggedStruct("Reply", { ...inConversation, private: Schema.Boolean }),
  /** The customer writes. */
  Schema.TaggedStruct("Receive", inConversation),
  Schema.TaggedStruct("ToggleStatus", {
    conversationId: Schema.Natural,
    status: Schema.Literals(Conversations.statuses),
    /** When a snoozed conversation wakes, in milliseconds since 1970 by the emulator's calendar. */
    snoozedUntil: Schema.optional(Schema.Natural.check(Schema.isLessThanOrEqualTo(8_640_000_000_000_000)))
  }),
  /** Starts a conversation with a contact, and sends the text as an agent, unless it is empty. */
  Schema.TaggedStruct("StartConversation", {
    contactId: Schema.Natural,
    inboxId: Schema.Natural,
    content: Schema.String
  }),
  Schema.TaggedStruct("CreateTicket", ticket),
  Schema.TaggedStruct("UpdateTicket", { ticketId: Schema.String, ...ticket }),
  /** Delivers an event again, by the delivery's key in the view. */
  Schema.TaggedStruct("Redeliver", { key: Schema.String }),
  /** Applies these faults, and no others, to a share of the requests. */
  Schema.TaggedStruct("Faults", {
    ids: Schema.Array(Schema.String),
    rate: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
  }),
  /**
   * Decides about what an agent asked for: the last two resolve an unknown outcome. `processed` takes the id of the
   * conversation that was started, where nobody knows it yet.
   */
  Schema.TaggedStruct("DecideDraft", {
    id: Schema.Natural,
    decision: Schema.Literals(["send", "discard", "processed", "not-processed"]),
    conversationId: Schema.optionalKey(Schema.Natural)
  })
])
export type InboxAction = typeof InboxAction.Type
