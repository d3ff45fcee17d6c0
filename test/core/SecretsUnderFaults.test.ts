import { Breaker, Contacts, LiveDesk, LiveDeskClient, LiveDeskError, RateLimit } from "@effect-livedesk/core"
import { Faults } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Logger, Option, Redacted, References } from "effect"
import { HttpClient, HttpServerResponse } from "effect/http"
import { Otlp } from "effect/observability"
import * as Util from "node:util"
import * as Breadth from "../Breadth.ts"

const apiKey = "canary/key+one"
const apiSecret = "canary secret&two?"

const reporting = [apiKey, apiSecret, `${apiKey}:${apiSecret}`].flatMap((secret) => [
  secret,
  encodeURIComponent(secret),
  encodeURIComponent(encodeURIComponent(secret)),
  Buffer.from(secret).toString("base64").replace(/=+$/, ""),
  Buffer.from(secret).toString("base64url")
])

/** A server that shows its visitors what they sent, as some do when they are in trouble. */
const echoing = (status: number) =>
  Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) =>
      Effect.succeed(HttpServerResponse.toClientResponse(
        HttpServerResponse.jsonUnsafe(
          {
            error: `you sent ${request.headers["authorization"]}`,
            headers: request.headers,
            payload: { contact: { id: 7, name: request.headers["authorization"], email: apiSecret } },
            debug: [apiKey, apiSecret, encodeURIComponent(apiSecret)]
          },
          {
            status,
            headers: { "x-request-id": encodeURIComponent(apiKey), "x-echo": `${request.headers["authorization"]}` }
          }
        ),
        { request }
      ))
    )
  )

/** What Effect's exporter sends to a collector. */
const collecting = (reported: Array<string>) =>
  Otlp.layerJson({
    baseUrl: "http://collector.invalid",
    resource: { serviceName: "test" },
    loggerMergeWithExisting: true
  }).pipe(
    Layer.provide(Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request) =>
        Effect.sync(() => {
          const { body } = request
          if (body._tag === "Uint8Array") reported.push(new TextDecoder().decode(body.body))
          return HttpServerResponse.toClientResponse(HttpServerResponse.empty(), { request })
        })
      )
    ))
  )

/** Everything that an error, its cause and their inspection show. */
const shown = (exit: Exit.Exit<unknown, LiveDeskError.LiveDeskError>): ReadonlyArray<string> =>
  Exit.match(exit, {
    onSuccess: () => [],
    onFailure: (cause) => [
      Cause.pretty(cause),
      JSON.stringify(cause),
      Util.inspect(cause, { depth: Infinity, showHidden: true }),
      ...cause.reasons.filter(Cause.isFailReason).flatMap(({ error }) => [
        String(error),
        error.stack ?? "",
        JSON.stringify(error),
        Util.inspect(error, { depth: Infinity, showHidden: true }),
        Option.getOrElse(LiveDeskError.excerpt(error), () => "")
      ])
    ]
  })

describe("secrets", () => {
  const statuses = [200, 422, 503]
  const tried = Breadth.pairs(statuses, [...Faults.kinds, "Pass"] as const)

  for (const status of statuses) {
    const faults = tried.flatMap(([other, fault]) => other === status ? [fault] : [])

    it.effect(`are reported by nothing, whatever fails, at a server that echoes them with ${status}`, () => {
      const reported: Array<string> = []
      const loggers = Logger.layer([
        Logger.map(Logger.formatJson, (text) => void reported.push(text)),
        Logger.map(Logger.formatLogFmt, (text) => void reported.push(text)),
        Logger.map(Logger.formatSimple, (text) => void reported.push(text))
      ])
      return Effect.gen(function*() {
        const contacts = yield* Contacts.Contacts
        const { setPlan } = yield* Faults.Faults
        let failures = 0
        for (const fault of faults) {
          yield* setPlan(Faults.script({ "*": [fault, fault, fault] }))
          const calls: ReadonlyArray<Effect.Effect<unknown, LiveDeskError.LiveDeskError>> = [
            contacts.create({ inboxId: 407, name: "Ada" }),
            contacts.list({ q: "Ada" }),
            contacts.ensure({ inboxId: 407, email: "ada@acme.inc" }),
            contacts.create({ inboxId: 0 }),
            contacts.create({ inboxId: 407 }, { headers: { authorization: "mine" }, retries: { times: -1 } })
          ]
          for (const call of calls) {
            const exit = yield* call.pipe(
              Effect.tapCause((cause) => Effect.logError("failed", cause)),
              Effect.annotateLogs("call", "a call"),
              Effect.exit
            )
            if (Exit.isFailure(exit)) failures += 1
            reported.push(...shown(exit))
          }
        }
        assert.isAtLeast(failures, 2 * faults.length)
        reported.push(
          Util.inspect([contacts, yield* LiveDeskClient.LiveDeskClient], { depth: Infinity, showHidden: true })
        )
        reported.push(Faults.format(yield* Effect.flatMap(Faults.Faults, ({ trace }) => trace)))
      }).pipe(
        Effect.provide(
          LiveDesk.layer.pipe(
            Layer.provideMerge(LiveDeskClient.layer({
              apiKey: Redacted.make(apiKey),
              apiSecret: Redacted.make(apiSecret),
              propagateTrace: true,
              onDrift: "log",
              account: "acme",
              rateLimit: RateLimit.make({ limit: 1000 }),
              circuitBreaker: Breaker.make({ failures: 1000 })
            })),
            Layer.provideMerge(Faults.layer(Faults.script({}))),
            Layer.provide(echoing(status)),
            Layer.provideMerge(collecting(reported)),
            Layer.provideMerge(Layer.merge(loggers, Layer.succeed(References.MinimumLogLevel, "All")))
          )
        ),
        Faults.runWithTestClock,
        Effect.andThen(Effect.sync(() => {
          const all = reported.join("\n")
          // The exporter's spans and logs are among it.
          assert.include(all, "resourceSpans")
          assert.include(all, "resourceLogs")
          assert.include(all, "livedesk.request.outcome")
          for (const secret of reporting) assert.notInclude(all, secret)
        }))
      )
    })
  }
})
