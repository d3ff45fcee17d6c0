/**
 * The calls of commands, with settings from the environment, or simulated by `--dry-run`.
 *
 * @since 0.1.0
 */
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import type * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Setting from "../internal/Setting.ts"
import * as NodeLiveDesk from "../NodeLiveDesk.ts"
import * as CommandOutput from "./CommandOutput.ts"
import * as DryRun from "./DryRun.ts"
import { UsageError } from "./ExitCode.ts"
import { WriteWatch } from "./WriteWatch.ts"

/**
 * The global flag `--dry-run`: requests are shown and not sent.
 *
 * @category flags
 * @since 0.1.0
 */
export const DryRunFlag = GlobalFlag.Setting("dry-run")({
  flag: Flag.Boolean("dry-run").pipe(
    Flag.withDescription(
      "Send nothing: print the requests that would be sent, credentials masked; of an import, check the whole file"
    ),
    Flag.withDefault(false)
  )
})

/**
 * Rejects `--dry-run` for a command that does not have it, with the reason.
 *
 * @category flags
 * @since 0.1.0
 */
export const rejectDryRun = Effect.fnUntraced(function*(command: string, why: string) {
  if (yield* DryRunFlag) return yield* new UsageError({ message: `${command} has no --dry-run: ${why}` })
})

/**
 * Makes a flag optional.
 *
 * @category flags
 * @since 0.1.0
 */
export const optional = <A>(flag: Flag.Flag<A>): Flag.Flag<A | undefined> =>
  Flag.map(Flag.optional(flag), Option.getOrUndefined)

/**
 * The flag `--inbox`: the inbox to work in.
 *
 * @category flags
 * @since 0.1.0
 */
export const inbox: Flag.Flag<number | undefined> = Flag.Int("inbox").pipe(
  Flag.withDescription("The inbox, by the id that the console calls Channel ID; defaults to LIVEDESK_INBOX_ID"),
  optional
)

/**
 * Returns the named inbox, or that of `LIVEDESK_INBOX_ID`.
 *
 * @category settings
 * @since 0.1.0
 */
export const inboxId = (named: number | undefined): Effect.Effect<number, Config.ConfigError> =>
  Effect.gen(function*() {
    return named ?? (yield* NodeLiveDesk.inboxId.pipe(
      Effect.catch(({ message }) => Setting.configError(`${message}, or give the inbox with --inbox`))
    ))
  })

/**
 * Makes calls, prints their results and returns them; with `--dry-run`, prints the requests and sends nothing.
 *
 * @category running
 * @since 0.1.0
 */
export const perform = Effect.fnUntraced(function*<A, E>(
  call: Effect.Effect<A, E, NodeLiveDesk.Provided>,
  rows: (value: A) => CommandOutput.Row | ReadonlyArray<CommandOutput.Row>
) {
  if (yield* DryRunFlag) {
    const { requests } = yield* DryRun.make(call)
    yield* DryRun.print(DryRun.shown(requests))
    return undefined
  }
  const value = yield* provide(call)
  yield* CommandOutput.print(value, rows)
  return value
})

/**
 * Provides calls with the services, and settings from the environment. Interrupted, it prints what may have become of
 * the latest write.
 *
 * @category running
 * @since 0.1.0
 */
export const provide = Effect.fnUntraced(function*<A, E, R>(call: Effect.Effect<A, E, R>) {
  const { report, transform } = new WriteWatch()
  return yield* call.pipe(
    Effect.provide(NodeLiveDesk.layerConfig({ proxy: "environment", transformClient: transform })),
    Effect.onInterrupt(() => report)
  )
})
