/**
 * The endpoints of tickets: `Tickets.endpoints`. Imported from here, only those that a program names are in its bundle.
 *
 * @since 0.1.0
 */
import * as Endpoint from "./Endpoint.ts"
import * as Model from "./Model.ts"
import { CreatedTicket, CreateTicket, GetTicket, Ticket, UpdatedTicket, UpdateTicket } from "./TicketSchema.ts"

/**
 * Creates a ticket: `POST /api/v2/accounts/tickets`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/create-tickets
 * @category endpoints
 * @since 0.1.0
 */
export const create = Endpoint.make({
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
export const get = Endpoint.make({
  operation: "tickets.get",
  method: "GET",
  path: "/api/v2/accounts/tickets/:ticket_id",
  input: GetTicket,
  success: Model.inCodeEnvelope(Ticket),
  hasCode: true,
  idempotency: "safe"
})

/**
 * Changes a ticket: `PUT /api/v2/accounts/tickets/:ticket_id`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/ticket/update-tickets
 * @category endpoints
 * @since 0.1.0
 */
export const update = Endpoint.make({
  operation: "tickets.update",
  method: "PUT",
  path: "/api/v2/accounts/tickets/:ticket_id",
  input: UpdateTicket,
  success: Model.orNoBody(Model.inAnyEnvelope([["data"]], UpdatedTicket)),
  hasCode: true,
  idempotency: "idempotent"
})
