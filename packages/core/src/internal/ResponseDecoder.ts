/**
 * Decodes a response: to its endpoint's model, or to an error.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as SchemaParser from "effect/SchemaParser"
import type * as Endpoint from "../Endpoint.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import { DecodeFailure, type DecodeIssue } from "../Model.ts"
import type { RequestToSend } from "../Transport.ts"
import * as Contradiction from "./Contradiction.ts"
import * as ErrorMapping from "./ErrorMapping.ts"
import type { HeaderFields, ResponseBuffer } from "./ResponseBuffer.ts"

interface Settings {
  readonly maxResponseBytes: number
  readonly onDrift: "ignore" | "log" | "fail"
  readonly redact: (text: string) => string
}

/** Receives each decoded response. */
export interface Listener {
  (response: {
    readonly operation: string
    readonly status: number
    readonly headers: HeaderFields
    readonly requestId: string | undefined
    readonly body: unknown
  }): void
}

/** The listener of an effect's calls. */
export const ResponseListener = Context.Reference<Listener | undefined>(
  "@effect-livedesk/core/ResponseListener",
  { defaultValue: () => undefined }
)

/** Decodes a complete response. */
export const decode = <Input, Output>(
  response: ResponseBuffer,
  endpoint: Endpoint.Endpoint<Input, Output>,
  request: RequestToSend,
  settings: Settings,
  { checksDrift, listener, now }: {
    readonly checksDrift: boolean
    readonly listener: Listener | undefined
    readonly now: () => number
  }
): Effect.Effect<Output, LiveDeskError.LiveDeskError> => {
  const { hasCode, success: model } = endpoint
  if (!response.isSuccess) return Effect.fail(ErrorMapping.statusError(response.parts, now()))
  const isBodiless = model.isBodiless === true
  const invalid = (issues: ReadonlyArray<DecodeIssue>) =>
    Effect.fail(ErrorMapping.invalidResponse(response.parts, issues))
  if (response.isTooLarge && !isBodiless) {
    return invalid([{ path: [], expected: `a body of at most ${settings.maxResponseBytes} bytes` }])
  }
  if (response.undecodable !== undefined && !isBodiless) {
    return invalid([{ path: [], expected: `a body of JSON, not one in ${response.undecodable}` }])
  }
  const json = parseJson(response.text)
  if (Option.isNone(json) && !isBodiless) return invalid([{ path: [], expected: "a body of JSON" }])
  const body = Option.getOrUndefined(json)
  const code = hasCode === true ? codeIn(body) : 0
  if (code !== 0) return Effect.fail(ErrorMapping.errorCodeReturned(response.parts, code))
  const value = model.read(body)
  if (value instanceof DecodeFailure) return invalid(value.issues)
  if (listener !== undefined) {
    const { headers, operation, status } = response
    listener({ operation, status, headers, requestId: ErrorMapping.requestIdOf(headers), body })
  }
  return checksDrift ? Effect.as(checkDrift(settings, endpoint, request, response, body), value) : Effect.succeed(value)
}

/** Returns the `code` of a body; 0 for success, and for a body without one, which is left to its model. */
const codeIn = (json: unknown): number | string => {
  const code = Predicate.hasProperty(json, "code") ? json.code : undefined
  if (code === undefined || code === null || code === "0") return 0
  if (typeof code === "number" || typeof code === "string") return code
  return Option.getOrElse(writeJson(code), () => "nested too deep to be printed")
}

const writeJson = Option.liftThrowable((value: unknown): string => JSON.stringify(value))

const parseJson = Option.liftThrowable((text: string): unknown => JSON.parse(text))

const strictly = { errors: "all", onExcessProperty: "error" } as const

const checkDrift = <Output>(
  settings: Settings,
  { path, success: model }: Pick<Endpoint.Endpoint<unknown, Output>, "path" | "success">,
  request: RequestToSend,
  response: ResponseBuffer,
  json: unknown
): Effect.Effect<void, LiveDeskError.ValidationError> => {
  const look = Effect.sync((): ReadonlyArray<LiveDeskError.Issue> => {
    const strict = SchemaParser.decodeUnknownResult(model.documented(), strictly)(json)
    const drifted = Result.isSuccess(strict) ? [] : ErrorMapping.issuesOf(strict.failure).map(({ message, path }) => ({
      path: path.map(settings.redact),
      message
    }))
    return [...drifted, ...Contradiction.issues(path, request, json)]
  })
  if (settings.onDrift === "fail") {
    return Effect.flatMap(
      look,
      (issues) => issues.length === 0 ? Effect.void : Effect.fail(ErrorMapping.driftedResponse(response.parts, issues))
    )
  }
  return Effect.flatMap(look, (issues) =>
    issues.length === 0 ? Effect.void : Effect.logDebug(
      `${response.operation}: the response has drifted from its documentation at ` +
        issues.map(({ message, path }) => `${path.join(".")} (${message})`).join(", ")
    ).pipe(Effect.annotateLogs("livedesk.operation", response.operation)))
}
