/**
 * The error responses of the OpenAPI document. They are Chatwoot's (unverified).
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import { type JsonObject, unverified } from "./OpenApiSchema.ts"

const text = (description: string): JsonObject => ({ type: "string", description })

const texts = (description: string): JsonObject => ({ type: "array", items: { type: "string" }, description })

const record = (description: string, properties: JsonObject): JsonObject => ({
  type: "object",
  description,
  properties,
  required: Object.keys(properties),
  ...unverified
})

/** The bodies of error responses, by their names as schemas. */
export const schemas: { readonly [name: string]: JsonObject } = {
  ErrorMessage: record("An error as one text.", { error: text("The reason, for people.") }),
  ErrorList: record("An error as several texts.", { errors: texts("The reasons, for people.") }),
  InvalidFields: record("An error about fields of the input.", {
    message: text("The reasons, for people, separated by commas."),
    attributes: texts("The names of the fields.")
  }),
  ErrorCode: record("An error with a code, in the envelope of tickets.", {
    code: { type: "integer", description: "The code, which is not 0." },
    message: text("The reason, for people.")
  }),
  ErrorResponse: {
    description: "The body of an error response.",
    anyOf: ["ErrorMessage", "ErrorList", "InvalidFields", "ErrorCode"].map((name) => ({
      $ref: `#/components/schemas/${name}`
    })),
    ...unverified
  }
}

const response = (description: string, examples: { readonly [name: string]: Schema.Json }): JsonObject => ({
  description: `${description} Unverified: no page shows an error, this is what Chatwoot returns.`,
  content: {
    "application/json": {
      schema: { $ref: "#/components/schemas/ErrorResponse" },
      examples: Object.fromEntries(
        Object.entries(examples).map(([name, value]) => [name, { summary: "Chatwoot's (unverified)", value }])
      )
    }
  },
  ...unverified
})

/** The error responses that any call may have, by status. */
export const statuses = {
  "401": "Unauthorized",
  "404": "NotFound",
  "422": "Refused",
  "429": "TooManyRequests"
} as const

/** The error responses, by their names as components. */
export const responses: { readonly [Status in keyof typeof statuses as (typeof statuses)[Status]]: JsonObject } = {
  Unauthorized: response("The API key and secret are missing or wrong, or do not permit the call.", {
    missing: { errors: ["You need to sign in or sign up before continuing."] },
    wrong: { error: "Invalid Access Token" },
    forbidden: { error: "You are not authorized to do this action" }
  }),
  NotFound: response("No record has the id, such as that of the inbox, contact, conversation or ticket.", {
    missing: { error: "Resource could not be found" }
  }),
  Refused: response("The input breaks a rule of the server, and nothing happened.", {
    taken: { message: "Email has already been taken", attributes: ["email"] },
    missing: { error: "param is missing or the value is empty: content" }
  }),
  TooManyRequests: {
    description:
      "Too many requests in a while; there is no `Retry-After`. Unverified: no page names a limit, this is what " +
      "Chatwoot returns.",
    content: {
      "text/plain": {
        schema: { type: "string" },
        examples: { later: { summary: "Chatwoot's (unverified)", value: "Retry later\n" } }
      }
    },
    ...unverified
  }
}
