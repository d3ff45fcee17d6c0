import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { posix } from "node:path"

/** The floor of every module: an import, of a type too, goes to a strictly lower one. */
const floors: { readonly [module: string]: number } = {
  "core/src/Model.ts": 0,
  "core/src/Transport.ts": 0,
  "core/src/flows/OutcomeProbe.ts": 0,
  "core/src/LiveDeskSchema.ts": 0,
  "core/src/flows/IntentLog.ts": 0,
  "core/src/flows/BusinessHours.ts": 0,
  "core/src/flows/Resolution.ts": 0,
  "core/src/imports/ImportProgress.ts": 0,
  "core/src/imports/ImportRows.ts": 0,
  "core/src/internal/RateLimitGate.ts": 0,
  "core/src/internal/ErrorBody.ts": 0,
  "core/src/internal/Instrumentation.ts": 0,
  "core/src/internal/redact.ts": 0,
  "core/src/webhooks/DeliveryStore.ts": 0,
  "core/src/internal/Utf8.ts": 0,
  "core/src/internal/WireTime.ts": 0,
  "core/src/webhooks/WebhookSignature.ts": 1,
  "core/src/internal/HttpClientDispatch.ts": 1,
  "core/src/LiveDeskError.ts": 1,
  "core/src/ModelField.ts": 2,
  "core/src/FetchTransport.ts": 1,
  "core/src/Telemetry.ts": 1,
  "core/src/flows/Reconciliation.ts": 1,
  "core/src/webhooks/PersistedDeliveryStore.ts": 1,
  "core/src/internal/isJsonObject.ts": 1,
  "core/src/Breaker.ts": 2,
  "core/src/ContactProfile.ts": 3,
  "core/src/Endpoint.ts": 2,
  "core/src/RateLimit.ts": 2,
  "core/src/RetryPolicy.ts": 2,
  "core/src/LiveDeskClient.ts": 3,
  "core/src/Contacts.ts": 5,
  "core/src/Conversations.ts": 5,
  "core/src/Messages.ts": 5,
  "core/src/Tickets.ts": 5,
  "core/src/ConversationStart.ts": 7,
  "core/src/LiveDesk.ts": 6,
  "core/src/LiveDeskOpenApi.ts": 8,
  "core/src/flows/FlowStep.ts": 6,
  "core/src/testing/EmulatorState.ts": 7,
  "core/src/webhooks/WebhookConversation.ts": 6,
  "core/src/Endpoints.ts": 6,
  "core/src/internal/messageIssues.ts": 6,
  "core/src/testing/StoredRecord.ts": 6,
  "core/src/imports/ImportJournal.ts": 2,
  "core/src/internal/ContactStream.ts": 2,
  "core/src/imports/ImportReport.ts": 3,
  "core/src/internal/ContactLookup.ts": 4,
  "core/src/imports/ImportMapping.ts": 7,
  "core/src/Accounts.ts": 7,
  "core/src/flows/ConversationFlow.ts": 7,
  "core/src/imports/ContactImport.ts": 8,
  "core/src/internal/EmulatedCall.ts": 8,
  "core/src/webhooks/WebhookEvent.ts": 7,
  "core/src/internal/EndpointPlace.ts": 7,
  "core/src/testing/FaultPlan.ts": 7,
  "core/src/flows/CustomerReply.ts": 8,
  "core/src/internal/EmulatedContacts.ts": 9,
  "core/src/internal/EmulatedMessages.ts": 9,
  "core/src/internal/EmulatedTickets.ts": 9,
  "core/src/webhooks/Webhooks.ts": 8,
  "core/src/internal/FaultSteps.ts": 8,
  "core/src/internal/FaultyResponse.ts": 8,
  "core/src/flows/FlowEvents.ts": 9,
  "core/src/internal/EmulatedConversations.ts": 10,
  "core/src/testing/WebhookDelivery.ts": 9,
  "core/src/internal/EmulatedRequest.ts": 9,
  "core/src/internal/EmulatedEvents.ts": 11,
  "core/src/testing/Emulator.ts": 12,
  "core/src/testing/Faults.ts": 13,
  "core/src/testing/WebhookSender.ts": 13,
  "core/src/testing/EmulatedServer.ts": 14,
  "core/src/imports/index.ts": 12,
  "core/src/index.ts": 12,
  "core/src/flows/index.ts": 12,
  "core/src/testing/index.ts": 14,
  "core/src/webhooks/index.ts": 12,
  "node/src/NodeAttachment.ts": 6,
  "node/src/NodeSqlite.ts": 5,
  "node/src/internal/InboxAction.ts": 6,
  "node/src/internal/InboxGuard.ts": 5,
  "node/src/internal/InboxPage.ts": 5,
  "node/src/internal/PostgresRunner.ts": 5,
  "node/src/internal/Setting.ts": 5,
  "node/src/internal/UndiciDispatch.ts": 5,
  "node/src/NodeTransport.ts": 6,
  "node/src/NodeImport.ts": 9,
  "node/src/NodeLiveDesk.ts": 7,
  "node/src/NodeFlows.ts": 9,
  "node/src/NodeEmulatorFile.ts": 13,
  "node/src/internal/InboxView.ts": 15,
  "node/src/internal/EmulatorInbox.ts": 16,
  "node/src/NodeEmulator.ts": 17,
  "node/src/index.ts": 18,
  "node/src/cli/CommandOutput.ts": 2,
  "node/src/cli/ExitCode.ts": 3,
  "node/src/cli/DryRun.ts": 8,
  "node/src/cli/LiveDeskCall.ts": 9,
  "node/src/cli/ContactsCommand.ts": 10,
  "node/src/cli/MessagesCommand.ts": 10,
  "node/src/cli/TicketsCommand.ts": 10,
  "node/src/cli/ConversationsCommand.ts": 11,
  "node/src/cli/DoctorCommand.ts": 10,
  "node/src/cli/ImportCommand.ts": 10,
  "node/src/cli/EmulatorCommand.ts": 18,
  "node/src/cli/WebhooksCommand.ts": 19,
  "node/src/cli/LiveDeskCommand.ts": 20,
  "node/src/bin.ts": 21
}

/** What is imported by its own name only: it is not in every client's bundle, or does not run wherever the others do. */
const ownEntries: ReadonlyArray<string> = [
  "core/src/Endpoints.ts",
  "core/src/LiveDeskOpenApi.ts",
  "node/src/bin.ts",
  "node/src/NodeFlows.ts",
  "node/src/NodeImport.ts",
  "node/src/NodeSqlite.ts"
]

// ---------------------------------------------------------------------------------------------------------------------
// reading the sources
// ---------------------------------------------------------------------------------------------------------------------

const packages = new URL("../packages/", import.meta.url)

const modules: ReadonlyArray<string> = globSync("*/src/**/*.ts", { cwd: packages })
  .map((path) => path.replaceAll("\\", "/"))
  .sort()

/** Without the line that names the interpreter to a shell. */
const source = (module: string): string => readFileSync(new URL(module, packages), "utf8").replace(/^#!.*\n/, "")

const withoutComments = (text: string): string => text.replaceAll(/\/\*[^]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "")

/** What a module imports or exports from elsewhere, types included. */
const imports = (module: string): ReadonlyArray<string> =>
  [
    ...withoutComments(source(module)).matchAll(
      /(?:\bfrom\s+|\bimport\s+|\bimport\s*\(\s*|\brequire\s*\(\s*)(["'`])([^"'`\n]+)\1/g
    )
  ].map(([, , specifier = ""]) => specifier)

/** The module of these packages that an import stands for, `undefined` for one from elsewhere. */
const resolve = (from: string, specifier: string): string | undefined => {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(from), specifier)
  const match = /^@effect-livedesk\/(\w+)(?:\/(.+))?$/.exec(specifier)
  if (match === null) return undefined
  const [, name = "", path = "index"] = match
  return `${name}/src/${/^(?:flows|imports|testing|webhooks)$/.test(path) ? `${path}/index` : path}.ts`
}

interface Export {
  readonly name: string
  readonly doc: string
}

/** The exports of a module that are for everybody, with the comment right above each. */
const publicExports = (module: string): ReadonlyArray<Export> => {
  const lines = source(module).split("\n")
  return lines.flatMap((line, index): ReadonlyArray<Export> => {
    if (!line.startsWith("export ") || line === "export {}") return []
    const [, passed = "", from = ""] = /^export (\*|\* as \w+|\{ .+ \}) from "(.+)"$/.exec(line) ?? []
    // Of a module that programs can import as well, it is looked for there.
    if (passed.startsWith("*") && !from.includes("/internal/")) return []
    const target = from === "" ? undefined : resolve(module, from)
    if (target !== undefined) return publicExports(target).filter(({ name }) => passed.split(/\W+/).includes(name))
    // What is exported in another way is lacking by its whole line.
    const name =
      /^export (?:declare )?(?:abstract )?(?:const|function\*?|class|interface|type) (\w+)/.exec(line)?.[1] ??
        line
    const end = index - 1
    const start = lines[end]?.trim().endsWith("*/") === true
      ? lines.slice(0, end + 1).findLastIndex((above) => above.startsWith("/**"))
      : index
    const doc = lines.slice(start, index).join("\n")
    return doc.includes("@internal") ? [] : [{ name, doc }]
  })
}

/** The text of a comment before its first tag. */
const prose = (doc: string): string =>
  doc.replaceAll(/^\s*(?:\/\*\*|\*\/|\*)[ \t]?/gm, "").replace(/\*\/\s*$/, "").split(/^@/m)[0]?.trim() ?? ""

// ---------------------------------------------------------------------------------------------------------------------
// what they must keep
// ---------------------------------------------------------------------------------------------------------------------

describe("floors", () => {
  it("are known of every module, and of no other", () => {
    assert.deepStrictEqual(modules, Object.keys(floors).sort())
  })

  it("are only left downwards", () => {
    const upwards = modules.flatMap((module) =>
      imports(module).flatMap((specifier) => {
        const target = resolve(module, specifier)
        if (target === undefined) return []
        const [from, to] = [floors[module], floors[target]]
        return from !== undefined && to !== undefined && to < from ? [] : [`${module} imports ${specifier}`]
      })
    )
    assert.deepStrictEqual(upwards, [])
  })

  it("are seen through every import", () => {
    assert.includeMembers([...imports("core/src/LiveDeskError.ts")], ["effect/Schema", "./Model.ts"])
    assert.includeMembers([...imports("core/src/index.ts")], ["./Contacts.ts"])
    assert.includeMembers([...imports("node/src/NodeLiveDesk.ts")], ["@effect-livedesk/core/LiveDesk"])
    assert.strictEqual(resolve("core/src/testing/index.ts", "../Model.ts"), "core/src/Model.ts")
    assert.strictEqual(
      resolve("node/src/NodeLiveDesk.ts", "@effect-livedesk/core/testing"),
      "core/src/testing/index.ts"
    )
    assert.strictEqual(resolve("x.ts", "@effect-livedesk/core/flows"), "core/src/flows/index.ts")
  })
})

describe("core", () => {
  const core = modules.filter((module) => module.startsWith("core/"))

  it("imports nothing but effect's modules and its own files", () => {
    const foreign = core.flatMap((module) =>
      imports(module)
        .filter((specifier) => !/^effect\/.+$/.test(specifier) && !/^\.\.?\/.+\.ts$/.test(specifier))
        .map((specifier) => `${module} imports ${specifier}`)
    )
    assert.deepStrictEqual(foreign, [])
  })

  it("names no environment variable and no platform", () => {
    const named = core.flatMap((module) =>
      [
        ...withoutComments(source(module)).matchAll(
          /\bprocess\b|\bDeno\b|\bBun\b|import\.meta\.env|LIVEDESK_\w*|node:\w+/g
        )
      ]
        .map(([name]) => `${module} names ${name}`)
    )
    assert.deepStrictEqual(named, [])
  })
})

describe("barrels", () => {
  it("are imported by no module, effect's neither", () => {
    const barrels = modules.flatMap((module) =>
      imports(module)
        .filter((specifier) =>
          /^(?:effect|@effect\/[\w-]+|@effect-livedesk\/\w+|effect\/(?:http|http-api))$/.test(specifier) ||
          specifier.endsWith("/index.ts")
        )
        .map((specifier) => `${module} imports ${specifier}`)
    )
    assert.deepStrictEqual(barrels, [])
  })

  for (const folder of ["core/src", "core/src/flows", "core/src/imports", "core/src/webhooks", "node/src"]) {
    it(`of ${folder} exports each module under its name`, () => {
      const exported = [...source(`${folder}/index.ts`).matchAll(/^export \* as (\w+) from "\.\/(\w+)\.ts"$/gm)]
      assert.deepStrictEqual(
        exported.map(([, as, file]) => `${as} from ${file}`).sort(),
        modules
          .filter((module) => posix.dirname(module) === folder && !module.endsWith("/index.ts"))
          .filter((module) => !ownEntries.includes(module))
          .map((module) => posix.basename(module, ".ts"))
          .map((module) => `${module} from ${module}`)
      )
    })
  }
})

describe("what has an entry of its own", () => {
  it("is in no client's bundle", () => {
    const reached = new Set<string>()
    const reach = (module: string): void => {
      if (reached.has(module)) return
      reached.add(module)
      for (const specifier of imports(module)) {
        const target = resolve(module, specifier)
        if (target !== undefined) reach(target)
      }
    }
    for (const entry of ["core/src/index.ts", "node/src/NodeLiveDesk.ts"]) reach(entry)
    assert.include([...reached], "core/src/LiveDeskClient.ts")
    assert.deepStrictEqual(
      [...reached].filter((module) =>
        ownEntries.includes(module) || module.includes("/flows/") || module.includes("/cli/")
      ),
      []
    )
  })
})

describe("documentation", () => {
  const sentence = /^[^]+?[.:?](?:\s|$)/

  it("begins every module, with @since", () => {
    const lacking = modules.filter((module) => {
      const text = source(module)
      const header = /^\/\*\*[^]*?\*\//.exec(text)?.[0]
      return text.trim() !== "export {}" &&
        (header === undefined || !sentence.test(prose(header)) || !/@since \d+\.\d+\.\d+/.test(header))
    })
    assert.deepStrictEqual(lacking, [])
  })

  it("stands above every public export: a sentence, @category and @since", () => {
    const lacking = modules.filter((module) => !module.includes("/internal/")).flatMap((module) => {
      const exports = publicExports(module)
      return exports.flatMap(({ doc, name }, index) => {
        // The comment of a schema also describes the type of the same name.
        const reported = exports.findIndex((other) => other.name === name) < index || sentence.test(prose(doc))
        return [
          ...(reported ? [] : [`${module}: ${name} has no sentence`]),
          ...(/@category [a-z]/.test(doc) ? [] : [`${module}: ${name} has no @category`]),
          ...(/@since \d+\.\d+\.\d+/.test(doc) ? [] : [`${module}: ${name} has no @since`])
        ]
      })
    })
    assert.deepStrictEqual(lacking, [])
  })

  it("is looked for above exports of every kind", () => {
    assert.includeMembers(publicExports("core/src/Contacts.ts").map(({ name }) => name), [
      "Inbox",
      "CreateContact",
      "hasContactKey",
      "endpoints",
      "Contacts",
      "layer"
    ])
    const names = publicExports("core/src/LiveDeskError.ts").map(({ name }) => name)
    assert.include(names, "AuthError")
    assert.notInclude(names, "invalidInput")
  })
})
