/**
 * Finds a contact by its identifier, e-mail address or phone number.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as RcMap from "effect/RcMap"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type { ContactProfile } from "../ContactProfile.ts"
import type * as LiveDeskClient from "../LiveDeskClient.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import * as ErrorMapping from "./ErrorMapping.ts"

/** The keys to find a contact by. */
interface ContactKey {
  readonly identifier?: string | undefined
  readonly email?: string | undefined
  readonly phoneNumber?: string | undefined
}

/** The fields of a contact that are compared with the keys. */
type Known = Pick<ContactProfile, "id" | "identifier" | "email" | "phoneNumber">

type Search<A> = (
  input: { readonly q: string },
  options?: LiveDeskClient.CallOptions
) => Stream.Stream<A, LiveDeskError.LiveDeskError>

type Ensured<A, Created> =
  | Created & { readonly _tag: "Created" }
  | { readonly _tag: "Existing"; readonly contact: A; readonly mayBeNew: boolean }

/** The keys of a contact in the form in which they are searched, compared and sent; without blank ones. */
interface NormalizedKey {
  readonly identifier: string | undefined
  readonly email: string | undefined
  readonly phoneNumber: string | undefined
}

const normalized = ({ email, identifier, phoneNumber }: ContactKey): NormalizedKey => {
  const tidy = (text: string | undefined) => text?.trim() || undefined
  return { identifier: tidy(identifier), email: tidy(email), phoneNumber: tidy(phoneNumber) }
}

const contactKeyFields = ["identifier", "email", "phoneNumber"] as const

/**
 * Returns `true` if a contact can be found: an identifier, e-mail address or phone number is not blank.
 *
 * @category guards
 * @since 0.1.0
 */
export const hasContactKey = <A extends ContactKey>(
  input: A
): input is A & ({ readonly identifier: string } | { readonly email: string } | { readonly phoneNumber: string }) => {
  const contactKey = normalized(input)
  return contactKeyFields.some((name) => contactKey[name] !== undefined)
}

/** The message for a contact without any key. */
export const contactKeyMissing = "give identifier, email or phoneNumber, so that the contact can be found"

/** Returns the keys, or fails if there are none. */
const requireContactKey = (
  input: ContactKey,
  operation: string
): Effect.Effect<NormalizedKey, LiveDeskError.ValidationError> =>
  hasContactKey(input)
    ? Effect.succeed(normalized(input))
    : Effect.fail(ErrorMapping.invalidInput(operation, [{ path: ["identifier"], message: contactKeyMissing }]))

/** Finds the contact with the given keys. Fails if they match two contacts, or if one of them differs. */
export const makeFind = <A extends Known>(
  search: Search<A>,
  operation = "contacts.find"
): LiveDeskClient.Call<ContactKey, Option.Option<A>> =>
  Effect.fnUntraced(function*(input, options) {
    const contactKey = yield* requireContactKey(input, operation)
    let found: A | undefined
    for (const name of contactKeyFields) {
      const q = contactKey[name]
      if (q === undefined || (found !== undefined && agreement(name, contactKey, found) === true)) continue
      // The search matches parts of any field; only a contact with an equal field counts.
      const match = yield* search({ q }, options).pipe(
        Stream.mapError((error) => ErrorMapping.remake(error, { partOf: operation })),
        Stream.filter((contact) => agreement(name, contactKey, contact) === true),
        Stream.runHead
      )
      if (Option.isNone(match)) continue
      if (found !== undefined && found.id !== match.value.id) {
        return yield* ErrorMapping.conflict(
          operation,
          `contact ${found.id} and contact ${match.value.id} each agree in one of ${contactKeyFields.join(", ")}`
        )
      }
      found = match.value
    }
    const known = found
    if (known === undefined) return Option.none<A>()
    const contradicted = contactKeyFields.filter((name) => agreement(name, contactKey, known) === false)
    return contradicted.length === 0
      ? Option.some(known)
      : yield* ErrorMapping.conflict(operation, `contact ${known.id} has another ${contradicted.join(" and ")}`)
  })

/** Finds a contact or creates it. Calls for the same contact run one after another. */
export const makeEnsure = Effect.fnUntraced(function*<
  A extends Known,
  Input extends ContactKey,
  Created extends { readonly contact: A }
>(
  create: LiveDeskClient.Call<Input, Created>,
  search: Search<A>
) {
  const operation = "contacts.ensure"
  const find = makeFind(search, operation)
  // One at a time per key: that LiveDesk refuses a second contact with the same key is unverified.
  const turns = yield* RcMap.make({ lookup: () => Semaphore.make(1) })
  const inTurn = (contactKey: NormalizedKey) => <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    contactKeyFields.flatMap((name) =>
      contactKey[name] === undefined ? [] : [`${name}:${contactKey[name].toLowerCase()}`]
    )
      .reduceRight(
        (inner, key) =>
          Effect.scoped(Effect.flatMap(RcMap.get(turns, key), (semaphore) => semaphore.withPermits(1)(inner))),
        effect
      )

  const ensure: LiveDeskClient.Call<Input, Ensured<A, Created>> = Effect.fnUntraced(function*(input, options) {
    const contactKey = yield* requireContactKey(input, operation)
    const findOr = <E>(orElse: Effect.Effect<Ensured<A, Created>, E>, mayBeNew = false) =>
      Effect.flatMap(
        find(contactKey, options),
        Option.match({
          onNone: () => orElse,
          onSome: (contact): Effect.Effect<Ensured<A, Created>, E> =>
            Effect.succeed({ _tag: "Existing", contact, mayBeNew })
        })
      )
    const created = create({ ...input, ...contactKey }, options).pipe(
      Effect.mapError((error) => ErrorMapping.remake(error, { partOf: operation })),
      Effect.map((created): Ensured<A, Created> => ({ _tag: "Created", ...created })),
      Effect.catch((error) => {
        const { outcome, reason } = error
        const failed = Effect.fail(error)
        // Another program may have created it in between.
        if (outcome === "Rejected") {
          return reason._tag === "RejectedInput" || reason._tag === "Conflict" ? findOr(failed) : failed
        }
        if (outcome === "NotSent") return failed
        // LiveDesk may have created it, or may still do so. A failed search decides nothing.
        return findOr(Effect.delay(findOr(failed, true), "1 second"), true).pipe(Effect.catch(() => failed))
      })
    )
    return yield* inTurn(contactKey)(findOr(created))
  })
  return ensure
})

/** Compares one key of a contact; `undefined` if either side lacks it. */
const agreement = (name: keyof NormalizedKey, contactKey: NormalizedKey, contact: Known): boolean | undefined => {
  const asked = contactKey[name]
  const held = Option.getOrUndefined(contact[name])?.trim()
  if (asked === undefined || held === undefined) return undefined
  return name === "email" ? asked.toLowerCase() === held.toLowerCase() : asked === held
}
