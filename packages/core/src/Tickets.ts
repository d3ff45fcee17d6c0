/**
 * Tickets: what a project's agents have to resolve. LiveDesk's own, with an envelope and ids of their own.
 *
 * Of the vendor's ticket pages only parts could be read, and older versions contradict newer ones: what a comment calls
 * unverified stands on none of them.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LiveDeskClient from "./LiveDeskClient.ts"
import * as endpoints from "./TicketEndpoints.ts"
import type { CreatedTicket, CreateTicket, GetTicket, Ticket, UpdatedTicket, UpdateTicket } from "./TicketSchema.ts"

export * from "./TicketSchema.ts"

/**
 * The calls as data: for `LiveDeskClient.call`, and to derive from. They are the module `TicketEndpoints`.
 *
 * @category endpoints
 * @since 0.1.0
 */
export * as endpoints from "./TicketEndpoints.ts"

/**
 * The tickets of a project. A 2xx response with another code than 0 fails with `HttpError`/`ErrorCodeReturned`.
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
   * Changes a ticket. Only what is given is sent.
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
        create: client.call(endpoints.create),
        get: client.call(endpoints.get),
        update: client.call(endpoints.update)
      })
  )
)
