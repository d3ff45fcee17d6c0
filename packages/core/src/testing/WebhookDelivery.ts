/**
 * Webhook deliveries of every kind, signed and in memory, to test a receiver without LiveDesk.
 *
 * `conversation_created` is the vendor's sample. The others have Chatwoot's shape, which is unverified for LiveDesk.
 *
 * @since 0.1.0
 */
import type * as CryptoError from "effect/crypto/CryptoError"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { account, contact, conversation } from "../internal/ConversationSample.ts"
import * as Utf8 from "../internal/Utf8.ts"
import type { Attributes } from "../LiveDeskSchema.ts"
import type * as Webhooks from "../webhooks/Webhooks.ts"
import * as WebhookSignature from "../webhooks/WebhookSignature.ts"

/**
 * One delivery: a POST of these headers and bytes to this path.
 *
 * @category models
 * @since 0.1.0
 */
export interface WebhookDelivery {
  readonly path: `/${string}`
  readonly headers: { readonly [name: string]: string }
  readonly body: Uint8Array
}

// ---------------------------------------------------------------------------------------------------------------------
// payloads
// ---------------------------------------------------------------------------------------------------------------------

const changes: Attributes = {
  changed_attributes: [
    { updated_at: { previous_value: "2026-01-21T03:48:44.268Z", current_value: "2026-01-21T03:48:50.012Z" } },
    { status: { previous_value: "pending", current_value: "open" } }
  ]
}

const contactChanges: Attributes = {
  changed_attributes: [
    { name: { previous_value: "", current_value: "Test" } },
    { updated_at: { previous_value: "2026-01-21T03:26:49.012Z", current_value: "2026-01-21T03:48:50.012Z" } }
  ]
}

const message: Attributes = {
  account,
  additional_attributes: {},
  content_attributes: {},
  content_type: "text",
  content: "Hello",
  conversation,
  created_at: "2026-01-21T03:48:50.000Z",
  id: 3030,
  inbox: { id: 523, name: "API" },
  message_type: "incoming",
  private: false,
  sender: { account, ...contact, avatar: "" },
  source_id: null
}

const typing: Attributes = { user: { account, ...contact, avatar: "" }, conversation, is_private: false }

const payloads = {
  conversation_created: { account, ...conversation },
  // Chatwoot reads the change after it was committed (conversation.rb, notify_status_change).
  conversation_status_changed: { account, ...conversation, changed_attributes: null },
  conversation_updated: { account, ...conversation, ...changes },
  message_created: message,
  message_updated: message,
  conversation_typing_on: typing,
  conversation_typing_off: typing,
  contact_created: { account, ...contact, avatar: "" },
  contact_updated: { account, ...contact, avatar: "", ...contactChanges }
} as const satisfies { readonly [event: string]: Attributes }

/**
 * The name of an event that has a model of its own.
 *
 * @category models
 * @since 0.1.0
 */
export type EventName = keyof typeof payloads

const isEventName = (event: string): event is EventName => Object.hasOwn(payloads, event)

/**
 * The names of the events that have a model of their own; the first is documented, the others are Chatwoot's.
 *
 * @category payloads
 * @since 0.1.0
 */
export const eventNames: ReadonlyArray<EventName> = Object.keys(payloads).filter(isEventName)

/**
 * The payload of an event, with `fields` in place of its own. The payload of an unknown event has `fields` alone.
 *
 * ```ts
 * WebhookDelivery.payload("message_created", { id: 7, content: "Where is my order?" })
 * ```
 *
 * @category payloads
 * @since 0.1.0
 */
export const payload = (event: EventName | (string & {}), fields?: Attributes): Attributes => ({
  event,
  ...(isEventName(event) ? payloads[event] : {}),
  ...fields
})

// ---------------------------------------------------------------------------------------------------------------------
// deliveries
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Options of a delivery.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Pick<Webhooks.Options, "path" | "verification" | "deliveryHeader"> {
  /** The body: a payload, or any other text or bytes. */
  readonly payload: Attributes | string | Uint8Array
  /** The id of the delivery. Defaults to none, as LiveDesk documents none. */
  readonly id?: string | undefined
}

/**
 * Creates a delivery for a receiver with the same options, signed at the `Clock`'s time with the first of its secrets.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  { deliveryHeader, id, path, payload, verification }: Options
): Effect.fn.Return<WebhookDelivery, CryptoError.CryptoError> {
  const body = payload instanceof Uint8Array
    ? payload
    : Utf8.encode(typeof payload === "string" ? payload : JSON.stringify(payload))
  const headers = {
    accept: "application/json",
    "content-type": "application/json",
    ...(id === undefined ? {} : { [deliveryHeader ?? "X-Chatwoot-Delivery"]: id })
  }
  switch (verification._tag) {
    case "Unverified":
      return { path, headers, body }
    case "PathToken":
      return { path: `${path}/${Redacted.value(verification.token)}`, headers, body }
    case "Signed": {
      const timestamp = String(Math.floor(DateTime.toEpochMillis(yield* DateTime.now) / 1000))
      const key = yield* WebhookSignature.key(verification.secrets[0])
      const signature = yield* Effect.provide(WebhookSignature.sign(key, timestamp, body), WebhookSignature.layer)
      return {
        path,
        headers: {
          ...headers,
          [verification.timestampHeader]: timestamp,
          [verification.signatureHeader]: `${verification.prefix}${signature}`
        },
        body
      }
    }
  }
})

/**
 * Converts a delivery to a request to the server at `origin`. The clients of `layer` and of a server under test need no
 * `origin`.
 *
 * @category converting
 * @since 0.1.0
 */
export const toRequest = (
  { body, headers, path }: WebhookDelivery,
  origin = ""
): HttpClientRequest.HttpClientRequest =>
  HttpClientRequest.post(`${origin}${path}`, { headers, body: HttpBody.uint8Array(body, "application/json") })

/**
 * Provides a router to add routes to, and an `HttpClient` that reaches them by their path, without a network.
 *
 * ```ts
 * const address = { path: "/livedesk", verification: Webhooks.signed({ secrets: [secret] }) } as const
 * const receiver = Webhooks.layer({ ...address, handler: Console.log }).pipe(Layer.provideMerge(WebhookDelivery.layer))
 *
 * const router = yield* HttpClient.HttpClient
 * const delivery = yield* WebhookDelivery.make({ ...address, payload: WebhookDelivery.payload("message_created") })
 * const { status } = yield* router.execute(WebhookDelivery.toRequest(delivery))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<HttpClient.HttpClient | HttpRouter.HttpRouter> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(
    HttpRouter.HttpRouter,
    (router) =>
      HttpClient.make((request) =>
        Effect.scoped(Effect.suspend(() => router.asHttpEffect())).pipe(
          // As a server would, responds to a defect with 500.
          Effect.catchCause((cause) => Effect.map(HttpServerError.causeResponse(cause), ([response]) => response)),
          Effect.provideService(HttpServerRequest.HttpServerRequest, HttpServerRequest.fromClientRequest(request)),
          Effect.map((response) => HttpServerResponse.toClientResponse(response, { request }))
        )
      ).pipe(HttpClient.mapRequest(HttpClientRequest.prependUrl("http://localhost")))
  )
).pipe(Layer.provideMerge(HttpRouter.layer))
