/**
 * The endpoints of messages: `Messages.endpoints`. Imported from here, only those that a program names are in its bundle.
 *
 * @since 0.1.0
 */
import * as Endpoint from "./Endpoint.ts"
import { Message, SendFiles, SendMessage } from "./MessageSchema.ts"

/**
 * Sends a text: `POST /api/v2/accounts/conversations/:conversation_id/messages`, as JSON.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/send-message
 * @category endpoints
 * @since 0.1.0
 */
export const send = Endpoint.make({
  operation: "messages.send",
  method: "POST",
  path: "/api/v2/accounts/conversations/:conversation_id/messages",
  input: SendMessage,
  success: Message,
  idempotency: "none",
  verifyHint: "look at the conversation in LiveDesk's console, or for a message_created event; no call reads messages"
})

/**
 * Sends files: `POST /api/v2/accounts/conversations/:conversation_id/messages`, as a form with `attachments[]`.
 * Unverified.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/message/send-message
 * @category endpoints
 * @since 0.1.0
 */
export const sendFiles = Endpoint.make({
  operation: "messages.sendFiles",
  method: "POST",
  path: "/api/v2/accounts/conversations/:conversation_id/messages",
  input: SendFiles,
  body: "form",
  success: Message,
  idempotency: "none",
  verifyHint: "look at the conversation in LiveDesk's console, or for a message_created event; no call reads messages"
})
