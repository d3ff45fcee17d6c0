/**
 * The settings of a client: its validated options.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Hash from "effect/Hash"
import * as Url from "effect/http/Url"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Breaker from "../Breaker.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import type * as RateLimit from "../RateLimit.ts"
import type * as RetryPolicy from "../RetryPolicy.ts"
import * as ErrorMapping from "./ErrorMapping.ts"
import { makeEndRedactor, makeRedactor } from "./redact.ts"
import * as RetryOptions from "./RetryOptions.ts"

/** The options of a client, as `LiveDeskClient.Options` describes them. */
interface Options {
  readonly apiKey: Redacted.Redacted
  readonly apiSecret: Redacted.Redacted
  readonly baseUrl?: string | undefined
  readonly timeout?: Duration.Input | undefined
  readonly retries?: RetryPolicy.Options | undefined
  readonly rateLimit?: RateLimit.RateLimit | undefined
  readonly circuitBreaker?: Breaker.Breaker | undefined
  readonly account?: string | undefined
  readonly onDrift?: "ignore" | "log" | "fail" | undefined
  readonly maxResponseBytes?: number | undefined
}

/** The validated settings of a client. */
export interface ClientSettings {
  /** The key of the rate limit and the circuit breaker. */
  readonly key: string
  readonly circuitBreaker: Effect.Success<ReturnType<Breaker.Breaker["guard"]>> | undefined
  /** Where LiveDesk is, without a slash at the end: `origin` and `prefix`. */
  readonly baseUrl: string
  readonly origin: string
  readonly prefix: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeout: Duration.Duration
  readonly retries: RetryPolicy.RetryPolicy
  readonly onDrift: "ignore" | "log" | "fail"
  readonly maxResponseBytes: number
  readonly server: Readonly<Record<string, unknown>>
  readonly account: string | undefined
  /** A short hash of the API key: no more of it than that it is the same. */
  readonly keyFingerprint: string
  readonly redact: (text: string) => string
  readonly redactEnd: (text: string) => string
}

export const defaultBaseUrl = "https://livedesk-api.engagelab.com"

// ---------------------------------------------------------------------------------------------------------------------
// make
// ---------------------------------------------------------------------------------------------------------------------

/** Validates the options of a client. */
export const make = (
  options: Options
): Effect.Effect<
  ClientSettings,
  LiveDeskError.AuthError | LiveDeskError.ValidationError,
  Scope.Scope
> =>
  Effect.gen(function*() {
    const operation = "LiveDeskClient.make"
    const secrets = Result.try(() => [Redacted.value(options.apiKey), Redacted.value(options.apiSecret)] as const)
    if (Result.isFailure(secrets)) {
      return yield* ErrorMapping.invalidCredentials(
        operation,
        "give API key and secret as Redacted, made by the program's one copy of effect"
      )
    }
    const [apiKey, apiSecret] = secrets.success
    const problems = [...apiKeyProblems(apiKey), ...apiSecretProblems(apiSecret)]
    if (problems.length > 0) return yield* ErrorMapping.invalidCredentials(operation, problems.join("; "))

    const baseUrl = parseBaseUrl(options.baseUrl ?? defaultBaseUrl)
    const timeout = parseTimeout(options.timeout ?? "30 seconds")
    const retries = RetryOptions.read(options.retries)
    const issues = optionIssues(options)
    if (Result.isFailure(baseUrl) || Result.isFailure(timeout) || Result.isFailure(retries) || issues.length > 0) {
      return yield* ErrorMapping.invalidInput(operation, issues)
    }

    const { hostname, origin, pathname, port, protocol } = baseUrl.success
    if (protocol === "http:" && !isLoopback(hostname)) {
      yield* Effect.logWarning(`LiveDesk's credentials go to ${origin} unencrypted: use https`)
    }
    const prefix = pathname.replace(/\/+$/, "")
    const address = origin + prefix
    const key = `livedesk:${options.account ?? address}`
    return {
      key,
      circuitBreaker: options.circuitBreaker === undefined ? undefined : yield* options.circuitBreaker.guard(key),
      baseUrl: address,
      origin,
      prefix,
      headers: {
        accept: "application/json",
        // Decoding takes time, and not every runtime has every coding.
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
      keyFingerprint: (Hash.string(apiKey) >>> 0).toString(16),
      redact: makeRedactor(apiKey, apiSecret),
      redactEnd: makeEndRedactor(apiKey, apiSecret)
    }
  })

/** Returns all problems of the options except the credentials. */
export const optionIssues = (options: Partial<Options>): ReadonlyArray<LiveDeskError.Issue> => [
  ...issueOf("baseUrl", parseBaseUrl(options.baseUrl ?? defaultBaseUrl)),
  ...issueOf("timeout", parseTimeout(options.timeout ?? "30 seconds")),
  ...below("retries", Option.getOrElse(Result.getFailure(RetryOptions.read(options.retries)), () => [])),
  ...below("rateLimit", options.rateLimit?.issues ?? []),
  ...below("circuitBreaker", options.circuitBreaker?.issues ?? []),
  ...(options.maxResponseBytes === undefined ||
      (Number.isSafeInteger(options.maxResponseBytes) && options.maxResponseBytes > 0)
    ? []
    : [{ path: ["maxResponseBytes"], message: "expected a whole number of bytes above 0" }])
]

export const issueOf = (option: string, parsed: Result.Result<unknown, string>): ReadonlyArray<LiveDeskError.Issue> =>
  Result.isFailure(parsed) ? [{ path: option.split("."), message: parsed.failure }] : []

export const below = (option: string, issues: ReadonlyArray<LiveDeskError.Issue>): ReadonlyArray<LiveDeskError.Issue> =>
  issues.map(({ message, path }) => ({ path: [...option.split("."), ...path], message }))

// ---------------------------------------------------------------------------------------------------------------------
// checks
// ---------------------------------------------------------------------------------------------------------------------

const problemsOf = (
  what: string,
  value: string
): ReadonlyArray<string> => [
  ...(value === "" ? [`${what} is empty`] : []),
  ...(value !== value.trim() ? [`${what} begins or ends with white space`] : []),
  ...(/^(["']).*\1$/s.test(value) ? [`${what} is in quotes, which Docker's --env-file keeps: remove the quotes`] : []),
  ...(/\p{Cc}/u.test(value.trim()) ? [`${what} holds a control character`] : []),
  ...(/\p{Cs}/u.test(value) ? [`${what} holds an unpaired surrogate`] : [])
]

export const apiKeyProblems = (value: string): ReadonlyArray<string> => [
  ...problemsOf("the API key", value),
  ...(value.includes(":") ? ["the API key holds a colon, which Basic authentication cannot carry"] : [])
]

export const apiSecretProblems = (value: string): ReadonlyArray<string> => problemsOf("the API secret", value)

// The type `URL` belongs to a platform.
type ParsedUrl = Result.Result.Success<ReturnType<typeof Url.fromString>>

export const parseBaseUrl = (value: string): Result.Result<ParsedUrl, string> => {
  if (/[?#]/.test(value)) return Result.fail("the base URL must have no query and no fragment")
  const url = Url.fromString(value)
  if (Result.isFailure(url)) return Result.fail(`the base URL is not a URL; expected something like ${defaultBaseUrl}`)
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

// The longest delay of JavaScript timers, about 24 days.
const timeoutCeiling = Duration.millis(2 ** 31 - 1)

export const parseTimeout = (value: Duration.Input): Result.Result<Duration.Duration, string> => {
  const timeout = Duration.fromInput(value)
  return Option.isSome(timeout) && Duration.isGreaterThanOrEqualTo(timeout.value, Duration.millis(1)) &&
      Duration.isLessThanOrEqualTo(timeout.value, timeoutCeiling)
    ? Result.succeed(timeout.value)
    : Result.fail("expected a timeout between 1 millisecond and 24 days, such as \"30 seconds\"")
}

const isLoopback = (hostname: string): boolean => /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
