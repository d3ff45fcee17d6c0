/**
 * Sends a client's requests by an `HttpClient`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpTraceContext from "effect/http/HttpTraceContext"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Transport from "../Transport.ts"

/** Receives the request's turn, then its response. */
export interface QueuedHandler extends Transport.ResponseHandler {
  /** Called when the request's turn has come, before it is sent. */
  readonly admit: () => void
}

/** Sends one request when its turn has come. Without a rate limit, it never calls `admit`. */
export interface QueuedDispatch {
  (request: Transport.RequestToSend, handler: QueuedHandler): Effect.Effect<void, Transport.DispatchError>
}

/** The `admit` of the current request, for the rate limit: that wraps an `HttpClient`, which has no handler. */
export const Admit = Context.Reference<() => void>("@effect-livedesk/core/Admit", {
  defaultValue: () => () => {}
})

/**
 * Makes the dispatch of a client. It uses the one attached to the `HttpClient` if no option stands in between,
 * otherwise the `HttpClient` itself, and logs its choice at debug level.
 */
export const make = Effect.fnUntraced(function*(
  httpClient: HttpClient.HttpClient,
  { propagateTrace, rateLimit, transformClient }: {
    readonly rateLimit: ((client: HttpClient.HttpClient) => HttpClient.HttpClient) | undefined
    readonly transformClient: ((client: HttpClient.HttpClient) => HttpClient.HttpClient) | undefined
    readonly propagateTrace: boolean
  }
) {
  const client = yield* plain(transformClient?.(httpClient) ?? httpClient)
  const throughClient = dispatchBy(rateLimit?.(client) ?? client)
  const attached = Transport.dispatchOf(httpClient)
  const before = transformClient !== undefined
    ? "the option transformClient is set"
    : rateLimit !== undefined
    ? "the option rateLimit is set"
    : "it offers no dispatch of its own"
  const isDirect = attached !== undefined && transformClient === undefined && rateLimit === undefined
  yield* Effect.logDebug(
    `LiveDesk's requests go ${isDirect ? "directly to the transport" : `through the HttpClient: ${before}`}`
  )
  const dispatch: QueuedDispatch = isDirect
    ? (request, handler) => (request.form === undefined ? attached : throughClient)(request, handler)
    : throughClient
  return propagateTrace ? traced(dispatch) : dispatch
})

const dispatchBy = (client: HttpClient.HttpClient): QueuedDispatch => (request, handler) =>
  client.execute(toRequest(request)).pipe(
    Effect.provideContext(
      Context.make(Admit, handler.admit).pipe(
        Context.add(Transport.EnterPhase, (phase) => handler.enter(phase))
      )
    ),
    Effect.matchEffect({
      onFailure: (error) =>
        // A wrapped client may turn a status into a failure.
        error.response === undefined ? Effect.fail(dispatchError(error)) : receive(error.response, handler),
      onSuccess: (response) => receive(response, handler)
    })
  )

/** Adds the trace headers of the call's span to each request. */
const traced = (dispatch: QueuedDispatch): QueuedDispatch => (request, handler) =>
  Effect.withFiber(({ cache: { span } }) =>
    dispatch(
      span?._tag === "Span"
        ? { ...request, headers: { ...request.headers, ...HttpTraceContext.toHeaders(span) } }
        : request,
      handler
    )
  )

/** Disables spans and redirects of any transport's requests. Other settings of the program for `fetch` are kept. */
const plain = (client: HttpClient.HttpClient): Effect.Effect<HttpClient.HttpClient> =>
  Effect.map(Effect.serviceOption(FetchHttpClient.RequestInit), (requestInit) =>
    HttpClient.transformResponse(
      client,
      Effect.provideContext(
        Context.make(HttpClient.TracerDisabledWhen, constTrue).pipe(
          Context.add(FetchHttpClient.RequestInit, {
            ...Option.getOrUndefined(requestInit),
            // Fetch would send a redirected POST on with its credentials, or turn it into a GET that returns 200.
            redirect: "manual",
            credentials: "omit"
          })
        )
      )
    ))

const toRequest = ({ body, form, headers, method, origin, path, query }: Transport.RequestToSend) =>
  HttpClientRequest.make(method)(`${origin}${path}`, {
    headers,
    urlParams: query,
    body: form !== undefined
      ? HttpBody.formDataRecord(form)
      : body !== undefined
      ? HttpBody.text(body, "application/json")
      : HttpBody.empty
  })

const dispatchError = ({ reason, request: { body } }: HttpClientError.HttpClientError) =>
  new Transport.DispatchError({ cause: reason, sentInParts: body._tag === "Stream" || body._tag === "FormData" })

const receive = (
  { headers, status, stream }: HttpClientResponse.HttpClientResponse,
  handler: QueuedHandler
): Effect.Effect<void, Transport.DispatchError> => {
  handler.start(status, headers)
  return Stream.runForEachWhile(stream, (piece) => Effect.sync(() => handler.take(piece))).pipe(
    // If a wrapped client has read the body, fetch throws.
    Effect.catchDefect((cause) => Effect.fail(new Transport.DispatchError({ cause }))),
    Effect.catchTag("HttpClientError", ({ reason }) =>
      // Fetch has no stream for an empty body.
      reason._tag === "EmptyBodyError" ? Effect.void : Effect.fail(new Transport.DispatchError({ cause: reason })))
  )
}
