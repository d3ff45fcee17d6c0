/**
 * Tools to test programs that use LiveDesk.
 *
 * @since 0.1.0
 */
export * as Emulator from "./Emulator.ts"
export * as EmulatorState from "./EmulatorState.ts"
export * as Faults from "./Faults.ts"
export * as Fixtures from "./Fixtures.ts"
export * as WebhookDelivery from "./WebhookDelivery.ts"
export * as WebhookSender from "./WebhookSender.ts"
