/**
 * EngageLab LiveDesk for Effect, on Node.js.
 *
 * Modules that need `node:sqlite` or a database have an entry of their own: `@effect-livedesk/node/NodeAgents`,
 * `NodeFlows`, `NodeImport` and `NodeSqlite`. The services themselves are in `@effect-livedesk/core`.
 *
 * @since 0.1.0
 */
export * as NodeAttachment from "./NodeAttachment.ts"
export * as NodeEmulator from "./NodeEmulator.ts"
export * as NodeEmulatorFile from "./NodeEmulatorFile.ts"
export * as NodeLiveDesk from "./NodeLiveDesk.ts"
export * as NodeTransport from "./NodeTransport.ts"
export * as NodeWebhooks from "./NodeWebhooks.ts"
