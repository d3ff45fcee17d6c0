import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { posix } from "node:path"

/** The rooms, and what each may import from beside itself. */
const rooms: { readonly [room: string]: ReadonlyArray<string> } = {
  "core/src": [],
  "core/src/webhooks": ["core/src"],
  "core/src/flows": ["core/src", "core/src/webhooks"],
  "core/src/agents": ["core/src"],
  "core/src/imports": ["core/src"],
  "core/src/testing": ["core/src", "core/src/webhooks"],
  "node/src": [
    "core/src",
    "core/src/webhooks",
    "core/src/flows",
    "core/src/agents",
    "core/src/imports",
    "core/src/testing"
  ],
  "node/src/cli": [
    "core/src",
    "core/src/webhooks",
    "core/src/agents",
    "core/src/imports",
    "core/src/testing",
    "node/src"
  ]
}

/** What is imported by its own name only: it is not in every client's bundle, or does not run wherever the others do. */
const ownEntries: ReadonlyArray<string> = [
  "core/src/Endpoints.ts",
  "core/src/LiveDeskOpenApi.ts",
  "node/src/bin.ts",
  "node/src/NodeAgents.ts",
  "node/src/NodeFlows.ts",
  "node/src/NodeImport.ts",
  "node/src/NodeSqlite.ts"
]

/** Written by `codegen`. */
const generated: ReadonlyArray<string> = ["core/src/internal/FieldTexts.ts", "node/src/internal/InboxPage.ts"]

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
  return `${name}/src/${/^(?:agents|flows|imports|testing|webhooks)$/.test(path) ? `${path}/index` : path}.ts`
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

/** The modules that a module imports, each once. */
const importedBy = (module: string): ReadonlyArray<string> => [
  ...new Set(imports(module).flatMap((specifier) => resolve(module, specifier) ?? []))
]

/** What is internal is in the last of the rooms that it imports from. */
const roomOf = (module: string): string => {
  if (module === "node/src/bin.ts") return "node/src/cli"
  // The document has the webhooks, too.
  if (module === "core/src/LiveDeskOpenApi.ts") return "core/src/webhooks"
  const folder = posix.dirname(module)
  if (!folder.endsWith("/internal")) return folder
  const order = Object.keys(rooms)
  return importedBy(module).map(roomOf).reduce(
    (room, other) => order.indexOf(other) > order.indexOf(room) ? other : room,
    folder.replace(/\/internal$/, "")
  )
}

/** The floor of every module: one above the highest that it imports. A circle has none, and is returned as a path. */
const floors = (
  importedBy: (module: string) => ReadonlyArray<string>,
  modules: ReadonlyArray<string>
): { readonly floors: ReadonlyMap<string, number>; readonly circles: ReadonlyArray<string> } => {
  const floors = new Map<string, number>()
  const circles: Array<string> = []
  const climb = (module: string, path: ReadonlyArray<string>): number => {
    const known = floors.get(module)
    if (known !== undefined) return known
    if (path.includes(module)) {
      circles.push([...path.slice(path.indexOf(module)), module].join(" > "))
      return 0
    }
    const below = importedBy(module).map((imported) => climb(imported, [...path, module]))
    const floor = Math.max(0, ...below.map((floor) => floor + 1))
    floors.set(module, floor)
    return floor
  }
  for (const module of modules) climb(module, [])
  return { floors, circles }
}

describe("imports", () => {
  const house = floors(importedBy, modules)

  it("go to a strictly lower floor", () => {
    assert.deepStrictEqual(house.circles, [])
    assert.deepStrictEqual([...house.floors.keys()].sort(), modules)
  })

  it("leave a room only for one that it stands on", () => {
    const strays = modules.flatMap((module) =>
      importedBy(module)
        .filter((imported) => {
          const [from, to] = [roomOf(module), roomOf(imported)]
          return from !== to && rooms[from]?.includes(to) !== true
        })
        .map((imported) => `${module} imports ${imported}`)
    )
    assert.deepStrictEqual(strays, [])
  })

  it("leave what is internal to its package", () => {
    const strays = modules.flatMap((module) =>
      importedBy(module)
        .filter((imported) => imported.includes("/internal/") && imported.split("/")[0] !== module.split("/")[0])
        .map((imported) => `${module} imports ${imported}`)
    )
    assert.deepStrictEqual(strays, [])
  })

  it("follow the way of one call, as CONTRIBUTING.md draws it", () => {
    const contributing = readFileSync(new URL("../CONTRIBUTING.md", import.meta.url), "utf8")
    const drawing = /^## The way of one call\n[^]*?^```text\n([^]*?)^```/m.exec(contributing)?.[1] ?? ""
    const stations = [...drawing.matchAll(/(down|up) +([\w/]+\.ts)/g)].map(([, way, path]) => ({
      way,
      path,
      floor: house.floors.get(`core/src/${path}`)
    }))
    const heights = (way: string) => stations.filter((station) => station.way === way).map(({ floor }) => floor)
    const [down, up] = [heights("down"), heights("up")]
    assert.isAbove(down.length, 4)
    assert.isAbove(up.length, 1)
    assert.deepStrictEqual(stations.filter(({ floor }) => floor === undefined), [])
    assert.deepStrictEqual(down, down.toSorted((one, other) => Number(other) - Number(one)))
    assert.deepStrictEqual(up, up.toSorted((one, other) => Number(one) - Number(other)))
  })

  it("are seen, with every circle among them", () => {
    assert.includeMembers([...imports("core/src/LiveDeskError.ts")], [
      "effect/Schema",
      "./internal/ErrorMessage.ts"
    ])
    assert.includeMembers([...imports("core/src/index.ts")], ["./Contacts.ts"])
    assert.includeMembers([...imports("node/src/NodeLiveDesk.ts")], ["@effect-livedesk/core/LiveDesk"])
    assert.strictEqual(resolve("core/src/testing/index.ts", "../Model.ts"), "core/src/Model.ts")
    assert.strictEqual(
      resolve("node/src/NodeLiveDesk.ts", "@effect-livedesk/core/testing"),
      "core/src/testing/index.ts"
    )
    assert.strictEqual(resolve("x.ts", "@effect-livedesk/core/flows"), "core/src/flows/index.ts")
    const circle: { readonly [module: string]: ReadonlyArray<string> } = { a: ["b"], b: ["c"], c: ["b"], d: [] }
    assert.deepStrictEqual(floors((module) => circle[module] ?? [], Object.keys(circle)).circles, ["b > c > b"])
    assert.deepStrictEqual(
      [...floors((module) => module === "b" ? ["a"] : [], ["a", "b"]).floors],
      [["a", 0], ["b", 1]]
    )
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

  for (const folder of Object.keys(rooms).filter((room) => !["core/src/testing", "node/src/cli"].includes(room))) {
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
      [...reached].filter((module) => ownEntries.includes(module) || /\/(?:agents|cli|flows)\//.test(module)),
      []
    )
  })
})

describe("files", () => {
  it("are of at most 520 lines", () => {
    const long = modules
      .filter((module) => !generated.includes(module))
      .map((module) => [module, source(module).split("\n").length] as const)
      .filter(([, lines]) => lines > 520)
    assert.deepStrictEqual(long, [])
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
      return exports
        // The comment of a schema also describes the type of the same name.
        .filter(({ name }, index) => exports.findIndex((other) => other.name === name) === index)
        .flatMap(({ doc, name }) => [
          ...(sentence.test(prose(doc)) ? [] : [`${module}: ${name} has no sentence`]),
          ...(/@category [a-z]/.test(doc) ? [] : [`${module}: ${name} has no @category`]),
          ...(/@since \d+\.\d+\.\d+/.test(doc) ? [] : [`${module}: ${name} has no @since`])
        ])
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
    assert.notInclude(names, "common")
  })
})
