/**
 * The endpoints of contacts: `Contacts.endpoints`. Imported from here, only those that a program names are in its bundle.
 *
 * @since 0.1.0
 */
import { Contact, ContactPage, CreateContact, CreatedContact, ListContacts, UpdateContact } from "./ContactSchema.ts"
import * as Endpoint from "./Endpoint.ts"
import * as Model from "./Model.ts"

/**
 * Creates a contact: `POST /api/v2/accounts/contacts`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/create-contact
 * @category endpoints
 * @since 0.1.0
 */
export const create = Endpoint.make({
  operation: "contacts.create",
  method: "POST",
  path: "/api/v2/accounts/contacts",
  input: CreateContact,
  success: CreatedContact,
  idempotency: "none",
  verifyHint: "look for its identifier, e-mail or phone number, with contacts.find, or call contacts.ensure, which does"
})

/**
 * Reads a page of contacts, all or found: `GET /api/v2/accounts/contacts`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/list-contact
 * @category endpoints
 * @since 0.1.0
 */
export const list = Endpoint.make({
  operation: "contacts.list",
  method: "GET",
  path: "/api/v2/accounts/contacts",
  input: ListContacts,
  success: ContactPage,
  idempotency: "safe"
})

/**
 * Changes a contact: `PATCH /api/v2/accounts/contacts/:contact_id`. The vendor's sample of its response could not be read;
 * Chatwoot puts the contact under `payload` (unverified).
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/contact/update-contact
 * @category endpoints
 * @since 0.1.0
 */
export const update = Endpoint.make({
  operation: "contacts.update",
  method: "PATCH",
  path: "/api/v2/accounts/contacts/:contact_id",
  input: UpdateContact,
  success: Model.inAnyEnvelope([["payload"], ["payload", "contact"], ["data"]], Contact),
  idempotency: "idempotent"
})
