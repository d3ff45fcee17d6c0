import type * as PlatformNode from "@effect/platform-node"
import { ConfigProvider, Console, Context, Effect, type Exit, Function, Metric, Runtime, type Scope } from "effect"
import { execFile } from "node:child_process"
import * as NodeConsole from "node:console"
import { randomUUID } from "node:crypto"
import { PassThrough, type Writable } from "node:stream"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { vi } from "vitest"
import * as Breadth from "./Breadth.ts"
import * as Child from "./Child.ts"

/** The exit code of an example, and the lines it wrote. */
export interface Ran {
  readonly code: number
  readonly out: ReadonlyArray<string>
  readonly err: ReadonlyArray<string>
}

type Settings = { readonly [name: string]: string }

const urlOf = (example: string): URL => new URL(`../examples/${example}.ts`, import.meta.url)

const lines = (text: string): Array<string> => text.split("\n").filter((line) => line !== "")

/** Runs an example as a user would, with nothing in its environment but `settings`. */
export const runAsProcess = (example: string, settings: Settings = {}): Effect.Effect<Ran> =>
  Effect.callback((resume) => {
    const child = execFile(
      process.execPath,
      [fileURLToPath(urlOf(example))],
      { env: settings },
      (_, out, err) => resume(Effect.succeed({ code: child.exitCode ?? -1, out: lines(out), err: lines(err) }))
    )
    return Effect.sync(() => child.kill())
  })

const exitCodeOf = (exit: Exit.Exit<unknown, unknown>): Effect.Effect<number> =>
  Effect.callback((resume) => Runtime.defaultTeardown(exit, (code) => resume(Effect.succeed(code))))

/** Imports an example anew, and gives what it has `NodeRuntime.runMain` run, with its exit code. */
const load = (example: string): Effect.Effect<Effect.Effect<number>> =>
  Effect.promise(async () => {
    let main = Effect.succeed(0)
    const runMain: typeof PlatformNode.NodeRuntime.runMain = Function.dual(
      (args) => Effect.isEffect(args[0]),
      <A, E>(effect: Effect.Effect<A, E>, { disableErrorReporting = false } = {}) => {
        main = effect.pipe(
          disableErrorReporting ? Function.identity : Effect.tapCause(Effect.logError),
          Effect.exit,
          Effect.flatMap(exitCodeOf)
        )
      }
    )
    vi.doMock("@effect/platform-node", async (importOriginal) => ({
      ...await importOriginal<typeof PlatformNode>(),
      NodeRuntime: { runMain }
    }))
    try {
      await import(`${fileURLToPath(urlOf(example))}?${randomUUID()}`)
    } finally {
      vi.doUnmock("@effect/platform-node")
    }
    return main
  })

/** Makes this process look like one of the example's own, until the scope ends. */
const disguise = (settings: Settings, out: Writable, err: Writable): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.sync(() => {
      const { env, exitCode } = process
      process.env = { ...settings }
      process.exitCode = undefined
      const writes = [
        vi.spyOn(process.stdout, "write").mockImplementation((chunk) => out.write(chunk)),
        vi.spyOn(process.stderr, "write").mockImplementation((chunk) => err.write(chunk))
      ]
      return { env, exitCode, writes }
    }),
    ({ env, exitCode, writes }) =>
      Effect.sync(() => {
        for (const write of writes) write.mockRestore()
        process.exitCode = exitCode
        process.env = env
      })
  ))

/** Runs an example in this process. */
const runHere = (example: string, settings: Settings, out: Writable, err: Writable): Effect.Effect<number> =>
  Effect.gen(function*() {
    yield* disguise(settings, out, err)
    // In place of the test's, with which it would share the layers that both build.
    const surroundings: (ofTest: Context.Context<never>) => Context.Context<never> = () =>
      Context.empty().pipe(
        Context.add(Console.Console, new NodeConsole.Console(out, err)),
        Context.add(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: settings })),
        Context.add(Metric.MetricRegistry, new Map())
      )
    const code = yield* Effect.updateContext(yield* load(example), surroundings)
    return code === 0 ? Number(process.exitCode ?? 0) : code
  }).pipe(
    Effect.scoped,
    Effect.ensuring(Effect.sync(() => {
      out.end()
      err.end()
    }))
  )

/** Runs an example, with nothing in its environment but `settings`: in `test:full` as a user would, else in this process. */
export const run: (example: string, settings?: Settings) => Effect.Effect<Ran> = Breadth.isFull
  ? runAsProcess
  : Effect.fnUntraced(function*(example, settings = {}) {
    const [out, err] = [new PassThrough(), new PassThrough()]
    const [code, ...texts] = yield* Effect.all([
      runHere(example, settings, out, err),
      Effect.promise(() => text(out)),
      Effect.promise(() => text(err))
    ], { concurrency: "unbounded" })
    return { code, out: lines(texts[0]), err: lines(texts[1]) }
  })

/** Starts an example that runs until the scope ends. Gives the next line of its output that begins like this. */
export const start = Effect.fnUntraced(function*(example: string, settings: Settings) {
  if (Breadth.isFull) return (yield* Child.start(urlOf(example), settings)).line
  const [out, err] = [new PassThrough(), new PassThrough()]
  yield* Effect.forkScoped(runHere(example, settings, out, err))
  return Child.lines(out)
})
