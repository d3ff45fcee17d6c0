/**
 * The files of `livedesk verify`: what LiveDesk did, without anything personal. Findings reach a reader only from here.
 *
 * @since 0.1.0
 */
import * as Endpoints from "@effect-livedesk/core/Endpoints"
import type * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type * as PlatformError from "effect/PlatformError"
import type * as Schema from "effect/Schema"
import { Anonymizer } from "./Anonymizer.ts"
import * as CommandOutput from "./CommandOutput.ts"
import type { Finding } from "./Verification.ts"
import * as VerificationPlan from "./VerificationPlan.ts"
import * as Vocabulary from "./Vocabulary.ts"
import * as WireRecorder from "./WireRecorder.ts"

/**
 * A run, as far as it came.
 *
 * @category models
 * @since 0.1.0
 */
export interface Run {
  /** The beginning, in milliseconds since 1970. */
  readonly startedAt: number
  /** Whether the address is of the vendor's: else a run verifies nothing about LiveDesk. */
  readonly isLiveDesk: boolean
  readonly findings: ReadonlyArray<Finding>
}

/**
 * One call, to be printed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Row {
  readonly call: string
  readonly what: string
  readonly result: string
}

/**
 * The files of a run by their names, and its calls.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  readonly files: { readonly [name in typeof fileNames[number]]: string }
  readonly rows: ReadonlyArray<Row>
}

/**
 * The names of the files.
 *
 * @category models
 * @since 0.1.0
 */
export const fileNames = ["verification.md", "observations.json"] as const

// ---------------------------------------------------------------------------------------------------------------------
// words
// ---------------------------------------------------------------------------------------------------------------------

const conclusions: { readonly [conclusion in Finding["conclusion"]]: string } = {
  documented: "as documented",
  assumed: "as assumed, and on no page",
  drifted: "drifted from its page",
  unassumed: "otherwise than assumed, and on no page",
  unreadable: "unreadable",
  refused: "refused",
  accepted: "not refused",
  unknown: "unknown: LiveDesk may have acted or not",
  unsent: "not sent",
  skipped: "left out, for want of an earlier call's result"
}

/** What an error says besides its class: the known words of its messages, and what the client itself knows. */
const errorOf = (
  { outcome, reason, status, ...error }: LiveDeskError.LiveDeskError,
  anonymizer: Anonymizer
): string => {
  const messages = "messages" in reason ? reason.messages.slice(0, 3).map(Vocabulary.sentence) : []
  const code = reason._tag === "ErrorCodeReturned"
    ? [
      `code ${
        typeof reason.code === "number" ? anonymizer.number("code", reason.code) : anonymizer.text("code", reason.code)
      }`
    ]
    : []
  const fields = "fields" in reason ? reason.fields.slice(0, 8).map((field) => anonymizer.path(field.split("."))) : []
  return [
    `${status ?? "no response"} ${error._tag}/${reason._tag}, ${outcome}`,
    ...code,
    ...messages.filter((message) => message !== "").map((message) => `"${message}"`),
    ...(fields.length === 0 ? [] : [`fields ${fields.join(", ")}`])
  ].join(", ")
}

const resultOf = ({ conclusion, error, record }: Finding, anonymizer: Anonymizer): string => {
  const isShown = error !== undefined && error.reason._tag !== "DriftedResponse"
  const status = record?.response?.status
  return `${conclusions[conclusion]}${
    isShown ? ` (${errorOf(error, anonymizer)})` : status === undefined ? "" : ` (${status})`
  }`
}

const dateOf = (startedAt: number): string => DateTime.formatIsoDateUtc(DateTime.makeUnsafe(startedAt))

// ---------------------------------------------------------------------------------------------------------------------
// the table
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The table of all endpoints, with what a run at LiveDesk showed of each.
 *
 * @category formatting
 * @since 0.1.0
 */
export const table = (run: Pick<Run, "findings" | "isLiveDesk" | "startedAt">): string => {
  const rows = Endpoints.all.map(({ method, operation, path }) => {
    const cell = (expected: VerificationPlan.Step["expected"], show: (finding: Finding) => string) => {
      const seen = run.isLiveDesk
        ? run.findings.filter(({ conclusion, step }) =>
          step.endpoint.operation === operation && step.expected === expected && conclusion !== "skipped" &&
          conclusion !== "unsent"
        ).map(show)
        : []
      return seen.length === 0 ? "not yet seen" : `${dateOf(run.startedAt)}: ${[...new Set(seen)].join("; ")}`
    }
    return [
      `\`${operation}\``,
      `\`${method} ${path}\``,
      cell("success", ({ conclusion }) => conclusions[conclusion]),
      cell(
        "refusal",
        ({ conclusion, record, step: { what } }) =>
          `${what}: ${conclusion === "refused" ? record?.response?.status ?? "refused" : conclusions[conclusion]}`
      )
    ]
  })
  return columns(["call", "request", "response", "refusals"], rows)
}

const columns = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const width = (column: number) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0))
  const line = (row: ReadonlyArray<string>) =>
    `| ${row.map((cell, column) => cell.padEnd(width(column))).join(" | ")} |`
  return [line(head), line(head.map((_, column) => "-".repeat(width(column)))), ...rows.map(line)].join("\n")
}

// ---------------------------------------------------------------------------------------------------------------------
// the files
// ---------------------------------------------------------------------------------------------------------------------

const observation = (finding: Finding, result: string, anonymizer: Anonymizer) => {
  const { millis, record, step: { endpoint, expected, what } } = finding
  const response = record?.response
  return {
    call: endpoint.operation,
    what,
    expected,
    result,
    millis: millis ?? null,
    request: record === undefined ? null : {
      method: endpoint.method,
      path: pathOf(endpoint.path, record.pathname, anonymizer),
      query: Object.fromEntries(
        record.query.map(([name, value]) => [anonymizer.name(name), anonymizer.text(name, value)])
      ),
      body: anonymizer.body(record.body)
    },
    response: record === undefined || response === undefined ? null : {
      status: response.status,
      headers: anonymizer.headers(response.headers),
      ...bodyOf(record, anonymizer)
    }
  }
}

/** The path of an endpoint, with the ids of the request. */
const pathOf = (path: string, pathname: string, anonymizer: Anonymizer): string => {
  const template = path.split("/")
  const segments = pathname.split("/").slice(-template.length)
  return template.map((segment, index) =>
    segment.startsWith(":") ? anonymizer.text(segment.slice(1), decodeURIComponent(segments[index] ?? "")) : segment
  ).join("/")
}

const bodyOf = (
  record: WireRecorder.WireRecord,
  anonymizer: Anonymizer
): { readonly body?: Schema.Json; readonly notJson?: string } => {
  const body = WireRecorder.json(record)
  const { bytes = 0, status = 0 } = record.response ?? {}
  return body === undefined
    ? { notJson: `up to ${10 ** Math.ceil(Math.log10(bytes + 1)) - 1} bytes` }
    : { body: anonymizer.body(body, status >= 300) }
}

/** Matches headers of limits and of request ids. */
const noteworthy = /limit|quota|remaining|reset|retry-after|request-id|trace|correlation|runtime/

const headerLines = (observations: ReadonlyArray<ReturnType<typeof observation>>): ReadonlyArray<string> => {
  const seen = new Map<string, { value: string; times: number }>()
  for (const { response } of observations) {
    for (const [name, value] of Object.entries(response?.headers ?? {})) {
      if (!noteworthy.test(name)) continue
      const before = seen.get(name)
      seen.set(name, { value, times: (before?.times ?? 0) + 1 })
    }
  }
  return seen.size === 0
    ? ["None."]
    : [...seen].map(([name, { times, value }]) =>
      `- \`${name}\`: in ${times} of ${observations.length} calls, the last time \`${value}\``
    )
}

/**
 * Makes the report of a run. Whatever came from the server passes through one `Anonymizer`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (run: Run): Report => {
  const anonymizer = new Anonymizer()
  const results = run.findings.map((finding) => ({ finding, result: resultOf(finding, anonymizer) }))
  const observations = results.map(({ finding, result }) => observation(finding, result, anonymizer))
  const planned = VerificationPlan.steps.length
  const isComplete = run.findings.length === planned &&
    run.findings.every(({ conclusion, error }) => conclusion !== "unknown" || error !== undefined)
  const markdown = [
    "# What `livedesk verify` saw",
    "",
    `On ${dateOf(run.startedAt)}, ${
      run.isLiveDesk ? "at LiveDesk." : "at another address than LiveDesk's: this verifies nothing about LiveDesk."
    } ${
      isComplete
        ? `All ${planned} calls were made.`
        : `The run ended early, after ${run.findings.length} of ${planned} calls.`
    } Texts, ids and unknown names are replaced; \`observations.json\` has requests and responses likewise.`,
    "",
    "## Endpoints",
    "",
    run.isLiveDesk
      ? "These rows replace those of `docs/verified.md`:"
      : "Another server fills no row of `docs/verified.md`:",
    "",
    table(run),
    "",
    "## Calls",
    "",
    ...results.flatMap(({ finding: { issues, millis, seen, step }, result }) => [
      `- \`${step.endpoint.operation}\`, ${step.what}: ${result}${millis === undefined ? "" : `, ${millis} ms`}`,
      ...lines(
        issues.map(({ message, path }) =>
          `  - differs at \`${anonymizer.path(path) || "the whole"}\`: ${Vocabulary.sentence(message)}`
        )
      ),
      ...(seen.length === 0
        ? []
        : [`  - fields that no page shows there: ${seen.map((path) => `\`${anonymizer.path(path)}\``).join(", ")}`])
    ]),
    "",
    "## Headers that look like limits or request ids",
    "",
    ...headerLines(observations),
    "",
    "## What stays behind",
    "",
    ...VerificationPlan.leftBehind(run).map((what) => `- ${what}`),
    ""
  ].join("\n")
  return {
    files: {
      "verification.md": markdown,
      "observations.json": `${CommandOutput.json({ date: dateOf(run.startedAt), isComplete, calls: observations })}\n`
    },
    rows: results.map(({ finding: { step }, result }) => ({
      call: step.endpoint.operation,
      what: step.what,
      result
    }))
  }
}

/** Each line once, since entries of a list differ in the same places. */
const lines = (all: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(all)]

/**
 * Writes the files of a report into a folder, each beside its name and then renamed, so that none is partial.
 *
 * @category writing
 * @since 0.1.0
 */
export const save = Effect.fnUntraced(function*(
  { files }: Report,
  folder: string
): Effect.fn.Return<void, PlatformError.PlatformError, FileSystem.FileSystem | Path.Path> {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  for (const name of fileNames) yield* fileSystem.writeFileString(path.join(folder, `${name}.part`), files[name])
  for (const name of fileNames) yield* fileSystem.rename(path.join(folder, `${name}.part`), path.join(folder, name))
})
