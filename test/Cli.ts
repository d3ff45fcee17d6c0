import { type Emulator } from "@effect-livedesk/core/testing"
import { type NodeEmulator } from "@effect-livedesk/node"
import { Effect, type Scope } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as EmulatorSettings from "./EmulatorSettings.ts"
import * as Folder from "./Folder.ts"

/** What came of a run of the command. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** The command's program. */
export const program = new URL("../packages/node/src/bin.ts", import.meta.url)

/** Runs the command in a folder, with nothing in its environment but `settings`. */
export const runIn = (
  folder: string,
  args: ReadonlyArray<string>,
  settings: Record<string, string>
): Effect.Effect<Ran> =>
  Effect.callback((resume) => {
    const child = execFile(
      process.execPath,
      [fileURLToPath(program), ...args],
      { cwd: folder, env: settings },
      (_, out, err) => resume(Effect.succeed({ code: child.exitCode ?? -1, out, err }))
    )
    return Effect.sync(() => child.kill())
  })

/** The settings of a command that talks to the emulator. */
export const settings = EmulatorSettings.make

/** Runs the command against the emulator, in a folder of its own. */
export const run = (
  ...args: ReadonlyArray<string>
): Effect.Effect<Ran, never, NodeEmulator.NodeEmulator | Emulator.Emulator | Scope.Scope> =>
  Effect.gen(function*() {
    return yield* runIn(yield* Folder.make, args, yield* settings)
  })

/** The document that a run printed. */
export const document = ({ out }: Ran): unknown => JSON.parse(out)
