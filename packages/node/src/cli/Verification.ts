/**
 * Makes the calls of the plan, and compares the responses with the contract.
 *
 * @since 0.1.0
 */
import type * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import * as LiveDeskOpenApi from "@effect-livedesk/core/LiveDeskOpenApi"
import * as Model from "@effect-livedesk/core/Model"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import { type Clients, type Step, steps, type Subjects } from "./VerificationPlan.ts"
import * as WireRecorder from "./WireRecorder.ts"

/**
 * How a call ended.
 *
 * - `documented`: as the vendor's pages show it
 * - `assumed`: as this library assumes, where no page shows it
 * - `drifted`, `unassumed`: otherwise than the one or the other
 * - `unreadable`: with 2xx, and without what makes the response useful
 * - `refused`: by LiveDesk
 * - `accepted`: it should have been refused
 * - `unknown`: LiveDesk may or may not have acted, or the run was interrupted before it responded
 * - `unsent`: the request was not sent
 * - `skipped`: it needed something of an earlier call
 *
 * @category models
 * @since 0.1.0
 */
export type Conclusion =
  | "documented"
  | "assumed"
  | "drifted"
  | "unassumed"
  | "unreadable"
  | "refused"
  | "accepted"
  | "unknown"
  | "unsent"
  | "skipped"

/**
 * What one call showed, as it came. Only `VerificationReport` may show any of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Finding {
  readonly step: Step
  readonly conclusion: Conclusion
  /** The error that the call failed with. */
  readonly error?: LiveDeskError.LiveDeskError
  /** Where the response differs from what the pages show, or from what is assumed where they show nothing. */
  readonly issues: ReadonlyArray<LiveDeskError.Issue>
  /** Fields that are marked as unverified, and were there. */
  readonly seen: ReadonlyArray<ReadonlyArray<string>>
  readonly record: WireRecorder.WireRecord | undefined
  readonly millis?: number
}

// ---------------------------------------------------------------------------------------------------------------------
// comparing
// ---------------------------------------------------------------------------------------------------------------------

/** Compares a response that no page shows with what is assumed of it. */
const assumptionIssues = ({ assumed }: Step["endpoint"]["success"], body: unknown) => {
  if (assumed === undefined || body === undefined) return []
  const read = Model.fromSchema(assumed()).read(body)
  return read instanceof Model.DecodeFailure
    ? read.issues.map(({ expected, path }) => ({ path, message: `Expected ${expected}` }))
    : []
}

const at = (json: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce((json, key) => Predicate.isObject(json) && Object.hasOwn(json, key) ? json[key] : undefined, json)

const document = LiveDeskOpenApi.make()

/** The places in a response that the contract marks as unverified. */
const unverifiedIn = (step: Step, body: unknown): ReadonlyArray<ReadonlyArray<string>> => {
  const resolved = (schema: unknown): unknown => {
    const reference = at(schema, ["$ref"])
    return typeof reference === "string" ? at(document, reference.split("/").slice(1)) : schema
  }
  const found = new Map<string, ReadonlyArray<string>>()
  // As deep as the contract: it has no circles.
  const visit = (given: unknown, body: unknown, path: ReadonlyArray<string>): void => {
    const schema = resolved(given)
    const members = at(schema, ["anyOf"])
    if (Array.isArray(members)) members.forEach((member) => visit(member, body, path))
    if (Array.isArray(body)) {
      const items = at(schema, ["items"])
      if (items !== undefined) body.forEach((item) => visit(items, item, [...path, "0"]))
      return
    }
    const properties = at(schema, ["properties"])
    if (!Predicate.isObject(properties)) return
    for (const [key, property] of Object.entries(properties)) {
      const value = at(body, [key])
      if (value === undefined) continue
      const place = [...path, key]
      if (at(property, ["x-unverified"]) === true) found.set(place.join("."), place)
      visit(property, value, place)
    }
  }
  const { method, path } = step.endpoint
  const place = ["paths", path.replaceAll(/(?<=\/):([A-Za-z_]\w*)/g, "{$1}"), method.toLowerCase()]
  visit(at(document, [...place, "responses", "200", "content", "application/json", "schema"]), body, [])
  return [...found.values()]
}

// ---------------------------------------------------------------------------------------------------------------------
// calling
// ---------------------------------------------------------------------------------------------------------------------

const conclude = (
  step: Step,
  result: Result.Result<unknown, LiveDeskError.LiveDeskError>,
  body: unknown
): Pick<Finding, "conclusion" | "error" | "issues" | "seen"> => {
  const isSuccessExpected = step.expected === "success"
  if (Result.isSuccess(result)) {
    if (!isSuccessExpected) return { conclusion: "accepted", issues: [], seen: [] }
    const issues = assumptionIssues(step.endpoint.success, body)
    const conclusion = step.endpoint.success.assumed === undefined
      ? "documented"
      : issues.length === 0
      ? "assumed"
      : "unassumed"
    return { conclusion, issues, seen: unverifiedIn(step, body) }
  }
  const error = result.failure
  const { reason } = error
  if (reason._tag === "DriftedResponse" || reason._tag === "InvalidResponse") {
    return {
      conclusion: !isSuccessExpected ? "accepted" : reason._tag === "DriftedResponse" ? "drifted" : "unreadable",
      error,
      issues: reason.issues,
      seen: isSuccessExpected ? unverifiedIn(step, body) : []
    }
  }
  const conclusion = error.outcome === "NotSent"
    ? "unsent"
    : error.outcome === "Rejected" || reason._tag === "ErrorCodeReturned"
    ? "refused"
    : "unknown"
  return { conclusion, error, issues: [], seen: [] }
}

/** Whether no later call can end otherwise. */
const isHopeless = ({ conclusion, error }: Finding): boolean => conclusion === "unsent" || error?._tag === "AuthError"

/**
 * Makes the calls one after the other, and adds to `findings` as they come, so that an interrupted run has them. Ends
 * after the first call, which changes nothing, if that shows that no other can succeed.
 *
 * @category running
 * @since 0.1.0
 */
export const run = Effect.fnUntraced(function*(
  clients: Clients,
  recorder: WireRecorder.WireRecorder,
  start: Subjects,
  findings: Array<Finding>
) {
  let subjects = start
  for (const [index, step] of steps.entries()) {
    const call = step.call(clients, subjects)
    if (call === undefined) {
      findings.push({ step, conclusion: "skipped", issues: [], seen: [], record: undefined })
      continue
    }
    recorder.latest = undefined
    const since = yield* Clock.currentTimeMillis
    // What an interruption leaves.
    findings[index] = {
      step,
      conclusion: "unknown",
      issues: [],
      seen: [],
      get record() {
        return recorder.latest
      }
    }
    const result = yield* Effect.result(call)
    const record = recorder.latest
    const body = record === undefined ? undefined : WireRecorder.json(record)
    const finding = {
      step,
      ...conclude(step, result, body),
      record,
      millis: (yield* Clock.currentTimeMillis) - since
    }
    findings[index] = finding
    if (index === 0 && isHopeless(finding)) return
    subjects = { ...subjects, ...step.learn(body) }
  }
})
