/**
 * The exit codes of the command, and the text of its errors.
 *
 * @since 0.1.0
 */
import * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import * as Cause from "effect/Cause"
import * as CliError from "effect/cli/CliError"
import type * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as CommandOutput from "./CommandOutput.ts"

/**
 * The exit codes, with their meanings.
 *
 * @category models
 * @since 0.1.0
 */
export const meanings = {
  0: "done",
  1: "something unexpected, such as a file that cannot be read",
  2: "arguments, settings or input that cannot be used; nothing was sent",
  3: "credentials that LiveDesk does not take, or that cannot be used (AuthError)",
  4: "rejected by LiveDesk, or a response that cannot be read (ValidationError)",
  5: "no connection, no response in time, or a failure of LiveDesk's; running it again does no harm (HttpError)",
  6: "not found (HttpError with NotFound)",
  7: "done, but rows were rejected or are unknown, or a receiver refused the webhook",
  8: "a response that differs from its documentation, which doctor and verify look for",
  9: "LiveDesk may have acted (outcome Unknown or Processed): look before you run it again",
  129: "ended by a closed terminal or a dropped connection (SIGHUP)",
  130: "ended by Ctrl-C",
  143: "ended by SIGTERM",
  149: "ended by Ctrl-Break (SIGBREAK, on Windows)"
} as const

/**
 * An exit code.
 *
 * @category models
 * @since 0.1.0
 */
export type ExitCode = keyof typeof meanings

/**
 * All was done, but some of it failed; the output lists what.
 *
 * @category errors
 * @since 0.1.0
 */
export class PartialFailureError
  extends Schema.TaggedError<PartialFailureError>()("PartialFailureError", { message: Schema.String })
{}

/**
 * LiveDesk may have acted.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnknownOutcomeError
  extends Schema.TaggedError<UnknownOutcomeError>()("UnknownOutcomeError", { message: Schema.String })
{}

/**
 * A file cannot be read.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidFileError
  extends Schema.TaggedError<InvalidFileError>()("InvalidFileError", { message: Schema.String })
{}

/**
 * A server other than LiveDesk's, such as a webhook receiver, sent no response.
 *
 * @category errors
 * @since 0.1.0
 */
export class NoResponseError
  extends Schema.TaggedError<NoResponseError>()("NoResponseError", { message: Schema.String })
{}

/**
 * The doctor found something wrong; the exit code is that of the first failure.
 *
 * @category errors
 * @since 0.1.0
 */
export class DoctorFailedError
  extends Data.TaggedError("DoctorFailedError")<{ readonly message: string; readonly first: unknown }>
{}

/**
 * The verification saw calls end otherwise than expected; the exit code is that of the first failure, if there is one.
 *
 * @category errors
 * @since 0.1.0
 */
export class VerificationFailedError
  extends Data.TaggedError("VerificationFailedError")<{ readonly message: string; readonly first: unknown }>
{}

/**
 * The arguments cannot be used.
 *
 * @category errors
 * @since 0.1.0
 */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", { message: Schema.String }) {}

/**
 * The exit code of a failure.
 *
 * @category converting
 * @since 0.1.0
 */
export const ofCause = (cause: Cause.Cause<unknown>): ExitCode => {
  if (Cause.hasInterruptsOnly(cause)) return 130
  return ofError(Cause.squash(cause))
}

// By their tags, which also those of another copy of a module have.
const isConfigError = (error: unknown): error is Config.ConfigError => Predicate.isTagged(error, "ConfigError")
const isDoctorFailedError = (error: unknown): error is DoctorFailedError =>
  Predicate.isTagged(error, "DoctorFailedError")
const isVerificationFailedError = (error: unknown): error is VerificationFailedError =>
  Predicate.isTagged(error, "VerificationFailedError")

const ofError = (error: unknown): ExitCode => {
  if (CliError.isCliError(error)) return error._tag === "ShowHelp" && error.errors.length === 0 ? 0 : 2
  if (isConfigError(error) || Predicate.isTagged(error, "UsageError")) return 2
  if (isDoctorFailedError(error)) return ofError(error.first)
  if (isVerificationFailedError(error)) return error.first === undefined ? 8 : ofError(error.first)
  if (Predicate.isTagged(error, "NoResponseError")) return 5
  if (Predicate.isTagged(error, "PartialFailureError")) return 7
  if (Predicate.isTagged(error, "UnknownOutcomeError")) return 9
  if (!LiveDeskError.isLiveDeskError(error)) return 1
  if (
    LiveDeskError.mayHaveTakenEffect(error) && error.isCallIdempotent !== true &&
    error.reason._tag !== "DriftedResponse"
  ) {
    return 9
  }
  switch (error._tag) {
    case "AuthError":
      return 3
    case "ValidationError":
      return error.reason._tag === "InvalidInput" ? 2 : error.reason._tag === "DriftedResponse" ? 8 : 4
    case "HttpError":
      return error.reason._tag === "NotFound" ? 6 : 5
  }
}

const encode = Schema.encodeUnknownSync(Schema.toCodecJson(LiveDeskError.LiveDeskError))

/**
 * Renders a failure for standard error, as text or as JSON. Returns `undefined` if everything was printed before.
 *
 * @category converting
 * @since 0.1.0
 */
export const render = (cause: Cause.Cause<unknown>, isJson: boolean): string | undefined => {
  if (Cause.hasInterruptsOnly(cause)) return undefined
  const error = Cause.squash(cause)
  if (CliError.isCliError(error) && error._tag === "ShowHelp") {
    return error.errors.length === 0 ? undefined : document(usageOf(error), isJson)
  }
  const { _tag, message } = named(error)
  if (!LiveDeskError.isLiveDeskError(error)) return document({ _tag, message }, isJson)
  const encoded = encode(error)
  return document(Object.assign({}, encoded, { message }), isJson)
}

const document = (rendered: { readonly _tag?: string; readonly message: string }, isJson: boolean): string =>
  isJson ? CommandOutput.json(rendered, 0) : CommandOutput.printable(rendered.message)

const usageOf = ({ commandPath, errors }: CliError.ShowHelp) => {
  // The parser takes each character of a value such as -x@acme.inc as a flag.
  const letters = errors.filter((error) => error._tag === "UnrecognizedOption" && !error.option.startsWith("--"))
  const message = [
    ...errors.filter((error) => error === letters[0] || !letters.includes(error)).map(({ message }) =>
      message.replace(/Expected (?:a string representing a finite number|an integer)$/, "Expected a whole number")
    ),
    ...(letters.length === 0
      ? []
      : ["Give a value that begins with a dash as --flag=-value, or after --"]),
    `${commandPath.join(" ")} --help lists what can be given`
  ].join("\n")
  return { _tag: "UsageError", message }
}

const named = (error: unknown) => ({
  _tag: Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? error._tag : "UnexpectedError",
  message: messageOf(error)
})

/**
 * The message of an error.
 *
 * @category converting
 * @since 0.1.0
 */
export const messageOf = (error: unknown): string => {
  if (isConfigError(error) && error.cause._tag === "SourceError") return error.cause.message
  return Predicate.hasProperty(error, "message") && typeof error.message === "string" ? error.message : String(error)
}
