/**
 * LiveDesk's API as an OpenAPI 3.1 document, for other languages and tools. It is generated from the client's
 * endpoints, so the two cannot differ. The package also contains it as `@effect-livedesk/core/openapi.json`.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import * as Endpoints from "./Endpoints.ts"
import { places } from "./internal/EndpointPlace.ts"
import { isJsonObject } from "./internal/isJsonObject.ts"
import * as OpenApiErrors from "./internal/OpenApiErrors.ts"
import * as OpenApiExamples from "./internal/OpenApiExamples.ts"
import * as OpenApiSchema from "./internal/OpenApiSchema.ts"
import { isOfType, type JsonObject, membersOf, unverified } from "./internal/OpenApiSchema.ts"
import * as OpenApiWebhooks from "./internal/OpenApiWebhooks.ts"
import * as LiveDeskClient from "./LiveDeskClient.ts"

// ---------------------------------------------------------------------------------------------------------------------
// operations
// ---------------------------------------------------------------------------------------------------------------------

/**
 * An endpoint, and its description from the vendor's pages.
 *
 * @category models
 * @since 0.1.0
 */
export interface Operation extends Description {
  readonly endpoint: Endpoints.AnyEndpoint
}

/**
 * The description of an endpoint, from the vendor's pages.
 *
 * @category models
 * @since 0.1.0
 */
export interface Description {
  /** A one-line summary. */
  readonly summary: string
  /** The page, relative to `https://www.engagelab.com/docs/livedesk/rest-api/`. */
  readonly page: string
  /** Details to know before a call. */
  readonly description: string
  /** The meaning of a 2xx response. */
  readonly success: string
  /** Request fields of which at least one is required. */
  readonly either?: ReadonlyArray<string> | undefined
  /** The parts that no page shows. */
  readonly undocumented: ReadonlyArray<"request" | "response">
}

const descriptions: { readonly [Name in Endpoints.Operation]: Description } = {
  "contacts.create": {
    summary: "Create a contact",
    page: "contact/create-contact",
    description: "Creates a contact and, with it, its tie to the inbox. The page requires `inbox_id` only.",
    success: "The new contact, and its link to the inbox.",
    undocumented: []
  },
  "contacts.list": {
    summary: "List or search contacts",
    page: "contact/list-contact",
    description:
      "Lists all contacts, or those in whose e-mail address, phone number, name or identifier `q` is found. The pages " +
      "say 15 contacts a page, and show each contact in part.",
    success: "A page of contacts.",
    undocumented: []
  },
  "contacts.update": {
    summary: "Update a contact",
    page: "contact/update-contact",
    description:
      "Changes what is given; null clears. Custom attributes are merged. The page shows the fields in an example; " +
      "which of them are heeded could not be read.",
    success: "The contact after the change.",
    undocumented: ["response"]
  },
  "conversations.create": {
    summary: "Create a conversation",
    page: "message/create-conversation",
    description:
      "Creates a conversation. Give `contact_id`, `source_id` or both, so that LiveDesk can identify the sender.",
    either: ["contact_id", "source_id"],
    success: "The new conversation.",
    undocumented: []
  },
  "conversations.toggleStatus": {
    summary: "Change the state of a conversation",
    page: "message/update-status",
    description:
      "Moves a conversation to another state. The server checks the move against a matrix that could not be read. " +
      "`snoozed_until` is heeded with `snoozed` only. Moving to `resolved` asks the customer for a rating.",
    success: "The state after the move.",
    undocumented: ["response"]
  },
  "messages.send": {
    summary: "Send a message",
    page: "message/send-message",
    description:
      "Sends a text, from an agent to the contact. `content_attributes.in_reply_to` makes it a reply to a message. " +
      "Sending it twice shows it to the customer twice.",
    success: "The message as it was sent.",
    undocumented: []
  },
  "messages.sendFiles": {
    summary: "Send files",
    page: "message/send-message",
    description: "As a form it sends files, with or without a text.",
    success: "The message as it was sent.",
    undocumented: ["request"]
  },
  "tickets.create": {
    summary: "Create a ticket",
    page: "ticket/create-tickets",
    description: "Creates a ticket, and returns its id.",
    success: "The id of the new ticket.",
    undocumented: ["response"]
  },
  "tickets.get": {
    summary: "Get a ticket",
    page: "ticket/get-tickets",
    description: "Reads a ticket. The page's sample could be read up to the first entry of `status_changes`.",
    success: "The ticket.",
    undocumented: []
  },
  "tickets.update": {
    summary: "Update a ticket",
    page: "ticket/update-tickets",
    description: "Changes what is given. A page of an older version requires title and description.",
    success: "The ticket was changed.",
    undocumented: ["response"]
  }
}

const operationOf = (endpoint: Endpoints.AnyEndpoint): Operation => ({ endpoint, ...descriptions[endpoint.operation] })

/**
 * All operations of the document.
 *
 * @category operations
 * @since 0.1.0
 */
export const operations: ReadonlyArray<Operation> = Endpoints.all.map(operationOf)

// ---------------------------------------------------------------------------------------------------------------------
// the document
// ---------------------------------------------------------------------------------------------------------------------

/**
 * An OpenAPI 3.1 document.
 *
 * @category models
 * @since 0.1.0
 */
export interface Document extends JsonObject {
  readonly openapi: "3.1.0"
  readonly info: JsonObject
  readonly servers: ReadonlyArray<Schema.Json>
  /** By path and method. */
  readonly paths: { readonly [path: string]: JsonObject }
  /** By the name of the event. */
  readonly webhooks: JsonObject
  readonly components: JsonObject
}

let cached: OpenApiSchema.Renderer | undefined

/** Made on first use: the emulator's programs import this module, and few of them ask for the document. */
const renderer = (): OpenApiSchema.Renderer =>
  cached ??= new OpenApiSchema.Renderer([...OpenApiSchema.declarations(), ...OpenApiWebhooks.declarations()])

const pathParameters = (path: string): ReadonlyArray<string> =>
  [...path.matchAll(/(?<=\/):([A-Za-z_]\w*)/g)].map(([, name = ""]) => name)

/** An endpoint's input as it is on the wire. */
interface Input {
  readonly name: string
  readonly description: JsonObject
  readonly properties: JsonObject
  readonly required: ReadonlyArray<string>
}

const inputOf = (endpoint: Endpoints.AnyEndpoint): Input => {
  const { name = endpoint.operation, schema: { description, properties, required } } = renderer().input(endpoint.input)
  return {
    name,
    description: description === undefined ? {} : { description },
    properties: isJsonObject(properties) ? properties : {},
    required: Array.isArray(required) ? required.filter((name) => typeof name === "string") : []
  }
}

const hasQuery = ({ method }: Endpoints.AnyEndpoint): boolean => method === "GET" || method === "DELETE"

const parameters = (endpoint: Endpoints.AnyEndpoint): ReadonlyArray<JsonObject> => {
  const { properties, required } = inputOf(endpoint)
  const inPath = pathParameters(endpoint.path)
  return [
    ...inPath.map((name) => ({ name, in: "path", required: true, ...describedSchema(properties[name]) })),
    ...Object.entries(hasQuery(endpoint) ? properties : {})
      .filter(([name]) => !inPath.includes(name))
      .flatMap(([name, schema]) => queryParameters(name, schema, required.includes(name)))
  ]
}

/** A parameter has the description of its schema. */
const describedSchema = (property: Schema.Json | undefined): JsonObject => {
  if (!isJsonObject(property)) return { schema: {} }
  const { description, ...schema } = property
  return { ...(description === undefined ? {} : { description }), schema }
}

/** A field of one value or several becomes two parameters, the second in brackets. */
const queryParameters = (name: string, property: Schema.Json, required: boolean): ReadonlyArray<JsonObject> => {
  const { schema = {}, ...description } = describedSchema(property)
  const members = membersOf(schema)
  const several = members.filter(isOfType("array"))
  if (several.length === 0) return [{ name, in: "query", required, ...description, schema }]
  return [
    ...members.filter((member) => !several.includes(member)).map((schema) => ({
      name,
      in: "query",
      required,
      ...description,
      schema
    })),
    ...several.map((schema) => ({
      name: `${name}[]`,
      in: "query",
      required: required && several.length === members.length,
      ...description,
      schema,
      ...unverified
    }))
  ]
}

/** The schema of a request's body: the input without what is in the path. */
const bodyOf = ({ either = [], endpoint }: Operation): { readonly name: string; readonly schema: JsonObject } => {
  const { description, name, properties, required } = inputOf(endpoint)
  const inPath = pathParameters(endpoint.path)
  const isForm = endpoint.body === "form"
  const nameOf = (name: string) => isForm && isOfType("array")(properties[name]) ? `${name}[]` : name
  const fields = Object.entries(properties)
    .filter(([name]) => !inPath.includes(name))
    .map(([name, schema]) => [nameOf(name), isForm ? part(schema) : schema] as const)
  const names = required.filter((name) => !inPath.includes(name)).map(nameOf)
  const bodyWith = (required: ReadonlyArray<string>): JsonObject => ({
    type: "object",
    properties: Object.fromEntries(fields),
    ...(required.length === 0 ? {} : { required })
  })
  return {
    name,
    schema: {
      ...description,
      // Each alternative is whole, because generators make a type of each.
      ...(either.length === 0 ? bodyWith(names) : { anyOf: either.map((name) => bodyWith([...names, name])) })
    }
  }
}

const ref = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` })

const examplesOf = (example: OpenApiExamples.Example | undefined): JsonObject =>
  example === undefined ? {} : { examples: { sample: { ...example } } }

const requestContent = (operation: Operation): JsonObject => {
  const { endpoint, undocumented } = operation
  return hasQuery(endpoint) ? {} : {
    [endpoint.body === "form" ? "multipart/form-data" : "application/json"]: {
      schema: ref(bodyOf(operation).name),
      ...examplesOf(OpenApiExamples.requests[endpoint.operation]),
      ...(undocumented.includes("request") ? unverified : {})
    }
  }
}

/** A form's parts are texts and files: repeated parts have one type, and an object is sent as JSON text. */
const part = (schema: Schema.Json): Schema.Json => {
  if (!isJsonObject(schema)) return schema
  if (isOfType("object")(schema)) {
    const { description, ...contentSchema } = schema
    const text = { type: "string", contentMediaType: "application/json", contentSchema }
    return description === undefined ? text : { ...text, description }
  }
  if (!isOfType("array")(schema)) return schema
  const { items, prefixItems: _, ...rest } = schema
  return { ...rest, items: isOfType("object")(items) ? { type: "string", format: "binary" } : items ?? {} }
}

const success = ({ endpoint, success: description, undocumented }: Operation): JsonObject => {
  const { success } = endpoint
  if (success.isBodiless === true && success.assumed === undefined) return { description }
  const isUndocumented = undocumented.includes("response")
  return {
    description: isUndocumented ? `${description} No page shows the response: this is an assumption.` : description,
    content: {
      "application/json": {
        schema: renderer().response((success.assumed ?? success.documented)()),
        ...examplesOf(OpenApiExamples.responses[endpoint.operation]),
        ...(isUndocumented ? unverified : {})
      }
    }
  }
}

const responses = (operation: Operation): JsonObject => ({
  "200": success(operation),
  ...Object.fromEntries(
    Object.entries(OpenApiErrors.statuses).map(([status, name]) => [status, { $ref: `#/components/responses/${name}` }])
  )
})

const vendor = "https://www.engagelab.com/docs/livedesk/rest-api/"

/** Makes the OpenAPI operation of all endpoints that share a method and a path. */
const operationObject = (first: Operation, others: ReadonlyArray<Operation>): JsonObject => {
  const { endpoint } = first
  const content = Object.assign({}, ...[first, ...others].map(requestContent))
  return {
    operationId: endpoint.operation,
    tags: [tagOf(first)],
    summary: first.summary,
    description: [first, ...others].map(({ description }) => description).join(" ") +
      (endpoint.hasCode === true ? " A response whose `code` is not 0 is a failure, whatever the status." : ""),
    externalDocs: { url: `${vendor}${first.page}` },
    parameters: parameters(endpoint),
    ...(hasQuery(endpoint) ? {} : { requestBody: { required: true, content } }),
    responses: responses(first),
    "x-idempotency": endpoint.idempotency,
    ...(others.length === 0 ? {} : { "x-operations": [first, ...others].map(({ endpoint }) => endpoint.operation) })
  }
}

type Group = Endpoints.Operation extends `${infer Group}.${string}` ? Group : never

const tags: { readonly [Name in Group | "webhooks"]: string } = {
  contacts: "The people that a project's agents talk to.",
  conversations: "The exchanges between a contact and a project's agents.",
  messages: "The texts and files in a conversation.",
  tickets: "Issues that a project's agents resolve. They have their own envelope and ids.",
  webhooks: "The events that LiveDesk sends to the webhook of an API inbox. Only `conversation_created` is documented."
}

const tagOf = ({ endpoint }: Operation): string => endpoint.operation.split(".")[0] ?? ""

const paths = (): Document["paths"] => {
  const paths: { [path: string]: JsonObject } = {}
  for (const place of places) {
    const [first, ...others] = place.endpoints
    const path = place.path.replaceAll(/(?<=\/):([A-Za-z_]\w*)/g, "{$1}")
    const operation = operationObject(operationOf(first), others.map(operationOf))
    paths[path] = { ...paths[path], [place.method.toLowerCase()]: operation }
  }
  return paths
}

/** Returns the schemas that a part of the document refers to, directly or by others. */
const referredBy = (part: Schema.Json): JsonObject => {
  const all: JsonObject = {
    ...renderer().received,
    ...OpenApiWebhooks.schemas,
    ...OpenApiErrors.schemas,
    ...Object.fromEntries(operations.map(bodyOf).map(({ name, schema }) => [name, schema]))
  }
  const names = new Set<string>()
  const visit = (json: Schema.Json | undefined): void => {
    for (const [, name = ""] of JSON.stringify(json ?? null).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (names.has(name)) continue
      names.add(name)
      visit(all[name])
    }
  }
  visit(part)
  return Object.fromEntries([...names].sort().map((name) => [name, all[name] ?? {}]))
}

/**
 * Makes the OpenAPI document.
 *
 * `x-unverified` marks what none of the vendor's pages shows: it is inherited from Chatwoot or assumed. `x-idempotency`
 * is the `idempotency` of an `Endpoint`; `x-operations` lists the endpoints that share a method and a path.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Document => {
  const contents = { paths: paths(), webhooks: OpenApiWebhooks.webhooks }
  return {
    openapi: "3.1.0",
    info: {
      title: "EngageLab LiveDesk",
      version: "v2",
      summary: "The REST API of a helpdesk, as far as it is known.",
      description:
        "What is known of the REST API of EngageLab LiveDesk, from the vendor's public pages; not published by the " +
        "vendor, and not tried against the live service. `x-unverified` marks what no page shows. A property that is " +
        "required in a response is one that the pages show: they promise none. Words in a response's enum may become " +
        "more, so any other text is allowed. Null is allowed where the client reads it as absent. `x-idempotency` says " +
        "what doing it twice does: nothing (`safe`), the same again (`idempotent`), or a second act that a customer may " +
        "see (`none`).",
      contact: { name: "Documentation of EngageLab LiveDesk", url: "https://www.engagelab.com/docs/livedesk" },
      license: { name: "MIT", identifier: "MIT" }
    },
    servers: [{ url: LiveDeskClient.defaultBaseUrl, description: "Singapore" }],
    security: [{ apiKey: [] }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    ...contents,
    components: {
      schemas: referredBy({ ...contents, responses: OpenApiErrors.responses }),
      responses: OpenApiErrors.responses,
      securitySchemes: {
        apiKey: {
          type: "http",
          scheme: "basic",
          description:
            "The API key as the user name, the API secret as the password: Project Settings - API Management."
        }
      }
    }
  }
}
