/**
 * Encodes and decodes UTF-8.
 *
 * @since 0.1.0
 */

// Core is compiled without a platform's types; all of Effect's platforms have these.
declare const TextDecoder: new() => { decode(bytes: Uint8Array): string }
declare const TextEncoder: new() => { encode(text: string): Uint8Array }

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** Invalid UTF-8 becomes U+FFFD. */
export const decode = (bytes: Uint8Array): string => decoder.decode(bytes)

export const encode = (text: string): Uint8Array => encoder.encode(text)
