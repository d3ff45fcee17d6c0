/**
 * Deduplicates deliveries, by claiming their keys in the store.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as DeliveryStore from "../webhooks/DeliveryStore.ts"
import * as WebhookRejection from "./WebhookRejection.ts"

/** Claims a delivery under all of its deduplication keys, or under none. */
export const claimAll = Effect.fnUntraced(function*(
  store: DeliveryStore.DeliveryStore["Service"],
  keys: ReadonlyArray<string>
): Effect.fn.Return<DeliveryStore.Claim, WebhookRejection.WebhookRejectedError> {
  for (const [index, key] of keys.entries()) {
    const releaseClaimed = recordAll(keys.slice(0, index), store.release)
    const claim = yield* store.claim(key).pipe(
      Effect.catch((error) =>
        Effect.logError(error).pipe(
          Effect.andThen(releaseClaimed),
          Effect.andThen(WebhookRejection.reject("StoreFailed"))
        )
      )
    )
    if (claim === "Claimed") continue
    yield* releaseClaimed
    return claim
  }
  return "Claimed"
})

/** Records the outcome under every deduplication key. */
export const recordAll = (
  keys: ReadonlyArray<string>,
  record: (key: string) => Effect.Effect<void, DeliveryStore.DeliveryStoreError>
): Effect.Effect<void> =>
  Effect.forEach(keys, (key) => record(key).pipe(Effect.catch((error) => Effect.logError(error))), { discard: true })

const maxIdLength = 150

/**
 * Returns the deduplication key of a delivery. A delivery that cannot be distinguished from others has none: it is
 * handled each time rather than lost.
 */
export const deliveryId = (header: string | undefined, wire: unknown): string | undefined => {
  if (header !== undefined && header !== "" && header.length <= maxIdLength) return `delivery:${header}`
  const { event, id, created_at: createdAt, updated_at: updatedAt } = fieldsOf(wire)
  // A number that JSON does not hold as it was may be another record's, too.
  if (!isPlain(id) || (typeof id === "number" && !Number.isSafeInteger(id))) return undefined
  // Not by the content: a value that is changed, changed back and changed again repeats it.
  const time = isPlain(updatedAt) ? updatedAt : event.endsWith("_created") && isPlain(createdAt) ? createdAt : undefined
  const named = `event:${event}:${id}:${time}`
  return time !== undefined && named.length <= maxIdLength ? named : undefined
}

const isPlain = (value: unknown): value is string | number =>
  typeof value === "number" || (typeof value === "string" && value !== "")

const fieldsOf = Schema.decodeUnknownSync(Schema.Struct({
  event: Schema.String,
  id: Schema.optional(Schema.Unknown),
  created_at: Schema.optional(Schema.Unknown),
  updated_at: Schema.optional(Schema.Unknown)
}))
