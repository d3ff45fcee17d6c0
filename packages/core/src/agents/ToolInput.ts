/**
 * The inputs of the tools, with descriptions that a model reads. Keys are in snake case, and texts are bounded.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Conversations from "../Conversations.ts"

const id = (description: string, example: number) =>
  Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })).annotate({
    description,
    examples: [example]
  })

/** A text with something to read in it. The client sends no half of a character, so it is refused here already. */
const text = (maxLength: number, description: string, example: string) =>
  Schema.String.check(
    Schema.makeFilter((text) => /\p{Cs}/u.test(text) ? "expected text without an unpaired surrogate" : undefined),
    Schema.isPattern(/\S/, { expected: "a text that is not blank" }),
    Schema.isMaxLength(maxLength)
  ).annotate({ description, examples: [example] })

const conversationId = id(
  "The conversation's id, from the event or the person that asked, or from start_conversation. Never guess it.",
  40
)
const contactId = id("The contact's id, from find_contact, list_contacts or ensure_contact. Never guess it.", 2219259)
const inboxId = id("The id of the inbox, which the LiveDesk console calls Channel ID. Never guess it.", 407)
const ticketId = text(
  200,
  "The ticket's id, from create_ticket or from the person that asked. Never guess it.",
  "tk_20251104_789abc"
)
const name = text(255, "The person's name.", "Alice Smith")
const email = text(320, "The complete e-mail address.", "alice@acme.example")
const phoneNumber = text(32, "The complete phone number in E.164, with a plus sign.", "+4915112345678")
const identifier = text(255, "The person's id in your own system, such as the shop's customer number.", "customer-81")

/**
 * The input of `find_contact`.
 *
 * @category inputs
 * @since 0.1.0
 */
export const FindContact = Schema.Struct({
  identifier: Schema.optionalKey(identifier),
  email: Schema.optionalKey(email),
  phone_number: Schema.optionalKey(phoneNumber)
})
export interface FindContact extends Schema.Schema.Type<typeof FindContact> {}

/**
 * The input of `list_contacts`.
 *
 * @category inputs
 * @since 0.1.0
 */
export const ListContacts = Schema.Struct({
  query: Schema.optionalKey(
    text(255, "Text to look for in names, e-mail addresses, phone numbers and identifiers. Leave out for all.", "alice")
  ),
  page: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000 })).annotate({
      description: "The number of the page, from 1. Defaults to 1. A page has about 15 contacts.",
      examples: [1]
    })
  )
})
export interface ListContacts extends Schema.Schema.Type<typeof ListContacts> {}

/**
 * The input of `get_ticket`.
 *
 * @category inputs
 * @since 0.1.0
 */
export const GetTicket = Schema.Struct({ ticket_id: ticketId })
export interface GetTicket extends Schema.Schema.Type<typeof GetTicket> {}

/**
 * The input of `ensure_contact`.
 *
 * @category inputs
 * @since 0.1.0
 */
export const EnsureContact = Schema.Struct({
  inbox_id: inboxId,
  name: Schema.optionalKey(name),
  identifier: Schema.optionalKey(identifier),
  email: Schema.optionalKey(email),
  phone_number: Schema.optionalKey(phoneNumber)
})
export interface EnsureContact extends Schema.Schema.Type<typeof EnsureContact> {}

/**
 * The input of `update_contact`.
 *
 * @category inputs
 * @since 0.1.0
 */
export const UpdateContact = Schema.Struct({
  contact_id: contactId,
  name: Schema.optionalKey(name),
  email: Schema.optionalKey(email),
  phone_number: Schema.optionalKey(phoneNumber),
  identifier: Schema.optionalKey(identifier),
  custom_attributes: Schema.optionalKey(
    Schema.Array(Schema.Struct({
      key: text(100, "The attribute's key, as the project's settings define it.", "plan"),
      value: Schema.Union([text(2_000, "A text.", "gold"), Schema.Finite, Schema.Boolean])
    })).check(Schema.isMaxLength(20)).annotate({
      description: "Attributes that the project defines. Only those given change; the others stay.",
      examples: [[{ key: "plan", value: "gold" }]]
    })
  )
})
export interface UpdateContact extends Schema.Schema.Type<typeof UpdateContact> {}

/**
 * The input of `start_conversation`.
 *
 * @category inputs
 * @since 0.1.0
 */
export const StartConversation = Schema.Struct({
  inbox_id: inboxId,
  contact_id: contactId,
  text: text(10_000, "The first message, which the customer reads. Plain text.", "Your parcel is on its way.")
})
export interface StartConversation extends Schema.Schema.Type<typeof StartConversation> {}

/**
 * The input of `send_message`.
 *
 * @category inputs
 * @since 0.1.0
 */
export const SendMessage = Schema.Struct({
  conversation_id: conversationId,
  text: text(10_000, "The message, which the customer reads. Plain text.", "Your parcel is on its way.")
})
export interface SendMessage extends Schema.Schema.Type<typeof SendMessage> {}

/**
 * The input of `leave_note`.
 *
 * @category inputs
 * @since 0.1.0
 */
export const LeaveNote = Schema.Struct({
  conversation_id: conversationId,
  text: text(10_000, "The note, which only the team reads. Plain text.", "The customer asks for an invoice.")
})
export interface LeaveNote extends Schema.Schema.Type<typeof LeaveNote> {}

/**
 * The input of `change_status`.
 *
 * @category inputs
 * @since 0.1.0
 */
export const ChangeStatus = Schema.Struct({
  conversation_id: conversationId,
  status: Schema.Literals(Conversations.statuses.filter((status) => status !== "closed")).annotate({
    description: "The new status. resolved asks the customer for a rating; open, pending and snoozed do not.",
    examples: ["resolved"]
  })
})
export interface ChangeStatus extends Schema.Schema.Type<typeof ChangeStatus> {}

const ticketFields = {
  description: Schema.optionalKey(
    text(20_000, "What the team needs to know, in Markdown.", "The parcel arrived damaged. Order 4711.")
  ),
  priority: Schema.optionalKey(
    Schema.Literals(["low", "normal", "medium", "high", "urgent"]).annotate({
      description: "How urgent the ticket is. Leave out unless somebody said so.",
      examples: ["normal"]
    })
  )
}

/**
 * The input of `create_ticket`.
 *
 * @category inputs
 * @since 0.1.0
 */
export const CreateTicket = Schema.Struct({
  title: text(255, "The problem in a few words.", "Damaged parcel"),
  ...ticketFields,
  requester_id: Schema.optionalKey(identifier.annotate({
    description: "The id in your own system of the person that asks, which LiveDesk calls euid.",
    examples: ["customer-81"]
  }))
})
export interface CreateTicket extends Schema.Schema.Type<typeof CreateTicket> {}

/**
 * The input of `update_ticket`.
 *
 * @category inputs
 * @since 0.1.0
 */
export const UpdateTicket = Schema.Struct({
  ticket_id: ticketId,
  title: Schema.optionalKey(text(255, "The problem in a few words.", "Damaged parcel")),
  ...ticketFields
})
export interface UpdateTicket extends Schema.Schema.Type<typeof UpdateTicket> {}

/**
 * The inputs of the tools that write, by the tool's name.
 *
 * @category inputs
 * @since 0.1.0
 */
export const writes = {
  ensure_contact: EnsureContact,
  update_contact: UpdateContact,
  start_conversation: StartConversation,
  send_message: SendMessage,
  leave_note: LeaveNote,
  change_status: ChangeStatus,
  create_ticket: CreateTicket,
  update_ticket: UpdateTicket
} as const
