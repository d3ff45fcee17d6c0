/**
 * Records as calls return them, made from the fields that a test is about, as if LiveDesk left out the others.
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
 * Some fields of a record. Ids may be plain numbers and texts.
 *
 * @category models
 * @since 0.1.0
 */
export type Fixture<A> = {
  readonly [Key in keyof A]?: A[Key] extends Brand.Brand<string> ? Brand.Brand.Unbranded<A[Key]> | A[Key] : A[Key]
}

/**
 * Creates a function that makes records of a model, which may be a program's own. `least` is the smallest response that
 * the model reads. The function throws a `SchemaError` for fields that no such record can have.
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
 * A contact, whose id is 1.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const contact = make(Contacts.Contact, { id: 1 })

/**
 * The result of `contacts.create`; the contact's id is 1.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const createdContact = make(Contacts.CreatedContact, { payload: { contact: { id: 1 }, contact_inbox: {} } })

/**
 * The result of `contacts.list`: no contacts.
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
 * The result of `conversations.toggleStatus`: conversation 1 is open.
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
 * The result of `tickets.create`; the ticket's id is `tk_1`.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const createdTicket = make(Tickets.CreatedTicket, { ticket_id: "tk_1" })

/**
 * The result of `tickets.update`.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const updatedTicket = make(Tickets.UpdatedTicket, {})
