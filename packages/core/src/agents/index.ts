/**
 * LiveDesk for AI agents: tools, policy, drafts and the audit log.
 *
 * @since 0.1.0
 */
export * as AgentDraft from "./AgentDraft.ts"
export * as AgentPolicy from "./AgentPolicy.ts"
export * as AgentResult from "./AgentResult.ts"
export * as AgentStore from "./AgentStore.ts"
export * as AgentWrite from "./AgentWrite.ts"
export * as AuditEntry from "./AuditEntry.ts"
export * as LiveDeskToolkit from "./LiveDeskToolkit.ts"
export * as ToolInput from "./ToolInput.ts"
