/**
 * Messages: what is said in a conversation.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LiveDeskClient from "./LiveDeskClient.ts"
import * as endpoints from "./MessageEndpoints.ts"
import type { Message, SendFiles, SendMessage } from "./MessageSchema.ts"

export * from "./MessageSchema.ts"

/**
 * The calls as data: for `LiveDeskClient.call`, and to derive from. They are the module `MessageEndpoints`.
 *
 * @category endpoints
 * @since 0.1.0
 */
export * as endpoints from "./MessageEndpoints.ts"

/**
 * The messages of a project's conversations.
 *
 * @category services
 * @since 0.1.0
 */
export class Messages extends Context.Service<Messages, {
  /**
   * Sends a text to the contact. The documented call speaks as an agent.
   *
   * Fails as every call does. A message whose `outcome` is `Processed` or `Unknown` may have reached the customer:
   * sending it again may send it twice.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/message/send-message
   */
  readonly send: LiveDeskClient.Call<SendMessage, Message>
  /**
   * Sends files to the contact, with or without a text. Unverified: the form is Chatwoot's.
   *
   * @see https://www.engagelab.com/docs/livedesk/rest-api/message/send-message
   */
  readonly sendFiles: LiveDeskClient.Call<SendFiles, Message>
}>()("@effect-livedesk/core/Messages") {}

/**
 * Provides `Messages` over a `LiveDeskClient`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Messages, never, LiveDeskClient.LiveDeskClient> = Layer.effect(
  Messages,
  Effect.map(
    LiveDeskClient.LiveDeskClient,
    (client) => Messages.of({ send: client.call(endpoints.send), sendFiles: client.call(endpoints.sendFiles) })
  )
)
