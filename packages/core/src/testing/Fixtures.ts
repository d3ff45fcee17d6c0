/**
 * Records as calls return them, made from what a test is about: every other field is as LiveDesk leaves it out.
 *
 * ```ts
 * const contacts = Layer.mock(Contacts.Contacts, {
 *   create: () => Effect.succeed(Fixtures.createdContact({ contact: Fixtures.contact({ id: 5 }) }))
 * })
 * ```
 *
 * @since 0.1.0
 */
import type * as Brand from "effect/Brand"
import * as Schema from "effect/Schema"
import * as Contacts from "../Contacts.ts"
import * as Conversations from "../Conversations.ts"
import * as Messages from "../Messages.ts"
import type { Model } from "../Model.ts"
import * as Tickets from "../Tickets.ts"

/**
 * Some fields of a record; ids as plain numbers and texts, too.
 *
 * @category models
 * @since 0.1.0
 */
export type Fixture<A> = {
  readonly [Key in keyof A]?: A[Key] extends Brand.Brand<string> ? Brand.Brand.Unbranded<A[Key]> | A[Key] : A[Key]
}

/**
 * Makes what makes records of a model, one of a program's own among them. `least` is the least response that the model
 * reads. What it makes throws a `SchemaError` for fields that no such record can have.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A>(model: Model<A>, least: Schema.Json): (fixture?: Fixture<A>) => A => {
  const check = Schema.decodeUnknownSync(Schema.toType(model))
  const base = Schema.decodeUnknownSync(model)(least)
  return (fixture) => check({ ...base, ...fixture })
}

/**
 * A contact; its id is 1.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const contact = make(Contacts.Contact, { id: 1 })

/**
 * What `contacts.create` returns; the contact's id is 1.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const createdContact = make(Contacts.CreatedContact, { payload: { contact: { id: 1 }, contact_inbox: {} } })

/**
 * What `contacts.list` returns: no contacts.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const contactPage = make(Contacts.ContactPage, { meta: {}, payload: [] })

/**
 * A conversation, as `conversations.create` returns it: an open one, whose id is 1.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const conversation = make(Conversations.Conversation, { id: 1, status: "open" })

/**
 * What `conversations.toggleStatus` returns: conversation 1 is open.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const toggledStatus = make(Conversations.ToggledStatus, { conversation_id: 1, current_status: "open" })

/**
 * A message, as `messages.send` and `messages.sendFiles` return it; its id is 1.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const message = make(Messages.Message, { id: 1 })

/**
 * A ticket, as `tickets.get` returns it; its id is `tk_1`.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const ticket = make(Tickets.Ticket, { ticket_id: "tk_1" })

/**
 * What `tickets.create` returns; the ticket's id is `tk_1`.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const createdTicket = make(Tickets.CreatedTicket, { ticket_id: "tk_1" })

/**
 * What `tickets.update` returns.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const updatedTicket = make(Tickets.UpdatedTicket, {})
