/** A program in one file, as it would be sent to a browser, or without what it needs of other packages. */
import { build, type BuildOptions, type Metafile } from "esbuild"
import * as Path from "node:path"
import { gzipSync } from "node:zlib"

export interface Bundle {
  /** Minified and gzipped, in bytes. */
  readonly size: number
  /** Of what is loaded only when it is needed, likewise. */
  readonly later: number
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
    ...(platform === "node" ? { external: ["effect/*", "@effect/*", "@effect-livedesk/core/*"], splitting: true } : {})
  })

/** Whether a file is an entry only as something imports it when it is needed. */
const isLater = (files: ReadonlyArray<readonly [string, Metafile["outputs"][string]]>, file: string): boolean =>
  files.some(([, { imports }]) => imports.some(({ kind, path }) => kind === "dynamic-import" && path === file))

const bundle = async (options: BuildOptions): Promise<Bundle> => {
  const { metafile, outputFiles } = await build({
    ...options,
    bundle: true,
    minify: true,
    format: "esm",
    outdir: "bundle",
    metafile: true,
    write: false
  })
  const files = Object.entries(metafile.outputs)
  const reached = new Set<string>()
  const reach = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    for (const { kind, path } of metafile.outputs[file]?.imports ?? []) if (kind === "import-statement") reach(path)
  }
  for (const [file, { entryPoint }] of files) if (entryPoint !== undefined && !isLater(files, file)) reach(file)
  const sizeOf = (wanted: (file: string) => boolean) =>
    outputFiles
      .filter(({ path }) => wanted(Path.relative(process.cwd(), path)))
      .reduce((size, { contents }) => size + gzipSync(contents, { level: 9 }).byteLength, 0)
  return {
    size: sizeOf((file) => reached.has(file)),
    later: sizeOf((file) => !reached.has(file)),
    modules: Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([module, { bytesInOutput }]) => bytesInOutput > 0 ? [module] : [])
    )
  }
}
