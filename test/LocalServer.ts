import { Effect, type Scope } from "effect"
import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"

/** Serves at 127.0.0.1 until the scope ends, and gives the address. */
export const make = (serve: RequestListener): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const server = createServer(serve)
        server.listen(0, "127.0.0.1")
        await once(server, "listening")
        return server
      }),
      (server) => Effect.sync(() => server.close())
    ),
    (server) => {
      const address = server.address()
      return `http://127.0.0.1:${typeof address === "object" ? address?.port : undefined}`
    }
  )
