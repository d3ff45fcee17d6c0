/**
 * The indexes of what the emulator holds: contacts by their unique values, and lists by a key.
 *
 * @since 0.1.0
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { StoredContact } from "../testing/StoredRecord.ts"

/** The values that no two contacts may share, each with the attribute and the words of Chatwoot's error. */
export const uniqueValues = ({ email, identifier, phoneNumber }: StoredContact) =>
  [
    ["email", "Email", email],
    ["phone_number", "Phone number", phoneNumber],
    ["identifier", "Identifier", identifier]
  ] as const

/** The entries of an index under a key. */
export const entries = <K, A>(index: HashMap.HashMap<K, ReadonlyArray<A>>, key: K): ReadonlyArray<A> =>
  Option.getOrElse(HashMap.get(index, key), () => [])
