/**
 * `livedesk`: the whole command.
 *
 * @since 0.1.0
 */
import * as Telemetry from "@effect-livedesk/core/Telemetry"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Struct from "effect/Struct"
import * as CommandOutput from "./CommandOutput.ts"
import * as ExitCode from "./ExitCode.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"
import * as Settings from "./Settings.ts"

/**
 * The commands, each loaded when it is needed.
 *
 * @category commands
 * @since 0.1.0
 */
export const commands = {
  contacts: () => import("./ContactsCommand.ts"),
  conversations: () => import("./ConversationsCommand.ts"),
  messages: () => import("./MessagesCommand.ts"),
  tickets: () => import("./TicketsCommand.ts"),
  import: () => import("./ImportCommand.ts"),
  emulator: () => import("./EmulatorCommand.ts"),
  doctor: () => import("./DoctorCommand.ts"),
  verify: () => import("./VerifyCommand.ts"),
  webhooks: () => import("./WebhooksCommand.ts"),
  mcp: () => import("./McpCommand.ts"),
  drafts: () => import("./DraftsCommand.ts")
}

/** Whether the arguments ask for the one command that their first word names. */
const isOne = ([first = "", ...others]: ReadonlyArray<string>): boolean =>
  Object.hasOwn(commands, first) && !others.some((argument) => argument.startsWith("--completions"))

/** The command with the subcommand that the arguments name; with all of them if they name none. */
const load = (args: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const modules = await Promise.all(
      Struct.keys(commands).filter((name) => !isOne(args) || name === args[0]).map((name) => commands[name]())
    )
    return Command.make("livedesk").pipe(
      Command.withDescription(
        [
          "EngageLab LiveDesk from the command line.",
          "",
          "Settings come from the environment or the file .env in the working directory: LIVEDESK_API_KEY,",
          "LIVEDESK_API_SECRET, LIVEDESK_BASE_URL, LIVEDESK_TIMEOUT, LIVEDESK_INBOX_ID, LIVEDESK_WEBHOOK_SECRET.",
          "",
          "Exit codes:",
          ...Object.entries(ExitCode.meanings).map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`)
        ].join("\n")
      ),
      Command.withShortDescription("EngageLab LiveDesk from the command line"),
      Command.withSubcommands(modules.map(({ command }) => command)),
      Command.provideEffect(ConfigProvider.ConfigProvider, Settings.make),
      Command.withGlobalFlags([CommandOutput.Json, LiveDeskCall.DryRunFlag, Settings.Files, Settings.NoFile])
    )
  })

/** Leaves invalid arguments to `main`, which prints all errors: on standard error, without the help. */
const presenter = CliOutput.layerPresenter({
  present: (event) => event._tag === "InvalidInvocation" ? Effect.void : CliOutput.defaultPresenter.present(event)
})

/**
 * Runs the command with these arguments, prints failures on standard error, and returns the exit code.
 *
 * @category running
 * @since 0.1.0
 */
export const main = (args: ReadonlyArray<string>, version: string): Effect.Effect<ExitCode.ExitCode> => {
  const isJson = CommandOutput.isJsonAsked(args)
  return Effect.flatMap(load(args), (command) => Command.runWith(command, { version })(args)).pipe(
    Effect.provideService(CommandOutput.Arguments, args),
    Effect.provide(
      Layer.mergeAll(presenter, logger, Telemetry.layer({ metrics: false })).pipe(
        Layer.provideMerge(NodeServices.layer)
      )
    ),
    Effect.matchCauseEffect({
      onFailure: (cause) => {
        const rendered = ExitCode.render(cause, isJson)
        const code = ExitCode.ofCause(cause)
        return rendered === undefined ? Effect.succeed(code) : Effect.as(Console.error(rendered), code)
      },
      onSuccess: () => Effect.succeed<ExitCode.ExitCode>(0)
    })
  )
}

/** A retry is one plain line. Who asks for a level gets all that is known of each event. */
const formatLog = Logger.make<unknown, string>((options) =>
  CommandOutput.printable(
    options.fiber.getRef(References.MinimumLogLevel) === "Info" && Array.isArray(options.message)
      ? options.message.map(CommandOutput.plainText).join(" ")
      : Logger.formatLogFmt.log(options)
  )
)

const logger = Logger.layer([Logger.withConsoleError(formatLog)])
