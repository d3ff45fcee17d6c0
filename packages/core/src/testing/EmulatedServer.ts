/**
 * An emulator behind a server: its requests and responses, and faults that can be changed while it runs.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import { isForm } from "../internal/EmulatedRequest.ts"
import { operationOf } from "../internal/EndpointPlace.ts"
import * as ExchangeLog from "../internal/ExchangeLog.ts"
import { stepsOf } from "../internal/FaultSteps.ts"
import * as FaultyResponse from "../internal/FaultyResponse.ts"
import type { Emulator } from "./Emulator.ts"
import type { Exchange } from "./Exchange.ts"
import * as Faults from "./Faults.ts"

/**
 * A request that was served, without its headers, query and bodies.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServedRequest extends Omit<Faults.Entry, "at"> {
  readonly at: DateTime.Utc
  readonly method: string
  /** The path without the query, cut to 500 characters. */
  readonly path: string
  /** The status that a fault or the emulator sent; none if nothing was sent. */
  readonly sentStatus: Option.Option<number>
  /** The time until the response began or the connection was lost; none before that. */
  readonly took: Option.Option<Duration.Duration>
}

/**
 * Options of an emulator behind a server.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * Whether to keep the queries and bodies of the last requests. Each request is then responded to when it has arrived
   * whole. Defaults to `false`.
   */
  readonly keepsBodies?: boolean | undefined
}

/**
 * A fault without a response: the server must close the connection.
 *
 * @category errors
 * @since 0.1.0
 */
export class ConnectionLost extends Data.TaggedError("ConnectionLost")<{}> {}

/**
 * An emulator behind a server.
 *
 * @category models
 * @since 0.1.0
 */
export interface EmulatedServer {
  /**
   * Responds to one HTTP request, or applies a fault to it. A server cannot refuse a connection, so `Refused` and
   * `DnsFailed` lose it before processing.
   */
  readonly httpEffect: Effect.Effect<
    HttpServerResponse.HttpServerResponse,
    ConnectionLost,
    HttpServerRequest.HttpServerRequest
  >
  /** The last 200 requests, oldest first. The same array until another arrives or a response begins. */
  readonly requests: Effect.Effect<ReadonlyArray<ServedRequest>>
  /**
   * The query and the bodies of a request, by its number; none if the options do not keep them, or no longer. All of
   * them take at most 8 MiB.
   */
  readonly exchange: (number: number) => Effect.Effect<Option.Option<Exchange>>
  /** The faults, none at first. Their trace holds the last 200 requests. */
  readonly faults: Faults.Faults["Service"]
}

const remembered = 200

const maxPathLength = 500

/**
 * Adds requests and faults to the HTTP side of an emulator. Costs little while the plan has no faults.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  inner: Emulator["Service"]["httpEffect"],
  { keepsBodies = false }: Options = {}
): Effect.fn.Return<EmulatedServer> {
  const start = yield* Clock.currentTimeMillis
  let plan: Faults.Plan = Faults.script({})
  let next: (operation: string) => Option.Option<Faults.Fault> = () => Option.none()
  let count = 0
  const kept: Array<ServedRequest> = []
  const exchanges = keepsBodies ? ExchangeLog.make(remembered) : undefined
  let shown: ReadonlyArray<ServedRequest> = []
  let isShown = true

  const note = (request: Omit<ServedRequest, "number">): number => {
    kept.push({ number: ++count, ...request })
    if (kept.length > remembered) kept.shift()
    isShown = false
    return count
  }

  /** Updates a request if it is still remembered. */
  const update = (number: number, learned: Partial<ServedRequest>): void => {
    const index = kept.length - 1 - (count - number)
    const request = kept[index]
    if (request === undefined) return
    kept[index] = { ...request, ...learned }
    isShown = false
  }

  const requests = Effect.sync(() => {
    if (!isShown) {
      shown = [...kept]
      isShown = true
    }
    return shown
  })

  const httpEffect = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    Effect.clockWith((clock) => {
      const at = clock.currentTimeMillisUnsafe()
      const [path = ""] = request.url.split(/[?#]/, 1)
      const operation = operationOf(request.method, path, isForm(request))
      const fault = next(operation)
      const number = note({
        at: DateTime.makeUnsafe(at),
        method: request.method,
        path: path.slice(0, maxPathLength),
        operation,
        fault,
        status: Option.none(),
        sentStatus: Option.none(),
        took: Option.none()
      })
      const respond = (request: HttpServerRequest.HttpServerRequest) =>
        Option.match(fault, {
          onNone: () => inner,
          onSome: (fault) =>
            applyFault(
              fault,
              request,
              Effect.tap(inner, ({ status }) => Effect.sync(() => update(number, { status: Option.some(status) })))
            )
        })
      const response = exchanges === undefined ? respond(request) : exchanges.request(number, request).pipe(
        Effect.flatMap((request) =>
          Effect.provideService(respond(request), HttpServerRequest.HttpServerRequest, request)
        ),
        Effect.map((response) => exchanges.response(number, response))
      )
      return Effect.onExit(response, (exit) =>
        Effect.sync(() => {
          const took = Option.some(Duration.millis(Math.max(0, clock.currentTimeMillisUnsafe() - at)))
          if (Exit.isFailure(exit)) return update(number, { took })
          const sentStatus = Option.some(exit.value.status)
          update(number, Option.isNone(fault) ? { took, sentStatus, status: sentStatus } : { took, sentStatus })
        }))
    }))

  return {
    httpEffect,
    requests,
    exchange: (number) => Effect.sync(() => exchanges?.get(number) ?? Option.none()),
    faults: Faults.Faults.of({
      plan: Effect.sync(() => plan),
      setPlan: (given) =>
        Effect.map(stepsOf(given), (steps) => {
          plan = given
          next = steps
        }),
      trace: Effect.map(requests, (requests) =>
        requests.map(({ at, fault, number, operation, status }) => ({
          number,
          at: Math.round(DateTime.toEpochMillis(at) - start),
          operation,
          fault,
          status
        })))
    })
  }
})

const applyFault = (
  fault: Faults.Fault,
  served: HttpServerRequest.HttpServerRequest,
  processed: Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest>
) => {
  const request = HttpServerRequest.toClientRequest(served)
  const asClient = Effect.map(processed, (response) => HttpServerResponse.toClientResponse(response, { request }))
  return FaultyResponse.applyFault(fault, request, asClient).pipe(
    Effect.map(HttpServerResponse.fromClientResponse),
    Effect.mapError(() => new ConnectionLost())
  )
}
