/**
 * Watches the writes of a command, to report their outcome when it is interrupted.
 *
 * @since 0.1.0
 */
import type * as Endpoint from "@effect-livedesk/core/Endpoint"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as CommandOutput from "./CommandOutput.ts"

interface Write {
  readonly method: string
  readonly path: string
  /** The status of the response, if there was one. */
  status: number | undefined
}

/**
 * Watches the requests of a client that may change something. For one request at a time.
 *
 * @category models
 * @since 0.1.0
 */
export class WriteWatch {
  private latest: Write | undefined

  /** The option `transformClient` of a client whose writes are watched. */
  readonly transform = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
    HttpClient.transform(client, (effect, request) =>
      request.method === "GET" ? effect : Effect.suspend(() => {
        const write: Write = { method: request.method, path: new URL(request.url).pathname, status: undefined }
        this.latest = write
        return Effect.tap(effect, ({ status }) =>
          Effect.sync(() => {
            write.status = status
          }))
      }))

  /** Prints on standard error what may have become of the latest write; nothing if it did nothing. */
  readonly report: Effect.Effect<void, never, Effect.Services<typeof CommandOutput.Json>> = Effect.suspend(() => {
    const { latest } = this
    if (latest === undefined) return Effect.void
    const { method, path, status } = latest
    const outcome = status === undefined || status === 408 || status >= 500
      ? "Unknown"
      : status < 300
      ? "Processed"
      : "Rejected"
    if (outcome === "Rejected") return Effect.void
    return Effect.gen(function*() {
      const { all } = yield* Effect.promise(() => import("@effect-livedesk/core/Endpoints"))
      const endpoint: Pick<Endpoint.Endpoint<never, unknown>, "operation" | "idempotency" | "verifyHint"> | undefined =
        all.find((endpoint) => endpoint.method === method && isAt(path, endpoint.path))
      const operation = endpoint?.operation ?? method
      const message = `${operation} was interrupted (${method} ${path}), outcome ${outcome}: ` +
        (outcome === "Processed" ? "LiveDesk processed it" : "LiveDesk may have processed it") + (
          endpoint?.idempotency === "idempotent"
            ? ". It does no harm to run the command again"
            : `; look before you run the command again: ${endpoint?.verifyHint ?? "in LiveDesk's console"}`
        )
      yield* Console.error(
        (yield* CommandOutput.Json)
          ? CommandOutput.json({ _tag: "InterruptedError", operation, outcome, method, path, message }, 0)
          : CommandOutput.printable(message)
      )
    })
  })
}

/** Whether a path is one of a template, whose parameters begin with a colon. */
const isAt = (path: string, template: string): boolean => {
  const [parts, names] = [path, template].map((text) => text.split("/").reverse())
  // The base URL may have a path of its own, before the template's.
  return (names ?? []).every((name, index) => name === "" || name.startsWith(":") || name === parts?.[index])
}
