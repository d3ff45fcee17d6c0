/**
 * The calls of `livedesk verify`, in their order: each endpoint as it should be called, and what must be refused.
 *
 * @since 0.1.0
 */
import * as Contacts from "@effect-livedesk/core/Contacts"
import * as Conversations from "@effect-livedesk/core/Conversations"
import * as Endpoint from "@effect-livedesk/core/Endpoint"
import type * as Endpoints from "@effect-livedesk/core/Endpoints"
import type * as LiveDeskClient from "@effect-livedesk/core/LiveDeskClient"
import type * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import * as Messages from "@effect-livedesk/core/Messages"
import * as Model from "@effect-livedesk/core/Model"
import * as Tickets from "@effect-livedesk/core/Tickets"
import * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * The clients that the calls are made by.
 *
 * @category models
 * @since 0.1.0
 */
export interface Clients {
  readonly regular: LiveDeskClient.LiveDeskClient["Service"]
  /** Sends no credentials. */
  readonly withoutKey: LiveDeskClient.LiveDeskClient["Service"]
  readonly wrongSecret: LiveDeskClient.LiveDeskClient["Service"]
}

/**
 * What later calls need of earlier ones, and of the run.
 *
 * @category models
 * @since 0.1.0
 */
export interface Subjects {
  readonly inboxId: number
  /** The beginning of the run, in milliseconds since 1970. */
  readonly startedAt: number
  readonly contactId?: number
  readonly sourceId?: string
  readonly conversationId?: number
  readonly messageId?: number
  readonly ticketId?: string
}

/**
 * One call.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly endpoint: Pick<Endpoint.Endpoint<never, unknown>, "method" | "path" | "idempotency"> & {
    readonly operation: Endpoints.Operation | typeof unknownPath.operation
    readonly success: Pick<Model.Model<unknown>, "assumed" | "isBodiless">
  }
  readonly what: string
  /** How the call should end. */
  readonly expected: "success" | "refusal"
  /** Makes the call; `undefined` if what it needs of an earlier call is not there. */
  readonly call: (
    clients: Clients,
    subjects: Subjects
  ) => Effect.Effect<unknown, LiveDeskError.LiveDeskError> | undefined
  /** What the body of its response gives to later calls. */
  readonly learn: (body: unknown) => Partial<Subjects>
}

const unknownPath = Endpoint.make({
  operation: "unknown path",
  method: "GET",
  path: "/api/v2/accounts/livedesk_verify",
  input: Schema.Struct({}),
  success: Model.nothing,
  idempotency: "safe"
})

/** Passes fields on that the client's own checks would refuse. */
const AnyFields = Schema.Record(Schema.String, Schema.Json)

type Operation = Step["endpoint"]["operation"]

const success = <Input, Output, Name extends Operation>(
  endpoint: Endpoint.Endpoint<Input, Output, Name>,
  what: string,
  input: (subjects: Subjects) => Input | undefined,
  learn: (value: Output) => Partial<Subjects> = () => ({})
): Step => ({
  endpoint,
  what,
  expected: "success",
  call: ({ regular }, subjects) => {
    const value = input(subjects)
    return value === undefined ? undefined : regular.call(endpoint)(value)
  },
  learn: (body) => {
    const value = endpoint.success.read(body)
    return value instanceof Model.DecodeFailure ? {} : learn(value)
  }
})

const refusal = <Input, Output, Name extends Operation>(
  endpoint: Endpoint.Endpoint<Input, Output, Name>,
  what: string,
  fields: (subjects: Subjects) => { readonly [field: string]: Schema.Json } | undefined,
  by: keyof Clients = "regular"
): Step => ({
  endpoint,
  what,
  expected: "refusal",
  call: (clients, subjects) => {
    const value = fields(subjects)
    return value === undefined ? undefined : clients[by].call({ ...endpoint, input: AnyFields })(value)
  },
  learn: () => ({})
})

/** Names that people recognize what stays behind by. */
const name = "livedesk verify (test)"
const content = "A test by livedesk verify. Please ignore it."

/**
 * The identifier of the contact of a run, which its e-mail address and the other texts begin with.
 *
 * @category accessors
 * @since 0.1.0
 */
export const labelOf = ({ startedAt }: Pick<Subjects, "startedAt">): string => `livedesk-verify-${startedAt}`

const emailOf = (subjects: Subjects): string => `${labelOf(subjects)}@example.com`

/** Ids that no record has: the largest of 32 bits, and a text of no ticket's format. */
const noId = 2_147_483_647
const noTicket = "tk_none"

const inConversation =
  <Input>(input: (conversationId: number, subjects: Subjects) => Input) => (subjects: Subjects): Input | undefined =>
    subjects.conversationId === undefined ? undefined : input(subjects.conversationId, subjects)

/**
 * All calls. The first changes nothing, so that a run with useless settings ends there.
 *
 * @category models
 * @since 0.1.0
 */
export const steps: ReadonlyArray<Step> = [
  success(Contacts.endpoints.list, "the first page", () => ({})),
  success(Contacts.endpoints.create, "a contact with e-mail and identifier", (subjects) => ({
    inboxId: subjects.inboxId,
    name,
    email: emailOf(subjects),
    identifier: labelOf(subjects)
  }), ({ contact, contactInbox: { sourceId } }) => ({
    contactId: contact.id,
    ...(Option.isSome(sourceId) ? { sourceId: sourceId.value } : {})
  })),
  success(Contacts.endpoints.list, "a search for it, sorted", (subjects) => ({
    q: labelOf(subjects),
    sort: "created_at" as const,
    direction: "desc" as const
  })),
  success(Contacts.endpoints.list, "two labels, far past the end", () => ({ labels: ["a", "b"], page: 100_000 })),
  refusal(Contacts.endpoints.create, "the same identifier again", (subjects) => ({
    inbox_id: subjects.inboxId,
    name,
    identifier: labelOf(subjects)
  })),
  refusal(Contacts.endpoints.create, "the same e-mail address again", (subjects) => ({
    inbox_id: subjects.inboxId,
    name,
    email: emailOf(subjects)
  })),
  success(
    Contacts.endpoints.update,
    "an attribute; its e-mail address cleared",
    ({ contactId, ...subjects }) =>
      contactId === undefined ? undefined : { contactId, email: null, customAttributes: { from: labelOf(subjects) } }
  ),
  success(
    Conversations.endpoints.create,
    "by contact and source",
    ({ contactId, inboxId, sourceId }) =>
      contactId === undefined
        ? undefined
        : { inboxId, contactId, ...(sourceId === undefined ? {} : { sourceId }) },
    ({ id }) => ({ conversationId: id })
  ),
  success(
    Messages.endpoints.send,
    "a text",
    inConversation((conversationId) => ({ conversationId, content })),
    ({ id }) => ({ messageId: id })
  ),
  success(
    Messages.endpoints.send,
    "a private reply to it",
    ({ conversationId, messageId }) =>
      conversationId === undefined || messageId === undefined
        ? undefined
        : { conversationId, content, private: true, contentAttributes: Messages.inReplyTo(messageId) }
  ),
  success(
    Messages.endpoints.sendFiles,
    "a file of three bytes",
    inConversation((conversationId) => ({
      conversationId,
      content,
      attachments: [{ name: "livedesk-verify.txt", mediaType: "text/plain", content: Uint8Array.from([97, 98, 99]) }]
    }))
  ),
  refusal(
    Messages.endpoints.send,
    "no content",
    inConversation((conversation_id) => ({ conversation_id }))
  ),
  refusal(
    Conversations.endpoints.toggleStatus,
    "an unknown state",
    inConversation((conversation_id) => ({ conversation_id, status: "no_such_state" }))
  ),
  success(
    Conversations.endpoints.toggleStatus,
    "snoozed for an hour",
    inConversation((conversationId, { startedAt }) => ({
      conversationId,
      status: "snoozed",
      snoozedUntil: DateTime.makeUnsafe(startedAt + 3_600_000)
    }))
  ),
  success(
    Conversations.endpoints.toggleStatus,
    "open",
    inConversation((conversationId) => ({ conversationId, status: "open" }))
  ),
  success(
    Conversations.endpoints.toggleStatus,
    "resolved",
    inConversation((conversationId) => ({ conversationId, status: "resolved" }))
  ),
  refusal(
    Conversations.endpoints.toggleStatus,
    "from resolved to snoozed",
    inConversation((conversation_id) => ({ conversation_id, status: "snoozed" }))
  ),
  success(
    Tickets.endpoints.create,
    "a ticket with title and description",
    (subjects) => ({ title: name, description: `${content} ${labelOf(subjects)}` }),
    ({ ticketId }) => ({ ticketId })
  ),
  success(
    Tickets.endpoints.get,
    "that ticket",
    ({ ticketId }) => ticketId === undefined ? undefined : { ticketId }
  ),
  success(
    Tickets.endpoints.update,
    "its priority",
    ({ ticketId }) => ticketId === undefined ? undefined : { ticketId, priority: "normal" as const }
  ),
  refusal(Contacts.endpoints.list, "no credentials", () => ({}), "withoutKey"),
  refusal(Contacts.endpoints.list, "a wrong secret", () => ({}), "wrongSecret"),
  refusal(Contacts.endpoints.create, "an unknown inbox", () => ({ inbox_id: noId, name })),
  refusal(Contacts.endpoints.create, "no inbox, and an invalid e-mail address", () => ({ name, email: "invalid" })),
  refusal(Contacts.endpoints.update, "an unknown contact", () => ({ contact_id: noId, custom_attributes: {} })),
  refusal(
    Conversations.endpoints.create,
    "an unknown contact",
    ({ inboxId }) => ({ inbox_id: inboxId, contact_id: noId })
  ),
  refusal(
    Conversations.endpoints.toggleStatus,
    "an unknown conversation",
    () => ({ conversation_id: noId, status: "open" })
  ),
  refusal(Messages.endpoints.send, "an unknown conversation", () => ({ conversation_id: noId, content })),
  refusal(Messages.endpoints.sendFiles, "an unknown conversation", () => ({ conversation_id: noId, content })),
  refusal(Tickets.endpoints.create, "no title", () => ({ description: content })),
  refusal(Tickets.endpoints.get, "an unknown ticket", () => ({ ticket_id: noTicket })),
  refusal(Tickets.endpoints.update, "an unknown ticket", () => ({ ticket_id: noTicket, priority: "normal" })),
  refusal(unknownPath, "a path that no page has", () => ({}))
]

/**
 * What a run leaves behind, by the names that it is recognized by. No call deletes anything.
 *
 * @category showing
 * @since 0.1.0
 */
export const leftBehind = (subjects: Pick<Subjects, "startedAt">): ReadonlyArray<string> => [
  `a contact named "${name}" with the identifier ${labelOf(subjects)}`,
  `a conversation of that contact, resolved, with three messages: "${content}"`,
  `a ticket titled "${name}", whose description ends with ${labelOf(subjects)}`,
  "of each call that should be refused but is not: a contact, a conversation, a message or a ticket with these texts"
]

/**
 * The plan as text, to be shown before anything is sent.
 *
 * @category showing
 * @since 0.1.0
 */
export const text = (baseUrl: string, subjects: Pick<Subjects, "inboxId" | "startedAt">): string => {
  const width = Math.max(...steps.map(({ endpoint }) => endpoint.operation.length))
  const lines = (expected: Step["expected"]) =>
    steps.filter((step) => step.expected === expected).map(({ endpoint, what }) =>
      `  ${endpoint.operation.padEnd(width)}  ${what}`
    )
  return [
    `livedesk verify makes ${steps.length} calls to ${baseUrl}, in inbox ${subjects.inboxId}, one after the other:`,
    ...lines("success"),
    "and some that must be refused:",
    ...lines("refusal"),
    "LiveDesk's API deletes nothing, so this stays behind:",
    ...leftBehind(subjects).map((what) => `  ${what}`),
    "Resolving a conversation may ask the contact for a rating: its e-mail address is of example.com, and cleared before."
  ].join("\n")
}
