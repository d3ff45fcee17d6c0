/** The snippets in doc comments, compiled as what they are: parts of a program. */
import * as Fs from "node:fs"
import * as Path from "node:path"
import ts from "typescript"

const root = Path.join(import.meta.dirname, "../..")

/** The snippets of a file, each with the line before its first. */
interface Snippet {
  readonly file: string
  readonly line: number
  readonly text: string
}

const snippetsOf = (file: string): ReadonlyArray<Snippet> => {
  const snippets: Array<Snippet> = []
  let open: { readonly line: number; readonly lines: Array<string> } | undefined
  for (const [index, line] of Fs.readFileSync(Path.join(root, file), "utf8").split("\n").entries()) {
    const text = /^ *\* ?(.*)$/.exec(line)?.[1]
    if (open !== undefined && text?.trim() === "```") {
      snippets.push({ file, line: open.line, text: open.lines.join("\n") })
      open = undefined
    } else if (open !== undefined) open.lines.push(text ?? "")
    else if (text?.trim() === "```ts") open = { line: index + 1, lines: [] }
  }
  return snippets
}

// ---------------------------------------------------------------------------------------------------------------------
// what a snippet need not import
// ---------------------------------------------------------------------------------------------------------------------

/** Of a name that several have, the first one's is meant. */
const barrels = [
  "./Given.ts",
  "@effect-livedesk/core",
  "@effect-livedesk/core/agents",
  "@effect-livedesk/core/flows",
  "@effect-livedesk/core/imports",
  "@effect-livedesk/core/testing",
  "@effect-livedesk/core/webhooks",
  "@effect-livedesk/node",
  "effect",
  "effect/ai",
  "effect/http",
  "effect/persistence",
  "effect/workflow",
  "@effect/platform-node"
]

/** What is imported by its own name only. */
const modules = {
  LiveDeskOpenApi: "@effect-livedesk/core/LiveDeskOpenApi",
  NodeAgents: "@effect-livedesk/node/NodeAgents",
  NodeFlows: "@effect-livedesk/node/NodeFlows",
  NodeImport: "@effect-livedesk/node/NodeImport",
  NodeRedis: "@effect/platform-node/NodeRedis",
  NodeSqlite: "@effect-livedesk/node/NodeSqlite"
}

/** By name, the import that gives it. */
const importsOf = (program: ts.Program, names: ts.SourceFile): ReadonlyMap<string, string> => {
  const checker = program.getTypeChecker()
  const imports = new Map(
    Object.entries(modules).map(([name, from]) => [name, `import * as ${name} from "${from}"`])
  )
  for (const statement of names.statements) {
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) continue
    const symbol = checker.getSymbolAtLocation(statement.moduleSpecifier)
    for (const { name } of symbol === undefined ? [] : checker.getExportsOfModule(symbol)) {
      if (!imports.has(name)) imports.set(name, `import { ${name} } from ${statement.moduleSpecifier.getText()}`)
    }
  }
  return imports
}

// ---------------------------------------------------------------------------------------------------------------------
// compiling
// ---------------------------------------------------------------------------------------------------------------------

const before = "\nexport const snippet = Effect.gen(function*() {\n"

const words = (text: string): ReadonlySet<string> => new Set(text.match(/(?<!\.)\b[A-Za-z]\w*\b/g))

const virtual = (name: string): string => Path.join(import.meta.dirname, `${name}.ts`)

/** Compiles every snippet as the body of an `Effect.gen`, as strictly as the sources. */
export const check = (): { readonly count: number; readonly problems: ReadonlyArray<string> } => {
  const snippets = Fs.globSync("packages/*/src/**/*.ts", { cwd: root }).map((file) => file.replaceAll("\\", "/")).sort()
    .flatMap(snippetsOf)
  const settingsFile = Path.join(import.meta.dirname, "tsconfig.sources.json")
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(settingsFile, ts.sys.readFile).config,
    ts.sys,
    import.meta.dirname,
    undefined,
    settingsFile
  )
  const files = new Map([[virtual("names"), barrels.map((from) => `export * from "${from}"`).join("\n")]])
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile, readFile } = host
  host.fileExists = (file) => files.has(file) || fileExists(file)
  host.readFile = (file) => files.get(file) ?? readFile(file)
  const sources = new Map<string, ts.SourceFile | undefined>()
  host.getSourceFile = (file, ...rest) => {
    if (!sources.has(file)) sources.set(file, getSourceFile(file, ...rest))
    return sources.get(file)
  }

  // A snippet shows what there is, and may use nothing of it.
  const settings = { ...options, noUnusedLocals: false }
  const first = ts.createProgram({ rootNames: [...files.keys()], options: settings, host })
  const names = first.getSourceFile(virtual("names"))
  if (names === undefined) throw new Error("the names that snippets use could not be read")
  const imports = importsOf(first, names)
  for (const [index, { text }] of snippets.entries()) {
    const used = ["Effect", ...words(text)].flatMap((word) => imports.get(word) ?? [])
    files.set(virtual(`snippet-${index}`), `${[...new Set(used)].join("; ")}${before}${text}\n})\n`)
  }
  const program = ts.createProgram({ rootNames: [...files.keys()], options: settings, host, oldProgram: first })
  const problems = snippets.flatMap(({ file, line }, index) => {
    const source = program.getSourceFile(virtual(`snippet-${index}`))
    return ts.getPreEmitDiagnostics(program, source).map(({ messageText, start = 0 }) => {
      const within = source === undefined ? 0 : source.getLineAndCharacterOfPosition(start).line - 1
      return `${file}:${line + within}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`
    })
  })
  return { count: snippets.length, problems }
}
