/**
 * LiveDesk on Node.js: every service over undici, with settings from the environment.
 *
 * @since 0.1.0
 */
import * as LiveDesk from "@effect-livedesk/core/LiveDesk"
import * as LiveDeskClient from "@effect-livedesk/core/LiveDeskClient"
import type * as LiveDeskError from "@effect-livedesk/core/LiveDeskError"
import { IdInput } from "@effect-livedesk/core/LiveDeskSchema"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Setting from "./internal/Setting.ts"
import * as NodeTransport from "./NodeTransport.ts"

/**
 * The services of this module's layers: every service, and the client, for what no service covers.
 *
 * @category models
 * @since 0.1.0
 */
export type Provided = LiveDesk.LiveDesk | LiveDeskClient.LiveDeskClient

/**
 * The client's options and its transport's.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends LiveDeskClient.Options, NodeTransport.Options {}

/**
 * Provides every service over undici. Fails with `AuthError` for credentials that cannot be used, with
 * `ValidationError` for any other option that cannot.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<Provided, LiveDeskError.AuthError | LiveDeskError.ValidationError> =>
  Layer.provide(layerNoHttpClient(options), NodeTransport.layer(options))

/**
 * As `layer`, over the `HttpClient` in the environment.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoHttpClient = (
  options: LiveDeskClient.Options
): Layer.Layer<Provided, LiveDeskError.AuthError | LiveDeskError.ValidationError, HttpClient.HttpClient> =>
  Layer.provideMerge(LiveDesk.layer, LiveDeskClient.layer(options))

/**
 * Provides every service over undici, with settings from the environment (or whatever `ConfigProvider` there is):
 *
 * - `LIVEDESK_API_KEY` and `LIVEDESK_API_SECRET`, from Project Settings - API Management of the LiveDesk console
 * - `LIVEDESK_BASE_URL`, by default the vendor's address
 * - `LIVEDESK_TIMEOUT`, of one whole call, by default `30 seconds`
 *
 * What `overrides` gives is not read. Fails with one `ConfigError`, whose message has a line for each setting that is
 * missing or cannot be used.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (overrides?: Partial<Options>): Layer.Layer<Provided, Config.ConfigError> =>
  Layer.provide(
    layerConfigNoHttpClient(overrides),
    Layer.catchTag(NodeTransport.layer(overrides), "ValidationError", ({ reason }) =>
      Layer.effectContext(Setting.configError(reason.message)))
  )

/**
 * As `layerConfig`, over the `HttpClient` in the environment.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfigNoHttpClient = (
  overrides: Partial<LiveDeskClient.Options> = {}
): Layer.Layer<Provided, Config.ConfigError, HttpClient.HttpClient> =>
  Layer.provideMerge(
    LiveDesk.layer,
    LiveDeskClient.layerConfig({
      ...overrides,
      apiKey: overrides.apiKey === undefined ? apiKey : Config.succeed(overrides.apiKey),
      apiSecret: overrides.apiSecret === undefined ? apiSecret : Config.succeed(overrides.apiSecret),
      baseUrl: overrides.baseUrl === undefined ? baseUrl : Config.succeed(overrides.baseUrl),
      timeout: overrides.timeout === undefined ? timeout : Config.succeed(overrides.timeout)
    })
  )

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
 * The inbox that a program works in, by the setting `LIVEDESK_INBOX_ID`: the console calls its id *Channel ID*. No layer
 * reads it: it is for the program's own calls.
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
