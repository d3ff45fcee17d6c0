import { type Emulator } from "@effect-livedesk/core/testing"
import { type NodeEmulator } from "@effect-livedesk/node"
import { ConfigProvider, Console, Context, Effect, Exit, Fiber, type Scope, Semaphore } from "effect"
import * as ChildProcess from "node:child_process"
import { Console as NodeConsole } from "node:console"
import { once } from "node:events"
import { PassThrough, type Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
// By path, since the package offers the command to shells alone.
import * as LiveDeskCommand from "../packages/node/src/cli/LiveDeskCommand.ts"
import * as Breadth from "./Breadth.ts"
import * as Child from "./Child.ts"
import * as EmulatorSettings from "./EmulatorSettings.ts"
import * as Folder from "./Folder.ts"

/** The command's program: in `test:full`, whose processes are many, bundled as it is published, which starts far sooner. */
export const program = new URL(
  `../packages/node/${Breadth.isFull ? ".bundle/bin.js" : "src/bin.ts"}`,
  import.meta.url
)

/** Nothing but `settings`, and where Node.js keeps what it compiled, so that not every process compiles it anew. */
export const environment = (settings: Record<string, string>): Record<string, string> => ({
  ...settings,
  NODE_COMPILE_CACHE: fileURLToPath(new URL("node_modules/.cache/node", import.meta.url))
})

/** A command that runs. */
export interface Run {
  readonly stdout: Readable
  readonly stderr: Readable
  /** Waits for its end, and gives the exit code. */
  readonly ended: Effect.Effect<number>
  /** Presses Ctrl-C. */
  readonly interrupt: Effect.Effect<void>
}

/** A command that runs in a process of its own. */
export interface ProcessRun extends Run {
  /** Sends SIGTERM, as a supervisor does. */
  readonly terminate: Effect.Effect<void>
  /** Sends SIGHUP, as a terminal does that is closed. */
  readonly hangUp: Effect.Effect<void>
  /** Ends it as a crash does: nothing of it runs any more. */
  readonly kill: Effect.Effect<void>
}

/** What came of a run of the command. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Starts the command in a process of its own, in a folder, with nothing in its environment but `settings`. */
export const spawn = (
  folder: string,
  args: ReadonlyArray<string>,
  settings: Record<string, string>
): Effect.Effect<ProcessRun, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const child = ChildProcess.spawn(process.execPath, [fileURLToPath(program), ...args], {
          cwd: folder,
          env: environment(settings),
          stdio: ["ignore", "pipe", "pipe"]
        })
        return { child, closed: once(child, "close") }
      }),
      ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
    ),
    ({ child, closed }) => ({
      stdout: child.stdout,
      stderr: child.stderr,
      ended: Effect.promise(() => closed.then(() => child.exitCode ?? -1)),
      interrupt: Effect.sync(() => child.kill("SIGINT")),
      terminate: Effect.sync(() => child.kill("SIGTERM")),
      hangUp: Effect.sync(() => child.kill("SIGHUP")),
      kill: Effect.promise(() => {
        child.kill("SIGKILL")
        return closed.then(() => undefined)
      })
    })
  )

/** What `NodeRuntime.runMain` ends with when the command gives no code: it was interrupted. */
const interruptCode = 130

/** Starts the command in this process and its folder. */
const fork = (args: ReadonlyArray<string>, settings: Record<string, string>): Effect.Effect<Run, never, Scope.Scope> =>
  Effect.gen(function*() {
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    const context = Context.make(Console.Console, new NodeConsole({ stdout, stderr })).pipe(
      Context.add(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: settings }))
    )
    const fiber = yield* LiveDeskCommand.main(args, "0.0.0").pipe(
      // Replaces the test's context, of which a process knows nothing.
      Effect.updateContext<never, never>(() => context),
      Effect.ensuring(Effect.sync(() => {
        stdout.end()
        stderr.end()
      })),
      Effect.forkScoped
    )
    return {
      stdout,
      stderr,
      ended: Effect.map(Fiber.await(fiber), (exit) => Exit.isSuccess(exit) ? exit.value : interruptCode),
      interrupt: Fiber.interrupt(fiber)
    }
  })

/** One command at a time, since a process has one working folder. */
const turns = Semaphore.makeUnsafe(1)

/** Starts the command, in `test` without a process of its own. The folder is its working folder until `use` ends. */
const startIn = <A, R>(
  folder: string,
  args: ReadonlyArray<string>,
  settings: Record<string, string>,
  use: (run: Run) => Effect.Effect<A, never, R>
): Effect.Effect<A, never, R | Scope.Scope> =>
  Breadth.isFull
    ? Effect.flatMap(spawn(folder, args, settings), use)
    : turns.withPermit(Effect.acquireUseRelease(
      Effect.sync(() => {
        const before = process.cwd()
        process.chdir(folder)
        return before
      }),
      () => Effect.flatMap(fork(args, settings), use),
      (before) => Effect.sync(() => process.chdir(before))
    ))

/** Waits for the end of a run, and gives what came of it. */
export const result = ({ ended, stderr, stdout }: Run): Effect.Effect<Ran> =>
  Effect.all({
    code: ended,
    out: Effect.promise(() => text(stdout)),
    err: Effect.promise(() => text(stderr))
  }, { concurrency: "unbounded" })

/** Runs the command in a folder, with nothing in its environment but `settings`. */
export const runIn = (
  folder: string,
  args: ReadonlyArray<string>,
  settings: Record<string, string>
): Effect.Effect<Ran> => Effect.scoped(startIn(folder, args, settings, result))

/** Runs the command as `runIn` does, and presses Ctrl-C once `when` has ended. */
export const interruptIn = (
  folder: string,
  args: ReadonlyArray<string>,
  settings: Record<string, string>,
  when: Effect.Effect<unknown>
): Effect.Effect<Ran> =>
  Effect.scoped(
    startIn(folder, args, settings, (run) =>
      Effect.andThen(Effect.forkScoped(Effect.andThen(when, run.interrupt)), result(run)))
  )

/** A command that runs until it is interrupted. */
export interface Server {
  /** The next line of what it prints. */
  readonly line: Effect.Effect<string>
  /** The next line of what it prints on standard error. */
  readonly errorLine: Effect.Effect<string>
  /** Presses Ctrl-C, and gives the exit code. */
  readonly interrupt: Effect.Effect<number>
}

/** Reads a run line by line. */
export const server = ({ ended, interrupt, stderr, stdout }: Run): Server => {
  const lines = (stream: Readable) => Effect.map(Child.lines(stream)(""), String)
  return { line: lines(stdout), errorLine: lines(stderr), interrupt: Effect.andThen(interrupt, ended) }
}

const isReadable = (stream: Readable) => Effect.promise((signal) => once(stream, "readable", { signal }))

/** Starts a command that runs until it is interrupted, in a folder that is its own until it prints something. */
export const serve = (
  args: ReadonlyArray<string>,
  settings: Record<string, string>
): Effect.Effect<Server, never, Scope.Scope> =>
  Effect.gen(function*() {
    const run = yield* startIn(yield* Folder.make, args, settings, (run) =>
      Effect.as(Effect.raceFirst(isReadable(run.stdout), isReadable(run.stderr)), run))
    return server(run)
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
