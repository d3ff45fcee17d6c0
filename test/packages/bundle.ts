/**
 * Bundles the command `livedesk` into `packages/node/dist`, with all that it imports: no other copy of `effect` beside
 * it can break it, and it starts from few files. Run by `pnpm build`, after the compiler. `test:full` gives another folder of
 * the package: in `dist`, the bundle would replace the types that the next check reads.
 */
import * as Esbuild from "esbuild"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Notices from "./Notices.ts"
import * as Tool from "./Tool.ts"

const home = Path.join(Tool.root, "packages/node")
const dist = Path.join(home, process.argv[2] ?? "dist")

/**
 * undici's agents alone. Its entry loads caches, mocks and WebSockets too, and esbuild finds no names in it, as it
 * is CommonJS. What other clients than ours send, forms among it, is loaded with the first of them.
 */
const undici: Esbuild.Plugin = {
  name: "undici",
  setup: (build) => {
    build.onResolve({ filter: /^undici$/ }, ({ importer }) => ({
      path: "undici",
      namespace: "undici",
      pluginData: Path.dirname(importer)
    }))
    build.onLoad({ filter: /.*/, namespace: "undici" }, ({ pluginData }: { readonly pluginData: string }) => ({
      resolveDir: pluginData,
      contents: [
        "import Agent from \"undici/lib/dispatcher/agent.js\"",
        "import Pool from \"undici/lib/dispatcher/pool.js\"",
        "import EnvHttpProxyAgent from \"undici/lib/dispatcher/env-http-proxy-agent.js\"",
        "export { Agent, EnvHttpProxyAgent, Pool }",
        "import Dispatcher from \"undici/lib/dispatcher/dispatcher.js\"",
        "Dispatcher.prototype.request = function(...given) {",
        "  return require(\"undici/lib/api/api-request.js\").apply(this, given)",
        "}",
        // A proxy's agent asks for its tunnel by it.
        "Dispatcher.prototype.connect = function(...given) {",
        "  return require(\"undici/lib/api/api-connect.js\").apply(this, given)",
        "}",
        "export class FormData {",
        "  constructor() { return new (require(\"undici/lib/web/fetch/formdata.js\").FormData)() }",
        "}",
        "export default undefined"
      ].join("\n")
    }))
  }
}

/** What the compiler made of the command is replaced. */
for (const file of Fs.globSync(["bin.*", "cli"], { cwd: dist })) Fs.rmSync(Path.join(dist, file), { recursive: true })

const { metafile } = await Esbuild.build({
  absWorkingDir: Tool.root,
  entryPoints: [Path.join(home, "src/bin.ts")],
  outdir: dist,
  chunkNames: "cli/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22.19",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  sourcemap: true,
  // Sources are on the registry, by the names that the maps have.
  sourcesContent: false,
  metafile: true,
  plugins: [undici],
  // What is CommonJS requires modules of Node's.
  banner: {
    js: "import{createRequire as bundledRequire}from\"node:module\";const require=bundledRequire(import.meta.url);"
  }
})

/** A source as a map names it: within this package by its path, elsewhere by package, version and path. */
const sourceOf = (map: string, source: string): string => {
  const file = Path.join(Path.dirname(map), source)
  if (!source.includes("/")) return source
  if (file.startsWith(Path.join(home, "src"))) return Path.relative(Path.dirname(map), file)
  return Notices.nameOf(file)
}

for (const output of Object.keys(metafile.outputs).filter((file) => file.endsWith(".map"))) {
  const map = Path.join(Tool.root, output)
  const content: { sources: ReadonlyArray<string> } = JSON.parse(Fs.readFileSync(map, "utf8"))
  content.sources = content.sources.map((source) => sourceOf(map, source))
  Fs.writeFileSync(map, JSON.stringify(content))
}

const inputs = Object.values(metafile.outputs)
  .flatMap(({ inputs }) => Object.keys(inputs))
  .filter((file) => !file.startsWith("undici:"))
  .map((file) => Path.join(Tool.root, file))
Fs.writeFileSync(Path.join(dist, "cli/NOTICES.txt"), Notices.make(inputs))
