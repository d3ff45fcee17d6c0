/**
 * Fails when a program of one call grows, or gets parts of the library into its bundle that it does not use: above all the
 * emulator; and when an entry point with all that it exports grows. Run with `pnpm size`.
 */
import { rmSync } from "node:fs"
import * as Path from "node:path"
import * as Bundle from "./Bundle.ts"
import * as Shipped from "./Shipped.ts"

/** Somewhat above what it is, in bytes, so that growing is a decision. */
const limit = 56_100

/** Likewise, of the entry points with Effect. */
const limitsInBrowsers: { readonly [entry: string]: number } = {
  "@effect-livedesk/core": 94_900,
  "@effect-livedesk/core/LiveDeskOpenApi": 73_000,
  "@effect-livedesk/core/agents": 68_100,
  "@effect-livedesk/core/flows": 64_500,
  "@effect-livedesk/core/imports": 76_700,
  "@effect-livedesk/core/testing": 122_000,
  "@effect-livedesk/core/webhooks": 88_400
}

/** Likewise, of the entry points by themselves. */
const limitsOnNode: { readonly [entry: string]: number } = {
  "@effect-livedesk/node": 8_200,
  "@effect-livedesk/node/NodeAgents": 3_200,
  "@effect-livedesk/node/NodeFlows": 5_850,
  "@effect-livedesk/node/NodeImport": 5_700,
  "@effect-livedesk/node/NodeSqlite": 1_800
}

/** Likewise, of what they load only when it is needed: the emulator's inbox, and what shares flows by PostgreSQL. */
const limitsLater: { readonly [entry: string]: number } = {
  "@effect-livedesk/node": 32_500,
  "@effect-livedesk/node/NodeFlows": 400
}

/** The modules of the library that a creation of a contact over fetch needs. */
const needed = [
  "ContactProfile",
  "Contacts",
  "Endpoint",
  "FetchTransport",
  "LiveDeskClient",
  "LiveDeskError",
  "LiveDeskSchema",
  "Model",
  "ModelField",
  "RetryPolicy",
  "Transport",
  "internal/CallExecution",
  "internal/CallGrace",
  "internal/ClientSettings",
  "internal/ContentCoding",
  "internal/Contradiction",
  "internal/EndpointCall",
  "internal/EndpointRequest",
  "internal/ErrorBody",
  "internal/ErrorExcerpt",
  "internal/ErrorMapping",
  "internal/ErrorMessage",
  "internal/Instrumentation",
  "internal/ResponseBuffer",
  "internal/ResponseDecoder",
  "internal/RetryOptions",
  "internal/Retryability",
  "internal/TransportFailure",
  "internal/Utf8",
  "internal/WireTime",
  "internal/isJsonObject",
  "internal/redact",
  "internal/surrogateIssues"
]

const folder = Shipped.make()
try {
  const { modules, size } = await Bundle.make(Path.join(folder, "effect-livedesk.js"))
  const ours = modules.flatMap((module) => /@effect-livedesk\/(?:core|node)\/dist\/(.+)\.js$/.exec(module)?.[1] ?? [])
  const problems = [
    ...(size > limit ? [`${size} bytes, more than ${limit}`] : []),
    ...ours.filter((module) => !needed.includes(module)).map((module) => `${module} is in it`),
    ...needed.filter((module) => !ours.includes(module)).map((module) => `${module} is not in it`)
  ]
  process.stdout.write(`a program of one call, minified and gzipped: ${size} bytes\n`)
  for (const [platform, limits] of [["browser", limitsInBrowsers], ["node", limitsOnNode]] as const) {
    for (const [entry, most] of Object.entries(limits)) {
      const { later, size } = await Bundle.ofEntry(entry, folder, platform)
      process.stdout.write(`${entry}: ${size} bytes${later === 0 ? "" : `, and ${later} when they are needed`}\n`)
      if (size > most) problems.push(`${entry}: ${size} bytes, more than ${most}`)
      const mostLater = limitsLater[entry] ?? 0
      if (later > mostLater) problems.push(`${entry}: ${later} bytes when they are needed, more than ${mostLater}`)
    }
  }
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}
