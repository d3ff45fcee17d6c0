/**
 * Changes modules in small ways, one after the other, and counts the changes that no test notices. Run with
 * `pnpm mutants` for the modules below, or with `pnpm mutants <module>... <test file>...` for others.
 *
 * The changes are made in a copy of the repository, which is gone afterwards, whatever ends the run.
 */
import { Stryker } from "@stryker-mutator/core"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

interface Target {
  /** The path of a module from the repository's root. */
  readonly module: string
  /** The test files that should notice; by default all that import the module, however indirectly. */
  readonly tests?: ReadonlyArray<string>
}

const [core, tests, nodeTests] = ["packages/core/src", "test/core", "test/node"]

/** The modules that decide. */
const defaults: ReadonlyArray<Target> = [
  { module: `${core}/RetryPolicy.ts`, tests: [`${tests}/Retries.test.ts`] },
  { module: `${core}/RateLimit.ts`, tests: [`${tests}/Limits.test.ts`] },
  { module: `${core}/internal/Retryability.ts`, tests: [`${tests}/LiveDeskError.test.ts`, `${tests}/Retries.test.ts`] },
  { module: `${core}/LiveDeskError.ts`, tests: [`${tests}/LiveDeskError.test.ts`] },
  {
    module: `${core}/internal/ErrorMapping.ts`,
    tests: [`${tests}/LiveDeskError.test.ts`, `${tests}/Limits.test.ts`, `${tests}/Retries.test.ts`]
  },
  { module: `${core}/Breaker.ts`, tests: [`${tests}/Limits.test.ts`, `${nodeTests}/Telemetry.test.ts`] },
  { module: `${core}/Model.ts`, tests: [`${tests}/Model.test.ts`] },
  {
    module: `${core}/Contacts.ts`,
    tests: [
      `${tests}/Contacts.test.ts`,
      `${tests}/ContactStream.test.ts`,
      `${tests}/ConversationStart.test.ts`,
      `${tests}/Ensure.test.ts`,
      `${tests}/EnsuredContact.test.ts`,
      `${tests}/RestPayloads.test.ts`,
      "test/Conformance.test.ts"
    ]
  },
  {
    module: `${core}/internal/ContactLookup.ts`,
    tests: [`${tests}/Contacts.test.ts`, `${tests}/Ensure.test.ts`, `${tests}/EnsuredContact.test.ts`]
  },
  { module: `${core}/webhooks/WebhookSignature.ts`, tests: [`${tests}/WebhookSignature.test.ts`] },
  { module: `${core}/imports/ImportMapping.ts`, tests: [`${tests}/ImportMapping.test.ts`] },
  { module: `${core}/imports/ImportRows.ts`, tests: [`${tests}/ImportRows.test.ts`] },
  ...[
    "imports/ImportJournal.ts",
    "internal/ImportRow.ts",
    "internal/JournalChange.ts",
    "internal/JournalResolution.ts",
    "internal/JournalTable.ts",
    "internal/SqlRows.ts"
  ].map((module) => ({
    module: `${core}/${module}`,
    tests: [`${nodeTests}/ImportJournal.test.ts`, `${nodeTests}/ContactImport.test.ts`]
  })),
  { module: `${core}/flows/FlowStep.ts`, tests: [`${tests}/Flows.test.ts`, `${tests}/FlowWaits.test.ts`] }
]

const isTest = (path: string): boolean => path.endsWith(".test.ts")

const folder = mkdtempSync(join(tmpdir(), "effect-livedesk-mutants-"))
process.once("exit", () => rmSync(folder, { recursive: true, force: true }))

const count = async ({ module, tests }: Target): Promise<string> => {
  // Stryker's own `testFiles` runs no test for a mutant that acts while its module loads, which survives then.
  if (tests === undefined) delete process.env["MUTANTS_TESTS"]
  else process.env["MUTANTS_TESTS"] = tests.join(",")
  const results = await new Stryker({
    configFile: "test/mutants/stryker.config.json",
    mutate: [module],
    plugins: [import.meta.resolve("@stryker-mutator/vitest-runner")],
    tempDirName: folder
  }).runMutationTest()
  const mutants = results.filter(({ status }) => status !== "Ignored")
  const having = (...statuses: ReadonlyArray<string>) =>
    mutants.filter(({ status }) => statuses.includes(status)).length
  return [
    `${module}: ${mutants.length} mutants`,
    `${having("Killed")} killed`,
    // Such as by a module that no longer loads.
    `${having("RuntimeError")} crashed`,
    `${having("Timeout")} timed out`,
    `${having("Survived", "NoCoverage")} survived`
  ].join(", ")
}

const given = process.argv.slice(2)
const [givenTests, modules] = [given.filter(isTest), given.filter((path) => !isTest(path))]
const targets = modules.length === 0 ? defaults : modules.map((module): Target => ({
  ...defaults.find((target) => target.module === module),
  module,
  ...(givenTests.length === 0 ? {} : { tests: givenTests })
}))

const counted: Array<string> = []
for (const target of targets) counted.push(await count(target))
process.stdout.write(["", ...counted, ""].join("\n"))
