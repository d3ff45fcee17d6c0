/**
 * Makes the emulator's inbox of its sources, and prints the module that holds it: one document with its style and its
 * script in it, which asks for nothing else. `pnpm codegen` puts it where the node package has it.
 */
import { build } from "esbuild"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL("./src/", import.meta.url))

const bundle = async (file: string): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [`${folder}${file}`],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    write: false
  })
  return outputFiles[0]?.text.trim() ?? ""
}

const [document, style, script] = await Promise.all([
  readFile(`${folder}inbox.html`, "utf8"),
  bundle("inbox.css"),
  bundle("inbox.tsx")
])
const html = document
  .replace("<!-- style -->", () => `<style>${style}</style>`)
  .replace("<!-- script -->", () => `<script type="module">${script}</script>`)

process.stdout.write(`/**
 * The emulator's inbox as it is served: made by codegen of what is in the folder inbox of this package.
 *
 * @since 0.1.0
 */
export const html: string = ${JSON.stringify(html)}
`)
