/** The licences of what a bundle has of other packages. */
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Licence from "./Licence.ts"

interface Package {
  readonly folder: string
  readonly manifest: Licence.Manifest
}

const packageOf = (file: string): Package => {
  const folder = Path.dirname(file)
  const manifest = Path.join(folder, "package.json")
  // Some folders have one that only says how their files are to be read.
  if (Fs.existsSync(manifest) && Licence.manifestOf(folder).name !== undefined) {
    return { folder, manifest: Licence.manifestOf(folder) }
  }
  if (folder === file) throw new Error("a file of no package is bundled")
  return packageOf(folder)
}

const idOf = ({ manifest: { name, version } }: Package): string => `${name}@${version}`

/** Names a file of a package wherever that is installed. */
export const nameOf = (file: string): string => {
  const found = packageOf(file)
  return `npm:${idOf(found)}/${Path.relative(found.folder, file).replaceAll("\\", "/")}`
}

/** What `effect` itself has a copy of, as a text: the page of `/docs`. */
const scalar = (file: string): ReadonlyArray<readonly [string, string]> => {
  if (!file.endsWith("/httpApiScalar.js")) return []
  const [, name] = /Original file: \/npm\/(@scalar\/api-reference@[\d.]+)\//.exec(Fs.readFileSync(file, "utf8")) ?? []
  if (name === undefined) throw new Error(`${file} no longer says which Scalar it has`)
  return [[name, `MIT License\n\nCopyright (c) 2023-present Scalar\n\n${mit}`]]
}

/** Gives the notices of the packages that these files are from; a package without a licence of its own is an error. */
export const make = (files: ReadonlyArray<string>): string => {
  const notices = new Map<string, string>()
  for (const file of files) {
    const found = packageOf(file)
    const { license, name } = found.manifest
    for (const [id, text] of scalar(file)) notices.set(id, text)
    if (notices.has(idOf(found)) || name.startsWith("@effect-livedesk/")) continue
    const [licence] = Fs.globSync("{LICENSE,LICENCE,license,License}*", { cwd: found.folder })
    if (licence === undefined) throw new Error(`${idOf(found)} is bundled, and has no file of its licence`)
    if (typeof license !== "string" || !Licence.isAllowed(license)) {
      throw new Error(`${idOf(found)} is bundled, and is under ${JSON.stringify(license)}`)
    }
    notices.set(idOf(found), Fs.readFileSync(Path.join(found.folder, licence), "utf8").trim())
  }
  return [
    "The command `livedesk` has parts of the packages below.",
    ...[...notices].sort(([one], [other]) => one < other ? -1 : 1).map(([id, text]) =>
      `${rule}\n${id}\n${rule}\n\n${text}`
    )
  ].join("\n\n") + "\n"
}

const rule = "-".repeat(80)

/** Says what is wrong with the notices of a package that is unpacked in a folder: all that its maps name is in them. */
export const check = (folder: string): ReadonlyArray<string> => {
  const dist = Path.join(folder, "dist")
  const maps = Fs.globSync("**/*.js.map", { cwd: dist })
  const named = new Set(maps.flatMap((map) => {
    const { sources }: { readonly sources: ReadonlyArray<string> } = JSON.parse(
      Fs.readFileSync(Path.join(dist, map), "utf8")
    )
    return sources.flatMap((source) => /^npm:(?!@effect-livedesk\/)(@?[^@]+@[^/]+)\//.exec(source)?.[1] ?? [])
  }))
  if (named.size === 0) return []
  const lines = Fs.readFileSync(Path.join(dist, "cli/NOTICES.txt"), "utf8").split("\n")
  return [...named].filter((id) => !lines.includes(id)).map((id) => `${id} is bundled, and not in NOTICES.txt`)
}

const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`
