/**
 * The proxies that the transport's requests go through: always by a tunnel, so that nothing is written before it stands.
 *
 * @since 0.1.0
 */
import type * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import { NotSentProof } from "@effect-livedesk/core/Transport"
import type * as Undici from "@effect/platform-node/Undici"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { IncomingHttpHeaders } from "node:http"
import type { Duplex } from "node:stream"

// ---------------------------------------------------------------------------------------------------------------------
// settings
// ---------------------------------------------------------------------------------------------------------------------

interface HttpProxy {
  /** The setting or option that names it. */
  readonly name: string
  readonly url: Redacted.Redacted
}

/** @internal */
export interface HttpProxies {
  /** For requests by https. */
  readonly https: HttpProxy
  /** For requests by http. */
  readonly http: HttpProxy | undefined
  /** The hosts that are reached without a proxy, as `NO_PROXY` lists them. */
  readonly noProxy: string
}

/**
 * Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. As for undici, lower case goes first, and `HTTP_PROXY` does for https
 * as well.
 *
 * @internal
 */
export const fromEnvironment: Effect.Effect<HttpProxies | undefined, Config.ConfigError> = Effect.gen(function*() {
  const http = yield* setting("HTTP_PROXY")
  const https = (yield* setting("HTTPS_PROXY")) ?? http
  const noProxy = yield* setting("NO_PROXY")
  return https === undefined
    ? undefined
    : { https, http, noProxy: noProxy === undefined ? "" : Redacted.value(noProxy.url) }
})

const setting = Effect.fnUntraced(function*(upperCase: string) {
  for (const name of [upperCase.toLowerCase(), upperCase]) {
    const url = yield* Config.option(Config.Redacted(name))
    if (Option.isSome(url)) return { name, url: url.value }
  }
  return undefined
})

/** @internal */
export const fromOption = (url: Redacted.Redacted): HttpProxies => {
  const proxy = { name: "proxy", url }
  return { https: proxy, http: proxy, noProxy: "" }
}

/** @internal */
export const issues = ({ http, https }: HttpProxies): ReadonlyArray<LiveDeskError.Issue> =>
  [...new Set([https, http])].flatMap((proxy) =>
    proxy === undefined || isValid(Redacted.value(proxy.url)) ? [] : [{
      path: [proxy.name],
      message:
        "expected the URL of an http or https proxy, such as \"http://proxy.example:3128\", with any user name " +
        "and password percent-encoded"
    }]
  )

const isValid = (text: string): boolean => {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return false
  // A % must begin an encoded byte; undici throws otherwise.
  return !/%(?![0-9a-f]{2})/i.test(url.username + url.password)
}

/**
 * Describes the proxy of requests to a base URL, without its credentials.
 *
 * @internal
 */
export const describe = ({ http, https, noProxy }: HttpProxies, baseUrl: string): string | undefined => {
  const proxy = baseUrl.startsWith("https:") ? https : http
  if (proxy === undefined) return undefined
  const except = noProxy === "" ? "" : `, except to the hosts in NO_PROXY: ${noProxy}`
  return `requests go through ${addressOf(new URL(Redacted.value(proxy.url)))} (${proxy.name})${except}`
}

const addressOf = ({ host, protocol }: URL): string => `${protocol}//${host}`

// ---------------------------------------------------------------------------------------------------------------------
// dispatcher
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Makes undici's agent for proxies, with a timeout in milliseconds for the proxy's response as well.
 *
 * @internal
 */
export const makeAgent = (
  undici: typeof Undici,
  { http, https, noProxy }: HttpProxies,
  options: Undici.Agent.Options & { readonly connectTimeout: number }
): Undici.Dispatcher =>
  new undici.EnvHttpProxyAgent({
    ...options,
    httpProxy: http === undefined ? "" : Redacted.value(http.url),
    httpsProxy: Redacted.value(https.url),
    noProxy,
    // Without a tunnel, a response of the proxy's would pass for LiveDesk's.
    proxyTunnel: true,
    // The agent's option holds for LiveDesk's connections alone.
    proxyTls: { allowH2: false },
    clientFactory: (origin, client) =>
      new undici.Pool(origin, { ...client, headersTimeout: options.connectTimeout }).compose(
        (dispatch) => (request, handler) => dispatch(request, new TunnelHandler(handler, addressOf(origin)))
      )
  })

class ProxyError extends Data.TaggedError("ProxyError")<{
  readonly address: string
  readonly code?: string
  readonly cause?: Error
}> {}

/**
 * Returns the proof that a failed request was not written, with the proxy if that is what failed.
 *
 * @internal
 */
export const proofOf = (cause: Error): NotSentProof =>
  cause instanceof ProxyError
    ? new NotSentProof({ cause, reason: "ProxyFailed", proxy: cause.address })
    : new NotSentProof({ cause })

/** Handles a CONNECT request: whatever fails in it is the proxy's failure. */
class TunnelHandler implements Undici.Dispatcher.DispatchHandler {
  private readonly handler: Undici.Dispatcher.DispatchHandler
  private readonly address: string

  constructor(handler: Undici.Dispatcher.DispatchHandler, address: string) {
    this.handler = handler
    this.address = address
  }

  onRequestStart(controller: Undici.Dispatcher.DispatchController, context: unknown): void {
    this.handler.onRequestStart?.(controller, context)
  }

  onRequestUpgrade(
    controller: Undici.Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    socket: Duplex
  ): void {
    if (status === 200) return this.handler.onRequestUpgrade?.(controller, status, headers, socket)
    socket.on("error", () => {}).destroy()
    this.fail(controller, new ProxyError({ address: this.address, code: `HTTP_${status}` }))
  }

  onResponseError(controller: Undici.Dispatcher.DispatchController, cause: Error): void {
    this.fail(controller, new ProxyError({ address: this.address, cause }))
  }

  private fail(controller: Undici.Dispatcher.DispatchController, error: ProxyError): void {
    this.handler.onResponseError?.(controller, error)
  }
}
