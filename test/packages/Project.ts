/** A program's folder as a user would have it: the packages from their tarballs, all else from the registry. */
import * as Fs from "node:fs"
import * as Path from "node:path"
import type * as Tarball from "./Tarball.ts"
import * as Tool from "./Tool.ts"

/** The version of a package that is installed here. */
export const catalog = (name: string): string => {
  const { version }: { readonly version: string } = JSON.parse(
    Fs.readFileSync(Path.join(import.meta.dirname, "node_modules", name, "package.json"), "utf8")
  )
  return version
}

/** Adds packages, with what the registry says of their peers. */
export const add = (folder: string, packages: ReadonlyArray<string>): void => {
  Tool.must("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error", ...packages], folder)
}

/** Makes the project and gives its folder; the optional peers are not in it. */
export const make = (within: string, tarballs: ReadonlyArray<Tarball.Tarball>): string => {
  const folder = Path.join(within, "project")
  Fs.cpSync(Path.join(import.meta.dirname, "programs"), folder, { recursive: true })
  Fs.writeFileSync(Path.join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }))
  add(folder, [
    ...tarballs.map(({ file }) => file),
    ...["effect", "@effect/platform-node", "@types/node"].map((name) => `${name}@${catalog(name)}`)
  ])
  return folder
}
