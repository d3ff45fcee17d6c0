/**
 * What goes wrong with requests, and which of them it strikes. `Faults` has it too, and is what tests import.
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
 * Whether a fault strikes before or after the server has acted upon the request. The client cannot tell.
 *
 * @category models
 * @since 0.1.0
 */
export type Moment = "BeforeProcessing" | "AfterProcessing"

/**
 * What goes wrong with one request.
 *
 * - `Refused`, `DnsFailed`: no connection, so that nothing is sent
 * - `Silent`: no response ever comes; only the client's timeout ends it
 * - `Reset`: the connection is lost before a response
 * - `CutShort`: the server acts, and its response breaks off after so many bytes
 * - `SlowBody`: the server acts, and its response comes so many bytes at a time, with a pause between
 * - `RateLimited`: 429, with or without `Retry-After`, which is in seconds or a date
 * - `Failing`: an error page of HTML, with or without `Retry-After`
 * - `MalformedBody`: the server acts, and where that succeeds it returns 200 with another body than it should
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
  Failing: { readonly status: 500 | 502 | 503; readonly when: Moment; readonly retryAfter?: string }
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
    Fault.Failing({ status: 502, when }),
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
 * A fault as text, as `Failing status 500 when AfterProcessing`; without its body.
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
 * What happens to one request of a script: a fault, or nothing.
 *
 * @category models
 * @since 0.1.0
 */
export type Step = Fault | "Pass"

/**
 * The key of a script's requests: the operation, `METHOD /path` where no operation of this library has them (an id in
 * the path is `:id`), or `*` for all.
 *
 * @category models
 * @since 0.1.0
 */
export type Operation = "*" | Endpoints.Operation | `${string} /${string}`

/**
 * Faults by the operation's name: its first request meets the first step, and so on; those after the last pass. The steps
 * under `*` count over all requests, and hold where the operation has none.
 *
 * @category models
 * @since 0.1.0
 */
export interface Script {
  readonly _tag: "Script"
  readonly steps: { readonly [operation in Operation]?: ReadonlyArray<Step> }
}

/**
 * Faults by chance: of `rate` of all requests, each kind as often, drawn by a generator of its own that begins at `seed`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Seeded {
  readonly _tag: "Seeded"
  readonly seed: string | number
  /** From 0, for none, to 1, for every request. */
  readonly rate: number
  /** The faults to draw from. Defaults to `kinds`. */
  readonly faults?: ReadonlyArray<Fault> | undefined
}

/**
 * Which requests meet which faults.
 *
 * @category models
 * @since 0.1.0
 */
export type Plan = Script | Seeded

/**
 * Faults by the operation's name.
 *
 * ```ts
 * // The second message gets a 429, and when it is sent again the connection is lost after LiveDesk acted.
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
 * Faults by chance.
 *
 * @category constructors
 * @since 0.1.0
 */
export const seeded = (options: Omit<Seeded, "_tag">): Seeded => ({ _tag: "Seeded", ...options })

/**
 * Every script with one fault of one kind at one of the first so many requests: what a program must survive to survive any
 * single fault.
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
 * A plan that cannot be followed: `problem` says what is wrong with it.
 *
 * @category errors
 * @since 0.1.0
 */
export class PlanError extends Data.TaggedError("PlanError")<{ readonly problem: string }> {
  override get message(): string {
    return this.problem
  }
}
