import * as Core from "@effect-livedesk/core"
import {
  Contacts,
  Conversations,
  LiveDeskClient,
  type LiveDeskError,
  Messages,
  Model,
  Tickets
} from "@effect-livedesk/core"
import * as LiveDeskOpenApi from "@effect-livedesk/core/LiveDeskOpenApi"
import { WebhookDelivery } from "@effect-livedesk/core/testing"
import { WebhookEvent } from "@effect-livedesk/core/webhooks"
import { NodeLiveDesk } from "@effect-livedesk/node"
import { assert, describe, expect, it, layer } from "@effect/vitest"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Context, DateTime, Effect, Layer, Redacted, Schema } from "effect"
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import * as Calls from "../Calls.ts"
import { at, change, fixture, isObject, type Json, parse, type Path } from "./Wire.ts"

/** The document as others get it. */
const published = fileURLToPath(import.meta.resolve("@effect-livedesk/core/openapi.json"))

const document = parse(JSON.stringify(LiveDeskOpenApi.make()))

const schema = (name: string): Json | undefined => at(document, ["components", "schemas", name])

const record = (json: Json | undefined): { readonly [key: string]: Json } => isObject(json) ? json : {}

const textAt = (json: Json, path: Path): string => {
  const text = at(json, path)
  return typeof text === "string" ? text : ""
}

const list = (json: Json | undefined): ReadonlyArray<Json> => Array.isArray(json) ? json : []

/** The properties of all schemas inside, with their paths. */
function* propertiesIn(json: Json, path = ""): Iterable<readonly [path: string, property: Json]> {
  for (const [key, value] of typeof json === "object" && json !== null ? Object.entries(json) : []) {
    if (key === "examples") continue
    if (key === "properties") {
      for (const [name, property] of Object.entries(record(value))) yield [`${path}.${name}`, property]
    }
    yield* propertiesIn(value, `${path}.${key}`)
  }
}

/** The examples inside. */
function* examplesIn(json: Json): Iterable<Json> {
  for (const [key, value] of typeof json === "object" && json !== null ? Object.entries(json) : []) {
    if (key === "examples") yield* Object.values(record(value))
    else yield* examplesIn(value)
  }
}

const account = { id: 1, name: "Acme" }

/** An event of each kind. */
const events = [
  ...["conversation_created", "conversation_status_changed", "conversation_updated"].map((event) => ({
    ...record(fixture("conversation-created")),
    event,
    changed_attributes: [{ status: { previous_value: "open", current_value: "resolved" } }]
  })),
  ...["message_created", "message_updated"].map((event) => ({
    event,
    account,
    id: 3030,
    content: "Hello",
    content_type: "text",
    content_attributes: {},
    additional_attributes: {},
    message_type: "incoming",
    private: false,
    source_id: null,
    created_at: "2026-05-01T12:00:00.000Z",
    inbox: { id: 407, name: "API" },
    conversation: fixture("conversation-created"),
    sender: { id: 7, name: "Ada" }
  })),
  ...["conversation_typing_on", "conversation_typing_off"].map((event) => ({
    event,
    account,
    conversation: fixture("conversation-created"),
    is_private: false,
    user: { id: 7, name: "Ada", type: "contact" }
  })),
  // Chatwoot's have no type.
  WebhookDelivery.payload("contact_created"),
  WebhookDelivery.payload("contact_updated")
].map((payload) => Schema.decodeSync(WebhookEvent.WebhookEvent)(payload))

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
    assert.deepStrictEqual(
      at(document, [
        "paths",
        "/api/v2/accounts/contacts",
        "post",
        "requestBody",
        "content",
        "application/json",
        "schema"
      ]),
      { $ref: "#/components/schemas/CreateContact" }
    )
    const typeOf = (name: string, property: string) => at(schema(name), ["properties", property, "type"])
    assert.strictEqual(typeOf("CreateContact", "email"), "string")
    assert.deepStrictEqual(typeOf("UpdateContact", "email"), ["string", "null"])
    assert.strictEqual(typeOf("UpdateContact", "avatar_url"), "string")
    assert.isUndefined(typeOf("UpdateContact", "contact_id"))
    assert.deepStrictEqual(
      list(at(schema("CreateConversation"), ["anyOf"])).map((member) => at(member, ["required"])),
      [["inbox_id", "contact_id"], ["inbox_id", "source_id"]]
    )
    assert.deepStrictEqual(schema("SendFiles"), {
      description:
        "The input of `messages.sendFiles`: files from an agent to the contact, with or without a text. Unverified: the " +
        "section of the vendor's page could not be read, so the form is Chatwoot's.",
      type: "object",
      properties: {
        private: {
          type: "boolean",
          description: "Whether the message is visible to agents only. Defaults to `false`."
        },
        content_attributes: {
          type: "string",
          contentMediaType: "application/json",
          contentSchema: { type: "object", additionalProperties: true },
          description:
            "Attributes of the text, with the wire's own keys. `in_reply_to` makes it a reply to the message with that id."
        },
        content: { type: "string", description: "The text beside the files." },
        "attachments[]": {
          type: "array",
          minItems: 1,
          items: { type: "string", format: "binary" },
          description: "The files. Chatwoot accepts about 15."
        }
      },
      required: ["attachments[]"]
    })
  })

  it("marks what no page shows", () => {
    const responseOf = (path: string, method: string) =>
      at(document, ["paths", path, method, "responses", "200", "content", "application/json"])
    const isUnverified = (name: string, property: string) =>
      at(schema(name), ["properties", property, "x-unverified"]) === true
    assert.isUndefined(at(responseOf("/api/v2/accounts/contacts", "post"), ["x-unverified"]))
    assert.isFalse(isUnverified("Contact", "email"))
    assert.isTrue(isUnverified("Contact", "last_activity_at"))
    assert.isFalse(isUnverified("Contact", "contact_inboxes"))
    assert.isTrue(isUnverified("ListedContact", "contact_inboxes"))
    assert.isTrue(at(responseOf("/api/v2/accounts/contacts/{contact_id}", "patch"), ["x-unverified"]))
  })

  it("describes every property and parameter, and keeps its names, examples and webhooks", () => {
    const properties = [...propertiesIn(document)]
    const parameters = Object.values(record(at(document, ["paths"])))
      .flatMap((operations) => Object.values(record(operations)))
      .flatMap((operation) => list(at(operation, ["parameters"])))
    const isDescribed = (part: Json) => textAt(part, ["description"]).length > 5
    const counts = {
      properties: properties.length,
      parameters: parameters.length,
      schemas: Object.keys(record(at(document, ["components", "schemas"]))).length,
      examples: [...examplesIn(document)].length,
      webhooks: Object.keys(record(at(document, ["webhooks"]))).length
    }
    process.stdout.write(`openapi.json: all described of ${JSON.stringify(counts)}\n`)
    assert.deepStrictEqual(properties.filter(([, property]) => !isDescribed(property)).map(([path]) => path), [])
    assert.deepStrictEqual(parameters.filter((parameter) => !isDescribed(parameter)), [])
    assert.isAtLeast(counts.properties, 357)
    assert.isAtLeast(counts.parameters, 13)
    assert.isAtLeast(counts.schemas, 56)
    assert.isAtLeast(counts.examples, 24)
    assert.isAtLeast(counts.webhooks, 9)
  })

  it("says nothing of the library's own values", () => {
    const texts = [...propertiesIn(document)].map(([, property]) => textAt(property, ["description"]))
    assert.deepStrictEqual(texts.filter((text) => /`None`|\bnone when\b|when absent|`Unknown`|Schema\b/.test(text)), [])
  })

  it("shows the vendor's samples as they are", () => {
    const sample = ["content", "application/json", "examples", "sample", "value"]
    const created = (path: string) => at(document, ["paths", path, "post", "responses", "200", ...sample])
    assert.deepStrictEqual(created("/api/v2/accounts/contacts"), fixture("create-contact"))
    assert.deepStrictEqual(created("/api/v2/accounts/conversations"), fixture("create-conversation"))
    assert.deepStrictEqual(
      at(document, ["webhooks", "conversation_created", "post", "requestBody", ...sample]),
      fixture("conversation-created")
    )
  })

  it("has an example of each response, which decodes without drift", () => {
    for (const { endpoint } of LiveDeskOpenApi.operations) {
      if (endpoint.body === "form") continue
      const path = endpoint.path.replace(/:(\w+)/g, "{$1}")
      const response = at(document, ["paths", path, endpoint.method.toLowerCase(), "responses", "200"])
      const { sample } = record(at(response, ["content", "application/json", "examples"]))
      const example = at(sample, ["value"])
      assert.isDefined(example, endpoint.operation)
      assert.notInstanceOf(endpoint.success.read(example), Model.DecodeFailure, endpoint.operation)
      Schema.decodeUnknownSync(endpoint.success.documented())(example, { onExcessProperty: "error" })
    }
  })

  it("allows null where the client reads it, and words that LiveDesk may add", () => {
    assert.deepStrictEqual(at(schema("Contact"), ["properties", "thumbnail", "type"]), ["string", "null"])
    assert.strictEqual(at(schema("Contact"), ["properties", "blocked", "type"]), "boolean")
    assert.deepStrictEqual(list(at(schema("Conversation"), ["properties", "priority", "anyOf"])), [
      { type: "string", enum: ["low", "medium", "high", "urgent"] },
      { type: "string" },
      { type: "null" }
    ])
  })

  it("has a webhook for each kind of event, whose schema the event fits", () => {
    const schemas = new Ajv2020({
      strict: false,
      validateFormats: false,
      schemas: [{ ...record(document), $id: "doc" }]
    })
    const names = Object.keys(record(at(document, ["webhooks"])))
    for (const event of events) {
      const name = WebhookEvent.nameOf(event)
      assert.include(names, name)
      const reference = textAt(document, [
        "webhooks",
        name,
        "post",
        "requestBody",
        "content",
        "application/json",
        "schema",
        "$ref"
      ])
      const validate = schemas.compile({ $ref: `doc${reference}` })
      assert.isTrue(validate(Schema.encodeSync(WebhookEvent.WebhookEvent)(event)), JSON.stringify(validate.errors))
      assert.isFalse(validate({ event: "other" }))
    }
    assert.sameMembers(events.map(WebhookEvent.nameOf), names)
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
  const files = ["components", "schemas", "SendFiles", "properties", "attachments[]"]
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

  it.effect("responds with the vendor's samples", () =>
    Effect.gen(function*() {
      const contacts = yield* Contacts.Contacts
      const conversations = yield* Conversations.Conversations
      const created = yield* contacts.create({ inboxId: 407 })
      const conversation = yield* conversations.create({ inboxId: 407, contactId: 2219256 })
      assert.deepStrictEqual(Contacts.CreatedContact.write(created), fixture("create-contact"))
      assert.deepStrictEqual(Conversations.Conversation.write(conversation), fixture("create-conversation"))
    }))

  it.effect("refuses what the document does not allow", () =>
    Effect.gen(function*() {
      const client = yield* LiveDeskClient.LiveDeskClient
      const call = client.call({ ...Contacts.endpoints.create, input: AnObject })
      const error = yield* Effect.flip(call({ inbox_id: "407", name: null }))
      assert.deepStrictEqual([error.reason._tag, error.status], ["RejectedInput", 422])
    }))
})
