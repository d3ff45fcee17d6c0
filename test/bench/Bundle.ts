/** A program in one file, as it would be sent to a browser. */
import { build } from "esbuild"
import { gzipSync } from "node:zlib"

export interface Bundle {
  /** Minified and gzipped, in bytes. */
  readonly size: number
  /** The modules of which something is in it. */
  readonly modules: ReadonlyArray<string>
}

export const make = async (program: string): Promise<Bundle> => {
  const { metafile, outputFiles } = await build({
    entryPoints: [program],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    outfile: "bundle.js",
    metafile: true,
    write: false
  })
  return {
    size: gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).byteLength,
    modules: Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([module, { bytesInOutput }]) => bytesInOutput > 0 ? [module] : [])
    )
  }
}
