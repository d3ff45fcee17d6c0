/**
 * Tells a JSON object from whatever else JSON holds.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type { Attributes } from "../LiveDeskSchema.ts"

export const isJsonObject = (json: unknown): json is Attributes => Predicate.isObject(json)
