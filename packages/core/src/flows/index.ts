/**
 * Flows that outlive the process, on Effect's workflows: what they send they send once.
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
