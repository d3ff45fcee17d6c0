/**
 * Buffers a response while it arrives, so that an incomplete one can still name a created record.
 *
 * @since 0.1.0
 */
import * as Bytes from "effect/Bytes"
import * as Record from "effect/Record"
import * as Result from "effect/Result"
import type * as Transport from "../Transport.ts"
import * as ErrorBody from "./ErrorBody.ts"
import * as Utf8 from "./Utf8.ts"

/** The parts of a response that errors are made from. `text` is redacted, and may be incomplete. */
export interface ResponseParts {
  readonly operation: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** Redacts values read from the text, where secrets may be in another encoding. */
  readonly redact: (text: string) => string
  /** The content coding that the text could not be decoded from, in words. */
  readonly undecodable?: string | undefined
}

interface Settings {
  readonly maxResponseBytes: number
  readonly redact: (text: string) => string
  readonly redactEnd: (text: string) => string
}

export type HeaderFields = Parameters<Transport.ResponseHandler["start"]>[1]

const maxErrorBytes = 64 * 1024

const maxExcerptLength = 256 * 1024

export class ResponseBuffer {
  readonly operation: string
  readonly status: number
  readonly isSuccess: boolean
  private readonly fields: HeaderFields
  private readonly limit: number
  private readonly redact: (text: string) => string
  private readonly redactEnd: (text: string) => string
  private readonly pieces: Array<Uint8Array> = []
  private size = 0
  /** Set where the body's content coding could not be decoded: names it, and why. */
  undecodable: string | undefined = undefined

  constructor(operation: string, settings: Settings, status: number, headers: HeaderFields) {
    this.operation = operation
    this.status = status
    this.fields = headers
    this.isSuccess = status >= 200 && status < 300
    this.limit = this.isSuccess ? settings.maxResponseBytes : maxErrorBytes
    this.redact = settings.redact
    this.redactEnd = settings.redactEnd
  }

  /** Buffers a piece of the body, up to the limit. Returns whether more is wanted. */
  take(piece: Uint8Array): boolean {
    this.pieces.push(piece.byteLength + this.size > this.limit ? piece.subarray(0, this.limit - this.size) : piece)
    this.size += piece.byteLength
    return !this.isTooLarge
  }

  get isTooLarge(): boolean {
    return this.size > this.limit
  }

  /** The content coding of the body, if any, on one line. */
  get coding(): string | undefined {
    const field = this.fields["content-encoding"]
    if (field === undefined) return undefined
    const codings = String(field).toLowerCase()
    return /^[\s,]*(?:identity[\s,]*)?$/.test(codings) ? undefined : this.redact(ErrorBody.onOneLine(codings, 100))
  }

  /** The same response, to take its body anew. */
  withoutBody(): ResponseBuffer {
    return new ResponseBuffer(
      this.operation,
      { maxResponseBytes: this.limit, redact: this.redact, redactEnd: this.redactEnd },
      this.status,
      this.fields
    )
  }

  get headers(): { readonly [name: string]: string } {
    return Record.filterMap(
      this.fields,
      (value) =>
        value === undefined ? Result.failVoid : Result.succeed(typeof value === "string" ? value : value.join(", "))
    )
  }

  get bytes(): Uint8Array {
    const [first, second] = this.pieces
    return first !== undefined && second === undefined ? first : Bytes.concat(this.pieces)
  }

  get text(): string {
    return Utf8.decode(this.bytes)
  }

  /** The parts for an error, without secrets, which a server may echo anywhere. */
  get parts(): ResponseParts {
    return {
      operation: this.operation,
      status: this.status,
      headers: Record.map(this.headers, this.redact),
      // As much as an error needs; redacting the rest would only cost time.
      text: this.redactEnd(this.redact(this.text.slice(0, maxExcerptLength))),
      redact: this.redact,
      undecodable: this.undecodable
    }
  }
}
