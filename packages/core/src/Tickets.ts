/**
 * Tickets: issues that a project's agents resolve. They are LiveDesk's own, with their own envelope and ids.
 *
 * The vendor's ticket pages could be read only in part, and older versions contradict newer ones. Fields marked as
 * unverified are on none of them.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Endpoint from "./Endpoint.ts"
import * as LiveDeskClient from "./LiveDeskClient.ts"
import * as LiveDeskSchema from "./LiveDeskSchema.ts"
import * as Model from "./Model.ts"
import * as ModelField from "./ModelField.ts"

// ---------------------------------------------------------------------------------------------------------------------
// models
// ---------------------------------------------------------------------------------------------------------------------

const ticketFileFields = {
  /** The URL of the file; "" when absent. */
  fileUrl: ModelField.string,
  /** The file's media type; `None` when absent. Shown for files of messages only. */
  fileType: Model.unverified(ModelField.nullableString)
} as const

/**
 * A file of a ticket.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/get-tickets
 * @category models
 * @since 0.1.0
 */
export const TicketFile: Model.Model<TicketFile> = Model.record(ticketFileFields, { open: true })
export interface TicketFile extends Model.RecordOf<typeof ticketFileFields> {}

const followerFields = {
  /** The follower's id; an entry without it is left out. */
  id: Model.required(ModelField.opaqueId(Schema.String)),
  /** The follower's name; `None` if LiveDesk sends only the id. */
  name: Model.unverified(ModelField.nullableString)
} as const

/**
 * A follower of a ticket. Create takes an id and a name, get returns the id; both are read.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/create-tickets
 * @category models
 * @since 0.1.0
 */
export const Follower: Model.Model<Follower> = Model.orShorthand("id", Model.record(followerFields))
export interface Follower extends Model.RecordOf<typeof followerFields> {}

const channelContactsFields = {
  /** The inbox's id; "" when absent. */
  channelId: ModelField.opaqueId(Schema.String),
  /** The contact's id in the inbox; "" when absent. */
  contactId: ModelField.opaqueId(Schema.String),
  /** A second id of the contact in the inbox; "" when absent. Its meaning is undocumented. */
  subContactId: ModelField.opaqueId(Schema.String),
  /** The followers; `[]` when absent. */
  followers: Model.list(Follower)
} as const

/**
 * The ways to reach the requester of a ticket.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/get-tickets
 * @category models
 * @since 0.1.0
 */
export const ChannelContacts: Model.Model<ChannelContacts> = Model.record(channelContactsFields)
export interface ChannelContacts extends Model.RecordOf<typeof channelContactsFields> {}

const requesterFields = {
  /** The requester's id in the program's own system; "" when absent. */
  euid: ModelField.opaqueId(Schema.String),
  /** The requester's name; `None` when null or absent. */
  name: ModelField.name,
  /** The requester's e-mail address; `None` when null or "". */
  email: ModelField.nullableString,
  /** The requester's phone number; `None` when null or "". */
  phone: ModelField.nullableString,
  channelContacts: Model.nested(ChannelContacts)
} as const

/**
 * The requester of a ticket.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/get-tickets
 * @category models
 * @since 0.1.0
 */
export const Requester: Model.Model<Requester> = Model.record(requesterFields)
export interface Requester extends Model.RecordOf<typeof requesterFields> {}

const assignmentTeamFields = {
  /** The team's id; `None` if LiveDesk sends only the name. */
  id: Model.unverified(ModelField.nullableId(LiveDeskSchema.TeamId)),
  /** The team's name; "" when absent. */
  name: ModelField.string
} as const

/**
 * The team that a ticket is assigned to. Create takes the name, get returns an id and the name; both are read.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/get-tickets
 * @category models
 * @since 0.1.0
 */
export const AssignmentTeam: Model.Model<AssignmentTeam> = Model.orShorthand("name", Model.record(assignmentTeamFields))
export interface AssignmentTeam extends Model.RecordOf<typeof assignmentTeamFields> {}

const ticketSenderFields = {
  /** The sender's id; "" when absent. */
  id: ModelField.opaqueId(Schema.String),
  /** The type of the sender; "" when absent. The page shows `internal_member` only. */
  type: ModelField.openEnum(["internal_member"], ""),
  /** The sender's name; `None` when null or absent. */
  name: ModelField.name
} as const

const ticketMessageFields = {
  /** The message's id; "" when absent. */
  messageId: ModelField.opaqueId(Schema.String),
  /** The sender of the message. */
  sender: Model.nested(Model.record(ticketSenderFields)),
  /** The text; "" when absent. */
  content: ModelField.string,
  /** The kind of content; "" when absent. The page shows `text` only. */
  contentType: ModelField.openEnum(["text"], ""),
  /** The files; `[]` when absent. */
  attachments: Model.list(TicketFile),
  /** When it was sent, as ISO 8601 text on the wire; 1970-01-01T00:00Z when absent. */
  sentAt: ModelField.isoTimestamp,
  /** Whether it is visible to agents only; `false` when absent. */
  isInternal: ModelField.boolean
} as const

/**
 * A message of a ticket.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/get-tickets
 * @category models
 * @since 0.1.0
 */
export const TicketMessage: Model.Model<TicketMessage> = Model.record(ticketMessageFields)
export interface TicketMessage extends Model.RecordOf<typeof ticketMessageFields> {}

const submitterFields = {
  /** The submitter's id; "" when absent. */
  id: ModelField.opaqueId(Schema.String)
} as const

/**
 * The submitter of a ticket.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/get-tickets
 * @category models
 * @since 0.1.0
 */
export const Submitter: Model.Model<Submitter> = Model.record(submitterFields)
export interface Submitter extends Model.RecordOf<typeof submitterFields> {}

const ticketFields = {
  /** The ticket's id, an opaque string; a response without it fails. */
  ticketId: Model.required(ModelField.opaqueId(LiveDeskSchema.TicketId)),
  /** The title; "" when absent. */
  title: ModelField.string,
  /** The description, in Markdown; "" when absent. */
  description: ModelField.string,
  /** The files; `[]` when absent. */
  attachments: Model.list(TicketFile),
  /** The state; "" when absent. The page shows `open` only. */
  status: ModelField.openEnum(["open"], ""),
  /** The priority; "" when absent. Examples show `high` and `normal`; the other three are in an older page's table. */
  priority: ModelField.openEnum(["low", "normal", "medium", "high", "urgent"], ""),
  /** The kind; "" when absent. The pages show `incident` only. */
  ticketType: ModelField.openEnum(["incident"], ""),
  requester: Model.nested(Requester),
  submitter: Model.nested(Submitter),
  /** The assigned team; `None` when null. */
  assignmentTeam: Model.nullable(AssignmentTeam),
  /** Fields that the project defines; `{}` when absent. */
  customFields: ModelField.attributes,
  /** The messages; `[]` when absent. */
  conversationList: Model.list(TicketMessage),
  /** The changes of its state; `[]` when absent. The shape of an entry could not be read. */
  statusChanges: ModelField.jsonObjects
} as const

/**
 * A ticket. The page's sample was readable up to the first entry of `statusChanges`; there may be other fields.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/get-tickets
 * @category models
 * @since 0.1.0
 */
export const Ticket: Model.Model<Ticket> = Model.record(ticketFields, { open: true })
export interface Ticket extends Model.RecordOf<typeof ticketFields> {}

const createdTicketFields = {
  /** The new ticket's id, an opaque string; a response without it fails. */
  ticketId: Model.required(ModelField.opaqueId(LiveDeskSchema.TicketId))
} as const

/**
 * The response to `create`. The page states that the id is returned; its sample could not be read.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/create-tickets
 * @category models
 * @since 0.1.0
 */
export const CreatedTicket: Model.Model<CreatedTicket> = Model.record(createdTicketFields, { open: true })
export interface CreatedTicket extends Model.RecordOf<typeof createdTicketFields> {}

const updatedTicketFields = {
  /** The ticket's id; `None` if LiveDesk does not send it. */
  ticketId: Model.unverified(ModelField.nullableOpaqueId(LiveDeskSchema.TicketId))
} as const

/**
 * The response to `update`. Its sample could not be read, so no field is required: an update that LiveDesk made never
 * fails.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/update-tickets
 * @category models
 * @since 0.1.0
 */
export const UpdatedTicket: Model.Model<UpdatedTicket> = Model.record(updatedTicketFields, { open: true })
export interface UpdatedTicket extends Model.RecordOf<typeof updatedTicketFields> {}

// ---------------------------------------------------------------------------------------------------------------------
// inputs
// ---------------------------------------------------------------------------------------------------------------------

const priorities = ["low", "normal", "medium", "high", "urgent"] as const

/**
 * A priority of a ticket in an input, which accepts the known priorities only. `other` makes one that this library does
 * not know; `fromOutput` converts the priority of a ticket.
 *
 * @category inputs
 * @since 0.1.0
 */
export const Priority = {
  other: LiveDeskSchema.other,
  fromOutput: (priority: string): typeof priorities[number] | LiveDeskSchema.OtherWord => LiveDeskSchema.other(priority)
}

const FileInput = Schema.Struct({
  /** The URL of the file. An older page requires an upload before; how is undocumented. */
  fileUrl: Schema.String
}).pipe(Schema.encodeKeys({ fileUrl: "file_url" }))

const FollowerInput = Schema.Struct({
  /** The follower's id. */
  id: Schema.String,
  /** The follower's name. */
  name: Schema.optional(Schema.String)
})

const ChannelContactsInput = Schema.Struct({
  /** The inbox's id. */
  channelId: Schema.optional(Schema.String),
  /** The contact's id in the inbox. */
  contactId: Schema.optional(Schema.String),
  /** A second id of the contact in the inbox. Its meaning is undocumented. */
  subContactId: Schema.optional(Schema.String),
  /** The followers. */
  followers: Schema.optional(Schema.Array(FollowerInput))
}).pipe(Schema.encodeKeys({ channelId: "channel_id", contactId: "contact_id", subContactId: "sub_contact_id" }))

const RequesterInput = Schema.Struct({
  /** The requester's id in the program's own system. */
  euid: Schema.optional(Schema.String),
  /** The ways to reach the requester. */
  channelContacts: Schema.optional(ChannelContactsInput)
}).pipe(Schema.encodeKeys({ channelContacts: "channel_contacts" }))

const contentFields = {
  /** The files, by URL. */
  attachments: Schema.optional(Schema.Array(FileInput)),
  /** The priority, or any other by `Priority.other`. See `Ticket` for which are documented. */
  priority: Schema.optional(LiveDeskSchema.wordInput(priorities)),
  /** The kind, `incident` on the pages. */
  ticketType: Schema.optional(Schema.String),
  /** Fields that the project defines. */
  customFields: Schema.optional(Schema.Record(Schema.String, Schema.Json))
}

/**
 * The input of `create`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/create-tickets
 * @category inputs
 * @since 0.1.0
 */
export const CreateTicket = Schema.Struct({
  /** The title. */
  title: Schema.String,
  /** The description, in Markdown. */
  description: Schema.optional(Schema.String),
  ...contentFields,
  /** The requester. */
  requester: Schema.optional(RequesterInput),
  /** The submitter, by id. */
  submitter: Schema.optional(Schema.Struct({ id: Schema.String })),
  /** The name of the team to assign. */
  assignmentTeam: Schema.optional(Schema.String)
}).pipe(
  Schema.encodeKeys({ ticketType: "ticket_type", customFields: "custom_fields", assignmentTeam: "assignment_team" })
)
export interface CreateTicket extends Schema.Schema.Type<typeof CreateTicket> {}

/**
 * The input of `update`. An older page requires title and description. The newer page's table could not be read, so
 * only the id is required here.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/update-tickets
 * @category inputs
 * @since 0.1.0
 */
export const UpdateTicket = Schema.Struct({
  /** The id of the ticket. */
  ticketId: LiveDeskSchema.TicketIdInput,
  /** The title. */
  title: Schema.optional(Schema.String),
  /** The description, in Markdown. */
  description: Schema.optional(Schema.String),
  ...contentFields,
  /** The tags. */
  tags: Schema.optional(Schema.Array(Schema.String))
}).pipe(Schema.encodeKeys({ ticketId: "ticket_id", ticketType: "ticket_type", customFields: "custom_fields" }))
export interface UpdateTicket extends Schema.Schema.Type<typeof UpdateTicket> {}

/**
 * The input of `get`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/get-tickets
 * @category inputs
 * @since 0.1.0
 */
export const GetTicket = Schema.Struct({
  /** The id of the ticket. */
  ticketId: LiveDeskSchema.TicketIdInput
}).pipe(Schema.encodeKeys({ ticketId: "ticket_id" }))
export interface GetTicket extends Schema.Schema.Type<typeof GetTicket> {}

// ---------------------------------------------------------------------------------------------------------------------
// endpoints
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Creates a ticket: `POST /api/v2/accounts/tickets`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/create-tickets
 * @category endpoints
 * @since 0.1.0
 */
export const createEndpoint = Endpoint.make({
  operation: "tickets.create",
  method: "POST",
  path: "/api/v2/accounts/tickets",
  input: CreateTicket,
  success: Model.inAnyEnvelope([["data"]], CreatedTicket),
  hasCode: true,
  idempotency: "none",
  verifyHint: "look for it in LiveDesk's console; no call lists tickets"
})

/**
 * Reads a ticket: `GET /api/v2/accounts/tickets/:ticket_id`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/get-tickets
 * @category endpoints
 * @since 0.1.0
 */
export const getEndpoint = Endpoint.make({
  operation: "tickets.get",
  method: "GET",
  path: "/api/v2/accounts/tickets/:ticket_id",
  input: GetTicket,
  success: Model.inCodeEnvelope(Ticket),
  hasCode: true,
  idempotency: "safe"
})

/**
 * Updates a ticket: `PUT /api/v2/accounts/tickets/:ticket_id`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/update-tickets
 * @category endpoints
 * @since 0.1.0
 */
export const updateEndpoint = Endpoint.make({
  operation: "tickets.update",
  method: "PUT",
  path: "/api/v2/accounts/tickets/:ticket_id",
  input: UpdateTicket,
  success: Model.orNoBody(Model.inAnyEnvelope([["data"]], UpdatedTicket)),
  hasCode: true,
  idempotency: "idempotent"
})

/**
 * All endpoints of tickets, by method name. Import single endpoints, such as `createEndpoint`, to keep the others out
 * of a bundle.
 *
 * @category endpoints
 * @since 0.1.0
 */
export const endpoints = { create: createEndpoint, get: getEndpoint, update: updateEndpoint } as const

// ---------------------------------------------------------------------------------------------------------------------
// service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The tickets of a project. A 2xx response with another `code` than 0 fails with `HttpError`/`ErrorCodeReturned`.
 *
 * @category services
 * @since 0.1.0
 */
export class Tickets extends Context.Service<Tickets, {
  /**
   * Creates a ticket.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/create-tickets
   */
  readonly create: LiveDeskClient.Call<CreateTicket, CreatedTicket>
  /**
   * Reads a ticket.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/get-tickets
   */
  readonly get: LiveDeskClient.Call<GetTicket, Ticket>
  /**
   * Updates a ticket. Only the given fields are sent.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/update-tickets
   */
  readonly update: LiveDeskClient.Call<UpdateTicket, UpdatedTicket>
}>()("@effect-livedesk/core/Tickets") {}

/**
 * Provides `Tickets` over a `LiveDeskClient`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Tickets, never, LiveDeskClient.LiveDeskClient> = Layer.effect(
  Tickets,
  Effect.map(
    LiveDeskClient.LiveDeskClient,
    (client) =>
      Tickets.of({
        create: client.call(createEndpoint),
        get: client.call(getEndpoint),
        update: client.call(updateEndpoint)
      })
  )
)
