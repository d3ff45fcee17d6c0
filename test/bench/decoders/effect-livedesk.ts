import { Conversations } from "@effect-livedesk/core"

/** As the client reads it, which gives a value or what is wrong with it. */
export const decode = (json: unknown): unknown => Conversations.Conversation.read(json)
