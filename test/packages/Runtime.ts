/** What runs programs. */
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Project from "./Project.ts"
import * as Tarball from "./Tarball.ts"
import * as Tool from "./Tool.ts"

export interface Runtime {
  readonly name: string
  readonly command: string
  readonly parameters: ReadonlyArray<string>
  /** The programs that it cannot run, with the reason. */
  readonly lacking: { readonly [program: string]: string }
}

export const own: Runtime = {
  name: `Node ${process.versions.node}`,
  command: process.execPath,
  parameters: [],
  lacking: {}
}

interface Offer {
  readonly alias: string
  readonly package: string
  readonly file: string
  readonly parameters?: ReadonlyArray<string>
  readonly lacking?: Runtime["lacking"]
}

/** The oldest Node that the packages accept. */
const leastNode = (): string => {
  const [least, ...others] = new Set(Tarball.names.map((name) => {
    const { engines }: { readonly engines: { readonly node: string } } = JSON.parse(
      Fs.readFileSync(Path.join(Tool.root, "packages", name, "package.json"), "utf8")
    )
    return engines.node
  }))
  const [, version] = /^>=(\d+\.\d+\.\d+)$/.exec(least ?? "") ?? []
  if (version === undefined || others.length > 0) throw new Error("the packages' engines are not one least Node")
  return version
}

const x64 = process.arch === "x64"

const offers: ReadonlyArray<Offer> = [
  ...[leastNode(), "24", "latest"].map((version) => ({
    alias: `node-${version}`,
    package: `node-linux-${process.arch}@${version}`,
    file: "bin/node"
  })),
  {
    alias: "bun",
    package: `@oven/bun-linux-${x64 ? "x64" : "aarch64"}@1.4.5`,
    file: "bin/bun",
    lacking: { port: "Bun puts a module of its own in undici's place, without the compose of dispatchers" }
  },
  {
    alias: "deno",
    package: `@deno/linux-${x64 ? "x64" : "arm64"}-glibc@2.9.6`,
    file: "deno",
    parameters: ["run", "--quiet", "--allow-all", "--no-lock", "--cached-only"]
  }
]

export interface Installed {
  readonly runtimes: ReadonlyArray<Runtime>
  /** What could not be had, or does not run here, with the reason. */
  readonly leftOut: ReadonlyArray<string>
}

/** Installs every runtime from the registry, each in a folder of its own. */
export const install = (within: string): Installed => {
  const runtimes: Array<Runtime> = []
  const leftOut: Array<string> = []
  for (const { alias, file, lacking = {}, package: name, parameters = [] } of offers) {
    const folder = Path.join(within, alias)
    Fs.mkdirSync(folder)
    Fs.writeFileSync(Path.join(folder, "package.json"), JSON.stringify({ private: true }))
    try {
      Project.add(folder, [`runtime@npm:${name}`])
      const command = Path.join(folder, "node_modules/runtime", file)
      const version = Tool.must(command, ["--version"], folder).split("\n")[0] ?? ""
      const [, number = version] = /(\d+\.\d+\.\d+)/.exec(version) ?? []
      runtimes.push({
        name: `${alias[0]?.toUpperCase()}${alias.slice(1).replace(/-.*/, "")} ${number}`,
        command,
        parameters,
        lacking
      })
    } catch (error) {
      leftOut.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { runtimes, leftOut }
}
