/**
 * A LiveDesk in memory: stateful, deterministic, and with the endpoints, encoding, routing, status codes and decoding
 * of the real one.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as FindMyWay from "effect/http/FindMyWay"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as Tracer from "effect/Tracer"
import type * as Conversations from "../Conversations.ts"
import type * as Endpoints from "../Endpoints.ts"
import * as EmulatedCall from "../internal/EmulatedCall.ts"
import * as EmulatedContacts from "../internal/EmulatedContacts.ts"
import * as EmulatedConversations from "../internal/EmulatedConversations.ts"
import * as EmulatedEvents from "../internal/EmulatedEvents.ts"
import * as EmulatedMessages from "../internal/EmulatedMessages.ts"
import * as EmulatedRequest from "../internal/EmulatedRequest.ts"
import * as EmulatedResponse from "../internal/EmulatedResponse.ts"
import * as EmulatedSeries from "../internal/EmulatedSeries.ts"
import * as EmulatedSnoozes from "../internal/EmulatedSnoozes.ts"
import * as EmulatedTickets from "../internal/EmulatedTickets.ts"
import { endpointAt, type EndpointPlace, methodsOf, places } from "../internal/EndpointPlace.ts"
import * as EventHub from "../internal/EventHub.ts"
import * as LiveDeskClient from "../LiveDeskClient.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import { type Attributes, InboxId } from "../LiveDeskSchema.ts"
import type * as Messages from "../Messages.ts"
import type { WebhookEvent } from "../webhooks/WebhookEvent.ts"
import * as EmulatorState from "./EmulatorState.ts"

/**
 * Options of an emulator. Emulators with the same options return the same responses to the same calls, ids included.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The only API key that the emulator accepts. Defaults to `emulator-key`. */
  readonly apiKey?: Redacted.Redacted | undefined
  /** The secret of the API key. Defaults to `emulator-secret`. */
  readonly apiSecret?: Redacted.Redacted | undefined
  /** The project's id. Defaults to that of the vendor's sample. */
  readonly accountId?: number | undefined
  /** The inboxes. Defaults to one API inbox, 407. */
  readonly inboxes?: ReadonlyArray<Inbox> | undefined
  /** The id of the first contact. Defaults to 2219256. */
  readonly firstContactId?: number | undefined
  /** The id of the first conversation. Defaults to 40. */
  readonly firstConversationId?: number | undefined
  /**
   * The emulator's date when it starts. Defaults to 2026-01-01. From then on, its time advances with the `Clock`. So
   * even under `TestClock`, which starts at 0, no time looks like LiveDesk's 0 for "never".
   */
  readonly startsAt?: DateTime.Utc | undefined
  /** The seed of source ids, conversation UUIDs, and the order of `changed_attributes`. */
  readonly seed?: string | number | undefined
  /**
   * Whether to apply the rules that are inherited from Chatwoot and unverified for LiveDesk. Defaults to `true`.
   *
   * - E-mail addresses and phone numbers must be well-formed. They and identifiers are unique, e-mail addresses in
   *   lower case. The fields of a contact have at most 255 characters, a message at most 150,000.
   * - Each conversation that is created for a contact without a source id ties the contact to the inbox anew. Without
   *   the rules, the emulator takes the contact's first tie to the inbox, and creates one only if there is none.
   * - An inbox's `lockToSingleConversation` and `hasBot` apply, and the conversation of a blocked contact begins
   *   `resolved`. Without the rules, each call creates a conversation, which is `open`.
   * - A message from the contact reopens a resolved or closed conversation, as `pending` with a bot, and wakes a
   *   snoozed one. Without the rules, a conversation stays as it is.
   * - A move of a conversation to another state adds an activity message, which takes an id and counts as activity. At
   *   most 10 messages are shown as unread.
   * - A reply to a message of another conversation replies to none. Without the rules, a message's attributes stay as
   *   they are sent.
   * - Contacts without e-mail address, phone number and identifier are neither listed nor found. `q` is trimmed, and
   *   identifiers match by case. Without the rules, every contact is listed, and any case matches.
   * - `transitionRules` and `messageLimit`, whose default is this option.
   *
   * Other rules of Chatwoot's always apply: the form of error responses, the merging of attributes, one contact per
   * source id of an inbox, since when a contact waits, and which events there are and what they hold.
   */
  readonly inheritedRules?: boolean | undefined
  /**
   * Whether conversations make only the moves between states that the user guide, and so `Conversations.transitions`,
   * lists. Defaults to `inheritedRules`. That LiveDesk enforces this list is unverified; Chatwoot allows every move.
   */
  readonly transitionRules?: boolean | undefined
  /**
   * Whether a conversation takes at most 200 messages a minute, and rejects others with 422. Defaults to
   * `inheritedRules`. Inherited from Chatwoot, unverified for LiveDesk.
   */
  readonly messageLimit?: boolean | undefined
  /**
   * The state to start with, such as that of another emulator. The emulator adds the inboxes of `inboxes`, takes the
   * rules from these options, and continues the ids.
   */
  readonly state?: EmulatorState.EmulatorState | undefined
}

/**
 * An inbox of an emulator.
 *
 * @category options
 * @since 0.1.0
 */
export interface Inbox extends Partial<Omit<EmulatorState.Inbox, "id">> {
  /** Its id, which the console calls *Channel ID*. */
  readonly id: number
}

/**
 * A message from a contact.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedMessage {
  readonly conversationId: number
  readonly content?: string | undefined
  readonly contentAttributes?: Attributes | undefined
  readonly attachments?:
    | ReadonlyArray<Pick<EmulatorState.StoredAttachment, "name" | "mediaType" | "content">>
    | undefined
}

/**
 * The emulator rejected a contact's message; the message says why.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotReceivedError extends Data.TaggedError("NotReceivedError")<{ readonly message: string }> {}

/**
 * A message from an agent.
 *
 * @category models
 * @since 0.1.0
 */
export interface AgentMessage {
  readonly conversationId: number
  readonly content: string
  /** Whether it is a note between agents, which the contact does not see. Defaults to `false`. */
  readonly private?: boolean | undefined
}

/**
 * A change of a conversation's state.
 *
 * @category models
 * @since 0.1.0
 */
export interface StatusChange {
  readonly conversationId: number
  readonly status: Conversations.Status
  /** When a snoozed conversation wakes. Defaults to the contact's next message. */
  readonly snoozedUntil?: DateTime.Utc | undefined
}

/**
 * The emulator rejected an agent's act, with the status and message that an API call would get.
 *
 * @category errors
 * @since 0.1.0
 */
export class AgentRejectedError extends Data.TaggedError("AgentRejectedError")<{
  readonly status: number
  readonly message: string
}> {}

/** One for each endpoint, as the type requires. */
const handlers: { readonly [Operation in Endpoints.Operation]: EmulatedCall.Handler<Operation> } = {
  ...EmulatedContacts.handlers,
  ...EmulatedConversations.handlers,
  ...EmulatedMessages.handlers,
  ...EmulatedTickets.handlers
}

/**
 * A running emulator: its state to seed and inspect, and its HTTP side to serve.
 *
 * @category services
 * @since 0.1.0
 */
export class Emulator extends Context.Service<Emulator, {
  /** The accepted credentials. */
  readonly credentials: Pick<LiveDeskClient.Options, "apiKey" | "apiSecret">
  /** The current state. */
  readonly state: Effect.Effect<EmulatorState.EmulatorState>
  /** The current state, and the state after every change. */
  readonly changes: Stream.Stream<EmulatorState.EmulatorState>
  /** The emulator's current time, by which snoozes end. */
  readonly now: Effect.Effect<DateTime.Utc>
  /** The webhook events since the subscription; `WebhookSender` delivers them. */
  readonly events: PubSub.PubSub<WebhookEvent>
  /** Changes the state atomically, with the functions of `EmulatorState`. Causes no events. */
  readonly update: (f: (state: EmulatorState.EmulatorState) => EmulatorState.EmulatorState) => Effect.Effect<void>
  /** Deletes everything but the inboxes of the options. */
  readonly reset: Effect.Effect<void>
  /** The conversation as LiveDesk would return it now, which may differ from what earlier calls returned. */
  readonly conversation: (id: number) => Effect.Effect<Option.Option<Conversations.Conversation>>
  /**
   * Adds a message from the contact to a conversation, which reopens a resolved one. Fails if the conversation does not
   * exist, or the message has neither text nor files.
   */
  readonly receive: (message: ReceivedMessage) => Effect.Effect<Messages.Message, NotReceivedError>
  /** Sends a message as an agent, like `Messages.send` but without a request. */
  readonly reply: (message: AgentMessage) => Effect.Effect<Messages.Message, AgentRejectedError>
  /** Moves a conversation to another state as an agent, like `Conversations.toggleStatus` but without a request. */
  readonly toggleStatus: (change: StatusChange) => Effect.Effect<Conversations.ToggledStatus, AgentRejectedError>
  /** Responds to one HTTP request. */
  readonly httpEffect: Effect.Effect<
    HttpServerResponse.HttpServerResponse,
    never,
    HttpServerRequest.HttpServerRequest
  >
}>()("@effect-livedesk/core/testing/Emulator") {}

/**
 * Creates an emulator. Until the scope closes, snoozes end by the `Clock`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options: Options = {}) {
  const apiKey = options.apiKey ?? Redacted.make("emulator-key")
  const apiSecret = options.apiSecret ?? Redacted.make("emulator-secret")
  const authorization = EmulatedRequest.authorizationOf(apiKey, apiSecret)
  const initial = EmulatorState.make({
    accountId: options.accountId ?? 17623000010928,
    inheritedRules: options.inheritedRules ?? true,
    transitionRules: options.transitionRules ?? options.inheritedRules ?? true,
    messageLimit: options.messageLimit ?? options.inheritedRules ?? true,
    inboxes: (options.inboxes ?? [{ id: 407 }]).map(completeInbox),
    firstContactId: options.firstContactId ?? 2219256,
    firstConversationId: options.firstConversationId ?? 40
  })
  const first = options.state === undefined ? initial : goOn(options.state, initial)
  // Changed in turn: those who hear of a change run while it is made, and may make the next one.
  const ref = yield* SubscriptionRef.make(first)
  const state = SubscriptionRef.get(ref)
  const series = first.generation === 0 ? "" : `:${first.generation}`
  const { events, hasSubscribers } = yield* EventHub.make<WebhookEvent>()
  const seed = `${options.seed ?? "effect-livedesk"}${series}`
  const uuid = yield* EmulatedSeries.uuids(seed)
  const shuffle = yield* EmulatedSeries.shuffle(`${seed}:columns`)
  const today = yield* EmulatedCall.calendar(options.startsAt)
  // Links in data that no request asked for use the origin of the latest request.
  let reachedAt = LiveDeskClient.defaultBaseUrl
  const requestContext = Effect.flatMap(
    today,
    (now) =>
      Effect.zipWith(uuid, uuid, (first, second): EmulatedCall.RequestContext => ({
        now,
        uuids: [first, second],
        origin: reachedAt
      }))
  )

  const snoozesChanged = yield* Queue.sliding<void>(1)
  /** Changes the state, and lets the snoozes be timed anew if they changed. */
  const modify = <A>(f: (state: EmulatorState.EmulatorState) => readonly [A, EmulatorState.EmulatorState]) =>
    SubscriptionRef.modify(ref, (before) => {
      const [result, after] = f(before)
      if (after.snoozes !== before.snoozes) Queue.offerUnsafe(snoozesChanged, undefined)
      return [result, after]
    })

  /**
   * Ends the snoozes that are due, makes a change, and publishes the events of both atomically, so that events come in
   * the order of the changes.
   */
  const change = <A>(
    transition: (state: EmulatorState.EmulatorState) => EmulatedCall.Transition<A>,
    named: Option.Option<number>,
    given: EmulatedCall.RequestContext
  ) =>
    modify((before) => {
      const due = EmulatedSnoozes.due(before, given.now)
      const awake = EmulatedSnoozes.wake(before, due, given.now)
      const [result, after] = transition(awake)
      if (!hasSubscribers()) return [result, after]
      const woken = EmulatedEvents.between(before, awake, due, given, shuffle)
      const caused = EmulatedEvents.between(awake, after, Option.toArray(named), given, shuffle)
      for (const event of [...woken, ...caused]) PubSub.publishUnsafe(events, event)
      return [result, after]
    })
  yield* EmulatedSnoozes.watch({
    changed: snoozesChanged,
    now: today,
    state,
    wakeDue: Effect.flatMap(requestContext, (given) => change((state) => [Result.void, state], Option.none(), given))
  })

  /** An act of a human agent, without a request. */
  const asAgent = <A>(
    transition: (state: EmulatorState.EmulatorState, given: EmulatedCall.RequestContext) => EmulatedCall.Transition<A>,
    conversationId: number
  ): Effect.Effect<A, AgentRejectedError> =>
    Effect.flatMap(
      requestContext,
      (given) => change((state) => transition(state, given), Option.some(conversationId), given)
    ).pipe(
      Effect.flatMap(Effect.fromResult),
      Effect.mapError(({ body, status }) => new AgentRejectedError({ status, message: String(body.error) }))
    )

  /** Serves the endpoints of a method and path. */
  const serve = (place: EndpointPlace): Serve => (request, params) => {
    const errorResponse = EmulatedRequest.authenticate(request.headers.authorization, authorization)
    if (errorResponse !== undefined) return Effect.succeed(EmulatedResponse.error(errorResponse))
    const url = Option.getOrUndefined(HttpServerRequest.toURL(request))
    return Effect.matchEffect(EmulatedRequest.bodyOf(request), {
      onFailure: () => Effect.succeed(EmulatedResponse.badRequest),
      onSuccess: (body) => {
        if (url === undefined) return Effect.succeed(EmulatedResponse.badRequest)
        const inexact = EmulatedCall.inexactNumber(body)
        if (inexact !== undefined) return Effect.succeed(EmulatedResponse.error(inexact))
        const fields = { ...EmulatedRequest.queryOf(url), ...body, ...params }
        reachedAt = url.origin
        const { handle } = handlers[endpointAt(place, EmulatedRequest.isForm(request)).operation]
        const named = EmulatedCall.wholeNumber(fields["conversation_id"])
        return Effect.map(
          Effect.flatMap(requestContext, (given) => change((state) => handle(state, fields, given), named, given)),
          EmulatedResponse.ofResult
        )
      }
    })
  }

  const serveAttachment: Serve = (_, { id }) =>
    Effect.map(state, ({ attachments }) =>
      Option.match(HashMap.get(attachments, Number(id)), {
        onNone: () => EmulatedResponse.routeNotFound,
        onSome: EmulatedResponse.attachment
      }))

  const routes = FindMyWay.make<Serve>()
  routes.on("GET", `${EmulatedMessages.attachmentsPath}/:id/:name`, serveAttachment)
  for (const place of places) routes.on(methodsOf(place), place.path, serve(place))

  return Emulator.of({
    credentials: { apiKey, apiSecret },
    state,
    changes: SubscriptionRef.changes(ref),
    now: today,
    events,
    update: (f) => modify((state) => [undefined, f(state)]),
    reset: modify(({ generation }) => [undefined, { ...initial, generation }]),
    conversation: (id) =>
      Effect.map(
        Effect.all([state, requestContext]),
        ([state, requestContext]) => EmulatedConversations.show(state, id, requestContext)
      ),
    receive: ({ attachments = [], content, contentAttributes, conversationId }) =>
      Effect.flatMap(
        requestContext,
        (requestContext) =>
          change(
            (state) =>
              EmulatedMessages.receive(state, {
                conversation_id: conversationId,
                content,
                content_attributes: contentAttributes,
                attachments: attachments.map((file) => new EmulatedCall.Upload(file))
              }, requestContext),
            Option.some(conversationId),
            requestContext
          )
      ).pipe(
        Effect.flatMap(Effect.fromResult),
        Effect.mapError(({ body }) => new NotReceivedError({ message: String(body.error) }))
      ),
    reply: ({ content, conversationId, private: isPrivate = false }) =>
      asAgent(
        (state, given) =>
          EmulatedMessages.send(state, { conversation_id: conversationId, content, private: isPrivate }, given),
        conversationId
      ),
    toggleStatus: ({ conversationId, snoozedUntil, status }) =>
      asAgent((state, given) =>
        EmulatedConversations.toggleStatus(state, {
          conversation_id: conversationId,
          status,
          snoozed_until: snoozedUntil === undefined
            ? undefined
            : Math.floor(DateTime.toEpochMillis(snoozedUntil) / 1000)
        }, given), conversationId),
    httpEffect: HttpServerRequest.HttpServerRequest.pipe(
      Effect.flatMap((request) => {
        const route = routes.find(request.method, request.url)
        // Rails matches a route by its method and path together, and responds alike when either is wrong.
        return route === undefined
          ? Effect.succeed(EmulatedResponse.routeNotFound)
          : route.handler(request, route.params)
      }),
      // A server may run this uninterruptibly, and a request's body may never end.
      Effect.interruptible,
      // As a server would, responds to a defect with 500.
      Effect.catchCause((cause) => Effect.map(HttpServerError.causeResponse(cause), ([response]) => response))
    )
  })
})

const goOn = (
  state: EmulatorState.EmulatorState,
  initial: EmulatorState.EmulatorState
): EmulatorState.EmulatorState =>
  [...HashMap.values(initial.inboxes)].reduce(EmulatorState.putInbox, {
    ...state,
    inheritedRules: initial.inheritedRules,
    transitionRules: initial.transitionRules,
    messageLimit: initial.messageLimit,
    generation: state.generation + 1
  })

const completeInbox = (inbox: Inbox): EmulatorState.Inbox => ({
  name: "API",
  channelType: "Channel::Api",
  hasBot: false,
  lockToSingleConversation: false,
  ...inbox,
  id: InboxId.make(inbox.id)
})

/** Responds to a request of one route, given the parameters of its path. */
type Serve = (
  request: HttpServerRequest.HttpServerRequest,
  params: { readonly [name: string]: string | undefined }
) => Effect.Effect<HttpServerResponse.HttpServerResponse>

/**
 * Provides an emulator, and an `HttpClient` that reaches it without a network. For tests of credentials and of the wire
 * format; most tests need `layer`.
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
            ).pipe(Effect.updateContext(ofItsOwnTrace)),
            (response) => HttpServerResponse.toClientResponse(response, { request })
          )
        ))
    ),
    Layer.effect(Emulator, make(options))
  )

/** Keeps the server from writing on its client's spans. */
const ofItsOwnTrace: (context: Context.Context<never>) => Context.Context<never> = Context.omit(Tracer.ParentSpan)

/**
 * Same as `layerHttpClientWith` with the defaults.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHttpClient: Layer.Layer<HttpClient.HttpClient | Emulator> = layerHttpClientWith()

/**
 * The base URL of an emulator in memory. No server can have it, so nothing that is kept by address mixes with LiveDesk.
 *
 * @category options
 * @since 0.1.0
 */
export const baseUrl = "https://livedesk.invalid"

/**
 * Provides a `LiveDeskClient` that reaches an emulator in memory, at `baseUrl` by default, and the emulator itself.
 *
 * ```ts
 * const test = program.pipe(Effect.provide(LiveDesk.layer.pipe(Layer.provideMerge(Emulator.layer))))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (
  options?: Options & Partial<Omit<LiveDeskClient.Options, "apiKey" | "apiSecret">>
): Layer.Layer<LiveDeskClient.LiveDeskClient | Emulator, LiveDeskError.AuthError | LiveDeskError.ValidationError> =>
  Layer.provideMerge(
    Layer.unwrap(
      Effect.map(Emulator, ({ credentials }) => LiveDeskClient.layer({ baseUrl, ...options, ...credentials }))
    ),
    layerHttpClientWith(options)
  )

/**
 * Same as `layerWith` with the defaults.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<LiveDeskClient.LiveDeskClient | Emulator> = Layer.orDie(layerWith())
