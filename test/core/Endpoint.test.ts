import { Endpoint, LiveDeskClient, Model } from "@effect-livedesk/core"
import { Emulator } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Redacted, Schema } from "effect"
import { HttpClient, type HttpClientRequest, HttpClientResponse } from "effect/http"

const Labels = Schema.Struct({
  payload: Schema.Array(Schema.String),
  changed_at: Schema.optionalKey(Schema.DateTimeUtcFromString)
})

const labels = Endpoint.make({
  operation: "contacts.labels",
  method: "GET",
  path: "/api/v2/accounts/contacts/:contact_id/labels",
  input: Schema.Struct({ contactId: Schema.Natural, only: Schema.optional(Schema.Array(Schema.String)) }).pipe(
    Schema.encodeKeys({ contactId: "contact_id" })
  ),
  success: Model.fromSchema(Labels),
  idempotency: "safe"
})

const remove = Endpoint.make({
  operation: "contacts.delete",
  method: "DELETE",
  path: "/api/v2/accounts/contacts/:contact_id",
  input: Schema.Struct({ contact_id: Schema.Natural, reason: Schema.optional(Schema.String) }),
  success: Model.nothing,
  idempotency: "idempotent"
})

/** Calls an endpoint of a server that returns the given response, and returns the requests that the server got. */
const call = <Input, Output>(
  endpoint: Endpoint.Endpoint<Input, Output>,
  input: Input,
  response: { readonly status?: number; readonly body: string | null },
  options: Partial<LiveDeskClient.Options> = {}
) => {
  const requests: Array<HttpClientRequest.HttpClientRequest> = []
  return Effect.gen(function*() {
    const client = yield* LiveDeskClient.LiveDeskClient
    const response = yield* Effect.result(client.call(endpoint)(input))
    return { response, requests }
  }).pipe(
    Effect.provide(
      LiveDeskClient.layer({
        apiKey: Redacted.make("key"),
        apiSecret: Redacted.make("secret"),
        retries: { times: 0 },
        ...options
      }).pipe(
        Layer.provide(Layer.succeed(
          HttpClient.HttpClient,
          HttpClient.make((request) =>
            Effect.sync(() => {
              requests.push(request)
              return HttpClientResponse.fromWeb(
                request,
                new Response(response.body, { status: response.status ?? 200 })
              )
            })
          )
        ))
      )
    )
  )
}

describe("an endpoint of a program's own", () => {
  it.effect("succeeds with what its schema decodes", () =>
    Effect.gen(function*() {
      const body = JSON.stringify({ payload: ["vip", "beta"], changed_at: "2026-05-01T12:00:00.000Z" })
      const { response, requests } = yield* call(labels, { contactId: 7, only: ["a", "b"] }, { body })
      assert.deepStrictEqual(yield* Effect.fromResult(response), {
        payload: ["vip", "beta"],
        changed_at: DateTime.makeUnsafe("2026-05-01T12:00:00Z")
      })
      const [request] = requests
      assert.strictEqual(
        request?.url,
        "https://livedesk-api.engagelab.com/api/v2/accounts/contacts/7/labels"
      )
      assert.deepStrictEqual(request?.urlParams.params, [["only[]", "a"], ["only[]", "b"]])
      assert.strictEqual(request?.headers["authorization"], "Basic a2V5OnNlY3JldA==")
    }))

  it.effect("fails with every path that its schema refuses, and none of the values", () =>
    Effect.gen(function*() {
      const body = JSON.stringify({ payload: ["vip", 5, null], changed_at: "canary" })
      const { response } = yield* call(labels, { contactId: 7 }, { body })
      const error = yield* Effect.flip(Effect.fromResult(response))
      assert.deepStrictEqual(
        [error._tag, error.reason._tag, error.outcome, error.operation, error.status],
        ["ValidationError", "InvalidResponse", "Processed", "contacts.labels", 200]
      )
      assert.deepStrictEqual(error.reason._tag === "InvalidResponse" ? error.reason.issues : [], [
        { path: ["payload", "1"], message: "expected string" },
        { path: ["payload", "2"], message: "expected string" },
        { path: ["changed_at"], message: "expected a valid UTC DateTime string" }
      ])
      assert.notInclude(error.reason.message, "canary")
    }))

  it.effect("fails for a response without a body where the endpoint requires one", () =>
    Effect.gen(function*() {
      const { response } = yield* call(labels, { contactId: 7 }, { body: null })
      const error = yield* Effect.flip(Effect.fromResult(response))
      assert.deepStrictEqual([error.reason._tag, error.outcome], ["InvalidResponse", "Processed"])
    }))

  it.effect("reports what its schema does not know as drift", () =>
    Effect.gen(function*() {
      const body = JSON.stringify({ payload: [], total: 0 })
      const { response } = yield* call(labels, { contactId: 7 }, { body }, { onDrift: "fail" })
      const error = yield* Effect.flip(Effect.fromResult(response))
      assert.deepStrictEqual(
        error.reason._tag === "DriftedResponse" ? error.reason.issues.map(({ path }) => path) : error,
        [["total"]]
      )
    }))

  it.effect("succeeds without a body where it declares none, whatever comes", () =>
    Effect.gen(function*() {
      for (const [status, body] of [[204, null], [200, null], [200, ""], [200, "gone"], [200, "{\"id\":7}"]] as const) {
        const { response, requests } = yield* call(remove, { contact_id: 7, reason: "asked for" }, { status, body }, {
          onDrift: "fail",
          maxResponseBytes: 1
        })
        assert.isUndefined(yield* Effect.fromResult(response))
        assert.deepStrictEqual(
          requests.map(({ body, method, urlParams }) => [method, body._tag, urlParams.params]),
          [["DELETE", "Empty", [["reason", "asked for"]]]]
        )
      }
    }))

  it.effect("fails by status as every other call", () =>
    Effect.gen(function*() {
      const client = yield* LiveDeskClient.LiveDeskClient
      const errors = [
        yield* Effect.flip(client.call(labels)({ contactId: 7 })),
        yield* Effect.flip(client.call(remove)({ contact_id: 7 }))
      ]
      assert.deepStrictEqual(
        errors.map(({ outcome, operation, reason, status }) => [operation, reason._tag, status, outcome]),
        [
          ["contacts.labels", "NotFound", 404, "Rejected"],
          ["contacts.delete", "NotFound", 404, "Rejected"]
        ]
      )
    }).pipe(Effect.provide(Emulator.layer)))
})

describe("Model.fromSchema", () => {
  it("writes what it reads", () => {
    const model = Model.fromSchema(Labels)
    const wire = { payload: ["vip"], changed_at: "2026-05-01T12:00:00.000Z" }
    const value = model.read(wire)
    assert.deepStrictEqual(value instanceof Model.DecodeFailure ? value.issues : model.write(value), wire)
  })

  it("names a key that is missing", () => {
    const value = Model.fromSchema(Labels).read({})
    assert.deepStrictEqual(value instanceof Model.DecodeFailure ? value.issues : value, [
      { path: ["payload"], expected: "a value" }
    ])
  })
})
