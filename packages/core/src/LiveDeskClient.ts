/**
 * The client: runs endpoints on an `HttpClient`, or on a `Transport`.
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
 * Runs endpoints: with the project's credentials, against its address, under a timeout, on the `HttpClient` or the
 * `Transport` that its layer was given.
 *
 * @category services
 * @since 0.1.0
 */
export class LiveDeskClient extends Context.Service<LiveDeskClient, {
  /**
   * Prepares an endpoint for calling: one of this library's, or one of the caller's own, for what it does not cover.
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
 * What one call may override.
 *
 * @category models
 * @since 0.1.0
 */
export interface CallOptions {
  /**
   * The timeout of this call: waits, retries and reading the response included. What is several calls, as
   * `contacts.ensure` is, has it for each of them.
   */
  readonly timeout?: Duration.Input | undefined
  /** Retry policy of this call. Defaults to the client's, field by field. */
  readonly retries?: RetryPolicy.Options | undefined
  /** Headers to send beside the client's own; one of these, such as `authorization`, fails with `InvalidInput`. */
  readonly headers?: { readonly [name: string]: string } | undefined
}

/**
 * A call of LiveDesk's API. It fails with `AuthError` for credentials, with `ValidationError` for an input that is refused
 * here or by LiveDesk and for a response that cannot be read, with `HttpError` for all that lies between; each has a
 * `reason`, and the `outcome` of the request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Call<in Input, out Output> {
  (input: Input, options?: CallOptions): Effect.Effect<Output, LiveDeskError.LiveDeskError>
}

/**
 * What came with a response, beside the value that it decoded to.
 *
 * @category models
 * @since 0.1.0
 */
export interface ResponseInfo {
  /** The call that the response belongs to. */
  readonly operation: string
  readonly status: number
  readonly headers: Headers.Headers
  /** The request id, where the response had one; for the vendor's support. */
  readonly requestId: string | undefined
  /** The body as parsed JSON, with the fields that the model does not know; `undefined` where none is wanted or comes. */
  readonly body: unknown
}

/**
 * Gives, beside an effect's value, the successful responses of all calls that it made, in the order of their arrival.
 *
 * ```ts
 * const [{ contact }, [success]] = yield* contacts.create({ inboxId: 407 }).pipe(LiveDeskClient.withResponses)
 * yield* Effect.log(`contact ${contact.id}, request ${success?.requestId}`)
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
 * The vendor's one public address, in Singapore.
 *
 * @see https://www.engagelab.com/docs/livedesk/rest-api/rest-api-overview
 * @category options
 * @since 0.1.0
 */
export const defaultBaseUrl = ClientSettings.defaultBaseUrl

/**
 * How a client is set up.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The API key, from Project Settings - API Management. */
  readonly apiKey: Redacted.Redacted
  /** The API secret that belongs to it. */
  readonly apiSecret: Redacted.Redacted
  /** Where LiveDesk is, without the API's own path: https, or http with a warning. Defaults to `defaultBaseUrl`. */
  readonly baseUrl?: string | undefined
  /**
   * The timeout of one call: waits, retries and reading the response included. Defaults to 30 seconds. What is several
   * calls, as `contacts.ensure` is, has it for each of them.
   */
  readonly timeout?: Duration.Input | undefined
  /**
   * Retry policy: how often a call is retried, and after which waits. Defaults to 2 retries. Only attempts that are safe
   * to repeat are retried: any that LiveDesk did not get or refused with 429. An attempt that may have taken effect is
   * retried only if its endpoint is safe or idempotent.
   */
  readonly retries?: RetryPolicy.Options | undefined
  /** Makes requests wait for their turn: a `RateLimit.make({ limit: 10 })`. Defaults to none. */
  readonly rateLimit?: RateLimit.RateLimit | undefined
  /** Stops calls for a while after many have failed: a `Breaker.make()`. Defaults to none. */
  readonly circuitBreaker?: Breaker.Breaker | undefined
  /**
   * A name for the account, where a program has several: on spans as `livedesk.account`, and what its rate limit and circuit
   * breaker are kept under. Defaults to the base URL. Nothing secret.
   */
  readonly account?: string | undefined
  /**
   * What to do when a response is not what the vendor's pages show: nothing, a debug log line of the paths, or a
   * `ValidationError`, which is for tests. Defaults to `"log"`, which costs nothing unless debug logs are on.
   */
  readonly onDrift?: "ignore" | "log" | "fail" | undefined
  /** The largest response body that is read, in bytes. Defaults to 16 MiB. Of a refusal, 64 KiB are read at most. */
  readonly maxResponseBytes?: number | undefined
  /** Whether to send the caller's trace context (`traceparent`, `b3`) to LiveDesk. Defaults to `false`. */
  readonly propagateTrace?: boolean | undefined
  /**
   * Wraps the client that makes one attempt, to log or measure it. It must leave the response's body unread. A retry
   * placed here re-sends creates that LiveDesk may already have acted on. The outcome that errors then report is
   * only the last attempt's. The same goes for following redirects.
   */
  readonly transformClient?: ((client: HttpClient.HttpClient) => HttpClient.HttpClient) | undefined
}

const checkText = (problems: (value: string) => ReadonlyArray<string>) =>
  Schema.makeFilter<string>((value) => problems(value))

/**
 * An API key that can be used: not empty, without a colon, white space around it or control characters.
 *
 * @category options
 * @since 0.1.0
 */
export const ApiKey = Schema.RedactedFromValue(Schema.String.check(checkText(ClientSettings.apiKeyProblems)))

/**
 * An API secret that can be used: not empty, without white space around it or control characters.
 *
 * @category options
 * @since 0.1.0
 */
export const ApiSecret = Schema.RedactedFromValue(Schema.String.check(checkText(ClientSettings.apiSecretProblems)))

/**
 * A base URL that can be used: http or https, without user name, password, query and fragment.
 *
 * @category options
 * @since 0.1.0
 */
export const BaseUrl = Schema.String.check(
  Schema.makeFilter((value) => Option.getOrUndefined(Result.getFailure(ClientSettings.parseBaseUrl(value))))
)

/**
 * A timeout that can be used: from 1 millisecond to 24 days, as text such as `30 seconds`.
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
 * Makes a client. Fails with `AuthError` for credentials that cannot be used, with `ValidationError` for any other
 * option that cannot.
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
 * Provides a client over the `HttpClient` in the environment. Each layer that is built has a rate limit and a circuit
 * breaker of its own, so build one and provide it once; a warning is logged when many are built in a short time.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<LiveDeskClient, LiveDeskError.AuthError | LiveDeskError.ValidationError, HttpClient.HttpClient> =>
  Layer.effect(LiveDeskClient, make(options))

/**
 * What can be set up where no `HttpClient` makes the requests.
 *
 * @category options
 * @since 0.1.0
 */
export interface TransportOptions extends Omit<Options, "rateLimit" | "propagateTrace" | "transformClient"> {}

/**
 * Provides a client over the `Transport` in the environment, such as `FetchTransport.layer`: the same calls with less
 * in a bundle, as none of Effect's HTTP client is in it.
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
 * The client's options, each a value or a `Config` that is read when the layer is built.
 *
 * @category options
 * @since 0.1.0
 */
export type OptionsConfig = {
  readonly [Option in keyof Options]: Options[Option] | Config.Config<Options[Option]>
}

/**
 * Provides a client whose options are read from the configuration. Fails with one `ConfigError` that names all that
 * is missing or cannot be used.
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
        // What could be read may be at fault as well.
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
 * A `ConfigError` whose message is for people: a line for each setting that is missing or cannot be used.
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

/** Effect stops at the first fault of a configuration; this error lists all. */
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
