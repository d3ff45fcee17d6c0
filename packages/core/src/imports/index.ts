/**
 * Bulk import: contacts, conversations and first messages from a file or a stream, each once.
 *
 * @since 0.1.0
 */
export * as ContactImport from "./ContactImport.ts"
export * as ImportJournal from "./ImportJournal.ts"
export * as ImportMapping from "./ImportMapping.ts"
export * as ImportProgress from "./ImportProgress.ts"
export * as ImportReport from "./ImportReport.ts"
export * as ImportResolution from "./ImportResolution.ts"
export * as ImportRows from "./ImportRows.ts"
