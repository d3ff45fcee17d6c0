/** Responds to every request with the vendor's sample of a conversation, and reports its port. */
import { createServer } from "node:http"
import * as Sample from "./Sample.ts"

const body = Buffer.from(Sample.response)

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body)
  })
})
// Longer than a contender waits for its next turn.
server.keepAliveTimeout = 600_000
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.send?.(typeof address === "object" ? address?.port : undefined)
})
process.on("disconnect", () => process.exit())
