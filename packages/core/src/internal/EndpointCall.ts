/**
 * Turns an endpoint into a function that validates input and runs the call in its span and circuit breaker.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as LogLevel from "effect/LogLevel"
import * as Result from "effect/Result"
import type * as Endpoint from "../Endpoint.ts"
import type * as LiveDeskError from "../LiveDeskError.ts"
import type * as RetryPolicy from "../RetryPolicy.ts"
import { CallExecution, type Client } from "./CallExecution.ts"
import * as CallGrace from "./CallGrace.ts"
import * as ClientSettings from "./ClientSettings.ts"
import * as EndpointRequest from "./EndpointRequest.ts"
import * as Instrumentation from "./Instrumentation.ts"
import * as ResponseDecoder from "./ResponseDecoder.ts"
import * as RetryOptions from "./RetryOptions.ts"

/** The options of one call, as `LiveDeskClient.CallOptions` describes them. */
interface Options {
  readonly timeout?: Duration.Input | undefined
  readonly retries?: RetryPolicy.Options | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
}

/** Turns an endpoint into a function of its input. */
export const make = <Input, Output>(
  client: Client,
  endpoint: Endpoint.Endpoint<Input, Output>
): (input: Input, options?: Options) => Effect.Effect<Output, LiveDeskError.LiveDeskError> => {
  const prepare = EndpointRequest.make(endpoint, client)
  const { operation } = endpoint
  const spanOptions = {
    kind: "client",
    attributes: {
      "livedesk.operation": operation,
      "http.request.method": endpoint.method,
      "url.template": endpoint.path,
      ...client.server
    }
  } as const
  const { circuitBreaker } = client
  // Without a tracer, a span is only needed to propagate its trace.
  const isTraced = ({ cache }: Fiber.Fiber<unknown, unknown>) => cache.tracer !== undefined || client.propagateTrace
  return (input, options) => {
    const run = (fiber: Fiber.Fiber<unknown, unknown>, instrumentation?: Instrumentation.CallInstrumentation) => {
      // Validating the client's own timeout again would take a tenth of a call's CPU.
      const timeout = options?.timeout === undefined
        ? Result.succeed(client.timeout)
        : ClientSettings.parseTimeout(options.timeout)
      const retries = options?.retries === undefined
        ? Result.succeed(client.retries)
        : RetryOptions.read(options.retries, client.retries)
      const prepared = prepare(input, options?.headers, [
        ...ClientSettings.issueOf("options.timeout", timeout),
        ...(Result.isFailure(retries) ? ClientSettings.below("options.retries", retries.failure) : [])
      ])
      if (Result.isFailure(prepared)) return Effect.fail(prepared.failure)
      const { minimumLogLevel } = fiber.cache
      const clock = fiber.getRef(Clock.Clock)
      const grace = fiber.getRef(CallGrace.CallGrace)
      const begin = () => {
        const call = new CallExecution(client, endpoint, prepared.success, {
          input,
          timeout: Result.getOrElse(timeout, () => client.timeout),
          retries: Result.getOrElse(retries, () => client.retries),
          now: () => clock.currentTimeMillisUnsafe(),
          instrumentation,
          listener: fiber.getRef(ResponseDecoder.ResponseListener),
          grace,
          checksDrift: client.onDrift === "fail" ||
            (client.onDrift === "log" && !LogLevel.isGreaterThan(minimumLogLevel, "Debug"))
        })
        grace?.calls.push(call)
        return grace?.isEnding === true ? Effect.interrupt : call.run()
      }
      return circuitBreaker === undefined ? begin() : circuitBreaker(operation, Effect.suspend(begin))
    }
    const instrumented = (
      fiber: Fiber.Fiber<unknown, unknown>,
      instrumentation: Instrumentation.CallInstrumentation | undefined
    ) =>
      instrumentation?.ended === undefined
        ? run(fiber, instrumentation)
        : Effect.onExit(Effect.suspend(() => run(fiber, instrumentation)), instrumentation.ended)
    return Effect.withFiber((fiber) => {
      const instrumentation = fiber.getRef(Instrumentation.Instrumentation)?.begin({
        operation,
        account: client.account
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
