/**
 * JSON Schemas of requests and responses, with the names and the texts of their declarations.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { snakeToCamel } from "effect/String"
import * as ContactProfile from "../ContactProfile.ts"
import * as Contacts from "../Contacts.ts"
import * as Conversations from "../Conversations.ts"
import * as Messages from "../Messages.ts"
import type { Model } from "../Model.ts"
import * as Tickets from "../Tickets.ts"
import { fieldTexts } from "./FieldTexts.ts"
import { isJsonObject } from "./isJsonObject.ts"

export interface JsonObject {
  readonly [key: string]: Schema.Json
}

export const unverified = { "x-unverified": true } as const

// ---------------------------------------------------------------------------------------------------------------------
// declarations
// ---------------------------------------------------------------------------------------------------------------------

/** A schema that a module exports under a name. */
export interface Declaration {
  readonly name: string
  /** Its name in `fieldTexts`. */
  readonly path: string
  readonly side: "sent" | "received"
  readonly wire: Schema.Constraint
  readonly type: SchemaAST.AST
}

type Modules = { readonly [module: string]: object }

const isModel = (u: unknown): u is Model<unknown> => Schema.isSchema(u) && Predicate.hasProperty(u, "documented")

/** Returns the models and inputs that modules export. */
export const declarationsOf = (modules: Modules): ReadonlyArray<Declaration> =>
  Object.entries(modules).flatMap(([module, exports]) =>
    Object.entries(exports).flatMap(([name, value]: [string, unknown]): ReadonlyArray<Declaration> => {
      const path = `${module}.${name}`
      if (isModel(value)) return [{ name, path, side: "received", wire: value.documented(), type: typeOf(value) }]
      return Schema.isSchema(value) && fieldTexts[path] !== undefined
        ? [{ name, path, side: "sent", wire: value, type: typeOf(value) }]
        : []
    })
  )

const typeOf = (schema: Schema.Constraint): SchemaAST.AST => SchemaAST.toType(schema.ast)

/** A contact of a page, which may have no inboxes: no module exports it. */
const listedContact = (): ReadonlyArray<Declaration> => {
  const { ast } = Contacts.ContactPage.documented()
  const list = SchemaAST.isObjects(ast)
    ? ast.propertySignatures.find(({ name }) => name === "payload")?.type
    : undefined
  const contact = list !== undefined && SchemaAST.isArrays(list) ? list.rest[0] : undefined
  return contact === undefined ? [] : [{
    name: "ListedContact",
    path: "Contacts.Contact",
    side: "received",
    wire: Schema.make(contact),
    type: typeOf(Contacts.Contact)
  }]
}

/** Returns the declarations of the API's calls. */
export const declarations = (): ReadonlyArray<Declaration> => [
  ...declarationsOf({ ContactProfile, Contacts, Conversations, Messages, Tickets }),
  ...listedContact()
]

// ---------------------------------------------------------------------------------------------------------------------
// JSON Schema
// ---------------------------------------------------------------------------------------------------------------------

const rawOf = (schema: Schema.Constraint): unknown => Schema.toJsonSchemaDocument(Schema.toEncoded(schema)).schema

/** The position in a declaration, to which a part of its JSON Schema belongs. */
interface Position {
  readonly side: Declaration["side"]
  /** Its name in `fieldTexts`. */
  readonly path: string
  readonly type: SchemaAST.AST | undefined
}

/** Makes JSON Schemas that refer to each other's by name. */
export class Renderer {
  readonly #names: ReadonlyMap<string, string>
  readonly #declarations: ReadonlyArray<Declaration>

  constructor(declarations: ReadonlyArray<Declaration>) {
    this.#declarations = declarations
    // Effect copies schemas on the way to JSON Schema, so a declaration is recognized by its JSON Schema.
    this.#names = new Map(declarations.map(({ name, wire }) => [JSON.stringify(rawOf(wire)), name]))
  }

  /** Returns the JSON Schemas of all received declarations, by name. */
  get received(): { readonly [name: string]: JsonObject } {
    return Object.fromEntries(
      this.#declarations.filter(({ side }) => side === "received").map((declaration) => [
        declaration.name,
        { ...describedBy(declaration.path), ...this.#object(rawOf(declaration.wire), declaration) }
      ])
    )
  }

  /** Returns the JSON Schema of a response, by name if it has one. */
  response(schema: Schema.Constraint): JsonObject {
    return this.#schema(rawOf(schema), { side: "received", path: "", type: undefined })
  }

  /** Returns the name and the whole JSON Schema of an endpoint's input. */
  input(schema: Schema.Constraint): { readonly name: string | undefined; readonly schema: JsonObject } {
    const raw = rawOf(schema)
    const name = this.#names.get(JSON.stringify(raw))
    const declaration = this.#declarations.find((declaration) => declaration.name === name)
    const position = { side: "sent", path: declaration?.path ?? "", type: typeOf(schema) } as const
    return { name, schema: { ...describedBy(position.path), ...this.#object(raw, position) } }
  }

  #schema(raw: unknown, position: Position): JsonObject {
    const name = this.#names.get(JSON.stringify(raw))
    if (name !== undefined) return { $ref: `#/components/schemas/${name}` }
    // Null has been added to the members of a declaration that is a union.
    const notNull = withoutLastNull(raw)
    return notNull !== raw && this.#names.has(JSON.stringify(notNull))
      ? orNull(this.#schema(notNull, position))
      : this.#object(raw, position)
  }

  #object(raw: unknown, position: Position): JsonObject {
    if (!Predicate.isObject(raw)) return {}
    const { additionalProperties: _, allOf, anyOf, items, properties, required, ...rest } = raw
    const inner = { ...position, type: inside(position.type) }
    const all = Array.isArray(allOf) ? allOf.filter((member) => !saysNothing(member)) : []
    const schema: JsonObject = {
      ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, toJson(value)])),
      ...(all.length === 0 ? {} : { allOf: all.map((member) => this.#schema(member, inner)) }),
      ...(Array.isArray(anyOf) ? anyOfThese(anyOf.map((member) => this.#schema(member, inner))) : {}),
      ...(items === undefined ? {} : { items: this.#schema(items, inner) }),
      ...(Predicate.isObject(properties)
        ? { properties: this.#properties(properties, required, inner) }
        // Generators take an object without properties for an empty one.
        : rest["type"] === "object"
        ? { additionalProperties: true }
        : {}),
      ...(required === undefined ? {} : { required: toJson(required) })
    }
    return position.side === "received" && schema["type"] === "string" && Array.isArray(schema["enum"])
      // LiveDesk may add words.
      ? { anyOf: [schema, { type: "string" }] }
      : schema
  }

  #properties(
    properties: { readonly [key: string]: unknown },
    required: unknown,
    position: Position
  ): JsonObject {
    return Object.fromEntries(
      Object.entries(properties).map(([key, raw]) => {
        const isRequired = Array.isArray(required) && required.includes(key)
        const property = propertyAt(position, key)
        // An optional input field may be `undefined`, which Effect encodes as null on the wire.
        const given = position.side === "sent" && !isRequired ? withoutLastNull(raw) : raw
        const schema = this.#schema(given, property)
        return [key, {
          ...(position.side === "received" && isOption(property.type) ? orNull(schema) : schema),
          ...describedBy(property.path === position.path ? `envelope.${key}` : property.path, schema),
          // An optional response field is one that no page shows there.
          ...(position.side === "received" && !isRequired ? unverified : {})
        }]
      })
    )
  }
}

/** Texts of envelopes, which no declaration has. */
const envelopeTexts: { readonly [path: string]: string | undefined } = {
  "envelope.payload": "The content of the response.",
  "envelope.data": "The content of the response.",
  "envelope.code": "0 for a success; any other value is a failure.",
  "envelope.message": "What happened, for people."
}

const describedBy = (path: string, schema?: JsonObject): { readonly description?: string } => {
  const referred = referredBy(schema)
  const text = fieldTexts[path] ?? envelopeTexts[path] ??
    Object.entries(fieldTexts).find(([name]) => referred !== undefined && name.split(".")[1] === referred)?.[1]
  return text === undefined ? {} : { description: text }
}

/** The name of the declaration that a schema refers to, alone or beside null. */
const referredBy = (schema: Schema.Json | undefined): string | undefined =>
  membersOf(schema).map((member) => isJsonObject(member) ? member["$ref"] : undefined)
    .filter((reference) => typeof reference === "string")
    .map((reference) => reference.split("/").at(-1))[0]

// ---------------------------------------------------------------------------------------------------------------------
// positions
// ---------------------------------------------------------------------------------------------------------------------

/** Goes to a property. A key that is no property of the type is an envelope's, which the position does not enter. */
const propertyAt = (position: Position, key: string): Position => {
  const { type } = position
  const found = type === undefined || !SchemaAST.isObjects(type)
    ? undefined
    : type.propertySignatures.find(({ name }) => name === snakeToCamel(key) || name === renamed[key])
  return found === undefined
    ? position
    : { ...position, path: `${position.path}.${String(found.name)}`, type: found.type }
}

/** Keys whose property has another name. */
const renamed: { readonly [key: string]: string | undefined } = { payload: "contacts" }

/** Goes into an option, an array or a checked declaration. */
const inside = (type: SchemaAST.AST | undefined): SchemaAST.AST | undefined => {
  if (type === undefined) return undefined
  if (SchemaAST.isDeclaration(type)) return inside(type.typeParameters[0])
  if (SchemaAST.isArrays(type)) return inside(type.rest[0] ?? type.elements[0])
  // An optional input is a union with `undefined`.
  if (SchemaAST.isUnion(type)) return type.types.map(inside).find((member) => member !== undefined && hasFields(member))
  return type
}

const hasFields = (type: SchemaAST.AST): boolean => SchemaAST.isObjects(type)

const isOption = (type: SchemaAST.AST | undefined): boolean =>
  type !== undefined && SchemaAST.isDeclaration(type) && Predicate.isObject(type.annotations?.["representation"]) &&
  type.annotations["representation"]["id"] === "effect/schema/Option"

// ---------------------------------------------------------------------------------------------------------------------
// members of JSON Schemas
// ---------------------------------------------------------------------------------------------------------------------

const toJson = (json: unknown): Schema.Json => {
  if (Array.isArray(json)) return json.map(toJson)
  if (Predicate.isObject(json)) {
    return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, toJson(value)]))
  }
  return typeof json === "string" || typeof json === "number" || typeof json === "boolean" ? json : null
}

/** Matches a schema that only allows additional properties, which is the default. */
const saysNothing = (schema: unknown): boolean =>
  Predicate.isObject(schema) && Object.keys(schema).every((key) => key === "type" || key === "additionalProperties")

const withoutLastNull = (schema: unknown): unknown =>
  Predicate.isObject(schema) && Array.isArray(schema["anyOf"]) && isNull(schema["anyOf"].at(-1))
    ? { ...schema, anyOf: schema["anyOf"].slice(0, -1) }
    : schema

const anyOfThese = (members: ReadonlyArray<JsonObject>): JsonObject => {
  // A member that only lists others is replaced by them.
  const [first, second, third, ...others] = members.flatMap((member): ReadonlyArray<Schema.Json> =>
    Array.isArray(member["anyOf"]) && Object.keys(member).length === 1 ? member["anyOf"] : [member]
  )
  if (isJsonObject(first) && second === undefined) return first
  return isJsonObject(first) && isNull(second) && third === undefined
    ? orNull(first)
    : { anyOf: [first, second, third, ...others].filter((member) => member !== undefined) }
}

/** Allows null beside a schema. */
const orNull = (schema: JsonObject): JsonObject => {
  const members = Array.isArray(schema["anyOf"]) ? schema["anyOf"] : [schema]
  const { type } = schema
  if (members.some(isNull) || (Array.isArray(type) && type.includes("null"))) return schema
  return typeof type === "string" && schema["enum"] === undefined
    ? { ...schema, type: [type, "null"] }
    : { anyOf: [...members, { type: "null" }] }
}

/** Matches a JSON Schema of one type. */
export const isOfType = (type: string) => (schema: unknown): boolean =>
  Predicate.isObject(schema) && schema["type"] === type

const isNull = isOfType("null")

/** Returns the alternatives of a JSON Schema. */
export const membersOf = (schema: Schema.Json | undefined): ReadonlyArray<Schema.Json> =>
  isJsonObject(schema) ? Array.isArray(schema["anyOf"]) ? schema["anyOf"] : [schema] : []
