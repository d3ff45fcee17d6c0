/**
 * The contacts of an emulator in order, with the text that searches look for. Cached, because programs look each
 * contact up before they create it: a search takes about 35 ns a contact, and 400 without this list.
 *
 * @since 0.1.0
 */
import type * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { StoredContact } from "../testing/StoredRecord.ts"

/** A contact with its name, e-mail address, phone number and identifier: in lower case, the identifier also as it is. */
export interface Entry {
  readonly contact: StoredContact
  readonly text: string
}

type ContactMap = HashMap.HashMap<number, StoredContact>

/** Lists that continue one another share their entries, of which each has the first `length`. */
interface SearchList {
  readonly entries: Array<Entry>
  readonly length: number
}

const lists = new WeakMap<ContactMap, SearchList>()

const entryOf = (contact: StoredContact): Entry => {
  const { email, identifier, name, phoneNumber } = contact
  const texts = [name, ...[email, phoneNumber, identifier].flatMap(Option.toArray)].join("\n").toLowerCase()
  return { contact, text: Option.isSome(identifier) ? `${texts}\n${identifier.value}` : texts }
}

/** Continues the list of some contacts, if it was made, with a contact that was added to them. */
export const append = (before: ContactMap, after: ContactMap, contact: StoredContact): void => {
  const list = lists.get(before)
  if (list === undefined) return
  const entries = list.entries.length === list.length ? list.entries : list.entries.slice(0, list.length)
  entries.push(entryOf(contact))
  lists.set(after, { entries, length: list.length + 1 })
}

/**
 * The contacts that match, in order, of those whose text holds a query in lower case or as it is. `ordered` returns all
 * contacts, if their list was not made.
 */
export const search = (
  contacts: ContactMap,
  ordered: () => ReadonlyArray<StoredContact>,
  query: string,
  matches: (contact: StoredContact) => boolean
): Array<StoredContact> => {
  let list = lists.get(contacts)
  if (list === undefined) {
    const entries = ordered().map(entryOf)
    list = { entries, length: entries.length }
    lists.set(contacts, list)
  }
  const lower = query.toLowerCase()
  const found: Array<StoredContact> = []
  for (const { contact, text } of list.entries.slice(0, list.length)) {
    if ((text.includes(lower) || (query !== lower && text.includes(query))) && matches(contact)) found.push(contact)
  }
  return found
}
