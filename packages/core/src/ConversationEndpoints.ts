/**
 * The endpoints of conversations: `Conversations.endpoints`. Imported from here, only those that a program names are in its bundle.
 *
 * @since 0.1.0
 */
import { Conversation, CreateConversation, ToggledStatus, ToggleStatus } from "./ConversationSchema.ts"
import * as Endpoint from "./Endpoint.ts"
import * as Model from "./Model.ts"

/**
 * Creates a conversation: `POST /api/v2/accounts/conversations`.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/create-conversation
 * @category endpoints
 * @since 0.1.0
 */
export const create = Endpoint.make({
  operation: "conversations.create",
  method: "POST",
  path: "/api/v2/accounts/conversations",
  input: CreateConversation,
  success: Conversation,
  idempotency: "none",
  verifyHint:
    "look at the contact in LiveDesk's console, or for a conversation_created event; no call reads conversations"
})

/**
 * Moves a conversation: `POST /api/v2/accounts/conversations/:conversation_id/toggle_status`. It is not idempotent, so it
 * is never retried: a move to `resolved` asks the customer for a rating.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/update-status
 * @category endpoints
 * @since 0.1.0
 */
export const toggleStatus = Endpoint.make({
  operation: "conversations.toggleStatus",
  method: "POST",
  path: "/api/v2/accounts/conversations/:conversation_id/toggle_status",
  input: ToggleStatus,
  success: Model.inAnyEnvelope([["payload"], ["data"]], ToggledStatus),
  idempotency: "none",
  verifyHint:
    "look at the conversation in LiveDesk's console, or for a conversation_status_changed event; no call reads it"
})
