/**
 * The emulated LiveDesk as a server has it: the requests that came and their responses, with faults that are switched on
 * and off while it runs.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import { isForm } from "../internal/EmulatedRequest.ts"
import { operationOf } from "../internal/EndpointPlace.ts"
import { stepsOf } from "../internal/FaultSteps.ts"
import * as FaultyResponse from "../internal/FaultyResponse.ts"
import type { Emulator } from "./Emulator.ts"
import * as Faults from "./Faults.ts"

/**
 * One request that came. It holds nothing of the headers, the query and the bodies.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServedRequest extends Omit<Faults.Entry, "at"> {
  readonly at: DateTime.Utc
  readonly method: string
  /** Without the query; of one that is longer than 500 characters, the first of them. */
  readonly path: string
  /** The status that was sent, by a fault or by the emulator; none where nothing was. */
  readonly sentStatus: Option.Option<number>
  /** How long it took until the response began, or the connection was lost; none while neither has come. */
  readonly took: Option.Option<Duration.Duration>
}

/**
 * A fault that no response can play: the server must break the connection off, without one.
 *
 * @category errors
 * @since 0.1.0
 */
export class ConnectionLost extends Data.TaggedError("ConnectionLost")<{}> {}

/**
 * An emulator as a server has it.
 *
 * @category models
 * @since 0.1.0
 */
export interface EmulatedServer {
  /**
   * Responds to one HTTP request, or lets it meet a fault. `Refused` and `DnsFailed` are no connection at all, which a
   * server cannot give: they lose it before acting.
   */
  readonly httpEffect: Effect.Effect<
    HttpServerResponse.HttpServerResponse,
    ConnectionLost,
    HttpServerRequest.HttpServerRequest
  >
  /** The last 200 requests, oldest first: the same array until another comes or a response begins. */
  readonly requests: Effect.Effect<ReadonlyArray<ServedRequest>>
  /** The faults, none to begin with. Their trace holds the last 200 requests. */
  readonly faults: Faults.Faults["Service"]
}

/** How many requests are remembered. */
const remembered = 200

const maxPathLength = 500

/**
 * Makes of an emulator's HTTP side a server's. As long as no plan has faults, a request costs little more than before.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  inner: Emulator["Service"]["httpEffect"]
): Effect.fn.Return<EmulatedServer> {
  const start = yield* Clock.currentTimeMillis
  let plan: Faults.Plan = Faults.script({})
  let next: (operation: string) => Option.Option<Faults.Fault> = () => Option.none()
  let count = 0
  const kept: Array<ServedRequest> = []
  let shown: ReadonlyArray<ServedRequest> = []
  let isShown = true

  const note = (request: Omit<ServedRequest, "number">): number => {
    kept.push({ number: ++count, ...request })
    if (kept.length > remembered) kept.shift()
    isShown = false
    return count
  }

  /** What is learned later of a request, if it is still remembered. */
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

  const httpEffect = Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const clock = yield* Clock.Clock
    const at = clock.currentTimeMillisUnsafe()
    const [path = ""] = request.url.split(/[?#]/)
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
    const took = () => Option.some(Duration.millis(Math.max(0, clock.currentTimeMillisUnsafe() - at)))
    const processed = Effect.tap(
      inner,
      ({ status }) => Effect.sync(() => update(number, { status: Option.some(status) }))
    )
    const response = Option.match(fault, {
      onNone: () => processed,
      onSome: (fault) => applyFault(fault, request, processed)
    })
    return yield* response.pipe(
      Effect.tap(({ status }) => Effect.sync(() => update(number, { sentStatus: Option.some(status) }))),
      Effect.ensuring(Effect.sync(() => update(number, { took: took() })))
    )
  })

  return {
    httpEffect,
    requests,
    faults: Faults.Faults.of({
      plan: Effect.sync(() => plan),
      follow: (given) =>
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
