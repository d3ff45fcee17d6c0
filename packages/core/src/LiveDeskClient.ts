/**
 * The client of LiveDesk's API, over Effect's `HttpClient` or a `Transport`.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type * as Scope from "effect/Scope"
import type * as Breaker from "./Breaker.ts"
import type * as Endpoint from "./Endpoint.ts"
import type { Client } from "./internal/CallExecution.ts"
import * as ClientCount from "./internal/ClientCount.ts"
import * as ClientSettings from "./internal/ClientSettings.ts"
import * as EndpointCall from "./internal/EndpointCall.ts"
import * as HttpClientDispatch from "./internal/HttpClientDispatch.ts"
import { ResponseListener } from "./internal/ResponseDecoder.ts"
import type * as LiveDeskError from "./LiveDeskError.ts"
import type * as RateLimit from "./RateLimit.ts"
import type * as RetryPolicy from "./RetryPolicy.ts"
import * as Transport from "./Transport.ts"

// ---------------------------------------------------------------------------------------------------------------------
// service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Runs endpoints with a project's credentials, base URL and timeout.
 *
 * @category services
 * @since 0.1.0
 */
export class LiveDeskClient extends Context.Service<LiveDeskClient, {
  /**
   * Turns an endpoint into a function: one of this library's, or your own for an operation that it does not cover.
   *
   * ```ts
   * const remove = Endpoint.make({
   *   operation: "contacts.delete",
   *   method: "DELETE",
   *   path: "/api/v2/accounts/contacts/:contact_id",
   *   input: Schema.Struct({ contact_id: Schema.Natural }),
   *   success: Model.nothing,
   *   idempotency: "idempotent"
   * })
   * const client = yield* LiveDeskClient.LiveDeskClient
   * yield* client.call(remove)({ contact_id: 2219259 })
   * ```
   */
  readonly call: <Input, Output>(endpoint: Endpoint.Endpoint<Input, Output>) => Call<Input, Output>
  /** The address of the requests, without the API's own path and a slash at its end. */
  readonly baseUrl: string
  /** A short hash of the API key, by which a program notices another key. The key cannot be read from it. */
  readonly keyFingerprint: string
}>()("@effect-livedesk/core/LiveDeskClient") {}

/**
 * Options of a single call.
 *
 * @category models
 * @since 0.1.0
 */
export interface CallOptions {
  /**
   * The timeout of this call, including waits, retries and reading the response. In a method of several calls, such as
   * `contacts.ensure`, it applies to each of them.
   */
  readonly timeout?: Duration.Input | undefined
  /** Retry policy of this call. Defaults to the client's, field by field. */
  readonly retries?: RetryPolicy.Options | undefined
  /** Additional headers. Overriding one of the client's own, such as `authorization`, fails with `InvalidInput`. */
  readonly headers?: { readonly [name: string]: string } | undefined
}

/**
 * A call of LiveDesk's API. It fails with `AuthError` for credentials; with `ValidationError` when the client (nothing
 * was sent) or LiveDesk refuses the input, or when the response cannot be read (LiveDesk acted); and with `HttpError`
 * for everything else. Each has a `reason` and the `outcome` of the request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Call<in Input, out Output> {
  (input: Input, options?: CallOptions): Effect.Effect<Output, LiveDeskError.LiveDeskError>
}

/**
 * The metadata and raw body of a response.
 *
 * @category models
 * @since 0.1.0
 */
export interface ResponseInfo {
  /** The operation of the call, such as `contacts.create`. */
  readonly operation: string
  readonly status: number
  readonly headers: Headers.Headers
  /** The request id, if the response has one, for the vendor's support. */
  readonly requestId: string | undefined
  /** The body as parsed JSON, with fields that the model ignores; `undefined` if it is unread or there is none. */
  readonly body: unknown
}

/**
 * Returns the value of an effect together with the successful responses of all its calls, in order of arrival.
 *
 * ```ts
 * const [{ contact }, [response]] = yield* contacts.create({ inboxId: 407 }).pipe(LiveDeskClient.withResponses)
 * yield* Effect.log(`contact ${contact.id}, request ${response?.requestId}`)
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const withResponses = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<readonly [value: A, responses: ReadonlyArray<ResponseInfo>], E, R> =>
  Effect.suspend(() => {
    const responses: Array<ResponseInfo> = []
    return Effect.flatMap(ResponseListener, (outer) =>
      Effect.provideService(effect, ResponseListener, (response) => {
        responses.push({ ...response, headers: Headers.fromInput(response.headers) })
        outer?.(response)
      })).pipe(Effect.map((value) => [value, responses] as const))
  })

// ---------------------------------------------------------------------------------------------------------------------
// options
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The vendor's only public base URL, in Singapore.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/rest-api-overview
 * @category options
 * @since 0.1.0
 */
export const defaultBaseUrl = ClientSettings.defaultBaseUrl

/**
 * Options of a client.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The API key, from *Project Settings - API Management* in the console. */
  readonly apiKey: Redacted.Redacted
  /** The API secret of the key. */
  readonly apiSecret: Redacted.Redacted
  /** The URL of LiveDesk without `/api/v2`: https, or http with a warning. Defaults to `defaultBaseUrl`. */
  readonly baseUrl?: string | undefined
  /**
   * The timeout of each call, including waits, retries and reading the response. Defaults to 30 seconds. In a method of
   * several calls, such as `contacts.ensure`, it applies to each of them.
   */
  readonly timeout?: Duration.Input | undefined
  /**
   * The number of retries and the delays between them. Defaults to 2 retries. Only attempts that are safe to repeat are
   * retried: any that LiveDesk did not get or refused with 429. An attempt that may have taken effect is retried only
   * if its endpoint is safe or idempotent.
   */
  readonly retries?: RetryPolicy.Options | undefined
  /** A rate limit, such as `RateLimit.make({ limit: 10 })`: requests above it wait. Defaults to none. */
  readonly rateLimit?: RateLimit.RateLimit | undefined
  /** A circuit breaker, such as `Breaker.make()`: calls fail at once after many failures. Defaults to none. */
  readonly circuitBreaker?: Breaker.Breaker | undefined
  /**
   * A name for the account, for programs with several. Spans show it as `livedesk.account`, so it must not be secret.
   * The rate limit and circuit breaker use it as their key. Defaults to the base URL.
   */
  readonly account?: string | undefined
  /**
   * What to do when a response differs from the vendor's pages: nothing, log the paths at debug level, or (for tests)
   * fail with a `ValidationError`. Defaults to `"log"`, which costs nothing unless debug logs are on.
   */
  readonly onDrift?: "ignore" | "log" | "fail" | undefined
  /** The largest response body that is read, in bytes. Defaults to 16 MiB. Of an error response, at most 64 KiB. */
  readonly maxResponseBytes?: number | undefined
  /** Whether to send trace headers (`traceparent`, `b3`) to LiveDesk. Defaults to `false`. */
  readonly propagateTrace?: boolean | undefined
  /**
   * Transforms the `HttpClient` that sends each attempt, for example to log it. It must not read the response's body.
   * Do not retry or follow redirects here: this can repeat creates that LiveDesk already acted on, and errors then
   * report the outcome of the last attempt only.
   */
  readonly transformClient?: ((client: HttpClient.HttpClient) => HttpClient.HttpClient) | undefined
}

const checkText = (problems: (value: string) => ReadonlyArray<string>) =>
  Schema.makeFilter<string>((value) => problems(value))

/**
 * A valid API key: not empty, and without colons, control characters, surrounding white space or quotes.
 *
 * @category options
 * @since 0.1.0
 */
export const ApiKey = Schema.RedactedFromValue(Schema.String.check(checkText(ClientSettings.apiKeyProblems)))

/**
 * A valid API secret: not empty, and without control characters, surrounding white space or quotes.
 *
 * @category options
 * @since 0.1.0
 */
export const ApiSecret = Schema.RedactedFromValue(Schema.String.check(checkText(ClientSettings.apiSecretProblems)))

/**
 * A valid base URL: http or https, without user name, password, query or fragment.
 *
 * @category options
 * @since 0.1.0
 */
export const BaseUrl = Schema.String.check(
  Schema.makeFilter((value) => Option.getOrUndefined(Result.getFailure(ClientSettings.parseBaseUrl(value))))
)

/**
 * A valid timeout: from 1 millisecond to 24 days, as text such as `30 seconds`.
 *
 * @category options
 * @since 0.1.0
 */
export const Timeout = Schema.DurationFromString.check(
  Schema.makeFilter((value) => Option.getOrUndefined(Result.getFailure(ClientSettings.parseTimeout(value))))
)

// ---------------------------------------------------------------------------------------------------------------------
// make
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Makes a client from options and the `HttpClient` in the environment. Fails with `AuthError` for invalid credentials,
 * and with `ValidationError` for any other invalid option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<
  LiveDeskClient["Service"],
  LiveDeskError.AuthError | LiveDeskError.ValidationError,
  HttpClient.HttpClient | Scope.Scope
> {
  const settings = yield* ClientSettings.make(options)
  yield* ClientCount.add(settings)
  const { propagateTrace = false, rateLimit, transformClient } = options
  const dispatch = yield* HttpClientDispatch.make(yield* HttpClient.HttpClient, {
    rateLimit: rateLimit === undefined ? undefined : yield* rateLimit.guard(settings.key),
    transformClient,
    propagateTrace
  })
  return clientOf({ ...settings, dispatch, isRateLimited: rateLimit !== undefined, propagateTrace })
})

const clientOf = (client: Client): LiveDeskClient["Service"] =>
  LiveDeskClient.of({
    call: (endpoint) => EndpointCall.make(client, endpoint),
    baseUrl: client.baseUrl,
    keyFingerprint: client.keyFingerprint
  })

/**
 * Provides a client that uses the `HttpClient` in the environment. Each built layer has its own rate limit and circuit
 * breaker, so build one and provide it once. A warning is logged when many are built in a short time.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<LiveDeskClient, LiveDeskError.AuthError | LiveDeskError.ValidationError, HttpClient.HttpClient> =>
  Layer.effect(LiveDeskClient, make(options))

/**
 * Options of a client that uses a `Transport`.
 *
 * @category options
 * @since 0.1.0
 */
export interface TransportOptions extends Omit<Options, "rateLimit" | "propagateTrace" | "transformClient"> {}

/**
 * Provides a client that uses the `Transport` in the environment, such as `FetchTransport.layer`. It keeps Effect's
 * HTTP client out of a bundle.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerTransport = (
  options: TransportOptions
): Layer.Layer<LiveDeskClient, LiveDeskError.AuthError | LiveDeskError.ValidationError, Transport.Transport> =>
  Layer.effect(
    LiveDeskClient,
    Effect.gen(function*() {
      const { dispatch } = yield* Transport.Transport
      return clientOf({ ...yield* ClientSettings.make(options), dispatch, isRateLimited: false, propagateTrace: false })
    })
  )

/**
 * Options of a client, each a value or a `Config`.
 *
 * @category options
 * @since 0.1.0
 */
export type OptionsConfig = {
  readonly [Option in keyof Options]: Options[Option] | Config.Config<Options[Option]>
}

/**
 * Provides a client with options from the configuration, read when the layer is built. Fails with one `ConfigError`
 * that lists all missing and invalid options.
 *
 * ```ts
 * LiveDeskClient.layerConfig({
 *   apiKey: Config.Redacted("SUPPORT_KEY"),
 *   apiSecret: Config.Redacted("SUPPORT_SECRET"),
 *   timeout: Config.schema(LiveDeskClient.Timeout, "SUPPORT_TIMEOUT").pipe(Config.withDefault(Duration.seconds(10))),
 *   retries: { times: 1 }
 * })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  config: OptionsConfig
): Layer.Layer<LiveDeskClient, Config.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(
    LiveDeskClient,
    Effect.gen(function*() {
      const read = yield* Effect.all(
        {
          apiKey: readOption(config.apiKey),
          apiSecret: readOption(config.apiSecret),
          baseUrl: readOption(config.baseUrl),
          timeout: readOption(config.timeout),
          retries: readOption(config.retries),
          rateLimit: readOption(config.rateLimit),
          circuitBreaker: readOption(config.circuitBreaker),
          account: readOption(config.account),
          onDrift: readOption(config.onDrift),
          maxResponseBytes: readOption(config.maxResponseBytes),
          propagateTrace: readOption(config.propagateTrace),
          transformClient: readOption(config.transformClient)
        } satisfies Record<keyof Options, unknown>
      )
      const options = Result.all(read)
      if (Result.isFailure(options)) {
        const results: ReadonlyArray<Result.Result<unknown, Config.ConfigError>> = Object.values(read)
        const configErrors = results.flatMap((option) => Result.isFailure(option) ? [option.failure] : [])
        // The options that could be read may be invalid as well.
        return yield* joinConfigErrors(
          configErrors,
          ClientSettings.optionIssues({
            baseUrl: Result.getOrUndefined(read.baseUrl),
            timeout: Result.getOrUndefined(read.timeout),
            retries: Result.getOrUndefined(read.retries),
            rateLimit: Result.getOrUndefined(read.rateLimit),
            circuitBreaker: Result.getOrUndefined(read.circuitBreaker),
            maxResponseBytes: Result.getOrUndefined(read.maxResponseBytes)
          })
        )
      }
      return yield* Effect.mapError(
        make(options.success),
        (error) => configError([new SchemaIssue.InvalidValue({ message: error.reason.message })])
      )
    })
  )

const readOption = <A>(option: A | Config.Config<A>): Effect.Effect<Result.Result<A, Config.ConfigError>> =>
  isConfig(option) ? Effect.result(option) : Effect.succeed(Result.succeed(option))

const isConfig = <A>(option: A | Config.Config<A>): option is Config.Config<A> => Config.isConfig(option)

/**
 * A `ConfigError` with a readable message: one line for each missing or invalid setting.
 *
 * @category errors
 * @since 0.1.0
 */
export class SettingsError extends Config.ConfigError {
  override get message(): string {
    return this.cause.message
  }
}

const configError = (issues: ReadonlyArray<SchemaIssue.Issue>): Config.ConfigError => {
  const [first = new SchemaIssue.InvalidValue(), ...rest] = issues
  return new SettingsError(
    new Schema.SchemaError(
      rest.length === 0 ? first : new SchemaIssue.Composite(Schema.Unknown.ast, [first, ...rest])
    )
  )
}

/** Effect stops at the first error of a configuration; this one lists all of them. */
const joinConfigErrors = (
  configErrors: ReadonlyArray<Config.ConfigError>,
  problems: ReadonlyArray<LiveDeskError.Issue>
): Effect.Effect<never, Config.ConfigError> =>
  Effect.fail(
    configErrors.find(({ cause }) => cause._tag === "SourceError") ??
      configError([
        ...configErrors.flatMap(({ cause }) => cause._tag === "SourceError" ? [] : [cause.issue]),
        ...problems.map(({ message, path }) => new SchemaIssue.Pointer(path, new SchemaIssue.InvalidValue({ message })))
      ])
  )
