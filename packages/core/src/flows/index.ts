/**
 * Durable flows on Effect's workflows, which survive the process and send nothing twice.
 *
 * @since 0.1.0
 */
export * as BusinessHours from "./BusinessHours.ts"
export * as ConversationFlow from "./ConversationFlow.ts"
export * as CustomerReply from "./CustomerReply.ts"
export * as FlowEvents from "./FlowEvents.ts"
export * as FlowStep from "./FlowStep.ts"
export * as IntentLog from "./IntentLog.ts"
export * as Reconciliation from "./Reconciliation.ts"
