import { Schema } from "effect"
import { SchemaJITCompiler } from "effect/schema"
import { Conversation } from "./effect.ts"

SchemaJITCompiler.enable(Conversation.ast)

/** The same, compiled by Effect when it is first used. */
export const decode = Schema.decodeUnknownSync(Conversation)
