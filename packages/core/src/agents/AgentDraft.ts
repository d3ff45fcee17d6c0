/**
 * Writes that wait for a person: drafts to send or discard, and unknown outcomes to resolve.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as AgentGate from "../internal/AgentGate.ts"
import type * as LiveDesk from "../LiveDesk.ts"
import type * as LiveDeskClient from "../LiveDeskClient.ts"
import * as AgentStore from "./AgentStore.ts"
import type * as AgentWrite from "./AgentWrite.ts"

/**
 * Lists the writes that wait for a person, oldest first: drafts, unknown outcomes, and what is in flight.
 *
 * @category calls
 * @since 0.1.0
 */
export const list: Effect.Effect<
  ReadonlyArray<AgentWrite.AgentWrite>,
  AgentStore.AgentStoreError,
  AgentStore.AgentStore
> = Effect.flatMap(AgentStore.AgentStore, (store) => store.list(["Drafted", "Begun", "Unknown"]))

/**
 * Returns a write, whatever its state. Fails with `NotWaitingError` if there is none with this id.
 *
 * @category calls
 * @since 0.1.0
 */
export const get = (
  id: number
): Effect.Effect<
  AgentWrite.AgentWrite,
  AgentStore.AgentStoreError | AgentStore.NotWaitingError,
  AgentStore.AgentStore
> => Effect.flatMap(AgentStore.AgentStore, (store) => store.get(id))

/**
 * Sends a draft, once, to the LiveDesk that it is for: that it began is recorded before the call. Returns the write as it is afterwards.
 *
 * - `Done`: LiveDesk acted.
 * - `Drafted`: LiveDesk did nothing, and `problem` says why. It can be sent again.
 * - `Unknown`: LiveDesk may have acted. Look in the console, then call `resolve`.
 *
 * Fails with `NotWaitingError` if it is no draft any more, or the same write is not resolved, or was done since the draft was
 * asked for; with `OtherLiveDeskError` if it is for another base URL, or from another API key. Set `otherKey` for a key of
 * the same project. The limits of the policy are for the agent, so none applies here.
 *
 * @category calls
 * @since 0.1.0
 */
export const send = (
  id: number,
  options?: { readonly otherKey?: boolean | undefined }
): Effect.Effect<
  AgentWrite.AgentWrite,
  AgentStore.AgentStoreError | AgentStore.NotWaitingError | AgentStore.OtherLiveDeskError,
  AgentStore.AgentStore | LiveDesk.LiveDesk | LiveDeskClient.LiveDeskClient
> =>
  Effect.scoped(Effect.gen(function*() {
    const store = yield* AgentStore.AgentStore
    const start = yield* AgentGate.makeStart
    const target = yield* AgentGate.target
    const { write } = yield* Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.flatMap(store.approve(id, { ...options, target }), start), (fiber) =>
        restore(Fiber.join(fiber)))
    )
    return write
  }))

/**
 * Discards a draft. Fails with `NotWaitingError` if it is no draft any more.
 *
 * @category calls
 * @since 0.1.0
 */
export const discard = (
  id: number
): Effect.Effect<
  AgentWrite.AgentWrite,
  AgentStore.AgentStoreError | AgentStore.NotWaitingError,
  AgentStore.AgentStore
> => Effect.flatMap(AgentStore.AgentStore, (store) => store.discard(id))

/**
 * Resolves a write whose outcome is unknown, after a person looked whether LiveDesk acted. If it did not, a draft can be
 * sent again, and the agent may ask for another write again. A conversation that was started without its message is not
 * done: sending the draft again writes the message there.
 *
 * Fails with `NotWaitingError` if its outcome is known, or it began less than 15 minutes ago and may be in flight; with
 * `AgentResolutionError` for ids that are missing, invalid or another's.
 *
 * ```ts
 * yield* AgentDraft.resolve(12, { _tag: "Processed", conversationId: 54 })
 * ```
 *
 * @category calls
 * @since 0.1.0
 */
export const resolve = (
  id: number,
  resolution: AgentWrite.Resolution
): Effect.Effect<
  AgentWrite.AgentWrite,
  AgentStore.AgentStoreError | AgentStore.NotWaitingError | AgentStore.AgentResolutionError,
  AgentStore.AgentStore
> => Effect.flatMap(AgentStore.AgentStore, (store) => store.resolve(id, resolution))
