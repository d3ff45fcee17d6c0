/**
 * Bulk import: contacts, conversations and first messages from a file or a stream, each once.
 *
 * @since 0.1.0
 */
export * as ImportRows from "./ImportRows.ts"
