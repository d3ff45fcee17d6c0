/**
 * Calls everything at a live service, and reports where it differs from the contract. With it the holder of a key turns
 * "unverified" into "verified".
 */
import {
  Contacts,
  Conversations,
  Endpoint,
  LiveDeskClient,
  type LiveDeskError,
  Messages,
  Model,
  Tickets
} from "@effect-livedesk/core"
import * as LiveDeskOpenApi from "@effect-livedesk/core/LiveDeskOpenApi"
import { Clock, DateTime, Effect, Option, Redacted, Result, Schema, SchemaIssue, SchemaParser } from "effect"
import { at, isObject, type Json, parse } from "../core/Wire.ts"

/** What one call showed. */
export interface Finding {
  readonly operation: string
  /** What was tried. */
  readonly what: string
  /** The status, and for a failure its tag and reason. */
  readonly outcome: string
  readonly succeeded: boolean
  /** Where the response differs from what the pages show, or from what is assumed where they show nothing. */
  readonly drift: ReadonlyArray<string>
  /** What is marked as unverified, and was there. */
  readonly seen: ReadonlyArray<string>
}

/** Everything that a run showed, and what it could not clear away. */
export interface LiveReport {
  readonly findings: ReadonlyArray<Finding>
  readonly left: ReadonlyArray<string>
}

// ---------------------------------------------------------------------------------------------------------------------
// comparing
// ---------------------------------------------------------------------------------------------------------------------

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const driftOf = (
  endpoint: { readonly success: Pick<Model.Model<unknown>, "assumed" | "documented"> },
  body: unknown
): ReadonlyArray<string> => {
  const expected = (endpoint.success.assumed ?? endpoint.success.documented)()
  const strict = SchemaParser.decodeUnknownResult(expected, { errors: "all", onExcessProperty: "error" })(body)
  return Result.isSuccess(strict) ?
    [] :
    format(strict.failure).issues.map(({ message, path }) =>
      `${
        (path ?? []).map((segment) => String(typeof segment === "object" ? segment.key : segment)).join(".")
      }: ${message}`
    )
}

const document = parse(JSON.stringify(LiveDeskOpenApi.make()))

const schemaOf = ({ method, path }: { readonly method: string; readonly path: string }): Json | undefined =>
  at(document, [
    "paths",
    path.replaceAll(/(?<=\/):([A-Za-z_]\w*)/g, "{$1}"),
    method.toLowerCase(),
    "responses",
    "200",
    "content",
    "application/json",
    "schema"
  ])

/** Follows a reference to a named schema. */
const resolved = (schema: Json | undefined): Json | undefined =>
  isObject(schema) && typeof schema["$ref"] === "string" ? at(document, schema["$ref"].split("/").slice(1)) : schema

/** The places in a body that the document marks as unverified. */
const unverifiedIn = (given: Json | undefined, body: unknown, path = ""): ReadonlyArray<string> => {
  const schema = resolved(given)
  if (!isObject(schema)) return []
  const branches = Array.isArray(schema["anyOf"])
    ? schema["anyOf"].flatMap((branch: Json) => unverifiedIn(branch, body, path))
    : []
  if (Array.isArray(body)) {
    return [...new Set([...branches, ...body.flatMap((entry) => unverifiedIn(schema["items"], entry, `${path}[]`))])]
  }
  const properties = schema["properties"]
  if (typeof body !== "object" || body === null || !isObject(properties)) return branches
  return [
    ...branches,
    ...Object.entries(body).flatMap(([key, value]) => {
      const property = properties[key]
      const place = path === "" ? key : `${path}.${key}`
      const seen = isObject(property) && property["x-unverified"] === true ? [place] : []
      return [...seen, ...unverifiedIn(property, value, place)]
    })
  ]
}

// ---------------------------------------------------------------------------------------------------------------------
// calling
// ---------------------------------------------------------------------------------------------------------------------

const failed = ({ outcome, reason, status, ...error }: LiveDeskError.LiveDeskError): string =>
  `${status ?? "no response"}, ${error._tag}/${reason._tag}, ${outcome}: ${reason.message}`

/** Not covered, and on no page: what Chatwoot has to clear a contact away. */
const removeContact = Endpoint.make({
  operation: "contacts.delete",
  method: "DELETE",
  path: "/api/v2/accounts/contacts/:contact_id",
  input: Schema.Struct({ contact_id: Schema.Natural }),
  success: Model.nothing,
  idempotency: "idempotent"
})

const nowhere = Endpoint.make({
  operation: "nowhere",
  method: "GET",
  path: "/api/v2/accounts/nowhere",
  input: Schema.Struct({}),
  success: Model.nothing,
  idempotency: "safe"
})

const AnyFields = Schema.Record(Schema.String, Schema.Json)

/** Makes the calls one after the other; what one needs of another that failed is left out. */
export const run = Effect.fnUntraced(function*(options: LiveDeskClient.Options, inboxId: number) {
  const findings: Array<Finding> = []
  const left: Array<string> = []
  const client = yield* LiveDeskClient.make({ ...options, onDrift: "ignore" })
  const stranger = yield* LiveDeskClient.make({ ...options, apiSecret: Redacted.make("not-the-secret") })

  /** A call that is to succeed, by way of the client's own layer. */
  const call = Effect.fnUntraced(function*<Input, Output>(
    endpoint: Endpoint.Endpoint<Input, Output>,
    what: string,
    input: Input
  ) {
    const result = yield* client.call(endpoint)(input).pipe(LiveDeskClient.withResponses, Effect.result)
    const { operation } = endpoint
    if (Result.isFailure(result)) {
      findings.push({ operation, what, outcome: failed(result.failure), succeeded: false, drift: [], seen: [] })
      return Option.none<Output>()
    }
    const [value, [response]] = result.success
    findings.push({
      operation,
      what,
      outcome: String(response?.status),
      succeeded: true,
      drift: driftOf(endpoint, response?.body),
      seen: unverifiedIn(schemaOf(endpoint), response?.body)
    })
    return Option.some(value)
  })

  /** A call that is to be refused: what matters is how. */
  const probe = Effect.fnUntraced(function*<Input, Output>(
    endpoint: Endpoint.Endpoint<Input, Output>,
    what: string,
    input: Input,
    by: LiveDeskClient.LiveDeskClient["Service"] = client
  ) {
    const result = yield* Effect.result(by.call(endpoint)(input))
    const outcome = Result.isFailure(result) ? failed(result.failure) : "was not refused"
    if (Result.isSuccess(result) && endpoint.method !== "GET") left.push(`what ${endpoint.operation} (${what}) made`)
    findings.push({
      operation: endpoint.operation,
      what: `probe: ${what}`,
      outcome,
      succeeded: Result.isFailure(result),
      drift: [],
      seen: []
    })
  })

  const now = yield* Clock.currentTimeMillis
  const label = `effect-livedesk-${now}`
  const person = { inboxId, name: "effect-livedesk live suite", email: `${label}@example.com`, identifier: label }

  const created = yield* call(Contacts.endpoints.create, "a contact with e-mail and identifier", person)
  yield* call(Contacts.endpoints.list, "the first page", {})
  yield* call(Contacts.endpoints.list, "a search, sorted", { q: label, sort: "created_at", direction: "desc" })
  yield* call(Contacts.endpoints.list, "two labels, far past the end", { labels: ["a", "b"], page: 100_000 })
  if (Option.isSome(created)) {
    const { contact, contactInbox } = created.value
    const contactId = contact.id
    yield* call(Contacts.endpoints.update, "a name and an attribute; an e-mail address cleared", {
      contactId,
      name: "effect-livedesk",
      email: null,
      customAttributes: { from: label }
    })
    const conversation = yield* call(Conversations.endpoints.create, "by contact and source", {
      inboxId,
      contactId,
      ...Option.match(contactInbox.sourceId, { onNone: () => ({}), onSome: (sourceId) => ({ sourceId }) })
    })
    if (Option.isSome(conversation)) {
      const conversationId = conversation.value.id
      const message = yield* call(Messages.endpoints.send, "a text", {
        conversationId,
        content: "A test, please ignore."
      })
      if (Option.isSome(message)) {
        yield* call(Messages.endpoints.send, "a private reply to it", {
          conversationId,
          content: "A test, please ignore.",
          private: true,
          contentAttributes: Messages.inReplyTo(message.value.id)
        })
      }
      yield* call(Messages.endpoints.sendFiles, "a file of three bytes", {
        conversationId,
        content: "A test, please ignore.",
        attachments: [{ name: "test.txt", mediaType: "text/plain", content: Uint8Array.from([97, 98, 99]) }]
      })
      yield* probe({ ...Messages.endpoints.send, input: AnyFields }, "no content", { conversation_id: conversationId })
      yield* probe({ ...Conversations.endpoints.toggleStatus, input: AnyFields }, "an unknown state", {
        conversation_id: conversationId,
        status: "no-such-state"
      })
      yield* call(Conversations.endpoints.toggleStatus, "snoozed for an hour", {
        conversationId,
        status: "snoozed",
        snoozedUntil: DateTime.makeUnsafe(now + 3_600_000)
      })
      yield* call(Conversations.endpoints.toggleStatus, "open", { conversationId, status: "open" })
      yield* call(Conversations.endpoints.toggleStatus, "resolved, to clear it away", {
        conversationId,
        status: "resolved"
      })
      yield* probe(Conversations.endpoints.toggleStatus, "from resolved to snoozed", {
        conversationId,
        status: "snoozed"
      })
      left.push(`conversation ${conversationId}`)
    }
    yield* probe(Contacts.endpoints.create, "the same identifier again", { inboxId, identifier: label })
    const removed = yield* call(removeContact, "to clear it away; on no page", { contact_id: contactId })
    if (Option.isNone(removed)) left.push(`contact ${contactId}`)
  }

  const ticket = yield* call(Tickets.endpoints.create, "a ticket with title and description", {
    title: "effect-livedesk live suite",
    description: "A test, please ignore."
  })
  if (Option.isSome(ticket)) {
    const { ticketId } = ticket.value
    yield* call(Tickets.endpoints.get, "that ticket", { ticketId })
    yield* call(Tickets.endpoints.update, "its priority", { ticketId, priority: "normal" })
    left.push(`ticket ${ticketId}`)
  }

  yield* probe(Contacts.endpoints.create, "a wrong secret", person, stranger)
  yield* probe(Contacts.endpoints.create, "an unknown inbox", {
    ...person,
    inboxId: 1,
    identifier: `${label}-1`,
    email: undefined
  })
  yield* probe({ ...Contacts.endpoints.create, input: AnyFields }, "no inbox", { email: "not an address" })
  yield* probe(Messages.endpoints.send, "an unknown conversation", { conversationId: 999_999_999, content: "A test." })
  yield* probe(Tickets.endpoints.get, "an unknown ticket", { ticketId: "tk_none" })
  yield* probe(nowhere, "an unknown path", {})
  const report: LiveReport = { findings, left }
  return report
})

/** The report as text, for the person who writes it into the contract. */
export const render = ({ findings, left }: LiveReport): string =>
  [
    ...findings.flatMap(({ drift, operation, outcome, seen, what }) => [
      `${operation} (${what}): ${outcome}`,
      ...drift.map((place) => `  differs at ${place}`),
      ...seen.map((place) => `  unverified and seen: ${place}`)
    ]),
    left.length === 0 ? "nothing is left behind" : `left behind: ${left.join(", ")}`
  ].join("\n")
