/**
 * The text of a file that people made: its kind and its encoding are recognised by the first bytes, before any of it is
 * read as text.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

interface Decoder {
  readonly encoding: string
  decode(bytes?: Uint8Array, options?: { readonly stream: boolean }): string
}

// Core is compiled without a platform's types; every platform that Effect runs on has this one.
declare const TextDecoder: new(label: string) => Decoder

/** The text of a file, as it comes. */
export interface FileText<E, R> {
  readonly text: Stream.Stream<string, E, R>
  /** Why a text that holds U+FFFD cannot be used. */
  readonly notDecoded: () => string
}

interface Head {
  readonly bytes: Uint8Array
  readonly decoder: Decoder | undefined
}

/** How many bytes tell what a file is. */
const headSize = 1024

/** Decodes a file's bytes. `encoding` is a label of the Encoding Standard; a byte order mark overrules it. */
export const make = <E, R, E2>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  options: { readonly encoding: string | undefined; readonly fail: (problem: string) => E2 }
): FileText<E | E2, R> => {
  let encoding = options.encoding ?? "utf-8"
  const begin = (head: Uint8Array) =>
    Effect.fromResult(
      Result.mapError(Result.flatMap(recognise(head, options.encoding), decoderOf), options.fail)
    ).pipe(Effect.tap((decoder) =>
      Effect.sync(() => {
        encoding = decoder.encoding
      })
    ))
  const text = Stream.mapAccumEffect(
    Stream.concat(bytes, Stream.succeed(undefined)),
    (): Head => ({ bytes: new Uint8Array(0), decoder: undefined }),
    Effect.fnUntraced(function*(head, chunk) {
      if (head.decoder !== undefined) {
        return [head, [
          chunk === undefined ? head.decoder.decode() : head.decoder.decode(chunk, { stream: true })
        ]] as const
      }
      const seen = chunk === undefined ? head.bytes : head.bytes.length === 0 ? chunk : joined(head.bytes, chunk)
      if (chunk !== undefined && seen.length < headSize) return [{ bytes: seen, decoder: undefined }, []] as const
      const decoder = yield* begin(seen.subarray(0, headSize))
      const first = decoder.decode(seen, { stream: chunk !== undefined })
      return [{ bytes: head.bytes, decoder }, [first]] as const
    })
  )
  return {
    text,
    notDecoded: () =>
      encoding === "utf-8"
        ? "not UTF-8: save the file with that encoding, or give the one it has (--encoding windows-1252)"
        : `not ${encoding}: give the encoding that the file has (--encoding)`
  }
}

const joined = (one: Uint8Array, other: Uint8Array): Uint8Array => {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}

const decoderOf = (label: string): Result.Result<Decoder, string> =>
  Result.try({
    try: () => new TextDecoder(label),
    catch: () => `there is no encoding ${JSON.stringify(label)}: give one such as windows-1252 or utf-16le`
  })

/** Begins of files that are no text, and what to do with each. */
const binaries: ReadonlyArray<readonly [begin: ReadonlyArray<number>, problem: string]> = [
  [
    [0x50, 0x4B, 0x03, 0x04],
    "an .xlsx workbook or another ZIP archive, whatever its name: save its sheet as CSV UTF-8"
  ],
  [[0x50, 0x4B, 0x05, 0x06], "an empty ZIP archive, whatever its name: save the sheet as CSV UTF-8"],
  [[0xD0, 0xCF, 0x11, 0xE0], "an .xls workbook, whatever its name: save its sheet as CSV UTF-8"],
  [[0x1F, 0x8B], "compressed by gzip, whatever its name: decompress it first"],
  [[0x25, 0x50, 0x44, 0x46], "a PDF, whatever its name: export the table as CSV UTF-8"],
  [[0xFF, 0xFE, 0x00, 0x00], "UTF-32: save the file as UTF-8"],
  [[0x00, 0x00, 0xFE, 0xFF], "UTF-32: save the file as UTF-8"]
]

/** The byte order marks, which overrule what is given. */
const marks: ReadonlyArray<readonly [begin: ReadonlyArray<number>, encoding: string]> = [
  [[0xEF, 0xBB, 0xBF], "utf-8"],
  [[0xFF, 0xFE], "utf-16le"],
  [[0xFE, 0xFF], "utf-16be"]
]

/** The encoding of a file, or why it is no text. */
const recognise = (head: Uint8Array, given: string | undefined): Result.Result<string, string> => {
  const begins = ([begin]: readonly [ReadonlyArray<number>, string]) => begin.every((byte, at) => head[at] === byte)
  const binary = binaries.find(begins)
  if (binary !== undefined) return Result.fail(`the file is ${binary[1]}`)
  const mark = marks.find(begins)
  if (mark !== undefined) return Result.succeed(mark[1])
  if (given !== undefined) return Result.succeed(given)
  const nulls = [0, 0]
  for (const [at, byte] of head.entries()) if (byte === 0) nulls[at % 2] = (nulls[at % 2] ?? 0) + 1
  const [even = 0, odd = 0] = nulls
  // Of Latin letters, and of what stands between cells, one byte of the two is NUL; a stray one makes no UTF-16.
  const enough = head.length / 8
  const lineEnd = head.indexOf(10)
  const hasNull = (at: number) => lineEnd < 0 || head[at] === 0
  if (odd >= enough && odd > 4 * even && hasNull(lineEnd + 1)) return Result.succeed("utf-16le")
  if (even >= enough && even > 4 * odd && hasNull(lineEnd - 1)) return Result.succeed("utf-16be")
  return Result.succeed("utf-8")
}
