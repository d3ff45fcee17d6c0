/**
 * Where the command takes its settings from: the environment, then files.
 *
 * @since 0.1.0
 */
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as CommandOutput from "./CommandOutput.ts"
import * as EnvFile from "./EnvFile.ts"
import { UsageError } from "./ExitCode.ts"

/**
 * The global flag `--settings-file`: the files to take settings from in place of `.env`. Of several, the last one wins.
 * Not `--env-file`: Node.js takes that for itself, wherever it stands, and ends if there is no such file.
 *
 * @category flags
 * @since 0.1.0
 */
export const Files = GlobalFlag.Setting("settings-file")({
  flag: Flag.String("settings-file").pipe(
    Flag.withDescription(
      "A file of settings in place of .env; may be given several times, and the last one wins. The emulator writes to it"
    ),
    Flag.withMetavar("path"),
    Flag.atLeast(0)
  )
})

/**
 * The global flag `--no-settings-file`: settings come from the environment alone.
 *
 * @category flags
 * @since 0.1.0
 */
export const NoFile = GlobalFlag.Setting("no-settings-file")({
  flag: Flag.Boolean("no-settings-file").pipe(
    Flag.withDescription("Take settings from the environment alone"),
    Flag.withDefault(false)
  )
})

/**
 * The provider of settings: the environment, then the files that the flags name, or `.env`. Files are read when
 * the environment lacks a setting.
 *
 * A file that came with a repository must not lead credentials elsewhere. So proxies are the environment's alone, and
 * `LIVEDESK_BASE_URL` of a file counts with credentials of a file alone.
 *
 * @category settings
 * @since 0.1.0
 */
export const make = Effect.gen(function*() {
  const environment = yield* ConfigProvider.ConfigProvider
  const fileSystem = yield* FileSystem.FileSystem
  const named = yield* Files
  if (yield* NoFile) {
    if (named.length > 0) {
      return yield* new UsageError({ message: "--settings-file and --no-settings-file: give one of them" })
    }
    return environment
  }
  const files = yield* Effect.cached(
    Effect.forEach(
      named.length === 0 ? [".env"] : named.toReversed(),
      (path) =>
        Effect.flatMap(EnvFile.read(path), (file) =>
          Option.isNone(file) && named.length > 0
            ? Effect.fail(new UsageError({ message: `there is no file ${CommandOutput.printable(path)}` }))
            : Effect.succeed(Option.map(file, (provider) => ({ path, provider }))))
    ).pipe(
      Effect.map((files) => files.flatMap(Option.toArray)),
      Effect.provideService(FileSystem.FileSystem, fileSystem),
      Effect.mapError(({ message }) => new ConfigProvider.SourceError({ message }))
    )
  )
  return ConfigProvider.make((path) =>
    Effect.gen(function*() {
      const [name] = path
      const set = yield* environment.load(path)
      if (set !== undefined || (typeof name === "string" && /_proxy$/i.test(name))) return set
      for (const file of yield* files) {
        const found = yield* file.provider.load(path)
        if (found === undefined) continue
        if (name === "LIVEDESK_BASE_URL") yield* refuseForeignCredentials(environment, file.path)
        return found
      }
      return undefined
    })
  )
})

const refuseForeignCredentials = Effect.fnUntraced(
  function*(environment: ConfigProvider.ConfigProvider, path: string) {
    for (const name of ["LIVEDESK_API_KEY", "LIVEDESK_API_SECRET"]) {
      if ((yield* environment.load([name])) === undefined) continue
      return yield* new ConfigProvider.SourceError({
        message: `LIVEDESK_BASE_URL of ${CommandOutput.printable(path)} is not used with the ${name} of the ` +
          "environment: set both in one place, or leave the file out with --no-settings-file"
      })
    }
  }
)
