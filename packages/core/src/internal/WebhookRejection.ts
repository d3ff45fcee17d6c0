/**
 * Refusals of deliveries, with the response to the sender.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schema from "effect/Schema"

const rejections = {
  NotVerified: { status: 401, message: "the delivery could not be verified" },
  BodyTooLarge: { status: 413, message: "the body is larger than is taken here" },
  BodyTimedOut: { status: 408, message: "the body did not arrive in time" },
  BodyLost: { status: 400, message: "the body broke off" },
  NotJson: { status: 400, message: "the body is not JSON" },
  NoEvent: { status: 400, message: "the body is no object with a text `event`" },
  Full: { status: 503, message: "too many events wait to be handled; deliver it again" },
  InProgress: { status: 503, message: "this delivery came before and is being handled; deliver it again" },
  StoreFailed: {
    status: 503,
    message: "the store failed, so whether this delivery was handled is unknown; deliver it again"
  },
  HandlerFailed: { status: 500, message: "the event could not be handled; deliver it again" }
} as const

/** The error of a delivery that did not get the status 200. Logged as a warning, without the delivery's content. */
export class WebhookRejectedError extends Schema.TaggedError<WebhookRejectedError>()("WebhookRejectedError", {
  reason: Schema.Literals([
    "NotVerified",
    "BodyTooLarge",
    "BodyTimedOut",
    "BodyLost",
    "NotJson",
    "NoEvent",
    "Full",
    "InProgress",
    "StoreFailed",
    "HandlerFailed"
  ]),
  /** Which check failed; for the log, never for the sender. */
  detail: Schema.optional(Schema.String)
}) {
  /** The HTTP status of the response. */
  get status(): number {
    return rejections[this.reason].status
  }

  override get message(): string {
    return rejections[this.reason].message
  }
}

export const reject = (reason: WebhookRejectedError["reason"], detail?: string) =>
  Effect.fail(new WebhookRejectedError({ reason, detail }))

/** Returns the response to a refused delivery. */
export const responseTo = ({ message, reason, status }: WebhookRejectedError): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe({ error: reason, message }, {
    status,
    ...(status === 503 ? { headers: { "retry-after": "5" } } : {}),
    // As RFC 9110 asks: the rest of the body may never come, and would keep the connection.
    ...(status === 408 ? { headers: { connection: "close" } } : {})
  })
