import { NodeEmulator } from "@effect-livedesk/node"
import { Effect, type Scope } from "effect"
import { type ClientRequest, type IncomingMessage, request } from "node:http"

/** A response of the emulator. */
export interface InboxResponse {
  readonly status: number
  readonly headers: IncomingMessage["headers"]
  readonly text: string
}

/** Headers of a request. */
export type Headers = { readonly [name: string]: string }

/** Sends what no browser and no `fetch` would, such as another host. */
export const send = Effect.fnUntraced(
  function*(method: string, path: string, headers: Headers = {}, body?: string | Buffer) {
    const { baseUrl } = yield* NodeEmulator.NodeEmulator
    return yield* Effect.callback<InboxResponse>((resume) => {
      const sent = request(baseUrl, { path, method, headers, agent: false }, (response) => {
        let text = ""
        response.setEncoding("utf8")
        response.on("data", (part: string) => {
          text += part
        })
        response.on(
          "end",
          () => resume(Effect.succeed({ status: response.statusCode ?? 0, headers: response.headers, text }))
        )
      })
      sent.on("error", (error) => resume(Effect.die(error)))
      sent.end(body)
    })
  }
)

/** Sends an action as the page does. */
export const act = (action: unknown, headers: Headers = {}) =>
  send("POST", "/inbox/actions", { "content-type": "application/json", ...headers }, JSON.stringify(action))

/** The words of a rejection. */
export const error = ({ text }: InboxResponse): string => JSON.parse(text).error

/** A page that is open. */
export interface Look {
  readonly status: number
  /** The next event; none at the end. */
  readonly next: Effect.Effect<{ readonly [part: string]: unknown } | undefined>
  readonly close: Effect.Effect<void>
}

/** A page that looks on, gone at the end of the scope. */
export const look = Effect.fnUntraced(
  function*(query = ""): Effect.fn.Return<Look, never, NodeEmulator.NodeEmulator | Scope.Scope> {
    const { baseUrl } = yield* NodeEmulator.NodeEmulator
    const { response, sent } = yield* Effect.acquireRelease(
      Effect.callback<{ readonly sent: ClientRequest; readonly response: IncomingMessage }>((resume) => {
        const sent = request(
          `${baseUrl}/inbox/events${query}`,
          { agent: false },
          (response) => resume(Effect.succeed({ sent, response }))
        )
        // Of one that the emulator ends.
        sent.on("error", () => {})
        sent.end()
      }),
      ({ sent }) => Effect.sync(() => sent.destroy())
    )
    const parts = response.setEncoding("utf8")[Symbol.asyncIterator]()
    let rest = ""
    const next = async (): Promise<{ readonly [part: string]: unknown } | undefined> => {
      for (;;) {
        const end = rest.indexOf("\n\n")
        if (end >= 0) {
          const event = rest.slice(0, end)
          rest = rest.slice(end + 2)
          return JSON.parse(event.replace(/^data: /, ""))
        }
        const part = await parts.next().catch(() => ({ done: true, value: "" }))
        if (part.done === true) return undefined
        rest += String(part.value)
      }
    }
    return {
      status: response.statusCode ?? 0,
      next: Effect.promise(next),
      close: Effect.sync(() => sent.destroy())
    }
  }
)
