/**
 * The webhook events as a part of the OpenAPI document.
 *
 * @since 0.1.0
 */
import * as WebhookConversation from "../webhooks/WebhookConversation.ts"
import type * as WebhookEvent from "../webhooks/WebhookEvent.ts"
import { fieldTexts } from "./FieldTexts.ts"
import * as OpenApiExamples from "./OpenApiExamples.ts"
import { type Declaration, declarationsOf, type JsonObject, unverified } from "./OpenApiSchema.ts"

/** Returns the declarations of what events hold. */
export const declarations = (): ReadonlyArray<Declaration> => declarationsOf({ WebhookConversation })

type Kind = Exclude<WebhookEvent.WebhookEvent["_tag"], "Unknown">

/** An event: the record whose properties it has, and its own. */
interface Event {
  readonly name: string
  readonly subject?: string | undefined
  readonly own?: JsonObject | undefined
  readonly required?: ReadonlyArray<string> | undefined
}

const ref = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` })

const changed: JsonObject = {
  changed_attributes: {
    description: "The attributes that changed, each with its values before and after; null when the event names none.",
    type: ["array", "null"],
    items: {
      type: "object",
      additionalProperties: {
        type: "object",
        properties: {
          previous_value: { description: "The value before the change." },
          current_value: { description: "The value after the change." }
        }
      }
    }
  }
}

const conversation: JsonObject = {
  conversation: { ...ref("WebhookConversation"), description: "The conversation that the event is about." }
}

const typing: JsonObject = {
  ...conversation,
  user: { anyOf: [ref("Sender"), { type: "null" }], description: "The contact or agent who types." },
  is_private: { type: "boolean", description: "Whether a private note is being typed." }
}

const events: { readonly [Name in Kind]: Event } = {
  ConversationCreated: { name: "conversation_created", subject: "WebhookConversation" },
  ConversationStatusChanged: {
    name: "conversation_status_changed",
    subject: "WebhookConversation",
    own: changed
  },
  ConversationUpdated: { name: "conversation_updated", subject: "WebhookConversation", own: changed },
  MessageCreated: {
    name: "message_created",
    subject: "WebhookMessage",
    own: conversation,
    required: ["conversation"]
  },
  MessageUpdated: {
    name: "message_updated",
    subject: "WebhookMessage",
    own: conversation,
    required: ["conversation"]
  },
  ConversationTypingOn: { name: "conversation_typing_on", own: typing, required: ["conversation"] },
  ConversationTypingOff: { name: "conversation_typing_off", own: typing, required: ["conversation"] },
  ContactCreated: { name: "contact_created", subject: "WebhookEventContact", own: changed },
  ContactUpdated: { name: "contact_updated", subject: "WebhookEventContact", own: changed }
}

const kinds = Object.entries(events)

/** The payloads, by their names as schemas. */
export const schemas: { readonly [name: string]: JsonObject } = Object.fromEntries(
  kinds.map(([kind, { name, own, required = [], subject }]) => {
    const properties: JsonObject = {
      event: { type: "string", const: name, description: "The name of the event." },
      account: { ...ref("WebhookAccount"), description: "The project that the event comes from." },
      ...own
    }
    const payload = { type: "object", properties, required: ["event", "account", ...required] }
    const description = fieldTexts[`WebhookEvent.${kind}`] ?? name
    return [`${kind}Event`, {
      description,
      ...(subject === undefined ? payload : { allOf: [ref(subject), payload] })
    }]
  })
)

/** The `webhooks` of the document, by the names of the events. */
export const webhooks: { readonly [name: string]: JsonObject } = Object.fromEntries(
  kinds.map(([kind, { name }]) => {
    const example = OpenApiExamples.events[name]
    const description = fieldTexts[`WebhookEvent.${kind}`] ?? name
    return [name, {
      post: {
        operationId: `webhooks.${name}`,
        tags: ["webhooks"],
        summary: description.split(". ")[0]?.replace(/\.$/, "") ?? name,
        description,
        externalDocs: { url: "https://www.engagelab.com/docs/livedesk/console/channels/api/webhook-events" },
        security: [],
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: ref(`${kind}Event`),
              ...(example === undefined ? {} : { examples: { sample: { ...example } } })
            }
          }
        },
        responses: {
          "200": { description: "The receiver took the event." },
          "4XX": {
            description: "The receiver refused the event. Unverified: Chatwoot does not send it again.",
            ...unverified
          }
        },
        ...(kind === "ConversationCreated" ? {} : unverified)
      }
    }]
  })
)
