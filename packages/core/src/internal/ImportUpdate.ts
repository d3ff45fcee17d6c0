/**
 * The update of a contact that is there: what of it differs from its row, and nothing else.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import type * as Contacts from "../Contacts.ts"
import type * as ImportMapping from "../imports/ImportMapping.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import type { ContactId } from "../LiveDeskSchema.ts"
import type * as ImportRun from "./ImportRun.ts"
import * as TextHash from "./TextHash.ts"

/** What is kept of a contact's data, so that a later row can be seen to differ. A picture's link cannot be read back. */
export const digestOf = ({ contact, customAttributes }: ImportMapping.ImportInput): number => {
  const { email, identifier, name, phoneNumber } = contact
  return TextHash.of(
    JSON.stringify([
      identifier?.trim(),
      email?.trim().toLowerCase(),
      phoneNumber?.trim(),
      name,
      Object.entries(customAttributes ?? {}).sort(([one], [other]) => one < other ? -1 : 1)
    ])
  )
}

/**
 * Updates a contact where it differs from its row, and returns whether it could: not where `key` finds another contact, which
 * may be another customer. One that it does not find is compared with nothing, and gets all.
 */
export const update = Effect.fnUntraced(function*(
  { call, contacts, counts }: ImportRun.ImportRun,
  contactId: ContactId,
  key: Contacts.ContactKey,
  input: ImportMapping.ImportInput
): Effect.fn.Return<boolean, LiveDeskError.LiveDeskError> {
  const found = yield* contacts.find(key, call)
  if (Option.exists(found, ({ id }) => id !== contactId)) return false
  const changes = differences(input, found)
  if (Object.keys(changes).length === 0) return true
  yield* contacts.update({ contactId, ...changes }, call)
  counts.updated++
  return true
})

/** The first key of a row, which the row is known by; the others may have changed since. */
export const keyOf = ({ email, identifier, phoneNumber }: Contacts.ContactKey): Contacts.ContactKey => {
  if (identifier !== undefined && identifier.trim() !== "") return { identifier }
  return email !== undefined && email.trim() !== "" ? { email } : { phoneNumber }
}

const differences = (
  { contact: { email, identifier, name, phoneNumber }, customAttributes }: ImportMapping.ImportInput,
  held: Option.Option<Contacts.Contact>
): Omit<Contacts.UpdateContact, "contactId"> => {
  const differs = (asked: string | undefined, of: (contact: Contacts.Contact) => Option.Option<string>) =>
    asked !== undefined && asked.trim() !== "" &&
    !Option.exists(Option.flatMap(held, of), (text) => text.trim() === asked.trim())
  const attributes = Object.entries(customAttributes ?? {}).filter(([attribute, value]) =>
    !Option.exists(held, (contact) => Equal.equals(contact.customAttributes[attribute], value))
  )
  return {
    ...(differs(identifier, (contact) => contact.identifier) ? { identifier } : {}),
    ...(differs(email?.toLowerCase(), (contact) => Option.map(contact.email, (held) => held.toLowerCase()))
      ? { email }
      : {}),
    ...(differs(phoneNumber, (contact) => contact.phoneNumber) ? { phoneNumber } : {}),
    ...(differs(name, (contact) => contact.name) ? { name } : {}),
    ...(attributes.length === 0 ? {} : { customAttributes: Object.fromEntries(attributes) })
  }
}
