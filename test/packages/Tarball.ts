/** The packages as they go to the registry. */
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Tool from "./Tool.ts"

export const names = ["core", "node"] as const

export interface Tarball {
  readonly name: typeof names[number]
  readonly file: string
  /** Where it is unpacked. */
  readonly folder: string
}

/** Builds both packages and packs them into a folder. */
export const make = (folder: string): ReadonlyArray<Tarball> => {
  Tool.must("pnpm", ["build"], Tool.root)
  return names.map((name) => {
    const target = Path.join(folder, name)
    Fs.mkdirSync(target)
    const file = Path.join(folder, `${name}.tgz`)
    Tool.must("pnpm", ["pack", "--out", file], Path.join(Tool.root, "packages", name))
    Tool.must("tar", ["-xzf", file, "-C", target, "--strip-components=1"], folder)
    return { name, file, folder: target }
  })
}

/** The names by which a package's modules can be imported, as `./Contacts`, each with its file under `dist`. */
export const entries = ({ folder }: Pick<Tarball, "folder">): ReadonlyMap<string, string> => {
  const { exports }: { readonly exports: { readonly [name: string]: unknown } } = JSON.parse(
    Fs.readFileSync(Path.join(folder, "package.json"), "utf8")
  )
  const hidden = Object.keys(exports).filter((name) => exports[name] === null && !/(?:^|\/)index$/.test(name))
  const isHidden = (name: string) =>
    hidden.some((pattern) => pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern)
  return new Map(
    Fs.globSync("**/*.d.ts", { cwd: Path.join(folder, "dist") })
      .map((file) => file.replaceAll("\\", "/").slice(0, -".d.ts".length))
      .filter((file) => !isHidden(`./${file}`))
      .sort()
      .map((file) => [file === "index" ? "." : `./${file.replace(/\/index$/, "")}`, file])
  )
}
