/**
 * LiveDesk on Node.js: every service over undici, with settings from the environment.
 *
 * @since 0.1.0
 */
import * as Breaker from "@effect-livedesk/core/Breaker"
import * as LiveDesk from "@effect-livedesk/core/LiveDesk"
import * as LiveDeskClient from "@effect-livedesk/core/LiveDeskClient"
import type * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import { IdInput } from "@effect-livedesk/core/LiveDeskSchema"
import * as RateLimit from "@effect-livedesk/core/RateLimit"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Setting from "./internal/Setting.ts"
import * as NodeTransport from "./NodeTransport.ts"

/**
 * The services that the layers of this module provide: every service, and the client for what no service covers.
 *
 * @category models
 * @since 0.1.0
 */
export type Provided = LiveDesk.LiveDesk | LiveDeskClient.LiveDeskClient

/**
 * Options of the client. The rate limit and the circuit breaker may be their options.
 *
 * @category options
 * @since 0.1.0
 */
export interface ClientOptions extends Omit<LiveDeskClient.Options, "rateLimit" | "circuitBreaker"> {
  /** Limits the rate of requests, such as `{ limit: 10, window: "1 second" }`. Defaults to none. */
  readonly rateLimit?: RateLimit.RateLimit | RateLimit.Options | undefined
  /** Stops calls for a while after many failed. `{}` has the defaults of `Breaker.make`. Defaults to none. */
  readonly circuitBreaker?: Breaker.Breaker | Breaker.Options | undefined
}

/**
 * Options of the client and its transport.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends ClientOptions, NodeTransport.Options {}

/**
 * Provides every service over undici. Fails with `AuthError` for invalid credentials, and with `ValidationError` for
 * other invalid options.
 *
 * Each layer has connections, a rate limit and a circuit breaker of its own. So build one, and provide it once at the
 * top of the program:
 *
 * ```ts
 * const live = NodeLiveDesk.layer({ apiKey, apiSecret, rateLimit: { limit: 10 } })
 * const runtime = ManagedRuntime.make(live)
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<Provided, LiveDeskError.AuthError | LiveDeskError.ValidationError> =>
  Layer.provide(layerNoHttpClient(options), NodeTransport.layer(options))

/**
 * Same as `layer`, over the `HttpClient` in the environment.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoHttpClient = (
  { circuitBreaker, rateLimit, ...options }: ClientOptions
): Layer.Layer<Provided, LiveDeskError.AuthError | LiveDeskError.ValidationError, HttpClient.HttpClient> =>
  Layer.provideMerge(
    LiveDesk.layer,
    LiveDeskClient.layer({
      ...options,
      rateLimit: rateLimitOf(rateLimit),
      circuitBreaker: circuitBreakerOf(circuitBreaker)
    })
  )

const rateLimitOf = (option: ClientOptions["rateLimit"]): RateLimit.RateLimit | undefined =>
  option === undefined || "~RateLimit.make" in option ? option : RateLimit.make(option)

const circuitBreakerOf = (option: ClientOptions["circuitBreaker"]): Breaker.Breaker | undefined =>
  option === undefined || "~Breaker.make" in option ? option : Breaker.make(option)

/**
 * Options of the client, each a value or a `Config` that is read when the layer is built.
 *
 * @category options
 * @since 0.1.0
 */
export type ClientOptionsConfig = {
  readonly [Option in keyof ClientOptions]?: ClientOptions[Option] | Config.Config<ClientOptions[Option]>
}

/**
 * Options of the client, each a value or a `Config`, and of its transport.
 *
 * @category options
 * @since 0.1.0
 */
export interface OptionsConfig extends ClientOptionsConfig, NodeTransport.Options {}

/**
 * Provides every service over undici, with settings from the environment or another `ConfigProvider`:
 *
 * - `LIVEDESK_API_KEY`, `LIVEDESK_API_SECRET`: from Project Settings - API Management of the LiveDesk console.
 * - `LIVEDESK_BASE_URL`: defaults to the vendor's address.
 * - `LIVEDESK_TIMEOUT`: the timeout of one whole call. Defaults to `30 seconds`.
 *
 * An option replaces its setting by a value, or by a `Config` for a setting of another name. Fails with one
 * `ConfigError`, whose message has a line for each missing or invalid setting. As with `layer`, build one and provide
 * it once.
 *
 * ```ts
 * const live = NodeLiveDesk.layerConfig({ apiKey: Config.Redacted("ACME_KEY"), rateLimit: { limit: 10 } })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (options?: OptionsConfig): Layer.Layer<Provided, Config.ConfigError> =>
  Layer.provide(
    layerConfigNoHttpClient(options),
    Layer.catchTag(NodeTransport.layer(options), "ValidationError", ({ reason }) =>
      Layer.effectContext(Setting.configError(reason.message)))
  )

/**
 * Same as `layerConfig`, over the `HttpClient` in the environment.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfigNoHttpClient = (
  options: ClientOptionsConfig = {}
): Layer.Layer<Provided, Config.ConfigError, HttpClient.HttpClient> =>
  Layer.provideMerge(
    LiveDesk.layer,
    LiveDeskClient.layerConfig({
      ...options,
      apiKey: options.apiKey ?? apiKey,
      apiSecret: options.apiSecret ?? apiSecret,
      baseUrl: options.baseUrl ?? baseUrl,
      timeout: options.timeout ?? timeout,
      rateLimit: made(options.rateLimit, rateLimitOf),
      circuitBreaker: made(options.circuitBreaker, circuitBreakerOf)
    })
  )

const made = <A, B>(option: A | Config.Config<A>, make: (option: A) => B): B | Config.Config<B> =>
  isConfig(option) ? Config.map(option, make) : make(option)

const isConfig = <A>(option: A | Config.Config<A>): option is Config.Config<A> => Config.isConfig(option)

const apiKey = Setting.make({
  name: "LIVEDESK_API_KEY",
  what: "the API key from Project Settings - API Management of the LiveDesk console",
  example: "0a1b2c3d4e5f",
  schema: LiveDeskClient.ApiKey
})

const apiSecret = Setting.make({
  name: "LIVEDESK_API_SECRET",
  what: "the API secret from Project Settings - API Management of the LiveDesk console",
  example: "6a7b8c9d0e1f",
  schema: LiveDeskClient.ApiSecret
})

const baseUrl = Setting.make({
  name: "LIVEDESK_BASE_URL",
  what: "the address of LiveDesk without /api/v2, or leave it out",
  example: LiveDeskClient.defaultBaseUrl,
  schema: LiveDeskClient.BaseUrl,
  whenMissing: LiveDeskClient.defaultBaseUrl
})

const timeout = Setting.make<Duration.Duration>({
  name: "LIVEDESK_TIMEOUT",
  what: "how long one call may take, with a unit, or leave it out",
  example: "30 seconds",
  schema: LiveDeskClient.Timeout,
  whenMissing: Duration.seconds(30)
})

/**
 * The id of the inbox that a program works in, from `LIVEDESK_INBOX_ID`. The console calls it *Channel ID*. It is for
 * the program's own calls: no layer reads it.
 *
 * ```ts
 * const inboxId = yield* NodeLiveDesk.inboxId
 * ```
 *
 * @category settings
 * @since 0.1.0
 */
export const inboxId: Config.Config<number> = Setting.make({
  name: "LIVEDESK_INBOX_ID",
  what: "the Channel ID from Project settings - Channels - the inbox - Settings of the LiveDesk console",
  example: "407",
  schema: Schema.NumberFromString.pipe(Schema.decodeTo(IdInput))
})
