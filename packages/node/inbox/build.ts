/**
 * Makes the emulator's inbox of its sources, and prints the module that holds it: one document with its style and its
 * script in it, which asks for nothing else, and the licences of what it bundles. `pnpm codegen` puts it where the node
 * package has it.
 */
import { build } from "esbuild"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL("./", import.meta.url))

const bundle = async (file: string) => {
  const { metafile, outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: [`src/${file}`],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    metafile: true,
    write: false
  })
  return { text: outputFiles[0]?.text.trim() ?? "", inputs: Object.keys(metafile.inputs) }
}

/** The notice of each package among the inputs. */
const notices = (inputs: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const packages = inputs.flatMap((input) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input) ?? [])
  return Promise.all(
    [...new Set(packages)].sort().map(async (place) => {
      const { name, version } = JSON.parse(await readFile(`${folder}${place}/package.json`, "utf8"))
      const licence = (await readFile(`${folder}${place}/LICENSE`, "utf8")).trim()
      if (licence.includes("--")) throw new Error(`the licence of ${name} cannot be in a comment`)
      return `${name} ${version}\n\n${licence}`
    })
  )
}

const [document, style, script] = await Promise.all([
  readFile(`${folder}src/inbox.html`, "utf8"),
  bundle("inbox.css"),
  bundle("inbox.tsx")
])
const licences = await notices(script.inputs)
const html = document
  .replace("<!-- notices -->", () => `<!--\n${licences.join("\n\n")}\n-->`)
  .replace("<!-- style -->", () => `<style>${style.text}</style>`)
  .replace("<!-- script -->", () => `<script type="module">${script.text}</script>`)

process.stdout.write(`/**
 * The emulator's inbox as it is served: made by codegen of what is in the folder inbox of this package.
 *
 * @since 0.1.0
 */
export const html: string = ${JSON.stringify(html)}
`)
