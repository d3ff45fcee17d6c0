/**
 * A tiny OpenTelemetry collector: it keeps the last of what it is sent by OTLP over HTTP, as JSON.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer, Schema } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"

/** The number of the kind `client`. */
export const client = 3

const Attributes = Schema.Array(Schema.Struct({
  key: Schema.String,
  value: Schema.Struct({
    stringValue: Schema.optionalKey(Schema.String),
    intValue: Schema.optionalKey(Schema.Union([Schema.String, Schema.Number])),
    doubleValue: Schema.optionalKey(Schema.Number)
  })
}))

const Span = Schema.Struct({
  name: Schema.String,
  kind: Schema.Number,
  spanId: Schema.String,
  parentSpanId: Schema.optionalKey(Schema.String),
  attributes: Attributes
})

const Point = Schema.Struct({ attributes: Attributes, asDouble: Schema.optionalKey(Schema.Number) })

const Points = Schema.optionalKey(Schema.Struct({ dataPoints: Schema.Array(Point) }))

const Metric = Schema.Struct({
  name: Schema.String,
  unit: Schema.String,
  sum: Points,
  gauge: Points,
  histogram: Points
})

const Log = Schema.Struct({ attributes: Attributes })

const Traces = Schema.Struct({
  resourceSpans: Schema.Array(Schema.Struct({ scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Span) })) }))
})

const Metrics = Schema.Struct({
  resourceMetrics: Schema.Array(
    Schema.Struct({ scopeMetrics: Schema.Array(Schema.Struct({ metrics: Schema.Array(Metric) })) })
  )
})

const Logs = Schema.Struct({
  resourceLogs: Schema.Array(
    Schema.Struct({ scopeLogs: Schema.Array(Schema.Struct({ logRecords: Schema.Array(Log) })) })
  )
})

const readTraces = Schema.decodeEffect(Schema.fromJsonString(Traces))
const readMetrics = Schema.decodeEffect(Schema.fromJsonString(Metrics))
const readLogs = Schema.decodeEffect(Schema.fromJsonString(Logs))

const asRecord = (attributes: typeof Attributes.Type) =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.doubleValue ?? (value.intValue === undefined ? undefined : Number(value.intValue))
    ])
  )

export const make = Effect.gen(function*() {
  const bodies: Record<"traces" | "metrics" | "logs", Array<string>> = { traces: [], metrics: [], logs: [] }
  const taking = (kind: keyof typeof bodies) =>
    HttpRouter.add("POST", `/v1/${kind}`, (request) =>
      Effect.map(request.text, (text) => {
        bodies[kind].push(text)
        return HttpServerResponse.jsonUnsafe({})
      }))
  const router = yield* HttpRouter.toHttpEffect(Layer.mergeAll(taking("traces"), taking("metrics"), taking("logs")))
  const services = yield* Layer.build(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
  yield* Effect.provideContext(HttpServer.serveEffect(router), services)
  const url = yield* Effect.provideContext(HttpServer.addressFormattedWith(Effect.succeed), services)
  return {
    url,
    spans: Effect.map(
      Effect.suspend(() => Effect.forEach(bodies.traces, (body) => readTraces(body))),
      (all) =>
        all.flatMap(({ resourceSpans }) =>
          resourceSpans.flatMap(({ scopeSpans }) =>
            scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, attributes: asRecord(span.attributes) })))
          )
        )
    ),
    /** As they stood at last. */
    metrics: Effect.map(
      Effect.suspend(() => Effect.forEach(bodies.metrics.slice(-1), (body) => readMetrics(body))),
      (all) =>
        all.flatMap(({ resourceMetrics }) =>
          resourceMetrics.flatMap(({ scopeMetrics }) =>
            scopeMetrics.flatMap(({ metrics }) =>
              metrics.flatMap(({ gauge, histogram, name, sum, unit }) =>
                [sum, gauge, histogram].flatMap((points) =>
                  (points?.dataPoints ?? []).map(({ asDouble, attributes }) => ({
                    name,
                    unit,
                    attributes: asRecord(attributes),
                    value: asDouble
                  }))
                )
              )
            )
          )
        )
    ),
    logs: Effect.map(
      Effect.suspend(() => Effect.forEach(bodies.logs, (body) => readLogs(body))),
      (all) =>
        all.flatMap(({ resourceLogs }) =>
          resourceLogs.flatMap(({ scopeLogs }) =>
            scopeLogs.flatMap(({ logRecords }) => logRecords.map((log) => ({ attributes: asRecord(log.attributes) })))
          )
        )
    )
  }
})
