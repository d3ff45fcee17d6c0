import { Endpoint, LiveDeskClient, Messages, Model } from "@effect-livedesk/core"
import * as Endpoints from "@effect-livedesk/core/Endpoints"
import { Emulator } from "@effect-livedesk/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Redacted, Result, Schema } from "effect"
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

/** An input of each endpoint with each of its texts. */
const full: { readonly [Operation in Endpoints.Operation]: object } = {
  "contacts.create": {
    inboxId: 407,
    name: "Alice",
    email: "alice@acme.inc",
    phoneNumber: "+4917012345678",
    identifier: "u-1",
    avatarUrl: "https://acme.inc/a.png"
  },
  "contacts.list": { q: "alice", sort: "name" },
  "contacts.update": {
    contactId: 7,
    name: "Alice",
    additionalAttributes: { city: "Berlin" },
    customAttributes: { plan: { name: "gold", tags: ["a", "b"] } }
  },
  "conversations.create": { inboxId: 407, contactId: 7, sourceId: "s-1" },
  "conversations.toggleStatus": { conversationId: 7, status: "resolved" },
  "messages.send": { conversationId: 7, content: "Hello", contentAttributes: { note: ["x"] } },
  "messages.sendFiles": {
    conversationId: 7,
    content: "Hello",
    contentAttributes: { note: ["x"] },
    attachments: [{ name: "a.txt", mediaType: "text/plain", content: new Uint8Array([97]) }]
  },
  "tickets.create": {
    title: "Broken",
    description: "It broke",
    attachments: [{ fileUrl: "https://acme.inc/a.png" }],
    ticketType: "incident",
    customFields: { order: "4711" },
    requester: { euid: "e", channelContacts: { channelId: "c", followers: [{ id: "f", name: "Bob" }] } },
    submitter: { id: "s" },
    assignmentTeam: "t"
  },
  "tickets.get": { ticketId: "t-1" },
  "tickets.update": { ticketId: "t-1", title: "Broken", tags: ["new"] }
}

/** The input with half a character in one of its texts or names, once for each, and the path that names it. */
const halved = (value: unknown): ReadonlyArray<readonly [value: unknown, path: string]> => {
  if (typeof value === "string") return ["\ud83d", "\ude00"].map((half) => [`${value}${half}`, ""] as const)
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return []
  return Object.entries(value).flatMap(([key, below]) =>
    halved(below).map(([changed, path]) =>
      [
        Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed },
        path === "" ? key : `${key}.${path}`
      ] as const
    )
  )
}

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

describe("half a character", () => {
  const callAny = (operation: Endpoints.Operation, input: unknown) => {
    // The types of the endpoints' inputs differ, and some of these inputs are wrong on purpose.
    const endpoint = Endpoints.all.find((endpoint) => endpoint.operation === operation) as unknown
    return call(endpoint as Endpoint.Endpoint<unknown, unknown>, input, { body: "{}" })
  }

  const refuses = Effect.fnUntraced(function*(operation: Endpoints.Operation, input: unknown) {
    const { requests, response } = yield* callAny(operation, input)
    assert.deepStrictEqual(requests, [])
    assert.isTrue(Result.isFailure(response) && response.failure.reason._tag === "InvalidInput")
    return Result.isFailure(response) ? response.failure.message : ""
  })

  it.effect.each(Object.entries(full))(
    "is refused in each text of %s, by name",
    ([operation, input]) =>
      Effect.gen(function*() {
        assert.lengthOf((yield* callAny(operation as Endpoints.Operation, input)).requests, 1)
        const inputs = halved(input)
        assert.isAbove(inputs.length, 0)
        for (const [input, path] of inputs) {
          const message = yield* refuses(operation as Endpoints.Operation, input)
          assert.match(message, new RegExp(`[:;] ${path.replaceAll(".", "\\.")}: expected `, "i"))
          assert.notMatch(message, /\p{Cs}/u)
        }
      })
  )

  it.effect("is refused in a name, among other faults, and deep down", () =>
    Effect.gen(function*() {
      const named = yield* refuses("contacts.update", { contactId: 7, customAttributes: { "a\ud800": 1 } })
      assert.include(named, "customAttributes.a\ufffd: expected text without an unpaired surrogate")
      const both = yield* refuses("messages.send", { conversationId: -1, content: "\udc00" })
      assert.match(both, /conversationId: Expected .*content: expected text without an unpaired surrogate/)
      let deep: unknown = "\ud800"
      for (let depth = 0; depth < 200; depth++) deep = [deep]
      const below = yield* refuses("contacts.update", { contactId: 7, customAttributes: { deep } })
      assert.include(below, "the input is not valid: expected text without an unpaired surrogate")
    }))

  it.effect("differs from whole ones, and from text that only looks like its escape", () =>
    Effect.gen(function*() {
      for (const content of ["😀", "\\ud83d", "\\\\ud83d\\udc00", "\ufffd", "\0", "\"\\\\\""]) {
        const { requests } = yield* call(Messages.endpoints.send, { conversationId: 7, content }, {
          body: "{\"id\":1}"
        })
        const [request] = requests
        assert.isTrue(request?.body._tag === "Uint8Array")
        if (request?.body._tag !== "Uint8Array") return
        assert.deepInclude(JSON.parse(new TextDecoder().decode(request.body.body)), { content })
      }
    }))
})
