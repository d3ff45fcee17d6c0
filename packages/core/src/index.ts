/**
 * EngageLab LiveDesk for Effect.
 *
 * @since 0.1.0
 */
export * as ContactProfile from "./ContactProfile.ts"
export * as Contacts from "./Contacts.ts"
export * as Conversations from "./Conversations.ts"
export * as ConversationStart from "./ConversationStart.ts"
export * as Endpoint from "./Endpoint.ts"
export * as LiveDesk from "./LiveDesk.ts"
export * as LiveDeskClient from "./LiveDeskClient.ts"
export * as LiveDeskError from "./LiveDeskError.ts"
export * as LiveDeskSchema from "./LiveDeskSchema.ts"
export * as Messages from "./Messages.ts"
export * as Model from "./Model.ts"
export * as PersistedDeliveries from "./PersistedDeliveries.ts"
export * as SeenDeliveries from "./SeenDeliveries.ts"
export * as Tickets from "./Tickets.ts"
export * as Transport from "./Transport.ts"
export * as WebhookConversation from "./WebhookConversation.ts"
export * as WebhookEvent from "./WebhookEvent.ts"
export * as Webhooks from "./Webhooks.ts"
export * as WebhookSignature from "./WebhookSignature.ts"
