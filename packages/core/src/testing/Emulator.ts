/**
 * A LiveDesk that runs in memory: stateful, deterministic, and reached through the same endpoints, encoding, routing,
 * status codes and decoding as the real one.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Result from "effect/Result"
import * as Contacts from "../Contacts.ts"
import * as Conversations from "../Conversations.ts"
import type { Endpoint } from "../Endpoint.ts"
import * as LiveDeskClient from "../LiveDeskClient.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import { InboxId } from "../LiveDeskSchema.ts"
import * as EmulatorState from "./EmulatorState.ts"

/**
 * How an emulator is set up. Two emulators with the same options answer the same calls alike, to the last id.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The one API key that is accepted; `emulator-key` unless given. */
  readonly apiKey?: Redacted.Redacted | undefined
  /** The secret that belongs to it; `emulator-secret` unless given. */
  readonly apiSecret?: Redacted.Redacted | undefined
  /** The project's id; the one of the vendor's sample unless given. */
  readonly accountId?: number | undefined
  /** The channels; one API channel, 407, unless given. */
  readonly inboxes?: ReadonlyArray<Inbox> | undefined
  /** The id of the first contact; 2219256 unless given. */
  readonly firstContactId?: number | undefined
  /** The id of the first conversation; 40 unless given. */
  readonly firstConversationId?: number | undefined
  /**
   * The emulator's date when it starts; 2026-01-01 unless given. From there its time runs with the `Clock`, so that
   * under `TestClock`, which starts at 0, no time looks like LiveDesk's 0 for "never".
   */
  readonly startsAt?: DateTime.Utc | undefined
  /** What source ids and conversation UUIDs are drawn from. */
  readonly seed?: string | number | undefined
  /**
   * Whether the rules hold that are inherited from Chatwoot and unverified for LiveDesk: that e-mail addresses and
   * phone numbers have a form, that they and identifiers are unique, and that nothing is longer than 255 characters.
   * `true` unless given.
   */
  readonly inheritedRules?: boolean | undefined
}

/**
 * A channel of an emulator.
 *
 * @category options
 * @since 0.1.0
 */
export interface Inbox extends Partial<Omit<EmulatorState.Inbox, "id">> {
  readonly id: number
}

/**
 * A running emulator: its state, to seed and to inspect, and its HTTP side, to serve.
 *
 * @category services
 * @since 0.1.0
 */
export class Emulator extends Context.Service<Emulator, {
  /** The credentials that it accepts. */
  readonly credentials: Pick<LiveDeskClient.Options, "apiKey" | "apiSecret">
  /** What it holds now. */
  readonly state: Effect.Effect<EmulatorState.EmulatorState>
  /** Changes what it holds, in one step; see `EmulatorState` for what a change is made of. */
  readonly update: (f: (state: EmulatorState.EmulatorState) => EmulatorState.EmulatorState) => Effect.Effect<void>
  /** Forgets everything but the channels that it started with. */
  readonly reset: Effect.Effect<void>
  /** Answers one HTTP request. */
  readonly httpEffect: Effect.Effect<
    HttpServerResponse.HttpServerResponse,
    never,
    HttpServerRequest.HttpServerRequest
  >
}>()("@effect-livedesk/core/testing/Emulator") {}

/**
 * Starts an emulator.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options: Options = {}) {
  const apiKey = options.apiKey ?? Redacted.make("emulator-key")
  const apiSecret = options.apiSecret ?? Redacted.make("emulator-secret")
  const initial = EmulatorState.make({
    accountId: options.accountId ?? 17623000010928,
    inheritedRules: options.inheritedRules ?? true,
    inboxes: (options.inboxes ?? [{ id: 407 }]).map(completeInbox),
    firstContactId: options.firstContactId ?? 2219256,
    firstConversationId: options.firstConversationId ?? 40
  })
  const state = yield* Ref.make(initial)
  const uuid = yield* seededUuids(options.seed ?? "effect-livedesk")
  const today = yield* calendar(options.startsAt ?? firstDay)
  const circumstances = Effect.all({ now: today, uuids: Effect.all([uuid, uuid]) })

  /** Serves an endpoint: its method and path to route, its answer's model to write. */
  const serve = <Input, Output>(
    endpoint: Endpoint<Input, Output>,
    transition: (
      state: EmulatorState.EmulatorState,
      body: EmulatorState.Body,
      circumstances: EmulatorState.Circumstances
    ) => EmulatorState.Transition<Output>
  ) =>
    HttpRouter.add(endpoint.method, endpoint.path, (request) =>
      Effect.gen(function*() {
        const refusal = authenticate(request.headers.authorization, apiKey, apiSecret)
        if (refusal !== undefined) return answer(refusal.status, refusal.body)
        const body = yield* Effect.result(request.json)
        if (Result.isFailure(body)) return answer(400, { status: 400, error: "Bad Request" })
        const given = yield* circumstances
        const result = yield* Ref.modify(state, (state) => transition(state, fieldsOf(body.success), given))
        return Result.match(result, {
          onFailure: ({ body, status }) => answer(status, body),
          onSuccess: (value) => answer(200, endpoint.answer.write(value))
        })
      }))

  const router = yield* HttpRouter.toHttpEffect(Layer.mergeAll(
    serve(Contacts.create, EmulatorState.createContact),
    serve(Conversations.create, EmulatorState.createConversation),
    // Rails knows a route by its method and path together, and has the same answer for either being wrong.
    HttpRouter.add("*", "*", answer(404, { status: 404, error: "Not Found" }))
  ))

  return Emulator.of({
    credentials: { apiKey, apiSecret },
    state: Ref.get(state),
    update: (f) => Ref.update(state, f),
    reset: Ref.set(state, initial),
    // A server answers a defect of its own with 500; in memory it must be no different.
    httpEffect: Effect.scoped(router).pipe(
      Effect.catchCause((cause) => Effect.map(HttpServerError.causeResponse(cause), ([response]) => response))
    )
  })
})

const completeInbox = (inbox: Inbox): EmulatorState.Inbox => ({
  name: "API",
  channelType: "Channel::Api",
  hasBot: false,
  lockToSingleConversation: false,
  ...inbox,
  id: InboxId.make(inbox.id)
})

const answer = (status: number, body: unknown): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(body, { status })

const fieldsOf = (body: unknown): EmulatorState.Body => typeof body === "object" && body !== null ? { ...body } : {}

const authenticate = (
  header: string | undefined,
  apiKey: Redacted.Redacted,
  apiSecret: Redacted.Redacted
): EmulatorState.Refusal | undefined => {
  // The bodies are Chatwoot's; what LiveDesk's own Basic authentication answers no page shows.
  if (header === undefined) {
    return { status: 401, body: { errors: ["You need to sign in or sign up before continuing."] } }
  }
  return header === `Basic ${Base64.encode(`${Redacted.value(apiKey)}:${Redacted.value(apiSecret)}`)}`
    ? undefined
    : { status: 401, body: { error: "Invalid Access Token" } }
}

const seededUuids = (seed: string | number): Effect.Effect<Effect.Effect<string>> =>
  Effect.map(
    Random.withSeed(Effect.service(Random.Random), seed),
    (random) =>
      SecureRandom.make((size) => Uint8Array.from({ length: size }, () => Math.floor(random.nextDoubleUnsafe() * 256)))
        .uuidV4()
  )

const firstDay = DateTime.makeUnsafe("2026-01-01T00:00:00Z")

const calendar = (startsAt: DateTime.Utc): Effect.Effect<Effect.Effect<DateTime.Utc>> =>
  Effect.map(
    Clock.currentTimeMillis,
    (start) =>
      Effect.map(Clock.currentTimeMillis, (now) => DateTime.addDuration(startsAt, Duration.millis(now - start)))
  )

/**
 * Provides an emulator, and the `HttpClient` that reaches it without a network. For tests of credentials and of what is
 * on the wire; most tests want `layer`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHttpClientWith = (options?: Options): Layer.Layer<HttpClient.HttpClient | Emulator> =>
  Layer.provideMerge(
    Layer.effect(
      HttpClient.HttpClient,
      Effect.map(Emulator, ({ httpEffect }) =>
        HttpClient.make((request) =>
          Effect.map(
            Effect.provideService(
              httpEffect,
              HttpServerRequest.HttpServerRequest,
              HttpServerRequest.fromClientRequest(request)
            ),
            (response) => HttpServerResponse.toClientResponse(response, { request })
          )
        ))
    ),
    Layer.effect(Emulator, make(options))
  )

/**
 * As `layerHttpClientWith`, with the defaults.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHttpClient: Layer.Layer<HttpClient.HttpClient | Emulator> = layerHttpClientWith()

/**
 * Provides a `LiveDeskClient` that reaches an emulator in memory, and the emulator itself.
 *
 * ```ts
 * const test = program.pipe(Effect.provide(LiveDesk.layer.pipe(Layer.provideMerge(Emulator.layer))))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (
  options?: Options & Partial<LiveDeskClient.Options>
): Layer.Layer<LiveDeskClient.LiveDeskClient | Emulator, LiveDeskError.AuthError | LiveDeskError.ValidationError> =>
  Layer.provideMerge(
    Layer.unwrap(Effect.map(Emulator, ({ credentials }) => LiveDeskClient.layer({ ...options, ...credentials }))),
    layerHttpClientWith(options)
  )

/**
 * As `layerWith`, with the defaults.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<LiveDeskClient.LiveDeskClient | Emulator> = Layer.orDie(layerWith())
