/**
 * The client: runs endpoints on an `HttpClient`, or on a `Transport`.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Bytes from "effect/Bytes"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as Url from "effect/http/Url"
import * as Layer from "effect/Layer"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Random from "effect/Random"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import type * as Scope from "effect/Scope"
import type * as Breaker from "./Breaker.ts"
import * as Endpoint from "./Endpoint.ts"
import * as HttpClientDispatch from "./internal/HttpClientDispatch.ts"
import * as Instrumentation from "./internal/Instrumentation.ts"
import { makeEndRedactor, makeRedactor } from "./internal/redact.ts"
import * as Utf8 from "./internal/Utf8.ts"
import * as LiveDeskError from "./LiveDeskError.ts"
import { DecodeFailure, type DecodeIssue, type Model } from "./Model.ts"
import type * as RateLimit from "./RateLimit.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
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

interface Listener {
  (response: Omit<ResponseInfo, "headers"> & { readonly headers: HeaderFields }): void
}

const ResponseListener = Context.Reference<Listener | undefined>(
  "@effect-livedesk/core/LiveDeskClient/ResponseListener",
  { defaultValue: () => undefined }
)

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
export const defaultBaseUrl = "https://livedesk-api.engagelab.com"

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

const problemsOf = (
  what: string,
  value: string
): ReadonlyArray<string> => [
  ...(value === "" ? [`${what} is empty`] : []),
  ...(value !== value.trim() ? [`${what} begins or ends with white space`] : []),
  ...(/\p{Cc}/u.test(value.trim()) ? [`${what} holds a control character`] : []),
  ...(/\p{Cs}/u.test(value) ? [`${what} holds half a character`] : [])
]

const apiKeyProblems = (value: string): ReadonlyArray<string> => [
  ...problemsOf("the API key", value),
  ...(value.includes(":") ? ["the API key holds a colon, which Basic authentication cannot carry"] : [])
]

const apiSecretProblems = (value: string): ReadonlyArray<string> => problemsOf("the API secret", value)

// `URL` by its name is a platform's type.
type ParsedUrl = Result.Result.Success<ReturnType<typeof Url.fromString>>

const parseBaseUrl = (value: string): Result.Result<ParsedUrl, string> => {
  if (/[?#]/.test(value)) return Result.fail("the base URL must have no query and no fragment")
  const url = Url.fromString(value)
  if (Result.isFailure(url)) return Result.fail(`the base URL is no URL; expected something like ${defaultBaseUrl}`)
  const { password, protocol, username } = url.success
  if (protocol !== "https:" && protocol !== "http:") return Result.fail("the base URL must start with https://")
  if (/\/api\/v2\/*$/.test(url.success.pathname)) {
    return Result.fail("the base URL must end before /api/v2, which every call adds")
  }
  if (username !== "" || password !== "") {
    return Result.fail("the base URL must hold no user name or password; give them as apiKey and apiSecret")
  }
  return Result.succeed(url.success)
}

// The longest delay that timers of JavaScript platforms can keep, some 24 days.
const timeoutCeiling = Duration.millis(2 ** 31 - 1)

const parseTimeout = (value: Duration.Input): Result.Result<Duration.Duration, string> => {
  const timeout = Duration.fromInput(value)
  return Option.isSome(timeout) && Duration.isGreaterThanOrEqualTo(timeout.value, Duration.millis(1)) &&
      Duration.isLessThanOrEqualTo(timeout.value, timeoutCeiling)
    ? Result.succeed(timeout.value)
    : Result.fail("expected a timeout between 1 millisecond and 24 days, such as \"30 seconds\"")
}

const checkText = (problems: (value: string) => ReadonlyArray<string>) =>
  Schema.makeFilter<string>((value) => problems(value))

/**
 * An API key that can be used: not empty, without a colon, white space around it or control characters.
 *
 * @category options
 * @since 0.1.0
 */
export const ApiKey = Schema.RedactedFromValue(Schema.String.check(checkText(apiKeyProblems)))

/**
 * An API secret that can be used: not empty, without white space around it or control characters.
 *
 * @category options
 * @since 0.1.0
 */
export const ApiSecret = Schema.RedactedFromValue(Schema.String.check(checkText(apiSecretProblems)))

/**
 * A base URL that can be used: http or https, without user name, password, query and fragment.
 *
 * @category options
 * @since 0.1.0
 */
export const BaseUrl = Schema.String.check(
  Schema.makeFilter((value) => Option.getOrUndefined(Result.getFailure(parseBaseUrl(value))))
)

/**
 * A timeout that can be used: from 1 millisecond to 24 days, as text such as `30 seconds`.
 *
 * @category options
 * @since 0.1.0
 */
export const Timeout = Schema.DurationFromString.check(
  Schema.makeFilter((value) => Option.getOrUndefined(Result.getFailure(parseTimeout(value))))
)

const isLoopback = (hostname: string): boolean => /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)

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
  const setup = yield* setUp(options)
  const { propagateTrace = false, rateLimit, transformClient } = options
  const httpClient = yield* HttpClient.HttpClient
  const client = yield* HttpClientDispatch.plain(transformClient?.(httpClient) ?? httpClient)
  const dispatch = HttpClientDispatch.make(
    rateLimit === undefined ? client : (yield* rateLimit.guard(setup.key))(client)
  )
  const attached = transformClient === undefined && rateLimit === undefined
    ? Transport.dispatchOf(httpClient)
    : undefined
  const shortest: typeof dispatch = attached === undefined
    ? dispatch
    : (request, handler) => (request.form === undefined ? attached : dispatch)(request, handler)
  return clientOf({
    ...setup,
    isRateLimited: rateLimit !== undefined,
    propagateTrace,
    dispatch: propagateTrace ? HttpClientDispatch.traced(shortest) : shortest
  })
})

/** What both ways to make a client have in common. */
const setUp = (
  options: TransportOptions
): Effect.Effect<
  Omit<Setup, "dispatch" | "isRateLimited" | "propagateTrace"> & { readonly key: string },
  LiveDeskError.AuthError | LiveDeskError.ValidationError,
  Scope.Scope
> =>
  Effect.gen(function*() {
    const operation = "LiveDeskClient.make"
    if (!Redacted.isRedacted(options.apiKey) || !Redacted.isRedacted(options.apiSecret)) {
      return yield* LiveDeskError.invalidCredentials(
        operation,
        "the API key and secret must be given as Redacted, by Redacted.make"
      )
    }
    const apiKey = Redacted.value(options.apiKey)
    const apiSecret = Redacted.value(options.apiSecret)
    const problems = [...apiKeyProblems(apiKey), ...apiSecretProblems(apiSecret)]
    if (problems.length > 0) return yield* LiveDeskError.invalidCredentials(operation, problems.join("; "))

    const baseUrl = parseBaseUrl(options.baseUrl ?? defaultBaseUrl)
    const timeout = parseTimeout(options.timeout ?? "30 seconds")
    const retries = RetryPolicy.fromOptions(options.retries)
    const issues = optionIssues(options)
    if (Result.isFailure(baseUrl) || Result.isFailure(timeout) || Result.isFailure(retries) || issues.length > 0) {
      return yield* LiveDeskError.invalidInput(operation, issues)
    }

    const { hostname, origin, pathname, port, protocol } = baseUrl.success
    if (protocol === "http:" && !isLoopback(hostname)) {
      yield* Effect.logWarning(`LiveDesk's credentials go to ${origin} unencrypted: use https`)
    }
    const prefix = pathname.replace(/\/+$/, "")
    const key = `livedesk:${options.account ?? `${origin}${prefix}`}`
    return {
      key,
      circuitBreaker: options.circuitBreaker === undefined ? undefined : yield* options.circuitBreaker.guard(key),
      origin,
      prefix,
      headers: {
        accept: "application/json",
        // undici does not decompress, and a response that cannot be read is an id that is lost.
        "accept-encoding": "identity",
        authorization: `Basic ${Base64.encode(`${apiKey}:${apiSecret}`)}`,
        "user-agent": "effect-livedesk"
      },
      timeout: timeout.success,
      retries: retries.success,
      onDrift: options.onDrift ?? "log",
      maxResponseBytes: options.maxResponseBytes ?? 16 * 1024 * 1024,
      server: {
        "server.address": hostname.replace(/^\[(.*)\]$/, "$1"),
        "server.port": port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
        ...(options.account === undefined ? undefined : { "livedesk.account": options.account })
      },
      account: options.account,
      redact: makeRedactor(apiKey, apiSecret),
      redactEnd: makeEndRedactor(apiKey, apiSecret)
    }
  })

/** All that is wrong with the options beside the credentials. */
const optionIssues = (options: Partial<Options>): ReadonlyArray<LiveDeskError.Issue> => [
  ...issueOf("baseUrl", parseBaseUrl(options.baseUrl ?? defaultBaseUrl)),
  ...issueOf("timeout", parseTimeout(options.timeout ?? "30 seconds")),
  ...below("retries", Option.getOrElse(Result.getFailure(RetryPolicy.fromOptions(options.retries)), () => [])),
  ...below("rateLimit", options.rateLimit?.issues ?? []),
  ...below("circuitBreaker", options.circuitBreaker?.issues ?? []),
  ...(options.maxResponseBytes === undefined ||
      (Number.isSafeInteger(options.maxResponseBytes) && options.maxResponseBytes > 0)
    ? []
    : [{ path: ["maxResponseBytes"], message: "expected a whole number of bytes above 0" }])
]

const issueOf = (option: string, parsed: Result.Result<unknown, string>): ReadonlyArray<LiveDeskError.Issue> =>
  Result.isFailure(parsed) ? [{ path: option.split("."), message: parsed.failure }] : []

const below = (option: string, issues: ReadonlyArray<LiveDeskError.Issue>): ReadonlyArray<LiveDeskError.Issue> =>
  issues.map(({ message, path }) => ({ path: [...option.split("."), ...path], message }))

/**
 * Provides a client over the `HttpClient` in the environment.
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
      return clientOf({ ...yield* setUp(options), dispatch, isRateLimited: false, propagateTrace: false })
    })
  )

/**
 * Where a client's set-up is to be read from. What a program does not read from its configuration it gives as a value.
 *
 * @category options
 * @since 0.1.0
 */
export interface OptionsConfig extends Omit<Options, "apiKey" | "apiSecret" | "baseUrl" | "timeout"> {
  /** Where the API key is read from. */
  readonly apiKey: Config.Config<Redacted.Redacted>
  /** Where the API secret is read from. */
  readonly apiSecret: Config.Config<Redacted.Redacted>
  /** Where the base URL is read from. Defaults to `defaultBaseUrl`. */
  readonly baseUrl?: Config.Config<string> | undefined
  /** Where the timeout is read from. Defaults to 30 seconds. */
  readonly timeout?: Config.Config<Duration.Input> | undefined
}

/**
 * Provides a client whose options are read from the configuration. Fails with one `ConfigError` that names all that
 * is missing or cannot be used. The schemas `ApiKey`, `ApiSecret`, `BaseUrl` and `Timeout` make good `Config`s.
 *
 * ```ts
 * LiveDeskClient.layerConfig({
 *   apiKey: Config.schema(LiveDeskClient.ApiKey, "SUPPORT_KEY"),
 *   apiSecret: Config.schema(LiveDeskClient.ApiSecret, "SUPPORT_SECRET")
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
      const { apiKey, apiSecret, baseUrl, timeout, ...options } = config
      const read = yield* Effect.all({
        apiKey: Effect.result(apiKey),
        apiSecret: Effect.result(apiSecret),
        baseUrl: Effect.result(baseUrl ?? Effect.undefined),
        timeout: Effect.result(timeout ?? Effect.undefined)
      })
      if (
        Result.isFailure(read.apiKey) || Result.isFailure(read.apiSecret) || Result.isFailure(read.baseUrl) ||
        Result.isFailure(read.timeout)
      ) {
        const configErrors = Arr.getSomes([
          Result.getFailure(read.apiKey),
          Result.getFailure(read.apiSecret),
          Result.getFailure(read.baseUrl),
          Result.getFailure(read.timeout)
        ])
        const problems = optionIssues({
          ...options,
          baseUrl: Result.getOrElse(read.baseUrl, () => undefined),
          timeout: Result.getOrElse(read.timeout, () => undefined)
        })
        return yield* joinConfigErrors(configErrors, problems)
      }
      return yield* Effect.mapError(
        make({
          ...options,
          apiKey: read.apiKey.success,
          apiSecret: read.apiSecret.success,
          baseUrl: read.baseUrl.success,
          timeout: read.timeout.success
        }),
        (error) => configError([new SchemaIssue.InvalidValue({ message: error.reason.message })])
      )
    })
  )

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

// ---------------------------------------------------------------------------------------------------------------------
// the interpreter
// ---------------------------------------------------------------------------------------------------------------------

interface Setup {
  /** Makes a request; where requests wait for their turn, it reports when one goes out. */
  readonly dispatch: (
    request: Transport.RequestToSend,
    handler: Transport.ResponseHandler & { readonly admit: () => void }
  ) => Effect.Effect<void, Transport.DispatchError>
  readonly isRateLimited: boolean
  readonly circuitBreaker: Breaker.Guard | undefined
  readonly origin: string
  readonly prefix: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeout: Duration.Duration
  readonly retries: RetryPolicy.RetryPolicy
  readonly onDrift: "ignore" | "log" | "fail"
  readonly maxResponseBytes: number
  readonly propagateTrace: boolean
  readonly server: Readonly<Record<string, unknown>>
  readonly account: string | undefined
  readonly redact: (text: string) => string
  readonly redactEnd: (text: string) => string
}

const maxErrorBytes = 64 * 1024

const maxExcerptLength = 256 * 1024

const clientOf = (setup: Setup): LiveDeskClient["Service"] =>
  LiveDeskClient.of({ call: (endpoint) => callWith(setup, endpoint) })

const callWith = <Input, Output>(setup: Setup, endpoint: Endpoint.Endpoint<Input, Output>): Call<Input, Output> => {
  const prepare = Endpoint.requestWith(endpoint, setup)
  const { operation } = endpoint
  const spanOptions = {
    kind: "client",
    attributes: {
      "livedesk.operation": operation,
      "http.request.method": endpoint.method,
      "url.template": endpoint.path,
      ...setup.server
    }
  } as const
  const { circuitBreaker } = setup
  // Without a tracer the span would go nowhere; a trace to send on needs one all the same.
  const isTraced = ({ cache }: Fiber.Fiber<unknown, unknown>) => cache.tracer !== undefined || setup.propagateTrace
  return (input, options) => {
    const run = (fiber: Fiber.Fiber<unknown, unknown>, instrumentation?: Instrumentation.CallInstrumentation) => {
      const timeout = options?.timeout === undefined ? Result.succeed(setup.timeout) : parseTimeout(options.timeout)
      const retries = options?.retries === undefined
        ? Result.succeed(setup.retries)
        : RetryPolicy.fromOptions(options.retries, setup.retries)
      const prepared = prepare(input, options?.headers, [
        ...issueOf("options.timeout", timeout),
        ...(Result.isFailure(retries) ? below("options.retries", retries.failure) : [])
      ])
      if (Result.isFailure(prepared)) return Effect.fail(prepared.failure)
      const { minimumLogLevel } = fiber.cache
      const begin = () =>
        new CallExecution(setup, endpoint, prepared.success, {
          timeout: Result.getOrElse(timeout, () => setup.timeout),
          retries: Result.getOrElse(retries, () => setup.retries),
          clock: fiber.getRef(Clock.Clock),
          instrumentation,
          listener: fiber.getRef(ResponseListener),
          checksDrift: setup.onDrift === "fail" ||
            (setup.onDrift === "log" && !LogLevel.isGreaterThan(minimumLogLevel, "Debug"))
        }).runWithTimeout()
      return circuitBreaker === undefined ? begin() : circuitBreaker(operation, Effect.suspend(begin))
    }
    const instrumented = (
      fiber: Fiber.Fiber<unknown, unknown>,
      instrumentation: Instrumentation.CallInstrumentation | undefined
    ) =>
      instrumentation === undefined
        ? run(fiber)
        : Effect.onExit(Effect.suspend(() => run(fiber, instrumentation)), instrumentation.ended)
    return Effect.withFiber((fiber) => {
      const instrumentation = fiber.getRef(Instrumentation.Instrumentation)?.begin({
        operation,
        account: setup.account
      }, fiber.context)
      if (!isTraced(fiber)) return instrumented(fiber, instrumentation)
      return Effect.withFiber((fiber) => {
        const { span } = fiber.cache
        return instrumented(
          fiber,
          span?._tag === "Span" ? Instrumentation.ofSpan(span, instrumentation) : instrumentation
        )
      }).pipe(Effect.withSpan(operation, spanOptions, { captureStackTrace: false }))
    })
  }
}

/** The settings of one call. */
interface CallSettings {
  readonly timeout: Duration.Duration
  readonly retries: RetryPolicy.RetryPolicy
  readonly clock: Clock.Clock
  /** Receives the events of the call. */
  readonly instrumentation: Instrumentation.CallInstrumentation | undefined
  readonly listener: Listener | undefined
  readonly checksDrift: boolean
}

/** One call: its attempts, one after the other, under its one timeout. */
class CallExecution<Input, Output> implements Transport.ResponseHandler {
  private readonly setup: Setup
  private readonly endpoint: Endpoint.Endpoint<Input, Output>
  private readonly request: Transport.RequestToSend
  private readonly settings: CallSettings
  private readonly deadline: number
  private attempts = 0
  /** The worst that an attempt so far may have done. */
  private outcome: LiveDeskError.Outcome = "NotSent"
  /** Since when the latest attempt waits for its turn, while it does. */
  private waitingSince: number | undefined = undefined
  /** The latest attempt's response, as far as it has come: what is there when the timeout passes. */
  private response: ResponseBuffer | undefined = undefined

  constructor(
    setup: Setup,
    endpoint: Endpoint.Endpoint<Input, Output>,
    request: Transport.RequestToSend,
    settings: CallSettings
  ) {
    this.setup = setup
    this.endpoint = endpoint
    this.request = request
    this.settings = settings
    this.deadline = settings.clock.currentTimeMillisUnsafe() + Duration.toMillis(settings.timeout)
  }

  runWithTimeout(): Effect.Effect<Output, LiveDeskError.LiveDeskError> {
    const { operation, idempotency, verifyHint } = this.endpoint
    return Effect.mapError(
      withTimeout(this.runWithRetries(), this.settings.timeout, () => {
        if (this.waitingSince === undefined) {
          return this.fail((now) => LiveDeskError.timedOut(operation, this.settings.timeout, this.response?.parts, now))
        }
        // Its turn did not come, but the wait counts.
        this.admit()
        return Effect.fail(LiveDeskError.timedOutInQueue(operation, this.settings.timeout))
      }),
      (error) =>
        LiveDeskError.withAttempts(error, {
          attempts: this.attempts,
          outcome: this.outcome,
          idempotency,
          verifyHint
        })
    )
  }

  private runWithRetries(): Effect.Effect<Output, LiveDeskError.LiveDeskError> {
    return this.attempt().pipe(Effect.catch((error) => this.retryOrFail(error)))
  }

  private retryOrFail(error: LiveDeskError.LiveDeskError): Effect.Effect<Output, LiveDeskError.LiveDeskError> {
    const { clock, retries, instrumentation } = this.settings
    if (this.attempts > retries.times || !RetryPolicy.isRetryable(error, this.endpoint.idempotency)) {
      return Effect.fail(error)
    }
    return Effect.flatMap(Random.next, (random) => {
      const delay = RetryPolicy.delay(retries, error, this.attempts - 1, random)
      // A `TimedOut` from within the wait would say less than the failure before it.
      if (
        Option.isNone(delay) || clock.currentTimeMillisUnsafe() + Duration.toMillis(delay.value) >= this.deadline
      ) {
        return Effect.fail(error)
      }
      this.outcome = LiveDeskError.worstOutcome(this.outcome, error.outcome)
      const retry = Effect.andThen(Effect.sleep(delay.value), Effect.suspend(() => this.runWithRetries()))
      const recorded = instrumentation?.retrying(error, this.attempts, Duration.toMillis(delay.value))
      return recorded === undefined ? retry : Effect.andThen(recorded, retry)
    })
  }

  /** One request and its response. */
  private attempt(): Effect.Effect<Output, LiveDeskError.LiveDeskError> {
    this.attempts += 1
    this.waitingSince = this.setup.isRateLimited ? this.settings.clock.currentTimeMillisUnsafe() : undefined
    this.response = undefined
    return Effect.matchEffect(this.setup.dispatch(this.request, this), {
      onFailure: (failure) => this.handleDispatchError(failure),
      onSuccess: () => this.decodeResponse()
    })
  }

  // -------------------------------------------------------------------------------------------------------------------
  // the response as it comes
  // -------------------------------------------------------------------------------------------------------------------

  readonly admit = (): void => {
    if (this.waitingSince === undefined) return
    this.settings.instrumentation?.waited(this.settings.clock.currentTimeMillisUnsafe() - this.waitingSince)
    this.waitingSince = undefined
  }

  start(status: number, headers: HeaderFields): void {
    this.settings.instrumentation?.responded(status)
    this.response = new ResponseBuffer(this.endpoint.operation, this.setup, status, headers)
  }

  take(piece: Uint8Array): boolean {
    return this.response?.take(piece) ?? true
  }

  // -------------------------------------------------------------------------------------------------------------------
  // the outcome
  // -------------------------------------------------------------------------------------------------------------------

  private fail(
    error: (now: number) => LiveDeskError.LiveDeskError
  ): Effect.Effect<never, LiveDeskError.LiveDeskError> {
    return Effect.fail(error(this.settings.clock.currentTimeMillisUnsafe()))
  }

  /** The transport failed: without a response, or in the middle of one. */
  private handleDispatchError(
    { cause, sentInParts = false }: Transport.DispatchError
  ): Effect.Effect<Output, LiveDeskError.LiveDeskError> {
    const { response } = this
    if (response === undefined) {
      return Effect.fail(LiveDeskError.dispatchFailed(this.endpoint.operation, cause, { sentInParts }))
    }
    // Of a refusal, what has come will do.
    return response.isSuccess ? Effect.fail(LiveDeskError.responseLost(response.parts, cause)) : this.decodeResponse()
  }

  private decodeResponse(): Effect.Effect<Output, LiveDeskError.LiveDeskError> {
    const { response, setup, settings: { checksDrift, listener } } = this
    const { success: model, hasCode } = this.endpoint
    if (response === undefined) return this.handleDispatchError(new Transport.DispatchError({ cause: undefined }))
    if (!response.isSuccess) return this.fail((now) => LiveDeskError.statusError(response.parts, now))
    const isBodiless = model.isBodiless === true
    const invalid = (issues: ReadonlyArray<DecodeIssue>) =>
      Effect.fail(LiveDeskError.invalidResponse(response.parts, issues))
    if (response.isTooLarge && !isBodiless) {
      return invalid([{ path: [], expected: `a body of at most ${setup.maxResponseBytes} bytes` }])
    }
    const json = parseJson(response.text)
    if (Option.isNone(json) && !isBodiless) return invalid([{ path: [], expected: "a body of JSON" }])
    const body = Option.getOrUndefined(json)
    const code = hasCode === true ? codeIn(body) : 0
    if (code !== 0) return Effect.fail(LiveDeskError.errorCodeReturned(response.parts, code))
    const value = model.read(body)
    if (value instanceof DecodeFailure) return invalid(value.issues)
    if (listener !== undefined) {
      const { headers, operation, status } = response
      listener({ operation, status, headers, requestId: LiveDeskError.requestIdOf(headers), body })
    }
    return checksDrift ? Effect.as(checkDrift(setup, model, response, body), value) : Effect.succeed(value)
  }
}

/** Runs a call under its timeout, in a fiber of its own that is let go when the time is up. */
const withTimeout = <A, E>(
  call: Effect.Effect<A, E>,
  limit: Duration.Duration,
  onTimeout: () => Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.withFiber((parent) =>
    Effect.callback((resume) => {
      const run = Effect.runForkWith(parent.context)
      const callFiber = run(call)
      const exit = callFiber.pollUnsafe()
      if (exit !== undefined) return resume(exit)
      const timeoutFiber = run(Effect.sleep(limit))
      callFiber.addObserver((exit) => {
        timeoutFiber.interruptUnsafe()
        resume(exit)
      })
      timeoutFiber.addObserver((exit) => {
        if (Exit.isSuccess(exit)) resume(Effect.andThen(Fiber.interrupt(callFiber), Effect.suspend(onTimeout)))
      })
      return Fiber.interruptAll([callFiber, timeoutFiber])
    })
  )

type HeaderFields = Parameters<Transport.ResponseHandler["start"]>[1]

/** A response on its way, kept as far as it has come: what came may name what was created. */
class ResponseBuffer {
  readonly operation: string
  readonly status: number
  readonly isSuccess: boolean
  private readonly fields: HeaderFields
  private readonly limit: number
  private readonly redact: (text: string) => string
  private readonly redactEnd: (text: string) => string
  private readonly pieces: Array<Uint8Array> = []
  private size = 0

  constructor(operation: string, setup: Setup, status: number, headers: HeaderFields) {
    this.operation = operation
    this.status = status
    this.fields = headers
    this.isSuccess = status >= 200 && status < 300
    this.limit = this.isSuccess ? setup.maxResponseBytes : maxErrorBytes
    this.redact = setup.redact
    this.redactEnd = setup.redactEnd
  }

  /** Keeps a piece of the body, as far as there is room, and says whether to go on. */
  take(piece: Uint8Array): boolean {
    this.pieces.push(piece.byteLength + this.size > this.limit ? piece.subarray(0, this.limit - this.size) : piece)
    this.size += piece.byteLength
    return !this.isTooLarge
  }

  get isTooLarge(): boolean {
    return this.size > this.limit
  }

  get headers(): { readonly [name: string]: string } {
    return Record.filterMap(
      this.fields,
      (value) =>
        value === undefined ? Result.failVoid : Result.succeed(typeof value === "string" ? value : value.join(", "))
    )
  }

  get text(): string {
    const [first, second] = this.pieces
    return Utf8.decode(first !== undefined && second === undefined ? first : Bytes.concat(this.pieces))
  }

  /** What an error is made from: free of secrets, which a server may echo anywhere. */
  get parts(): LiveDeskError.ResponseParts {
    return {
      operation: this.operation,
      status: this.status,
      headers: Record.map(this.headers, this.redact),
      // Enough for all that an error reports; the rest would only cost time.
      text: this.redactEnd(this.redact(this.text.slice(0, maxExcerptLength))),
      redact: this.redact
    }
  }
}

/** The code in a body, with which only 0 means success; a body without one is left to its model. */
const codeIn = (json: unknown): number | string => {
  const code = Predicate.hasProperty(json, "code") ? json.code : undefined
  if (code === undefined || code === null || code === "0") return 0
  if (typeof code === "number" || typeof code === "string") return code
  return Option.getOrElse(writeJson(code), () => "nested too deep to be printed")
}

const writeJson = Option.liftThrowable((value: unknown): string => JSON.stringify(value))

const parseJson = Option.liftThrowable((text: string): unknown => JSON.parse(text))

const strictly = { errors: "all", onExcessProperty: "error" } as const

const checkDrift = <Output>(
  setup: Setup,
  model: Model<Output>,
  response: ResponseBuffer,
  json: unknown
): Effect.Effect<void, LiveDeskError.ValidationError> => {
  const look = Effect.sync((): ReadonlyArray<LiveDeskError.Issue> => {
    const strict = SchemaParser.decodeUnknownResult(model.documented(), strictly)(json)
    return Result.isSuccess(strict) ? [] : LiveDeskError.issuesOf(strict.failure).map(({ message, path }) => ({
      path: path.map(setup.redact),
      message
    }))
  })
  if (setup.onDrift === "fail") {
    return Effect.flatMap(
      look,
      (issues) => issues.length === 0 ? Effect.void : Effect.fail(LiveDeskError.driftedResponse(response.parts, issues))
    )
  }
  return Effect.flatMap(look, (issues) =>
    issues.length === 0 ? Effect.void : Effect.logDebug(
      `${response.operation}: the response has drifted from its documentation at ` +
        issues.map(({ message, path }) => `${path.join(".")} (${message})`).join(", ")
    ).pipe(Effect.annotateLogs("livedesk.operation", response.operation)))
}
