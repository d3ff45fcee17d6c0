/**
 * The packages as they are published, in a folder of their own: a program there imports what a user's would, compiled
 * and without the workspace around it.
 */
import { transformSync } from "esbuild"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))

const run = (command: string, ...parameters: ReadonlyArray<string>) =>
  execFileSync(Path.join(root, "node_modules/.bin", command), parameters, {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"]
  })

/** Builds the packages, and makes a folder with them, what they need, and the programs; gives the folder. */
export const make = (): string => {
  run("tsc", "-b", "packages/node")
  const folder = Fs.mkdtempSync(Path.join(tmpdir(), "effect-livedesk-"))
  const modules = Path.join(folder, "node_modules")
  for (const name of ["core", "node"]) {
    const source = Path.join(root, "packages", name)
    const target = Path.join(modules, "@effect-livedesk", name)
    run("babel", Path.join(source, "dist"), "-d", Path.join(target, "dist"))
    const { publishConfig, ...manifest } = JSON.parse(Fs.readFileSync(Path.join(source, "package.json"), "utf8"))
    Fs.writeFileSync(Path.join(target, "package.json"), JSON.stringify({ ...manifest, ...publishConfig }))
  }
  const require = createRequire(import.meta.url)
  for (const name of ["effect", "@effect/platform-node", "axios", "zod"]) {
    const target = Path.join(modules, name)
    Fs.mkdirSync(Path.dirname(target), { recursive: true })
    Fs.symlinkSync(folderOf(require.resolve(name), name), target)
  }
  Fs.writeFileSync(Path.join(folder, "package.json"), JSON.stringify({ type: "module" }))
  const programs = fileURLToPath(new URL("programs/", import.meta.url))
  for (const program of Fs.readdirSync(programs)) {
    // Node.js would take longer to read TypeScript than a small program to start.
    const { code } = transformSync(Fs.readFileSync(Path.join(programs, program), "utf8"), { loader: "ts" })
    Fs.writeFileSync(Path.join(folder, program.replace(/ts$/, "js")), code)
  }
  return folder
}

const folderOf = (file: string, name: string): string => {
  const folder = Path.dirname(file)
  const manifest = Path.join(folder, "package.json")
  return Fs.existsSync(manifest) && JSON.parse(Fs.readFileSync(manifest, "utf8")).name === name
    ? folder
    : folderOf(folder, name)
}
