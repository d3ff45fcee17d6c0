/**
 * Conversations: the exchanges between a contact and a project's agents.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as endpoints from "./ConversationEndpoints.ts"
import type { Conversation, CreateConversation, ToggledStatus, ToggleStatus } from "./ConversationSchema.ts"
import * as LiveDeskClient from "./LiveDeskClient.ts"
import * as LiveDeskError from "./LiveDeskError.ts"

export * from "./ConversationSchema.ts"

/**
 * The calls as data: for `LiveDeskClient.call`, and to derive from. They are the module `ConversationEndpoints`.
 *
 * @category endpoints
 * @since 0.1.0
 */
export * as endpoints from "./ConversationEndpoints.ts"

/**
 * The conversations of a project.
 *
 * @category services
 * @since 0.1.0
 */
export class Conversations extends Context.Service<Conversations, {
  /**
   * Creates a conversation between a contact and the project's agents.
   *
   * Fails with `ValidationError` for an input that is refused here (nothing was sent) or by LiveDesk, and for a
   * response that cannot be read (the conversation exists then); with `AuthError` for credentials; with `HttpError` for
   * all that lies between. Nothing is sent twice: look at the error's `outcome` before calling again.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
   */
  readonly create: LiveDeskClient.Call<CreateConversation, Conversation>
  /**
   * Moves a conversation to another state. A move that LiveDesk refuses fails with
   * `ValidationError`/`TransitionRejected`; `transitions` has the moves that the user guide allows.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/message/update-status
   */
  readonly toggleStatus: LiveDeskClient.Call<ToggleStatus, ToggledStatus>
}>()("@effect-livedesk/core/Conversations") {}

/**
 * Provides `Conversations` over a `LiveDeskClient`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Conversations, never, LiveDeskClient.LiveDeskClient> = Layer.effect(
  Conversations,
  Effect.map(LiveDeskClient.LiveDeskClient, (client) => {
    const toggle = client.call(endpoints.toggleStatus)
    return Conversations.of({
      create: client.call(endpoints.create),
      toggleStatus: (input, options) =>
        Effect.mapError(toggle(input, options), (error) => LiveDeskError.asTransition(error, input.status))
    })
  })
)
