/**
 * `livedesk emulator`.
 *
 * @since 0.1.0
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Setting from "../internal/Setting.ts"
import * as CommandOutput from "./CommandOutput.ts"
import * as EnvFile from "./EnvFile.ts"
import { UsageError } from "./ExitCode.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"
import * as Settings from "./Settings.ts"

/**
 * The command `livedesk emulator`, which runs an emulated LiveDesk.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make(
  "emulator",
  {
    port: Flag.Int("port").pipe(Flag.withDescription("The port; defaults to a free one"), LiveDeskCall.optional),
    host: Flag.String("host").pipe(
      Flag.withDescription("The address to listen on; defaults to 127.0.0.1, which only this machine reaches"),
      LiveDeskCall.optional
    ),
    file: Flag.String("file").pipe(
      Flag.withDescription("A JSON file to load the state from and to save it to"),
      Flag.withMetavar("path"),
      LiveDeskCall.optional
    ),
    webhook: Flag.String("webhook").pipe(
      Flag.withDescription("The webhook to deliver events to; signed if LIVEDESK_WEBHOOK_SECRET is set"),
      Flag.withMetavar("url"),
      LiveDeskCall.optional
    ),
    allowedHosts: Flag.String("allow-host").pipe(
      Flag.withDescription(
        "A name that programs reach the emulator by, such as that of its container; may be given several times"
      ),
      Flag.withMetavar("name"),
      Flag.atLeast(0)
    ),
    keepsBodies: Flag.Boolean("keep-bodies").pipe(
      Flag.withDescription("Show queries and bodies of the last requests at /inbox, kept in memory; on by default"),
      Flag.withDefault(true)
    ),
    faults: Flag.String("fault").pipe(
      Flag.withDescription(
        "A fault of the next request of an operation, such as messages.send=Reset:AfterProcessing, or of the next two " +
          "with :2 behind it; may be given several times"
      ),
      Flag.withMetavar("operation=fault"),
      Flag.atLeast(0)
    ),
    inboxes: Flag.Int("inbox").pipe(
      Flag.withDescription("An inbox of the emulator, by its id; defaults to 407; may be given several times"),
      Flag.atLeast(0)
    )
  },
  Effect.fnUntraced(function*({ allowedHosts, faults, file, host = "127.0.0.1", inboxes, keepsBodies, port, webhook }) {
    yield* LiveDeskCall.rejectDryRun("emulator", "it sends nothing to LiveDesk")
    if (port !== undefined && (port < 0 || port > 65_535)) {
      return yield* new UsageError({ message: "--port: expected a number from 0 to 65535" })
    }
    if (host === "") return yield* new UsageError({ message: "--host: expected an address such as 127.0.0.1" })
    const [envFile, ...others] = yield* Settings.Files
    if (others.length > 0) return yield* new UsageError({ message: "--settings-file: the emulator writes to one file" })
    const isNew = envFile !== undefined && !(yield* (yield* FileSystem.FileSystem).exists(envFile))
    const secret = yield* isNew ? secretWithoutFile : webhookSecret
    const { Emulator, FaultFlag, Faults, NodeEmulator } = yield* loaded
    const plan = yield* FaultFlag.read(faults)
    return yield* Effect.gen(function*() {
      yield* Faults.Faults.use(({ setPlan }) => setPlan(plan))
      const { baseUrl } = yield* NodeEmulator.NodeEmulator
      const { credentials } = yield* Emulator.Emulator
      // The emulator's own credentials are no secret: they open nothing else.
      const settings = {
        LIVEDESK_BASE_URL: baseUrl,
        LIVEDESK_API_KEY: Redacted.value(credentials.apiKey),
        LIVEDESK_API_SECRET: Redacted.value(credentials.apiSecret),
        LIVEDESK_INBOX_ID: String(inboxes[0] ?? 407)
      }
      if (envFile !== undefined) {
        yield* EnvFile.write(envFile, settings, ["LIVEDESK_API_KEY", "LIVEDESK_API_SECRET"])
        yield* Console.error(`its settings are in ${CommandOutput.printable(envFile)}`)
      }
      const pages = {
        docs: `${baseUrl}/docs`,
        inbox: `${baseUrl}/inbox`,
        ...(webhook === undefined ? {} : {
          // The query of an address may hold a token.
          webhook: `${webhook.replace(/[?#].*/, "")} (${
            Option.isSome(secret) ? "signed" : "not signed: LIVEDESK_WEBHOOK_SECRET is not set"
          })`
        })
      }
      yield* Console.log(
        (yield* CommandOutput.Json)
          ? CommandOutput.json({ ...settings, ...pages })
          // In the format of a file .env.
          : [
            ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
            ...Object.entries(pages).map(([name, value]) => CommandOutput.printable(`# ${name}: ${value}`))
          ].join("\n")
      )
      if (!isLoopback(host)) {
        yield* Console.error(
          `anyone who can reach ${CommandOutput.printable(host)} can read and change what this emulator holds`
        )
      }
      return yield* Effect.never
    }).pipe(
      Effect.provide(NodeEmulator.layer({
        port,
        host,
        file,
        allowedHosts,
        keepsBodies,
        ...(inboxes.length === 0 ? {} : { inboxes: inboxes.map((id) => ({ id, name: `Inbox ${id}` })) }),
        ...(webhook === undefined ? {} : { webhook: { url: webhook, secret: Option.getOrUndefined(secret) } })
      })),
      Effect.catchTag(
        "ServeError",
        () =>
          Effect.fail(new UsageError({ message: `port ${port ?? 0} of ${host} cannot be listened on; is it taken?` }))
      )
    )
  })
).pipe(
  Command.withDescription("Run an emulated LiveDesk on a port of this machine, until Ctrl-C"),
  Command.withExamples([{
    command: "livedesk emulator --settings-file .env",
    description: "Run it on a free port, and write its settings to .env, beside what is there"
  }, {
    command: "livedesk emulator --port 8407 --file livedesk.json --webhook http://127.0.0.1:3000/webhooks/livedesk",
    description: "Run it on a fixed port, with its state in a file, and deliver events to a webhook"
  }, {
    command: "livedesk emulator --settings-file .env --fault messages.send=Reset:AfterProcessing",
    description: "Store the next message, and lose the response: its outcome is Unknown"
  }])
)

/** As `webhookSecret`, where the file that is to be written is not there yet. */
const secretWithoutFile = Effect.catchTag(
  Effect.suspend(() => webhookSecret),
  "ConfigError",
  (error) => error.cause._tag === "SourceError" ? Effect.succeedNone : Effect.fail(error)
)

/** Loaded on demand, so that the other commands begin sooner. */
const loaded = Effect.promise(async () => ({
  Emulator: await import("@effect-livedesk/core/testing/Emulator"),
  FaultFlag: await import("./FaultFlag.ts"),
  Faults: await import("@effect-livedesk/core/testing/Faults"),
  NodeEmulator: await import("../NodeEmulator.ts")
}))

const isLoopback = (host: string): boolean => /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/i.test(host)

/**
 * The secret to sign webhooks with, from `LIVEDESK_WEBHOOK_SECRET`; none if it is not set. Fails if it begins or ends
 * with white space, such as the line break of a mounted file.
 *
 * @category settings
 * @since 0.1.0
 */
export const webhookSecret: Config.Config<Option.Option<Redacted.Redacted>> = Config.option(
  Setting.secret("LIVEDESK_WEBHOOK_SECRET")
)
