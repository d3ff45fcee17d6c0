/** The packages' types under a compiler that is strict with dependencies too. */
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Tarball from "./Tarball.ts"
import * as Tool from "./Tool.ts"

export const compilers = ["5.9", "7"] as const

/** The package that has a compiler, under a name of its own. */
export const packageOf = (compiler: string): string => `typescript-${compiler}@npm:typescript@${compiler}`

const resolutions = [
  { module: "nodenext", moduleResolution: "nodenext" },
  { module: "esnext", moduleResolution: "bundler" }
] as const

export interface Checked extends Tool.Outcome {
  readonly name: string
}

/** Compiles the programs, and a file that imports every entry point. */
export const check = (
  project: string,
  tarballs: ReadonlyArray<Tarball.Tarball>,
  compiler: string
): ReadonlyArray<Checked> => {
  Fs.writeFileSync(
    Path.join(project, "every.ts"),
    tarballs
      .flatMap((tarball) =>
        [...Tarball.entries(tarball).keys()].map((entry) => Path.posix.join("@effect-livedesk", tarball.name, entry))
      )
      .map((entry, index) => `export * as entry${index} from "${entry}"\n`)
      .join("")
  )
  return resolutions.map((resolution) => {
    const file = `tsconfig.${resolution.moduleResolution}.json`
    Fs.writeFileSync(
      Path.join(project, file),
      JSON.stringify({
        compilerOptions: {
          ...resolution,
          target: "es2023",
          lib: ["es2023", "dom", "dom.iterable"],
          types: ["node"],
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          skipLibCheck: false,
          noEmit: true
        },
        include: ["*.ts"]
      })
    )
    return {
      name: `TypeScript ${compiler}, ${resolution.moduleResolution}`,
      ...Tool.run(process.execPath, [`node_modules/typescript-${compiler}/bin/tsc`, "-p", file], project)
    }
  })
}
