/**
 * Texts as bytes, and bytes as texts.
 *
 * @since 0.1.0
 */

// Core is compiled without a platform's types; every platform that Effect runs on has these.
declare const TextDecoder: new() => { decode(bytes: Uint8Array): string }
declare const TextEncoder: new() => { encode(text: string): Uint8Array }

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** What is no UTF-8 becomes U+FFFD. */
export const decode = (bytes: Uint8Array): string => decoder.decode(bytes)

export const encode = (text: string): Uint8Array => encoder.encode(text)
