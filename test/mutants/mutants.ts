/**
 * Changes modules in small ways, one after the other, and counts the changes that no test notices. Run with
 * `pnpm mutants` for the modules below, or with `pnpm mutants <module>... <test file>...` for others.
 *
 * The changes are made in a copy of the repository, which is gone afterwards, whatever ends the run.
 */
import { Stryker } from "@stryker-mutator/core"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

interface Target {
  /** The path of a module from the repository's root. */
  readonly module: string
  /** The declarations to change; all of them by default. */
  readonly declarations?: ReadonlyArray<string>
  /** The test files that should notice; by default all that import the module, however indirectly. */
  readonly tests?: ReadonlyArray<string>
}

/** The small modules that decide. */
const defaults: ReadonlyArray<Target> = [
  { module: "packages/core/src/RetryPolicy.ts", tests: ["test/core/Retries.test.ts"] },
  {
    module: "packages/core/src/LiveDeskError.ts",
    declarations: [
      "outcomeOf",
      "isTransient",
      "transientReasons",
      "mayHaveTakenEffect",
      "createdId",
      "bySeverity",
      "worstOutcome",
      "withAttempts",
      "asTransition",
      "statusError",
      "redirects",
      "retryAfterCeiling",
      "retryAfterIn",
      "errorCodeReturned",
      "responseLost",
      "timedOut",
      "timedOutInQueue",
      "circuitOpen",
      "dispatchFailed"
    ],
    tests: ["test/core/LiveDeskError.test.ts", "test/core/Limits.test.ts", "test/core/Retries.test.ts"]
  },
  { module: "packages/core/src/webhooks/WebhookSignature.ts", tests: ["test/core/WebhookSignature.test.ts"] },
  { module: "packages/core/src/imports/ImportMapping.ts", tests: ["test/core/ImportMapping.test.ts"] }
]

const isTest = (path: string): boolean => path.endsWith(".test.ts")

/** The lines of a declaration, which end at the next blank one. Line numbers in the list above would go stale. */
const linesOf = (module: string, declaration: string): string => {
  const lines = readFileSync(module, "utf8").split("\n")
  const first = lines.findIndex((line) => new RegExp(`^(?:export )?const ${declaration}\\b`).test(line))
  if (first < 0) throw new Error(`${module} declares no ${declaration}`)
  return `${module}:${first + 1}-${lines.indexOf("", first)}`
}

const folder = mkdtempSync(join(tmpdir(), "effect-livedesk-mutants-"))
process.once("exit", () => rmSync(folder, { recursive: true, force: true }))

const count = async ({ declarations, module, tests }: Target): Promise<string> => {
  // Stryker's own `testFiles` runs no test for a mutant that acts while its module loads, which survives then.
  if (tests === undefined) delete process.env["MUTANTS_TESTS"]
  else process.env["MUTANTS_TESTS"] = tests.join(",")
  const results = await new Stryker({
    configFile: "test/mutants/stryker.config.json",
    mutate: declarations?.map((declaration) => linesOf(module, declaration)) ?? [module],
    plugins: [import.meta.resolve("@stryker-mutator/vitest-runner")],
    tempDirName: folder
  }).runMutationTest()
  const mutants = results.filter(({ status }) => status !== "Ignored")
  const having = (...statuses: ReadonlyArray<string>) =>
    mutants.filter(({ status }) => statuses.includes(status)).length
  return [
    `${module}: ${mutants.length} mutants`,
    `${having("Killed", "RuntimeError")} killed`,
    `${having("Timeout")} timed out`,
    `${having("Survived", "NoCoverage")} survived`
  ].join(", ")
}

const given = process.argv.slice(2)
const [tests, modules] = [given.filter(isTest), given.filter((path) => !isTest(path))]
const targets = modules.length === 0 ? defaults : modules.map((module): Target => ({
  ...defaults.find((target) => target.module === module),
  module,
  ...(tests.length === 0 ? {} : { tests })
}))

const counted: Array<string> = []
for (const target of targets) counted.push(await count(target))
process.stdout.write(["", ...counted, ""].join("\n"))
