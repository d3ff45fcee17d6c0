/**
 * EngageLab LiveDesk for Effect.
 *
 * Less common parts have their own entries: `@effect-livedesk/core/imports`, `flows`, `webhooks`, `testing`,
 * `LiveDeskOpenApi` and `Endpoints`.
 *
 * @since 0.1.0
 */
export * as Accounts from "./Accounts.ts"
export * as Breaker from "./Breaker.ts"
export * as ContactProfile from "./ContactProfile.ts"
export * as Contacts from "./Contacts.ts"
export * as Conversations from "./Conversations.ts"
export * as ConversationStart from "./ConversationStart.ts"
export * as Endpoint from "./Endpoint.ts"
export * as FetchTransport from "./FetchTransport.ts"
export * as LiveDesk from "./LiveDesk.ts"
export * as LiveDeskClient from "./LiveDeskClient.ts"
export * as LiveDeskError from "./LiveDeskError.ts"
export * as LiveDeskSchema from "./LiveDeskSchema.ts"
export * as Messages from "./Messages.ts"
export * as Model from "./Model.ts"
export * as ModelField from "./ModelField.ts"
export * as RateLimit from "./RateLimit.ts"
export * as RetryPolicy from "./RetryPolicy.ts"
export * as Telemetry from "./Telemetry.ts"
export * as Tickets from "./Tickets.ts"
export * as Transport from "./Transport.ts"
export * as WebsiteWidget from "./WebsiteWidget.ts"
