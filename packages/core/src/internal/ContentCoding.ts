/**
 * Decodes a body that a gateway compressed although the client asked for none.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as ErrorBody from "./ErrorBody.ts"
import type { ResponseBuffer } from "./ResponseBuffer.ts"

// Core is compiled without a platform's types; Effect's platforms have this, each with its own formats.
declare const DecompressionStream: new(format: string) => {
  readonly writable: {
    readonly getWriter: () => {
      readonly write: (bytes: Uint8Array) => Promise<void>
      readonly close: () => Promise<void>
    }
  }
  readonly readable: {
    readonly getReader: () => {
      readonly read: () => Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
      readonly cancel: () => Promise<void>
    }
  }
}

/** Returns the response with its body decoded, or as far as that is possible, with `undecodable` set. */
export const decode = (response: ResponseBuffer): Effect.Effect<ResponseBuffer> => {
  const { coding } = response
  // Fetch decodes by itself, and leaves the header.
  if (coding === undefined || response.isTooLarge || isText(response.text)) return Effect.succeed(response)
  return Effect.promise(async () => {
    const decoded = response.withoutBody()
    const format = formatOf(coding, response.bytes)
    try {
      const stream = format === undefined ? undefined : streamOf(format)
      if (stream === undefined) decoded.undecodable = `${coding}, which this runtime cannot decode`
      else await pass(stream, response.bytes, decoded)
    } catch {
      decoded.undecodable = `${coding} that cannot be decoded`
    }
    return decoded
  })
}

/** Whether it is not compressed: of a compressed body, some bytes are no text. */
const isText = (text: string): boolean => !/[^\s\P{Cc}]|\ufffd/u.test(text) || ErrorBody.parse(text) !== undefined

const formatOf = (coding: string, bytes: Uint8Array): string | undefined => {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return "gzip"
    case "deflate":
      // Some servers leave out the header of zlib.
      return ((bytes[0] ?? 0) & 0x0f) === 8 ? "deflate" : "deflate-raw"
    case "br":
      return "brotli"
    default:
      return undefined
  }
}

const streamOf = (format: string) => {
  try {
    return new DecompressionStream(format)
  } catch {
    return undefined
  }
}

const pass = async (
  { readable, writable }: InstanceType<typeof DecompressionStream>,
  bytes: Uint8Array,
  into: ResponseBuffer
): Promise<void> => {
  const writer = writable.getWriter()
  // The reader fails as well.
  writer.write(bytes).catch(() => {})
  writer.close().catch(() => {})
  const reader = readable.getReader()
  while (true) {
    const { done, value } = await reader.read()
    if (done) return
    if (value !== undefined && !into.take(value)) return reader.cancel()
  }
}
