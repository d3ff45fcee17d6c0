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
import * as CommandOutput from "./CommandOutput.ts"
import * as ContactsCommand from "./ContactsCommand.ts"
import * as ConversationsCommand from "./ConversationsCommand.ts"
import * as DoctorCommand from "./DoctorCommand.ts"
import * as DraftsCommand from "./DraftsCommand.ts"
import * as EmulatorCommand from "./EmulatorCommand.ts"
import * as ExitCode from "./ExitCode.ts"
import * as ImportCommand from "./ImportCommand.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"
import * as McpCommand from "./McpCommand.ts"
import * as MessagesCommand from "./MessagesCommand.ts"
import * as TicketsCommand from "./TicketsCommand.ts"
import * as WebhooksCommand from "./WebhooksCommand.ts"

const command = Command.make("livedesk").pipe(
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
  Command.withSubcommands([
    ContactsCommand.command,
    ConversationsCommand.command,
    MessagesCommand.command,
    TicketsCommand.command,
    ImportCommand.command,
    EmulatorCommand.command,
    DoctorCommand.command,
    WebhooksCommand.command,
    McpCommand.command,
    DraftsCommand.command
  ]),
  Command.withGlobalFlags([CommandOutput.Json, LiveDeskCall.DryRunFlag])
)

/** Leaves invalid arguments to `main`, which prints all errors: on standard error, without the help. */
const presenter = CliOutput.layerPresenter({
  present: (event) => event._tag === "InvalidInvocation" ? Effect.void : CliOutput.defaultPresenter.present(event)
})

/**
 * The environment, then the file `.env`. A file that cannot be read is reported when a setting is missing. Proxies are
 * the environment's alone: a file that came with a repository must not lead requests elsewhere.
 */
const settings = ConfigProvider.layerAdd(
  ConfigProvider.fromDotEnv().pipe(
    Effect.map((file) => ConfigProvider.make((path) => isProxy(path) ? Effect.undefined : file.load(path))),
    Effect.catch(({ reason }) => {
      if (reason._tag === "NotFound") return Effect.succeed(ConfigProvider.fromEnv({ env: {} }))
      const message = `.env cannot be read: ${reason._tag}. Fix it, or set everything in the environment`
      return Effect.succeed(
        ConfigProvider.make((path) =>
          isProxy(path) ? Effect.undefined : Effect.fail(new ConfigProvider.SourceError({ message }))
        )
      )
    })
  )
)

const isProxy = ([name]: ConfigProvider.Path): boolean => typeof name === "string" && /_proxy$/i.test(name)

/**
 * Runs the command with these arguments, prints failures on standard error, and returns the exit code.
 *
 * @category running
 * @since 0.1.0
 */
export const main = (args: ReadonlyArray<string>, version: string): Effect.Effect<ExitCode.ExitCode> => {
  const isJson = CommandOutput.isJsonAsked(args)
  return Command.runWith(command, { version })(args).pipe(
    Effect.provide(
      Layer.mergeAll(presenter, logger, settings, Telemetry.layer({ metrics: false })).pipe(
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

const logger = Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)])
