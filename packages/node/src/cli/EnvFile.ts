/**
 * Files of settings, such as `.env`: read in the encodings that shells write, and written without losing a line.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as CommandOutput from "./CommandOutput.ts"
import { InvalidFileError, UsageError } from "./ExitCode.ts"

/** The text of a file, in UTF-8 or the UTF-16 that PowerShell's `>` writes; none if there is no file. */
const textOf = Effect.fnUntraced(function*(path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const bytes = yield* fileSystem.readFile(path).pipe(
    Effect.asSome,
    Effect.catch(({ reason }) =>
      reason._tag === "NotFound"
        ? Effect.succeedNone
        : Effect.fail(
          new UsageError({
            message: `${shown(path)} cannot be read: ${reason._tag}. Fix it, or set everything in the environment`
          })
        )
    )
  )
  if (Option.isNone(bytes)) return Option.none<string>()
  const [first, second] = bytes.value
  const encoding = first === 0xFF && second === 0xFE
    ? "utf-16le"
    : first === 0xFE && second === 0xFF
    ? "utf-16be"
    : "utf-8"
  const text = new TextDecoder(encoding).decode(bytes.value)
  if (text.includes("\0")) {
    return yield* new UsageError({ message: `${shown(path)} is no text: save it with the encoding UTF-8` })
  }
  return Option.some(text)
})

const shown = (path: string): string => CommandOutput.printable(path)

/**
 * Reads the settings of a file; none if there is no file. Fails with `UsageError` for a file that cannot be read.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (
  path: string
): Effect.Effect<Option.Option<ConfigProvider.ConfigProvider>, UsageError, FileSystem.FileSystem> =>
  Effect.map(textOf(path), Option.map((text) => ConfigProvider.fromDotEnvContents(text)))

/** A setting of a file: all before its value, its name, the value. The value may have line breaks in quotes. */
const assignment =
  /(^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?))(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?/gm

/**
 * Sets settings in the text of a file, in place or at its end. All other lines and the comments stay.
 *
 * @category writing
 * @since 0.1.0
 */
export const merge = (text: string, settings: { readonly [name: string]: string }): string => {
  const missing = new Map(Object.entries(settings))
  const merged = text.replaceAll(assignment, (whole, before: string, name: string, value = "") => {
    const wanted = Object.hasOwn(settings, name) ? settings[name] : undefined
    if (wanted === undefined) return whole
    missing.delete(name)
    return `${before}${wanted}${/\s*$/.exec(String(value))?.[0] ?? ""}`
  })
  const lineBreak = text.includes("\r\n") ? "\r\n" : "\n"
  const joint = merged === "" || merged.endsWith("\n") || missing.size === 0 ? "" : lineBreak
  return `${merged}${joint}${Array.from(missing, ([name, value]) => `${name}=${value}${lineBreak}`).join("")}`
}

/**
 * Writes settings to a file, beside all else that it has. The file is replaced as a whole, or stays as it was. Fails
 * with `UsageError` if it has another value of a `guarded` setting, and with `InvalidFileError` if it cannot be written.
 *
 * @category writing
 * @since 0.1.0
 */
export const write = Effect.fnUntraced(function*(
  path: string,
  settings: { readonly [name: string]: string },
  guarded: ReadonlyArray<string>
) {
  const fileSystem = yield* FileSystem.FileSystem
  const before = yield* textOf(path)
  const provider = ConfigProvider.fromDotEnvContents(Option.getOrElse(before, () => ""))
  for (const name of guarded) {
    const value = yield* Effect.orDie(Config.option(Config.String(name)).parse(provider))
    if (Option.isSome(value) && value.value !== settings[name]) {
      return yield* new UsageError({
        message: `${shown(path)} has a ${name} of yours, which would be lost: name another file, such as emulator.env`
      })
    }
  }
  yield* Effect.gen(function*() {
    // A link stays one.
    const target = Option.isSome(before) ? yield* fileSystem.realPath(path) : path
    const mode = Option.isSome(before) ? (yield* fileSystem.stat(target)).mode & 0o777 : 0o600
    const beside = `${target}.${yield* Random.nextIntBetween(1, Number.MAX_SAFE_INTEGER)}.tmp`
    yield* fileSystem.writeFileString(beside, merge(Option.getOrElse(before, () => ""), settings), { flag: "wx", mode })
      .pipe(
        Effect.andThen(fileSystem.rename(beside, target)),
        Effect.onError(() => Effect.ignore(fileSystem.remove(beside, { force: true })))
      )
  }).pipe(
    Effect.mapError(({ reason }) =>
      new InvalidFileError({ message: `${shown(path)} cannot be written: ${reason._tag}` })
    )
  )
})
