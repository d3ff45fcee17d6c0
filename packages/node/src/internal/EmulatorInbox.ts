/**
 * The emulator's inbox: its page, the changes as server-sent events, and the actions of the page.
 *
 * @since 0.1.0
 */
import * as Conversations from "@effect-livedesk/core/Conversations"
import type * as Emulator from "@effect-livedesk/core/testing/Emulator"
import * as Tickets from "@effect-livedesk/core/Tickets"
import * as ByteSize from "effect/ByteSize"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Sse from "effect/encoding/Sse"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Stream from "effect/Stream"
import { createHash } from "node:crypto"
import { InboxAction } from "./InboxAction.ts"
import * as InboxCall from "./InboxCall.ts"
import * as InboxDrafts from "./InboxDrafts.ts"
import * as InboxFaults from "./InboxFaults.ts"
import * as InboxGuard from "./InboxGuard.ts"
import * as InboxList from "./InboxList.ts"
import { html } from "./InboxPage.ts"
import * as InboxRequest from "./InboxRequest.ts"
import type { Lists } from "./InboxView.ts"
import * as InboxWatch from "./InboxWatch.ts"

export interface Options extends Omit<InboxWatch.Sources, "drafts"> {
  /** The store of an agent that works at the emulator. */
  readonly agent: InboxDrafts.Options | undefined
  /** Ends when the emulator is about to close, so that no page holds it up. */
  readonly closing: Effect.Effect<void>
}

/** How long changes are gathered before they are sent. */
const pause = "100 millis"

/** How many pages can be open at the same time. */
const maxPages = 20

/** The size of the largest action, in bytes. */
const largest = 1_000_000

const json = (status: number, body: unknown) => HttpServerResponse.jsonUnsafe(body, { status })

const reject = (status: number, error: string) => json(status, { error })

const hashes = (element: string): string =>
  [...html.matchAll(new RegExp(`<${element}[^>]*>([^]*?)</${element}>`, "g"))]
    .map(([, content = ""]) => `'sha256-${createHash("sha256").update(content).digest("base64")}'`)
    .join(" ")

const policy = [
  "default-src 'none'",
  `script-src ${hashes("script")}`,
  `style-src ${hashes("style")}`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'"
].join("; ")

const page = HttpServerResponse.text(html, { contentType: "text/html; charset=utf-8" }).pipe(
  HttpServerResponse.setHeaders({
    "content-security-policy": policy,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store"
  })
)

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(InboxAction))

const lists: ReadonlyArray<keyof Lists> = ["conversations", "contacts", "tickets"]

/** The most rows of a list at once. */
const maxRows = 100

/** The longest text to search for. */
const longestText = 200

const queryOf = ({ url }: HttpServerRequest.HttpServerRequest) => new URLSearchParams(url.split("?")[1])

const originOf = ({ headers }: HttpServerRequest.HttpServerRequest): string => `http://${headers["host"] ?? ""}`

const numberOf = (text: string): number | undefined => /^\d{1,15}$/.test(text) ? Number(text) : undefined

/** The record that a page asks for, or what is wrong with the query. */
const choiceOf = (query: URLSearchParams): InboxWatch.Choice | string | undefined => {
  const ticket = query.get("ticket")
  if (ticket !== null) return { _tag: "Ticket", id: ticket }
  for (const [name, _tag] of [["conversation", "Conversation"], ["contact", "Contact"]] as const) {
    const id = query.get(name)
    if (id === null) continue
    return numberOf(id) === undefined ? `${name}: expected an id` : { _tag, id: Number(id) }
  }
  return undefined
}

const rejectCall = Effect.catch(({ message, status }: InboxCall.InboxCallRejected | Emulator.AgentRejectedError) =>
  Effect.succeed(reject(status, message))
)

const explain = SchemaIssue.makeFormatterStandardSchemaV1()

/** Makes the effect that serves what is under `/inbox`. */
export const make = ({ agent, ...options }: Options) =>
  Effect.map(
    agent === undefined ? Effect.undefined : InboxDrafts.make(agent),
    (drafts) => handler({ ...options, drafts })
  )

const handler = (options: InboxWatch.Sources & Pick<Options, "closing">) => {
  const { closing, drafts, emulator, server, webhook } = options
  let pages = 0

  const events = (choice: InboxWatch.Choice | undefined) =>
    Stream.fromEffectSchedule(InboxWatch.make(options, choice), Schedule.spaced(pause)).pipe(
      Stream.filter((changed) => Object.keys(changed).length > 0),
      Stream.map((changed) =>
        Sse.encoder.write({ _tag: "Event", event: "message", id: undefined, data: JSON.stringify(changed) })
      ),
      Stream.encodeText,
      Stream.interruptWhen(closing)
    )

  const look = (request: HttpServerRequest.HttpServerRequest) =>
    Effect.sync(() => {
      const choice = choiceOf(queryOf(request))
      if (typeof choice === "string") return reject(400, choice)
      if (pages >= maxPages) return reject(503, `${maxPages} pages are looking already`)
      return HttpServerResponse.stream(
        Stream.scoped(Stream.unwrap(Effect.as(
          Effect.acquireRelease(Effect.sync(() => pages++), () => Effect.sync(() => pages--)),
          events(choice)
        ))),
        { contentType: "text/event-stream", headers: { "cache-control": "no-store" } }
      )
    })

  const list = (request: HttpServerRequest.HttpServerRequest) =>
    Effect.gen(function*() {
      const query = queryOf(request)
      const list = lists.find((list) => list === query.get("of"))
      if (list === undefined) return reject(400, `of: expected one of ${lists.join(", ")}`)
      const text = query.get("text") ?? ""
      if (text.length > longestText) return reject(400, `text: expected at most ${longestText} characters`)
      const from = numberOf(query.get("from") ?? "0")
      if (from === undefined) return reject(400, "from: expected a position from 0")
      const count = numberOf(query.get("count") ?? String(maxRows))
      if (count === undefined || count > maxRows) return reject(400, `count: expected at most ${maxRows}`)
      const rows = InboxList.rowsOf(yield* emulator.state, yield* emulator.now, { list, text, from, count })
      return json(200, rows)
    })

  const show = (request: HttpServerRequest.HttpServerRequest) =>
    Effect.gen(function*() {
      const number = numberOf(queryOf(request).get("number") ?? "")
      if (number === undefined) return reject(400, "number: expected that of a request")
      const served = (yield* server.requests).find((request) => request.number === number)
      const exchange = yield* server.exchange(number)
      if (served === undefined || Option.isNone(exchange)) {
        return reject(404, options.keepsBodies ? "this request is not kept any more" : "requests are not kept")
      }
      return json(200, InboxRequest.viewOf(originOf(request), served.method, exchange.value))
    })

  const perform = (action: InboxAction, origin: string): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
    switch (action._tag) {
      case "Reply":
        return Effect.match(emulator.reply(action), {
          onFailure: ({ message, status }) => reject(status, message),
          onSuccess: () => json(200, {})
        })
      case "Receive":
        return Effect.match(emulator.receive(action), {
          onFailure: ({ message }) => reject(422, message),
          onSuccess: () => json(200, {})
        })
      case "ToggleStatus":
        return Effect.match(
          emulator.toggleStatus({
            ...action,
            snoozedUntil: action.snoozedUntil === undefined ? undefined : DateTime.makeUnsafe(action.snoozedUntil)
          }),
          {
            onFailure: ({ message, status }) => reject(status, message),
            onSuccess: () => json(200, {})
          }
        )
      case "StartConversation":
        return Effect.gen(function*() {
          const { contactId, content, inboxId } = action
          const { id } = yield* InboxCall.make(
            emulator,
            origin,
            Conversations.createEndpoint,
            { contact_id: contactId, inbox_id: inboxId },
            Schema.Struct({ id: Schema.Natural })
          )
          if (content.trim() !== "") yield* emulator.reply({ conversationId: id, content })
          return json(200, { id })
        }).pipe(rejectCall)
      case "CreateTicket": {
        const { _tag: _, ...body } = action
        const created = Schema.Struct({ data: Schema.Struct({ ticket_id: Schema.String }) })
        return InboxCall.make(emulator, origin, Tickets.createEndpoint, body, created).pipe(
          Effect.map(({ data }) => json(200, { id: data.ticket_id })),
          rejectCall
        )
      }
      case "UpdateTicket": {
        const { _tag: _, ticketId, ...body } = action
        const { method, path } = Tickets.updateEndpoint
        const place = {
          method,
          path: `/${path.slice(1).replace(":ticket_id", () => encodeURIComponent(ticketId))}`
        } as const
        return InboxCall.make(emulator, origin, place, body, Schema.Unknown).pipe(Effect.as(json(200, {})), rejectCall)
      }
      case "Redeliver":
        return Option.match(webhook, {
          onNone: () => Effect.succeed(reject(404, "no webhook is set")),
          onSome: ({ sender }) =>
            Effect.gen(function*() {
              const delivered = (yield* sender.recent).findLast((made) => InboxWatch.keyOf(made) === action.key)
              if (delivered === undefined) return reject(404, "key: there is no such delivery any more")
              const { status } = yield* sender.redeliver(delivered)
              return json(200, { status: Option.getOrNull(status) })
            }).pipe(Effect.catch(() => Effect.succeed(reject(500, "the delivery could not be signed"))))
        })
      case "Faults":
        return Option.match(InboxFaults.planOf(action.ids, action.rate), {
          onNone: () => Effect.succeed(reject(400, "ids: expected those of the view")),
          onSome: (plan) =>
            Effect.match(server.faults.setPlan(plan), {
              onFailure: ({ problem }) => reject(400, problem),
              onSuccess: () => json(200, {})
            })
        })
      case "DecideDraft":
        return drafts === undefined
          ? Effect.succeed(reject(404, "no agent's store is set"))
          : drafts.decide(action).pipe(Effect.as(json(200, {})), rejectCall)
    }
  }

  const act = (request: HttpServerRequest.HttpServerRequest) =>
    request.text.pipe(
      Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(largest)),
      Effect.matchEffect({
        onFailure: () => Effect.succeed(reject(413, `expected a body of at most ${largest} bytes`)),
        onSuccess: (text) =>
          Effect.matchEffect(decode(text, { errors: "all" }), {
            onFailure: ({ issue }) =>
              Effect.succeed(json(400, {
                error: "not an action of this page",
                issues: explain(issue).issues
              })),
            onSuccess: (action) => perform(action, originOf(request))
          })
      })
    )

  const serve = {
    "/inbox/events": { method: "GET", respond: look },
    "/inbox/list": { method: "GET", respond: list },
    "/inbox/request": { method: "GET", respond: show },
    "/inbox/actions": { method: "POST", respond: act }
  } as const

  return Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const [path = ""] = request.url.split(/[?#]/)
    if (path === "/inbox" || path === "/inbox/") {
      const wrong = InboxGuard.rejectMethod(request, "GET")
      return wrong === undefined ? page : reject(wrong.status, wrong.error)
    }
    const route = Object.entries(serve).find(([place]) => place === path)?.[1]
    if (route === undefined) return reject(404, "there is no such page")
    const wrong = InboxGuard.rejectMethod(request, route.method) ?? InboxGuard.rejectOrigin(request)
    return wrong === undefined ? yield* route.respond(request) : reject(wrong.status, wrong.error)
  })
}
