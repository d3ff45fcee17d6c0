import { Emulator, type EmulatorState } from "@effect-livedesk/core/testing"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Clock, DateTime, Effect, HashMap, Redacted } from "effect"
import { HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"

/** What happens to a request that creates something, around what the emulator does. */
export interface Hooks {
  readonly before?: (post: number) => Effect.Effect<void>
  readonly after?: (post: number) => Effect.Effect<void>
}

/** A program at a port that runs flows there: its settings, and what it can be asked besides LiveDesk's API. */
export interface FlowServer {
  readonly emulator: Emulator.Emulator["Service"]
  readonly settings: Record<string, string>
  /** When requests came, in milliseconds. */
  readonly times: Array<number>
  /** How many requests came from which process, by the header `x-runner`. */
  readonly runners: Map<string, number>
  /** From the next `GET /arm` on, posts are counted from 1 and meet these. */
  hooks: Hooks
}

/** The emulator on a port, which also shows what it holds: the outcome probe that LiveDesk itself does not give. */
export const make = Effect.gen(function*() {
  const emulator = yield* Emulator.make({ startsAt: yield* DateTime.now })
  const server: FlowServer = {
    emulator,
    settings: {
      LIVEDESK_API_KEY: Redacted.value(emulator.credentials.apiKey),
      LIVEDESK_API_SECRET: Redacted.value(emulator.credentials.apiSecret)
    },
    times: [],
    runners: new Map(),
    hooks: {}
  }
  let armed: Hooks = {}
  let posts = 0
  const app = Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const url = new URL(request.url, "http://localhost")
    if (url.pathname === "/arm") {
      armed = server.hooks
      posts = 0
      return HttpServerResponse.text("armed")
    }
    if (url.pathname.startsWith("/probe/")) {
      return HttpServerResponse.jsonUnsafe({ id: find(yield* emulator.state, url.pathname, url.searchParams) ?? null })
    }
    server.times.push(yield* Clock.currentTimeMillis)
    const runner = request.headers["x-runner"] ?? ""
    server.runners.set(runner, (server.runners.get(runner) ?? 0) + 1)
    if (request.method !== "POST") return yield* emulator.httpEffect
    const post = ++posts
    const { after, before } = armed
    yield* before?.(post) ?? Effect.void
    const response = yield* emulator.httpEffect
    yield* after?.(post) ?? Effect.void
    return response
  })
  // LiveDesk goes on with a request when its sender is gone.
  yield* HttpServer.serveEffect(Effect.uninterruptible(app))
  const baseUrl = yield* HttpServer.addressFormattedWith(Effect.succeed)
  server.settings["LIVEDESK_BASE_URL"] = baseUrl
  return server
})

export const layerServer = NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" })

/** The id of what is asked for, if it is there. */
export const find = (
  state: EmulatorState.EmulatorState,
  pathname: string,
  searchParams: URLSearchParams
): number | undefined => {
  if (pathname === "/probe/conversation") {
    const contactId = Number(searchParams.get("contactId"))
    return Array.from(HashMap.values(state.conversations)).find((conversation) => conversation.contactId === contactId)
      ?.id
  }
  const conversationId = Number(searchParams.get("conversationId"))
  const content = searchParams.get("content")
  return Array.from(HashMap.values(state.messages)).find((message) =>
    message.conversationId === conversationId && message.content._tag === "Some" && message.content.value === content
  )?.id
}

/** What was done for each customer, by e-mail address: how many contacts, conversations and messages. */
export const done = (state: EmulatorState.EmulatorState): ReadonlyMap<string, readonly [number, number, number]> => {
  const all = new Map<string, [number, number, number]>()
  const conversations = Array.from(HashMap.values(state.conversations))
  const messages = Array.from(HashMap.values(state.messages))
  for (const { email, id } of HashMap.values(state.contacts)) {
    const address = email._tag === "Some" ? email.value : ""
    const counts = all.get(address) ?? [0, 0, 0]
    const own = conversations.filter(({ contactId }) => contactId === id)
    counts[0] += 1
    counts[1] += own.length
    counts[2] += messages.filter(({ conversationId }) => own.some(({ id }) => id === conversationId)).length
    all.set(address, counts)
  }
  return all
}
