/**
 * A registry of this repository's packages alone, from their tarballs: `node registry.ts core.tgz node.tgz`. Prints its
 * address. Package managers ask it for the scope `@effect-livedesk` only.
 */
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import * as Fs from "node:fs"
import { createServer } from "node:http"

const packages = new Map(
  process.argv.slice(2).map((file) => {
    const content = Fs.readFileSync(file)
    const manifest: { readonly name: string; readonly version: string } = JSON.parse(
      execFileSync("tar", ["-xzOf", file, "package/package.json"], { encoding: "utf8" })
    )
    return [manifest.name, { content, manifest }] as const
  })
)

const server = createServer((request, response) => {
  const { host } = request.headers
  const path = decodeURIComponent(new URL(request.url ?? "", `http://${host}`).pathname).slice(1)
  const found = packages.get(path.replace(/\.tgz$/, ""))
  if (found === undefined) response.writeHead(404).end()
  else if (path.endsWith(".tgz")) response.end(found.content)
  else {
    const { content, manifest } = found
    const dist = {
      tarball: `http://${host}/${manifest.name}.tgz`,
      integrity: `sha512-${createHash("sha512").update(content).digest("base64")}`,
      shasum: createHash("sha1").update(content).digest("hex")
    }
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify({
      name: manifest.name,
      "dist-tags": { latest: manifest.version },
      versions: { [manifest.version]: { ...manifest, dist } }
    }))
  }
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.stdout.write(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}\n`)
})
