/**
 * The vendor's sample of a webhook event, `conversation_created`, in parts.
 *
 * @see https://www.engagelab.com/docs/livedesk/console/channels/api/webhook-events
 * @since 0.1.0
 */
import type { Attributes } from "../LiveDeskSchema.ts"

export const account: Attributes = { id: 17629000001207, name: "1112" }

export const contact: Attributes = {
  additional_attributes: {},
  custom_attributes: {},
  email: "alice@acme.inc",
  id: 42218348,
  identifier: null,
  name: "Test",
  phone_number: "+123456789",
  thumbnail: "",
  blocked: false
}

export const conversation: Attributes = {
  additional_attributes: {},
  can_reply: true,
  channel: "Channel::Api",
  contact_inbox: {
    id: 42213404,
    contact_id: 42218348,
    inbox_id: 523,
    source_id: "1d484823-da29-4086-a7ba-d65ad0ebb588",
    created_at: "2026-01-21T03:26:49.012Z",
    updated_at: "2026-01-21T03:26:49.012Z",
    hmac_verified: false,
    pubsub_token: "4Urn7N5A974k6C2H7Xeva8Ni"
  },
  id: 89,
  inbox_id: 523,
  messages: [],
  labels: [],
  meta: {
    sender: { ...contact, type: "contact" },
    assignee: null,
    team: null,
    hmac_verified: false,
    channel: "Channel::Api"
  },
  status: "open",
  custom_attributes: {},
  snoozed_until: null,
  unread_count: 0,
  first_reply_created_at: null,
  priority: null,
  waiting_since: 1768967324,
  conversation_category: "chat",
  chat_mode: "private_chat",
  ticket_info: null,
  agent_last_seen_at: 0,
  contact_last_seen_at: 0,
  last_activity_at: 1768967324,
  timestamp: 1768967324,
  created_at: 1768967324,
  updated_at: 1768967324.268219
}
