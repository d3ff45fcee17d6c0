/**
 * Deduplicates deliveries, by claiming their keys in the store.
 *
 * @since 0.1.0
 */
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as DeliveryStore from "../webhooks/DeliveryStore.ts"
import type { WebhookEvent } from "../webhooks/WebhookEvent.ts"
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

/** The parts of a delivery that name it. */
export interface Received {
  /** The id in its header. */
  readonly id: string | undefined
  /** The verified time of signing, as the header has it. */
  readonly signedAt: string | undefined
  readonly event: WebhookEvent
  /** The parsed body. */
  readonly wire: unknown
  readonly body: Uint8Array
}

const maxIdLength = 150

/**
 * Returns the deduplication keys of a delivery, each of which names it alone. One without any is handled each time it
 * comes: better than lost. Two deliveries have their keys in the same order, so that one of two concurrent claims wins. The
 * event's own is the first, which a crash between two records leaves: it is that of the event signed anew, too.
 */
export const keysOf = Effect.fnUntraced(function*(
  { body, event, id, signedAt, wire }: Received
): Effect.fn.Return<ReadonlyArray<string>, never, Digest.Digest> {
  const keys: Array<string> = []
  const record = recordKey(event, wire)
  if (record !== "content" && record !== undefined) keys.push(record)
  if (signedAt !== undefined || record === "content") {
    const digest = yield* Effect.flatMap(Digest.Digest, ({ digestHex }) => digestHex(Digest.sha256, body))
    if (record === "content") keys.push(`content:${digest}`)
    // Of what was signed, and not the signature: a delivery may have several, and an attacker may leave one out.
    if (signedAt !== undefined) keys.push(`signed:${signedAt}.${digest}`)
  }
  if (id !== undefined && id !== "" && id.length <= maxIdLength) keys.push(`delivery:${id}`)
  return keys
})

/**
 * Returns the key of an event that happens once to a record, or `"content"` for a change, which the body names: it
 * holds the event, the record, the time and what changed. A later change of the same kind may look the same but for the
 * time, so a change without one has no key. Neither has typing.
 */
const recordKey = (event: WebhookEvent, wire: unknown): string | undefined => {
  switch (event._tag) {
    // A conversation's id counts within its project.
    case "ConversationCreated":
      return `created:conversation:${event.account.id}:${event.conversation.id}`
    case "MessageCreated":
      return `created:message:${event.account.id}:${event.message.id}`
    case "ContactCreated":
      return `created:contact:${event.account.id}:${event.contact.id}`
    case "ConversationUpdated":
    case "ConversationStatusChanged":
    case "MessageUpdated":
    case "ContactUpdated":
      return Predicate.hasProperty(wire, "updated_at") && isPlain(wire.updated_at) ? "content" : undefined
    case "ConversationTypingOn":
    case "ConversationTypingOff":
    case "Unknown":
      return undefined
  }
}

const isPlain = (value: unknown): boolean => typeof value === "number" || (typeof value === "string" && value !== "")
