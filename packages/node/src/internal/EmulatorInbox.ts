/**
 * The emulator's inbox: its page, the changes as server-sent events, and the actions of the page.
 *
 * @since 0.1.0
 */
import * as ByteSize from "effect/ByteSize"
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
import * as InboxGuard from "./InboxGuard.ts"
import { html } from "./InboxPage.ts"
import * as InboxView from "./InboxView.ts"

export interface Options extends InboxView.Sources {
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

const explain = SchemaIssue.makeFormatterStandardSchemaV1()

/** Serves what is under `/inbox`. */
export const make = (options: Options) => {
  const { closing, emulator, server, webhook } = options
  let pages = 0

  const events = (conversation: number | undefined) =>
    Stream.fromEffectSchedule(InboxView.watch(options, conversation), Schedule.spaced(pause)).pipe(
      Stream.filter((changed) => Object.keys(changed).length > 0),
      Stream.map((changed) =>
        Sse.encoder.write({ _tag: "Event", event: "message", id: undefined, data: JSON.stringify(changed) })
      ),
      Stream.encodeText,
      Stream.interruptWhen(closing)
    )

  const look = (request: HttpServerRequest.HttpServerRequest) =>
    Effect.sync(() => {
      const conversation = new URLSearchParams(request.url.split("?")[1]).get("conversation")
      if (conversation !== null && !/^\d{1,15}$/.test(conversation)) return reject(400, "conversation: expected an id")
      if (pages >= maxPages) return reject(503, `${maxPages} pages are looking already`)
      return HttpServerResponse.stream(
        Stream.scoped(Stream.unwrap(Effect.as(
          Effect.acquireRelease(Effect.sync(() => pages++), () => Effect.sync(() => pages--)),
          events(conversation === null ? undefined : Number(conversation))
        ))),
        { contentType: "text/event-stream", headers: { "cache-control": "no-store" } }
      )
    })

  const perform = (action: InboxAction) => {
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
        return Effect.match(emulator.toggleStatus(action), {
          onFailure: ({ message, status }) => reject(status, message),
          onSuccess: () => json(200, {})
        })
      case "Redeliver":
        return Option.match(webhook, {
          onNone: () => Effect.succeed(reject(404, "no webhook is set")),
          onSome: ({ sender }) =>
            Effect.gen(function*() {
              const delivered = (yield* sender.recent).findLast((made) => InboxView.keyOf(made) === action.key)
              if (delivered === undefined) return reject(404, "key: there is no such delivery any more")
              const { status } = yield* sender.redeliver(delivered)
              return json(200, { status: Option.getOrNull(status) })
            }).pipe(Effect.catch(() => Effect.succeed(reject(500, "the delivery could not be signed"))))
        })
      case "Faults":
        return Option.match(InboxView.planOf(action.ids, action.rate), {
          onNone: () => Effect.succeed(reject(400, "ids: expected those of the view")),
          onSome: (plan) =>
            Effect.match(server.faults.setPlan(plan), {
              onFailure: ({ problem }) => reject(400, problem),
              onSuccess: () => json(200, {})
            })
        })
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
            onSuccess: perform
          })
      })
    )

  return Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const [path = ""] = request.url.split(/[?#]/)
    switch (path) {
      case "/inbox":
      case "/inbox/": {
        const wrong = InboxGuard.rejectMethod(request, "GET")
        return wrong === undefined ? page : reject(wrong.status, wrong.error)
      }
      case "/inbox/events": {
        const wrong = InboxGuard.rejectMethod(request, "GET") ?? InboxGuard.rejectOrigin(request)
        return wrong === undefined ? yield* look(request) : reject(wrong.status, wrong.error)
      }
      case "/inbox/actions": {
        const wrong = InboxGuard.rejectMethod(request, "POST") ?? InboxGuard.rejectOrigin(request)
        return wrong === undefined ? yield* act(request) : reject(wrong.status, wrong.error)
      }
      default:
        return reject(404, "there is no such page")
    }
  })
}
