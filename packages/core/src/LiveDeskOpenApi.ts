/**
 * LiveDesk's API as an OpenAPI 3.1 document, for other languages and tools. It is generated from the client's
 * endpoints, so the two cannot differ. The package also contains it as `@effect-livedesk/core/openapi.json`.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Endpoints from "./Endpoints.ts"
import { places } from "./internal/EndpointPlace.ts"
import { isJsonObject } from "./internal/isJsonObject.ts"
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
    undocumented: []
  },
  "contacts.list": {
    summary: "List or search contacts",
    page: "contact/list-contact",
    description:
      "Lists all contacts, or those in whose e-mail address, phone number, name or identifier `q` is found. The pages " +
      "say 15 contacts a page, and show each contact in part.",
    undocumented: []
  },
  "contacts.update": {
    summary: "Update a contact",
    page: "contact/update-contact",
    description:
      "Changes what is given; null clears. Custom attributes are merged. The page shows the fields in an example; " +
      "which of them are heeded could not be read.",
    undocumented: ["response"]
  },
  "conversations.create": {
    summary: "Create a conversation",
    page: "message/create-conversation",
    description:
      "Creates a conversation. Give `contact_id`, `source_id` or both, so that LiveDesk can identify the sender.",
    either: ["contact_id", "source_id"],
    undocumented: []
  },
  "conversations.toggleStatus": {
    summary: "Change the state of a conversation",
    page: "message/update-status",
    description:
      "Moves a conversation to another state. The server checks the move against a matrix that could not be read. " +
      "`snoozed_until` is heeded with `snoozed` only. Moving to `resolved` asks the customer for a rating.",
    undocumented: ["response"]
  },
  "messages.send": {
    summary: "Send a message",
    page: "message/send-message",
    description:
      "Sends a text, from an agent to the contact. `content_attributes.in_reply_to` makes it a reply to a message. " +
      "Sending it twice shows it to the customer twice.",
    undocumented: []
  },
  "messages.sendFiles": {
    summary: "Send files",
    page: "message/send-message",
    description: "As a form it sends files, with or without a text.",
    undocumented: ["request"]
  },
  "tickets.create": {
    summary: "Create a ticket",
    page: "ticket/create-tickets",
    description: "Creates a ticket, and returns its id.",
    undocumented: ["response"]
  },
  "tickets.get": {
    summary: "Get a ticket",
    page: "ticket/get-tickets",
    description: "Reads a ticket. The page's sample could be read up to the first entry of `status_changes`.",
    undocumented: []
  },
  "tickets.update": {
    summary: "Update a ticket",
    page: "ticket/update-tickets",
    description: "Changes what is given. A page of an older version requires title and description.",
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
// JSON Schema
// ---------------------------------------------------------------------------------------------------------------------

interface JsonObject {
  readonly [key: string]: Schema.Json
}

const unverified = { "x-unverified": true } as const

/** Returns the JSON Schema of a request or a response, without keywords that add nothing. */
const jsonSchemaOf = (schema: Schema.Constraint, side: "sent" | "received"): JsonObject => {
  const tidy = (json: unknown): Schema.Json => {
    if (Array.isArray(json)) return json.map(tidy)
    if (Predicate.isObject(json)) return tidyObject(json)
    return typeof json === "string" || typeof json === "number" || typeof json === "boolean" ? json : null
  }
  const tidyObject = (json: { readonly [key: string]: unknown }): JsonObject => {
    const { additionalProperties: _, allOf, anyOf, properties, required, ...rest } = json
    const all = Array.isArray(allOf) ? allOf.filter((member) => !saysNothing(member)) : []
    return {
      ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, tidy(value)])),
      ...(all.length === 0 ? {} : { allOf: all.map(tidy) }),
      ...(Array.isArray(anyOf) ? anyOfThese(anyOf.map(tidy)) : {}),
      ...(Predicate.isObject(properties) ? { properties: tidyProperties(properties, required) } : {}),
      ...(required === undefined ? {} : { required: tidy(required) })
    }
  }
  const tidyProperties = (properties: { readonly [key: string]: unknown }, required: unknown): JsonObject =>
    Object.fromEntries(
      Object.entries(properties).map(([key, value]) => {
        if (Array.isArray(required) && required.includes(key)) return [key, tidy(value)]
        // An optional input field may be `undefined`, which Effect encodes as null on the wire.
        if (side === "sent") return [key, tidy(withoutLastNull(value))]
        // An optional response field is one that no page shows there.
        const property = tidy(value)
        return [key, isJsonObject(property) ? { ...property, ...unverified } : property]
      })
    )
  return tidyObject(Schema.toJsonSchemaDocument(Schema.toEncoded(schema)).schema)
}

/** Matches a schema that only allows additional properties, which is the default. */
const saysNothing = (schema: unknown): boolean =>
  Predicate.isObject(schema) && Object.keys(schema).every((key) => key === "type" || key === "additionalProperties")

const withoutLastNull = (schema: unknown): unknown =>
  Predicate.isObject(schema) && Array.isArray(schema["anyOf"]) && isNull(schema["anyOf"].at(-1))
    ? { ...schema, anyOf: schema["anyOf"].slice(0, -1) }
    : schema

const anyOfThese = (members: ReadonlyArray<Schema.Json>): JsonObject => {
  const [first, second, third] = members
  if (isJsonObject(first) && second === undefined) return first
  return isJsonObject(first) && isNull(second) && third === undefined && typeof first["type"] === "string" &&
      first["enum"] === undefined
    ? { ...first, type: [first["type"], "null"] }
    : { anyOf: members }
}

const isOfType = (type: string) => (schema: unknown): boolean => Predicate.isObject(schema) && schema["type"] === type

const isNull = isOfType("null")

const membersOf = (schema: Schema.Json | undefined): ReadonlyArray<Schema.Json> =>
  isJsonObject(schema) ? Array.isArray(schema["anyOf"]) ? schema["anyOf"] : [schema] : []

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
  readonly components: JsonObject
}

const pathParameters = (path: string): ReadonlyArray<string> =>
  [...path.matchAll(/(?<=\/):([A-Za-z_]\w*)/g)].map(([, name = ""]) => name)

interface WireFields {
  readonly properties: JsonObject
  readonly required: ReadonlyArray<string>
}

const wireFieldsOf = (endpoint: Endpoints.AnyEndpoint): WireFields => {
  const { properties, required } = jsonSchemaOf(endpoint.input, "sent")
  return {
    properties: isJsonObject(properties) ? properties : {},
    required: Array.isArray(required) ? required.filter((name) => typeof name === "string") : []
  }
}

const hasQuery = ({ method }: Endpoints.AnyEndpoint): boolean => method === "GET" || method === "DELETE"

const parameters = (endpoint: Endpoints.AnyEndpoint): ReadonlyArray<JsonObject> => {
  const { properties, required } = wireFieldsOf(endpoint)
  const inPath = pathParameters(endpoint.path)
  return [
    ...inPath.map((name) => ({ name, in: "path", required: true, schema: properties[name] ?? {} })),
    ...Object.entries(hasQuery(endpoint) ? properties : {})
      .filter(([name]) => !inPath.includes(name))
      .flatMap(([name, schema]) => queryParameters(name, schema, required.includes(name)))
  ]
}

/** A field of one value or several becomes two parameters, the second in brackets. */
const queryParameters = (name: string, schema: Schema.Json, required: boolean): ReadonlyArray<JsonObject> => {
  const members = membersOf(schema)
  const several = members.filter(isOfType("array"))
  if (several.length === 0) return [{ name, in: "query", required, schema }]
  return [
    ...members.filter((member) => !several.includes(member)).map((schema) => ({ name, in: "query", required, schema })),
    ...several.map((schema) => ({
      name: `${name}[]`,
      in: "query",
      required: required && several.length === members.length,
      schema,
      ...unverified
    }))
  ]
}

const requestContent = ({ either = [], endpoint, undocumented }: Operation): JsonObject => {
  if (hasQuery(endpoint)) return {}
  const { properties, required } = wireFieldsOf(endpoint)
  const inPath = pathParameters(endpoint.path)
  const fields = Object.entries(properties).filter(([name]) => !inPath.includes(name))
  const names = required.filter((name) => !inPath.includes(name))
  const extension = undocumented.includes("request") ? unverified : {}
  if (endpoint.body !== "form") {
    const oneOfThem = either.length === 0 ? {} : { anyOf: either.map((name) => ({ required: [name] })) }
    return { "application/json": { schema: { ...objectOf(fields, names), ...oneOfThem }, ...extension } }
  }
  const nameOf = (name: string) => isOfType("array")(properties[name]) ? `${name}[]` : name
  return {
    "multipart/form-data": {
      schema: objectOf(fields.map(([name, schema]) => [nameOf(name), part(schema)]), names.map(nameOf)),
      ...extension
    }
  }
}

const objectOf = (
  properties: ReadonlyArray<readonly [string, Schema.Json]>,
  required: ReadonlyArray<string>
): JsonObject => ({
  type: "object",
  properties: Object.fromEntries(properties),
  ...(required.length === 0 ? {} : { required })
})

/** A form's parts are texts and files: repeated parts have one type, and an object is sent as JSON text. */
const part = (schema: Schema.Json): Schema.Json => {
  if (!isJsonObject(schema)) return schema
  if (isOfType("object")(schema)) return { type: "string", contentMediaType: "application/json", contentSchema: schema }
  if (!isOfType("array")(schema)) return schema
  const { items, prefixItems: _, ...rest } = schema
  return { ...rest, items: isOfType("object")(items) ? { type: "string", format: "binary" } : items ?? {} }
}

const success = ({ endpoint, undocumented }: Operation): JsonObject => {
  const { success } = endpoint
  if (success.isBodiless === true && success.assumed === undefined) return { description: "Done." }
  const extension = undocumented.includes("response") ? unverified : {}
  return {
    description: undocumented.includes("response")
      ? "Done. No page shows the response: this is an assumption."
      : "Done.",
    content: {
      "application/json": { schema: jsonSchemaOf((success.assumed ?? success.documented)(), "received"), ...extension }
    }
  }
}

const errorResponses = {
  "401": "Unauthorized",
  "404": "NotFound",
  "422": "Refused",
  "429": "TooManyRequests"
} as const

const responses = (operation: Operation): JsonObject => ({
  "200": success(operation),
  ...Object.fromEntries(
    Object.entries(errorResponses).map(([status, name]) => [status, { $ref: `#/components/responses/${name}` }])
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

/** Chatwoot's error responses. */
const ErrorResponse = Schema.Union([
  Schema.Struct({ error: Schema.String }),
  Schema.Struct({ message: Schema.String, attributes: Schema.Array(Schema.String) }),
  Schema.Struct({ errors: Schema.Array(Schema.String) }),
  Schema.Struct({ code: Schema.Int, message: Schema.String })
])

const errorResponse = (description: string): JsonObject => ({
  description: `${description} Unverified: no page shows an error, this is what Chatwoot returns.`,
  content: { "application/json": { schema: { $ref: "#/components/schemas/ErrorResponse" } } },
  ...unverified
})

/**
 * Makes the OpenAPI document.
 *
 * `x-unverified` marks what none of the vendor's pages shows: it is inherited from Chatwoot or assumed. `x-idempotency`
 * is the `idempotency` of an `Endpoint`; `x-operations` lists the endpoints that share a method and a path.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Document => ({
  openapi: "3.1.0",
  info: {
    title: "EngageLab LiveDesk",
    version: "v2",
    description:
      "What is known of the REST API of EngageLab LiveDesk, from the vendor's public pages; not published by the " +
      "vendor, and not tried against the live service. `x-unverified` marks what no page shows. A property that is " +
      "required in a response is one that the pages show: they promise none, and words in a response's enum may " +
      "become more. `x-idempotency` says what doing it twice does: nothing (`safe`), the same again (`idempotent`), or " +
      "a second act that a customer may see (`none`)."
  },
  servers: [{ url: LiveDeskClient.defaultBaseUrl, description: "Singapore" }],
  security: [{ apiKey: [] }],
  tags: [...new Set(operations.map(tagOf))].map((name) => ({ name })),
  paths: paths(),
  components: {
    schemas: { ErrorResponse: jsonSchemaOf(ErrorResponse, "received") },
    responses: {
      Unauthorized: errorResponse("The API key and secret were not accepted."),
      NotFound: errorResponse("There is no such thing."),
      Refused: errorResponse("The input was refused."),
      TooManyRequests: {
        description: "Too many requests. Unverified: no page names a limit, this is what Chatwoot returns.",
        content: { "text/plain": { schema: { type: "string" } } },
        ...unverified
      }
    },
    securitySchemes: {
      apiKey: {
        type: "http",
        scheme: "basic",
        description: "The API key as the user name, the API secret as the password: Project Settings - API Management."
      }
    }
  }
})
