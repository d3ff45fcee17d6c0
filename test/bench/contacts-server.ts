/** A LiveDesk without contacts, which creates every contact that it is asked for. Reports its port. */
import { readFileSync } from "node:fs"
import { createServer } from "node:http"

const sample: { readonly payload: { readonly contact: object } } = JSON.parse(
  readFileSync(new URL("../fixtures/create-contact.json", import.meta.url), "utf8")
)
const empty = Buffer.from(JSON.stringify({ meta: { count: 0, current_page: 1 }, payload: [] }))

let made = 0

const create = () => {
  const { payload } = sample
  return Buffer.from(JSON.stringify({ payload: { ...payload, contact: { ...payload.contact, id: ++made } } }))
}

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    const body = request.method === "GET" ? empty : create()
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body)
  })
})
server.keepAliveTimeout = 600_000
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.send?.(typeof address === "object" ? address?.port : undefined)
})
process.on("disconnect", () => process.exit())
