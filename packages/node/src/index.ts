/**
 * EngageLab LiveDesk for Effect, on Node.js.
 *
 * @since 0.1.0
 */
export * as NodeAttachment from "./NodeAttachment.ts"
export * as NodeEmulator from "./NodeEmulator.ts"
export * as NodeEmulatorFile from "./NodeEmulatorFile.ts"
export * as NodeLiveDesk from "./NodeLiveDesk.ts"
export * as NodeTransport from "./NodeTransport.ts"
