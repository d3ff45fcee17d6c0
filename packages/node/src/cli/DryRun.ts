/**
 * Simulated calls, for `--dry-run`: requests are shown and not sent.
 *
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as UrlParams from "effect/http/UrlParams"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as NodeLiveDesk from "../NodeLiveDesk.ts"
import * as CommandOutput from "./CommandOutput.ts"

/**
 * The result of simulated calls: their first requests, and their value if they ran to the end.
 *
 * @category models
 * @since 0.1.0
 */
export interface DryRun<A> {
  readonly requests: ReadonlyArray<HttpClientRequest.HttpClientRequest>
  readonly result: Option.Option<A>
}

/**
 * Simulates calls. Searches find nothing, and created records have made-up ids, so that the calls continue. They end at
 * any other request. `refuse` says why LiveDesk would refuse to create a contact, if it would.
 *
 * @category running
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*<A, E>(
  call: Effect.Effect<A, E, NodeLiveDesk.Provided>,
  refuse: (body: unknown) => string | undefined = () => undefined
): Effect.fn.Return<DryRun<A>, E | Config.ConfigError> {
  const requests: Array<HttpClientRequest.HttpClientRequest> = []
  const ended = yield* Deferred.make<void>()
  let made = 0
  const client = HttpClient.make((request) => {
    if (requests.length < maxRequests) requests.push(request)
    const refused = isContactCreate(request) ? refuse(bodyOf(request.body)) : undefined
    if (refused !== undefined) {
      return Effect.succeed(
        HttpClientResponse.fromWeb(request, Response.json({ message: refused }, { status: 422 }))
      )
    }
    // Each creation makes something of its own.
    const response = simulatedResponse(request, request.method === "POST" ? made++ : made)
    return response === undefined
      ? Effect.andThen(Deferred.succeed(ended, undefined), Effect.never)
      : Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(response)))
  })
  const result = yield* call.pipe(
    Effect.provide(
      Layer.provide(
        NodeLiveDesk.layerConfigNoHttpClient({ onDrift: "ignore" }),
        Layer.succeed(HttpClient.HttpClient, client)
      )
    ),
    Effect.asSome,
    Effect.raceFirst(Effect.as(Deferred.await(ended), Option.none<A>()))
  )
  return { requests, result }
})

/** The number of requests to keep: more than any command but the import makes. */
const maxRequests = 8

/** Stand-ins for ids that LiveDesk would assign, each with numbers that it would not. */
const simulated = {
  contact: { rest: 0, shown: "<id of the new contact>" },
  conversation: { rest: 1, shown: "<id of the new conversation>" },
  message: { rest: 2, shown: "<id of the new message>" }
}

const firstId = 8e15

/**
 * An inbox for simulated calls that need none.
 *
 * @category models
 * @since 0.1.0
 */
export const inboxId = firstId - 1

const idOf = ({ rest }: { readonly rest: number }, made: number): number => firstId + 3 * made + rest

/** The name of an id that was made up. */
const shownId = (id: number): string | undefined =>
  id === inboxId ? "<id of the inbox>" : Number.isSafeInteger(id) && id >= firstId
    ? Object.values(simulated).find(({ rest }) => rest === (id - firstId) % 3)?.shown
    : undefined

const isContactCreate = ({ method, url }: HttpClientRequest.HttpClientRequest): boolean =>
  method === "POST" && new URL(url).pathname.endsWith("/contacts")

const simulatedResponse = (
  { method, url }: HttpClientRequest.HttpClientRequest,
  made: number
): object | undefined => {
  const { pathname } = new URL(url)
  if (method === "GET" && pathname.endsWith("/contacts")) return { meta: { count: 0, current_page: 1 }, payload: [] }
  const [, contactId] = /\/contacts\/(\d+)$/.exec(pathname) ?? []
  if (method === "PATCH" && shownId(Number(contactId)) === simulated.contact.shown) {
    return { payload: { id: Number(contactId) } }
  }
  if (method !== "POST") return undefined
  if (pathname.endsWith("/contacts")) {
    return {
      payload: {
        contact: { id: idOf(simulated.contact, made) },
        contact_inbox: { source_id: "<source id of the new contact>" }
      }
    }
  }
  if (pathname.endsWith("/conversations")) return { id: idOf(simulated.conversation, made), status: "open" }
  if (pathname.endsWith("/messages")) return { id: idOf(simulated.message, made) }
  return undefined
}

/**
 * A request to show: without credentials, and with names in place of ids that only a response would return.
 *
 * @category showing
 * @since 0.1.0
 */
export interface ShownRequest {
  readonly method: string
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body?: unknown
  /** The condition on which the request is sent. */
  readonly onlyIf?: string
}

/**
 * Converts requests to show them, in their order.
 *
 * @category showing
 * @since 0.1.0
 */
export const shown = (requests: ReadonlyArray<HttpClientRequest.HttpClientRequest>): ReadonlyArray<ShownRequest> =>
  requests.map(({ body, headers, method, url, urlParams }, index) => {
    const query = UrlParams.toString(urlParams)
    // The length would be that of the made-up ids.
    const { authorization, "content-length": _, ...rest } = headers
    const text = bodyOf(body)
    return {
      method,
      url: (query === "" ? url : `${url}?${query}`).replaceAll(
        /\/(\d{16})\b/g,
        (_, id: string) => `/${shownId(Number(id)) ?? id}`
      ),
      headers: { ...rest, ...(authorization === undefined ? {} : { authorization: "Basic <masked>" }) },
      ...(text === undefined ? {} : { body: text }),
      ...(method !== "GET" && requests[index - 1]?.method === "GET" ? { onlyIf: "nothing was found before" } : {})
    }
  })

/**
 * Prints requests one after the other, or with `--json` as one list.
 *
 * @category showing
 * @since 0.1.0
 */
export const print = Effect.fnUntraced(function*(requests: ReadonlyArray<ShownRequest>) {
  yield* Console.log(
    (yield* CommandOutput.Json) ? CommandOutput.json(requests) : text(requests)
  )
})

/**
 * Formats requests as text.
 *
 * @category showing
 * @since 0.1.0
 */
export const text = (requests: ReadonlyArray<ShownRequest>): string =>
  requests.map(({ body, headers, method, onlyIf, url }, index) =>
    [
      ...(requests.length === 1
        ? []
        : [`# ${index + 1} of ${requests.length}${onlyIf === undefined ? "" : `, only if ${onlyIf}`}`]),
      CommandOutput.printable(`${method} ${url}`),
      ...Object.entries(headers).map(([name, value]) => CommandOutput.printable(`${name}: ${value}`)),
      ...(body === undefined ? [] : ["", CommandOutput.json(body)])
    ].join("\n")
  ).join("\n\n")

const bodyOf = (body: HttpBody.HttpBody): unknown => {
  switch (body._tag) {
    case "Uint8Array":
      return parsed(new TextDecoder().decode(body.body))
    case "FormData":
      return Array.from(body.formData.entries(), ([name, value]) => ({
        name,
        ...(typeof value === "string" ? { value } : { file: value.name, type: value.type, bytes: value.size })
      }))
    case "Empty":
    case "Raw":
    case "Stream":
      return undefined
  }
}

const parsed = (text: string): unknown =>
  JSON.parse(text, (_, value: unknown) => typeof value === "number" ? shownId(value) ?? value : value)
