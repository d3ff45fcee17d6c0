/**
 * Webhooks for Node servers other than Effect's: Express, Fastify, or `node:http` alone.
 *
 * @since 0.1.0
 */
import type * as Webhooks from "@effect-livedesk/core/webhooks/Webhooks"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { IncomingMessage, ServerResponse } from "node:http"
import * as Setting from "./internal/Setting.ts"

/**
 * The secret of a receiver, from `LIVEDESK_WEBHOOK_SECRET`. Fails with a `ConfigError` of one line if it is missing, or
 * begins or ends with white space, such as the line break of a mounted file.
 *
 * ```ts
 * const verification = Effect.map(NodeWebhooks.secret, (secret) => Webhooks.signed({ secrets: [secret] }))
 * ```
 *
 * @category settings
 * @since 0.1.0
 */
export const secret: Config.Config<Redacted.Redacted> = Config.option(Setting.secret("LIVEDESK_WEBHOOK_SECRET")).pipe(
  Config.mapEffect(Option.match({
    onNone: () =>
      Setting.configError(
        "LIVEDESK_WEBHOOK_SECRET is missing. Set it to the secret that webhooks are signed with, for example example-secret"
      ),
    onSome: Effect.succeed
  }))
)

/**
 * A function that responds to a request of Node's, such as a handler of Express.
 *
 * @category models
 * @since 0.1.0
 */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Makes a handler of Node's requests out of a receiver. It reads the body itself, so give the route before any parser,
 * such as `express.json()`. Otherwise it responds with 500 and logs what to do. The receiver's `path` is what Node's
 * `request.url` has: in a router of Express, the part after the router's own path.
 *
 * ```ts
 * const receiver = Webhooks.toWebHandler({
 *   path: "/webhooks/livedesk",
 *   verification: Webhooks.signed({ secrets: [secret] }),
 *   handler: (event) => Console.log(event._tag)
 * })
 * const handler = NodeWebhooks.toNodeHandler(receiver)
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toNodeHandler = (receiver: Pick<Webhooks.WebHandler, "handler">): NodeHandler =>
  Effect.runSync(NodeHttpServer.makeHandler(
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      if (NodeHttpServerRequest.toIncomingMessage(request).readableDidRead) return bodyWasRead
      return Effect.tapError(
        HttpEffect.fromWebHandler(receiver.handler),
        ({ reason }) => Effect.logError("a delivery could not be received", reason.cause)
      )
    }),
    { scope: Scope.makeUnsafe() }
  ))

const bodyWasRead = Effect.as(
  Effect.logError(
    "a delivery could not be verified: its body was read before; give this route before any parser, such as express.json()"
  ),
  HttpServerResponse.empty({ status: 500 })
)
