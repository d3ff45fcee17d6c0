/**
 * `livedesk doctor`.
 *
 * @since 0.1.0
 */
import * as Contacts from "@effect-livedesk/core/Contacts"
import type * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as NodeLiveDesk from "../NodeLiveDesk.ts"
import * as CommandOutput from "./CommandOutput.ts"
import { PartlyDone, UsageError } from "./ExitCode.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"

interface Finding {
  readonly check: "settings" | "inbox" | "service" | "credentials" | "contract"
  readonly result: "ok" | "wrong" | "not looked at"
  readonly detail: string
}

const ok = (check: Finding["check"], detail: string): Finding => ({ check, result: "ok", detail })
const wrong = (check: Finding["check"], detail: string): Finding => ({ check, result: "wrong", detail })
const skipped = (check: Finding["check"]): Finding => ({ check, result: "not looked at", detail: "" })

/**
 * The command that looks at settings, service, credentials and answers. It reads one page of contacts and changes nothing.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make(
  "doctor",
  {},
  Effect.fnUntraced(function*() {
    if (yield* LiveDeskCall.DryRun) return yield* new UsageError({ message: "doctor has no --dry-run" })
    const inbox = yield* Effect.result(LiveDeskCall.inboxId(undefined))
    const findings = [...(yield* look), inboxFinding(inbox)]
    yield* CommandOutput.print(findings, (findings) => findings.map((finding) => ({ ...finding })))
    const bad = findings.filter(({ result }) => result === "wrong").map(({ check }) => check)
    if (bad.length > 0) return yield* new PartlyDone({ message: `something is wrong with: ${bad.join(", ")}` })
  })
).pipe(
  Command.withDescription(
    "Look whether the settings can be used, the service answers, the credentials work, and where its answers differ " +
      "from its documentation. Reads one page of contacts, and changes nothing"
  ),
  Command.withShortDescription("Look whether settings, service and credentials are right"),
  Command.withExamples([{ command: "livedesk doctor", description: "Find out why nothing works" }])
)

const inboxFinding = (inbox: Result.Result<number, { readonly message: string }>): Finding =>
  Result.isSuccess(inbox)
    ? ok("inbox", `${inbox.success}, by its form; whether it is there, only a create tells`)
    : wrong("inbox", inbox.failure.message)

const page = Contacts.Contacts.use((contacts) => contacts.list({ page: 1 }, { retries: { times: 0 } }))

/** One call tells all of it: how far it came. */
const look: Effect.Effect<ReadonlyArray<Finding>> = Effect.provide(
  Effect.map(Effect.result(page), (answer): ReadonlyArray<Finding> => [
    ok("settings", "can be used"),
    ...(Result.isSuccess(answer)
      ? [
        ok("service", "answers"),
        ok("credentials", "work"),
        ok("contract", "the page of contacts is as documented")
      ]
      : diagnosis(answer.failure))
  ]),
  NodeLiveDesk.layerConfig({ onDrift: "fail" })
).pipe(
  Effect.catchTag("ConfigError", (error) =>
    Effect.succeed<ReadonlyArray<Finding>>([
      wrong("settings", error.message),
      skipped("service"),
      skipped("credentials"),
      skipped("contract")
    ]))
)

const diagnosis = (error: LiveDeskError.LiveDeskError): ReadonlyArray<Finding> => {
  switch (error._tag) {
    case "AuthError":
      return [ok("service", "answers"), wrong("credentials", error.message), skipped("contract")]
    case "ValidationError":
      return error.reason._tag === "AnswerDrifted"
        ? [
          ok("service", "answers"),
          ok("credentials", "work"),
          wrong("contract", error.reason.issues.map(({ message, path }) => `${path.join(".")} (${message})`).join(", "))
        ]
        : [ok("service", "answers"), ok("credentials", "work"), wrong("contract", error.message)]
    case "HttpError":
      return [wrong("service", error.message), skipped("credentials"), skipped("contract")]
  }
}
