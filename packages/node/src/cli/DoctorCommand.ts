/**
 * `livedesk doctor`.
 *
 * @since 0.1.0
 */
import * as Contacts from "@effect-livedesk/core/Contacts"
import * as LiveDeskClient from "@effect-livedesk/core/LiveDeskClient"
import type * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import * as Command from "effect/cli/Command"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as HttpProxy from "../internal/HttpProxy.ts"
import * as NodeLiveDesk from "../NodeLiveDesk.ts"
import * as CommandOutput from "./CommandOutput.ts"
import * as ExitCode from "./ExitCode.ts"
import * as LiveDeskCall from "./LiveDeskCall.ts"

interface Finding {
  readonly check: "settings" | "proxy" | "inbox" | "service" | "credentials" | "contract"
  readonly result: "ok" | "wrong" | "not set" | "not looked at"
  readonly detail: string
  readonly error?: unknown
}

const ok = (check: Finding["check"], detail: string): Finding => ({ check, result: "ok", detail })
const wrong = (check: Finding["check"], error: unknown, detail = ExitCode.messageOf(error)): Finding => ({
  check,
  result: "wrong",
  detail: detail.replaceAll("\n", "; "),
  error
})
const skipped = (check: Finding["check"]): Finding => ({ check, result: "not looked at", detail: "" })

/**
 * The command `livedesk doctor` checks settings, service, credentials and responses. It reads one page of contacts.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make(
  "doctor",
  {},
  Effect.fnUntraced(function*() {
    yield* LiveDeskCall.rejectDryRun("doctor", "it has to call LiveDesk, and changes nothing")
    const findings = [...(yield* look), yield* inbox]
    yield* CommandOutput.print(
      findings.map(({ check, detail, result }) => ({ check, result, detail })),
      (findings) => findings
    )
    const bad = findings.filter(({ result }) => result === "wrong")
    if (bad.length > 0) {
      return yield* new ExitCode.DoctorFailedError({
        message: `something is wrong with: ${bad.map(({ check }) => check).join(", ")}`,
        first: bad[0]?.error
      })
    }
  })
).pipe(
  Command.withDescription(
    "Check that the settings can be used, the service responds, the credentials work, and the responses are as " +
      "documented. Reads one page of contacts, and changes nothing"
  ),
  Command.withShortDescription("Check settings, service and credentials"),
  Command.withExamples([{ command: "livedesk doctor", description: "Find out why nothing works" }])
)

/** Checks the only optional setting: commands also take the inbox by `--inbox`. */
const inbox = Effect.gen(function*() {
  const isSet = Option.isSome(yield* Config.option(Config.String("LIVEDESK_INBOX_ID")))
  const id = yield* Effect.result(NodeLiveDesk.inboxId)
  return Result.isSuccess(id)
    ? ok("inbox", `${id.success} is a valid id; only a create shows whether the inbox exists`)
    : isSet
    ? wrong("inbox", id.failure)
    : {
      check: "inbox",
      result: "not set",
      detail: "commands that need an inbox take it from --inbox; set LIVEDESK_INBOX_ID to leave that out"
    } satisfies Finding
}).pipe(Effect.catchTag("ConfigError", (error) => Effect.succeed(wrong("inbox", error))))

const page = Contacts.Contacts.use((contacts) => contacts.list({ page: 1 }, { retries: { times: 0 } }))

/** The proxy that the call goes through, if any. */
const proxy = Effect.gen(function*() {
  const { baseUrl } = yield* LiveDeskClient.LiveDeskClient
  const proxies = yield* HttpProxy.fromEnvironment
  const use = proxies === undefined ? undefined : HttpProxy.describe(proxies, baseUrl)
  return use === undefined ? [] : [ok("proxy", use)]
})

/** One call checks all of it: the findings follow from how far it came. */
const look: Effect.Effect<ReadonlyArray<Finding>> = Effect.provide(
  Effect.map(Effect.all([proxy, Effect.result(page)]), ([proxy, result]): ReadonlyArray<Finding> => [
    ok("settings", "can be used"),
    ...proxy,
    ...(Result.isSuccess(result)
      ? [
        ok("service", "responds"),
        ok("credentials", "work"),
        ok("contract", "the page of contacts is as documented")
      ]
      : diagnosis(result.failure))
  ]),
  NodeLiveDesk.layerConfig({ onDrift: "fail", proxy: "environment" })
).pipe(
  Effect.catchTag("ConfigError", (error) =>
    Effect.succeed<ReadonlyArray<Finding>>([
      wrong("settings", error),
      skipped("service"),
      skipped("credentials"),
      skipped("contract")
    ]))
)

const diagnosis = (error: LiveDeskError.LiveDeskError): ReadonlyArray<Finding> => {
  if (error.foreignMediaType !== undefined) {
    return [
      wrong("service", error, `${error.message} Check that LIVEDESK_BASE_URL is LiveDesk's`),
      skipped("credentials"),
      skipped("contract")
    ]
  }
  switch (error._tag) {
    case "AuthError":
      return [ok("service", "responds"), wrong("credentials", error), skipped("contract")]
    case "ValidationError":
      return error.reason._tag === "DriftedResponse"
        ? [
          ok("service", "responds"),
          ok("credentials", "work"),
          wrong(
            "contract",
            error,
            `differs from the documentation at ${
              error.reason.issues.map(({ message, path }) => `${path.join(".")} (${message})`).join(", ")
            }`
          )
        ]
        // Such a response may come from another server than LiveDesk's.
        : [
          ok("service", "responds"),
          skipped("credentials"),
          wrong("contract", error, `${error.reason.message}; check that LIVEDESK_BASE_URL is LiveDesk's`)
        ]
    case "HttpError":
      return [wrong("service", error), skipped("credentials"), skipped("contract")]
  }
}
