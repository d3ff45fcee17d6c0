/**
 * Receivers for the webhooks of an inbox.
 *
 * @since 0.1.0
 */
export * as ChangedAttribute from "./ChangedAttribute.ts"
export * as DeliveryStore from "./DeliveryStore.ts"
export * as PersistedDeliveryStore from "./PersistedDeliveryStore.ts"
export * as WebhookConversation from "./WebhookConversation.ts"
export * as WebhookEvent from "./WebhookEvent.ts"
export * as Webhooks from "./Webhooks.ts"
export * as WebhookSignature from "./WebhookSignature.ts"
export * as WebhookVerification from "./WebhookVerification.ts"
