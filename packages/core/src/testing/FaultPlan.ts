/**
 * Faults, and plans of which requests meet them. `Faults` exports them too, and is what tests import.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type * as Endpoints from "../Endpoints.ts"

// ---------------------------------------------------------------------------------------------------------------------
// faults
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Whether a fault strikes before or after the server has processed the request. The client cannot tell.
 *
 * @category models
 * @since 0.1.0
 */
export type Moment = "BeforeProcessing" | "AfterProcessing"

/**
 * A fault of one request.
 *
 * - `Refused`, `DnsFailed`: no connection, so nothing is sent
 * - `Silent`: no response; only the client's timeout ends the request
 * - `Reset`: the connection is lost before a response
 * - `CutShort`: the server processes the request, and its response breaks off after `bytes`
 * - `SlowBody`: the server processes the request, and its response comes `bytes` at a time, with a pause between
 * - `RateLimited`: 429, with or without `Retry-After`, which is in seconds or a date
 * - `Failing`: an error, with or without `Retry-After`: by default in JSON as Rails writes it, which Chatwoot runs on
 *   (inherited, unverified); with `format: "html"` the page of a proxy or gateway
 * - `MalformedBody`: the server processes the request, and on success returns 200 with another body than it should
 *
 * @category models
 * @since 0.1.0
 */
export type Fault = Data.TaggedEnum<{
  Refused: {}
  DnsFailed: {}
  Silent: { readonly when: Moment }
  Reset: { readonly when: Moment }
  CutShort: { readonly bytes: number }
  SlowBody: { readonly bytes: number; readonly pause: Duration.Input }
  RateLimited: { readonly retryAfter?: string }
  Failing: {
    readonly status: 500 | 502 | 503
    readonly when: Moment
    readonly retryAfter?: string
    readonly format?: "json" | "html"
  }
  MalformedBody: { readonly body: string }
}>

/**
 * The constructors of faults: `Fault.Reset({ when: "AfterProcessing" })`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const Fault = Data.taggedEnum<Fault>()

const moments: ReadonlyArray<Moment> = ["BeforeProcessing", "AfterProcessing"]

/**
 * A fault of each kind, with each of its moments and statuses.
 *
 * @category constructors
 * @since 0.1.0
 */
export const kinds: ReadonlyArray<Fault> = [
  Fault.Refused(),
  Fault.DnsFailed(),
  ...moments.flatMap((when) => [
    Fault.Silent({ when }),
    Fault.Reset({ when }),
    Fault.Failing({ status: 500, when }),
    Fault.Failing({ status: 502, when, format: "html" }),
    Fault.Failing({ status: 503, when, retryAfter: "1" })
  ]),
  Fault.CutShort({ bytes: 10 }),
  Fault.SlowBody({ bytes: 100, pause: "50 millis" }),
  Fault.RateLimited({}),
  Fault.RateLimited({ retryAfter: "2" }),
  Fault.MalformedBody({ body: "<html><title>Log in</title></html>" }),
  Fault.MalformedBody({ body: "{}" })
]

/**
 * Describes a fault, such as `Failing status 500 when AfterProcessing`, without its body.
 *
 * @category accessors
 * @since 0.1.0
 */
export const describe = ({ _tag, ...parameters }: Fault): string =>
  [_tag, ...Object.entries(parameters).flatMap(([name, value]) => name === "body" ? [] : [`${name} ${String(value)}`])]
    .join(" ")

// ---------------------------------------------------------------------------------------------------------------------
// plans
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A step of a script: a fault for one request, or `"Pass"` for none.
 *
 * @category models
 * @since 0.1.0
 */
export type Step = Fault | "Pass"

/**
 * The key of requests in a script: the operation, `METHOD /path` if it is no operation of this library (an id in the
 * path is `:id`), or `*` for all.
 *
 * @category models
 * @since 0.1.0
 */
export type Operation = "*" | Endpoints.Operation | `${string} /${string}`

/**
 * Faults by operation. An operation's first request meets its first step, and so on; requests after the last step pass.
 * The steps under `*` count over all requests, and apply if the operation has no step for the request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Script {
  readonly _tag: "Script"
  readonly steps: { readonly [operation in Operation]?: ReadonlyArray<Step> }
}

/**
 * Random faults for a share of all requests, each equally likely, from a generator of its own that begins at `seed`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Seeded {
  readonly _tag: "Seeded"
  readonly seed: string | number
  /** The share of requests, from 0 to 1. */
  readonly rate: number
  /** The faults to draw from. Defaults to `kinds`. */
  readonly faults?: ReadonlyArray<Fault> | undefined
}

/**
 * A plan of which requests meet which faults.
 *
 * @category models
 * @since 0.1.0
 */
export type Plan = Script | Seeded

/**
 * Creates a plan of faults by operation.
 *
 * ```ts
 * // The second message gets a 429, and its retry loses the connection after LiveDesk has processed it.
 * Faults.script({
 *   "messages.send": [
 *     "Pass",
 *     Faults.Fault.RateLimited({ retryAfter: "2" }),
 *     Faults.Fault.Reset({ when: "AfterProcessing" })
 *   ]
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const script = (steps: Script["steps"]): Script => ({ _tag: "Script", steps })

/**
 * Creates a plan of random faults.
 *
 * @category constructors
 * @since 0.1.0
 */
export const seeded = (options: Omit<Seeded, "_tag">): Seeded => ({ _tag: "Seeded", ...options })

/**
 * Every script with one fault of `kinds` at one of the first `requests` requests. A program that survives them all
 * survives any single fault.
 *
 * @category constructors
 * @since 0.1.0
 */
export const singleFaults = (requests: number): ReadonlyArray<Script> =>
  Array.from(
    { length: requests },
    (_, index) =>
      kinds.map((fault) => script({ "*": [...Array.from({ length: index }, () => "Pass" as const), fault] }))
  ).flat()

/**
 * The plan is invalid; `problem` says why.
 *
 * @category errors
 * @since 0.1.0
 */
export class PlanError extends Data.TaggedError("PlanError")<{ readonly problem: string }> {
  override get message(): string {
    return this.problem
  }
}
