/** The maps of a package's files, which lead a debugger and an editor to the sources. */
import * as Fs from "node:fs"
import * as Path from "node:path"

/** What is wrong with the maps of a package that is unpacked in a folder. */
export const check = (folder: string): ReadonlyArray<string> =>
  Fs.globSync("dist/**/*.{js,d.ts}", { cwd: folder }).sort().flatMap((file) => {
    const text = Fs.readFileSync(Path.join(folder, file), "utf8")
    const link = /^\/\/# sourceMappingURL=(.+)$/m.exec(text)?.[1]
    if (link === undefined) return [`${file} has no map`]
    const map = Path.join(Path.dirname(file), link)
    if (!Fs.existsSync(Path.join(folder, map))) return [`${file} leads to ${map}, which is not there`]
    const { mappings, sources }: { readonly mappings: string; readonly sources: ReadonlyArray<string> } = JSON.parse(
      Fs.readFileSync(Path.join(folder, map), "utf8")
    )
    // A file of a bundle may have nothing but imports and exports.
    if (sources.length === 0 && mappings !== "") return [`${map} leads to no source`]
    return sources
      // What a bundle has of other packages, by their names and versions, and what it puts in undici's place.
      .filter((source) => !/^npm:@?[^@]+@[^/]+\/.|^undici:undici$/.test(source))
      .map((source) => Path.join(Path.dirname(map), source))
      .filter((source) => source.startsWith("..") || !Fs.existsSync(Path.join(folder, source)))
      .map((source) => `${map} leads to ${source}, which is not there`)
  })
