/**
 * `livedesk verify`.
 *
 * @since 0.1.0
 */
import * as LiveDeskClient from "@effect-livedesk/core/LiveDeskClient"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Prompt from "effect/cli/Prompt"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import * as NodeLiveDesk from "../NodeLiveDesk.ts"
import * as CommandOutput from "./CommandOutput.ts"
import { InvalidFileError, UsageError, VerificationFailedError } from "./ExitCode.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"
import type { Conclusion, Finding } from "./Verification.ts"
import type { Clients } from "./VerificationPlan.ts"
import type { WireRecorder } from "./WireRecorder.ts"

/**
 * The command `livedesk verify` makes every call, compares the responses with the contract, and writes a report.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make(
  "verify",
  {
    inbox: LiveDeskCall.inbox,
    yes: Flag.Boolean("yes").pipe(
      Flag.withDescription("Do not ask before the calls are made"),
      Flag.withDefault(false)
    ),
    report: Flag.String("report").pipe(
      Flag.withDescription("The folder for verification.md and observations.json"),
      Flag.withMetavar("path"),
      Flag.withDefault("livedesk-verification")
    )
  },
  Effect.fnUntraced(function*({ inbox, report: folder, yes }) {
    const { Verification, VerificationPlan, VerificationReport, WireRecorder } = yield* loaded
    const inboxId = yield* LiveDeskCall.inboxId(inbox)
    if (inboxId < 1) return yield* new UsageError({ message: "--inbox: expected an id: a whole number above 0" })
    const recorder = new WireRecorder.WireRecorder()
    const clients = yield* makeClients(recorder)
    const { baseUrl } = clients.regular
    const subjects = { inboxId, startedAt: yield* Clock.currentTimeMillis }
    const plan = VerificationPlan.text(baseUrl, subjects)
    if (yield* LiveDeskCall.DryRunFlag) {
      return yield* Console.log(
        (yield* CommandOutput.Json) ? CommandOutput.json({ plan: plan.split("\n") }) : plan
      )
    }
    yield* Console.error(plan)
    if (!yes) yield* confirm
    yield* prepare(folder, VerificationReport.fileNames)
    const findings: Array<Finding> = []
    const isLiveDesk = new URL(baseUrl).hostname.endsWith(".engagelab.com")
    const reportNow = () =>
      VerificationReport.make({
        startedAt: subjects.startedAt,
        isLiveDesk,
        findings
      })
    yield* Verification.run(clients, recorder, subjects, findings).pipe(
      Effect.onExit((exit) =>
        VerificationReport.save(reportNow(), folder).pipe(
          Effect.mapError(({ reason }) =>
            new InvalidFileError({ message: `the report cannot be written into ${folder}: ${reason._tag}` })
          ),
          Effect.andThen(
            Exit.isSuccess(exit)
              ? Effect.void
              : Console.error(`interrupted: what was seen so far is in the folder ${folder}`)
          )
        )
      )
    )
    yield* CommandOutput.print(
      { report: folder, calls: reportNow().rows },
      ({ calls }) => calls.map((call) => ({ ...call }))
    )
    yield* Console.error(
      `The report is in the folder ${folder}. ${
        isLiveDesk
          ? "Read it, then attach it to an issue of this library."
          : "It verifies nothing about LiveDesk itself."
      }`
    )
    const failures = findings.filter(({ conclusion, step }) =>
      failed.has(conclusion) || (conclusion === "refused" && step.expected === "success")
    )
    if (failures.length > 0) {
      return yield* new VerificationFailedError({
        message: `${failures.length} of ${VerificationPlan.steps.length} calls ended otherwise than expected`,
        first: failures.find(({ error }) => error !== undefined)?.error
      })
    }
  }, Effect.scoped)
).pipe(
  Command.withDescription(
    "Make every call and some that must be refused, compare the responses with their documentation, and write a report " +
      "that is fit to be published: personal values are replaced. Creates a contact, a conversation and a ticket, which " +
      "no call can delete. Shows its plan and asks before it sends anything; --dry-run shows the plan alone"
  ),
  Command.withShortDescription("Find out whether LiveDesk does as documented"),
  Command.withExamples([
    { command: "livedesk verify --inbox 407 --dry-run", description: "See what it would do" },
    { command: "livedesk verify --inbox 407 --report verified", description: "Do it, with the report in a folder" }
  ])
)

/** Loaded on demand, so that the other commands begin sooner. */
const loaded = Effect.promise(async () => ({
  Verification: await import("./Verification.ts"),
  VerificationPlan: await import("./VerificationPlan.ts"),
  VerificationReport: await import("./VerificationReport.ts"),
  WireRecorder: await import("./WireRecorder.ts")
}))

/** How no call should end. */
const failed: ReadonlySet<Conclusion> = new Set(["drifted", "unassumed", "unreadable", "unknown", "unsent"])

const makeClients = (recorder: WireRecorder) => {
  const make = ({ transformClient = recorder.transform, ...options }: NodeLiveDesk.ClientOptionsConfig = {}) =>
    Effect.map(
      Layer.build(NodeLiveDesk.layerConfig({
        onDrift: "fail",
        // A second attempt would hide how the first one ended.
        retries: { times: 0 },
        proxy: "environment",
        transformClient,
        ...options
      })),
      (context) => Context.get(context, LiveDeskClient.LiveDeskClient)
    )
  return Effect.all(
    {
      regular: make(),
      withoutKey: make({
        transformClient: (client) =>
          recorder.transform(HttpClient.mapRequest(client, HttpClientRequest.removeHeader("authorization")))
      }),
      wrongSecret: make({ apiSecret: Redacted.make("livedesk-verify-wrong-secret") })
    } satisfies { readonly [Name in keyof Clients]: unknown }
  )
}

const confirm = Effect.gen(function*() {
  if ((yield* CommandOutput.Json) || !process.stdin.isTTY || !process.stdout.isTTY) {
    return yield* new UsageError({
      message: "nothing was sent: without a terminal to ask at, --yes says that the calls may be made"
    })
  }
  const isConfirmed = yield* Effect.catchTag(
    Prompt.run(Prompt.Confirm({ message: "Make these calls?" })),
    "QuitError",
    () => Effect.interrupt
  )
  if (!isConfirmed) return yield* new UsageError({ message: "nothing was sent" })
})

/** Makes the folder before anything is sent: a report that cannot be written would be lost. */
const prepare = Effect.fnUntraced(
  function*(folder: string, fileNames: ReadonlyArray<string>) {
    const fileSystem = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* fileSystem.makeDirectory(folder, { recursive: true })
    yield* fileSystem.access(folder, { writable: true })
    for (const name of fileNames) {
      if (yield* fileSystem.exists(path.join(folder, name))) {
        return yield* new UsageError({
          message: `nothing was sent: ${folder} has a report already. Name another folder by --report`
        })
      }
    }
  },
  (preparing, folder) =>
    Effect.catchTag(preparing, "PlatformError", ({ reason }) =>
      Effect.fail(
        new InvalidFileError({
          message: `nothing was sent: the folder ${folder} cannot be made or written to: ${reason._tag}`
        })
      ))
)
