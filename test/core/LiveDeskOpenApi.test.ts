import * as Core from "@effect-livedesk/core"
import { Contacts, Conversations, LiveDeskClient, type LiveDeskError, Messages, Tickets } from "@effect-livedesk/core"
import * as LiveDeskOpenApi from "@effect-livedesk/core/LiveDeskOpenApi"
import { NodeLiveDesk } from "@effect-livedesk/node"
import { assert, describe, expect, it, layer } from "@effect/vitest"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Context, DateTime, Effect, Layer, Redacted, Schema } from "effect"
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import * as Calls from "../Calls.ts"
import { at, change, type Json, parse } from "./Wire.ts"

/** The document as others get it. */
const published = fileURLToPath(import.meta.resolve("@effect-livedesk/core/openapi.json"))

const document = parse(JSON.stringify(LiveDeskOpenApi.make()))

describe("the document", () => {
  it("is published as the contract has it; if not, run codegen", async () => {
    await expect(`${JSON.stringify(LiveDeskOpenApi.make(), null, 2)}\n`).toMatchFileSnapshot(published)
  })

  it("has every endpoint of every service", () => {
    const endpoints = Object.values(Core).flatMap((module): ReadonlyArray<unknown> =>
      "endpoints" in module ? Object.values(module.endpoints) : []
    )
    assert.isAtLeast(endpoints.length, 10)
    assert.sameMembers(LiveDeskOpenApi.operations.map(({ endpoint }): unknown => endpoint), endpoints)
  })

  it("is OpenAPI 3.1 to an independent validator", async () => {
    const { errors, valid } = await new Validator().validate(published)
    assert.deepStrictEqual([valid, errors], [true, undefined])
  })

  it("is refused by that validator with a fault in it", async () => {
    const faulty = parse(readFileSync(published, "utf8").replace("\"in\": \"path\"", "\"in\": \"nowhere\""))
    const { valid } = await new Validator().validate(Schema.decodeUnknownSync(AnObject)(faulty))
    assert.isFalse(valid)
  })

  it("shows the inputs as they go over the wire", () => {
    const inputOf = (path: string, method: string, type = "application/json") =>
      at(document, ["paths", path, method, "requestBody", "content", type, "schema"])
    assert.deepStrictEqual(at(inputOf("/api/v2/accounts/contacts", "post"), ["properties", "email"]), {
      type: "string"
    })
    const contact = "/api/v2/accounts/contacts/{contact_id}"
    assert.deepStrictEqual(at(inputOf(contact, "patch"), ["properties", "email"]), { type: ["string", "null"] })
    assert.deepStrictEqual(at(inputOf(contact, "patch"), ["properties", "avatar_url"]), { type: "string" })
    assert.isUndefined(at(inputOf(contact, "patch"), ["properties", "contact_id"]))
    assert.deepStrictEqual(at(inputOf("/api/v2/accounts/conversations", "post"), ["anyOf"]), [
      { required: ["contact_id"] },
      { required: ["source_id"] }
    ])
    assert.deepStrictEqual(
      inputOf("/api/v2/accounts/conversations/{conversation_id}/messages", "post", "multipart/form-data"),
      {
        type: "object",
        properties: {
          private: { type: "boolean" },
          content_attributes: {
            type: "string",
            contentMediaType: "application/json",
            contentSchema: { type: "object" }
          },
          content: { type: "string" },
          "attachments[]": { type: "array", minItems: 1, items: { type: "string", format: "binary" } }
        },
        required: ["attachments[]"]
      }
    )
  })

  it("marks what no page shows", () => {
    const responseOf = (path: string, method: string) =>
      at(document, ["paths", path, method, "responses", "200", "content", "application/json"])
    const created = responseOf("/api/v2/accounts/contacts", "post")
    const contact = ["schema", "properties", "payload", "properties", "contact", "properties"]
    assert.isUndefined(at(created, ["x-unverified"]))
    assert.isUndefined(at(created, [...contact, "email", "x-unverified"]))
    assert.isTrue(at(created, [...contact, "last_activity_at", "x-unverified"]))
    assert.isTrue(at(responseOf("/api/v2/accounts/contacts/{contact_id}", "patch"), ["x-unverified"]))
  })
})

const AnObject = Schema.Record(Schema.String, Schema.Json)

// ---------------------------------------------------------------------------------------------------------------------
// an independent server
// ---------------------------------------------------------------------------------------------------------------------

/** Where Prism listens: a server that knows nothing but the document. */
class Prism extends Context.Service<Prism, { readonly baseUrl: string }>()("test/LiveDeskOpenApi/Prism") {}

const prism = createRequire(import.meta.url).resolve("@stoplight/prism-cli/dist/index.js")

/** The document as Prism can read it: of several parts of a form under one name it keeps only one, and no array. */
const forPrism = (): Json => {
  const files = [
    "paths",
    "/api/v2/accounts/conversations/{conversation_id}/messages",
    "post",
    "requestBody",
    "content",
    "multipart/form-data",
    "schema",
    "properties",
    "attachments[]"
  ]
  const document = parse(readFileSync(published, "utf8"))
  return change(document, files, at(document, [...files, "items"]))
}

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "livedesk-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const prismLayer = Layer.effect(
  Prism,
  Effect.gen(function*() {
    const file = join(yield* temporary, "openapi.json")
    writeFileSync(file, JSON.stringify(forPrism()))
    const child = yield* Effect.acquireRelease(
      // It rejects a request that the document does not allow, and reports such a response of its own.
      Effect.sync(() =>
        spawn(process.execPath, [prism, "mock", file, "--host", "127.0.0.1", "--port", "0", "--errors"], {
          stdio: ["ignore", "pipe", "inherit"]
        })
      ),
      (child) =>
        Effect.callback<void>((resume) => {
          child.once("exit", () => resume(Effect.void))
          child.kill()
        })
    )
    const baseUrl = yield* Effect.callback<string>((resume) => {
      createInterface(child.stdout).on("line", (line) => {
        const match = /listening on (http:\S+)/.exec(line)
        if (match?.[1] !== undefined) resume(Effect.succeed(match[1]))
      })
      child.once("exit", (code) => resume(Effect.die(new Error(`Prism ended with ${code}`))))
    })
    return { baseUrl }
  })
)

const clientOfPrism = Layer.unwrap(
  Effect.map(Prism, ({ baseUrl }) =>
    NodeLiveDesk.layer({
      baseUrl,
      apiKey: Redacted.make("key"),
      apiSecret: Redacted.make("secret"),
      onDrift: "fail"
    }))
).pipe(Layer.provideMerge(prismLayer))

/** Of a response whose values the server made up, only those that contradict the request are drift. */
const madeUp = <A, R>(call: Effect.Effect<A, LiveDeskError.LiveDeskError, R>) =>
  Effect.catchIf(
    call,
    ({ reason }) =>
      reason._tag === "DriftedResponse" && reason.issues.every(({ message }) => message.startsWith("differs ")),
    () => Effect.void
  )

layer(clientOfPrism, { excludeTestServices: true })("a server made from the document alone", (it) => {
  it.effect("accepts every call of the client, and its responses can be read", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      const conversations = yield* Conversations.Conversations
      const messages = yield* Messages.Messages
      const tickets = yield* Tickets.Tickets
      const file = { name: "a.txt", mediaType: "text/plain", content: Uint8Array.from([97]) }
      const [, responses] = yield* Effect.all([
        ...Object.values(Calls.calls(Calls.missing)).map((call) => madeUp(call())),
        madeUp(contacts.create({ inboxId: 407, name: "Ada", email: "ada@example.com", phoneNumber: "+123456789" })),
        contacts.list({ q: "a", labels: ["a", "b"], sort: "name", direction: "asc", includeContactInboxes: false }),
        contacts.list({ labels: "vip", page: 2 }),
        madeUp(contacts.update({ contactId: 7, email: null, customAttributes: { plan: { name: "pro" } } })),
        madeUp(conversations.create({ inboxId: 407, contactId: 7, sourceId: "abc" })),
        madeUp(conversations.toggleStatus({
          conversationId: 40,
          status: "snoozed",
          snoozedUntil: DateTime.makeUnsafe("2026-05-01T12:00:00Z")
        })),
        madeUp(messages.send({ conversationId: 40, content: "Hello", contentAttributes: Messages.inReplyTo(29) })),
        madeUp(messages.sendFiles({
          conversationId: 40,
          content: "Hello",
          private: true,
          contentAttributes: Messages.inReplyTo(29),
          attachments: [file, file]
        })),
        madeUp(messages.sendFiles({ conversationId: 40, attachments: [file] })),
        tickets.create({
          title: "No light",
          attachments: [{ fileUrl: "https://example.com/a.png" }],
          requester: { euid: "u", channelContacts: { channelId: "inbox_100", followers: [{ id: "1" }] } },
          priority: Tickets.Priority.other("someday")
        }),
        tickets.get({ ticketId: "tk_20251104_789abc" }),
        tickets.update({ ticketId: "tk_20251104_789abc", tags: ["a"] })
      ]).pipe(LiveDeskClient.withResponses)
      assert.sameMembers(
        [...new Set(responses.map(({ operation }) => operation))],
        LiveDeskOpenApi.operations.map(({ endpoint }) => endpoint.operation)
      )
      assert.deepStrictEqual(responses.flatMap(({ headers }) => headers["sl-violations"] ?? []), [])
    }))

  it.effect("refuses what the document does not allow", () =>
    Effect.gen(function*() {
      const client = yield* LiveDeskClient.LiveDeskClient
      const call = client.call({ ...Contacts.endpoints.create, input: AnObject })
      const error = yield* Effect.flip(call({ inbox_id: "407", name: null }))
      assert.deepStrictEqual([error.reason._tag, error.status], ["RejectedInput", 422])
    }))
})
