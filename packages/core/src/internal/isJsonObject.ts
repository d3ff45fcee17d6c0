/**
 * Tests for a JSON object.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type { Attributes } from "../LiveDeskSchema.ts"

export const isJsonObject = (json: unknown): json is Attributes => Predicate.isObject(json)
