/**
 * The emulated calls of tickets.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import { TicketId } from "../LiveDeskSchema.ts"
import { DecodeFailure } from "../Model.ts"
import * as EmulatorState from "../testing/EmulatorState.ts"
import * as Tickets from "../Tickets.ts"
import * as EmulatedCall from "./EmulatedCall.ts"

/** An error in the envelope of tickets. No page shows one; that status and code agree is unverified. */
const errorResponse = (status: number, message: string): EmulatedCall.ErrorResponse => ({
  status,
  body: { code: status, message, data: null }
})

const notFound = errorResponse(404, "Ticket not found")

/**
 * Implements `tickets.create`. The pages require a title. A new ticket is `open`, and by default a `normal` `incident`
 * (unverified).
 */
const create = (
  state: EmulatorState.EmulatorState,
  body: EmulatedCall.Body,
  { now }: EmulatedCall.RequestContext
): EmulatedCall.Transition<Tickets.CreatedTicket> => {
  if (Option.isNone(EmulatedCall.text(body.title))) return [Result.fail(errorResponse(422, "title is required")), state]
  const [number, ticketId] = nextTicket(state, now)
  const ticket = read({
    priority: "normal",
    ticket_type: "incident",
    ...body,
    ticket_id: ticketId,
    status: "open",
    // Create takes a team's name, and get returns its id as well: here, the sample's.
    assignment_team: Option.match(EmulatedCall.text(body.assignment_team), {
      onNone: () => null,
      onSome: (name) => ({ id: 5, name })
    }),
    conversation_list: [],
    status_changes: []
  })
  if (Option.isNone(ticket)) return [Result.fail(errorResponse(422, "the ticket cannot be read")), state]
  return [Result.succeed({ ticketId }), {
    ...EmulatorState.putTicket(state, { ticket: withoutNames(ticket.value), tags: [] }),
    nextTicket: number + 1
  }]
}

/**
 * Implements `tickets.get`. An unknown id gets the status 404, with 404 as the envelope's code; LiveDesk's own response
 * is undocumented.
 */
const get = (
  state: EmulatorState.EmulatorState,
  { ticket_id }: EmulatedCall.Body
): EmulatedCall.Transition<Tickets.Ticket> => [
  Result.map(find(state, ticket_id), ({ ticket }) => ticket),
  state
]

/** Implements `tickets.update`: sets the given fields and returns the id. LiveDesk's response is undocumented. */
const update = (
  state: EmulatorState.EmulatorState,
  body: EmulatedCall.Body
): EmulatedCall.Transition<Tickets.UpdatedTicket> => {
  const found = find(state, body.ticket_id)
  if (Result.isFailure(found)) return [Result.fail(found.failure), state]
  const { tags, ticket } = found.success
  const written = Tickets.Ticket.write(ticket)
  const changed = read({ ...(Predicate.isObject(written) ? written : {}), ...changeable(body) })
  return [
    Result.succeed({ ticketId: Option.some(ticket.ticketId) }),
    EmulatorState.putTicket(state, {
      ticket: Option.getOrElse(changed, () => ticket),
      tags: body.tags === undefined ? tags : EmulatedCall.texts(body.tags)
    })
  ]
}

/** Create takes followers with names, and get returns their ids only. */
const withoutNames = (ticket: Tickets.Ticket): Tickets.Ticket => {
  const { channelContacts } = ticket.requester
  const followers = channelContacts.followers.map(({ id }) => ({ id, name: Option.none() }))
  return {
    ...ticket,
    requester: { ...ticket.requester, channelContacts: { ...channelContacts, followers } }
  }
}

const changeable = (body: EmulatedCall.Body): EmulatedCall.Body =>
  Object.fromEntries(
    ["title", "description", "attachments", "priority", "ticket_type", "custom_fields"].flatMap((key) =>
      body[key] === undefined ? [] : [[key, body[key]]]
    )
  )

/** Tickets are stored as `get` returns them; this reads the input of the other calls as such. */
const read = (wire: EmulatedCall.Body): Option.Option<Tickets.Ticket> => {
  const ticket = Tickets.Ticket.read(wire)
  return ticket instanceof DecodeFailure ? Option.none() : Option.some(ticket)
}

const find = (
  state: EmulatorState.EmulatorState,
  id: unknown
): Result.Result<EmulatorState.StoredTicket, EmulatedCall.ErrorResponse> =>
  Result.fromOption(
    Option.flatMap(EmulatedCall.text(id), (id) => HashMap.get(state.tickets, id)),
    () => notFound
  )

/** Makes an id such as `tk_20251104_789abc`. An odd factor maps each 24-bit number to another. */
const ticketIdOf = (now: DateTime.Utc, number: number): TicketId =>
  TicketId.make(
    `tk_${DateTime.formatIso(now).slice(0, 10).replaceAll("-", "")}_` +
      ((0x789abc + number * 0x9e3779) % 2 ** 24).toString(16).padStart(6, "0")
  )

/** Returns the number and id of the next ticket, skipping ids that exist, such as seeded ones. */
const nextTicket = (state: EmulatorState.EmulatorState, now: DateTime.Utc): readonly [number: number, id: TicketId] => {
  let number = state.nextTicket
  while (HashMap.has(state.tickets, ticketIdOf(now, number))) number++
  return [number, ticketIdOf(now, number)]
}

// ---------------------------------------------------------------------------------------------------------------------
// handlers
// ---------------------------------------------------------------------------------------------------------------------

export const handlers = {
  "tickets.create": EmulatedCall.handler(Tickets.endpoints.create, create),
  "tickets.get": EmulatedCall.handler(Tickets.endpoints.get, get),
  "tickets.update": EmulatedCall.handler(Tickets.endpoints.update, update)
}
