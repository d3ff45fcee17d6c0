/** A program in one file, as it would be sent to a browser, or without what it needs of other packages. */
import { build, type BuildOptions } from "esbuild"
import { gzipSync } from "node:zlib"

export interface Bundle {
  /** Minified and gzipped, in bytes. */
  readonly size: number
  /** The modules of which something is in it. */
  readonly modules: ReadonlyArray<string>
}

/** Of a program in a file, as it would be sent to a browser. */
export const make = (program: string): Promise<Bundle> => bundle({ entryPoints: [program], platform: "browser" })

/** Of an entry point with all that it exports, in a folder where it is installed; for Node.js it has itself alone. */
export const ofEntry = (entry: string, folder: string, platform: "browser" | "node"): Promise<Bundle> =>
  bundle({
    stdin: { contents: `export * as entry from ${JSON.stringify(entry)}`, resolveDir: folder },
    platform,
    ...(platform === "node" ? { external: ["effect/*", "@effect/*", "@effect-livedesk/core/*"] } : {})
  })

const bundle = async (options: BuildOptions): Promise<Bundle> => {
  const { metafile, outputFiles } = await build({
    ...options,
    bundle: true,
    minify: true,
    format: "esm",
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
