/** Under what the packages, and all that a program gets with them, may be used. */
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Tarball from "./Tarball.ts"
import * as Tool from "./Tool.ts"

const allowed = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "ISC", "MIT"]

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: unknown
  readonly dependencies?: { readonly [name: string]: string }
  readonly optionalDependencies?: { readonly [name: string]: string }
  readonly peerDependencies?: { readonly [name: string]: string }
}

export const manifestOf = (folder: string): Manifest =>
  JSON.parse(Fs.readFileSync(Path.join(folder, "package.json"), "utf8"))

const find = (name: string, from: string): string | undefined => {
  const folder = Path.join(from, "node_modules", name)
  if (Fs.existsSync(Path.join(folder, "package.json"))) return Fs.realpathSync(folder)
  return Path.dirname(from) === from ? undefined : find(name, Path.dirname(from))
}

/** Whether one may choose a licence that is allowed, and has to take no other. */
export const isAllowed = (licence: string): boolean =>
  licence.replaceAll(/[()]/g, "").split(" OR ").some((choice) =>
    choice.split(" AND ").every((one) => allowed.includes(one.trim()))
  )

export interface Finding {
  readonly count: number
  readonly problems: ReadonlyArray<string>
}

/** Looks at the packages' dependencies and peers, and at all of theirs. */
export const check = (): Finding => {
  const seen = new Map<string, Manifest>()
  const missing: Array<string> = []
  const visit = (folder: string): void => {
    if (seen.has(folder)) return
    const manifest = manifestOf(folder)
    seen.set(folder, manifest)
    const { dependencies, optionalDependencies, peerDependencies } = manifest
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const found = find(name, folder)
      if (found !== undefined) visit(found)
      // What else is not installed is for another platform, or optional.
      else if (name in (dependencies ?? {}) && !(name in (optionalDependencies ?? {}))) {
        missing.push(`${manifest.name} needs ${name}, which is not installed`)
      }
    }
  }
  for (const name of Tarball.names) visit(Path.join(Tool.root, "packages", name))
  const manifests = [...seen.values()]
  return {
    count: manifests.length,
    problems: [
      ...missing,
      ...manifests.flatMap(({ license, name, version }) =>
        typeof license === "string" && isAllowed(license)
          ? []
          : [
            `${name} ${version} is under ${
              license === undefined ? "no licence that it names" : JSON.stringify(license)
            }`
          ]
      )
    ]
  }
}
