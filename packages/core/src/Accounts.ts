/**
 * Several LiveDesk accounts in one program.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as LayerMap from "effect/LayerMap"
import type * as Scope from "effect/Scope"
import * as LiveDesk from "./LiveDesk.ts"
import * as LiveDeskClient from "./LiveDeskClient.ts"
import type * as LiveDeskError from "./LiveDeskError.ts"

/**
 * The services that each account provides.
 *
 * @category models
 * @since 0.1.0
 */
export type Provided = LiveDesk.LiveDesk | LiveDeskClient.LiveDeskClient

/**
 * The accounts of a program, by name.
 *
 * @category models
 * @since 0.1.0
 */
export interface Accounts<E>
  extends LayerMap.LayerMap<string, Provided, E | LiveDeskError.AuthError | LiveDeskError.ValidationError>
{}

/**
 * Options of a program's accounts.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options<E, R> {
  /** Looks up an account's client options by name, once while the account is kept; again after a failure. */
  readonly lookup: (name: string) => Effect.Effect<Omit<LiveDeskClient.Options, "account">, E, R>
  /** How long an unused account is kept. Defaults to 5 minutes. */
  readonly idleTimeToLive?: Duration.Input | undefined
}

/**
 * A service class of accounts, with its layer and its accessors.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServiceClass<Self, Id extends string, E, R> extends Context.ServiceClass<Self, Id, Accounts<E>> {
  /** Provides the accounts, using the `HttpClient` in the environment. */
  readonly layer: Layer.Layer<Self, never, HttpClient.HttpClient | R>
  /** Provides every service of an account. */
  readonly get: (
    name: string
  ) => Layer.Layer<Provided, E | LiveDeskError.AuthError | LiveDeskError.ValidationError, Self>
  /** Releases an account, so that its next use looks it up again. */
  readonly invalidate: (name: string) => Effect.Effect<void, never, Self>
}

/**
 * Makes a service of accounts, as `LayerMap.Service` does. Each account has its own client, rate limit and circuit
 * breaker, kept under its name, which spans show as `livedesk.account`. All share the `HttpClient` in the environment.
 * An account is built on first use, and released after `idleTimeToLive` without use.
 *
 * ```ts
 * class Brands extends Accounts.Service<Brands>()("acme/Brands", {
 *   lookup: (brand) => Effect.map(Config.all({
 *     apiKey: Config.Redacted(`${brand}_KEY`),
 *     apiSecret: Config.Redacted(`${brand}_SECRET`)
 *   }), (credentials) => ({ ...credentials, rateLimit: RateLimit.make({ limit: 10 }), circuitBreaker: Breaker.make() }))
 * }) {}
 *
 * yield* program.pipe(
 *   Effect.provide(Brands.get("ACME")),
 *   Effect.provide(Layer.provide(Brands.layer, NodeTransport.layer()))
 * )
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const Service = <Self>() =>
<const Id extends string, E, R>(
  id: Id,
  options: Options<E, R>
): ServiceClass<Self, Id, E, R> => {
  const tag = Context.Service<Self, Accounts<E>>()(id)
  return Object.assign(tag, {
    layer: Layer.effect(tag, make(options)),
    get: (name: string) => Layer.unwrap(Effect.map(tag, (accounts) => accounts.get(name))),
    invalidate: (name: string) => Effect.flatMap(tag, (accounts) => accounts.invalidate(name))
  })
}

/**
 * Makes accounts without a service class, within a scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <E, R>(
  { idleTimeToLive = "5 minutes", lookup }: Options<E, R>
): Effect.Effect<Accounts<E>, never, HttpClient.HttpClient | Scope.Scope | R> =>
  Effect.map(
    LayerMap.make(
      (account: string) =>
        // Fresh, because layers are memoized: all accounts would share the services built over the first client.
        Layer.fresh(LiveDesk.layer).pipe(
          Layer.provideMerge(
            Layer.unwrap(Effect.map(lookup(account), (options) => LiveDeskClient.layer({ ...options, account })))
          )
        ),
      { idleTimeToLive }
    ),
    // Without this, a failure would be cached for as long as callers ask for the account.
    (accounts) => ({
      ...accounts,
      get: (account) => Layer.tapError(accounts.get(account), () => accounts.invalidate(account)),
      contextEffect: (account) => Effect.tapError(accounts.contextEffect(account), () => accounts.invalidate(account)),
      contextEffectOption: (account) =>
        Effect.tapError(accounts.contextEffectOption(account), () => accounts.invalidate(account))
    })
  )
